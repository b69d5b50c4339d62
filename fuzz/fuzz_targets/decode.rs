//! Bodies coded with gzip and deflate; see `winhttp_fuzz::decode`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| winhttp_fuzz::decode::run(data));
