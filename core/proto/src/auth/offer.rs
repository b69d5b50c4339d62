//! Reads the challenges of a field, with their parameters (RFC 9110 §11.2, §11.3).
//!
//! ```text
//! field      = #challenge
//! challenge  = auth-scheme [ 1*SP ( token68 / #auth-param ) ]
//! auth-param = token BWS "=" BWS ( token / quoted-string )
//! ```
//!
//! Challenges and their parameters are separated by the same comma. What tells them apart is the
//! equals sign behind a parameter's name. Values without quotes may have any visible character
//! (observed: nonces in base64). A challenge that is not of this form is still one of its scheme,
//! but cannot be answered.

use std::borrow::Cow;

use super::AuthScheme;
use crate::header::text;

/// Challenges of one response that are looked at; servers offer each scheme once or twice.
const OFFERS_MAX: usize = 64;
/// Parameters of one challenge; RFC 7616 has nine.
const PARAMETERS_MAX: usize = 32;
/// Bytes of one value. What a challenge says is sent back, with its quotes escaped, in a field that
/// is at most 64 KiB.
const VALUE_BYTES_MAX: usize = 4096;

/// The challenge of a scheme we know.
#[derive(Debug)]
pub(super) struct Offer<'h> {
    pub(super) scheme: AuthScheme,
    /// `None` for what is malformed.
    parameters: Option<Parameters<'h>>,
}

impl<'h> Offer<'h> {
    fn new(scheme: AuthScheme) -> Self {
        Self {
            scheme,
            parameters: Some(Parameters::default()),
        }
    }

    /// Its parameters; `None` if the challenge is malformed.
    pub(super) fn parameters(&self) -> Option<&Parameters<'h>> {
        self.parameters.as_ref()
    }

    fn add(&mut self, element: &'h [u8]) {
        let added = self
            .parameters
            .as_mut()
            .and_then(|parameters| parameters.add(element));
        if added.is_none() {
            self.parameters = None;
        }
    }
}

/// Names and values, each name once.
#[derive(Debug, Default)]
pub(super) struct Parameters<'h>(Vec<(&'h [u8], Cow<'h, [u8]>)>);

impl<'h> Parameters<'h> {
    /// The parameters in the values of Authentication-Info (RFC 7615 §3), which has no scheme;
    /// `None` if they are malformed.
    pub(super) fn of_info(values: impl IntoIterator<Item = &'h [u8]>) -> Option<Self> {
        let mut parameters = Self::default();
        for element in values.into_iter().flat_map(elements) {
            parameters.add(element)?;
        }
        Some(parameters)
    }

    /// The value of the parameter with this name, in any case.
    pub(super) fn get(&self, name: &str) -> Option<&[u8]> {
        let mut all = self.0.iter();
        let found = all.find(|(own, _)| own.eq_ignore_ascii_case(name.as_bytes()))?;
        Some(&found.1)
    }

    /// `None` for what is no parameter, is there already, or is too much.
    fn add(&mut self, element: &'h [u8]) -> Option<()> {
        let end = element.iter().position(|byte| !is_token_byte(byte))?;
        let (name, rest) = element.split_at(end);
        let value = text::trim_blanks_start(rest).strip_prefix(b"=")?;
        let value = value_of(text::trim_blanks_start(value))?;
        let again = self.0.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
        let fits = self.0.len() < PARAMETERS_MAX && value.len() <= VALUE_BYTES_MAX;
        if name.is_empty() || again || !fits {
            return None;
        }
        self.0.push((name, value));
        Some(())
    }
}

/// The challenges of the schemes we know, in the order of the fields' values. Others are passed
/// over with their parameters.
pub(super) fn offers<'h>(values: impl IntoIterator<Item = &'h [u8]>) -> Vec<Offer<'h>> {
    let mut offers = Vec::new();
    for value in values {
        // A challenge ends with its field; `None` is one of an unknown scheme.
        let mut current = None;
        for element in elements(value) {
            let Some((name, rest)) = split_scheme(element) else {
                if let Some(offer) = &mut current {
                    Offer::add(offer, element);
                }
                continue;
            };
            offers.extend(current.take());
            current = AuthScheme::named(name).map(Offer::new);
            if let Some(offer) = current.as_mut().filter(|_| !rest.is_empty()) {
                offer.add(rest);
            }
        }
        offers.extend(current);
        offers.truncate(OFFERS_MAX);
    }
    offers
}

/// The elements of a list that are not empty, without blanks around them; commas in quoted strings
/// do not count.
pub(super) fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> {
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
    let elements = value.split(is_separator).map(text::trim_blanks);
    elements.filter(|element| !element.is_empty())
}

/// The scheme that begins in an element, and what stands behind it; `None` for a parameter of the
/// one before.
pub(super) fn split_scheme(element: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = element.iter().position(|byte| !is_token_byte(byte));
    let (name, rest) = element.split_at(end.unwrap_or(element.len()));
    let behind = text::trim_blanks_start(rest);
    match rest.first() {
        None => Some((name, behind)),
        // Blanks may stand before the equals sign of a parameter.
        Some(b' ' | b'\t') if !name.is_empty() && !behind.starts_with(b"=") => Some((name, behind)),
        Some(_) => None,
    }
}

fn is_token_byte(byte: &u8) -> bool {
    text::is_token(std::slice::from_ref(byte))
}

/// A value, without quotes; `None` for what is none. One that is empty needs quotes, or else
/// `Basic abc=` (token68) would be a parameter.
fn value_of(text: &[u8]) -> Option<Cow<'_, [u8]>> {
    if !text::is_field_value(text) {
        return None;
    }
    if let Some(inner) = text.strip_prefix(b"\"") {
        return unquoted(inner);
    }
    let is_plain = |byte: &u8| !matches!(byte, b'"' | b' ' | b'\t');
    let says_something = text.iter().any(|byte| *byte != b'=');
    (says_something && text.iter().all(is_plain)).then_some(Cow::Borrowed(text))
}

/// What stands before the closing quote, which must be the last byte.
fn unquoted(inner: &[u8]) -> Option<Cow<'_, [u8]>> {
    let end = inner.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    let (plain, rest) = inner.split_at(end);
    if rest == b"\"" {
        return Some(Cow::Borrowed(plain));
    }
    let mut value = plain.to_vec();
    let mut bytes = rest.iter();
    loop {
        match *bytes.next()? {
            b'"' => return bytes.next().is_none().then_some(Cow::Owned(value)),
            b'\\' => value.push(*bytes.next()?),
            byte => value.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use AuthScheme::{Basic, Digest, Negotiate, Ntlm};

    /// The schemes, and whether each challenge is well formed.
    fn read(values: &[&str]) -> Vec<(AuthScheme, bool)> {
        let offers = offers(values.iter().map(|value| value.as_bytes()));
        let all = offers.iter();
        all.map(|offer| (offer.scheme, offer.parameters().is_some()))
            .collect()
    }

    /// A parameter of the first challenge.
    fn parameter(value: &str, name: &str) -> Option<Vec<u8>> {
        let offers = offers([value.as_bytes()]);
        Some(offers[0].parameters()?.get(name)?.to_vec())
    }

    #[test]
    fn fact_28_4_1_accepted_forms() {
        for value in [
            "Basic realm=\"x\"",
            "basic realm=x",
            "Basic",
            "Basic ",
            "bAsiC",
            "Basic realm=\"\"",
            "Basic  realm = \"x\" , charset=\"UTF-8\"",
            ", ,Basic realm=x,",
        ] {
            assert_eq!(read(&[value]), [(Basic, true)], "{value}");
        }
        let list = "Basic realm=\"a\", Digest realm=\"b\",nonce=\"c\"";
        assert_eq!(read(&[list]), [(Basic, true), (Digest, true)]);
        assert_eq!(
            read(&["Digest realm=b", "NTLM", "Basic"]),
            [(Digest, true), (Ntlm, true), (Basic, true)]
        );
        let digest = "Digest realm=b, nonce=ab+/c==, qop=\"auth,auth-int\", stale=false";
        assert_eq!(parameter(digest, "realm").unwrap(), b"b");
        assert_eq!(parameter(digest, "NONCE").unwrap(), b"ab+/c==");
        assert_eq!(parameter(digest, "qop").unwrap(), b"auth,auth-int");
        assert_eq!(parameter(digest, "stale").unwrap(), b"false");
        assert_eq!(parameter(digest, "opaque"), None);
    }

    #[test]
    fn fact_28_4_2_malformed_forms() {
        for value in [
            "Digest realm=\"r\" nonce=\"n\"",
            "Digest realm=\"r\", nonce=\"n\", algorithm=MD5 Basic realm=\"r\"",
            "Digest realm=r nonce=n",
            "Digest something",
            "Digest realm=\"r\", realm=\"s\"",
            "Digest realm=\"r\", Realm=r",
            "Digest realm=",
            "Digest abc==",
            "Digest realm=\"open",
            "Digest realm=\"open\\\"",
            "Digest realm=\"r\"x",
            "Digest realm=r\"x\"",
            "Digest realm=\"a\r\nb\"",
            "Digest realm=\"a\0b\"",
            "Digest realm=\"r\", =x",
            "Digest realm=\"r\", ;x",
        ] {
            assert_eq!(read(&[value]), [(Digest, false)], "{value:?}");
        }
        assert_eq!(
            read(&["Basic something, Digest something"]),
            [(Basic, false), (Digest, false)]
        );
        // What is wrong with one says nothing of the next.
        assert_eq!(
            read(&["Digest realm=r nonce=n, Basic realm=x"]),
            [(Digest, false), (Basic, true)]
        );
    }

    #[test]
    fn fact_28_4_3_parameters_of_unknown_schemes_are_nobodys() {
        assert_eq!(
            read(&["Bearer realm=\"x\", scope=\"a, Digest b\", Basic, Hawk a=b, nonce=c"]),
            [(Basic, true)]
        );
        assert_eq!(
            read(&["Negotiate TlRMTVNTUAACAAAA=="]),
            [(Negotiate, false)]
        );
    }

    #[test]
    fn a_backslash_stands_for_the_next_character() {
        let value = "Digest realm=\"a\\\"b\\\\c\\d, e\"";
        assert_eq!(parameter(value, "realm").unwrap(), b"a\"b\\cd, e");
    }

    #[test]
    fn what_is_kept_has_limits() {
        let value = |length: usize| format!("Digest realm=\"{}\"", "x".repeat(length));
        assert_eq!(read(&[&value(VALUE_BYTES_MAX)]), [(Digest, true)]);
        assert_eq!(read(&[&value(VALUE_BYTES_MAX + 1)]), [(Digest, false)]);
        let many = |count: usize| {
            let all = (0..count).map(|number| format!("p{number}=x"));
            format!("Digest {}", all.collect::<Vec<_>>().join(", "))
        };
        assert_eq!(read(&[&many(PARAMETERS_MAX)]), [(Digest, true)]);
        assert_eq!(read(&[&many(PARAMETERS_MAX + 1)]), [(Digest, false)]);
        assert_eq!(read(&[&"Basic,".repeat(100)]).len(), OFFERS_MAX);
    }

    #[test]
    fn information_has_parameters_and_no_scheme() {
        let read = |values: &[&'static str]| {
            let values = values.iter().map(|value| value.as_bytes());
            let parameters = Parameters::of_info(values)?;
            parameters.get("nextnonce").map(<[u8]>::to_vec)
        };
        assert_eq!(read(&["nextnonce=\"a\", nc=00000001"]).unwrap(), b"a");
        assert_eq!(read(&["qop=auth", "nextnonce=b"]).unwrap(), b"b");
        assert_eq!(read(&["qop=auth"]), None);
        assert_eq!(read(&["Digest nextnonce=b"]), None);
        assert_eq!(read(&[]), None);
    }

    proptest! {
        #[test]
        fn no_field_is_too_strange(values in prop::collection::vec(
            prop::collection::vec(any::<u8>(), 0..60), 0..4
        )) {
            let fields = values.iter().map(|value| &**value);
            for offer in offers(fields.clone()) {
                let parameters = offer.parameters().map_or(&[][..], |all| &all.0);
                for (name, value) in parameters {
                    prop_assert!(text::is_token(name) && text::is_field_value(value));
                }
            }
            let _ = Parameters::of_info(fields);
        }

        #[test]
        fn quoting_is_undone(realm in "[ -~é]{0,40}") {
            let quoted = realm.replace('\\', "\\\\").replace('"', "\\\"");
            let value = format!("Digest nonce=n, realm=\"{quoted}\", qop=auth");
            prop_assert_eq!(parameter(&value, "realm").unwrap(), realm.as_bytes());
            prop_assert_eq!(parameter(&value, "qop").unwrap(), b"auth");
        }
    }
}
