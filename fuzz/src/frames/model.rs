//! A second frame decoder, written to be obvious: it sees all bytes at once and follows RFC 6455
//! from top to bottom.

use winhttp_proto::websocket::{
    CloseCode, CloseFrame, CloseReason, ControlPayload, Event, MessageKind, ProtocolError, Role,
};

use super::{Setup, Trace};

struct Message {
    kind: MessageKind,
    announced: u64,
    payload: Vec<u8>,
}

/// The trace of `wire`.
pub fn decode(setup: Setup, wire: &[u8]) -> Trace {
    let mut trace = Trace::default();
    let mut message = None;
    let mut rest = wire;
    while !rest.is_empty() {
        match frame(setup, rest, &mut message, &mut trace) {
            Ok(Some(after)) => rest = after,
            Ok(None) => break,
            Err(error) => {
                trace.error = Some(error);
                break;
            }
        }
    }
    trace
}

/// One frame; what follows it, or nothing if it is not complete or the last.
fn frame<'a>(
    setup: Setup,
    wire: &'a [u8],
    message: &mut Option<Message>,
    trace: &mut Trace,
) -> Result<Option<&'a [u8]>, ProtocolError> {
    let fin = wire[0] & 0x80 != 0;
    let opcode = wire[0] & 0x0f;
    if wire[0] & 0x70 != 0 {
        return Err(ProtocolError::ReservedBits);
    }
    if !matches!(opcode, 0..=2 | 8..=10) {
        return Err(ProtocolError::ReservedOpcode(opcode));
    }
    let control = opcode >= 8;
    if control && !fin {
        return Err(ProtocolError::ControlFragmented);
    }
    match (opcode, message.is_some()) {
        (0, false) => return Err(ProtocolError::ContinuationWithoutMessage),
        (1 | 2, true) => return Err(ProtocolError::MessageInterrupted),
        _ => {}
    }
    let Some(&second) = wire.get(1) else {
        return Ok(None);
    };
    let masked = second & 0x80 != 0;
    match (setup.role, masked) {
        (Role::Client, true) => return Err(ProtocolError::MaskUnexpected),
        (Role::Server, false) if !setup.unmasked => return Err(ProtocolError::MaskMissing),
        _ => {}
    }
    let Some((length, at)) = length(control, second & 0x7f, &wire[2..])? else {
        return Ok(None);
    };
    let at = 2 + at;
    let key = if masked {
        wire.get(at..at + 4)
    } else {
        Some(&[0; 4][..])
    };
    let Some(key) = key else { return Ok(None) };
    let start = if masked { at + 4 } else { at };
    let end = start.saturating_add(usize::try_from(length).unwrap_or(usize::MAX));
    let complete = end <= wire.len();
    let payload: Vec<u8> = wire[start..end.min(wire.len())]
        .iter()
        .zip(key.iter().cycle())
        .map(|(byte, key)| byte ^ key)
        .collect();
    if control {
        return if complete {
            control_frame(setup, opcode, &payload, &wire[end..], trace)
        } else {
            Ok(None)
        };
    }
    data_frame(setup, opcode, length, &payload, message)?;
    trace.payload.extend(payload);
    if !complete {
        return Ok(None);
    }
    let open = message.as_ref().expect("the frame belongs to a message");
    if fin && setup.verify && open.kind == MessageKind::Text {
        std::str::from_utf8(&open.payload).map_err(|_| ProtocolError::TextNotUtf8)?;
    }
    let event = Event::FrameEnd {
        kind: open.kind,
        fin,
    };
    trace.events.push((trace.payload.len(), event));
    if fin {
        *message = None;
    }
    Ok(Some(&wire[end..]))
}

/// The payload length and the bytes it took.
fn length(control: bool, short: u8, wire: &[u8]) -> Result<Option<(u64, usize)>, ProtocolError> {
    if control && short > 125 {
        return Err(ProtocolError::ControlTooLong);
    }
    let size = match short {
        126 => 2,
        127 => 8,
        _ => return Ok(Some((u64::from(short), 0))),
    };
    let there = &wire[..size.min(wire.len())];
    if size == 8 && there.first().is_some_and(|top| top & 0x80 != 0) {
        return Err(ProtocolError::LengthTooLarge);
    }
    if size == 8 && there.len() >= 6 && there[..6] == [0; 6] {
        return Err(ProtocolError::LengthNotMinimal);
    }
    if there.len() < size {
        return Ok(None);
    }
    let length = there
        .iter()
        .fold(0, |length, &byte| length << 8 | u64::from(byte));
    if length < 126 {
        return Err(ProtocolError::LengthNotMinimal);
    }
    Ok(Some((length, size)))
}

/// Puts payload into its message, and checks size and text as far as the bytes are there.
fn data_frame(
    setup: Setup,
    opcode: u8,
    length: u64,
    payload: &[u8],
    message: &mut Option<Message>,
) -> Result<(), ProtocolError> {
    let kind = if opcode == 1 {
        MessageKind::Text
    } else {
        MessageKind::Binary
    };
    let open = message.get_or_insert(Message {
        kind,
        announced: 0,
        payload: Vec::new(),
    });
    open.announced = open.announced.saturating_add(length);
    if open.announced > setup.limit_bytes {
        return Err(ProtocolError::MessageTooBig);
    }
    open.payload.extend(payload);
    if setup.verify && open.kind == MessageKind::Text {
        // A character that is cut off may still be completed.
        if let Err(error) = std::str::from_utf8(&open.payload)
            && error.error_len().is_some()
        {
            return Err(ProtocolError::TextNotUtf8);
        }
    }
    Ok(())
}

fn control_frame<'a>(
    setup: Setup,
    opcode: u8,
    payload: &[u8],
    after: &'a [u8],
    trace: &mut Trace,
) -> Result<Option<&'a [u8]>, ProtocolError> {
    let mut control = ControlPayload::new();
    control.extend(payload);
    let (event, after) = match opcode {
        9 => (Event::Ping(control), Some(after)),
        10 => (Event::Pong(control), Some(after)),
        _ => (Event::Close(close(setup, payload)?), None),
    };
    trace.events.push((trace.payload.len(), event));
    Ok(after)
}

fn close(setup: Setup, payload: &[u8]) -> Result<CloseFrame, ProtocolError> {
    match payload {
        [] => Ok(CloseFrame::EMPTY),
        [_] => Err(ProtocolError::CloseTooShort),
        [high, low, reason @ ..] => {
            let number = u16::from_be_bytes([*high, *low]);
            let code = CloseCode::new(number);
            let known = if setup.component {
                !matches!(number, 0..=999 | 1005 | 1006 | 1015)
            } else {
                matches!(number, 1000..=1003 | 1007..=1014 | 3000..=4999)
            };
            if !known {
                return Err(ProtocolError::CloseCodeInvalid(code));
            }
            let is_checked = setup.verify || !setup.component;
            if is_checked && std::str::from_utf8(reason).is_err() {
                return Err(ProtocolError::CloseReasonNotUtf8);
            }
            let reason = CloseReason::new(reason).expect("at most 123 bytes");
            Ok(CloseFrame {
                code: Some(code),
                reason,
            })
        }
    }
}
