//! Reads response heads and bodies; see `winhttp_fuzz::response`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| winhttp_fuzz::response::run(data));
