//! Values of options: what each may be, and a sentence for what it may not.

use std::time::Duration;

/// The longest reason a close frame has room for (RFC 6455 section 5.5: 125 bytes minus the
/// status).
const REASON_LIMIT_BYTES: usize = 123;

/// What the handshake sets itself: a program's own value would not be sent.
const OF_THE_HANDSHAKE: [&str; 4] = [
    "Connection",
    "Upgrade",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Version",
];

/// One header line (RFC 9110 section 5). WinHTTP would take several in one text; here that is a
/// mistake.
pub(crate) fn header(line: String) -> Result<String, String> {
    let Some((name, value)) = line.split_once(':') else {
        return Err(format!("{line:?}: a header is written 'Name: value'"));
    };
    if !is_token(name) {
        return Err(format!("{name:?}: not a header's name"));
    }
    if value.contains(['\r', '\n']) {
        return Err(format!("{name}: a header is one line"));
    }
    if value.contains(|c: char| c.is_control() && c != '\t') {
        return Err(format!("{name}: a header has no control characters"));
    }
    if OF_THE_HANDSHAKE
        .iter()
        .any(|own| own.eq_ignore_ascii_case(name))
    {
        return Err(format!("{name}: the handshake sets this header itself"));
    }
    Ok(line)
}

/// A subprotocol's name (RFC 6455 section 4.1: a token).
pub(crate) fn subprotocol(name: String) -> Result<String, String> {
    if is_token(&name) {
        Ok(name)
    } else {
        Err(format!("{name:?}: not a subprotocol's name"))
    }
}

/// A list of proxies. What its entries may be is up to WinHTTP.
pub(crate) fn proxies(list: String) -> Result<String, String> {
    if list.contains('@') {
        // Not repeated: it may be a password.
        return Err("credentials are not part of --proxy: --proxy-auth NAME:PASSWORD".to_owned());
    }
    if list.trim().is_empty() {
        return Err("--proxy names no proxy".to_owned());
    }
    if list.contains(char::is_control) {
        return Err("a list of proxies has no control characters".to_owned());
    }
    Ok(list)
}

/// RFC 9110 section 5.6.2: visible characters without separators.
fn is_token(text: &str) -> bool {
    let separator = |c: char| !c.is_ascii_graphic() || "()<>@,;:\\\"/[]?={}".contains(c);
    !text.is_empty() && !text.contains(separator)
}

pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    text.parse::<f64>()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        // WinHTTP counts milliseconds in a signed 32-bit number.
        .filter(|duration| i32::try_from(duration.as_millis()).is_ok())
        .ok_or_else(|| format!("{text}: not a number of seconds"))
}

pub(crate) fn count(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| format!("{text}: not a number of messages"))
}

/// A count of which 0 would mean nothing.
pub(crate) fn positive_count(text: &str) -> Result<u64, String> {
    match count(text)? {
        0 => Err("0: at least one message".to_owned()),
        count => Ok(count),
    }
}

/// Close status codes an application may send (RFC 6455 section 7.4).
pub(crate) fn close_status(text: &str) -> Result<u16, String> {
    text.parse()
        .ok()
        .filter(|code| matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999))
        .ok_or_else(|| {
            format!("{text}: not a close status (1000 to 1003, 1007 to 1014, 3000 to 4999)")
        })
}

pub(crate) fn reason(text: String) -> Result<String, String> {
    if text.len() > REASON_LIMIT_BYTES {
        return Err(format!(
            "a close reason has at most {REASON_LIMIT_BYTES} bytes"
        ));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_of_124_bytes_is_refused() {
        let longest = "x".repeat(REASON_LIMIT_BYTES);
        assert_eq!(reason(longest.clone()), Ok(longest));
        assert!(reason("x".repeat(REASON_LIMIT_BYTES + 1)).is_err());
    }

    #[test]
    fn headers_are_one_line_with_a_name_that_is_one() {
        for good in ["A: b", "A:", "X-a_b~: \t ü:c", "Host: other"] {
            assert_eq!(header(good.to_owned()).as_deref(), Ok(good));
        }
        for (bad, expected) in [
            ("no colon", "'Name: value'"),
            (": value", "not a header's name"),
            ("A b: c", "not a header's name"),
            ("A : b", "not a header's name"),
            ("Ä: b", "not a header's name"),
            ("A: b\r\nC: d", "one line"),
            ("A: b\0", "control"),
            ("A: \u{1b}[2J", "control"),
        ] {
            let error = header(bad.to_owned()).unwrap_err();
            assert!(error.contains(expected), "{bad:?}: {error}");
        }
    }

    #[test]
    fn headers_that_the_handshake_replaces_are_refused() {
        for name in [
            "upgrade",
            "CONNECTION",
            "Sec-WebSocket-Key",
            "sec-websocket-version",
        ] {
            let error = header(format!("{name}: x")).unwrap_err();
            assert!(error.contains("handshake"), "{error}");
        }
    }

    #[test]
    fn counts_are_whole_numbers() {
        assert_eq!(count("0"), Ok(0));
        assert!(count("-1").is_err() && count("1.5").is_err() && count("many").is_err());
        assert!(positive_count("0").is_err());
    }
}
