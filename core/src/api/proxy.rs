//! How servers are reached: directly or through a proxy.

use std::fmt;
use std::sync::Arc;

use winhttp_proto::auth::Login;
use winhttp_proto::error::{self, Error};
use winhttp_proto::failure::{Failure, Reason, Result};
use winhttp_proto::proxy::stored::StaticTexts;
use winhttp_proto::proxy::{BypassList, ProxyKind, ProxyList, ProxyServer, StaticProxy};
use winhttp_proto::url::host::Host;

use super::autoproxy::{AutoproxyQuery, Detection};
use crate::engine::settings::{self, StaticSetting, UserSettings};

/// How servers are reached (WINHTTP_ACCESS_TYPE_*).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProxyAccess {
    /// DEFAULT_PROXY: the machine's static setting as it was then.
    Default(Arc<StaticSetting>),
    /// NO_PROXY.
    Direct,
    /// NAMED_PROXY.
    Named(Arc<NamedProxy>),
    /// One entry of a proxy resolver's result (PROXY_RESULT_ENTRY), for every target.
    Entry(Arc<ProxyServer>),
    /// AUTOMATIC_PROXY: the user's settings.
    Automatic,
}

/// How a target is reached, as everything is set at one moment.
#[derive(Debug, Default)]
pub(super) struct Selection {
    /// The network or a script says; where they do not, the rest of this does.
    pub(super) asks: Option<AutoproxyQuery>,
    /// `None` is directly.
    pub(super) server: Option<ProxyServer>,
    /// The setting that may know who this is.
    fixed: Option<Arc<StaticSetting>>,
}

impl Selection {
    /// What the environment says of who this is, to a proxy that it names.
    pub(super) fn login(&self, secure: bool, server: &ProxyServer) -> Option<Login> {
        self.fixed.as_ref()?.login(secure, server).cloned()
    }
}

/// A proxy list with its bypass list, as the program has written them and as they are read.
#[derive(Debug, PartialEq, Eq)]
pub struct NamedProxy {
    proxy: String,
    bypass: Option<String>,
    /// `None` for a list that cannot be read: nobody is to go direct because of a typing error.
    rules: Option<StaticProxy>,
}

/// Why no request can be sent.
#[derive(Debug)]
enum Unusable {
    /// The proxy list cannot be read.
    List(String),
    /// There is no way through such a proxy.
    Kind(ProxyKind),
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List(list) => write!(
                f,
                "the proxy list {list:?} has an entry that names no proxy"
            ),
            Self::Kind(kind) => write!(f, "requests cannot be sent through a proxy for {kind:?}"),
        }
    }
}

impl Reason for Unusable {}

impl ProxyAccess {
    /// DEFAULT_PROXY: the machine's static setting now; what is changed later does not reach it.
    ///
    /// # Errors
    /// [`Error::NotEnoughMemory`] if that cannot be found out.
    pub fn machine_default() -> error::Result<Self> {
        Ok(Self::Default(settings::machine_default()?))
    }

    /// The same as it is reported: NAMED_PROXY with its lists, or NO_PROXY.
    ///
    /// # Errors
    /// Those of [`Self::machine_default`].
    pub(super) fn machine_reported() -> error::Result<Self> {
        let StaticTexts { proxy, bypass } = settings::machine_default()?.texts.clone();
        proxy.map_or(Ok(Self::Direct), |proxy| Self::named(proxy, bypass))
    }

    /// NAMED_PROXY with its list and bypass list; an empty bypass list is none. An entry that names
    /// no proxy shows when a request is sent.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for user names and control characters in the list.
    pub fn named(proxy: String, bypass: Option<String>) -> error::Result<Self> {
        let is_control = |character: char| character.is_control() && character != '\t';
        if proxy.contains('@') || proxy.contains(is_control) {
            return Err(Error::InvalidParameter);
        }
        let bypass = bypass.filter(|bypass| !bypass.is_empty());
        let list = ProxyList::parse(&proxy).ok();
        let rules = list.map(|list| StaticProxy {
            list,
            bypass: BypassList::parse(bypass.as_deref().unwrap_or_default()),
        });
        Ok(Self::Named(Arc::new(NamedProxy {
            proxy,
            bypass,
            rules,
        })))
    }

    /// The lists as they are reported: none but those of NAMED_PROXY, and an entry.
    #[must_use]
    pub fn texts(&self) -> (Option<String>, Option<&str>) {
        match self {
            Self::Named(named) => (Some(named.proxy.clone()), named.bypass.as_deref()),
            Self::Entry(server) => (Some(server.entry()), None),
            Self::Default(_) | Self::Direct | Self::Automatic => (None, None),
        }
    }

    /// No target has a proxy: neither one, nor a script or detection, is configured.
    #[must_use]
    pub(super) fn is_none(&self) -> bool {
        match self {
            Self::Direct => true,
            Self::Default(fixed) => fixed.proxy.list == ProxyList::default(),
            Self::Automatic => settings::user().is_ok_and(|user| {
                asked(&user).is_none() && user.fixed.proxy.list == ProxyList::default()
            }),
            Self::Named(_) | Self::Entry(_) => false,
        }
    }

    /// How a target is reached.
    ///
    /// # Errors
    /// [`Error::NameNotResolved`] for a list that cannot be read, [`Error::CannotConnect`] for a
    /// proxy that is none for HTTP, [`Error::NotEnoughMemory`] if the settings cannot be found out.
    pub(super) fn select(&self, secure: bool, host: &Host, port: u16) -> Result<Selection> {
        let of = |fixed: &Arc<StaticSetting>| Selection {
            asks: None,
            server: fixed.proxy.select(secure, host, port).cloned(),
            fixed: Some(Arc::clone(fixed)),
        };
        let server = match self {
            Self::Direct => None,
            Self::Default(fixed) => return Ok(of(fixed)),
            Self::Automatic => {
                let user = settings::user()?;
                let asks = asked(&user);
                return Ok(Selection {
                    asks,
                    ..of(&user.fixed)
                });
            }
            Self::Named(named) => match &named.rules {
                Some(rules) => rules.select(secure, host, port),
                None => {
                    let reason = Unusable::List(named.proxy.clone());
                    return Err(Failure::because(Error::NameNotResolved, reason));
                }
            },
            Self::Entry(server) => Some(&**server),
        };
        match server {
            Some(server) if !server.kind.is_usable() => {
                let reason = Unusable::Kind(server.kind);
                Err(Failure::because(Error::CannotConnect, reason))
            }
            server => Ok(Selection {
                server: server.cloned(),
                ..Selection::default()
            }),
        }
    }
}

/// What the user's settings leave to the network and to scripts.
fn asked(user: &UserSettings) -> Option<AutoproxyQuery> {
    let asks = user.auto_detect || user.pac_url.is_some();
    asks.then(|| AutoproxyQuery {
        detect: user.auto_detect.then_some(Detection::Dns),
        script_url: user.pac_url.clone(),
        ..AutoproxyQuery::default()
    })
}
