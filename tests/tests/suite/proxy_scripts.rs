//! WinHttpGetProxyForUrl: where scripts come from, what they answer, and what is remembered.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::certs::{Authority, IdentityOptions};
use winhttp_fixtures::hole::{RefusedPort, TcpHole};
use winhttp_fixtures::{Connection, Server};
use winhttp_tests::support::autoproxy::{
    Options, create_resolver, finds, proxy_for, serves, start,
};
use winhttp_tests::support::set_timeouts;
use winhttp_tests::support::tls::identity;
use winhttp_tests::{
    Client, Handle, Info, Mode, PATIENCE, answers, answers_each, scenarios, status,
};

const URL: &str = "HTTP://Host.Example:8080/Path?q#f";

const BAD_SCRIPT: u32 = c::ERROR_WINHTTP_BAD_AUTO_PROXY_SCRIPT;
const NO_DOWNLOAD: u32 = c::ERROR_WINHTTP_UNABLE_TO_DOWNLOAD_SCRIPT;
const NOT_FOUND: u32 = c::ERROR_WINHTTP_AUTODETECTION_FAILED;
const SERVICE: u32 = c::ERROR_WINHTTP_AUTO_PROXY_SERVICE_ERROR;

/// What the script with this body says of [`URL`].
fn ask<W: Unit>(client: &Client<W>, body: &str) -> Result<Option<String>, u32> {
    let server = serves(finds(body));
    proxy_for(client, URL, &Options::script(&server.url("/proxy.pac"), 0))
}

fn found(list: &str) -> Result<Option<String>, u32> {
    Ok(Some(list.to_owned()))
}

fn reset<W: Unit>(client: &Client<W>, flags: u32) {
    // SAFETY: no memory is passed.
    status(unsafe { winhttp::WinHttpResetAutoProxy::<W>(client.session.raw(), flags) }).unwrap();
}

scenarios! {
    fn facts_8_4_5_and_30_1_6_what_a_script_sees_and_a_program_gets<W>(mode) {
        let client = Client::<W>::new(mode);
        assert_eq!(ask(&client, "return 'PROXY x:8080'"), found("x:8080"));
        let shown = finds("return 'PROXY ' + host + ':' + (url.indexOf('http://' + host + ':8080/Path') == 0 ? url.length : 1)");
        let server = serves(&shown);
        let url = server.url("/proxy.pac");
        let seen = "http://Host.Example:8080/Path?q".len();
        let (lower, keep) = (c::WINHTTP_AUTOPROXY_HOST_LOWERCASE, c::WINHTTP_AUTOPROXY_HOST_KEEPCASE);
        for (flags, host) in [(0, "Host.Example"), (keep, "Host.Example"), (lower, "host.example"), (lower | keep, "Host.Example")] {
            let options = Options::script(&url, flags | c::WINHTTP_AUTOPROXY_NO_CACHE_SVC);
            assert_eq!(proxy_for(&client, URL, &options), found(&format!("{host}:{seen}")), "{flags:#x}");
        }
        let private = "https://user:password@Host/secret";
        let shown = serves(finds("return 'PROXY x:' + url.length"));
        let options = Options::script(&shown.url("/"), 0);
        assert_eq!(proxy_for(&client, private, &options), found(&format!("x:{}", "https://Host/".len())));
        client.finish();
    }

    fn facts_30_1_7_and_30_1_8_answers_of_scripts<W>(mode) {
        let client = Client::<W>::new(mode);
        for (body, expected) in [
            ("return 'PROXY a; PROXY b:3128; DIRECT; PROXY c'", found("a:80;b:3128")),
            ("return 'SOCKS s; PROXY a'", found("a:80")),
            ("return 'PROXY [::1]:81'", found("[::1]:81")),
            ("return 'DIRECT; PROXY a'", Ok(None)),
            ("return 'SOCKS s'", Ok(None)),
            ("return 'PROXY a\\r\\nX: y'", Err(BAD_SCRIPT)),
            ("return 'PROXY a\\0:80'", Err(BAD_SCRIPT)),
            ("return 'nonsense'", Err(BAD_SCRIPT)),
            ("return ''", Err(BAD_SCRIPT)),
            ("return null", Err(BAD_SCRIPT)),
            ("throw 1", Err(BAD_SCRIPT)),
            ("return dnsResolve(", Err(BAD_SCRIPT)),
            ("return localHostOrDomainIs(host, 'Host.Example') && 'PROXY y'", found("y:80")),
            ("return dnsResolve('127.0.0.1') == '127.0.0.1' ? 'PROXY y' : 'DIRECT'", found("y:80")),
            ("return isInNet('127.0.0.1', '127.0.0.0', '255.0.0.0') ? 'PROXY y' : 'DIRECT'", found("y:80")),
            ("return myIpAddress().split('.').length == 4 ? 'PROXY y' : 'DIRECT'", found("y:80")),
            ("for (var a = [];;) a.push(a.join() + 'x')", Err(BAD_SCRIPT)),
            ("(function f() { f() })()", Err(BAD_SCRIPT)),
            // 600 copies of the one that the script has.
            ("dnsDomainIs.apply(null, Array(600).fill('a'.repeat(14 << 20)))", Err(BAD_SCRIPT)),
            ("return weekdayRange.apply(null, Array(600).fill('a'.repeat(14 << 20))) ? 'PROXY x' : 'PROXY y'", found("y:80")),
            ("return isResolvable('a'.repeat(14 << 20)) ? 'PROXY x' : 'PROXY y'", found("y:80")),
        ] {
            assert_eq!(ask(&client, body), expected, "{body}");
        }
        let page = serves("<html>no script</html>");
        let options = Options::script(&page.url("/"), 0);
        assert_eq!(proxy_for(&client, URL, &options), Err(BAD_SCRIPT));
        client.finish();
    }

    fn fact_30_1_4_a_script_that_never_ends_takes_no_longer_than_the_timeouts<W>(mode) {
        let client = Client::<W>::new(mode);
        set_timeouts::<W>(client.session, 50, 50, 50, 50);
        let server = serves(finds("for (;;);"));
        let options = Options::script(&server.url("/"), 0);
        let ended = proxy_for(&client, URL, &options);
        assert!(matches!(ended, Err(SERVICE | c::ERROR_WINHTTP_TIMEOUT)), "{ended:?}");
        client.finish();
    }

    fn facts_28_7_2_and_30_1_9_and_30_2_5_scripts_that_cannot_be_had<W>(mode) {
        let client = Client::<W>::new(mode);
        let of = |url: &str| proxy_for(&client, URL, &Options::script(url, 0));
        let refused = RefusedPort::new().unwrap();
        assert_eq!(of(&format!("http://{}/", refused.address())), Err(NO_DOWNLOAD));
        let login = c::ERROR_WINHTTP_LOGIN_FAILURE;
        let script = finds("return 'PROXY x'");
        for (head, error) in [
            ("404 Not Found", NO_DOWNLOAD),
            ("500 Oh", NO_DOWNLOAD),
            ("304 Not Modified", NO_DOWNLOAD),
            ("401 Who\r\nWWW-Authenticate: Basic realm=\"r\"", login),
            ("407 Who\r\nProxy-Authenticate: Basic realm=\"r\"", login),
            ("302 Gone\r\nLocation: ftp://host/x", NO_DOWNLOAD),
        ] {
            let length = script.len();
            let server = answers(format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\n\r\n{script}"));
            assert_eq!(of(&server.url("/")), Err(error), "{head}");
            let mut logs_on = Options::script(&server.url("/"), 0);
            logs_on.logs_on = true;
            assert_eq!(proxy_for(&client, URL, &logs_on), Err(error), "{head}");
        }
        let nonsense = answers("nonsense\r\n\r\n");
        assert_eq!(of(&nonsense.url("/")), Err(NO_DOWNLOAD));
        client.finish();
    }

    fn fact_30_1_2_scripts_have_at_most_one_mebibyte<W>(mode) {
        let client = Client::<W>::new(mode);
        let script = finds("return 'PROXY x'");
        let padded = |bytes: usize| format!("{script}{}", " ".repeat(bytes - script.len()));
        let largest = serves(padded(1 << 20));
        assert_eq!(proxy_for(&client, URL, &Options::script(&largest.url("/"), 0)), found("x:80"));
        let larger = serves(padded((1 << 20) + 1));
        assert_eq!(proxy_for(&client, URL, &Options::script(&larger.url("/"), 0)), Err(NO_DOWNLOAD));
        let endless = Server::plain(|connection: &mut Connection| {
            connection.read_head()?;
            connection.send(b"HTTP/1.1 200 OK\r\n\r\n")?;
            while connection.send(&[b' '; 4096]).is_ok() {}
            Ok(())
        })
        .unwrap();
        // Five gigabytes are announced, and not waited for.
        let announced = Server::plain(|connection: &mut Connection| {
            connection.read_head()?;
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5368709120\r\n\r\n")?;
            while connection.send(&[b' '; 4096]).is_ok() {}
            Ok(())
        })
        .unwrap();
        for server in [endless, announced] {
            assert_eq!(proxy_for(&client, URL, &Options::script(&server.url("/"), 0)), Err(NO_DOWNLOAD));
        }
        client.finish();
    }

    fn fact_30_2_5_a_server_that_says_nothing_is_not_waited_for_without_end<W>(mode) {
        let client = Client::<W>::new(mode);
        set_timeouts::<W>(client.session, 50, 50, 50, 50);
        let hole = TcpHole::new().unwrap();
        let options = Options::script(&format!("http://{}/", hole.address()), 0);
        let ended = proxy_for(&client, URL, &options);
        // The last is where look-ups of other tests have all threads meanwhile.
        assert!(matches!(ended, Err(NO_DOWNLOAD | c::ERROR_WINHTTP_TIMEOUT | SERVICE)), "{ended:?}");
        client.finish();
    }

    fn fact_30_2_5_scripts_are_fetched_directly_without_cookies_and_along_redirects<W>(mode) {
        let script = finds("return 'PROXY x'");
        let server = Server::plain(answers_each(move |connection, target, _| {
            let answer = match target {
                "/first" => "HTTP/1.1 302 Found\r\nLocation: /second\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n".to_owned(),
                _ => format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{script}", script.len()),
            };
            connection.send(answer.as_bytes())
        }))
        .unwrap();
        let client = Client::<W>::new(mode);
        assert_eq!(proxy_for(&client, URL, &Options::script(&server.url("/first"), 0)), found("x:80"));
        let requests = server.requests();
        let targets: Vec<&str> = requests.iter().map(|request| &*request.target).collect();
        assert_eq!(targets, ["/first", "/second"]);
        for request in &requests {
            let has = |wanted: &str| request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted));
            assert!(!has("Cookie") && !has("Authorization"), "{:?}", request.headers);
        }
        client.finish();
    }

    fn fact_30_1_3_a_script_is_fetched_once_unless_that_is_not_wanted<W>(mode) {
        let server = serves(finds("return 'PROXY x'"));
        let client = Client::<W>::new(mode);
        let url = server.url("/proxy.pac");
        let count = |flags| {
            let before = server.requests().len();
            for _ in 0..2 {
                assert_eq!(proxy_for(&client, URL, &Options::script(&url, flags)), found("x:80"));
            }
            server.requests().len() - before
        };
        assert_eq!(count(0), 1);
        assert_eq!(count(0), 0);
        assert_eq!(count(c::WINHTTP_AUTOPROXY_NO_CACHE_CLIENT), 2);
        assert_eq!(count(c::WINHTTP_AUTOPROXY_NO_CACHE_SVC), 2);
        let mut logs_on = Options::script(&url, 0);
        logs_on.logs_on = true;
        assert_eq!(proxy_for(&client, URL, &logs_on), found("x:80"));
        assert_eq!(server.requests().len(), 6);
        reset(&client, c::WINHTTP_RESET_SCRIPT_CACHE);
        assert_eq!(count(0), 1);
        let other = Client::<W>::new(mode);
        assert_eq!(proxy_for(&other, URL, &Options::script(&url, 0)), found("x:80"));
        assert_eq!(server.requests().len(), 8, "each session has its own");
        other.finish();
        client.finish();
    }

    fn facts_30_1_1_and_30_1_10_and_39_22_what_is_detected_comes_before_the_script<W>(mode) {
        let server = serves(finds("return 'PROXY x'"));
        let client = Client::<W>::new(mode);
        let dhcp = c::WINHTTP_AUTO_DETECT_TYPE_DHCP;
        let url = server.url("/");
        let both = Options::detection(dhcp, Some(&url), 0);
        assert_eq!(proxy_for(&client, URL, &both), found("x:80"));
        let allowed = Options::detection(dhcp, Some(&url), c::WINHTTP_AUTOPROXY_ALLOW_STATIC);
        assert_eq!(proxy_for(&client, URL, &allowed), found("x:80"));
        let alone = Options::detection(dhcp, None, 0);
        assert_eq!(proxy_for(&client, URL, &alone), Err(NOT_FOUND));
        let allowed = Options::detection(dhcp, None, c::WINHTTP_AUTOPROXY_ALLOW_STATIC);
        assert_eq!(proxy_for(&client, URL, &allowed), Ok(None));
        let flags = c::WINHTTP_AUTOPROXY_NO_DIRECTACCESS | c::WINHTTP_AUTOPROXY_SORT_RESULTS | c::WINHTTP_AUTOPROXY_RUN_INPROCESS;
        assert_eq!(proxy_for(&client, URL, &Options::script(&url, flags)), found("x:80"));
        let unknown = Options::script(&url, 0x8000_0000);
        assert_eq!(proxy_for(&client, URL, &unknown), Err(c::ERROR_INVALID_PARAMETER));
        client.finish();
    }

    fn facts_30_1_2_and_30_1_5_only_http_and_https_are_asked_about_and_fetched<W>(mode) {
        let client = Client::<W>::new(mode);
        let server = serves(finds("return 'PROXY x'"));
        let options = Options::script(&server.url("/"), 0);
        let scheme = c::ERROR_WINHTTP_UNRECOGNIZED_SCHEME;
        for url in ["ws://host/", "wss://host/", "ftp://host/", "host"] {
            assert_eq!(proxy_for(&client, url, &options), Err(scheme), "{url}");
        }
        for script in ["file:///proxy.pac", "ftp://host/proxy.pac", "data:,x"] {
            assert_eq!(proxy_for(&client, URL, &Options::script(script, 0)), Err(scheme), "{script}");
        }
        assert_eq!(server.requests().len(), 0);
        client.finish();
    }

    fn fact_30_1_2_a_script_comes_over_tls_from_whom_it_should<W>(mode) {
        let client = Client::<W>::new(mode);
        let trusted = identity(&IdentityOptions::default());
        let stranger = Authority::new().unwrap().issue(&IdentityOptions::default()).unwrap();
        for (identity, expected) in [(trusted, found("x:80")), (stranger, Err(NO_DOWNLOAD))] {
            let script = finds("return 'PROXY x'");
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{script}", script.len());
            let server = Server::tls(answers_each(move |connection, _, _| connection.send(answer.as_bytes())), &identity).unwrap();
            let url = format!("https://localhost:{}/proxy.pac", server.port());
            assert_eq!(proxy_for(&client, URL, &Options::script(&url, 0)), expected);
        }
        client.finish();
    }

    fn closing_the_session_ends_a_call_that_blocks<W>(mode) {
        let client = Client::<W>::new(mode);
        let hole = TcpHole::new().unwrap();
        let url = format!("http://{}/", hole.address());
        let began = Instant::now();
        std::thread::scope(|scope| {
            let ended = scope.spawn(|| proxy_for(&client, URL, &Options::script(&url, 0)));
            // The request is under way.
            let _connection = hole.accept().unwrap();
            client.close(client.session).unwrap();
            assert_eq!(ended.join().unwrap(), Err(c::ERROR_WINHTTP_OPERATION_CANCELLED));
        });
        assert!(began.elapsed() < Duration::from_secs(20));
    }
}

/// Scripts that never end, more of them than there are workers, do not keep others waiting for
/// longer than they may run themselves.
#[test]
fn fact_30_2_4_other_look_ups_get_their_turn() {
    let client = Client::<u16>::new(Mode::Async);
    let server = serves(finds(
        "if (host == 'Host.Example') for (;;); return 'PROXY x'",
    ));
    let options = Options::script(&server.url("/"), 0);
    // Once it is there, their limit is that of the script alone.
    let quick = proxy_for(&client, "http://other.example/", &options);
    assert_eq!(quick, found("x:80"));
    set_timeouts::<u16>(client.session, 100, 100, 100, 100);
    let endless: Vec<Handle> = (0..12)
        .map(|_| {
            let resolver = create_resolver(&client).unwrap();
            assert_eq!(start(resolver, URL, &options, 1), c::ERROR_IO_PENDING);
            resolver
        })
        .collect();
    // All of them were there before this one.
    let other = Client::<u16>::new(Mode::Sync);
    assert_eq!(ask(&other, "return 'PROXY x'"), found("x:80"));
    let failed = c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR;
    for resolver in endless {
        let Info::AsyncResult(_, error) = client.recorder.wait(resolver, failed).info else {
            panic!("no error");
        };
        assert!(
            [SERVICE, c::ERROR_WINHTTP_TIMEOUT].contains(&error),
            "{error}"
        );
        client.close_and_wait(resolver);
    }
    other.finish();
    client.finish();
}

/// A callback runs meanwhile: no script runs on the thread that delivers them, and one of them can
/// ask for a proxy itself.
#[test]
fn a_callback_can_ask_for_a_proxy() {
    let client = Client::<u16>::new(Mode::Async);
    let script = serves(finds("return 'PROXY x'"));
    let options = Options::script(&script.url("/"), 0);
    let (sender, asked) = mpsc::channel();
    client
        .recorder
        .on(c::WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE, move |_| {
            let inner = Client::<u16>::new(Mode::Sync);
            sender.send(proxy_for(&inner, URL, &options)).unwrap();
            inner.finish();
        });
    let server = answers(winhttp_tests::HELLO);
    let request = client.get(server.port(), "/");
    client.exchange(request).unwrap();
    assert_eq!(asked.recv_timeout(PATIENCE), Ok(found("x:80")));
    client.close_and_wait(request);
    client.finish();
}
