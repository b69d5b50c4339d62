//! Verifies the options about newer protocols: asking for them is allowed, HTTP/1.1 is told,
//! insisting on them fails.

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::{Server, by_path};
use winhttp_tests::support::{assert_failed_as, dword, set_dword};
use winhttp_tests::{Client, Handle, scenarios};

const ENABLE: u32 = c::WINHTTP_OPTION_ENABLE_HTTP_PROTOCOL;
const USED: u32 = c::WINHTTP_OPTION_HTTP_PROTOCOL_USED;
const REQUIRED: u32 = c::WINHTTP_OPTION_HTTP_PROTOCOL_REQUIRED;
const MISMATCH: u32 = c::ERROR_WINHTTP_HTTP_PROTOCOL_MISMATCH;

/// The send fails in the way of its mode, and never reaches the server.
fn send_is_refused<W: Unit>(client: &Client<W>, server: &Server, request: Handle) {
    assert_eq!(client.send(request), Err(MISMATCH));
    assert_failed_as(client, request, c::API_SEND_REQUEST, MISMATCH);
    assert_eq!(server.connections(), 0);
}

scenarios! {
    fn expectation_25_newer_protocols_can_be_asked_for_and_http_1_1_is_used<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let both = c::WINHTTP_PROTOCOL_FLAG_HTTP2 | c::WINHTTP_PROTOCOL_FLAG_HTTP3;
        for flags in [c::WINHTTP_PROTOCOL_FLAG_HTTP2, c::WINHTTP_PROTOCOL_FLAG_HTTP3, both, 0] {
            assert_eq!(set_dword::<W>(client.session, ENABLE, flags), Ok(()));
            let request = client.get(server.port(), "/status");
            assert_eq!(set_dword::<W>(request, ENABLE, flags), Ok(()));
            assert_eq!(dword::<W>(request, USED), Ok(0));
            assert_eq!(client.exchange(request), Ok(()));
            assert_eq!(dword::<W>(request, USED), Ok(0));
            assert_eq!(client.query(request, c::WINHTTP_QUERY_VERSION, None), Ok("HTTP/1.1".into()));
            assert_eq!(set_dword::<W>(request, ENABLE, 4), Err(c::ERROR_INVALID_PARAMETER));
            assert_eq!(set_dword::<W>(request, USED, 0), Err(c::ERROR_WINHTTP_OPTION_NOT_SETTABLE));
        }
        client.finish();
    }

    fn fact_33_2_what_is_required_and_not_there_fails_the_send<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/status");
        assert_eq!(set_dword::<W>(request, ENABLE, c::WINHTTP_PROTOCOL_FLAG_HTTP2), Ok(()));
        assert_eq!(set_dword::<W>(request, REQUIRED, 1), Ok(()));
        send_is_refused(&client, &server, request);
        let socket = client.web_socket_request(server.port(), "/echo");
        assert_eq!(set_dword::<W>(socket, REQUIRED, 1), Ok(()));
        send_is_refused(&client, &server, socket);
        // Requests get it from their session.
        assert_eq!(set_dword::<W>(client.session, REQUIRED, 1), Ok(()));
        send_is_refused(&client, &server, client.get(server.port(), "/status"));

        // Without it the same handle can be sent.
        assert_eq!(set_dword::<W>(request, REQUIRED, 0), Ok(()));
        assert_eq!(client.exchange(request), Ok(()));
        assert_eq!(client.status_code(request), Ok(200));
        client.finish();
    }
}
