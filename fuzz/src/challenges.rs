//! Challenges of a 401 and their answers.
//!
//! Input: which credentials there are, the user name, then the field's values, one a line. Holds
//! the authenticator to: no field makes it panic; it answers with a scheme that is offered, in a
//! value that can stand in a header line and that a second, plain reader understands; a challenge
//! put together from that answer is answered with the same bytes; a second refusal is delivered,
//! unless the nonce was stale.

use winhttp_proto::auth::{
    AuthScheme, AuthTarget, Authenticator, Cnonce, Credentials, Login, Reaction, Sending, offered,
};
use winhttp_proto::url::host::Host;
use winhttp_proto::url::{Origin, Scheme};

use crate::input::Input;

const TARGET: &str = "/a?b=\"c\\d\"";
const CNONCE: Cnonce = Cnonce::new([0x5a; 16]);
const CNONCE_DIGITS: &str = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";

/// Name and value as it stands there, with its quotes.
type Parameter<'v> = (&'v str, &'v [u8]);

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let scheme = [None, Some(AuthScheme::Basic), Some(AuthScheme::Digest)][input.below(3)];
    let body = input.flag().then_some(&b"body"[..]);
    let user = String::from_utf8_lossy(input.short()).into_owned();
    let values: Vec<&[u8]> = input.rest().split(|&byte| byte == b'\n').collect();

    let mut client = Client::new(scheme, &user, body);
    let unasked = client.ask();
    assert_eq!(
        unasked.is_some(),
        scheme == Some(AuthScheme::Basic) && is_sendable(&user)
    );
    if client.challenge(&values) == Reaction::Deliver {
        return;
    }
    assert!(unasked.is_none() && is_sendable(&user));
    let value = client.ask().expect("an answer");
    assert!(
        value
            .iter()
            .all(|&byte| byte == b'\t' || !byte.is_ascii_control()),
        "stands in a header line"
    );
    let answered = if value.starts_with(b"Basic ") {
        AuthScheme::Basic
    } else {
        AuthScheme::Digest
    };
    assert!(offered(values.iter().copied()).contains(&answered));
    assert!(scheme.is_none_or(|scheme| scheme == answered));
    if answered == AuthScheme::Digest {
        check(&value, &user, body);
    }
    for attempt in 1.. {
        match client.challenge(&values) {
            Reaction::Deliver => break,
            Reaction::SendAgain => assert!(attempt == 1 && answered == AuthScheme::Digest),
        }
        let again = client.ask().expect("an answer with the same nonce");
        assert!(again != value || !has(&value, "nc"), "nc counts up");
    }
}

struct Client<'b> {
    authenticator: Authenticator,
    origin: Origin,
    body: Option<&'b [u8]>,
}

impl<'b> Client<'b> {
    /// Credentials for this scheme, or the options.
    fn new(scheme: Option<AuthScheme>, user: &str, body: Option<&'b [u8]>) -> Self {
        let login = Login::new(user.to_owned(), "password".to_owned());
        let mut authenticator = Authenticator::new(AuthTarget::Server);
        match scheme {
            Some(scheme) => {
                authenticator.set_credentials(Credentials {
                    target: AuthTarget::Server,
                    scheme,
                    login: Some(login),
                });
                authenticator.begin(None);
            }
            None => authenticator.begin(Some(login)),
        }
        let host = Host::parse("localhost").expect("a host");
        Self {
            authenticator,
            origin: Origin::new(Scheme::Http, &host, 80),
            body,
        }
    }

    fn ask(&mut self) -> Option<Vec<u8>> {
        let value = self.authenticator.authorization(&Sending {
            origin: &self.origin,
            method: "GET",
            target: TARGET,
            body: self.body,
        })?;
        Some(value.expose().to_vec())
    }

    fn challenge(&mut self, values: &[&[u8]]) -> Reaction {
        let (values, has_body) = (values.iter().copied(), self.body.is_some());
        self.authenticator
            .challenged(&self.origin, values, has_body, CNONCE)
    }
}

fn is_sendable(user: &str) -> bool {
    let is_bad = |character: char| character != '\t' && character.is_ascii_control();
    !user.is_empty() && !user.contains(is_bad)
}

/// A Digest value says what it must, and a challenge made of it is answered alike.
fn check(value: &[u8], user: &str, body: Option<&[u8]>) {
    let parameters = read(value);
    let get = |name| find(&parameters, name);
    let mut names: Vec<&str> = parameters.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    for name in ["realm", "nonce", "uri", "response"] {
        get(name).expect("a parameter that every answer has");
    }
    assert_eq!(plain(get("uri").expect("found above")), TARGET.as_bytes());
    let response = plain(get("response").expect("found above"));
    assert!(matches!(response.len(), 32 | 64) && response.iter().all(u8::is_ascii_hexdigit));
    assert_eq!(get("qop").is_some(), get("nc").is_some());
    assert!(get("nc").is_none_or(|count| count == b"00000001"));
    assert!(get("cnonce").is_none_or(|ours| plain(ours) == CNONCE_DIGITS.as_bytes()));
    match (get("username"), get("username*")) {
        (Some(name), None) if get("userhash").is_none() => assert_eq!(plain(name), user.as_bytes()),
        (Some(hash), None) => assert_eq!(plain(hash).len(), response.len()),
        (None, Some(name)) => assert!(name.starts_with(b"UTF-8''")),
        (name, extended) => panic!("{name:?} and {extended:?}"),
    }

    let mut challenge = b"Digest ".to_vec();
    for name in ["realm", "nonce", "algorithm", "qop", "opaque", "userhash"] {
        if let Some(value) = get(name) {
            challenge.extend([name.as_bytes(), b"=", value, b", "].concat());
        }
    }
    if get("username*").is_some() {
        challenge.extend(b"charset=UTF-8");
    }
    let mut second = Client::new(None, user, body);
    assert_eq!(second.challenge(&[&challenge]), Reaction::SendAgain);
    assert_eq!(second.ask().as_deref(), Some(value));
}

fn has(value: &[u8], name: &str) -> bool {
    value.starts_with(b"Digest ") && find(&read(value), name).is_some()
}

fn find<'v>(parameters: &[Parameter<'v>], name: &str) -> Option<&'v [u8]> {
    let found = parameters.iter().find(|(own, _)| *own == name);
    found.map(|(_, value)| *value)
}

/// The parameters of a value in exactly the form that is written: one comma and one blank between
/// them.
fn read(value: &[u8]) -> Vec<Parameter<'_>> {
    let mut rest = value.strip_prefix(b"Digest ").expect("a Digest value");
    let mut parameters = Vec::new();
    loop {
        let equals = rest.iter().position(|&byte| byte == b'=').expect("a value");
        let (name, value) = (&rest[..equals], &rest[equals + 1..]);
        let name = std::str::from_utf8(name).expect("a name");
        assert!(
            name.bytes()
                .all(|byte| byte.is_ascii_alphabetic() || byte == b'*')
        );
        let end = end_of(value);
        parameters.push((name, &value[..end]));
        rest = &value[end..];
        if rest.is_empty() {
            return parameters;
        }
        rest = rest.strip_prefix(b", ").expect("the next parameter");
    }
}

/// Where a value ends.
fn end_of(value: &[u8]) -> usize {
    if value.first() != Some(&b'"') {
        let end = value.iter().position(|&byte| byte == b',');
        return end.unwrap_or(value.len());
    }
    let mut at = 1;
    loop {
        match value.get(at) {
            Some(b'\\') => at += 2,
            Some(b'"') => return at + 1,
            Some(_) => at += 1,
            None => panic!("no closing quote"),
        }
    }
}

/// A quoted value without its quotes.
fn plain(quoted: &[u8]) -> Vec<u8> {
    let inner = &quoted[1..quoted.len() - 1];
    let mut plain = Vec::new();
    let mut bytes = inner.iter();
    while let Some(&byte) = bytes.next() {
        let byte = if byte == b'\\' {
            *bytes.next().expect("escaped")
        } else {
            byte
        };
        plain.push(byte);
    }
    plain
}
