//! How operations begin and end: the legality of a call, the slot it takes, and the notification
//! that ends it.

use winhttp_proto::embed::{Embedder, WriteMemory};
use winhttp_proto::error::Error;
use winhttp_proto::failure::{Failure, Result};
use winhttp_proto::notify::{BufferKind, Notification, WebSocketOperation};
use winhttp_proto::websocket::life::Permit;
use winhttp_proto::websocket::{Call, CloseFrame, MessageKind};

use super::io::Io;
use super::reports::Reports;
use super::slot::{Caller, Close, Receive, Send, Slot};
use crate::engine::clock;

impl<E: Embedder> Io<E> {
    /// Begins WinHttpWebSocketSend; [`Io::pump_send`] follows.
    ///
    /// # Errors
    /// Those of the call.
    pub(super) fn begin_send(
        &mut self,
        kind: BufferKind,
        data: E::WriteBuffer,
        caller: Caller,
    ) -> Result<()> {
        let (message, fin) = match kind {
            BufferKind::BinaryMessage => (MessageKind::Binary, true),
            BufferKind::BinaryFragment => (MessageKind::Binary, false),
            BufferKind::Utf8Message => (MessageKind::Text, true),
            BufferKind::Utf8Fragment => (MessageKind::Text, false),
            BufferKind::Close => return Err(Error::InvalidParameter.into()),
        };
        self.permit(Call::Send)?;
        let frame = self.sending()?.begin(message, fin, data.bytes().len())?;
        let send = Send::Data {
            frame,
            data,
            kind,
            stall: None,
        };
        self.send = Slot::Waiting(send, caller);
        Ok(())
    }

    /// Begins WinHttpWebSocketReceive; [`Io::pump_receive`] follows.
    ///
    /// # Errors
    /// Those of the call.
    pub(super) fn begin_receive(&mut self, buffer: E::ReadBuffer, caller: Caller) -> Result<()> {
        self.permit(Call::Receive)?;
        self.receiving()?;
        self.receive = Slot::Waiting(Receive { buffer, filled: 0 }, caller);
        Ok(())
    }

    /// Begins WinHttpWebSocketShutdown; [`Io::pump_send`] follows.
    ///
    /// # Errors
    /// Those of the call.
    pub(super) fn begin_shutdown(&mut self, frame: &CloseFrame, caller: Caller) -> Result<()> {
        let permit = self.permit(Call::Shutdown)?;
        let channel = self.sending()?;
        channel.close(frame)?;
        channel.life_mut().enter(permit);
        self.send = Slot::Waiting(Send::Shutdown, caller);
        Ok(())
    }

    /// Begins WinHttpWebSocketClose; the end of the receive that waits and [`Io::pump`] follow.
    ///
    /// # Errors
    /// Those of the call.
    pub(super) fn begin_close(&mut self, frame: &CloseFrame, caller: Caller) -> Result<()> {
        let permit = self.permit(Call::Close)?;
        let channel = self.receiving()?;
        // Where nothing can be sent any more, the peer's close frame may have arrived all the same.
        if !channel.life().has_closed_sending() && channel.life().can_send() {
            channel.close(frame)?;
        }
        channel.life_mut().enter(permit);
        let deadline = clock::deadline((self.now)(), Some(self.close_timeout));
        self.close = Slot::Waiting(Close { deadline }, caller);
        Ok(())
    }

    /// The peer's close frame, once the program has been told of it.
    ///
    /// # Errors
    /// [`Error::InvalidOperation`] before that.
    pub(super) fn close_status(&self) -> Result<&CloseFrame> {
        self.permit(Call::QueryCloseStatus)?;
        let frame = self.connection.life().peer_close();
        Ok(frame.ok_or(Error::InvalidOperation)?)
    }

    /// Whether a call is legal now: each side has one operation at a time, and Close needs the send
    /// side.
    ///
    /// # Errors
    /// [`Error::InvalidOperation`] where it is not.
    pub(super) fn permit(&self, call: Call) -> Result<Permit, Error> {
        let is_free = match call {
            Call::Send | Call::Shutdown | Call::Close => self.send.is_free(),
            Call::Receive => self.receive.is_free(),
            Call::QueryCloseStatus => true,
        };
        if !is_free {
            return Err(Error::InvalidOperation);
        }
        self.connection.life().permit(call)
    }

    /// Ends everything that waits, the receive first.
    pub(super) fn cancel(&mut self, ended: &mut impl Reports) {
        let cancelled = Failure::from(Error::OperationCancelled);
        self.end_receive(Err(cancelled.clone()), ended);
        self.end_send(Err(cancelled.clone()), ended);
        self.end_close(Err(cancelled), ended);
    }

    pub(super) fn end_receive(
        &mut self,
        result: Result<(u32, BufferKind)>,
        ended: &mut impl Reports,
    ) {
        if let Some((_, Some(result))) = self.receive.end(result) {
            ended.push(match result {
                Ok((bytes, kind)) => Notification::WebSocketReceived { bytes, kind },
                Err(failure) => Notification::WebSocketError(WebSocketOperation::Receive, failure),
            });
        }
    }

    pub(super) fn end_send(&mut self, result: Result<()>, ended: &mut impl Reports) {
        let Some((op, Some(result))) = self.send.end(result) else {
            return;
        };
        ended.push(match (op, result) {
            (Send::Data { frame, kind, .. }, Ok(())) => Notification::WebSocketSent {
                bytes: u32::try_from(frame.len()).unwrap_or(u32::MAX),
                kind,
            },
            (Send::Data { .. }, Err(error)) => {
                Notification::WebSocketError(WebSocketOperation::Send, error)
            }
            (Send::Shutdown, Ok(())) => Notification::ShutdownComplete,
            (Send::Shutdown, Err(error)) => {
                Notification::WebSocketError(WebSocketOperation::Shutdown, error)
            }
        });
    }

    pub(super) fn end_close(&mut self, result: Result<()>, ended: &mut impl Reports) {
        let Some((_, result)) = self.close.end(result) else {
            return;
        };
        self.connection.life_mut().closed();
        if let Some(result) = result {
            ended.push(match result {
                Ok(()) => Notification::CloseComplete,
                Err(error) => Notification::WebSocketError(WebSocketOperation::Close, error),
            });
        }
    }
}
