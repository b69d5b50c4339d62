//! Random bytes, for an edge that has no engine between itself and the process.

pub use winhttp_process::random;
