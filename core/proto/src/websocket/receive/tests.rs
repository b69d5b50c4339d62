//! Checks the receiver frame by frame: what it delivers, what it refuses, and how early.

use super::*;

fn frame_end(kind: MessageKind, fin: bool) -> Option<Event> {
    Some(Event::FrameEnd { kind, fin })
}

#[test]
fn the_state_of_an_idle_connection_stays_small() {
    assert!(
        size_of::<Receiver>() <= 256,
        "{} bytes",
        size_of::<Receiver>()
    );
}

#[test]
fn one_event_per_call() {
    let mut receiver = Receiver::new(Role::Client);
    let mut output = [0; 16];
    let wire = b"\x82\x02ab\x82\x01c";
    let advance = receiver.advance(wire, &mut output).unwrap();
    let event = frame_end(MessageKind::Binary, true);
    assert_eq!(
        advance,
        Advance {
            consumed: 4,
            produced: 2,
            event
        }
    );
    let advance = receiver.advance(&wire[4..], &mut output).unwrap();
    assert_eq!(
        advance,
        Advance {
            consumed: 3,
            produced: 1,
            event
        }
    );
    assert!(receiver.is_idle());
}

#[test]
fn a_frame_that_fills_the_output_exactly_ends_in_the_same_call() {
    let mut receiver = Receiver::new(Role::Client);
    let mut output = [0; 4];
    let wire = b"\x02\x08abcdefgh";
    let advance = receiver.advance(wire, &mut output).unwrap();
    assert_eq!(
        advance,
        Advance {
            consumed: 6,
            produced: 4,
            event: None
        }
    );
    let advance = receiver.advance(&wire[6..], &mut output).unwrap();
    let event = frame_end(MessageKind::Binary, false);
    assert_eq!(
        advance,
        Advance {
            consumed: 4,
            produced: 4,
            event
        }
    );
    assert_eq!(&output, b"efgh");
    assert!(receiver.mid_message() && !receiver.is_idle());
}

#[test]
fn headers_empty_frames_and_control_frames_need_no_output() {
    let mut receiver = Receiver::new(Role::Client);
    let mut wire = &b"\x01\x00\x89\x02hi\x8a\x00\x80\x00\x82\x01x"[..];
    let mut ping = ControlPayload::new();
    ping.extend(b"hi");
    let expected = [
        (2, frame_end(MessageKind::Text, false)),
        (4, Some(Event::Ping(ping))),
        (2, Some(Event::Pong(ControlPayload::new()))),
        (2, frame_end(MessageKind::Text, true)),
        (2, None), // the header of the last frame; its payload waits for room
        (0, None),
    ];
    for (consumed, event) in expected {
        let advance = receiver.advance(wire, &mut []).unwrap();
        assert_eq!(
            advance,
            Advance {
                consumed,
                produced: 0,
                event
            }
        );
        wire = &wire[consumed..];
    }
    assert_eq!(receiver.direct_remaining(), 1);
}

#[test]
fn the_kind_is_known_from_the_first_header_to_the_last_byte() {
    let mut receiver = Receiver::new(Role::Client);
    assert_eq!(receiver.message(), None);
    receiver.advance(b"\x01\x02h", &mut [0; 8]).unwrap();
    assert_eq!(receiver.message(), Some(MessageKind::Text));
    receiver.advance(b"i", &mut [0; 8]).unwrap();
    assert_eq!(receiver.message(), Some(MessageKind::Text));
    receiver.advance(b"\x80\x01!", &mut [0; 8]).unwrap();
    assert_eq!(receiver.message(), None);
}

#[test]
fn payload_read_in_place_is_unmasked_in_phase() {
    let mut receiver = Receiver::new(Role::Server);
    let advance = receiver
        .advance(b"\x81\x85\x37\xfa\x21\x3d\x7f", &mut [0; 8])
        .unwrap();
    assert_eq!((advance.consumed, advance.produced), (7, 1));
    assert_eq!(receiver.direct_remaining(), 4);
    let mut first = *b"\x9f\x4d";
    assert_eq!(receiver.advance_direct(&mut first), Ok(None));
    assert_eq!(receiver.advance_direct(&mut []), Ok(None));
    let mut second = *b"\x51\x58";
    let event = receiver.advance_direct(&mut second).unwrap();
    assert_eq!(event, frame_end(MessageKind::Text, true));
    assert_eq!((&first, &second), (b"el", b"lo"));
    assert_eq!(receiver.direct_remaining(), 0);
}

#[test]
fn only_payload_that_is_there_is_taken_in_place() {
    let mut receiver = Receiver::new(Role::Client);
    let nothing: [&[u8]; 5] = [b"", b"\x81", b"\x81\x05", b"\x89\x01x", b"\x81\x00x"];
    for bytes in nothing {
        assert_eq!(
            receiver.advance_in_place(&mut bytes.to_vec()),
            Ok(None),
            "{bytes:x?}"
        );
        assert!(receiver.is_idle(), "{bytes:x?}");
    }
    let piece = |header_len, payload_len, end| {
        let kind = MessageKind::Text;
        Ok(Some(InPlace {
            header_len,
            payload_len,
            kind,
            end,
        }))
    };
    assert_eq!(
        receiver.advance_in_place(&mut b"\x01\x03ab".to_vec()),
        piece(2, 2, None)
    );
    assert_eq!(receiver.advance_in_place(&mut []), Ok(None));
    assert_eq!(
        receiver.advance_in_place(&mut b"c\x80\x01".to_vec()),
        piece(0, 1, Some(false))
    );
    assert_eq!(
        receiver.advance_in_place(&mut b"\x80\x01de".to_vec()),
        piece(2, 1, Some(true))
    );
}

#[test]
fn after_a_close_frame_everything_is_swallowed() {
    let mut receiver = Receiver::new(Role::Client);
    let advance = receiver.advance(b"\x88\x00\x81\x01x", &mut [0; 8]).unwrap();
    assert_eq!(advance.event, Some(Event::Close(CloseFrame::EMPTY)));
    assert!(receiver.is_closed());
    let advance = receiver
        .advance(b"\x81\x01x\xff\xff garbage", &mut [0; 8])
        .unwrap();
    assert_eq!(
        advance,
        Advance {
            consumed: 13,
            produced: 0,
            event: None
        }
    );
    assert_eq!(receiver.advance_direct(&mut []), Ok(None));
}

#[test]
fn bad_text_read_in_place_fails_for_ever() {
    let mut receiver = Receiver::new(Role::Client);
    receiver.advance(b"\x81\x03", &mut []).unwrap();
    let error = Err(ProtocolError::TextNotUtf8);
    assert_eq!(receiver.advance_direct(&mut [0xff]), error);
    assert_eq!(
        receiver.advance_direct(b"ab".to_vec().as_mut_slice()),
        error
    );
    assert_eq!(receiver.advance(b"", &mut []).map(|_| None), error);
    assert_eq!(receiver.direct_remaining(), 0);
}

#[test]
fn text_is_passed_on_unverified_when_asked() {
    let mut receiver = Receiver::new(Role::Client).without_text_verification();
    let mut output = [0; 8];
    let advance = receiver.advance(b"\x81\x02\xff\xc3", &mut output).unwrap();
    assert_eq!(advance.event, frame_end(MessageKind::Text, true));
    assert_eq!(output[..2], [0xff, 0xc3]);
}

#[test]
fn a_message_above_the_limit_fails_at_the_header_that_says_so() {
    let mut receiver = Receiver::new(Role::Client).with_message_limit(10);
    let mut output = [0; 16];
    let ten = receiver
        .advance(b"\x82\x0a0123456789", &mut output)
        .unwrap();
    assert_eq!(ten.produced, 10, "the limit itself is allowed");
    receiver.advance(b"\x02\x07abcdefg", &mut output).unwrap();
    receiver.advance(b"\x89\x07control", &mut output).unwrap();
    let error = receiver.advance(b"\x00\x04", &mut output).unwrap_err();
    assert_eq!(error, ProtocolError::MessageTooBig);
    assert_eq!(u16::from(error.close_code()), 1009);
}

#[test]
fn announced_sizes_cannot_overflow() {
    let mut receiver = Receiver::new(Role::Client).with_message_limit(1 << 62);
    let advance = receiver
        .advance(b"\x02\x7f\x40\0\0\0\0\0\0\0", &mut [])
        .unwrap();
    assert_eq!(advance.consumed, 10);
    assert_eq!(receiver.direct_remaining(), 1 << 62);
}

#[test]
fn debug_output_shows_neither_payload_nor_key() {
    let mut receiver = Receiver::new(Role::Server);
    receiver.advance(b"\x89\x85secr-et", &mut []).unwrap();
    let shown = format!("{receiver:?}");
    assert!(
        shown.contains("control") && !shown.contains("115"),
        "{shown}"
    );
}
