//! Requests that go to their server through a proxy.

use super::*;
use crate::exchange::tunnel::Via;
use crate::failure::detail;

const OPENS: &[u8] = b"HTTP/1.1 200 Connection established\r\nContent-Length: 5\r\n\r\n";
const CHALLENGE: &[u8] = b"HTTP/1.1 407 Who\r\nContent-Length: 3\r\n\r\nwho";
const REFUSES: &[u8] = b"HTTP/1.1 503 Not now\r\nContent-Length: 3\r\n\r\nbad";
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx";

const CONNECTS: [&str; 4] = [
    "ResolvingName",
    "NameResolved",
    "ConnectingToServer",
    "ConnectedToServer",
];

fn via() -> Via {
    Via {
        host: "proxy".into(),
        secure: false,
        tunnels: true,
        is_received: false,
    }
}

/// A request for https through a proxy that sends these, one after the other.
fn through(via: Via, answers: &[&[u8]]) -> World {
    let mut world = World::new(Composed {
        secure: true,
        via: Some(via),
        ..request()
    });
    let answers = answers.iter().map(|answer| Peer::Sends(answer.to_vec()));
    world.reading.extend(answers);
    world
}

fn told(parts: &[&[&str]]) -> Vec<String> {
    parts.concat().into_iter().map(str::to_owned).collect()
}

/// Facts 29.3.1 and 29.3.5.
#[test]
fn a_tunnel_is_asked_for_before_the_handshake_and_the_request() {
    for secure in [false, true] {
        let mut world = through(via(), &[OPENS, ANSWER]);
        world.exchange.request.via = Some(Via { secure, ..via() });
        world.send().unwrap();
        let tunnel = ["SendingRequest", "(tunnel)", "(tunnelled)"];
        let sending = ["SendingRequest", &*format!("RequestSent({})", HEAD.len())];
        assert_eq!(world.told(), told(&[&CONNECTS, &tunnel, &sending]));
        assert_eq!(world.got, [CONNECT_HEAD, HEAD].concat());
        world.receive().unwrap();
        assert!(!world.exchange.is_of_proxy());
        assert_eq!(world.rest(9).unwrap(), b"x");
        assert_eq!(world.let_go, [Release::Keep]);
    }
}

#[test]
fn without_a_tunnel_the_proxy_is_given_the_request() {
    let mut world = through(via(), &[ANSWER]);
    world.exchange.request.via = Some(Via {
        tunnels: false,
        ..via()
    });
    world.exchange.request.secure = false;
    assert_eq!(world.whole(9).unwrap(), b"x");
    assert_eq!(world.got, HEAD);
}

#[test]
fn a_tunnel_that_is_there_is_not_asked_for() {
    let mut world = through(via(), &[ANSWER]);
    world.pooled = true;
    assert_eq!(world.whole(9).unwrap(), b"x");
    assert_eq!(world.got, HEAD);
}

#[test]
fn a_stale_tunnel_is_replaced_unseen_or_shows_the_challenge_to_the_new_one() {
    for (answers, status) in [
        (&[OPENS, ANSWER][..], 200),
        (&[CHALLENGE], 407),
        (&[REFUSES], 0),
    ] {
        let mut world = through(via(), &[]);
        world.pooled = true;
        world.reading.push_back(Peer::Ends);
        let answers = answers.iter().map(|answer| Peer::Sends(answer.to_vec()));
        world.reading.extend(answers);
        world.send().unwrap();
        let received = world.receive();
        match status {
            0 => assert_eq!(error(received), Error::CannotConnect),
            status => {
                received.unwrap();
                assert_eq!(world.exchange.take_head().unwrap().status, status);
            }
        }
        let told = world.told();
        for once in ["SendingRequest", "ReceivingResponse"] {
            assert_eq!(
                told.iter().filter(|told| *told == once).count(),
                1,
                "{told:?}"
            );
        }
    }
}

#[test]
fn a_proxy_that_cannot_be_reached_is_named() {
    let mut world = through(via(), &[]);
    world.unreachable = true;
    let failure = world.send().unwrap_err();
    assert_eq!(failure.error(), Error::CannotConnect);
    let text = detail(&**failure.reason().unwrap());
    assert!(text.starts_with("the proxy cannot be reached: "), "{text}");
}

/// Facts 29.3.3 and 40.12.
#[test]
fn a_challenge_that_is_not_answered_is_the_response() {
    for is_received in [false, true] {
        let mut world = through(via(), &[CHALLENGE]);
        world.exchange.request.via = Some(Via {
            is_received,
            ..via()
        });
        world.send().unwrap();
        world.receive().unwrap();
        assert_eq!(world.exchange.take_head().unwrap().status, 407);
        assert!(world.exchange.is_of_proxy());
        let body: &[u8] = if is_received { b"who" } else { b"" };
        assert_eq!(world.rest(9).unwrap(), body);
        assert_eq!(world.got, CONNECT_HEAD, "nothing for the server");
        assert!(!world.let_go.contains(&Release::Keep));
    }
}

#[test]
fn what_is_written_behind_a_challenge_goes_nowhere_and_the_challenge_is_received() {
    let mut world = through(via(), &[CHALLENGE]);
    world.send().unwrap();
    for _ in 0..2 {
        world.write(b"body").unwrap();
    }
    world.receive().unwrap();
    assert_eq!(world.exchange.take_head().unwrap().status, 407);
    assert_eq!(world.got, CONNECT_HEAD, "nothing of the body");
}

/// Fact 29.3.4.
#[test]
fn any_other_answer_is_the_response_where_the_program_asks_for_it() {
    let mut refused = through(via(), &[REFUSES]);
    assert_eq!(error(refused.send()), Error::CannotConnect);
    for answer in [
        REFUSES,
        b"HTTP/1.1 302 There\r\nLocation: http://other/\r\nContent-Length: 3\r\n\r\nbad",
        b"HTTP/1.1 100 Wait\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 3\r\n\r\nbad",
    ] {
        let mut given = through(via(), &[answer]);
        given.exchange.request.via = Some(Via {
            is_received: true,
            ..via()
        });
        given.send().unwrap();
        given.receive().unwrap();
        assert!(given.exchange.is_of_proxy());
        assert_eq!(given.rest(9).unwrap(), b"bad");
        assert_eq!(given.got, CONNECT_HEAD, "nothing for the server");
    }
}

/// Fact 29.3.7.
#[test]
fn a_challenge_is_answered_on_its_connection_or_on_a_new_one() {
    let ends = &b"HTTP/1.1 407 Who\r\nConnection: close\r\nContent-Length: 3\r\n\r\nwho"[..];
    let endless = b"HTTP/1.1 407 Who\r\n\r\nwho";
    let too_long = b"HTTP/1.1 407 Who\r\nContent-Length: 300\r\n\r\nwho";
    let glued = [CHALLENGE, OPENS].concat();
    let begins = &b"HTTP/1.1 407 Who\r\nContent-Length: 3\r\n\r\nw"[..];
    for (challenge, is_kept) in [
        (CHALLENGE, true),
        (begins, true),
        (ends, false),
        (endless, false),
        (too_long, false),
        (&*glued, false),
    ] {
        let mut world = through(via(), &[challenge]);
        if challenge == begins {
            world.reading.push_back(Peer::Sends(b"ho".to_vec()));
        }
        if challenge == too_long {
            world.reading.push_back(Peer::Sends(vec![b'x'; 200]));
        }
        world
            .reading
            .extend([OPENS, ANSWER].map(|answer| Peer::Sends(answer.to_vec())));
        world.answers_proxy = true;
        assert_eq!(world.whole(9).unwrap(), b"x", "{challenge:?}");
        assert_eq!(world.got, [CONNECT_HEAD, CONNECT_HEAD, HEAD].concat());
        let told = world.told();
        assert_eq!(told.contains(&"(release)".to_owned()), !is_kept, "{told:?}");
        let sending = told.iter().filter(|told| *told == "SendingRequest");
        assert_eq!(sending.count(), 2);
    }
}

#[test]
fn a_connection_that_ends_behind_its_challenge_is_replaced_once() {
    for end in [Peer::Ends, Peer::Resets] {
        let mut world = through(via(), &[CHALLENGE]);
        world.answers_proxy = true;
        let opens = [OPENS, ANSWER].map(|answer| Peer::Sends(answer.to_vec()));
        world.reading.push_back(end.clone());
        world.reading.extend(opens);
        assert_eq!(world.whole(9).unwrap(), b"x");

        let mut dead = through(via(), &[CHALLENGE]);
        dead.answers_proxy = true;
        dead.reading.extend([end.clone(), end]);
        let error = error(dead.send());
        assert!(matches!(
            error,
            Error::InvalidServerResponse | Error::ConnectionError
        ));
    }
}

/// However little comes at a time, and however often.
#[test]
fn the_rest_of_a_challenge_is_not_waited_for_longer_than_for_a_connection() {
    let head = &b"HTTP/1.1 407 Who\r\nTransfer-Encoding: chunked\r\n\r\n"[..];
    for pause in [ms(50), ms(300), EVER] {
        let mut world = through(via(), &[head]);
        for _ in 0..90 {
            let part = Peer::Sends(b"1\r\nx\r\n".to_vec());
            world.reading.extend([Peer::Quiet(pause), part]);
        }
        world.answers_proxy = true;
        let begin = world.now;
        // What the new connection brings is what is left of the old one's, or nothing.
        world.send().unwrap_err();
        assert!(world.told().contains(&"(release)".to_owned()));
        assert_eq!(world.got, [CONNECT_HEAD, CONNECT_HEAD].concat());
        assert!(world.now - begin <= ms(1400), "{pause:?}");
    }
}

/// Fact 28.7.3: the server at the other end is no proxy.
#[test]
fn a_407_of_a_server_behind_a_tunnel_asks_for_nothing() {
    let mut world = through(via(), &[OPENS, CHALLENGE]);
    world.send().unwrap();
    world.receive().unwrap();
    assert!(!world.told().contains(&"(answered)".to_owned()));
    assert_eq!(world.exchange.take_head().unwrap().status, 407);
    assert_eq!(world.rest(9).unwrap(), b"who");
}

/// Fact 29.3.8.
#[test]
fn a_proxy_that_ends_or_breaks_the_connection_instead() {
    for (end, expected) in [
        (Peer::Ends, Error::InvalidServerResponse),
        (Peer::Resets, Error::ConnectionError),
    ] {
        for begun in [&b""[..], b"HTTP/1.1 200"] {
            let mut world = through(via(), &[]);
            if !begun.is_empty() {
                world.reading.push_back(Peer::Sends(begun.to_vec()));
            }
            world.reading.push_back(end.clone());
            assert_eq!(error(world.send()), expected);
        }
    }
    let mut foreign = through(via(), &[b"SSH-2.0 hello\r\n"]);
    assert_eq!(error(foreign.send()), Error::InvalidServerResponse);
}

#[test]
fn what_comes_behind_the_answer_belongs_to_nobody() {
    let mut world = through(via(), &[&[OPENS, ANSWER].concat()]);
    assert_eq!(error(world.send()), Error::InvalidServerResponse);
}

#[test]
fn interim_responses_are_skipped_and_counted() {
    let interim = &b"HTTP/1.1 102 Wait\r\n\r\n"[..];
    let mut world = through(via(), &[&[interim, interim, OPENS].concat(), ANSWER]);
    assert_eq!(world.whole(9).unwrap(), b"x");
    let mut endless = through(via(), &[&interim.repeat(3)]);
    assert_eq!(error(endless.send()), Error::InvalidServerResponse);
}

#[test]
fn a_silent_proxy_has_the_limits_of_a_server() {
    let mut world = through(via(), &[]);
    let begin = world.now;
    let failure = world.send().unwrap_err();
    assert_eq!(failure.error(), Error::Timeout);
    assert_eq!(
        detail(&**failure.reason().unwrap()),
        "the proxy opened no tunnel: the server sent nothing within 400 ms (RECEIVE_TIMEOUT)"
    );
    assert_eq!(world.now - begin, ms(400));

    let mut deaf = through(via(), &[]);
    deaf.writing.push_back(Peer::Quiet(EVER));
    let begin = deaf.now;
    assert_eq!(error(deaf.send()), Error::Timeout);
    assert_eq!(deaf.now - begin, ms(300));

    let mut slow = through(via(), &[]);
    for byte in OPENS {
        let quiet = Peer::Quiet(ms(100));
        slow.reading.extend([quiet, Peer::Sends(vec![*byte])]);
    }
    let begin = slow.now;
    assert_eq!(error(slow.send()), Error::Timeout);
    assert_eq!(slow.now - begin, ms(1000));
}

#[test]
fn tls_with_the_proxy_has_errors_of_its_own() {
    for (peer, expected) in [
        (Peer::Defect, Error::SecureFailureProxy),
        (Peer::Resets, Error::SecureFailureProxy),
    ] {
        let mut world = through(via(), &[]);
        world.exchange.request.via = Some(Via {
            secure: true,
            ..via()
        });
        world.securing.push_back(peer);
        assert_eq!(error(world.send()), expected);
        assert!(world.got.is_empty());
    }
    let mut server = through(via(), &[OPENS]);
    server.securing.push_back(Peer::Defect);
    assert_eq!(error(server.send()), Error::SecureFailure);
}

/// Fact 29.1.6: in TLS 1.3, a proxy that wants a certificate says so behind the handshake.
#[test]
fn tls_with_the_proxy_may_fail_behind_the_handshake() {
    for (failure, expected) in [
        (
            Error::ClientAuthCertNeeded,
            Error::ClientAuthCertNeededProxy,
        ),
        (Error::SecureChannelError, Error::SecureFailureProxy),
        (Error::ConnectionError, Error::ConnectionError),
    ] {
        for tunnels in [false, true] {
            for is_written in [false, true] {
                let mut world = through(via(), &[]);
                world.exchange.request.secure = tunnels;
                world.exchange.request.via = Some(Via {
                    secure: true,
                    tunnels,
                    ..via()
                });
                match is_written {
                    true => world.reading.push_back(Peer::Fails(failure)),
                    false => world.writing.push_back(Peer::Fails(failure)),
                }
                assert_eq!(error(world.whole(9)), expected);
            }
        }
        // What comes through the tunnel is the server's.
        let mut server = through(via(), &[OPENS]);
        server.exchange.request.via = Some(Via {
            secure: true,
            ..via()
        });
        server.reading.push_back(Peer::Fails(failure));
        assert_eq!(error(server.whole(9)), failure);
    }
}
