//! WinHttpQueryAuthSchemes and WinHttpSetCredentials: what a response asks for, and what the
//! program has to give.
//!
//! No challenge is answered in this version: it is handed to the program, whatever credentials
//! there are.

use winhttp_proto::auth::{Challenge, CredentialSet, Credentials};
use winhttp_proto::embed::Embedder;
use winhttp_proto::error::{Error, Result};
use winhttp_proto::exchange::legality::{Function, Verdict};
use winhttp_proto::header::query::StartLine;

use super::{HeaderBlock, Request, RequestState};

impl<E: Embedder> Request<E> {
    /// What the last response asks for.
    ///
    /// # Errors
    /// [`Error::InvalidOperation`] if there is no response, or it is no challenge with a scheme we
    /// know.
    pub fn challenge(&self) -> Result<Challenge> {
        let read = self.query_headers(HeaderBlock::Response, |block| match block.start_line {
            StartLine::Response { status, .. } => Ok(Challenge::of_response(status, block.headers)),
            StartLine::Request { .. } | StartLine::Trailers => Ok(None),
        });
        read.ok().flatten().ok_or(Error::InvalidOperation)
    }

    /// Keeps credentials for the next exchange; those for the same target are replaced.
    ///
    /// # Errors
    /// [`Error::IncorrectHandleState`] while an operation is pending.
    pub fn set_credentials(&self, credentials: Credentials) -> Result<()> {
        let mut state = self.state();
        if let Verdict::Fails(error) = state.verdict(Function::SetCredentials) {
            return Err(error);
        }
        state.credentials.put(credentials);
        Ok(())
    }
}

impl<E: Embedder> RequestState<E> {
    /// An exchange uses up what was given for it.
    pub(super) fn use_up_credentials(&mut self) {
        self.credentials = CredentialSet::new();
    }
}
