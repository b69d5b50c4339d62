//! What a server is told that asks for the client's certificate, and how its connection learns that
//! it asked.

use std::cell::Cell;
use std::sync::Arc;

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::sign::CertifiedKey;

thread_local! {
    /// A server asked, on this thread, inside [`noting_requests`].
    static ASKED: Cell<bool> = const { Cell::new(false) };
}

/// Does `work`, and says whether a server asked for a certificate in it: that explains a later
/// refusal.
///
/// The resolver cannot say so itself: all connections of a policy share it, because rustls resumes
/// sessions only under the one they were made under. It is called inside `work`, so its note never
/// outlives that.
pub(super) fn noting_requests<T>(work: impl FnOnce() -> T) -> (T, bool) {
    ASKED.set(false);
    let outcome = work();
    (outcome, ASKED.take())
}

/// Answers a certificate request with "none".
#[derive(Debug)]
pub(super) struct NoClientCertificate;

impl ResolvesClientCert for NoClientCertificate {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        ASKED.set(true);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}
