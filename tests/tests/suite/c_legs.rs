//! What C programs do where a request goes on with another one: fields taken off in the callback of
//! a redirect, credentials on a handle of their own, sending again what was written.

use winhttp_fixtures::{Connection, Request, Server};
use winhttp_tests::support::credentials::{
    BASIC_CHALLENGE, DIGEST_CHALLENGE, TOKEN, answers_digest, basic, digest, guarded,
};
use winhttp_tests::support::programs::{WIDTHS, build, run};
use winhttp_tests::{HELLO, answers};

/// Runs a program in both widths and modes against a new server each time, and judges what it
/// printed and what the server has seen.
fn each_way(source: &str, server: impl Fn() -> Server, run_and_judge: impl Fn(&Way<'_>)) {
    for width in WIDTHS {
        let program = build(source, width, &["-lwinhttp"]);
        for mode in ["sync", "async"] {
            let server = server();
            let print = |path: &str, more: &str| {
                let port = server.port().to_string();
                let mut arguments = vec!["127.0.0.1", &port, path, mode];
                arguments.extend(Some(more).filter(|more| !more.is_empty()));
                run(&program, &arguments)
            };
            run_and_judge(&Way {
                server: &server,
                print: &print,
            });
            assert_eq!(server.violations(), [], "{width:?} {mode}");
        }
    }
}

struct Way<'w> {
    server: &'w Server,
    /// What the program prints with this path, and one more argument unless it is empty.
    print: &'w dyn Fn(&str, &str) -> String,
}

/// Facts 4.1.3, 26.8 and 26.9: in the callback the fields of the request that was sent are to be
/// seen. Taking one off there works also where another host would not have got it (ruling 39.14),
/// and no byte of it leaves.
#[test]
fn facts_26_8_and_26_9_a_field_that_is_taken_off_in_the_callback_does_not_leave() {
    for host in ["127.0.0.1", "localhost"] {
        let target = answers(HELLO);
        let location = format!("http://{host}:{}/there", target.port());
        let go = format!("HTTP/1.1 302 Go\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
        each_way(
            "strip_on_redirect.c",
            || answers(go.as_bytes()),
            |way| {
                let told = "found: 0, removed: 0, found: 12150\n200 hello\n";
                assert_eq!((way.print)("/here", ""), told, "{host}");
                let [seen] = &way.server.requests()[..] else {
                    panic!("{:?}", way.server.requests());
                };
                assert_eq!(seen.header("Authorization"), Some("Bearer s3cret"));
            },
        );
        assert_eq!(target.connections(), 4, "one for each way");
        for connection in 0..target.connections() {
            let bytes = String::from_utf8(target.received(connection)).unwrap();
            assert!(bytes.starts_with("GET /there HTTP/1.1\r\n"), "{bytes}");
            for part in ["uthorization", "Bearer", "s3cret"] {
                assert!(!bytes.contains(part), "{bytes}");
            }
        }
    }
}

/// Fact 28.3.2 and expectation 26: Basic goes out at once, Digest is answered inside
/// ReceiveResponse, or once more by the program that has written its body.
#[test]
fn facts_28_2_2_and_28_3_2_credentials_are_set_on_another_handle_than_the_challenged_one() {
    let both = || {
        guarded(&[BASIC_CHALLENGE, DIGEST_CHALLENGE], |request| {
            request.header("Authorization") == Some(TOKEN) || answers_digest(request)
        })
    };
    let offers: [(&dyn Fn() -> Server, &str, &str, usize); 3] = [
        (&basic, "supported 1, first 1, target 0", "", 0),
        (&digest, "supported 8, first 8, target 0", ", once more", 1),
        (&both, "supported 9, first 1, target 0", ", once more", 1),
    ];
    for (server, offer, again, unasked) in offers {
        each_way("answer_on_another_handle.c", server, |way| {
            for (how, again) in [("given", ""), ("written", again)] {
                let before = way.server.requests().len();
                let expected = format!("{offer}{again}: 200 hellobody\n");
                assert_eq!((way.print)("/x", how), expected);
                let requests = way.server.requests().split_off(before);
                let shown = |request: &Request| request.header("Authorization").is_some();
                let without = requests.iter().filter(|request| !shown(request)).count();
                assert_eq!((requests.len() - without, without), (1, 1 + unasked));
            }
        });
    }
}

/// Sends `/moved/…` to what follows, `/again` to itself, and asks for Digest in `/private`.
fn leading() -> Server {
    Server::plain(|connection: &mut Connection| {
        while let Some(request) = connection.read_head()? {
            let body = connection.read_body(&request)?;
            let location = match request.target.strip_prefix("/moved") {
                Some(rest) => Some(rest),
                None => (request.target == "/again").then_some("/again"),
            };
            let answer = if let Some(location) = location {
                format!("307 Go\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")
            } else if request.target == "/private" && !answers_digest(&request) {
                format!(
                    "401 No\r\nWWW-Authenticate: {DIGEST_CHALLENGE}\r\nContent-Length: 2\r\n\r\nno"
                )
            } else {
                let body = String::from_utf8_lossy(&body);
                format!("200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
            };
            connection.send(format!("HTTP/1.1 {answer}").as_bytes())?;
        }
        Ok(())
    })
    .unwrap()
}

/// Facts 5.6.3, 25.13, 26.16 and 28.3.2.
#[test]
fn facts_25_13_and_26_16_the_loop_around_err_resend_request() {
    each_way("counted_resend.c", leading, |way| {
        for (path, password, told) in [
            ("/free", "pa55word", "tries 1, error 0, 200 body\n"),
            ("/private", "pa55word", "tries 2, error 0, 200 body\n"),
            ("/moved/free", "pa55word", "tries 2, error 0, 200 body\n"),
            (
                "/moved/moved/free",
                "pa55word",
                "tries 3, error 0, 200 body\n",
            ),
            ("/moved/private", "pa55word", "tries 3, error 0, 200 body\n"),
            ("/private", "wrong", "tries 2, error 0, 401 no\n"),
            // The limit of redirects is for one send, that of such loops is the program's.
            ("/again", "pa55word", "tries 10, error 12032\n"),
        ] {
            assert_eq!((way.print)(path, password), told, "{path} {password}");
        }
    });
}
