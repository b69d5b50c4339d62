//! WebSockets: one send-side and one receive-side operation at a time, and the closing handshake
//! over both.
//!
//! Which call is legal when, and what a failure leaves, is the connection's
//! [`Life`](winhttp_proto::websocket::Life); this is how the calls are carried out.
//!
//! Operations are tried on the calling thread first; what cannot finish waits in the connection's
//! state. In asynchronous mode the poll moves it on and a notification ends it; in synchronous mode
//! the caller's own thread waits for the socket and moves everything on that waits there.

mod calls;
mod close;
mod connection;
mod ending;
mod io;
mod operations;
mod reports;
mod slot;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

pub use close::EMPTY_CLOSE_STATUS;
use io::Io;

use super::completions::Completions;
use super::handle::Handle;
use crate::engine::buffers::Inbox;
use crate::engine::channel::Channel;
use crate::engine::clock;
use crate::engine::reactor::{Ready, Registration};
use crate::engine::transport::Stack;
use winhttp_proto::embed::Embedder;
use winhttp_proto::error::Error;

/// An upgraded connection on its way from the request to the WebSocket.
#[derive(Debug)]
pub(super) struct Upgraded {
    pub(super) stack: Stack,
    pub(super) inbox: Inbox,
    pub(super) endpoint: Option<Arc<Registration>>,
    pub(super) read_ahead: usize,
    pub(super) send_timeout: Option<Duration>,
}

/// A WebSocket.
pub struct WebSocket<E: Embedder> {
    io: Mutex<Io<E>>,
    endpoint: Option<Arc<Registration>>,
    handle: Arc<Handle<E>>,
}

impl<E: Embedder> WebSocket<E> {
    pub(super) fn new(upgraded: Upgraded, handle: Arc<Handle<E>>) -> Arc<Self> {
        let Upgraded {
            stack,
            inbox,
            endpoint,
            read_ahead,
            send_timeout,
        } = upgraded;
        let channel = Channel::new(stack, inbox, read_ahead);
        let websocket = Arc::new(Self {
            io: Mutex::new(Io::new(channel, send_timeout, clock::now)),
            endpoint,
            handle,
        });
        if let Some(endpoint) = &websocket.endpoint {
            let owner: Weak<Self> = Arc::downgrade(&websocket);
            endpoint.hand_over(owner);
            // What came behind the handshake may hold a ping, and its readiness was reported to the
            // request.
            Arc::clone(&websocket).ready();
        }
        websocket
    }

    /// What every handle has.
    #[must_use]
    pub fn handle(&self) -> &Arc<Handle<E>> {
        &self.handle
    }

    /// The connection's own small lock; never held while waiting or while user code runs.
    fn io(&self) -> MutexGuard<'_, Io<E>> {
        self.io.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the poll when to come back at the latest.
    fn set_deadline(&self, io: &mut Io<E>) {
        if let Some(endpoint) = &self.endpoint
            && let Some(deadline) = io.new_deadline()
        {
            endpoint.set_deadline(deadline);
        }
    }

    /// Moves on and delivers what has ended; whether anything has.
    fn move_on(&self, step: impl FnOnce(&mut Io<E>, &mut Completions<'_, E>)) -> bool {
        let mut ended = Completions::of(&self.handle);
        let mut io = self.io();
        io.contain(&mut ended, step);
        self.set_deadline(&mut io);
        drop(io);
        let news = !ended.is_empty();
        ended.deliver();
        news
    }
}

impl<E: Embedder> Ready for WebSocket<E> {
    fn ready(self: Arc<Self>) {
        self.move_on(|io, ended| {
            let endpoint = self.endpoint.as_ref();
            io.note_ready(endpoint.is_some_and(|endpoint| endpoint.has_ended()));
            io.pump(None, ended);
        });
    }

    fn expired(self: Arc<Self>) {
        self.move_on(|io, ended| io.pump(Some(clock::now()), ended));
    }

    fn lost(self: Arc<Self>) -> bool {
        self.move_on(|io, ended| {
            if let Some(channel) = io.connection.channel_mut() {
                channel.abandon(Error::Internal);
            }
            io.pump(None, ended);
        })
    }

    fn flush(self: Arc<Self>) -> bool {
        self.move_on(|io, ended| {
            io.flush_asked = false;
            io.pump_send(ended);
        })
    }
}

impl<E: Embedder> fmt::Debug for WebSocket<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket")
            .field("handle", &self.handle)
            .finish_non_exhaustive()
    }
}
