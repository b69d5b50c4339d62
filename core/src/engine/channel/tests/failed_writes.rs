//! After a write has failed: what arrived by then is received, then the failure, whoever was
//! reading meanwhile.

use std::io::Write;
use std::net::TcpStream;

use super::*;
use crate::engine::socket::is_would_block;
use crate::engine::switches::Spin;

const HELLO: &[u8] = b"\x81\x05hello";

/// A channel and its peer.
fn connected() -> (Channel, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = Arc::new(Socket::connect(listener.local_addr().unwrap(), None).unwrap());
    let peer = listener.accept().unwrap().0;
    let channel = Channel::new(Stack::tcp(socket), Inbox::default(), 4096);
    (channel, peer)
}

fn receives(channel: &mut Channel, expected: Result<(Received, &[u8])>) {
    let (mut memory, mut filled) = ([0; 64], 0);
    let received = channel.try_receive(&mut memory, &mut filled);
    let received = received.map(|received| (received, &memory[..filled]));
    assert_eq!(received, expected);
}

#[test]
fn what_arrived_comes_first_and_the_failure_stays() {
    let (mut channel, mut peer) = connected();
    peer.write_all(HELLO).unwrap();
    let failure = channel.fail_sending(Error::Timeout.into());
    assert_eq!(failure.error(), Error::Timeout);
    assert_eq!(channel.life().check_receiving(), Ok(()));
    receives(
        &mut channel,
        Ok((Received::Message(MessageKind::Text), b"hello")),
    );
    for _ in 0..2 {
        receives(&mut channel, Err(Error::Timeout.into()));
    }
    assert_eq!(channel.life().check_receiving(), Err(Error::Timeout.into()));
}

#[test]
fn a_ping_is_passed_over_and_nothing_waits_to_be_written() {
    let (mut channel, mut peer) = connected();
    channel.keep_alive().unwrap();
    assert!(channel.wants_write());
    channel.fail_sending(Error::ConnectionError.into());
    peer.write_all(b"\x89\x01?").unwrap();
    peer.write_all(HELLO).unwrap();
    receives(
        &mut channel,
        Ok((Received::Message(MessageKind::Text), b"hello")),
    );
    assert!(!channel.wants_write());
    assert_eq!(channel.flush(), Err(Error::ConnectionError.into()));
}

#[test]
fn a_reader_that_found_nothing_before_the_failure_proves_nothing() {
    let (mut channel, mut peer) = connected();
    let reader = channel.lend().unwrap();
    let nothing = Err(io::ErrorKind::WouldBlock.into());
    channel.fail_sending(Error::Timeout.into());
    // While another thread may read, nobody can say that there is nothing.
    receives(&mut channel, Ok((Received::Pending, b"")));
    peer.write_all(HELLO).unwrap();
    assert_eq!(channel.take_back(reader, &nothing), Ok(false));
    receives(
        &mut channel,
        Ok((Received::Message(MessageKind::Text), b"hello")),
    );
    receives(&mut channel, Err(Error::Timeout.into()));
}

#[test]
fn what_another_thread_read_of_a_connection_that_failed_is_dropped() {
    let (mut channel, mut peer) = connected();
    let mut reader = channel.lend().unwrap();
    peer.write_all(HELLO).unwrap();
    let mut read = reader.read(&mut Spin::default());
    while read.as_ref().is_err_and(is_would_block) {
        read = reader.read(&mut Spin::default());
    }
    channel.abandon(Error::Timeout);
    let timeout = Err(Error::Timeout.into());
    assert_eq!(channel.take_back(reader, &read), timeout);
    assert!(!channel.inbox.owns_buffer());
}

#[test]
fn a_message_that_breaks_off_is_a_fragment_and_then_the_failure() {
    let (mut channel, mut peer) = connected();
    peer.write_all(b"\x81\x05hel").unwrap();
    channel.fail_sending(Error::ConnectionError.into());
    receives(
        &mut channel,
        Ok((Received::Fragment(MessageKind::Text), b"hel")),
    );
    receives(&mut channel, Err(Error::ConnectionError.into()));
}

#[test]
fn a_frame_that_breaks_the_protocol_delivers_nothing_of_its_own() {
    let (mut channel, mut peer) = connected();
    channel.fail_sending(Error::ConnectionError.into());
    peer.write_all(b"\x81\x03ok\xff").unwrap();
    receives(&mut channel, Err(Error::InvalidServerResponse.into()));
}
