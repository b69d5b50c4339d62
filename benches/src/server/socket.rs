//! A connection on the server's side. On a core of its own the server looks for bytes before it
//! sleeps.
//!
//! Waking a sleeping core costs the client more than a whole message, in latency and in the time of
//! its own `send`. With that in every figure, contestants would differ little; a server that is
//! awake leaves the client as the limit.

use std::io::{ErrorKind, Read, Result, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustix::net::{RecvFlags, recv};

/// Longer than any contestant takes to wake up and answer.
const LOOK: Duration = Duration::from_millis(1);

pub(super) struct Socket {
    pub(super) stream: TcpStream,
    pub(super) has_own_core: bool,
}

impl Socket {
    /// Looks until there are bytes to read, or long enough to go to sleep.
    fn look(&self, buffer: &mut [u8], flags: RecvFlags) -> Option<Result<usize>> {
        let start = Instant::now();
        while start.elapsed() < LOOK {
            match recv(&self.stream, &mut *buffer, flags | RecvFlags::DONTWAIT) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Some(Err(error.into())),
                Ok((_, length)) => return Some(Ok(length)),
            }
        }
        None
    }

    fn receive(&self, buffer: &mut [u8], flags: RecvFlags) -> Result<usize> {
        if self.has_own_core
            && let Some(done) = self.look(buffer, flags)
        {
            return done;
        }
        let (_, length) = recv(&self.stream, buffer, flags)?;
        Ok(length)
    }

    /// Discards received bytes without copying them.
    pub(super) fn skip(&self, scratch: &mut [u8]) -> Result<usize> {
        self.receive(scratch, RecvFlags::TRUNC)
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.receive(buffer, RecvFlags::empty())
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.stream.write(bytes)
    }

    fn write_vectored(&mut self, pieces: &[std::io::IoSlice<'_>]) -> Result<usize> {
        self.stream.write_vectored(pieces)
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}
