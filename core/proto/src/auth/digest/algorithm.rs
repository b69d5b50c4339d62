//! The hash functions of Digest (RFC 7616 §6.1).

use std::fmt::Write as _;

use zeroize::{Zeroize, Zeroizing};

/// SHA-512-256 is not among them: its only published example was computed with another function
/// (RFC erratum 4897), and servers followed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Md5,
    Md5Sess,
    Sha256,
    Sha256Sess,
}

impl Algorithm {
    const NAMES: [(Self, &str); 4] = [
        (Self::Md5, "MD5"),
        (Self::Md5Sess, "MD5-sess"),
        (Self::Sha256, "SHA-256"),
        (Self::Sha256Sess, "SHA-256-sess"),
    ];

    /// The algorithm of this name, in any case; without one it is MD5.
    pub(super) fn named(name: Option<&[u8]>) -> Option<Self> {
        let Some(name) = name else {
            return Some(Self::Md5);
        };
        let mut names = Self::NAMES.iter();
        let known = names.find(|(_, known)| name.eq_ignore_ascii_case(known.as_bytes()));
        known.map(|(algorithm, _)| *algorithm)
    }

    /// More is stronger.
    pub(super) fn strength(self) -> u8 {
        match self {
            Self::Md5 | Self::Md5Sess => 0,
            Self::Sha256 | Self::Sha256Sess => 1,
        }
    }

    /// Name and password are hashed with the nonces of the first request.
    pub(super) fn is_session(self) -> bool {
        match self {
            Self::Md5 | Self::Sha256 => false,
            Self::Md5Sess | Self::Sha256Sess => true,
        }
    }

    /// The hash of the parts with colons between them, in hexadecimal digits.
    pub(super) fn hash(self, parts: &[&[u8]]) -> Zeroizing<String> {
        match self {
            Self::Md5 | Self::Md5Sess => hash::<md5::Md5>(parts),
            Self::Sha256 | Self::Sha256Sess => hash::<sha2::Sha256>(parts),
        }
    }
}

fn hash<F: sha2::Digest>(parts: &[&[u8]]) -> Zeroizing<String> {
    let mut function = F::new();
    let mut colon: &[u8] = b"";
    for part in parts {
        function.update(colon);
        function.update(part);
        colon = b":";
    }
    let mut sum = function.finalize();
    let mut digits = Zeroizing::new(String::with_capacity(2 * sum.len()));
    for byte in &sum {
        // Writing to a string does not fail.
        let _ = write!(*digits, "{byte:02x}");
    }
    sum.as_mut_slice().zeroize();
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_joined_by_colons() {
        assert_eq!(
            *Algorithm::Md5.hash(&[b""]),
            "d41d8cd98f00b204e9800998ecf8427e"
        );
        assert_eq!(
            *Algorithm::Sha256.hash(&[b"abc"]),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(
            Algorithm::Md5Sess.hash(&[b"a", b"", b"b"]),
            Algorithm::Md5.hash(&[b"a::b"])
        );
    }

    /// The digits that the example has are of another function; those of its erratum are right.
    #[test]
    fn the_user_hash_of_rfc_7616_as_its_erratum_has_it() {
        let user = hash::<sha2::Sha512_256>(&["Jäsøn Doe".as_bytes(), b"api@example.org"]);
        assert_eq!(
            *user,
            "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b"
        );
    }
}
