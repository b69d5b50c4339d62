//! Verifies synchronous WebSockets, plain and TLS, whose handles third threads close at any time: a
//! receiver and a sender thread each, numbered echoes, nothing lost or reordered, and nobody stays
//! behind.
//!
//! `WINHTTP_SOAK_ROUNDS` makes it long, `WINHTTP_SOAK_SEED` begins elsewhere.

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Instant;

use winhttp_abi::constants as c;
use winhttp_fixtures::{Server, by_path};
use winhttp_tests::support::secure;
use winhttp_tests::support::tls::{good_server, world};
use winhttp_tests::{Call, Client, Handle, Mode, PATIENCE, start_close, upgrade};

const BINARY: i32 = c::WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE;
const CANCELLED: u32 = c::ERROR_WINHTTP_OPERATION_CANCELLED;
const REFUSED: u32 = c::ERROR_INVALID_OPERATION;

/// Messages of a WebSocket that is left alone.
const MESSAGES: usize = 100;
/// WebSockets at a time.
const SOCKETS: usize = 6;

/// How a WebSocket ends.
#[derive(Clone, Copy, Debug)]
enum End {
    /// By Close, once all has come back.
    Well,
    /// By CloseHandle at any time.
    Handle,
    /// By Close at any time.
    Close,
}

impl End {
    /// The errors with which it may end calls of other threads.
    fn errors(self) -> &'static [u32] {
        match self {
            Self::Well => &[],
            Self::Handle => &[CANCELLED, c::ERROR_INVALID_HANDLE],
            Self::Close => &[CANCELLED, REFUSED],
        }
    }
}

fn number(name: &str, unless_set: usize) -> usize {
    std::env::var(name).map_or(unless_set, |text| text.parse().unwrap())
}

/// Numbers that look random, the same for the same seed (Marsaglia's xorshift).
fn mix(seed: usize) -> usize {
    let mut x = seed.wrapping_mul(0x9e37_79b9).wrapping_add(0x7f4a_7c15);
    for _ in 0..3 {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    x
}

/// A message that is different for every number: mostly small, some larger than any buffer.
fn message(seed: usize, at: usize) -> Vec<u8> {
    let dice = mix(seed.wrapping_add(at.wrapping_mul(7919)));
    let size = match dice % 40 {
        0 => 100_000 + dice % 300_000,
        1..4 => dice % 40_000,
        _ => dice % 300,
    };
    // The length of the pattern divides no buffer's.
    let pattern: Vec<u8> = (0..251).map(|byte| byte ^ dice.to_le_bytes()[0]).collect();
    let mut bytes = at.to_le_bytes().to_vec();
    bytes.extend(pattern.into_iter().cycle().take(size));
    bytes
}

struct World {
    client: Client<u16>,
    plain: Server,
    tls: Server,
}

impl World {
    fn open(&self, is_tls: bool) -> Handle {
        if !is_tls {
            return self.client.web_socket(self.plain.port(), "/echo");
        }
        let request = secure(&self.client, self.tls.port(), "/echo");
        upgrade::<u16>(request).unwrap();
        self.client.exchange(request).unwrap();
        let handle = self.client.complete_upgrade(request, 0).unwrap();
        self.client.close(request).unwrap();
        handle
    }
}

/// Receives until the end: everything that comes is the next in order.
fn receive(world: &World, handle: Handle, seed: usize, end: End, news: &Sender<()>) {
    for at in 0..MESSAGES {
        match world.client.ws_message(handle) {
            Ok((data, BINARY)) => assert!(data == message(seed, at), "message {at} of {seed}"),
            Ok((_, kind)) => panic!("type {kind} at {at} of {seed}"),
            Err(error) => {
                let expected = end.errors();
                assert!(expected.contains(&error), "{error} at {at} of {seed}");
                return;
            }
        }
        // Nobody counts any more once the WebSocket is being closed.
        let _ = news.send(());
    }
}

fn send(world: &World, handle: Handle, seed: usize, end: End) {
    for at in 0..MESSAGES {
        if let Err(error) = world.client.ws_send(handle, BINARY, &message(seed, at)) {
            let expected = end.errors();
            assert!(expected.contains(&error), "{error} at {at} of {seed}");
            return;
        }
    }
}

/// Close, as soon as no send is pending.
fn close(handle: Handle) -> Call<()> {
    let began = Instant::now();
    loop {
        match start_close::<u16>(handle, 1000, b"") {
            Err(REFUSED) if began.elapsed() < PATIENCE => thread::yield_now(),
            result => return result,
        }
    }
}

/// One WebSocket from its opening to its end.
fn play(world: &Arc<World>, seed: usize) {
    let dice = mix(seed);
    let end = [End::Well, End::Handle, End::Close][dice % 3];
    let handle = world.open((dice / 3).is_multiple_of(2));
    let (tell, news) = channel();
    let (done, ends) = channel();
    let (theirs, receiver_done) = (Arc::clone(world), done.clone());
    thread::spawn(move || {
        receive(&theirs, handle, seed, end, &tell);
        drop(theirs);
        receiver_done.send(())
    });
    let theirs = Arc::clone(world);
    thread::spawn(move || {
        send(&theirs, handle, seed, end);
        drop(theirs);
        done.send(())
    });
    let enough = match end {
        End::Well => MESSAGES,
        End::Handle | End::Close => dice / 6 % MESSAGES,
    };
    for at in 0..enough {
        let came = news.recv_timeout(PATIENCE);
        assert_eq!(came, Ok(()), "message {at} of {seed}, {end:?}");
    }
    let ended = match end {
        End::Handle => world.client.close(handle),
        End::Well | End::Close => close(handle),
    };
    assert_eq!(ended, Ok(()), "{seed}, {end:?}");
    for _ in 0..2 {
        let ended = ends.recv_timeout(PATIENCE);
        assert_eq!(ended, Ok(()), "a call stays behind: {seed}, {end:?}");
    }
    if !matches!(end, End::Handle) {
        world.client.close(handle).unwrap();
    }
}

#[test]
fn nothing_is_lost_and_nobody_stays_behind() {
    world();
    let rounds = number("WINHTTP_SOAK_ROUNDS", 4);
    let first = number("WINHTTP_SOAK_SEED", 1);
    let world = Arc::new(World {
        client: Client::new(Mode::Sync),
        plain: Server::plain(by_path).unwrap(),
        tls: good_server(),
    });
    world.plain.set_recording(false);
    world.tls.set_recording(false);
    let player = |place| {
        let world = Arc::clone(&world);
        thread::spawn(move || {
            for round in 0..rounds {
                play(&world, first + round * SOCKETS + place);
            }
        })
    };
    let players: Vec<_> = (0..SOCKETS).map(player).collect();
    for player in players {
        player.join().unwrap();
    }
    assert_eq!(world.plain.violations(), []);
    assert_eq!(world.tls.violations(), []);
    Arc::into_inner(world).unwrap().client.finish();
}
