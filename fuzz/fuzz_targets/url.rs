//! Takes URLs apart and puts them together through the C functions; see `winhttp_fuzz::url`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| winhttp_fuzz::url::run(data));
