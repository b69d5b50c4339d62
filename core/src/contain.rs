//! A panic in the library is a defect. It ends the operation it happened in, with an error that the
//! program is told, and nothing else.

use std::panic::{AssertUnwindSafe, catch_unwind};

use winhttp_proto::error::Error;

/// Runs `work`; a panic in it is [`Error::Internal`]. What `work` was changing may be half changed
/// then.
pub(crate) fn contained<T, F: From<Error>>(work: impl FnOnce() -> Result<T, F>) -> Result<T, F> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        // The panic's own value may panic as it goes.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(panic)));
        Err(Error::Internal.into())
    })
}
