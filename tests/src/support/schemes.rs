//! The same server twice, plain and over TLS, for what holds for both.

use std::io;

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::certs::{Authority, IdentityOptions};
use winhttp_fixtures::{Connection, Server};

use super::set_dword;
use crate::{Client, Handle};

/// A server, and how requests get there.
#[derive(Debug)]
pub struct Place {
    /// The server.
    pub server: Server,
    /// It is reached over TLS.
    pub is_secure: bool,
}

/// A plain server and one over TLS that follow this script.
pub fn both_schemes(
    script: impl Fn(&mut Connection) -> io::Result<()> + Clone + Send + Sync + 'static,
) -> [Place; 2] {
    let identity = Authority::new()
        .and_then(|authority| authority.issue(&IdentityOptions::default()))
        .unwrap();
    let secure = Server::tls(script.clone(), &identity).unwrap();
    let plain = Server::plain(script).unwrap();
    [(plain, false), (secure, true)].map(|(server, is_secure)| Place { server, is_secure })
}

impl Place {
    /// Flags of WinHttpOpenRequest that its requests need.
    #[must_use]
    pub fn flags(&self) -> u32 {
        if self.is_secure {
            c::WINHTTP_FLAG_SECURE
        } else {
            0
        }
    }

    /// A request of this connect handle, with more flags; it trusts the server.
    pub fn request_of<W: Unit>(
        &self,
        client: &Client<W>,
        connect: Handle,
        verb: &str,
        path: &str,
        flags: u32,
    ) -> Handle {
        let flags = self.flags() | flags;
        let request = client.open_request(connect, verb, path, flags).unwrap();
        if self.is_secure {
            let ignored = c::SECURITY_FLAG_IGNORE_UNKNOWN_CA;
            set_dword::<W>(request, c::WINHTTP_OPTION_SECURITY_FLAGS, ignored).unwrap();
        }
        request
    }

    /// A request to it; nothing but itself is left open.
    pub fn request<W: Unit>(&self, client: &Client<W>, verb: &str, path: &str) -> Handle {
        let connect = client.connect("127.0.0.1", self.server.port()).unwrap();
        let request = self.request_of(client, connect, verb, path, 0);
        client.close(connect).unwrap();
        request
    }
}
