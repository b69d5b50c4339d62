//! One thread: picks handles and functions, and judges the results.

use std::ptr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use winhttp_abi::constants as c;
use winhttp_abi::types::{DataBuffer, WebSocketBuffer};
use winhttp_tests::judge::{Role, S_OK, functions as f};

use super::track::{BUFFER_SIZE, Pending, Table, Track, ask};

/// Lent to every send; nobody writes to it.
static PAYLOAD: [u8; 1000] = [b'a'; 1000];
/// What peers send: a text, a ping and a piece of bytes, all masked with the key 0.
const TO_SERVER: &[u8] = b"\x81\x83\0\0\0\0abc\x89\x82\0\0\0\0hi\x02\x81\0\0\0\0x\x80\x80\0\0\0\0";
const TO_CLIENT: &[u8] = b"\x81\x03abc\x89\x02hi\x02\x01x\x80\x00";
/// Operations of a handle that wait at once.
const WAITING_MAX: usize = 50;
/// Actions that wait for somebody.
const PENDING_MAX: usize = 64;

pub(crate) struct Caller<'a> {
    table: &'a Table,
    number: u64,
}

impl<'a> Caller<'a> {
    pub(crate) fn new(table: &'a Table, seed: u64) -> Self {
        Self {
            table,
            number: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
        }
    }

    /// Marsaglia's xorshift.
    fn below(&mut self, limit: usize) -> usize {
        self.number ^= self.number << 13;
        self.number ^= self.number >> 7;
        self.number ^= self.number << 17;
        (self.number >> 33) as usize % limit
    }

    /// A live handle, or now and then one that was deleted.
    fn track(&mut self) -> Arc<Track> {
        let (which, place) = (self.below(50), self.below(1000));
        let list = if which == 0 {
            &self.table.dead
        } else {
            &self.table.live
        };
        let list = list.lock().unwrap();
        match list.len() {
            0 => Arc::clone(&self.table.live.lock().unwrap()[0]),
            count => Arc::clone(&list[place % count]),
        }
    }

    pub(crate) fn call(&mut self) {
        let track = self.track();
        match self.below(1000) {
            0..180 => self.send(&track),
            180..360 => self.receive(&track),
            360..640 => self.ask(&track),
            640..960 => self.complete(),
            960..980 => self.garbage(&track),
            980..984 => {
                // SAFETY: no memory is passed.
                let result = unsafe { f::WebSocketAbortHandle(track.handle()) };
                judge(&track, result, &[]);
            }
            984..988 => {
                let old = self.table.replace(self.below(1000));
                // SAFETY: no memory is passed, and what was lent lives on.
                assert_eq!(unsafe { f::WebSocketDeleteHandle(old.handle()) }, S_OK);
            }
            _ => self.misplaced(&track),
        }
    }

    fn waiting(track: &Track, which: usize) -> usize {
        let accepted = track.accepted[which].load(Ordering::Relaxed);
        accepted.saturating_sub(track.completed[which].load(Ordering::Relaxed))
    }

    fn send(&mut self, track: &Arc<Track>) {
        if Self::waiting(track, 0) > WAITING_MAX {
            return;
        }
        let payload = &PAYLOAD[..self.below(PAYLOAD.len())];
        let mut buffer = data(payload.as_ptr().cast_mut(), payload.len() as u32);
        let (kind, buffer) = match self.below(20) {
            0 => (c::WEB_SOCKET_PING_PONG_BUFFER_TYPE, ptr::null_mut()),
            1 => (c::WEB_SOCKET_UNSOLICITED_PONG_BUFFER_TYPE, ptr::null_mut()),
            2 => (c::WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE, &raw mut buffer),
            3 if self.below(50) == 0 => (c::WEB_SOCKET_CLOSE_BUFFER_TYPE, ptr::null_mut()),
            4..10 => (c::WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE, &raw mut buffer),
            _ => (c::WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE, &raw mut buffer),
        };
        // SAFETY: the structure lives through the call, the payload for ever.
        let result = unsafe { f::WebSocketSend(track.handle(), kind, buffer, ptr::null_mut()) };
        if judge(track, result, &[c::E_INVALID_PROTOCOL_OPERATION]) {
            track.accepted[0].fetch_add(1, Ordering::AcqRel);
        }
    }

    fn receive(&mut self, track: &Arc<Track>) {
        if Self::waiting(track, 1) > WAITING_MAX {
            return;
        }
        let (pointer, length) = track.target();
        let mut target = data(pointer, length);
        let buffer = if self.below(3) == 0 {
            &raw mut target
        } else {
            ptr::null_mut()
        };
        // SAFETY: the structure lives through the call, the memory longer than the handle.
        let result = unsafe { f::WebSocketReceive(track.handle(), buffer, ptr::null_mut()) };
        if judge(track, result, &[c::E_INVALID_PROTOCOL_OPERATION]) {
            track.accepted[1].fetch_add(1, Ordering::AcqRel);
        }
    }

    fn ask(&mut self, track: &Arc<Track>) {
        let queue = [
            c::WEB_SOCKET_SEND_ACTION_QUEUE,
            c::WEB_SOCKET_RECEIVE_ACTION_QUEUE,
            c::WEB_SOCKET_ALL_ACTION_QUEUE,
        ][self.below(3)];
        match ask(track, queue) {
            Ok(Some(pending)) => {
                let mut list = self.table.pending.lock().unwrap();
                list.push(pending);
            }
            Ok(None) => {}
            Err(result) => {
                let violations = [
                    c::E_INVALID_PROTOCOL_FORMAT,
                    c::E_INVALID_PROTOCOL_OPERATION,
                ];
                judge(track, result, &violations);
            }
        }
    }

    /// Completes an action that this thread or another has got.
    fn complete(&mut self) {
        let place = self.below(PENDING_MAX);
        let pending = {
            let mut list = self.table.pending.lock().unwrap();
            let count = list.len();
            if count == 0 {
                return;
            }
            list.swap_remove(place % count)
        };
        let bytes = self.carry_out(&pending);
        let context = ptr::without_provenance_mut(pending.context);
        // SAFETY: what the action handed out is not used any more.
        let result = unsafe { f::WebSocketCompleteAction(pending.track.handle(), context, bytes) };
        judge(&pending.track, result, &[]);
    }

    /// How many bytes to report; puts some where there is room.
    fn carry_out(&mut self, pending: &Pending) -> u32 {
        let short = self.below(30) == 0;
        match pending.action {
            c::WEB_SOCKET_RECEIVE_FROM_NETWORK_ACTION if !short => {
                let frames = match pending.track.role {
                    Role::Client => TO_CLIENT,
                    Role::Server => TO_SERVER,
                };
                assert!(pending.bytes <= BUFFER_SIZE as usize);
                let count = frames.len().min(pending.bytes);
                let room = ptr::with_exposed_provenance_mut::<u8>(pending.room);
                // SAFETY: the room is in the track's block, and nobody else may use it until the
                // completion.
                unsafe { ptr::copy_nonoverlapping(frames.as_ptr(), room, count) };
                count as u32
            }
            c::WEB_SOCKET_SEND_TO_NETWORK_ACTION if !short => pending.bytes as u32,
            _ => 0,
        }
    }

    /// Contexts that name nothing.
    fn garbage(&mut self, track: &Arc<Track>) {
        let context = ptr::without_provenance_mut(self.below(100_000));
        // SAFETY: the library ignores what it does not know.
        let result = unsafe { f::WebSocketCompleteAction(track.handle(), context, 1) };
        assert_eq!(result, c::E_INVALIDARG);
    }

    /// Steps of a handshake that is over.
    fn misplaced(&mut self, track: &Arc<Track>) {
        let (mut headers, mut count) = (ptr::null_mut(), 0);
        let handle = track.handle();
        let result = if self.below(2) == 0 {
            // SAFETY: no memory is passed.
            unsafe { f::WebSocketEndServerHandshake(handle) }
        } else {
            let (texts, fields) = (ptr::null(), ptr::null());
            let (headers, count) = (&raw mut headers, &raw mut count);
            // SAFETY: nothing is passed, and the outputs live through the call.
            unsafe {
                f::WebSocketBeginClientHandshake(
                    handle, texts, 0, texts, 0, fields, 0, headers, count,
                )
            }
        };
        assert!(!judge(track, result, &[c::E_INVALID_PROTOCOL_OPERATION]));
    }
}

/// Whether a call has succeeded; only a deleted handle is invalid.
fn judge(track: &Track, result: i32, allowed: &[i32]) -> bool {
    let is_deleted = track.is_deleted.load(Ordering::Acquire);
    let fits = match result {
        S_OK => true,
        c::E_INVALIDARG => is_deleted,
        other => allowed.contains(&other),
    };
    assert!(fits, "{result:#x} of {track:?}");
    result == S_OK
}

fn data(pb_buffer: *mut u8, ul_buffer_length: u32) -> WebSocketBuffer {
    WebSocketBuffer {
        data: DataBuffer {
            pb_buffer,
            ul_buffer_length,
        },
    }
}
