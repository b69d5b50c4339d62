//! `--codec`: the codec of libwebsocket through its C functions, fed from memory, against the
//! codecs of named peers.
//!
//! No sockets and no threads: what is timed is a frame's header, its mask, the check of its text,
//! and whatever a library asks its program to do around them. Everybody runs in this process, in
//! turn, on one core.

mod component;
mod measure;
mod memory;
mod options;
mod peers;
mod report;
mod rows;

pub(crate) use options::{Task, parse};

use memory::Seen;
use rows::{Row, Work};

/// Does so many messages; what it needs is made before.
type Messages = Box<dyn FnMut(u64)>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contestant {
    /// Copies the payload once and does no WebSocket work.
    Memcpy,
    Tungstenite,
    /// In its fastest form, which masks in the program's own memory.
    FastWebSockets,
    /// It masks a copy, so that the program keeps its message.
    FastWebSocketsKeeping,
    /// Ours; received payload is looked at where it lies.
    Component,
    /// Ours; received payload is put together in the program's memory.
    ComponentWhole,
}

impl Contestant {
    const ALL: &[Self] = &[
        Self::Memcpy,
        Self::Tungstenite,
        Self::FastWebSockets,
        Self::FastWebSocketsKeeping,
        Self::Component,
        Self::ComponentWhole,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Memcpy => "memcpy",
            Self::Tungstenite => "tungstenite",
            Self::FastWebSockets => "fastwebsockets",
            Self::FastWebSocketsKeeping => "fastwebsockets-keeping",
            Self::Component => "component",
            Self::ComponentWhole => "component-whole",
        }
    }

    fn by_name(name: &str) -> Self {
        let found = Self::ALL.iter().find(|one| one.name() == name);
        *found.unwrap_or_else(|| panic!("no contestant {name}"))
    }

    fn is_peer(self) -> bool {
        matches!(
            self,
            Self::Tungstenite | Self::FastWebSockets | Self::FastWebSocketsKeeping
        )
    }

    fn takes_part(self, row: &Row) -> bool {
        match self {
            Self::FastWebSocketsKeeping => row.work == Work::ClientSend,
            Self::ComponentWhole => row.work.is_receive(),
            Self::Memcpy | Self::Tungstenite | Self::FastWebSockets | Self::Component => true,
        }
    }

    /// Ready to do the row's work; `seen` gets the payload that arrived, or the bytes for the
    /// network.
    fn prepare(self, row: &Row, seen: Seen) -> Messages {
        match (self, row.work) {
            (Self::Memcpy, _) => peers::memcpy(row, seen),
            (Self::Tungstenite, Work::Receive { .. }) => peers::tungstenite_receive(row, seen),
            (Self::Tungstenite, _) => peers::tungstenite_send(row, seen),
            (Self::FastWebSockets | Self::FastWebSocketsKeeping, Work::Receive { .. }) => {
                peers::fastwebsockets_receive(row, seen)
            }
            (Self::FastWebSockets, Work::ClientSend) => peers::fastwebsockets_masking(row, seen),
            (Self::FastWebSockets | Self::FastWebSocketsKeeping, _) => {
                peers::fastwebsockets_keeping(row, seen)
            }
            (Self::ComponentWhole, Work::Receive { .. }) => component::receive_whole(row, seen),
            (Self::Component, Work::Receive { .. }) => component::receive(row, seen),
            (Self::Component | Self::ComponentWhole, _) => component::send(row, seen),
        }
    }
}

/// Does what was asked for.
pub(crate) fn main(task: &Task) {
    match task {
        Task::All(options) => measure::run(options),
        Task::One {
            row,
            contestant,
            messages,
        } => contestant.prepare(row, Seen::default())(*messages),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::*;
    use crate::wire;

    /// What a contestant shows after so many messages.
    fn shown(contestant: Contestant, row: &Row, messages: u64) -> Vec<u8> {
        let kept = Rc::new(RefCell::new(Vec::new()));
        contestant.prepare(row, Seen::keeping(&kept))(messages);
        kept.take()
    }

    #[test]
    fn everybody_does_the_work_that_is_timed() {
        for row in rows::ROWS {
            let payload = row.payload();
            let own = Contestant::ALL.iter().filter(|one| one.takes_part(row));
            for contestant in own.filter(|one| **one != Contestant::Memcpy) {
                let place = format!("{} {}", row.name, contestant.name());
                if row.work.is_receive() {
                    let shown = shown(*contestant, row, 3);
                    assert!(shown == payload.repeat(3), "{place}: payload");
                    continue;
                }
                let shown = shown(*contestant, row, 1);
                let header = wire::parse(&shown).unwrap();
                assert_eq!(header.opcode, wire::TEXT, "{place}");
                let is_masked = header.bytes > wire::server_header_bytes(payload.len());
                assert_eq!(is_masked, row.work == Work::ClientSend, "{place}: mask");
                let mut plain = Vec::new();
                wire::append_unmasked(&mut plain, &shown[header.bytes..], header.key);
                assert!(plain == payload, "{place}: frame");
            }
        }
    }
}
