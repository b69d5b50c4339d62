//! What is on the wire, and in which order, while both sides send.

use super::super::fake::{Frame, Peer, connection, connection_above};
use super::*;

const PAYLOAD: [u8; 1000] = [b'p'; 1000];

fn receive(channel: &mut Channel) -> Result<Received> {
    channel.note_ready(false);
    channel.try_receive(&mut [0; 2000], &mut 0)
}

fn close(channel: &mut Channel) {
    let frame = CloseFrame::with_code(CloseCode::NORMAL_CLOSURE);
    channel.close(&frame).unwrap();
}

fn message() -> Frame {
    Frame::Data(MessageKind::Binary, PAYLOAD.to_vec())
}

/// A channel in the middle of writing a frame.
fn half_written() -> (Channel, Peer, Outgoing) {
    let (mut channel, peer) = connection();
    peer.make_room(100);
    let mut frame = channel.begin(MessageKind::Binary, true, 1000).unwrap();
    assert_eq!(channel.try_send(&mut frame, &PAYLOAD), Ok(false));
    (channel, peer, frame)
}

#[test]
fn nothing_comes_between_the_parts_of_a_frame() {
    let (mut channel, peer, mut frame) = half_written();
    peer.send(b"\x89\x04ping");
    peer.make_room(usize::MAX);
    assert_eq!(receive(&mut channel), Ok(Received::Pending));
    assert!(channel.wants_write(), "the pong waits");
    assert_eq!(channel.flush(), Ok(false));
    assert_eq!(channel.try_send(&mut frame, &PAYLOAD), Ok(true));
    assert_eq!(channel.flush(), Ok(true));
    let pong = Frame::Pong(b"ping".to_vec());
    assert_eq!(peer.frames(), [message(), pong]);
}

#[test]
fn a_close_frame_follows_the_frame_that_is_under_way() {
    let (mut channel, peer, mut frame) = half_written();
    close(&mut channel);
    peer.make_room(usize::MAX);
    assert_eq!(channel.flush(), Ok(false));
    assert_eq!(channel.try_send(&mut frame, &PAYLOAD), Ok(true));
    assert_eq!(channel.flush(), Ok(true));
    assert_eq!(peer.frames(), [message(), Frame::Close(Some(1000))]);
}

#[test]
fn a_pong_that_is_half_written_is_finished_before_a_frame_begins() {
    let (mut channel, peer) = connection();
    peer.make_room(3);
    peer.send(b"\x89\x04ping");
    assert_eq!(receive(&mut channel), Ok(Received::Pending));
    let mut frame = channel.begin(MessageKind::Binary, true, 1000).unwrap();
    assert_eq!(channel.try_send(&mut frame, &PAYLOAD), Ok(false));
    peer.make_room(2);
    assert_eq!(channel.try_send(&mut frame, &PAYLOAD), Ok(false));
    assert_eq!(frame.written(), 0);
    peer.make_room(usize::MAX);
    assert_eq!(channel.try_send(&mut frame, &PAYLOAD), Ok(true));
    assert_eq!(peer.frames(), [Frame::Pong(b"ping".to_vec()), message()]);
}

#[test]
fn of_pings_that_wait_the_newest_is_answered_and_the_close_frame_is_last() {
    let (mut channel, peer) = connection();
    peer.make_room(0);
    peer.send(b"\x89\x01a\x89\x01b\x89\x01c");
    assert_eq!(receive(&mut channel), Ok(Received::Pending));
    close(&mut channel);
    peer.make_room(usize::MAX);
    assert_eq!(channel.flush(), Ok(true));
    let pong = |payload: &[u8]| Frame::Pong(payload.to_vec());
    // The first one was under way when the others came.
    assert_eq!(
        peer.frames(),
        [pong(b"a"), pong(b"c"), Frame::Close(Some(1000))]
    );
}

#[test]
fn a_ping_behind_our_close_frame_is_not_answered() {
    let (mut channel, peer) = connection();
    close(&mut channel);
    assert!(!channel.keeps_alive());
    peer.send(b"\x89\x04ping");
    assert_eq!(receive(&mut channel), Ok(Received::Pending));
    channel.keep_alive().unwrap();
    assert_eq!(channel.flush(), Ok(true));
    assert_eq!(peer.frames(), [Frame::Close(Some(1000))]);
}

#[test]
fn every_frame_has_a_masking_key_of_its_own() {
    /// A header and a key.
    const EMPTY_BYTES: usize = 6;
    let (mut channel, peer) = connection();
    let mut keys = Vec::new();
    for _ in 0..2 {
        peer.send(b"\x89\x00");
        assert_eq!(receive(&mut channel), Ok(Received::Pending));
        let mut frame = channel.begin(MessageKind::Binary, true, 0).unwrap();
        assert_eq!(channel.try_send(&mut frame, b""), Ok(true));
    }
    for frame in peer.bytes().chunks(EMPTY_BYTES) {
        assert_eq!(frame[1], 0x80, "masked and empty");
        keys.push(frame[2..].to_vec());
    }
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 4, "of two pongs and two frames");
}

#[test]
fn a_peer_that_breaks_the_protocol_is_told_why_and_then_there_is_nothing() {
    let (mut channel, peer) = connection();
    peer.send(b"\x83\x00");
    assert_eq!(
        receive(&mut channel),
        Err(Error::InvalidServerResponse.into())
    );
    assert_eq!(peer.frames(), [Frame::Close(Some(1002))]);
    assert!(peer.is_finished());
}

#[test]
fn the_direction_is_not_ended_before_the_reason_has_left() {
    let (mut channel, peer, _frame) = half_written();
    peer.bytes();
    peer.send(b"\x83\x00");
    assert_eq!(
        receive(&mut channel),
        Err(Error::InvalidServerResponse.into())
    );
    assert_eq!(peer.bytes(), b"");
    assert!(!peer.is_finished());
}

#[test]
fn nothing_is_ended_in_an_orderly_way_where_nothing_can_be_written() {
    let (mut channel, peer) = connection();
    peer.break_writes();
    peer.send(b"\x83\x00");
    assert_eq!(
        receive(&mut channel),
        Err(Error::InvalidServerResponse.into())
    );
    assert!(!peer.is_finished());
}

#[test]
fn one_close_frame_is_sent_also_if_the_peer_breaks_the_protocol_behind_it() {
    let (mut channel, peer) = connection();
    close(&mut channel);
    peer.send(b"\x83\x00");
    assert_eq!(
        receive(&mut channel),
        Err(Error::InvalidServerResponse.into())
    );
    assert_eq!(peer.frames(), [Frame::Close(Some(1000))]);
}

#[test]
fn what_a_peer_breaks_while_nobody_receives_counts_from_the_next_receive_on() {
    let (mut channel, peer) = connection();
    peer.send(b"\x81\x02ok\x83\x00");
    assert_eq!(
        receive(&mut channel),
        Ok(Received::Message(MessageKind::Text))
    );
    for _ in 0..2 {
        channel.note_ready(false);
        assert_eq!(channel.read_ahead(), Ok(()));
    }
    let mut answer = channel.begin(MessageKind::Binary, true, 1000).unwrap();
    assert_eq!(channel.try_send(&mut answer, &PAYLOAD), Ok(true));
    assert_eq!(
        receive(&mut channel),
        Err(Error::InvalidServerResponse.into())
    );
    assert_eq!(peer.frames(), [message(), Frame::Close(Some(1002))]);
}

#[test]
fn a_connection_that_waits_owns_no_buffer() {
    let (mut channel, peer) = connection();
    assert_eq!(receive(&mut channel), Ok(Received::Pending));
    assert!(!channel.inbox.owns_buffer(), "nothing came");
    peer.send(b"\x81\x02ok");
    let received = receive(&mut channel);
    assert_eq!(received, Ok(Received::Message(MessageKind::Text)));
    assert_eq!(channel.read_ahead(), Ok(()));
    assert!(!channel.inbox.owns_buffer(), "all was delivered");
    peer.send(b"\x81\x02o");
    assert_eq!(receive(&mut channel), Ok(Received::Pending));
    assert!(!channel.inbox.owns_buffer(), "the rest is still to come");
}

#[test]
fn nothing_is_kept_for_a_peer_that_takes_nothing_any_more() {
    let (mut channel, peer) = connection();
    peer.make_room(0);
    let mut frame = channel.begin(MessageKind::Binary, true, 1000).unwrap();
    assert_eq!(channel.try_gather(&mut frame, &PAYLOAD), Ok(true));
    channel.keep_alive().unwrap();
    assert!(channel.has_gathered() && channel.has_controls());
    channel.fail_sending(Error::Timeout.into());
    assert!(!channel.has_gathered() && !channel.has_controls());
    peer.make_room(usize::MAX);
    channel.release();
    assert_eq!(peer.bytes(), b"");
}

#[test]
fn nothing_is_kept_for_a_connection_that_has_failed() {
    let (mut channel, peer) = connection();
    peer.make_room(0);
    peer.send(b"\x81\x02ok");
    channel.read_ahead().unwrap();
    let mut frame = channel.begin(MessageKind::Binary, true, 1000).unwrap();
    assert_eq!(channel.try_gather(&mut frame, &PAYLOAD), Ok(true));
    channel.keep_alive().unwrap();
    assert!(channel.inbox.owns_buffer() && channel.has_gathered() && channel.has_controls());
    channel.abandon(Error::Timeout);
    assert!(!channel.inbox.owns_buffer() && !channel.has_gathered() && !channel.has_controls());
}

#[test]
fn behind_a_failed_write_there_is_nothing_more_only_if_the_layer_below_has_looked() {
    let (mut channel, peer) = connection();
    channel.fail_sending(Error::Timeout.into());
    peer.send(b"\x81\x02ok");
    peer.make_read_give_up();
    assert_eq!(receive(&mut channel), Ok(Received::Pending));
    let received = receive(&mut channel);
    assert_eq!(received, Ok(Received::Message(MessageKind::Text)));
    assert_eq!(receive(&mut channel), Err(Error::Timeout.into()));
}

#[test]
fn a_piece_without_payload_is_passed_over() {
    let (mut channel, peer) = connection();
    peer.send(b"\x01\x00\x00\x01a\x80\x00");
    let received = receive(&mut channel);
    assert_eq!(received, Ok(Received::Fragment(MessageKind::Text)));
    let received = receive(&mut channel);
    assert_eq!(received, Ok(Received::Message(MessageKind::Text)));
}

#[test]
fn a_connection_that_was_closed_is_emptied_before_it_is_dropped() {
    let (mut channel, peer) = connection();
    peer.send(&[0; 200_000]);
    close(&mut channel);
    assert_eq!(channel.flush(), Ok(true));
    channel.release();
    assert!(peer.is_finished());
    assert_eq!(peer.unread(), 0, "unread bytes make the system reset it");
}

#[test]
fn a_peer_reads_our_close_frame_and_then_the_end_also_if_we_have_not_read_all_of_its_own() {
    use std::io::{Read, Write};
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = Arc::new(Socket::connect(listener.local_addr().unwrap(), None).unwrap());
    let mut peer = listener.accept().unwrap().0;
    let mut channel = Channel::new(Stack::tcp(socket), Inbox::default(), 4096);
    peer.write_all(b"\x82\x7e\x10\x00").unwrap();
    peer.write_all(&[0; 4096]).unwrap();
    close(&mut channel);
    assert_eq!(channel.flush(), Ok(true));
    channel.release();
    let mut read = Vec::new();
    peer.read_to_end(&mut read).unwrap();
    assert_eq!(read.len(), 8, "a masked close frame with its code");
    assert_eq!(read[0], 0x88);
}

#[test]
fn a_connection_that_was_not_closed_is_dropped_as_it_is() {
    let (channel, peer) = connection();
    peer.send(&[0; 10]);
    channel.release();
    assert!(!peer.is_finished());
    assert_eq!(peer.unread(), 10);
}

#[test]
fn a_stream_that_ends_without_a_close_frame_has_failed() {
    let (mut channel, peer) = connection();
    peer.send(b"\x81\x02ok");
    peer.end();
    let received = receive(&mut channel);
    assert_eq!(received, Ok(Received::Message(MessageKind::Text)));
    assert_eq!(receive(&mut channel), Err(Error::ConnectionError.into()));
}

#[test]
fn a_receive_that_gives_others_a_turn_goes_on_without_news() {
    let (mut channel, peer) = connection();
    for _ in 0..300 {
        peer.send(b"\x89\x00");
    }
    peer.send(b"\x81\x02ok");
    assert_eq!(receive(&mut channel), Ok(Received::Pending));
    assert!(channel.is_unfinished());
    let pongs = peer.frames().len();
    assert!((1..300).contains(&pongs), "{pongs}");
    let mut memory = [0; 2];
    let received = channel.try_receive(&mut memory, &mut 0);
    assert_eq!(received, Ok(Received::Message(MessageKind::Text)));
    assert!(!channel.is_unfinished());
    assert_eq!(peer.frames().len(), 300 - pongs);
}

#[test]
fn a_layer_that_gives_up_for_now_is_tried_again_and_nobody_reads_past_it() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = Socket::connect(listener.local_addr().unwrap(), None).unwrap();
    let (mut channel, peer) = connection_above(Some(Arc::new(socket)));
    peer.make_read_give_up();
    assert_eq!(receive(&mut channel), Ok(Received::Pending));
    assert!(channel.is_unfinished());
    assert!(channel.lend().is_none());
    let received = channel.try_receive(&mut [0; 9], &mut 0);
    assert_eq!(received, Ok(Received::Pending));
    assert!(!channel.is_unfinished());
    assert!(channel.lend().is_some());
}

#[test]
fn a_frame_is_not_gathered_while_a_control_frame_waits() {
    let (mut channel, peer) = connection();
    channel.keep_alive().unwrap();
    let mut frame = channel.begin(MessageKind::Binary, true, 1000).unwrap();
    assert_eq!(channel.try_gather(&mut frame, &PAYLOAD), Ok(false));
    assert_eq!(channel.try_send(&mut frame, &PAYLOAD), Ok(true));
    assert_eq!(peer.frames(), [Frame::Pong(Vec::new()), message()]);
}
