//! The WebSocket functions.
//!
//! All but WinHttpWebSocketCompleteUpgrade return an error number and leave the last error alone.
//! In asynchronous mode they return NO_ERROR, not ERROR_IO_PENDING (observed), and the completion
//! tells.

use std::ffi::c_void;

use winhttp_abi::Code;
use winhttp_abi::buffer::{Lent, LentMut};
use winhttp_abi::export;
use winhttp_abi::export::Status;
use winhttp_abi::handle::{Hinternet, bits, from_bits};
use winhttp_abi::{input, output};

use crate::library::{ReadBuffer, WriteBuffer, library};
use crate::map;

export! {
    /// Makes the WebSocket of a request whose upgrade was answered with 101; `context` is its
    /// context value.
    ///
    /// The request's handle may be closed afterwards. NULL on failure: ERROR_INVALID_HANDLE,
    /// ERROR_WINHTTP_INCORRECT_HANDLE_TYPE, ERROR_WINHTTP_INCORRECT_HANDLE_STATE if no upgrade was
    /// sent, ERROR_INVALID_OPERATION if the server did not agree or the WebSocket was made before.
    pub fn WinHttpWebSocketCompleteUpgrade<W>(request: Hinternet, context: usize) -> Hinternet {
        let id = library().complete_upgrade(bits(request), context).map_err(map::code)?;
        Ok(from_bits(id.bits()))
    }

    /// Sends a message or a piece of one; asynchronously WRITE_COMPLETE or REQUEST_ERROR tells, and
    /// the buffer stays in use until then.
    ///
    /// Errors: ERROR_INVALID_HANDLE, ERROR_WINHTTP_INCORRECT_HANDLE_TYPE, ERROR_INVALID_PARAMETER
    /// for NULL with a length and for a type that cannot be sent (now), ERROR_INVALID_OPERATION
    /// while a send or close is pending and after Shutdown or Close;
    /// ERROR_WINHTTP_CONNECTION_ERROR, ERROR_WINHTTP_INVALID_SERVER_RESPONSE,
    /// ERROR_WINHTTP_TIMEOUT, ERROR_WINHTTP_OPERATION_CANCELLED.
    pub fn WinHttpWebSocketSend<W>(
        websocket: Hinternet,
        buffer_type: i32,
        buffer: *const c_void,
        buffer_length: u32,
    ) -> Status {
        let websocket = library().websocket(bits(websocket)).map_err(map::code)?;
        let kind = map::buffer_kind(buffer_type).ok_or(Code::INVALID_PARAMETER)?;
        // SAFETY: C's promise that the buffer stays valid until the operation completes.
        let data = WriteBuffer(unsafe { Lent::new(buffer.cast(), buffer_length) }?);
        websocket.send(kind, data).map_err(map::code)?;
        Ok(Status)
    }

    /// Receives a message or a piece of one. Synchronously `bytes_read` and `buffer_type` are
    /// required and get the result; asynchronously they are left alone, READ_COMPLETE or
    /// REQUEST_ERROR tells, and the buffer stays in use until then.
    ///
    /// Errors: ERROR_INVALID_HANDLE, ERROR_WINHTTP_INCORRECT_HANDLE_TYPE, ERROR_INVALID_PARAMETER
    /// for no buffer (or missing results), ERROR_INVALID_OPERATION while a receive or close is
    /// pending and after the close frame; ERROR_WINHTTP_CONNECTION_ERROR,
    /// ERROR_WINHTTP_INVALID_SERVER_RESPONSE, ERROR_WINHTTP_OPERATION_CANCELLED.
    pub fn WinHttpWebSocketReceive<W>(
        websocket: Hinternet,
        buffer: *mut c_void,
        buffer_length: u32,
        bytes_read: *mut u32,
        buffer_type: *mut i32,
    ) -> Status {
        let websocket = library().websocket(bits(websocket)).map_err(map::code)?;
        let results_missing = bytes_read.is_null() || buffer_type.is_null();
        if buffer.is_null() || (results_missing && !websocket.handle().is_asynchronous()) {
            return Err(Code::INVALID_PARAMETER);
        }
        // SAFETY: C's promise that the buffer stays valid until the operation completes.
        let lent = unsafe { LentMut::new(buffer.cast(), buffer_length) }?;
        if let Some((bytes, kind)) = websocket.receive(ReadBuffer(lent)).map_err(map::code)? {
            // SAFETY: C's promise about its out parameters.
            unsafe { output::value(bytes_read, bytes) };
            // SAFETY: as above.
            unsafe { output::value(buffer_type, map::buffer_type(kind)) };
        }
        Ok(Status)
    }

    /// Sends a close frame and closes the send side; receiving goes on. Asynchronously
    /// SHUTDOWN_COMPLETE or REQUEST_ERROR tells. The reason is at most 123 bytes of UTF-8 and is
    /// copied. Status 1005 without a reason sends an empty close frame.
    ///
    /// Errors: as WinHttpWebSocketSend.
    pub fn WinHttpWebSocketShutdown<W>(
        websocket: Hinternet,
        status: u16,
        reason: *const c_void,
        reason_length: u32,
    ) -> Status {
        let websocket = library().websocket(bits(websocket)).map_err(map::code)?;
        // SAFETY: C's promise about the reason.
        let reason = unsafe { close_reason(reason, reason_length) }?;
        websocket.shutdown(status, &reason).map_err(map::code)?;
        Ok(Status)
    }

    /// Performs the closing handshake: sends a close frame unless Shutdown did, then waits for the
    /// peer's, at most WEB_SOCKET_CLOSE_TIMEOUT. A pending receive is cancelled first.
    /// Asynchronously CLOSE_COMPLETE or REQUEST_ERROR tells. The peer's close frame is enough where
    /// ours cannot be written any more.
    ///
    /// Errors: as WinHttpWebSocketSend, and ERROR_WINHTTP_TIMEOUT if the peer never answers.
    pub fn WinHttpWebSocketClose<W>(
        websocket: Hinternet,
        status: u16,
        reason: *const c_void,
        reason_length: u32,
    ) -> Status {
        let websocket = library().websocket(bits(websocket)).map_err(map::code)?;
        // SAFETY: C's promise about the reason.
        let reason = unsafe { close_reason(reason, reason_length) }?;
        websocket.close(status, &reason).map_err(map::code)?;
        Ok(Status)
    }

    /// The peer's close status and reason (UTF-8, no terminator); 1005 if its frame had no status.
    ///
    /// Errors: ERROR_INVALID_HANDLE, ERROR_WINHTTP_INCORRECT_HANDLE_TYPE, ERROR_INVALID_PARAMETER
    /// for missing results or NULL with a length, ERROR_INVALID_OPERATION before a close frame was
    /// received, ERROR_INSUFFICIENT_BUFFER with the reason's length in `reason_length_consumed`.
    pub fn WinHttpWebSocketQueryCloseStatus<W>(
        websocket: Hinternet,
        status: *mut u16,
        reason: *mut c_void,
        reason_length: u32,
        reason_length_consumed: *mut u32,
    ) -> Status {
        let websocket = library().websocket(bits(websocket)).map_err(map::code)?;
        let reason_missing = reason.is_null() && reason_length != 0;
        if status.is_null() || reason_length_consumed.is_null() || reason_missing {
            return Err(Code::INVALID_PARAMETER);
        }
        let (peer_status, peer_reason) = websocket.close_status().map_err(map::code)?;
        let peer_reason = peer_reason.as_bytes();
        // SAFETY: C's promise about its out parameters.
        unsafe { output::value(status, peer_status) };
        let length = u32::try_from(peer_reason.len()).unwrap_or(u32::MAX);
        // SAFETY: as above.
        unsafe { output::value(reason_length_consumed, length) };
        if length > reason_length {
            return Err(Code::INSUFFICIENT_BUFFER);
        }
        // SAFETY: C's promise that the buffer has `reason_length` bytes.
        let mut room = unsafe { LentMut::new(reason.cast(), reason_length) }?;
        if let Some(room) = room.bytes().get_mut(..peer_reason.len()) {
            room.copy_from_slice(peer_reason);
        }
        Ok(Status)
    }
}

/// The reason of a close frame as the program gave it.
///
/// # Safety
/// `reason` is NULL or points to `length` readable bytes.
unsafe fn close_reason(reason: *const c_void, length: u32) -> winhttp_abi::Result<Vec<u8>> {
    if length > winhttp_abi::constants::WINHTTP_WEB_SOCKET_MAX_CLOSE_REASON_LENGTH {
        return Err(Code::INVALID_PARAMETER);
    }
    // SAFETY: the caller's promise, handed on.
    unsafe { input::bytes(reason.cast(), length) }.ok_or(Code::INVALID_PARAMETER)
}
