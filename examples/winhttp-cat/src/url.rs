//! A WebSocket URL as people type it (RFC 6455 section 3), and the credentials it may carry.

/// Where to connect to. The URL is fit to be shown: credentials are kept apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) url: String,
    pub(crate) credentials: Option<Credentials>,
}

/// Name and password, for whoever asks for them.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) name: String,
    pub(crate) password: String,
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
    /// A server's, from a command line: `name:password`.
    ///
    /// # Errors
    ///
    /// A sentence that does not repeat them.
    pub(crate) fn of_pair(pair: &str) -> Result<Self, String> {
        let (name, password) = parted(pair)?;
        Self::of_server(name.to_owned(), password.to_owned())
    }

    /// A proxy's, written in the same way.
    ///
    /// # Errors
    ///
    /// A sentence that does not repeat them.
    pub(crate) fn of_proxy(pair: &str) -> Result<Self, String> {
        let (name, password) = parted(pair)?;
        // A tunnel is asked for without any header of the program's: none could take their place.
        Self::checked(name.to_owned(), password.to_owned())?
            .ok_or_else(|| "WinHTTP takes no empty user name for a proxy".to_owned())
    }

    /// From a URL, where both parts may be percent-encoded (RFC 3986 section 3.2.1).
    fn of_user_info(text: &str) -> Result<Self, String> {
        let (name, password) = text.split_once(':').unwrap_or((text, ""));
        let decoded = |text| {
            let bytes = percent_decoded(text);
            String::from_utf8(bytes).map_err(|_| "credentials are UTF-8".to_owned())
        };
        let (name, password) = (decoded(name)?, decoded(password)?);
        if name.contains(':') {
            return Err("a user name has no colon".to_owned()); // RFC 7617 section 2
        }
        Self::of_server(name, password)
    }

    fn of_server(name: String, password: String) -> Result<Self, String> {
        Self::checked(name, password)?.ok_or_else(|| {
            "WinHTTP takes no empty user name (--header 'Authorization: ...' sends what it says)"
                .to_owned()
        })
    }

    /// `None` if there is no name.
    fn checked(name: String, password: String) -> Result<Option<Self>, String> {
        if [&name, &password]
            .iter()
            .any(|text| text.contains(|c: char| c.is_ascii_control()))
        {
            return Err("credentials have no control characters".to_owned());
        }
        Ok((!name.is_empty()).then_some(Self { name, password }))
    }
}

/// Name and password of a command line.
fn parted(pair: &str) -> Result<(&str, &str), String> {
    pair.split_once(':')
        .ok_or_else(|| "credentials are written NAME:PASSWORD".to_owned())
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Name and password of a URL.
    fn credentials(url: &str) -> (String, String) {
        let known = parse(url).unwrap().credentials.unwrap();
        (known.name, known.password)
    }

    fn pair(name: &str, password: &str) -> (String, String) {
        (name.to_owned(), password.to_owned())
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
        let known = address.credentials.unwrap();
        assert_eq!((known.name, known.password), pair("me", "a:b%zz"));
        assert_eq!(credentials("ws://me@host"), pair("me", ""));
        assert_eq!(credentials("ws://a@b:c@host"), pair("a@b", "c"));
        assert_eq!(
            credentials("ws://%c3%bc:%C3%BC@host"),
            pair("\u{fc}", "\u{fc}")
        );
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
            ("ws://u:secret%ff@host/", "UTF-8"),
            ("ws://:secret@host/", "no empty user name"),
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
}
