//! The body: WinHttpWriteData, WinHttpQueryDataAvailable, WinHttpReadData, WinHttpReadDataEx.

use std::ffi::c_void;

use winhttp_abi::Code;
use winhttp_abi::buffer::{Lent, LentMut};
use winhttp_abi::constants as c;
use winhttp_abi::export;
use winhttp_abi::export::{DoneWith, Status};
use winhttp_abi::handle::{Hinternet, bits};
use winhttp_abi::output;
use winhttp_core::api::Outcome;

use crate::library::{ReadBuffer, WriteBuffer, library};
use crate::map;

export! {
    /// Sends more of the announced body; asynchronously WRITE_COMPLETE or REQUEST_ERROR tells, and
    /// the buffer stays in use until then. If it fails although the server has answered,
    /// WinHttpReceiveResponse has the answer.
    ///
    /// With WINHTTP_FLAG_AUTOMATIC_CHUNKING the bytes are one chunk, NULL without a length ends the
    /// body, and a receive or read may be pending beside. No other write of nothing sends anything.
    ///
    /// FALSE: ERROR_INVALID_HANDLE, ERROR_WINHTTP_INCORRECT_HANDLE_TYPE, ERROR_INVALID_PARAMETER
    /// for NULL with a length or bytes beyond the announced length, ERROR_INVALID_OPERATION while
    /// an operation is pending; synchronously also ERROR_WINHTTP_INCORRECT_HANDLE_STATE and the
    /// errors of the network.
    pub fn WinHttpWriteData<W>(
        request: Hinternet,
        buffer: *const c_void,
        bytes_to_write: u32,
        bytes_written: *mut u32,
    ) -> DoneWith {
        let request = library().request(bits(request)).map_err(map::code)?;
        // SAFETY: C's promise that the buffer stays valid until the operation completes.
        let data = WriteBuffer(unsafe { Lent::new(buffer.cast(), bytes_to_write) }?);
        let ends = buffer.is_null() && bytes_to_write == 0;
        let written = request.write(data, ends).map_err(map::code)?;
        if !request.handle().is_asynchronous() {
            // SAFETY: C's promise about its out parameter.
            unsafe { output::value(bytes_written, written) };
        }
        Ok(DoneWith(Code::SUCCESS))
    }

    /// Waits until body bytes can be read and says how many; 0 at the end of the body.
    /// Asynchronously DATA_AVAILABLE or REQUEST_ERROR tells; the number is also written if it is
    /// known when the call returns, and is 0 until then. Before a response it is left alone.
    ///
    /// FALSE: as WinHttpReadData.
    pub fn WinHttpQueryDataAvailable<W>(request: Hinternet, bytes_available: *mut u32) -> DoneWith {
        let request = library().request(bits(request)).map_err(map::code)?;
        let known = |count| {
            // SAFETY: C's promise about its out parameter.
            unsafe { output::value(bytes_available, count) };
        };
        let outcome = request.query_data_available(known).map_err(map::code)?;
        Ok(done_with(outcome))
    }

    /// Reads body bytes until the buffer is full or the body ends; 0 bytes at the end of the body.
    /// Asynchronously READ_COMPLETE or REQUEST_ERROR tells, and the buffer stays in use until then;
    /// the number is 0 from the first, and is also written if it is known when the call returns.
    ///
    /// Where a body breaks off, its last bytes are read before the error is.
    ///
    /// FALSE: ERROR_INVALID_HANDLE, ERROR_WINHTTP_INCORRECT_HANDLE_TYPE, ERROR_INVALID_PARAMETER
    /// for NULL with a length, ERROR_INVALID_OPERATION while an operation is pending; synchronously
    /// also ERROR_WINHTTP_INCORRECT_HANDLE_STATE before a response and the errors of the network.
    pub fn WinHttpReadData<W>(
        request: Hinternet,
        buffer: *mut c_void,
        bytes_to_read: u32,
        bytes_read: *mut u32,
    ) -> DoneWith {
        // SAFETY: C's promise about its out parameter.
        unsafe { output::value(bytes_read, 0) };
        let request = library().request(bits(request)).map_err(map::code)?;
        // SAFETY: C's promise that the buffer stays valid until the operation completes.
        let lent = unsafe { LentMut::new(buffer.cast(), bytes_to_read) }?;
        let known = |count| {
            // SAFETY: C's promise about its out parameter.
            unsafe { output::value(bytes_read, count) };
        };
        let outcome = request.read(ReadBuffer(lent), false, known).map_err(map::code)?;
        Ok(done_with(outcome))
    }

    /// As WinHttpReadData, but completes as soon as any bytes are there unless `flags` has
    /// WINHTTP_READ_DATA_EX_FLAG_FILL_BUFFER.
    ///
    /// Returns an error number; ERROR_INVALID_PARAMETER also for other flags and for properties, of
    /// which there are none.
    pub fn WinHttpReadDataEx<W>(
        request: Hinternet,
        buffer: *mut c_void,
        bytes_to_read: u32,
        bytes_read: *mut u32,
        flags: u64,
        property_length: u32,
        property: *mut c_void,
    ) -> Status {
        // SAFETY: C's promise about its out parameter.
        unsafe { output::value(bytes_read, 0) };
        let request = library().request(bits(request)).map_err(map::code)?;
        let fill = flags & c::WINHTTP_READ_DATA_EX_FLAG_FILL_BUFFER != 0;
        let unknown = flags & !c::WINHTTP_READ_DATA_EX_FLAG_FILL_BUFFER != 0;
        if unknown || property_length != 0 || !property.is_null() {
            return Err(Code::INVALID_PARAMETER);
        }
        // SAFETY: C's promise that the buffer stays valid until the operation completes.
        let lent = unsafe { LentMut::new(buffer.cast(), bytes_to_read) }?;
        let known = |count| {
            // SAFETY: C's promise about its out parameter.
            unsafe { output::value(bytes_read, count) };
        };
        request.read(ReadBuffer(lent), !fill, known).map_err(map::code)?;
        Ok(Status)
    }
}

/// The last error that a successful call leaves: whether its completion comes on another thread.
fn done_with(outcome: Outcome) -> DoneWith {
    DoneWith(match outcome {
        Outcome::Done => Code::SUCCESS,
        Outcome::Pending => Code::IO_PENDING,
    })
}
