//! Whole programs in one process: scenarios 89 and 90.

use std::io::{self, Read, Write};

use super::harness::driver::Driver;
use super::harness::headers::{and, request};
use super::harness::raw::complete;
use super::harness::{
    ALL, BINARY_FRAGMENT, BINARY_MESSAGE, CLOSE, Frame, INDICATE_RECEIVE, INDICATE_SEND, Memory,
    NO_ACTION, RECEIVE, Role, S_OK, SEND, Setup, Socket, TO_NETWORK, UTF8_FRAGMENT, UTF8_MESSAGE,
    frames, masked,
};

/// The loop of Microsoft's example: actions of both queues until there is none, whatever comes,
/// each completed.
fn run_loop(
    socket: &Socket<'_>,
    outgoing: &mut Vec<u8>,
    incoming: &mut &[u8],
) -> Vec<(i32, Vec<u8>)> {
    let mut indicated = Vec::new();
    loop {
        let action = socket.get(ALL, 2);
        assert_eq!(action.result, S_OK);
        let mut bytes = 0;
        match action.kind {
            TO_NETWORK => {
                outgoing.extend(action.bytes());
                bytes = action.total();
            }
            super::harness::FROM_NETWORK => {
                let length = incoming.len().min(action.total() as usize);
                socket.fill_without_completing(&action, &incoming[..length]);
                *incoming = &incoming[length..];
                bytes = length as u32;
            }
            INDICATE_RECEIVE => {
                assert_eq!(action.count, 1, "any other count is fatal there");
                indicated.push((action.buffer_type, action.bytes()));
            }
            _ => {}
        }
        // Also after no action: it is harmless.
        complete(socket.handle(), action.context, bytes);
        if action.kind == NO_ACTION {
            return indicated;
        }
    }
}

#[test]
fn scenario_89_microsofts_example() {
    let client = Setup::new(Role::Client).create();
    let server = Setup::new(Role::Server).create();
    let request = client.begin_client(&[], &[], &[]).unwrap();
    let request = and(&request, "Host", "localhost");
    let response = server.begin_server(None, &[], &request).unwrap();
    assert_eq!(client.end_client(&response), S_OK);
    assert_eq!(server.end_server(), S_OK);
    for (from, to) in [(&client, &server), (&server, &client)] {
        let mut wire = Vec::new();
        assert_eq!(from.send(UTF8_MESSAGE, b"Hello World", 0), S_OK);
        assert_eq!(run_loop(from, &mut wire, &mut &[][..]), []);
        assert_eq!(to.receive(0), S_OK);
        let indicated = run_loop(to, &mut Vec::new(), &mut &wire[..]);
        assert_eq!(indicated, [(UTF8_MESSAGE, b"Hello World".to_vec())]);
        from.idle(ALL);
        to.idle(ALL);
    }
}

/// A transport that gives what a peer has sent, in reads of changing sizes, and keeps what is
/// written.
struct Pipe {
    incoming: Vec<u8>,
    read: usize,
    outgoing: Vec<u8>,
    reads: usize,
}

impl Read for Pipe {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.reads += 1;
        let length = 1 + (self.reads * 7919) % 20000;
        let rest = &self.incoming[self.read..];
        let length = length.min(room.len()).min(rest.len());
        room[..length].copy_from_slice(&rest[..length]);
        self.read += length;
        Ok(length)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.outgoing.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Message `number` of a hundred, of 1 to 70000 bytes; even ones are text.
fn message(number: usize) -> (u8, Vec<u8>) {
    let length = 1 + number * 69_999 / 99;
    let byte = |at: usize| b'a' + ((at + number) % 26) as u8;
    let opcode = if number.is_multiple_of(2) { 1 } else { 2 };
    (opcode, (0..length).map(byte).collect())
}

/// Puts the frames of messages together again.
fn messages(frames: &[Frame]) -> Vec<(u8, Vec<u8>)> {
    let mut found: Vec<(u8, Vec<u8>)> = Vec::new();
    let mut is_open = false;
    for frame in frames {
        assert_eq!(frame.key, None, "a server does not mask");
        if is_open {
            assert_eq!(frame.first & 0x7F, 0, "a continuation");
            found.last_mut().unwrap().1.extend(&frame.payload);
        } else {
            found.push((frame.first & 0x7F, frame.payload.clone()));
        }
        is_open = frame.first & 0x80 == 0;
    }
    assert!(!is_open);
    found
}

#[test]
fn scenario_90_a_dotnet_server() {
    // The harness checks every address, length and guard byte.
    let setup = Setup::new(Role::Server).receive(16384).send(16);
    let server = setup.memory(Memory::Block).create();
    server.begin_server(None, &[], &request()).unwrap();
    let sent: Vec<(u8, Vec<u8>)> = (0..100).map(message).collect();
    let mut incoming = Vec::new();
    for (opcode, payload) in &sent {
        incoming.extend(masked(0x80 | opcode, payload));
    }
    incoming.extend(masked(0x88, &1001_u16.to_be_bytes()));
    let stream = Pipe {
        incoming,
        read: 0,
        outgoing: Vec::new(),
        reads: 0,
    };
    let mut driver = Driver {
        socket: &server,
        stream,
    };
    // The close frame is answered with a reason that is not NULL and has no bytes.
    let close = driver.echo();
    assert_eq!(
        (close.kind, close.status, close.bytes),
        (CLOSE, 1001, vec![])
    );
    server.idle(SEND);
    server.idle(RECEIVE);
    let mut echoed = frames(&driver.stream.outgoing);
    let last = echoed.pop().unwrap();
    assert_eq!((last.first, last.payload), (0x88, vec![0x03, 0xE9]));
    assert!(messages(&echoed) == sent, "what was sent came back");
}

#[test]
fn scenario_90_dotnets_abort_drains_without_failure() {
    let setup = Setup::new(Role::Server).receive(16384).send(16);
    let server = setup.memory(Memory::Block).session();
    assert_eq!(server.send(UTF8_MESSAGE, b"never", 1), S_OK);
    assert_eq!(server.receive(2), S_OK);
    server.feed(&masked(0x83, b""));
    assert!(server.get(RECEIVE, 1).result != S_OK);
    server.abort();
    for (queue, kind) in [(SEND, INDICATE_SEND), (RECEIVE, INDICATE_RECEIVE)] {
        let mut kinds = Vec::new();
        loop {
            let action = server.get(queue, 1);
            assert_eq!(action.result, S_OK);
            complete(server.handle(), action.context, 0);
            if action.kind == NO_ACTION {
                break;
            }
            kinds.push(action.kind);
        }
        assert_eq!(kinds, [kind]);
    }
}

/// mORMot's pattern: the context of a read is kept, and the call returns; sends are
/// completed with 0.
#[test]
fn a_read_that_is_completed_much_later() {
    let server = super::harness::server();
    assert_eq!(server.receive(1), S_OK);
    let read = server.expect(RECEIVE, super::harness::FROM_NETWORK);
    for context in 10..500 {
        assert_eq!(server.send(BINARY_MESSAGE, b"data", context), S_OK);
        if context > 10 {
            let end = server.expect(SEND, INDICATE_SEND);
            assert_eq!(end.application, context - 1);
            server.done(&end);
        }
        let send = server.expect(SEND, TO_NETWORK);
        assert_eq!(server.complete(&send, 0), S_OK);
    }
    server.fill(&read, &masked(0x01, b"late"));
    assert_eq!(server.indicated(UTF8_FRAGMENT).bytes(), b"late");
    // Receive again without waiting for no action.
    assert_eq!(server.receive(2), S_OK);
    server.feed(&masked(0x80, b"end"));
    assert_eq!(server.indicated(UTF8_MESSAGE).bytes(), b"end");
}

/// Marlin's pattern: only the header is taken from the library, and completed with its length.
#[test]
fn a_driver_that_appends_the_payload_itself() {
    let server = super::harness::server();
    for context in 0..100 {
        assert_eq!(server.send(BINARY_FRAGMENT, b"part", context), S_OK);
        let action = server.expect(ALL, TO_NETWORK);
        let header = &action.entries[0];
        let first = if context == 0 { 0x02 } else { 0x00 };
        assert_eq!(header.bytes, [first, 4]);
        assert_eq!(server.complete(&action, header.length), S_OK);
        let end = server.expect(ALL, INDICATE_SEND);
        assert_eq!(end.application, context);
        server.done(&end);
        server.idle(ALL);
    }
}
