//! Reads and answers challenges; see `winhttp_fuzz::challenges`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| winhttp_fuzz::challenges::run(data));
