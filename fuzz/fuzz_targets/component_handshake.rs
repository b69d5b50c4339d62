//! The handshake of libwebsocket in both roles; see `winhttp_fuzz::component_handshake`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| winhttp_fuzz::component_handshake::run(data));
