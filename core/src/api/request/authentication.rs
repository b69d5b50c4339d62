//! WinHttpQueryAuthSchemes and WinHttpSetCredentials, and the credentials that requests carry.
//!
//! Whether a challenge is answered, and how, is decided in [`winhttp_proto::auth`]. Credentials
//! reach a request's head in [`RequestState::authorization`] alone.

use winhttp_proto::auth::{
    AuthScheme, AuthTarget, Authenticator, Authorization, Challenge, Cnonce, Credentials, Login,
    Reaction, Sending, offered,
};
use winhttp_proto::embed::Embedder;
use winhttp_proto::error::{Error, Result};
use winhttp_proto::exchange::legality::{Function, Verdict};
use winhttp_proto::header::query::StartLine;
use winhttp_proto::http1::head::ResponseHead;
use winhttp_proto::numbers as n;
use winhttp_proto::option::{OptionId, Values};
use winhttp_proto::url::{Origin, Scheme};

use super::legs::Leg;
use super::{HeaderBlock, Request, RequestState};
use crate::engine::entropy;

/// A handle's credentials: those for the server, and those for a proxy.
#[derive(Debug)]
pub(super) struct Authenticators {
    server: Authenticator,
    /// No request goes through one yet.
    proxy: Authenticator,
    /// The program is to send a request again that answers a challenge: the exchange goes on.
    goes_on: bool,
}

impl Default for Authenticators {
    fn default() -> Self {
        Self {
            server: Authenticator::new(AuthTarget::Server),
            proxy: Authenticator::new(AuthTarget::Proxy),
            goes_on: false,
        }
    }
}

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
        let authenticators = &mut state.authenticators;
        match credentials.target {
            AuthTarget::Server => authenticators.server.set_credentials(credentials),
            AuthTarget::Proxy => authenticators.proxy.set_credentials(credentials),
        }
        Ok(())
    }

    /// Whether the request is to be sent again, because this answer is a challenge that can be
    /// answered.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub(super) fn is_challenged(&self, answer: &ResponseHead, has_body: bool) -> Result<bool> {
        let mut state = self.state();
        // Without credentials, too: the program may give some that answer it.
        if answer.status != 401 || !state.answers_challenges() {
            return Ok(false);
        }
        let moved = state.moved.clone();
        let origin = self.leg(moved.as_deref()).origin();
        let cnonce = Cnonce::new(entropy::nonce()?);
        let values = answer.headers.all(AuthTarget::Server.challenge_field());
        let server = &mut state.authenticators.server;
        Ok(server.challenged(&origin, values, has_body, cnonce) == Reaction::SendAgain)
    }

    /// Passport's challenge is a redirect, which the program gets as a 401 where it has asked for
    /// Passport. Nobody logs in: the service is gone.
    pub(super) fn is_of_passport(&self, answer: &ResponseHead) -> bool {
        if answer.status != 302 {
            return false;
        }
        let option = OptionId::CONFIGURE_PASSPORT_AUTH;
        let enabled = self.state().values.dword(option) & n::ENABLE_PASSPORT_AUTH != 0;
        let values = answer.headers.all(AuthTarget::Server.challenge_field());
        enabled && offered(values).contains(&AuthScheme::Passport)
    }

    /// An answer is there that is no challenge: what the server has accepted is good for more.
    pub(super) fn note_answer(&self, state: &mut RequestState<E>, answer: &ResponseHead) {
        if answer.status == 401 || !state.authenticators.server.has_credentials() {
            return;
        }
        let moved = state.moved.clone();
        let origin = self.leg(moved.as_deref()).origin();
        let values = answer.headers.all(AuthTarget::Server.information_field());
        state.authenticators.server.accepted(&origin, values);
    }
}

impl<E: Embedder> RequestState<E> {
    /// SendRequest begins an exchange, or goes on with one.
    pub(super) fn begin_authentication(&mut self) {
        if !std::mem::take(&mut self.authenticators.goes_on) {
            self.authenticators.server.begin(login(&self.values));
        }
    }

    /// The exchange is over, unless the program is to send once more.
    pub(super) fn end_authentication(&mut self, goes_on: bool) {
        self.authenticators.goes_on = goes_on;
        if !goes_on {
            self.authenticators.server.end();
            self.authenticators.proxy.end();
        }
    }

    /// The credentials that this request carries, counted for it.
    pub(super) fn authorization(
        &mut self,
        leg: &Leg<'_>,
        body: Option<&[u8]>,
    ) -> Option<Authorization> {
        let answers = self.answers_challenges();
        let server = &mut self.authenticators.server;
        if !server.has_credentials() {
            return None;
        }
        let origin = leg.origin();
        if !answers {
            server.goes_to(&origin);
            return None;
        }
        server.authorization(&Sending {
            origin: &origin,
            method: leg.verb,
            target: leg.target,
            body,
        })
    }

    /// The program leaves it to the library: it neither forbids it nor has its own credentials.
    fn answers_challenges(&self) -> bool {
        let disabled = self.values.dword(OptionId::DISABLE_FEATURE) & n::DISABLE_AUTHENTICATION;
        disabled == 0
            && !self
                .headers
                .contains(AuthTarget::Server.authorization_field())
    }
}

impl Leg<'_> {
    fn origin(&self) -> Origin {
        Origin::new(Scheme::of_request(self.secure), self.host, self.port)
    }
}

/// What the options USERNAME and PASSWORD say.
fn login(values: &Values) -> Option<Login> {
    let user = values.text(OptionId::USERNAME);
    let password = values.text(OptionId::PASSWORD);
    (!user.is_empty()).then(|| Login::new(user.to_owned(), password.to_owned()))
}
