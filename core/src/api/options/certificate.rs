//! The server's certificate, taken apart for CERT_CONTEXT and WINHTTP_CERTIFICATE_INFO.

use std::fmt;

use winhttp_proto::error::{Error, Result};
use x509_parser::asn1_rs::{Any, BitString, ToDer};
use x509_parser::prelude::{FromDer, X509Certificate, X509Name};
use x509_parser::time::ASN1Time;
use x509_parser::x509::AlgorithmIdentifier;

use crate::engine::transport::tls::value_text;

/// Seconds from 1601-01-01, where FILETIME begins, to 1970-01-01.
const FILETIME_EPOCH_SECONDS: i64 = 11_644_473_600;
/// FILETIME's ticks of 100 nanoseconds in a second.
const TICKS_PER_SECOND: i64 = 10_000_000;

/// A certificate and its fields (RFC 5280 §4.1), in the form of Windows' CERT_INFO.
pub struct Certificate {
    /// The whole certificate in DER.
    pub der: Vec<u8>,
    /// 0 for v1, 2 for v3.
    pub version: u32,
    /// The serial number, least significant byte first, without leading zeros.
    pub serial: Vec<u8>,
    /// The signature's algorithm.
    pub signature_algorithm: Algorithm,
    /// The issuer's name in DER.
    pub issuer: Vec<u8>,
    /// Begin of validity, in 100-nanosecond ticks since 1601.
    pub not_before: u64,
    /// End of validity, in the same ticks.
    pub not_after: u64,
    /// The subject's name in DER.
    pub subject: Vec<u8>,
    /// The key's algorithm.
    pub key_algorithm: Algorithm,
    /// The key.
    pub key: Bits,
    /// The issuer's unique identifier, if there is one.
    pub issuer_id: Option<Bits>,
    /// The subject's unique identifier, if there is one.
    pub subject_id: Option<Bits>,
    /// The extensions in their order.
    pub extensions: Vec<Extension>,
}

/// An algorithm with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Algorithm {
    /// The object identifier in dotted numbers.
    pub oid: String,
    /// The parameters in DER; empty if there are none.
    pub parameters: Vec<u8>,
}

/// A string of bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bits {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Bits of the last byte that do not count, 0 to 7.
    pub unused: u8,
}

/// An extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// The object identifier in dotted numbers.
    pub oid: String,
    /// It must be understood.
    pub critical: bool,
    /// The value in DER.
    pub value: Vec<u8>,
}

/// What WINHTTP_CERTIFICATE_INFO says about a certificate and its connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateSummary {
    /// Begin of validity, in 100-nanosecond ticks since 1601.
    pub not_before: u64,
    /// End of validity, in the same ticks.
    pub not_after: u64,
    /// The values of the subject's name in the certificate's order, one on each line (CR LF between
    /// them).
    pub subject: String,
    /// The values of the issuer's name, in the same form.
    pub issuer: String,
    /// Strength of the connection's cipher in bits.
    pub cipher_bits: u32,
}

impl Certificate {
    /// Takes a certificate apart.
    ///
    /// # Errors
    /// [`Error::Internal`] if it cannot be read, which the handshake excludes.
    pub fn decode(der: &[u8]) -> Result<Self> {
        let (_, parsed) = X509Certificate::from_der(der).map_err(|_| Error::Internal)?;
        let fields = &parsed.tbs_certificate;
        let extensions = fields.extensions().iter().map(|extension| Extension {
            oid: extension.oid.to_id_string(),
            critical: extension.critical,
            value: extension.value.to_vec(),
        });
        Ok(Self {
            der: der.to_vec(),
            version: fields.version.0,
            serial: little_endian(fields.raw_serial()),
            signature_algorithm: Algorithm::of(&parsed.signature_algorithm)?,
            issuer: fields.issuer.as_raw().to_vec(),
            not_before: ticks(fields.validity.not_before),
            not_after: ticks(fields.validity.not_after),
            subject: fields.subject.as_raw().to_vec(),
            key_algorithm: Algorithm::of(&fields.subject_pki.algorithm)?,
            key: Bits::of(&fields.subject_pki.subject_public_key),
            issuer_id: fields.issuer_uid.as_ref().map(|id| Bits::of(&id.0)),
            subject_id: fields.subject_uid.as_ref().map(|id| Bits::of(&id.0)),
            extensions: extensions.collect(),
        })
    }
}

impl CertificateSummary {
    /// Sums up the certificate `der` on a connection whose cipher has `cipher_bits`.
    ///
    /// # Errors
    /// As [`Certificate::decode`].
    pub fn of(der: &[u8], cipher_bits: u32) -> Result<Self> {
        let (_, parsed) = X509Certificate::from_der(der).map_err(|_| Error::Internal)?;
        Ok(Self {
            not_before: ticks(parsed.validity().not_before),
            not_after: ticks(parsed.validity().not_after),
            subject: lines(parsed.subject()),
            issuer: lines(parsed.issuer()),
            cipher_bits,
        })
    }
}

impl Algorithm {
    fn of(identifier: &AlgorithmIdentifier<'_>) -> Result<Self> {
        let parameters = identifier
            .parameters
            .as_ref()
            .map(Any::to_der_vec)
            .transpose();
        Ok(Self {
            oid: identifier.algorithm.to_id_string(),
            parameters: parameters.map_err(|_| Error::Internal)?.unwrap_or_default(),
        })
    }
}

impl Bits {
    fn of(bits: &BitString<'_>) -> Self {
        Self {
            bytes: bits.data.to_vec(),
            unused: bits.unused_bits,
        }
    }
}

/// An INTEGER's contents as CRYPT_INTEGER_BLOB has them: reversed, and without the bytes that only
/// carry the sign.
fn little_endian(big_endian: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = big_endian.iter().rev().copied().collect();
    while bytes.len() > 1 && bytes.last() == Some(&0) {
        bytes.pop();
    }
    bytes
}

/// A time as FILETIME; what lies before 1601 becomes its beginning.
fn ticks(time: ASN1Time) -> u64 {
    let seconds = time.timestamp().saturating_add(FILETIME_EPOCH_SECONDS);
    u64::try_from(seconds.saturating_mul(TICKS_PER_SECOND)).unwrap_or(0)
}

/// The values of a name, one on each line.
fn lines(name: &X509Name<'_>) -> String {
    let values: Vec<String> = name.iter_attributes().map(value_text).collect();
    values.join("\r\n")
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({} bytes)", self.der.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_numbers_are_reversed_and_lose_their_sign_byte() {
        assert_eq!(little_endian(&[0x00, 0x8f, 0x01]), [0x01, 0x8f]);
        assert_eq!(little_endian(&[0x7f, 0x00]), [0x00, 0x7f]);
        assert_eq!(little_endian(&[0x00]), [0x00]);
        assert_eq!(little_endian(&[]), []);
    }

    #[test]
    fn times_count_from_1601() {
        let time = |seconds| ticks(ASN1Time::from_timestamp(seconds).unwrap());
        assert_eq!(time(0), 116_444_736_000_000_000);
        assert_eq!(time(1) - time(0), 10_000_000);
        assert_eq!(time(-FILETIME_EPOCH_SECONDS - 5), 0);
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        assert_eq!(Certificate::decode(b"garbage").err(), Some(Error::Internal));
        assert_eq!(CertificateSummary::of(b"", 128), Err(Error::Internal));
    }
}
