//! What C programs do about proxies: the loop that answers servers and proxies as they ask, tools
//! that find the proxy by themselves, a report that is posted and given up.

use std::fs;
use std::process::Command;

use winhttp_fixtures::certs::{Authority, IdentityOptions};
use winhttp_fixtures::{Connection, Server};
use winhttp_tests::program::run as run_command;
use winhttp_tests::scratch::Scratch;
use winhttp_tests::support::autoproxy::{finds, serves};
use winhttp_tests::support::credentials::{BASIC_CHALLENGE, TOKEN};
use winhttp_tests::support::programs::{Program, WIDTHS, build, run};
use winhttp_tests::support::proxy::{WANTS_BASIC, answers_as_proxy, everything, proxy};

/// `proxyuser:proxypass`, as Basic sends it.
const PROXY_TOKEN: &str = "Basic cHJveHl1c2VyOnByb3h5cGFzcw==";

/// Builds a program in both widths.
fn in_both_widths(source: &str, judge: impl Fn(&Program)) {
    for width in WIDTHS {
        judge(&build(source, width, &["-lwinhttp"]));
    }
}

/// A proxy that wants credentials, and stands before a server that wants others.
fn both_ask() -> Server {
    Server::plain(|connection: &mut Connection| {
        while let Some(request) = connection.read_head()? {
            let answer = if request.header("Proxy-Authorization") != Some(PROXY_TOKEN) {
                WANTS_BASIC.to_owned()
            } else if request.header("Authorization") != Some(TOKEN) {
                format!("HTTP/1.1 401 Who\r\nWWW-Authenticate: {BASIC_CHALLENGE}\r\nContent-Length: 3\r\n\r\nyou")
            } else {
                "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret".to_owned()
            };
            connection.send(answer.as_bytes())?;
        }
        Ok(())
    })
    .unwrap()
}

/// Expectation 26 through a proxy: nobody is shown what is the other's.
#[test]
fn fact_29_3_3_the_loop_answers_proxy_and_server_as_they_ask() {
    in_both_widths("challenge_loop.c", |program| {
        let both = both_ask();
        let printed = run(program, &[&both.authority(), "http://nosuchhost.invalid/a"]);
        assert_eq!(
            printed,
            "407: schemes 1\n401: schemes 1\n200, 6 bytes: secret\n"
        );
        let shown: Vec<_> = both
            .requests()
            .iter()
            .map(|request| {
                ["Proxy-Authorization", "Authorization"]
                    .map(|name| request.header(name).map(str::to_owned))
            })
            .collect();
        let (of_proxy, of_server) = (PROXY_TOKEN.to_owned(), TOKEN.to_owned());
        let expected = [
            [None, None],
            [Some(of_proxy.clone()), None],
            [Some(of_proxy), Some(of_server)],
        ];
        assert_eq!(shown, expected);
        assert_eq!(both.violations(), []);
    });
}

/// The same with a tunnel: inside it nothing is said of the proxy, outside nothing of the server.
#[test]
fn the_loop_answers_a_proxy_and_the_server_behind_its_tunnel() {
    in_both_widths("challenge_loop.c", |program| {
        let authority = Authority::new().unwrap();
        let identity = authority.issue(&IdentityOptions::default()).unwrap();
        let server = Server::tls(
            |connection: &mut Connection| {
                while let Some(request) = connection.read_head()? {
                    let answer = match request.header("Authorization") {
                        Some(TOKEN) => "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret",
                        _ => "HTTP/1.1 401 Who\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 3\r\n\r\nyou",
                    };
                    connection.send(answer.as_bytes())?;
                }
                Ok(())
            },
            &identity,
        )
        .unwrap();
        let tunnel = proxy(server.address(), |request| {
            (request.header("Proxy-Authorization") != Some(PROXY_TOKEN)).then_some(WANTS_BASIC)
        })
        .unwrap();
        let printed = run(
            program,
            &[&tunnel.authority(), "https://nosuchhost.invalid/a"],
        );
        let expected = "407: schemes 1\n401: schemes 1\n200, 6 bytes: secret\n";
        assert_eq!(printed, expected);
        for inside in server.requests() {
            assert_eq!(inside.header("Proxy-Authorization"), None);
        }
        for outside in tunnel.requests() {
            assert_eq!(&*outside.method, "CONNECT");
            assert_eq!(outside.header("Authorization"), None);
        }
    });
}

/// Credentials that nobody wants end the loop.
#[test]
fn the_loop_ends_with_a_proxy_that_wants_somebody_else() {
    in_both_widths("challenge_loop.c", |program| {
        let asking = answers_as_proxy(|_| Some(WANTS_BASIC));
        for (url, answer) in [
            ("http://nosuchhost.invalid/", "407, 3 bytes: who\n"),
            // Fact 40.12.
            ("https://nosuchhost.invalid/", "407, 0 bytes: \n"),
        ] {
            let printed = run(program, &[&asking.authority(), url]);
            let expected = format!("407: schemes 1\n407: schemes 1\n{answer}");
            assert_eq!(printed, expected, "{url}");
        }
        assert_eq!(asking.requests().len(), 4);
    });
}

/// Expectation of programs (facts 30.5.2, 30.5.3): detection, then the script, then the static
/// setting; not the static one where the script has spoken.
#[test]
fn fact_30_5_3_a_tool_walks_the_users_settings() {
    let (named, fixed) = (answers_as_proxy(everything), answers_as_proxy(everything));
    let body = format!(
        "return host == 'direct.invalid' ? 'DIRECT' : 'PROXY {}; DIRECT'",
        named.authority()
    );
    let (script, page) = (serves(finds(&body)), serves("<html>"));
    let settings = format!(
        "proxy = http={};ftp=nowhere:1\nbypass = *.near.invalid\n",
        fixed.authority()
    );
    let (one, direct, near) = (
        "http://one.invalid/a?b",
        "http://direct.invalid/",
        "http://a.near.invalid/",
    );
    let through = |url: &str| format!("{url} through a proxy: 200, {} bytes: {url}\n", url.len());
    for (begin, url, expected) in [
        (
            "detection: 1, script: 1, proxy: 1, bypass: 1\n",
            script.url("/proxy.pac"),
            format!(
                "not found, error 12180\n{}not found, error 12180\n{direct} through none: error 12007\n\
                 not found, error 12180\n{}",
                through(one),
                through(near)
            ),
        ),
        (
            "detection: 1, script: 1, proxy: 1, bypass: 1\n",
            page.url("/"),
            format!(
                "not found, error 12180\nnot found, error 12166\n{}not found, error 12180\n\
                 not found, error 12166\n{}not found, error 12180\nnot found, error 12166\n\
                 {near} through a proxy: error 12007\n",
                through(one),
                through(direct)
            ),
        ),
    ] {
        in_both_widths("user_proxy_tool.c", |program| {
            let own = Scratch::new("tool");
            fs::create_dir(own.path().join("winhttp")).unwrap();
            let file = format!("auto-detect = yes\npac-url = {url}\n{settings}");
            fs::write(own.path().join("winhttp/proxy.conf"), file).unwrap();
            let mut command = Command::new(&program.file);
            command.args([one, direct, near]);
            let printed = run_command(command.env("XDG_CONFIG_HOME", own.path()));
            assert_eq!(printed, format!("{begin}{expected}"));
        });
    }
    assert_eq!((named.requests().len(), fixed.requests().len()), (4, 4));
}

/// And with the environment alone, of which no password is seen.
#[test]
fn a_tool_without_a_file_of_settings_has_the_environments_proxy() {
    in_both_widths("user_proxy_tool.c", |program| {
        let fixed = answers_as_proxy(everything);
        let own = Scratch::new("tool");
        let mut command = Command::new(&program.file);
        command
            .arg("http://one.invalid/")
            .env("XDG_CONFIG_HOME", own.path())
            .env("http_proxy", format!("http://a:b@{}", fixed.authority()))
            .env("no_proxy", "near.invalid");
        let expected = "detection: 0, script: 0, proxy: 1, bypass: 1\n\
            http://one.invalid/ through a proxy: 200, 19 bytes: http://one.invalid/\n";
        assert_eq!(run_command(&mut command), expected);
        assert_eq!(fixed.requests()[0].header("Proxy-Authorization"), None);
    });
}

#[test]
fn a_program_that_asks_for_the_proxy_of_every_url() {
    in_both_widths("proxy_per_url.c", |program| {
        let [one, other] = [(); 2].map(|()| answers_as_proxy(everything));
        let body = format!(
            "if (shExpMatch(url, '*/other*')) return 'PROXY {}'; \
             return isPlainHostName(host) ? 'DIRECT' : 'PROXY {}; PROXY nowhere:1'",
            other.authority(),
            one.authority()
        );
        let script = serves(finds(&body));
        let printed = run(
            program,
            &[
                &script.url("/proxy.pac"),
                "http://a.invalid/1",
                "http://a.invalid/other",
                "http://b.invalid:8080/2",
                "http://nosuchplainname/",
            ],
        );
        let expected = "200, 18 bytes: http://a.invalid/1\n200, 22 bytes: http://a.invalid/other\n\
            200, 23 bytes: http://b.invalid:8080/2\nerror 12007\n";
        assert_eq!(printed, expected);
        assert_eq!((one.requests().len(), other.requests().len()), (2, 1));
        // fAutoLogonIfChallenged: nothing is remembered (fact 30.1.3).
        assert_eq!(script.requests().len(), 4);
    });
}

/// Every piece arrives again behind the challenge, in order.
#[test]
fn a_report_is_posted_through_a_proxy_that_asks() {
    let report: Vec<u8> = (0..90_000_u32)
        .map(|index| b'a' + u8::try_from((index + index / 1000) % 26).unwrap())
        .collect();
    in_both_widths("crash_reporter.c", |program| {
        let expected = report.clone();
        let asking = Server::plain(move |connection: &mut Connection| {
            while let Some(request) = connection.read_head()? {
                let body = connection.read_body(&request)?;
                let answer = if request.header("Proxy-Authorization") != Some(PROXY_TOKEN) {
                    WANTS_BASIC
                } else if body == expected {
                    "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nthanks"
                } else {
                    "HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n"
                };
                connection.send(answer.as_bytes())?;
            }
            Ok(())
        })
        .unwrap();
        let url = "http://reports.invalid/submit";
        let printed = run(program, &[&asking.authority(), url, "post"]);
        assert_eq!(printed, "asked for 1\n200, 6 bytes: thanks\n");
        assert_eq!(asking.violations(), []);
    });
}

/// Expectation 8.
#[test]
fn a_report_is_given_up_while_the_proxy_says_nothing() {
    in_both_widths("crash_reporter.c", |program| {
        let silent = Server::plain(|connection: &mut Connection| {
            if let Some(request) = connection.read_head()? {
                connection.read_body(&request)?;
                connection.wait_closed();
            }
            Ok(())
        })
        .unwrap();
        let url = "http://reports.invalid/submit";
        let printed = run(program, &[&silent.authority(), url, "cancel"]);
        assert_eq!(printed, "error 12017\n");
    });
}
