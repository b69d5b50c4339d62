//! What is told about a TLS connection's protocol and cipher (WINHTTP_OPTION_SECURITY_INFO and
//! SECURITY_KEY_BITNESS).

use rustls::{CipherSuite, NamedGroup, ProtocolVersion};

use crate::engine::transport::tls::{Protocols, TlsFacts};

/// The symmetric cipher of a suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BulkCipher {
    /// AES in GCM.
    Aes,
    /// ChaCha20 with Poly1305.
    ChaCha20Poly1305,
}

/// Protocol and cipher suite of a connection. All suites are AEADs with an ephemeral elliptic-curve
/// exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cipher {
    /// The protocol as a WINHTTP_FLAG_SECURE_PROTOCOL_* (and SP_PROT_*_CLIENT) bit.
    pub protocol_bit: u32,
    /// The protocol as on the wire, 0x0303 or 0x0304.
    pub version: u16,
    /// The suite's number (IANA, TLS Cipher Suites).
    pub suite: u16,
    /// The suite's IANA name.
    pub suite_name: String,
    /// Its cipher.
    pub cipher: BulkCipher,
    /// The cipher's key in bits.
    pub bits: u32,
    /// Strength of the key exchange in bits, by the size of the curve; 0 if it is not known.
    pub exchange_bits: u32,
    /// The server's key type that the suite names: "ECDSA" or "RSA"; empty for TLS 1.3, whose
    /// suites name none.
    pub certificate: &'static str,
}

impl Cipher {
    /// Reads it from what the handshake negotiated.
    #[must_use]
    pub fn of(facts: &TlsFacts) -> Self {
        let protocol_bit = if facts.version == ProtocolVersion::TLSv1_2 {
            Protocols::TLS12
        } else {
            Protocols::TLS13
        };
        Self::new(
            protocol_bit,
            facts.version,
            facts.suite.suite(),
            facts.group,
        )
    }

    fn new(
        protocol_bit: u32,
        version: ProtocolVersion,
        suite: CipherSuite,
        group: Option<NamedGroup>,
    ) -> Self {
        // rustls tells the suites of TLS 1.3 apart by a prefix that IANA's names do not have.
        let name = suite.as_str().unwrap_or_default().replace("TLS13_", "TLS_");
        let cipher = if name.contains("CHACHA20") {
            BulkCipher::ChaCha20Poly1305
        } else {
            BulkCipher::Aes
        };
        let certificate = match name.as_str() {
            name if name.contains("_ECDSA_WITH_") => "ECDSA",
            name if name.contains("_RSA_WITH_") => "RSA",
            _ => "",
        };
        Self {
            protocol_bit,
            version: version.into(),
            suite: suite.into(),
            cipher,
            bits: if name.contains("AES_128") { 128 } else { 256 },
            exchange_bits: group.map_or(0, group_bits),
            certificate,
            suite_name: name,
        }
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "other groups are not offered"
)]
fn group_bits(group: NamedGroup) -> u32 {
    match group {
        NamedGroup::X25519 => 255,
        NamedGroup::secp256r1 => 256,
        NamedGroup::secp384r1 => 384,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cipher(suite: CipherSuite, group: NamedGroup) -> Cipher {
        Cipher::new(
            Protocols::TLS13,
            ProtocolVersion::TLSv1_3,
            suite,
            Some(group),
        )
    }

    #[test]
    fn suites_have_their_iana_names_and_numbers() {
        let told = cipher(CipherSuite::TLS13_AES_256_GCM_SHA384, NamedGroup::secp384r1);
        assert_eq!(
            (told.suite_name.as_str(), told.suite),
            ("TLS_AES_256_GCM_SHA384", 0x1302)
        );
        assert_eq!(
            (told.cipher, told.bits, told.certificate),
            (BulkCipher::Aes, 256, "")
        );
        assert_eq!((told.version, told.exchange_bits), (0x0304, 384));
    }

    #[test]
    fn suites_of_tls_1_2_name_the_key_of_the_certificate() {
        let suites = [
            (
                CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
                "RSA",
                128,
            ),
            (
                CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
                "ECDSA",
                256,
            ),
        ];
        for (suite, certificate, bits) in suites {
            let told = cipher(suite, NamedGroup::X25519);
            assert_eq!((told.certificate, told.bits), (certificate, bits));
            assert_eq!(told.suite_name, suite.as_str().unwrap());
        }
    }
}
