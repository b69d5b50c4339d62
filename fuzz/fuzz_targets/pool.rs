//! The pool's shelf beside its model; see `winhttp_fuzz::pool`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| winhttp_fuzz::pool::run(data));
