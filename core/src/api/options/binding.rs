//! The channel binding token `tls-server-end-point` (RFC 5929 §4, WINHTTP_OPTION_SERVER_CBT).

use sha2::{Digest, Sha256, Sha384, Sha512};
use winhttp_proto::error::{Error, Result};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::signature_algorithm::SignatureAlgorithm;

const PREFIX: &[u8] = b"tls-server-end-point:";
/// Signature algorithms and hash algorithms (the parameter of RSASSA-PSS) that mean SHA-384.
const SHA384: [&str; 3] = [
    "1.2.840.113549.1.1.12",
    "1.2.840.10045.4.3.3",
    "2.16.840.1.101.3.4.2.2",
];
/// The same for SHA-512.
const SHA512: [&str; 3] = [
    "1.2.840.113549.1.1.13",
    "1.2.840.10045.4.3.4",
    "2.16.840.1.101.3.4.2.3",
];

/// The token of a server that showed the certificate `der`: the prefix and the certificate's hash.
///
/// # Errors
/// [`Error::Internal`] if the certificate cannot be read, which the handshake excludes.
pub(super) fn server_end_point(der: &[u8]) -> Result<Vec<u8>> {
    let (_, certificate) = X509Certificate::from_der(der).map_err(|_| Error::Internal)?;
    let algorithm = match SignatureAlgorithm::try_from(&certificate.signature_algorithm) {
        Ok(SignatureAlgorithm::RSASSA_PSS(parameters)) => {
            parameters.hash_algorithm_oid().to_id_string()
        }
        _ => certificate.signature_algorithm.algorithm.to_id_string(),
    };
    Ok([PREFIX, &digest(&algorithm, der)].concat())
}

/// The hash of the certificate's own signature; SHA-256 in place of MD5 and SHA-1, and where the
/// signature names none.
fn digest(algorithm: &str, der: &[u8]) -> Vec<u8> {
    match algorithm {
        name if SHA384.contains(&name) => Sha384::digest(der).to_vec(),
        name if SHA512.contains(&name) => Sha512::digest(der).to_vec(),
        _ => Sha256::digest(der).to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_the_signature_but_never_weaker_than_sha_256() {
        let length = |algorithm| digest(algorithm, b"certificate").len();
        assert_eq!(length("1.2.840.113549.1.1.5"), 32); // SHA-1 with RSA
        assert_eq!(length("1.2.840.113549.1.1.11"), 32); // SHA-256 with RSA
        assert_eq!(length("1.2.840.10045.4.3.3"), 48); // ECDSA with SHA-384
        assert_eq!(length("1.2.840.113549.1.1.13"), 64); // SHA-512 with RSA
        assert_eq!(length("1.3.101.112"), 32); // Ed25519
    }

    #[test]
    fn what_is_no_certificate_has_no_token() {
        assert_eq!(server_end_point(b"garbage"), Err(Error::Internal));
    }
}
