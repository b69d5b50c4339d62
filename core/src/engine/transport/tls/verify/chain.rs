//! Whether a chain of trust leads from a certificate to a trusted authority, and what is wrong with
//! it if not.

use std::borrow::Cow;

use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, UnixTime};
use webpki::{EndEntityCert, Error, VerifiedPath};
use winhttp_proto::notify::SecureProblems;
use x509_parser::prelude::{FromDer, X509Certificate, X509Version};

use super::links;
use super::signature::WITH_SHORT_KEYS;
use super::usage::Purpose;
use super::validity::valid_time;

/// What a server showed, beside what vouches for it.
#[derive(Clone, Copy)]
pub(super) struct Chain<'a> {
    pub(super) fields: &'a X509Certificate<'a>,
    pub(super) intermediates: &'a [CertificateDer<'a>],
    pub(super) roots: &'a RootCertStore,
    pub(super) provider: &'a CryptoProvider,
}

/// What a chain must satisfy. A demand that it was found to fail is dropped, to see what else is
/// wrong with it.
struct Demands<'a> {
    time: UnixTime,
    purpose: Purpose,
    keys: Keys,
    names: Names,
    intermediates: Cow<'a, [CertificateDer<'a>]>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Keys {
    Long,
    AlsoShort,
}

/// Whether an authority of the chain may be one that vouches for certain names only.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// No: webpki holds only alternative names against such limits, and this certificate is known
    /// by its common name.
    Unlimited,
    /// Yes.
    Any,
}

impl<'a> Chain<'a> {
    /// Judges the chain of a certificate of version 3 without the defects found so far until
    /// nothing new is found, so that ignoring a date or a usage never means ignoring the authority
    /// behind it.
    pub(super) fn problems(
        &self,
        certificate: &EndEntityCert<'_>,
        names: Names,
        now: UnixTime,
    ) -> SecureProblems {
        let mut problems = SecureProblems::default();
        let mut demands = Demands {
            time: now,
            purpose: Purpose::Server,
            keys: Keys::Long,
            names,
            intermediates: Cow::Borrowed(self.intermediates),
        };
        loop {
            let Err(error) = self.verify(certificate, &demands) else {
                return match demands.keys {
                    Keys::Long => problems,
                    Keys::AlsoShort => problems.with(SecureProblems::INVALID_CA),
                };
            };
            match self.drop_demand(&mut demands, &error, now) {
                Some(found) => problems = problems.with(found),
                None => return problems.with(self.last_problem(&error)),
            }
        }
    }

    /// Drops the demand that failed and gives what that means; `None` if none can be dropped. Each
    /// is dropped once.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "all other errors fail no demand"
    )]
    fn drop_demand(
        &self,
        demands: &mut Demands<'a>,
        error: &Error,
        now: UnixTime,
    ) -> Option<SecureProblems> {
        match error {
            Error::CertExpired { .. } | Error::CertNotValidYet { .. } if demands.time == now => {
                demands.time = valid_time(self.fields, self.intermediates, now);
                (demands.time != now).then_some(SecureProblems::CERT_DATE_INVALID)
            }
            Error::RequiredEkuNotFoundContext(_) if demands.purpose == Purpose::Server => {
                demands.purpose = Purpose::Whatever;
                Some(SecureProblems::CERT_WRONG_USAGE)
            }
            Error::NameConstraintViolation if demands.names == Names::Unlimited => {
                demands.names = Names::Any;
                Some(SecureProblems::CERT_CN_INVALID)
            }
            // Wrong, or of a key that ring does not take: that shows only when it is looked at
            // again.
            Error::InvalidSignatureForPublicKey if demands.keys == Keys::Long => {
                demands.keys = Keys::AlsoShort;
                Some(SecureProblems::default())
            }
            // Nothing says that a certificate of an older version is an authority's: it vouches for
            // nobody.
            Error::UnsupportedCertVersion => {
                let before = demands.intermediates.len();
                demands.intermediates.to_mut().retain(|der| !is_old(der));
                (demands.intermediates.len() < before).then(SecureProblems::default)
            }
            _ => None,
        }
    }

    fn verify(&self, certificate: &EndEntityCert<'_>, demands: &Demands<'_>) -> Result<(), Error> {
        let algorithms = match demands.keys {
            Keys::Long => self.provider.signature_verification_algorithms.all,
            Keys::AlsoShort => WITH_SHORT_KEYS.all,
        };
        let unlimited: &dyn Fn(&VerifiedPath<'_>) -> Result<(), Error> = &is_unlimited;
        certificate
            .verify_for_usage(
                algorithms,
                &self.roots.roots,
                &demands.intermediates,
                demands.time,
                demands.purpose,
                None,
                (demands.names == Names::Unlimited).then_some(unlimited),
            )
            .map(|_| ())
    }

    /// What is wrong where no demand can be dropped any more.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "webpki may add errors; all others mean: malformed"
    )]
    fn last_problem(&self, error: &Error) -> SecureProblems {
        match error {
            // No time satisfies the chain, so nobody vouches for it.
            Error::CertExpired { .. } | Error::CertNotValidYet { .. } => {
                SecureProblems::CERT_DATE_INVALID.with(SecureProblems::INVALID_CA)
            }
            Error::CertRevoked => SecureProblems::CERT_REVOKED,
            Error::RequiredEkuNotFoundContext(_) => SecureProblems::CERT_WRONG_USAGE,
            // An authority that serves as a server itself is vouched for by nobody, unless it is
            // trusted whole. Nor does a signature help that cannot be checked.
            Error::UnknownIssuer
            | Error::CaUsedAsEndEntity
            | Error::UnsupportedSignatureAlgorithmContext(_)
            | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => self.unvouched(),
            // An unknown authority may have the name of a trusted one.
            Error::InvalidSignatureForPublicKey => match self.unvouched() {
                SecureProblems::INVALID_CA => SecureProblems::INVALID_CA,
                _ => SecureProblems::INVALID_CERT,
            },
            _ => SecureProblems::INVALID_CERT,
        }
    }

    /// What is wrong with a certificate that no trusted authority vouches for: wrong signatures are
    /// found all the same, because they are never ignored.
    pub(super) fn unvouched(&self) -> SecureProblems {
        match links::are_forged(self.fields, self.intermediates, self.roots) {
            true => SecureProblems::INVALID_CA.with(SecureProblems::INVALID_CERT),
            false => SecureProblems::INVALID_CA,
        }
    }
}

fn is_old(der: &CertificateDer<'_>) -> bool {
    X509Certificate::from_der(der).is_ok_and(|(_, fields)| fields.version() != X509Version::V3)
}

/// No authority of the path is limited to certain names.
fn is_unlimited(path: &VerifiedPath<'_>) -> Result<(), Error> {
    let limited = path.intermediate_certificates().any(|authority| {
        X509Certificate::from_der(&authority.der()).map_or(true, |(_, fields)| {
            !matches!(fields.name_constraints(), Ok(None))
        })
    });
    match limited || path.anchor().name_constraints.is_some() {
        true => Err(Error::NameConstraintViolation),
        false => Ok(()),
    }
}
