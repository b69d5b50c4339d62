//! RSA signatures by short keys (RFC 8017), which ring checks only in part: never with PSS, which
//! TLS 1.3 demands.
//!
//! Such a key counts as a defect of its certificate. Where the program ignores that defect, the
//! server must still prove that the key is its own. Only public numbers are handled here, so the
//! time it takes tells nothing.

use sha2::{Digest, Sha256, Sha384, Sha512};
use x509_parser::num_bigint::BigUint;
use x509_parser::oid_registry::OID_PKCS1_RSAENCRYPTION;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::RSAPublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

/// Bytes of a modulus from which on a key is not short: 2048 bits. Whole bytes are counted, as in
/// ring.
const LONG_BYTES: usize = 256;
/// Bytes of a modulus below which nothing is accepted, as on Windows: 1024 bits.
const SHORTEST_BYTES: usize = 128;
/// Bits of the largest public exponent, as in ring; larger ones only cost time.
const EXPONENT_BITS_MAX: u64 = 33;

/// How long a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    /// At least 2048 bits.
    Long,
    /// From 1024 bits on.
    Short,
    /// Too short for anything.
    Useless,
}

/// How the hash is wrapped before the key is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Padding {
    /// EMSA-PKCS1-v1_5.
    Pkcs1,
    /// EMSA-PSS with MGF1 and a salt as long as the hash (RFC 8446 §4.2.3).
    Pss,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    fn digest(self, parts: &[&[u8]]) -> Vec<u8> {
        fn of<D: Digest>(parts: &[&[u8]]) -> Vec<u8> {
            let mut digest = D::new();
            for part in parts {
                digest.update(part);
            }
            digest.finalize().to_vec()
        }
        match self {
            Self::Sha256 => of::<Sha256>(parts),
            Self::Sha384 => of::<Sha384>(parts),
            Self::Sha512 => of::<Sha512>(parts),
        }
    }

    /// The DER of a DigestInfo up to the hash itself (RFC 8017 §9.2, note 1).
    fn digest_info(self) -> [u8; 19] {
        let (number, length) = match self {
            Self::Sha256 => (1, 32),
            Self::Sha384 => (2, 48),
            Self::Sha512 => (3, 64),
        };
        let mut info = [
            0x30, 0x11, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0,
            0x05, 0x00, 0x04, length,
        ];
        info[1] += length;
        info[14] = number;
        info
    }
}

/// A public key.
#[derive(Debug)]
pub(super) struct PublicKey {
    modulus: BigUint,
    exponent: BigUint,
}

/// What the key of a certificate is.
#[derive(Debug)]
pub(super) enum RsaKey {
    /// An RSA key.
    Rsa(PublicKey),
    /// An RSA key that cannot be read.
    Broken,
    /// A key for another algorithm.
    Other,
}

impl RsaKey {
    pub(super) fn of(key: &SubjectPublicKeyInfo<'_>) -> Self {
        if key.algorithm.algorithm != OID_PKCS1_RSAENCRYPTION {
            return Self::Other;
        }
        PublicKey::from_der(&key.subject_public_key.data).map_or(Self::Broken, Self::Rsa)
    }
}

impl PublicKey {
    /// Reads an RSAPublicKey (RFC 8017 §A.1.1).
    pub(super) fn from_der(der: &[u8]) -> Option<Self> {
        let (rest, key) = RSAPublicKey::from_der(der).ok()?;
        let positive = |bytes: &[u8]| bytes.first().is_some_and(|first| first & 0x80 == 0);
        let valid = rest.is_empty() && positive(key.modulus) && positive(key.exponent);
        valid.then(|| Self {
            modulus: BigUint::from_bytes_be(key.modulus),
            exponent: BigUint::from_bytes_be(key.exponent),
        })
    }

    pub(super) fn length(&self) -> Length {
        match self.bytes() {
            LONG_BYTES.. => Length::Long,
            SHORTEST_BYTES.. => Length::Short,
            _ => Length::Useless,
        }
    }

    pub(super) fn bits(&self) -> u64 {
        self.modulus.bits()
    }

    fn bytes(&self) -> usize {
        usize::try_from(self.modulus.bits().div_ceil(8)).unwrap_or(usize::MAX)
    }

    /// Whether `signature` is this short key's on `message`.
    pub(super) fn verifies(
        &self,
        (padding, hash): (Padding, Hash),
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        let usable = self.length() == Length::Short
            && self.modulus.bit(0)
            && self.exponent.bit(0)
            && (2..=EXPONENT_BITS_MAX).contains(&self.exponent.bits());
        let signature_number = BigUint::from_bytes_be(signature);
        if !usable || signature.len() != self.bytes() || signature_number >= self.modulus {
            return false;
        }
        let encoded = signature_number.modpow(&self.exponent, &self.modulus);
        let hashed = hash.digest(&[message]);
        match padding {
            Padding::Pkcs1 => {
                encode_pkcs1(hash, &hashed, self.bytes()).as_deref()
                    == left_padded(&encoded, self.bytes()).as_deref()
            }
            Padding::Pss => {
                let bits = self.modulus.bits() - 1;
                usize::try_from(bits.div_ceil(8))
                    .ok()
                    .and_then(|length| left_padded(&encoded, length))
                    .is_some_and(|encoded| is_pss(hash, &hashed, encoded, bits))
            }
        }
    }
}

/// The number in exactly `length` bytes; `None` if it needs more.
fn left_padded(number: &BigUint, length: usize) -> Option<Vec<u8>> {
    let bytes = number.to_bytes_be();
    let mut padded = vec![0; length.checked_sub(bytes.len())?];
    padded.extend(bytes);
    Some(padded)
}

/// RFC 8017 §9.2. The whole is compared, so nothing can hide in the padding.
fn encode_pkcs1(hash: Hash, hashed: &[u8], length: usize) -> Option<Vec<u8>> {
    let info = hash.digest_info();
    let filled = length.checked_sub(hashed.len() + info.len() + 3)?;
    let mut encoded = vec![0, 1];
    encoded.resize(2 + filled, 0xff);
    encoded.push(0);
    encoded.extend(info);
    encoded.extend(hashed);
    Some(encoded)
}

/// RFC 8017 §9.1.2; `bits` is emBits.
fn is_pss(hash: Hash, hashed: &[u8], mut encoded: Vec<u8>, bits: u64) -> bool {
    let length = hashed.len();
    if encoded.pop() != Some(0xbc) || encoded.len() < 2 * length + 1 {
        return false;
    }
    let seed = encoded.split_off(encoded.len() - length);
    let mut block = encoded;
    // Bits of the first byte that the modulus has no room for.
    let outside = !(0xff_u8 >> (bits.next_multiple_of(8) - bits));
    if block.first().is_none_or(|first| first & outside != 0) {
        return false;
    }
    for (byte, mask) in block.iter_mut().zip(mask(hash, &seed)) {
        *byte ^= mask;
    }
    if let Some(first) = block.first_mut() {
        *first &= !outside;
    }
    let salt = block.split_off(block.len() - length);
    let (marker, zeros) = (block.pop(), block);
    marker == Some(1)
        && zeros.iter().all(|byte| *byte == 0)
        && hash.digest(&[&[0; 8], hashed, &salt]) == seed
}

/// MGF1 (RFC 8017 §B.2.1), without end.
fn mask(hash: Hash, seed: &[u8]) -> impl Iterator<Item = u8> {
    (0_u32..).flat_map(move |counter| hash.digest(&[seed, &counter.to_be_bytes()]))
}

#[cfg(test)]
mod tests {
    use rustls::SignatureScheme;
    use winhttp_fixtures::certs::RsaKey;

    use super::*;

    const SCHEMES: [(SignatureScheme, Padding, Hash); 5] = [
        (SignatureScheme::RSA_PSS_SHA256, Padding::Pss, Hash::Sha256),
        (SignatureScheme::RSA_PSS_SHA384, Padding::Pss, Hash::Sha384),
        (
            SignatureScheme::RSA_PKCS1_SHA256,
            Padding::Pkcs1,
            Hash::Sha256,
        ),
        (
            SignatureScheme::RSA_PKCS1_SHA384,
            Padding::Pkcs1,
            Hash::Sha384,
        ),
        (
            SignatureScheme::RSA_PKCS1_SHA512,
            Padding::Pkcs1,
            Hash::Sha512,
        ),
    ];

    fn public(key: &RsaKey) -> PublicKey {
        PublicKey::from_der(key.public_der()).unwrap()
    }

    #[test]
    fn a_signature_verifies_for_its_key_message_padding_and_hash_only() {
        // 1025 bits: the encoded message of PSS is a byte shorter than the signature.
        for bits in [1024, 1025, 1536] {
            let (key, other) = (
                RsaKey::generate(bits).unwrap(),
                RsaKey::generate(bits).unwrap(),
            );
            for (scheme, padding, hash) in SCHEMES {
                let signature = key.sign_with(scheme, b"message").unwrap();
                for (_, own_padding, own_hash) in SCHEMES {
                    let own = (own_padding, own_hash);
                    let fits = public(&key).verifies(own, b"message", &signature);
                    assert_eq!(fits, own == (padding, hash), "{scheme:?} as {own:?}");
                }
                let own = (padding, hash);
                assert!(!public(&key).verifies(own, b"massage", &signature));
                assert!(!public(&other).verifies(own, b"message", &signature));
                assert!(!public(&key).verifies(own, b"message", &signature[1..]));
                let longer = [&[0], &signature[..]].concat();
                assert!(!public(&key).verifies(own, b"message", &longer));
            }
        }
    }

    /// Of the encoded message, which whoever has the key may choose as he likes.
    #[test]
    fn no_changed_bit_goes_unnoticed() {
        for bits in [1024, 1025, 1026] {
            let key = RsaKey::generate(bits).unwrap();
            let signature = key.sign_with(SCHEMES[0].0, b"message").unwrap();
            let PublicKey { modulus, exponent } = public(&key);
            let encoded = BigUint::from_bytes_be(&signature).modpow(&exponent, &modulus);
            let length = usize::try_from((bits - 1).div_ceil(8)).unwrap();
            let encoded = left_padded(&encoded, length).unwrap();
            let hashed = Hash::Sha256.digest(&[b"message"]);
            let accepts = |encoded| is_pss(Hash::Sha256, &hashed, encoded, bits - 1);
            assert!(accepts(encoded.clone()));
            for bit in 0..8 * length {
                let mut changed = encoded.clone();
                changed[bit / 8] ^= 0x80 >> (bit % 8);
                assert!(!accepts(changed), "bit {bit} of {bits}");
            }
            assert!(!accepts(encoded[1..].to_vec()));
            assert!(!accepts(vec![0xbc]) && !accepts(Vec::new()));
        }
    }

    #[test]
    fn only_short_keys_with_sound_numbers_are_used() {
        let with = |modulus: BigUint, exponent: u64| PublicKey {
            modulus,
            exponent: BigUint::from(exponent),
        };
        let bits = |bits: u64| (BigUint::from(1_u8) << (bits - 1)) + 1_u8;
        let length = |modulus| with(modulus, 3).length();
        assert_eq!(length(bits(2048)), Length::Long);
        assert_eq!(length(bits(2040)), Length::Short);
        assert_eq!(length(bits(1024)), Length::Short);
        assert_eq!(length(bits(1016)), Length::Useless);
        assert_eq!(length(BigUint::ZERO), Length::Useless);
        let (even, own) = (bits(1024) + 1_u8, (Padding::Pkcs1, Hash::Sha256));
        let bad = [
            with(even, 3),
            with(bits(1024), 1),
            with(bits(1024), 4),
            with(bits(1024), (1 << 33) + 1),
            with(bits(2048), 3),
            with(bits(512), 3),
        ];
        for key in bad {
            assert!(!key.verifies(own, b"", &vec![1; key.bytes()]), "{key:?}");
        }
        assert!(PublicKey::from_der(b"").is_none());
        assert!(PublicKey::from_der(b"\x30\x06\x02\x01\xff\x02\x01\x03").is_none());
    }

    /// An attacker may choose any number as signature, with exponent 3 too: the encodings of small
    /// cubes are refused.
    #[test]
    fn trivial_signatures_are_refused() {
        let modulus = (BigUint::from(1_u8) << 1023) + 1_u8;
        let key = PublicKey {
            modulus,
            exponent: BigUint::from(3_u8),
        };
        for number in 0..=255 {
            let mut signature = vec![0; 128];
            signature[127] = number;
            for (_, padding, hash) in SCHEMES {
                assert!(!key.verifies((padding, hash), b"", &signature));
            }
        }
    }
}
