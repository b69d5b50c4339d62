//! Which authorities are trusted: the system's store, or webpki-roots where the system has none.

use std::ffi::OsString;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::RootCertStore;
use winhttp_process::PerProcess;

/// Set to `webpki-roots` to ignore the system's store.
const TRUST_VARIABLE: &str = "WINHTTP_SHIM_TRUST";

/// What the choice of store depends on: the environment may change between sessions.
#[derive(PartialEq, Eq)]
struct Key {
    file: Option<OsString>,
    directory: Option<OsString>,
    choice: Option<OsString>,
}

type Cached = (Key, Arc<RootCertStore>);

/// A forked child loads its own: the lock may be held while a store is read.
static CACHE: PerProcess<Mutex<Option<Cached>>> = PerProcess::new(Mutex::default);

/// The trusted authorities, loaded once per process and environment.
pub(super) fn roots() -> Arc<RootCertStore> {
    let key = Key {
        file: winhttp_process::variable("SSL_CERT_FILE"),
        directory: winhttp_process::variable("SSL_CERT_DIR"),
        choice: winhttp_process::variable(TRUST_VARIABLE),
    };
    let mut cache = CACHE.get().lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((cached, roots)) = &*cache
        && *cached == key
    {
        return Arc::clone(roots);
    }
    let roots = Arc::new(load(
        key.choice
            .as_ref()
            .is_some_and(|choice| choice == "webpki-roots"),
    ));
    *cache = Some((key, Arc::clone(&roots)));
    roots
}

fn load(ignore_system: bool) -> RootCertStore {
    let mut store = RootCertStore::empty();
    if !ignore_system {
        store.add_parsable_certificates(super::store::certificates());
    }
    if store.is_empty() {
        store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    store
}
