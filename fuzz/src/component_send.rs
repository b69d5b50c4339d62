//! Calls of libwebsocket in any order: sends, receives, actions, completions with any count,
//! handshakes in the wrong place, and calls with arguments that no program should pass.
//!
//! Input: properties of two handles, then calls. What is valid is held to `judge`'s prediction,
//! frames byte by byte; what is not must be refused and change nothing. In the end both are
//! aborted, and each operation has been indicated once.

use core::ffi::c_void;

use winhttp_abi::constants as c;

use crate::component_receive::setup;
use crate::input::Input;
use crate::judge::{Close, Judge, Kind, Message};

mod hostile;
mod misplaced;

const CALLS_MAX: usize = 300;
/// Handles that were deleted and are called again.
const DEAD_MAX: usize = 8;
/// Operations of a handle that wait at once.
const QUEUED_MAX: usize = 12;

/// Two handles, and numbers of others.
struct World {
    judges: [Judge; 2],
    dead: Vec<*mut c_void>,
}

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let mut judge = |stage: u8| {
        let mut judge = Judge::new(setup(&mut input));
        match stage {
            0 => {}
            1 => drop(judge.begin()),
            _ => judge.shake_hands(),
        }
        judge
    };
    let stages = data.last().copied().unwrap_or(0xff);
    let judges = [judge(stages & 3), judge(stages >> 2 & 3)];
    let mut world = World {
        judges,
        dead: Vec::new(),
    };
    for _ in 0..CALLS_MAX {
        if input.is_empty() {
            break;
        }
        call(&mut world, &mut input);
    }
    for mut judge in world.judges {
        judge.drain();
        assert!(!judge.in_session() || judge.queued() == (0, 0));
        judge.delete();
    }
}

fn call(world: &mut World, input: &mut Input<'_>) {
    let choice = input.byte();
    let own = usize::from(choice >> 7);
    let judge = &mut world.judges[own];
    match choice & 31 {
        0..=5 => send(judge, input),
        6..=8 => {
            if judge.queued().1 < QUEUED_MAX {
                let size = usize::from(input.byte());
                judge.receive((size & 1 == 1).then_some(size));
            }
        }
        9..=16 => {
            let how = input.byte();
            let queue = [
                c::WEB_SOCKET_ALL_ACTION_QUEUE,
                c::WEB_SOCKET_SEND_ACTION_QUEUE,
                c::WEB_SOCKET_RECEIVE_ACTION_QUEUE,
            ][usize::from(how % 3)];
            judge.poll(queue, [2, 1, 3, 0][usize::from(how >> 2 & 3)]);
        }
        17..=19 => {
            let bytes = judge.outstanding_send().unwrap_or(0);
            judge.complete_send(count(bytes, input));
        }
        20..=21 => {
            let bytes = judge.outstanding_receive().unwrap_or(0);
            judge.complete_receive(count(bytes, input));
        }
        22..=23 => receive(judge, input),
        24 => judge.complete_stale(input.below(8), u32::from(input.byte())),
        25 => hostile::completion(&mut world.judges, own, input),
        26 => hostile::handle(world, own, input),
        27 => hostile::arguments(judge, input),
        28 => misplaced::handshake(judge, input),
        29 => misplaced::creation(input),
        30 => misplaced::global(input),
        _ => end(world, own, input),
    }
}

fn send(judge: &mut Judge, input: &mut Input<'_>) {
    if judge.queued().0 >= QUEUED_MAX {
        return;
    }
    let how = input.byte();
    let message = match how & 7 {
        0..=3 => {
            let kind = if how & 8 == 0 {
                Kind::Binary
            } else {
                Kind::Text
            };
            let repeats = [1, 1, 3, 300][usize::from(how >> 5 & 3)];
            Message::Data(kind, how & 16 == 0, input.short().repeat(repeats))
        }
        4 => Message::Ping,
        5 => Message::Pong,
        6 if how & 8 == 0 => Message::Close(None),
        _ => Message::Close(Some(Close {
            status: input.number(),
            reason: input.short().to_vec(),
        })),
    };
    judge.send(message);
}

/// The right number of bytes, or one that no driver should report.
fn count(right: usize, input: &mut Input<'_>) -> u32 {
    let right = right as u32;
    match input.byte() & 7 {
        0 => 0,
        1 => right.wrapping_sub(1),
        2 => right.wrapping_add(1),
        3 => u32::MAX,
        _ => right,
    }
}

/// Bytes from the peer: as they are, or a frame that fits the role.
fn receive(judge: &mut Judge, input: &mut Input<'_>) {
    let Some(room) = judge.outstanding_read() else {
        return;
    };
    let first = input.byte();
    let payload = input.short();
    let mut bytes = Vec::new();
    if first & 0x40 == 0 {
        let short = &payload[..payload.len().min(125)];
        let masked = judge.setup.role == crate::judge::Role::Server;
        bytes.push(first);
        bytes.push(short.len() as u8 | if masked { 0x80 } else { 0 });
        let key = [first, 1, 2, 3];
        if masked {
            bytes.extend(key);
            bytes.extend(
                short
                    .iter()
                    .zip(key.into_iter().cycle())
                    .map(|(a, b)| a ^ b),
            );
        } else {
            bytes.extend(short);
        }
    } else {
        bytes.extend(payload);
    }
    bytes.truncate(room);
    if !bytes.is_empty() {
        judge.feed(&bytes);
    }
}

/// The end of a handle, and sometimes a new one in its place.
fn end(world: &mut World, own: usize, input: &mut Input<'_>) {
    let how = input.byte();
    let judge = &mut world.judges[own];
    match how & 3 {
        0 => judge.abort(),
        1 => judge.drain(),
        _ => {
            let mut new = Judge::new(setup(input));
            if how & 4 == 0 {
                new.shake_hands();
            }
            let old = core::mem::replace(judge, new);
            if world.dead.len() == DEAD_MAX {
                world.dead.remove(0);
            }
            world.dead.push(old.delete());
        }
    }
}
