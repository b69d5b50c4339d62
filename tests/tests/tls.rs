//! Secure requests: trust, names, versions, resumption, every certificate defect and what relaxes it, and peers that do
//! not speak TLS.

mod support;

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::certs::{Authority, Identity, IdentityOptions, Usage, Validity};
use winhttp_fixtures::{PeerEnd, Server, Settings, TlsSettings, TlsVersions, by_path};
use winhttp_tests::{Call, Client, Handle, Info, Mode, PATIENCE, scenarios};

use support::{assert_failed_as, close_for_good, dword, request, secure, set_dword, set_timeouts, takes, upgrade};

const SECURE_FAILURE: u32 = c::WINHTTP_CALLBACK_STATUS_SECURE_FAILURE;
const CHANNEL_ERROR: u32 = c::WINHTTP_CALLBACK_STATUS_FLAG_SECURITY_CHANNEL_ERROR;

/// A defect: its bit in SECURE_FAILURE, the flag that ignores it, and what makes a certificate have it.
type Defect = (u32, u32, fn(&mut IdentityOptions));

const DEFECTS: [Defect; 4] = [
    (c::WINHTTP_CALLBACK_STATUS_FLAG_INVALID_CA, c::SECURITY_FLAG_IGNORE_UNKNOWN_CA, |options| {
        options.self_signed = true;
    }),
    (
        c::WINHTTP_CALLBACK_STATUS_FLAG_CERT_CN_INVALID,
        c::SECURITY_FLAG_IGNORE_CERT_CN_INVALID,
        |options| options.names = vec!["wrong.example".into()],
    ),
    (
        c::WINHTTP_CALLBACK_STATUS_FLAG_CERT_DATE_INVALID,
        c::SECURITY_FLAG_IGNORE_CERT_DATE_INVALID,
        |options| options.validity = Validity::Expired,
    ),
    (
        c::WINHTTP_CALLBACK_STATUS_FLAG_CERT_WRONG_USAGE,
        c::SECURITY_FLAG_IGNORE_CERT_WRONG_USAGE,
        |options| options.usage = Usage::Client,
    ),
];

/// The authority this process trusts, and where its TLS secrets are logged.
struct World {
    authority: Authority,
    key_log: PathBuf,
}

/// Sets the process up before its first session.
fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("tls-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let authority = Authority::new().unwrap();
        let file = authority.write_pem(&folder).unwrap();
        let key_log = folder.join("keys.log");
        // SAFETY: every test comes here first, so no other thread reads the environment yet.
        unsafe { std::env::set_var("SSL_CERT_FILE", file) };
        // SAFETY: as above.
        unsafe { std::env::set_var("SSLKEYLOGFILE", &key_log) };
        World { authority, key_log }
    })
}

fn identity(options: &IdentityOptions) -> Identity {
    world().authority.issue(options).unwrap()
}

fn good_server() -> Server {
    Server::tls(by_path, &identity(&IdentityOptions::default())).unwrap()
}

fn server_with(change: impl FnOnce(TlsSettings) -> TlsSettings) -> Server {
    let tls = change(TlsSettings::new(&identity(&IdentityOptions::default())));
    Server::start(Settings { tls: Some(tls), ..Settings::default() }, by_path).unwrap()
}

/// The words of the SECURE_FAILURE notifications of a request.
fn reasons<W: Unit>(client: &Client<W>, handle: Handle) -> Vec<u32> {
    let events = client.recorder.events_of(handle).into_iter();
    events
        .filter(|event| event.status == SECURE_FAILURE)
        .map(|event| match event.info {
            Info::Dword(reasons) if event.length == 4 => reasons,
            info => panic!("SECURE_FAILURE carries {info:?}"),
        })
        .collect()
}

/// Sends a secure request of its own connection and gives its outcome with the reasons of a refusal.
fn attempt<W: Unit>(client: &Client<W>, server: &Server, ignore: u32) -> (Call<u32>, Vec<u32>) {
    let handle = secure(client, server.port(), "/status?close");
    if ignore != 0 {
        set_dword::<W>(handle, c::WINHTTP_OPTION_SECURITY_FLAGS, ignore).unwrap();
    }
    let sent = client.send(handle);
    let reasons = reasons(client, handle);
    if let Err(error) = sent {
        assert_failed_as(client, handle, c::API_SEND_REQUEST, error);
        if !reasons.is_empty() {
            secure_failure_comes_after_connecting(client, handle);
        }
    }
    let outcome = sent.and_then(|()| client.receive(handle)).and_then(|()| client.status_code(handle));
    close_for_good(client, handle);
    (outcome, reasons)
}

/// Winhttp-callbacks section 6: CONNECTED_TO_SERVER, SECURE_FAILURE, and nothing is sent.
fn secure_failure_comes_after_connecting<W: Unit>(client: &Client<W>, handle: Handle) {
    let statuses = client.recorder.statuses_of(handle);
    let place = |status: u32| statuses.iter().position(|own| *own == status);
    let connected = place(c::WINHTTP_CALLBACK_STATUS_CONNECTED_TO_SERVER);
    assert!(connected.is_some() && connected < place(SECURE_FAILURE), "{statuses:x?}");
    assert_eq!(place(c::WINHTTP_CALLBACK_STATUS_SENDING_REQUEST), None, "{statuses:x?}");
}

scenarios! {
    fn fact_5_7_1_https_works_with_an_authority_given_at_run_time<W>(mode) {
        let server = good_server();
        let client = Client::<W>::new(mode);
        let handle = secure(&client, server.port(), "/status?body=hidden");
        client.exchange(handle).unwrap();
        assert_eq!(client.status_code(handle), Ok(200));
        assert_eq!(client.body(handle).as_deref(), Ok(&b"hidden"[..]));
        let facts = server.tls_facts(0).unwrap();
        assert_eq!(facts.server_name.as_deref(), Some("localhost"), "SNI");
        assert!(facts.tls13);
        assert_eq!(reasons(&client, handle), [0; 0]);
        close_for_good(&client, handle);
        client.close(client.session).unwrap();
    }

    fn secure_web_sockets_echo_and_close<W>(mode) {
        let server = good_server();
        let client = Client::<W>::new(mode);
        let handle = secure(&client, server.port(), "/echo");
        upgrade::<W>(handle);
        client.exchange(handle).unwrap();
        let web_socket = client.complete_upgrade(handle, 0).unwrap();
        client.close(handle).unwrap();
        let message: Vec<u8> = (0..100_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let binary = c::WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE;
        client.ws_send(web_socket, binary, &message).unwrap();
        assert_eq!(client.ws_message(web_socket), Ok((message, binary)));
        client.ws_close(web_socket, 1000, b"bye").unwrap();
        assert_eq!(client.ws_close_status(web_socket), Ok((1000, b"bye".to_vec())));
        close_for_good(&client, web_socket);
        client.close(client.session).unwrap();
        assert_eq!(server.violations(), []);
        assert_eq!(server.wait_peer_end(0, PATIENCE), Some(PeerEnd::Orderly), "close_notify was sent");
    }
}

fn both(test: fn(Mode)) {
    world();
    test(Mode::Sync);
    test(Mode::Async);
}

/// Fact 5.7.4 and headers-info 10: every set of defects is reported whole, and flags take away exactly what they name.
#[test]
fn fact_5_7_4_every_defect_is_reported_and_only_what_is_named_is_ignored() {
    both(|mode| {
        let client = Client::<u16>::new(mode);
        for set in 1..16_u32 {
            let has = |index: usize| set & (1 << index) != 0;
            let mut options = IdentityOptions::default();
            for (index, (_, _, make)) in DEFECTS.iter().enumerate() {
                if has(index) {
                    make(&mut options);
                }
            }
            let server = Server::tls(by_path, &identity(&options)).unwrap();
            for ignored in 0..16_u32 {
                let of = |wanted: &dyn Fn(usize) -> bool, field: fn(&Defect) -> u32| {
                    let chosen = DEFECTS.iter().enumerate().filter(|(index, _)| wanted(*index));
                    chosen.fold(0, |bits, (_, defect)| bits | field(defect))
                };
                let ignores = |index: usize| ignored & (1 << index) != 0;
                let left = of(&|index| has(index) && !ignores(index), |defect| defect.0);
                let flags = of(&ignores, |defect| defect.1);
                let (outcome, reasons) = attempt(&client, &server, flags);
                let what = format!("{options:?} ignoring {flags:#x}");
                if left == 0 {
                    assert_eq!((outcome, reasons), (Ok(200), vec![]), "{what}");
                } else {
                    let failure = Err(c::ERROR_WINHTTP_SECURE_FAILURE);
                    assert_eq!((outcome, reasons), (failure, vec![left]), "{what}");
                }
            }
        }
        client.close(client.session).unwrap();
    });
}

#[test]
fn other_ways_to_be_untrusted_or_out_of_date() {
    both(|mode| {
        let client = Client::<u16>::new(mode);
        let stranger = Authority::new().unwrap();
        let lower = stranger.subordinate("Lower").unwrap();
        let (date, unknown) = (
            c::WINHTTP_CALLBACK_STATUS_FLAG_CERT_DATE_INVALID,
            c::WINHTTP_CALLBACK_STATUS_FLAG_INVALID_CA,
        );
        for (identity, left) in [
            (identity(&IdentityOptions::not_yet_valid()), date),
            (stranger.issue(&IdentityOptions::default()).unwrap(), unknown),
            (lower.issue(&IdentityOptions::default()).unwrap(), unknown),
            (stranger.issue(&IdentityOptions::expired()).unwrap(), unknown | date),
            (lower.issue(&IdentityOptions::not_yet_valid()).unwrap(), unknown | date),
        ] {
            let server = Server::tls(by_path, &identity).unwrap();
            let failure = Err(c::ERROR_WINHTTP_SECURE_FAILURE);
            assert_eq!(attempt(&client, &server, 0), (failure, vec![left]));
            let ignore_date = c::SECURITY_FLAG_IGNORE_CERT_DATE_INVALID;
            let expected =
                if left == date { (Ok(200), vec![]) } else { (failure, vec![left & !date]) };
            assert_eq!(attempt(&client, &server, ignore_date), expected);
        }
        client.close(client.session).unwrap();
    });
}

/// A chain that needs its intermediate is trusted, also when reached by address instead of name.
#[test]
fn a_good_chain_is_trusted_by_name_and_by_address() {
    both(|mode| {
        let client = Client::<u16>::new(mode);
        let lower = world().authority.subordinate("Lower").unwrap();
        let identity = lower.issue(&IdentityOptions::default()).unwrap();
        let server = Server::tls(by_path, &identity).unwrap();
        for host in ["localhost", "127.0.0.1", "LOCALHOST"] {
            let handle = request(&client, host, server.port(), "/status?close", c::WINHTTP_FLAG_SECURE);
            client.exchange(handle).unwrap();
            assert_eq!(client.status_code(handle), Ok(200), "{host}");
            close_for_good(&client, handle);
        }
        let name = |connection: usize| server.tls_facts(connection).unwrap().server_name;
        assert_eq!(name(1), None, "RFC 6066 §3: no SNI for an address");
        client.close(client.session).unwrap();
    });
}

/// Headers-info 10: what was accepted thanks to flags is never taken for trusted by a strict request.
#[test]
fn a_relaxed_connection_does_not_help_a_strict_request() {
    both(|mode| {
        let client = Client::<u16>::new(mode);
        for versions in [TlsVersions::Tls12, TlsVersions::Tls13] {
            let tls = TlsSettings::new(&identity(&IdentityOptions::expired())).versions(versions);
            let settings = Settings { tls: Some(tls), ..Settings::default() };
            let server = Server::start(settings, by_path).unwrap();
            let ignore = c::SECURITY_FLAG_IGNORE_CERT_DATE_INVALID;
            assert_eq!(attempt(&client, &server, ignore).0, Ok(200));
            let handle = secure(&client, server.port(), "/status");
            set_dword::<u16>(handle, c::WINHTTP_OPTION_SECURITY_FLAGS, ignore).unwrap();
            client.exchange(handle).unwrap();
            client.body(handle).unwrap();
            close_for_good(&client, handle);
            let refused = Err(c::ERROR_WINHTTP_SECURE_FAILURE);
            assert_eq!(attempt(&client, &server, 0).0, refused, "{versions:?}");
            assert_eq!(attempt(&client, &server, ignore).0, Ok(200));
        }
        client.close(client.session).unwrap();
    });
}

/// Callbacks section 3: the flags set inside SECURE_FAILURE count for the next send of the same request.
#[test]
fn a_request_is_sent_again_with_relaxed_flags_after_a_failure() {
    both(|mode| {
        let client = Client::<u16>::new(mode);
        let server = Server::tls(by_path, &identity(&IdentityOptions::wrong_name())).unwrap();
        client.recorder.on(SECURE_FAILURE, |event| {
            let ignore = c::SECURITY_FLAG_IGNORE_CERT_CN_INVALID;
            set_dword::<u16>(event.handle, c::WINHTTP_OPTION_SECURITY_FLAGS, ignore).unwrap();
        });
        let handle = secure(&client, server.port(), "/status?body=second");
        let refused = Err(c::ERROR_WINHTTP_SECURE_FAILURE);
        assert_eq!(client.send(handle), refused, "the running attempt is not rescued");
        client.exchange(handle).unwrap();
        assert_eq!(client.body(handle).as_deref(), Ok(&b"second"[..]));
        let flags = dword::<u16>(handle, c::WINHTTP_OPTION_SECURITY_FLAGS).unwrap();
        assert_ne!(flags & c::SECURITY_FLAG_SECURE, 0, "{flags:#x}");
        close_for_good(&client, handle);
        client.close(client.session).unwrap();
    });
}

#[test]
fn tls_versions_are_the_servers_choice_among_those_enabled() {
    both(|mode| {
        let (only12, only13) =
            (c::WINHTTP_FLAG_SECURE_PROTOCOL_TLS1_2, c::WINHTTP_FLAG_SECURE_PROTOCOL_TLS1_3);
        let old = c::WINHTTP_FLAG_SECURE_PROTOCOL_TLS1 | c::WINHTTP_FLAG_SECURE_PROTOCOL_TLS1_1;
        for (enabled, offered, tls13) in [
            (None, TlsVersions::Tls12, Ok(false)),
            (None, TlsVersions::Tls13, Ok(true)),
            (None, TlsVersions::Both, Ok(true)),
            (Some(only12), TlsVersions::Both, Ok(false)),
            (Some(only13), TlsVersions::Both, Ok(true)),
            (Some(only12 | only13), TlsVersions::Both, Ok(true)),
            (Some(old | only12), TlsVersions::Both, Ok(false)),
            (Some(only12), TlsVersions::Tls13, Err(c::ERROR_WINHTTP_SECURE_CHANNEL_ERROR)),
            (Some(only13), TlsVersions::Tls12, Err(c::ERROR_WINHTTP_SECURE_CHANNEL_ERROR)),
            (Some(old), TlsVersions::Both, Err(c::ERROR_WINHTTP_SECURE_CHANNEL_ERROR)),
        ] {
            let server = server_with(|tls| tls.versions(offered));
            let client = Client::<u16>::new(mode);
            if let Some(enabled) = enabled {
                let option = c::WINHTTP_OPTION_SECURE_PROTOCOLS;
                set_dword::<u16>(client.session, option, enabled).unwrap();
            }
            let (outcome, reasons) = attempt(&client, &server, 0);
            let what = format!("{enabled:x?} with {offered:?}");
            assert_eq!(outcome, tls13.map(|_| 200), "{what}");
            assert!(reasons.is_empty() || reasons == [CHANNEL_ERROR], "{what}: {reasons:x?}");
            let negotiated = server.tls_facts(0).map(|facts| facts.tls13);
            assert_eq!(negotiated, tls13.ok(), "{what}");
            client.close(client.session).unwrap();
        }
    });
}

#[test]
fn sessions_are_resumed() {
    both(|mode| {
        for versions in [TlsVersions::Tls12, TlsVersions::Tls13] {
            let server = server_with(|tls| tls.versions(versions));
            let client = Client::<u16>::new(mode);
            for _ in 0..3 {
                let handle = secure(&client, server.port(), "/status?close&body=x");
                client.exchange(handle).unwrap();
                client.body(handle).unwrap();
                close_for_good(&client, handle);
            }
            assert_eq!(server.connections(), 3);
            assert_eq!(server.resumed_handshakes(), 2, "{versions:?}");
            client.close(client.session).unwrap();
        }
    });
}

/// Fact 5.7.3: the server insists on a client certificate; the same handle can be sent again.
#[test]
fn fact_5_7_3_a_required_client_certificate_is_needed() {
    both(|mode| {
        for versions in [TlsVersions::Tls12, TlsVersions::Tls13] {
            let needs = |tls: TlsSettings| {
                tls.versions(versions).require_client_certificate(&world().authority)
            };
            let server = server_with(needs);
            let client = Client::<u16>::new(mode);
            let handle = secure(&client, server.port(), "/status");
            for _ in 0..2 {
                let outcome = client.exchange(handle);
                assert_eq!(outcome, Err(c::ERROR_WINHTTP_CLIENT_AUTH_CERT_NEEDED), "{versions:?}");
            }
            close_for_good(&client, handle);
            client.close(client.session).unwrap();
        }
    });
}

#[test]
fn a_requested_client_certificate_can_be_done_without() {
    both(|mode| {
        let server = server_with(|tls| tls.request_client_certificate(&world().authority));
        let client = Client::<u16>::new(mode);
        assert_eq!(attempt(&client, &server, 0), (Ok(200), vec![]));
        assert_eq!(server.tls_facts(0).unwrap().client_certificates, Vec::<Vec<u8>>::new());
        client.close(client.session).unwrap();
    });
}

#[test]
fn a_plain_server_fails_a_secure_request_as_a_channel_error() {
    both(|mode| {
        let bad_request = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
        let server = Server::plain(|connection| connection.send(bad_request)).unwrap();
        let client = Client::<u16>::new(mode);
        let (outcome, reasons) = attempt(&client, &server, 0);
        assert_eq!(outcome, Err(c::ERROR_WINHTTP_SECURE_CHANNEL_ERROR));
        assert!(reasons.is_empty() || reasons == [CHANNEL_ERROR], "{reasons:x?}");
        client.close(client.session).unwrap();
    });
}

/// Fact 5.7.2: a plain request at a TLS port gets whatever the server answers.
#[test]
fn fact_5_7_2_a_tls_server_answers_a_plain_request_as_it_likes() {
    both(|mode| {
        let client = Client::<u16>::new(mode);
        // This one answers with a TLS alert, which is no status line.
        let server = good_server();
        let handle = client.get(server.port(), "/status");
        assert_eq!(client.exchange(handle), Err(c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE));
        assert_eq!(reasons(&client, handle), [0; 0]);
        close_for_good(&client, handle);
        // This one is polite, as the servers of fact 5.7.2 are.
        let server = Server::plain(|connection| {
            connection.read_head()?;
            connection.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        })
        .unwrap();
        let handle = client.get(server.port(), "/status");
        client.exchange(handle).unwrap();
        assert_eq!(client.status_code(handle), Ok(400));
        close_for_good(&client, handle);
        client.close(client.session).unwrap();
    });
}

/// Cut at the beginning, and after a few bytes that look like a server's hello.
#[test]
fn a_handshake_cut_off_fails_the_send() {
    both(|mode| {
        for (bytes, reset) in [(&b""[..], false), (b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76", false), (b"", true)] {
            let server = Server::plain(move |connection| {
                connection.read_exactly(5)?;
                connection.send(bytes)?;
                if reset {
                    return connection.reset();
                }
                connection.disconnect();
                Ok(())
            })
            .unwrap();
            let client = Client::<u16>::new(mode);
            let (outcome, _) = attempt(&client, &server, 0);
            let accepted =
                [Err(c::ERROR_WINHTTP_SECURE_CHANNEL_ERROR), Err(c::ERROR_WINHTTP_CONNECTION_ERROR)];
            assert!(accepted.contains(&outcome), "{outcome:?}");
            client.close(client.session).unwrap();
        }
    });
}

#[test]
fn the_handshake_is_part_of_connecting_and_shares_its_timeout() {
    both(|mode| {
        let server = Server::silent().unwrap();
        let client = Client::<u16>::new(mode);
        let handle = secure(&client, server.port(), "/");
        set_timeouts::<u16>(handle, 0, 300, 0, 0);
        let outcome = takes(Duration::from_millis(300), || client.send(handle));
        assert_eq!(outcome, Err(c::ERROR_WINHTTP_TIMEOUT));
        assert_failed_as(&client, handle, c::API_SEND_REQUEST, c::ERROR_WINHTTP_TIMEOUT);
        close_for_good(&client, handle);
        client.close(client.session).unwrap();
    });
}

/// Fact 3.2.7 and 3.2.8: which requests and sessions take the security options.
#[test]
fn security_options_refuse_what_they_cannot_mean() {
    both(|mode| {
        let client = Client::<u16>::new(mode);
        let handle = secure(&client, 443, "/");
        let flags = c::WINHTTP_OPTION_SECURITY_FLAGS;
        let invalid = Err(c::ERROR_INVALID_PARAMETER);
        for bad in [c::SECURITY_FLAG_SECURE, c::SECURITY_FLAG_STRENGTH_STRONG, 0x3300 | 1, 0x4] {
            assert_eq!(set_dword::<u16>(handle, flags, bad), invalid, "{bad:#x}");
            assert_eq!(dword::<u16>(handle, flags), Ok(0));
        }
        assert_eq!(set_dword::<u16>(handle, flags, 0x3300), Ok(()));
        assert_eq!(dword::<u16>(handle, flags), Ok(0x3300));
        let protocols = c::WINHTTP_OPTION_SECURE_PROTOCOLS;
        let kind = Err(c::ERROR_WINHTTP_INCORRECT_HANDLE_TYPE);
        assert_eq!(set_dword::<u16>(handle, protocols, 0x800), kind);
        assert_eq!(set_dword::<u16>(client.session, protocols, 0x4000_0000), invalid);
        close_for_good(&client, handle);
        client.close(client.session).unwrap();
    });
}

#[test]
fn secrets_are_logged_where_sslkeylogfile_says() {
    both(|mode| {
        for versions in [TlsVersions::Tls12, TlsVersions::Tls13] {
            let server = server_with(|tls| tls.versions(versions));
            let client = Client::<u16>::new(mode);
            let before = fs::read_to_string(&world().key_log).unwrap_or_default().len();
            assert_eq!(attempt(&client, &server, 0).0, Ok(200));
            let log = fs::read_to_string(&world().key_log).unwrap();
            let label = match versions {
                TlsVersions::Tls12 => "CLIENT_RANDOM ",
                _ => "CLIENT_TRAFFIC_SECRET_0 ",
            };
            assert!(log[before..].contains(label), "no {label} in {:?}", &log[before..]);
            client.close(client.session).unwrap();
        }
    });
}

/// Many connections with different policies at once do not disturb each other.
#[test]
fn strict_and_relaxed_requests_run_side_by_side() {
    both(|mode| {
        let client = Arc::new(Client::<u16>::new(mode));
        let server = Arc::new(Server::tls(by_path, &identity(&IdentityOptions::expired())).unwrap());
        let threads: Vec<_> = (0..8)
            .map(|index| {
                let (client, server) = (Arc::clone(&client), Arc::clone(&server));
                std::thread::spawn(move || {
                    for _ in 0..5 {
                        let relaxed = index % 2 == 0;
                        let ignore = u32::from(relaxed) * c::SECURITY_FLAG_IGNORE_CERT_DATE_INVALID;
                        let outcome = attempt(&client, &server, ignore).0;
                        let refused = Err(c::ERROR_WINHTTP_SECURE_FAILURE);
                        assert_eq!(outcome, if relaxed { Ok(200) } else { refused });
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        client.close(client.session).unwrap();
    });
}
