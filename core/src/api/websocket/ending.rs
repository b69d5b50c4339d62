//! What a WebSocket still has to hand to the system when the process ends.

use std::os::fd::AsFd;
use std::sync::Mutex;
use std::time::Instant;

use winhttp_proto::embed::Embedder;

use super::WebSocket;
use super::io::Io;
use crate::engine::clock;
use crate::engine::sleeper::{self, WaitFor};
use crate::lock::{if_free, within};

impl<E: Embedder> WebSocket<E> {
    /// Hands everything that counts as sent to the system.
    pub(in crate::api) fn leave(&self, deadline: Instant) {
        hand_over(&self.io, deadline);
    }
}

/// Waits for room until neither the gathered frames nor a layer below, as TLS does with sealed
/// bytes, hold anything of what counts as sent.
fn hand_over<E: Embedder>(io: &Mutex<Io<E>>, deadline: Instant) {
    loop {
        let Some(mut io) = within(deadline, || if_free(io)) else {
            return;
        };
        let Some(channel) = io.connection.channel_mut() else {
            return;
        };
        if !channel.holds_sent() || !matches!(channel.flush(), Ok(false)) {
            return;
        }
        let Some(socket) = io.socket() else { return };
        drop(io);
        let Ok(sleeper) = sleeper::current() else {
            return;
        };
        let room = [(socket.as_fd(), WaitFor::Writable)];
        if clock::now() >= deadline || sleeper.wait(&room, Some(deadline)).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::sync::Arc;
    use std::time::Duration;

    use winhttp_proto::websocket::MessageKind;

    use super::*;
    use crate::api::edge::Edge;
    use crate::engine::channel::fake::{Frame, Peer, connection_above};
    use crate::engine::socket::Socket;

    const PATIENCE: Duration = Duration::from_secs(20);
    const MESSAGES: usize = 3;

    /// Gathered messages over a socket that has room at any time, which the layers need not have.
    fn gathered() -> (Mutex<Io<Edge>>, Peer, TcpListener) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let socket = Socket::connect(listener.local_addr().unwrap(), None).unwrap();
        let (mut channel, peer) = connection_above(Some(Arc::new(socket)));
        peer.make_room(0);
        for _ in 0..MESSAGES {
            let mut frame = channel.begin(MessageKind::Binary, true, 5).unwrap();
            assert_eq!(channel.try_gather(&mut frame, b"hello"), Ok(true));
        }
        (
            Mutex::new(Io::new(channel, None, clock::now)),
            peer,
            listener,
        )
    }

    fn all() -> Vec<Frame> {
        let hello = || Frame::Data(MessageKind::Binary, b"hello".to_vec());
        (0..MESSAGES).map(|_| hello()).collect()
    }

    #[test]
    fn gathered_messages_leave_a_few_bytes_at_a_time() {
        let (io, peer, _listener) = gathered();
        peer.make_room_later(2);
        hand_over(&io, clock::now() + PATIENCE);
        assert_eq!(peer.frames(), all());
    }

    #[test]
    fn what_a_layer_took_and_holds_leaves_too() {
        let (io, peer, _listener) = gathered();
        peer.hold();
        peer.make_room_later(2);
        hand_over(&io, clock::now() + PATIENCE);
        assert_eq!(peer.frames(), all());
    }

    #[test]
    fn a_peer_that_takes_nothing_costs_the_time_until_the_deadline() {
        let (io, peer, _listener) = gathered();
        peer.hold();
        hand_over(&io, clock::now() + Duration::from_millis(20));
        assert_eq!(peer.frames(), []);
    }
}
