//! wss: what is said of a certificate that is not trusted, and how it comes to be.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod common;
use common::{MODES, run};

use std::path::PathBuf;

use winhttp_fixtures::certs::{Authority, IdentityOptions};
use winhttp_fixtures::{Server, by_path};

/// A file with this text, as long as the value lives.
struct TemporaryFile(PathBuf);

impl TemporaryFile {
    fn new(name: &str, text: &str) -> Self {
        let name = format!("winhttp-cat-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        let _gone = std::fs::remove_file(&self.0);
    }
}

#[test]
fn an_unknown_authority_is_told_with_its_remedies() {
    let authority = Authority::new().unwrap();
    let identity = authority.issue(&IdentityOptions::default()).unwrap();
    let server = Server::tls(by_path, &identity).unwrap();
    let file = TemporaryFile::new("authority.pem", &authority.pem());
    let url = server.ws_url("/echo");
    for mode in MODES {
        let words = |more: &[&'static str]| [mode, more, &["-x", "hi"]].concat();
        run(&[&words(&[])[..], &[&url]].concat(), b"")
            .with(3)
            .saying("its issuer \"")
            .saying("is not trusted")
            .saying("--cacert FILE")
            .saying("--insecure accepts any certificate");
        let trusting = [&words(&[])[..], &["--cacert", file.path(), &url]].concat();
        assert_eq!(run(&trusting, b"").with(0).text(), "hi\n");
        for careless in ["--insecure", "-k"] {
            let careless = [&words(&[careless])[..], &[&url]].concat();
            assert_eq!(run(&careless, b"").with(0).text(), "hi\n");
        }
    }
}

#[test]
fn a_self_signed_certificate_can_be_trusted_itself() {
    let identity = Authority::new()
        .unwrap()
        .issue(&IdentityOptions::self_signed())
        .unwrap();
    let server = Server::tls(by_path, &identity).unwrap();
    let url = server.ws_url("/echo");
    run(&["-x", "hi", &url], b"")
        .with(3)
        .saying("a self-signed one itself, with --cacert FILE");
    let file = TemporaryFile::new("self.pem", identity.chain_pem());
    let ended = run(&["-x", "hi", "--cacert", file.path(), &url], b"").with(0);
    assert_eq!(ended.text(), "hi\n");
}

#[test]
fn advice_that_was_followed_is_not_repeated() {
    let server = Server::plain(|connection| connection.send(b"this is not TLS\r\n\r\n")).unwrap();
    let url = server.ws_url("/").replace("ws://", "wss://");
    let ended = run(&["--insecure", "-x", "hi", &url], b"").with(3);
    assert!(!ended.errors.contains("--insecure"), "{}", ended.errors);
}

#[test]
fn every_flaw_is_named() {
    let authority = Authority::new().unwrap();
    let file = TemporaryFile::new("flaws.pem", &authority.pem());
    for (options, words) in [
        (IdentityOptions::expired(), "it expired on 2002-01-01"),
        (
            IdentityOptions::wrong_name(),
            "it is for wrong.example, not for 127.0.0.1",
        ),
        (
            IdentityOptions::client_only(),
            "it is for clients, not for servers",
        ),
    ] {
        let identity = authority.issue(&options).unwrap();
        let server = Server::tls(by_path, &identity).unwrap();
        let url = server.ws_url("/echo");
        let ended = run(&["--cacert", file.path(), "-x", "hi", &url], b"")
            .with(3)
            .saying(words);
        assert!(!ended.errors.contains("--cacert"), "{}", ended.errors);
    }
}

#[test]
fn a_redirect_to_plain_text_is_not_followed_and_says_why() {
    const REASON: &str = "it leads from TLS to http";
    let authority = Authority::new().unwrap();
    let identity = authority.issue(&IdentityOptions::default()).unwrap();
    let server = Server::tls(by_path, &identity).unwrap();
    let there = common::server();
    let to = |scheme| {
        let location = there.ws_url("/echo").replace("ws:", scheme);
        server.ws_url(&format!("/status?code=302&header=Location:{location}"))
    };
    let leaves_tls = to("HTTP:");
    for mode in MODES {
        let words = ["-k", "-x", "hi", &leaves_tls];
        run(&[mode, &["-L"], &words[..]].concat(), b"")
            .with(3)
            .saying("answered 302 instead of 101")
            .saying(REASON)
            .saying("\nHTTP/1.1 302 ");
        let unasked = run(&[mode, &words].concat(), b"").with(3);
        assert!(!unasked.errors.contains(REASON), "{}", unasked.errors);
    }
    assert!(there.requests().is_empty());
    let other_reason = run(&["-L", "-k", "-x", "hi", &to("ftp:")], b"").with(3);
    assert!(!other_reason.errors.contains(REASON), "{other_reason:?}");
}

#[test]
fn a_file_that_cannot_serve_is_a_mistake() {
    let url = "wss://127.0.0.1:1/";
    run(&["--cacert", "/nowhere/ca.pem", url], b"")
        .with(2)
        .saying("/nowhere/ca.pem: ");
    let file = TemporaryFile::new("no.pem", "no certificate");
    run(&["--cacert", file.path(), url], b"")
        .with(2)
        .saying("no certificate in PEM form");
}
