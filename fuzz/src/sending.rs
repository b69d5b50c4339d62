//! The frame encoder: what a sender in either role produces is what the other role's receiver
//! reads.
//!
//! Input: role, seed for the pieces in which payload is masked, then frames.

use winhttp_proto::websocket::{
    CloseCode, CloseFrame, CloseReason, Event, FrameHeader, MaskKey, MessageKind, Opcode, Receiver,
    Role, SendError, Sender, mask,
};

use crate::input::{Input, Pieces};

/// What the receiver is to see.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Frame(MessageKind, bool, Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<u16>, Vec<u8>),
}

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let role = if input.flag() {
        Role::Server
    } else {
        Role::Client
    };
    let mut pieces = Pieces::new(input.number());
    let mut sender = Sender::new(role);
    let (mut wire, mut sent) = (Vec::new(), Vec::new());
    while !input.is_empty() {
        let what = input.byte();
        let key = (role == Role::Client)
            .then(|| MaskKey::new([input.byte(), input.byte(), input.byte(), input.byte()]));
        match what % 8 {
            0..=4 => data_frame(
                &mut sender,
                what,
                key,
                &mut input,
                &mut pieces,
                &mut wire,
                &mut sent,
            ),
            5 => control(&sender, Opcode::Ping, key, &mut input, &mut wire, &mut sent),
            6 => control(&sender, Opcode::Pong, key, &mut input, &mut wire, &mut sent),
            _ => close(&mut sender, key, &mut input, &mut wire, &mut sent),
        }
    }
    let other = if role == Role::Client {
        Role::Server
    } else {
        Role::Client
    };
    assert_eq!(received(other, &wire), sent);
}

fn data_frame(
    sender: &mut Sender,
    what: u8,
    key: Option<MaskKey>,
    input: &mut Input<'_>,
    pieces: &mut Pieces,
    wire: &mut Vec<u8>,
    sent: &mut Vec<Seen>,
) {
    let kind = if what & 8 == 0 {
        MessageKind::Binary
    } else {
        MessageKind::Text
    };
    let fin = what & 16 == 0;
    let repeats = [1, 1, 3, 200][usize::from(what >> 5 & 3)];
    let payload = input.short().repeat(repeats);
    let before = sender.can_send(kind);
    let length = payload.len() as u64;
    match sender.begin(kind, fin, length, key) {
        Ok(header) => {
            assert_eq!(before, Ok(()));
            wire.extend(header.as_bytes());
            wire.extend(masked(key, &payload, pieces));
            sent.push(Seen::Frame(kind, fin, payload));
        }
        Err(error) => {
            assert_eq!(before, Err(error));
            let open = sender.open();
            assert_eq!(error == SendError::Closed, sender.is_closed());
            assert!(sender.is_closed() || open.is_some_and(|open| open != kind));
        }
    }
}

/// Payload as it goes to the wire, masked in pieces; masking whole and in place must give the same.
fn masked(key: Option<MaskKey>, payload: &[u8], pieces: &mut Pieces) -> Vec<u8> {
    let Some(key) = key else {
        return payload.to_vec();
    };
    let mut out = vec![0; payload.len()];
    let mut at = 0;
    while at < payload.len() {
        let end = (at + pieces.next()).min(payload.len());
        mask::copy_masked(key, at as u64, &payload[at..end], &mut out[at..end]);
        at = end;
    }
    let mut whole = payload.to_vec();
    mask::apply(key, 0, &mut whole);
    assert_eq!(whole, out);
    let bytes = payload.iter().zip(key.to_bytes().into_iter().cycle());
    assert!(bytes.map(|(byte, key)| byte ^ key).eq(out.iter().copied()));
    out
}

fn control(
    sender: &Sender,
    opcode: Opcode,
    key: Option<MaskKey>,
    input: &mut Input<'_>,
    wire: &mut Vec<u8>,
    sent: &mut Vec<Seen>,
) {
    let payload = input.short();
    let payload = &payload[..payload.len().min(125)];
    let frame = sender.control(opcode, payload, key);
    header_round_trip(frame.as_bytes());
    wire.extend(frame.as_bytes());
    if !sender.is_closed() {
        let payload = payload.to_vec();
        sent.push(if opcode == Opcode::Ping {
            Seen::Ping(payload)
        } else {
            Seen::Pong(payload)
        });
    }
}

fn close(
    sender: &mut Sender,
    key: Option<MaskKey>,
    input: &mut Input<'_>,
    wire: &mut Vec<u8>,
    sent: &mut Vec<Seen>,
) {
    let code = CloseCode::new(input.number());
    let reason = String::from_utf8_lossy(input.short()).into_owned();
    let reason = CloseReason::new(reason.as_bytes()).unwrap_or(CloseReason::EMPTY);
    let frame = if code.is_defined() {
        CloseFrame {
            code: Some(code),
            reason,
        }
    } else {
        CloseFrame::EMPTY
    };
    let was_closed = sender.is_closed();
    let bytes = sender.close(&frame, key);
    header_round_trip(bytes.as_bytes());
    wire.extend(bytes.as_bytes());
    if !was_closed {
        sent.push(Seen::Close(
            frame.code.map(CloseCode::get),
            frame.reason.as_bytes().to_vec(),
        ));
    }
}

fn header_round_trip(frame: &[u8]) {
    use winhttp_proto::websocket::frame::Parsed;
    let Ok(Parsed::Complete { header, consumed }) = FrameHeader::parse(frame) else {
        panic!("no header: {frame:x?}");
    };
    assert_eq!(header.encode().as_bytes(), &frame[..consumed]);
    assert_eq!(frame.len() as u64, consumed as u64 + header.payload_len);
}

fn received(role: Role, wire: &[u8]) -> Vec<Seen> {
    let mut receiver = Receiver::new(role).without_text_verification();
    let mut output = vec![0; wire.len()];
    let (mut seen, mut rest) = (Vec::new(), wire);
    while !rest.is_empty() {
        let advance = receiver.advance(rest, &mut output).expect("valid frames");
        rest = &rest[advance.consumed..];
        seen.extend(advance.event.map(|event| match event {
            Event::FrameEnd { kind, fin } => {
                Seen::Frame(kind, fin, output[..advance.produced].to_vec())
            }
            Event::Ping(payload) => Seen::Ping(payload.to_vec()),
            Event::Pong(payload) => Seen::Pong(payload.to_vec()),
            Event::Close(frame) => Seen::Close(
                frame.code.map(CloseCode::get),
                frame.reason.as_bytes().to_vec(),
            ),
        }));
    }
    seen
}
