//! The jar of cookies beside its model; see `winhttp_fuzz::cookies`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| winhttp_fuzz::cookies::run(data));
