//! Verifying the server's certificate: every defect is found, then the ones the program ignores are
//! dropped.

mod chain;
mod links;
mod name;
mod report;
mod rsa;
mod signature;
#[cfg(test)]
mod tests;
mod usage;
mod validity;

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, OtherError, SignatureScheme};
use webpki::EndEntityCert;
use winhttp_proto::notify::SecureProblems;
use x509_parser::prelude::{FromDer, X509Certificate, X509Version};
use x509_parser::x509::SubjectPublicKeyInfo;

use self::chain::{Chain, Names};
use self::name::{NamedBy, named_by};
use self::report::Shown;
use self::rsa::{Length, RsaKey};
use super::notes::note_accepted;
use super::trust::TrustStore;

/// Why a certificate was refused; travels inside the TLS error.
#[derive(Debug)]
pub struct CertificateRefused {
    /// What is wrong with it and not ignored.
    pub problems: SecureProblems,
    /// The same in words.
    text: String,
}

impl fmt::Display for CertificateRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for CertificateRefused {}

/// Checks chain, name, date, usage and key separately, so that all that is wrong is reported at
/// once.
#[derive(Debug)]
pub(super) struct Verifier {
    pub(super) trust: Arc<TrustStore>,
    pub(super) provider: Arc<CryptoProvider>,
    /// Defects the program asked to ignore (WINHTTP_OPTION_SECURITY_FLAGS).
    pub(super) ignored: SecureProblems,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let all = self.problems(end_entity, intermediates, server_name, now);
        let problems = all.without(self.ignored);
        if problems.is_empty() {
            note_accepted(all);
            return Ok(ServerCertVerified::assertion());
        }
        let refused = self.refused(problems, end_entity, intermediates, server_name, now);
        Err(rustls::Error::InvalidCertificate(CertificateError::Other(
            OtherError(Arc::new(refused)),
        )))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        signature::verify_tls12(message, &parse(certificate)?, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        signature::verify_tls13(message, &parse(certificate)?, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        signature::WITH_SHORT_KEYS.supported_schemes()
    }
}

impl Verifier {
    /// Says what is wrong, beside that something is.
    fn refused(
        &self,
        problems: SecureProblems,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        now: UnixTime,
    ) -> CertificateRefused {
        let certificate = EndEntityCert::try_from(end_entity).ok();
        let fields = parse(end_entity).ok();
        let shown = fields.as_ref().map(|fields| Shown {
            fields,
            intermediates,
            server_name,
            named_by: named_by(certificate.as_ref(), fields, server_name),
            now,
        });
        CertificateRefused {
            problems,
            text: report::text(shown.as_ref(), problems, &self.trust),
        }
    }

    fn problems(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        now: UnixTime,
    ) -> SecureProblems {
        let Ok(fields) = parse(end_entity) else {
            return SecureProblems::INVALID_CERT;
        };
        let certificate = match (EndEntityCert::try_from(end_entity), fields.version()) {
            (Ok(certificate), X509Version::V3) => Some(certificate),
            // webpki reads version 3 only. The older ones have no extensions (RFC 5280 §4.1.2.9).
            (Err(_), X509Version::V1 | X509Version::V2) if fields.extensions().is_empty() => None,
            _ => return SecureProblems::INVALID_CERT,
        };
        let chain = Chain {
            fields: &fields,
            intermediates,
            roots: self.trust.authorities(),
            provider: &self.provider,
        };
        let named_by = named_by(certificate.as_ref(), &fields, server_name);
        let vouched = match certificate {
            // Nobody needs to vouch for what is trusted itself.
            _ if self.trust.contains(end_entity) => SecureProblems::default(),
            Some(certificate) => {
                let names = match named_by {
                    NamedBy::CommonName => Names::Unlimited,
                    NamedBy::AlternativeName | NamedBy::Nothing => Names::Any,
                };
                chain.problems(&certificate, names, now)
            }
            None => chain.unvouched(),
        };
        own_problems(&fields, named_by, now).with(vouched)
    }
}

fn parse<'a>(certificate: &'a CertificateDer<'_>) -> Result<X509Certificate<'a>, rustls::Error> {
    match X509Certificate::from_der(certificate) {
        Ok(([], fields)) => Ok(fields),
        _ => Err(CertificateError::BadEncoding.into()),
    }
}

/// What is wrong with a certificate no matter who vouches for it.
fn own_problems(fields: &X509Certificate<'_>, named_by: NamedBy, now: UnixTime) -> SecureProblems {
    let defects = [
        (
            named_by == NamedBy::Nothing,
            SecureProblems::CERT_CN_INVALID,
        ),
        (
            !usage::is_for_servers(fields),
            SecureProblems::CERT_WRONG_USAGE,
        ),
        (
            !validity::is_valid_at(fields, now),
            SecureProblems::CERT_DATE_INVALID,
        ),
    ];
    let found = defects.into_iter().filter(|(found, _)| *found);
    found.fold(key_problem(fields.public_key()), |problems, (_, one)| {
        problems.with(one)
    })
}

/// No authority vouches for a short key today; one below 1024 bits proves nothing.
fn key_problem(key: &SubjectPublicKeyInfo<'_>) -> SecureProblems {
    match RsaKey::of(key) {
        RsaKey::Other => SecureProblems::default(),
        RsaKey::Broken => SecureProblems::INVALID_CERT,
        RsaKey::Rsa(key) => match key.length() {
            Length::Long => SecureProblems::default(),
            Length::Short => SecureProblems::INVALID_CA,
            Length::Useless => SecureProblems::INVALID_CERT,
        },
    }
}
