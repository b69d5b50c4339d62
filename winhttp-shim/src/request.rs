//! Requests up to the response's head: WinHttpOpenRequest, WinHttpSendRequest,
//! WinHttpReceiveResponse.

use std::ffi::c_void;

use winhttp_abi::buffer::Lent;
use winhttp_abi::constants as c;
use winhttp_abi::export;
use winhttp_abi::export::Done;
use winhttp_abi::handle::{Hinternet, bits, from_bits};
use winhttp_abi::input;
use winhttp_abi::wide::Unit;
use winhttp_abi::{Code, Result};
use winhttp_core::api::{Body, OpenRequest};
use winhttp_proto::url::escape::EscapeFlags;

use crate::arguments::header_text;
use crate::library::{WriteBuffer, library};
use crate::map;

/// Accept types read from an array before it is taken for unterminated.
const ACCEPT_TYPES_MAX: usize = 1024;

/// Flags of WinHttpOpenRequest that mean something here.
const OPEN_FLAGS: u32 = c::WINHTTP_FLAG_SECURE
    | c::WINHTTP_FLAG_ESCAPE_PERCENT
    | c::WINHTTP_FLAG_NULL_CODEPAGE
    | c::WINHTTP_FLAG_ESCAPE_DISABLE
    | c::WINHTTP_FLAG_ESCAPE_DISABLE_QUERY
    | c::WINHTTP_FLAG_REFRESH
    | c::WINHTTP_FLAG_AUTOMATIC_CHUNKING;

export! {
    /// Prepares a request; no I/O. NULL verb, object and version mean GET, "/" and HTTP/1.1.
    ///
    /// `accept_types` is a NULL-terminated array of strings, or NULL. All text is copied. NULL on
    /// failure: ERROR_INVALID_HANDLE, ERROR_WINHTTP_INCORRECT_HANDLE_TYPE, ERROR_INVALID_PARAMETER.
    ///
    /// With WINHTTP_FLAG_AUTOMATIC_CHUNKING each piece of the body becomes a chunk, and
    /// WinHttpWriteData may run beside the calls that receive.
    pub fn WinHttpOpenRequest<W>(
        connect: Hinternet,
        verb: *const W,
        object_name: *const W,
        version: *const W,
        referrer: *const W,
        accept_types: *const *const W,
        flags: u32,
    ) -> Hinternet {
        library().find_connect(bits(connect)).map_err(map::code)?;
        if flags & !OPEN_FLAGS != 0 {
            return Err(Code::INVALID_PARAMETER);
        }
        // SAFETY: C's promise about its strings.
        let verb = unsafe { input::text(verb) }?;
        // SAFETY: as above.
        let object = unsafe { input::text(object_name) }?;
        // SAFETY: as above.
        let version = unsafe { input::text(version) }?;
        // SAFETY: as above.
        let referrer = unsafe { input::text(referrer) }?;
        // SAFETY: C's promise about its array.
        let accept = unsafe { accept_list(accept_types) }?;
        let request = OpenRequest {
            verb,
            object,
            version,
            referrer,
            accept,
            secure: flags & c::WINHTTP_FLAG_SECURE != 0,
            refresh: flags & c::WINHTTP_FLAG_REFRESH != 0,
            chunks: flags & c::WINHTTP_FLAG_AUTOMATIC_CHUNKING != 0,
            escape: EscapeFlags::from_bits(flags),
        };
        let id = library().open_request(bits(connect), request).map_err(map::code)?;
        Ok(from_bits(id.bits()))
    }

    /// Sends a request, connecting first; asynchronously SENDREQUEST_COMPLETE or REQUEST_ERROR
    /// tells.
    ///
    /// `headers` may be NULL; `headers_length` is in characters, 0 and -1 mean terminated.
    /// `optional` is sent behind the head and must stay valid and unchanged until the response was
    /// received or the request's handle is finished. `total_length` is the length of the whole
    /// body; the rest follows with WinHttpWriteData. With WINHTTP_IGNORE_REQUEST_TOTAL_LENGTH (0)
    /// an added Content-Length header counts, else both must agree; it is what a request must be
    /// given whose body is chunked automatically, and `optional` is then the first chunk. A
    /// `context` of 0 leaves the handle's context value; another one replaces it, also where the
    /// call fails at once. An answer that refuses the request (status 300 and above) while the body
    /// is being sent ends that with success: WinHttpReceiveResponse has it.
    ///
    /// FALSE: ERROR_INVALID_HANDLE, ERROR_WINHTTP_INCORRECT_HANDLE_TYPE, ERROR_INVALID_PARAMETER,
    /// ERROR_INVALID_OPERATION while an operation is pending; synchronously also the errors of the
    /// network, and ERROR_WINHTTP_HTTP_PROTOCOL_MISMATCH with HTTP_PROTOCOL_REQUIRED.
    pub fn WinHttpSendRequest<W>(
        request: Hinternet,
        headers: *const W,
        headers_length: u32,
        optional: *const c_void,
        optional_length: u32,
        total_length: u32,
        context: usize,
    ) -> Done {
        let request = library().request(bits(request)).map_err(map::code)?;
        request.take_context(context);
        let length = if headers_length == 0 { u32::MAX } else { headers_length };
        // SAFETY: C's promise about its string.
        let headers = unsafe { header_text(headers, length) }?.filter(|text| !text.is_empty());
        let optional = if optional.is_null() || optional_length == 0 {
            None
        } else {
            // SAFETY: C's promise that the body stays valid until the operation completes.
            Some(WriteBuffer(unsafe { Lent::new(optional.cast(), optional_length) }?))
        };
        let body = Body { optional, total: total_length };
        request.send(headers.as_deref(), body).map_err(map::code)?;
        Ok(Done)
    }

    /// Receives the head of the response; asynchronously HEADERS_AVAILABLE or REQUEST_ERROR tells.
    ///
    /// FALSE: ERROR_INVALID_HANDLE, ERROR_WINHTTP_INCORRECT_HANDLE_TYPE; synchronously also
    /// ERROR_WINHTTP_INCORRECT_HANDLE_STATE before a send and the errors of the network.
    pub fn WinHttpReceiveResponse<W>(request: Hinternet, _reserved: *mut c_void) -> Done {
        let request = library().request(bits(request)).map_err(map::code)?;
        request.receive().map_err(map::code)?;
        Ok(Done)
    }
}

/// The strings of a NULL-terminated array.
///
/// # Safety
/// `types` is NULL or such an array of terminated strings.
unsafe fn accept_list<W: Unit>(types: *const *const W) -> Result<Vec<String>> {
    let mut list = Vec::new();
    for index in 0..ACCEPT_TYPES_MAX {
        // SAFETY: the terminator was not met before `index`, so the array goes on.
        let Some(item) = (unsafe { input::value(types.wrapping_add(index)) }) else {
            return Ok(list);
        };
        // SAFETY: C's promise about its strings.
        match unsafe { input::text(item) }? {
            Some(text) if !text.is_empty() => list.push(text),
            Some(_) => {}
            None => return Ok(list),
        }
    }
    Err(Code::INVALID_PARAMETER)
}
