//! Layers that carry bytes: TCP, TLS, and bytes that were read elsewhere. They share one face of
//! six methods, and stack.
//!
//! A layer only carries. What a connection is beside that (its socket, what TLS negotiated, how
//! much it has carried) is kept by the [`Stack`]; what a failure means travels in the failure.

#[cfg(test)]
pub(crate) mod memory;
mod prefixed;
mod stack;
mod tcp;
pub mod tls;

use std::fmt;

use winhttp_proto::failure::Result;

pub use prefixed::Prefixed;
pub use stack::Stack;
pub use tcp::{Tcp, socket_failure};

pub(super) use stack::Counted;

/// A bidirectional byte stream that never blocks.
pub trait Transport: Send + fmt::Debug {
    /// Reads what is there into `buffer`, which is not empty; what does not fit may go into
    /// `spill`.
    ///
    /// # Errors
    /// The failure that ended the connection.
    fn read(&mut self, buffer: &mut [u8], spill: &mut [u8]) -> Result<Read>;

    /// Takes as many bytes as there is room for.
    ///
    /// # Errors
    /// The failure that ended the connection.
    fn write(&mut self, bytes: &[u8]) -> Result<Write>;

    /// As [`Transport::write`], for bytes that lie in several places; a layer may leave all but the
    /// first of them to the next call.
    ///
    /// # Errors
    /// As [`Transport::write`].
    fn write_parts(&mut self, parts: &[&[u8]]) -> Result<Write> {
        let first = parts.iter().find(|part| !part.is_empty());
        self.write(first.copied().unwrap_or_default())
    }

    /// Hands everything taken to the system.
    ///
    /// # Errors
    /// The failure that ended the connection.
    fn flush(&mut self) -> Result<Flush>;

    /// Ends the sending direction in an orderly way, as far as that is possible without waiting.
    fn finish(&mut self);

    /// What has to happen before this layer is worth calling again.
    fn interest(&self) -> Interest;
}

/// What a read brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// So many bytes, at least one.
    Bytes {
        /// In the buffer, and behind that in the spill.
        count: usize,
        /// This read took all that the source had. Bytes that come from a layer's own memory prove
        /// nothing.
        drained: bool,
    },
    /// The end of the stream.
    End {
        /// The peer meant it: over TLS only behind close_notify, since anybody on the way can forge
        /// a FIN (RFC 9112 §9.8).
        orderly: bool,
    },
    /// Nothing, and the source has no more: it must become readable.
    Blocked,
    /// Nothing yet, though the source may have more: to be tried again at once, after others have
    /// had a turn.
    Again,
}

/// What a write took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// So many bytes.
    Taken(usize),
    /// Nothing: the source must become writable.
    Blocked,
}

/// What a flush came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flush {
    /// The system has everything.
    Complete,
    /// The source must become writable.
    Blocked,
}

/// What a layer holds, and so need not or must wait for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interest {
    /// Reading brings something at once, though the source may never become readable again.
    pub has_input: bool,
    /// Bytes that were taken wait for the source to become writable, and for a flush then.
    pub has_output: bool,
}
