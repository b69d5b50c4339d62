//! The peer: plays scripts that come from the input, one per connection, and ends every connection
//! itself.
//!
//! A script cannot hang the client: what it waits for has a short limit, and behind its last action
//! comes a FIN.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use winhttp_proto::websocket::{CloseCode, ProtocolError, Receiver, Role, accept_for};

use crate::input::Input;

/// How long an action waits for the client; longer waits find nothing more.
const PATIENCE: Duration = Duration::from_millis(10);
/// Header by which the client learns which of the peer's WebSockets answered.
pub const NUMBER_HEADER: &str = "X-Number";
const CONNECTIONS_MAX: usize = 4;
const ACTIONS_MAX: usize = 12;

#[derive(Clone, Debug)]
enum Action {
    ReadHead,
    Upgrade,
    Send(Vec<u8>),
    AwaitBytes,
    Finish,
    Reset,
}

/// One list of actions per connection; further connections play the last one again.
#[derive(Clone, Debug)]
pub struct Scripts(Vec<Vec<Action>>);

impl Scripts {
    pub fn read(input: &mut Input<'_>) -> Self {
        let count = 1 + input.below(CONNECTIONS_MAX);
        Self((0..count).map(|_| script(input)).collect())
    }
}

fn script(input: &mut Input<'_>) -> Vec<Action> {
    let start = input.byte();
    let mut actions = match start & 3 {
        0 => vec![Action::ReadHead, Action::Upgrade],
        1 => vec![Action::ReadHead],
        _ => Vec::new(),
    };
    for _ in 0..usize::from(start >> 2) % ACTIONS_MAX {
        actions.push(action(input));
    }
    actions
}

fn action(input: &mut Input<'_>) -> Action {
    match input.byte() % 16 {
        0 | 1 => Action::ReadHead,
        2 => Action::Upgrade,
        3..=6 => Action::Send(frame(input)),
        7 | 8 => Action::Send(input.short().to_vec()),
        9 => Action::Send(response(input, "Content-Length: ")),
        10 => Action::Send(response(input, "Transfer-Encoding: chunked\r\nX: ")),
        11 => Action::Send(response(input, "Connection: close\r\nX: ")),
        12 => Action::AwaitBytes,
        13 => Action::Finish,
        14 => Action::Reset,
        _ => Action::Send(
            vec![0x82, 126, 0x75, 0x30]
                .into_iter()
                .chain(vec![7; 30_000])
                .collect(),
        ),
    }
}

/// A frame that is well formed but for what its first byte says.
fn frame(input: &mut Input<'_>) -> Vec<u8> {
    let first = input.byte();
    let payload = input.short();
    let mut bytes = vec![first];
    match u8::try_from(payload.len()) {
        Ok(length) if length < 126 => bytes.push(length),
        _ => bytes.extend([126, 0, payload.len() as u8]),
    }
    bytes.extend(payload);
    bytes
}

fn response(input: &mut Input<'_>, framing: &str) -> Vec<u8> {
    let status = [200, 204, 304, 100, 404, 500, 101, 103][input.below(8)];
    let body = input.short();
    let length = body.len();
    let mut bytes = format!("HTTP/1.1 {status} OK\r\n{framing}{length}\r\n\r\n").into_bytes();
    if framing.starts_with('T') && length > 0 {
        bytes.extend(format!("{length:x}\r\n").bytes());
        bytes.extend(body);
        bytes.extend(b"\r\n0\r\n\r\n");
    } else {
        bytes.extend(body);
    }
    bytes
}

/// What was sent behind each valid 101.
pub type Sent = Arc<Mutex<Vec<Vec<u8>>>>;

/// A listening peer with its threads.
pub struct Peer {
    pub port: u16,
    pub sent: Sent,
    stop: Arc<AtomicBool>,
    acceptor: JoinHandle<()>,
}

impl Peer {
    pub fn start(scripts: Scripts) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let (sent, stop) = (Sent::default(), Arc::new(AtomicBool::new(false)));
        let own = (Arc::clone(&sent), Arc::clone(&stop));
        let acceptor = std::thread::spawn(move || accept(&listener, &scripts, &own.0, &own.1));
        Self {
            port,
            sent,
            stop,
            acceptor,
        }
    }

    /// Ends all connections and threads.
    pub fn stop(self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the acceptor.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        self.acceptor
            .join()
            .expect("the peer found no fault with the client");
    }
}

fn accept(listener: &TcpListener, scripts: &Scripts, sent: &Sent, stop: &Arc<AtomicBool>) {
    let mut threads = Vec::new();
    for number in 0.. {
        let Ok((stream, _)) = listener.accept() else {
            break;
        };
        if stop.load(Ordering::SeqCst) {
            break;
        }
        let last = scripts.0.len() - 1;
        let script = scripts.0[number.min(last)].clone();
        let (sent, stop) = (Arc::clone(sent), Arc::clone(stop));
        threads.push(std::thread::spawn(move || {
            Connection::new(stream, sent, stop).play(&script)
        }));
    }
    for thread in threads {
        thread
            .join()
            .expect("the peer found no fault with the client");
    }
}

struct Connection {
    stream: TcpStream,
    sent: Sent,
    stop: Arc<AtomicBool>,
    /// Bytes of the client that no action has used.
    unread: Vec<u8>,
    /// The key of the last head that was read.
    key: Option<String>,
    /// Number of the WebSocket this connection became.
    websocket: Option<usize>,
}

impl Connection {
    fn new(stream: TcpStream, sent: Sent, stop: Arc<AtomicBool>) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).expect("not zero");
        stream.set_write_timeout(Some(PATIENCE)).expect("not zero");
        stream.set_nodelay(true).expect("a TCP socket");
        // Closing leaves nothing behind in the system.
        socket2::SockRef::from(&stream)
            .set_linger(Some(Duration::ZERO))
            .expect("a TCP socket");
        Self {
            stream,
            sent,
            stop,
            unread: Vec::new(),
            key: None,
            websocket: None,
        }
    }

    fn play(mut self, script: &[Action]) {
        for action in script {
            match action {
                Action::ReadHead => self.read_head(),
                Action::Upgrade => self.upgrade(),
                Action::Send(bytes) => self.send(bytes),
                Action::AwaitBytes => {
                    self.read();
                }
                Action::Finish => {
                    let _ = self.stream.shutdown(Shutdown::Write);
                }
                Action::Reset => break,
            }
        }
        if !matches!(script.last(), Some(Action::Reset)) {
            let _ = self.stream.shutdown(Shutdown::Write);
            self.drain();
        }
        self.judge();
    }

    /// Appends what comes; false at the end of the connection.
    fn read(&mut self) -> bool {
        let mut buffer = [0; 16384];
        match self.stream.read(&mut buffer) {
            Ok(0) => false,
            Ok(count) => {
                self.unread.extend(&buffer[..count]);
                true
            }
            Err(error) => error.kind() == std::io::ErrorKind::WouldBlock,
        }
    }

    /// Reads until the client ends the connection, or the program is over.
    fn drain(&mut self) {
        while self.read() && !self.stop.load(Ordering::SeqCst) {}
    }

    fn read_head(&mut self) {
        if self.websocket.is_some() {
            return;
        }
        let end = loop {
            if let Some(at) = self.unread.windows(4).position(|end| end == b"\r\n\r\n") {
                break at + 4;
            }
            let before = self.unread.len();
            if !self.read() || self.unread.len() == before {
                return;
            }
        };
        let head: Vec<u8> = self.unread.drain(..end).collect();
        let head = String::from_utf8_lossy(&head);
        let field = |wanted: &str| {
            head.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                name.eq_ignore_ascii_case(wanted).then(|| value.to_owned())
            })
        };
        // Behind a body that is not read yet no frames can be told.
        let has_body = field("content-length").is_some_and(|length| length != "0");
        self.key = field("sec-websocket-key").filter(|_| !has_body);
    }

    fn upgrade(&mut self) {
        let mut head =
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                .to_owned();
        if let Some(key) = self.key.take()
            && self.websocket.is_none()
        {
            let mut sent = self.sent.lock().expect("no panic");
            head += &format!(
                "Sec-WebSocket-Accept: {}\r\n{NUMBER_HEADER}: {}\r\n",
                &*accept_for(&key),
                sent.len()
            );
            let _ = self.stream.write_all(format!("{head}\r\n").as_bytes());
            self.websocket = Some(sent.len());
            sent.push(Vec::new());
        } else {
            self.send(format!("{head}\r\n").as_bytes());
        }
    }

    fn send(&mut self, bytes: &[u8]) {
        // Noted first: the client can receive at once.
        if let Some(number) = self.websocket {
            self.sent.lock().expect("no panic")[number].extend(bytes);
        }
        if self.stream.write_all(bytes).is_err() {
            // A part may be missing, so nothing more may follow.
            let _ = self.stream.shutdown(Shutdown::Both);
        }
    }

    /// What a client sends on a WebSocket are valid frames, masked, with nothing behind the close
    /// frame.
    ///
    /// The program's text and close reason go out as they are: that they are UTF-8 is the program's
    /// business.
    fn judge(&self) {
        if self.websocket.is_none() {
            return;
        }
        let mut receiver = Receiver::new(Role::Server).without_text_verification();
        let mut output = vec![0; self.unread.len()];
        let mut rest = &self.unread[..];
        while !rest.is_empty() {
            assert!(
                !receiver.is_closed(),
                "bytes behind the close frame: {rest:x?}"
            );
            let advance = match receiver.advance(rest, &mut output) {
                Ok(advance) => advance,
                Err(ProtocolError::CloseReasonNotUtf8) => return,
                // A program may send statuses that nobody has defined.
                Err(ProtocolError::CloseCodeInvalid(code))
                    if CloseCode::to_send(code.get(), 0).is_ok() =>
                {
                    return;
                }
                Err(error) => panic!("{error}: {}", self.unread.escape_ascii()),
            };
            rest = &rest[advance.consumed..];
        }
    }
}
