//! Coded bodies over TLS, and how they may end there: what is cut is never taken for the whole.

use winhttp_abi::constants as c;
use winhttp_fixtures::certs::IdentityOptions;
use winhttp_fixtures::{Connection, Server};
use winhttp_tests::support::coded::{chunked, gzip, text};
use winhttp_tests::support::tls::{identity, world};
use winhttp_tests::support::{secure, set_dword};
use winhttp_tests::{Client, scenarios};

const INVALID: u32 = c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE;
const BROKEN: u32 = c::ERROR_WINHTTP_CONNECTION_ERROR;
const CODING: &str = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n";

/// What is behind the bytes.
#[derive(Clone, Copy, Debug)]
enum Then {
    Goodbye,
    /// A FIN without close_notify, which anybody on the way can send.
    Fin,
    Waits,
}

fn server(bytes: Vec<u8>, then: Then) -> Server {
    let script = move |connection: &mut Connection| {
        if connection.read_head()?.is_none() {
            return Ok(());
        }
        connection.send(&bytes)?;
        match then {
            Then::Goodbye => connection.close_notify()?,
            Then::Fin => connection.finish_sending()?,
            Then::Waits => {}
        }
        connection.wait_closed();
        Ok(())
    };
    Server::tls(script, &identity(&IdentityOptions::default())).unwrap()
}

scenarios! {
    fn facts_31_6_and_40_5_what_is_cut_over_tls_is_no_whole<W>(mode) {
        world();
        let text = text(100_000);
        let body = gzip(&text);
        let cut = &body[..body.len() - 5];
        let until_close = |body: &[u8]| [CODING.as_bytes(), b"\r\n", body].concat();
        let counted = |bytes: &[u8]| {
            let length = format!("{CODING}Content-Length: {}\r\n\r\n", body.len());
            [length.as_bytes(), bytes].concat()
        };
        let chunks = |end: &str| {
            let head = format!("{CODING}Transfer-Encoding: chunked\r\n\r\n");
            [head.as_bytes(), &chunked(&body, 20_000), end.as_bytes()].concat()
        };
        for (what, bytes, then, end) in [
            ("counted", counted(&body), Then::Waits, Ok(())),
            ("chunked", chunks("0\r\n\r\n"), Then::Waits, Ok(())),
            ("until close_notify", until_close(&body), Then::Goodbye, Ok(())),
            ("until FIN", until_close(&body), Then::Fin, Ok(())),
            ("cut, close_notify", until_close(cut), Then::Goodbye, Err(INVALID)),
            ("cut, FIN", until_close(cut), Then::Fin, Err(INVALID)),
            ("counted, cut, close_notify", counted(cut), Then::Goodbye, Err(INVALID)),
            ("counted, cut, FIN", counted(cut), Then::Fin, Err(BROKEN)),
            ("chunked, no last chunk", chunks(""), Then::Goodbye, Err(BROKEN)),
        ] {
            let server = server(bytes, then);
            let client = Client::<W>::new(mode);
            let request = secure(&client, server.port(), "/");
            let both = c::WINHTTP_DECOMPRESSION_FLAG_ALL;
            set_dword::<W>(request, c::WINHTTP_OPTION_DECOMPRESSION, both).unwrap();
            client.exchange(request).unwrap();
            let mut read = Vec::new();
            let found = loop {
                match client.read(request, 20_000) {
                    Ok(piece) if piece.is_empty() => break Ok(()),
                    Ok(piece) => read.extend(piece),
                    Err(error) => break Err(error),
                }
            };
            assert_eq!(found, end, "{what}");
            assert!(read == text, "{what}: {} bytes", read.len());
            client.finish();
        }
    }
}
