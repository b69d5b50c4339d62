//! A server that sets the cookies it is asked for, and visits to it.

use std::io;

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::{Connection, Request, Server};

use crate::{Client, Handle, PATIENCE};

use super::proxy::{trusting, untrusted};
use super::{request, set_text};

/// Each field of this name in a request becomes a Set-Cookie field of its answer.
const SETS: &str = "X-Set";

/// The name of a host that is this machine's by address only.
pub const SHOP: &str = "www.shop.example";

/// A plain server that sets these cookies, accepts WebSockets, and answers with the status that
/// ends the path, if one does.
#[must_use]
pub fn server() -> Server {
    Server::plain(answer_all).unwrap()
}

/// The same over TLS, with a certificate that [`visit`] ignores.
#[must_use]
pub fn secure_server() -> Server {
    untrusted(answer_all)
}

fn answer_all(connection: &mut Connection) -> io::Result<()> {
    while let Some(request) = connection.read_head()? {
        let _skipped = connection.read_body(&request)?;
        let sets = request.values(SETS);
        let mut fields: Vec<_> = sets
            .map(|line| ("Set-Cookie".to_owned(), line.to_owned()))
            .collect();
        if request.header("Upgrade").is_some() {
            fields.splice(0..0, request.accept_fields());
            connection.accept_websocket_with(&request, &fields, b"")?;
            connection.wait_closed();
            return Ok(());
        }
        let status = match request.target.rsplit('/').next() {
            Some("404") => "404 Not Found",
            Some("500") => "500 Internal Server Error",
            _ => "200 OK",
        };
        connection.respond(&request, status, &fields, b"")?;
    }
    Ok(())
}

/// One request.
#[derive(Clone, Copy, Debug)]
pub struct Visit<'v> {
    /// The server's name; it is looked up as `127.0.0.1`.
    pub host: &'v str,
    /// Over TLS.
    pub secure: bool,
    /// The path.
    pub path: &'v str,
    /// The Set-Cookie lines of the answer.
    pub sets: &'v [&'v str],
}

impl Default for Visit<'_> {
    fn default() -> Self {
        Self {
            host: "127.0.0.1",
            secure: false,
            path: "/",
            sets: &[],
        }
    }
}

/// The request of a visit, not sent yet.
pub fn prepared<W: Unit>(client: &Client<W>, server: &Server, visit: Visit<'_>) -> Handle {
    let flags = if visit.secure {
        c::WINHTTP_FLAG_SECURE
    } else {
        0
    };
    let request = request(client, visit.host, server.port(), visit.path, flags);
    if visit.host != Visit::default().host {
        let option = c::WINHTTP_OPTION_RESOLUTION_HOSTNAME;
        set_text::<W>(request, option, Visit::default().host).unwrap();
    }
    if visit.secure {
        trusting::<W>(request);
    }
    for line in visit.sets {
        let asks = format!("{SETS}: {line}");
        client
            .add_headers(request, &asks, c::WINHTTP_ADDREQ_FLAG_ADD)
            .unwrap();
    }
    request
}

/// Sends a request, receives and closes it; gives the Cookie fields that the server got, which the
/// program sees too.
pub fn finished<W: Unit>(client: &Client<W>, server: &Server, request: Handle) -> Vec<String> {
    let cookies = exchanged(client, server, request);
    client.close(request).unwrap();
    cookies
}

/// As [`finished`], and leaves the request open.
pub fn exchanged<W: Unit>(client: &Client<W>, server: &Server, request: Handle) -> Vec<String> {
    let seen = received(client, server, request);
    let cookies: Vec<String> = seen.values("Cookie").map(str::to_owned).collect();
    let level = c::WINHTTP_QUERY_COOKIE | c::WINHTTP_QUERY_FLAG_REQUEST_HEADERS;
    assert_eq!(client.values(request, level, None), cookies);
    cookies
}

/// Sends a request and receives its response; gives what the server got.
pub fn received<W: Unit>(client: &Client<W>, server: &Server, request: Handle) -> Request {
    let index = server.requests().len();
    client.exchange(request).unwrap();
    server.wait_request(index, PATIENCE).unwrap()
}

/// A visit from its beginning to its end: the Cookie fields that the server got.
pub fn visit<W: Unit>(client: &Client<W>, server: &Server, visit: Visit<'_>) -> Vec<String> {
    let request = prepared(client, server, visit);
    finished(client, server, request)
}
