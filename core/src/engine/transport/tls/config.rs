//! TLS client configurations: one per policy of a session, so that resumption never crosses
//! policies.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::client::Resumption;
use rustls::crypto::CryptoProvider;
use rustls::{ClientConfig, SupportedProtocolVersion};
use winhttp_process::{Epoch, epoch};
use winhttp_proto::error::{Error, Result};
use winhttp_proto::notify::SecureProblems;
use winhttp_proto::numbers::{PROTOCOL_TLS12, PROTOCOL_TLS13};

use super::client_certificate::NoClientCertificate;
use super::key_log::KeyLogFile;
use super::time::WallClock;
use super::trust::{self, TrustStore};
use super::verify::Verifier;
use crate::lock::if_free;

/// TLS sessions remembered for resumption, per policy.
const RESUMED_SESSIONS: usize = 256;

/// Enabled TLS versions, as WINHTTP_FLAG_SECURE_PROTOCOL_* bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Protocols(u32);

impl Protocols {
    /// WINHTTP_FLAG_SECURE_PROTOCOL_TLS1_2.
    pub const TLS12: u32 = PROTOCOL_TLS12;
    /// WINHTTP_FLAG_SECURE_PROTOCOL_TLS1_3.
    pub const TLS13: u32 = PROTOCOL_TLS13;

    /// Takes the bits as set by the program; versions below 1.2 are recorded and never negotiated.
    #[must_use]
    pub fn new(bits: u32) -> Self {
        Self(bits)
    }

    /// The bits.
    #[must_use]
    pub fn bits(self) -> u32 {
        self.0
    }

    fn versions(self) -> Vec<&'static SupportedProtocolVersion> {
        let mut versions = Vec::new();
        if self.0 & Self::TLS13 != 0 {
            versions.push(&rustls::version::TLS13);
        }
        if self.0 & Self::TLS12 != 0 {
            versions.push(&rustls::version::TLS12);
        }
        versions
    }
}

impl Default for Protocols {
    fn default() -> Self {
        Self(Self::TLS12 | Self::TLS13)
    }
}

/// What a request demands of its TLS connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TlsPolicy {
    /// Versions that may be negotiated.
    pub protocols: Protocols,
    /// Certificate defects that are tolerated.
    pub ignored: SecureProblems,
}

/// A policy made ready for rustls.
#[derive(Debug)]
pub struct TlsConfig {
    /// What rustls takes.
    pub client: Arc<ClientConfig>,
    /// See [`TlsPolicy::ignored`].
    pub ignored: SecureProblems,
    /// The number of the certificates that are trusted ([`TrustStore::number`]).
    pub trust: u64,
}

impl TlsConfig {
    pub(super) fn new(policy: TlsPolicy, trust: Arc<TrustStore>) -> Result<Arc<Self>> {
        Ok(Arc::new(Self {
            ignored: policy.ignored,
            trust: trust.number(),
            client: Arc::new(client_config(policy, trust)?),
        }))
    }
}

/// What tells policies apart; a forked child makes its own: tickets of its parent are not for two.
type PolicyKey = (u32, u32, Epoch);

/// The configurations of one session, built when first needed.
#[derive(Debug, Default)]
pub struct TlsConfigs {
    by_policy: Mutex<BTreeMap<PolicyKey, Arc<TlsConfig>>>,
}

impl TlsConfigs {
    /// The configuration for `policy`.
    ///
    /// # Errors
    /// [`Error::SecureChannelError`] if no enabled TLS version is supported.
    pub fn get(&self, policy: TlsPolicy) -> Result<Arc<TlsConfig>> {
        let key = (policy.protocols.bits(), policy.ignored.bits(), epoch());
        if let Some(config) = self.by_policy().get(&key) {
            return Ok(Arc::clone(config));
        }
        // Files are read for it: without the lock, which a fork would leave to nobody.
        let config = TlsConfig::new(policy, trust::trusted())?;
        let mut by_policy = self.by_policy();
        // Another request may have been quicker, and has tickets already.
        Ok(Arc::clone(by_policy.entry(key).or_insert(config)))
    }

    /// Somebody has its lock; in a forked child, maybe a thread that does not exist.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        if_free(&self.by_policy).is_none()
    }

    fn by_policy(&self) -> MutexGuard<'_, BTreeMap<PolicyKey, Arc<TlsConfig>>> {
        let by_policy = self.by_policy.lock();
        by_policy.unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn client_config(policy: TlsPolicy, trust: Arc<TrustStore>) -> Result<ClientConfig> {
    let versions = policy.protocols.versions();
    if versions.is_empty() {
        return Err(Error::SecureChannelError);
    }
    let provider = Arc::new(provider());
    let verifier = Verifier {
        trust,
        provider: Arc::clone(&provider),
        ignored: policy.ignored,
    };
    let mut config = ClientConfig::builder_with_details(provider, Arc::new(WallClock))
        .with_protocol_versions(&versions)
        .map_err(|_| Error::SecureChannelError)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_client_cert_resolver(Arc::new(NoClientCertificate));
    config.resumption = Resumption::in_memory_sessions(RESUMED_SESSIONS);
    config.key_log = Arc::new(KeyLogFile::open());
    Ok(config)
}

fn provider() -> CryptoProvider {
    rustls::crypto::ring::default_provider()
}
