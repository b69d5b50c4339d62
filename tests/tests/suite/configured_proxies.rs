//! Verifies how requests get to their servers where the environment and the settings say it
//! (http-behaviours 29.4, 40.7): access types 0 and 4. Each test has a process of its own, with its
//! own environment and its own file.

use std::path::Path;

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::{Request, Server, by_path};
use winhttp_tests::support::own_process::{PROXY_VARIABLES, World, set_variables};
use winhttp_tests::support::proxy::{
    TARGET, Verdict, WANTS_BASIC, answers_as_proxy, everything, hello, proxy, proxy_of, set_access,
    set_proxy, trusting, untrusted,
};
use winhttp_tests::support::{get, request};
use winhttp_tests::{Call, Client, Handle, Info, Mode, answers, own_processes, upgrade};

mod failover;
mod scripts;

const MACHINE: u32 = c::WINHTTP_ACCESS_TYPE_DEFAULT_PROXY;
const USER: u32 = c::WINHTTP_ACCESS_TYPE_AUTOMATIC_PROXY;
const SECURE: u32 = c::WINHTTP_FLAG_SECURE;
const UTF8: i32 = c::WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE;
const NOT_RESOLVED: Call<u32> = Err(c::ERROR_WINHTTP_NAME_NOT_RESOLVED);

/// `alice:hunter2`, as Basic sends it.
const ALICE: &str = "Basic YWxpY2U6aHVudGVyMg==";
/// `bob:swordfish`.
const BOB: &str = "Basic Ym9iOnN3b3JkZmlzaA==";

/// Sessions of both access types, in both modes.
fn clients<W: Unit>() -> impl Iterator<Item = Client<W>> {
    let both = |mode| [MACHINE, USER].map(|access| Client::<W>::with_access(mode, access));
    [Mode::Sync, Mode::Async].into_iter().flat_map(both)
}

/// The status that a request to an invented host gets.
fn status_from<W: Unit>(client: &Client<W>, host: &str, port: u16, flags: u32) -> Call<u32> {
    let asked = request(client, host, port, "/status", flags);
    let status = status_of(client, trusting::<W>(asked));
    client.close(asked).unwrap();
    status
}

/// The status of a request, whose body is read.
fn status_of<W: Unit>(client: &Client<W>, request: Handle) -> Call<u32> {
    client.exchange(request)?;
    client.body(request)?;
    client.status_code(request)
}

fn echoes<W: Unit>(client: &Client<W>, flags: u32) {
    let port = if flags == 0 { 80 } else { 443 };
    let request = trusting::<W>(client.request_there(port, "GET", "/echo", flags));
    upgrade::<W>(request).unwrap();
    client.exchange(request).unwrap();
    let websocket = client.complete_upgrade(request, 0).unwrap();
    client.ws_send(websocket, UTF8, b"hello").unwrap();
    assert_eq!(client.ws_message(websocket).unwrap().0, b"hello");
    client.ws_close(websocket, 1000, b"").unwrap();
}

/// What was asked of a proxy, in order: method and target.
fn asked_of(proxy: &Server) -> Vec<String> {
    let line = |request: Request| format!("{} {}", request.method, request.target);
    proxy.requests().into_iter().map(line).collect()
}

fn wants(token: &'static str) -> impl Fn(&Request) -> Verdict {
    move |request| (request.header("Proxy-Authorization") != Some(token)).then_some(WANTS_BASIC)
}

/// What a request has said of who it is.
fn shown(request: &Request) -> [Option<String>; 2] {
    ["Proxy-Authorization", "Authorization"].map(|name| request.header(name).map(str::to_owned))
}

/// What starts the tests keeps the proxies of whoever does so from them: cargo with its
/// configuration.
#[test]
fn the_tests_have_nobodys_proxies_and_nobodys_settings() {
    for variable in PROXY_VARIABLES {
        let value = std::env::var_os(variable).unwrap_or_default();
        assert!(value.is_empty(), "{variable} is set");
    }
    let folder = std::env::var_os("XDG_CONFIG_HOME").unwrap();
    let file = Path::new(&folder).join("winhttp/proxy.conf");
    assert!(!file.exists(), "{} has settings", file.display());
}

own_processes! {
    fn facts_29_4_1_and_40_7_requests_go_through_the_environments_proxies<W>(World::new()) {
        let (plain, secure) = (Server::plain(by_path).unwrap(), untrusted(by_path));
        let for_http = proxy(plain.address(), everything).unwrap();
        let for_https = proxy(secure.address(), everything).unwrap();
        set_variables(&[
            ("http_proxy", &for_http.authority()),
            ("https_proxy", &format!("http://{}/", for_https.authority())),
        ]);
        for (before, client) in clients::<W>().enumerate() {
            assert_eq!(status_from(&client, TARGET, 80, 0), Ok(200));
            assert_eq!(status_from(&client, TARGET, 443, SECURE), Ok(200));
            echoes(&client, 0);
            echoes(&client, SECURE);
            let expected = ["GET http://nosuchhost.invalid/status", "CONNECT nosuchhost.invalid:80"];
            assert_eq!(asked_of(&for_http).split_off(2 * before), expected);
            // The tunnel was still there.
            let of_https = asked_of(&for_https);
            assert_eq!(of_https.last().unwrap(), "CONNECT nosuchhost.invalid:443");
            client.finish();
        }
        let seen = for_http.connections() + for_https.connections();
        for mode in [Mode::Sync, Mode::Async] {
            let direct = Client::<W>::with_access(mode, c::WINHTTP_ACCESS_TYPE_NO_PROXY);
            for flags in [0, SECURE] {
                assert_eq!(status_from(&direct, TARGET, 80, flags), NOT_RESOLVED);
            }
            direct.finish();
        }
        assert_eq!(for_http.connections() + for_https.connections(), seen);
    }

    fn fact_30_5_6_no_proxy_names_what_is_reached_directly<W>(World::new()) {
        let (proxy, server) = (answers_as_proxy(everything), Server::plain(hello).unwrap());
        set_variables(&[
            ("all_proxy", &proxy.authority()),
            ("no_proxy", "direct.invalid, .dotted.invalid,192.0.2.0/24,port.invalid:8080"),
        ]);
        for client in clients::<W>() {
            let before = proxy.requests().len();
            for host in ["direct.invalid", "sub.direct.invalid", "sub.dotted.invalid", "SUB.Direct.Invalid"] {
                assert_eq!(status_from(&client, host, 80, 0), NOT_RESOLVED, "{host}");
            }
            assert_eq!(status_from(&client, "port.invalid", 8080, 0), NOT_RESOLVED);
            assert_eq!(proxy.requests().len(), before);
            for (host, port) in [("indirect.invalid", 80), ("direct.invalid.invalid", 80), ("192.0.3.1", 80), ("port.invalid", 80)] {
                assert_eq!(status_from(&client, host, port, 0), Ok(200), "{host}");
            }
            assert_eq!(proxy.requests().len(), before + 4);
            // Loopback is implied (29.2.5).
            assert_eq!(status_of(&client, get(&client, server.port(), "/")), Ok(200));
            assert_eq!(proxy.requests().len(), before + 4);
            client.finish();
        }
    }

    fn fact_40_7_credentials_of_a_variable_are_for_its_proxy_once_it_asks<W>(World::new()) {
        let (plain, secure) = (Server::plain(by_path).unwrap(), untrusted(by_path));
        let for_http = proxy(plain.address(), wants(ALICE)).unwrap();
        let for_https = proxy(secure.address(), wants(BOB)).unwrap();
        set_variables(&[
            ("http_proxy", &format!("http://alice:hunter2@{}", for_http.authority())),
            ("https_proxy", &format!("http://bob:sword%66ish@{}", for_https.authority())),
        ]);
        for client in clients::<W>() {
            let before = (for_http.requests().len(), for_https.requests().len());
            assert_eq!(status_from(&client, TARGET, 80, 0), Ok(200));
            assert_eq!(status_from(&client, TARGET, 443, SECURE), Ok(200));
            echoes(&client, 0);
            let of_http = for_http.requests().split_off(before.0);
            let tokens: Vec<_> = of_http.iter().map(|request| request.header("Proxy-Authorization")).collect();
            assert_eq!(tokens, [None, Some(ALICE), None, Some(ALICE)], "never unasked");
            let of_https = for_https.requests().split_off(before.1);
            let tokens: Vec<_> = of_https.iter().map(|request| request.header("Proxy-Authorization")).collect();
            // All sessions share one tunnel.
            assert_eq!(tokens, if before.1 == 0 { vec![None, Some(BOB)] } else { vec![] });
            client.finish();
        }
        for inside in plain.requests().iter().chain(&secure.requests()) {
            assert_eq!(shown(inside), [None, None]);
        }
    }

    fn credentials_of_a_variable_answer_with_the_strongest_scheme<W>(World::new()) {
        const BOTH: &str = "HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\
            Proxy-Authenticate: Digest realm=\"x\", nonce=\"n\", qop=\"auth\"\r\nContent-Length: 0\r\n\r\n";
        let asking = answers_as_proxy(|request| {
            let shown = request.header("Proxy-Authorization").unwrap_or_default();
            (!shown.starts_with("Digest username=\"alice\"")).then_some(BOTH)
        });
        set_variables(&[("http_proxy", &format!("http://alice:hunter2@{}", asking.authority()))]);
        for client in clients::<W>() {
            assert_eq!(status_from(&client, TARGET, 80, 0), Ok(200));
            client.finish();
        }
        for request in asking.requests() {
            assert_ne!(request.header("Proxy-Authorization"), Some(ALICE));
        }
    }

    fn credentials_of_a_variable_reach_nobody_else<W>(World::new()) {
        let of_alice = answers_as_proxy(everything);
        let asking = answers_as_proxy(|_| Some(WANTS_BASIC));
        let server = answers(WANTS_BASIC);
        set_variables(&[
            ("http_proxy", &format!("alice:hunter2@{}", of_alice.authority())),
            ("https_proxy", &asking.authority()),
        ]);
        for client in clients::<W>() {
            // Not a server that is reached directly and calls itself a proxy.
            assert_eq!(status_of(&client, get(&client, server.port(), "/")), Ok(407));
            // Not the proxy of https.
            assert_eq!(status_from(&client, TARGET, 443, SECURE), Ok(407));
            // Not a proxy of the program's own.
            let own = client.request_there(80, "GET", "/", 0);
            set_proxy::<W>(own, &asking.authority(), None).unwrap();
            assert_eq!(status_of(&client, own), Ok(407));
            // Nor the same by another access type.
            let own = client.request_there(80, "GET", "/", 0);
            set_proxy::<W>(own, &of_alice.authority(), None).unwrap();
            assert_eq!(status_of(&client, own), Ok(200));
            set_access::<W>(own, c::WINHTTP_ACCESS_TYPE_NO_PROXY).unwrap();
            assert_eq!(status_of(&client, own), NOT_RESOLVED);
            client.finish();
        }
        for seen in [&of_alice, &asking, &server] {
            for request in seen.requests() {
                assert_eq!(shown(&request), [None, None]);
            }
        }
    }

    fn a_redirect_takes_the_proxy_of_the_next_leg_and_the_credentials_of_that<W>(World::new()) {
        let secure = untrusted(by_path);
        let for_http = answers_as_proxy(wants(ALICE));
        let for_https = proxy(secure.address(), wants(BOB)).unwrap();
        let to_secure = answers("HTTP/1.1 302 There\r\nLocation: https://nosuchhost.invalid/status\r\nContent-Length: 0\r\n\r\n");
        let to_plain = answers("HTTP/1.1 302 There\r\nLocation: http://nosuchhost.invalid/status\r\nContent-Length: 0\r\n\r\n");
        set_variables(&[
            ("http_proxy", &format!("http://alice:hunter2@{}", for_http.authority())),
            ("https_proxy", &format!("http://bob:swordfish@{}", for_https.authority())),
        ]);
        for client in clients::<W>() {
            for (server, next, token) in [(&to_secure, &for_https, BOB), (&to_plain, &for_http, ALICE)] {
                let before = next.requests().len();
                // The first leg goes directly.
                let asked = trusting::<W>(get(&client, server.port(), "/"));
                assert_eq!(status_of(&client, asked), Ok(200));
                client.close(asked).unwrap();
                let of_next = next.requests().split_off(before);
                // Later sessions have its tunnel.
                assert!(!of_next.is_empty() || before > 0);
                for request in of_next {
                    let shown = request.header("Proxy-Authorization");
                    assert!(shown.is_none_or(|shown| shown == token), "{shown:?}");
                }
            }
            client.finish();
        }
    }

    fn credentials_of_a_variable_are_never_reported<W>(World::new()) {
        let proxy = answers_as_proxy(wants(ALICE));
        set_variables(&[("http_proxy", &format!("http://alice:hunter2@{}", proxy.authority()))]);
        let mut notified = 0;
        for client in clients::<W>() {
            let asked = client.request_there(80, "GET", "/", 0);
            assert_eq!(status_of(&client, asked), Ok(200));
            let told = client.recorder.events().into_iter().filter_map(|event| match event.info {
                Info::Text(text) => Some(text),
                _ => None,
            });
            let mut texts: Vec<String> = told.collect();
            notified += texts.len();
            for handle in [client.session, asked] {
                let (_, list, bypass) = proxy_of::<W>(handle).unwrap();
                texts.extend(list.into_iter().chain(bypass));
            }
            for text in texts {
                let is_secret = ["hunter2", "alice", ALICE].iter().any(|secret| text.contains(secret));
                assert!(!is_secret, "{text}");
            }
            let secrets = ["hunter2", "alice", ALICE].map(str::as_bytes);
            for handle in [client.session, asked] {
                for option in [
                    c::WINHTTP_OPTION_PROXY_USERNAME,
                    c::WINHTTP_OPTION_PROXY_PASSWORD,
                    c::WINHTTP_OPTION_USERNAME,
                    c::WINHTTP_OPTION_URL,
                ] {
                    let told = client.get_option(handle, option).unwrap_or_default();
                    let bytes: Vec<u8> = told.into_iter().filter(|byte| *byte != 0).collect();
                    for secret in &secrets {
                        assert!(!bytes.windows(secret.len()).any(|part| part == *secret), "option {option}");
                    }
                }
            }
            client.finish();
        }
        // Of the connection that all share.
        assert_ne!(notified, 0);
    }

    fn a_programs_own_credentials_come_before_those_of_the_variable<W>(World::new()) {
        let proxy = answers_as_proxy(wants(BOB));
        set_variables(&[("http_proxy", &format!("http://alice:hunter2@{}", proxy.authority()))]);
        for client in clients::<W>() {
            let before = proxy.requests().len();
            let asked = client.request_there(80, "GET", "/", 0);
            winhttp_tests::support::proxy::set_credentials::<W>(asked, c::WINHTTP_AUTH_SCHEME_BASIC, "bob", "swordfish").unwrap();
            assert_eq!(status_of(&client, asked), Ok(200));
            for request in proxy.requests().split_off(before) {
                assert_ne!(request.header("Proxy-Authorization"), Some(ALICE));
            }
            client.finish();
        }
    }

    fn facts_39_22_and_40_7_the_machines_setting_is_for_type_0_and_the_users_for_type_4<W>(World::new()) {
        let (of_machine, of_user) = (answers_as_proxy(everything), answers_as_proxy(everything));
        winhttp_tests::support::own_process::replace_file(&format!(
            "default-proxy = {}\ndefault-bypass = *.direct.invalid\nproxy = {}\nbypass = <local>",
            of_machine.authority(),
            of_user.authority()
        ));
        for mode in [Mode::Sync, Mode::Async] {
            for (access, by, other, bypassed) in [
                (MACHINE, &of_machine, &of_user, "sub.direct.invalid"),
                (USER, &of_user, &of_machine, "plainname"),
            ] {
                let client = Client::<W>::with_access(mode, access);
                let before = (by.requests().len(), other.requests().len());
                assert_eq!(status_from(&client, TARGET, 80, 0), Ok(200));
                assert_eq!(status_from(&client, bypassed, 80, 0), NOT_RESOLVED);
                assert_eq!((by.requests().len(), other.requests().len()), (before.0 + 1, before.1));
                client.finish();
            }
        }
    }
}
