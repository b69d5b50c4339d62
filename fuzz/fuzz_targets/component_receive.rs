//! A peer's bytes come into a handle of libwebsocket; see `winhttp_fuzz::component_receive`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| winhttp_fuzz::component_receive::run(data));
