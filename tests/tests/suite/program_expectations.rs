//! Verifies requirements of real programs that no other file is about: sizes, strings, growing
//! buffers, 304 and user names.

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::{Server, by_path};
use winhttp_tests::{Client, Info, Mode, answers, scenarios};

scenarios! {
    /// READ_COMPLETE and WRITE_COMPLETE of a WebSocket carry 8 bytes; REQUEST_ERROR 24 on it and 16
    /// on a request.
    fn expectation_9_information_has_exactly_its_documented_size<W>(mode) {
        if mode == Mode::Sync {
            return; // completions do not exist there
        }
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let socket = client.web_socket(server.port(), "/echo");
        client.ws_send(socket, c::WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE, b"eight").unwrap();
        client.ws_receive(socket, 64).unwrap();
        client.ws_close(socket, 1000, b"").unwrap();
        let length = |status| client.recorder.wait(socket, status).length;
        assert_eq!(length(c::WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE), 8);
        assert_eq!(length(c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE), 8);
        client.close(socket).unwrap();

        let broken = client.web_socket(server.port(), "/drop?now");
        client.ws_receive(broken, 64).unwrap_err();
        let events = client.recorder.events_of(broken);
        let errors = events.iter().filter(|e| e.status == c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR);
        errors.for_each(|event| assert_eq!(event.length, 24));
        client.close(broken).unwrap();

        let request = client.get(server.port(), "/garbage");
        client.exchange(request).unwrap_err();
        let error = client.recorder.wait(request, c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR);
        assert_eq!(error.length, 16);
        client.finish();
    }

    /// Text is terminated, in the width of the callback, and its length counts characters without
    /// the terminator.
    fn expectation_10_text_is_terminated_in_the_width_of_the_handle<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/status?code=200");
        client.exchange(request).unwrap();
        let mut texts = 0;
        for event in client.recorder.events_of(request) {
            if let Info::Text(text) = &event.info {
                // The recorder reads up to the terminator: any other width would give other text.
                assert_eq!(text, "127.0.0.1", "status {:#x}", event.status);
                assert_eq!(usize::try_from(event.length).unwrap(), text.chars().count());
                texts += 1;
            }
        }
        assert_eq!(texts, 4, "resolving, resolved, connecting, connected");
        client.finish();
    }

    /// Programs add up fragments until a message type comes, growing their buffer.
    fn expectation_13_small_buffers_yield_fragments_and_one_message<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let socket = client.web_socket(server.port(), "/echo");
        let sent: Vec<u8> = (0..10_000_u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
        client.ws_send(socket, c::WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE, &sent).unwrap();
        let mut received = Vec::new();
        loop {
            let (piece, kind) = client.ws_receive(socket, 128).unwrap();
            assert!(piece.len() <= 128);
            received.extend(piece);
            if kind == c::WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE {
                break;
            }
            assert_eq!(kind, c::WINHTTP_WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE);
        }
        assert!(received == sent, "what came back is not what was sent");
        client.ws_close(socket, 1000, b"").unwrap();
        client.close(socket).unwrap();
        client.finish();
    }

    /// A caller that asks conditionally sees the 304 itself, and no body.
    fn fact_7_4_a_conditional_get_sees_the_304<W>(mode) {
        let server = answers("HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\nContent-Length: 5\r\n\r\n");
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/page");
        let since = "If-Modified-Since: Mon, 28 Jul 2008 10:05:52 GMT";
        client.add_headers(request, since, c::WINHTTP_ADDREQ_FLAG_ADD).unwrap();
        client.exchange(request).unwrap();
        assert_eq!(client.status_code(request), Ok(304));
        assert_eq!(client.body(request).unwrap(), b"");
        client.finish();
    }
}

/// The proxy name given to WinHttpOpen has nothing to do with the proxy's user name.
#[test]
fn fact_3_3_3_the_proxy_of_the_session_is_not_the_proxys_user() {
    fn user_name<W: Unit>() -> Vec<u8> {
        let proxy = winhttp_abi::wide::terminated::<W>("proxy.example:8080");
        let null = std::ptr::null();
        let named = c::WINHTTP_ACCESS_TYPE_NAMED_PROXY;
        // SAFETY: the text lives through the call.
        let session = unsafe { winhttp::WinHttpOpen::<W>(null, named, proxy.as_ptr(), null, 0) };
        let client = Client::<W>::with_session(session.into(), Mode::Sync);
        let request = client.get(80, "/");
        let value = client
            .get_option(request, c::WINHTTP_OPTION_PROXY_USERNAME)
            .unwrap();
        client.finish();
        value
    }
    assert_eq!(user_name::<u16>(), b"");
    assert_eq!(user_name::<u32>(), b"");
}
