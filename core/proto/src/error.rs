//! What an operation can fail with, grouped by who has to act. The C edge maps each variant to its
//! number once.

use std::fmt;

/// Failure of a WinHTTP operation.
///
/// One value carries no text: it is what becomes a number. An error of which more is known travels
/// in a [`crate::failure::Failure`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    // The caller misused the API.
    /// The handle is NULL, closed, or was never made by this library.
    InvalidHandle,
    /// The handle is alive but of another kind.
    IncorrectHandleType,
    /// The handle is of the right kind at the wrong time.
    IncorrectHandleState,
    /// The handle was at work when this process was forked; it goes on in the parent process only.
    ParentsHandle,
    /// An argument is missing, malformed or out of range.
    InvalidParameter,
    /// The operation conflicts with one that is pending, or came after the end of its side.
    InvalidOperation,
    /// The output does not fit; the number of bytes or units it needs.
    InsufficientBuffer(u32),
    /// The option number is unknown.
    InvalidOption,
    /// The option can only be queried.
    OptionNotSettable,
    /// The setting is forbidden for this session.
    AccessDenied,
    /// The value is a feature this library leaves out on purpose.
    NotSupported,
    /// The client certificate has no private key.
    ClientCertNoPrivateKey,
    /// Memory, descriptors or threads ran out, or a buffer-size option is too small for the
    /// protocol.
    NotEnoughMemory,
    /// A name or URL cannot be parsed.
    InvalidUrl,
    /// A URL's scheme is neither http nor https.
    UnrecognizedScheme,
    /// The header that was asked for is not there.
    HeaderNotFound,
    /// One redirect more than the program allows, or one that cannot be followed.
    RedirectFailed,
    /// An answer that another request follows has more of a body than is passed over.
    ResponseDrainOverflow,
    /// The request has to be sent again by the program, as its body was given in pieces.
    ResendRequest,
    /// The header that should be new exists.
    HeaderAlreadyExists,

    // The caller changed its mind.
    /// The handle was closed, or the WebSocket was closed, while the operation was pending.
    OperationCancelled,

    // Looking up and reaching the server.
    /// The server's name has no address.
    NameNotResolved,
    /// No address accepted a connection.
    CannotConnect,
    /// The connection broke or ended too early.
    ConnectionError,
    /// A timeout of the handle expired.
    Timeout,

    // TLS.
    /// The certificate was refused; the reasons were notified before.
    SecureFailure,
    /// The TLS handshake failed for another reason than the certificate.
    SecureChannelError,
    /// The server insists on a client certificate.
    ClientAuthCertNeeded,
    /// TLS with a proxy failed.
    SecureFailureProxy,
    /// A proxy insists on a client certificate.
    ClientAuthCertNeededProxy,

    // The server misbehaved.
    /// The response, or a WebSocket frame, breaks the protocol.
    InvalidServerResponse,
    /// The response has too many header fields.
    HeaderCountExceeded,
    /// An advanced protocol was required (HTTP_PROTOCOL_REQUIRED), and HTTP/1.1 is what there is.
    HttpProtocolMismatch,
    /// The response's header block is too large.
    HeaderSizeOverflow,
    /// A chunk header is too large.
    ChunkHeaderOverflow,

    // Automatic proxy configuration.
    /// The script is wrong, or its answer is.
    BadAutoProxyScript,
    /// No script can be run, or this one took too long.
    AutoProxyServiceError,
    /// The script could not be fetched.
    UnableToDownloadScript,
    /// The network announces no script.
    AutodetectionFailed,
    /// The script's server wants to know who asks.
    LoginFailure,

    /// An invariant of the library failed; never expected.
    Internal,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl std::error::Error for Error {}

/// Result of a WinHTTP operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;
