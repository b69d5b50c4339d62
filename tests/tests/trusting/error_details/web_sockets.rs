//! Peers that break RFC 6455, end without a close frame, or never answer one.

use winhttp_abi::constants as c;
use winhttp_fixtures::{Server, by_path};
use winhttp_tests::support::set_dword;
use winhttp_tests::{Memory, Mode, scenarios, start_receive, start_send};

use super::ear::{Ear, detail};

const BINARY: i32 = c::WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE;
const INVALID: u32 = c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE;

/// Routes of the fixture server, and the rule that each of them breaks.
const VIOLATIONS: &[(&str, &str)] = &[
    ("/invalid-utf8", "8.1: a text message is not UTF-8"),
    ("/masked-frame", "5.1: the server sent a masked frame"),
    ("/reserved-bits", "5.2: a reserved bit is set"),
    ("/bad-opcode", "5.2: opcode 3 is reserved"),
    ("/bad-control-opcode", "5.2: opcode 11 is reserved"),
    ("/fragmented-control", "5.5: a control frame is fragmented"),
    (
        "/long-control",
        "5.5: a control frame is longer than 125 bytes",
    ),
    (
        "/orphan-continuation",
        "5.4: a continuation frame without a message",
    ),
    (
        "/interrupted-message",
        "5.4: a new message inside a fragmented one",
    ),
    (
        "/overlong-length",
        "5.2: a length is not written in the fewest bytes",
    ),
    ("/negative-length", "5.2: a length has its top bit set"),
    ("/close-one-byte", "5.5.1: a close frame has half a code"),
    ("/close-bad-code", "7.4: close code 1005 is not allowed"),
    ("/close-bad-utf8", "5.5.1: a close reason is not UTF-8"),
];

scenarios! {
    fn a_broken_rule_is_named_with_its_section<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        for (path, rule) in VIOLATIONS {
            let ear = Ear::<W>::new(mode);
            let websocket = ear.client.web_socket(server.port(), path);
            let outcome = loop {
                match ear.client.ws_receive(websocket, 64) {
                    Ok(_) => {} // what came before
                    failed @ Err(_) => break failed,
                }
            };
            let (error, detail) = ear.failed(outcome);
            let expected = format!("the peer broke RFC 6455 section {rule}");
            assert_eq!((error, detail), (INVALID, expected), "{path}");
            // Every later operation says it again.
            let again = ear.client.ws_receive(websocket, 64).unwrap_err();
            assert_eq!(again, INVALID);
            let known = super::super::ear::detail::<W>(again);
            assert!(known.is_some_and(|text| text.ends_with(rule)), "{path}");
            ear.client.close(websocket).unwrap();
            ear.finish();
        }
    }

    fn an_end_without_a_close_frame_is_told_from_others<W>(mode) {
        let server = winhttp_tests::web_socket_server(|connection| {
            connection.read_frame()?;
            connection.close();
            Ok(())
        });
        let ear = Ear::<W>::new(mode);
        let websocket = ear.client.web_socket(server.port(), "/");
        let outcome = match mode {
            Mode::Sync => {
                ear.client.ws_send(websocket, BINARY, b"bye").unwrap();
                ear.client.ws_receive(websocket, 64).map(|_| ())
            }
            // The receive waits before there is anything to find.
            Mode::Async => {
                start_receive::<W>(websocket, Memory::new(64)).unwrap();
                let before = ear.client.events(websocket);
                start_send::<W>(websocket, BINARY, Memory::of(b"bye")).unwrap();
                let read = c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE;
                ear.client.completion(websocket, read, before).map(|_| ())
            }
        };
        let (error, detail) = ear.failed(outcome);
        assert_eq!(error, c::ERROR_WINHTTP_CONNECTION_ERROR);
        assert_eq!(detail, "the peer ended the connection without a close frame (RFC 6455 section 7.1.5)");
        ear.client.close(websocket).unwrap();
        ear.finish();
    }

    fn a_close_frame_without_an_answer_names_the_limit<W>(mode) {
        let server = winhttp_tests::web_socket_server(|connection| {
            connection.wait_closed();
            Ok(())
        });
        let ear = Ear::<W>::new(mode);
        let websocket = ear.client.web_socket(server.port(), "/");
        set_dword::<W>(websocket, c::WINHTTP_OPTION_WEB_SOCKET_CLOSE_TIMEOUT, 100).unwrap();
        let (error, detail) = ear.failed(ear.client.ws_close(websocket, 1000, b""));
        assert_eq!(error, c::ERROR_WINHTTP_TIMEOUT);
        assert_eq!(detail, "the peer did not answer the close frame within 100 ms (WEB_SOCKET_CLOSE_TIMEOUT)");
        ear.client.close(websocket).unwrap();
        ear.finish();
    }
}

/// The program's own mistakes have numbers that say enough.
#[test]
fn a_wrong_call_needs_no_words() {
    let server = Server::plain(by_path).unwrap();
    let ear = Ear::<u32>::new(Mode::Sync);
    let websocket = ear.client.web_socket(server.port(), "/bad-opcode");
    let (error, _) = ear.failed(ear.client.ws_receive(websocket, 64));
    let wrong = ear.client.ws_receive(ear.client.session, 64).unwrap_err();
    assert_eq!(wrong, c::ERROR_WINHTTP_INCORRECT_HANDLE_TYPE);
    assert_eq!(detail::<u32>(wrong), None);
    assert_eq!(detail::<u32>(error), None, "another call has failed since");
    ear.client.close(websocket).unwrap();
    ear.finish();
}
