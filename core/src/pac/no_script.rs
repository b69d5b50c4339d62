//! Scripts without an engine to run them: the library was built without its feature `pac`.

use std::fmt;

use winhttp_proto::error::Error;
use winhttp_proto::failure::{Failure, Reason, Result};

use super::Script;

/// # Errors
/// [`Error::OperationCancelled`], else [`Error::AutoProxyServiceError`].
pub(crate) fn run(script: &Script) -> Result<String> {
    script.cancel.check()?;
    Err(Failure::because(Error::AutoProxyServiceError, NoEngine))
}

/// Why no script runs.
#[derive(Debug)]
struct NoEngine;

impl fmt::Display for NoEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this library was built without an engine for proxy scripts (its feature pac)")
    }
}

impl Reason for NoEngine {}
