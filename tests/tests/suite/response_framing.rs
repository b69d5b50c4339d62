//! Verifies which framing of a response is understood, and that shapes in which two parties could
//! see two bodies are not.

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_tests::{Call, Client, Mode, answers, answers_and_ends, scenarios};

const REFUSED: u32 = c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE;
const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const HELLO: &str = "5\r\nhello\r\n0\r\n\r\n";

/// The body of a GET that is answered with these bytes, and how the exchange failed otherwise.
fn body<W: Unit>(mode: Mode, response: &str) -> Call<Vec<u8>> {
    let server = answers_and_ends(response);
    let client = Client::<W>::new(mode);
    let request = client.get(server.port(), "/");
    let outcome = client.exchange(request).and_then(|()| client.body(request));
    client.finish();
    outcome
}

/// The head is refused, so that no body is ever looked at.
fn refuses_head<W: Unit>(mode: Mode, fields: &str) {
    let server = answers(format!("HTTP/1.1 200 OK\r\n{fields}\r\n{HELLO}"));
    let client = Client::<W>::new(mode);
    let request = client.get(server.port(), "/");
    client.send(request).unwrap();
    assert_eq!(client.receive(request), Err(REFUSED), "{fields:?}");
    client.finish();
}

scenarios! {
    fn fact_23_2_2_only_chunked_is_a_transfer_coding<W>(mode) {
        for fields in [
            "Transfer-Encoding: chunked, identity\r\n",
            "Transfer-Encoding: identity, chunked\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
            "Transfer-Encoding: chunked\r\n\t, identity\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: chunked, gzip\r\n",
            "Transfer-Encoding: xchunked\r\n",
            "Transfer-Encoding: chunked;q=1\r\n",
            "Transfer-Encoding:\r\n",
            "Transfer-Encoding: gzip\r\nContent-Length: 5\r\n",
            "Transfer-Encoding: chunked\rX: y\r\n",
            "Transfer-Encoding: \x0bchunked\r\n",
        ] {
            refuses_head::<W>(mode, fields);
        }
    }

    fn fact_37_17_lengths_that_differ_are_refused_and_equal_ones_are_not<W>(mode) {
        for fields in [
            "Content-Length: 5\r\nContent-Length: 6\r\n",
            "Content-Length: 5, 6\r\n",
            "Content-Length: 5\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n",
            "Content-Length: +5\r\n",
            "Content-Length: -5\r\n",
            "Content-Length: 0x5\r\n",
            "Content-Length: 5 5\r\n",
            "Content-Length: 5,\r\n",
            "Content-Length:\r\n",
            "Content-Length: 18446744073709551616\r\n",
            "Content-Length: 99999999999999999999\r\n",
        ] {
            refuses_head::<W>(mode, fields);
        }
        for fields in [
            "Content-Length: 5, 5\r\n",
            "Content-Length: 5\r\ncontent-length: 5\r\n",
            "Content-Length: 0000000000000000000000005\r\n",
            "Content-Length:\r\n 5\r\n",
        ] {
            let response = format!("HTTP/1.1 200 OK\r\n{fields}\r\nhello, and no more");
            assert_eq!(body::<W>(mode, &response), Ok(b"hello".to_vec()), "{fields:?}");
        }
    }

    fn fact_23_2_2_chunked_wins_over_a_length<W>(mode) {
        for fields in [
            "Transfer-Encoding: chunked\r\n",
            "Transfer-Encoding: Chunked\r\nContent-Length: 3\r\n",
            "Content-Length: 300\r\nTransfer-Encoding: chunked\r\n",
            // Careless servers say it twice; no two parties see two bodies in it.
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding : chunked\r\n",
            "Transfer-Encoding:\r\n chunked\r\n",
        ] {
            let response = format!("HTTP/1.1 200 OK\r\n{fields}\r\n{HELLO}");
            assert_eq!(body::<W>(mode, &response), Ok(b"hello".to_vec()), "{fields:?}");
        }
        let identity = "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello";
        assert_eq!(body::<W>(mode, identity), Ok(b"hello".to_vec()));
    }

    fn fact_24_3_a_chunk_line_is_a_size_and_an_extension<W>(mode) {
        for chunks in [
            "5\r\nhello\r\n0\r\n\r\n",
            "0005 \t\r\nhello\r\n000\r\n\r\n",
            "5;a=\"b c\";d\r\nhello\r\n0;e\r\n\r\n",
            "5 ;a\r\nhello\r\n0\r\n\r\n",
            "5\nhello\n0\n\n",
            "5;a\nhello\n0\n\n",
        ] {
            let response = format!("{CHUNKED}{chunks}");
            assert_eq!(body::<W>(mode, &response), Ok(b"hello".to_vec()), "{chunks:?}");
        }
        for chunks in [
            "5;a\rb\r\nhello\r\n0\r\n\r\n",
            "5;\r\r\nhello\r\n0\r\n\r\n",
            "5\r\r\nhello\r\n0\r\n\r\n",
            "5\rhello\r\n0\r\n\r\n",
            "5\r;a\r\nhello\r\n0\r\n\r\n",
            "5;a\0\r\nhello\r\n0\r\n\r\n",
            "+5\r\nhello\r\n0\r\n\r\n",
            "-5\r\nhello\r\n0\r\n\r\n",
            "0x5\r\nhello\r\n0\r\n\r\n",
            " 5\r\nhello\r\n0\r\n\r\n",
            "5 5\r\nhello\r\n0\r\n\r\n",
            "5,5\r\nhello\r\n0\r\n\r\n",
            "\r\nhello\r\n0\r\n\r\n",
            "5\r\nhello0\r\n\r\n",
            "5\r\nhello\r\r\n0\r\n\r\n",
            "5\r\nhello\r0\r\n\r\n",
            "5\r\nhello\r\n0\r\r\n\r\n",
            "5\r\nhello\r\n0\r\nX: 1\rY: 2\r\n\r\n",
            "5\r\nhello\r\n0\r\nX: 1\r\r\n\r\n",
        ] {
            let response = format!("{CHUNKED}{chunks}");
            assert_eq!(body::<W>(mode, &response), Err(REFUSED), "{chunks:?}");
        }
    }

    fn fact_24_3_a_chunk_line_has_its_own_error_when_it_is_too_large<W>(mode) {
        for line in ["10000000000000000", &"0".repeat(5000), &format!("5;{}", "x".repeat(5000))] {
            let response = format!("{CHUNKED}{line}\r\nhello");
            let overflow = c::ERROR_WINHTTP_CHUNKED_ENCODING_HEADER_SIZE_OVERFLOW;
            assert_eq!(body::<W>(mode, &response), Err(overflow));
        }
    }
}
