//! Scripts without an engine to run them: the library was built without its feature `pac`.

use winhttp_proto::error::Error;
use winhttp_proto::failure::Result;

use super::Script;

/// # Errors
/// [`Error::OperationCancelled`], else [`Error::AutoProxyServiceError`].
pub(crate) fn run(script: &Script) -> Result<String> {
    script.cancel.check()?;
    Err(Error::AutoProxyServiceError.into())
}
