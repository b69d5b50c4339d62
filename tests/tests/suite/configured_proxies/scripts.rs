//! Verifies requests whose proxies a script of the user's settings names (http-behaviours 29.4.2):
//! what is done without the script, each leg, and look-ups that are disturbed.

use std::thread;
use std::time::Instant;

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::hole::{RefusedPort, TcpHole};
use winhttp_fixtures::{Connection, Server, by_path};
use winhttp_tests::support::autoproxy::{Options, finds, proxy_for, serves};
use winhttp_tests::support::credentials;
use winhttp_tests::support::own_process::{World, replace_file};
use winhttp_tests::support::proxy::{
    TARGET, answers_as_proxy, everything, proxy, set_access, untrusted,
};
use winhttp_tests::support::{closing_is_last, get, request, set_timeouts};
use winhttp_tests::{Client, Handle, Info, Mode, PATIENCE, Sending, answers, own_processes};

use super::{MACHINE, NOT_RESOLVED, SECURE, USER, asked_of, echoes, status_from, status_of};

pub(super) const MODES: [Mode; 2] = [Mode::Sync, Mode::Async];
pub(super) const CANCELLED: u32 = c::ERROR_WINHTTP_OPERATION_CANCELLED;

/// A script with this body, which is in the user's settings from now on, with these others.
pub(super) fn script(body: &str, others: &str) -> Server {
    let server = serves(finds(body));
    use_script(&server, others);
    server
}

pub(super) fn use_script(server: &Server, others: &str) {
    replace_file(&format!(
        "pac-url = {}\n{others}\n",
        server.url("/proxy.pac")
    ));
}

/// The script of a server that gives it only after [`Server::release`], every time.
fn held(body: &str) -> Server {
    let script = finds(body);
    Server::plain(move |connection: &mut Connection| {
        while connection.read_head()?.is_some() {
            let _released = connection.hold("script")?;
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
                script.len()
            );
            connection.send((head + &script).as_bytes())?;
        }
        Ok(())
    })
    .unwrap()
}

pub(super) fn user<W: Unit>(mode: Mode) -> Client<W> {
    Client::with_access(mode, USER)
}

/// A request whose own timeouts, of which the session knows nothing, limit its look-up.
fn hurried<W: Unit>(client: &Client<W>, verb: &str) -> Handle {
    let asked = client.request_there(80, verb, "/", 0);
    set_timeouts::<W>(asked, 1, 500, 500, 500);
    asked
}

own_processes! {
    fn fact_29_4_2_a_script_says_for_each_url_which_way_it_goes<W>(World::new()) {
        let (plain, secure) = (Server::plain(by_path).unwrap(), untrusted(by_path));
        let one = proxy(plain.address(), everything).unwrap();
        let other = proxy(secure.address(), everything).unwrap();
        let body = format!(
            "if (host == '127.0.0.1') return 'DIRECT'; \
             return url.substring(0, 5) == 'http:' ? 'PROXY {}' : 'PROXY {}'",
            one.authority(), other.authority()
        );
        let pac = script(&body, "");
        for mode in MODES {
            let client = user::<W>(mode);
            assert_eq!(status_from(&client, TARGET, 80, 0), Ok(200));
            assert_eq!(status_from(&client, TARGET, 443, SECURE), Ok(200));
            assert_eq!(status_of(&client, get(&client, plain.port(), "/status")), Ok(200));
            echoes(&client, 0);
            echoes(&client, SECURE);
            client.finish();
        }
        let expected = ["GET http://nosuchhost.invalid/status", "CONNECT nosuchhost.invalid:80"];
        assert_eq!(asked_of(&one), expected.repeat(2));
        assert_eq!(asked_of(&other)[0], "CONNECT nosuchhost.invalid:443");
        assert_eq!(pac.requests().len(), 2, "once for each session");
        // The machine's setting knows nothing of scripts.
        let client = Client::<W>::with_access(Mode::Sync, MACHINE);
        assert_eq!(status_from(&client, TARGET, 80, 0), NOT_RESOLVED);
        client.finish();
    }

    fn a_session_whose_callbacks_come_inside_calls_looks_up_as_others_do<W>(World::new()) {
        let (alive, refused) = (answers_as_proxy(everything), RefusedPort::new().unwrap());
        let _pac = script(&format!("return 'PROXY {}; PROXY {}'", refused.address(), alive.authority()), "");
        let client = Client::<W>::inline();
        set_access::<W>(client.session, USER).unwrap();
        for _ in 0..3 {
            assert_eq!(status_from(&client, TARGET, 80, 0), Ok(200));
        }
        client.finish();
    }

    fn facts_29_4_2_and_29_4_3_without_the_script_the_static_setting_counts<W>(World::new()) {
        let fixed = answers_as_proxy(everything);
        let others = format!("proxy = {}\nbypass = *.direct.invalid", fixed.authority());
        let missing = answers("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
        let refused = RefusedPort::new().unwrap();
        for mode in MODES {
            use_script(&missing, &others);
            let before = (missing.requests().len(), fixed.requests().len());
            let client = user::<W>(mode);
            for _ in 0..2 {
                assert_eq!(status_from(&client, TARGET, 80, 0), Ok(200));
            }
            assert_eq!(status_from(&client, "sub.direct.invalid", 80, 0), NOT_RESOLVED);
            assert_eq!(missing.requests().len(), before.0 + 1, "it is not asked for again at once");
            replace_file(&format!("pac-url = http://{}/\n{others}", refused.address()));
            assert_eq!(status_from(&client, TARGET, 80, 0), Ok(200));
            assert_eq!(fixed.requests().len(), before.1 + 3);
            // Neither a script nor a setting.
            use_script(&missing, "");
            assert_eq!(status_from(&client, TARGET, 80, 0), NOT_RESOLVED);
            client.finish();
        }
    }

    fn a_script_that_fails_for_one_url_is_asked_for_the_next<W>(World::new()) {
        let (fixed, named) = (answers_as_proxy(everything), answers_as_proxy(everything));
        let body = format!("if (host == 'bad.invalid') throw 1; return 'PROXY {}'", named.authority());
        let _pac = script(&body, &format!("proxy = {}", fixed.authority()));
        for mode in MODES {
            let client = user::<W>(mode);
            let before = (fixed.requests().len(), named.requests().len());
            for host in ["bad.invalid", "good.invalid", "bad.invalid"] {
                assert_eq!(status_from(&client, host, 80, 0), Ok(200));
            }
            assert_eq!((fixed.requests().len(), named.requests().len()), (before.0 + 2, before.1 + 1));
            client.finish();
        }
    }

    fn fact_30_1_4_a_script_that_never_ends_is_done_without<W>(World::new()) {
        let fixed = answers_as_proxy(everything);
        let _pac = script("for (;;);", &format!("proxy = {}", fixed.authority()));
        for mode in MODES {
            let client = user::<W>(mode);
            let asked = hurried(&client, "GET");
            assert_eq!(status_of(&client, asked), Ok(200));
            // And not waited for again.
            let began = Instant::now();
            assert_eq!(status_from(&client, TARGET, 80, 0), Ok(200));
            assert!(began.elapsed() < PATIENCE);
            client.finish();
        }
        assert_eq!(fixed.requests().len(), 4);
    }

    fn fact_30_1_4_a_server_that_never_gives_its_script_is_done_without<W>(World::new()) {
        let (fixed, hole) = (answers_as_proxy(everything), TcpHole::new().unwrap());
        replace_file(&format!("pac-url = http://{}/\nproxy = {}", hole.address(), fixed.authority()));
        for mode in MODES {
            let client = user::<W>(mode);
            let asked = hurried(&client, "POST");
            client.send_with(asked, Sending { body: b"hello", total: 5, ..Sending::default() }).unwrap();
            client.receive(asked).unwrap();
            assert_eq!(client.status_code(asked), Ok(200));
            client.finish();
        }
        assert_eq!(fixed.requests().len(), 2);
    }

    fn fact_30_1_4_the_look_ups_of_others_hold_no_request_beyond_its_limit<W>(World::new()) {
        const MANY: usize = 8;
        let fixed = answers_as_proxy(everything);
        let pac = held("return 'DIRECT'");
        use_script(&pac, &format!("proxy = {}", fixed.authority()));
        let others = user::<W>(Mode::Async);
        for _ in 0..MANY {
            others.start_send(others.request_there(80, "GET", "/", 0), 7).unwrap();
        }
        assert!(pac.wait_connections(MANY, PATIENCE));
        for mode in MODES {
            let client = user::<W>(mode);
            let asked = hurried(&client, "GET");
            let began = Instant::now();
            // Nobody knows what the script would have said: no other way is taken.
            assert_eq!(status_of(&client, asked), Err(c::ERROR_NOT_ENOUGH_MEMORY));
            assert!(began.elapsed() < PATIENCE);
            // Where nobody is asked, nobody is waited for.
            let fixed_alone = Options::configured(c::WINHTTP_AUTOPROXY_ALLOW_STATIC);
            let found = proxy_for(&client, "http://a.test/", &fixed_alone);
            assert_eq!(found, Ok(Some(fixed.authority())));
            client.finish();
        }
        assert_eq!(pac.connections(), MANY, "all workers were busy");
        assert_eq!(fixed.connections(), 0);
        others.finish();
        pac.release("script").unwrap();
    }

    fn fact_29_4_1_each_leg_has_a_look_up_of_its_own<W>(World::new()) {
        let last = answers_as_proxy(everything);
        let first = answers("HTTP/1.1 302 There\r\nLocation: http://b.invalid/next\r\nContent-Length: 0\r\n\r\n");
        let refused = RefusedPort::new().unwrap();
        let body = format!(
            "return host == 'a.invalid' ? 'PROXY {}' : 'PROXY {}; PROXY {}'",
            first.authority(), refused.address(), last.authority()
        );
        let _pac = script(&body, "");
        for mode in MODES {
            let client = user::<W>(mode);
            let asked = request(&client, "a.invalid", 80, "/", 0);
            client.exchange(asked).unwrap();
            assert_eq!(client.body(asked).unwrap(), b"http://b.invalid/next");
            client.finish();
        }
        assert_eq!((first.requests().len(), last.requests().len()), (2, 2));
    }

    fn a_nonce_is_counted_once_for_each_request<W>(World::new()) {
        let _pac = script("return 'DIRECT'", "");
        for mode in MODES {
            let server = answers("HTTP/1.1 401 Who\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\nContent-Length: 0\r\n\r\n");
            let client = user::<W>(mode);
            let asked = get(&client, server.port(), "/");
            assert_eq!(status_of(&client, asked), Ok(401));
            let (server_itself, digest) = (c::WINHTTP_AUTH_TARGET_SERVER, c::WINHTTP_AUTH_SCHEME_DIGEST);
            credentials::set::<W>(asked, server_itself, digest, Some("u"), Some("p")).unwrap();
            assert_eq!(status_of(&client, asked), Ok(401));
            let seen = server.requests();
            let shown = seen[1].header("Authorization").unwrap();
            assert!(shown.contains("nc=00000001"), "{shown}");
            client.finish();
        }
    }

    fn closing_the_request_ends_its_look_up<W>(World::new()) {
        let pac = held("return 'DIRECT'");
        use_script(&pac, "");
        let client = user::<W>(Mode::Sync);
        let asked = client.request_there(80, "GET", "/", 0);
        thread::scope(|scope| {
            let call = scope.spawn(|| client.send(asked));
            pac.wait_request(0, PATIENCE).unwrap();
            client.close(asked).unwrap();
            assert_eq!(call.join().unwrap(), Err(CANCELLED));
        });
        client.finish();

        let client = user::<W>(Mode::Async);
        let asked = client.request_there(80, "GET", "/", 0);
        client.start_send(asked, 7).unwrap();
        pac.wait_request(1, PATIENCE).unwrap();
        client.close(asked).unwrap();
        let error = client.recorder.wait(asked, c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR);
        assert_eq!(error.info, Info::AsyncResult(c::API_SEND_REQUEST as usize, CANCELLED));
        closing_is_last(&client, asked);
        client.finish();
        pac.release("script").unwrap();
    }

    fn a_session_that_is_closed_meanwhile_leaves_the_request_its_answer<W>(World::new()) {
        for mode in MODES {
            let through = answers_as_proxy(everything);
            let pac = held(&format!("return 'PROXY {}'", through.authority()));
            use_script(&pac, "");
            let client = user::<W>(mode);
            let asked = client.request_there(80, "GET", "/", 0);
            thread::scope(|scope| {
                let call = scope.spawn(|| client.exchange(asked));
                pac.wait_request(0, PATIENCE).unwrap();
                client.close(client.session).unwrap();
                pac.release("script").unwrap();
                assert_eq!(call.join().unwrap(), Ok(()));
            });
            assert_eq!(client.status_code(asked), Ok(200));
            client.finish();
        }
    }

    fn many_requests_wait_for_one_script<W>(World::new()) {
        const MANY: usize = 24;
        let through = answers_as_proxy(everything);
        let body: &'static str = format!("return 'PROXY {}'", through.authority()).leak();
        for mode in MODES {
            let pac = held(body);
            use_script(&pac, "");
            let client = user::<W>(mode);
            let all: Vec<Handle> = (0..MANY).map(|_| client.request_there(80, "GET", "/", 0)).collect();
            thread::scope(|scope| {
                let calls: Vec<_> = all.iter().map(|asked| scope.spawn(|| client.exchange(*asked))).collect();
                pac.wait_request(0, PATIENCE).unwrap();
                // Half of them do without.
                for asked in all.iter().step_by(2) {
                    client.close(*asked).unwrap();
                }
                pac.release("script").unwrap();
                for (place, call) in calls.into_iter().enumerate() {
                    let ended = call.join().unwrap();
                    assert!(ended == Ok(()) || place % 2 == 0, "{ended:?}");
                }
            });
            client.finish();
        }
    }

    fn the_program_can_decide_otherwise_for_a_request<W>(World::new()) {
        let through = answers_as_proxy(everything);
        let _pac = script(&format!("return 'PROXY {}'", through.authority()), "");
        for mode in MODES {
            let client = user::<W>(mode);
            let before = through.requests().len();
            let asked = client.request_there(80, "GET", "/", 0);
            set_access::<W>(asked, c::WINHTTP_ACCESS_TYPE_NO_PROXY).unwrap();
            assert_eq!(status_of(&client, asked), NOT_RESOLVED);
            assert_eq!(through.requests().len(), before);
            set_access::<W>(asked, USER).unwrap();
            assert_eq!(status_of(&client, asked), Ok(200));
            client.finish();
        }
    }
}
