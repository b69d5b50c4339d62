//! Secure requests: trust, names, every certificate defect, and what relaxes which.

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use winhttp_abi::constants as c;
use winhttp_fixtures::certs::{Authority, IdentityOptions, Usage, Validity};
use winhttp_fixtures::{
    Connection, Opcode, PeerEnd, Server, Settings, TlsSettings, TlsVersions, by_path,
};
use winhttp_tests::support::tls::{
    SECURE_FAILURE, attempt, both, good_server, identity, reasons, send_that_waits, takes_later,
    world,
};
use winhttp_tests::support::{close_for_good, dword, request, secure, set_dword};
use winhttp_tests::{Client, Mode, PATIENCE, scenarios, upgrade};

/// A defect: its bit in SECURE_FAILURE, the flag that ignores it, and what makes a certificate have
/// it.
type Defect = (u32, u32, fn(&mut IdentityOptions));

const DEFECTS: [Defect; 4] = [
    (
        c::WINHTTP_CALLBACK_STATUS_FLAG_INVALID_CA,
        c::SECURITY_FLAG_IGNORE_UNKNOWN_CA,
        |options| {
            options.self_signed = true;
        },
    ),
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
        upgrade::<W>(handle).unwrap();
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

/// A server takes nothing until the program's send has filled every buffer, then everything: the
/// send must go on when there is room again, without another word from anybody.
#[test]
fn a_secure_send_that_had_to_wait_goes_on() {
    let (go, script) = takes_later();
    let server = Server::tls(script, &identity(&IdentityOptions::default())).unwrap();
    let client = Client::<u16>::new(Mode::Async);
    let handle = secure(&client, server.port(), "/");
    upgrade::<u16>(handle).unwrap();
    client.exchange(handle).unwrap();
    let web_socket = client.complete_upgrade(handle, 0).unwrap();
    client.close(handle).unwrap();
    send_that_waits(&client, web_socket, 8 << 20, &go);
    close_for_good(&client, web_socket);
    client.close(client.session).unwrap();
}

/// New bytes arrive, and are reported, while records of older ones wait to be opened: both must be
/// received.
///
/// Another socket of the session tells when the report was dealt with: the same thread hears of
/// both, one after the other.
#[test]
fn bytes_that_come_while_records_wait_are_not_forgotten() {
    const LENGTH: usize = 100_000;
    let (go, going) = channel();
    let (tick, ticking) = channel();
    let waiting = Mutex::new((going, tick));
    let ticking = Mutex::new(ticking);
    let script = move |connection: &mut Connection| {
        let Some(request) = connection.read_head()? else {
            return Ok(());
        };
        connection.accept_websocket(&request)?;
        if request.target == "/ticks" {
            for _ in 0..2 {
                ticking.lock().unwrap().recv_timeout(PATIENCE).unwrap();
                connection.send_frame(Opcode::TEXT, true, b"tick")?;
            }
        } else {
            let (going, tick) = &*waiting.lock().unwrap();
            for message in [vec![b'1'; LENGTH], b"second".to_vec()] {
                going.recv_timeout(PATIENCE).unwrap();
                connection.send_frame(Opcode::TEXT, true, &message)?;
                tick.send(()).unwrap();
            }
        }
        connection.wait_closed();
        Ok(())
    };
    let server = Server::tls(script, &identity(&IdentityOptions::default())).unwrap();
    let client = Client::<u16>::new(Mode::Async);
    let [news, ticks] = ["/news", "/ticks"].map(|path| {
        let handle = secure(&client, server.port(), path);
        upgrade::<u16>(handle).unwrap();
        client.exchange(handle).unwrap();
        let web_socket = client.complete_upgrade(handle, 0).unwrap();
        client.close(handle).unwrap();
        web_socket
    });
    let text = c::WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE;
    let ticked = Ok((b"tick".to_vec(), text));
    go.send(()).unwrap();
    assert_eq!(client.ws_message(ticks), ticked);
    // All of it has arrived. What is left behind now has been read from the socket, but not opened.
    let (piece, _) = client.ws_receive(news, LENGTH - 20_000).unwrap();
    go.send(()).unwrap();
    assert_eq!(client.ws_message(ticks), ticked);
    let (rest, kind) = client.ws_message(news).unwrap();
    assert_eq!((piece.len() + rest.len(), kind), (LENGTH, text));
    assert_eq!(client.ws_message(news), Ok((b"second".to_vec(), text)));
    close_for_good(&client, news);
    close_for_good(&client, ticks);
    client.close(client.session).unwrap();
}

/// Fact 5.7.4 and headers-info 10: every set of defects is reported whole, and flags take away
/// exactly what they name.
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
                    let chosen = DEFECTS
                        .iter()
                        .enumerate()
                        .filter(|(index, _)| wanted(*index));
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
            (
                stranger.issue(&IdentityOptions::default()).unwrap(),
                unknown,
            ),
            (lower.issue(&IdentityOptions::default()).unwrap(), unknown),
            (
                stranger.issue(&IdentityOptions::expired()).unwrap(),
                unknown | date,
            ),
            (
                lower.issue(&IdentityOptions::not_yet_valid()).unwrap(),
                unknown | date,
            ),
        ] {
            let server = Server::tls(by_path, &identity).unwrap();
            let failure = Err(c::ERROR_WINHTTP_SECURE_FAILURE);
            assert_eq!(attempt(&client, &server, 0), (failure, vec![left]));
            let ignore_date = c::SECURITY_FLAG_IGNORE_CERT_DATE_INVALID;
            let expected = if left == date {
                (Ok(200), vec![])
            } else {
                (failure, vec![left & !date])
            };
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
            let handle = request(
                &client,
                host,
                server.port(),
                "/status?close",
                c::WINHTTP_FLAG_SECURE,
            );
            client.exchange(handle).unwrap();
            assert_eq!(client.status_code(handle), Ok(200), "{host}");
            close_for_good(&client, handle);
        }
        let name = |connection: usize| server.tls_facts(connection).unwrap().server_name;
        assert_eq!(name(1), None, "RFC 6066 §3: no SNI for an address");
        client.close(client.session).unwrap();
    });
}

/// Headers-info 10: what was accepted thanks to flags is never taken for trusted by a strict
/// request.
#[test]
fn a_relaxed_connection_does_not_help_a_strict_request() {
    both(|mode| {
        let client = Client::<u16>::new(mode);
        for versions in [TlsVersions::Tls12, TlsVersions::Tls13] {
            let tls = TlsSettings::new(&identity(&IdentityOptions::expired())).versions(versions);
            let settings = Settings {
                tls: Some(tls),
                ..Settings::default()
            };
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

/// Callbacks section 3: the flags set inside SECURE_FAILURE count for the next send of the same
/// request.
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
        assert_eq!(
            client.send(handle),
            refused,
            "the running attempt is not rescued"
        );
        client.exchange(handle).unwrap();
        assert_eq!(client.body(handle).as_deref(), Ok(&b"second"[..]));
        let flags = dword::<u16>(handle, c::WINHTTP_OPTION_SECURITY_FLAGS).unwrap();
        assert_ne!(flags & c::SECURITY_FLAG_SECURE, 0, "{flags:#x}");
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
        for bad in [
            c::SECURITY_FLAG_SECURE,
            c::SECURITY_FLAG_STRENGTH_STRONG,
            0x3300 | 1,
            0x4,
        ] {
            assert_eq!(set_dword::<u16>(handle, flags, bad), invalid, "{bad:#x}");
            assert_eq!(dword::<u16>(handle, flags), Ok(0));
        }
        assert_eq!(set_dword::<u16>(handle, flags, 0x3300), Ok(()));
        assert_eq!(dword::<u16>(handle, flags), Ok(0x3300));
        let protocols = c::WINHTTP_OPTION_SECURE_PROTOCOLS;
        let kind = Err(c::ERROR_WINHTTP_INCORRECT_HANDLE_TYPE);
        assert_eq!(set_dword::<u16>(handle, protocols, 0x800), kind);
        assert_eq!(
            set_dword::<u16>(client.session, protocols, 0x4000_0000),
            invalid
        );
        close_for_good(&client, handle);
        client.close(client.session).unwrap();
    });
}
/// Many connections with different policies at once do not disturb each other.
#[test]
fn strict_and_relaxed_requests_run_side_by_side() {
    both(|mode| {
        let client = Arc::new(Client::<u16>::new(mode));
        let server =
            Arc::new(Server::tls(by_path, &identity(&IdentityOptions::expired())).unwrap());
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
