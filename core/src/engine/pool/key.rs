//! What a connection and a request must have in common for the one to serve the other.

use crate::engine::socket::TcpKeepAlive;

/// See the module. Two requests with the same key may share connections, but for what
/// [`Demand`](super::shelf::Demand) says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The server's name as the program gave it, in small letters: `localhost` is another server
    /// than `127.0.0.1`.
    pub host: Box<str>,
    /// The server's port.
    pub port: u16,
    /// Whose connections these are.
    pub scope: Scope,
    /// The name that is looked up, if it is not the server's (RESOLUTION_HOSTNAME).
    pub look_up: Option<Box<str>>,
    /// For https.
    pub tls: Option<TlsKey>,
    /// What is done on the socket while nothing moves (TCP_KEEPALIVE).
    pub keep_alive: Option<TcpKeepAlive>,
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
