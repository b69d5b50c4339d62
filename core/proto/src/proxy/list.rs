//! The text that says which proxy serves which scheme:
//!
//! ```text
//! list  = entry *( separator entry )     separator = ";" or blanks
//! entry = [ key "=" ] [ scheme "://" ] host [ ":" port ] [ "/" ]    or    key "="
//! ```
//!
//! A key is `http`, `https`, or `all`; entries for other protocols (`ftp`, `socks`) occur in real
//! settings and are passed over. Blanks may stand around the colon of a port.

use std::fmt;

use super::server::{ProxyKind, ProxyServer};
use crate::error::{Error, Result};

/// Which proxy serves http and https. Only the first applicable entry is ever used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProxyList {
    http: Option<ProxyServer>,
    https: Option<ProxyServer>,
}

impl ProxyList {
    /// Reads a list. A scheme's own entry goes before `all=`, and that before one without a key.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for control characters, for user information anywhere (it must
    /// never get onto the wire), and for an entry that cannot be read, unless another one says the
    /// same in its place: nobody is to go direct because of a typing error.
    pub fn parse(list: &str) -> Result<Self> {
        if list.chars().any(|c| c.is_control() && c != '\t') || list.contains('@') {
            return Err(Error::InvalidParameter);
        }
        let (mut http, mut https, mut all) = <(Said, Said, Said)>::default();
        let mut bare = Said::default();
        for entry in list.split(';').flat_map(Entries::new) {
            match entry.split_once('=') {
                Some((key, value)) => match &*key.to_ascii_lowercase() {
                    "http" => http.hear(value),
                    "https" => https.hear(value),
                    "all" => all.hear(value),
                    key if OTHER_KEYS.contains(&key) => {}
                    _ => bare.is_bad = true,
                },
                None if bare.good.is_none() => bare.hear(&entry),
                None => {}
            }
        }
        let chosen = |own: Said| -> Result<Option<ProxyServer>> {
            for said in [&own, &all, &bare] {
                match said.word()? {
                    Some(Value::Proxy(server)) => return Ok(Some(server)),
                    Some(Value::Direct) => return Ok(None),
                    None => {}
                }
            }
            Ok(None)
        };
        Ok(Self {
            http: chosen(http)?,
            https: chosen(https)?,
        })
    }

    /// A list from what is known already.
    pub(super) fn of(http: Option<ProxyServer>, https: Option<ProxyServer>) -> Self {
        Self { http, https }
    }

    /// The proxy for http, or for https; `None` is directly.
    #[must_use]
    pub fn for_scheme(&self, secure: bool) -> Option<&ProxyServer> {
        if secure { &self.https } else { &self.http }.as_ref()
    }
}

/// The list as a text that reads as the same.
impl fmt::Display for ProxyList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.http, &self.https) {
            (Some(http), Some(https)) if http == https => f.write_str(&http.entry()),
            (Some(http), Some(https)) => {
                write!(f, "http={};https={}", http.entry(), https.entry())
            }
            (Some(http), None) => write!(f, "http={}", http.entry()),
            (None, Some(https)) => write!(f, "https={}", https.entry()),
            (None, None) => Ok(()),
        }
    }
}

/// Keys of what is no business of ours.
const OTHER_KEYS: [&str; 6] = ["ftp", "gopher", "socks", "socks4", "socks4a", "socks5"];

/// What an entry says.
#[derive(Clone, Debug)]
enum Value {
    Proxy(ProxyServer),
    /// An empty value: no proxy for this scheme.
    Direct,
}

/// What entries with one key say together: the last good one counts.
#[derive(Default)]
struct Said {
    good: Option<Value>,
    is_bad: bool,
}

impl Said {
    fn hear(&mut self, value: &str) {
        match read(value) {
            Read::Value(value) => self.good = Some(value),
            Read::Malformed => self.is_bad = true,
        }
    }

    fn word(&self) -> Result<Option<Value>> {
        if self.is_bad && self.good.is_none() {
            return Err(Error::InvalidParameter);
        }
        Ok(self.good.clone())
    }
}

enum Read {
    Value(Value),
    Malformed,
}

/// Reads what stands behind a key.
fn read(value: &str) -> Read {
    if value.is_empty() {
        return Read::Value(Value::Direct);
    }
    let (kind, authority) = match value.split_once("://") {
        Some((scheme, rest)) => (ProxyKind::of_scheme(scheme), rest),
        None => (Some(ProxyKind::Http), value),
    };
    let authority = authority.strip_suffix('/').unwrap_or(authority);
    match kind.and_then(|kind| ProxyServer::parse(kind, authority)) {
        Some(server) if server.kind.is_usable() => Read::Value(Value::Proxy(server)),
        // SOCKS serves no request here.
        Some(_) | None => Read::Malformed,
    }
}

/// The entries between two semicolons: words, of which a port that stands behind blanks is one with
/// its server.
struct Entries<'t> {
    words: std::iter::Peekable<std::str::Split<'t, [char; 2]>>,
}

impl<'t> Entries<'t> {
    fn new(section: &'t str) -> Self {
        Self {
            words: section.split([' ', '\t']).peekable(),
        }
    }

    fn next_word_if(&mut self, is_wanted: impl Fn(&str) -> bool) -> Option<&'t str> {
        while self.words.next_if_eq(&"").is_some() {}
        self.words.next_if(|word| is_wanted(word))
    }
}

impl Iterator for Entries<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let is_port = |word: &str| word.strip_prefix(':').is_some_and(is_number);
        let mut entry = self.next_word_if(|_| true)?.to_owned();
        if let Some(port) = self.next_word_if(is_port) {
            entry.push_str(port);
        }
        // Two colons end an address.
        if entry.ends_with(':') && !entry.ends_with("::") {
            entry.extend(self.next_word_if(is_number));
        }
        Some(entry)
    }
}

#[cfg(test)]
mod tests;
