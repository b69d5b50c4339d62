//! The network in memory: reads copy what came, as the kernel does; what is written is looked at
//! and gone.

use std::cell::RefCell;
use std::hint::black_box;
use std::io::{IoSlice, Read, Result, Write};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Who looks at bytes without touching them: the program that got payload, or the network that got
/// frames.
#[derive(Debug, Default)]
pub(super) struct Seen(Option<Rc<RefCell<Vec<u8>>>>);

impl Seen {
    /// One that keeps what it sees, for checks.
    #[cfg(test)]
    pub(super) fn keeping(kept: &Rc<RefCell<Vec<u8>>>) -> Self {
        Self(Some(Rc::clone(kept)))
    }

    /// These bytes are in memory now; the compiler cannot know that nobody reads them.
    #[inline]
    pub(super) fn see(&mut self, bytes: &[u8]) {
        black_box(bytes);
        if let Some(kept) = &self.0 {
            kept.borrow_mut().extend(bytes);
        }
    }
}

/// The same bytes come again and again; no read goes beyond their end.
#[derive(Debug)]
pub(super) struct Network {
    incoming: Vec<u8>,
    at: usize,
    seen: Seen,
}

impl Network {
    /// One from which `incoming` comes, and where `seen` looks at what is written.
    pub(super) fn new(incoming: Vec<u8>, seen: Seen) -> Self {
        Self {
            incoming,
            at: 0,
            seen,
        }
    }

    /// What one read of up to `most` bytes brings.
    #[inline]
    pub(super) fn next(&mut self, most: usize) -> &[u8] {
        let start = self.at;
        let end = self.incoming.len().min(start + most);
        self.at = if end == self.incoming.len() { 0 } else { end };
        &self.incoming[start..end]
    }

    /// Takes all of a frame's parts at once.
    #[inline]
    fn write_parts(&mut self, parts: &[IoSlice<'_>]) -> usize {
        parts.iter().for_each(|part| self.seen.see(part));
        parts.iter().map(|part| part.len()).sum()
    }
}

impl Read for Network {
    #[inline]
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let bytes = self.next(buffer.len());
        buffer[..bytes.len()].copy_from_slice(bytes);
        Ok(bytes.len())
    }
}

impl Write for Network {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.seen.see(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

impl AsyncRead for Network {
    #[inline]
    fn poll_read(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        let room = buffer.remaining();
        buffer.put_slice(self.next(room));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Network {
    #[inline]
    fn poll_write(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize>> {
        Poll::Ready(self.write(bytes))
    }

    #[inline]
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        Poll::Ready(Ok(self.write_parts(parts)))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }
}
