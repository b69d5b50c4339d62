//! Shutdown, Close, the close status, closing the handle, and the options of a WebSocket.

use std::time::Duration;

use winhttp_proto::embed::Embedder;
use winhttp_proto::error::Error;
use winhttp_proto::failure::Result;
use winhttp_proto::websocket::{CloseCode, CloseFrame, CloseReason};

use super::WebSocket;
use super::io::Io;
use crate::api::completions::Completions;
use crate::engine::channel::Channel;
use crate::engine::sleeper::WaitFor;
use crate::lock::if_free;

/// The close code that stands for "no code" (WINHTTP_WEB_SOCKET_EMPTY_CLOSE_STATUS, RFC 6455
/// §7.4.1).
pub const EMPTY_CLOSE_STATUS: u16 = 1005;

impl<E: Embedder> WebSocket<E> {
    /// Sends a close frame and closes the send side (WinHttpWebSocketShutdown); receiving goes on.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a code or reason that cannot be sent,
    /// [`Error::InvalidOperation`] while a send or close is pending or after an earlier Shutdown or
    /// Close, and the connection's failure.
    pub fn shutdown(&self, code: u16, reason: &[u8]) -> Result<()> {
        let frame = close_frame(code, reason)?;
        let mut ended = Completions::of_call(&self.handle);
        let mut io = self.io();
        io.begin_shutdown(&frame, self.caller())?;
        io.contain(&mut ended, Io::pump_send);
        self.finish(io, ended, |io| &mut io.send, WaitFor::Writable)
            .map(|sent| sent.unwrap_or_default())
    }

    /// Performs the closing handshake (WinHttpWebSocketClose): sends a close frame unless that is
    /// done, and waits for the peer's, at most for the close timeout. A pending receive is
    /// cancelled.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a code or reason that cannot be sent,
    /// [`Error::InvalidOperation`] while a send is pending or after an earlier Close,
    /// [`Error::Timeout`], and the connection's failure.
    pub fn close(&self, code: u16, reason: &[u8]) -> Result<()> {
        let frame = close_frame(code, reason)?;
        let mut ended = Completions::of_call(&self.handle);
        let mut io = self.io();
        io.begin_close(&frame, self.caller())?;
        let outstanding = self.handle.is_receiving();
        if outstanding {
            ended.cancelling();
        }
        io.end_receive(Err(Error::OperationCancelled.into()), &mut ended);
        if outstanding {
            ended.before_return();
        }
        io.contain(&mut ended, |io, ended| io.pump(None, ended));
        self.finish(io, ended, |io| &mut io.close, WaitFor::Readable)
            .map(|closed| closed.unwrap_or_default())
    }

    /// The peer's close code and reason (WinHttpWebSocketQueryCloseStatus); 1005 if its frame had
    /// none.
    ///
    /// # Errors
    /// [`Error::InvalidOperation`] before a close frame was received.
    pub fn close_status(&self) -> Result<(u16, CloseReason)> {
        let io = self.io();
        let frame = io.close_status()?;
        let code = frame.code.map_or(EMPTY_CLOSE_STATUS, CloseCode::get);
        Ok((code, frame.reason))
    }

    /// Time Close waits for the peer (WEB_SOCKET_CLOSE_TIMEOUT), in milliseconds.
    #[must_use]
    pub fn close_timeout_ms(&self) -> u32 {
        u32::try_from(self.io().close_timeout.as_millis()).unwrap_or(u32::MAX)
    }

    /// Sets how long a later Close waits (WEB_SOCKET_CLOSE_TIMEOUT), in milliseconds.
    pub fn set_close_timeout_ms(&self, ms: u32) {
        self.io().close_timeout = Duration::from_millis(ms.into());
    }

    /// Sets the time between unsolicited pongs (WEB_SOCKET_KEEPALIVE_INTERVAL), in milliseconds.
    pub fn set_keep_alive_ms(&self, ms: u32) {
        let mut io = self.io();
        io.set_keep_alive(Duration::from_millis(ms.into()));
        self.set_deadline(&mut io);
    }

    /// The handle was closed: everything pending ends with OPERATION_CANCELLED, and the connection
    /// is dropped.
    ///
    /// All that an asynchronous program has not been told of, it is told before this returns.
    pub(in crate::api) fn cancel(&self) {
        let mut ended = Completions::of_cancel(&self.handle);
        let mut io = self.io();
        io.cancel(&mut ended);
        ended.before_return();
        let channel = io.connection.let_go();
        self.set_deadline(&mut io);
        drop(io);
        match channel {
            // The parent process goes on with it: nothing may reach the peer from here.
            Some(channel) if self.handle.heritage.is_inherited() => drop(channel),
            Some(channel) => channel.release(),
            None => {}
        }
        ended.deliver();
    }

    /// In a forked child: lets go of the parent's connection, as far as the lock is free.
    pub(in crate::api) fn disconnect(&self) {
        let channel = if_free(&self.io).and_then(|mut io| io.connection.let_go());
        drop(channel);
    }

    /// The connection is one over TLS, as far as that can be found out without waiting.
    pub(in crate::api) fn is_secured(&self) -> bool {
        if_free(&self.io).is_some_and(|io| {
            let channel = io.connection.channel();
            channel.is_some_and(Channel::is_secured)
        })
    }
}

/// The frame for a code and reason as the program gave them.
fn close_frame(code: u16, reason: &[u8]) -> Result<CloseFrame, Error> {
    let code = CloseCode::to_send(code, reason.len()).map_err(|_| Error::InvalidParameter)?;
    let reason = CloseReason::new(reason).map_err(|_| Error::InvalidParameter)?;
    Ok(CloseFrame { code, reason })
}
