//! Unit tests of what a channel counts as sent, over a layer that takes more than the system below it does.

mod dialogues;
mod edges;
mod failed_writes;

use std::io;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};

use winhttp_proto::websocket::{CloseCode, CloseFrame};

use super::*;
use crate::engine::tls::TlsFacts;
use crate::engine::transport::Carried;

/// Takes everything, as TLS does, and hands on nothing until it is opened.
#[derive(Debug)]
struct Holding {
    socket: Arc<Socket>,
    held: usize,
    open: Arc<AtomicBool>,
}

impl Transport for Holding {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::WouldBlock.into())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.flush()?;
        self.held += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.open.load(Ordering::Relaxed) {
            self.held = 0;
        }
        if self.held == 0 {
            Ok(())
        } else {
            Err(io::ErrorKind::WouldBlock.into())
        }
    }

    fn is_flushed(&self) -> bool {
        self.held == 0
    }

    fn carried(&self) -> Carried {
        Carried::default()
    }

    fn has_buffered_input(&self) -> bool {
        false
    }

    fn is_drained(&self) -> bool {
        true
    }

    fn note_ready(&mut self) {}

    fn holds_input(&self) -> bool {
        false
    }

    fn accept(&mut self, input: Inbox, _: bool) -> Option<Inbox> {
        Some(input)
    }

    fn finish_sending(&mut self) {}

    fn socket(&self) -> &Arc<Socket> {
        &self.socket
    }

    fn tls(&self) -> Option<&Arc<TlsFacts>> {
        None
    }

    fn failure(&self, _: &io::Error) -> Failure {
        Error::ConnectionError.into()
    }
}

/// A channel over a layer that holds everything back, and what opens it.
fn holding() -> (Channel, Arc<AtomicBool>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = Socket::connect(listener.local_addr().unwrap(), None).unwrap();
    let open = Arc::new(AtomicBool::new(false));
    let transport = Holding {
        socket: Arc::new(socket),
        held: 0,
        open: Arc::clone(&open),
    };
    let channel = Channel::new(Box::new(transport), Inbox::default(), 4096);
    (channel, open)
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
    let transport = Box::new(crate::engine::transport::Tcp::new(socket));
    let mut channel = Channel::new(transport, Inbox::default(), 4096);
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
