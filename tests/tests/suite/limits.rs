//! Limits on what a server may send as a head, and what it is told that sends none.

use winhttp_abi::constants as c;
use winhttp_fixtures::{Server, by_path};
use winhttp_tests::{Client, answers, answers_and_ends, scenarios};

const SIZE: u32 = c::ERROR_WINHTTP_HEADER_SIZE_OVERFLOW;
const COUNT: u32 = c::ERROR_WINHTTP_HEADER_COUNT_EXCEEDED;
const INVALID: u32 = c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE;

scenarios! {
    fn a_head_above_the_limit_is_a_size_overflow<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let large = client.get(server.port(), "/oversized-headers?bytes=60000");
        client.exchange(large).unwrap();
        let value = client.query(large, c::WINHTTP_QUERY_CUSTOM, Some("X-Large")).unwrap();
        assert_eq!(value.len(), 60_000);
        let too_large = client.get(server.port(), "/oversized-headers?bytes=70000");
        assert_eq!(client.exchange(too_large), Err(SIZE));
        assert_eq!(client.status_code(too_large), Err(c::ERROR_WINHTTP_INCORRECT_HANDLE_STATE));
        client.finish();
    }

    fn max_response_header_size_moves_the_limit_down<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        for (bytes, expected) in [(500, Ok(())), (2000, Err(SIZE))] {
            let request = client.get(server.port(), &format!("/oversized-headers?bytes={bytes}"));
            let limit = 1024_u32.to_ne_bytes();
            client.put_option(request, c::WINHTTP_OPTION_MAX_RESPONSE_HEADER_SIZE, &limit).unwrap();
            assert_eq!(client.exchange(request), expected, "{bytes}");
        }
        client.finish();
    }

    fn max_response_header_size_moves_the_limit_up<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/oversized-headers?bytes=150000");
        let limit = 200_000_u32.to_ne_bytes();
        client.put_option(request, c::WINHTTP_OPTION_MAX_RESPONSE_HEADER_SIZE, &limit).unwrap();
        assert_eq!(client.exchange(request), Ok(()));
        client.finish();
    }

    fn too_many_headers_are_a_count_overflow<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let few = client.get(server.port(), "/many-headers?count=100");
        client.exchange(few).unwrap();
        assert_eq!(client.query(few, c::WINHTTP_QUERY_CUSTOM, Some("X-Field-99")), Ok("value".to_owned()));
        let many = client.get(server.port(), "/many-headers?count=3000");
        assert_eq!(client.exchange(many), Err(COUNT));
        client.finish();
    }

    fn endless_headers_end_with_the_limit<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/endless-headers");
        assert_eq!(client.exchange(request), Err(SIZE));
        client.finish();
    }

    fn what_is_no_http_is_an_invalid_response<W>(mode) {
        for garbage in [
            "not http at all\r\n\r\n",
            "HTTP/1.1\r\n\r\n",
            "HTTP/1.1 2x0 OK\r\n\r\n",
            "HTTP/1.1 20 OK\r\n\r\n",
            "HTTQ/1.1 200 OK\r\n\r\n",
            "<html><body>no headers</body></html>\r\n\r\n",
            "\r\n\r\n\r\n\r\n",
            "HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nContent-Length: minus\r\n\r\nhello",
        ] {
            let server = answers_and_ends(garbage);
            let client = Client::<W>::new(mode);
            let request = client.get(server.port(), "/");
            assert_eq!(client.exchange(request), Err(INVALID), "{garbage:?}");
            client.finish();
        }
    }

    fn a_connection_that_ends_without_an_answer_is_an_invalid_response<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/empty");
        assert_eq!(client.exchange(request), Err(INVALID), "http-behaviours 23.3.1");
        client.finish();
    }

    fn a_chunk_header_without_end_is_refused<W>(mode) {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        let server = answers(format!("{head}5;{}", "x".repeat(100_000)));
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/");
        client.exchange(request).unwrap();
        let overflow = c::ERROR_WINHTTP_CHUNKED_ENCODING_HEADER_SIZE_OVERFLOW;
        assert_eq!(client.read(request, 5), Err(overflow));
        client.finish();
    }

    fn trailers_without_end_are_refused<W>(mode) {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        let trailers = format!("X-Trailer: {}\r\n", "x".repeat(1000)).repeat(1000);
        let server = answers(format!("{head}0\r\n{trailers}"));
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/");
        client.exchange(request).unwrap();
        let outcome = client.read(request, 5);
        assert!(outcome == Err(SIZE) || outcome == Err(COUNT), "{outcome:?}");
        client.finish();
    }
}
