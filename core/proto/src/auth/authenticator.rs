//! Answers the challenges of one target, a server or a proxy, for one request handle.
//!
//! It decides what is sent and whether a challenge is answered; it sends nothing. A handle has two,
//! which know nothing of each other: credentials of the one never reach the other.
//!
//! ```text
//! SetCredentials                                set_credentials
//! SendRequest                                   begin(options)
//!   each head, once its connection stands       authorization(sending) ─► the field's value
//!   401 or 407 of this target                   challenged(…) ─► send again, or deliver
//!   any other response                          accepted(…)
//! the exchange is over, well or not             end()
//! ```
//!
//! What is sent again asks [`authorization`](Authenticator::authorization) like everything else:
//! after a challenge, a redirect, a connection that was stale. After a response that ends in
//! ERROR_WINHTTP_RESEND_REQUEST the exchange is not over: neither `end` nor `begin` is called, and
//! the program's next send answers the challenge.
//!
//! ```text
//! Unasked ──a challenge, or sent unasked──► Answering ──another response──► Accepted
//!    ▲                                       │     ▲ once: stale               │
//!    └── other origin, new credentials ──────┴─────┴────── a challenge ◄───────┘
//! ```
//!
//! The caller decides when not to ask at all: DISABLE_AUTHENTICATION; a 407 that is no proxy's, a
//! 401 to CONNECT; a field that the program has added itself. A request that is sent without asking
//! is told with [`goes_to`](Authenticator::goes_to) all the same: credentials belong to whom it
//! goes to. Answers of the server are not verified (rspauth).

use super::credentials::{Credentials, Login};
use super::digest::{Counts, Session};
use super::offer::{Parameters, offers};
use super::secret::{Authorization, Fingerprint};
use super::select::Usable;
use super::sending::{Cnonce, Sending};
use super::sources::Sources;
use super::{AuthScheme, AuthTarget, basic};
use crate::url::Origin;

/// See the module. `Debug` shows neither names nor passwords.
#[derive(Debug)]
pub struct Authenticator {
    target: AuthTarget,
    disabled: Vec<AuthScheme>,
    sources: Sources,
    /// Whom the last request went to.
    leg: Option<Origin>,
    standing: Standing,
    /// Who sent the challenge that was the last response.
    asker: Option<Origin>,
    /// The last Digest challenge, answered or not.
    session: Option<Session>,
    counts: Counts,
}

/// What becomes of a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// The request is to be sent again, with what [`Authenticator::authorization`] then says.
    SendAgain,
    /// There is nothing to answer, or the answer was wrong: the program gets the response.
    Deliver,
}

/// Where the credentials stand with the origin of this leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// It has asked for nothing yet.
    Unasked,
    /// What is sent answers it, or was sent as if it had asked. `renewed`: for the second time,
    /// because the nonce was stale.
    Answering { scheme: AuthScheme, renewed: bool },
    /// It took the answer, and gets it again in this exchange.
    Accepted(AuthScheme),
}

impl Authenticator {
    /// For a new handle.
    #[must_use]
    pub fn new(target: AuthTarget) -> Self {
        Self {
            target,
            disabled: Vec::new(),
            sources: Sources::default(),
            leg: None,
            standing: Standing::Unasked,
            asker: None,
            session: None,
            counts: Counts::default(),
        }
    }

    /// Schemes that are never used, though offered (DISABLE_PROXY_AUTH_SCHEMES).
    pub fn disable_schemes(&mut self, schemes: Vec<AuthScheme>) {
        self.disabled = schemes;
    }

    /// WinHttpSetCredentials: takes credentials for the next exchange, or within one (from a
    /// callback) for its next leg. They replace what was given before and come before the options;
    /// those for the other target are not taken.
    ///
    /// They belong to one origin: whoever sent the challenge that is the last response, else the
    /// one that the next request goes to.
    pub fn set_credentials(&mut self, credentials: Credentials) {
        if credentials.target == self.target {
            self.sources.give(credentials, self.asker.clone());
        }
    }

    /// There is something that could be sent; without it [`Self::authorization`] need not be asked.
    #[must_use]
    pub fn has_credentials(&self) -> bool {
        !self.sources.is_empty()
    }

    /// What tells the credentials that `origin` may be shown next from others; `None` if there are
    /// none.
    #[must_use]
    pub fn fingerprint(&self, origin: &Origin) -> Option<Fingerprint> {
        self.sources.for_next(origin).map(Fingerprint::of)
    }

    /// WinHttpSendRequest: an exchange begins. `login` is what the options USERNAME and PASSWORD
    /// say now, or those of the proxy; without a name it is `None`.
    ///
    /// Options answer one challenge, with the strongest scheme. Those of a server belong to the
    /// first origin that the handle sends to with them, those of a proxy to the first of each
    /// exchange.
    pub fn begin(&mut self, login: Option<Login>) {
        let asker = self.asker.take();
        self.sources.begin(self.target, login, asker);
        self.standing = Standing::Unasked;
        self.leg = None;
    }

    /// In place of the login of [`Self::begin`], this one is for `origin`, to which the next
    /// request goes, and for nobody else: that of a leg's own proxy.
    pub fn change_login(&mut self, login: Option<Login>, origin: &Origin) {
        self.sources.change_login(login, origin);
    }

    /// Whom the last request was for could not be reached, and another one is tried: what was not
    /// given in answer to that one's challenge is the next one's.
    pub fn not_reached(&mut self, origin: &Origin) {
        self.sources.not_reached(origin);
    }

    /// The exchange is over: what WinHttpSetCredentials gave for it is wiped. Nonces stay known.
    pub fn end(&mut self) {
        self.sources.end();
    }

    /// A request is about to be sent to this origin. Credentials that belong to none yet are this
    /// one's from now on, whether the request carries them or not.
    pub fn goes_to(&mut self, origin: &Origin) {
        self.asker = None;
        if !self.sources.is_empty() {
            self.turn_to(origin);
        }
    }

    /// The value of Authorization or Proxy-Authorization
    /// ([`AuthTarget::authorization_field`]) in a request that is about to be sent.
    ///
    /// To be asked for every request and sent with that one: each value counts its nonce up. A
    /// proxy is asked for once it is known which one it is, as the first one binds the credentials.
    /// Without having been asked for, there are only Basic that the program has set, and Digest
    /// with a nonce that this handle knows from the same origin.
    pub fn authorization(&mut self, sending: &Sending<'_>) -> Option<Authorization> {
        self.goes_to(sending.origin);
        let held = self.sources.held(sending.origin)?;
        let session = self.session.as_ref();
        let session = session.filter(|session| session.is_of(sending.origin));
        let scheme = match self.standing {
            Standing::Answering { scheme, .. } | Standing::Accepted(scheme) => scheme,
            Standing::Unasked => held.unasked(session.is_some())?,
        };
        if self.disabled.contains(&scheme) {
            return None;
        }
        let (value, is_tried) = match scheme {
            AuthScheme::Basic => (basic::authorization(held.login)?, true),
            AuthScheme::Digest => {
                let session = session?;
                let value = session.authorization(&mut self.counts, held.login, sending)?;
                // A nonce that once was good may have grown old without a word of that.
                (value, !session.is_proven())
            }
            AuthScheme::Ntlm | AuthScheme::Passport | AuthScheme::Negotiate => return None,
        };
        if self.standing == Standing::Unasked && is_tried {
            self.standing = Standing::answering(scheme);
        }
        Some(value)
    }

    /// The response is a challenge of this target: a 401 or 407 with these values of
    /// [`AuthTarget::challenge_field`]; none is one, too.
    ///
    /// `has_body` says that the whole body is at hand ([`Sending::body`] will not be `None`), which
    /// Digest with auth-int alone needs. `cnonce` is fresh. If the request cannot be sent again
    /// though this says so, see the module on ERROR_WINHTTP_RESEND_REQUEST.
    #[must_use]
    pub fn challenged<'h>(
        &mut self,
        origin: &Origin,
        values: impl IntoIterator<Item = &'h [u8]>,
        has_body: bool,
        cnonce: Cnonce,
    ) -> Reaction {
        self.turn_to(origin);
        self.asker = Some(origin.clone());
        let usable = Usable::of(&offers(values), has_body, &self.disabled);
        let is_stale = usable.digest.as_ref().is_some_and(|new| new.is_stale);
        let held = self.sources.held(origin);
        let chosen = held.and_then(|held| held.choose(&usable));
        let next = chosen.and_then(|scheme| self.standing.after_challenge(scheme, is_stale));
        // Also where it is not answered now: the program may send again with credentials.
        if let Some(challenge) = usable.digest {
            self.session = Some(Session::new(origin.clone(), challenge, cnonce));
        } else {
            self.session.take_if(|session| session.is_of(origin));
        }
        match next {
            Some(standing) => {
                self.standing = standing;
                Reaction::SendAgain
            }
            None => Reaction::Deliver,
        }
    }

    /// The response is none of this target's challenges, and has these values of
    /// [`AuthTarget::information_field`]. A server's 401 is such a response of a plain proxy.
    pub fn accepted<'h>(
        &mut self,
        origin: &Origin,
        information: impl IntoIterator<Item = &'h [u8]>,
    ) {
        if self.leg.as_ref() != Some(origin) {
            return;
        }
        let session = self.session.as_mut();
        let Some(session) = session.filter(|session| session.is_of(origin)) else {
            self.standing.accept();
            return;
        };
        let scheme = self.standing.accept();
        let is_in_use = scheme.is_none() && session.is_proven();
        if is_in_use || scheme == Some(AuthScheme::Digest) {
            let information = Parameters::of_info(information);
            session.accepted(information.as_ref().and_then(|all| all.get("nextnonce")));
        }
    }

    /// The request goes to `origin`, or its response came from there.
    fn turn_to(&mut self, origin: &Origin) {
        let has_new = self.sources.turn_to(origin);
        if self.leg.as_ref() != Some(origin) {
            self.leg = Some(origin.clone());
            self.standing = Standing::Unasked;
        }
        if has_new {
            self.standing = Standing::Unasked;
        }
    }
}

impl Standing {
    fn answering(scheme: AuthScheme) -> Self {
        let renewed = false;
        Self::Answering { scheme, renewed }
    }

    /// After a challenge that `scheme` could answer; `None` if it is not answered.
    fn after_challenge(self, scheme: AuthScheme, is_stale: bool) -> Option<Self> {
        match self {
            Self::Unasked => Some(Self::answering(scheme)),
            // The same value would be sent again.
            Self::Accepted(AuthScheme::Basic) if scheme == AuthScheme::Basic => None,
            Self::Accepted(_) => Some(Self::answering(scheme)),
            Self::Answering {
                scheme: AuthScheme::Digest,
                renewed: false,
            } if scheme == AuthScheme::Digest && is_stale => Some(Self::Answering {
                scheme,
                renewed: true,
            }),
            Self::Answering { .. } => None,
        }
    }

    /// After another response: which scheme it has accepted.
    fn accept(&mut self) -> Option<AuthScheme> {
        match *self {
            Self::Unasked => None,
            Self::Answering { scheme, .. } | Self::Accepted(scheme) => {
                *self = Self::Accepted(scheme);
                Some(scheme)
            }
        }
    }
}

#[cfg(test)]
mod tests;
