//! libwinhttp: WinHTTP's C API for Linux and macOS.
//!
//! One file per chapter of the API. Each function has three steps: arguments, a safe core call, the
//! mapped result. Every function is exported through [`winhttp_abi::export!`] in both string
//! widths; see `include/winhttp.h`.
//!
//! In scope: C's side of every function. Out of scope: what the functions mean, which is
//! [`winhttp_core`]'s.

mod arguments;
mod callback;
mod certificate;
mod connection;
mod credentials;
mod error_detail;
mod given;
mod headers;
mod last_error;
mod library;
mod map;
mod memory;
mod observer;
mod options;
mod proxy;
mod request;
mod session;
mod time;
mod transfer;
mod url;
mod websocket;

pub use callback::WinHttpSetStatusCallback;
pub use certificate::{
    CertDuplicateCertificateContext, CertFreeCertificateChain, CertFreeCertificateContext,
};
pub use connection::{
    WinHttpConnect, WinHttpFreeQueryConnectionGroupResult, WinHttpQueryConnectionGroup,
};
pub use credentials::{WinHttpQueryAuthSchemes, WinHttpSetCredentials};
pub use error_detail::{WinHttpShimGetErrorDetail, WinHttpShimGetErrorDetailUtf8};
pub use headers::{
    WinHttpAddRequestHeaders, WinHttpAddRequestHeadersEx, WinHttpQueryHeaders,
    WinHttpQueryHeadersEx,
};
pub use last_error::{GetLastError, SetLastError};
pub use memory::{GlobalAlloc, GlobalFree, LocalFree};
pub use options::{WinHttpQueryOption, WinHttpSetOption};
pub use proxy::{
    WinHttpCreateProxyResolver, WinHttpDetectAutoProxyConfigUrl, WinHttpFreeProxyResult,
    WinHttpFreeProxyResultEx, WinHttpFreeProxySettings, WinHttpFreeProxySettingsEx,
    WinHttpGetDefaultProxyConfiguration, WinHttpGetIEProxyConfigForCurrentUser,
    WinHttpGetProxyForUrl, WinHttpGetProxyForUrlEx, WinHttpGetProxyForUrlEx2,
    WinHttpGetProxyResult, WinHttpGetProxyResultEx, WinHttpGetProxySettingsEx,
    WinHttpGetProxySettingsResultEx, WinHttpGetProxySettingsVersion, WinHttpReadProxySettings,
    WinHttpRegisterProxyChangeNotification, WinHttpResetAutoProxy,
    WinHttpSetDefaultProxyConfiguration, WinHttpSetProxySettingsPerUser,
    WinHttpUnregisterProxyChangeNotification, WinHttpWriteProxySettings,
};
pub use request::{WinHttpOpenRequest, WinHttpReceiveResponse, WinHttpSendRequest};
pub use session::{WinHttpCheckPlatform, WinHttpCloseHandle, WinHttpOpen, WinHttpSetTimeouts};
pub use time::{WinHttpTimeFromSystemTime, WinHttpTimeToSystemTime};
pub use transfer::{
    WinHttpQueryDataAvailable, WinHttpReadData, WinHttpReadDataEx, WinHttpWriteData,
};
pub use url::{WinHttpCrackUrl, WinHttpCreateUrl};
pub use websocket::{
    WinHttpWebSocketClose, WinHttpWebSocketCompleteUpgrade, WinHttpWebSocketQueryCloseStatus,
    WinHttpWebSocketReceive, WinHttpWebSocketSend, WinHttpWebSocketShutdown,
};
