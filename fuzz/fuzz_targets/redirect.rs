//! Follows Locations; see `winhttp_fuzz::redirect`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| winhttp_fuzz::redirect::run(data));
