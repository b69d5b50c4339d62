//! What WebSocketGetAction must say next: the selection algorithm, on top of the plain decoder.

use winhttp_abi::constants as c;

use super::wire::{Item, Kind};
use super::{Judge, Stage};

/// The action that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Due {
    Nothing,
    /// The pong that answers a ping.
    Pong(Vec<u8>),
    /// The next part of the first send's frame.
    Transmit,
    /// The first send is over.
    Sent,
    Read,
    /// The first receive is over, with nothing.
    Empty,
    /// So many bytes of the first item, the last of its message.
    Data(Kind, usize, bool),
    /// What the first item says.
    Item,
    /// The receive side has failed; if there is valid data before, it may be handed out first.
    Fail(i32, Option<(Kind, usize)>),
}

impl Judge {
    fn is_half_way(&self) -> bool {
        self.sends
            .front()
            .is_some_and(|send| send.is_half_way(self.setup.role))
    }

    /// The action of this queue.
    pub(super) fn due(&mut self, queue: i32, entries: usize) -> Due {
        let receive = queue & c::WEB_SOCKET_RECEIVE_ACTION_QUEUE != 0;
        if self.stage != Stage::Session {
            return Due::Nothing;
        }
        if receive
            && self.receive_slot.is_none()
            && !self.is_half_way()
            && !self.aborted
            && let Some(ping) = &self.ping
        {
            return Due::Pong(ping.clone());
        }
        if queue & c::WEB_SOCKET_SEND_ACTION_QUEUE != 0
            && self.send_slot.is_none()
            && let Some(send) = self.sends.front()
        {
            if send.is_over || self.aborted {
                return Due::Sent;
            }
            if !self
                .receive_slot
                .as_ref()
                .is_some_and(super::complete::Slot::is_pong)
            {
                return Due::Transmit;
            }
        }
        if receive && self.receive_slot.is_none() && !self.receives.is_empty() {
            return self.received(entries);
        }
        Due::Nothing
    }

    fn received(&mut self, entries: usize) -> Due {
        let cancelled = self
            .receives
            .front()
            .is_some_and(|receive| receive.is_cancelled);
        if self.aborted || cancelled || self.close_seen {
            return Due::Empty;
        }
        if let Some(failure) = self.failed {
            return Due::Fail(failure, None);
        }
        if entries == 0 {
            return Due::Read; // or another action that cannot be told
        }
        loop {
            let Some(item) = self.wire.items.front() else {
                return Due::Read;
            };
            match item {
                Item::Ping(payload) => {
                    if !self.is_half_way() {
                        return Due::Pong(payload.clone());
                    }
                    self.ping = Some(payload.clone());
                }
                Item::Pong(_) | Item::Close(..) => return Due::Item,
                Item::Violation(code) => return Due::Fail(*code, None),
                Item::Data {
                    kind,
                    bytes,
                    fin,
                    complete,
                    begun,
                } => {
                    let (kind, fin, complete) = (*kind, *fin, *complete);
                    let there = bytes.len();
                    let fits = self
                        .receives
                        .front()
                        .and_then(|receive| receive.memory.as_ref());
                    let count = fits.map_or(there, |memory| memory.size().min(there));
                    if let Some(Item::Violation(code)) = self.wire.items.get(1)
                        && !complete
                    {
                        // The caller's memory may end before the byte that makes a text invalid.
                        let before = fits.is_some() && there > 0;
                        return Due::Fail(*code, before.then_some((kind, count)));
                    }
                    if there > 0 || (complete && fin && !begun) {
                        return Due::Data(kind, count, complete && fin && count == there);
                    }
                    if !complete {
                        return Due::Read;
                    }
                }
            }
            self.wire.items.pop_front();
        }
    }
}
