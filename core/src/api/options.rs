//! WinHttpSetOption and WinHttpQueryOption over the live handles: which object an option belongs
//! to, and what it does there. Which numbers, kinds, lengths and values are right is
//! [`winhttp_proto::option`]'s.

mod binding;
mod certificate;
mod cipher;
pub mod features;
mod query;
mod set;
mod statistics;

pub use certificate::{Algorithm, Bits, Certificate, CertificateSummary, Extension};
pub use cipher::{BulkCipher, Cipher};
pub use query::OptionAnswer;
pub use set::{NewValue, Setting};
pub use statistics::{ConnectionStats, RequestStats, RequestTimes};

use winhttp_proto::embed::Embedder;
use winhttp_proto::error::Result;

use super::library::{Library, Object};

/// What a handle argument names; `None` is the NULL handle, which stands for the process.
type Target<E> = Option<Object<E>>;

impl<E: Embedder> Library<E> {
    /// What a handle argument names.
    fn target(&self, bits: u64) -> Result<Target<E>> {
        if bits == 0 {
            return Ok(None);
        }
        self.object(bits).map(Some)
    }
}

#[cfg(test)]
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other answer fails the test"
)]
mod tests;
