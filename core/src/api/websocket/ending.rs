//! What a WebSocket still has to hand to the system when the process ends.

use std::os::fd::AsFd;
use std::time::Instant;

use winhttp_proto::embed::Embedder;

use super::WebSocket;
use crate::engine::clock;
use crate::engine::sleeper::{self, WaitFor};
use crate::lock::{if_free, within};

impl<E: Embedder> WebSocket<E> {
    /// Hands everything that was gathered to the system.
    pub(in crate::api) fn leave(&self, deadline: Instant) {
        loop {
            let Some(mut io) = within(deadline, || if_free(&self.io)) else {
                return;
            };
            let Some(channel) = io.connection.channel_mut() else {
                return;
            };
            if !channel.has_gathered() || !matches!(channel.flush(), Ok(false)) {
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
}
