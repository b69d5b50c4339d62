//! A response as people may see it: its head and the beginning of its body, without anything secret.
//!
//! Secret are the values of fields that carry credentials, user names and passwords in URLs, and whatever of the request's
//! own credentials the server repeats.

use std::fmt::Write as _;

use super::head::ResponseHead;
use crate::header::{Header, text};

/// Bytes of the head that are shown.
const HEAD_BYTES_MAX: usize = 4096;
/// Bytes of the body that are shown.
pub const BODY_BYTES_MAX: usize = 1024;
/// Shorter pieces are no credentials, and would be found everywhere.
const SECRET_BYTES_MIN: usize = 6;

/// What stands for something secret.
const WITHHELD: &str = "(withheld)";

/// The text of a response: status line, header lines and, behind an empty line, what of the body is given, up to
/// [`BODY_BYTES_MAX`]. `request` is the encoded head of the request, whose credentials are withheld.
#[must_use]
pub fn shown(head: &ResponseHead, body: &[u8], request: &[u8]) -> String {
    let mut shown = String::new();
    // Writing to memory cannot fail.
    let _ = write!(shown, "{} {} {}", head.version(), head.status, head.reason);
    for header in &head.headers {
        let value = match header.is_secret() {
            true => WITHHELD.to_owned(),
            false => without_user(&text::decode(&header.value)),
        };
        let _ = write!(shown, "\n{}: {value}", header.name);
        if shown.len() > HEAD_BYTES_MAX {
            break;
        }
    }
    let shown_head = text_up_to(&shown, HEAD_BYTES_MAX);
    let mut all = shown_head.to_owned();
    if shown_head.len() < shown.len() {
        all.push_str("...");
    }
    let beginning = body.get(..BODY_BYTES_MAX).unwrap_or(body);
    if !beginning.is_empty() {
        all.push_str("\n\n");
        all.push_str(&String::from_utf8_lossy(beginning));
    }
    if beginning.len() < body.len() {
        all.push_str("...");
    }
    for secret in secrets(request) {
        all = all.replace(&secret, WITHHELD);
    }
    all
}

/// The beginning of `text` that has at most `max` bytes.
fn text_up_to(text: &str, max: usize) -> &str {
    let end = (0..=max.min(text.len())).rfind(|&end| text.is_char_boundary(end));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

/// Without the user name and password of a URL, wherever one is in `value`.
fn without_user(value: &str) -> String {
    let mut rest = value;
    let mut shown = String::new();
    while let Some((before, behind)) = rest.split_once("://") {
        shown.push_str(before);
        shown.push_str("://");
        let authority = behind.split(['/', '?', '#', ' ', ',', '"']).next();
        let user = authority.and_then(|authority| authority.rfind('@'));
        rest = behind;
        if let Some(host) = user.and_then(|at| behind.get(at..)) {
            shown.push_str(WITHHELD);
            rest = host;
        }
    }
    shown.push_str(rest);
    shown
}

/// What of a request's head proves who sends it: the values of such fields, and what is behind the name of a scheme.
fn secrets(request: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for line in request.split(|&byte| byte == b'\n') {
        let Some(colon) = line.iter().position(|&byte| byte == b':') else {
            continue;
        };
        let (name, value) = line.split_at(colon);
        if !Header::is_secret_name(&String::from_utf8_lossy(name)) {
            continue;
        }
        let value = text::decode(value.get(1..).unwrap_or_default());
        let value = value.trim();
        let pieces = value.split([' ', ';', ',']).map(str::trim);
        let cookies = pieces.clone().filter_map(|piece| piece.split_once('='));
        let values = cookies.map(|(_, value)| value);
        found.extend(
            [value]
                .into_iter()
                .chain(pieces)
                .chain(values)
                .map(str::to_owned),
        );
    }
    found.retain(|secret| secret.len() >= SECRET_BYTES_MIN);
    // The longest first, so that no part of one is left.
    found.sort_unstable_by_key(|secret| std::cmp::Reverse(secret.len()));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::HeaderList;

    fn head(headers: &[(&str, &str)]) -> ResponseHead {
        let mut list = HeaderList::new();
        for (name, value) in headers {
            list.push(name, value);
        }
        ResponseHead {
            version_minor: 1,
            status: 403,
            reason: "Forbidden".to_owned(),
            headers: list,
        }
    }

    #[test]
    fn a_response_is_shown_as_it_came() {
        let head = head(&[("Server", "x"), ("Via", "é")]);
        assert_eq!(
            shown(&head, b"go away", b""),
            "HTTP/1.1 403 Forbidden\nServer: x\nVia: é\n\ngo away"
        );
        assert!(!shown(&head, b"", b"").contains("\n\n"));
    }

    #[test]
    fn head_and_body_are_cut() {
        let long = "v".repeat(10_000);
        let text = shown(&head(&[("A", &long), ("B", "1")]), &[b'b'; 1025], b"");
        let (head, body) = text.split_once("\n\n").unwrap();
        assert_eq!(
            (head.len(), body.len()),
            (HEAD_BYTES_MAX + 3, BODY_BYTES_MAX + 3)
        );
        assert!(head.ends_with("v...") && body.ends_with("b..."));
    }

    #[test]
    fn what_the_server_sets_or_repeats_of_credentials_is_withheld() {
        let request = b"GET / HTTP/1.1\r\nauthorization: Basic dXNlcjpwYXNz\r\nCookie: id=c0ffee00; a=b\r\nHost: h\r\n\r\n";
        let head = head(&[
            ("Set-Cookie", "id=other"),
            ("X-Echo", "Basic dXNlcjpwYXNz"),
            ("Location", "https://user:pass@host/a@b, http://me@other"),
        ]);
        let text = shown(&head, b"you sent dXNlcjpwYXNz and c0ffee00", request);
        assert_eq!(
            text,
            "HTTP/1.1 403 Forbidden\nSet-Cookie: (withheld)\nX-Echo: (withheld)\n\
             Location: https://(withheld)@host/a@b, http://(withheld)@other\n\n\
             you sent (withheld) and (withheld)"
        );
    }
}
