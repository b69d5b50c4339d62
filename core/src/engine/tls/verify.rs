//! Verifying the server's certificate: every defect is found, then the ones the program ignores are dropped.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, OtherError, SignatureScheme};
use webpki::{EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter, KeyUsage};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::trust::TrustStore;
use crate::notify::SecureProblems;

/// Why a certificate was refused; travels inside the TLS error.
#[derive(Debug)]
pub struct CertificateRefused {
    /// What is wrong with it and not ignored.
    pub problems: SecureProblems,
    /// What was trusted, and what of the user's configuration of trust could not be used.
    pub trust: Arc<TrustStore>,
}

impl fmt::Display for CertificateRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "certificate refused: {:#x}", self.problems.bits())?;
        for fault in self.trust.faults() {
            write!(f, "; {fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for CertificateRefused {}

/// Checks chain, name, date and usage separately, so that all that is wrong is reported at once.
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
        let problems = self
            .problems(end_entity, intermediates, server_name, now)
            .without(self.ignored);
        if problems.is_empty() {
            return Ok(ServerCertVerified::assertion());
        }
        let trust = Arc::clone(&self.trust);
        let refused = OtherError(Arc::new(CertificateRefused { problems, trust }));
        Err(rustls::Error::InvalidCertificate(CertificateError::Other(
            refused,
        )))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

impl Verifier {
    fn problems(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        now: UnixTime,
    ) -> SecureProblems {
        let (Ok(certificate), Ok((_, fields))) = (
            EndEntityCert::try_from(end_entity),
            X509Certificate::from_der(end_entity),
        ) else {
            return SecureProblems::INVALID_CERT;
        };
        let mut problems = SecureProblems::default();
        if certificate
            .verify_is_valid_for_subject_name(server_name)
            .is_err()
        {
            problems = problems.with(SecureProblems::CERT_CN_INVALID);
        }
        if !serves_as_server(&fields) {
            problems = problems.with(SecureProblems::CERT_WRONG_USAGE);
        }
        problems.with(self.chain_problems(&certificate, &fields, intermediates, now))
    }

    /// Judges the chain without the defects found so far until nothing new is found, so that ignoring a date or
    /// a usage never means ignoring the authority behind it.
    fn chain_problems(
        &self,
        certificate: &EndEntityCert<'_>,
        fields: &X509Certificate<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> SecureProblems {
        let mut problems = SecureProblems::default();
        let mut time = now;
        let mut verdict = self.verify(certificate, intermediates, time, KeyUsage::server_auth());
        if verdict == Err(SecureProblems::CERT_DATE_INVALID) {
            problems = problems.with(SecureProblems::CERT_DATE_INVALID);
            time = valid_time(fields, intermediates, now);
            verdict = self.verify(certificate, intermediates, time, KeyUsage::server_auth());
        }
        if verdict == Err(SecureProblems::CERT_WRONG_USAGE) {
            problems = problems.with(SecureProblems::CERT_WRONG_USAGE);
            verdict = self.verify(certificate, intermediates, time, AnyUsage);
        }
        match verdict {
            Ok(()) => problems,
            // Still a date: no time satisfies the chain, so nobody vouches for it.
            Err(SecureProblems::CERT_DATE_INVALID) => problems
                .with(SecureProblems::CERT_DATE_INVALID)
                .with(SecureProblems::INVALID_CA),
            Err(other) => problems.with(other),
        }
    }

    fn verify(
        &self,
        certificate: &EndEntityCert<'_>,
        intermediates: &[CertificateDer<'_>],
        time: UnixTime,
        usage: impl ExtendedKeyUsageValidator,
    ) -> Result<(), SecureProblems> {
        let algorithms = self.provider.signature_verification_algorithms.all;
        let roots = &self.trust.authorities().roots;
        certificate
            .verify_for_usage(algorithms, roots, intermediates, time, usage, None, None)
            .map(|_| ())
            .map_err(|error| chain_problem(&error))
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "webpki may add errors; all others mean: malformed"
)]
fn chain_problem(error: &webpki::Error) -> SecureProblems {
    match error {
        webpki::Error::CertExpired { .. } | webpki::Error::CertNotValidYet { .. } => {
            SecureProblems::CERT_DATE_INVALID
        }
        webpki::Error::CertRevoked => SecureProblems::CERT_REVOKED,
        // A self-signed authority that serves as its own server certificate is vouched for by nobody.
        webpki::Error::UnknownIssuer | webpki::Error::CaUsedAsEndEntity => {
            SecureProblems::INVALID_CA
        }
        webpki::Error::RequiredEkuNotFoundContext(_) => SecureProblems::CERT_WRONG_USAGE,
        _ => SecureProblems::INVALID_CERT,
    }
}

/// Accepts every extended key usage; for judging a chain whose usage is known to be wrong.
struct AnyUsage;

impl ExtendedKeyUsageValidator for AnyUsage {
    fn validate(&self, _: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        Ok(())
    }
}

/// `now`, or the nearest time at which the certificate and all intermediates (else the certificate alone) are valid.
fn valid_time(
    certificate: &X509Certificate<'_>,
    intermediates: &[CertificateDer<'_>],
    now: UnixTime,
) -> UnixTime {
    let (not_before, not_after) = validity(certificate);
    let (mut from, mut until) = (not_before, not_after.max(not_before));
    for intermediate in intermediates {
        if let Ok((_, fields)) = X509Certificate::from_der(intermediate) {
            let (not_before, not_after) = validity(&fields);
            from = from.max(not_before);
            until = until.min(not_after);
        }
    }
    if from > until {
        (from, until) = (not_before, not_after.max(not_before));
    }
    match now.as_secs().clamp(from, until) {
        clamped if clamped == now.as_secs() => now,
        clamped => UnixTime::since_unix_epoch(Duration::from_secs(clamped)),
    }
}

fn validity(fields: &X509Certificate<'_>) -> (u64, u64) {
    let seconds = |timestamp: i64| u64::try_from(timestamp).unwrap_or(0);
    let validity = fields.validity();
    (
        seconds(validity.not_before.timestamp()),
        seconds(validity.not_after.timestamp()),
    )
}

/// No extended key usage, or one that names server authentication (RFC 5280 §4.2.1.12).
fn serves_as_server(fields: &X509Certificate<'_>) -> bool {
    match fields.extended_key_usage() {
        Ok(Some(usage)) => usage.value.server_auth || usage.value.any,
        Ok(None) => true,
        Err(_) => false,
    }
}
