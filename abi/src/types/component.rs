//! Structures of websocket.h.

use core::ffi::c_void;

/// A property of a handle that is being created (`WEB_SOCKET_PROPERTY`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Property {
    /// Which one.
    pub kind: i32,
    /// Points to the value.
    pub pv_value: *mut c_void,
    /// Size of the value in bytes; of an allocated buffer, of the memory.
    pub ul_value_size: u32,
}

/// A header field of a handshake (`WEB_SOCKET_HTTP_HEADER`); lengths in bytes, without a
/// terminator.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct HttpHeader {
    /// The field's name.
    pub pc_name: *mut u8,
    /// Its length.
    pub ul_name_length: u32,
    /// The field's value.
    pub pc_value: *mut u8,
    /// Its length.
    pub ul_value_length: u32,
}

/// Payload of data frames, or bytes for or from the network (`WEB_SOCKET_BUFFER.Data`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct DataBuffer {
    /// The bytes.
    pub pb_buffer: *mut u8,
    /// How many they are.
    pub ul_buffer_length: u32,
}

/// What a close frame says (`WEB_SOCKET_BUFFER.CloseStatus`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CloseBuffer {
    /// The reason, UTF-8.
    pub pb_reason: *mut u8,
    /// Its length in bytes, 0 to 123.
    pub ul_reason_length: u32,
    /// The status.
    pub us_status: u16,
}

/// The two, one over the other (`WEB_SOCKET_BUFFER`).
///
/// Both members are plain numbers and a pointer at the same places, so that either can be read from
/// what was written as the other.
#[repr(C)]
#[derive(Clone, Copy)]
pub union WebSocketBuffer {
    /// For all types but close.
    pub data: DataBuffer,
    /// For close.
    pub close: CloseBuffer,
}

impl core::fmt::Debug for WebSocketBuffer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("WebSocketBuffer")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_are_those_of_windows() {
        layout!(Property, 24, 8, { kind: 0, pv_value: 8, ul_value_size: 16 });
        layout!(HttpHeader, 32, 8, {
            pc_name: 0, ul_name_length: 8, pc_value: 16, ul_value_length: 24,
        });
        layout!(DataBuffer, 16, 8, { pb_buffer: 0, ul_buffer_length: 8 });
        layout!(CloseBuffer, 16, 8, { pb_reason: 0, ul_reason_length: 8, us_status: 12 });
        layout!(WebSocketBuffer, 16, 8, { data: 0, close: 0 });
    }
}
