//! Proxies that the environment names: conversations go through a tunnel.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod common;
use common::{MODES, Running, program};

use std::process::Stdio;

use winhttp_fixtures::certs::{Authority, IdentityOptions};
use winhttp_fixtures::{Connection, Server, by_path};

/// `me:secret`, as Basic shows it.
const TOKEN: &str = "Basic bWU6c2VjcmV0";

/// A proxy that opens tunnels to this server, whatever they are for, to whoever shows who he is if
/// it asks for that.
fn proxy(server: &Server, asks: bool) -> Server {
    let target = server.address();
    Server::plain(move |connection: &mut Connection| {
        while let Some(request) = connection.read_head()? {
            if !asks || request.header("Proxy-Authorization") == Some(TOKEN) {
                return connection.tunnel_to(target);
            }
            connection.send(b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n")?;
        }
        Ok(())
    })
    .unwrap()
}

/// The name is for the proxy to look up.
#[test]
fn a_conversation_goes_through_the_proxy_of_its_scheme() {
    let identity = Authority::new()
        .unwrap()
        .issue(&IdentityOptions::default())
        .unwrap();
    for mode in MODES {
        for (asks, login) in [(false, ""), (true, "me:secret@")] {
            for (server, variable, scheme, port) in [
                (Server::plain(by_path).unwrap(), "http_proxy", "ws", 80),
                (
                    Server::tls(by_path, &identity).unwrap(),
                    "https_proxy",
                    "wss",
                    443,
                ),
            ] {
                let proxy = proxy(&server, asks);
                let url = format!("{scheme}://nosuchhost.invalid/echo");
                let mut command = program(&[mode, &["--trace", "-k", "-x", "hi", &url]].concat());
                command.env(variable, format!("http://{login}{}", proxy.authority()));
                command.stdin(Stdio::null()).stdout(Stdio::piped());
                let ended = Running::of(command).wait().with(0);
                assert_eq!(ended.text(), "hi\n");
                assert!(!ended.errors.contains("secret"), "{}", ended.errors);
                let asked = proxy.requests();
                assert_eq!(asked.len(), if asks { 2 } else { 1 });
                for request in asked {
                    let expected = format!("nosuchhost.invalid:{port}");
                    assert_eq!((&*request.method, request.target), ("CONNECT", expected));
                }
                let [inside] = &server.requests()[..] else {
                    panic!("{:?}", server.requests());
                };
                assert_eq!(inside.header("Proxy-Authorization"), None);
            }
        }
    }
}

#[test]
fn a_proxy_that_refuses_is_no_connection() {
    let server = common::server();
    let proxy = proxy(&server, true);
    let mut command = program(&["-x", "hi", "ws://nosuchhost.invalid/echo"]);
    command.env("http_proxy", proxy.url(""));
    command.stdin(Stdio::null());
    let ended = Running::of(command).wait().with(3).saying("407");
    assert!(server.requests().is_empty(), "{}", ended.errors);
}
