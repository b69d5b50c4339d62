//! What is said of a WebSocket connection that ended against the rules.

use std::fmt;

use winhttp_proto::error::Error;
use winhttp_proto::failure::{Failure, Reason};
use winhttp_proto::websocket::ProtocolError;

#[derive(Debug)]
enum Fault {
    Violation(ProtocolError),
    Ended,
}

/// The peer broke the protocol.
pub(super) fn violation(error: ProtocolError) -> Failure {
    Failure::because(Error::InvalidServerResponse, Fault::Violation(error))
}

/// The connection ended without a close frame.
pub(super) fn ended() -> Failure {
    Failure::because(Error::ConnectionError, Fault::Ended)
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Violation(error) => match error.section() {
                Some(section) => write!(f, "the peer broke RFC 6455 section {section}: {error}"),
                None => error.fmt(f),
            },
            Self::Ended => f.write_str(
                "the peer ended the connection without a close frame (RFC 6455 section 7.1.5)",
            ),
        }
    }
}

impl Reason for Fault {}
