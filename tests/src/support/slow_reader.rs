//! Peers that take an upload in pieces, with a pause before each: SEND_TIMEOUT is about each wait,
//! not about the whole (facts 2.14 and 35.9). Plain and TLS.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use winhttp_abi::constants as c;
use winhttp_fixtures::certs::Identity;
use winhttp_fixtures::{Connection, Opcode, Server};

use super::{get, secure, set_timeouts, takes, ticker};
use crate::{Call, Client, Handle, Mode, Sending, upgrade};

/// SEND_TIMEOUT of every upload here, in milliseconds.
const LIMIT: i32 = 1000;
const LIMIT_TIME: Duration = Duration::from_millis(1000);
/// What a peer waits before each piece: so much less than the limit that a busy machine does not
/// make one of the other.
const PAUSE: Duration = Duration::from_millis(200);
/// Pieces of a peer that is steady; their pauses alone are well above the limit.
const STEADY: u32 = 7;
/// Pieces of a peer that stops.
const STOPS_AFTER: u32 = 2;
/// The size of a piece, in bytes: a third of the largest send buffer, since a system tells of room
/// only when there is that much.
const PIECE: u32 = 3 << 19;
/// What a peer's system takes before the peer reads it, in bytes.
const UNREAD: usize = 128 << 10;
/// More than the buffers of both sides take together, in bytes.
const BUFFERS: u32 = 5 << 20;
/// An upload whose last byte finds room only behind all pauses, in bytes.
const LENGTH: u32 = STEADY * PIECE + BUFFERS;
/// A masked frame's header, where its length takes eight bytes.
const FRAME_HEADER: u32 = 14;

/// The call that sends everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// WinHttpSendRequest, as optional data.
    AtOnce,
    /// WinHttpWriteData.
    Written,
    /// WinHttpWebSocketSend.
    Message,
}

/// What a peer does behind its slow pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    TakesTheRest,
    Stops,
}

/// With a peer that is slow but steady, the call takes longer than SEND_TIMEOUT and succeeds; in
/// both modes. An `identity` makes it TLS.
pub fn may_last(way: Way, identity: Option<&Identity>) {
    in_both_modes(|mode| {
        let server = server(way, Then::TakesTheRest, identity);
        let upload = Upload::begin(way, mode, &server, identity.is_some());
        let start = Instant::now();
        assert_eq!(upload.send(), Ok(()), "{way:?}, {mode:?}");
        let took = start.elapsed();
        assert!(took >= PAUSE * STEADY, "the write did not block: {took:?}");
        upload.is_answered();
        upload.client.finish();
    });
}

/// A peer that stops ends the call one SEND_TIMEOUT after the last bytes it took.
pub fn ends_when_the_reader_stops(way: Way, identity: Option<&Identity>) {
    in_both_modes(|mode| {
        let server = server(way, Then::Stops, identity);
        let upload = Upload::begin(way, mode, &server, identity.is_some());
        let sent = takes(PAUSE * STOPS_AFTER + LIMIT_TIME, || upload.send());
        let timed_out = Err(c::ERROR_WINHTTP_TIMEOUT);
        assert_eq!(sent, timed_out, "{way:?}, {mode:?}");
        upload.client.finish();
    });
}

/// Beside each other: both do little but wait.
fn in_both_modes(test: impl Fn(Mode) + Sync) {
    thread::scope(|scope| {
        for mode in [Mode::Sync, Mode::Async] {
            let test = &test;
            scope.spawn(move || test(mode));
        }
    });
}

/// A peer for one upload.
fn server(way: Way, then: Then, identity: Option<&Identity>) -> Server {
    let script = move |connection: &mut Connection| -> io::Result<()> {
        let (_stop, tick) = ticker(PAUSE);
        connection.limit_unread(UNREAD)?;
        let Some(request) = connection.read_head()? else {
            return Ok(());
        };
        let mut left = LENGTH;
        if way == Way::Message {
            connection.accept_websocket(&request)?;
            left += FRAME_HEADER;
        }
        // The call has begun, and the pauses are all within its time.
        drop(connection.read_exactly(1)?);
        let pieces = match then {
            Then::TakesTheRest => STEADY,
            Then::Stops => STOPS_AFTER,
        };
        for _ in 0..pieces {
            tick();
            drop(connection.read_exactly(PIECE.into())?);
        }
        if then == Then::Stops {
            return connection.hold("nobody releases it").map(drop);
        }
        left -= 1 + pieces * PIECE;
        drop(connection.read_exactly(left.into())?);
        if way == Way::Message {
            connection.send_frame(Opcode::TEXT, true, b"all")?;
        } else {
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nall")?;
        }
        connection.wait_closed();
        Ok(())
    };
    let server = match identity {
        Some(identity) => Server::tls(script, identity),
        None => Server::plain(script),
    }
    .unwrap();
    server.set_recording(false);
    server
}

/// An upload of which only the call is left that sends everything.
struct Upload {
    client: Client<u16>,
    /// A request or a WebSocket.
    handle: Handle,
    way: Way,
    data: Vec<u8>,
}

impl Upload {
    fn begin(way: Way, mode: Mode, server: &Server, is_secure: bool) -> Self {
        let client = Client::<u16>::new(mode);
        let request = if is_secure {
            secure(&client, server.port(), "/")
        } else {
            get(&client, server.port(), "/")
        };
        set_timeouts::<u16>(request, 0, 0, LIMIT, 0);
        let handle = match way {
            Way::AtOnce => request,
            Way::Written => {
                let sending = Sending {
                    total: LENGTH,
                    ..Sending::default()
                };
                client.send_with(request, sending).unwrap();
                request
            }
            Way::Message => {
                upgrade::<u16>(request).unwrap();
                client.exchange(request).unwrap();
                client.complete_upgrade(request, 0).unwrap()
            }
        };
        let data = vec![0; LENGTH as usize];
        Self {
            client,
            handle,
            way,
            data,
        }
    }

    fn send(&self) -> Call<()> {
        let (client, handle) = (&self.client, self.handle);
        match self.way {
            Way::AtOnce => {
                let sending = Sending {
                    body: &self.data,
                    total: LENGTH,
                    ..Sending::default()
                };
                client.send_with(handle, sending)
            }
            Way::Written => {
                let written = client.write(handle, &self.data)?;
                assert_eq!(written, LENGTH);
                Ok(())
            }
            Way::Message => {
                let binary = c::WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE;
                client.ws_send(handle, binary, &self.data)
            }
        }
    }

    /// The peer says that all of it has come.
    fn is_answered(&self) {
        let (client, handle) = (&self.client, self.handle);
        let answer = if self.way == Way::Message {
            client.ws_message(handle).map(|(data, _)| data)
        } else {
            client.receive(handle).and_then(|()| client.body(handle))
        };
        assert_eq!(answer.as_deref(), Ok(&b"all"[..]));
    }
}
