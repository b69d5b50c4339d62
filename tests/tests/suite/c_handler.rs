//! A handler in C that sets redirects, credentials, cookies and decompression anew for each of
//! thousands of requests of one session: nothing of one request shows in another.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use winhttp_fixtures::{Connection, Request, Server, Settings};
use winhttp_tests::support::coded::gzip;
use winhttp_tests::support::credentials::{BASIC_CHALLENGE, DIGEST_CHALLENGE, basic_of};
use winhttp_tests::support::programs::{WIDTHS, build, run};

const REQUESTS: u32 = 2048;
const THREADS: &str = "8";

/// What a request has been told, by its path.
struct Choice<'p> {
    step: &'p str,
    credentials: &'p str,
    has_own_cookie: bool,
    is_decoded: bool,
    number: &'p str,
}

impl<'p> Choice<'p> {
    fn of(path: &'p str) -> Self {
        let parts: Vec<&str> = path.split('/').collect();
        let ["", step, credentials, cookies, coding, number] = parts[..] else {
            panic!("{path}");
        };
        Self {
            step,
            credentials,
            has_own_cookie: cookies == "own",
            is_decoded: coding == "coded",
            number,
        }
    }

    /// What in a request is another one's, or missing.
    fn fault(&self, request: &Request) -> Option<&'static str> {
        let shown = request.header("Authorization");
        let user = format!("user{}", self.number);
        let basic = basic_of(&user, "pa55word");
        let is_asked_for = self.step == "end";
        let proves = match (self.credentials, shown) {
            ("basic", shown) => shown == Some(&*basic),
            (_, None) => true,
            ("options", Some(shown)) => is_asked_for && shown == basic,
            ("digest", Some(shown)) => {
                is_asked_for && shown.starts_with(&format!("Digest username=\"{user}\""))
            }
            (_, Some(_)) => false,
        };
        let cookies: Vec<&str> = request.values("Cookie").collect();
        let has_cookies = match (self.has_own_cookie, &cookies[..]) {
            (true, [one]) => *one == format!("own={}", self.number),
            (false, []) => true,
            (false, [one]) => one.starts_with("kept=") && !one.contains(';'),
            (_, _) => false,
        };
        let coding = self.is_decoded.then_some("gzip, deflate");
        if self.step == "never" {
            Some("a redirect that was forbidden is followed")
        } else if !proves {
            Some("credentials")
        } else if !has_cookies {
            Some("cookies")
        } else if request.header("Accept-Encoding") != coding {
            Some("decompression")
        } else {
            None
        }
    }

    /// Status line and fields of the answer.
    fn answer(&self, request: &Request, path: &str) -> (u32, String) {
        match self.step {
            "follow" | "stay" => {
                let next = if self.step == "follow" {
                    "end"
                } else {
                    "never"
                };
                let rest = &path[1 + self.step.len()..];
                (302, format!("Found\r\nLocation: /{next}{rest}\r\n"))
            }
            _ if request.header("Authorization").is_some() => (200, "OK\r\n".to_owned()),
            _ => {
                let challenge = match self.credentials {
                    "digest" => DIGEST_CHALLENGE,
                    _ => BASIC_CHALLENGE,
                };
                (401, format!("No\r\nWWW-Authenticate: {challenge}\r\n"))
            }
        }
    }
}

fn answer(connection: &mut Connection, request: &Request) -> io::Result<()> {
    let path = &*request.target;
    let choice = Choice::of(path);
    if let Some(fault) = choice.fault(request) {
        connection.violation(format!("{fault}: {}", request.text()));
    }
    let (status, fields) = choice.answer(request, path);
    let plain = format!("{status} for {}", choice.number).into_bytes();
    let (coding, body) = match choice.is_decoded {
        true => ("Content-Encoding: gzip\r\n", gzip(&plain)),
        false => ("", plain),
    };
    let cookie = if choice.has_own_cookie {
        "lost"
    } else {
        "kept"
    };
    let head = format!(
        "HTTP/1.1 {status} {fields}{coding}Set-Cookie: {cookie}={}; Path=/\r\nContent-Length: {}\r\n\r\n",
        choice.number,
        body.len()
    );
    connection.send(&[head.as_bytes(), &body].concat())
}

/// Facts 26.13, 27.1.1, 27.2.4, 28.1.1, 28.1.3, 31.2 and 36: each request has what was set on it,
/// and nothing of its neighbours, with which it shares session, jar and connections.
#[test]
fn facts_27_1_1_and_28_1_1_and_31_2_thousands_of_requests_share_nothing_but_the_session() {
    for (width, mode) in WIDTHS
        .into_iter()
        .flat_map(|width| [(width, "sync"), (width, "async")])
    {
        let with_kept = Arc::new(AtomicUsize::new(0));
        let counts = Arc::clone(&with_kept);
        let settings = Settings {
            recording: false,
            ..Settings::default()
        };
        let server = Server::start(settings, move |connection: &mut Connection| {
            while let Some(request) = connection.read_head()? {
                let has_kept = request
                    .header("Cookie")
                    .is_some_and(|value| value.starts_with("kept="));
                counts.fetch_add(usize::from(has_kept), Ordering::Relaxed);
                answer(connection, &request)?;
            }
            Ok(())
        })
        .unwrap();
        let program = build("handler.c", width, &["-lwinhttp"]);
        let arguments = [
            "127.0.0.1",
            &server.port().to_string(),
            &REQUESTS.to_string(),
            THREADS,
            mode,
        ];
        let printed = run(&program, &arguments);
        assert_eq!(server.violations(), [], "{width:?} {mode}");
        assert_eq!(
            printed,
            format!("{REQUESTS} of {REQUESTS} right\n"),
            "{width:?} {mode}"
        );
        // Half of them take the session's cookies, and all of those but the first ones have some.
        assert!(with_kept.load(Ordering::Relaxed) > 1000, "{with_kept:?}");
        assert!(server.connections() <= 8, "one for each thread");
    }
}
