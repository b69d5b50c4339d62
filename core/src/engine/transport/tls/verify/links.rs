//! The signatures of a chain that leads to no trusted authority.
//!
//! Anyone can make such a chain, so genuine signatures prove nothing. A wrong one proves that
//! somebody changed a certificate, which no flag of the program tolerates.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use x509_parser::asn1_rs::{Sequence, ToDer};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::signature::{Verdict, on_certificate};

/// Certificates of a chain that are looked at; longer chains are not found in practice.
pub(super) const CERTIFICATES_MAX: usize = 8;

/// Who may have signed a certificate.
enum Issuer<'a> {
    /// One whose own certificate was shown.
    Shown(&'a X509Certificate<'a>),
    /// A trusted authority: its key.
    Trusted(Vec<u8>),
}

/// Whether a certificate of the chain, from `leaf` on, is signed by none of those that have its
/// issuer's name.
///
/// A certificate whose issuer is nowhere to be found, or whose signature cannot be checked, may be
/// genuine.
pub(super) fn are_forged(
    leaf: &X509Certificate<'_>,
    intermediates: &[CertificateDer<'_>],
    roots: &RootCertStore,
) -> bool {
    let shown: Vec<_> = intermediates
        .iter()
        .take(CERTIFICATES_MAX)
        .filter_map(|der| X509Certificate::from_der(der).ok())
        .map(|(_, fields)| fields)
        .collect();
    let mut current = leaf;
    for _ in 0..CERTIFICATES_MAX {
        let mut forged = false;
        let mut next = None;
        for issuer in issuers(current, &shown, roots) {
            let (key, above) = match &issuer {
                Issuer::Shown(fields) => (fields.public_key().raw, Some(*fields)),
                Issuer::Trusted(key) => (key.as_slice(), None),
            };
            match on_certificate(current, key) {
                Verdict::Genuine => {
                    next = Some(above);
                    break;
                }
                Verdict::Forged => forged = true,
                Verdict::Unknown => {}
            }
        }
        match next {
            Some(Some(above)) if above.subject().as_raw() != current.subject().as_raw() => {
                current = above;
            }
            // Trusted, or signed by itself: the end of the chain.
            Some(_) => return false,
            None => return forged,
        }
    }
    false
}

/// Those whose name is that of the issuer of `current`: itself, of those shown, and of the trusted.
fn issuers<'a>(
    current: &'a X509Certificate<'a>,
    shown: &'a [X509Certificate<'a>],
    roots: &'a RootCertStore,
) -> impl Iterator<Item = Issuer<'a>> {
    let wanted = current.issuer().as_raw();
    let shown = [current].into_iter().chain(shown);
    let shown = shown.filter(move |fields| fields.subject().as_raw() == wanted);
    // webpki keeps the fields of roots without their outer tag.
    let trusted = roots
        .roots
        .iter()
        .filter(move |root| in_sequence(&root.subject) == wanted);
    let keys = trusted.map(|root| in_sequence(&root.subject_public_key_info));
    shown.map(Issuer::Shown).chain(keys.map(Issuer::Trusted))
}

fn in_sequence(content: &[u8]) -> Vec<u8> {
    Sequence::new(content.into())
        .to_der_vec()
        .unwrap_or_default()
}
