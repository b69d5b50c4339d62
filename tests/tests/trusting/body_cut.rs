//! A body that breaks off: the bytes that came are read first, what ended it is found by the next
//! read; and which ends are none (http-behaviours 24.1, 24.2, 23.3.1).

use std::io;

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::certs::IdentityOptions;
use winhttp_fixtures::{Connection, Server};
use winhttp_tests::support;
use winhttp_tests::support::tls::{identity, world};
use winhttp_tests::{Call, Client, Handle, Memory, Mode, call, scenarios, status};

const BROKEN: u32 = c::ERROR_WINHTTP_CONNECTION_ERROR;
const TIMEOUT: u32 = c::ERROR_WINHTTP_TIMEOUT;
const INVALID: u32 = c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE;
const STATE: u32 = c::ERROR_WINHTTP_INCORRECT_HANDLE_STATE;
/// Bytes of each body that come.
const SIZE: usize = 5000;
/// What a count is before the call.
const BEFORE: u32 = 0xdead_beef;

/// What a server does behind the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// A FIN; over TLS without close_notify.
    Ends,
    /// close_notify where there is TLS, and a FIN.
    SaysGoodbye,
    Resets,
    Waits,
}

fn pattern() -> Vec<u8> {
    (0..=250).cycle().take(SIZE).collect()
}

/// A head that promises more than comes, and what comes.
fn counted() -> Vec<u8> {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n";
    [&head[..], &pattern()].concat()
}

fn chunked() -> Vec<u8> {
    let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2000\r\n";
    [&head[..], &pattern()].concat()
}

fn server(secure: bool, bytes: Vec<u8>, then: Then) -> Server {
    let script = move |connection: &mut Connection| -> io::Result<()> {
        if connection.read_head()?.is_none() {
            return Ok(());
        }
        connection.send(&bytes)?;
        match then {
            Then::Ends => connection.finish_sending()?,
            Then::SaysGoodbye => connection.close_notify()?,
            Then::Resets => return connection.reset(),
            Then::Waits => {}
        }
        connection.wait_closed();
        Ok(())
    };
    if secure {
        Server::tls(script, &identity(&IdentityOptions::default())).unwrap()
    } else {
        Server::plain(script).unwrap()
    }
}

/// A response whose head was received.
fn responded<W: Unit>(mode: Mode, server: &Server, secure: bool) -> (Client<W>, Handle) {
    let client = Client::<W>::new(mode);
    let request = if secure {
        support::secure(&client, server.port(), "/")
    } else {
        support::get(&client, server.port(), "/")
    };
    client.exchange(request).unwrap();
    // A moment without a byte is enough where nothing comes.
    support::set_dword::<W>(request, c::WINHTTP_OPTION_RECEIVE_TIMEOUT, 200).unwrap();
    (client, request)
}

/// How a program reads.
#[derive(Clone, Copy, Debug)]
enum Reads {
    Data(usize),
    DataEx(usize),
    Available,
}

const WAYS: [Reads; 5] = [
    Reads::Data(65536),
    Reads::Data(300),
    Reads::DataEx(65536),
    Reads::DataEx(300),
    Reads::Available,
];

/// One read: the bytes, which are none at the end.
fn read<W: Unit>(client: &Client<W>, request: Handle, reads: Reads) -> Call<Vec<u8>> {
    match reads {
        Reads::Data(capacity) => client.read(request, capacity),
        Reads::DataEx(capacity) => client.read_ex(request, capacity, 0),
        Reads::Available => {
            let count = client.available(request)? as usize;
            if count == 0 {
                return Ok(Vec::new());
            }
            client.read(request, count)
        }
    }
}

/// Reads until there is nothing more: what came, and how it ended.
fn read_all<W: Unit>(client: &Client<W>, request: Handle, reads: Reads) -> (Vec<u8>, Call<()>) {
    let mut body = Vec::new();
    loop {
        match read(client, request, reads) {
            Ok(piece) if piece.is_empty() => return (body, Ok(())),
            Ok(piece) => body.extend(piece),
            Err(error) => return (body, Err(error)),
        }
    }
}

/// Every way to read gives all bytes and then this end.
fn ends_with<W: Unit>(mode: Mode, secure: bool, bytes: &[u8], then: Then, end: Call<()>) {
    for reads in WAYS {
        let server = server(secure, bytes.to_vec(), then);
        let (client, request) = responded::<W>(mode, &server, secure);
        let what = format!("{reads:?}, {then:?}, secure: {secure}");
        let (body, ended) = read_all(&client, request, reads);
        assert!(body == pattern(), "{what}: {} bytes", body.len());
        assert_eq!(ended, end, "{what}");
        // An end stays the end; behind an error the connection is gone.
        let again = read(&client, request, reads).map(|piece| piece.len());
        let expected = if end.is_ok() { Ok(0) } else { Err(STATE) };
        assert_eq!(again, expected, "{what}");
        assert_eq!(
            client.status_code(request),
            Ok(200),
            "the head stays readable"
        );
        client.finish();
    }
}

scenarios! {
    fn a_reset_comes_behind_the_bytes<W>(mode) {
        ends_with::<W>(mode, false, &counted(), Then::Resets, Err(BROKEN));
        ends_with::<W>(mode, false, &chunked(), Then::Resets, Err(BROKEN));
    }

    fn silence_comes_behind_the_bytes<W>(mode) {
        ends_with::<W>(mode, false, &counted(), Then::Waits, Err(TIMEOUT));
        ends_with::<W>(mode, false, &chunked(), Then::Waits, Err(TIMEOUT));
    }

    fn a_counted_body_cut_short_by_a_fin_ends<W>(mode) {
        ends_with::<W>(mode, false, &counted(), Then::Ends, Ok(()));
    }

    fn a_chunked_body_cut_short_by_a_fin_is_broken<W>(mode) {
        ends_with::<W>(mode, false, &chunked(), Then::Ends, Err(BROKEN));
        let between = [chunked(), vec![b'x'; 0x2000 - SIZE], b"\r\n".to_vec()].concat();
        let server = server(false, between, Then::Ends);
        let (client, request) = responded::<W>(mode, &server, false);
        assert_eq!(client.read(request, 65536).map(|body| body.len()), Ok(0x2000));
        assert_eq!(client.read(request, 65536), Err(BROKEN));
        client.finish();
    }

    fn over_tls_only_close_notify_makes_the_fin_an_end<W>(mode) {
        world();
        ends_with::<W>(mode, true, &counted(), Then::SaysGoodbye, Ok(()));
        ends_with::<W>(mode, true, &counted(), Then::Ends, Err(BROKEN));
        ends_with::<W>(mode, true, &counted(), Then::Resets, Err(BROKEN));
        ends_with::<W>(mode, true, &chunked(), Then::SaysGoodbye, Err(BROKEN));
    }

    fn a_chunk_that_is_none_comes_behind_the_bytes<W>(mode) {
        let chunk = format!("{SIZE:x}\r\n");
        let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        for rest in ["\r\nxyz\r\n", "no line end", "\r\n0\r\nno trailer\r\n\r\n"] {
            let bytes = [head, chunk.as_bytes(), &pattern(), rest.as_bytes()].concat();
            ends_with::<W>(mode, false, &bytes, Then::Waits, Err(INVALID));
        }
    }

    fn a_read_of_nothing_leaves_the_error_to_the_next<W>(mode) {
        let server = server(false, counted(), Then::Resets);
        let (client, request) = responded::<W>(mode, &server, false);
        assert_eq!(client.read(request, 65536).map(|body| body.len()), Ok(SIZE));
        assert_eq!(client.read(request, 0), Ok(Vec::new()));
        assert_eq!(client.read(request, 10), Err(BROKEN));
        client.finish();
    }

    fn a_head_cut_short_by_a_fin_is_no_response<W>(mode) {
        world();
        for (secure, then) in [(false, Then::Ends), (true, Then::SaysGoodbye), (true, Then::Ends)] {
            for bytes in ["", "HTTP/1.1 2", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nA: b\r\n"] {
                let server = server(secure, bytes.into(), then);
                let client = Client::<W>::new(mode);
                let request = if secure {
                    support::secure(&client, server.port(), "/")
                } else {
                    support::get(&client, server.port(), "/")
                };
                assert_eq!(client.exchange(request), Err(INVALID), "{bytes:?}, {then:?}");
                client.finish();
            }
        }
    }

    fn a_reset_before_or_inside_the_head_is_a_connection_error<W>(mode) {
        for bytes in ["", "HTTP/1.1 200 OK\r\nContent-Le"] {
            let server = server(false, bytes.into(), Then::Resets);
            let client = Client::<W>::new(mode);
            let request = support::get(&client, server.port(), "/");
            assert_eq!(client.exchange(request), Err(BROKEN), "{bytes:?}");
            client.finish();
        }
    }
}

/// The functions that read, by what they do to the count.
fn counts_of_failing_reads<W: Unit>(request: Handle) -> [(Call<()>, u32); 3] {
    let memory = Memory::new(16);
    let (mut read, mut read_ex, mut available) = (BEFORE, BEFORE, BEFORE);
    let (buffer, length) = (memory.pointer().cast(), 16);
    // SAFETY: memory lives for ever, counts through the call.
    let data =
        unsafe { winhttp::WinHttpReadData::<W>(request.raw(), buffer, length, &raw mut read) };
    let data = call(data);
    // SAFETY: as above.
    let ex = status(unsafe {
        winhttp::WinHttpReadDataEx::<W>(
            request.raw(),
            buffer,
            length,
            &raw mut read_ex,
            0,
            0,
            std::ptr::null_mut(),
        )
    });
    // SAFETY: as above.
    let query =
        unsafe { winhttp::WinHttpQueryDataAvailable::<W>(request.raw(), &raw mut available) };
    [(data, read), (ex, read_ex), (call(query), available)]
}

/// http-behaviours 24.6 and functions 3.7: before anything else. QueryDataAvailable leaves its
/// count to a wrong state (fact 2.3).
#[test]
fn the_count_is_set_to_0_first() {
    let client = Client::<u16>::new(Mode::Sync);
    let server = server(false, counted(), Then::Resets);
    let request = support::get(&client, server.port(), "/");
    let wrong = Err(STATE);
    assert_eq!(
        counts_of_failing_reads::<u16>(request),
        [(wrong, 0), (wrong, 0), (wrong, BEFORE)]
    );
    client.exchange(request).unwrap();
    assert_eq!(client.read(request, 65536).map(|body| body.len()), Ok(SIZE));
    let [(data, count), ..] = counts_of_failing_reads::<u16>(request);
    assert_eq!((data, count), (Err(BROKEN), 0));
    client.finish();
}

#[test]
fn query_data_available_sets_its_count_to_0_once_there_is_a_response() {
    let client = Client::<u16>::new(Mode::Sync);
    let server = server(false, counted(), Then::Resets);
    let request = support::get(&client, server.port(), "/");
    client.exchange(request).unwrap();
    assert_eq!(client.read(request, 65536).map(|body| body.len()), Ok(SIZE));
    let mut count = BEFORE;
    // SAFETY: the count lives through the call.
    let done = unsafe { winhttp::WinHttpQueryDataAvailable::<u16>(request.raw(), &raw mut count) };
    assert_eq!((call(done), count), (Err(BROKEN), 0));
    client.finish();
}
