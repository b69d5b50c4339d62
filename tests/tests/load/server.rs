//! The other process: an echo server, of HTTP and of WebSocket, on one thread that holds many
//! thousand connections, half of them over TLS.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::sync::Arc;
use std::thread;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};
use rustls::{ServerConfig, ServerConnection};
use tungstenite::handshake::derive_accept_key;
use winhttp_fixtures::certs::{Authority, IdentityOptions};

use crate::answers;
use crate::frames::{self, CLOSE, CONTINUATION, PING, PONG};
use crate::message;

const PLAIN: Token = Token(0);
const SECURE: Token = Token(1);
const END: Token = Token(2);
/// Tokens of connections begin here.
const FIRST: usize = 3;

struct Peer {
    stream: TcpStream,
    tls: Option<Box<ServerConnection>>,
    input: Vec<u8>,
    output: Vec<u8>,
    upgraded: bool,
    /// Pieces of a message so far, and its opcode.
    pieces: Option<(u8, Vec<u8>)>,
    /// The number the next message must have.
    next: u64,
    /// Close frames went both ways.
    closing: bool,
}

/// Why a connection ends.
enum End {
    /// The client went away, or the closing handshake is through.
    Gone,
    /// The client did what it must not.
    Wrong(&'static str),
}

impl From<io::Error> for End {
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}

/// What the server has seen.
#[derive(Default)]
struct Counts {
    messages: u64,
    closes: u64,
    requests: u64,
    errors: u64,
}

/// Serves until standard input ends. Prints ports and authority first, counts last.
pub(crate) fn serve() {
    let authority = Authority::new().unwrap();
    let identity = authority.issue(&IdentityOptions::default()).unwrap();
    let config =
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(identity.chain().to_vec(), identity.key())
            .unwrap();
    let config = Arc::new(config);
    let mut poll = Poll::new().unwrap();
    let bind = |token| {
        let mut listener = TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        poll.registry()
            .register(&mut listener, token, Interest::READABLE)
            .unwrap();
        listener
    };
    let (plain, secure) = (bind(PLAIN), bind(SECURE));
    let waker = Arc::new(Waker::new(poll.registry(), END).unwrap());
    // A waker's wake-up goes with it.
    let keeper = Arc::clone(&waker);
    let (plain_port, secure_port) = (
        plain.local_addr().unwrap().port(),
        secure.local_addr().unwrap().port(),
    );
    println!("{plain_port} {secure_port}\n{}", authority.pem());
    println!("ready");
    thread::spawn(move || {
        let _ended = io::stdin().read_to_end(&mut Vec::new());
        waker.wake().unwrap();
    });
    let counts = run(&mut poll, &plain, &secure, &config);
    drop(keeper);
    println!(
        "{} {} {} {}",
        counts.messages, counts.closes, counts.requests, counts.errors
    );
}

fn run(
    poll: &mut Poll,
    plain: &TcpListener,
    secure: &TcpListener,
    config: &Arc<ServerConfig>,
) -> Counts {
    let mut events = Events::with_capacity(1024);
    let mut peers: Vec<Option<Peer>> = Vec::new();
    let mut free = Vec::new();
    let mut counts = Counts::default();
    let mut scratch = vec![0; 256 * 1024];
    loop {
        if let Err(error) = poll.poll(&mut events, None) {
            assert_eq!(error.kind(), io::ErrorKind::Interrupted);
            continue;
        }
        for event in &events {
            match event.token() {
                END => return counts,
                PLAIN => accept(poll, plain, None, &mut peers, &mut free),
                SECURE => accept(poll, secure, Some(config), &mut peers, &mut free),
                Token(token) => {
                    let index = token - FIRST;
                    let Some(peer) = &mut peers[index] else {
                        continue;
                    };
                    let Err(end) = peer.turn(&mut scratch, &mut counts) else {
                        continue;
                    };
                    if let End::Wrong(what) = end {
                        counts.errors += 1;
                        eprintln!("server: {what}");
                    }
                    peers[index] = None;
                    free.push(index);
                }
            }
        }
    }
}

fn accept(
    poll: &Poll,
    listener: &TcpListener,
    config: Option<&Arc<ServerConfig>>,
    peers: &mut Vec<Option<Peer>>,
    free: &mut Vec<usize>,
) {
    // It ends with WouldBlock.
    while let Ok((mut stream, _)) = listener.accept() {
        let index = free.pop().unwrap_or_else(|| {
            peers.push(None);
            peers.len() - 1
        });
        let both = Interest::READABLE | Interest::WRITABLE;
        poll.registry()
            .register(&mut stream, Token(FIRST + index), both)
            .unwrap();
        let _unchanged = stream.set_nodelay(true);
        let tls = config.map(|config| Box::new(ServerConnection::new(Arc::clone(config)).unwrap()));
        peers[index] = Some(Peer {
            stream,
            tls,
            input: Vec::new(),
            output: Vec::new(),
            upgraded: false,
            pieces: None,
            next: 0,
            closing: false,
        });
    }
}

impl Peer {
    /// Reads, answers and writes as far as possible.
    fn turn(&mut self, scratch: &mut [u8], counts: &mut Counts) -> Result<(), End> {
        let ended = self.read(scratch)?;
        if !self.upgraded {
            self.upgrade_or_answer(counts)?;
        }
        while self.upgraded && !self.closing {
            match frames::take(&mut self.input).map_err(End::Wrong)? {
                Some(frame) => self.answer(frame, counts)?,
                None => break,
            }
        }
        if self.input.is_empty() {
            self.input = Vec::new(); // an idle connection costs nothing
        }
        self.flush()?;
        let waits = self.tls.as_ref().is_some_and(|tls| tls.wants_write());
        if ended || (self.closing && self.output.is_empty() && !waits) {
            let _gone = self.stream.shutdown(Shutdown::Write);
            return Err(End::Gone);
        }
        Ok(())
    }

    /// Reads all there is; true at the end of the stream.
    fn read(&mut self, scratch: &mut [u8]) -> Result<bool, End> {
        loop {
            let got = match &mut self.tls {
                None => self.stream.read(scratch),
                Some(tls) => tls.read_tls(&mut self.stream),
            };
            let count = match got {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            let Some(tls) = &mut self.tls else {
                if count == 0 {
                    return Ok(true);
                }
                self.input.extend_from_slice(&scratch[..count]);
                continue;
            };
            tls.process_new_packets()
                .map_err(|_| End::Wrong("broken TLS"))?;
            while let Ok(count @ 1..) = tls.reader().read(scratch) {
                self.input.extend_from_slice(&scratch[..count]);
            }
            if count == 0 {
                return Ok(true);
            }
        }
    }

    /// Answers a request; one with a key makes a WebSocket of the connection.
    fn upgrade_or_answer(&mut self, counts: &mut Counts) -> Result<(), End> {
        let Some(end) = self.input.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
            return Ok(());
        };
        let head = String::from_utf8_lossy(&self.input[..end]).into_owned();
        let key = head
            .lines()
            .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
        let Some(key) = key else {
            if let Some(answer) = answers::take(&mut self.input).map_err(End::Wrong)? {
                counts.requests += 1;
                self.output.extend(answer);
            }
            return Ok(());
        };
        self.input.drain(..end + 4);
        let accept = derive_accept_key(key.trim().as_bytes());
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n\r\n"
        );
        self.output.extend_from_slice(answer.as_bytes());
        self.upgraded = true;
        Ok(())
    }

    fn answer(&mut self, frame: frames::Frame, counts: &mut Counts) -> Result<(), End> {
        match frame.opcode {
            CLOSE => {
                counts.closes += 1;
                frames::put(&mut self.output, CLOSE, &frame.payload);
                self.closing = true;
            }
            PING => frames::put(&mut self.output, PONG, &frame.payload),
            PONG => {}
            opcode => {
                let (opcode, mut message) = match (self.pieces.take(), opcode) {
                    (Some(pieces), CONTINUATION) => pieces,
                    (None, 1 | 2) => (opcode, Vec::new()),
                    _ => return Err(End::Wrong("pieces out of order")),
                };
                message.extend_from_slice(&frame.payload);
                if !frame.fin {
                    self.pieces = Some((opcode, message));
                    return Ok(());
                }
                if message::read(&message) != Some(self.next) {
                    return Err(End::Wrong("a message is lost, repeated or harmed"));
                }
                self.next += 1;
                counts.messages += 1;
                frames::put(&mut self.output, opcode, &message);
            }
        }
        Ok(())
    }

    /// Writes as much as the socket takes.
    fn flush(&mut self) -> Result<(), End> {
        let blocked = |error: &io::Error| error.kind() == io::ErrorKind::WouldBlock;
        if let Some(tls) = &mut self.tls {
            tls.set_buffer_limit(None);
            tls.writer().write_all(&self.output)?;
            self.output = Vec::new();
            while tls.wants_write() {
                match tls.write_tls(&mut self.stream) {
                    Ok(_) => {}
                    Err(error) if blocked(&error) => return Ok(()),
                    Err(error) => return Err(error.into()),
                }
            }
            return Ok(());
        }
        while !self.output.is_empty() {
            match self.stream.write(&self.output) {
                Ok(count) => drop(self.output.drain(..count)),
                Err(error) if blocked(&error) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
        self.output = Vec::new();
        Ok(())
    }
}
