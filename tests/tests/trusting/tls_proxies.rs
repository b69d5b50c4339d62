//! Proxies that are reached over TLS (`https://proxy` in the list): TLS inside TLS, failures with
//! numbers of their own, and that nothing which a program asks of its server's TLS is ever the
//! proxy's (http-behaviours 29.1.6).

use std::mem::MaybeUninit;

use winhttp_abi::constants as c;
use winhttp_abi::types::SecurityInfo;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::certs::{Identity, IdentityOptions};
use winhttp_fixtures::{Connection, Request, Server, Settings, TlsSettings, TlsVersions, by_path};
use winhttp_tests::support::proxy::{
    TARGET, Verdict, WANTS_BASIC, everything, hello, relaying, set_proxy, trusting,
};
use winhttp_tests::support::tls::{
    SECURE_FAILURE, certificate, identity, reasons, send_that_waits, takes_later, world,
};
use winhttp_tests::support::{set_dword, set_text};
use winhttp_tests::{Client, Handle, Mode, call, scenarios, upgrade};

const BINARY: i32 = c::WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE;
/// Bytes of a body that fits into no buffer.
const LARGE: usize = 1_500_000;

/// The server's certificate.
fn of_target() -> Identity {
    identity(&IdentityOptions {
        names: vec![TARGET.to_owned()],
        ..IdentityOptions::default()
    })
}

/// A proxy over TLS in front of `target`.
fn proxy(
    target: &Server,
    tls: TlsSettings,
    judge: impl Fn(&Request) -> Verdict + Send + Sync + 'static,
) -> Server {
    let settings = Settings {
        tls: Some(tls),
        ..Settings::default()
    };
    Server::start(settings, relaying(target.address(), judge)).unwrap()
}

fn good() -> TlsSettings {
    TlsSettings::new(&identity(&IdentityOptions::default()))
}

fn through<W: Unit>(mode: Mode, proxy: &Server) -> Client<W> {
    let client = Client::<W>::new(mode);
    let list = format!("https://localhost:{}", proxy.port());
    set_proxy::<W>(client.session, &list, None).unwrap();
    client
}

fn asked<W: Unit>(client: &Client<W>, is_secure: bool, path: &str) -> Handle {
    match is_secure {
        true => client.request_there(443, "GET", path, c::WINHTTP_FLAG_SECURE),
        false => client.request_there(80, "GET", path, 0),
    }
}

/// The server, with all paths of the fixtures.
fn server_by_path(is_secure: bool) -> Server {
    match is_secure {
        true => Server::tls(by_path, &of_target()).unwrap(),
        false => Server::plain(by_path).unwrap(),
    }
}

/// A WebSocket, whose request is closed.
fn opened<W: Unit>(client: &Client<W>, is_secure: bool, path: &str) -> Handle {
    let request = asked(client, is_secure, path);
    upgrade::<W>(request).unwrap();
    client.exchange(request).unwrap();
    let socket = client.complete_upgrade(request, 0).unwrap();
    client.close(request).unwrap();
    socket
}

/// The protocol of WINHTTP_OPTION_SECURITY_INFO; 0 without TLS.
fn protocol<W: Unit>(request: Handle) -> u32 {
    let mut info = MaybeUninit::<SecurityInfo<W>>::zeroed();
    let mut length = u32::try_from(size_of_val(&info)).unwrap();
    let option = c::WINHTTP_OPTION_SECURITY_INFO;
    // SAFETY: both live through the call.
    call(unsafe {
        winhttp::WinHttpQueryOption::<W>(
            request.raw(),
            option,
            info.as_mut_ptr().cast(),
            &raw mut length,
        )
    })
    .unwrap();
    // SAFETY: zeros are one.
    unsafe { info.assume_init() }.connection_info.dw_protocol
}

scenarios! {
    fn fact_29_1_6_http_and_https_go_through_a_proxy_over_tls<W>(mode) {
        world();
        let server = Server::tls(hello, &of_target()).unwrap();
        let proxy = proxy(&server, good(), everything);
        let client = through::<W>(mode, &proxy);
        for is_secure in [false, true, false, true] {
            let request = asked(&client, is_secure, "/describe");
            client.exchange(request).unwrap();
            let body: &[u8] = if is_secure { b"hello" } else { b"http://nosuchhost.invalid/describe" };
            assert_eq!(client.body(request).unwrap(), body);
            assert_eq!(reasons(&client, request), [0; 0]);
            client.close(request).unwrap();
        }
        let lines: Vec<_> = proxy.requests().into_iter().map(|request| request.target).collect();
        let url = "http://nosuchhost.invalid/describe";
        assert_eq!(lines, [url, "nosuchhost.invalid:443", url], "connections are used again");
        assert_eq!(proxy.tls_facts(0).unwrap().server_name.as_deref(), Some("localhost"));
        assert_eq!(server.tls_facts(0).unwrap().server_name.as_deref(), Some(TARGET));
        assert_eq!((proxy.connections(), server.connections()), (2, 1));
        client.finish();
    }

    fn fact_29_1_6_web_sockets_go_through_a_proxy_over_tls<W>(mode) {
        world();
        for is_secure in [false, true] {
            let server = server_by_path(is_secure);
            let proxy = proxy(&server, good(), everything);
            let client = through::<W>(mode, &proxy);
            let socket = opened(&client, is_secure, "/echo");
            let sizes = (0..200).chain([16_384, 16_385, 65_536, 1 << 20]);
            for (index, size) in sizes.enumerate() {
                let message = vec![u8::try_from(index).unwrap(); size];
                client.ws_send(socket, BINARY, &message).unwrap();
                let (received, kind) = client.ws_message(socket).unwrap();
                assert!(received == message && kind == BINARY, "message {index} of {size} bytes");
            }
            client.ws_close(socket, 1000, b"bye").unwrap();
            assert_eq!(client.ws_close_status(socket), Ok((1000, b"bye".to_vec())));
            client.close_and_wait(socket);
            client.finish();
            assert_eq!(server.violations(), []);
        }
    }

    fn fact_29_1_6_what_is_wrong_with_the_proxy_is_12188_and_never_ignored<W>(mode) {
        world();
        let server = Server::tls(hello, &of_target()).unwrap();
        let all = c::SECURITY_FLAG_IGNORE_UNKNOWN_CA
            | c::SECURITY_FLAG_IGNORE_CERT_CN_INVALID
            | c::SECURITY_FLAG_IGNORE_CERT_DATE_INVALID
            | c::SECURITY_FLAG_IGNORE_CERT_WRONG_USAGE;
        for options in [
            IdentityOptions::wrong_name(),
            IdentityOptions::expired(),
            IdentityOptions::self_signed(),
            IdentityOptions::client_only(),
        ] {
            let proxy = proxy(&server, TlsSettings::new(&identity(&options)), everything);
            let client = through::<W>(mode, &proxy);
            for is_secure in [false, true] {
                let request = asked(&client, is_secure, "/");
                if is_secure {
                    set_dword::<W>(request, c::WINHTTP_OPTION_SECURITY_FLAGS, all).unwrap();
                }
                assert_eq!(client.exchange(request), Err(c::ERROR_WINHTTP_SECURE_FAILURE_PROXY), "{options:?}");
                assert_eq!(reasons(&client, request).len(), 1);
                assert_eq!(certificate::<W>(request), Err(c::ERROR_WINHTTP_INCORRECT_HANDLE_STATE));
            }
            assert_eq!(proxy.requests(), []);
            client.finish();
        }
    }

    fn fact_29_1_6_a_proxy_that_speaks_no_tls_is_12188<W>(mode) {
        world();
        let server = Server::tls(hello, &of_target()).unwrap();
        let plain = Server::plain(|connection| connection.send(b"HTTP/1.1 400 What\r\n\r\n")).unwrap();
        let client = through::<W>(mode, &plain);
        for is_secure in [false, true] {
            let request = asked(&client, is_secure, "/");
            assert_eq!(client.exchange(request), Err(c::ERROR_WINHTTP_SECURE_FAILURE_PROXY));
        }
        client.finish();
        drop(server);
    }

    fn fact_29_1_6_a_proxy_that_demands_a_certificate_is_12187<W>(mode) {
        for versions in [TlsVersions::Tls12, TlsVersions::Tls13] {
            let server = Server::tls(hello, &of_target()).unwrap();
            let tls = good().versions(versions).require_client_certificate(&world().authority);
            let proxy = proxy(&server, tls, everything);
            let client = through::<W>(mode, &proxy);
            for is_secure in [false, true] {
                let request = asked(&client, is_secure, "/");
                let error = Err(c::ERROR_WINHTTP_CLIENT_AUTH_CERT_NEEDED_PROXY);
                assert_eq!(client.exchange(request), error, "{versions:?}, {is_secure}");
            }
            client.finish();
        }
    }

    fn what_is_wrong_with_the_server_has_the_servers_numbers<W>(mode) {
        let wrong = Server::tls(hello, &identity(&IdentityOptions::expired())).unwrap();
        let demanding = {
            let tls = TlsSettings::new(&of_target()).require_client_certificate(&world().authority);
            let settings = Settings { tls: Some(tls), ..Settings::default() };
            Server::start(settings, hello).unwrap()
        };
        for (server, error) in [
            (&wrong, c::ERROR_WINHTTP_SECURE_FAILURE),
            (&demanding, c::ERROR_WINHTTP_CLIENT_AUTH_CERT_NEEDED),
        ] {
            let proxy = proxy(server, good(), everything);
            let client = through::<W>(mode, &proxy);
            let request = asked(&client, true, "/");
            assert_eq!(client.exchange(request), Err(error));
            client.finish();
        }
    }

    fn what_is_ignored_is_ignored_of_the_server<W>(mode) {
        world();
        let server = Server::tls(hello, &identity(&IdentityOptions::self_signed())).unwrap();
        let proxy = proxy(&server, good(), everything);
        let client = through::<W>(mode, &proxy);
        let request = asked(&client, true, "/");
        trusting::<W>(request);
        client.exchange(request).unwrap();
        client.body(request).unwrap();
        client.close(request).unwrap();
        // Whoever tolerates nothing does not get that connection.
        let strict = asked(&client, true, "/");
        assert_eq!(client.exchange(strict), Err(c::ERROR_WINHTTP_SECURE_FAILURE));
        client.finish();
    }

    fn certificate_and_protocol_are_the_servers<W>(mode) {
        world();
        let of_target = of_target();
        let tls = TlsSettings::new(&of_target).versions(TlsVersions::Tls13);
        let settings = Settings { tls: Some(tls), ..Settings::default() };
        let server = Server::start(settings, hello).unwrap();
        let proxy = proxy(&server, good().versions(TlsVersions::Tls12), |request| {
            let is_known = request.header("Proxy-Authorization").is_some();
            (!is_known && request.target.contains("444")).then_some(WANTS_BASIC)
        });
        let client = through::<W>(mode, &proxy);
        let secure = asked(&client, true, "/");
        client.exchange(secure).unwrap();
        assert_eq!(certificate::<W>(secure).unwrap(), of_target.chain()[0].to_vec());
        let tls13 = c::WINHTTP_FLAG_SECURE_PROTOCOL_TLS1_3;
        assert_eq!(protocol::<W>(secure), tls13);
        client.body(secure).unwrap();

        let state = Err(c::ERROR_WINHTTP_INCORRECT_HANDLE_STATE);
        let plain = asked(&client, false, "/");
        client.exchange(plain).unwrap();
        assert_eq!((certificate::<W>(plain), protocol::<W>(plain)), (state.clone(), 0));
        // The response is the proxy's own.
        let refused = client.request_there(444, "GET", "/", c::WINHTTP_FLAG_SECURE);
        client.exchange(refused).unwrap();
        assert_eq!(client.status_code(refused), Ok(407));
        assert_eq!((certificate::<W>(refused), protocol::<W>(refused)), (state, 0));
        set_text::<W>(refused, c::WINHTTP_OPTION_PROXY_USERNAME, "user").unwrap();
        set_text::<W>(refused, c::WINHTTP_OPTION_PROXY_PASSWORD, "pa55word").unwrap();
        client.exchange(refused).unwrap();
        assert_eq!(client.status_code(refused), Ok(200));
        assert_eq!(certificate::<W>(refused).unwrap(), of_target.chain()[0].to_vec());
        assert_eq!(protocol::<W>(refused), tls13);
        assert!(!proxy.tls_facts(0).unwrap().tls13, "the proxy has another");
        let failures = client.recorder.events();
        assert!(failures.iter().all(|event| event.status != SECURE_FAILURE));
        client.finish();
    }

    fn a_large_body_comes_through_tls_inside_tls<W>(mode) {
        world();
        let script = |connection: &mut Connection| {
            while connection.read_head()?.is_some() {
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {LARGE}\r\n\r\n");
                connection.send(head.as_bytes())?;
                connection.send(&[b'x'; LARGE])?;
            }
            Ok(())
        };
        let server = Server::tls(script, &of_target()).unwrap();
        let proxy = proxy(&server, good(), everything);
        let client = through::<W>(mode, &proxy);
        for _ in 0..2 {
            let request = asked(&client, true, "/");
            client.exchange(request).unwrap();
            let status = client.status_code(request).unwrap();
            let body = client.body(request).unwrap();
            assert_eq!((status, body.len()), (200, LARGE));
            client.close(request).unwrap();
        }
        assert_eq!(proxy.connections(), 1);
        client.finish();
    }

    fn many_messages_in_few_records_come_one_by_one<W>(mode) {
        world();
        for is_secure in [false, true] {
            let server = server_by_path(is_secure);
            let proxy = proxy(&server, good(), everything);
            let client = through::<W>(mode, &proxy);
            let socket = opened(&client, is_secure, "/push?count=3000&size=30");
            for index in 0..3000 {
                let (message, _) = client.ws_message(socket).unwrap();
                assert_eq!(message.len(), 30, "message {index}");
            }
            client.ws_close(socket, 1000, b"").unwrap();
            client.finish();
        }
    }

    fn a_proxy_may_be_named_by_its_address<W>(mode) {
        world();
        let server = Server::tls(hello, &of_target()).unwrap();
        let settings = Settings { tls: Some(good()), ipv6: true, ..Settings::default() };
        let proxy = Server::start(settings, relaying(server.address(), everything)).unwrap();
        let client = Client::<W>::new(mode);
        for host in ["127.0.0.1", "[::1]"] {
            set_proxy::<W>(client.session, &format!("https://{host}:{}", proxy.port()), None).unwrap();
            for is_secure in [false, true] {
                let request = asked(&client, is_secure, "/");
                client.exchange(request).unwrap();
                client.body(request).unwrap();
                client.close(request).unwrap();
            }
        }
        assert_eq!(proxy.connections(), 4);
        client.finish();
    }
}

/// The server takes nothing until every buffer between it and the program is full, those of both
/// TLS layers included, then everything.
#[test]
fn a_send_that_had_to_wait_goes_on_through_both_layers() {
    world();
    let (go, script) = takes_later();
    let server = Server::tls(script, &of_target()).unwrap();
    let proxy = proxy(&server, good(), everything);
    let client = through::<u16>(Mode::Async, &proxy);
    let socket = opened(&client, true, "/");
    send_that_waits(&client, socket, 24 << 20, &go);
    client.finish();
}
