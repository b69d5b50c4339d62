//! Whole streams over a socket that says once what there is to read: nothing may be lost, whatever
//! the sizes of messages, memory and reads, and however they meet.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsRawFd;
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};

use super::*;

const ROUNDS: u64 = 60;
const PATIENCE: Duration = Duration::from_secs(20);

/// A source of choices that are the same in every run.
struct Choices(u64);

impl Choices {
    fn number(&mut self, below: u64) -> u64 {
        // Marsaglia's xorshift.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }

    fn of(&mut self, sizes: &[usize]) -> usize {
        sizes[usize::try_from(self.number(sizes.len() as u64)).unwrap()]
    }
}

/// What a peer sends, as bytes and as messages.
struct Stream {
    bytes: Vec<u8>,
    messages: Vec<(MessageKind, Vec<u8>)>,
    closes: bool,
}

fn push_frame(bytes: &mut Vec<u8>, first: u8, payload: &[u8]) {
    bytes.push(first);
    match payload.len() {
        short @ 0..126 => bytes.push(u8::try_from(short).unwrap()),
        length @ 126..=0xffff => {
            bytes.push(126);
            bytes.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
        length => {
            bytes.push(127);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    bytes.extend(payload);
}

fn stream(choices: &mut Choices) -> Stream {
    const SIZES: [usize; 11] = [
        0, 1, 125, 2048, 8191, 8192, 8193, 10_240, 30_000, 65_536, 200_000,
    ];
    let mut bytes = Vec::new();
    let mut messages = Vec::new();
    for number in 0..choices.number(12) {
        let (kind, opcode) = match choices.number(2) {
            0 => (MessageKind::Binary, 2),
            _ => (MessageKind::Text, 1),
        };
        let mut whole = Vec::new();
        let frames = 1 + choices.number(3);
        for frame in 0..frames {
            let letter = b'a' + u8::try_from((number * 3 + frame) % 26).unwrap();
            let mut payload = vec![letter; choices.of(&SIZES)];
            if let Some(last) = payload.last_mut() {
                *last = b'.';
            }
            let fin = if frame + 1 == frames { 0x80 } else { 0 };
            push_frame(
                &mut bytes,
                fin | if frame == 0 { opcode } else { 0 },
                &payload,
            );
            whole.extend(payload);
            if choices.number(3) == 0 {
                push_frame(&mut bytes, 0x89, b"ping");
            }
        }
        messages.push((kind, whole));
    }
    let closes = choices.number(2) == 0;
    if closes {
        push_frame(&mut bytes, 0x88, &[3, 232]);
    }
    Stream {
        bytes,
        messages,
        closes,
    }
}

/// Sends it in pieces of any size, ends the stream, and waits for the other side's end.
fn send(mut peer: TcpStream, bytes: &[u8], mut choices: Choices) {
    peer.set_nodelay(true).unwrap();
    let mut rest = bytes;
    while !rest.is_empty() {
        let size = choices
            .of(&[1, 7, 1000, 8192, 50_000, 1_000_000])
            .min(rest.len());
        peer.write_all(&rest[..size]).unwrap();
        rest = &rest[size..];
        if choices.number(4) == 0 {
            std::thread::yield_now();
        }
    }
    peer.shutdown(Shutdown::Write).unwrap();
    let _ = peer.read_to_end(&mut Vec::new());
}

/// A channel and the poll that reports its socket.
struct Reader {
    channel: Channel,
    poll: Poll,
    has_ended: bool,
}

impl Reader {
    fn new(peer: &TcpListener, read_ahead: usize) -> Self {
        let socket = Arc::new(Socket::connect(peer.local_addr().unwrap(), None).unwrap());
        let poll = Poll::new().unwrap();
        let both = Interest::READABLE | Interest::WRITABLE;
        let mut source = SourceFd(&socket.as_raw_fd());
        poll.registry()
            .register(&mut source, Token(0), both)
            .unwrap();
        Self {
            channel: Channel::new(Stack::tcp(socket), Inbox::default(), read_ahead),
            poll,
            has_ended: false,
        }
    }

    fn wait(&mut self) {
        if self.channel.is_unfinished() {
            return;
        }
        let mut events = Events::with_capacity(4);
        self.poll.poll(&mut events, Some(PATIENCE)).unwrap();
        assert!(!events.is_empty(), "the socket was not read to its end");
        self.has_ended |= events
            .iter()
            .any(|event| event.is_read_closed() || event.is_error());
        self.channel.note_ready(self.has_ended);
    }

    /// Does what a WebSocket does for one receive.
    fn receive(&mut self, memory: &mut [u8]) -> Result<(Received, usize)> {
        let mut filled = 0;
        loop {
            match self.channel.try_receive(memory, &mut filled)? {
                Received::Pending => self.wait(),
                received @ (Received::Fragment(_) | Received::Message(_) | Received::Closed) => {
                    let _ = self.channel.read_ahead();
                    return Ok((received, filled));
                }
            }
        }
    }
}

#[test]
fn every_stream_arrives_whole_and_to_its_end() {
    for round in 1..=ROUNDS {
        let mut choices = Choices(round.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let sent = stream(&mut choices);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut reader = Reader::new(&listener, choices.of(&[1, 2, 100, 4096, 65_536]));
        let peer = listener.accept().unwrap().0;
        std::thread::scope(|scope| {
            let pieces = Choices(choices.number(u64::MAX) | 1);
            scope.spawn(|| send(peer, &sent.bytes, pieces));
            let mut expected = sent.messages.iter();
            let mut whole = Vec::<u8>::new();
            let end = loop {
                let mut memory = vec![0; choices.of(&[1000, 8192, 9000, 40_000, 250_000])];
                match reader.receive(&mut memory) {
                    Ok((Received::Fragment(_), filled)) => whole.extend(&memory[..filled]),
                    Ok((Received::Message(kind), filled)) => {
                        whole.extend(&memory[..filled]);
                        let (expected_kind, bytes) = expected.next().unwrap();
                        assert_eq!(kind, *expected_kind, "round {round}");
                        assert!(std::mem::take(&mut whole) == *bytes, "round {round}");
                    }
                    end => break end.map(|(received, _)| received),
                }
            };
            let expected_end = if sent.closes {
                Ok(Received::Closed)
            } else {
                Err(Error::ConnectionError.into())
            };
            drop(reader);
            assert_eq!(end, expected_end, "round {round}");
            assert!(expected.next().is_none(), "round {round}");
        });
    }
}
