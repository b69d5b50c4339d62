//! Random bytes as the protocols want them.

use winhttp_process::random;
use winhttp_proto::error::{Error, Result};
use winhttp_proto::websocket::MaskKey;

/// A fresh masking key (RFC 6455 §5.3: unpredictable, from a strong source of entropy).
///
/// # Errors
/// [`Error::Internal`] if the system gives no random bytes.
pub fn mask_key() -> Result<MaskKey> {
    random().map(MaskKey::new).ok_or(Error::Internal)
}

/// A fresh nonce for Sec-WebSocket-Key (RFC 6455 §4.1).
///
/// # Errors
/// [`Error::Internal`] if the system gives no random bytes.
pub fn nonce() -> Result<[u8; 16]> {
    random().ok_or(Error::Internal)
}
