//! An answer that comes while the request is still being sent: it is read meanwhile, and the
//! program gets it whatever becomes of the rest of the body (http-behaviours 23.3.3, 25.11; RFC
//! 9112 §9.3).

use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::certs::IdentityOptions;
use winhttp_fixtures::{Connection, Server};
use winhttp_tests::support::tls::{identity, world};
use winhttp_tests::support::{set_text, set_timeouts};
use winhttp_tests::{Call, Client, Handle, Info, Mode, Sending, scenarios};

const BROKEN: u32 = c::ERROR_WINHTTP_CONNECTION_ERROR;
const TIMEOUT: u32 = c::ERROR_WINHTTP_TIMEOUT;
const INTERMEDIATE: u32 = c::WINHTTP_CALLBACK_STATUS_INTERMEDIATE_RESPONSE;
/// An upload that no pair of socket buffers takes, in bytes.
const UPLOAD: u32 = 30 << 20;
/// The same where TLS must seal it, which takes its time without optimisation.
const SECURE_UPLOAD: u32 = 12 << 20;

const REFUSAL: &str = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 8\r\n\r\ntoo long";

/// What a server does when it has answered before it has read the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Resets,
    Vanishes,
    Holds,
}

fn ends(connection: &mut Connection, answer: &str, then: Then) -> io::Result<()> {
    connection.send(answer.as_bytes())?;
    match then {
        Then::Resets => connection.reset()?,
        Then::Vanishes => connection.vanish(),
        // More than the fixtures would keep meanwhile is not read.
        Then::Holds => drop(connection.hold("end")?),
    }
    Ok(())
}

/// A server that reads a head, says this, and does that.
fn server(secure: bool, answer: &'static str, then: Then) -> Server {
    let script = move |connection: &mut Connection| -> io::Result<()> {
        if connection.read_head()?.is_none() {
            return Ok(());
        }
        ends(connection, answer, then)
    };
    if secure {
        Server::tls(script, &identity(&IdentityOptions::default())).unwrap()
    } else {
        Server::plain(script).unwrap()
    }
}

const SEE_OTHER: &str = "HTTP/1.1 303 Go\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n";
const GO_THERE: &str = "HTTP/1.1 307 Go\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n";
const WHO: &str = "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n";

/// A server that says this to the head of its first request, and does that; all others are told how
/// long their bodies were.
fn leads_on(secure: bool, answer: &'static str, then: Then) -> Server {
    let is_first = AtomicBool::new(true);
    let script = move |connection: &mut Connection| -> io::Result<()> {
        while let Some(request) = connection.read_head()? {
            if is_first.swap(false, Ordering::Relaxed) {
                return ends(connection, answer, then);
            }
            let length = connection.read_body(&request)?.len().to_string();
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
                length.len()
            );
            connection.send(&[head.as_bytes(), length.as_bytes()].concat())?;
        }
        Ok(())
    };
    if secure {
        Server::tls(script, &identity(&IdentityOptions::default())).unwrap()
    } else {
        Server::plain(script).unwrap()
    }
}

fn set_credentials<W: Unit>(request: Handle) {
    set_text::<W>(request, c::WINHTTP_OPTION_USERNAME, "user").unwrap();
    set_text::<W>(request, c::WINHTTP_OPTION_PASSWORD, "pa55word").unwrap();
}

/// A POST that waits for ever, unless the test sets limits.
fn post<W: Unit>(client: &Client<W>, server: &Server, secure: bool) -> Handle {
    let flags = if secure { c::WINHTTP_FLAG_SECURE } else { 0 };
    world();
    let connect = client.connect("localhost", server.port()).unwrap();
    let request = client.open_request(connect, "POST", "/", flags).unwrap();
    client.close(connect).unwrap();
    set_timeouts::<W>(request, 0, 0, 0, 0);
    request
}

/// Writes `length` bytes in pieces until a write fails.
fn write_all<W: Unit>(client: &Client<W>, request: Handle, length: u32) -> Call<()> {
    let piece = vec![0; 1 << 20];
    for _ in 0..length >> 20 {
        client.write(request, &piece)?;
    }
    Ok(())
}

fn gets_the_refusal<W: Unit>(client: &Client<W>, request: Handle) {
    client.receive(request).unwrap();
    assert_eq!(client.status_code(request), Ok(413));
    assert_eq!(client.body(request).as_deref(), Ok(&b"too long"[..]));
}

/// Plain and TLS, each thing a server can do.
fn with_each_server(test: impl Fn(&Server, bool, u32)) {
    world();
    for (secure, length) in [(false, UPLOAD), (true, SECURE_UPLOAD)] {
        for then in [Then::Resets, Then::Vanishes, Then::Holds] {
            let server = server(secure, REFUSAL, then);
            test(&server, secure, length);
            server.release("end").unwrap();
        }
    }
}

scenarios! {
    fn a_refusal_ends_the_upload_of_a_send_and_is_readable<W>(mode) {
        with_each_server(|server, secure, length| {
            let client = Client::<W>::new(mode);
            let request = post(&client, server, secure);
            let body = vec![0; length as usize];
            client.send_with(request, Sending { body: &body, total: length, ..Sending::default() }).unwrap();
            gets_the_refusal(&client, request);
            client.finish();
        });
    }

    /// What was given whole can be given again, however little of it the server has taken (25.12).
    fn an_early_answer_that_asks_for_another_request_gets_it<W>(mode) {
        for (secure, length) in [(false, UPLOAD), (true, SECURE_UPLOAD)] {
            for then in [Then::Resets, Then::Vanishes, Then::Holds] {
                for (answer, body) in [(SEE_OTHER, 0), (GO_THERE, length), (WHO, length)] {
                    let server = leads_on(secure, answer, then);
                    let client = Client::<W>::new(mode);
                    let request = post(&client, &server, secure);
                    set_credentials::<W>(request);
                    let data = vec![0; length as usize];
                    client.send_with(request, Sending { body: &data, total: length, ..Sending::default() }).unwrap();
                    client.receive(request).unwrap();
                    assert_eq!(client.status_code(request), Ok(200));
                    let got = String::from_utf8(client.body(request).unwrap()).unwrap();
                    assert_eq!(got, body.to_string(), "{answer}");
                    server.release("end").unwrap();
                    client.finish();
                }
            }
        }
    }

    /// Nor is anything kept of what was written: the program has it.
    fn an_early_answer_that_needs_what_was_written_is_left_to_the_program<W>(mode) {
        for answer in [GO_THERE, WHO] {
            let server = leads_on(false, answer, Then::Holds);
            let client = Client::<W>::new(mode);
            let request = post(&client, &server, false);
            set_credentials::<W>(request);
            client.send_with(request, Sending { total: UPLOAD, ..Sending::default() }).unwrap();
            assert_eq!(write_all(&client, request, UPLOAD), Err(BROKEN));
            assert_eq!(client.receive(request), Err(c::ERROR_WINHTTP_RESEND_REQUEST));
            server.release("end").unwrap();
            client.finish();
        }
    }

    fn a_refusal_fails_the_write_and_is_readable<W>(mode) {
        with_each_server(|server, secure, length| {
            let client = Client::<W>::new(mode);
            let request = post(&client, server, secure);
            client.send_with(request, Sending { total: length, ..Sending::default() }).unwrap();
            assert_eq!(write_all(&client, request, length), Err(BROKEN));
            let before = client.events(request);
            assert_eq!(client.write(request, b"more"), Err(BROKEN), "it stays so");
            if mode == Mode::Async {
                let told = client.recorder.events_of(request).split_off(before);
                assert_eq!(told.len(), 1, "{told:?}");
                assert_eq!(told[0].info, Info::AsyncResult(c::API_WRITE_DATA as usize, BROKEN));
            }
            gets_the_refusal(&client, request);
            client.finish();
        });
    }

    fn without_an_answer_a_failed_write_ends_the_exchange<W>(mode) {
        for answer in ["", "HTTP/1.1 413 Content Too La"] {
            let server = server(false, answer, Then::Resets);
            let client = Client::<W>::new(mode);
            let request = post(&client, &server, false);
            client.send_with(request, Sending { total: UPLOAD, ..Sending::default() }).unwrap();
            assert_eq!(write_all(&client, request, UPLOAD), Err(BROKEN));
            assert_eq!(client.receive(request), Err(c::ERROR_WINHTTP_INCORRECT_HANDLE_STATE));
            client.finish();
        }
    }

    fn a_reset_behind_half_a_head_is_no_end_of_the_stream<W>(mode) {
        let server = server(false, "HTTP/1.1 413 Content Too La", Then::Resets);
        let client = Client::<W>::new(mode);
        let request = post(&client, &server, false);
        let body = vec![0; UPLOAD as usize];
        let sending = Sending { body: &body, total: UPLOAD, ..Sending::default() };
        assert_eq!(client.send_with(request, sending), Err(BROKEN));
        client.finish();
    }

    fn a_success_does_not_end_the_upload<W>(mode) {
        let script = |connection: &mut Connection| {
            while let Some(request) = connection.read_head()? {
                connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")?;
                let body = connection.read_body(&request)?;
                connection.send(if body.len() == UPLOAD as usize { b"here" } else { b"miss" })?;
            }
            Ok(())
        };
        let server = Server::plain(script).unwrap();
        server.set_recording(false);
        let client = Client::<W>::new(mode);
        for at_once in [true, false] {
            let request = post(&client, &server, false);
            let body = vec![0; UPLOAD as usize];
            let given = if at_once { &body[..] } else { &[] };
            let sending = Sending { body: given, total: UPLOAD, ..Sending::default() };
            client.send_with(request, sending).unwrap();
            if !at_once {
                assert_eq!(client.write(request, &body), Ok(UPLOAD));
            }
            client.receive(request).unwrap();
            assert_eq!(client.body(request).as_deref(), Ok(&b"here"[..]));
        }
        client.finish();
    }

    fn a_success_is_readable_although_nobody_takes_the_rest<W>(mode) {
        let server = server(false, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", Then::Holds);
        let client = Client::<W>::new(mode);
        for at_once in [true, false] {
            let request = post(&client, &server, false);
            set_timeouts::<W>(request, 0, 0, 200, 0);
            let body = vec![0; UPLOAD as usize];
            let given = if at_once { &body[..] } else { &[] };
            let sending = Sending { body: given, total: UPLOAD, ..Sending::default() };
            assert_eq!(client.send_with(request, sending), Ok(()));
            if !at_once {
                assert_eq!(client.write(request, &body[1..]), Err(TIMEOUT));
                assert_eq!(client.write(request, b"x"), Err(BROKEN), "nothing more can be sent");
            }
            client.receive(request).unwrap();
            assert_eq!(client.body(request).as_deref(), Ok(&b"ok"[..]));
        }
        client.finish();
        server.release("end").unwrap();
    }

    fn interim_answers_are_told_in_their_place<W>(mode) {
        let script = |connection: &mut Connection| {
            if connection.read_head()?.is_none() {
                return Ok(());
            }
            connection.send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n")?;
            let mut body = Vec::new();
            Read::by_ref(connection).take(u64::from(UPLOAD)).read_to_end(&mut body)?;
            connection.send(REFUSAL.as_bytes())?;
            connection.wait_closed();
            Ok(())
        };
        let server = Server::plain(script).unwrap();
        server.set_recording(false);
        let client = Client::<W>::new(mode);
        let request = post(&client, &server, false);
        let body = vec![0; UPLOAD as usize];
        client.send_with(request, Sending { body: &body, total: UPLOAD, ..Sending::default() }).unwrap();
        let before = client.events(request);
        gets_the_refusal(&client, request);
        let events = client.recorder.events_of(request);
        let place = |(index, event): (usize, &winhttp_tests::Event)| {
            (event.status == INTERMEDIATE).then_some((index >= before, event.info.clone()))
        };
        let told: Vec<_> = events.iter().enumerate().filter_map(place).collect();
        assert_eq!(told, [(true, Info::Dword(100)), (true, Info::Dword(103))]);
        client.finish();
    }

    fn a_refusal_without_length_ends_where_its_connection_ends<W>(mode) {
        // The reset cuts it off as far as anybody can tell: the bytes first, then the error.
        let answer = "HTTP/1.1 413 Content Too Large\r\n\r\ntoo long";
        for (then, end) in [(Then::Resets, Err(BROKEN)), (Then::Vanishes, Err(BROKEN))] {
            let server = server(false, answer, then);
            let client = Client::<W>::new(mode);
            let request = post(&client, &server, false);
            let body = vec![0; UPLOAD as usize];
            client.send_with(request, Sending { body: &body, total: UPLOAD, ..Sending::default() }).unwrap();
            client.receive(request).unwrap();
            assert_eq!(client.status_code(request), Ok(413));
            assert_eq!(client.read(request, 100).as_deref(), Ok(&b"too long"[..]));
            assert_eq!(client.read(request, 100), end);
            client.finish();
        }
    }
}
