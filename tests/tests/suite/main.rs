//! The behaviour tests, a module for each behaviour, in one program that is linked once.
//!
//! They run beside each other in one process, so none of them changes what all of it shares (the
//! environment), or counts what all of it has (threads, descriptors, bytes). Tests that do are
//! programs of their own, beside this folder; each says why in its first lines. Where a test starts
//! a C program, that is a process by itself.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    clippy::cast_possible_truncation,
    reason = "a test fails by panicking, also in its helpers; its sizes are small"
)]

mod authentication;
mod bad_arguments;
mod bad_structures;
mod body;
mod busy_connections;
mod c_handler;
mod c_idioms;
mod c_legs;
mod c_programs;
mod c_proxies;
mod callbacks;
mod cancel_reports;
mod cancellation;
mod challenges;
mod compat_case;
mod compat_main;
mod compat_names;
mod compat_windows;
mod compiler;
mod component_header;
mod component_header_compiles;
mod component_pipes;
mod component_programs;
mod component_stress;
mod configured_proxies;
mod connecting;
mod connection_reuse;
mod connections_ahead;
mod cookie_hostility;
mod cookies;
mod cookies_of_programs;
mod core_constants;
mod corpus;
mod credentials_of_origins;
mod decompression;
#[cfg(target_os = "linux")] // recorded there
mod differential;
mod facts;
mod handle_closing;
mod handles;
mod header_compiles;
mod header_constants;
mod header_layouts;
mod header_windows_sys;
mod http_protocol;
mod idle_connections;
mod inline_callbacks;
mod interim_responses;
mod keep_alive;
mod last_error;
mod late_timeouts;
mod later_legs;
mod limits;
mod notification_masks;
mod notification_order;
mod object_names;
#[cfg(target_os = "linux")]
mod other_languages;
mod pool_hostile;
#[cfg(target_os = "linux")] // where a program can replace the clock that the library asks
mod process_clock;
mod process_copies;
mod process_endings;
mod process_exit;
mod process_fork;
mod process_fork_handles;
mod process_fork_scripts;
mod process_lookups;
#[cfg(target_os = "linux")]
mod process_memory;
mod process_privileges;
#[cfg(target_os = "linux")]
mod process_refusals;
mod process_settings;
mod process_signals;
mod process_unwinding;
mod program_expectations;
mod proxies;
mod proxy_credentials;
mod proxy_hostility;
mod proxy_scripts;
mod proxy_settings;
mod proxy_tunnels;
mod public_server;
mod queued_receive;
mod readme;
mod receive_outstanding;
mod redirects;
mod request_calls;
mod request_header_bytes;
mod request_headers;
mod request_on_the_wire;

mod request_states;
mod request_statistics;
mod resolvers;
mod response_ends;
mod response_framing;
mod response_headers;
mod response_heads;
mod slow_readers;
mod tidy;
mod timeouts;
mod trust;
mod upgrade_unasked;
mod websocket_answers;
mod websocket_cancel;
mod websocket_close;
mod websocket_flood;
mod websocket_gather;
mod websocket_handshake;
mod websocket_options;
mod websocket_receive;
mod websocket_send;
#[cfg(unix)]
mod websocket_signals;
mod websocket_threads;
mod windows_sys_links;
mod write_data;
mod wrong_state;
