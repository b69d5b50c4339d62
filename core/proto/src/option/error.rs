//! Decides which failures the rules about options know. The C edge picks their Win32 codes.

use std::{error, fmt};

use crate::error::Error;

/// Why an option was not set or not queried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionError {
    /// No such option (`ERROR_WINHTTP_INVALID_OPTION`).
    InvalidOption,
    /// The handle is NULL and the option is not one of the process (`ERROR_INVALID_HANDLE`).
    InvalidHandle,
    /// The option can only be queried (`ERROR_WINHTTP_OPTION_NOT_SETTABLE`).
    NotSettable,
    /// The option belongs to other kinds of handles (`ERROR_WINHTTP_INCORRECT_HANDLE_TYPE`).
    IncorrectHandleType,
    /// Not now: too early, too late or never on this handle
    /// (`ERROR_WINHTTP_INCORRECT_HANDLE_STATE`).
    IncorrectHandleState,
    /// A value or pointer the option does not take, or a query of a set-only option
    /// (`ERROR_INVALID_PARAMETER`).
    InvalidParameter,
    /// The length does not fit the option (`ERROR_INSUFFICIENT_BUFFER`).
    InsufficientBuffer {
        /// The length that fits, in bytes.
        required: u32,
    },
    /// The session promised not to allow this (`ERROR_ACCESS_DENIED`).
    AccessDenied,
    /// The value is a feature this library leaves out on purpose (`ERROR_NOT_SUPPORTED`).
    NotSupported,
    /// The certificate has no private key (`ERROR_WINHTTP_CLIENT_CERT_NO_PRIVATE_KEY`).
    ClientCertNoPrivateKey,
}

impl From<OptionError> for Error {
    fn from(error: OptionError) -> Self {
        match error {
            OptionError::InvalidOption => Self::InvalidOption,
            OptionError::InvalidHandle => Self::InvalidHandle,
            OptionError::NotSettable => Self::OptionNotSettable,
            OptionError::IncorrectHandleType => Self::IncorrectHandleType,
            OptionError::IncorrectHandleState => Self::IncorrectHandleState,
            OptionError::InvalidParameter => Self::InvalidParameter,
            OptionError::InsufficientBuffer { required } => Self::InsufficientBuffer(required),
            OptionError::AccessDenied => Self::AccessDenied,
            OptionError::NotSupported => Self::NotSupported,
            OptionError::ClientCertNoPrivateKey => Self::ClientCertNoPrivateKey,
        }
    }
}

impl fmt::Display for OptionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidOption => "no such option",
            Self::InvalidHandle => "not an option of the whole process",
            Self::NotSettable => "option can only be queried",
            Self::IncorrectHandleType => "option belongs to another kind of handle",
            Self::IncorrectHandleState => "not possible in this state of the handle",
            Self::InvalidParameter => "invalid parameter",
            Self::InsufficientBuffer { required } => {
                return write!(f, "the option takes {required} bytes");
            }
            Self::AccessDenied => "not allowed on this session",
            Self::NotSupported => "not supported",
            Self::ClientCertNoPrivateKey => "client certificate without a private key",
        })
    }
}

impl error::Error for OptionError {}
