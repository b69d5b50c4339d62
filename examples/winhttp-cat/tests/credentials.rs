//! Credentials: they are shown to whoever asks for them at the place that the URL names, with the
//! best scheme, and to nobody else.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod common;
use common::{Ended, MODES, leading, run};

use std::io;

use winhttp_fixtures::certs::{Authority, IdentityOptions};
use winhttp_fixtures::{Connection, Opcode, Request, Server};

/// `me:secret`, as Basic shows it.
const TOKEN: &str = "Basic bWU6c2VjcmV0";
const BASIC: &str = "WWW-Authenticate: Basic realm=\"x\"\r\n";
const DIGEST: &str = "WWW-Authenticate: Digest realm=\"x\", nonce=\"n0nce\", qop=\"auth\"\r\n";

/// Upgrades, and gives every message back.
fn echo(connection: &mut Connection, request: &Request) -> io::Result<()> {
    connection.accept_websocket(request)?;
    while let Some(frame) = connection.read_frame()? {
        connection.send_frame(frame.opcode, true, &frame.payload)?;
        if frame.opcode == Opcode::CLOSE {
            break;
        }
    }
    Ok(())
}

/// Asks everybody with these fields; whoever answers is let in, or asked again.
fn asking(
    fields: &'static str,
    lets_in: bool,
) -> impl Fn(&mut Connection) -> io::Result<()> + Clone + Send + Sync + 'static {
    move |connection: &mut Connection| {
        while let Some(request) = connection.read_head()? {
            if lets_in && request.header("Authorization").is_some() {
                return echo(connection, &request);
            }
            let head = format!("HTTP/1.1 401 No\r\n{fields}Content-Length: 2\r\n\r\nno");
            connection.send(head.as_bytes())?;
        }
        Ok(())
    }
}

const COOKIE: &str = "Set-Cookie: way=1; Path=/\r\n";

/// What a server has been shown, request by request.
fn shown(server: &Server) -> Vec<Option<String>> {
    let requests = server.requests().into_iter();
    requests
        .map(|request| request.header("Authorization").map(str::to_owned))
        .collect()
}

fn says_no_secret(ended: &Ended) {
    for secret in ["secret", "s%65cret", "bWU6c2VjcmV0", "response="] {
        assert!(!ended.errors.contains(secret), "{}", ended.errors);
    }
}

#[test]
fn a_challenge_is_answered_with_what_the_command_line_says() {
    for mode in MODES {
        for in_url in [true, false] {
            let server = Server::plain(asking(BASIC, true)).unwrap();
            let url = server.ws_url("/");
            let arguments = match in_url {
                true => vec![url.replace("ws://", "ws://me:s%65cret@")],
                false => vec!["--auth".to_owned(), "me:secret".to_owned(), url],
            };
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let ended = run(&[mode, &["--trace", "-x", "hi"], &arguments].concat(), b"").with(0);
            assert_eq!(ended.text(), "hi\n");
            says_no_secret(&ended);
            ended
                .saying("< HTTP/1.1 401 No\n")
                .saying("answers with the scheme Basic\n")
                .saying("< HTTP/1.1 101 ");
            assert_eq!(shown(&server), [None, Some(TOKEN.to_owned())]);
        }
    }
}

#[test]
fn over_tls_too() {
    let identity = Authority::new()
        .unwrap()
        .issue(&IdentityOptions::default())
        .unwrap();
    for mode in MODES {
        let server = Server::tls(asking(BASIC, true), &identity).unwrap();
        let url = server.ws_url("/");
        let arguments = ["-k", "--auth", "me:secret", "-x", "hi", &url];
        let ended = run(&[mode, &arguments].concat(), b"").with(0);
        assert_eq!(ended.text(), "hi\n");
        assert_eq!(shown(&server), [None, Some(TOKEN.to_owned())]);
    }
}

#[test]
fn digest_comes_before_basic() {
    for fields in [
        [BASIC, DIGEST].concat(),
        [DIGEST, BASIC].concat(),
        DIGEST.to_owned(),
    ] {
        let fields: &'static str = fields.leak();
        for mode in MODES {
            let server = Server::plain(asking(fields, true)).unwrap();
            let url = server.ws_url("/");
            let arguments = ["--trace", "--auth", "me:secret", "-x", "hi", &url];
            let ended = run(&[mode, &arguments].concat(), b"").with(0);
            assert_eq!(ended.text(), "hi\n");
            says_no_secret(&ended);
            ended.saying("answers with the scheme Digest\n");
            let [None, Some(answer)] = &shown(&server)[..] else {
                panic!("{:?}", shown(&server));
            };
            let begins = "Digest username=\"me\", realm=\"x\", nonce=\"n0nce\"";
            assert!(answer.starts_with(begins), "{answer}");
        }
    }
}

#[test]
fn nothing_is_shown_to_a_server_that_does_not_ask() {
    let server = common::server();
    let url = server.ws_url("/echo");
    run(&["--auth", "me:secret", "-x", "hi", &url], b"").with(0);
    assert_eq!(shown(&server), [None]);
}

#[test]
fn a_wrong_password_is_shown_once() {
    for (fields, answers) in [
        (BASIC, 1),
        (DIGEST, 1),
        ("", 0),
        ("WWW-Authenticate: NTLM\r\n", 0),
    ] {
        for mode in MODES {
            let server = Server::plain(asking(fields, false)).unwrap();
            let url = server.ws_url("/");
            let arguments = ["--auth", "me:secret", "-x", "hi", &url];
            let ended = run(&[mode, &arguments].concat(), b"")
                .with(3)
                .saying("answered 401 instead of 101");
            says_no_secret(&ended);
            let shown = shown(&server);
            assert_eq!(shown.iter().flatten().count(), answers, "{shown:?}");
            if answers == 0 {
                ended.saying("the server asks for ");
                assert_eq!(shown, [None]);
            }
        }
    }
}

#[test]
fn a_server_that_a_redirect_leads_to_is_answered_only_if_it_is_the_same() {
    for mode in MODES {
        let target = Server::plain(asking(BASIC, true)).unwrap();
        let url = target.ws_url("/").replace("ws://", "http://");
        let first = leading(&url, COOKIE);
        let words = format!("{url} asks for credentials, and those given are for ");
        let arguments = ["-L", "--auth", "me:secret", "-x", "hi", &first.ws_url("/")];
        run(&[mode, &arguments].concat(), b"")
            .with(3)
            .saying(&words);
        assert_eq!(shown(&target), [None]);
        assert_eq!(shown(&first), [None]);
    }
}

/// Sends `/` to `/in`, and asks there; each answer has a cookie of its own.
fn chain(connection: &mut Connection) -> io::Result<()> {
    while let Some(request) = connection.read_head()? {
        let answer = match (&*request.target, request.header("Authorization")) {
            ("/", _) => "302 Go\r\nLocation: /in\r\nSet-Cookie: way=1\r\n",
            (_, None) => "401 No\r\nWWW-Authenticate: Basic realm=x\r\nSet-Cookie: door=2\r\n",
            (_, Some(_)) => return echo(connection, &request),
        };
        let head = format!("HTTP/1.1 {answer}Content-Length: 0\r\n\r\n");
        connection.send(head.as_bytes())?;
    }
    Ok(())
}

#[test]
fn the_cookies_of_all_answers_come_along() {
    for mode in MODES {
        let server = Server::plain(chain).unwrap();
        let url = server.ws_url("/");
        let arguments = ["-L", "--auth", "me:secret", "-x", "hi", &url];
        let ended = run(&[mode, &arguments].concat(), b"").with(0);
        assert_eq!(ended.text(), "hi\n");
        let last = server.requests().pop().unwrap();
        let cookies = last.header("Cookie").unwrap();
        let mut cookies: Vec<&str> = cookies.split("; ").collect();
        cookies.sort_unstable();
        assert_eq!(cookies, ["door=2", "way=1"]);
        assert_eq!(
            (&*last.target, last.header("Authorization")),
            ("/in", Some(TOKEN))
        );
    }
}
