//! One end of a connection through its life: which call is legal when.

use std::fmt;

use super::super::message::Role;
use super::action::{Action, Queue};
use super::areas::{Lender, Memory};
use super::error::ComponentError;
use super::handshake::{ClientHandshake, Field, HandshakeFields, Selection, server};
use super::keys::Keys;
use super::sending::Outgoing;
use super::session::Session;
use super::settings::Settings;
use super::slot::Token;

/// One end of a connection.
pub struct Endpoint<L: Lender> {
    role: Role,
    settings: Settings,
    tag: u32,
    memory: L::Memory,
    stage: Stage<L>,
}

#[expect(
    clippy::large_enum_variant,
    reason = "almost all its life an endpoint is in its session"
)]
enum Stage<L: Lender> {
    Created,
    ClientHandshake(ClientHandshake),
    ServerHandshake,
    Session(Session<L>),
}

impl<L: Lender> Endpoint<L> {
    /// A new end. `memory` has areas of the sizes in `settings`, which were checked; `tag` is not 0
    /// and tells endpoints apart.
    #[must_use]
    pub fn new(role: Role, settings: Settings, tag: u32, memory: L::Memory) -> Self {
        Self {
            role,
            settings,
            tag,
            memory,
            stage: Stage::Created,
        }
    }

    /// The memory given to [`new`](Self::new).
    pub fn memory(&mut self) -> &mut L::Memory {
        &mut self.memory
    }

    /// Begins a client's handshake with a nonce from a cryptographic generator, and gives the
    /// fields to be sent.
    ///
    /// # Errors
    /// [`ComponentError::InvalidOperation`] for a server or the second time;
    /// [`ComponentError::InvalidArgument`] for a sub-protocol or extension that cannot be offered,
    /// or a field without a proper name.
    pub fn begin_client_handshake(
        &mut self,
        nonce: [u8; 16],
        subprotocols: Vec<Vec<u8>>,
        extensions: Vec<Vec<u8>>,
        initial: &[Field<'_>],
    ) -> Result<HandshakeFields, ComponentError> {
        self.must_be_new(Role::Client)?;
        let handshake = ClientHandshake::new(nonce, subprotocols, extensions, initial)?;
        let fields = handshake.fields();
        self.stage = Stage::ClientHandshake(handshake);
        Ok(fields)
    }

    /// Ends a client's handshake. After a failure it can be ended again.
    ///
    /// `room` is how many selected extensions the application can be told, if it wants to be.
    ///
    /// # Errors
    /// [`ComponentError::InvalidOperation`] without a beginning; else what is wrong with the
    /// response.
    pub fn end_client_handshake(
        &mut self,
        response: &[Field<'_>],
        room: Option<u32>,
    ) -> Result<Selection, ComponentError> {
        let Stage::ClientHandshake(handshake) = &self.stage else {
            return Err(ComponentError::InvalidOperation);
        };
        let selection = handshake.end(response, room)?;
        self.enter_session()?;
        Ok(selection)
    }

    /// Begins a server's handshake with the request's fields, and gives those of the response.
    ///
    /// # Errors
    /// [`ComponentError::InvalidOperation`] for a client or the second time; else what is wrong
    /// with the request.
    pub fn begin_server_handshake(
        &mut self,
        request: &[Field<'_>],
        subprotocol: Option<&[u8]>,
        extensions: &[Vec<u8>],
    ) -> Result<HandshakeFields, ComponentError> {
        self.must_be_new(Role::Server)?;
        let fields = server::respond(request, subprotocol, extensions)?;
        self.stage = Stage::ServerHandshake;
        Ok(fields)
    }

    /// Ends a server's handshake.
    ///
    /// # Errors
    /// [`ComponentError::InvalidOperation`] without a beginning.
    pub fn end_server_handshake(&mut self) -> Result<(), ComponentError> {
        match self.stage {
            Stage::ServerHandshake => self.enter_session(),
            Stage::Created | Stage::ClientHandshake(_) | Stage::Session(_) => {
                Err(ComponentError::InvalidOperation)
            }
        }
    }

    /// Queues a frame; it ends in one [`Action::IndicateSendComplete`].
    ///
    /// # Errors
    /// [`ComponentError::InvalidOperation`] before the session, after an abort, for data of the
    /// other kind while a fragmented message is open, and for data and close frames after a close
    /// frame; [`ComponentError::InvalidArgument`] for a close frame that must not be sent.
    #[inline]
    pub fn send(
        &mut self,
        outgoing: Outgoing<L::Payload>,
        context: usize,
        keys: Keys<'_>,
    ) -> Result<(), ComponentError> {
        self.session()?.0.send(outgoing, context, keys)
    }

    /// Queues a receive; it ends in one [`Action::IndicateReceiveComplete`]. With a target, which
    /// must not be empty, payload is copied there.
    ///
    /// # Errors
    /// [`ComponentError::InvalidOperation`] before the session, after an abort, after the peer's
    /// close frame, and after the peer broke the protocol.
    #[inline]
    pub fn receive(
        &mut self,
        target: Option<L::Target>,
        context: usize,
    ) -> Result<(), ComponentError> {
        self.session()?.0.receive(target, context)
    }

    /// What is to be done next; `entries` is how many places the application can be told.
    ///
    /// # Errors
    /// [`ComponentError::InvalidOperation`] before the session; [`ComponentError::Protocol`] for a
    /// peer that breaks the protocol, again and again until an abort;
    /// [`ComponentError::InsufficientBuffer`] without entries, where one is needed; nothing is lost
    /// then.
    #[inline]
    pub fn action(
        &mut self,
        queue: Queue,
        entries: usize,
        keys: Keys<'_>,
    ) -> Result<Action, ComponentError> {
        let (session, memory) = self.session()?;
        session.action(memory, queue, entries, keys)
    }

    /// Ends an outstanding action.
    ///
    /// # Errors
    /// [`ComponentError::InvalidArgument`] if `token` names none; nothing happens then.
    #[inline]
    pub fn complete(&mut self, token: Token, bytes: u32) -> Result<(), ComponentError> {
        let known = match &mut self.stage {
            Stage::Session(session) => session.complete(token, bytes),
            Stage::Created | Stage::ClientHandshake(_) | Stage::ServerHandshake => false,
        };
        known.then_some(()).ok_or(ComponentError::InvalidArgument)
    }

    /// Ends the session, if there is one: what is queued can be indicated as complete, nothing else
    /// happens any more.
    pub fn abort(&mut self) {
        match &mut self.stage {
            Stage::Session(session) => session.abort(),
            Stage::Created | Stage::ClientHandshake(_) | Stage::ServerHandshake => {}
        }
    }

    /// Whether the handshake is over: the strings it handed out are not used any more.
    #[must_use]
    pub fn is_in_session(&self) -> bool {
        matches!(self.stage, Stage::Session(_))
    }

    fn must_be_new(&self, role: Role) -> Result<(), ComponentError> {
        if matches!(self.stage, Stage::Created) && self.role == role {
            Ok(())
        } else {
            Err(ComponentError::InvalidOperation)
        }
    }

    fn enter_session(&mut self) -> Result<(), ComponentError> {
        self.memory.provide()?;
        self.stage = Stage::Session(Session::new(self.role, &self.settings, self.tag));
        Ok(())
    }

    /// The session. A server's handshake ends by itself.
    #[inline]
    fn session(&mut self) -> Result<(&mut Session<L>, &mut L::Memory), ComponentError> {
        if matches!(self.stage, Stage::ServerHandshake) {
            self.enter_session()?;
        }
        match &mut self.stage {
            Stage::Session(session) => Ok((session, &mut self.memory)),
            Stage::Created | Stage::ClientHandshake(_) | Stage::ServerHandshake => {
                Err(ComponentError::InvalidOperation)
            }
        }
    }
}

impl<L: Lender> fmt::Debug for Endpoint<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match self.stage {
            Stage::Created => "created",
            Stage::ClientHandshake(_) | Stage::ServerHandshake => "handshake",
            Stage::Session(_) => "session",
        };
        f.debug_struct("Endpoint")
            .field("role", &self.role)
            .field("settings", &self.settings)
            .field("stage", &stage)
            .finish_non_exhaustive()
    }
}
