//! What proxy scripts are asked and answer; see `winhttp_fuzz::proxy_scripts`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| winhttp_fuzz::proxy_scripts::run(data));
