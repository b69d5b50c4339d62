//! Certificate contexts: reference-counted structures the program gets from
//! WINHTTP_OPTION_SERVER_CERT_CONTEXT.
//!
//! All live contexts are listed, so a pointer that is not one of them is recognised and never
//! followed: releasing twice and releasing garbage fail instead of harming the process.

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::panic::catch_unwind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use winhttp_abi::types::CertContext;
use winhttp_core::api::options::Certificate;

mod context;

use context::Context;

const TRUE: i32 = 1;
const FALSE: i32 = 0;

/// A context the program holds.
pub(crate) struct Live {
    context: Arc<Context>,
    references: u32,
}

/// The contexts the program holds, by address.
static LIVE: Mutex<BTreeMap<usize, Live>> = Mutex::new(BTreeMap::new());

/// Makes a context with one reference, which the program has to release.
pub(crate) fn publish(certificate: &Certificate) -> *const CertContext {
    let context = Arc::new(Context::new(certificate));
    let pointer = Arc::as_ptr(&context).cast::<CertContext>();
    live().insert(
        pointer.addr(),
        Live {
            context,
            references: 1,
        },
    );
    pointer
}

/// Releases one reference to a certificate context; the last one frees it. NULL is fine.
///
/// FALSE, and nothing happens, for what is no live context. The last error is left alone.
#[unsafe(no_mangle)]
pub extern "C" fn CertFreeCertificateContext(context: *const CertContext) -> i32 {
    let released = catch_unwind(|| context.is_null() || release(context.addr()));
    if released.unwrap_or(false) {
        TRUE
    } else {
        FALSE
    }
}

/// Adds a reference to a certificate context and returns it; NULL for NULL and for what is no live
/// context.
#[unsafe(no_mangle)]
pub extern "C" fn CertDuplicateCertificateContext(
    context: *const CertContext,
) -> *const CertContext {
    catch_unwind(|| duplicate(context.addr()))
        .ok()
        .flatten()
        .unwrap_or(std::ptr::null())
}

/// Releases a certificate chain. This version hands out none, so there is nothing to do, whatever
/// is passed.
#[unsafe(no_mangle)]
pub extern "C" fn CertFreeCertificateChain(_chain: *const c_void) {}

/// The lock of the list, held.
pub(crate) type CertificatesHeld = MutexGuard<'static, BTreeMap<usize, Live>>;

/// Takes the list's lock, to be let go after a fork.
pub(crate) fn hold() -> CertificatesHeld {
    live()
}

fn release(address: usize) -> bool {
    let mut live = live();
    let Some(entry) = live.get_mut(&address) else {
        return false;
    };
    entry.references -= 1;
    if entry.references == 0 {
        live.remove(&address);
    }
    true
}

fn duplicate(address: usize) -> Option<*const CertContext> {
    let mut live = live();
    let entry = live.get_mut(&address)?;
    entry.references = entry.references.checked_add(1)?;
    Some(Arc::as_ptr(&entry.context).cast())
}

fn live() -> MutexGuard<'static, BTreeMap<usize, Live>> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::context::tests::sample;
    use super::*;

    #[test]
    fn a_context_lives_as_long_as_its_last_reference() {
        let context = publish(&sample());
        assert_eq!(CertDuplicateCertificateContext(context), context);
        assert_eq!(CertFreeCertificateContext(context), TRUE);
        // SAFETY: one reference is left.
        assert_eq!(unsafe { context.read() }.cb_cert_encoded, 5);
        assert_eq!(CertFreeCertificateContext(context), TRUE);
        assert_eq!(CertFreeCertificateContext(context), FALSE);
        assert!(CertDuplicateCertificateContext(context).is_null());
    }

    #[test]
    fn garbage_is_refused_and_null_is_fine() {
        let garbage = std::ptr::without_provenance(0x1234);
        assert_eq!(CertFreeCertificateContext(garbage), FALSE);
        assert!(CertDuplicateCertificateContext(garbage).is_null());
        assert_eq!(CertFreeCertificateContext(std::ptr::null()), TRUE);
        assert!(CertDuplicateCertificateContext(std::ptr::null()).is_null());
        CertFreeCertificateChain(std::ptr::null());
    }
}
