//! One conversation, however the network cuts it: whole, byte by byte, in pieces, in the library's
//! memory and in the application's, with the smallest and the default buffers.

use super::harness::{
    BINARY_FRAGMENT, BINARY_MESSAGE, CLOSE, FROM_NETWORK, INDICATE_RECEIVE, Memory, PING_PONG,
    RECEIVE, Role, S_OK, Setup, Socket, TO_NETWORK, UTF8_FRAGMENT, UTF8_MESSAGE, frames, masked,
    unmasked,
};

/// What the application learns, with pieces of one message put together.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Told {
    Message(i32, Vec<u8>),
    Pong(Vec<u8>),
    /// What was answered to a ping.
    Answered(Vec<u8>),
    Close(u16, Vec<u8>),
}

/// A conversation: first bytes and payloads of its frames.
fn conversation() -> Vec<(u8, Vec<u8>)> {
    let long: Vec<u8> = (0..700_u32).map(|at| (at * 13) as u8).collect();
    vec![
        (0x81, "text \u{20AC}\u{1F600}".into()),
        (0x82, long.clone()),
        (0x89, b"ping".to_vec()),
        (0x01, "first \u{20AC}".into()),
        (0x8A, b"pong".to_vec()),
        (0x00, vec![]),
        (0x89, vec![0x11; 125]),
        (0x00, "middle".into()),
        (0x80, " last".into()),
        (0x02, long[..300].to_vec()),
        (0x80, vec![]),
        (0x81, vec![]),
        (0x8A, vec![]),
        (0x89, vec![]),
        (0x82, vec![0xFF; 126]),
        (0x88, b"\x03\xE8because".to_vec()),
    ]
}

/// What must be told of it.
fn wanted() -> Vec<Told> {
    let frames = conversation();
    let payload = |at: usize| frames[at].1.clone();
    vec![
        Told::Message(UTF8_MESSAGE, payload(0)),
        Told::Message(BINARY_MESSAGE, payload(1)),
        Told::Answered(b"ping".to_vec()),
        Told::Pong(b"pong".to_vec()),
        Told::Answered(vec![0x11; 125]),
        Told::Message(UTF8_MESSAGE, "first \u{20AC}middle last".into()),
        Told::Message(BINARY_MESSAGE, payload(9)),
        Told::Message(UTF8_MESSAGE, vec![]),
        Told::Pong(vec![]),
        Told::Answered(vec![]),
        Told::Message(BINARY_MESSAGE, payload(14)),
        Told::Close(1000, b"because".to_vec()),
    ]
}

/// Feeds bytes, at most so many at a time, until the close frame.
fn listen(
    socket: &Socket<'_>,
    mut wire: &[u8],
    at_a_time: usize,
    receive: impl Fn(usize),
) -> Vec<Told> {
    let (mut told, mut open, mut kind) = (Vec::new(), Vec::new(), None);
    let mut receives = 0;
    receive(receives);
    loop {
        let action = socket.get(RECEIVE, 1);
        assert_eq!(action.result, S_OK);
        match action.kind {
            FROM_NETWORK => {
                let length = wire.len().min(at_a_time).min(action.total() as usize);
                assert_ne!(length, 0, "more is wanted than there is");
                socket.fill(&action, &wire[..length]);
                wire = &wire[length..];
                continue;
            }
            TO_NETWORK => {
                let frame = frames(&action.bytes()).remove(0);
                assert_eq!(frame.first, 0x8A);
                told.push(Told::Answered(frame.payload));
                socket.done(&action);
                continue;
            }
            _ => assert_eq!(action.kind, INDICATE_RECEIVE),
        }
        socket.done(&action);
        socket.idle(RECEIVE);
        match action.buffer_type {
            CLOSE => {
                told.push(Told::Close(action.entries[0].status, action.bytes()));
                assert!(wire.is_empty());
                return told;
            }
            PING_PONG => told.push(Told::Pong(action.bytes())),
            UTF8_FRAGMENT | BINARY_FRAGMENT => {
                assert!(action.total() > 0, "an empty piece is not told of");
                let message = action.buffer_type & !1;
                assert_eq!(*kind.get_or_insert(message), message, "of one kind");
                open.extend(action.bytes());
            }
            message => {
                assert_eq!(kind.take().unwrap_or(message), message);
                open.extend(action.bytes());
                told.push(Told::Message(message, std::mem::take(&mut open)));
            }
        }
        receives += 1;
        receive(receives);
    }
}

fn wire(role: Role) -> Vec<u8> {
    let frame = if role == Role::Server {
        masked
    } else {
        unmasked
    };
    let all = conversation();
    let all = all.iter().map(|(first, payload)| frame(*first, payload));
    all.collect::<Vec<_>>().concat()
}

#[test]
fn however_the_network_cuts_it() {
    for role in [Role::Server, Role::Client] {
        for receive in [256, 257, 4096] {
            for at_a_time in [1, 2, 7, 255, usize::MAX] {
                let setup = Setup::new(role).receive(receive).memory(Memory::Block);
                let socket = setup.session();
                let told = listen(&socket, &wire(role), at_a_time, |number| {
                    assert_eq!(socket.receive(number), S_OK);
                });
                assert!(told == wanted(), "{role:?} {receive} {at_a_time}: {told:?}");
            }
        }
    }
}

#[test]
fn however_large_the_applications_memory_is() {
    for role in [Role::Server, Role::Client] {
        for room in [1, 2, 3, 100, 5000] {
            for at_a_time in [1, 5, usize::MAX] {
                let rooms: Vec<u8> = vec![0; 2000 * room];
                let rooms = Box::leak(rooms.into_boxed_slice()).as_mut_ptr();
                let length = 2000 * room;
                let socket = Setup::new(role).receive(256).session();
                let told = listen(&socket, &wire(role), at_a_time, |number| {
                    assert!((number + 1) * room <= length);
                    let start = rooms.wrapping_add(number * room);
                    // SAFETY: each receive has a part of its own of memory that is freed below.
                    let part = unsafe { std::slice::from_raw_parts_mut(start, room) };
                    socket.forget_lent();
                    assert_eq!(socket.receive_into(part, number), S_OK);
                });
                assert!(told == wanted(), "{role:?} {room} {at_a_time}: {told:?}");
                drop(socket);
                let all = std::ptr::slice_from_raw_parts_mut(rooms, length);
                // SAFETY: it came from a box, and nothing uses it any more.
                drop(unsafe { Box::from_raw(all) });
            }
        }
    }
}

#[test]
fn receives_with_and_without_memory_take_turns() {
    for at_a_time in [1, 4, usize::MAX] {
        let mut rooms: Vec<[u8; 3]> = vec![[0; 3]; 5000];
        let mut free = rooms.iter_mut();
        let socket = Setup::new(Role::Server).receive(256).session();
        let free = std::cell::RefCell::new(&mut free);
        let told = listen(&socket, &wire(Role::Server), at_a_time, |number| {
            if number % 2 == 0 {
                assert_eq!(socket.receive(number), S_OK);
            } else {
                let room = free.borrow_mut().next().unwrap();
                assert_eq!(socket.receive_into(room, number), S_OK);
            }
        });
        assert!(told == wanted(), "{at_a_time}: {told:?}");
    }
}
