//! The grammar of `no_proxy`, which has no standard; this is what curl and most others read:
//!
//! ```text
//! list  = entry *( separator entry )     separator = "," or ";" or blanks
//! entry = "*"  or  [ "." ] domain [ ":" port ]  or  address [ "/" bits ]
//! ```
//!
//! A domain stands for all names below it, too. WinHTTP's `<local>`, `<-loopback>` and patterns
//! with `*` are understood as well; what cannot be read matches nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::bypass::{BypassList, Entry, Pattern, bypass_entries};
use super::network::Network;
use super::server::split_port;
use crate::url::host::{Host, HostKind, ends_in_number};

/// A list, and the same in WinHTTP's grammar.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct NoProxy {
    entries: Vec<Entry>,
    sends_loopback: bool,
    /// Entries of WinHTTP's grammar.
    reported: Vec<String>,
}

impl NoProxy {
    pub(super) fn parse(list: &str) -> Self {
        let mut read = Self::default();
        for word in bypass_entries(list).filter(|word| !word.contains(|c: char| c.is_control())) {
            match &*word.to_ascii_lowercase() {
                "<-loopback>" => {
                    read.sends_loopback = true;
                    read.reported.push(word.to_owned());
                }
                "<local>" => read.hear(Entry::any(Pattern::Local), [word.to_owned()]),
                word if word.contains('/') => read.hear_network(word),
                word => read.hear_host(word),
            }
        }
        read
    }

    /// The list in WinHTTP's grammar; networks that it cannot express are left out.
    pub(super) fn text(&self) -> String {
        self.reported.join(";")
    }

    pub(super) fn into_list(self) -> BypassList {
        BypassList::of(self.entries, self.sends_loopback)
    }

    fn hear(&mut self, entry: Entry, reported: impl IntoIterator<Item = String>) {
        self.entries.push(entry);
        self.reported.extend(reported);
    }

    fn hear_host(&mut self, word: &str) {
        let (name, digits) = match split_port(word) {
            (name, Some(digits)) => (name, digits),
            (name, None) => (name, ""),
        };
        let port = match digits {
            "" => None,
            digits => match digits.parse().ok().filter(|port: &u16| *port != 0) {
                Some(port) if !digits.starts_with('+') => Some(port),
                _ => return,
            },
        };
        let suffix = port.map_or_else(String::new, |port| format!(":{port}"));
        let Some((pattern, texts)) = host(name) else {
            return;
        };
        let entry = Entry {
            port,
            ..Entry::any(pattern)
        };
        self.hear(entry, texts.into_iter().map(|text| text + &suffix));
    }

    fn hear_network(&mut self, word: &str) {
        let Some(network) = Network::parse(word, address) else {
            return;
        };
        let reported = match network.parts() {
            (IpAddr::V4(network), bits) => v4_texts(network, bits),
            (IpAddr::V6(network), bits) => v6_texts(network, bits),
        };
        self.hear(Entry::any(Pattern::Network(network)), reported);
    }
}

/// What a domain or an address means, and the patterns that say so in WinHTTP's grammar.
fn host(name: &str) -> Option<(Pattern, Vec<String>)> {
    let name = (name.strip_prefix("*."))
        .or_else(|| name.strip_prefix('.'))
        .unwrap_or(name);
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.contains('*') {
        return Some((Pattern::of_host(name)?, vec![name.to_owned()]));
    }
    let host = Host::parse(name).ok()?;
    let text = host.text().to_ascii_lowercase();
    Some(match host.kind() {
        HostKind::V4(address) => (
            Pattern::Network(Network::of_one((*address).into())),
            vec![text],
        ),
        HostKind::V6(address) => (Pattern::V6(*address), vec![text]),
        // As text, it would mean names that the domain does not.
        HostKind::Name(_) if text.ends_with('.') => return None,
        // As text, `*.3` would mean addresses, too.
        HostKind::Name(_) if ends_in_number(&text) => (Pattern::Domain(text.clone()), vec![text]),
        HostKind::Name(_) => {
            let below = format!("*.{text}");
            (Pattern::Domain(text.clone()), vec![text, below])
        }
    })
}

/// An address with or without brackets.
fn address(text: &str) -> Option<IpAddr> {
    let inner = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    inner.unwrap_or(text).parse().ok()
}

/// Patterns for the addresses of a network: at most 128, as a whole byte at a time is `*`.
fn v4_texts(network: Ipv4Addr, bits: u8) -> Vec<String> {
    // The whole internet would be all names with periods, too.
    let Some(whole) = usize::from(bits).checked_sub(1).map(|bits| bits / 8) else {
        return Vec::new();
    };
    let spare = 7 - (bits - 1) % 8;
    let octets = network.octets();
    let start: String = octets
        .iter()
        .take(whole)
        .map(|octet| format!("{octet}."))
        .collect();
    let end = if whole < 3 { ".*" } else { "" };
    let last = octets.get(whole).copied().unwrap_or(0);
    let first = u16::from(last) >> spare << spare;
    (first..first + (1 << spare))
        .map(|octet| format!("{start}{octet}{end}"))
        .collect()
}

/// A pattern for the addresses of a network: of whole groups, none of which is 0, since those may
/// not be written. Other networks have none.
fn v6_texts(network: Ipv6Addr, bits: u8) -> Vec<String> {
    if bits == 128 {
        return vec![format!("[{network}]")];
    }
    let segments = network.segments();
    let groups = segments.iter().take(usize::from(bits / 16));
    if bits == 0 || !bits.is_multiple_of(16) || groups.clone().any(|group| *group == 0) {
        return Vec::new();
    }
    let start = groups.fold(String::new(), |start, group| format!("{start}{group:x}:"));
    vec![format!("[{start}*]")]
}
