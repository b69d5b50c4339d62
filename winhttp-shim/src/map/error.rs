//! Errors to their Win32 numbers, each once.

use winhttp_abi::Code;
use winhttp_abi::constants as c;
use winhttp_proto::error::Error;
use winhttp_proto::failure::Failure;

use crate::error_detail;

/// The number of a failure that ends a call; its reason is kept for the thread, beside the number.
pub(crate) fn code(failure: impl Into<Failure>) -> Code {
    let failure = failure.into();
    let code = number(failure.error());
    error_detail::keep(code, &failure);
    code
}

/// The number of an error.
pub(crate) fn number(error: Error) -> Code {
    Code(match error {
        Error::InvalidHandle => c::ERROR_INVALID_HANDLE,
        Error::IncorrectHandleType => c::ERROR_WINHTTP_INCORRECT_HANDLE_TYPE,
        Error::IncorrectHandleState | Error::ParentsHandle => {
            c::ERROR_WINHTTP_INCORRECT_HANDLE_STATE
        }
        Error::InvalidParameter => c::ERROR_INVALID_PARAMETER,
        Error::InvalidOperation => c::ERROR_INVALID_OPERATION,
        Error::InsufficientBuffer(_) => c::ERROR_INSUFFICIENT_BUFFER,
        Error::InvalidOption => c::ERROR_WINHTTP_INVALID_OPTION,
        Error::OptionNotSettable => c::ERROR_WINHTTP_OPTION_NOT_SETTABLE,
        Error::AccessDenied => c::ERROR_ACCESS_DENIED,
        Error::NotSupported => c::ERROR_NOT_SUPPORTED,
        Error::ClientCertNoPrivateKey => c::ERROR_WINHTTP_CLIENT_CERT_NO_PRIVATE_KEY,
        Error::NotEnoughMemory => c::ERROR_NOT_ENOUGH_MEMORY,
        Error::InvalidUrl => c::ERROR_WINHTTP_INVALID_URL,
        Error::UnrecognizedScheme => c::ERROR_WINHTTP_UNRECOGNIZED_SCHEME,
        Error::HeaderNotFound => c::ERROR_WINHTTP_HEADER_NOT_FOUND,
        Error::RedirectFailed => c::ERROR_WINHTTP_REDIRECT_FAILED,
        Error::ResponseDrainOverflow => c::ERROR_WINHTTP_RESPONSE_DRAIN_OVERFLOW,
        Error::ResendRequest => c::ERROR_WINHTTP_RESEND_REQUEST,
        Error::HeaderAlreadyExists => c::ERROR_WINHTTP_HEADER_ALREADY_EXISTS,
        Error::OperationCancelled => c::ERROR_WINHTTP_OPERATION_CANCELLED,
        Error::NameNotResolved => c::ERROR_WINHTTP_NAME_NOT_RESOLVED,
        Error::CannotConnect => c::ERROR_WINHTTP_CANNOT_CONNECT,
        Error::ConnectionError => c::ERROR_WINHTTP_CONNECTION_ERROR,
        Error::Timeout => c::ERROR_WINHTTP_TIMEOUT,
        Error::SecureFailure => c::ERROR_WINHTTP_SECURE_FAILURE,
        Error::SecureChannelError => c::ERROR_WINHTTP_SECURE_CHANNEL_ERROR,
        Error::ClientAuthCertNeeded => c::ERROR_WINHTTP_CLIENT_AUTH_CERT_NEEDED,
        Error::SecureFailureProxy => c::ERROR_WINHTTP_SECURE_FAILURE_PROXY,
        Error::ClientAuthCertNeededProxy => c::ERROR_WINHTTP_CLIENT_AUTH_CERT_NEEDED_PROXY,
        Error::InvalidServerResponse => c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE,
        Error::HttpProtocolMismatch => c::ERROR_WINHTTP_HTTP_PROTOCOL_MISMATCH,
        Error::HeaderCountExceeded => c::ERROR_WINHTTP_HEADER_COUNT_EXCEEDED,
        Error::HeaderSizeOverflow => c::ERROR_WINHTTP_HEADER_SIZE_OVERFLOW,
        Error::ChunkHeaderOverflow => c::ERROR_WINHTTP_CHUNKED_ENCODING_HEADER_SIZE_OVERFLOW,
        Error::BadAutoProxyScript => c::ERROR_WINHTTP_BAD_AUTO_PROXY_SCRIPT,
        Error::AutoProxyServiceError => c::ERROR_WINHTTP_AUTO_PROXY_SERVICE_ERROR,
        Error::UnableToDownloadScript => c::ERROR_WINHTTP_UNABLE_TO_DOWNLOAD_SCRIPT,
        Error::AutodetectionFailed => c::ERROR_WINHTTP_AUTODETECTION_FAILED,
        Error::LoginFailure => c::ERROR_WINHTTP_LOGIN_FAILURE,
        Error::Internal => c::ERROR_WINHTTP_INTERNAL_ERROR,
    })
}
