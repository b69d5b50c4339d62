//! Reads texts as proxy lists, bypass lists and settings; see `winhttp_fuzz::proxy_list`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| winhttp_fuzz::proxy_list::run(data));
