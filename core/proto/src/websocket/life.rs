//! The life of a WebSocket: which calls are legal when, what the peer has said, and what still
//! works of the connection.
//!
//! Three parties move it on, and none waits for another, so every combination of their states
//! occurs:
//!
//! ```text
//! program     Open ─Shutdown─► SendClosed ─peer's close frame received─► BothClosed
//!             Open ─peer's close frame received─► ReceiveClosed ─Shutdown─► BothClosed
//!             any of these ─Close─► Closing ─ended, well or not─► Closed
//! peer        no close frame ─arrives─► its close frame
//! connection  Whole ─failed write─► ReceiveOnly ─nothing left to receive, or broken protocol─► Failed
//!             Whole ─any other failure─► Failed
//! ```
//!
//! What the program has done decides first, so a call that is not legal is refused however the
//! connection fares. The stages as columns, and what each call makes of them; `-` is
//! [`Error::InvalidOperation`]:
//!
//! ```text
//! call                Open           SendClosed     ReceiveClosed  BothClosed     Closing        Closed
//! Send                Open           -              ReceiveClosed  -              -              -
//! Receive             Open           SendClosed     -              -              -              -
//! Shutdown            SendClosed     -              BothClosed     -              -              -
//! Close               Closing        Closing        Closing        Closing        -              -
//! QueryCloseStatus    -              -              ReceiveClosed  BothClosed     -              Closed
//! ```

use super::close::CloseFrame;
use crate::error::Error;
use crate::failure::{Failure, Result};

/// A call on a WebSocket's handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// WinHttpWebSocketSend.
    Send,
    /// WinHttpWebSocketReceive.
    Receive,
    /// WinHttpWebSocketShutdown.
    Shutdown,
    /// WinHttpWebSocketClose.
    Close,
    /// WinHttpWebSocketQueryCloseStatus.
    QueryCloseStatus,
}

/// What the program has called and been told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// It may send and receive.
    #[default]
    Open,
    /// It has called Shutdown.
    SendClosed,
    /// It has received the peer's close frame.
    ReceiveClosed,
    /// Both of these.
    BothClosed,
    /// It has called Close, which goes on.
    Closing,
    /// Close has ended, well or not.
    Closed,
}

/// A call that is legal; [`Life::enter`] follows when it has been carried out.
#[derive(Debug)]
pub struct Permit(Stage);

/// What works of the connection.
#[derive(Debug, Default)]
enum Connection {
    /// Everything.
    #[default]
    Whole,
    /// Nothing can be sent any more, for this reason. What has arrived is still received.
    ReceiveOnly(Failure),
    /// Nothing.
    Failed {
        /// What ended sending: a failed write, or what ended receiving too.
        sending: Failure,
        /// What ended receiving.
        receiving: Failure,
    },
}

/// The life of one WebSocket.
#[derive(Debug, Default)]
pub struct Life {
    stage: Stage,
    /// Boxed, as most connections spend their time without one.
    peer_close: Option<Box<CloseFrame>>,
    connection: Connection,
}

impl Stage {
    /// The table: the stage after a call, where that is legal.
    fn after(self, call: Call) -> Option<Self> {
        match (call, self) {
            (Call::Send, Self::Open | Self::ReceiveClosed)
            | (Call::Receive, Self::Open | Self::SendClosed)
            | (Call::QueryCloseStatus, Self::ReceiveClosed | Self::BothClosed | Self::Closed) => {
                Some(self)
            }
            (Call::Shutdown, Self::Open) => Some(Self::SendClosed),
            (Call::Shutdown, Self::ReceiveClosed) => Some(Self::BothClosed),
            (
                Call::Close,
                Self::Open | Self::SendClosed | Self::ReceiveClosed | Self::BothClosed,
            ) => Some(Self::Closing),
            (
                Call::Send | Call::Shutdown,
                Self::SendClosed | Self::BothClosed | Self::Closing | Self::Closed,
            )
            | (
                Call::Receive,
                Self::ReceiveClosed | Self::BothClosed | Self::Closing | Self::Closed,
            )
            | (Call::Close, Self::Closing | Self::Closed)
            | (Call::QueryCloseStatus, Self::Open | Self::SendClosed | Self::Closing) => None,
        }
    }

    /// The stage after a receive has reported the peer's close frame.
    fn received_close(self) -> Self {
        match self {
            Self::Open => Self::ReceiveClosed,
            Self::SendClosed => Self::BothClosed,
            Self::ReceiveClosed | Self::BothClosed | Self::Closing | Self::Closed => self,
        }
    }
}

impl Life {
    /// Whether a call is legal now.
    ///
    /// # Errors
    /// [`Error::InvalidOperation`] where it is not.
    #[inline]
    pub fn permit(&self, call: Call) -> Result<Permit, Error> {
        let next = self.stage.after(call).ok_or(Error::InvalidOperation)?;
        Ok(Permit(next))
    }

    /// The call was carried out.
    pub fn enter(&mut self, permit: Permit) {
        self.stage = permit.0;
    }

    /// A receive has reported the peer's close frame.
    pub fn received_close(&mut self) {
        self.stage = self.stage.received_close();
    }

    /// Close has ended, well or not.
    pub fn closed(&mut self) {
        self.stage = Stage::Closed;
    }

    /// Shutdown or Close has been called before.
    #[must_use]
    pub fn has_closed_sending(&self) -> bool {
        self.stage.after(Call::Shutdown).is_none()
    }

    /// The peer's close frame has arrived; nothing that follows it counts (RFC 6455 §5.5.1).
    pub fn peer_closes(&mut self, frame: CloseFrame) {
        self.peer_close = Some(Box::new(frame));
    }

    /// The peer's close frame, once it has arrived.
    #[must_use]
    #[inline]
    pub fn peer_close(&self) -> Option<&CloseFrame> {
        self.peer_close.as_deref()
    }

    /// Whether anything can be sent.
    ///
    /// # Errors
    /// The failure that ended that.
    #[inline]
    pub fn check_sending(&self) -> Result<()> {
        match &self.connection {
            Connection::Whole => Ok(()),
            Connection::ReceiveOnly(failure)
            | Connection::Failed {
                sending: failure, ..
            } => Err(failure.clone()),
        }
    }

    /// Whether anything can be received: what has arrived, if nothing more.
    ///
    /// # Errors
    /// The failure that ended that.
    #[inline]
    pub fn check_receiving(&self) -> Result<()> {
        match &self.connection {
            Connection::Whole | Connection::ReceiveOnly(_) => Ok(()),
            Connection::Failed { receiving, .. } => Err(receiving.clone()),
        }
    }

    /// Something can be sent.
    #[must_use]
    #[inline]
    pub fn can_send(&self) -> bool {
        matches!(self.connection, Connection::Whole)
    }

    /// Something can be received.
    #[must_use]
    #[inline]
    pub fn can_receive(&self) -> bool {
        !matches!(self.connection, Connection::Failed { .. })
    }

    /// Nothing can be sent any more. Gives the failure that counts, which is the first.
    pub fn fail_sending(&mut self, failure: Failure) -> Failure {
        match &self.connection {
            Connection::Whole => {
                self.connection = Connection::ReceiveOnly(failure.clone());
                failure
            }
            Connection::ReceiveOnly(first) | Connection::Failed { sending: first, .. } => {
                first.clone()
            }
        }
    }

    /// Nothing works any more. Gives the failure that counts for receiving, which is the first.
    pub fn fail(&mut self, failure: Failure) -> Failure {
        let sending = match &self.connection {
            Connection::Whole => failure.clone(),
            Connection::ReceiveOnly(sending) => sending.clone(),
            Connection::Failed { receiving, .. } => return receiving.clone(),
        };
        let receiving = failure.clone();
        self.connection = Connection::Failed { sending, receiving };
        failure
    }

    /// The connection is gone. If a failed write has told that before, and why, that is what
    /// counts.
    pub fn lose(&mut self, failure: Failure) -> Failure {
        let failure = self.check_sending().err().unwrap_or(failure);
        self.fail(failure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALLS: [Call; 5] = [
        Call::Send,
        Call::Receive,
        Call::Shutdown,
        Call::Close,
        Call::QueryCloseStatus,
    ];
    const STAGES: [Stage; 6] = [
        Stage::Open,
        Stage::SendClosed,
        Stage::ReceiveClosed,
        Stage::BothClosed,
        Stage::Closing,
        Stage::Closed,
    ];

    fn at(stage: Stage) -> Life {
        Life {
            stage,
            ..Life::default()
        }
    }

    #[test]
    fn the_table_above_says_what_is_legal() {
        let cell = |text: String| format!("{text:<15}");
        let mut table = cell("call".into()) + "     ";
        for stage in STAGES {
            table += &cell(format!("{stage:?}"));
        }
        for call in CALLS {
            table = table.trim_end().to_owned()
                + &format!("\n//! {call:<20}", call = format!("{call:?}"));
            for stage in STAGES {
                let next = stage.after(call);
                table += &cell(next.map_or_else(|| "-".into(), |next| format!("{next:?}")));
            }
        }
        let written = include_str!("life.rs");
        assert!(written.contains(table.trim_end()), "{table}");
    }

    #[test]
    fn a_call_that_is_legal_leads_on_when_it_was_carried_out() {
        for stage in STAGES {
            for call in CALLS {
                let mut life = at(stage);
                match life.permit(call) {
                    Ok(permit) => {
                        assert_eq!(life.stage, stage, "nothing has happened yet");
                        life.enter(permit);
                        assert_eq!(Some(life.stage), stage.after(call));
                    }
                    Err(error) => assert_eq!(error, Error::InvalidOperation),
                }
            }
        }
    }

    #[test]
    fn a_close_frame_that_was_received_ends_receiving_alone() {
        for (before, after) in [
            (Stage::Open, Stage::ReceiveClosed),
            (Stage::SendClosed, Stage::BothClosed),
            (Stage::Closing, Stage::Closing),
        ] {
            let mut life = at(before);
            life.received_close();
            assert_eq!(life.stage, after);
            assert!(life.permit(Call::Receive).is_err());
            assert_eq!(life.has_closed_sending(), before != Stage::Open);
        }
    }

    #[test]
    fn a_failed_write_leaves_receiving() {
        let mut life = Life::default();
        assert_eq!(life.check_sending(), Ok(()));
        for later in [Error::Timeout, Error::ConnectionError] {
            let counts = life.fail_sending(later.into());
            assert_eq!(counts, Error::Timeout.into(), "the first");
            assert_eq!(life.check_sending(), Err(Error::Timeout.into()));
            assert_eq!(life.check_receiving(), Ok(()));
            assert!(!life.can_send() && life.can_receive());
        }
    }

    #[test]
    fn a_failure_ends_both_and_the_first_counts() {
        let mut life = Life::default();
        assert_eq!(life.fail(Error::Timeout.into()), Error::Timeout.into());
        let later: Failure = Error::ConnectionError.into();
        assert_eq!(life.fail(later.clone()), Error::Timeout.into());
        assert_eq!(life.lose(later.clone()), Error::Timeout.into());
        assert_eq!(life.fail_sending(later), Error::Timeout.into());
        assert_eq!(life.check_sending(), Err(Error::Timeout.into()));
        assert_eq!(life.check_receiving(), Err(Error::Timeout.into()));
        assert!(!life.can_send() && !life.can_receive());
    }

    #[test]
    fn a_connection_that_is_lost_behind_a_failed_write_was_lost_for_its_reason() {
        let mut life = Life::default();
        life.fail_sending(Error::Timeout.into());
        let lost = life.lose(Error::ConnectionError.into());
        assert_eq!(lost, Error::Timeout.into());
        assert_eq!(life.check_receiving(), Err(Error::Timeout.into()));
    }

    #[test]
    fn a_peer_that_breaks_the_protocol_behind_a_failed_write_is_another_matter() {
        let mut life = Life::default();
        life.fail_sending(Error::Timeout.into());
        let broken = life.fail(Error::InvalidServerResponse.into());
        assert_eq!(broken, Error::InvalidServerResponse.into());
        assert_eq!(life.check_sending(), Err(Error::Timeout.into()));
        assert_eq!(
            life.check_receiving(),
            Err(Error::InvalidServerResponse.into())
        );
    }
}
