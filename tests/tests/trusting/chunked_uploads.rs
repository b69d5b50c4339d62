//! Bodies that are chunked automatically: their bytes on the wire, and a write beside a receive or
//! read (http-behaviours 25.1 to 25.4, 25.9, 25.11, 40.9).

use std::io;
use std::thread;

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::certs::IdentityOptions;
use winhttp_fixtures::{Connection, Server, by_path};
use winhttp_tests::support::set_timeouts;
use winhttp_tests::support::tls::{identity, world};
use winhttp_tests::{Call, Client, Handle, Info, Memory, Mode, Sending, scenarios, set_option};

const BROKEN: u32 = c::ERROR_WINHTTP_CONNECTION_ERROR;
const CANCELLED: u32 = c::ERROR_WINHTTP_OPERATION_CANCELLED;
const BUSY: u32 = c::ERROR_INVALID_OPERATION;
const HEADERS: u32 = c::WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE;
const READ: u32 = c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE;
const FAILED: u32 = c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR;
/// A piece that no pair of socket buffers takes, in bytes.
const HUGE: usize = 12 << 20;

fn serve(secure: bool, script: fn(&mut Connection) -> io::Result<()>) -> Server {
    if secure {
        Server::tls(script, &identity(&IdentityOptions::default())).unwrap()
    } else {
        Server::plain(script).unwrap()
    }
}

/// A request that waits for ever, unless the test sets limits.
fn open<W: Unit>(client: &Client<W>, server: &Server, secure: bool, flags: u32) -> Handle {
    let secure = if secure { c::WINHTTP_FLAG_SECURE } else { 0 };
    world();
    let connect = client.connect("localhost", server.port()).unwrap();
    let request = client.open_request(connect, "POST", "/body", flags | secure);
    client.close(connect).unwrap();
    set_timeouts::<W>(request.unwrap(), 0, 0, 0, 0);
    request.unwrap()
}

/// The same, chunked automatically.
fn chunked<W: Unit>(client: &Client<W>, server: &Server, secure: bool) -> Handle {
    open(client, server, secure, c::WINHTTP_FLAG_AUTOMATIC_CHUNKING)
}

/// Sends back each chunk as it comes, the last one too; the head of the answer comes behind the
/// first.
fn echo(connection: &mut Connection) -> io::Result<()> {
    if connection.read_head()?.is_none() {
        return Ok(());
    }
    let mut head = &b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"[..];
    loop {
        let line = connection.read_until(b"\r\n")?;
        let digits = String::from_utf8_lossy(&line);
        let size = u64::from_str_radix(digits.trim_end(), 16)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        let rest = connection.read_exactly(size + 2)?;
        connection.send(&[head, &line, &rest].concat())?;
        head = &[];
        if size == 0 {
            return Ok(());
        }
    }
}

/// Reads a head, answers with the beginning of a body, and reads nothing more.
fn answers_and_holds(connection: &mut Connection) -> io::Result<()> {
    if connection.read_head()?.is_some() {
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nbegin")?;
        connection.hold("end")?;
        connection.send(b"ended")?;
    }
    Ok(())
}

/// Reads a head, and nothing more until it is released; refuses then.
fn holds_and_refuses(connection: &mut Connection) -> io::Result<()> {
    if connection.read_head()?.is_some() {
        connection.hold("answer")?;
        connection.send(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno")?;
        connection.hold("end")?;
    }
    Ok(())
}

fn result(info: &Info) -> u32 {
    match info {
        Info::AsyncResult(_, error) => *error,
        other => panic!("no failure: {other:?}"),
    }
}

/// The calls whose failures were told after the first `skip` notifications, with their errors.
fn failures<W: Unit>(client: &Client<W>, request: Handle, skip: usize) -> Vec<(u32, u32)> {
    let mut events = client.recorder.events_of(request).split_off(skip);
    events.retain(|event| event.status == FAILED);
    let failures = events.iter().map(|event| match event.info {
        Info::AsyncResult(call, error) => (u32::try_from(call).unwrap(), error),
        ref other => panic!("{other:?}"),
    });
    failures.collect()
}

/// Runs a call that waits while this thread does `meanwhile`: asynchronously it is started, and
/// synchronously another thread makes it.
fn beside<W: Unit, T: Send>(
    client: &Client<W>,
    request: Handle,
    (start, success): (impl FnOnce() -> Call<()>, u32),
    whole: impl FnOnce() -> Call<T> + Send,
    meanwhile: impl FnOnce(),
) -> Call<Option<T>> {
    if client.mode == Mode::Async {
        let before = client.events(request);
        start()?;
        meanwhile();
        return client.completion(request, success, before).map(|_| None);
    }
    thread::scope(|scope| {
        let call = scope.spawn(whole);
        meanwhile();
        call.join().unwrap().map(Some)
    })
}

/// Receives the response while this thread does `meanwhile`.
fn receive_beside<W: Unit>(client: &Client<W>, request: Handle, meanwhile: impl FnOnce()) {
    let start = || client.start_receive(request);
    beside(
        client,
        request,
        (start, HEADERS),
        || client.receive(request),
        meanwhile,
    )
    .unwrap();
}

/// Reads so many bytes while this thread does `meanwhile`.
fn read_beside<W: Unit>(
    client: &Client<W>,
    request: Handle,
    bytes: usize,
    meanwhile: impl FnOnce(),
) -> Vec<u8> {
    let memory = Memory::new(bytes);
    let start = || client.start_read(request, memory);
    let whole = || client.read(request, bytes);
    let read = beside(client, request, (start, READ), whole, meanwhile).unwrap();
    read.unwrap_or_else(|| memory.bytes())
}

/// A conversation: each word is sent when the one before has come back.
fn converse<W: Unit>(client: &Client<W>, server: &Server, secure: bool) {
    let request = chunked(client, server, secure);
    client.send(request).unwrap();
    receive_beside(client, request, || {
        assert_eq!(client.write(request, b"first"), Ok(5));
    });
    assert_eq!(client.status_code(request), Ok(200));
    assert_eq!(client.read(request, 5).as_deref(), Ok(&b"first"[..]));
    for word in [&b"second"[..], &[b'x'; 70_000]] {
        let echoed = read_beside(client, request, word.len(), || {
            assert_eq!(
                client.write(request, word).map(|count| count as usize),
                Ok(word.len())
            );
        });
        assert!(echoed == word);
    }
    let end = read_beside(client, request, 0, || client.end_body(request).unwrap());
    assert_eq!(end, b"");
    assert_eq!(client.body(request).as_deref(), Ok(&b""[..]));
    client.close(request).unwrap();
}

scenarios! {
    fn fact_25_2_each_write_is_one_chunk_and_only_null_ends_the_body<W>(mode) {
        for secure in [false, true] {
            world();
            let server = if secure {
                Server::tls(by_path, &identity(&IdentityOptions::default())).unwrap()
            } else {
                Server::plain(by_path).unwrap()
            };
            let client = Client::<W>::new(mode);
            let request = chunked(&client, &server, secure);
            client.send_with(request, Sending { body: b"first chunk", ..Sending::default() }).unwrap();
            assert_eq!(client.write(request, b"abc"), Ok(3));
            assert_eq!(client.write(request, b""), Ok(0), "no chunk");
            assert_eq!(client.write(request, b"d"), Ok(1));
            client.end_body(request).unwrap();
            client.end_body(request).unwrap();
            assert_eq!(client.write(request, b"more"), Err(c::ERROR_INVALID_PARAMETER));
            client.receive(request).unwrap();
            assert_eq!(client.body(request).as_deref(), Ok(&b"first chunkabcd"[..]));
            let seen = &server.requests()[0];
            assert_eq!(seen.values("Transfer-Encoding").collect::<Vec<_>>(), ["chunked"]);
            assert_eq!(seen.header("Content-Length"), None);
            let body = b"b\r\nfirst chunk\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n";
            assert_eq!(server.received(0), [&seen.raw[..], body].concat());
            client.finish();
        }
    }

    fn fact_25_6_another_length_or_framing_and_methods_without_a_chunked_body_are_refused<W>(mode) {
        let client = Client::<W>::new(mode);
        let connect = client.connect("127.0.0.1", 1).unwrap();
        let chunks = c::WINHTTP_FLAG_AUTOMATIC_CHUNKING;
        for (verb, flags, header, total) in [
            ("POST", chunks, "X-A: b", 5),
            ("POST", chunks, "Content-Length: 5", 0),
            ("GET", chunks, "X-A: b", 0),
            ("HEAD", chunks, "X-A: b", 0),
            ("GET", 0, "Transfer-Encoding: chunked", 0),
            ("HEAD", 0, "Transfer-Encoding: chunked", 0),
        ] {
            let request = client.open_request(connect, verb, "/", flags).unwrap();
            let sending = Sending { headers: Some(header), total, ..Sending::default() };
            let refused = client.start_sending(request, sending);
            assert_eq!(refused, Err(c::ERROR_INVALID_PARAMETER), "{verb} {header} {total}");
            assert_eq!(client.events(request), 1, "HANDLE_CREATED");
            client.close(request).unwrap();
        }
        client.finish();
    }

    fn the_programs_own_transfer_encoding_stands_once<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let request = chunked(&client, &server, false);
        let headers = Some("Transfer-Encoding: chunked");
        client.send_with(request, Sending { headers, ..Sending::default() }).unwrap();
        client.write(request, b"one").unwrap();
        client.end_body(request).unwrap();
        client.receive(request).unwrap();
        assert_eq!(client.body(request).as_deref(), Ok(&b"one"[..]));
        let seen = &server.requests()[0];
        assert_eq!(seen.values("Transfer-Encoding").collect::<Vec<_>>(), ["chunked"]);
        client.finish();
    }

    fn fact_25_3_a_receive_or_read_is_pending_while_the_body_is_written<W>(mode) {
        for secure in [false, true] {
            world();
            let server = serve(secure, echo);
            let client = Client::<W>::new(mode);
            converse(&client, &server, secure);
            client.finish();
        }
    }

    fn the_same_where_calls_deliver_what_they_end<W>(mode) {
        let server = serve(false, echo);
        let client = Client::<W>::new(mode);
        let option = c::WINHTTP_OPTION_ASSURED_NON_BLOCKING_CALLBACKS;
        set_option::<W>(client.session, option, &1_u32.to_ne_bytes()).unwrap();
        converse(&client, &server, false);
        client.finish();
    }

    fn fact_25_3_an_announced_body_goes_on_after_the_response_one_call_at_a_time<W>(mode) {
        for secure in [false, true] {
            world();
            let server = serve(secure, |connection| {
                connection.read_head()?;
                let first = connection.read_exactly(3)?;
                connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")?;
                let second = connection.read_exactly(3)?;
                connection.send(&[first, second].concat())?;
                let third = connection.read_exactly(3)?;
                connection.send(&third)
            });
            let client = Client::<W>::new(mode);
            let request = open(&client, &server, secure, 0);
            client.send_with(request, Sending { total: 9, ..Sending::default() }).unwrap();
            client.write(request, b"one").unwrap();
            client.receive(request).unwrap();
            client.write(request, b"two").unwrap();
            assert_eq!(client.read(request, 6).as_deref(), Ok(&b"onetwo"[..]));
            assert_eq!(client.write(request, b"four"), Err(c::ERROR_INVALID_PARAMETER));
            client.write(request, b"six").unwrap();
            assert_eq!(client.body(request).as_deref(), Ok(&b"six"[..]));
            let over = client.write(request, b"x");
            assert_eq!(over, Err(c::ERROR_WINHTTP_INCORRECT_HANDLE_STATE));
            client.finish();
        }
    }

    fn fact_25_4_a_refusal_ends_a_stuck_write_and_reaches_the_receive_beside_it<W>(mode) {
        for secure in [false, true] {
            world();
            let server = serve(secure, holds_and_refuses);
            let client = Client::<W>::new(mode);
            let request = chunked(&client, &server, secure);
            client.send(request).unwrap();
            let before = client.events(request);
            if mode == Mode::Async {
                client.start_receive(request).unwrap();
                client.start_write(request, Memory::new(HUGE)).unwrap();
                server.release("answer").unwrap();
                client.recorder.wait_after(request, before, &[HEADERS]);
                let failed = client.recorder.wait_after(request, before, &[FAILED]);
                assert_eq!(result(&failed.info), BROKEN);
                assert_eq!(failures(&client, request, before), [(c::API_WRITE_DATA, BROKEN)]);
            } else {
                let data = vec![0; HUGE];
                thread::scope(|scope| {
                    let write = scope.spawn(|| client.write(request, &data));
                    let receive = scope.spawn(|| client.receive(request));
                    server.wait_request(0, winhttp_tests::PATIENCE).unwrap();
                    server.release("answer").unwrap();
                    assert_eq!(write.join().unwrap(), Err(BROKEN));
                    receive.join().unwrap().unwrap();
                });
            }
            assert_eq!(client.status_code(request), Ok(413));
            assert_eq!(client.body(request).as_deref(), Ok(&b"no"[..]));
            server.release("end").unwrap();
            client.finish();
        }
    }

    fn fact_25_9_a_stalled_write_times_out_and_the_response_is_read_to_its_end<W>(mode) {
        for secure in [false, true] {
            world();
            let server = serve(secure, answers_and_holds);
            let client = Client::<W>::new(mode);
            let request = chunked(&client, &server, secure);
            client.send(request).unwrap();
            client.receive(request).unwrap();
            assert_eq!(client.read(request, 5).as_deref(), Ok(&b"begin"[..]));
            set_timeouts::<W>(request, 0, 0, 300, 0);
            if mode == Mode::Sync {
                let ended = read_beside(&client, request, 5, || {
                    let data = vec![0; HUGE];
                    assert_eq!(client.write(request, &data), Err(c::ERROR_WINHTTP_TIMEOUT));
                    server.release("end").unwrap();
                });
                assert_eq!(ended, b"ended");
            } else {
                let (before, memory) = (client.events(request), Memory::new(5));
                client.start_read(request, memory).unwrap();
                client.start_write(request, Memory::new(HUGE)).unwrap();
                let failed = client.recorder.wait_after(request, before, &[FAILED]);
                assert_eq!(result(&failed.info), c::ERROR_WINHTTP_TIMEOUT);
                server.release("end").unwrap();
                client.recorder.wait_after(request, before, &[READ]);
                assert_eq!(memory.bytes(), b"ended");
            }
            client.finish();
        }
    }

    fn fact_25_11_an_answer_may_come_before_the_end_of_the_body_was_written<W>(mode) {
        for flags in [0, c::WINHTTP_FLAG_AUTOMATIC_CHUNKING] {
            let server = serve(false, |connection| {
                connection.read_head()?;
                connection.read_until(b"some")?;
                connection.send(b"HTTP/1.1 400 Enough\r\nContent-Length: 0\r\n\r\n")?;
                connection.wait_closed();
                Ok(())
            });
            let client = Client::<W>::new(mode);
            let request = open(&client, &server, false, flags);
            let total = if flags == 0 { 100 } else { 0 };
            client.send_with(request, Sending { total, ..Sending::default() }).unwrap();
            client.write(request, b"some").unwrap();
            client.receive(request).unwrap();
            assert_eq!(client.status_code(request), Ok(400));
            assert_eq!(client.body(request).as_deref(), Ok(&b""[..]));
            client.finish();
        }
    }

    fn close_handle_cancels_the_write_and_the_call_beside_it<W>(mode) {
        for received in [false, true] {
            let server = serve(false, if received { answers_and_holds } else { holds_and_refuses });
            let client = Client::<W>::new(mode);
            let request = chunked(&client, &server, false);
            client.send(request).unwrap();
            if received {
                client.receive(request).unwrap();
            }
            if mode == Mode::Sync {
                closes_under_two_threads(&client, request, received);
            } else {
                let before = client.events(request);
                client.start_write(request, Memory::new(HUGE)).unwrap();
                let other = if received {
                    client.start_read(request, Memory::new(10)).unwrap();
                    c::API_READ_DATA
                } else {
                    client.start_receive(request).unwrap();
                    c::API_RECEIVE_RESPONSE
                };
                assert_others_are_busy(&client, request);
                client.close(request).unwrap();
                let mut told = failures(&client, request, before);
                told.sort_unstable();
                let expected = [(other, CANCELLED), (c::API_WRITE_DATA, CANCELLED)];
                assert_eq!(told, expected, "before the call returns, in either order");
            }
            client.finish();
        }
    }
}

fn assert_others_are_busy<W: Unit>(client: &Client<W>, request: Handle) {
    assert_eq!(client.start_write(request, Memory::new(1)), Err(BUSY));
    assert_eq!(client.start_read(request, Memory::new(1)), Err(BUSY));
    assert_eq!(client.available(request), Err(BUSY));
    assert_eq!(client.start_send(request, 0), Err(BUSY));
}

/// Both calls come back, whether the closing met them inside or not begun.
fn closes_under_two_threads<W: Unit>(client: &Client<W>, request: Handle, received: bool) {
    let data = vec![0; HUGE];
    let ends = |ended: Call<()>| {
        let gone = [CANCELLED, c::ERROR_INVALID_HANDLE];
        assert!(ended.is_err_and(|error| gone.contains(&error)), "{ended:?}");
    };
    thread::scope(|scope| {
        let write = scope.spawn(|| client.write(request, &data).map(|_| ()));
        let other = scope.spawn(|| {
            if received {
                client.read(request, 10).map(|_| ())
            } else {
                client.receive(request)
            }
        });
        client.close(request).unwrap();
        ends(write.join().unwrap());
        ends(other.join().unwrap());
    });
}
