//! Whole dialogues of requests and responses; see `winhttp_fuzz::exchange`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| winhttp_fuzz::exchange::run(data));
