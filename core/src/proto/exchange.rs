//! One request's exchange, from the response head to the end of the body: pure, fed with bytes.

use std::borrow::Cow;

use crate::error::{Error, Result};
use crate::proto::http1::body::{BodyDecoder, BodyFraming, keep_alive};
use crate::proto::http1::head::{HeadLimits, HeadParser, HeadStatus, ResponseHead};
use crate::proto::websocket::Offer;

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
    pub fn head(&mut self, input: &[u8]) -> Result<HeadEvent> {
        let State::Head(parser) = &mut self.state else {
            return Err(Error::Internal);
        };
        let (head, consumed) = match parser.parse(input, &self.limits.head)? {
            HeadStatus::Partial => return Ok(HeadEvent::Partial),
            HeadStatus::Complete { head, consumed } => (head, consumed),
        };
        let switching = head.status == 101;
        if (100..200).contains(&head.status) && !switching {
            self.interim += 1;
            if self.interim > self.limits.max_interim {
                return Err(Error::InvalidServerResponse);
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
                let fits = offer.check_response(|name| head.headers.all(name));
                fits.map_err(|_| Error::InvalidServerResponse)?;
                self.state = State::Upgraded;
            }
            // Nobody asked to switch protocols (RFC 9110 §15.2.2).
            (None, true) => return Err(Error::InvalidServerResponse),
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
