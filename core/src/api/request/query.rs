//! What can be asked about a request: its headers, its response, its URL.

use winhttp_proto::embed::Embedder;
use winhttp_proto::error::{Error, Result};
use winhttp_proto::exchange::legality::{Function, Verdict};
use winhttp_proto::header::query::{Block, QueryError, StartLine};

use super::Request;
use super::life::Attached;

/// Which headers a query looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderBlock {
    /// The request's; at any time.
    Request,
    /// The response's, once it has been received.
    Response,
    /// The response's trailers, once the body has been read to its end.
    Trailers,
}

impl<E: Embedder> Request<E> {
    /// Answers a query about a block of headers (WinHttpQueryHeaders); `ask` must not call back
    /// into the request.
    ///
    /// # Errors
    /// [`Error::IncorrectHandleState`] before the block is there, [`Error::HeaderNotFound`] where
    /// there are no trailers; what `ask` fails with.
    pub fn query_headers<T>(
        &self,
        which: HeaderBlock,
        ask: impl FnOnce(&Block<'_>) -> Result<T, QueryError>,
    ) -> Result<T> {
        let state = self.state();
        if which == HeaderBlock::Request {
            let headers = state.sent_headers.as_ref().unwrap_or(&state.headers);
            let leg = self.leg(state.moved.as_deref());
            let start_line = StartLine::Request {
                method: leg.verb,
                target: leg.target,
                version: state.version(),
            };
            return Ok(ask(&Block {
                start_line,
                headers,
            })?);
        }
        let response = match state.verdict(Function::QueryHeaders) {
            Verdict::Begins => state.response.as_deref(),
            Verdict::Follows => None,
            Verdict::Fails(error) | Verdict::Refused(error) => return Err(error),
        };
        let block = response.ok_or(Error::IncorrectHandleState)?.block();
        if which == HeaderBlock::Response {
            return Ok(ask(&block)?);
        }
        let attached = state.life.attached();
        let driver = attached.map(Attached::driver);
        let trailers = driver
            .as_ref()
            .and_then(|driver| driver.exchange().trailers());
        let headers = trailers
            .ok_or(Error::IncorrectHandleState)?
            .filter(|trailers| !trailers.is_empty())
            .ok_or(Error::HeaderNotFound)?;
        Ok(ask(&Block {
            start_line: StartLine::Trailers,
            headers,
        })?)
    }
}
