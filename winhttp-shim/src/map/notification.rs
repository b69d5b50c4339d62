//! Notifications to status numbers and information structures.

use std::ffi::c_void;

use winhttp_abi::constants as c;
use winhttp_abi::handle::from_bits;
use winhttp_abi::types::{AsyncResult, WebSocketAsyncResult, WebSocketStatus};
use winhttp_abi::wide::{Unit, terminated};
use winhttp_core::handle::HandleId;
use winhttp_core::notify::{BufferKind, Notification, RequestOperation, WebSocketOperation};

use super::code;

/// A status callback's last three arguments.
pub(crate) type Call<'a> = &'a dyn Fn(u32, *mut c_void, u32);

/// Calls `call` with a notification's status, information and length; the information lives for the call only.
pub(crate) fn deliver<W: Unit>(handle: HandleId, notification: &Notification<'_>, call: Call<'_>) {
    use Notification as N;
    match *notification {
        N::ResolvingName(name) => text::<W>(c::WINHTTP_CALLBACK_STATUS_RESOLVING_NAME, name, call),
        N::NameResolved(name) => text::<W>(c::WINHTTP_CALLBACK_STATUS_NAME_RESOLVED, name, call),
        N::ConnectingToServer(address) => {
            text::<W>(
                c::WINHTTP_CALLBACK_STATUS_CONNECTING_TO_SERVER,
                address,
                call,
            );
        }
        N::ConnectedToServer(address) => {
            text::<W>(
                c::WINHTTP_CALLBACK_STATUS_CONNECTED_TO_SERVER,
                address,
                call,
            );
        }
        N::SendingRequest => nothing(c::WINHTTP_CALLBACK_STATUS_SENDING_REQUEST, call),
        N::RequestSent(bytes) => value(c::WINHTTP_CALLBACK_STATUS_REQUEST_SENT, bytes, call),
        N::ReceivingResponse => nothing(c::WINHTTP_CALLBACK_STATUS_RECEIVING_RESPONSE, call),
        N::ResponseReceived(bytes) => {
            value(c::WINHTTP_CALLBACK_STATUS_RESPONSE_RECEIVED, bytes, call);
        }
        N::ClosingConnection => nothing(c::WINHTTP_CALLBACK_STATUS_CLOSING_CONNECTION, call),
        N::ConnectionClosed => nothing(c::WINHTTP_CALLBACK_STATUS_CONNECTION_CLOSED, call),
        N::HandleCreated => {
            value(
                c::WINHTTP_CALLBACK_STATUS_HANDLE_CREATED,
                from_bits(handle.bits()),
                call,
            );
        }
        N::HandleClosing => {
            value(
                c::WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING,
                from_bits(handle.bits()),
                call,
            );
        }
        N::IntermediateResponse(status) => {
            value(
                c::WINHTTP_CALLBACK_STATUS_INTERMEDIATE_RESPONSE,
                status,
                call,
            );
        }
        N::SecureFailure(problems) => {
            value(
                c::WINHTTP_CALLBACK_STATUS_SECURE_FAILURE,
                problems.bits(),
                call,
            );
        }
        N::SendRequestComplete { address, bytes } => {
            call(
                c::WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE,
                memory(address),
                bytes,
            );
        }
        N::HeadersAvailable => nothing(c::WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE, call),
        N::DataAvailable(bytes) => value(c::WINHTTP_CALLBACK_STATUS_DATA_AVAILABLE, bytes, call),
        N::ReadComplete { address, bytes } => {
            call(
                c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE,
                memory(address),
                bytes,
            );
        }
        N::WriteComplete(bytes) => value(c::WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE, bytes, call),
        N::RequestError(operation, error) => {
            let result = AsyncResult {
                dw_result: api(operation),
                dw_error: code(error).0,
            };
            value(c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR, result, call);
        }
        N::WebSocketReceived { bytes, kind } => {
            value(
                c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE,
                status(bytes, kind),
                call,
            );
        }
        N::WebSocketSent { bytes, kind } => {
            value(
                c::WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE,
                status(bytes, kind),
                call,
            );
        }
        N::CloseComplete => nothing(c::WINHTTP_CALLBACK_STATUS_CLOSE_COMPLETE, call),
        N::ShutdownComplete => nothing(c::WINHTTP_CALLBACK_STATUS_SHUTDOWN_COMPLETE, call),
        N::WebSocketError(operation, error) => {
            // dwResult is 0 here (observed): the operation is named by the second field.
            let async_result = AsyncResult {
                dw_result: 0,
                dw_error: code(error).0,
            };
            let operation = web_socket_operation(operation);
            let result = WebSocketAsyncResult {
                async_result,
                operation,
            };
            value(c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR, result, call);
        }
    }
}

fn nothing(status: u32, call: Call<'_>) {
    call(status, std::ptr::null_mut(), 0);
}

/// Passes a number or structure.
fn value<T: Copy>(status: u32, value: T, call: Call<'_>) {
    let mut value = value;
    let length = u32::try_from(size_of::<T>()).unwrap_or(u32::MAX);
    call(status, (&raw mut value).cast(), length);
}

/// Passes text; the length is in characters, without the terminator.
fn text<W: Unit>(status: u32, text: &str, call: Call<'_>) {
    let mut units = terminated::<W>(text);
    let length = u32::try_from(units.len() - 1).unwrap_or(u32::MAX);
    call(status, units.as_mut_ptr().cast(), length);
}

/// The caller's own memory, named by its address.
fn memory(address: usize) -> *mut c_void {
    std::ptr::with_exposed_provenance_mut(address)
}

fn status(bytes: u32, kind: BufferKind) -> WebSocketStatus {
    WebSocketStatus {
        dw_bytes_transferred: bytes,
        e_buffer_type: buffer_type(kind),
    }
}

fn api(operation: RequestOperation) -> usize {
    let number = match operation {
        RequestOperation::ReceiveResponse => c::API_RECEIVE_RESPONSE,
        RequestOperation::QueryDataAvailable => c::API_QUERY_DATA_AVAILABLE,
        RequestOperation::ReadData => c::API_READ_DATA,
        RequestOperation::WriteData => c::API_WRITE_DATA,
        RequestOperation::SendRequest => c::API_SEND_REQUEST,
    };
    usize::try_from(number).unwrap_or(0)
}

fn web_socket_operation(operation: WebSocketOperation) -> i32 {
    match operation {
        WebSocketOperation::Send => c::WINHTTP_WEB_SOCKET_SEND_OPERATION,
        WebSocketOperation::Receive => c::WINHTTP_WEB_SOCKET_RECEIVE_OPERATION,
        WebSocketOperation::Close => c::WINHTTP_WEB_SOCKET_CLOSE_OPERATION,
        WebSocketOperation::Shutdown => c::WINHTTP_WEB_SOCKET_SHUTDOWN_OPERATION,
    }
}

/// WINHTTP_WEB_SOCKET_BUFFER_TYPE of a kind.
pub(crate) fn buffer_type(kind: BufferKind) -> i32 {
    match kind {
        BufferKind::BinaryMessage => c::WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE,
        BufferKind::BinaryFragment => c::WINHTTP_WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE,
        BufferKind::Utf8Message => c::WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE,
        BufferKind::Utf8Fragment => c::WINHTTP_WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE,
        BufferKind::Close => c::WINHTTP_WEB_SOCKET_CLOSE_BUFFER_TYPE,
    }
}

/// The kind of a WINHTTP_WEB_SOCKET_BUFFER_TYPE; `None` for other numbers.
pub(crate) fn buffer_kind(buffer_type: i32) -> Option<BufferKind> {
    use BufferKind as K;
    [
        K::BinaryMessage,
        K::BinaryFragment,
        K::Utf8Message,
        K::Utf8Fragment,
        K::Close,
    ]
    .into_iter()
    .find(|kind| self::buffer_type(*kind) == buffer_type)
}
