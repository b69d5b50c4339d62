//! Verifies keep-alive: unsolicited pongs while nothing else happens, by the timer of either mode.
//!
//! The C API's shortest interval is 15 seconds, so this goes through the safe API with an interval
//! of its own.

use std::sync::mpsc::{Sender, channel};

use winhttp_core::api::options::NewValue;
use winhttp_core::api::{Body, Library, OpenRequest, OpenSession, ProxyAccess};
use winhttp_fixtures::{Opcode, Server, by_path};
use winhttp_proto::embed::{Embedder, ReadMemory, UnloadEvent, WriteMemory};
use winhttp_proto::error::Error;
use winhttp_proto::handle::HandleId;
use winhttp_proto::notify::{Notification, Observer};
use winhttp_proto::option::OptionId;
use winhttp_tests::PATIENCE;

/// Short enough for a test, long enough to be a timer's work.
const INTERVAL_MS: u32 = 30;

#[derive(Debug)]
struct Test;

impl Embedder for Test {
    type Observer = Ends;
    type ReadBuffer = Memory;
    type WriteBuffer = Memory;
    type UnloadEvent = NoEvent;
}

/// Sends on when an operation of the request has ended.
#[derive(Clone)]
struct Ends(Sender<()>);

impl Observer for Ends {
    fn selects(&self, _: &Notification) -> bool {
        true
    }

    fn notify(&self, _: HandleId, _: usize, notification: &Notification) {
        if matches!(
            notification,
            Notification::SendRequestComplete { .. } | Notification::HeadersAvailable
        ) {
            self.0.send(()).unwrap();
        }
    }
}

#[derive(Debug)]
struct Memory(Vec<u8>);

impl ReadMemory for Memory {
    fn bytes(&mut self) -> &mut [u8] {
        &mut self.0
    }

    fn address(&self) -> usize {
        0
    }
}

impl WriteMemory for Memory {
    fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn address(&self) -> usize {
        0
    }
}

struct NoEvent;

impl UnloadEvent for NoEvent {
    fn signal(&self) {}
}

/// The number of a WebSocket to a server that only listens.
fn connect(library: &Library<Test>, server: &Server, asynchronous: bool) -> u64 {
    let (ends, ended) = channel();
    let session = OpenSession {
        agent: None,
        proxy: ProxyAccess::Direct,
        asynchronous,
        secure_defaults: false,
    };
    let session = library.open(session).unwrap().bits();
    library
        .session(session)
        .unwrap()
        .handle()
        .set_observer(Some(Ends(ends)));
    let connect = library
        .connect_to(session, "127.0.0.1", server.port())
        .unwrap()
        .bits();
    let request = OpenRequest {
        object: Some("/idle".to_owned()),
        ..OpenRequest::default()
    };
    let request = library.open_request(connect, request).unwrap().bits();
    let object = library.request(request).unwrap();
    let option = OptionId::UPGRADE_TO_WEB_SOCKET.0;
    let upgrade = library.set_option(request, option, false, 0).unwrap();
    upgrade.put(NewValue::Nothing).unwrap();
    let wait = || {
        if asynchronous {
            ended.recv_timeout(PATIENCE).unwrap();
        }
    };
    let no_body = Body {
        optional: None,
        total: 0,
    };
    object.send(None, no_body, 0).unwrap();
    wait();
    object.receive().unwrap();
    wait();
    let websocket = library.complete_upgrade(request, 0).unwrap().bits();
    for handle in [request, connect, session] {
        library.close(handle).unwrap();
    }
    websocket
}

/// The server gets three pongs it did not ask for, empty and masked.
fn assert_pongs(server: &Server) {
    let frames = server.wait_frames(0, 3, PATIENCE).unwrap();
    for frame in frames {
        assert_eq!((frame.opcode, frame.fin), (Opcode::PONG, true));
        assert!(frame.payload.is_empty());
        assert!(frame.masking_key.is_some(), "a client masks");
    }
}

#[test]
fn an_asynchronous_web_socket_sends_pongs_by_itself() {
    let server = Server::plain(by_path).unwrap();
    let library = Library::<Test>::new();
    let handle = connect(&library, &server, true);
    library
        .websocket(handle)
        .unwrap()
        .set_keep_alive_ms(INTERVAL_MS);
    assert_pongs(&server);
    library.close(handle).unwrap();
}

#[test]
fn a_synchronous_web_socket_sends_pongs_while_a_call_waits() {
    let server = Server::plain(by_path).unwrap();
    let library = Library::<Test>::new();
    let handle = connect(&library, &server, false);
    let websocket = library.websocket(handle).unwrap();
    websocket.set_keep_alive_ms(INTERVAL_MS);
    std::thread::scope(|scope| {
        let receive = scope.spawn(|| websocket.receive(Memory(vec![0; 16])));
        assert_pongs(&server);
        library.close(handle).unwrap();
        assert_eq!(
            receive.join().unwrap(),
            Err(Error::OperationCancelled.into())
        );
    });
}
