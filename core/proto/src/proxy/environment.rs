//! Proxies as the environment names them: `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy`,
//! in lower case first.
//!
//! These are Unix' own: a proxy is one URL, which may carry a name and a password for it, and
//! `no_proxy` has a grammar of its own (`no_proxy.rs`).

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::list::ProxyList;
use super::no_proxy::NoProxy;
use super::server::{ProxyKind, ProxyServer};
use super::{BypassList, StaticProxy};
use crate::auth::{Login, Secret};

/// The variables that are looked at. The last is the web server's that runs the program for a
/// request, whose header `Proxy` is HTTP_PROXY then: it is not believed.
pub const VARIABLES: [&str; 9] = [
    "http_proxy",
    "HTTP_PROXY",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
    "REQUEST_METHOD",
];

/// What the environment says. Its proxy list is shown without names and passwords.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentProxy {
    /// Proxies, and targets without one.
    pub proxy: StaticProxy,
    /// `no_proxy` in WinHTTP's grammar, for reports, as far as that can say it.
    pub bypass_text: Option<String>,
    http_login: Option<Login>,
    https_login: Option<Login>,
}

impl EnvironmentProxy {
    /// Reads variables; `None` if they name no proxy. An empty variable is as none, and one that
    /// cannot be read, or that names a proxy of another kind than HTTP, is passed over.
    pub fn read(variables: impl IntoIterator<Item = (String, String)>) -> Option<Self> {
        let filled = variables.into_iter().filter(|(_, text)| !text.is_empty());
        let variables = Variables(
            filled
                .map(|(name, text)| (name, Secret::new(text)))
                .collect(),
        );
        let is_cgi = variables.text("REQUEST_METHOD").is_some();
        let http = (variables.text("http_proxy"))
            .or_else(|| variables.text("HTTP_PROXY").filter(|_| !is_cgi));
        let all = variables.either("all_proxy", "ALL_PROXY");
        let https = variables.either("https_proxy", "HTTPS_PROXY");
        let read = |text: Option<&str>| text.and_then(proxy).or_else(|| all.and_then(proxy));
        let (http, http_login) = read(http).unzip();
        let (https, https_login) = read(https).unzip();
        if http.is_none() && https.is_none() {
            return None;
        }
        let bypass = variables.either("no_proxy", "NO_PROXY").map(NoProxy::parse);
        Some(Self {
            bypass_text: bypass
                .as_ref()
                .map(NoProxy::text)
                .filter(|text| !text.is_empty()),
            proxy: StaticProxy {
                list: ProxyList::of(http, https),
                bypass: bypass.map_or_else(BypassList::default, NoProxy::into_list),
            },
            http_login: http_login.flatten(),
            https_login: https_login.flatten(),
        })
    }

    /// Name and password for the proxy that serves https, or http.
    #[must_use]
    pub fn login(&self, secure: bool) -> Option<&Login> {
        if secure {
            &self.https_login
        } else {
            &self.http_login
        }
        .as_ref()
    }
}

struct Variables(BTreeMap<String, Secret>);

impl Variables {
    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(Secret::expose)
    }

    fn either(&self, name: &str, otherwise: &str) -> Option<&str> {
        self.text(name).or_else(|| self.text(otherwise))
    }
}

/// `[scheme "://"] [user [":" password] "@"] host [":" port] ["/" …]`.
fn proxy(url: &str) -> Option<(ProxyServer, Option<Login>)> {
    let url = url.trim_matches([' ', '\t']);
    let (kind, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (ProxyKind::of_scheme(scheme)?, rest),
        None => (ProxyKind::Http, url),
    };
    let authority = rest.split(['/', '?', '#']).next()?;
    let (login, host) = match authority.rsplit_once('@') {
        Some((login, host)) => (login, host),
        None => ("", authority),
    };
    let server = ProxyServer::parse(kind, host).filter(|server| server.kind.is_usable())?;
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    if user.is_empty() {
        return Some((server, None));
    }
    let login = Login {
        user: unescaped(user)?,
        password: unescaped(password)?,
    };
    Some((server, Some(login)))
}

/// A part of a URL without its `%XX`; `None` if that is not UTF-8. No copy of it is left anywhere.
fn unescaped(text: &str) -> Option<Secret> {
    let mut plain = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        let escaped = match (byte, behind) {
            (b'%', [high, low, behind @ ..]) => {
                let digits = hex(*high).zip(hex(*low));
                digits.map(|(high, low)| (high << 4 | low, behind))
            }
            _ => None,
        };
        let (byte, behind) = escaped.unwrap_or((byte, behind));
        plain.push(byte);
        rest = behind;
    }
    let text = std::str::from_utf8(&plain).ok()?;
    Some(Secret::new(text.to_owned()))
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16)?.try_into().ok()
}

#[cfg(test)]
mod tests;
