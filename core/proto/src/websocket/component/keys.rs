//! Where masking keys come from.

use super::super::mask::MaskKey;

/// Gives fresh masking keys; `None` if there are no random bytes.
pub type Keys<'a> = &'a dyn Fn() -> Option<MaskKey>;
