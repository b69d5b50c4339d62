//! Digest: a hash of name, password, a nonce of the server and the request (RFC 7616; RFC 2617 and
//! 2069 for servers of their time). This file reads what a challenge asks for.

mod algorithm;
mod counts;
mod response;
mod session;

pub(super) use counts::Counts;
pub(super) use session::Session;

use algorithm::Algorithm;

use super::offer::Parameters;

/// What a challenge asks for; it can be answered.
#[derive(Clone, Debug)]
pub(super) struct DigestChallenge {
    realm: Vec<u8>,
    nonce: Vec<u8>,
    /// Goes back as it came.
    opaque: Option<Vec<u8>>,
    algorithm: Algorithm,
    /// The algorithm as the server writes it; it is named only to servers that name it.
    algorithm_name: Option<Vec<u8>>,
    protection: Protection,
    /// The nonce of the request was too old; name and password were not looked at.
    pub(super) is_stale: bool,
    /// The name may be sent as a hash.
    hashes_user: bool,
    /// The server reads UTF-8, also in `username*`.
    is_utf_8: bool,
}

/// What the hash covers: qop, "quality of protection".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protection {
    /// No qop in the challenge: method and target, neither counter nor nonce of ours (RFC 2069).
    Old,
    /// auth: method and target.
    Auth,
    /// auth-int: the body, too.
    AuthInt,
}

impl DigestChallenge {
    /// Reads a challenge; `None` if it cannot be answered: without realm or nonce, with an
    /// algorithm or qop that is not known. auth-int counts where nothing else is offered, and
    /// `has_body` says that the whole body is at hand.
    pub(super) fn read(parameters: &Parameters<'_>, has_body: bool) -> Option<Self> {
        let owned = |name| parameters.get(name).map(<[u8]>::to_vec);
        let says = |name, wanted: &str| {
            let value = parameters.get(name);
            value.is_some_and(|value| value.eq_ignore_ascii_case(wanted.as_bytes()))
        };
        let algorithm_name = owned("algorithm");
        Some(Self {
            realm: owned("realm")?,
            nonce: owned("nonce")?,
            opaque: owned("opaque"),
            algorithm: Algorithm::named(algorithm_name.as_deref())?,
            algorithm_name,
            protection: Protection::of(parameters.get("qop"), has_body)?,
            is_stale: says("stale", "true"),
            hashes_user: says("userhash", "true"),
            is_utf_8: says("charset", "UTF-8"),
        })
    }

    /// Comes before another challenge of the same response: only if it is stronger, so that the
    /// server's order decides among equals.
    pub(super) fn is_stronger_than(&self, other: &Self) -> bool {
        self.algorithm.strength() > other.algorithm.strength()
    }
}

impl Protection {
    fn of(qop: Option<&[u8]>, has_body: bool) -> Option<Self> {
        let Some(qop) = qop else {
            return Some(Self::Old);
        };
        let offers = |wanted: &str| {
            let mut words = qop.split(|byte| b", \t".contains(byte));
            words.any(|word| word.eq_ignore_ascii_case(wanted.as_bytes()))
        };
        if offers("auth") {
            return Some(Self::Auth);
        }
        (has_body && offers("auth-int")).then_some(Self::AuthInt)
    }

    /// The word for it; `None` for [`Self::Old`], which has none.
    fn name(self) -> Option<&'static str> {
        match self {
            Self::Old => None,
            Self::Auth => Some("auth"),
            Self::AuthInt => Some("auth-int"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::offer::offers;
    use super::*;

    pub(super) fn challenge(parameters: &str, has_body: bool) -> Option<DigestChallenge> {
        let field = format!("Digest {parameters}");
        DigestChallenge::read(offers([field.as_bytes()])[0].parameters()?, has_body)
    }

    fn read(parameters: &str) -> Option<DigestChallenge> {
        challenge(parameters, true)
    }

    #[test]
    fn fact_28_4_1_usable_challenges() {
        for (parameters, algorithm, protection) in [
            ("realm=b, nonce=c", Algorithm::Md5, Protection::Old),
            (
                "realm=\"b\",nonce=\"c\",qop=auth",
                Algorithm::Md5,
                Protection::Auth,
            ),
            (
                "realm=b, nonce=\"\", algorithm=md5, qop=\"auth\"",
                Algorithm::Md5,
                Protection::Auth,
            ),
            (
                "realm=b, nonce=c, algorithm=MD5, qop=\"auth,auth-int\"",
                Algorithm::Md5,
                Protection::Auth,
            ),
            (
                "realm=b, nonce=c, algorithm=\"MD5-sess\", qop=\"auth-int, AUTH\"",
                Algorithm::Md5Sess,
                Protection::Auth,
            ),
            (
                "realm=b, nonce=c, algorithm=sha-256, qop=auth-int",
                Algorithm::Sha256,
                Protection::AuthInt,
            ),
            (
                "realm=b, nonce=c, algorithm=SHA-256-sess, qop=\"x auth\", domain=/, extra=1",
                Algorithm::Sha256Sess,
                Protection::Auth,
            ),
        ] {
            let read = read(parameters).unwrap();
            assert_eq!(
                (read.algorithm, read.protection),
                (algorithm, protection),
                "{parameters}"
            );
            assert!(!read.is_stale);
        }
        for (parameters, stale) in [
            ("realm=b, nonce=c, stale=false", false),
            ("realm=b, nonce=c, stale=TRUE", true),
            ("realm=b, nonce=c, qop=\"auth\", stale=\"true\"", true),
        ] {
            assert_eq!(read(parameters).unwrap().is_stale, stale, "{parameters}");
        }
    }

    #[test]
    fn fact_28_4_2_challenges_that_cannot_be_answered() {
        for parameters in [
            "",
            "realm=b",
            "nonce=c",
            "realm=b, nonce=c, algorithm=SHA-512-256",
            "realm=b, nonce=c, algorithm=token",
            "realm=b, nonce=c, qop=\"auth-conf\"",
            "realm=b, nonce=c, qop=\"\"",
            "realm=\"b\" nonce=\"c\"",
        ] {
            assert!(read(parameters).is_none(), "{parameters}");
        }
        let only_with_body = "realm=b, nonce=c, qop=auth-int";
        assert!(challenge(only_with_body, false).is_none());
        assert!(challenge(only_with_body, true).is_some());
    }
}
