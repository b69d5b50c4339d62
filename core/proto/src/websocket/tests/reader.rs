//! Decodes a wire image under every kind of cutting and writes down what a program would see.

use crate::websocket::{Event, MessageKind, ProtocolError, Receiver};

/// What a program would see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    /// A data frame: kind, whether it ends the message, payload.
    Frame(MessageKind, bool, Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    /// A close frame: its code or 1005, its reason.
    Close(u16, Vec<u8>),
    Failed(ProtocolError),
}

/// How to cut; each list is used in turn, from the start again at its end.
#[derive(Debug, Clone)]
pub(super) struct Cuts {
    /// Bytes that arrive together.
    pub(super) input: Vec<usize>,
    /// Room in the output; where nothing but room helps, 0 counts as 1.
    pub(super) output: Vec<usize>,
    /// Whether payload that may be read in place is.
    pub(super) direct: Vec<bool>,
}

impl Cuts {
    pub(super) fn whole() -> Self {
        Self {
            input: vec![usize::MAX],
            output: vec![1 << 17],
            direct: vec![false],
        }
    }

    pub(super) fn byte_by_byte() -> Self {
        Self {
            input: vec![1],
            output: vec![1 << 17],
            direct: vec![false],
        }
    }

    /// All that the reader has to do right, at their smallest.
    pub(super) fn all_small() -> Vec<Self> {
        let mut all = vec![Self::whole(), Self::byte_by_byte()];
        for direct in [false, true] {
            for (input, output) in [(usize::MAX, 1), (1, 1), (2, 3), (3, 2), (7, 0), (5, 64)] {
                all.push(Self {
                    input: vec![input],
                    output: vec![output],
                    direct: vec![direct],
                });
            }
        }
        all
    }
}

/// Feeds `wire` to the receiver until it is used up or an error comes.
pub(super) fn read(mut receiver: Receiver, wire: &[u8], cuts: &Cuts) -> Vec<Seen> {
    let mut inputs = cuts.input.iter().copied().cycle();
    let mut outputs = cuts.output.iter().copied().cycle();
    let mut direct = cuts.direct.iter().copied().cycle();
    let (mut seen, mut payload) = (Vec::new(), Vec::new());
    let (mut at, mut arrived) = (0, 0);
    let mut stuck = false;
    while at < wire.len() {
        if at == arrived {
            arrived = wire
                .len()
                .min(arrived.saturating_add(inputs.next().unwrap().max(1)));
        }
        let input = &wire[at..arrived];
        let direct = direct.next().unwrap();
        if direct && at % 2 == 0 {
            let mut bytes = input.to_vec();
            match receiver.advance_in_place(&mut bytes) {
                Ok(Some(piece)) => {
                    let end = piece.header_len + piece.payload_len;
                    assert!(piece.payload_len > 0 && end <= bytes.len());
                    assert_eq!(bytes[end..], input[end..], "what follows is untouched");
                    at += end;
                    payload.extend_from_slice(&bytes[piece.header_len..end]);
                    let (kind, payload) = (piece.kind, &mut payload);
                    let end = piece.end.map(|fin| Event::FrameEnd { kind, fin });
                    seen.extend(end.map(|event| note(event, payload)));
                    continue;
                }
                Ok(None) => assert_eq!(bytes, input, "nothing happens"),
                Err(error) => {
                    seen.push(Seen::Failed(error));
                    return seen;
                }
            }
        }
        let in_place = receiver.direct_remaining().min(input.len() as u64);
        let result = if in_place > 0 && direct {
            let mut bytes = input[..usize::try_from(in_place).unwrap()].to_vec();
            at += bytes.len();
            let result = receiver.advance_direct(&mut bytes);
            payload.append(&mut bytes);
            result
        } else {
            let room = outputs.next().unwrap().min(input.len() + 1);
            let mut output = vec![0xEE; if stuck { room.max(1) } else { room }];
            receiver.advance(input, &mut output).map(|advance| {
                at += advance.consumed;
                payload.extend_from_slice(&output[..advance.produced]);
                assert!(output[advance.produced..].iter().all(|&byte| byte == 0xEE));
                stuck = advance.consumed == 0;
                let may_stop = advance.event.is_some()
                    || at == arrived
                    || advance.produced == output.len() && receiver.direct_remaining() > 0;
                assert!(may_stop, "stopped without a reason: {advance:?}");
                advance.event
            })
        };
        match result {
            Ok(event) => seen.extend(event.map(|event| note(event, &mut payload))),
            Err(error) => {
                assert_eq!(receiver.advance(b"\x81\x00", &mut [0; 8]), Err(error));
                assert_eq!(receiver.advance_direct(&mut []), Err(error));
                seen.push(Seen::Failed(error));
                return seen;
            }
        }
    }
    seen
}

fn note(event: Event, payload: &mut Vec<u8>) -> Seen {
    match event {
        Event::FrameEnd { kind, fin } => Seen::Frame(kind, fin, std::mem::take(payload)),
        Event::Ping(payload) => Seen::Ping(payload.to_vec()),
        Event::Pong(payload) => Seen::Pong(payload.to_vec()),
        Event::Close(frame) => Seen::Close(
            frame.code.map_or(1005, u16::from),
            frame.reason.as_bytes().to_vec(),
        ),
    }
}
