//! Notifications: what a status callback is told, in Rust's terms, and the trait that receives
//! them.

use std::net::IpAddr;
use std::sync::Arc;

use crate::error::Error;
use crate::failure::Failure;
use crate::handle::HandleId;
use crate::numbers as n;

/// One status notification (WINHTTP_STATUS_CALLBACK), before it becomes a number and a pointer.
///
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notification {
    /// A name look-up starts for this host.
    ResolvingName(Arc<str>),
    /// The look-up succeeded; the first address found.
    NameResolved(IpAddr),
    /// A TCP connection attempt to this address starts.
    ConnectingToServer(IpAddr),
    /// The TCP connection to this address is established.
    ConnectedToServer(IpAddr),
    /// The request head is about to be written; over TLS the handshake is done.
    SendingRequest,
    /// Head and body given to the call are written; bytes.
    RequestSent(u32),
    /// Waiting for the response begins.
    ReceivingResponse,
    /// The response head is read; its bytes.
    ResponseReceived(u32),
    /// A redirect is about to be followed, to this URL.
    Redirect(Arc<str>),
    /// The transport is about to be closed because it cannot be used again.
    ClosingConnection,
    /// The transport is closed.
    ConnectionClosed,
    /// The handle exists; delivered on the creating thread before its function returns.
    HandleCreated,
    /// The handle is finished; always its last notification.
    HandleClosing,
    /// An interim response with this status was skipped.
    IntermediateResponse(u32),
    /// The certificate was refused for these reasons; the failure that ends the operation follows.
    SecureFailure(SecureProblems, Failure),
    /// A send operation finished; address and length of the optional data of the call.
    SendRequestComplete {
        /// Address of the caller's optional data, 0 for none.
        address: usize,
        /// Its length in bytes.
        bytes: u32,
    },
    /// The response's head can be queried.
    HeadersAvailable,
    /// Body bytes that can be read at once; 0 at the end of the body.
    DataAvailable(u32),
    /// A body read finished.
    ReadComplete {
        /// Address of the caller's buffer.
        address: usize,
        /// Bytes read; 0 at the end of the body.
        bytes: u32,
    },
    /// A body write finished; bytes.
    WriteComplete(u32),
    /// An operation on a request failed.
    RequestError(RequestOperation, Failure),
    /// A WebSocket receive finished.
    WebSocketReceived {
        /// Payload bytes delivered.
        bytes: u32,
        /// What they are.
        kind: BufferKind,
    },
    /// A WebSocket send finished.
    WebSocketSent {
        /// Payload bytes of the call.
        bytes: u32,
        /// The kind given in the call.
        kind: BufferKind,
    },
    /// The closing handshake is complete.
    CloseComplete,
    /// The close frame is sent.
    ShutdownComplete,
    /// An operation on a WebSocket failed.
    WebSocketError(WebSocketOperation, Failure),
    /// A resolver has found the proxies for a URL.
    ProxyForUrlFound,
    /// A resolver has read the proxy settings.
    ProxySettingsRead,
    /// An operation on a resolver failed.
    ResolverError(ResolverOperation, Failure),
}

impl Notification {
    /// The operation that this ends, if it ends one.
    #[must_use]
    pub fn operation(&self) -> Option<Operation> {
        match self {
            Self::SendRequestComplete { .. } => Some(RequestOperation::SendRequest.into()),
            Self::HeadersAvailable => Some(RequestOperation::ReceiveResponse.into()),
            Self::DataAvailable(_) => Some(RequestOperation::QueryDataAvailable.into()),
            Self::ReadComplete { .. } => Some(RequestOperation::ReadData.into()),
            Self::WriteComplete(_) => Some(RequestOperation::WriteData.into()),
            Self::RequestError(operation, _) => Some((*operation).into()),
            Self::WebSocketReceived { .. } => Some(WebSocketOperation::Receive.into()),
            Self::WebSocketSent { .. } => Some(WebSocketOperation::Send.into()),
            Self::CloseComplete => Some(WebSocketOperation::Close.into()),
            Self::ShutdownComplete => Some(WebSocketOperation::Shutdown.into()),
            Self::WebSocketError(operation, _) => Some((*operation).into()),
            Self::ProxyForUrlFound => Some(ResolverOperation::GetProxyForUrl.into()),
            Self::ProxySettingsRead => Some(ResolverOperation::GetProxySettings.into()),
            Self::ResolverError(operation, _) => Some((*operation).into()),
            Self::ResolvingName(_)
            | Self::NameResolved(_)
            | Self::ConnectingToServer(_)
            | Self::ConnectedToServer(_)
            | Self::SendingRequest
            | Self::RequestSent(_)
            | Self::ReceivingResponse
            | Self::ResponseReceived(_)
            | Self::Redirect(_)
            | Self::ClosingConnection
            | Self::ConnectionClosed
            | Self::HandleCreated
            | Self::HandleClosing
            | Self::IntermediateResponse(_)
            | Self::SecureFailure(..) => None,
        }
    }

    /// Ends an operation of which a handle accepts the next only when the program is told: a
    /// WebSocket's receive, a request's read or its question for data.
    #[must_use]
    pub fn ends_receiving(&self) -> bool {
        self.operation().is_some_and(Operation::receives)
    }

    /// What is said in place of a notification that could not be delivered: its operation's
    /// failure, or the same again.
    #[must_use]
    pub fn or_failure(self) -> Self {
        if matches!(
            self,
            Self::RequestError(..) | Self::WebSocketError(..) | Self::ResolverError(..)
        ) {
            return self;
        }
        match self.operation() {
            Some(operation) => operation.failed(Error::Internal.into()),
            None => self,
        }
    }
}

/// An operation that ends in a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// On a request.
    Request(RequestOperation),
    /// On a WebSocket.
    WebSocket(WebSocketOperation),
    /// On a resolver.
    Resolver(ResolverOperation),
}

impl Operation {
    /// The notification of its failure.
    #[must_use]
    pub fn failed(self, failure: Failure) -> Notification {
        match self {
            Self::Request(operation) => Notification::RequestError(operation, failure),
            Self::WebSocket(operation) => Notification::WebSocketError(operation, failure),
            Self::Resolver(operation) => Notification::ResolverError(operation, failure),
        }
    }

    /// It receives: of its kind, a handle accepts one at a time.
    fn receives(self) -> bool {
        match self {
            Self::Request(operation) => match operation {
                RequestOperation::QueryDataAvailable | RequestOperation::ReadData => true,
                RequestOperation::ReceiveResponse
                | RequestOperation::WriteData
                | RequestOperation::SendRequest => false,
            },
            Self::WebSocket(operation) => match operation {
                WebSocketOperation::Receive => true,
                WebSocketOperation::Send
                | WebSocketOperation::Close
                | WebSocketOperation::Shutdown => false,
            },
            Self::Resolver(_) => false,
        }
    }
}

impl From<RequestOperation> for Operation {
    fn from(operation: RequestOperation) -> Self {
        Self::Request(operation)
    }
}

impl From<WebSocketOperation> for Operation {
    fn from(operation: WebSocketOperation) -> Self {
        Self::WebSocket(operation)
    }
}

impl From<ResolverOperation> for Operation {
    fn from(operation: ResolverOperation) -> Self {
        Self::Resolver(operation)
    }
}

/// Which call on a request an error belongs to (the API_* numbers of WINHTTP_ASYNC_RESULT).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestOperation {
    /// WinHttpReceiveResponse.
    ReceiveResponse,
    /// WinHttpQueryDataAvailable.
    QueryDataAvailable,
    /// WinHttpReadData and WinHttpReadDataEx.
    ReadData,
    /// WinHttpWriteData.
    WriteData,
    /// WinHttpSendRequest.
    SendRequest,
}

/// Which call on a WebSocket an error belongs to (WINHTTP_WEB_SOCKET_OPERATION).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebSocketOperation {
    /// WinHttpWebSocketSend.
    Send,
    /// WinHttpWebSocketReceive.
    Receive,
    /// WinHttpWebSocketClose.
    Close,
    /// WinHttpWebSocketShutdown.
    Shutdown,
}

/// Which call on a resolver an error belongs to (the API_* numbers of WINHTTP_ASYNC_RESULT).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResolverOperation {
    /// WinHttpGetProxyForUrlEx and WinHttpGetProxyForUrlEx2.
    GetProxyForUrl,
    /// WinHttpGetProxySettingsEx.
    GetProxySettings,
}

/// What a WebSocket buffer holds (WINHTTP_WEB_SOCKET_BUFFER_TYPE).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BufferKind {
    /// A whole binary message, or its last piece.
    BinaryMessage,
    /// A piece of a binary message that goes on.
    BinaryFragment,
    /// A whole text message, or its last piece.
    Utf8Message,
    /// A piece of a text message that goes on.
    Utf8Fragment,
    /// The peer's close frame.
    Close,
}

/// Reasons to refuse a server certificate (WINHTTP_CALLBACK_STATUS_FLAG_*), as a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SecureProblems(u32);

impl SecureProblems {
    /// Malformed, or a signature in the chain is wrong.
    pub const INVALID_CERT: Self = Self(n::PROBLEM_INVALID_CERT);
    /// Revoked by its issuer.
    pub const CERT_REVOKED: Self = Self(n::PROBLEM_REVOKED);
    /// No trusted authority vouches for it.
    pub const INVALID_CA: Self = Self(n::PROBLEM_INVALID_CA);
    /// It is for another name.
    pub const CERT_CN_INVALID: Self = Self(n::PROBLEM_WRONG_NAME);
    /// It has expired or is not valid yet.
    pub const CERT_DATE_INVALID: Self = Self(n::PROBLEM_WRONG_DATE);
    /// It is not for server authentication.
    pub const CERT_WRONG_USAGE: Self = Self(n::PROBLEM_WRONG_USAGE);
    /// The TLS library failed for another reason.
    pub const CHANNEL_ERROR: Self = Self(n::PROBLEM_CHANNEL);

    /// The set with `other` added.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The set without the members of `other`.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether the set has all members of `other`.
    #[must_use]
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Nothing is wrong.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The set as WinHTTP's flag word.
    #[must_use]
    pub fn bits(self) -> u32 {
        self.0
    }
}

/// Receives the notifications of the handles it is set on.
///
/// Called without any lock of the library held; may call any function of the API on any handle,
/// including closing the handle it is called for.
pub trait Observer: Clone + Send + Sync + 'static {
    /// Whether the program wants this one. Asked before an operation waits for a notification to be
    /// delivered.
    fn selects(&self, notification: &Notification) -> bool;

    /// Delivers one notification of `handle`, whose context value is `context`, if that is
    /// selected.
    fn notify(&self, handle: HandleId, context: usize, notification: &Notification);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What ends an operation well, and whether the operation receives.
    fn successes() -> [(Notification, Operation, bool); 11] {
        use {RequestOperation as R, WebSocketOperation as W};
        let (address, bytes) = (0, 1);
        let kind = BufferKind::Close;
        let complete = Notification::SendRequestComplete { address, bytes };
        let read = Notification::ReadComplete { address, bytes };
        let received = Notification::WebSocketReceived { bytes, kind };
        let sent = Notification::WebSocketSent { bytes, kind };
        [
            (complete, R::SendRequest.into(), false),
            (
                Notification::HeadersAvailable,
                R::ReceiveResponse.into(),
                false,
            ),
            (
                Notification::DataAvailable(1),
                R::QueryDataAvailable.into(),
                true,
            ),
            (read, R::ReadData.into(), true),
            (Notification::WriteComplete(1), R::WriteData.into(), false),
            (received, W::Receive.into(), true),
            (sent, W::Send.into(), false),
            (Notification::CloseComplete, W::Close.into(), false),
            (Notification::ShutdownComplete, W::Shutdown.into(), false),
            (
                Notification::ProxyForUrlFound,
                ResolverOperation::GetProxyForUrl.into(),
                false,
            ),
            (
                Notification::ProxySettingsRead,
                ResolverOperation::GetProxySettings.into(),
                false,
            ),
        ]
    }

    #[test]
    fn an_operation_ends_in_its_success_or_its_failure() {
        for (success, operation, receives) in successes() {
            let failure = operation.failed(Error::Timeout.into());
            for end in [&success, &failure] {
                assert_eq!(end.operation(), Some(operation), "{end:?}");
                assert_eq!(end.ends_receiving(), receives, "{end:?}");
            }
            let undelivered = operation.failed(Error::Internal.into());
            assert_eq!(success.or_failure(), undelivered);
            assert_eq!(failure.clone().or_failure(), failure);
        }
    }

    #[test]
    fn what_ends_no_operation_is_said_again_as_it_is() {
        let refused =
            Notification::SecureFailure(SecureProblems::INVALID_CA, Error::Timeout.into());
        for news in [Notification::HandleClosing, refused] {
            assert_eq!(news.operation(), None);
            assert!(!news.ends_receiving());
            assert_eq!(news.clone().or_failure(), news);
        }
    }
}
