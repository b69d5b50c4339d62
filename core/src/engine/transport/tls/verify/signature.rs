//! Whose signature something is: with ring's algorithms, and RSA's also for keys that ring finds
//! too short.

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{
    AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, SubjectPublicKeyInfoDer,
};
use rustls::{CertificateError, DigitallySignedStruct, PeerMisbehaved, SignatureScheme};
use webpki::{RawPublicKeyEntity, ring};
use x509_parser::asn1_rs::ToDer;
use x509_parser::prelude::X509Certificate;

use super::rsa::{Hash, Length, Padding, PublicKey};

/// An RSA algorithm of ring's, extended to short keys.
#[derive(Debug)]
struct AnyLength {
    long: &'static dyn SignatureVerificationAlgorithm,
    short: (Padding, Hash),
}

impl SignatureVerificationAlgorithm for AnyLength {
    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.long.public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.long.signature_alg_id()
    }

    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        match PublicKey::from_der(public_key) {
            Some(key) if key.length() == Length::Short => key
                .verifies(self.short, message, signature)
                .then_some(())
                .ok_or(InvalidSignature),
            _ => self.long.verify_signature(public_key, message, signature),
        }
    }
}

macro_rules! any_length {
    ($($name:ident: $long:ident, $padding:ident, $hash:ident;)*) => {
        $(static $name: &AnyLength = &AnyLength {
            long: ring::$long,
            short: (Padding::$padding, Hash::$hash),
        };)*
    };
}

any_length! {
    PSS_SHA256: RSA_PSS_2048_8192_SHA256_LEGACY_KEY, Pss, Sha256;
    PSS_SHA384: RSA_PSS_2048_8192_SHA384_LEGACY_KEY, Pss, Sha384;
    PSS_SHA512: RSA_PSS_2048_8192_SHA512_LEGACY_KEY, Pss, Sha512;
    PKCS1_SHA256: RSA_PKCS1_2048_8192_SHA256, Pkcs1, Sha256;
    PKCS1_SHA384: RSA_PKCS1_2048_8192_SHA384, Pkcs1, Sha384;
    PKCS1_SHA512: RSA_PKCS1_2048_8192_SHA512, Pkcs1, Sha512;
    PKCS1_SHA256_BARE: RSA_PKCS1_2048_8192_SHA256_ABSENT_PARAMS, Pkcs1, Sha256;
    PKCS1_SHA384_BARE: RSA_PKCS1_2048_8192_SHA384_ABSENT_PARAMS, Pkcs1, Sha384;
    PKCS1_SHA512_BARE: RSA_PKCS1_2048_8192_SHA512_ABSENT_PARAMS, Pkcs1, Sha512;
}

/// What the provider verifies, in the provider's order, and short RSA keys.
pub(super) static WITH_SHORT_KEYS: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: &[
        ring::ECDSA_P256_SHA256,
        ring::ECDSA_P256_SHA384,
        ring::ECDSA_P384_SHA256,
        ring::ECDSA_P384_SHA384,
        ring::ED25519,
        PSS_SHA256,
        PSS_SHA384,
        PSS_SHA512,
        PKCS1_SHA256,
        PKCS1_SHA384,
        PKCS1_SHA512,
        PKCS1_SHA256_BARE,
        PKCS1_SHA384_BARE,
        PKCS1_SHA512_BARE,
    ],
    mapping: &[
        (
            SignatureScheme::ECDSA_NISTP384_SHA384,
            &[ring::ECDSA_P384_SHA384, ring::ECDSA_P256_SHA384],
        ),
        (
            SignatureScheme::ECDSA_NISTP256_SHA256,
            &[ring::ECDSA_P256_SHA256, ring::ECDSA_P384_SHA256],
        ),
        (SignatureScheme::ED25519, &[ring::ED25519]),
        (SignatureScheme::RSA_PSS_SHA512, &[PSS_SHA512]),
        (SignatureScheme::RSA_PSS_SHA384, &[PSS_SHA384]),
        (SignatureScheme::RSA_PSS_SHA256, &[PSS_SHA256]),
        (SignatureScheme::RSA_PKCS1_SHA512, &[PKCS1_SHA512]),
        (SignatureScheme::RSA_PKCS1_SHA384, &[PKCS1_SHA384]),
        (SignatureScheme::RSA_PKCS1_SHA256, &[PKCS1_SHA256]),
    ],
};

/// The server proves in a TLS 1.2 handshake that it has the certificate's key (RFC 5246 §7.4.3).
///
/// The key is taken from the certificate here because rustls reads only certificates of version 3.
pub(super) fn verify_tls12(
    message: &[u8],
    certificate: &X509Certificate<'_>,
    signed: &DigitallySignedStruct,
) -> Result<HandshakeSignatureValid, rustls::Error> {
    let bad = rustls::Error::InvalidCertificate(CertificateError::BadSignature);
    let (_, candidates) = WITH_SHORT_KEYS
        .mapping
        .iter()
        .find(|(scheme, _)| *scheme == signed.scheme)
        .ok_or(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme)?;
    match verify(
        candidates,
        certificate.public_key().raw,
        message,
        signed.signature(),
    ) {
        Verdict::Genuine => Ok(HandshakeSignatureValid::assertion()),
        Verdict::Forged | Verdict::Unknown => Err(bad),
    }
}

/// The same for TLS 1.3 (RFC 8446 §4.4.3).
pub(super) fn verify_tls13(
    message: &[u8],
    certificate: &X509Certificate<'_>,
    signed: &DigitallySignedStruct,
) -> Result<HandshakeSignatureValid, rustls::Error> {
    let key = SubjectPublicKeyInfoDer::from(certificate.public_key().raw);
    verify_tls13_signature_with_raw_key(message, &key, signed, &WITH_SHORT_KEYS)
}

/// What can be said of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Genuine,
    Forged,
    /// No algorithm for it, or none that goes with the key.
    Unknown,
}

/// Judges the signature on `certificate`, as one of the key `issuer` (SubjectPublicKeyInfo).
pub(super) fn on_certificate(certificate: &X509Certificate<'_>, issuer: &[u8]) -> Verdict {
    let own = &certificate.signature_algorithm;
    let parameters = own.parameters.as_ref().map(ToDer::to_der_vec).transpose();
    let (Ok(mut algorithm), Ok(parameters)) = (own.algorithm.to_der_vec(), parameters) else {
        return Verdict::Unknown;
    };
    algorithm.extend(parameters.unwrap_or_default());
    let candidates: Vec<_> = WITH_SHORT_KEYS
        .all
        .iter()
        .copied()
        .filter(|candidate| *candidate.signature_alg_id() == *algorithm)
        .collect();
    let message = certificate.tbs_certificate.as_ref();
    verify(
        &candidates,
        issuer,
        message,
        &certificate.signature_value.data,
    )
}

/// Tries the algorithms one after the other, because one scheme goes with several kinds of keys.
fn verify(
    candidates: &[&dyn SignatureVerificationAlgorithm],
    key: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Verdict {
    let key = SubjectPublicKeyInfoDer::from(key);
    let Ok(key) = RawPublicKeyEntity::try_from(&key) else {
        return Verdict::Unknown;
    };
    for candidate in candidates {
        match key.verify_signature(*candidate, message, signature) {
            Ok(()) => return Verdict::Genuine,
            Err(webpki::Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_)) => {}
            Err(_) => return Verdict::Forged,
        }
    }
    Verdict::Unknown
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The list must not fall behind the provider's: what it offers is what servers may use.
    #[test]
    fn the_algorithms_are_the_providers() {
        let provider = rustls::crypto::ring::default_provider();
        let own = &provider.signature_verification_algorithms;
        assert_eq!(WITH_SHORT_KEYS.supported_schemes(), own.supported_schemes());
        let ids = |algorithms: &WebPkiSupportedAlgorithms| -> Vec<_> {
            let ids = algorithms.all.iter();
            ids.map(|one| (one.public_key_alg_id(), one.signature_alg_id()))
                .collect()
        };
        assert_eq!(ids(&WITH_SHORT_KEYS), ids(own));
    }
}
