//! What the fuzz targets do with their input; each module is one target and says what it holds the library to.
//!
//! The functions are ordinary ones that panic on a finding, so that an input can also be replayed without a fuzzer.

pub mod calls;
pub mod frames;
pub mod handshake;
pub mod input;
pub mod response;
pub mod sending;
pub mod url;
