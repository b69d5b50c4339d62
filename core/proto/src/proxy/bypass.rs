//! The text that says which targets are reached without the proxy:
//!
//! ```text
//! list  = entry *( separator entry )     separator = ";", "," or blanks
//! entry = [ ("http" / "https") "://" ] pattern [ ":" port ]   or  "<local>"  or  "<-loopback>"
//! ```
//!
//! A pattern is compared with the whole host as text, in any case; `*` stands for any characters.
//! `/` has no meaning: such an entry matches nothing, as does one that cannot be read, so that
//! mistakes lead to the proxy.

use std::net::Ipv6Addr;

use super::glob::Glob;
use super::network::Network;
use super::server::split_port;
use crate::url::host::{Host, HostKind, is_within};

/// Which targets are reached directly. The default is the empty list.
///
/// This machine (`localhost`, 127.0.0.0/8, `[::1]`) and link-local addresses (169.254.0.0/16,
/// fe80::/10) are always reached so, unless the list has `<-loopback>`. Names that merely resolve
/// to such addresses are not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BypassList {
    entries: Vec<Entry>,
    /// `<-loopback>`: this machine is nothing special.
    sends_loopback: bool,
}

/// One entry. What it does not say fits anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) secure: Option<bool>,
    pub(super) port: Option<u16>,
    pub(super) pattern: Pattern,
}

/// Which hosts an entry means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    /// `<local>`: names without a period.
    Local,
    /// The host as text, without brackets.
    Text(Glob),
    /// The same, of IPv6 addresses only: it had brackets.
    V6Text(Glob),
    /// One IPv6 address, however it is written.
    V6(Ipv6Addr),
    /// A domain with all below it, in lower case (the environment's grammar).
    Domain(String),
    /// The addresses of a network (the environment's grammar).
    Network(Network),
}

impl BypassList {
    /// Reads a list. Every text is one; what cannot be read in it matches nothing.
    #[must_use]
    pub fn parse(list: &str) -> Self {
        let mut read = Self::default();
        for entry in bypass_entries(list) {
            if entry.eq_ignore_ascii_case("<-loopback>") {
                read.sends_loopback = true;
            } else {
                read.entries.extend(Entry::parse(entry));
            }
        }
        read
    }

    /// A list from entries that are known already.
    pub(super) fn of(entries: Vec<Entry>, sends_loopback: bool) -> Self {
        Self {
            entries,
            sends_loopback,
        }
    }

    /// The target is reached directly.
    #[must_use]
    pub fn bypasses(&self, secure: bool, host: &Host, port: u16) -> bool {
        if !self.sends_loopback && is_this_machine(host) {
            return true;
        }
        let name = host.name().to_ascii_lowercase();
        let fits = |entry: &Entry| {
            entry.secure.is_none_or(|of| of == secure)
                && entry.port.is_none_or(|of| of == port)
                && entry.pattern.matches(host, &name)
        };
        self.entries.iter().any(fits)
    }
}

/// The entries of a bypass list as they are written, none of them empty.
pub fn bypass_entries(list: &str) -> impl Iterator<Item = &str> {
    list.split([';', ',', ' ', '\t'])
        .filter(|entry| !entry.is_empty())
}

impl Entry {
    /// An entry for any scheme and port.
    pub(super) fn any(pattern: Pattern) -> Self {
        Self {
            secure: None,
            port: None,
            pattern,
        }
    }

    fn parse(entry: &str) -> Option<Self> {
        if entry.eq_ignore_ascii_case("<local>") {
            return Some(Self::any(Pattern::Local));
        }
        let (secure, rest) = match entry.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (Some(false), rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (Some(true), rest),
            _ => (None, entry),
        };
        let is_unreadable = |c: char| c.is_control() || c == '/';
        // Windows keeps a leading period in the list, and nothing matches it.
        if rest.contains(is_unreadable) || rest.starts_with('.') {
            return None;
        }
        let (host, port) = match split_port(rest) {
            (host, Some(port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, port),
            _ => (rest, ""),
        };
        let port = match port {
            "" => None,
            digits => Some(digits.parse().ok()?),
        };
        Some(Self {
            secure,
            port,
            pattern: Pattern::of_host(host)?,
        })
    }
}

impl Pattern {
    /// What a host of an entry means; `None` if nothing.
    pub(super) fn of_host(host: &str) -> Option<Self> {
        let inner = host
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'));
        if let Ok(address) = inner.unwrap_or(host).parse() {
            return Some(Self::V6(address));
        }
        if let Some(inner) = inner {
            return Some(Self::V6Text(Glob::new(inner)));
        }
        if host.is_ascii() {
            return (!host.is_empty()).then(|| Self::Text(Glob::new(host)));
        }
        // Names outside ASCII are compared in the form in which they are looked up.
        let (stars, name) = match host.strip_prefix("*.") {
            Some(name) => ("*.", name),
            None => ("", host),
        };
        let name = Host::parse(name).ok()?;
        Some(Self::Text(Glob::new(&format!("{stars}{name}"))))
    }

    /// `name` is the host's, in lower case.
    fn matches(&self, host: &Host, name: &str) -> bool {
        let is_name = matches!(host.kind(), HostKind::Name(_));
        match (self, host.kind()) {
            (Self::Local, _) => is_name && !name.contains('.'),
            (Self::Text(glob), _) => glob.matches(name),
            (Self::V6Text(glob), HostKind::V6(_)) => glob.matches(name),
            (Self::V6(address), HostKind::V6(of)) => address == of,
            (Self::Domain(domain), HostKind::Name(_)) => {
                is_within(name.strip_suffix('.').unwrap_or(name), domain)
            }
            (Self::Network(network), HostKind::V4(of)) => network.contains((*of).into()),
            (Self::Network(network), HostKind::V6(of)) => network.contains((*of).into()),
            (Self::V6Text(_) | Self::V6(_) | Self::Domain(_) | Self::Network(..), _) => false,
        }
    }
}

/// The host as it is written is this machine or on this link.
fn is_this_machine(host: &Host) -> bool {
    match host.kind() {
        HostKind::Name(name) => name.eq_ignore_ascii_case("localhost"),
        HostKind::V4(address) => address.is_loopback() || address.is_link_local(),
        HostKind::V6(address) => address.is_loopback() || address.segments()[0] & 0xFFC0 == 0xFE80,
    }
}

#[cfg(test)]
mod tests;
