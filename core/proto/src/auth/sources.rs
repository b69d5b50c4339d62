//! Which credentials a server or proxy may be shown: those of WinHttpSetCredentials before those of
//! the options, and either only where they belong.

use super::credentials::{Credentials, Login};
use super::select::Usable;
use super::{AuthScheme, AuthTarget};
use crate::url::Origin;

/// Everything one handle holds for one target.
#[derive(Debug, Default)]
pub(super) struct Sources {
    /// Given since the last request was composed.
    given: Option<Bound<Credentials>>,
    /// Given for this exchange.
    current: Option<Bound<Credentials>>,
    /// USERNAME and PASSWORD, or those of the proxy.
    option: Option<Bound<Login>>,
}

/// Something with the only origin it is ever shown to, once that is known.
#[derive(Debug)]
struct Bound<T> {
    what: T,
    origin: Option<Origin>,
    /// It was given to whoever had asked, and not to the first one.
    is_of_asker: bool,
}

impl<T> Bound<T> {
    /// Of this origin, which has asked for it, or of none yet.
    fn new(what: T, asker: Option<Origin>) -> Self {
        Self {
            what,
            is_of_asker: asker.is_some(),
            origin: asker,
        }
    }

    /// That origin has got nothing: it belongs to none again, unless it was given to that one.
    fn unbind(&mut self, origin: &Origin) {
        if !self.is_of_asker && self.belongs_to(origin) {
            self.origin = None;
        }
    }

    fn bind(&mut self, origin: &Origin) {
        if self.origin.is_none() {
            self.origin = Some(origin.clone());
        }
    }

    /// It belongs there, or will if that is asked next.
    fn may_be_of(&self, origin: &Origin) -> bool {
        self.origin.is_none() || self.belongs_to(origin)
    }

    fn belongs_to(&self, origin: &Origin) -> bool {
        self.origin.as_ref() == Some(origin)
    }
}

impl Sources {
    pub(super) fn is_empty(&self) -> bool {
        self.given.is_none() && self.current.is_none() && self.option.is_none()
    }

    /// Takes credentials for what is sent next. Those given in answer to a challenge belong to
    /// whoever asked.
    pub(super) fn give(&mut self, credentials: Credentials, asker: Option<Origin>) {
        self.given = Some(Bound::new(credentials, asker));
    }

    /// An exchange begins with what was given for it, and these options. The options of a server
    /// stay with the origin that they were first used for, those of a proxy do so for one exchange;
    /// new ones are like credentials that are given.
    pub(super) fn begin(
        &mut self,
        target: AuthTarget,
        login: Option<Login>,
        asker: Option<Origin>,
    ) {
        self.current = self.given.take();
        let before = self.option.take();
        self.option = login.map(|login| {
            let same = before.filter(|before| before.what == login);
            match (same, target) {
                (Some(before), AuthTarget::Server) => before,
                (Some(_), AuthTarget::Proxy) => Bound::new(login, None),
                (None, _) => Bound::new(login, asker),
            }
        });
    }

    /// The next leg has this login, which is `origin`'s alone, in place of the one before.
    pub(super) fn change_login(&mut self, login: Option<Login>, origin: &Origin) {
        self.option = login.map(|what| Bound::new(what, Some(origin.clone())));
    }

    /// Nothing was sent to that origin, as it could not be reached.
    pub(super) fn not_reached(&mut self, origin: &Origin) {
        if let Some(current) = &mut self.current {
            current.unbind(origin);
        }
        if let Some(option) = &mut self.option {
            option.unbind(origin);
        }
    }

    /// The exchange is over: what was given for it is wiped.
    pub(super) fn end(&mut self) {
        self.current = None;
    }

    /// The next request goes to `origin`; true if credentials were given since the last one.
    pub(super) fn turn_to(&mut self, origin: &Origin) -> bool {
        let given = self.given.take();
        let is_new = given.is_some();
        self.current = given.or_else(|| self.current.take());
        if let Some(current) = &mut self.current {
            current.bind(origin);
        }
        if let Some(option) = &mut self.option {
            option.bind(origin);
        }
        is_new
    }

    /// The login that a request to `origin` would be held to be of.
    pub(super) fn for_next(&self, origin: &Origin) -> Option<&Login> {
        let current = self.given.as_ref().or(self.current.as_ref());
        match current.filter(|bound| bound.may_be_of(origin)) {
            Some(current) => current.what.login.as_ref(),
            None => {
                let option = self.option.as_ref();
                Some(&option.filter(|bound| bound.may_be_of(origin))?.what)
            }
        }
    }

    /// What `origin` may be shown.
    pub(super) fn held(&self, origin: &Origin) -> Option<Held<'_>> {
        let current = self.current.as_ref();
        if let Some(current) = current.filter(|current| current.belongs_to(origin)) {
            // Without a login it is of whoever is logged on, and nobody is.
            let login = current.what.login.as_ref()?;
            return Some(Held {
                login,
                scheme: Some(current.what.scheme),
            });
        }
        let option = self.option.as_ref();
        let option = option.filter(|option| option.belongs_to(origin))?;
        Some(Held {
            login: &option.what,
            scheme: None,
        })
    }
}

/// Credentials that may be used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held<'s> {
    pub(super) login: &'s Login,
    /// The scheme they are for; `None` for any.
    scheme: Option<AuthScheme>,
}

impl Held<'_> {
    /// The scheme to send unasked: Basic where the program names it, Digest with a nonce that is
    /// known.
    pub(super) fn unasked(&self, knows_nonce: bool) -> Option<AuthScheme> {
        match self.scheme {
            Some(AuthScheme::Basic) => Some(AuthScheme::Basic),
            Some(AuthScheme::Digest) | None => knows_nonce.then_some(AuthScheme::Digest),
            Some(AuthScheme::Ntlm | AuthScheme::Passport | AuthScheme::Negotiate) => None,
        }
    }

    /// The scheme to answer with: the one the program names, else the strongest.
    pub(super) fn choose(&self, usable: &Usable) -> Option<AuthScheme> {
        let strongest_first = [AuthScheme::Digest, AuthScheme::Basic];
        let mut wanted = strongest_first
            .into_iter()
            .filter(|scheme| self.scheme.is_none_or(|own| own == *scheme));
        wanted.find(|scheme| self.login.is_sendable() && usable.has(*scheme))
    }
}
