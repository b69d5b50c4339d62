//! Feeds the frame decoder; see `winhttp_fuzz::frames`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| winhttp_fuzz::frames::run(data));
