//! Credentials as a program gives them.

use super::secret::Secret;
use super::{AuthScheme, AuthTarget};
use crate::error::{Error, Result};
use crate::header::text;

/// User name and password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The name, in UTF-8; `DOMAIN\name` is one, too.
    pub user: Secret,
    /// The password, in UTF-8.
    pub password: Secret,
}

impl Login {
    /// Keeps both in the memory they have.
    #[must_use]
    pub fn new(user: String, password: String) -> Self {
        Self {
            user: Secret::new(user),
            password: Secret::new(password),
        }
    }

    /// Both can be sent: there is a name, it could stand in a header line, and the password has
    /// neither line ends nor NUL, which servers take for an end.
    pub(super) fn is_sendable(&self) -> bool {
        let (user, password) = (self.user.expose(), self.password.expose());
        !user.is_empty()
            && text::is_field_value(user.as_bytes())
            && !password.contains(['\r', '\n', '\0'])
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
    pub login: Option<Login>,
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
        user: Option<Secret>,
        password: Option<Secret>,
    ) -> Result<Self> {
        let user = user.filter(|user| !user.expose().is_empty());
        let needs_both = !scheme.has_default_credentials();
        if needs_both && (user.is_none() || password.is_none()) {
            return Err(Error::InvalidParameter);
        }
        let password = password.unwrap_or_else(|| Secret::new(String::new()));
        Ok(Self {
            target,
            scheme,
            login: user.map(|user| Login { user, password }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(scheme: AuthScheme, user: Option<&str>, password: Option<&str>) -> Result<Credentials> {
        let secret = |text: Option<&str>| text.map(|text| Secret::new(text.to_owned()));
        Credentials::new(AuthTarget::Server, scheme, secret(user), secret(password))
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
            let given = new(scheme, Some("u"), Some("")).unwrap().login.unwrap();
            assert_eq!((given.user.expose(), given.password.expose()), ("u", ""));
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
                assert_eq!(new(scheme, user, password).unwrap().login, None);
            }
            let named = new(scheme, Some("DOMAIN\\u"), Some("p")).unwrap();
            assert_eq!(named.login.unwrap().user.expose(), "DOMAIN\\u");
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
