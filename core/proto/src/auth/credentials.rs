//! Credentials of a program, and the type that keeps them out of logs.

use std::fmt;

use super::{AuthScheme, AuthTarget};
use crate::error::{Error, Result};

/// A user name or password. `Debug` shows nothing of it, not even its length.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Box<str>);

impl Secret {
    /// Keeps a text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text.into_boxed_str())
    }

    /// The text, for whoever has to send it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

/// What WinHttpSetCredentials takes: for one target and one scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Who gets them.
    pub target: AuthTarget,
    /// The scheme they are for.
    pub scheme: AuthScheme,
    /// User name and password; `None` stands for whoever is logged on.
    pub user: Option<(Secret, Secret)>,
}

impl Credentials {
    /// Checks the arguments; `None` is NULL.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] if name or password is missing for a scheme that needs both. An
    /// empty name is none; an empty password is one.
    pub fn new(
        target: AuthTarget,
        scheme: AuthScheme,
        user: Option<String>,
        password: Option<String>,
    ) -> Result<Self> {
        let needs_user = !scheme.has_default_credentials();
        if needs_user && password.is_none() {
            return Err(Error::InvalidParameter);
        }
        let user = user.filter(|user| !user.is_empty());
        if needs_user && user.is_none() {
            return Err(Error::InvalidParameter);
        }
        let password = password.unwrap_or_default();
        Ok(Self {
            target,
            scheme,
            user: user.map(|user| (Secret::new(user), Secret::new(password))),
        })
    }
}

/// What was given for the next exchange: at most one of each target.
#[derive(Clone, Debug, Default)]
pub struct CredentialSet(Vec<Credentials>);

impl CredentialSet {
    /// Nothing was given.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Takes credentials in place of what was given for the same target.
    pub fn put(&mut self, credentials: Credentials) {
        self.0.retain(|other| other.target != credentials.target);
        self.0.push(credentials);
    }

    /// What this target may be shown.
    #[must_use]
    pub fn of(&self, target: AuthTarget) -> Option<&Credentials> {
        self.0
            .iter()
            .find(|credentials| credentials.target == target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(scheme: AuthScheme, user: Option<&str>, password: Option<&str>) -> Result<Credentials> {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Credentials::new(AuthTarget::Server, scheme, owned(user), owned(password))
    }

    #[test]
    fn fact_6_3_basic_and_digest_need_both() {
        for scheme in [AuthScheme::Basic, AuthScheme::Digest] {
            for (user, password) in [
                (None, None),
                (Some("u"), None),
                (None, Some("p")),
                (Some(""), Some("p")),
            ] {
                assert_eq!(new(scheme, user, password), Err(Error::InvalidParameter));
            }
            let given = new(scheme, Some("u"), Some("")).unwrap().user.unwrap();
            assert_eq!((given.0.expose(), given.1.expose()), ("u", ""));
        }
    }

    #[test]
    fn fact_6_3_and_36_4_the_others_fall_back_to_whoever_is_logged_on() {
        for scheme in [
            AuthScheme::Ntlm,
            AuthScheme::Negotiate,
            AuthScheme::Passport,
        ] {
            for (user, password) in [(None, None), (Some(""), Some("")), (None, Some("p"))] {
                assert_eq!(new(scheme, user, password).unwrap().user, None);
            }
            let named = new(scheme, Some("DOMAIN\\u"), Some("p")).unwrap();
            assert_eq!(named.user.unwrap().0.expose(), "DOMAIN\\u");
        }
    }

    #[test]
    fn fact_28_1_2_each_target_has_its_own() {
        let of = |target, user: &str| {
            let (user, password) = (Some(user.to_owned()), Some(String::new()));
            Credentials::new(target, AuthScheme::Basic, user, password).unwrap()
        };
        let mut set = CredentialSet::new();
        assert_eq!(set.of(AuthTarget::Server), None);
        for target in [AuthTarget::Server, AuthTarget::Proxy] {
            set.put(of(target, "first"));
            set.put(of(target, "second"));
        }
        for target in [AuthTarget::Server, AuthTarget::Proxy] {
            assert_eq!(set.of(target), Some(&of(target, "second")));
        }
    }

    #[test]
    fn debug_output_hides_name_and_password() {
        let shown = format!(
            "{:?}",
            new(AuthScheme::Basic, Some("alice"), Some("hunter2")).unwrap()
        );
        assert!(
            !shown.contains("alice") && !shown.contains("hunter2"),
            "{shown}"
        );
        let longer = format!(
            "{:?}",
            new(AuthScheme::Basic, Some("a"), Some("b")).unwrap()
        );
        assert_eq!(shown, longer, "not even the length shows");
    }
}
