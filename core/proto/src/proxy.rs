//! Proxies: which server stands between a program and its target, as texts say it.
//!
//! In scope: reading proxy lists and bypass lists in WinHTTP's grammar, the environment's
//! variables, what scripts see and answer, and choosing. Out of scope: where those texts come
//! from, and talking to a proxy.

mod bypass;
pub mod environment;
mod glob;
mod list;
mod network;
mod no_proxy;
pub mod pac;
pub mod pac_result;
mod server;
pub mod stored;

pub use bypass::{BypassList, bypass_entries};
pub use list::ProxyList;
pub use server::{ProxyKind, ProxyServer};

use crate::url::host::Host;

/// A proxy list with its bypass list: what NAMED_PROXY, WINHTTP_OPTION_PROXY and the machine's
/// setting consist of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StaticProxy {
    /// Which proxy serves which scheme.
    pub list: ProxyList,
    /// Which targets are reached directly all the same.
    pub bypass: BypassList,
}

impl StaticProxy {
    /// The proxy for a target; `None` is directly.
    #[must_use]
    pub fn select(&self, secure: bool, host: &Host, port: u16) -> Option<&ProxyServer> {
        let proxy = self.list.for_scheme(secure)?;
        (!self.bypass.bypasses(secure, host, port)).then_some(proxy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bypassed_target_has_no_proxy() {
        let proxy = StaticProxy {
            list: ProxyList::parse("http=p").unwrap(),
            bypass: BypassList::parse("*.example"),
        };
        let selected = |secure, host| {
            let host = Host::parse(host).unwrap();
            proxy.select(secure, &host, 80).map(ToString::to_string)
        };
        assert_eq!(selected(false, "a.test").as_deref(), Some("p:80"));
        assert_eq!(selected(false, "a.example"), None);
        assert_eq!(selected(true, "a.test"), None, "no proxy for https");
    }
}
