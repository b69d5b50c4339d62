//! A response as people may see it: its head and the beginning of its body, without anything
//! secret.
//!
//! Secret are the values of fields that carry credentials, user names and passwords in URLs, and
//! whatever of the request's own credentials the server repeats.

use std::fmt::Write as _;

use super::head::ResponseHead;
use super::secrets::{Secrets, WITHHELD};
use crate::header::text;

/// Bytes of the head that are shown.
const HEAD_BYTES_MAX: usize = 4096;
/// Bytes of the body that are shown.
pub const BODY_BYTES_MAX: usize = 1024;
/// What marks that there is more.
const CUT: &str = "...";

/// The text of a response: status line, header lines and, behind an empty line, what of the body is
/// given, up to [`BODY_BYTES_MAX`]. `request` is the encoded head of the request, whose credentials
/// are withheld.
#[must_use]
pub fn shown(head: &ResponseHead, body: &[u8], request: &[u8]) -> String {
    let mut shown = String::new();
    // Writing to memory cannot fail.
    let reason = without_user(&head.reason);
    let _ = write!(shown, "{} {} {reason}", head.version(), head.status);
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
    // Withheld first, cut then: of what is cut, the beginning would be left.
    let secrets = Secrets::of(request);
    let withheld = |bytes: &[u8]| String::from_utf8_lossy(&secrets.withhold(bytes)).into_owned();
    let shown = withheld(shown.as_bytes());
    let shown_head = text_up_to(&shown, HEAD_BYTES_MAX);
    let mut all = shown_head.to_owned();
    if shown_head.len() < shown.len() {
        all.push_str(CUT);
    }
    let beginning = body.get(..BODY_BYTES_MAX).unwrap_or(body);
    if !beginning.is_empty() {
        all.push_str("\n\n");
        all.push_str(&without_user(&withheld(beginning)));
    }
    if beginning.len() < body.len() {
        all.push_str(CUT);
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
    fn credentials_are_withheld_before_the_head_and_the_body_are_cut() {
        let request = b"GET / HTTP/1.1\r\nauthorization: Bearer open-sesame-0123456789\r\n\r\n";
        for padding in 1000..BODY_BYTES_MAX + 3 {
            let body = ["x".repeat(padding), "open-sesame-0123456789".to_owned()].concat();
            let text = shown(&head(&[]), body.as_bytes(), request);
            assert!(!text.contains("open-s"), "{text}");
            let text = shown(
                &head(&[
                    ("A", &"x".repeat(3050 + padding)),
                    ("B", "open-sesame-0123456789"),
                ]),
                b"",
                request,
            );
            assert!(!text.contains("open-s"), "{text}");
        }
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
