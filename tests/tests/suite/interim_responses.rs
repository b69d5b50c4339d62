//! Interim responses: skipped, told with INTERMEDIATE_RESPONSE, and limited in number.

use winhttp_abi::constants as c;
use winhttp_fixtures::{Server, by_path};
use winhttp_tests::{Client, Info, Mode, answers, scenarios};

const INTERMEDIATE: u32 = c::WINHTTP_CALLBACK_STATUS_INTERMEDIATE_RESPONSE;
const RECEIVING: u32 = c::WINHTTP_CALLBACK_STATUS_RECEIVING_RESPONSE;
const RECEIVED: u32 = c::WINHTTP_CALLBACK_STATUS_RESPONSE_RECEIVED;
const HEADERS: u32 = c::WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE;

scenarios! {
    fn fact_23_4_2_interim_responses_are_told_and_the_final_one_is_what_counts<W>(mode) {
        let server = answers(
            "HTTP/1.1 100 Continue\r\nX-From: interim\r\n\r\n\
             HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n\
             HTTP/1.1 102 Processing\r\n\r\n\
             HTTP/1.1 200 OK\r\nX-From: final\r\nContent-Length: 4\r\n\r\nbody",
        );
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/");
        client.send(request).unwrap();
        let before = client.events(request);
        client.receive(request).unwrap();
        let events = client.recorder.events_of(request).split_off(before);
        let mut expected = vec![RECEIVING, INTERMEDIATE, INTERMEDIATE, INTERMEDIATE, RECEIVED];
        if mode == Mode::Async {
            expected.push(HEADERS);
        }
        assert_eq!(events.iter().map(|event| event.status).collect::<Vec<_>>(), expected);
        let told: Vec<_> = events
            .iter()
            .filter(|event| event.status == INTERMEDIATE)
            .map(|event| (event.info.clone(), event.length))
            .collect();
        assert_eq!(told, [100, 103, 102].map(|status| (Info::Dword(status), 4)));
        assert_eq!(client.status_code(request), Ok(200));
        assert_eq!(client.values(request, c::WINHTTP_QUERY_CUSTOM, Some("X-From")), ["final"]);
        assert_eq!(client.query(request, c::WINHTTP_QUERY_LINK, None), Err(c::ERROR_WINHTTP_HEADER_NOT_FOUND));
        assert_eq!(client.body(request).unwrap(), b"body");
        client.finish();
    }

    fn fact_23_4_1_ten_interim_responses_are_the_default_limit<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let ten = client.get(server.port(), "/1xx?count=10");
        client.exchange(ten).unwrap();
        assert_eq!(client.status_code(ten), Ok(200));
        let eleven = client.get(server.port(), "/1xx?count=11");
        assert_eq!(client.exchange(eleven), Err(c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE));
        client.finish();
    }

    fn fact_23_4_1_max_http_status_continue_moves_the_limit<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        for (limit, count, expected) in [
            (0, 0, Ok(())),
            (0, 1, Err(c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE)),
            (2, 2, Ok(())),
            (2, 3, Err(c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE)),
            (20, 20, Ok(())),
        ] {
            let request = client.get(server.port(), &format!("/1xx?count={count}"));
            let value = u32::to_ne_bytes(limit);
            client.put_option(request, c::WINHTTP_OPTION_MAX_HTTP_STATUS_CONTINUE, &value).unwrap();
            assert_eq!(client.exchange(request), expected, "{count} of {limit}");
        }
        client.finish();
    }

    fn interim_responses_before_a_101_do_not_harm_the_upgrade<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let request = client.web_socket_request(server.port(), "/1xx?count=3");
        client.exchange(request).unwrap();
        assert_eq!(client.status_code(request), Ok(101));
        let told = client.recorder.statuses_of(request).into_iter().filter(|status| *status == INTERMEDIATE);
        assert_eq!(told.count(), 3);
        let websocket = client.complete_upgrade(request, 0).unwrap();
        let binary = c::WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE;
        client.ws_send(websocket, binary, b"x").unwrap();
        assert_eq!(client.ws_message(websocket), Ok((b"x".to_vec(), binary)));
        client.finish();
    }
}
