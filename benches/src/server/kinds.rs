//! The two kinds of connection: plain ones use the kernel's short cuts, TLS 1.3 ones rustls.

use std::io::{BufReader, IoSlice, Read, Result, Write};
use std::sync::Arc;

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use winhttp_fixtures::certs::{Authority, IdentityOptions};

use super::Stream;
use super::socket::Socket;
use super::stream::Prepared;
use crate::machine;

/// Bytes read at a time; rustls alone reads 4 KiB.
const READ_BYTES: usize = 512 * 1024;
/// Bytes sealed before they are written.
const SEAL_BYTES: usize = 256 * 1024;

pub(super) fn config(authority: &Authority) -> Arc<ServerConfig> {
    let identity = authority.issue(&IdentityOptions::default()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(identity.chain().to_vec(), identity.key())
        .unwrap();
    // Every connection shakes hands in full, whoever would have resumed.
    config.send_tls13_tickets = 0;
    Arc::new(config)
}

pub(super) fn accept(config: &Arc<ServerConfig>, socket: Socket) -> Result<Tls> {
    let mut connection = ServerConnection::new(Arc::clone(config)).unwrap();
    connection.set_buffer_limit(Some(SEAL_BYTES));
    let buffered = Buffered(BufReader::with_capacity(READ_BYTES, socket));
    Ok(Tls(StreamOwned::new(connection, buffered)))
}

pub(super) struct Tls(StreamOwned<ServerConnection, Buffered>);

impl Read for Tls {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Tls {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> Result<()> {
        self.0.flush()
    }
}

/// What rustls reads from and writes to.
struct Buffered(BufReader<Socket>);

impl Read for Buffered {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Buffered {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.0.get_mut().write(bytes)
    }

    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> Result<usize> {
        self.0.get_mut().write_vectored(pieces)
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

impl Stream for Tls {
    fn discard(&mut self, scratch: &mut [u8]) -> Result<usize> {
        self.read(scratch)
    }

    fn repeat(&mut self, message: &Prepared, count: u64) -> Result<()> {
        for _ in 0..count {
            self.write_all(&message.bytes)?;
        }
        self.flush()
    }
}

impl Stream for Socket {
    fn discard(&mut self, scratch: &mut [u8]) -> Result<usize> {
        self.skip(scratch)
    }

    fn repeat(&mut self, message: &Prepared, count: u64) -> Result<()> {
        for _ in 0..count {
            machine::write_file(&mut self.stream, &message.file, message.bytes.len())?;
        }
        Ok(())
    }
}
