//! Win32 error numbers as a type of their own.

/// A Win32 error number; 0 is success.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Code(pub u32);

/// Result of an exported function's body.
pub type Result<T> = std::result::Result<T, Code>;

impl Code {
    /// ERROR_SUCCESS.
    pub const SUCCESS: Self = Self(0);
    /// ERROR_INVALID_HANDLE.
    pub const INVALID_HANDLE: Self = Self(6);
    /// ERROR_NOT_ENOUGH_MEMORY.
    pub const NOT_ENOUGH_MEMORY: Self = Self(8);
    /// ERROR_INVALID_PARAMETER.
    pub const INVALID_PARAMETER: Self = Self(87);
    /// ERROR_CALL_NOT_IMPLEMENTED.
    pub const CALL_NOT_IMPLEMENTED: Self = Self(120);
    /// ERROR_INSUFFICIENT_BUFFER.
    pub const INSUFFICIENT_BUFFER: Self = Self(122);
    /// ERROR_IO_PENDING.
    pub const IO_PENDING: Self = Self(997);
    /// ERROR_WINHTTP_INTERNAL_ERROR.
    pub const INTERNAL_ERROR: Self = Self(12004);
}
