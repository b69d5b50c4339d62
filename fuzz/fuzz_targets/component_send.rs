//! Calls of libwebsocket in any order; see `winhttp_fuzz::component_send`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| winhttp_fuzz::component_send::run(data));
