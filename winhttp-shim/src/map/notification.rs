//! Notifications to status numbers and information structures.

use std::ffi::c_void;

use winhttp_abi::Code;
use winhttp_abi::constants as c;
use winhttp_abi::handle::from_bits;
use winhttp_abi::types::{AsyncResult, WebSocketAsyncResult, WebSocketStatus};
use winhttp_abi::wide::{Unit, terminated};
use winhttp_proto::failure::Failure;
use winhttp_proto::handle::HandleId;
use winhttp_proto::notify::{
    BufferKind, Notification, RequestOperation, ResolverOperation, WebSocketOperation,
};

use super::error::number;
use crate::error_detail::telling;

/// A status callback's last three arguments.
pub(crate) type Call<'a> = &'a dyn Fn(u32, *mut c_void, u32);

/// Calls `call` with a notification's status, information and length; the information lives for the
/// call only.
pub(crate) fn deliver<W: Unit>(handle: HandleId, notification: &Notification, call: Call<'_>) {
    use Notification as N;
    let status = status(notification);
    match notification {
        N::ResolvingName(name) | N::Redirect(name) => text::<W>(status, name, call),
        N::NameResolved(address)
        | N::ConnectingToServer(address)
        | N::ConnectedToServer(address) => text::<W>(status, &address.to_string(), call),
        N::SendingRequest
        | N::ReceivingResponse
        | N::ClosingConnection
        | N::ConnectionClosed
        | N::HeadersAvailable
        | N::CloseComplete
        | N::ShutdownComplete
        | N::ProxyForUrlFound
        | N::ProxySettingsRead => call(status, std::ptr::null_mut(), 0),
        N::RequestSent(number)
        | N::ResponseReceived(number)
        | N::IntermediateResponse(number)
        | N::DataAvailable(number)
        | N::WriteComplete(number) => value(status, *number, call),
        N::SecureFailure(problems, failure) => {
            // Whatever number ends the operation: the notification itself names this one.
            let code = Code(c::ERROR_WINHTTP_SECURE_FAILURE);
            telling(code, failure, || value(status, problems.bits(), call));
        }
        N::HandleCreated | N::HandleClosing => value(status, from_bits(handle.bits()), call),
        N::SendRequestComplete { address, bytes } | N::ReadComplete { address, bytes } => {
            call(status, memory(*address), *bytes);
        }
        N::RequestError(operation, failure) => error(status, api(*operation), failure, call),
        N::ResolverError(operation, failure) => {
            error(status, resolver_api(*operation), failure, call);
        }
        N::WebSocketReceived { bytes, kind } | N::WebSocketSent { bytes, kind } => {
            let transferred = WebSocketStatus {
                dw_bytes_transferred: *bytes,
                e_buffer_type: buffer_type(*kind),
            };
            value(status, transferred, call);
        }
        N::WebSocketError(operation, failure) => {
            let code = number(failure.error());
            // dwResult is 0 here (observed): the operation is named by the second field.
            let async_result = AsyncResult {
                dw_result: 0,
                dw_error: code.0,
            };
            let result = WebSocketAsyncResult {
                async_result,
                operation: web_socket_operation(*operation),
            };
            telling(code, failure, || value(status, result, call));
        }
    }
}

/// WINHTTP_CALLBACK_STATUS_* of a notification.
pub(crate) fn status(notification: &Notification) -> u32 {
    use Notification as N;
    match notification {
        N::ResolvingName(_) => c::WINHTTP_CALLBACK_STATUS_RESOLVING_NAME,
        N::NameResolved(_) => c::WINHTTP_CALLBACK_STATUS_NAME_RESOLVED,
        N::ConnectingToServer(_) => c::WINHTTP_CALLBACK_STATUS_CONNECTING_TO_SERVER,
        N::ConnectedToServer(_) => c::WINHTTP_CALLBACK_STATUS_CONNECTED_TO_SERVER,
        N::SendingRequest => c::WINHTTP_CALLBACK_STATUS_SENDING_REQUEST,
        N::RequestSent(_) => c::WINHTTP_CALLBACK_STATUS_REQUEST_SENT,
        N::ReceivingResponse => c::WINHTTP_CALLBACK_STATUS_RECEIVING_RESPONSE,
        N::ResponseReceived(_) => c::WINHTTP_CALLBACK_STATUS_RESPONSE_RECEIVED,
        N::Redirect(_) => c::WINHTTP_CALLBACK_STATUS_REDIRECT,
        N::ClosingConnection => c::WINHTTP_CALLBACK_STATUS_CLOSING_CONNECTION,
        N::ConnectionClosed => c::WINHTTP_CALLBACK_STATUS_CONNECTION_CLOSED,
        N::HandleCreated => c::WINHTTP_CALLBACK_STATUS_HANDLE_CREATED,
        N::HandleClosing => c::WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING,
        N::IntermediateResponse(_) => c::WINHTTP_CALLBACK_STATUS_INTERMEDIATE_RESPONSE,
        N::SecureFailure(..) => c::WINHTTP_CALLBACK_STATUS_SECURE_FAILURE,
        N::SendRequestComplete { .. } => c::WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE,
        N::HeadersAvailable => c::WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE,
        N::DataAvailable(_) => c::WINHTTP_CALLBACK_STATUS_DATA_AVAILABLE,
        N::ReadComplete { .. } | N::WebSocketReceived { .. } => {
            c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE
        }
        N::WriteComplete(_) | N::WebSocketSent { .. } => c::WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE,
        N::RequestError(..) | N::WebSocketError(..) | N::ResolverError(..) => {
            c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR
        }
        N::ProxyForUrlFound => c::WINHTTP_CALLBACK_STATUS_GETPROXYFORURL_COMPLETE,
        N::ProxySettingsRead => c::WINHTTP_CALLBACK_STATUS_GETPROXYSETTINGS_COMPLETE,
        N::CloseComplete => c::WINHTTP_CALLBACK_STATUS_CLOSE_COMPLETE,
        N::ShutdownComplete => c::WINHTTP_CALLBACK_STATUS_SHUTDOWN_COMPLETE,
    }
}

/// Passes the failure of an operation that has an API_* number.
fn error(status: u32, api: usize, failure: &Failure, call: Call<'_>) {
    let code = number(failure.error());
    let result = AsyncResult {
        dw_result: api,
        dw_error: code.0,
    };
    telling(code, failure, || value(status, result, call));
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

fn resolver_api(operation: ResolverOperation) -> usize {
    let number = match operation {
        ResolverOperation::GetProxyForUrl => c::API_GET_PROXY_FOR_URL,
        ResolverOperation::GetProxySettings => c::API_GET_PROXY_SETTINGS,
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
