//! Unit tests of what a channel counts as sent, over a layer that takes more than the system below
//! it does.

mod dialogues;
mod edges;
mod failed_writes;

use std::io;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};

use winhttp_proto::failure::Result;
use winhttp_proto::websocket::{CloseCode, CloseFrame};

use super::*;
use crate::engine::transport::{Flush, Interest, Transport, Write};

/// Takes everything, as TLS does, and hands on nothing until it is opened.
#[derive(Debug, Default)]
struct Holding {
    held: usize,
    open: Arc<AtomicBool>,
}

impl Transport for Holding {
    fn read(&mut self, _: &mut [u8], _: &mut [u8]) -> Result<Read> {
        Ok(Read::Blocked)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<Write> {
        if self.flush()? == Flush::Blocked {
            return Ok(Write::Blocked);
        }
        self.held += bytes.len();
        Ok(Write::Taken(bytes.len()))
    }

    fn flush(&mut self) -> Result<Flush> {
        if self.open.load(Ordering::Relaxed) {
            self.held = 0;
        }
        Ok(if self.held == 0 {
            Flush::Complete
        } else {
            Flush::Blocked
        })
    }

    fn finish(&mut self) {}

    fn interest(&self) -> Interest {
        Interest {
            has_input: false,
            has_output: self.held > 0,
        }
    }
}

/// A channel over a layer that holds everything back, and what opens it.
fn holding() -> (Channel, Arc<AtomicBool>) {
    let transport = Holding::default();
    let open = Arc::clone(&transport.open);
    // A reader can be lent only where there is a socket to read.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = Socket::connect(listener.local_addr().unwrap(), None).unwrap();
    let stack = Stack::plain(Box::new(transport), Some(Arc::new(socket)));
    (Channel::new(stack, Inbox::default(), 4096), open)
}

/// Nothing of it has reached the system yet, and it goes there as soon as that is possible.
fn waits_until_opened(mut channel: Channel, open: &AtomicBool) {
    assert_eq!(channel.flush(), Ok(false));
    assert!(!channel.is_flushed());
    assert!(channel.wants_write());
    assert!(channel.lend().is_none(), "its reader waits for room too");
    open.store(true, Ordering::Relaxed);
    assert_eq!(channel.flush(), Ok(true));
    assert!(channel.is_flushed());
    assert!(channel.lend().is_some());
}

#[test]
fn a_close_frame_that_the_layer_below_holds_is_not_sent() {
    let (mut channel, open) = holding();
    channel
        .close(&CloseFrame::with_code(CloseCode::NORMAL_CLOSURE))
        .unwrap();
    waits_until_opened(channel, &open);
}

#[test]
fn a_pong_that_the_layer_below_holds_is_not_sent() {
    let (mut channel, open) = holding();
    channel.keep_alive().unwrap();
    waits_until_opened(channel, &open);
}

#[test]
fn gathered_frames_that_the_layer_below_holds_are_not_sent() {
    let (mut channel, open) = holding();
    let mut frame = channel.begin(MessageKind::Binary, true, 5).unwrap();
    assert_eq!(channel.try_gather(&mut frame, b"hello"), Ok(true));
    waits_until_opened(channel, &open);
}

#[test]
fn the_first_failure_is_the_one_that_is_reported() {
    let (mut channel, _open) = holding();
    let reader = channel.lend().unwrap();
    channel.abandon(Error::Timeout);
    assert_eq!(
        channel.take_back(reader, &Ok(0)),
        Err(Error::Timeout.into())
    );
    assert_eq!(channel.life().check_receiving(), Err(Error::Timeout.into()));
}

#[test]
fn large_messages_that_arrive_together_each_fill_their_own_memory() {
    const BYTES: usize = 100_000;
    const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = Arc::new(Socket::connect(listener.local_addr().unwrap(), None).unwrap());
    let mut peer = listener.accept().unwrap().0;
    let sender = std::thread::spawn(move || {
        use std::io::Write;
        for number in 1..=5_u8 {
            let mut message = vec![0x82, 127];
            message.extend((BYTES as u64).to_be_bytes());
            message.extend(vec![number; BYTES]);
            message.extend([0x89, 1, number]); // a ping
            peer.write_all(&message).unwrap();
        }
        peer
    });
    let mut channel = Channel::new(Stack::tcp(socket), Inbox::default(), 4096);
    let deadline = std::time::Instant::now() + PATIENCE;
    let mut memory = vec![0; BYTES];
    for number in 1..=5 {
        let mut filled = 0;
        loop {
            match channel.try_receive(&mut memory, &mut filled).unwrap() {
                Received::Message(MessageKind::Binary) => break,
                Received::Pending => channel.note_ready(false),
                other @ (Received::Fragment(_) | Received::Message(_) | Received::Closed) => {
                    panic!("{other:?}")
                }
            }
            assert!(std::time::Instant::now() < deadline);
        }
        assert_eq!(filled, BYTES);
        assert!(memory.iter().all(|byte| *byte == number));
    }
    drop(sender.join().unwrap());
}
