//! The layers of one connection, and what is known of it beside its bytes.

use std::sync::Arc;

use winhttp_proto::exchange::timers::Carried;
use winhttp_proto::failure::Result;

use super::tls::{Tls, TlsFacts};
use super::{Flush, Interest, Read, Tcp, Transport, Write};
use crate::engine::buffers::Inbox;
use crate::engine::socket::Socket;

/// A layer, and a count of what went through it.
#[derive(Debug)]
pub(in crate::engine) struct Counted {
    transport: Box<dyn Transport>,
    carried: Carried,
}

impl Counted {
    pub(in crate::engine) fn new(transport: Box<dyn Transport>) -> Self {
        Self {
            transport,
            carried: Carried::default(),
        }
    }

    pub(in crate::engine) fn carried(&self) -> Carried {
        self.carried
    }

    pub(in crate::engine) fn read(&mut self, buffer: &mut [u8], spill: &mut [u8]) -> Result<Read> {
        let read = self.transport.read(buffer, spill);
        if let Ok(Read::Bytes { count, .. }) = read {
            add(&mut self.carried.received, count);
        }
        read
    }

    pub(in crate::engine) fn write(&mut self, bytes: &[u8]) -> Result<Write> {
        let write = self.transport.write(bytes);
        if let Ok(Write::Taken(count)) = write {
            add(&mut self.carried.sent, count);
        }
        write
    }

    fn write_parts(&mut self, parts: &[&[u8]]) -> Result<Write> {
        let write = self.transport.write_parts(parts);
        if let Ok(Write::Taken(count)) = write {
            add(&mut self.carried.sent, count);
        }
        write
    }

    pub(in crate::engine) fn flush(&mut self) -> Result<Flush> {
        self.transport.flush()
    }

    pub(in crate::engine) fn finish(&mut self) {
        self.transport.finish();
    }

    pub(in crate::engine) fn interest(&self) -> Interest {
        self.transport.interest()
    }
}

fn add(total: &mut u64, count: usize) {
    *total = total.wrapping_add(u64::try_from(count).unwrap_or(u64::MAX));
}

/// A connection: its layers, the socket below them, and what TLS negotiated.
#[derive(Debug)]
pub struct Stack {
    top: Top,
    socket: Option<Arc<Socket>>,
    /// What is read from the socket is the top layer's: no other lies below that.
    is_flat: bool,
}

#[derive(Debug)]
enum Top {
    Plain(Counted),
    Secured(Box<Tls>),
}

impl Stack {
    /// A plain connection.
    #[must_use]
    pub fn tcp(socket: Arc<Socket>) -> Self {
        let tcp = Tcp::new(Arc::clone(&socket));
        Self::plain(Box::new(tcp), Some(socket))
    }

    /// A connection without TLS, or with whatever `transport` does for it. Without a socket of its
    /// own nobody can wait for it, or read it past its layers.
    #[must_use]
    pub fn plain(transport: Box<dyn Transport>, socket: Option<Arc<Socket>>) -> Self {
        Self {
            top: Top::Plain(Counted::new(transport)),
            socket,
            is_flat: true,
        }
    }

    /// A connection that TLS protects.
    #[must_use]
    pub fn secured(tls: Box<Tls>, socket: Option<Arc<Socket>>) -> Self {
        Self {
            top: Top::Secured(tls),
            socket,
            is_flat: true,
        }
    }

    /// The same, of which the socket is never read elsewhere: there are layers in between.
    #[must_use]
    pub fn keep_to_layers(self) -> Self {
        Self {
            is_flat: false,
            ..self
        }
    }

    /// As [`Transport::read`].
    ///
    /// # Errors
    /// As [`Transport::read`].
    pub fn read(&mut self, buffer: &mut [u8], spill: &mut [u8]) -> Result<Read> {
        match &mut self.top {
            Top::Plain(plain) => plain.read(buffer, spill),
            Top::Secured(tls) => tls.read(buffer, spill),
        }
    }

    /// As [`Transport::write`].
    ///
    /// # Errors
    /// As [`Transport::write`].
    pub fn write(&mut self, bytes: &[u8]) -> Result<Write> {
        match &mut self.top {
            Top::Plain(plain) => plain.write(bytes),
            Top::Secured(tls) => tls.write(bytes),
        }
    }

    /// As [`Transport::write_parts`].
    ///
    /// # Errors
    /// As [`Transport::write`].
    pub fn write_parts(&mut self, parts: &[&[u8]]) -> Result<Write> {
        let mut some = parts.iter().filter(|part| !part.is_empty());
        if let (Some(only), None) = (some.next(), some.next()) {
            return self.write(only);
        }
        match &mut self.top {
            Top::Plain(plain) => plain.write_parts(parts),
            Top::Secured(tls) => tls.write_parts(parts),
        }
    }

    /// As [`Transport::flush`].
    ///
    /// # Errors
    /// As [`Transport::flush`].
    pub fn flush(&mut self) -> Result<Flush> {
        match &mut self.top {
            Top::Plain(plain) => plain.flush(),
            Top::Secured(tls) => tls.flush(),
        }
    }

    /// As [`Transport::finish`].
    pub fn finish(&mut self) {
        match &mut self.top {
            Top::Plain(plain) => plain.finish(),
            Top::Secured(tls) => tls.finish(),
        }
    }

    /// As [`Transport::interest`].
    #[must_use]
    pub fn interest(&self) -> Interest {
        match &self.top {
            Top::Plain(plain) => plain.interest(),
            Top::Secured(tls) => tls.interest(),
        }
    }

    /// What the bottom layer has carried: also while nothing goes through the top, as with a part
    /// of a TLS record.
    #[must_use]
    pub fn carried(&self) -> Carried {
        match &self.top {
            Top::Plain(plain) => plain.carried(),
            Top::Secured(tls) => tls.carried(),
        }
    }

    /// The socket at the bottom.
    #[must_use]
    pub fn socket(&self) -> Option<&Arc<Socket>> {
        self.socket.as_ref()
    }

    /// What TLS negotiated; `None` on a plain connection.
    #[must_use]
    pub fn tls(&self) -> Option<&Arc<TlsFacts>> {
        match &self.top {
            Top::Plain(_) => None,
            Top::Secured(tls) => Some(tls.facts()),
        }
    }

    /// Bytes of the socket wait in a layer, or pass through several: what is read from the socket
    /// elsewhere would come too early.
    #[must_use]
    pub fn holds_input(&self) -> bool {
        let is_held = match &self.top {
            Top::Plain(plain) => plain.interest().has_input,
            Top::Secured(tls) => tls.holds_input(),
        };
        is_held || !self.is_flat
    }

    /// Takes over bytes that were read from the socket elsewhere; only while [`Stack::holds_input`]
    /// says no. They come back if reading would bring just them.
    pub fn accept(&mut self, input: Inbox) -> Option<Inbox> {
        match &mut self.top {
            Top::Plain(_) => Some(input),
            Top::Secured(tls) => {
                tls.accept(input);
                None
            }
        }
    }
}

/// What TLS with a server stands on, behind a proxy's tunnel.
impl Transport for Stack {
    fn read(&mut self, buffer: &mut [u8], spill: &mut [u8]) -> Result<Read> {
        Self::read(self, buffer, spill)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<Write> {
        Self::write(self, bytes)
    }

    fn write_parts(&mut self, parts: &[&[u8]]) -> Result<Write> {
        Self::write_parts(self, parts)
    }

    fn flush(&mut self) -> Result<Flush> {
        Self::flush(self)
    }

    fn finish(&mut self) {
        Self::finish(self);
    }

    fn interest(&self) -> Interest {
        Self::interest(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::transport::memory::Wire;

    #[test]
    fn a_plain_connection_counts_what_goes_through_it() {
        let wire = Wire::default();
        let mut stack = Stack::plain(Box::new(wire.clone()), None);
        assert_eq!(stack.carried(), Carried::default());
        wire.bring(b"hello");
        let (mut buffer, mut spill) = ([0; 2], [0; 2]);
        let read = stack.read(&mut buffer, &mut spill);
        let (count, drained) = (4, false);
        assert_eq!(read, Ok(Read::Bytes { count, drained }));
        wire.set_room(3);
        assert_eq!(stack.write(b"world"), Ok(Write::Taken(3)));
        assert_eq!(stack.write(b"ld"), Ok(Write::Blocked));
        let (sent, received) = (3, 4);
        assert_eq!(stack.carried(), Carried { sent, received });
        assert!(stack.socket().is_none() && stack.tls().is_none());
    }

    #[test]
    fn a_plain_connection_gives_back_what_was_read_elsewhere() {
        let mut stack = Stack::plain(Box::new(Wire::default()), None);
        let mut input = Inbox::default();
        assert!(input.append(b"hello", usize::MAX));
        assert!(!stack.holds_input());
        assert_eq!(stack.accept(input).unwrap().data(), b"hello");
    }
}
