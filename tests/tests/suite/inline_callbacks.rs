//! Verifies delivery inside the call: with ASSURED_NON_BLOCKING_CALLBACKS, and with
//! WINHTTP_SHIM_CALLBACKS=inline.

use std::ptr::null_mut;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use winhttp_abi::constants as c;
use winhttp_fixtures::{Opcode, Server, by_path};
use winhttp_tests::program::{ends, own_test};
use winhttp_tests::support::ticker;
use winhttp_tests::{
    Client, Event, Gate, Handle, Info, Memory, Mode, PATIENCE, call, last_error, start_close,
    start_receive, start_send, start_shutdown, web_socket_server,
};

type W = u16;

const READ: u32 = c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE;
const WRITTEN: u32 = c::WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE;
const FAILED: u32 = c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR;
const SHUT: u32 = c::WINHTTP_CALLBACK_STATUS_SHUTDOWN_COMPLETE;
const CLOSED: u32 = c::WINHTTP_CALLBACK_STATUS_CLOSE_COMPLETE;
const BINARY: i32 = c::WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE;

/// What `act` brings of a handle before it returns, on this thread.
fn inside(client: &Client<W>, handle: Handle, act: impl FnOnce()) -> Vec<Event> {
    let before = client.events(handle);
    act();
    let mut events = client.recorder.events_of(handle).split_off(before);
    events.retain(|event| event.thread == thread::current().id());
    events
}

fn statuses(events: &[Event]) -> Vec<u32> {
    events.iter().map(|event| event.status).collect()
}

/// A call of another thread, which is kept inside the callback of a status until it is ended.
struct Elsewhere {
    gate: Gate,
    caller: JoinHandle<Result<(), u32>>,
}

impl Elsewhere {
    fn begin(
        client: &Client<W>,
        status: u32,
        start: impl FnOnce() -> Result<(), u32> + Send + 'static,
    ) -> Self {
        let gate = Gate::at(&client.recorder, status, |_| {});
        let caller = thread::spawn(start);
        gate.wait_entered();
        Self { gate, caller }
    }

    fn end(self) {
        self.gate.open();
        self.caller.join().unwrap().unwrap();
    }
}

#[test]
fn sixty_sends_of_a_thread_that_a_callback_has_signalled_all_end_inside_the_call() {
    let server = Server::plain(by_path).unwrap();
    let client = Client::<W>::inline();
    let socket = client.web_socket(server.port(), "/push?count=60&size=10");
    let (signal, signalled) = channel();
    let signal = Mutex::new(signal);
    client.recorder.on(READ, move |_| {
        signal.lock().unwrap().send(()).unwrap();
    });
    // The calling thread hears of each message from the callback thread, which is still inside the
    // callback or on its way out of it.
    let receive = || start_receive::<W>(socket, Memory::new(10)).unwrap();
    for _ in 0..60 {
        receive();
        signalled.recv_timeout(PATIENCE).unwrap();
        let told = inside(&client, socket, || {
            start_send::<W>(socket, BINARY, Memory::of(b"answer")).unwrap();
        });
        assert_eq!(statuses(&told), [WRITTEN]);
    }
    client.finish();
}

#[test]
fn a_send_ends_inside_the_call_although_another_callback_of_the_handle_runs() {
    let server = Server::plain(by_path).unwrap();
    let client = Client::<W>::inline();
    let socket = client.web_socket(server.port(), "/push?count=1&size=10");
    let elsewhere = Elsewhere::begin(&client, READ, move || {
        start_receive::<W>(socket, Memory::new(10))
    });
    let told = inside(&client, socket, || {
        start_send::<W>(socket, BINARY, Memory::of(b"one")).unwrap();
        start_send::<W>(socket, BINARY, Memory::of(b"two")).unwrap();
    });
    assert_eq!(statuses(&told), [WRITTEN, WRITTEN]);
    elsewhere.end();
    client.finish();
}

/// A peer that says a message and asks for a pong when it is told to, and passes on what kind of
/// frames it reads. Whoever has answered its ping has queued the end of the receive.
fn pinging() -> (Server, Sender<()>, Receiver<Opcode>) {
    let (go, gone) = channel::<()>();
    let (say, said) = channel();
    let ends = Mutex::new((gone, say));
    let server = web_socket_server(move |connection| {
        let (gone, say) = &*ends.lock().unwrap();
        let _ = gone.recv_timeout(PATIENCE);
        connection.send(b"\x82\x01a\x89\x00")?;
        while let Some(frame) = connection.read_frame()? {
            let _ = say.send(frame.opcode);
        }
        Ok(())
    });
    (server, go, said)
}

#[test]
fn what_was_queued_before_is_delivered_first() {
    let (server, go, said) = pinging();
    let client = Client::<W>::inline();
    let socket = client.web_socket(server.port(), "/");
    let elsewhere = Elsewhere::begin(&client, WRITTEN, move || {
        start_send::<W>(socket, BINARY, Memory::of(b"one"))
    });
    // The other thread's callback keeps the end of the receive from being told, until this thread
    // has one of its own.
    let told = inside(&client, socket, || {
        start_receive::<W>(socket, Memory::new(10)).unwrap();
        go.send(()).unwrap();
        while said.recv_timeout(PATIENCE).unwrap() != Opcode::PONG {}
        start_shutdown::<W>(socket, 1000, b"").unwrap();
    });
    assert_eq!(statuses(&told), [READ, SHUT]);
    elsewhere.end();
    client.finish();
}

#[test]
fn calls_of_two_threads_end_each_on_its_own() {
    let (server, go, said) = pinging();
    let client = Client::<W>::inline();
    let socket = client.web_socket(server.port(), "/");
    let elsewhere = Elsewhere::begin(&client, WRITTEN, move || {
        start_send::<W>(socket, BINARY, Memory::of(b"one"))
    });
    let shutter = Mutex::new(None);
    client.recorder.on(READ, move |_| {
        // Inside the call of the second send, before its own end is told.
        let calls = thread::spawn(move || {
            start_shutdown::<W>(socket, 1000, b"").unwrap();
            thread::current().id()
        });
        *shutter.lock().unwrap() = Some(calls.join().unwrap());
    });
    let told = inside(&client, socket, || {
        start_receive::<W>(socket, Memory::new(10)).unwrap();
        go.send(()).unwrap();
        while said.recv_timeout(PATIENCE).unwrap() != Opcode::PONG {}
        start_send::<W>(socket, BINARY, Memory::of(b"two")).unwrap();
    });
    assert_eq!(statuses(&told), [READ, WRITTEN]);
    let shut = client.recorder.wait(socket, SHUT);
    assert_ne!(shut.thread, thread::current().id());
    elsewhere.end();
    client.finish();
}

#[test]
fn shutdown_and_close_end_inside_the_call() {
    let server = web_socket_server(|connection| {
        connection.send(b"\x82\x01a\x88\x02\x03\xe8")?;
        connection.wait_closed();
        Ok(())
    });
    let client = Client::<W>::inline();
    let socket = client.web_socket(server.port(), "/");
    start_receive::<W>(socket, Memory::new(10)).unwrap();
    client.recorder.wait(socket, READ);
    start_receive::<W>(socket, Memory::new(10)).unwrap();
    let closed = client.recorder.wait_nth(socket, READ, 2);
    let close_type = c::WINHTTP_WEB_SOCKET_CLOSE_BUFFER_TYPE;
    assert_eq!(closed.info, Info::WebSocketStatus(0, close_type));
    let shut = inside(&client, socket, || {
        start_shutdown::<W>(socket, 1000, b"").unwrap();
    });
    assert_eq!(statuses(&shut), [SHUT]);
    let closed = inside(&client, socket, || {
        start_close::<W>(socket, 1000, b"").unwrap();
    });
    assert_eq!(statuses(&closed), [CLOSED], "both close frames are through");
    client.finish();
}

#[test]
fn fact_2_7_receive_response_is_told_inside_the_call() {
    let server = Server::plain(by_path).unwrap();
    let client = Client::<W>::inline();
    let request = client.get(server.port(), "/status?code=200&size=3");
    client.send(request).unwrap();
    let told = inside(&client, request, || client.start_receive(request).unwrap());
    let expected = [
        c::WINHTTP_CALLBACK_STATUS_RECEIVING_RESPONSE,
        c::WINHTTP_CALLBACK_STATUS_RESPONSE_RECEIVED,
        c::WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE,
    ];
    assert_eq!(statuses(&told), expected);
    client.finish();
}

/// A client whose request for `head`, which the server sends in drops, is limited by `option`.
fn drops(head: &'static [u8], option: u32, limit: u32) -> (Client<W>, Handle, impl Sized) {
    let (stop, tick) = ticker(Duration::from_millis(50));
    let server = Server::plain(move |connection| {
        let mut bytes = head.iter();
        if connection.read_head()?.is_none() {
            return Ok(());
        }
        while tick() {
            let Some(byte) = bytes.next() else { break };
            connection.send(&[*byte])?;
        }
        connection.wait_closed();
        Ok(())
    })
    .unwrap();
    let client = Client::<W>::inline();
    let request = client.get(server.port(), "/");
    client
        .put_option(request, option, &limit.to_ne_bytes())
        .unwrap();
    (client, request, (stop, server))
}

#[test]
fn a_send_that_waits_for_the_answer_obeys_the_timeouts_of_receiving_it() {
    let each = c::WINHTTP_OPTION_RECEIVE_TIMEOUT;
    let (client, request, server) = drops(b"", each, 100);
    assert_eq!(client.send(request), Err(c::ERROR_WINHTTP_TIMEOUT));
    client.finish();
    drop(server);
    // Drops come in time, and more of them than the limit of one.
    let (client, request, server) = drops(b"HTTP/1.1 204 No Content\r\n\r\n", each, 1000);
    client.send(request).unwrap();
    let told = inside(&client, request, || client.start_receive(request).unwrap());
    let headers = c::WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE;
    assert_eq!(statuses(&told).last(), Some(&headers));
    client.finish();
    drop(server);
    let whole = c::WINHTTP_OPTION_RECEIVE_RESPONSE_TIMEOUT;
    let (client, request, server) = drops(
        b"HTTP/1.1 200 OK\r\nServer: one that takes its time\r\n\r\n",
        whole,
        300,
    );
    client
        .put_option(request, each, &200_u32.to_ne_bytes())
        .unwrap();
    client
        .put_option(request, whole, &300_u32.to_ne_bytes())
        .unwrap();
    assert_eq!(client.send(request), Err(c::ERROR_WINHTTP_TIMEOUT));
    client.finish();
    drop(server);
}

#[test]
fn receive_response_of_what_is_not_there_begins_inside_the_call() {
    let (answer, answers) = channel::<()>();
    let answers = Mutex::new(answers);
    let server = Server::plain(move |connection| {
        if connection.read_head()?.is_none() {
            return Ok(());
        }
        // A body that is still to come keeps the send from waiting for the answer.
        let _ = answers.lock().unwrap().recv_timeout(PATIENCE);
        connection.send(b"HTTP/1.1 204 No Content\r\n\r\n")
    })
    .unwrap();
    let client = Client::<W>::inline();
    let connect = client.connect("127.0.0.1", server.port()).unwrap();
    let request = client.open_request(connect, "POST", "/", 0).unwrap();
    let sending = winhttp_tests::Sending {
        total: 1,
        ..winhttp_tests::Sending::default()
    };
    client.send_with(request, sending).unwrap();
    let told = inside(&client, request, || {
        assert_eq!(client.write(request, b"x"), Ok(1));
    });
    assert_eq!(statuses(&told), [WRITTEN]);
    let told = inside(&client, request, || client.start_receive(request).unwrap());
    assert_eq!(
        statuses(&told),
        [c::WINHTTP_CALLBACK_STATUS_RECEIVING_RESPONSE]
    );
    answer.send(()).unwrap();
    let headers = c::WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE;
    client.recorder.wait(request, headers);
    client.finish();
}

#[test]
fn errors_of_state_and_data_at_hand_are_told_inside_the_call() {
    let server = Server::plain(by_path).unwrap();
    let client = Client::<W>::inline();
    let request = client.get(server.port(), "/status?code=200&size=3");
    let told = inside(&client, request, || client.start_receive(request).unwrap());
    assert_eq!(statuses(&told), [FAILED]);
    client.exchange(request).unwrap();
    let memory = Memory::new(3);
    let told = inside(&client, request, || {
        let pointer = memory.pointer().cast();
        // SAFETY: the memory lives for ever.
        call(unsafe { winhttp::WinHttpReadData::<W>(request.raw(), pointer, 3, null_mut()) })
            .unwrap();
        assert_eq!(last_error(), c::ERROR_SUCCESS, "it is over");
    });
    assert_eq!(statuses(&told), [READ]);
    client.finish();
}

#[test]
fn from_the_fourth_callback_on_a_stack_on_it_is_pending() {
    let server = Server::plain(by_path).unwrap();
    let client = Client::<W>::inline();
    let request = client.get(server.port(), "/status?code=200&size=10");
    client.exchange(request).unwrap();
    let (say, said) = channel();
    let say = Mutex::new(say);
    client.recorder.on(READ, move |event| {
        if event.length == 0 {
            return;
        }
        let pointer = Memory::new(1).pointer().cast();
        let raw = event.handle.raw();
        // SAFETY: the memory lives for ever.
        call(unsafe { winhttp::WinHttpReadData::<W>(raw, pointer, 1, null_mut()) }).unwrap();
        say.lock().unwrap().send(last_error()).unwrap();
    });
    let pointer = Memory::new(1).pointer().cast();
    // SAFETY: the memory lives for ever.
    call(unsafe { winhttp::WinHttpReadData::<W>(request.raw(), pointer, 1, null_mut()) }).unwrap();
    // The innermost of the three on this stack speaks first.
    let first: Vec<u32> = (0..3)
        .map(|_| said.recv_timeout(PATIENCE).unwrap())
        .collect();
    assert_eq!(first, [c::ERROR_IO_PENDING, 0, 0]);
    client.recorder.wait_nth(request, READ, 11);
    client.finish();
}

/// Run by the test below, with the variable set.
#[test]
fn where_a_send_ends_by_the_environment() {
    let wanted = std::env::var("WINHTTP_SHIM_CALLBACKS").is_ok_and(|value| value == "inline");
    let server = Server::plain(by_path).unwrap();
    let client = Client::<W>::new(Mode::Async);
    let socket = client.web_socket(server.port(), "/echo");
    start_send::<W>(socket, BINARY, Memory::of(b"x")).unwrap();
    let event = client.recorder.wait(socket, WRITTEN);
    assert_eq!(event.thread == thread::current().id(), wanted);
    client.finish();
}

#[test]
fn the_environment_makes_every_session_deliver_inside_the_call() {
    for value in ["inline", "thread", ""] {
        let test = "where_a_send_ends_by_the_environment";
        let mut process = own_test(module_path!(), test);
        let (status, printed, _) = ends(process.env("WINHTTP_SHIM_CALLBACKS", value));
        assert!(
            status.success() && printed.contains("1 passed"),
            "{value:?}: {printed}"
        );
    }
}
