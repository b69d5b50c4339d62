//! Closing a handle ends what is pending on it with ERROR_WINHTTP_OPERATION_CANCELLED, then comes
//! HANDLE_CLOSING, then nothing (facts 1.14, 9.6; expectations 4 and 8).

use std::io;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::hole::TcpHole;
use winhttp_fixtures::{Connection, Server, by_path};
use winhttp_tests::support;
use winhttp_tests::support::{closing_is_last, end_session, secure};
use winhttp_tests::{Call, Client, Handle, Info, Memory, Mode, PATIENCE, call, for_ever, status};

const CANCELLED: u32 = c::ERROR_WINHTTP_OPERATION_CANCELLED;
const BINARY: i32 = c::WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE;
/// "Soon", as expectation 8 has it.
const SOON: Duration = Duration::from_secs(3);
/// More than any pair of socket buffers takes, in bytes.
const HUGE: usize = 64 << 20;

/// Times a call is tried again because the handle was closed before the call had begun.
const ATTEMPTS: usize = 1000;

/// Peers that keep every operation waiting.
struct Peers {
    full: TcpHole,
    hole: TcpHole,
    silent: Server,
    stalled: Server,
    friendly: Server,
    deaf: Server,
}

impl Peers {
    fn new() -> Self {
        Self {
            full: TcpHole::full().unwrap(),
            hole: TcpHole::new().unwrap(),
            silent: Server::silent().unwrap(),
            stalled: Server::plain(stalled_body).unwrap(),
            friendly: Server::plain(by_path).unwrap(),
            deaf: Server::plain(deaf_web_socket).unwrap(),
        }
    }
}

impl Drop for Peers {
    fn drop(&mut self) {
        let _ended = self.deaf.release("end");
    }
}

fn stalled_body(connection: &mut Connection) -> io::Result<()> {
    connection.read_head()?;
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")?;
    connection.wait_closed();
    Ok(())
}

/// Accepts a WebSocket and reads nothing more.
fn deaf_web_socket(connection: &mut Connection) -> io::Result<()> {
    let Some(request) = connection.read_head()? else {
        return Ok(());
    };
    connection.accept_websocket(&request)?;
    connection.hold("end").map(drop)
}

/// A call that waits for ever: how its handle is made ready, and the call itself.
struct Step {
    name: &'static str,
    ready: fn(&Client<u16>, &Peers) -> Handle,
    call: fn(Handle, &'static mut [u8]) -> Call<()>,
    /// What REQUEST_ERROR says about it.
    error: Info,
}

fn request_error(api: u32) -> Info {
    Info::AsyncResult(usize::try_from(api).unwrap(), CANCELLED)
}

fn web_socket_error(operation: i32) -> Info {
    Info::WebSocketResult(0, CANCELLED, operation)
}

fn sent(client: &Client<u16>, port: u16) -> Handle {
    let handle = support::get(client, port, "/");
    client.send(handle).unwrap();
    handle
}

fn answered(client: &Client<u16>, port: u16) -> Handle {
    let handle = support::get(client, port, "/");
    client.exchange(handle).unwrap();
    handle
}

fn send(handle: Handle, body: &'static mut [u8], total: usize) -> Call<()> {
    let (length, total) = (
        u32::try_from(body.len()).unwrap(),
        u32::try_from(total).unwrap(),
    );
    let body = body.as_ptr().cast();
    // SAFETY: the body is never freed.
    call(unsafe {
        winhttp::WinHttpSendRequest::<u16>(
            handle.raw(),
            std::ptr::null(),
            0,
            body,
            length,
            total,
            0,
        )
    })
}

fn length(memory: &[u8]) -> u32 {
    u32::try_from(memory.len()).unwrap()
}

#[expect(
    clippy::undocumented_unsafe_blocks,
    reason = "the memory is never freed; all else is NULL"
)]
fn request_steps() -> Vec<Step> {
    vec![
        Step {
            name: "connecting",
            ready: |client, peers| support::get(client, peers.full.port(), "/"),
            call: |handle, _| send(handle, &mut [], 0),
            error: request_error(c::API_SEND_REQUEST),
        },
        Step {
            name: "TLS handshake",
            ready: |client, peers| secure(client, peers.silent.port(), "/"),
            call: |handle, _| send(handle, &mut [], 0),
            error: request_error(c::API_SEND_REQUEST),
        },
        Step {
            name: "sending",
            ready: |client, peers| support::get(client, peers.hole.port(), "/"),
            call: |handle, memory| send(handle, memory, HUGE),
            error: request_error(c::API_SEND_REQUEST),
        },
        Step {
            name: "writing",
            ready: |client, peers| {
                let handle = support::get(client, peers.hole.port(), "/");
                let before = client.events(handle);
                send(handle, &mut [], HUGE).unwrap();
                let sent = c::WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE;
                client.completion(handle, sent, before).unwrap();
                handle
            },
            call: |handle, memory| {
                let (data, length) = (memory.as_ptr().cast(), length(memory));
                call(unsafe {
                    winhttp::WinHttpWriteData::<u16>(handle.raw(), data, length, null_mut())
                })
            },
            error: request_error(c::API_WRITE_DATA),
        },
        Step {
            name: "receiving the response",
            ready: |client, peers| sent(client, peers.silent.port()),
            call: |handle, _| {
                call(unsafe { winhttp::WinHttpReceiveResponse::<u16>(handle.raw(), null_mut()) })
            },
            error: request_error(c::API_RECEIVE_RESPONSE),
        },
        Step {
            name: "waiting for data",
            ready: |client, peers| answered(client, peers.stalled.port()),
            call: |handle, _| {
                call(unsafe { winhttp::WinHttpQueryDataAvailable::<u16>(handle.raw(), null_mut()) })
            },
            error: request_error(c::API_QUERY_DATA_AVAILABLE),
        },
        Step {
            name: "reading data",
            ready: |client, peers| answered(client, peers.stalled.port()),
            call: |handle, memory| {
                let buffer = memory.as_mut_ptr().cast();
                call(unsafe {
                    winhttp::WinHttpReadData::<u16>(handle.raw(), buffer, 10, null_mut())
                })
            },
            error: request_error(c::API_READ_DATA),
        },
    ]
}

#[expect(
    clippy::undocumented_unsafe_blocks,
    reason = "the memory is never freed; all else is NULL"
)]
fn web_socket_steps() -> Vec<Step> {
    vec![
        Step {
            name: "WebSocket receive",
            ready: |client, peers| client.web_socket(peers.friendly.port(), "/idle"),
            call: |handle, memory| {
                let (results, rest) = memory.split_at_mut(16);
                let results = results.as_mut_ptr();
                let (bytes, kind) = (results.cast(), results.wrapping_add(8).cast());
                status(unsafe {
                    winhttp::WinHttpWebSocketReceive::<u16>(
                        handle.raw(),
                        rest.as_mut_ptr().cast(),
                        64,
                        bytes,
                        kind,
                    )
                })
            },
            error: web_socket_error(c::WINHTTP_WEB_SOCKET_RECEIVE_OPERATION),
        },
        Step {
            name: "WebSocket send",
            ready: |client, peers| client.web_socket(peers.deaf.port(), "/"),
            call: |handle, memory| {
                let (data, length) = (memory.as_ptr().cast(), length(memory));
                status(unsafe {
                    winhttp::WinHttpWebSocketSend::<u16>(handle.raw(), BINARY, data, length)
                })
            },
            error: web_socket_error(c::WINHTTP_WEB_SOCKET_SEND_OPERATION),
        },
        Step {
            name: "WebSocket close",
            ready: |client, peers| client.web_socket(peers.friendly.port(), "/no-close-answer"),
            call: |handle, _| {
                status(unsafe {
                    winhttp::WinHttpWebSocketClose::<u16>(handle.raw(), 1000, std::ptr::null(), 0)
                })
            },
            error: web_socket_error(c::WINHTTP_WEB_SOCKET_CLOSE_OPERATION),
        },
    ]
}

fn steps() -> impl Iterator<Item = Step> {
    request_steps().into_iter().chain(web_socket_steps())
}

/// Memory that outlives every operation that was given it, also one that this test loses sight of.
fn memory() -> &'static mut [u8] {
    for_ever(vec![0; HUGE])
}

/// Gives memory back when the operation it was lent to has ended.
///
/// # Safety
/// `memory` came from [`memory`], and nothing uses it any more.
unsafe fn take_back(memory: *mut [u8]) {
    // SAFETY: the caller's promise.
    drop(unsafe { Box::from_raw(memory) });
}

/// Runs a step on a thread of its own and closes its handle while it is in the call; gives its
/// result and how long it took to end. `None` if the handle was closed before the call had begun.
fn close_during(
    client: &Arc<Client<u16>>,
    peers: &Peers,
    step: &Step,
) -> Option<(Call<()>, Duration, Handle)> {
    let handle = (step.ready)(client, peers);
    let (begins, begun) = mpsc::sync_channel(0);
    let (call, memory) = (step.call, memory());
    let address: *mut [u8] = memory;
    let thread = std::thread::spawn(move || {
        begins.send(()).unwrap();
        call(handle, memory)
    });
    begun.recv_timeout(PATIENCE).unwrap();
    let start = Instant::now();
    // Gives the other thread the chance to get into the call; what else happens is no error, only
    // no test.
    while start.elapsed() < Duration::from_millis(20) {
        std::thread::yield_now();
    }
    let start = Instant::now();
    client.close(handle).unwrap();
    let result = thread.join().unwrap();
    let took = start.elapsed();
    // SAFETY: the call has returned, and a synchronous call keeps nothing.
    unsafe { take_back(address) };
    (result != Err(c::ERROR_INVALID_HANDLE)).then_some((result, took, handle))
}

#[test]
fn facts_35_2_and_35_6_and_expectation_8_closing_from_another_thread_ends_a_blocked_call() {
    let peers = Peers::new();
    let client = Arc::new(Client::<u16>::new(Mode::Sync));
    let mut handles = Vec::new();
    for step in steps() {
        let caught = (0..ATTEMPTS).find_map(|_| close_during(&client, &peers, &step));
        let (result, took, handle) = caught.unwrap();
        assert_eq!(result, Err(CANCELLED), "{}", step.name);
        assert!(took < SOON, "{} took {took:?} to end", step.name);
        closing_is_last(&client, handle);
        assert_eq!(client.close(handle), Err(c::ERROR_INVALID_HANDLE));
        handles.push(handle);
    }
    end_session(&client, &handles);
}

/// Facts 1.14 and 9.6: REQUEST_ERROR with the operation's number, HANDLE_CLOSING, nothing more.
#[test]
fn facts_1_14_and_9_6_closing_cancels_what_is_pending() {
    let peers = Peers::new();
    let client = Client::<u16>::on_callback_thread(Mode::Async);
    let mut handles = Vec::new();
    for step in steps() {
        let handle = (step.ready)(&client, &peers);
        handles.push(handle);
        let memory = memory();
        let address: *mut [u8] = memory;
        let before = client.events(handle);
        (step.call)(handle, memory).unwrap();
        client.close(handle).unwrap();
        closing_is_last(&client, handle);
        let events = client.recorder.events_of(handle).split_off(before);
        let errors: Vec<_> = events
            .iter()
            .filter(|event| event.status == c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR)
            .map(|event| (event.info.clone(), event.length))
            .collect();
        let size = if matches!(step.error, Info::AsyncResult(..)) {
            16
        } else {
            24
        };
        assert_eq!(errors, [(step.error, size)], "{}", step.name);
        // SAFETY: HANDLE_CLOSING was the last notification: nothing touches the memory any more.
        unsafe { take_back(address) };
    }
    end_session(&client, &handles);
}

/// Fact 9.6.2: a receive is cancelled inside Close, the close by CloseHandle.
#[test]
fn fact_9_6_2_closing_the_handle_during_close_reports_both() {
    let peers = Peers::new();
    let client = Client::<u16>::new(Mode::Async);
    let handle = client.web_socket(peers.friendly.port(), "/no-close-answer");
    let mut buffer = [0_u8; 64];
    let before = client.events(handle);
    // SAFETY: the buffer lives until HANDLE_CLOSING.
    status(unsafe {
        winhttp::WinHttpWebSocketReceive::<u16>(
            handle.raw(),
            (&raw mut buffer).cast(),
            64,
            null_mut(),
            null_mut(),
        )
    })
    .unwrap();
    // SAFETY: no memory is passed.
    status(unsafe {
        winhttp::WinHttpWebSocketClose::<u16>(handle.raw(), 1000, std::ptr::null(), 0)
    })
    .unwrap();
    client.close(handle).unwrap();
    closing_is_last(&client, handle);
    let infos: Vec<Info> = client
        .recorder
        .events_of(handle)
        .split_off(before)
        .into_iter()
        .map(|event| event.info)
        .collect();
    let expected = [
        web_socket_error(c::WINHTTP_WEB_SOCKET_RECEIVE_OPERATION),
        web_socket_error(c::WINHTTP_WEB_SOCKET_CLOSE_OPERATION),
        Info::Handle(handle.0),
    ];
    assert_eq!(infos, expected);
    end_session(&client, &[handle]);
}

/// Callbacks section 7.6: closing inside an informational callback of a synchronous call ends that
/// call.
#[test]
fn closing_inside_an_informational_callback_cancels_the_synchronous_call() {
    let server = Server::plain(by_path).unwrap();
    for at in [
        c::WINHTTP_CALLBACK_STATUS_RESOLVING_NAME,
        c::WINHTTP_CALLBACK_STATUS_NAME_RESOLVED,
        c::WINHTTP_CALLBACK_STATUS_CONNECTING_TO_SERVER,
        c::WINHTTP_CALLBACK_STATUS_CONNECTED_TO_SERVER,
        c::WINHTTP_CALLBACK_STATUS_SENDING_REQUEST,
        c::WINHTTP_CALLBACK_STATUS_REQUEST_SENT,
        c::WINHTTP_CALLBACK_STATUS_RECEIVING_RESPONSE,
        c::WINHTTP_CALLBACK_STATUS_RESPONSE_RECEIVED,
    ] {
        let client = Client::<u16>::new(Mode::Sync);
        let closed = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&closed);
        client.recorder.on(at, move |event| {
            // SAFETY: any number may be passed.
            call(unsafe { winhttp::WinHttpCloseHandle::<u16>(event.handle.raw()) }).unwrap();
            // Further calls on the closed handle fail, and nothing worse.
            // SAFETY: no memory is passed.
            let again = call(unsafe { winhttp::WinHttpCloseHandle::<u16>(event.handle.raw()) });
            assert_eq!(again, Err(c::ERROR_INVALID_HANDLE));
            flag.store(true, Ordering::SeqCst);
        });
        let handle = support::get(&client, server.port(), "/status");
        assert_eq!(client.exchange(handle), Err(CANCELLED), "closed at {at:#x}");
        assert!(closed.load(Ordering::SeqCst));
        closing_is_last(&client, handle);
        let statuses = client.recorder.statuses_of(handle);
        assert_eq!(statuses[statuses.len() - 2], at, "{statuses:x?}");
        end_session(&client, &[handle]);
    }
}

/// The same asynchronously, and inside every completion: one REQUEST_ERROR or none, HANDLE_CLOSING,
/// nothing more.
#[test]
fn expectation_5_closing_inside_any_callback_is_clean_asynchronously() {
    let server = Server::plain(by_path).unwrap();
    for (at, pending) in [
        (c::WINHTTP_CALLBACK_STATUS_RESOLVING_NAME, true),
        (c::WINHTTP_CALLBACK_STATUS_NAME_RESOLVED, true),
        (c::WINHTTP_CALLBACK_STATUS_CONNECTING_TO_SERVER, true),
        (c::WINHTTP_CALLBACK_STATUS_CONNECTED_TO_SERVER, true),
        (c::WINHTTP_CALLBACK_STATUS_SENDING_REQUEST, true),
        (c::WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE, false),
    ] {
        let client = Client::<u16>::new(Mode::Async);
        client.recorder.on(at, |event| {
            // SAFETY: any number may be passed.
            call(unsafe { winhttp::WinHttpCloseHandle::<u16>(event.handle.raw()) }).unwrap();
        });
        let handle = support::get(&client, server.port(), "/status");
        client.start_send(handle, 7).unwrap();
        closing_is_last(&client, handle);
        let errors: Vec<Info> = client
            .recorder
            .events_of(handle)
            .into_iter()
            .filter(|event| event.status == c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR)
            .map(|event| event.info)
            .collect();
        let expected = if pending {
            vec![request_error(c::API_SEND_REQUEST)]
        } else {
            vec![]
        };
        assert_eq!(errors, expected, "closed at {at:#x}");
        end_session(&client, &[handle]);
    }
}

/// Expectation 8 and fact 1.7: closing a parent does not cancel what its children do.
#[test]
fn closing_the_parents_cancels_nothing() {
    let server = Server::plain(by_path).unwrap();
    let client = Client::<u16>::on_callback_thread(Mode::Async);
    let connect = client.connect("127.0.0.1", server.port()).unwrap();
    let handle = client
        .open_request(connect, "GET", "/stall?name=parents&body=late", 0)
        .unwrap();
    client.send(handle).unwrap();
    let before = client.events(handle);
    // SAFETY: no memory is passed.
    call(unsafe { winhttp::WinHttpReceiveResponse::<u16>(handle.raw(), null_mut()) }).unwrap();
    client.close(connect).unwrap();
    client.close(client.session).unwrap();
    server.release("parents").unwrap();
    client
        .completion(handle, c::WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE, before)
        .unwrap();
    assert_eq!(client.status_code(handle), Ok(200));
    client.close(handle).unwrap();
    for handle in [handle, connect, client.session] {
        closing_is_last(&client, handle);
    }
}

/// Calls of all kinds with the handles of another thread, which closes them: each call works, or
/// says that its handle is none or in no state for it, and every handle has one last word.
#[test]
fn fact_35_6_handles_may_be_closed_while_other_threads_call_with_them() {
    const STATES: [u32; 3] = [
        c::ERROR_WINHTTP_INCORRECT_HANDLE_STATE,
        c::ERROR_INVALID_OPERATION,
        CANCELLED,
    ];
    fn call_all(
        client: &Client<u16>,
        connect: Handle,
        request: Handle,
        lent: Memory,
    ) -> Vec<Call<()>> {
        let timeout = c::WINHTTP_OPTION_RECEIVE_TIMEOUT;
        let mut outcomes = vec![
            client.get_option(request, c::WINHTTP_OPTION_URL).map(drop),
            client.put_option(request, timeout, &30_000_u32.to_ne_bytes()),
            client.context(connect).map(drop),
            client.status_code(request).map(drop),
            client
                .open_request(connect, "GET", "/", 0)
                .and_then(|other| client.close(other)),
        ];
        outcomes.extend(match client.mode {
            Mode::Sync => [
                client.send(request),
                client.receive(request),
                client.body(request).map(drop),
            ],
            // Which completion belongs to whose call cannot be told: the memory is lent for ever.
            Mode::Async => [
                client.start_send(request, 0),
                client.start_receive(request),
                client.start_read(request, lent),
            ],
        });
        outcomes
    }
    let lent = Memory::new(8);
    let server = Server::plain(by_path).unwrap();
    for (round, mode) in (0..40).zip([Mode::Sync, Mode::Async].into_iter().cycle()) {
        let client = Client::<u16>::new(mode);
        let connect = client.connect("127.0.0.1", server.port()).unwrap();
        let path = "/status?body=x";
        let request = client.open_request(connect, "GET", path, 0).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..3 {
                let client = &client;
                scope.spawn(move || {
                    loop {
                        let outcomes = call_all(client, connect, request, lent);
                        let errors = outcomes.iter().filter_map(|outcome| outcome.err());
                        let ended = errors.filter(|error| !STATES.contains(error));
                        let ended: Vec<u32> = ended.collect();
                        assert!(
                            ended.iter().all(|error| *error == c::ERROR_INVALID_HANDLE),
                            "{ended:?}"
                        );
                        if ended.len() == outcomes.len() {
                            break;
                        }
                    }
                });
            }
            // A different moment each time.
            for _ in 0..round * 500 {
                std::hint::spin_loop();
            }
            client.close(request).unwrap();
            client.close(connect).unwrap();
        });
        client.finish();
    }
}

/// Closing races with completing: whichever wins, every operation ends exactly once.
#[test]
fn a_race_between_closing_and_completing_ends_every_operation_once() {
    fn race<W: Unit>(server: &Server, client: &Client<W>, index: usize) {
        let handle = support::get(client, server.port(), "/status?body=x");
        client.start_send(handle, index + 1).unwrap();
        // A different moment each time.
        for _ in 0..index * 20 {
            std::hint::spin_loop();
        }
        client.close(handle).unwrap();
        closing_is_last(client, handle);
        let ends = [
            c::WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE,
            c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR,
        ];
        let statuses = client.recorder.statuses_of(handle);
        let ended = statuses
            .iter()
            .filter(|status| ends.contains(status))
            .count();
        assert_eq!(ended, 1, "{statuses:x?}");
    }
    let server = Server::plain(by_path).unwrap();
    let client = Client::<u16>::new(Mode::Async);
    for index in 0..200 {
        race(&server, &client, index);
    }
    client.close(client.session).unwrap();
}
