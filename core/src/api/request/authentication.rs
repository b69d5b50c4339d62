//! WinHttpQueryAuthSchemes and WinHttpSetCredentials, and the credentials that requests carry.
//!
//! Whether a challenge is answered, and how, is decided in [`winhttp_proto::auth`]. Credentials
//! reach a head in [`RequestState::authorization`] and [`RequestState::proxy_authorization`] alone.

use winhttp_proto::auth::{
    AuthScheme, AuthTarget, Authenticator, Authorization, Challenge, Cnonce, Credentials,
    Fingerprint, Login, Reaction, Sending, offered,
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
use super::through::Through;
use super::{HeaderBlock, Request, RequestState};
use crate::engine::entropy;

/// A handle's credentials: those for the server, and those for a proxy.
#[derive(Debug)]
pub(super) struct Authenticators {
    server: Authenticator,
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
        let authenticator = state.authenticators.of(credentials.target);
        authenticator.set_credentials(credentials);
        Ok(())
    }

    /// Whether the request is to be sent again, because this answer is a challenge that can be
    /// answered.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub(super) fn is_challenged(&self, answer: &ResponseHead, has_body: bool) -> Result<bool> {
        let mut state = self.state();
        let Some(target) = asker(answer.status) else {
            return Ok(false);
        };
        // Without credentials, too: the program may give some that answer it.
        if !state.answers_challenges(target) {
            return Ok(false);
        }
        let Some(origin) = self.origin_of(&state, target) else {
            return Ok(false);
        };
        let cnonce = Cnonce::new(entropy::nonce()?);
        let values = answer.headers.all(target.challenge_field());
        let authenticator = state.authenticators.of(target);
        let reaction = authenticator.challenged(&origin, values, has_body, cnonce);
        if target == AuthTarget::Server {
            self.note_passed_by_proxy(&mut state, answer);
        }
        Ok(reaction == Reaction::SendAgain)
    }

    /// Who is meant: the server of this leg, or the proxy on the way there.
    fn origin_of(&self, state: &RequestState<E>, target: AuthTarget) -> Option<Origin> {
        match target {
            AuthTarget::Server => {
                let moved = state.moved.clone();
                Some(self.leg(moved.as_deref()).origin())
            }
            AuthTarget::Proxy => state.through.as_ref().map(|through| through.origin()),
        }
    }

    /// An answer has come through the proxy, which has accepted what it was shown.
    fn note_passed_by_proxy(&self, state: &mut RequestState<E>, answer: &ResponseHead) {
        let Some(through) = state.through.clone() else {
            return;
        };
        // In a tunnel it says nothing.
        let values = answer.headers.all(AuthTarget::Proxy.information_field());
        let values = values.filter(|_| !through.tunnels);
        let proxy = &mut state.authenticators.proxy;
        proxy.accepted(&through.origin(), values);
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
        if answer.status != 407 {
            self.note_passed_by_proxy(state, answer);
        }
        if asker(answer.status).is_some() || !state.authenticators.server.has_credentials() {
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
        if std::mem::take(&mut self.authenticators.goes_on) {
            return;
        }
        let (server, proxy) = (OptionId::USERNAME, OptionId::PROXY_USERNAME);
        let server = login(&self.values, server, OptionId::PASSWORD);
        let proxy = login(&self.values, proxy, OptionId::PROXY_PASSWORD);
        let disabled = self.values.dword(OptionId::DISABLE_PROXY_AUTH_SCHEMES);
        let authenticators = &mut self.authenticators;
        authenticators.server.begin(server);
        authenticators.proxy.begin(proxy);
        authenticators.proxy.disable_schemes(schemes(disabled));
    }

    /// The next leg goes through this proxy, for which the environment may have this login; the
    /// program's come before it.
    pub(super) fn turn_to_proxy(&mut self, through: &Through, login: Option<Login>) {
        if self.values.text(OptionId::PROXY_USERNAME).is_empty() {
            let proxy = &mut self.authenticators.proxy;
            proxy.change_login(login, &through.origin());
        }
    }

    /// The proxy of this leg cannot be reached: another one may be shown the credentials.
    pub(super) fn leave_proxy(&mut self) {
        if let Some(through) = &self.through {
            self.authenticators.proxy.not_reached(&through.origin());
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
        let answers = self.answers_challenges(AuthTarget::Server);
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

    /// The credentials that the proxy is shown with this, counted for it.
    pub(super) fn proxy_authorization(&mut self, sending: &Sending<'_>) -> Option<Authorization> {
        if !self.authenticators.proxy.has_credentials() {
            return None;
        }
        if !self.answers_challenges(AuthTarget::Proxy) {
            self.authenticators.proxy.goes_to(sending.origin);
            return None;
        }
        self.authenticators.proxy.authorization(sending)
    }

    /// The credentials that this proxy may be shown, in a form that says nothing of them.
    pub(super) fn proxy_login(&self, through: &Through) -> Option<Fingerprint> {
        self.authenticators.proxy.fingerprint(&through.origin())
    }

    /// The program leaves it to the library: it neither forbids it nor has its own credentials. In
    /// a CONNECT it cannot have any.
    fn answers_challenges(&self, target: AuthTarget) -> bool {
        let disabled = self.values.dword(OptionId::DISABLE_FEATURE) & n::DISABLE_AUTHENTICATION;
        let tunnels = self.through.as_ref().is_some_and(|through| through.tunnels);
        let is_own = (target == AuthTarget::Server || !tunnels)
            && self.headers.contains(target.authorization_field());
        disabled == 0 && !is_own
    }
}

impl Leg<'_> {
    pub(super) fn origin(&self) -> Origin {
        Origin::new(Scheme::of_request(self.secure), self.host, self.port)
    }
}

impl Authenticators {
    fn of(&mut self, target: AuthTarget) -> &mut Authenticator {
        match target {
            AuthTarget::Server => &mut self.server,
            AuthTarget::Proxy => &mut self.proxy,
        }
    }
}

/// Who challenges with this status.
fn asker(status: u16) -> Option<AuthTarget> {
    match status {
        401 => Some(AuthTarget::Server),
        407 => Some(AuthTarget::Proxy),
        _ => None,
    }
}

/// The schemes of a mask of DISABLE_PROXY_AUTH_SCHEMES.
fn schemes(mask: u32) -> Vec<AuthScheme> {
    const TABLE: [(u32, AuthScheme); 4] = [
        (0x1, AuthScheme::Basic),
        (0x2, AuthScheme::Digest),
        (0x4, AuthScheme::Ntlm),
        (0x10, AuthScheme::Negotiate),
    ];
    let disabled = TABLE.iter().filter(|(bit, _)| mask & bit != 0);
    disabled.map(|(_, scheme)| *scheme).collect()
}

/// What a pair of options says: USERNAME and PASSWORD, or those of the proxy.
fn login(values: &Values, user: OptionId, password: OptionId) -> Option<Login> {
    let user = values.text(user);
    let password = values.text(password);
    (!user.is_empty()).then(|| Login::new(user.to_owned(), password.to_owned()))
}
