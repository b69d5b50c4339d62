//! The one compression method there is (RFC 1951), in steps.

use std::fmt;

use flate2::{Decompress, FlushDecompress, Status};

use super::Moved;

/// Where the data stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stands {
    /// Goes on: more input, or more room.
    On,
    /// It is complete; input that is left does not belong to it.
    Ended,
    /// It is broken.
    Broken,
}

/// Decompresses one stream; owns its memory of 32 KiB and more from the first byte on.
#[derive(Default)]
pub(super) struct Inflate(Option<Decompress>);

impl Inflate {
    /// A stream with head and checksum of RFC 1950 around it.
    pub(super) fn zlib() -> Self {
        Self(Some(Decompress::new(true)))
    }

    /// Decompresses as much as there is and fits. What is in front of a defect is written.
    pub(super) fn advance(&mut self, input: &[u8], output: &mut [u8]) -> (Moved, Stands) {
        let state = self.0.get_or_insert_with(|| Decompress::new(false));
        let before = (state.total_in(), state.total_out());
        let status = state.decompress(input, output, FlushDecompress::None);
        // Both are differences of positions in slices.
        let since = |now: u64, before: u64| usize::try_from(now - before).unwrap_or(0);
        let moved = Moved {
            consumed: since(state.total_in(), before.0),
            produced: since(state.total_out(), before.1),
        };
        let stands_still = moved.consumed == 0 && moved.produced == 0;
        let stands = match status {
            Ok(Status::StreamEnd) => Stands::Ended,
            // With input and room there is always something to do.
            Ok(_) if stands_still && !input.is_empty() && !output.is_empty() => Stands::Broken,
            Ok(Status::Ok | Status::BufError) => Stands::On,
            Err(_) => Stands::Broken,
        };
        (moved, stands)
    }

    /// Begins another stream without anything around it.
    pub(super) fn restart(&mut self) {
        if let Some(state) = &mut self.0 {
            state.reset(false);
        }
    }
}

impl fmt::Debug for Inflate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Inflate").finish_non_exhaustive()
    }
}
