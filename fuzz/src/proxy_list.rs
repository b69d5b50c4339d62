//! Proxy lists, bypass lists, `no_proxy` and stored settings: what is read says the same when it is
//! written and read again, a bypass list bypasses what a second, plain reading says, and what is
//! reported of `no_proxy` bypasses no more than that does.
//!
//! Input: a byte that chooses the target, then the text, which is read as each of them.

use std::net::Ipv6Addr;

use winhttp_proto::proxy::environment::EnvironmentProxy;
use winhttp_proto::proxy::stored::Stored;
use winhttp_proto::proxy::{BypassList, ProxyList};
use winhttp_proto::url::host::{Host, HostKind};

use crate::input::Input;

/// Targets: https, host and port. No name could be a pattern of addresses.
const TARGETS: [(bool, &str, u16); 10] = [
    (false, "a.test", 80),
    (true, "a.test", 443),
    (false, "B.a.test", 8080),
    (false, "intranet", 80),
    (false, "localhost", 80),
    (false, "10.1.2.3", 80),
    (true, "192.168.255.255", 444),
    (false, "127.0.0.1", 80),
    (false, "[2001:db8::1]", 80),
    (true, "[fe80::1]", 443),
];

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let target = TARGETS[input.below(TARGETS.len())];
    let bytes = input.rest();
    stored(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    list(text);
    bypass(text, target);
    no_proxy(text, target);
}

fn list(text: &str) {
    let Ok(read) = ProxyList::parse(text) else {
        return;
    };
    assert!(!text.contains(['@', '\r', '\n', '\0']));
    for server in [read.for_scheme(false), read.for_scheme(true)]
        .into_iter()
        .flatten()
    {
        assert!(server.kind.is_usable() && server.port != 0);
    }
    let again = ProxyList::parse(&read.to_string()).unwrap();
    // No text shows a zone.
    assert!(again == read || text.contains('%'));
}

fn bypass(text: &str, (secure, host, port): (bool, &str, u16)) {
    let host = Host::parse(host).unwrap();
    let bypasses = BypassList::parse(text).bypasses(secure, &host, port);
    // Names outside ASCII are changed before they are compared.
    if text.is_ascii() {
        assert_eq!(
            bypasses,
            is_bypassed(text, secure, &host, port),
            "{text:?} {host}"
        );
    }
}

/// The rules once more, plainly.
fn is_bypassed(text: &str, secure: bool, host: &Host, port: u16) -> bool {
    let entries = || {
        text.split([';', ',', ' ', '\t'])
            .map(str::to_ascii_lowercase)
    };
    let local = ["localhost", "127.0.0.1", "fe80::1"].contains(&host.name());
    if local && entries().all(|entry| entry != "<-loopback>") {
        return true;
    }
    entries().any(|entry| is_meant(&entry, secure, host, port))
}

fn is_meant(entry: &str, secure: bool, host: &Host, port: u16) -> bool {
    if entry == "<local>" {
        return matches!(host.kind(), HostKind::Name(_)) && !host.name().contains('.');
    }
    let wanted = if secure { "https://" } else { "http://" };
    let entry = entry.strip_prefix(wanted).unwrap_or(entry);
    let is_odd = |byte: u8| byte.is_ascii_control() || byte == b'/';
    if entry.starts_with('.') || entry.bytes().any(is_odd) {
        return false;
    }
    let (pattern, digits) = match entry.rsplit_once(':') {
        Some((before, digits))
            if digits.bytes().all(|byte| byte.is_ascii_digit())
                && (before.ends_with(']')
                    || !before[before.rfind(']').map_or(0, |at| at + 1)..].contains(':')) =>
        {
            (before, digits)
        }
        _ => (entry, ""),
    };
    if !digits.is_empty() && digits.parse() != Ok(port) {
        return false;
    }
    let inner = pattern
        .strip_prefix('[')
        .and_then(|pattern| pattern.strip_suffix(']'));
    let is_v6 = matches!(host.kind(), HostKind::V6(_));
    if let Ok(address) = inner.unwrap_or(pattern).parse::<Ipv6Addr>() {
        return *host.kind() == HostKind::V6(address);
    }
    let name = host.name().to_ascii_lowercase();
    match inner {
        Some(inner) => is_v6 && is_like(inner.as_bytes(), name.as_bytes()),
        None => !pattern.is_empty() && is_like(pattern.as_bytes(), name.as_bytes()),
    }
}

/// `*` in a pattern, by a table: whether the first so many bytes of both are alike.
fn is_like(pattern: &[u8], text: &[u8]) -> bool {
    let mut alike: Vec<bool> = (0..=text.len()).map(|length| length == 0).collect();
    for &byte in pattern {
        let mut next = vec![byte == b'*' && alike[0]];
        for (at, of) in text.iter().enumerate() {
            let star = byte == b'*' && (alike[at + 1] || next[at]);
            next.push(star || (byte == *of && alike[at]));
        }
        alike = next;
    }
    alike[text.len()]
}

fn no_proxy(text: &str, (secure, host, port): (bool, &str, u16)) {
    let variables = [("all_proxy", "p.test"), ("no_proxy", text)];
    let owned = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let read = EnvironmentProxy::read(owned).unwrap();
    let host = Host::parse(host).unwrap();
    let exact = read.proxy.bypass.bypasses(secure, &host, port);
    if let Some(reported) = &read.bypass_text {
        let reported = BypassList::parse(reported).bypasses(secure, &host, port);
        assert!(exact || !reported, "{text:?} {host}");
    }
    let url = [("http_proxy".to_owned(), text.to_owned())];
    if let Some(read) = EnvironmentProxy::read(url) {
        let shown = read.proxy.list.to_string();
        assert!(!shown.contains('@') && ProxyList::parse(&shown).is_ok());
    }
}

fn stored(text: &[u8]) {
    let read = Stored::parse(text);
    if let Ok(written) = read.rewritten(text) {
        assert_eq!(Stored::parse(&written), read);
        assert_eq!(read.rewritten(&written).unwrap(), written);
    }
    let none = Stored::default();
    if let Ok(written) = none.rewritten(text) {
        assert_eq!(Stored::parse(&written), none);
    }
}
