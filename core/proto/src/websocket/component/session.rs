//! The session: which side offers an action, and what a pong must wait for.

use super::super::control::ControlPayload;
use super::super::message::Role;
use super::action::{Action, BufferType, Queue, Received};
use super::areas::{Lender, Memory};
use super::error::ComponentError;
use super::keys::Keys;
use super::receiving::{Decoded, ReceiveState, Receiving};
use super::sending::{Gate, Outgoing, Sending};
use super::settings::Settings;
use super::slot::{Token, Tokens};

/// Both sides of a connection after its handshake.
pub(super) struct Session<L: Lender> {
    sending: Sending<L::Payload>,
    receiving: Receiving<L::Target>,
    /// The latest ping that was not answered (RFC 6455 §5.5.3 lets older ones go).
    ping: Option<ControlPayload>,
    tokens: Tokens,
}

impl<L: Lender> Session<L> {
    pub(super) fn new(role: Role, settings: &Settings, tag: u32) -> Self {
        Self {
            sending: Sending::new(role, settings.disable_masking),
            receiving: Receiving::new(role, settings),
            ping: None,
            tokens: Tokens::new(tag),
        }
    }

    #[inline]
    pub(super) fn send(
        &mut self,
        outgoing: Outgoing<L::Payload>,
        context: usize,
        keys: Keys<'_>,
    ) -> Result<(), ComponentError> {
        if self.is_aborted() {
            return Err(ComponentError::InvalidOperation);
        }
        self.sending.push(outgoing, context, keys)
    }

    #[inline]
    pub(super) fn receive(
        &mut self,
        target: Option<L::Target>,
        context: usize,
    ) -> Result<(), ComponentError> {
        match self.receiving.state() {
            ReceiveState::Open => {
                self.receiving.push(target, context);
                Ok(())
            }
            ReceiveState::Closed | ReceiveState::Failed(_) | ReceiveState::Aborted => {
                Err(ComponentError::InvalidOperation)
            }
        }
    }

    /// A pong comes first; then sends before receives, so that a program that does one thing at a
    /// time and waits for it cannot wait for a peer that waits for it.
    #[inline]
    pub(super) fn action(
        &mut self,
        memory: &mut L::Memory,
        queue: Queue,
        entries: usize,
        keys: Keys<'_>,
    ) -> Result<Action, ComponentError> {
        if queue.receives()
            && let Some(action) = self.offer_pong(memory, entries, keys)?
        {
            return Ok(action);
        }
        if queue.sends()
            && let Some(action) =
                self.sending
                    .offer(memory, entries, self.gate(), &mut self.tokens)?
        {
            return Ok(action);
        }
        if queue.receives() {
            return self.offer_receive(memory, entries, keys);
        }
        Ok(Action::None)
    }

    /// Whether `token` named an outstanding action.
    #[inline]
    pub(super) fn complete(&mut self, token: Token, bytes: u32) -> bool {
        self.sending.complete(token, bytes) || self.receiving.complete(token, bytes)
    }

    pub(super) fn abort(&mut self) {
        self.receiving.abort();
        self.ping = None;
    }

    fn is_aborted(&self) -> bool {
        self.receiving.state() == ReceiveState::Aborted
    }

    fn gate(&self) -> Gate {
        if self.is_aborted() {
            Gate::Shut
        } else if self.receiving.pong_is_outstanding() {
            Gate::Held
        } else {
            Gate::Open
        }
    }

    /// A pong, unless it would come between the parts of a frame.
    #[inline]
    fn offer_pong(
        &mut self,
        memory: &mut L::Memory,
        entries: usize,
        keys: Keys<'_>,
    ) -> Result<Option<Action>, ComponentError> {
        if !self.receiving.is_free() || self.sending.is_mid_frame() {
            return Ok(None);
        }
        let Some(ping) = &self.ping else {
            return Ok(None);
        };
        if entries == 0 {
            return Err(ComponentError::InsufficientBuffer);
        }
        let first = self.sending.pong(ping, memory.control_area(), keys)?;
        self.ping = None;
        Ok(Some(Action::SendToNetwork {
            buffer_type: BufferType::PingPong,
            first,
            second: None,
            context: None,
            token: self.receiving.occupy_for_pong(&mut self.tokens),
        }))
    }

    #[inline]
    fn offer_receive(
        &mut self,
        memory: &mut L::Memory,
        entries: usize,
        keys: Keys<'_>,
    ) -> Result<Action, ComponentError> {
        if !self.receiving.is_free() {
            return Ok(Action::None);
        }
        let Some(cancelled) = self.receiving.first_is_cancelled() else {
            return Ok(Action::None);
        };
        match self.receiving.state() {
            ReceiveState::Failed(error) if !cancelled => return Err(error.into()),
            // Before bytes are looked at: what cannot be told must not be consumed.
            _ if entries == 0 => return Err(ComponentError::InsufficientBuffer),
            ReceiveState::Open if !cancelled => {}
            ReceiveState::Open
            | ReceiveState::Closed
            | ReceiveState::Failed(_)
            | ReceiveState::Aborted => {
                return Ok(self.receiving.indicate_nothing(&mut self.tokens));
            }
        }
        loop {
            match self.receiving.decode(memory)? {
                Decoded::Ping(payload) => {
                    self.ping = Some(payload);
                    if let Some(pong) = self.offer_pong(memory, entries, keys)? {
                        return Ok(pong);
                    }
                }
                Decoded::Received(received) => {
                    if matches!(received, Received::Close { .. }) {
                        self.ping = None;
                    }
                    return Ok(self.receiving.indicate(received, &mut self.tokens));
                }
                Decoded::NeedMore => {
                    let area_bytes = memory.receive_area().len();
                    return Ok(self.receiving.read(area_bytes, &mut self.tokens));
                }
            }
        }
    }
}
