//! Checks answers to the opening handshake; see `winhttp_fuzz::handshake`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| winhttp_fuzz::handshake::run(data));
