//! Win32 error numbers as a type of their own.

use crate::constants as c;

/// A Win32 error number; 0 is success.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Code(pub u32);

/// Result of an exported function's body.
pub type Result<T> = std::result::Result<T, Code>;

impl Code {
    /// ERROR_SUCCESS.
    pub const SUCCESS: Self = Self(c::ERROR_SUCCESS);
    /// ERROR_INVALID_HANDLE.
    pub const INVALID_HANDLE: Self = Self(c::ERROR_INVALID_HANDLE);
    /// ERROR_NOT_ENOUGH_MEMORY.
    pub const NOT_ENOUGH_MEMORY: Self = Self(c::ERROR_NOT_ENOUGH_MEMORY);
    /// ERROR_INVALID_PARAMETER.
    pub const INVALID_PARAMETER: Self = Self(c::ERROR_INVALID_PARAMETER);
    /// ERROR_INSUFFICIENT_BUFFER.
    pub const INSUFFICIENT_BUFFER: Self = Self(c::ERROR_INSUFFICIENT_BUFFER);
    /// ERROR_IO_PENDING.
    pub const IO_PENDING: Self = Self(c::ERROR_IO_PENDING);
    /// ERROR_WINHTTP_INTERNAL_ERROR.
    pub const INTERNAL_ERROR: Self = Self(c::ERROR_WINHTTP_INTERNAL_ERROR);
}
