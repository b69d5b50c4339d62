//! TLS records between the socket and plaintext: rustls without buffers of its own.
//!
//! rustls' unbuffered connection opens records where they lie and seals into memory that is lent to
//! it, so that an idle connection owns no buffer and a large read or write costs one system call.

use std::fmt;
use std::io;
use std::sync::Arc;

use rustls::client::{ClientConnectionData, UnbufferedClientConnection};
use rustls::pki_types::ServerName;
use rustls::unbuffered::{
    ConnectionState, EncodeError, EncodeTlsData, EncryptError, ReadTraffic, UnbufferedStatus,
};
use rustls::{ClientConfig, CommonState};
use winhttp_proto::failure::Failure;

use crate::engine::buffers::{Inbox, PIECE_BYTES, SEALING_BYTES, with_scratch};
use crate::engine::transport::{Counted, Flush, Read, Transport, Write, socket_failure};

/// Received bytes that wait at the most: the largest handshake message (64 KiB, RFC 8446 §4) in its
/// records fits.
const INPUT_MAX: usize = 128 * 1024;
/// Opened bytes that wait at the most: all that so much input can hold.
const PLAINTEXT_MAX: usize = INPUT_MAX;
/// Plaintext sealed at a time.
const SEAL_MAX: usize = PIECE_BYTES;
/// States of rustls on the way to sending, far more than there can be.
const STATES_MAX: usize = 16;
/// Largest close_notify: a record's header, the alert, and a cipher's overhead.
const ALERT_MAX: usize = 128;

/// A TLS connection's records, and the layer below.
pub(super) struct Records {
    connection: UnbufferedClientConnection,
    /// Received, not opened yet.
    input: Inbox,
    /// Opened, not read yet.
    plaintext: Inbox,
    /// Sealed, not taken by the layer below yet.
    output: Vec<u8>,
    /// `input` holds no complete record.
    starved: bool,
    end: Option<End>,
    pub(super) below: Counted,
}

/// Why a TLS connection fails.
#[derive(Debug)]
pub(super) enum Fault {
    /// TLS objects, on this side or the other.
    Tls(rustls::Error),
    /// The connection below is of no more use.
    Connection(Failure),
}

impl From<rustls::Error> for Fault {
    fn from(error: rustls::Error) -> Self {
        Self::Tls(error)
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        Self::Connection(failure)
    }
}

impl From<io::ErrorKind> for Fault {
    fn from(kind: io::ErrorKind) -> Self {
        Self::Connection(socket_failure(&kind.into()))
    }
}

impl From<EncryptError> for Fault {
    fn from(error: EncryptError) -> Self {
        Self::Connection(socket_failure(&io::Error::other(error)))
    }
}

type Result<T, E = Fault> = std::result::Result<T, E>;

/// Why nothing more will be received.
enum End {
    /// close_notify.
    Closed,
    /// The peer broke the protocol, or its certificate was refused.
    Failed(rustls::Error),
}

/// What opening records came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opened {
    /// More bytes are needed.
    Starved,
    /// There is plaintext, and perhaps more records.
    Plaintext,
    /// Nothing more will come.
    Ended,
}

impl Records {
    pub(super) fn new(
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
        below: Box<dyn Transport>,
    ) -> Result<Self, rustls::Error> {
        Ok(Self {
            connection: UnbufferedClientConnection::new(config, name)?,
            input: Inbox::default(),
            plaintext: Inbox::default(),
            output: Vec::new(),
            starved: true,
            end: None,
            below: Counted::new(below),
        })
    }

    /// What was negotiated so far.
    pub(super) fn state(&self) -> &CommonState {
        &self.connection
    }

    /// Sealed bytes wait, here or below.
    pub(super) fn wants_write(&self) -> bool {
        !self.output.is_empty() || self.below.interest().has_output
    }

    /// Moves the handshake on with what was received; its answers are in the output then.
    pub(super) fn shake_hands(&mut self) -> Result<()> {
        while self.open(&mut [], &mut 0)? == Opened::Plaintext {}
        match &self.end {
            Some(End::Closed) => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    /// Receives what the layer below has.
    pub(super) fn fill(&mut self) -> Result<Read> {
        let space = self.input.space_up_to(INPUT_MAX);
        if space.is_empty() && self.input.data().len() < INPUT_MAX {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        let space = self.input.space_up_to(INPUT_MAX);
        if space.is_empty() {
            // No message of the protocol is as long as that.
            return Err(rustls::Error::General("endless message".to_owned()).into());
        }
        let read = self.below.read(space, &mut []);
        let count = match read {
            Ok(Read::Bytes { count, .. }) => count,
            Ok(Read::End { .. } | Read::Blocked | Read::Again) | Err(_) => 0,
        };
        self.input.filled(count);
        if matches!(read, Ok(Read::Bytes { .. } | Read::End { .. })) {
            self.starved = false;
        }
        Ok(read?)
    }

    /// Takes over bytes that were received elsewhere; only while [`Records::holds_input`] says no.
    pub(super) fn accept(&mut self, input: Inbox) {
        self.starved = input.is_empty();
        self.input = input;
    }

    /// Received bytes wait here, opened or not, or in a layer below.
    pub(super) fn holds_input(&self) -> bool {
        !self.input.is_empty() || self.has_news()
    }

    /// Reading brings something without the source, or a layer below holds what may.
    pub(super) fn has_news(&self) -> bool {
        !self.plaintext.is_empty()
            || !self.starved
            || self.end.is_some()
            || self.below.interest().has_input
    }

    /// Opens into `out` what was received; 0 if that is no complete record, or nothing more will
    /// come.
    pub(super) fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        let waiting = self.plaintext.data();
        let mut filled = waiting.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..filled), waiting.get(..filled)) {
            to.copy_from_slice(from);
        }
        self.plaintext.consume(filled);
        while filled < out.len() && self.plaintext.is_empty() && self.may_open() {
            match self.open(out, &mut filled) {
                Ok(Opened::Plaintext) => {}
                Ok(Opened::Starved | Opened::Ended) => break,
                // What came before the failure is delivered first.
                Err(_) if filled > 0 => break,
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    /// Opening brings something: a record, or the failure.
    fn may_open(&self) -> bool {
        !self.starved || matches!(self.end, Some(End::Failed(_)))
    }

    /// Nothing more will be received.
    pub(super) fn is_closed(&self) -> bool {
        matches!(self.end, Some(End::Closed))
    }

    /// Seals and sends.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<Write> {
        if self.flush()? == Flush::Blocked {
            return Ok(Write::Blocked);
        }
        self.reach_traffic()?;
        let piece = bytes.get(..SEAL_MAX).unwrap_or(bytes);
        with_scratch(piece.len() + SEALING_BYTES, |scratch| {
            let sealed = self.seal(|traffic| traffic.encrypt(piece, scratch))?;
            self.flush()?;
            self.send(scratch.get(..sealed).unwrap_or_default())
        })?;
        Ok(Write::Taken(piece.len()))
    }

    /// Hands sealed bytes that wait to the system.
    pub(super) fn flush(&mut self) -> Result<Flush> {
        match self.flush_output()? {
            Flush::Complete => Ok(self.below.flush()?),
            Flush::Blocked => Ok(Flush::Blocked),
        }
    }

    /// Hands sealed bytes that wait to the layer below.
    fn flush_output(&mut self) -> Result<Flush> {
        let mut sent = 0;
        let mut result = Ok(Flush::Complete);
        while let Some(rest) = self.output.get(sent..).filter(|rest| !rest.is_empty()) {
            match self.below.write(rest) {
                Ok(Write::Taken(count)) => sent += count,
                Ok(Write::Blocked) => {
                    result = Ok(Flush::Blocked);
                    break;
                }
                Err(failure) => {
                    result = Err(failure.into());
                    break;
                }
            }
        }
        if sent == self.output.len() {
            self.output = Vec::new(); // an idle connection owns no buffer
        } else {
            self.output.drain(..sent);
        }
        result
    }

    /// Tells the peer that nothing more will be sent, as far as that is possible without waiting.
    pub(super) fn close_notify(&mut self) {
        let mut alert = [0; ALERT_MAX];
        if let Ok(length) = self
            .reach_traffic()
            .and_then(|()| self.seal(|traffic| traffic.queue_close_notify(&mut alert)))
        {
            self.output
                .extend_from_slice(alert.get(..length).unwrap_or_default());
        }
        let _ = self.flush();
        self.output = Vec::new(); // what did not leave now never will
    }

    /// Opens records that stand before the right to send in rustls' order of things.
    fn reach_traffic(&mut self) -> Result<()> {
        while !self.starved && self.end.is_none() {
            self.open(&mut [], &mut 0)?;
        }
        Ok(())
    }

    /// Seals by `work`; the number of sealed bytes.
    fn seal(
        &mut self,
        work: impl FnOnce(&mut Traffic<'_>) -> Result<usize, EncryptError>,
    ) -> Result<usize> {
        // Key updates of rustls' own may stand before the right to send, but not many.
        for _ in 0..STATES_MAX {
            let UnbufferedStatus { discard, state } =
                self.connection.process_tls_records(self.input.data_mut());
            match state {
                Ok(ConnectionState::WriteTraffic(mut traffic)) => {
                    return Ok(work(&mut traffic)?);
                }
                Ok(ConnectionState::EncodeTlsData(message)) => {
                    encode(message, &mut self.output)?;
                }
                Ok(ConnectionState::TransmitTlsData(sent)) => sent.done(),
                Ok(ConnectionState::PeerClosed) => self.end = Some(End::Closed),
                Ok(_) => break,
                Err(error) => return Err(error.into()),
            }
            self.input.consume(discard);
        }
        Err(io::ErrorKind::BrokenPipe.into())
    }

    /// Sends sealed bytes; what the layer below does not take waits in the output.
    fn send(&mut self, sealed: &[u8]) -> Result<()> {
        let mut rest = sealed;
        if !self.output.is_empty() {
            self.output.extend_from_slice(rest);
            return Ok(());
        }
        while !rest.is_empty() {
            match self.below.write(rest)? {
                Write::Taken(count) => rest = rest.get(count..).unwrap_or_default(),
                Write::Blocked => {
                    self.output.extend_from_slice(rest);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Lets rustls act on what was received, until there is plaintext or nothing more to do.
    ///
    /// Plaintext goes to `out` behind its first `filled` bytes; what does not fit waits.
    fn open(&mut self, out: &mut [u8], filled: &mut usize) -> Result<Opened> {
        if let Some(End::Failed(error)) = &self.end {
            return Err(error.clone().into());
        }
        loop {
            let UnbufferedStatus { discard, state } =
                self.connection.process_tls_records(self.input.data_mut());
            let opened = match state {
                Ok(ConnectionState::ReadTraffic(records)) => {
                    take(records, out, filled, &mut self.plaintext)
                }
                Ok(ConnectionState::EncodeTlsData(message)) => {
                    encode(message, &mut self.output).map(|()| None)
                }
                Ok(ConnectionState::TransmitTlsData(sent)) => {
                    sent.done();
                    Ok(None)
                }
                Ok(ConnectionState::PeerClosed | ConnectionState::Closed) => {
                    self.end = Some(End::Closed);
                    Ok(Some(Opened::Ended))
                }
                Ok(_) => Ok(Some(Opened::Starved)),
                Err(error) => Err(error),
            };
            self.input.consume(discard);
            match opened {
                Ok(None) => {}
                Ok(Some(opened)) => {
                    self.starved = opened != Opened::Plaintext;
                    self.answer();
                    return Ok(opened);
                }
                Err(error) => return self.fail(error),
            }
        }
    }

    /// Sends what rustls answered; the rest leaves with the next flush.
    fn answer(&mut self) {
        if self.wants_write() {
            let _ = self.flush();
        }
    }

    /// Ends the connection; the alert that tells the peer why is sent as far as that is possible
    /// without waiting.
    fn fail(&mut self, error: rustls::Error) -> Result<Opened> {
        if let UnbufferedStatus {
            state: Ok(ConnectionState::EncodeTlsData(alert)),
            ..
        } = self.connection.process_tls_records(self.input.data_mut())
        {
            let _ = encode(alert, &mut self.output);
        }
        self.answer();
        self.input = Inbox::default();
        self.starved = true;
        self.end = Some(End::Failed(error.clone()));
        Err(error.into())
    }
}

type Traffic<'a> = rustls::unbuffered::WriteTraffic<'a, ClientConnectionData>;

/// Copies opened records to where they are wanted.
fn take(
    mut records: ReadTraffic<'_, '_, ClientConnectionData>,
    out: &mut [u8],
    filled: &mut usize,
    plaintext: &mut Inbox,
) -> Result<Option<Opened>, rustls::Error> {
    while let Some(record) = records.next_record() {
        let payload = record?.payload;
        let room = out.get_mut(*filled..).unwrap_or_default();
        let fits = payload.len().min(room.len());
        let (now, later) = payload.split_at(fits);
        if let Some(room) = room.get_mut(..fits) {
            room.copy_from_slice(now);
        }
        *filled += fits;
        if !plaintext.append(later, PLAINTEXT_MAX) {
            return Err(rustls::Error::General("too much unread data".to_owned()));
        }
    }
    Ok(Some(Opened::Plaintext))
}

/// Appends a handshake message, an alert or a key update to the output.
fn encode(
    mut message: EncodeTlsData<'_, ClientConnectionData>,
    output: &mut Vec<u8>,
) -> Result<(), rustls::Error> {
    let start = output.len();
    if let Err(EncodeError::InsufficientSize(needed)) = message.encode(&mut []) {
        output.resize(start + needed.required_size, 0);
        if message
            .encode(output.get_mut(start..).unwrap_or_default())
            .is_err()
        {
            return Err(rustls::Error::General("cannot encode".to_owned()));
        }
    }
    Ok(())
}

impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records")
            .field("input", &self.input)
            .field("plaintext", &self.plaintext)
            .field("below", &self.below)
            .finish_non_exhaustive()
    }
}
