//! The server of all contestants, a process of its own: which connection gets which service.
//!
//! It is written by hand to cost as little as it can: blocking threads, one write per read, large
//! messages from a file in memory, and payload that nobody looks at discarded inside the kernel.

mod echo;
mod http;
mod kinds;
mod sink;
mod socket;
mod stream;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::ServerConfig;
use winhttp_fixtures::certs::Authority;

use self::socket::Socket;
use crate::{machine, wire};

/// The first byte of a TLS connection: a handshake record.
const TLS_HANDSHAKE: u8 = 0x16;
/// A thread's stack; a thousand of them wait in the rows about idle connections.
const STACK_BYTES: usize = 256 * 1024;

/// A connection of either kind, with the two services that a plain one gets from the kernel.
trait Stream: Read + Write {
    /// Reads up to `scratch.len()` bytes that nobody needs; their content stays unknown.
    fn discard(&mut self, scratch: &mut [u8]) -> std::io::Result<usize>;

    /// Writes the same message `count` times.
    fn repeat(&mut self, message: &stream::Prepared, count: u64) -> std::io::Result<()>;
}

struct Shared {
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    has_own_core: bool,
    /// Threads that wait for a connection.
    free: AtomicUsize,
}

/// Serves until the runner closes our standard input, or dies.
pub(crate) fn main(has_own_core: bool) {
    machine::allow_many_files();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let authority = Authority::new().unwrap();
    println!("{}", listener.local_addr().unwrap().port());
    println!("{}", authority.pem().replace('\n', "|"));
    let shared = Arc::new(Shared {
        listener,
        tls: kinds::config(&authority),
        has_own_core,
        free: AtomicUsize::new(0),
    });
    add_thread(&shared);
    let _ = std::io::stdin().read(&mut [0]);
}

/// One thread always waits in `accept`, so that a new connection does not wait for a thread to
/// start.
fn add_thread(shared: &Arc<Shared>) {
    shared.free.fetch_add(1, Ordering::SeqCst);
    let shared = Arc::clone(shared);
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
    thread
        .spawn(move || {
            loop {
                let (stream, _) = shared.listener.accept().unwrap();
                if shared.free.fetch_sub(1, Ordering::SeqCst) == 1 {
                    add_thread(&shared);
                }
                // A contestant that goes away ends its connection, not the server.
                let _ = serve(stream, &shared);
                shared.free.fetch_add(1, Ordering::SeqCst);
            }
        })
        .unwrap();
}

fn serve(stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    // The client closes first; the reset takes its TIME_WAIT away, or a run would use up the ports.
    rustix::net::sockopt::set_socket_linger(&stream, Some(std::time::Duration::ZERO))?;
    let mut first = [0];
    if stream.peek(&mut first)? == 0 {
        return Ok(());
    }
    let mut socket = Socket {
        stream,
        has_own_core: shared.has_own_core,
    };
    if first == [TLS_HANDSHAKE] {
        converse(&mut kinds::accept(&shared.tls, socket)?)
    } else {
        converse(&mut socket)
    }
}

fn converse(stream: &mut impl Stream) -> std::io::Result<()> {
    let mut input = Vec::new();
    let Some(bytes) = wire::read_until_head(stream, &mut input) else {
        return Ok(());
    };
    let head = String::from_utf8_lossy(&input[..bytes]).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    if http::serves(&path) {
        return http::serve(stream, input);
    }
    let key = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key"))
        .map_or("", |(_, value)| value);
    let accept = tungstenite::handshake::derive_accept_key(key.as_bytes());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    stream.write_all(answer.as_bytes())?;
    match path.as_str() {
        "/echo" => echo::serve(stream),
        "/stream" => stream::serve(stream),
        "/sink" => sink::serve(stream),
        other => panic!("no service at {other}"),
    }
}
