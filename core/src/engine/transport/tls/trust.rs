//! Which certificates are trusted: those that the environment names, else the system's, else
//! webpki-roots.
//!
//! Who names files restricts trust. What of them cannot be used is not replaced by anything:
//! without a usable certificate no server is trusted at all.

mod files;
#[cfg(test)]
mod tests;

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use winhttp_process::PerProcess;
use x509_parser::prelude::{FromDer, X509Certificate, X509Version};

const FILE_VARIABLE: &str = "SSL_CERT_FILE";
const DIRECTORY_VARIABLE: &str = "SSL_CERT_DIR";
/// Names a store instead: one of the two below.
const STORE_VARIABLE: &str = "WINHTTP_SHIM_TRUST";
const SYSTEM_STORE: &str = "system";
const WEBPKI_STORE: &str = "webpki-roots";

/// The trusted certificates.
pub struct TrustStore {
    authorities: RootCertStore,
    /// Whole and in order, for servers that show one of them; empty for webpki-roots, which holds
    /// no servers.
    certificates: Vec<CertificateDer<'static>>,
    faults: Vec<TrustFault>,
    number: u64,
}

/// The next store's number.
static NUMBERS: AtomicU64 = AtomicU64::new(1);

/// A part of the user's configuration of trust that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustFault {
    /// The variable of the environment that names it.
    pub variable: &'static str,
    /// The file or directory, or the name of a store.
    pub value: PathBuf,
    /// What is wrong.
    pub reason: FaultReason,
}

/// Why a part of the configuration of trust could not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultReason {
    /// It cannot be read.
    Unreadable(std::io::ErrorKind),
    /// It holds something malformed, so none of its certificates is used.
    Malformed,
    /// It holds no certificate.
    NoCertificate,
    /// There is no store of this name.
    UnknownStore,
}

impl fmt::Display for TrustFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}: ", self.variable, self.value.display())?;
        match self.reason {
            FaultReason::Unreadable(kind) => write!(f, "cannot be read: {kind}"),
            FaultReason::Malformed => f.write_str("holds something malformed"),
            FaultReason::NoCertificate => f.write_str("holds no certificate"),
            FaultReason::UnknownStore => {
                write!(f, "must be {SYSTEM_STORE} or {WEBPKI_STORE}")
            }
        }
    }
}

impl fmt::Debug for TrustStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrustStore")
            .field("authorities", &self.authorities)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}

impl TrustStore {
    /// Tells it from all other stores of the process.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Those who may vouch for servers.
    #[must_use]
    pub fn authorities(&self) -> &RootCertStore {
        &self.authorities
    }

    /// What of the user's configuration could not be used.
    #[must_use]
    pub fn faults(&self) -> &[TrustFault] {
        &self.faults
    }

    /// Nobody is trusted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty() && self.authorities.is_empty()
    }

    /// Whether exactly this certificate is trusted, so that nobody needs to vouch for it.
    #[must_use]
    pub fn contains(&self, certificate: &CertificateDer<'_>) -> bool {
        self.certificates
            .binary_search_by(|own| own.as_ref().cmp(certificate.as_ref()))
            .is_ok()
    }

    pub(super) fn new(
        mut certificates: Vec<CertificateDer<'static>>,
        faults: Vec<TrustFault>,
    ) -> Self {
        certificates.sort_unstable_by(|one, other| one.as_ref().cmp(other.as_ref()));
        certificates.dedup();
        let mut authorities = RootCertStore::empty();
        let issuers = certificates.iter().filter(|der| may_issue(der));
        authorities.add_parsable_certificates(issuers.cloned());
        Self {
            authorities,
            certificates,
            faults,
            number: NUMBERS.fetch_add(1, Ordering::Relaxed),
        }
    }

    fn of_webpki() -> Self {
        Self {
            authorities: webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect(),
            certificates: Vec::new(),
            faults: Vec::new(),
            number: NUMBERS.fetch_add(1, Ordering::Relaxed),
        }
    }

    fn of_the_system() -> Self {
        let found = Self::new(super::store::certificates(), Vec::new());
        match found.authorities.is_empty() {
            true => Self::of_webpki(),
            false => found,
        }
    }
}

/// A certificate of version 3 that does not say that it is an authority's vouches for nobody (RFC
/// 5280 §4.2.1.9), even if it is trusted: its key is a server's. Older ones and what only webpki
/// can read get the benefit of the doubt.
fn may_issue(der: &CertificateDer<'_>) -> bool {
    match X509Certificate::from_der(der) {
        Ok((_, fields)) if fields.version() == X509Version::V3 => {
            let constraints = fields.basic_constraints();
            matches!(constraints, Ok(Some(constraints)) if constraints.value.ca)
        }
        _ => true,
    }
}

/// What the choice of store depends on: the environment may change between sessions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Environment {
    file: Option<OsString>,
    directories: Option<OsString>,
    store: Option<OsString>,
}

impl Environment {
    fn read() -> Self {
        Self {
            file: winhttp_process::variable(FILE_VARIABLE),
            directories: winhttp_process::variable(DIRECTORY_VARIABLE),
            store: winhttp_process::variable(STORE_VARIABLE),
        }
    }

    /// Files and directories win over stores, because they are the narrower choice.
    fn load(&self) -> TrustStore {
        if self.file.is_some() || self.directories.is_some() {
            return self.load_files();
        }
        match self.store.as_deref() {
            None => TrustStore::of_the_system(),
            Some(name) if name == SYSTEM_STORE => TrustStore::of_the_system(),
            Some(name) if name == WEBPKI_STORE => TrustStore::of_webpki(),
            Some(name) => {
                let fault = fault(STORE_VARIABLE, name, FaultReason::UnknownStore);
                TrustStore::new(Vec::new(), vec![fault])
            }
        }
    }

    fn load_files(&self) -> TrustStore {
        let mut certificates = Vec::new();
        let mut faults = Vec::new();
        if let Some(file) = &self.file {
            match files::load_file(Path::new(file)) {
                Ok(found) => certificates.extend(found),
                Err(reason) => faults.push(fault(FILE_VARIABLE, file, reason)),
            }
        }
        for directory in self.directories.iter().flat_map(std::env::split_paths) {
            let (found, bad) = files::load_directory(&directory);
            certificates.extend(found);
            let bad = bad.into_iter();
            faults.extend(bad.map(|(path, reason)| fault(DIRECTORY_VARIABLE, path, reason)));
        }
        TrustStore::new(certificates, faults)
    }
}

fn fault(variable: &'static str, value: impl AsRef<OsStr>, reason: FaultReason) -> TrustFault {
    TrustFault {
        variable,
        value: PathBuf::from(value.as_ref()),
        reason,
    }
}

type Cached = (Environment, Arc<TrustStore>);

/// A forked child loads its own: the lock may be held while a store is read.
static CACHE: PerProcess<Mutex<Option<Cached>>> = PerProcess::new(Mutex::default);

/// What is trusted, loaded once per process and environment.
pub(super) fn trusted() -> Arc<TrustStore> {
    let environment = Environment::read();
    let mut cache = CACHE.get().lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((cached, store)) = &*cache
        && *cached == environment
    {
        return Arc::clone(store);
    }
    let store = Arc::new(environment.load());
    // Who mends a file that gave nothing need not start the program again.
    if !store.is_empty() {
        *cache = Some((environment, Arc::clone(&store)));
    }
    store
}
