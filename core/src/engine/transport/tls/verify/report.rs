//! What is wrong with a refused certificate, in words: names, dates, issuer, usage and key as they
//! are in it.
//!
//! Made only for a certificate that is refused. All of it is a stranger's text: each piece is short
//! and on one line.

use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use winhttp_proto::notify::SecureProblems;
use x509_parser::extensions::{ExtendedKeyUsage, GeneralName};
use x509_parser::prelude::{ASN1Time, FromDer, X509Certificate};
use x509_parser::x509::X509Name;

use super::links::CERTIFICATES_MAX;
use super::name::NamedBy;
use super::rsa::{Length, RsaKey};
use super::usage::is_for_servers;
use super::validity::is_valid_at;
use crate::engine::transport::tls::name_text::{name_text, without_control};
use crate::engine::transport::tls::trust::TrustStore;

/// Names of a certificate that are listed.
const NAMES_MAX: usize = 8;
/// Characters of one name that are shown.
const NAME_CHARACTERS_MAX: usize = 128;
/// Parts of the configuration of trust that could not be used, as many as are told.
const FAULTS_MAX: usize = 4;

/// Makes one sentence of what was shown.
type Sentence<'a> = fn(&Shown<'a>) -> String;

/// What the server showed, and what it was to be.
pub(super) struct Shown<'a> {
    pub(super) fields: &'a X509Certificate<'a>,
    pub(super) intermediates: &'a [CertificateDer<'a>],
    pub(super) server_name: &'a ServerName<'a>,
    pub(super) named_by: NamedBy,
    pub(super) now: UnixTime,
}

/// What is wrong with a certificate, which is `None` if it cannot be read, and with the
/// configuration of those who might vouch for it.
pub(super) fn text(
    shown: Option<&Shown<'_>>,
    problems: SecureProblems,
    trust: &TrustStore,
) -> String {
    let subject = shown.map(|shown| name(shown.fields.subject()));
    let mut wrong = shown.map_or_else(
        || vec!["it cannot be read".to_owned()],
        |shown| shown.defects(problems),
    );
    if problems.has(SecureProblems::INVALID_CA) {
        let faults = trust.faults().iter().take(FAULTS_MAX);
        wrong.extend(faults.map(ToString::to_string));
        if trust.is_empty() {
            wrong.push("no certificate is trusted at all".to_owned());
        }
    }
    let subject = subject.map_or_else(String::new, |subject| format!(" {subject}"));
    format!(
        "the server's certificate{subject} is refused: {}",
        wrong.join("; ")
    )
}

impl Shown<'_> {
    /// One sentence on each of these defects.
    fn defects(&self, problems: SecureProblems) -> Vec<String> {
        let sentences: [(SecureProblems, Sentence<'_>); 6] = [
            (SecureProblems::CERT_CN_INVALID, Self::names),
            (SecureProblems::CERT_DATE_INVALID, Self::dates),
            (SecureProblems::INVALID_CA, Self::issuer),
            (SecureProblems::CERT_WRONG_USAGE, Self::usage),
            (SecureProblems::CERT_REVOKED, |_| {
                "it has been revoked".to_owned()
            }),
            (SecureProblems::INVALID_CERT, Self::broken),
        ];
        let found = sentences.iter().filter(|(one, _)| problems.has(*one));
        found.map(|(_, sentence)| sentence(self)).collect()
    }

    fn names(&self) -> String {
        let wanted = self.server_name.to_str();
        if self.named_by != NamedBy::Nothing {
            return format!("an authority of its chain may not vouch for {wanted}");
        }
        let names = server_names(self.fields);
        if names.is_empty() {
            return format!("it names no server, so not {wanted} either");
        }
        let listed = names.get(..NAMES_MAX).unwrap_or(&names);
        let more = match names.len() - listed.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("it is for {}{more}, not for {wanted}", listed.join(", "))
    }

    fn dates(&self) -> String {
        if let Some(defect) = outside(self.fields, self.now) {
            return format!("it {defect}");
        }
        for authority in self.authorities() {
            if let Some(defect) = outside(&authority, self.now) {
                let authority = name(authority.subject());
                return format!("the certificate of {authority} in its chain {defect}");
            }
        }
        "the certificates of its chain are not valid at the same time".to_owned()
    }

    fn issuer(&self) -> String {
        if let Some((bits, Length::Short)) = rsa_key(self.fields) {
            return format!("its RSA key has {bits} bits, and nobody vouches for fewer than 2048");
        }
        if self.fields.subject().as_raw() == self.fields.issuer().as_raw() {
            return "it is signed by itself, and is not trusted itself".to_owned();
        }
        // As far up as the server has shown: who comes next is unknown.
        let authorities: Vec<_> = self.authorities().collect();
        let mut top = self.fields;
        for _ in 0..authorities.len() {
            let above = authorities.iter().find(|authority| {
                authority.subject().as_raw() == top.issuer().as_raw()
                    && top.subject().as_raw() != top.issuer().as_raw()
            });
            top = above.unwrap_or(top);
        }
        format!("its issuer {} is not trusted", name(top.issuer()))
    }

    fn usage(&self) -> String {
        if is_for_servers(self.fields) {
            return "an authority of its chain does not vouch for servers".to_owned();
        }
        match self.fields.extended_key_usage() {
            Ok(Some(usage)) if !usage.value.server_auth && !usage.value.any => {
                format!("it is for {}, not for servers", purposes(usage.value))
            }
            _ => "its key is not for servers (key usage)".to_owned(),
        }
    }

    fn broken(&self) -> String {
        match rsa_key(self.fields) {
            Some((bits, Length::Useless)) => {
                format!("its RSA key has {bits} bits, which prove nothing")
            }
            _ => "it is malformed, or a signature in its chain is wrong".to_owned(),
        }
    }

    fn authorities(&self) -> impl Iterator<Item = X509Certificate<'_>> {
        let shown = self.intermediates.iter().take(CERTIFICATES_MAX);
        shown.filter_map(|der| Some(X509Certificate::from_der(der).ok()?.1))
    }
}

/// The alternative names; without any, the common names.
fn server_names(fields: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(alternative)) = fields.subject_alternative_name() else {
        let common = fields.subject().iter_common_name();
        return common
            .filter_map(|name| Some(plain(name.as_str().ok()?)))
            .collect();
    };
    let names = alternative.value.general_names.iter();
    names.filter_map(server_name).collect()
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "only two kinds of names are those of servers"
)]
fn server_name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(plain(name)),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(std::net::IpAddr::from);
            let v6 = <[u8; 16]>::try_from(*bytes).map(std::net::IpAddr::from);
            v4.or(v6).ok().map(|address| address.to_string())
        }
        _ => None,
    }
}

/// How a certificate is outside of its time, if it is.
fn outside(fields: &X509Certificate<'_>, now: UnixTime) -> Option<String> {
    if is_valid_at(fields, now) {
        return None;
    }
    let (from, until) = (fields.validity().not_before, fields.validity().not_after);
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    Some(if until.timestamp() < now {
        format!("expired on {}", date(until))
    } else {
        format!("is not valid before {}", date(from))
    })
}

fn date(time: ASN1Time) -> String {
    let time = time.to_datetime();
    let (year, month, day) = (time.year(), u8::from(time.month()), time.day());
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

fn purposes(usage: &ExtendedKeyUsage<'_>) -> String {
    let known = [
        (usage.client_auth, "clients"),
        (usage.code_signing, "signing code"),
        (usage.email_protection, "mail"),
        (usage.time_stamping, "time stamps"),
        (usage.ocsp_signing, "signing revocation answers"),
        (!usage.other.is_empty(), "something else"),
    ];
    let named: Vec<_> = known.iter().filter(|(has, _)| *has).collect();
    match named.is_empty() {
        true => "nothing".to_owned(),
        false => named
            .iter()
            .map(|(_, purpose)| *purpose)
            .collect::<Vec<_>>()
            .join(" and "),
    }
}

/// The length of an RSA key in bits, and what that means.
fn rsa_key(fields: &X509Certificate<'_>) -> Option<(u64, Length)> {
    match RsaKey::of(fields.public_key()) {
        RsaKey::Rsa(key) => Some((key.bits(), key.length())),
        RsaKey::Broken | RsaKey::Other => None,
    }
}

fn name(name: &X509Name<'_>) -> String {
    let text = name_text(name);
    match text.is_empty() {
        true => "(without a name)".to_owned(),
        false => format!("\"{}\"", plain(&text)),
    }
}

/// A stranger's text, short and on one line.
fn plain(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars().take(NAME_CHARACTERS_MAX) {
        // A quotation mark could seem to be ours.
        shown.push(match without_control(character) {
            '"' => '\'',
            other => other,
        });
    }
    if text.chars().nth(NAME_CHARACTERS_MAX).is_some() {
        shown.push_str("...");
    }
    shown
}
