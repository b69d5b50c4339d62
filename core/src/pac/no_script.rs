//! Scripts without an engine to run them: the library was built without its feature `pac`.

use std::sync::Arc;
use std::time::Instant;

use winhttp_proto::error::Error;
use winhttp_proto::failure::Result;
use winhttp_proto::proxy::pac::Question;

use super::{Cancel, Network};

/// A script and its limits.
pub(crate) struct Script<'a> {
    pub(crate) source: &'a str,
    pub(crate) question: &'a Question,
    pub(crate) network: Arc<dyn Network>,
    pub(crate) deadline: Instant,
    pub(crate) cancel: &'a Cancel,
}

/// # Errors
/// [`Error::AutoProxyServiceError`].
pub(crate) fn run(script: &Script<'_>) -> Result<String> {
    let Script {
        source: _,
        question: _,
        network: _,
        deadline: _,
        cancel,
    } = script;
    cancel.check()?;
    Err(Error::AutoProxyServiceError.into())
}
