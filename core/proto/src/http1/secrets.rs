//! What of a request proves who sends it, and what somebody else says without it.

use crate::header::{Header, text};

/// Shorter pieces are no credentials, and would be found everywhere.
const SECRET_BYTES_MIN: usize = 6;

/// What stands for something secret.
pub(super) const WITHHELD: &str = "(withheld)";

/// The credentials in a request's head: the values of such fields, and their pieces.
#[derive(Debug)]
pub struct Secrets(Vec<Vec<u8>>);

impl Secrets {
    /// Those of an encoded head.
    #[must_use]
    pub fn of(request: &[u8]) -> Self {
        let mut found = Vec::new();
        for line in request.split(|&byte| byte == b'\n') {
            let Some(colon) = line.iter().position(|&byte| byte == b':') else {
                continue;
            };
            let (name, value) = line.split_at(colon);
            if !Header::is_secret_name(&String::from_utf8_lossy(name)) {
                continue;
            }
            let value = value.get(1..).unwrap_or_default().trim_ascii();
            found.push(value);
            match after_scheme(value, b"Digest") {
                Some(parameters) => secrets_of_digest(parameters, &mut found),
                None => pieces(value, &mut found),
            }
        }
        // As they came over the network, and as text.
        let texts = found.iter().map(|secret| text::decode(secret).into_owned());
        let mut all: Vec<Vec<u8>> = texts.map(String::into_bytes).collect();
        all.extend(found.iter().map(|secret| secret.to_vec()));
        all.retain(|secret| secret.len() >= SECRET_BYTES_MIN);
        // The longest first, so that no part of one is left.
        all.sort_unstable_by(|one, other| other.len().cmp(&one.len()).then(one.cmp(other)));
        all.dedup();
        Self(all)
    }

    /// `bytes` without them, nor the beginning of one at the end, where `bytes` may have been cut.
    #[must_use]
    pub fn withhold(&self, bytes: &[u8]) -> Vec<u8> {
        let mut rest = bytes;
        let mut shown = Vec::with_capacity(bytes.len());
        while let Some((&first, behind)) = rest.split_first() {
            let found = self.0.iter().find(|secret| {
                let length = secret.len().min(rest.len());
                length >= SECRET_BYTES_MIN && secret.get(..length) == rest.get(..length)
            });
            rest = match found {
                Some(secret) => {
                    shown.extend_from_slice(WITHHELD.as_bytes());
                    rest.get(secret.len()..).unwrap_or_default()
                }
                None => {
                    shown.push(first);
                    behind
                }
            };
        }
        shown
    }
}

/// The pieces of a value, and what is behind the name of a scheme, a cookie, a parameter.
fn pieces<'v>(value: &'v [u8], found: &mut Vec<&'v [u8]>) {
    for piece in value.split(|byte| b" ;,".contains(byte)) {
        found.push(piece);
        found.extend(named(piece).map(|(_, value)| value));
    }
}

/// What Digest has from its challenge, or says of the request: a server may show it.
const SHOWN_OF_DIGEST: [&str; 8] = [
    "realm",
    "nonce",
    "opaque",
    "algorithm",
    "qop",
    "uri",
    "nc",
    "userhash",
];

fn secrets_of_digest<'v>(parameters: &'v [u8], found: &mut Vec<&'v [u8]>) {
    let mut is_quoted = false;
    let ends = |byte: &u8| {
        is_quoted ^= *byte == b'"';
        *byte == b',' && !is_quoted
    };
    for parameter in parameters.split(ends).map(<[u8]>::trim_ascii) {
        let Some((name, value)) = named(parameter) else {
            continue;
        };
        let is_shown = |shown: &&str| name.eq_ignore_ascii_case(shown.as_bytes());
        if !SHOWN_OF_DIGEST.iter().any(is_shown) {
            let bare = value
                .strip_prefix(b"\"")
                .and_then(|rest| rest.strip_suffix(b"\""));
            found.extend([parameter, value]);
            found.extend(bare);
            pieces(bare.unwrap_or(value), found);
        }
    }
}

fn after_scheme<'v>(value: &'v [u8], scheme: &[u8]) -> Option<&'v [u8]> {
    let (first, rest) = value.split_at_checked(scheme.len())?;
    (first.eq_ignore_ascii_case(scheme) && rest.starts_with(b" ")).then_some(rest)
}

/// What stands before and behind the first equals sign.
fn named(piece: &[u8]) -> Option<(&[u8], &[u8])> {
    let equals = piece.iter().position(|&byte| byte == b'=')?;
    Some((piece.get(..equals)?, piece.get(equals + 1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &[u8] =
        b"GET / HTTP/1.1\r\nauthorization: Basic dXNlcjpwYXNz\r\nCookie: id=c0ff\xe900; a=b\r\nHost: h\r\n\r\n";

    fn withheld(bytes: &[u8]) -> String {
        String::from_utf8(Secrets::of(REQUEST).withhold(bytes)).unwrap()
    }

    #[test]
    fn values_and_their_pieces_are_withheld() {
        assert_eq!(withheld(b"dXNlcjpwYXNz, a=b"), "(withheld), a=b");
        assert_eq!(withheld(b"<Basic dXNlcjpwYXNz>"), "<(withheld)>");
        assert_eq!(withheld(b"c0ff\xe900!"), "(withheld)!");
        assert_eq!(withheld("c0ffé00!".as_bytes()), "(withheld)!");
        assert_eq!(withheld(b"Basic or Host: h"), "Basic or Host: h");
    }

    #[test]
    fn what_a_challenge_of_digest_says_itself_is_shown() {
        let request = b"GET / HTTP/1.1\r\nProxy-Authorization: Digest username=\"some body, else\", \
            username*=UTF-8''J%C3%A4ger, realm=\"the realm\", nonce=\"thenonce\", cnonce=\"ourcnonce\", response=\"0123456789abcdef\"\r\n\r\n";
        let secrets = Secrets::of(request);
        let challenge = b"Digest realm=\"the realm\", nonce=\"thenonce\"";
        assert_eq!(secrets.withhold(challenge), challenge);
        for secret in [
            &b"\"some body, else\""[..],
            b"some body, else",
            b"UTF-8''J%C3%A4ger",
            b"\"ourcnonce\"",
            b"ourcnonce",
            b"0123456789abcdef",
        ] {
            assert_eq!(secrets.withhold(secret), WITHHELD.as_bytes());
        }
    }

    #[test]
    fn the_beginning_of_one_is_withheld_where_the_text_ends() {
        for length in SECRET_BYTES_MIN..=12 {
            assert_eq!(withheld(&b"x dXNlcjpwYXNz"[..2 + length]), "x (withheld)");
        }
        assert_eq!(withheld(b"dXNlcjp, which"), "dXNlcjp, which");
        assert_eq!(withheld(b"dXNlc"), "dXNlc");
    }

    #[test]
    fn without_credentials_everything_is_shown() {
        assert_eq!(
            Secrets::of(b"GET / HTTP/1.1\r\n\r\n").withhold(b"abcdefgh"),
            b"abcdefgh"
        );
    }
}
