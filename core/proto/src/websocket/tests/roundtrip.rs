//! Random conversations: what one side sends through a `Sender`, the other reads through a
//! `Receiver`, whatever the framing and however the bytes are cut.

use proptest::prelude::*;
use proptest::sample::Index;

use super::reader::{Cuts, Seen, read};
use crate::websocket::{
    CloseCode, CloseFrame, CloseReason, MaskKey, MessageKind, Opcode, Receiver, Role, Sender, mask,
};

#[derive(Debug, Clone)]
struct Message {
    kind: MessageKind,
    payload: Vec<u8>,
    /// Where the payload is cut into frames.
    cuts: Vec<Index>,
    /// Control frames before each frame, as far as they go.
    controls: Vec<Option<(bool, Vec<u8>)>>,
}

fn message() -> impl Strategy<Value = Message> {
    let text = "\\PC{0,40}|[ -~]{0,300}|[\u{80}-\u{10ffff}]{0,60}".prop_map(String::into_bytes);
    let small = prop::collection::vec(any::<u8>(), 0..300);
    let large = (any::<u8>(), 65_000_usize..70_000).prop_map(|(byte, len)| vec![byte; len]);
    let binary = prop_oneof![9 => small, 1 => large];
    let content = prop_oneof![
        text.prop_map(|payload| (MessageKind::Text, payload)),
        binary.prop_map(|payload| (MessageKind::Binary, payload)),
    ];
    let control = (any::<bool>(), prop::collection::vec(any::<u8>(), 0..=125));
    (
        content,
        prop::collection::vec(any::<Index>(), 0..5),
        prop::collection::vec(prop::option::of(control), 0..6),
    )
        .prop_map(|((kind, payload), cuts, controls)| Message {
            kind,
            payload,
            cuts,
            controls,
        })
}

fn cuts() -> impl Strategy<Value = Cuts> {
    let size = || prop_oneof![0_usize..20, 100_usize..5000, Just(100_000)];
    let sizes = move || prop::collection::vec(size(), 1..12);
    let direct = prop::collection::vec(any::<bool>(), 1..7);
    (sizes(), sizes(), direct).prop_map(|(input, output, direct)| Cuts {
        input,
        output,
        direct,
    })
}

/// Sends through a `Sender` and notes what the peer must see.
struct Peer {
    role: Role,
    sender: Sender,
    keys: Box<dyn Iterator<Item = [u8; 4]>>,
    wire: Vec<u8>,
    expected: Vec<Seen>,
}

impl Peer {
    fn new(role: Role, keys: Vec<[u8; 4]>) -> Self {
        let keys = Box::new(keys.into_iter().cycle());
        Self {
            role,
            sender: Sender::new(role),
            keys,
            wire: vec![],
            expected: vec![],
        }
    }

    fn key(&mut self) -> Option<MaskKey> {
        let key = self.keys.next().map(MaskKey::from);
        key.filter(|_| self.role == Role::Client)
    }

    fn send(&mut self, message: Message) {
        let len = message.payload.len();
        let mut ends: Vec<_> = message.cuts.iter().map(|cut| cut.index(len + 1)).collect();
        ends.push(len);
        ends.sort_unstable();
        let (mut start, frames) = (0, ends.len());
        let mut controls = message.controls.into_iter();
        for (index, end) in ends.into_iter().enumerate() {
            if let Some(Some((ping, payload))) = controls.next() {
                self.control(ping, payload);
            }
            self.data(
                message.kind,
                index + 1 == frames,
                &message.payload[start..end],
            );
            start = end;
        }
    }

    fn data(&mut self, kind: MessageKind, fin: bool, payload: &[u8]) {
        let key = self.key();
        let header = self
            .sender
            .begin(kind, fin, payload.len() as u64, key)
            .unwrap();
        self.wire.extend_from_slice(header.as_bytes());
        let start = self.wire.len();
        self.wire.extend_from_slice(payload);
        if let Some(key) = key {
            mask::copy_masked(key, 0, payload, &mut self.wire[start..]);
        }
        self.expected.push(Seen::Frame(kind, fin, payload.to_vec()));
    }

    fn control(&mut self, ping: bool, payload: Vec<u8>) {
        let key = self.key();
        let opcode = if ping { Opcode::Ping } else { Opcode::Pong };
        let frame = self.sender.control(opcode, &payload, key);
        self.wire.extend_from_slice(frame.as_bytes());
        self.expected.push(if ping {
            Seen::Ping(payload)
        } else {
            Seen::Pong(payload)
        });
    }

    fn close(&mut self, code: u16, reason: &str) {
        let key = self.key();
        let reason = CloseReason::new(reason.as_bytes()).unwrap();
        let close = CloseFrame {
            code: Some(CloseCode::new(code)),
            reason,
        };
        self.wire
            .extend_from_slice(self.sender.close(&close, key).as_bytes());
        self.expected
            .push(Seen::Close(code, reason.as_bytes().to_vec()));
    }
}

proptest! {
    #[test]
    fn messages_arrive_as_they_were_sent(
        from_client: bool,
        keys in prop::collection::vec(any::<[u8; 4]>(), 1..4),
        messages in prop::collection::vec(message(), 0..5),
        reason in "\\PC{0,30}",
        cuts in cuts(),
    ) {
        let (from, to) =
            if from_client { (Role::Client, Role::Server) } else { (Role::Server, Role::Client) };
        let mut peer = Peer::new(from, keys);
        for message in messages {
            peer.send(message);
        }
        peer.close(3000, &reason);

        let seen = read(Receiver::new(to), &peer.wire, &cuts);
        prop_assert!(seen == peer.expected, "{:?} != {:?}", seen, peer.expected);
    }

    /// Hostile input: no panic, and the same outcome however it arrives.
    #[test]
    fn random_bytes_end_the_same_way_in_every_cutting(
        client: bool,
        first in prop::sample::select(b"\x00\x01\x02\x80\x81\x82\x88\x89\x8a".to_vec()),
        rest in prop::collection::vec(prop_oneof![Just(0_u8), Just(0x81), any::<u8>()], 0..300),
        cuts in cuts(),
    ) {
        let role = if client { Role::Client } else { Role::Server };
        let wire = [&[first][..], &rest].concat();
        let whole = read(Receiver::new(role), &wire, &Cuts::whole());
        prop_assert_eq!(read(Receiver::new(role), &wire, &Cuts::byte_by_byte()), whole.clone());
        prop_assert_eq!(read(Receiver::new(role), &wire, &cuts), whole);
    }
}
