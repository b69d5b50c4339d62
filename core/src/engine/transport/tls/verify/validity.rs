//! When a certificate is valid.

use std::time::Duration;

use rustls::pki_types::{CertificateDer, UnixTime};
use x509_parser::prelude::{FromDer, X509Certificate};

/// Whether `now` lies in the certificate's period.
pub(super) fn is_valid_at(certificate: &X509Certificate<'_>, now: UnixTime) -> bool {
    let (from, until) = period(certificate);
    (from..=until).contains(&now.as_secs())
}

/// `now`, or the nearest time at which the certificate and all intermediates (else the certificate
/// alone) are valid.
pub(super) fn valid_time(
    certificate: &X509Certificate<'_>,
    intermediates: &[CertificateDer<'_>],
    now: UnixTime,
) -> UnixTime {
    let (not_before, not_after) = period(certificate);
    let (mut from, mut until) = (not_before, not_after.max(not_before));
    for intermediate in intermediates {
        if let Ok((_, fields)) = X509Certificate::from_der(intermediate) {
            let (not_before, not_after) = period(&fields);
            from = from.max(not_before);
            until = until.min(not_after);
        }
    }
    if from > until {
        (from, until) = (not_before, not_after.max(not_before));
    }
    match now.as_secs().clamp(from, until) {
        clamped if clamped == now.as_secs() => now,
        clamped => UnixTime::since_unix_epoch(Duration::from_secs(clamped)),
    }
}

/// Seconds since 1970; what is earlier counts as then.
fn period(fields: &X509Certificate<'_>) -> (u64, u64) {
    let seconds = |timestamp: i64| u64::try_from(timestamp).unwrap_or(0);
    let validity = fields.validity();
    (
        seconds(validity.not_before.timestamp()),
        seconds(validity.not_after.timestamp()),
    )
}
