//! The client's check of a 101 response: it accepts exactly what RFC 6455 §4.1 lets it accept.
//!
//! Input: how the response is made, the nonce, which sub-protocols are offered, then header lines;
//! where they say `@A`, the right accept value stands.

use winhttp_proto::header::HeaderList;
use winhttp_proto::http1::head::{HeadLimits, HeadStatus, parse_response};
use winhttp_proto::websocket::{HandshakeError, Offer, accept_for, client_key};

use crate::input::Input;

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let good = input.flag();
    let nonce: [u8; 16] = std::array::from_fn(|_| input.byte());
    let key = client_key(nonce);
    assert_eq!(decoded(key.as_str()), nonce);
    let accept = accept_for(&key);
    assert_eq!(decoded(accept.as_str()).len(), 20, "a SHA-1 digest");

    let offered = &["chat", "v2"][..input.below(3)];
    let offer = |key| Offer {
        key,
        sub_protocols: offered.iter().map(|name| name.as_bytes().into()).collect(),
    };

    let mut wire = b"HTTP/1.1 101 Switching Protocols\r\n".to_vec();
    if good {
        wire.extend(b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: @A\r\n");
    }
    wire.extend(input.rest());
    wire.extend(b"\r\n\r\n");
    let wire = with_accept(&wire, accept.as_str());
    let Ok(HeadStatus::Complete { head, .. }) = parse_response(&wire, &HeadLimits::default())
    else {
        return;
    };
    let values = |name| head.headers.all(name);
    assert_eq!(
        offer(key).check_response(values),
        expected(&head.headers, &accept, offered)
    );

    // Another key must not be answered by the same response.
    let mut other = nonce;
    other[0] ^= 1;
    assert!(offer(client_key(other)).check_response(values).is_err());
}

/// `@A` stands for the accept value.
fn with_accept(wire: &[u8], accept: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(wire.len() + accept.len());
    let mut rest = wire;
    while let Some((&byte, after)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(b"@A") {
            out.extend(accept.as_bytes());
            rest = after;
        } else {
            out.push(byte);
            rest = after;
        }
    }
    out
}

/// The rules, read from the RFC in its order.
fn expected(headers: &HeaderList, accept: &str, offered: &[&str]) -> Result<(), HandshakeError> {
    let all = |name: &str| -> Vec<String> {
        let own = headers
            .iter()
            .filter(|header| header.name.eq_ignore_ascii_case(name));
        own.map(|header| header.value.iter().copied().map(char::from).collect())
            .collect()
    };
    let members = |name: &str| -> Vec<String> {
        let joined = all(name).join(",");
        let trimmed = joined.split(',').map(|member| {
            member
                .trim_matches([' ', '\t', '\r', '\n', '\x0c'])
                .to_ascii_lowercase()
        });
        trimmed.filter(|member| !member.is_empty()).collect()
    };
    let accepts = all("sec-websocket-accept");
    let selected = all("sec-websocket-protocol");
    let is_offered = |name: &str| name.is_empty() || offered.contains(&name);
    if !members("upgrade").contains(&"websocket".to_owned()) {
        Err(HandshakeError::UpgradeMissing)
    } else if !members("connection").contains(&"upgrade".to_owned()) {
        Err(HandshakeError::ConnectionMissing)
    } else if accepts.is_empty() {
        Err(HandshakeError::AcceptMissing)
    } else if accepts.len() > 1 || accepts[0].trim_matches([' ', '\t', '\x0c']) != accept {
        Err(HandshakeError::AcceptMismatch)
    } else if !members("sec-websocket-extensions").is_empty() {
        Err(HandshakeError::ExtensionNotOffered)
    } else if selected.len() > 1
        || selected
            .iter()
            .any(|name| !is_offered(name.trim_matches([' ', '\t'])))
    {
        Err(HandshakeError::SubProtocolNotOffered)
    } else {
        Ok(())
    }
}

/// Base64, decoded bit by bit.
fn decoded(text: &str) -> Vec<u8> {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    assert_eq!(text.len() % 4, 0);
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for character in text.trim_end_matches('=').chars() {
        let digit = DIGITS.find(character).expect("a base64 digit");
        bits = bits << 6 | digit as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    assert_eq!(bits, 0, "unused bits are zero");
    bytes
}
