//! The TLS layer: rustls over another transport, and what its handshake negotiated.

use std::io::{self, Read, Write};
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{AlertDescription, ClientConfig, ClientConnection, HandshakeKind, ProtocolVersion};

use super::config::take_certificate_request;
use super::verify::CertificateRefused;
use crate::engine::socket::Socket;
use crate::engine::transport::{Transport, socket_error};
use crate::error::{Error, Result};
use crate::notify::SecureProblems;

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
}

/// A TLS connection whose handshake is under way.
#[derive(Debug)]
pub struct TlsHandshake {
    connection: ClientConnection,
    /// The server asked for a client certificate.
    asked: bool,
    below: Box<dyn Transport>,
}

/// A TLS connection.
#[derive(Debug)]
pub struct Tls {
    connection: ClientConnection,
    /// The server asked for a client certificate.
    asked: bool,
    below: Box<dyn Transport>,
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
    pub fn new(config: Arc<ClientConfig>, name: &str, below: Box<dyn Transport>) -> Result<Self> {
        let name = ServerName::try_from(name.to_owned()).map_err(|_| Error::InvalidUrl)?;
        let connection =
            ClientConnection::new(config, name).map_err(|_| Error::SecureChannelError)?;
        Ok(Self {
            connection,
            asked: false,
            below,
        })
    }

    /// The socket to wait for.
    #[must_use]
    pub fn socket(&self) -> &Arc<Socket> {
        self.below.socket()
    }

    /// The socket did not take all of the handshake's bytes yet.
    #[must_use]
    pub fn wants_write(&self) -> bool {
        self.connection.wants_write()
    }

    /// Moves the handshake on as far as the socket allows.
    ///
    /// # Errors
    /// The WinHTTP error of a failure, and the certificate's defects if those are the cause.
    pub fn advance(mut self: Box<Self>) -> Result<HandshakeStep, (Error, SecureProblems)> {
        match self.turn() {
            Ok(true) => Ok(HandshakeStep::Done(Box::new(self.finish()))),
            Ok(false) => Ok(HandshakeStep::Wait(self)),
            Err(error) => Err(tls_error(&error, self.asked)),
        }
    }

    /// Exchanges messages until the handshake is complete (`true`) or the socket must be waited for.
    fn turn(&mut self) -> io::Result<bool> {
        loop {
            let flushed = match flush(&mut self.connection, &mut *self.below) {
                Ok(()) => true,
                Err(error) if is_would_block(&error) => false,
                Err(error) => return Err(error),
            };
            if !self.connection.is_handshaking() && flushed {
                return Ok(true);
            }
            take_certificate_request();
            let filled = fill(&mut self.connection, &mut *self.below);
            self.asked |= take_certificate_request();
            match filled {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) => {}
                Err(error) if is_would_block(&error) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
    }

    fn finish(self) -> Tls {
        let certificates = self
            .connection
            .peer_certificates()
            .unwrap_or_default()
            .iter()
            .map(|c| c.clone().into_owned());
        let fallback = rustls::crypto::ring::cipher_suite::TLS13_AES_128_GCM_SHA256;
        let facts = Arc::new(TlsFacts {
            certificates: certificates.collect(),
            version: self
                .connection
                .protocol_version()
                .unwrap_or(ProtocolVersion::TLSv1_3),
            suite: self
                .connection
                .negotiated_cipher_suite()
                .unwrap_or(fallback),
            group: self
                .connection
                .negotiated_key_exchange_group()
                .map(|group| group.name()),
            resumed: self.connection.handshake_kind() == Some(HandshakeKind::Resumed),
        });
        Tls {
            connection: self.connection,
            asked: self.asked,
            below: self.below,
            facts,
        }
    }
}

impl Transport for Tls {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.connection.reader().read(buffer) {
                // An end without close_notify is told apart by rustls; HTTP and WebSocket framing decide
                // themselves whether the end came too early (RFC 9112 §9.8).
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(0),
                Err(error) if is_would_block(&error) => {}
                result => return result,
            }
            let received = fill(&mut self.connection, &mut *self.below)?;
            if received == 0 {
                return Ok(0);
            }
            if self.connection.wants_write() {
                // Key updates and alerts: what does not leave now leaves with the next flush.
                let _ = flush(&mut self.connection, &mut *self.below);
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.connection.writer().write(bytes)?;
        match flush(&mut self.connection, &mut *self.below) {
            Err(error) if !is_would_block(&error) => Err(error),
            _ if taken == 0 && !bytes.is_empty() => Err(io::ErrorKind::WouldBlock.into()),
            _ => Ok(taken),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        flush(&mut self.connection, &mut *self.below)
    }

    fn has_buffered_input(&self) -> bool {
        !self.connection.wants_read()
    }

    fn finish_sending(&mut self) {
        self.connection.send_close_notify();
        // Only as far as it goes without waiting: the peer learns the end from TCP anyway.
        let _ = flush(&mut self.connection, &mut *self.below);
        self.below.finish_sending();
    }

    fn socket(&self) -> &Arc<Socket> {
        self.below.socket()
    }

    fn tls(&self) -> Option<&Arc<TlsFacts>> {
        Some(&self.facts)
    }

    fn error(&self, error: &io::Error) -> Error {
        tls_error(error, self.asked).0
    }
}

/// Nothing can be done without waiting.
#[must_use]
pub fn is_would_block(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}

/// The WinHTTP error of a failure on a TLS connection, and the certificate's defects if those are the cause.
fn tls_error(error: &io::Error, asked: bool) -> (Error, SecureProblems) {
    let Some(tls) = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>())
    else {
        crate::engine::extended_error::note(error);
        return (socket_error(error), SecureProblems::default());
    };
    if let rustls::Error::InvalidCertificate(rustls::CertificateError::Other(other)) = tls
        && let Some(CertificateRefused(problems)) = other.0.downcast_ref()
    {
        return (Error::SecureFailure, *problems);
    }
    if matches!(tls, rustls::Error::InvalidCertificate(_)) {
        (Error::SecureFailure, SecureProblems::INVALID_CERT)
    } else if asked && is_refusal(tls) {
        (Error::ClientAuthCertNeeded, SecureProblems::default())
    } else {
        (Error::SecureChannelError, SecureProblems::CHANNEL_ERROR)
    }
}

/// Alerts with which servers refuse a client that has no certificate: TLS 1.3 has one for it, older servers use others.
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

/// Reads ciphertext and processes it; the number of bytes read, 0 at the end of the stream.
fn fill(connection: &mut ClientConnection, below: &mut dyn Transport) -> io::Result<usize> {
    let received = connection.read_tls(&mut Below(below))?;
    if let Err(error) = connection.process_new_packets() {
        // The alert that tells the peer why; the connection is lost either way.
        let _ = flush(connection, below);
        return Err(io::Error::other(error));
    }
    Ok(received)
}

fn flush(connection: &mut ClientConnection, below: &mut dyn Transport) -> io::Result<()> {
    while connection.wants_write() {
        connection.write_tls(&mut Below(below))?;
    }
    Ok(())
}

/// The lower layer as the std traits that rustls wants.
struct Below<'a>(&'a mut dyn Transport);

impl Read for Below<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Below<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
