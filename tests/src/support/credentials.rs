//! Both halves of authentication: WinHttpSetCredentials, and servers that ask for a password.

use std::io;
use std::ptr::{null, null_mut};

use md5::{Digest as _, Md5};
use winhttp_abi::wide::Unit;
use winhttp_fixtures::{Connection, Request, Server};

use crate::{Call, Handle, call, text};

/// `user:pa55word`, as Basic sends it: whom the servers here let in.
pub const TOKEN: &str = "Basic dXNlcjpwYTU1d29yZA==";

/// What [`basic`] asks with.
pub const BASIC_CHALLENGE: &str = "Basic realm=\"x\"";

/// What [`digest`] asks with.
pub const DIGEST_CHALLENGE: &str =
    "Digest realm=\"x\", nonce=\"n0nce\", qop=\"auth\", opaque=\"o\"";

/// WinHttpSetCredentials.
///
/// # Errors
/// The last error.
pub fn set<W: Unit>(
    request: Handle,
    target: u32,
    scheme: u32,
    user: Option<&str>,
    password: Option<&str>,
) -> Call<()> {
    let [user, password] = [user, password].map(|given| given.map(text::<W>));
    let pointer = |text: &Option<Vec<W>>| text.as_ref().map_or(null(), |text| text.as_ptr());
    // SAFETY: the texts live through the call.
    call(unsafe {
        winhttp::WinHttpSetCredentials::<W>(
            request.raw(),
            target,
            scheme,
            pointer(&user),
            pointer(&password),
            null_mut(),
        )
    })
}

/// Lets in whoever `admits` says, with `hello` and the body once more, and asks others with each
/// of `challenges`.
pub fn guarded(
    challenges: &[&str],
    admits: impl Fn(&Request) -> bool + Send + Sync + 'static,
) -> Server {
    let line = |challenge: &&str| format!("WWW-Authenticate: {challenge}\r\n");
    let asking: String = challenges.iter().map(line).collect();
    Server::plain(move |connection: &mut Connection| -> io::Result<()> {
        while let Some(request) = connection.read_head()? {
            let body = connection.read_body(&request)?;
            if admits(&request) {
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
                    5 + body.len()
                );
                connection.send(&[head.as_bytes(), b"hello", &body].concat())?;
            } else {
                let head =
                    format!("HTTP/1.1 401 Unauthorized\r\n{asking}Content-Length: 2\r\n\r\nno");
                connection.send(head.as_bytes())?;
            }
        }
        Ok(())
    })
    .unwrap()
}

/// Asks for Basic.
#[must_use]
pub fn basic() -> Server {
    guarded(&[BASIC_CHALLENGE], |request| {
        request.header("Authorization") == Some(TOKEN)
    })
}

/// Asks for Digest.
#[must_use]
pub fn digest() -> Server {
    guarded(&[DIGEST_CHALLENGE], answers_digest)
}

/// Verifies the answer to [`DIGEST_CHALLENGE`] by RFC 7616 section 3.4.
#[must_use]
pub fn answers_digest(request: &Request) -> bool {
    let given = request
        .header("Authorization")
        .and_then(|value| value.strip_prefix("Digest "));
    let Some(given) = given else {
        return false;
    };
    let field = |name: &str| {
        let fields = given.split(", ").filter_map(|field| field.split_once('='));
        let value = fields
            .filter(|(key, _)| *key == name)
            .map(|(_, value)| value.trim_matches('"'));
        value.last().unwrap_or_default().to_owned()
    };
    let hash = |text: String| {
        let bytes = Md5::digest(text.as_bytes());
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let (first, second) = (
        hash("user:x:pa55word".to_owned()),
        hash(format!("{}:{}", request.method, request.target)),
    );
    let [count, cnonce] = ["nc", "cnonce"].map(field);
    let expected = hash(format!("{first}:n0nce:{count}:{cnonce}:auth:{second}"));
    field("response") == expected && field("uri") == request.target && field("opaque") == "o"
}

/// The value of Authorization with which Basic shows this name and password (RFC 7617).
#[must_use]
pub fn basic_of(user: &str, password: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let text = format!("{user}:{password}");
    let quartet = |bytes: &[u8]| -> String {
        let byte = |index| u32::from(bytes.get(index).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        let digit = |index: usize| match index <= bytes.len() {
            true => char::from(DIGITS[(bits >> (18 - 6 * index)) as usize % 64]),
            false => '=',
        };
        (0..4).map(digit).collect()
    };
    let digits: String = text.as_bytes().chunks(3).map(quartet).collect();
    format!("Basic {digits}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_every_remainder() {
        assert_eq!(basic_of("user", "pa55word"), TOKEN);
        assert_eq!(basic_of("", ""), "Basic Og==");
        assert_eq!(basic_of("a", ""), "Basic YTo=");
        assert_eq!(basic_of("\u{fc}", ""), "Basic w7w6");
    }
}
