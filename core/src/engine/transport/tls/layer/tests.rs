//! Records and the layer above them, over a wire in memory, against rustls' own server.

use std::io::{Read as _, Write as _};
use std::sync::LazyLock;

use rustls::ServerConnection;
use winhttp_fixtures::certs::{Authority, Identity, IdentityOptions};
use winhttp_fixtures::{TlsSettings, TlsVersions};
use winhttp_proto::failure::{detail, late};

use super::*;
use crate::engine::transport::memory::Wire;
use crate::engine::transport::tls::config::{Protocols, TlsPolicy};
use crate::engine::transport::tls::trust::TrustStore;
use crate::engine::transport::{Counted, Prefixed, socket_failure};

static ROOT: LazyLock<Authority> = LazyLock::new(|| Authority::new().unwrap());
static SERVER: LazyLock<Identity> =
    LazyLock::new(|| ROOT.issue(&IdentityOptions::default()).unwrap());

const VERSIONS: [TlsVersions; 2] = [TlsVersions::Tls12, TlsVersions::Tls13];

/// A client's configuration that trusts the root.
pub(crate) fn trusting() -> Arc<TlsConfig> {
    let policy = TlsPolicy {
        protocols: Protocols::default(),
        ..TlsPolicy::default()
    };
    let trust = TrustStore::new(vec![ROOT.der().clone()], Vec::new());
    TlsConfig::new(policy, Arc::new(trust)).unwrap()
}

fn settings(versions: TlsVersions) -> TlsSettings {
    TlsSettings::new(&SERVER).versions(versions)
}

/// The server's end of a wire.
struct Server {
    tls: ServerConnection,
    wire: Wire,
    received: Vec<u8>,
}

impl Server {
    fn new(settings: TlsSettings, wire: &Wire) -> Self {
        let config = settings.into_config().unwrap();
        Self {
            tls: ServerConnection::new(config).unwrap(),
            wire: wire.clone(),
            received: Vec::new(),
        }
    }

    /// Takes what was sent, and answers.
    fn turn(&mut self) -> Result<(), rustls::Error> {
        let sent = self.wire.take_sent();
        let mut rest = &sent[..];
        while !rest.is_empty() {
            self.tls.read_tls(&mut rest).unwrap();
            let outcome = self.tls.process_new_packets();
            self.answer();
            outcome?;
            // Behind what is there comes an error: more may follow.
            let _ = self.tls.reader().read_to_end(&mut self.received);
        }
        self.answer();
        Ok(())
    }

    fn answer(&mut self) {
        let sealed = self.sealed();
        self.wire.bring(&sealed);
    }

    /// What waits to be sent.
    fn sealed(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while self.tls.wants_write() {
            self.tls.write_tls(&mut bytes).unwrap();
        }
        bytes
    }

    /// The records of a message.
    fn seal(&mut self, message: &[u8]) -> Vec<u8> {
        self.tls.writer().write_all(message).unwrap();
        self.sealed()
    }

    /// All that has arrived.
    fn received(&mut self) -> Vec<u8> {
        self.turn().unwrap();
        std::mem::take(&mut self.received)
    }
}

fn shake(wire: &Wire, server: &mut Server, below: Box<dyn Transport>) -> Result<Box<Tls>, Failure> {
    let mut handshake = Box::new(TlsHandshake::new(&trusting(), "localhost", below).unwrap());
    for _ in 0..10_000 {
        match handshake.advance().map_err(|(failure, _)| failure)? {
            HandshakeStep::Done(tls) => {
                server.turn().unwrap();
                return Ok(tls);
            }
            HandshakeStep::Wait(waiting) => handshake = waiting,
        }
        // A full wire has room for a little more now.
        wire.set_room(100);
        // What the server objects to, its alert says.
        let _ = server.turn();
    }
    panic!("the handshake never ends");
}

/// A protected connection, and both ends of its wire.
fn connected(versions: TlsVersions) -> (Box<Tls>, Server, Wire) {
    let wire = Wire::default();
    let mut server = Server::new(settings(versions), &wire);
    let mut tls = shake(&wire, &mut server, Box::new(wire.clone())).unwrap();
    wire.set_room(usize::MAX);
    // The tickets of TLS 1.3.
    assert_eq!(tls.read(&mut [0], &mut []), Ok(Read::Blocked));
    (tls, server, wire)
}

/// Reads until nothing is there.
fn read_all(tls: &mut Tls) -> (Vec<u8>, Result<Read, Failure>) {
    let mut all = Vec::new();
    loop {
        let mut buffer = [0; 1000];
        match tls.read(&mut buffer, &mut []) {
            Ok(Read::Bytes { count, .. }) => all.extend(&buffer[..count]),
            Ok(Read::Again) => {}
            end => return (all, end),
        }
    }
}

#[test]
fn a_handshake_ends_however_the_bytes_arrive_and_leave() {
    for versions in VERSIONS {
        for (piece, room) in [(usize::MAX, usize::MAX), (1, 1), (1000, 7)] {
            let wire = Wire::default();
            wire.set_piece(piece);
            wire.set_room(room);
            let mut server = Server::new(settings(versions), &wire);
            let tls = shake(&wire, &mut server, Box::new(wire.clone())).unwrap();
            assert!(!tls.facts().resumed);
            assert_eq!(tls.facts().certificates, SERVER.chain());
            let is_12 = tls.facts().version == ProtocolVersion::TLSv1_2;
            assert_eq!(is_12, versions == TlsVersions::Tls12);
        }
    }
}

#[test]
fn what_is_sent_arrives_on_either_side() {
    for versions in VERSIONS {
        for piece in [usize::MAX, 1] {
            let (mut tls, mut server, wire) = connected(versions);
            wire.set_piece(piece);
            let message: Vec<u8> = (0..40_000_u32).map(|n| n.to_le_bytes()[0]).collect();
            let sealed = server.seal(&message);
            wire.bring(&sealed);
            let (received, end) = read_all(&mut tls);
            assert!(received == message);
            assert_eq!(end, Ok(Read::Blocked));
            assert!(!tls.holds_input());

            assert_eq!(tls.write(&message), Ok(Write::Taken(message.len())));
            assert_eq!(tls.flush(), Ok(Flush::Complete));
            assert!(server.received() == message);
        }
    }
}

#[test]
fn a_part_of_a_record_brings_nothing_but_is_counted_and_held() {
    let (mut tls, mut server, wire) = connected(TlsVersions::Tls13);
    let before = tls.carried();
    let sealed = server.seal(b"hello");
    let (front, rest) = sealed.split_at(9);
    wire.bring(front);
    assert_eq!(tls.read(&mut [0; 64], &mut []), Ok(Read::Blocked));
    assert_eq!(tls.carried().received, before.received + 9);
    assert!(tls.holds_input());
    assert!(!tls.interest().has_input, "reading would bring nothing");
    wire.bring(rest);
    let whole = Ok(Read::Bytes {
        count: 5,
        drained: true,
    });
    assert_eq!(tls.read(&mut [0; 64], &mut []), whole);
    assert!(!tls.holds_input());
}

/// Memory proves nothing about the source: only a read that has asked it may say that it is
/// drained.
#[test]
fn what_waits_in_the_layer_is_read_without_the_wire() {
    let (mut tls, mut server, wire) = connected(TlsVersions::Tls13);
    let sealed = [server.seal(b"one record"), server.seal(b"and one more")].concat();
    wire.bring(&sealed);
    let mut buffer = [0; 4];
    let drained = Ok(Read::Bytes {
        count: 4,
        drained: true,
    });
    assert_eq!(tls.read(&mut buffer, &mut []), drained);
    assert_eq!(&buffer, b"one ");
    let reads = wire.reads();
    for expected in [b"reco", b"rdan", b"d on", b"e mo"] {
        assert!(tls.interest().has_input);
        let waiting = Ok(Read::Bytes {
            count: 4,
            drained: false,
        });
        assert_eq!(tls.read(&mut buffer, &mut []), waiting);
        assert_eq!(&buffer, expected);
    }
    assert_eq!(wire.reads(), reads);
    assert_eq!(read_all(&mut tls).0, b"re");
    assert!(!tls.interest().has_input);
}

#[test]
fn the_end_is_orderly_behind_close_notify_only() {
    for versions in VERSIONS {
        for orderly in [true, false] {
            let (mut tls, mut server, wire) = connected(versions);
            server.tls.writer().write_all(b"bye").unwrap();
            if orderly {
                server.tls.send_close_notify();
            }
            server.answer();
            wire.end();
            let (received, end) = read_all(&mut tls);
            assert_eq!(received, b"bye");
            assert_eq!(end, Ok(Read::End { orderly }));
            let again = tls.read(&mut [0], &mut []);
            assert_eq!(again, Ok(Read::End { orderly }));
        }
    }
}

#[test]
fn a_record_that_was_changed_ends_the_connection_behind_what_came_before_it() {
    for versions in VERSIONS {
        let (mut tls, mut server, wire) = connected(versions);
        let (good, mut bad) = (server.seal(b"good"), server.seal(b"bad"));
        *bad.last_mut().unwrap() ^= 1;
        wire.bring(&[good, bad].concat());
        let (received, end) = read_all(&mut tls);
        assert_eq!(received, b"good");
        let failure = end.unwrap_err();
        assert_eq!(failure.error(), Error::SecureChannelError);
        let said = detail(&**failure.reason().unwrap());
        assert_eq!(said, "TLS: cannot decrypt peer's message");
        assert_eq!(late(failure.clone()).error(), Error::ConnectionError);
        assert_eq!(read_all(&mut tls).1, Err(failure), "and it stays so");
        let told = server.turn();
        let alert = AlertDescription::BadRecordMac;
        assert_eq!(told, Err(rustls::Error::AlertReceived(alert)));
    }
}

#[test]
fn a_failure_below_is_passed_on_as_it_is() {
    let (mut tls, _server, wire) = connected(TlsVersions::Tls13);
    let reset = io::Error::from_raw_os_error(rustix::io::Errno::CONNRESET.raw_os_error());
    wire.break_with(socket_failure(&reset));
    for failure in [
        tls.read(&mut [0], &mut []).unwrap_err(),
        tls.write(b"lost").unwrap_err(),
    ] {
        assert_eq!(failure.error(), Error::ConnectionError);
        assert_eq!(failure.reason().unwrap().socket_error(), 10054);
    }
}

#[test]
fn a_full_wire_holds_one_piece_back_and_takes_no_more() {
    for versions in VERSIONS {
        let (mut tls, mut server, wire) = connected(versions);
        wire.set_room(10);
        let sent = tls.carried().sent;
        assert_eq!(tls.write(b"first"), Ok(Write::Taken(5)));
        assert!(tls.interest().has_output);
        assert_eq!(tls.carried().sent, sent + 10);
        assert_eq!(tls.write(b"second"), Ok(Write::Blocked));
        assert_eq!(tls.flush(), Ok(Flush::Blocked));
        assert_eq!(server.received(), b"");
        wire.set_room(usize::MAX);
        assert_eq!(tls.write(b"second"), Ok(Write::Taken(6)));
        assert_eq!(tls.flush(), Ok(Flush::Complete));
        assert!(!tls.interest().has_output);
        assert_eq!(server.received(), b"firstsecond");
    }
}

#[test]
fn a_peer_that_sends_crumbs_does_not_keep_the_thread() {
    let (mut tls, mut server, wire) = connected(TlsVersions::Tls13);
    let message = [7; 100];
    let sealed = server.seal(&message);
    wire.set_piece(1);
    wire.bring(&sealed);
    let reads = wire.reads();
    assert_eq!(tls.read(&mut [0], &mut []), Ok(Read::Again));
    assert_eq!(wire.reads(), reads + FILLS_MAX);
    assert_eq!(read_all(&mut tls).0, message);
}

#[test]
fn new_keys_are_answered_with_new_keys() {
    let (mut tls, mut server, wire) = connected(TlsVersions::Tls13);
    for round in 0..3_u8 {
        server.tls.refresh_traffic_keys().unwrap();
        let sealed = server.seal(&[round]);
        wire.bring(&sealed);
        assert_eq!(read_all(&mut tls).0, [round]);
        assert_eq!(tls.write(&[round]), Ok(Write::Taken(1)));
        assert_eq!(server.received(), [round]);
    }
}

#[test]
fn finishing_says_so_to_the_peer_and_to_the_layer_below() {
    for versions in VERSIONS {
        let (mut tls, mut server, wire) = connected(versions);
        tls.finish();
        assert!(wire.is_finished());
        server.turn().unwrap();
        assert_eq!(server.tls.reader().read(&mut [0]).unwrap(), 0);
    }
}

#[test]
fn bytes_that_were_read_elsewhere_are_opened_here() {
    let (mut tls, mut server, wire) = connected(TlsVersions::Tls13);
    let sealed = server.seal(b"hello");
    let (front, rest) = sealed.split_at(7);
    let mut input = Inbox::default();
    assert!(input.append(front, usize::MAX));
    tls.accept(input);
    assert!(tls.holds_input());
    wire.bring(rest);
    assert_eq!(read_all(&mut tls).0, b"hello");
}

#[test]
fn tls_runs_over_bytes_that_come_first() {
    let wire = Wire::default();
    let mut server = Server::new(settings(TlsVersions::Tls13), &wire);
    let (mut prefix, mut first) = (Inbox::default(), [0; 16]);
    // What is behind a proxy's answer was read with it.
    assert!(prefix.append(b"tunnel", usize::MAX));
    let mut tunnel = Prefixed::new(prefix, Box::new(wire.clone()));
    assert!(tunnel.interest().has_input);
    let greeting = Ok(Read::Bytes {
        count: 6,
        drained: false,
    });
    assert_eq!(tunnel.read(&mut first, &mut []), greeting);
    assert_eq!(&first[..6], b"tunnel");
    assert!(!tunnel.interest().has_input);
    let mut tls = shake(&wire, &mut server, Box::new(tunnel)).unwrap();
    wire.set_room(usize::MAX);
    let sealed = server.seal(b"hello");
    wire.bring(&sealed);
    assert_eq!(read_all(&mut tls).0, b"hello");
    assert_eq!(tls.write(b"world"), Ok(Write::Taken(5)));
    assert_eq!(server.received(), b"world");
}

/// Its source may never become readable again.
#[test]
fn what_waits_below_can_be_seen_from_above() {
    let (mut tls, mut server, wire) = connected(TlsVersions::Tls13);
    let sealed = server.seal(b"hello");
    let (mut prefix, front) = (Inbox::default(), &sealed[..sealed.len() - 1]);
    assert!(prefix.append(front, usize::MAX));
    tls.records.below = Counted::new(Box::new(Prefixed::new(prefix, Box::new(wire.clone()))));
    assert!(tls.interest().has_input);
    assert!(tls.holds_input(), "what is read elsewhere comes behind it");
    assert_eq!(tls.read(&mut [0; 64], &mut []), Ok(Read::Blocked));
    assert!(!tls.interest().has_input);
    wire.bring(&sealed[front.len()..]);
    assert_eq!(read_all(&mut tls).0, b"hello");
    assert!(!tls.holds_input());
}

#[test]
fn what_tls_below_holds_is_held_here_too() {
    let (outer, mut proxy, wire) = connected(TlsVersions::Tls13);
    let (mut tls, mut server, mut inner) = connected(TlsVersions::Tls13);
    tls.records.below = Counted::new(outer);
    wire.set_room(10);
    assert_eq!(tls.write(b"hello"), Ok(Write::Taken(5)));
    assert!(tls.interest().has_output);
    assert_eq!(tls.flush(), Ok(Flush::Blocked));
    wire.set_room(usize::MAX);
    assert_eq!(tls.flush(), Ok(Flush::Complete));
    assert!(!tls.interest().has_output);
    let through = proxy.received();
    assert_eq!(inner.write(&through), Ok(Write::Taken(through.len())));
    assert_eq!(server.received(), b"hello");
}

#[test]
fn a_server_that_wants_a_certificate_says_so_in_the_failure() {
    for versions in VERSIONS {
        let wire = Wire::default();
        let settings = settings(versions).require_client_certificate(&ROOT);
        let mut server = Server::new(settings, &wire);
        let below = Box::new(wire.clone());
        let handshake = Box::new(TlsHandshake::new(&trusting(), "localhost", below).unwrap());
        let mut step = handshake.advance();
        let failure = loop {
            match step {
                Ok(HandshakeStep::Wait(handshake)) => {
                    let _ = server.turn();
                    step = handshake.advance();
                }
                // In TLS 1.3 the client is through before the server has seen its certificate.
                Ok(HandshakeStep::Done(mut tls)) => {
                    let _ = server.turn();
                    break read_all(&mut tls).1.unwrap_err();
                }
                Err((failure, _)) => break failure,
            }
        };
        assert_eq!(failure.error(), Error::ClientAuthCertNeeded);
        assert!(detail(&**failure.reason().unwrap()).starts_with("the server wants a certificate"));
    }
}

#[test]
fn a_refused_certificate_comes_with_its_defects_and_the_server_is_told() {
    for versions in VERSIONS {
        let wire = Wire::default();
        let mut server = Server::new(settings(versions), &wire);
        let nobody = Arc::new(TrustStore::new(Vec::new(), Vec::new()));
        let config = TlsConfig::new(TlsPolicy::default(), nobody).unwrap();
        let below = Box::new(wire.clone());
        let mut step =
            Box::new(TlsHandshake::new(&config, "wrong.example", below).unwrap()).advance();
        let (failure, problems) = loop {
            match step {
                Ok(HandshakeStep::Wait(handshake)) => {
                    server.turn().unwrap();
                    step = handshake.advance();
                }
                Ok(HandshakeStep::Done(_)) => panic!("nobody vouches for it"),
                Err(refused) => break refused,
            }
        };
        assert_eq!(failure.error(), Error::SecureFailure);
        let expected = SecureProblems::INVALID_CA.with(SecureProblems::CERT_CN_INVALID);
        assert_eq!(problems, expected);
        let said = detail(&**failure.reason().unwrap());
        assert!(said.contains("not for wrong.example"), "{said}");
        let told = server.turn();
        assert!(
            matches!(told, Err(rustls::Error::AlertReceived(_))),
            "{told:?}"
        );
    }
}

#[test]
fn a_peer_that_speaks_plain_http_is_called_so() {
    let wire = Wire::default();
    let handshake = TlsHandshake::new(&trusting(), "localhost", Box::new(wire.clone())).unwrap();
    wire.bring(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    let (failure, problems) = Box::new(handshake).advance().unwrap_err();
    assert_eq!(failure.error(), Error::SecureChannelError);
    assert_eq!(problems, SecureProblems::CHANNEL_ERROR);
    let said = detail(&**failure.reason().unwrap());
    assert!(
        said.starts_with("what the server sent is not TLS"),
        "{said}"
    );
}
