//! WinHttpSetOption and WinHttpQueryOption over the live handles: which object an option belongs to, and what it does
//! there. Which numbers, kinds, lengths and values are right is [`winhttp_proto::option`]'s.

mod binding;
mod certificate;
mod cipher;
pub mod features;
mod query;
mod set;

pub use certificate::{Algorithm, Bits, Certificate, CertificateSummary, Extension};
pub use cipher::{BulkCipher, Cipher};
pub use query::Answer;
pub use set::{NewValue, Setting};

use winhttp_proto::embed::Embedder;
use winhttp_proto::error::Result;
use winhttp_proto::header::Version;
use winhttp_proto::option::{OptionId, Value, Values};

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

/// The HTTP version an option's values ask for; `None` if they do not say.
pub(super) fn http_version(values: &Values) -> Option<Version> {
    match values.stored(OptionId::HTTP_VERSION) {
        // HTTP_VERSION_INFO: the minor version is the second DWORD, and 0 or 1.
        Some(Value::Bytes(bytes)) if bytes.get(4..) == Some(&0_u32.to_ne_bytes()) => {
            Some(Version::HTTP_10)
        }
        Some(_) => Some(Version::HTTP_11),
        None => None,
    }
}

/// HTTP_VERSION_INFO of a version.
pub(super) fn http_version_value(version: Version) -> Value {
    let fields = [u32::from(version.major), u32::from(version.minor)];
    Value::Bytes(
        fields
            .iter()
            .flat_map(|field| field.to_ne_bytes())
            .collect(),
    )
}

#[cfg(test)]
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other answer fails the test"
)]
mod tests;
