//! What a connection and a request must have in common for the one to serve the other.

use std::hash::{DefaultHasher, Hash, Hasher};

use winhttp_proto::auth::Fingerprint;
use winhttp_proto::proxy::ProxyServer;

use crate::engine::socket::TcpKeepAlive;

/// See the module. Two requests with the same key may share connections, but for what
/// [`Demand`](super::shelf::Demand) says.
#[derive(Debug, PartialEq, Eq)]
pub struct Key {
    /// Of all that follows: a key is looked up several times for each request.
    hash: u64,
    /// The server's name as the program gave it, in small letters: `localhost` is another server
    /// than `127.0.0.1`.
    host: Box<str>,
    look_up: Option<Box<str>>,
    proxy: Option<Box<ProxyKey>>,
    rest: KeyRest,
}

/// What connections through a proxy must have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProxyKey {
    /// The proxy.
    pub server: ProxyServer,
    /// For a proxy that TLS protects.
    pub tls: Option<TlsKey>,
    /// At the other end is the server, not the proxy: a request for the one is none for the other.
    pub tunnels: bool,
    /// Whose credentials have opened a tunnel: nobody else may use it.
    pub login: Option<Fingerprint>,
}

/// What a key says beside names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyRest {
    /// The server's port.
    pub port: u16,
    /// Whose connections these are.
    pub scope: Scope,
    /// For https.
    pub tls: Option<TlsKey>,
    /// What is done on the socket while nothing moves (TCP_KEEPALIVE).
    pub keep_alive: Option<TcpKeepAlive>,
}

impl Key {
    /// The key of the server `host`, in any case; `look_up` is the name that is looked up, if it is
    /// not the server's (RESOLUTION_HOSTNAME).
    #[must_use]
    pub fn new(host: &str, look_up: Option<&str>, rest: KeyRest) -> Self {
        Self::of(
            host.to_ascii_lowercase().into(),
            look_up.map(Into::into),
            None,
            rest,
        )
    }

    /// The key of what is reached through a proxy: of the server `host`, in any case; an empty
    /// one, for connections on which the proxy takes requests for any server.
    #[must_use]
    pub fn through(proxy: ProxyKey, host: &str, rest: KeyRest) -> Self {
        let proxy = Some(Box::new(proxy));
        Self::of(host.to_ascii_lowercase().into(), None, proxy, rest)
    }

    fn of(
        host: Box<str>,
        look_up: Option<Box<str>>,
        proxy: Option<Box<ProxyKey>>,
        rest: KeyRest,
    ) -> Self {
        let mut hasher = DefaultHasher::new();
        (&host, &look_up, &proxy, rest).hash(&mut hasher);
        Self {
            hash: hasher.finish(),
            host,
            look_up,
            proxy,
            rest,
        }
    }

    /// For the same server, it would be this one again.
    #[must_use]
    pub fn fits(&self, look_up: Option<&str>, rest: &KeyRest) -> bool {
        self.look_up.as_deref() == look_up && self.proxy.is_none() && self.rest == *rest
    }

    /// The server's name, in small letters.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// What it says beside names.
    #[must_use]
    pub fn rest(&self) -> &KeyRest {
        &self.rest
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// Who may share a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// All sessions of the process.
    Process,
    /// One session, by its number.
    Session(u64),
}

/// What TLS connections must have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TlsKey {
    /// The versions that were allowed (SECURE_PROTOCOLS).
    pub protocols: u32,
    /// The certificates that were trusted, by the number of their store.
    pub trust: u64,
}
