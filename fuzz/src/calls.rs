//! Sequences of calls through the exported functions against a scripted peer, in either mode and
//! string width.
//!
//! Input: mode and width, the peer's scripts, what happens inside callbacks, then the calls. Holds
//! the library to documented results only, to [`board`]'s accounts, and to frames that the peer may
//! accept; what a WebSocket receives is what an independent decoder makes of the peer's bytes.

mod board;
mod check;
mod memory;
mod peer;
mod world;

use winhttp_abi::wide::Unit;

use self::peer::{Peer, Scripts};
use self::world::World;
use crate::input::Input;

const CALLS_MAX: usize = 40;

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let setup = input.byte();
    let peer = Peer::start(Scripts::read(&mut input));
    if setup & 2 == 0 {
        play::<u16>(setup, peer, &mut input);
    } else {
        play::<u32>(setup, peer, &mut input);
    }
}

fn play<W: Unit>(setup: u8, peer: Peer, input: &mut Input<'_>) {
    let mut world = World::<W>::new(setup & 1 == 1, peer.port);
    for _ in 0..setup >> 2 & 3 {
        world.hook(input);
    }
    if setup & 16 == 0 {
        world.open_websocket();
    }
    for _ in 0..CALLS_MAX {
        if input.is_empty() {
            break;
        }
        world.call(input);
    }
    world.close_all(setup & 32 == 0);
    let sent = std::sync::Arc::clone(&peer.sent);
    let logs = board::finish();
    peer.stop();
    let sent = sent.lock().expect("the peer's threads have ended");
    for log in logs {
        if let Some(number) = log.number {
            check::received(&sent[number], &log.received);
        }
    }
}
