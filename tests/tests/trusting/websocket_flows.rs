//! Verifies whole asynchronous flows over TLS, notification by notification.

use std::sync::Mutex;

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::Server;
use winhttp_tests::support::tls::good_server;
use winhttp_tests::{
    Client, Handle, Info, Memory, Mode, PATIENCE, start_close, start_receive, start_send,
    start_shutdown, upgrade,
};

const BINARY: i32 = c::WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE;
const BINARY_FRAGMENT: i32 = c::WINHTTP_WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE;
const TEXT: i32 = c::WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE;
const CLOSE: i32 = c::WINHTTP_WEB_SOCKET_CLOSE_BUFFER_TYPE;

const CREATED: u32 = c::WINHTTP_CALLBACK_STATUS_HANDLE_CREATED;
const CLOSING: u32 = c::WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING;
const WRITTEN: u32 = c::WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE;
const READ: u32 = c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE;
const FAILED: u32 = c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR;
const CLOSED: u32 = c::WINHTTP_CALLBACK_STATUS_CLOSE_COMPLETE;
const SHUT: u32 = c::WINHTTP_CALLBACK_STATUS_SHUTDOWN_COMPLETE;

/// What SendRequest and ReceiveResponse tell on a new connection.
const EXCHANGE: [u32; 10] = [
    c::WINHTTP_CALLBACK_STATUS_RESOLVING_NAME,
    c::WINHTTP_CALLBACK_STATUS_NAME_RESOLVED,
    c::WINHTTP_CALLBACK_STATUS_CONNECTING_TO_SERVER,
    c::WINHTTP_CALLBACK_STATUS_CONNECTED_TO_SERVER,
    c::WINHTTP_CALLBACK_STATUS_SENDING_REQUEST,
    c::WINHTTP_CALLBACK_STATUS_REQUEST_SENT,
    c::WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE,
    c::WINHTTP_CALLBACK_STATUS_RECEIVING_RESPONSE,
    c::WINHTTP_CALLBACK_STATUS_RESPONSE_RECEIVED,
    c::WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE,
];

/// Who is told, in a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Session,
    Connect,
    Request,
    Socket,
}

use Who::{Connect, Request, Session, Socket};

/// Where completions are delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// On the callback thread.
    Thread,
    /// On the calling thread inside the call, as Windows does (ASSURED_NON_BLOCKING_CALLBACKS).
    Caller,
}

struct Flow<W: Unit> {
    client: Client<W>,
    connect: Handle,
    request: Handle,
    socket: Handle,
    place: Place,
    server: Server,
}

impl<W: Unit> Flow<W> {
    /// Up to the open connection of a request that was not sent.
    fn begin(place: Place, path: &str) -> Self {
        let server = good_server();
        let client = if place == Place::Caller {
            Client::<W>::inline()
        } else {
            Client::<W>::on_callback_thread(Mode::Async)
        };
        let connect = client.connect("127.0.0.1", server.port()).unwrap();
        let secure = c::WINHTTP_FLAG_SECURE;
        let request = client.open_request(connect, "GET", path, secure).unwrap();
        upgrade::<W>(request).unwrap();
        Self {
            client,
            connect,
            request,
            socket: Handle::NULL,
            place,
            server,
        }
    }

    /// Up to the WebSocket.
    fn open(place: Place, path: &str) -> Self {
        let mut flow = Self::begin(place, path);
        flow.upgrade();
        flow
    }

    fn upgrade(&mut self) {
        assert_eq!(self.client.exchange(self.request), Ok(()));
        self.socket = self.client.complete_upgrade(self.request, 0).unwrap();
    }

    /// Everything told so far, in order.
    fn told(&self) -> Vec<(Who, u32)> {
        let who = |handle| match handle {
            handle if handle == self.client.session => Session,
            handle if handle == self.connect => Connect,
            handle if handle == self.request => Request,
            handle if handle == self.socket => Socket,
            other => panic!("{other:?} is none of ours"),
        };
        let events = self.client.recorder.events();
        events
            .iter()
            .map(|event| (who(event.handle), event.status))
            .collect()
    }

    /// Makes a call that cancels an operation of the WebSocket: it reports that before it returns,
    /// wherever completions are delivered.
    fn cancels(&self, call: impl FnOnce()) {
        self.completes_at(Place::Caller, FAILED, call);
    }

    /// Makes a call that completes with `status` on the WebSocket, and waits; where completions
    /// come inside the call, this one must have.
    fn completes(&self, status: u32, call: impl FnOnce()) {
        self.completes_at(self.place, status, call);
    }

    fn completes_at(&self, place: Place, status: u32, call: impl FnOnce()) {
        let before = self.client.events(self.socket);
        call();
        if place == Place::Caller {
            let events = self.client.recorder.events_of(self.socket);
            assert_eq!(events[before].status, status);
            assert_eq!(events[before].thread, std::thread::current().id());
        } else {
            let event = self
                .client
                .recorder
                .wait_after(self.socket, before, &[status]);
            assert_ne!(event.thread, std::thread::current().id());
        }
    }

    /// Closes a handle and waits for its last word.
    fn close(&self, handle: Handle) {
        assert_eq!(self.client.close(handle), Ok(()));
        self.client.recorder.wait(handle, CLOSING);
    }

    fn close_all(&self) {
        for handle in [self.socket, self.request, self.connect, self.client.session] {
            self.close(handle);
        }
    }

    /// What is told of the WebSocket's life after `told`.
    fn socket_since(&self, told: usize) -> Vec<u32> {
        self.client.recorder.statuses_of(self.socket)[told..].to_vec()
    }

    fn end(self) {
        self.client.finish();
        assert_eq!(self.server.violations(), []);
    }
}

fn cancelled(operation: i32) -> Info {
    Info::WebSocketResult(0, c::ERROR_WINHTTP_OPERATION_CANCELLED, operation)
}

/// Every flow in both widths and both places of delivery.
macro_rules! flows {
    ($(fn $name:ident<$W:ident>($place:ident) $body:block)*) => {$(
        mod $name {
            use super::*;

            fn flow<$W: Unit>($place: Place) $body

            #[test]
            fn utf16_on_the_callback_thread() {
                flow::<u16>(Place::Thread);
            }

            #[test]
            fn wchar32_on_the_callback_thread() {
                flow::<u32>(Place::Thread);
            }

            #[test]
            fn utf16_inside_the_call() {
                flow::<u16>(Place::Caller);
            }

            #[test]
            fn wchar32_inside_the_call() {
                flow::<u32>(Place::Caller);
            }
        }
    )*};
}

flows! {
    fn fact_9_7_a_everything_in_order<W>(place) {
        let mut flow = Flow::<W>::begin(place, "/greeting");
        let send_buffer = c::WINHTTP_OPTION_WEB_SOCKET_SEND_BUFFER_SIZE;
        let set = |flow: &Flow<W>, size: u32| {
            flow.client.put_option(flow.request, send_buffer, &size.to_ne_bytes()).unwrap();
        };
        set(&flow, 15);
        assert_eq!(flow.client.send(flow.request), Err(c::ERROR_NOT_ENOUGH_MEMORY));
        set(&flow, 65536);
        flow.upgrade();
        flow.close(flow.request);

        let socket = flow.socket;
        let send = |kind, data: &[u8]| {
            let data = Memory::of(data);
            flow.completes(WRITTEN, || assert_eq!(start_send::<W>(socket, kind, data), Ok(())));
        };
        send(BINARY_FRAGMENT, &[1; 8192]);
        send(BINARY_FRAGMENT, &[2; 8192]);
        send(BINARY, b"");
        send(TEXT, b"short");
        flow.completes(SHUT, || assert_eq!(start_shutdown::<W>(socket, 1000, b"bye"), Ok(())));

        assert_eq!(flow.client.ws_message(socket), Ok((b"hello".to_vec(), TEXT)));
        let back = [[1; 8192], [2; 8192]].concat();
        assert_eq!(flow.client.ws_message(socket), Ok((back, BINARY)));
        let reads = flow.client.events(socket) - 6;
        assert_eq!(flow.client.ws_close(socket, 1000, b""), Ok(()));
        assert_eq!(flow.client.ws_close_status(socket), Ok((1000, b"bye".to_vec())));
        for handle in [socket, flow.connect, flow.client.session] {
            flow.close(handle);
        }

        let mut expected = vec![(Connect, CREATED), (Request, CREATED), (Request, FAILED)];
        expected.extend(EXCHANGE.map(|status| (Request, status)));
        expected.extend([(Socket, CREATED), (Request, CLOSING)]);
        expected.extend([(Socket, WRITTEN); 4]);
        expected.push((Socket, SHUT));
        expected.extend(vec![(Socket, READ); reads]);
        expected.extend([(Socket, CLOSED), (Socket, CLOSING)]);
        expected.extend([(Connect, CLOSING), (Session, CLOSING)]);
        assert_eq!(flow.told(), expected);
        flow.end();
    }

    fn fact_9_7_b_close_with_a_receive_pending<W>(place) {
        let flow = Flow::<W>::open(place, "/greeting");
        let (socket, start) = (flow.socket, flow.client.events(flow.socket));
        assert_eq!(flow.client.ws_message(socket), Ok((b"hello".to_vec(), TEXT)));
        assert_eq!(start_receive::<W>(socket, Memory::new(100)), Ok(()));
        flow.cancels(|| assert_eq!(start_close::<W>(socket, 1000, b""), Ok(())));
        flow.client.recorder.wait(socket, CLOSED);
        flow.close_all();
        let expected = [READ, FAILED, CLOSED, CLOSING];
        assert_eq!(flow.socket_since(start), expected);
        let error = flow.client.recorder.wait(socket, FAILED);
        assert_eq!(error.info, cancelled(c::WINHTTP_WEB_SOCKET_RECEIVE_OPERATION));
        let told = flow.told();
        let closings = [Socket, Request, Connect, Session].map(|who| (who, CLOSING));
        assert_eq!(told[told.len() - 4..], closings);
        flow.end();
    }

    fn fact_9_7_c_close_handle_during_close_with_a_receive_pending<W>(place) {
        let flow = Flow::<W>::open(place, "/no-close-answer");
        let (socket, start) = (flow.socket, flow.client.events(flow.socket));
        assert_eq!(start_receive::<W>(socket, Memory::new(100)), Ok(()));
        flow.cancels(|| assert_eq!(start_close::<W>(socket, 1000, b""), Ok(())));
        flow.cancels(|| assert_eq!(flow.client.close(socket), Ok(())));
        flow.client.recorder.wait(socket, CLOSING);
        assert_eq!(flow.socket_since(start), [FAILED, FAILED, CLOSING]);
        let events = flow.client.recorder.events_of(socket);
        assert_eq!(events[start].info, cancelled(c::WINHTTP_WEB_SOCKET_RECEIVE_OPERATION));
        assert_eq!(events[start + 1].info, cancelled(c::WINHTTP_WEB_SOCKET_CLOSE_OPERATION));
        flow.end();
    }

    fn fact_9_7_d_close_handle_with_a_receive_pending<W>(place) {
        let flow = Flow::<W>::open(place, "/echo");
        let (socket, start) = (flow.socket, flow.client.events(flow.socket));
        assert_eq!(start_receive::<W>(socket, Memory::new(100)), Ok(()));
        flow.cancels(|| assert_eq!(flow.client.close(socket), Ok(())));
        flow.client.recorder.wait(socket, CLOSING);
        assert_eq!(flow.socket_since(start), [FAILED, CLOSING]);
        let error = flow.client.recorder.wait(socket, FAILED);
        assert_eq!(error.info, cancelled(c::WINHTTP_WEB_SOCKET_RECEIVE_OPERATION));
        assert_eq!(error.length, 24);
        flow.end();
    }

    fn fact_9_7_e_shutdown_with_a_receive_pending<W>(place) {
        let flow = Flow::<W>::open(place, "/echo");
        let (socket, start) = (flow.socket, flow.client.events(flow.socket));
        assert_eq!(start_receive::<W>(socket, Memory::new(100)), Ok(()));
        flow.completes(SHUT, || assert_eq!(start_shutdown::<W>(socket, 1000, b""), Ok(())));
        let read = flow.client.recorder.wait(socket, READ);
        assert_eq!((read.info, read.length), (Info::WebSocketStatus(0, CLOSE), 8));
        // Not asked here whose thread it comes on: the read's callback may not have returned yet.
        assert_eq!(start_close::<W>(socket, 1000, b""), Ok(()));
        let closed = flow.client.recorder.wait(socket, CLOSED);
        assert_eq!((closed.info, closed.length), (Info::None, 0));
        flow.close_all();
        assert_eq!(flow.socket_since(start), [SHUT, READ, CLOSED, CLOSING]);
        let told = flow.told();
        let closings = [Socket, Request, Connect, Session].map(|who| (who, CLOSING));
        assert_eq!(told[told.len() - 4..], closings);
        flow.end();
    }

    fn expectation_1_the_upgrade_and_the_first_receive_inside_headers_available<W>(place) {
        static OPENED: Mutex<Vec<(Handle, Handle)>> = Mutex::new(Vec::new());
        let mut flow = Flow::<W>::begin(place, "/greeting");
        let recorder = flow.client.recorder.clone();
        let callback = recorder.callback::<W>();
        recorder.on(c::WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE, move |event| {
            let request = event.handle.raw();
            // SAFETY: no memory is passed.
            let socket = unsafe { winhttp::WinHttpWebSocketCompleteUpgrade::<W>(request, 7) };
            // SAFETY: any number may be passed.
            assert_eq!(unsafe { winhttp::WinHttpCloseHandle::<W>(request) }, 1);
            let all = c::WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS;
            // SAFETY: the callback lives as long as the process.
            let before = unsafe {
                winhttp::WinHttpSetStatusCallback::<W>(socket, Some(callback), all, 0)
            };
            assert_ne!(before, usize::MAX);
            assert_eq!(start_receive::<W>(socket.into(), Memory::new(100)), Ok(()));
            OPENED.lock().unwrap().push((event.handle, socket.into()));
        });
        assert_eq!(flow.client.exchange(flow.request), Ok(()));
        flow.client.recorder.wait(flow.request, CLOSING);
        let opened = OPENED.lock().unwrap().iter().find(|o| o.0 == flow.request).copied();
        flow.socket = opened.unwrap().1;
        let read = flow.client.recorder.wait(flow.socket, READ);
        assert_eq!((read.info, read.context), (Info::WebSocketStatus(5, TEXT), 7));
        assert_eq!(flow.client.ws_close(flow.socket, 1000, b""), Ok(()));
        flow.close(flow.socket);
        assert!(flow.server.wait_peer_end(0, PATIENCE).is_some());
        flow.end();
    }
}
