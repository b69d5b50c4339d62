//! What a proxy says to CONNECT; see `winhttp_fuzz::tunnel`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| winhttp_fuzz::tunnel::run(data));
