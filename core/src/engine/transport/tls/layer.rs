//! The TLS layer: rustls over another transport, and what its handshake negotiated.

use std::fmt;
use std::io;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{AlertDescription, HandshakeKind, ProtocolVersion};
use winhttp_proto::error::{Error, Result};
use winhttp_proto::exchange::timers::Carried;
use winhttp_proto::failure::{Failure, Reason};
use winhttp_proto::notify::SecureProblems;

use super::config::TlsConfig;
use super::notes::{Notes, taking_notes};
use super::records::{Fault, Records};
use super::verify::CertificateRefused;
use crate::engine::buffers::Inbox;
use crate::engine::transport::{Flush, Interest, Read, Transport, Write};

/// Reads of the socket that may bring nothing but records without data before others get a turn.
const FILLS_MAX: usize = 64;

/// What the handshake of a connection negotiated; kept for the certificate and security options.
#[derive(Debug)]
pub struct TlsFacts {
    /// The certificates the server sent, its own first.
    pub certificates: Vec<CertificateDer<'static>>,
    /// TLS 1.2 or 1.3.
    pub version: ProtocolVersion,
    /// The negotiated cipher suite.
    pub suite: rustls::SupportedCipherSuite,
    /// The group of the key exchange; `None` if a resumed session had none.
    pub group: Option<rustls::NamedGroup>,
    /// An earlier session was resumed.
    pub resumed: bool,
    /// Defects of the server's certificate that were ignored.
    pub tolerated: SecureProblems,
}

/// A TLS connection whose handshake is under way.
#[derive(Debug)]
pub struct TlsHandshake {
    records: Records,
    notes: Notes,
    /// Defects of the server's certificate that may be ignored.
    ignored: SecureProblems,
}

/// A TLS connection.
#[derive(Debug)]
pub struct Tls {
    records: Records,
    /// The server asked for a client certificate.
    asked: bool,
    facts: Arc<TlsFacts>,
}

/// The state after a turn of the handshake.
#[derive(Debug)]
pub enum HandshakeStep {
    /// Wait for the socket, then go on with this.
    Wait(Box<TlsHandshake>),
    /// The connection is protected.
    Done(Box<Tls>),
}

impl TlsHandshake {
    /// Starts a handshake with the server called `name` (SNI unless it is an address, RFC 6066 §3).
    ///
    /// # Errors
    /// [`Error::InvalidUrl`] if the name cannot be a server name.
    pub fn new(config: &TlsConfig, name: &str, below: Box<dyn Transport>) -> Result<Self> {
        let name = ServerName::try_from(name.to_owned()).map_err(|_| Error::InvalidUrl)?;
        let records = Records::new(Arc::clone(&config.client), name, below)
            .map_err(|_| Error::SecureChannelError)?;
        Ok(Self {
            records,
            notes: Notes::default(),
            ignored: config.ignored,
        })
    }

    /// The socket did not take all of the handshake's bytes yet.
    #[must_use]
    pub fn wants_write(&self) -> bool {
        self.records.wants_write()
    }

    /// Moves the handshake on as far as the socket allows.
    ///
    /// # Errors
    /// The failure, and the certificate's defects if those are the cause.
    pub fn advance(mut self: Box<Self>) -> Result<HandshakeStep, (Failure, SecureProblems)> {
        match self.turn() {
            Ok(true) => Ok(HandshakeStep::Done(Box::new(self.finish()))),
            Ok(false) => Ok(HandshakeStep::Wait(self)),
            Err(fault) => Err(tls_failure(fault, self.notes.asked)),
        }
    }

    /// Exchanges messages until the handshake is complete (`true`) or the socket must be waited
    /// for.
    fn turn(&mut self) -> Result<bool, Fault> {
        loop {
            let (shaken, notes) = taking_notes(|| self.records.shake_hands());
            self.notes = self.notes.and(notes);
            shaken?;
            let flushed = self.records.flush()? == Flush::Complete;
            if !self.records.state().is_handshaking() && flushed {
                return Ok(true);
            }
            match self.records.fill()? {
                Read::Bytes { .. } | Read::Again => {}
                Read::End { .. } => return Err(io::ErrorKind::UnexpectedEof.into()),
                Read::Blocked => return Ok(false),
            }
        }
    }

    fn finish(self) -> Tls {
        let state = self.records.state();
        let certificates = state
            .peer_certificates()
            .unwrap_or_default()
            .iter()
            .map(|c| c.clone().into_owned());
        let fallback = rustls::crypto::ring::cipher_suite::TLS13_AES_128_GCM_SHA256;
        let facts = Arc::new(TlsFacts {
            certificates: certificates.collect(),
            version: state.protocol_version().unwrap_or(ProtocolVersion::TLSv1_3),
            suite: state.negotiated_cipher_suite().unwrap_or(fallback),
            group: state
                .negotiated_key_exchange_group()
                .map(|group| group.name()),
            resumed: state.handshake_kind() == Some(HandshakeKind::Resumed),
            // What the first of resumed sessions has met is not remembered.
            tolerated: self.notes.tolerated.unwrap_or(self.ignored),
        });
        Tls {
            records: self.records,
            asked: self.notes.asked,
            facts,
        }
    }
}

impl Tls {
    /// What the handshake negotiated.
    #[must_use]
    pub fn facts(&self) -> &Arc<TlsFacts> {
        &self.facts
    }

    /// What went through the layer below.
    #[must_use]
    pub fn carried(&self) -> Carried {
        self.records.below.carried()
    }

    /// Bytes of the source wait here, opened or not, or in a layer below.
    #[must_use]
    pub fn holds_input(&self) -> bool {
        self.records.holds_input()
    }

    /// Takes over bytes of the source that were read elsewhere; only while
    /// [`Tls::holds_input`] says no.
    pub fn accept(&mut self, input: Inbox) {
        self.records.accept(input);
    }

    fn read_records(&mut self, buffer: &mut [u8]) -> Result<Read, Fault> {
        // What the last read of the layer below has found.
        let mut drained = false;
        for _ in 0..FILLS_MAX {
            let count = self.records.read(buffer)?;
            if count > 0 {
                return Ok(Read::Bytes { count, drained });
            }
            // An end without close_notify looks the same; HTTP and WebSocket framing decide
            // themselves whether the end came too early.
            let orderly = self.records.is_closed();
            if orderly {
                return Ok(Read::End { orderly });
            }
            match self.records.fill()? {
                Read::Bytes { drained: all, .. } => drained = all,
                Read::End { .. } => return Ok(Read::End { orderly }),
                nothing @ (Read::Blocked | Read::Again) => return Ok(nothing),
            }
        }
        // Records without data go on and on: others want their turn.
        Ok(Read::Again)
    }
}

impl Transport for Tls {
    fn read(&mut self, buffer: &mut [u8], _: &mut [u8]) -> Result<Read, Failure> {
        self.read_records(buffer)
            .map_err(|fault| tls_failure(fault, self.asked).0)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<Write, Failure> {
        self.records
            .write(bytes)
            .map_err(|fault| tls_failure(fault, self.asked).0)
    }

    fn flush(&mut self) -> Result<Flush, Failure> {
        self.records
            .flush()
            .map_err(|fault| tls_failure(fault, self.asked).0)
    }

    fn finish(&mut self) {
        self.records.close_notify();
        self.records.below.finish();
    }

    fn interest(&self) -> Interest {
        Interest {
            has_input: self.records.has_news(),
            has_output: self.records.wants_write(),
        }
    }
}

/// What a failure on a TLS connection means, and the certificate's defects if those are the cause.
fn tls_failure(fault: Fault, asked: bool) -> (Failure, SecureProblems) {
    let tls = match fault {
        Fault::Tls(tls) => tls,
        Fault::Connection(failure) => return (failure, SecureProblems::default()),
    };
    let (error, problems) = rustls_error(&tls, asked);
    let objection = Objection {
        error: tls,
        unauthenticated: error == Error::ClientAuthCertNeeded,
    };
    (Failure::because(error, objection), problems)
}

/// What TLS objects to, on this side or the other.
#[derive(Debug)]
struct Objection {
    error: rustls::Error,
    /// The server asked for a client's certificate, and there is none.
    unauthenticated: bool,
}

impl fmt::Display for Objection {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "rustls has good words for most of what can happen"
    )]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use rustls::{CertificateError, Error, InvalidMessage};
        if self.unauthenticated {
            f.write_str("the server wants a certificate of the client, and there is none; ")?;
        }
        match &self.error {
            Error::InvalidCertificate(CertificateError::Other(other)) => other.fmt(f),
            Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
                f.write_str("what the server sent is not TLS; the port may be one for plain HTTP")
            }
            Error::AlertReceived(alert) => write!(f, "the server ended TLS with alert {alert:?}"),
            error => write!(f, "TLS: {error}"),
        }
    }
}

impl Reason for Objection {}

/// The error that TLS's own one becomes, and the certificate's defects.
pub(super) fn rustls_error(tls: &rustls::Error, asked: bool) -> (Error, SecureProblems) {
    if let rustls::Error::InvalidCertificate(rustls::CertificateError::Other(other)) = tls
        && let Some(refused) = other.0.downcast_ref::<CertificateRefused>()
    {
        return (Error::SecureFailure, refused.problems);
    }
    if matches!(tls, rustls::Error::InvalidCertificate(_)) {
        (Error::SecureFailure, SecureProblems::INVALID_CERT)
    } else if asked && is_refusal(tls) {
        (Error::ClientAuthCertNeeded, SecureProblems::default())
    } else {
        (Error::SecureChannelError, SecureProblems::CHANNEL_ERROR)
    }
}

/// Alerts with which servers refuse a client that has no certificate: TLS 1.3 has one for it, older
/// servers use others.
fn is_refusal(error: &rustls::Error) -> bool {
    const ALERTS: [AlertDescription; 6] = [
        AlertDescription::CertificateRequired,
        AlertDescription::HandshakeFailure,
        AlertDescription::NoCertificate,
        AlertDescription::BadCertificate,
        AlertDescription::CertificateUnknown,
        AlertDescription::AccessDenied,
    ];
    matches!(error, rustls::Error::AlertReceived(alert) if ALERTS.contains(alert))
}

#[cfg(test)]
pub(crate) mod tests;
