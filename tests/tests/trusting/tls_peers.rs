//! TLS peers of every sort: versions, resumption, client certificates, and servers that speak no
//! TLS or not to its end.

use std::fs;
use std::time::Duration;

use winhttp_abi::constants as c;
use winhttp_fixtures::{Server, TlsSettings, TlsVersions};
use winhttp_tests::support;
use winhttp_tests::support::tls::{attempt, both, good_server, reasons, server_with, world};
use winhttp_tests::support::{
    assert_failed_as, close_for_good, secure, set_dword, set_timeouts, takes,
};
use winhttp_tests::{Client, Handle, call};

const CHANNEL_ERROR: u32 = c::WINHTTP_CALLBACK_STATUS_FLAG_SECURITY_CHANNEL_ERROR;

#[test]
fn tls_versions_are_the_servers_choice_among_those_enabled() {
    both(|mode| {
        let (only12, only13) = (
            c::WINHTTP_FLAG_SECURE_PROTOCOL_TLS1_2,
            c::WINHTTP_FLAG_SECURE_PROTOCOL_TLS1_3,
        );
        let old = c::WINHTTP_FLAG_SECURE_PROTOCOL_TLS1 | c::WINHTTP_FLAG_SECURE_PROTOCOL_TLS1_1;
        let client = Client::<u16>::new(mode);
        for (enabled, offered, tls13) in [
            (None, TlsVersions::Tls12, Ok(false)),
            (None, TlsVersions::Tls13, Ok(true)),
            (None, TlsVersions::Both, Ok(true)),
            (Some(only12), TlsVersions::Both, Ok(false)),
            (Some(only13), TlsVersions::Both, Ok(true)),
            (Some(only12 | only13), TlsVersions::Both, Ok(true)),
            (Some(old | only12), TlsVersions::Both, Ok(false)),
            (
                Some(only12),
                TlsVersions::Tls13,
                Err(c::ERROR_WINHTTP_SECURE_CHANNEL_ERROR),
            ),
            (
                Some(only13),
                TlsVersions::Tls12,
                Err(c::ERROR_WINHTTP_SECURE_CHANNEL_ERROR),
            ),
            (
                Some(old),
                TlsVersions::Both,
                Err(c::ERROR_WINHTTP_SECURE_CHANNEL_ERROR),
            ),
        ] {
            let server = server_with(|tls| tls.versions(offered));
            if let Some(enabled) = enabled {
                let option = c::WINHTTP_OPTION_SECURE_PROTOCOLS;
                set_dword::<u16>(client.session, option, enabled).unwrap();
            }
            let (outcome, reasons) = attempt(&client, &server, 0);
            let what = format!("{enabled:x?} with {offered:?}");
            assert_eq!(outcome, tls13.map(|_| 200), "{what}");
            assert!(
                reasons.is_empty() || reasons == [CHANNEL_ERROR],
                "{what}: {reasons:x?}"
            );
            let negotiated = server.tls_facts(0).map(|facts| facts.tls13);
            assert_eq!(negotiated, tls13.ok(), "{what}");
        }
        client.close(client.session).unwrap();
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
                tls.versions(versions)
                    .require_client_certificate(&world().authority)
            };
            let server = server_with(needs);
            let client = Client::<u16>::new(mode);
            let handle = secure(&client, server.port(), "/status");
            for _ in 0..2 {
                let outcome = client.exchange(handle);
                assert_eq!(
                    outcome,
                    Err(c::ERROR_WINHTTP_CLIENT_AUTH_CERT_NEEDED),
                    "{versions:?}"
                );
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
        assert_eq!(
            server.tls_facts(0).unwrap().client_certificates,
            Vec::<Vec<u8>>::new()
        );
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
        assert!(
            reasons.is_empty() || reasons == [CHANNEL_ERROR],
            "{reasons:x?}"
        );
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
        let handle = support::get(&client, server.port(), "/status");
        assert_eq!(
            client.exchange(handle),
            Err(c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE)
        );
        assert_eq!(reasons(&client, handle), [0; 0]);
        close_for_good(&client, handle);
        // This one is polite, as the servers of fact 5.7.2 are.
        let server = Server::plain(|connection| {
            connection.read_head()?;
            connection.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        })
        .unwrap();
        let handle = support::get(&client, server.port(), "/status");
        client.exchange(handle).unwrap();
        assert_eq!(client.status_code(handle), Ok(400));
        close_for_good(&client, handle);
        client.close(client.session).unwrap();
    });
}

/// Cut at the beginning, and after a few bytes that look like a server's hello. Errors section 2: a
/// connection that is reset or closed too early is a CONNECTION_ERROR; the channel's error is for
/// what TLS itself objects to.
#[test]
fn a_handshake_cut_off_fails_the_send() {
    both(|mode| {
        for (bytes, reset) in [
            (&b""[..], false),
            (b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76", false),
            (b"", true),
        ] {
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
            assert_eq!(outcome, Err(c::ERROR_WINHTTP_CONNECTION_ERROR));
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
        assert_failed_as(
            &client,
            handle,
            c::API_SEND_REQUEST,
            c::ERROR_WINHTTP_TIMEOUT,
        );
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
            let before = fs::read_to_string(&world().key_log)
                .unwrap_or_default()
                .len();
            assert_eq!(attempt(&client, &server, 0).0, Ok(200));
            let log = fs::read_to_string(&world().key_log).unwrap();
            let label = match versions {
                TlsVersions::Tls12 => "CLIENT_RANDOM ",
                _ => "CLIENT_TRAFFIC_SECRET_0 ",
            };
            assert!(
                log[before..].contains(label),
                "no {label} in {:?}",
                &log[before..]
            );
            client.close(client.session).unwrap();
        }
    });
}

/// Fact 3.2.9 and expectation 27: "no certificate" is an answer on secure requests, and has no
/// meaning on plain ones.
#[test]
fn expectation_27_no_client_certificate_is_an_answer() {
    both(|mode| {
        let server = server_with(|tls| tls.request_client_certificate(&world().authority));
        let client = Client::<u16>::new(mode);
        let none = |handle: Handle| {
            let option = c::WINHTTP_OPTION_CLIENT_CERT_CONTEXT;
            // SAFETY: no memory is passed.
            call(unsafe {
                winhttp::WinHttpSetOption::<u16>(handle.raw(), option, std::ptr::null_mut(), 0)
            })
        };
        let plain = support::get(&client, server.port(), "/");
        assert_eq!(none(plain), Err(c::ERROR_WINHTTP_INCORRECT_HANDLE_STATE));
        close_for_good(&client, plain);
        let handle = secure(&client, server.port(), "/status?close");
        assert_eq!(none(handle), Ok(()));
        client.exchange(handle).unwrap();
        assert_eq!(client.status_code(handle), Ok(200));
        close_for_good(&client, handle);
        client.close(client.session).unwrap();
    });
}

/// Headers-info 10: a session with secure defaults is asynchronous and takes nothing below TLS 1.2.
#[test]
fn secure_defaults_refuse_old_versions() {
    world();
    let none = std::ptr::null();
    // SAFETY: no text is passed.
    let session = unsafe {
        winhttp::WinHttpOpen::<u16>(
            none,
            c::WINHTTP_ACCESS_TYPE_NO_PROXY,
            none,
            none,
            c::WINHTTP_FLAG_SECURE_DEFAULTS,
        )
    };
    assert!(!session.is_null());
    let protocols = c::WINHTTP_OPTION_SECURE_PROTOCOLS;
    let new = c::WINHTTP_FLAG_SECURE_PROTOCOL_TLS1_2 | c::WINHTTP_FLAG_SECURE_PROTOCOL_TLS1_3;
    let old = c::WINHTTP_FLAG_SECURE_PROTOCOL_TLS1_1;
    let denied = Err(c::ERROR_ACCESS_DENIED);
    assert_eq!(set_dword::<u16>(session.into(), protocols, old), denied);
    assert_eq!(
        set_dword::<u16>(session.into(), protocols, old | new),
        denied
    );
    assert_eq!(set_dword::<u16>(session.into(), protocols, new), Ok(()));
    // SAFETY: any number may be passed.
    call(unsafe { winhttp::WinHttpCloseHandle::<u16>(session) }).unwrap();
}
