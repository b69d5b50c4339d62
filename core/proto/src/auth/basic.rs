//! Basic: name and password as they are (RFC 7617).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::credentials::Login;
use super::secret::Authorization;

const PREFIX: &[u8] = b"Basic ";

/// `Basic base64(name:password)`, both in UTF-8; `DOMAIN\name` goes out literally.
///
/// `None` for a login that cannot be sent ([`Login::is_sendable`]).
pub(super) fn authorization(login: &Login) -> Option<Authorization> {
    if !login.is_sendable() {
        return None;
    }
    let (user, password) = (login.user.expose(), login.password.expose());
    let mut pair = Zeroizing::new(Vec::with_capacity(user.len() + 1 + password.len()));
    pair.extend_from_slice(user.as_bytes());
    pair.push(b':');
    pair.extend_from_slice(password.as_bytes());
    // Four characters for three bytes, and the last ones padded.
    let mut coded = Zeroizing::new(vec![0; pair.len().div_ceil(3) * 4]);
    let length = STANDARD.encode_slice(&*pair, &mut coded).ok()?;
    let mut value = Authorization::with_capacity(PREFIX.len() + length);
    value.push(PREFIX);
    value.push(coded.get(..length)?);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(user: &str, password: &str) -> Option<String> {
        let value = authorization(&Login::new(user.to_owned(), password.to_owned()))?;
        Some(String::from_utf8(value.expose().to_vec()).unwrap())
    }

    #[test]
    fn fact_28_5_1_the_examples_of_rfc_7617() {
        assert_eq!(
            of("Aladdin", "open sesame").unwrap(),
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
        );
        assert_eq!(of("test", "123\u{a3}").unwrap(), "Basic dGVzdDoxMjPCow==");
        assert_eq!(of("u", "").unwrap(), "Basic dTo=");
    }

    #[test]
    fn fact_28_1_5_a_domain_goes_out_literally() {
        assert_eq!(
            of("DOMAIN\\user", "password").unwrap(),
            "Basic RE9NQUlOXHVzZXI6cGFzc3dvcmQ="
        );
    }

    #[test]
    fn line_ends_and_nul_are_not_sent() {
        for bad in ["a\rb", "a\nb", "a\0b", "a\x1b"] {
            assert_eq!(of(bad, "p"), None, "{bad:?}");
        }
        for bad in ["a\rb", "a\nb", "a\0b"] {
            assert_eq!(of("u", bad), None, "{bad:?}");
        }
        assert_eq!(of("", "p"), None);
    }
}
