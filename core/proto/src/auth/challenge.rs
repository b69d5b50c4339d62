//! Which schemes the fields of a 401 or 407 offer: what WinHttpQueryAuthSchemes shows. Malformed
//! challenges count: the program sees what the server has named.

use super::offer::{elements, split_scheme};
use super::{AuthScheme, AuthTarget};
use crate::header::HeaderList;

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
        let found = split_scheme(element).and_then(|(name, _)| AuthScheme::named(name));
        schemes.extend(found.filter(|scheme| !schemes.contains(scheme)));
    }
    schemes
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
