//! Small frames that callbacks send in one turn leave together: one system call for many messages.
//!
//! A gathered frame is masked into a buffer and counts as sent, as if the system had taken it into
//! its own buffer. The buffer leaves before the poll waits, when it is full, and when its first
//! frame has waited for [`WAIT_MAX`].

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use winhttp_proto::failure::Result;

use super::{Channel, Outgoing, Started};
use crate::engine::buffers::{BUFFER_BYTES, Inbox};
use crate::engine::clock;
use crate::engine::transport::Write;

/// Largest frame that is gathered; a larger one is worth a system call of its own.
const FRAME_MAX: usize = 16 * 1024;
/// How long the first gathered frame waits while callbacks go on sending.
const WAIT_MAX: Duration = Duration::from_micros(50);

/// The process ends: nothing waits for others any more.
static ENDING: AtomicBool = AtomicBool::new(false);

/// Lets no frame wait from now on, in the whole process; those that wait must be flushed.
pub fn stop_gathering() {
    ENDING.store(true, Ordering::SeqCst);
}

/// Frames that wait to leave together.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    frames: Inbox,
    /// When the first of them came.
    since: Option<Instant>,
}

impl Gathered {
    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }
}

impl Channel {
    /// Takes the frame to leave with others soon; `false` if it must be sent with
    /// [`Channel::try_send`].
    ///
    /// [`Channel::flush`] must follow before the thread waits, if [`Channel::has_gathered`].
    ///
    /// # Errors
    /// The connection's failure.
    pub fn try_gather(&mut self, frame: &mut Outgoing, payload: &[u8]) -> Result<bool> {
        let total = frame.total();
        let waits = !matches!(self.controls.started, Started::None)
            || self.has_controls()
            || !frame.is_new();
        if total > FRAME_MAX || waits || ENDING.load(Ordering::Relaxed) {
            return Ok(false);
        }
        if self.gathered.frames.data().len() + total > BUFFER_BYTES && !self.write_gathered()? {
            return Ok(false);
        }
        let space = self.gathered.frames.space();
        let filled = frame.fill(payload, space);
        self.gathered.frames.filled(filled);
        frame.set_written();
        let now = clock::now();
        if now.duration_since(*self.gathered.since.get_or_insert(now)) >= WAIT_MAX {
            self.write_gathered()?;
        }
        Ok(true)
    }

    /// Frames wait to leave.
    #[must_use]
    pub fn has_gathered(&self) -> bool {
        !self.gathered.is_empty()
    }

    /// Frames that count as sent wait to leave, or a layer holds a part of them.
    ///
    /// What a layer holds of a data frame that is partly written does not count as sent.
    #[must_use]
    pub fn holds_sent(&self) -> bool {
        let held =
            self.stack.interest().has_output && !matches!(self.controls.started, Started::Data);
        self.has_gathered() || held
    }

    /// Writes the gathered frames; `true` when all of them have reached the system.
    pub(super) fn write_gathered(&mut self) -> Result<bool> {
        while !self.gathered.is_empty() {
            match self.stack.write(self.gathered.frames.data()) {
                Ok(Write::Taken(count)) => self.gathered.frames.consume(count),
                Ok(Write::Blocked) => return Ok(false),
                Err(failure) => return Err(self.cannot_write(failure)),
            }
        }
        self.gathered.since = None;
        Ok(true)
    }
}
