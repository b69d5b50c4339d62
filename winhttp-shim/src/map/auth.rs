//! Schemes and targets of authentication to their numbers and back.

use winhttp_abi::constants as c;
use winhttp_proto::auth::{AuthScheme, AuthTarget};

/// WINHTTP_AUTH_SCHEME_* of a scheme.
pub(crate) fn auth_scheme(scheme: AuthScheme) -> u32 {
    match scheme {
        AuthScheme::Basic => c::WINHTTP_AUTH_SCHEME_BASIC,
        AuthScheme::Ntlm => c::WINHTTP_AUTH_SCHEME_NTLM,
        AuthScheme::Passport => c::WINHTTP_AUTH_SCHEME_PASSPORT,
        AuthScheme::Digest => c::WINHTTP_AUTH_SCHEME_DIGEST,
        AuthScheme::Negotiate => c::WINHTTP_AUTH_SCHEME_NEGOTIATE,
    }
}

/// The scheme of a WINHTTP_AUTH_SCHEME_*; `None` for none, several and unknown ones.
pub(crate) fn scheme_of_number(number: u32) -> Option<AuthScheme> {
    use AuthScheme as S;
    [S::Basic, S::Ntlm, S::Passport, S::Digest, S::Negotiate]
        .into_iter()
        .find(|scheme| auth_scheme(*scheme) == number)
}

/// WINHTTP_AUTH_TARGET_* of a target.
pub(crate) fn auth_target(target: AuthTarget) -> u32 {
    match target {
        AuthTarget::Server => c::WINHTTP_AUTH_TARGET_SERVER,
        AuthTarget::Proxy => c::WINHTTP_AUTH_TARGET_PROXY,
    }
}

/// The target of a WINHTTP_AUTH_TARGET_*; `None` for others.
pub(crate) fn target_of_number(number: u32) -> Option<AuthTarget> {
    [AuthTarget::Server, AuthTarget::Proxy]
        .into_iter()
        .find(|target| auth_target(*target) == number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_scheme_and_one_target_have_a_number() {
        let known: Vec<u32> = (0..64)
            .filter(|number| scheme_of_number(*number).is_some())
            .collect();
        assert_eq!(known, [1, 2, 4, 8, 16]);
        assert_eq!(scheme_of_number(u32::MAX), None);
        let targets: Vec<u32> = (0..8)
            .filter(|number| target_of_number(*number).is_some())
            .collect();
        assert_eq!(targets, [0, 1]);
    }
}
