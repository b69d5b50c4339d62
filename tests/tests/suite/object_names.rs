//! Path and query of WinHttpOpenRequest on the wire, by escape flag.

use winhttp_abi::constants as c;
use winhttp_tests::{Client, answers, scenarios};

/// What is special anywhere: controls, blank, percent, the unsafe characters, line ends, 0x7f and
/// above.
const INPUT: &str = "\u{1}\u{1f} %41\"#<>[\\]^{|}`\r\n\u{7f}\u{80}ü";
const ESCAPED: &str = "%01%1F%20%41%22%23%3C%3E%5B%5C%5D%5E%7B%7C%7D%60%0D%0A%7F%C2%80%C3%BC";
const PERCENT: &str = "%01%1F%20%2541%22%23%3C%3E%5B%5C%5D%5E%7B%7C%7D%60%0D%0A%7F%C2%80%C3%BC";
const DISABLED: &str = "\u{1}\u{1f}%20%41\"#<>[\\]^{|}`\u{7f}%C2%80%C3%BC";
/// Never touched, in path and query.
const UNTOUCHED: &str = "!$&'()*+,-./:;=?@_~azAZ09";

scenarios! {
    fn fact_7_3_path_and_query_are_escaped_by_flag<W>(mode) {
        let cases = [
            (0, ESCAPED, ESCAPED),
            (c::WINHTTP_FLAG_ESCAPE_PERCENT, PERCENT, PERCENT),
            (c::WINHTTP_FLAG_ESCAPE_DISABLE, DISABLED, DISABLED),
            (c::WINHTTP_FLAG_ESCAPE_DISABLE_QUERY, ESCAPED, DISABLED),
        ];
        for (flag, path, query) in cases {
            let target = format!("/{path}?{query}");
            assert_eq!(on_the_wire::<W>(mode, &format!("/{INPUT}?{INPUT}"), flag), target, "{flag:#x}");
        }
    }

    fn fact_7_3_what_is_never_touched<W>(mode) {
        for flag in [
            0,
            c::WINHTTP_FLAG_ESCAPE_PERCENT,
            c::WINHTTP_FLAG_ESCAPE_DISABLE,
            c::WINHTTP_FLAG_ESCAPE_DISABLE_QUERY,
            c::WINHTTP_FLAG_NULL_CODEPAGE,
        ] {
            let object = format!("/{UNTOUCHED}");
            assert_eq!(on_the_wire::<W>(mode, &object, flag), object, "{flag:#x}");
        }
    }

    fn fact_7_3_non_ascii_is_utf_8_in_upper_case_hex<W>(mode) {
        let escaped = "/%E6%97%A5%E6%9C%AC?%F0%9D%84%9E";
        for flag in [0, c::WINHTTP_FLAG_ESCAPE_DISABLE, c::WINHTTP_FLAG_ESCAPE_DISABLE_QUERY] {
            assert_eq!(on_the_wire::<W>(mode, "/日本?𝄞", flag), escaped, "{flag:#x}");
        }
    }

    fn fact_1_6_a_missing_slash_is_added<W>(mode) {
        for (object, target) in [("", "/"), ("big", "/big"), ("?a=b", "/?a=b"), ("a b", "/a%20b"), ("//x", "//x")] {
            assert_eq!(on_the_wire::<W>(mode, object, 0), target, "{object:?}");
        }
    }

    fn a_request_line_cannot_be_split<W>(mode) {
        let object = "/ HTTP/1.1\r\nX-Injected: yes\r\n\r\nGET /second";
        for flag in [
            0,
            c::WINHTTP_FLAG_ESCAPE_PERCENT,
            c::WINHTTP_FLAG_ESCAPE_DISABLE,
            c::WINHTTP_FLAG_ESCAPE_DISABLE_QUERY,
        ] {
            for object in [object.to_owned(), format!("/?{object}")] {
                let target = on_the_wire::<W>(mode, &object, flag);
                assert!(!target.contains([' ', '\r', '\n']), "{flag:#x}: {target:?}");
            }
        }
    }
}

/// Sends a request for an object and gives its target as it came over the connection; the head is
/// well formed.
fn on_the_wire<W: winhttp_abi::wide::Unit>(
    mode: winhttp_tests::Mode,
    object: &str,
    flags: u32,
) -> String {
    // A raw peer: with escaping off the target is no valid HTTP, and a strict one would refuse it.
    let server = winhttp_fixtures::Server::plain(|connection| {
        connection.read_until(b"\r\n\r\n")?;
        connection.send(b"HTTP/1.1 204 No Content\r\n\r\n")?;
        connection.wait_closed();
        Ok(())
    })
    .unwrap();
    let client = Client::<W>::new(mode);
    let connect = client.connect("127.0.0.1", server.port()).unwrap();
    let request = client.open_request(connect, "GET", object, flags).unwrap();
    client.exchange(request).unwrap();
    client.finish();
    let head = String::from_utf8(server.received(0)).unwrap();
    assert!(
        head.ends_with("\r\n\r\n") && head.matches("\r\n\r\n").count() == 1,
        "{head:?}"
    );
    assert!(!head.contains("\r\nX-Injected"), "{head:?}");
    let line = head.split_once("\r\n").unwrap().0;
    line.strip_prefix("GET ")
        .unwrap()
        .strip_suffix(" HTTP/1.1")
        .unwrap()
        .to_owned()
}

#[test]
fn a_plain_peer_reads_the_escaped_target() {
    let server = answers("HTTP/1.1 204 No Content\r\n\r\n");
    let client = Client::<u16>::new(winhttp_tests::Mode::Sync);
    let request = client.get(server.port(), "/a b?c=d#e");
    client.exchange(request).unwrap();
    assert_eq!(server.requests()[0].target, "/a%20b?c=d%23e");
    client.finish();
}
