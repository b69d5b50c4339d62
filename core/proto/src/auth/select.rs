//! What of the challenges of a response can be answered.

use super::AuthScheme;
use super::digest::DigestChallenge;
use super::offer::Offer;

/// The schemes this library answers.
#[derive(Debug)]
pub(super) struct Usable {
    basic: bool,
    /// The strongest of those offered, the first among equals.
    pub(super) digest: Option<DigestChallenge>,
}

impl Usable {
    /// Looks through offers; `has_body` says that the whole body is at hand.
    pub(super) fn of(offers: &[Offer<'_>], has_body: bool, disabled: &[AuthScheme]) -> Self {
        let mut usable = Self {
            basic: false,
            digest: None,
        };
        let enabled = offers
            .iter()
            .filter(|offer| !disabled.contains(&offer.scheme));
        for offer in enabled {
            let Some(parameters) = offer.parameters() else {
                continue;
            };
            match offer.scheme {
                AuthScheme::Basic => usable.basic = true,
                AuthScheme::Digest => {
                    if let Some(read) = DigestChallenge::read(parameters, has_body)
                        && usable.is_improved_by(&read)
                    {
                        usable.digest = Some(read);
                    }
                }
                AuthScheme::Ntlm | AuthScheme::Passport | AuthScheme::Negotiate => {}
            }
        }
        usable
    }

    fn is_improved_by(&self, other: &DigestChallenge) -> bool {
        let best = self.digest.as_ref();
        best.is_none_or(|best| other.is_stronger_than(best))
    }

    /// The scheme was offered so that it can be answered.
    pub(super) fn has(&self, scheme: AuthScheme) -> bool {
        match scheme {
            AuthScheme::Basic => self.basic,
            AuthScheme::Digest => self.digest.is_some(),
            AuthScheme::Ntlm | AuthScheme::Passport | AuthScheme::Negotiate => false,
        }
    }
}
