//! A WebSocket URL as people type it (RFC 6455 section 3), and the credentials it may carry.

/// Where to connect to. The URL is fit to be shown: credentials are kept apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) url: String,
    pub(crate) credentials: Option<Credentials>,
}

/// Name and password for the scheme Basic (RFC 7617).
#[derive(PartialEq, Eq)]
pub(crate) struct Credentials {
    /// `name:password`.
    joined: Vec<u8>,
}

/// Takes a URL apart.
///
/// # Errors
///
/// A sentence for the user, without the credentials.
pub(crate) fn parse(text: &str) -> Result<Address, String> {
    if text.is_empty() {
        return Err("the URL is empty".to_owned());
    }
    if text.contains(|c: char| c.is_control() || c == ' ') {
        return Err("a URL has no spaces and no control characters".to_owned());
    }
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    let scheme = scheme.to_ascii_lowercase();
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (user_info, host) = match authority.rsplit_once('@') {
        Some((user_info, host)) => (Some(user_info), host),
        None => (None, authority),
    };
    if scheme != "ws" && scheme != "wss" {
        let known = if scheme.is_empty() { "" } else { "://" };
        return Err(format!(
            "{scheme}{known}{host}{path}: a URL starts with ws:// or wss://"
        ));
    }
    let url = format!("{scheme}://{host}{path}");
    if host.is_empty() || host.starts_with(':') {
        return Err(format!("{url}: a URL names a host"));
    }
    if path.contains('#') {
        return Err(format!(
            "{url}: a WebSocket URL has no fragment (RFC 6455 section 3); '#' itself is written %23"
        ));
    }
    let credentials = user_info.map(Credentials::of_user_info).transpose()?;
    Ok(Address { url, credentials })
}

impl Credentials {
    /// From a command line: `name:password`.
    ///
    /// # Errors
    ///
    /// A sentence that does not repeat them.
    pub(crate) fn of_pair(pair: &str) -> Result<Self, String> {
        if !pair.contains(':') {
            return Err("credentials are written NAME:PASSWORD".to_owned());
        }
        Self::checked(pair.into())
    }

    /// From a URL, where both parts may be percent-encoded (RFC 3986 section 3.2.1).
    fn of_user_info(text: &str) -> Result<Self, String> {
        let (name, password) = text.split_once(':').unwrap_or((text, ""));
        let name = percent_decoded(name);
        if name.contains(&b':') {
            return Err("a user name has no colon".to_owned()); // RFC 7617 section 2
        }
        Self::checked([&name, &b":"[..], &percent_decoded(password)].concat())
    }

    fn checked(joined: Vec<u8>) -> Result<Self, String> {
        if joined.iter().any(u8::is_ascii_control) {
            return Err("credentials have no control characters".to_owned());
        }
        Ok(Self { joined })
    }

    /// The value of the header Authorization.
    pub(crate) fn basic(&self) -> String {
        format!("Basic {}", base64(&self.joined))
    }
}

/// Prints nothing that is secret.
impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials")
    }
}

/// What is no escape stays as it is.
fn percent_decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = (*first == b'%')
            .then(|| after.get(..2))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(escaped.unwrap_or(*first));
        rest = match escaped {
            Some(_) => after.get(2..).unwrap_or_default(),
            None => after,
        };
    }
    bytes
}

/// RFC 4648 section 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let word = (0..3).fold(0_usize, |word, index| {
            word << 8 | usize::from(group.get(index).copied().unwrap_or(0))
        });
        for index in 0..4 {
            let digit = DIGITS.get(word >> (18 - 6 * index) & 63).copied();
            let padded = index > group.len();
            text.push(char::from(digit.filter(|_| !padded).unwrap_or(b'=')));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basic(url: &str) -> String {
        parse(url).unwrap().credentials.unwrap().basic()
    }

    #[test]
    fn the_scheme_may_be_in_capitals() {
        assert_eq!(parse("WS://Host/Path").unwrap().url, "ws://Host/Path");
        assert_eq!(parse("wsS://h?q").unwrap().url, "wss://h?q");
    }

    #[test]
    fn credentials_leave_the_url_and_are_decoded() {
        let address = parse("ws://me:a%3ab%zz@host:1/p@q?r@s").unwrap();
        assert_eq!(address.url, "ws://host:1/p@q?r@s");
        // echo -n 'me:a:b%zz' | base64
        assert_eq!(address.credentials.unwrap().basic(), "Basic bWU6YTpiJXp6");
        assert_eq!(basic("ws://me@host"), "Basic bWU6");
        assert_eq!(basic("ws://a@b:c@host"), "Basic YUBiOmM=");
    }

    #[test]
    fn mistakes_are_explained_without_the_password() {
        for (url, expected) in [
            ("http://u:secret@host/", "starts with ws://"),
            ("u:secret@host", "starts with ws://"),
            ("ws://u:secret@host/#part", "no fragment"),
            ("ws://u:secret@host#part", "no fragment"),
            ("ws://u:secret@/", "names a host"),
            ("ws://:80/", "names a host"),
            ("ws://%3a:secret@host/", "no colon"),
            ("ws://u:secret%0a@host/", "control"),
            ("ws://u:secret@ho st/", "no spaces"),
            ("", "empty"),
        ] {
            let error = parse(url).unwrap_err();
            assert!(error.contains(expected), "{url}: {error}");
            assert!(!error.contains("secret"), "{url}: {error}");
        }
        assert!(
            !Credentials::of_pair("secret")
                .unwrap_err()
                .contains("secret")
        );
    }

    #[test]
    fn base64_pads_what_is_no_multiple_of_three() {
        // RFC 4648 section 10
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }
}
