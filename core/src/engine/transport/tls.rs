//! TLS: trust, verification, configuration, and the layer that encrypts.

mod client_certificate;
mod config;
mod key_log;
mod layer;
mod name_text;
mod notes;
mod records;
mod store;
mod time;
mod trust;
mod verify;

pub use config::{Protocols, TlsConfig, TlsConfigs, TlsPolicy};
pub use layer::{HandshakeStep, Tls, TlsFacts, TlsHandshake};
pub(crate) use name_text::value_text;
pub use trust::{FaultReason, TrustFault, TrustStore};
pub use verify::CertificateRefused;

#[cfg(test)]
pub(crate) use layer::tests;
