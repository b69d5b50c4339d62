//! Makes calls of the C API against a scripted peer; see `winhttp_fuzz::calls`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| winhttp_fuzz::calls::run(data));
