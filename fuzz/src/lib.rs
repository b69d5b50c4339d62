//! What the fuzz targets do with their input; each module is one target and says what it holds the
//! library to.
//!
//! The functions are ordinary ones that panic on a finding, so that an input can also be replayed
//! without a fuzzer.

pub mod calls;
pub mod challenges;
pub mod coded;
pub mod component_handshake;
pub mod component_receive;
pub mod component_send;
pub mod cookies;
pub mod decode;
pub mod exchange;
pub mod frames;
pub mod handshake;
pub mod input;
/// The behaviour tests' model of a handle.
#[path = "../../tests/src/judge/mod.rs"]
pub mod judge;
pub mod pool;
pub mod proxy_list;
pub mod proxy_scripts;
pub mod redirect;
pub mod response;
pub mod sending;
pub mod tunnel;
pub mod url;
