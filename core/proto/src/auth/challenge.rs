//! Which schemes the fields of a 401 or 407 offer (RFC 9110 §11.6.1).
//!
//! ```text
//! field     = #challenge
//! challenge = auth-scheme [ 1*SP ( token68 / #auth-param ) ]
//! ```
//!
//! Challenges and their parameters are separated by the same comma. What tells them apart is the
//! equals sign behind a parameter's name.

use super::{AuthScheme, AuthTarget};
use crate::header::HeaderList;
use crate::header::text;

/// What a response asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Who asks.
    pub target: AuthTarget,
    /// The schemes we know among those offered, in the server's order, each once; never empty.
    pub schemes: Vec<AuthScheme>,
}

impl Challenge {
    /// The challenge of a response; `None` if it is none, or offers nothing we know.
    #[must_use]
    pub fn of_response(status: u16, headers: &HeaderList) -> Option<Self> {
        let target = AuthTarget::of_status(status)?;
        let schemes = offered(headers.all(target.challenge_field()));
        (!schemes.is_empty()).then_some(Self { target, schemes })
    }
}

/// The schemes we know in the values of a challenge field, in their order, each once. Others are
/// passed over with their parameters.
pub fn offered<'h>(values: impl IntoIterator<Item = &'h [u8]>) -> Vec<AuthScheme> {
    let mut schemes = Vec::new();
    for element in values.into_iter().flat_map(elements) {
        let found = scheme_name(element).and_then(AuthScheme::named);
        schemes.extend(found.filter(|scheme| !schemes.contains(scheme)));
    }
    schemes
}

/// The elements of a list, without blanks around them; commas in quoted strings do not count.
fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (mut quoted, mut escaped) = (false, false);
    let is_separator = move |byte: &u8| {
        let separates = *byte == b',' && !quoted;
        // RFC 9110 §5.6.4: within quotes a backslash takes its meaning from the next character.
        match *byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ => {}
        }
        separates
    };
    value.split(is_separator).map(text::trim_blanks)
}

/// The scheme that begins in an element; `None` for a parameter of the one before.
fn scheme_name(element: &[u8]) -> Option<&[u8]> {
    let is_token = |byte: &u8| text::is_token(std::slice::from_ref(byte));
    let end = element.iter().position(|byte| !is_token(byte));
    let (name, rest) = element.split_at(end.unwrap_or(element.len()));
    match rest.first() {
        None => Some(name),
        // Blanks may stand before the equals sign of a parameter.
        Some(b' ' | b'\t') if !text::trim_blanks(rest).starts_with(b"=") => Some(name),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use AuthScheme::{Basic, Digest, Negotiate, Ntlm, Passport};

    fn of(values: &[&str]) -> Vec<AuthScheme> {
        offered(values.iter().map(|value| value.as_bytes()))
    }

    #[test]
    fn fact_28_4_1_challenges_in_every_shape() {
        for basic in [
            "Basic realm=\"x\"",
            "basic realm=x",
            "BASIC",
            " Basic\t",
            "Basic realm = \"x\"",
            "Basic realm=\"a, Digest b\"",
            "Basic realm=\"a\\\", Digest b\"",
            "Basic  realm=\"x\" , charset=\"UTF-8\"",
            ", ,Basic realm=x,",
        ] {
            assert_eq!(of(&[basic]), [Basic], "{basic}");
        }
        let list = "Basic realm=\"a\", Digest realm=\"b\",nonce=\"c\", qop=\"auth,auth-int\"";
        assert_eq!(of(&[list]), [Basic, Digest]);
        let digest = "Digest realm=b, nonce=c, algorithm=md5, stale=false, opaque=\"NTLM, Basic\"";
        assert_eq!(of(&[digest]), [Digest]);
        assert_eq!(
            of(&["Negotiate", "NTLM", "Digest realm=x"]),
            [Negotiate, Ntlm, Digest]
        );
        assert_eq!(of(&["Negotiate, NTLM"]), [Negotiate, Ntlm]);
        assert_eq!(
            of(&["Negotiate TlRMTVNTUAACAAAA==, Basic"]),
            [Negotiate, Basic]
        );
        assert_eq!(
            of(&["Passport1.4 da-status=failed,srealm=Passport"]),
            [Passport]
        );
    }

    #[test]
    fn fact_28_4_3_unknown_schemes_are_passed_over_with_their_parameters() {
        assert_eq!(
            of(&["Bearer realm=\"x\", scope=\"a b\"", "Basic", "NTLM"]),
            [Basic, Ntlm]
        );
        assert_eq!(
            of(&["Bearer basic=\"x\", ntlm=y, digest = z, Basic realm=x"]),
            [Basic]
        );
        assert_eq!(of(&["Bearer", "Hawk abc", "SCRAM-SHA-256 realm=x"]), []);
        assert_eq!(
            of(&["Passport realm=x", "Basically", "NTLMSSP", "Digest-MD5"]),
            []
        );
        assert_eq!(
            of(&["", " , ", "=", "\"Basic\"", ";Basic", "Basic;realm=x"]),
            []
        );
        assert_eq!(of(&[]), []);
    }

    #[test]
    fn fact_28_4_2_a_scheme_counts_once_and_at_its_first_place() {
        assert_eq!(
            of(&["Basic realm=a", "Digest a=b", "basic realm=c"]),
            [Basic, Digest]
        );
        assert_eq!(of(&["Basic something, Digest something"]), [Basic, Digest]);
    }

    #[test]
    fn an_open_quote_hides_what_follows_in_its_field_only() {
        assert_eq!(
            of(&["Basic realm=\"x, NTLM", "Digest realm=y"]),
            [Basic, Digest]
        );
        assert_eq!(of(&["Basic realm=\"x\\", "NTLM"]), [Basic, Ntlm]);
    }

    #[test]
    fn fact_28_2_3_a_challenge_needs_its_status_and_a_scheme() {
        let mut headers = HeaderList::new();
        headers.push("www-authenticate", "Basic realm=x");
        headers.push("Proxy-Authenticate", "Bearer");
        headers.push("WWW-Authenticate", "NTLM");
        let server = Challenge::of_response(401, &headers).unwrap();
        assert_eq!(
            (server.target, &*server.schemes),
            (AuthTarget::Server, &[Basic, Ntlm][..])
        );
        assert_eq!(Challenge::of_response(407, &headers), None);
        headers.push("Proxy-Authenticate", "Negotiate");
        let proxy = Challenge::of_response(407, &headers).unwrap();
        assert_eq!(
            (proxy.target, &*proxy.schemes),
            (AuthTarget::Proxy, &[Negotiate][..])
        );
        for status in [100, 200, 302, 400, 403, 500] {
            assert_eq!(Challenge::of_response(status, &headers), None);
        }
        assert_eq!(Challenge::of_response(401, &HeaderList::new()), None);
    }

    proptest! {
        #[test]
        fn what_is_quoted_never_offers_anything(text in "[a-zA-Z ,=\\\\]{0,30}") {
            let quoted = text.replace('\\', "\\\\");
            let value = format!("Hawk x=\"{quoted}\", NTLM");
            prop_assert_eq!(of(&[&value]), [Ntlm]);
        }

        #[test]
        fn no_value_is_too_strange(value in prop::collection::vec(any::<u8>(), 0..60)) {
            let schemes = offered([&*value]);
            prop_assert!(schemes.len() <= AuthScheme::NAMES.len());
        }
    }
}
