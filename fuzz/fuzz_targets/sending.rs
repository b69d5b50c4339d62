//! Sends messages from our encoder to our decoder; see `winhttp_fuzz::sending`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| winhttp_fuzz::sending::run(data));
