//! Putting a URL together the way WinHttpCreateUrl does.

use std::fmt;

use super::escape::escape_component;
use super::units::{eq_ignore_ascii_case, is_ascii, push_ascii};

/// The members of URL_COMPONENTS that WinHttpCreateUrl reads; `None` is a NULL pointer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts<'a> {
    /// The scheme's text; beats the number.
    pub scheme: Option<&'a [u32]>,
    /// The INTERNET_SCHEME number; 0 if the caller gave none.
    pub scheme_number: u32,
    /// The user name.
    pub user: Option<&'a [u32]>,
    /// The password; not without a user name.
    pub password: Option<&'a [u32]>,
    /// The host; may be missing.
    pub host: Option<&'a [u32]>,
    /// The port; left out where it is the scheme's default.
    pub port: u16,
    /// The path; behind a host it gets a leading `/` if it has none.
    pub path: Option<&'a [u32]>,
    /// Query and fragment with their `?` or `#`.
    pub extra: Option<&'a [u32]>,
}

/// Why parts do not make a URL; all are ERROR_INVALID_PARAMETER.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuildError {
    /// A password without a user name.
    PasswordWithoutUser,
    /// A user name or password although ICU_REJECT_USERPWD forbids it.
    UserRejected,
    /// Text to escape that has no UTF-8 form.
    NotText,
    /// A number that is not the one of http, https or ftp.
    UnknownSchemeNumber,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PasswordWithoutUser => "a password needs a user name",
            Self::UserRejected => "user name or password not allowed",
            Self::NotText => "text with invalid code units cannot be escaped",
            Self::UnknownSchemeNumber => "unknown scheme number",
        })
    }
}

impl std::error::Error for BuildError {}

/// The schemes WinHttpCreateUrl knows: INTERNET_SCHEME number, name, default port.
const SCHEMES: [(u32, &str, u16); 3] = [(1, "http", 80), (2, "https", 443), (3, "ftp", 21)];

/// Joins `parts`; `escape` (ICU_ESCAPE) escapes path and extra info.
///
/// # Errors
/// Any [`BuildError`] but [`BuildError::UserRejected`].
pub fn build(parts: &Parts<'_>, escape: bool) -> Result<Vec<u32>, BuildError> {
    let mut url = Vec::new();
    let default_port = push_scheme(&mut url, parts)?;
    push_ascii(&mut url, "://");
    push_userinfo(&mut url, parts)?;
    if let Some(host) = parts.host {
        url.extend_from_slice(host);
        if default_port != Some(parts.port) {
            push_ascii(&mut url, &format!(":{}", parts.port));
        }
    }
    let path = parts.path.unwrap_or_default();
    let needs_slash = path.first().is_some_and(|&unit| !is_ascii(unit, b'/'));
    if needs_slash && parts.host.is_some() {
        push_ascii(&mut url, "/");
    }
    for component in [path, parts.extra.unwrap_or_default()] {
        if escape {
            url.extend(escape_component(component).map_err(|_| BuildError::NotText)?);
        } else {
            url.extend_from_slice(component);
        }
    }
    Ok(url)
}

/// Refuses a user name and a password, even empty ones (ICU_REJECT_USERPWD).
///
/// # Errors
/// [`BuildError::UserRejected`].
pub fn reject_userpwd(parts: &Parts<'_>) -> Result<(), BuildError> {
    if parts.user.is_some() || parts.password.is_some() {
        return Err(BuildError::UserRejected);
    }
    Ok(())
}

/// Writes the scheme and gives its default port, if it is one we know.
fn push_scheme(url: &mut Vec<u32>, parts: &Parts<'_>) -> Result<Option<u16>, BuildError> {
    const DEFAULT_NUMBER: u32 = 1;
    if let Some(text) = parts.scheme {
        url.extend_from_slice(text);
        let known = SCHEMES
            .iter()
            .find(|(_, name, _)| eq_ignore_ascii_case(text, name));
        return Ok(known.map(|(_, _, port)| *port));
    }
    let number = if parts.scheme_number == 0 {
        DEFAULT_NUMBER
    } else {
        parts.scheme_number
    };
    let known = SCHEMES.iter().find(|(known, _, _)| *known == number);
    let (_, name, port) = known.ok_or(BuildError::UnknownSchemeNumber)?;
    push_ascii(url, name);
    Ok(Some(*port))
}

fn push_userinfo(url: &mut Vec<u32>, parts: &Parts<'_>) -> Result<(), BuildError> {
    let Some(user) = parts.user else {
        return if parts.password.is_some() {
            Err(BuildError::PasswordWithoutUser)
        } else {
            Ok(())
        };
    };
    url.extend_from_slice(user);
    if let Some(password) = parts.password {
        push_ascii(url, ":");
        url.extend_from_slice(password);
    }
    push_ascii(url, "@");
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::url::Scheme;
    use crate::url::crack::crack;

    fn units(text: &str) -> Vec<u32> {
        text.encode_utf16().map(u32::from).collect()
    }

    /// Parts as text; the fields are those of [`Parts`].
    #[derive(Clone, Copy, Default)]
    struct Text {
        scheme: Option<&'static str>,
        number: u32,
        user: Option<&'static str>,
        password: Option<&'static str>,
        host: Option<&'static str>,
        port: u16,
        path: Option<&'static str>,
        extra: Option<&'static str>,
    }

    const H: Text = Text {
        scheme: None,
        number: 0,
        user: None,
        password: None,
        host: Some("h"),
        port: 80,
        path: None,
        extra: None,
    };

    fn built(text: Text, escape: bool) -> Result<String, BuildError> {
        let texts = [
            text.scheme,
            text.user,
            text.password,
            text.host,
            text.path,
            text.extra,
        ];
        let [scheme, user, password, host, path, extra] = texts.map(|part| part.map(units));
        let parts = Parts {
            scheme: scheme.as_deref(),
            scheme_number: text.number,
            user: user.as_deref(),
            password: password.as_deref(),
            host: host.as_deref(),
            port: text.port,
            path: path.as_deref(),
            extra: extra.as_deref(),
        };
        let url = build(&parts, escape)?;
        Ok(crate::url::units::chars(&url).map(Result::unwrap).collect())
    }

    #[test]
    fn fact_8_3_2_a_whole_url() {
        let text = Text {
            scheme: Some("http"),
            user: Some("username"),
            password: Some("password"),
            host: Some("www.example.com"),
            path: Some("/site/about"),
            extra: Some("?query"),
            ..H
        };
        let expected = "http://username:password@www.example.com/site/about?query";
        assert_eq!(built(text, false).unwrap(), expected);
    }

    #[test]
    fn fact_8_3_3_scheme_and_port() {
        let cases = [
            (Text { ..H }, "http://h"),
            (Text { number: 2, ..H }, "https://h:80"),
            (
                Text {
                    number: 2,
                    port: 443,
                    ..H
                },
                "https://h",
            ),
            (
                Text {
                    scheme: Some("HTTPS"),
                    number: 1,
                    port: 443,
                    ..H
                },
                "HTTPS://h",
            ),
            (
                Text {
                    scheme: Some("ftp"),
                    ..H
                },
                "ftp://h:80",
            ),
            (
                Text {
                    scheme: Some("ftp"),
                    port: 21,
                    ..H
                },
                "ftp://h",
            ),
            (
                Text {
                    scheme: Some("nntp"),
                    port: 119,
                    ..H
                },
                "nntp://h:119",
            ),
            (Text { port: 0, ..H }, "http://h:0"),
            (
                Text {
                    scheme: Some("http"),
                    port: 0,
                    ..H
                },
                "http://h:0",
            ),
            (Text { port: 42, ..H }, "http://h:42"),
        ];
        for (text, expected) in cases {
            assert_eq!(built(text, false).unwrap(), expected);
        }
        let unknown = built(Text { number: 9, ..H }, false);
        assert_eq!(unknown, Err(BuildError::UnknownSchemeNumber));
    }

    #[test]
    fn fact_8_3_4_user_and_password() {
        let with = |user, password| {
            built(
                Text {
                    user,
                    password,
                    ..H
                },
                false,
            )
        };
        assert_eq!(with(Some("u"), None).unwrap(), "http://u@h");
        assert_eq!(with(Some("u"), Some("")).unwrap(), "http://u:@h");
        assert_eq!(with(None, Some("p")), Err(BuildError::PasswordWithoutUser));
        assert_eq!(with(Some(""), Some("p")).unwrap(), "http://:p@h");
        assert_eq!(with(None, None).unwrap(), "http://h");
        assert_eq!(with(Some(""), Some("")).unwrap(), "http://:@h");
    }

    #[test]
    fn fact_8_3_5_escaping_touches_path_and_extra_only() {
        let text = Text {
            user: Some("u "),
            host: Some("a b"),
            path: Some("/x y~%20"),
            extra: Some("?a=#\u{1}"),
            ..H
        };
        assert_eq!(
            built(text, true).unwrap(),
            "http://u @a b/x%20y%7E%2520?a=%23%01"
        );
        assert_eq!(
            built(text, false).unwrap(),
            "http://u @a b/x y~%20?a=#\u{1}"
        );
    }

    #[test]
    fn fact_8_3_6_characters_outside_ascii() {
        let text = Text {
            path: Some("/\u{159}"),
            extra: Some("?\u{1F600}"),
            ..H
        };
        assert_eq!(built(text, true).unwrap(), "http://h/%C5%99?%F0%9F%98%80");
        assert_eq!(built(text, false).unwrap(), "http://h/\u{159}?\u{1F600}");
        let lone = [0xD800];
        let parts = Parts {
            path: Some(&lone),
            ..Parts::default()
        };
        assert_eq!(build(&parts, true), Err(BuildError::NotText));
        assert!(build(&parts, false).is_ok());
    }

    #[test]
    fn fact_8_3_7_the_host_may_be_missing() {
        let none = Text { host: None, ..H };
        let extra = Text {
            extra: Some("?text=1"),
            ..none
        };
        assert_eq!(built(extra, false).unwrap(), "http://?text=1");
        let path = |path| Text {
            path: Some(path),
            ..none
        };
        assert_eq!(built(path("/text=1"), false).unwrap(), "http:///text=1");
        // Only a host is kept apart from its path.
        assert_eq!(built(path("a"), false).unwrap(), "http://a");
        let with_host = Text {
            path: Some("a"),
            ..H
        };
        assert_eq!(built(with_host, false).unwrap(), "http://h/a");
    }

    #[test]
    fn user_names_can_be_rejected() {
        let empty: &[u32] = &[];
        let user = Parts {
            user: Some(empty),
            ..Parts::default()
        };
        assert_eq!(reject_userpwd(&user), Err(BuildError::UserRejected));
        assert_eq!(reject_userpwd(&Parts::default()), Ok(()));
    }

    proptest! {
        #[test]
        fn what_is_cracked_builds_again(
            text in "https?://([a-z]{0,3}(:[a-z]{0,3})?@)?[a-z]+(:[1-9][0-9]{0,3})?(/[a-z?#]{0,4})?",
        ) {
            let url = units(&text);
            let cracked = crack(&url, false).unwrap();
            let part = |range: Option<std::ops::Range<usize>>| range.map(|range| &url[range]);
            let parts = Parts {
                scheme: part(Some(cracked.scheme_range.clone())),
                scheme_number: 0,
                user: part(cracked.user.clone()),
                password: part(cracked.password.clone()),
                host: part(Some(cracked.host.clone())),
                port: cracked.port,
                path: part(Some(cracked.path.clone())),
                extra: part(Some(cracked.extra.clone())),
            };
            let again = build(&parts, false).unwrap();
            let default = match cracked.scheme { Scheme::Http => ":80", Scheme::Https => ":443" };
            let written = text.contains(&format!("{default}/")) || text.ends_with(default);
            prop_assert!(again == url || written);
            prop_assert_eq!(crack(&again, false).unwrap().port, cracked.port);
        }
    }
}
