//! One request's exchange, from the response head to the end of the body: pure, fed with bytes.

use std::borrow::Cow;

use crate::error::Error;
use crate::http1::body::{BodyDecoder, BodyFraming, FramingError, keep_alive};
use crate::http1::head::{HeadError, HeadLimits, HeadParser, HeadStatus, ResponseHead};
use crate::websocket::{HandshakeError, Offer};

/// What an exchange tolerates.
#[derive(Clone, Copy, Debug)]
pub struct ExchangeLimits {
    /// Limits of one response head (MAX_RESPONSE_HEADER_SIZE).
    pub head: HeadLimits,
    /// Interim responses skipped (MAX_HTTP_STATUS_CONTINUE).
    pub max_interim: u32,
}

/// The receiving side of one request.
///
/// ```text
///   Head ──1xx──► Head            (interim responses are counted and skipped)
///   Head ──101 with upgrade──► Upgraded
///   Head ──any other──► Body ──last byte──► Body (done)
/// ```
#[derive(Debug)]
pub struct Exchange {
    method: Cow<'static, str>,
    limits: ExchangeLimits,
    upgrade: Option<Offer>,
    interim: u32,
    state: State,
}

#[derive(Debug)]
enum State {
    Head(HeadParser),
    Body(BodyDecoder),
    Upgraded,
}

/// What the bytes of a head turned out to be.
#[derive(Debug)]
pub enum HeadEvent {
    /// More bytes are needed.
    Partial,
    /// An interim response with this status; drop the bytes and go on.
    Interim {
        /// The status code.
        status: u16,
        /// Bytes to drop.
        consumed: usize,
    },
    /// The final response.
    Final {
        /// Its head.
        head: Box<ResponseHead>,
        /// Bytes to drop.
        consumed: usize,
        /// The connection may be used again after the body.
        reusable: bool,
    },
}

/// Why what came is no response to the request.
#[derive(Clone, Debug)]
pub enum ExchangeError {
    /// It is no response at all, or too large.
    Head(HeadError),
    /// More interim responses than this (MAX_HTTP_STATUS_CONTINUE).
    TooManyInterim(u32),
    /// 101 Switching Protocols, and nobody asked to switch (RFC 9110 §15.2.2).
    Switch,
    /// A 101 with this head that does not open a WebSocket.
    Handshake(HandshakeError, Box<ResponseHead>),
    /// A head that does not say where the body ends.
    Framing(FramingError),
    /// A head was looked for behind the head.
    Misused,
}

impl From<&ExchangeError> for Error {
    fn from(error: &ExchangeError) -> Self {
        match error {
            ExchangeError::Head(error) => (*error).into(),
            ExchangeError::Framing(error) => (*error).into(),
            ExchangeError::TooManyInterim(_)
            | ExchangeError::Switch
            | ExchangeError::Handshake(..) => Self::InvalidServerResponse,
            ExchangeError::Misused => Self::Internal,
        }
    }
}

impl From<HeadError> for ExchangeError {
    fn from(error: HeadError) -> Self {
        Self::Head(error)
    }
}

impl From<FramingError> for ExchangeError {
    fn from(error: FramingError) -> Self {
        Self::Framing(error)
    }
}

impl Exchange {
    /// Expects the response to a request with this method; `upgrade` is what it offered if it asked for a WebSocket.
    #[must_use]
    pub fn new(method: Cow<'static, str>, limits: ExchangeLimits, upgrade: Option<Offer>) -> Self {
        let state = State::Head(HeadParser::new());
        Self {
            method,
            limits,
            upgrade,
            interim: 0,
            state,
        }
    }

    /// Looks for a head at the start of `input`, all bytes received and not dropped yet.
    ///
    /// # Errors
    /// A malformed or oversized head, too many interim responses, or a handshake answer that breaks RFC 6455 §4.1.
    pub fn head(&mut self, input: &[u8]) -> Result<HeadEvent, ExchangeError> {
        let State::Head(parser) = &mut self.state else {
            return Err(ExchangeError::Misused);
        };
        let (head, consumed) = match parser.parse(input, &self.limits.head)? {
            HeadStatus::Partial => return Ok(HeadEvent::Partial),
            HeadStatus::Complete { head, consumed } => (head, consumed),
        };
        let switching = head.status == 101;
        if (100..200).contains(&head.status) && !switching {
            self.interim += 1;
            if self.interim > self.limits.max_interim {
                return Err(ExchangeError::TooManyInterim(self.limits.max_interim));
            }
            self.state = State::Head(HeadParser::new());
            return Ok(HeadEvent::Interim {
                status: head.status,
                consumed,
            });
        }
        let mut reusable = false;
        match (&self.upgrade, switching) {
            (Some(offer), true) => {
                // The version is not among what RFC 6455 §4.1 lets a client look at, and fields that announce a body mean
                // nothing: a 101 has none, whatever they say (RFC 9112 §6.3 rule 1).
                if let Err(error) = offer.check_response(|name| head.headers.all(name)) {
                    return Err(ExchangeError::Handshake(error, Box::new(head)));
                }
                self.state = State::Upgraded;
            }
            // Nobody asked to switch protocols (RFC 9110 §15.2.2).
            (None, true) => return Err(ExchangeError::Switch),
            (_, false) => {
                let framing = BodyFraming::of_response(&self.method, &head)?;
                reusable = keep_alive(&head, &framing);
                self.state = State::Body(BodyDecoder::new(framing));
            }
        }
        Ok(HeadEvent::Final {
            head: Box::new(head),
            consumed,
            reusable,
        })
    }

    /// The body's decoder, once a final response that is not an upgrade has arrived.
    pub fn body(&mut self) -> Option<&mut BodyDecoder> {
        match &mut self.state {
            State::Body(decoder) => Some(decoder),
            State::Head(_) | State::Upgraded => None,
        }
    }

    /// As [`Exchange::body`], for looking only.
    #[must_use]
    pub fn body_ref(&self) -> Option<&BodyDecoder> {
        match &self.state {
            State::Body(decoder) => Some(decoder),
            State::Head(_) | State::Upgraded => None,
        }
    }

    /// The server agreed to speak WebSocket.
    #[must_use]
    pub fn is_upgraded(&self) -> bool {
        matches!(self.state, State::Upgraded)
    }
}
