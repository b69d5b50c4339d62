//! Certificates that are refused, and TLS that cannot be agreed upon.

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::certs::{Authority, Identity, IdentityOptions};
use winhttp_fixtures::{Server, by_path};
use winhttp_tests::support::proxy::set_proxy;
use winhttp_tests::support::secure;
use winhttp_tests::support::tls::{identity, server_with, world};
use winhttp_tests::{Mode, scenarios};

use super::ear::Ear;

/// What is said of a server with this certificate: told by SECURE_FAILURE and by the failure
/// itself.
fn refusal<W: Unit>(mode: Mode, identity: &Identity) -> String {
    let server = Server::tls(by_path, identity).unwrap();
    let ear = Ear::<W>::new(mode);
    let handle = secure(&ear.client, server.port(), "/status");
    let sent = ear.client.send(handle);
    let told = ear.told();
    assert_eq!(told.status, c::WINHTTP_CALLBACK_STATUS_SECURE_FAILURE);
    let (error, detail) = ear.failed(sent);
    assert_eq!(error, c::ERROR_WINHTTP_SECURE_FAILURE);
    assert_eq!(told.detail.as_deref(), Some(&*detail), "both say the same");
    ear.client.close(handle).unwrap();
    ear.finish();
    detail
}

fn says<W: Unit>(mode: Mode, identity: &Identity, expected: &[&str]) {
    let detail = refusal::<W>(mode, identity);
    assert!(
        detail.starts_with("the server's certificate \""),
        "{detail}"
    );
    let (_, defects) = detail.split_once(" is refused: ").unwrap();
    assert_eq!(defects.split("; ").collect::<Vec<_>>(), expected);
}

scenarios! {
    fn a_certificate_for_another_name_lists_its_names<W>(mode) {
        world();
        let wrong = identity(&IdentityOptions::wrong_name());
        says::<W>(mode, &wrong, &["it is for wrong.example, not for localhost"]);
        let names = (0..10).map(|index| format!("host{index}.example")).collect();
        let many = identity(&IdentityOptions { names, ..IdentityOptions::default() });
        let detail = refusal::<W>(mode, &many);
        assert!(detail.contains("host7.example and 2 more, not for localhost"), "{detail}");
    }

    fn a_certificate_outside_its_time_has_its_dates<W>(mode) {
        world();
        says::<W>(mode, &identity(&IdentityOptions::expired()), &["it expired on 2002-01-01 00:00:00 UTC"]);
        let early = identity(&IdentityOptions::not_yet_valid());
        says::<W>(mode, &early, &["it is not valid before 2110-01-01 00:00:00 UTC"]);
    }

    fn what_is_wrong_with_a_proxy_is_said_of_the_proxy<W>(mode) {
        world();
        let proxy = Server::tls(by_path, &identity(&IdentityOptions::expired())).unwrap();
        let ear = Ear::<W>::new(mode);
        set_proxy::<W>(ear.client.session, &format!("https://localhost:{}", proxy.port()), None).unwrap();
        let request = ear.client.request_there(80, "GET", "/", 0);
        let sent = ear.client.send(request);
        assert_eq!(ear.told().status, c::WINHTTP_CALLBACK_STATUS_SECURE_FAILURE);
        let (error, detail) = ear.failed(sent);
        assert_eq!(error, c::ERROR_WINHTTP_SECURE_FAILURE_PROXY);
        assert!(detail.starts_with("TLS with the proxy failed: the server's certificate \""), "{detail}");
        assert!(detail.ends_with("it expired on 2002-01-01 00:00:00 UTC"), "{detail}");
        ear.client.close(request).unwrap();
        ear.finish();
    }

    fn an_unknown_issuer_is_named<W>(mode) {
        world();
        let stranger = Authority::named("Nobody's Authority").unwrap();
        let strange = stranger.issue(&IdentityOptions::default()).unwrap();
        says::<W>(mode, &strange, &["its issuer \"CN=Nobody's Authority, O=Fixtures\" is not trusted"]);
        let below = stranger.subordinate("In Between").unwrap();
        let chained = below.issue(&IdentityOptions::default()).unwrap().showing(&below);
        says::<W>(mode, &chained, &["its issuer \"CN=Nobody's Authority, O=Fixtures\" is not trusted"]);
        let own = identity(&IdentityOptions::self_signed());
        says::<W>(mode, &own, &["it is signed by itself, and is not trusted itself"]);
    }

    fn a_certificate_for_something_else_says_for_what<W>(mode) {
        world();
        says::<W>(mode, &identity(&IdentityOptions::client_only()), &["it is for clients, not for servers"]);
    }

    fn a_short_key_is_told_with_its_length<W>(mode) {
        world();
        let short = identity(&IdentityOptions::rsa(1024));
        says::<W>(mode, &short, &["its RSA key has 1024 bits, and nobody vouches for fewer than 2048"]);
    }

    fn a_wrong_signature_is_told<W>(mode) {
        world();
        let altered = identity(&IdentityOptions::bad_signature());
        says::<W>(mode, &altered, &["it is malformed, or a signature in its chain is wrong"]);
    }

    fn every_defect_is_told<W>(mode) {
        world();
        let stranger = Authority::named("Nobody").unwrap();
        let bad = stranger.issue(&IdentityOptions {
            names: vec!["\x1b[2Jwrong.example".replace('\x1b', "~")],
            usage: winhttp_fixtures::certs::Usage::Client,
            ..IdentityOptions::expired()
        });
        says::<W>(mode, &bad.unwrap(), &[
            "it is for ~[2Jwrong.example, not for localhost",
            "it expired on 2002-01-01 00:00:00 UTC",
            "its issuer \"CN=Nobody, O=Fixtures\" is not trusted",
            "it is for clients, not for servers",
        ]);
    }

    fn a_port_that_does_not_speak_tls_is_suspected<W>(mode) {
        world();
        // It answers before it has read anything of TLS.
        let server = Server::plain(|connection: &mut winhttp_fixtures::Connection| {
            connection.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")?;
            connection.wait_closed();
            Ok(())
        })
        .unwrap();
        let ear = Ear::<W>::new(mode);
        let handle = secure(&ear.client, server.port(), "/");
        let (error, detail) = ear.failed(ear.client.send(handle));
        assert_eq!(error, c::ERROR_WINHTTP_SECURE_CHANNEL_ERROR);
        assert_eq!(detail, "what the server sent is not TLS; the port may be one for plain HTTP");
        ear.client.close(handle).unwrap();
        ear.finish();
    }

    fn a_client_certificate_that_is_missing_is_told<W>(mode) {
        let authority = &world().authority;
        let server = server_with(|tls| tls.require_client_certificate(authority));
        let ear = Ear::<W>::new(mode);
        let handle = secure(&ear.client, server.port(), "/status");
        let outcome = ear.client.send(handle).and_then(|()| ear.client.receive(handle));
        let (error, detail) = ear.failed(outcome);
        assert_eq!(error, c::ERROR_WINHTTP_CLIENT_AUTH_CERT_NEEDED);
        assert!(detail.starts_with("the server wants a certificate of the client, and there is none"), "{detail}");
        ear.client.close(handle).unwrap();
        ear.finish();
    }
}
