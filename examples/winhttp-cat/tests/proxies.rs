//! Proxies that the environment or `--proxy` names: conversations go through a tunnel.
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

/// Through `--proxy`, whatever the environment says; server and proxy ask, each for its own.
#[test]
fn proxy_and_server_are_answered_each_with_its_own() {
    const OF_SERVER: &str = "Basic eW91OmhpZGRlbg=="; // you:hidden
    const DIGEST: &[u8] = b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Digest realm=\"x\", nonce=\"n\", qop=\"auth\"\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n";
    for mode in MODES {
        for closes in [false, true] {
            let server = Server::plain(move |connection: &mut Connection| {
                while let Some(request) = connection.read_head()? {
                    if request.header("Authorization") == Some(OF_SERVER) {
                        connection.accept_websocket(&request)?;
                        let frame = connection.read_frame()?.unwrap();
                        connection.send_frame(frame.opcode, true, &frame.payload)?;
                        let close = connection.read_frame()?.unwrap();
                        connection.send_frame(close.opcode, true, &close.payload)?;
                        return Ok(());
                    }
                    let end = if closes { "Connection: close\r\n" } else { "" };
                    let head = format!("HTTP/1.1 401 Who\r\nWWW-Authenticate: Basic realm=y\r\n{end}Content-Length: 0\r\n\r\n");
                    connection.send(head.as_bytes())?;
                    if closes {
                        return Ok(());
                    }
                }
                Ok(())
            })
            .unwrap();
            let target = server.address();
            let proxy = Server::plain(move |connection: &mut Connection| {
                while let Some(request) = connection.read_head()? {
                    if request
                        .header("Proxy-Authorization")
                        .is_some_and(|shown| shown.starts_with("Digest username=\"me\""))
                    {
                        return connection.tunnel_to(target);
                    }
                    connection.send(DIGEST)?;
                }
                Ok(())
            })
            .unwrap();
            let list = proxy.authority();
            let options = ["--trace", "--proxy", &list, "--proxy-auth", "me:secret"];
            let more = [
                "--auth",
                "you:hidden",
                "-x",
                "hi",
                "ws://nosuchhost.invalid/",
            ];
            let mut command = program(&[mode, &options, &more].concat());
            command
                .env("http_proxy", "nosuchproxy.invalid:1")
                .env("no_proxy", "*");
            command.stdin(Stdio::null()).stdout(Stdio::piped());
            let ended = Running::of(command).wait().with(0);
            assert_eq!(ended.text(), "hi\n");
            for secret in ["secret", "hidden", OF_SERVER] {
                assert!(!ended.errors.contains(secret), "{}", ended.errors);
            }
            for request in proxy.requests() {
                assert_eq!(
                    (&*request.method, request.header("Authorization")),
                    ("CONNECT", None)
                );
            }
            for request in server.requests() {
                assert_eq!(request.header("Proxy-Authorization"), None);
            }
        }
    }
}

/// A password that is refused is not shown twice, and not to a server that calls itself a proxy.
#[test]
fn a_proxy_that_wants_somebody_else_is_no_connection() {
    let asking = Server::plain(|connection: &mut Connection| {
        while connection.read_head()?.is_some() {
            connection.send(b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n")?;
        }
        Ok(())
    })
    .unwrap();
    let list = asking.authority();
    let of_proxy = ["--proxy-auth", "me:secret", "-x", "hi"];
    let through = ["--proxy", &list, "ws://nosuchhost.invalid/"];
    common::run(&[&of_proxy[..], &through].concat(), b"")
        .with(3)
        .saying("407");
    let shown = |server: &Server| -> Vec<_> {
        let requests = server.requests().into_iter();
        requests
            .map(|request| request.header("Proxy-Authorization").map(str::to_owned))
            .collect()
    };
    assert_eq!(shown(&asking), [None, Some(TOKEN.to_owned())]);
    let url = asking.ws_url("/");
    common::run(&[&of_proxy[..], &["--sync", &url]].concat(), b"")
        .with(3)
        .saying("407");
    assert!(shown(&asking).split_off(2).iter().all(Option::is_none));
}

/// What a tunnel is there for goes out once it is there, on the first leg and behind a redirect.
#[test]
fn a_head_is_shown_once_it_was_sent() {
    const CHALLENGE: &str = "< HTTP/1.1 407 Who";
    const SENT: [&str; 2] = ["> GET /echo HTTP/1.1", "< HTTP/1.1 101 Switching Protocols"];
    let leading = common::leading("http://nosuchhost.invalid/echo", "");
    let direct = leading.ws_url("/first");
    for mode in MODES {
        for (url, before) in [
            ("ws://nosuchhost.invalid/echo", &[][..]),
            (&direct, &["> GET /first HTTP/1.1"]),
        ] {
            for (login, after) in [(&[][..], &[][..]), (&["--proxy-auth", "me:secret"], &SENT)] {
                let server = common::server();
                let proxy = proxy(&server, true);
                let list = proxy.authority();
                let options = ["--trace", "-L", "--proxy", &list, "-x", "hi", url];
                let ended = common::run(&[mode, &options, login].concat(), b"");
                let lines = ended.errors.lines();
                let words = lines.filter_map(|line| line.split_once(" s  "));
                let words = words.map(|(_, words)| words);
                let heads: Vec<&str> = words.filter(|words| words.contains("HTTP/1.1")).collect();
                let expected = [before, &[CHALLENGE], after].concat();
                assert_eq!(heads, expected, "{}", ended.errors);
            }
        }
    }
}

#[test]
fn what_is_no_list_of_proxies_is_a_mistake() {
    let url = "ws://nosuchhost.invalid/";
    common::run(&["--proxy", "me:secret@proxy", url], b"")
        .with(2)
        .saying("--proxy-auth");
    common::run(&["--proxy", "proxy:99999", "-x", "hi", url], b"")
        .with(3)
        .saying("names no proxy");
}

/// What the README begins with, whatever proxies whoever tries it has.
#[test]
fn the_demonstration_needs_no_proxy() {
    let mut command = program(&["--demo"]);
    for variable in ["http_proxy", "https_proxy", "all_proxy"] {
        command.env(variable, "http://nosuchproxy.invalid:1");
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let ended = Running::of(command).wait().with(0);
    assert!(ended.text().ends_with("all four conversations succeeded\n"));
}

/// Nor does any other server on this machine.
#[test]
fn what_is_on_this_machine_is_reached_whatever_the_environment_says() {
    let server = common::server();
    for url in [
        server.ws_url("/echo"),
        server.ws_url("/echo").replace("127.0.0.1", "localhost"),
    ] {
        let mut command = program(&["-x", "hi", &url]);
        for variable in ["http_proxy", "https_proxy", "all_proxy"] {
            command.env(variable, "http://nosuchproxy.invalid:1");
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        assert_eq!(Running::of(command).wait().with(0).text(), "hi\n");
    }
}

/// The server has asked, and leads to another one, which a proxy has to open a tunnel to: neither
/// is shown what is the first one's.
#[test]
fn a_proxy_on_the_way_behind_a_redirect_is_answered_and_the_server_there_is_not() {
    for mode in MODES {
        let there = Server::plain(by_path).unwrap();
        let proxy = proxy(&there, true);
        let first = Server::plain(|connection: &mut Connection| {
            while let Some(request) = connection.read_head()? {
                let answer = match request.header("Authorization") {
                    None => "401 Who\r\nWWW-Authenticate: Basic realm=y",
                    Some(_) => "302 Go\r\nLocation: http://other.invalid/echo",
                };
                let head = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n");
                connection.send(head.as_bytes())?;
            }
            Ok(())
        })
        .unwrap();
        let url = first.ws_url("/");
        let list = proxy.authority();
        let options = [
            "-L",
            "--auth",
            "you:hidden",
            "--proxy",
            &list,
            "--proxy-auth",
            "me:secret",
        ];
        let arguments = [mode, &options[..], &["-x", "hi", &url]].concat();
        let mut command = program(&arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let ended = Running::of(command).wait().with(0);
        assert_eq!(ended.text(), "hi\n");
        for request in there.requests().iter().chain(&proxy.requests()) {
            assert_eq!(request.header("Authorization"), None);
        }
        assert_eq!((there.requests().len(), proxy.requests().len()), (1, 2));
    }
}
