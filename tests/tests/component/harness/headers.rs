//! Header fields of handshakes: as C structures, as text, and what the handshakes of tests say.

use windows_sys::Win32::Networking::WebSocket::WEB_SOCKET_HTTP_HEADER;

/// The key of all zeros, and what a server answers to it.
pub(crate) const ZERO_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAA==";
pub(crate) const ZERO_ACCEPT: &str = "ICX+Yqv66kxgM0FcWaLWlFLwTAI=";

/// A header field.
pub(crate) type Header = (String, String);

/// Fields from text.
pub(crate) fn fields(of: &[(&str, &str)]) -> Vec<Header> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    of.iter().map(owned).collect()
}

/// The request of the scenarios, with the key of all zeros.
pub(crate) fn request() -> Vec<Header> {
    fields(&[
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Host", ""),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", ZERO_KEY),
    ])
}

/// The shortest response to a request with this key.
pub(crate) fn response(key: &str) -> Vec<Header> {
    let accept = tungstenite::handshake::derive_accept_key(key.as_bytes());
    fields(&[
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Accept", &accept),
    ])
}

/// The same fields without one.
pub(crate) fn without(headers: &[Header], name: &str) -> Vec<Header> {
    let others = headers
        .iter()
        .filter(|(own, _)| !own.eq_ignore_ascii_case(name));
    let others: Vec<_> = others.cloned().collect();
    assert!(others.len() < headers.len(), "there is a field {name}");
    others
}

/// The same fields with another value in one.
pub(crate) fn with(headers: &[Header], name: &str, value: &str) -> Vec<Header> {
    let mut others = without(headers, name);
    others.push((name.to_owned(), value.to_owned()));
    others
}

/// The same fields and one more.
pub(crate) fn and(headers: &[Header], name: &str, value: &str) -> Vec<Header> {
    let mut all = headers.to_vec();
    all.push((name.to_owned(), value.to_owned()));
    all
}

/// The only value of a field.
pub(crate) fn value<'h>(headers: &'h [Header], name: &str) -> &'h str {
    let mut own = headers
        .iter()
        .filter(|(own, _)| own.eq_ignore_ascii_case(name));
    let (_, value) = own
        .next()
        .unwrap_or_else(|| panic!("no {name} in {headers:?}"));
    assert!(own.next().is_none(), "one {name} only: {headers:?}");
    value
}

/// As C structures, which point into the fields.
pub(crate) fn raw(headers: &[Header]) -> Vec<WEB_SOCKET_HTTP_HEADER> {
    let raw = |(name, value): &Header| WEB_SOCKET_HTTP_HEADER {
        pcName: name.as_ptr().cast_mut(),
        ulNameLength: name.len() as u32,
        pcValue: value.as_ptr().cast_mut(),
        ulValueLength: value.len() as u32,
    };
    headers.iter().map(raw).collect()
}

/// Copies what the library handed out, and checks that every text ends with NUL at its length.
///
/// # Safety
///
/// `array` has `count` elements, all of which may be read.
pub(crate) unsafe fn read(array: *const WEB_SOCKET_HTTP_HEADER, count: u32) -> Vec<Header> {
    // SAFETY: as promised by the caller.
    let headers = unsafe { std::slice::from_raw_parts(array, count as usize) };
    let text = |start: *const u8, length: u32| {
        // SAFETY: so many bytes are there, and a terminator.
        let bytes = unsafe { std::slice::from_raw_parts(start, length as usize + 1) };
        let (terminator, text) = bytes.split_last().unwrap();
        assert_eq!(*terminator, 0, "the text ends at its length");
        assert!(!text.contains(&0), "and not before");
        String::from_utf8(text.to_vec()).unwrap()
    };
    let all = headers.iter().map(|header| {
        (
            text(header.pcName, header.ulNameLength),
            text(header.pcValue, header.ulValueLength),
        )
    });
    all.collect()
}

/// Decodes base64 with its padding.
pub(crate) fn base64(text: &str) -> Option<Vec<u8>> {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let body = text.trim_end_matches('=');
    if !text.len().is_multiple_of(4) || text.len() - body.len() > 2 {
        return None;
    }
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    for byte in body.bytes() {
        let digit = digits.iter().position(|own| *own == byte)?;
        bits = bits << 6 | digit as u32;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    (bits == 0).then_some(bytes)
}
