//! Every defect, under every set of flags, in both versions of TLS: what is reported, and which
//! error it becomes.
//!
//! Client and server shake hands in memory, with the configuration that connections use.

use std::sync::{Arc, LazyLock};

use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConnection, ServerConnection};
use winhttp_fixtures::certs::{
    Authority, Identity, IdentityOptions, KeyKind, KeyUsage, SubordinateOptions, Usage, Validity,
};
use winhttp_fixtures::{TlsSettings, TlsVersions};
use winhttp_proto::error::Error;
use winhttp_proto::notify::SecureProblems;

use super::Verifier;
use crate::engine::transport::tls::config::{Protocols, TlsPolicy, client_config};
use crate::engine::transport::tls::layer::rustls_error;
use crate::engine::transport::tls::trust::TrustStore;

type Bits = SecureProblems;
const CERT: Bits = Bits::INVALID_CERT;
const CA: Bits = Bits::INVALID_CA;
const NAME: Bits = Bits::CERT_CN_INVALID;
const DATE: Bits = Bits::CERT_DATE_INVALID;
const USAGE: Bits = Bits::CERT_WRONG_USAGE;
/// What the four flags ignore.
const FLAGS: [Bits; 4] = [CA, NAME, DATE, USAGE];
const VERSIONS: [(TlsVersions, u32); 2] = [
    (TlsVersions::Tls12, Protocols::TLS12),
    (TlsVersions::Tls13, Protocols::TLS13),
];

fn all(bits: &[Bits]) -> Bits {
    bits.iter().copied().fold(Bits::default(), Bits::with)
}

static ROOT: LazyLock<Authority> = LazyLock::new(|| Authority::new().unwrap());

/// A name for the situation, the certificates a server shows in it, and what is wrong with them.
type Case = (&'static str, Identity, &'static [Bits]);

fn good() -> IdentityOptions {
    IdentityOptions::default()
}

/// An identity with a change, issued by the root.
fn root(change: impl FnOnce(&mut IdentityOptions)) -> Identity {
    by(&ROOT, change)
}

fn by(authority: &Authority, change: impl FnOnce(&mut IdentityOptions)) -> Identity {
    let mut options = good();
    change(&mut options);
    authority.issue(&options).unwrap()
}

fn trusting(certificates: &[&CertificateDer<'static>]) -> Arc<TrustStore> {
    let certificates = certificates.iter().map(|der| (*der).clone()).collect();
    Arc::new(TrustStore::new(certificates, Vec::new()))
}

/// Shakes hands with a server called `localhost`.
fn shake_hands(
    trust: &Arc<TrustStore>,
    policy: TlsPolicy,
    tls: TlsSettings,
    name: &str,
) -> Result<(), (Error, Bits)> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let config = client_config(policy, Arc::clone(trust)).unwrap();
    let mut client = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut server = ServerConnection::new(tls.into_config().unwrap()).unwrap();
    let mut wire = Vec::new();
    while client.is_handshaking() || server.is_handshaking() {
        client.write_tls(&mut wire).unwrap();
        server.read_tls(&mut wire.as_slice()).unwrap();
        server.process_new_packets().unwrap();
        wire.clear();
        server.write_tls(&mut wire).unwrap();
        client.read_tls(&mut wire.as_slice()).unwrap();
        let result = client.process_new_packets();
        result.map_err(|error| rustls_error(&error, false))?;
        wire.clear();
    }
    Ok(())
}

/// The case behaves alike in both versions of TLS, and flags take away exactly what they name.
fn judge(trust: &Arc<TrustStore>, (what, identity, wrong): &Case, name: &str) {
    let wrong = all(wrong);
    for (versions, protocol) in VERSIONS {
        for set in 0..16_u32 {
            let chosen = (0..4).filter(|index| set & (1 << index) != 0);
            let ignored = all(&chosen.map(|index| FLAGS[index]).collect::<Vec<_>>());
            let policy = TlsPolicy {
                protocols: Protocols::new(protocol),
                ignored,
            };
            let tls = TlsSettings::new(identity).versions(versions);
            let left = wrong.without(ignored);
            let expected = match left.is_empty() {
                true => Ok(()),
                false => Err((Error::SecureFailure, left)),
            };
            let outcome = shake_hands(trust, policy, tls, name);
            assert_eq!(outcome, expected, "{what}, {versions:?}, {ignored:?}");
        }
    }
}

/// Certificates that the trusted root issued, with one defect.
fn issued() -> Vec<Case> {
    let wrong_name = vec!["wrong.example".into()];
    let early = Validity::NotYetValid;
    vec![
        ("good", root(|_| {}), &[]),
        ("expired", root(|o| o.validity = Validity::Expired), &[DATE]),
        ("not yet valid", root(|o| o.validity = early), &[DATE]),
        ("another name", root(|o| o.names = wrong_name), &[NAME]),
        ("for clients", root(|o| o.usage = Usage::Client), &[USAGE]),
        ("for anything", root(|o| o.usage = Usage::Any), &[]),
        ("for nothing named", root(|o| o.usage = Usage::Unsaid), &[]),
        (
            "to certify",
            root(|o| o.key_usage = KeyUsage::Certify),
            &[USAGE],
        ),
        (
            "for no use named",
            root(|o| o.key_usage = KeyUsage::Unsaid),
            &[],
        ),
        ("an authority", root(|o| o.authority = true), &[CA]),
        ("altered", root(|o| o.bad_signature = true), &[CERT]),
        ("rarely signed", root(|o| o.rare_signature = true), &[CA]),
    ]
}

/// Certificates of authorities below the trusted root.
fn issued_below() -> Vec<Case> {
    let below = |options: SubordinateOptions| ROOT.subordinate_with("Below", &options).unwrap();
    let good = below(SubordinateOptions::default());
    let late = below(SubordinateOptions {
        validity: Validity::Expired,
        ..SubordinateOptions::default()
    });
    let version1 = below(SubordinateOptions {
        version1: true,
        ..SubordinateOptions::default()
    });
    let (long, early) = (Validity::Long, Validity::NotYetValid);
    vec![
        ("by a good one", by(&good, |_| {}), &[]),
        (
            "by an expired one",
            by(&late, |o| o.validity = long),
            &[DATE],
        ),
        // No time suits both, so a chain of trust is found at none.
        ("by one expired before", by(&late, |_| {}), &[DATE, CA]),
        (
            "by one long expired",
            by(&late, |o| o.validity = early),
            &[DATE, CA],
        ),
        // Version 1 does not say that it is an authority's.
        ("by one of version 1", by(&version1, |_| {}), &[CA]),
    ]
}

/// RSA keys of all lengths, in the certificate and above it.
fn rsa() -> Vec<Case> {
    let short = SubordinateOptions {
        key: KeyKind::Rsa(1024),
        ..SubordinateOptions::default()
    };
    let short = ROOT.subordinate_with("Short", &short).unwrap();
    let all_wrong = |options: &mut IdentityOptions| {
        options.key = KeyKind::Rsa(1024);
        options.validity = Validity::Expired;
        options.usage = Usage::Client;
    };
    vec![
        ("long", root(|o| o.key = KeyKind::Rsa(2048)), &[]),
        ("almost long", root(|o| o.key = KeyKind::Rsa(2040)), &[CA]),
        ("short", root(|o| o.key = KeyKind::Rsa(1024)), &[CA]),
        ("short and more", root(all_wrong), &[CA, DATE, USAGE]),
        ("by a short one", by(&short, |_| {}), &[CA]),
        (
            "altered, by a short one",
            by(&short, |o| o.bad_signature = true),
            &[CERT],
        ),
    ]
}

/// Certificates that no trusted authority vouches for.
fn unvouched() -> Vec<Case> {
    let stranger = Authority::new().unwrap();
    let below = stranger.subordinate("Below").unwrap();
    let late = SubordinateOptions {
        validity: Validity::Expired,
        ..SubordinateOptions::default()
    };
    let late = stranger.subordinate_with("Late", &late).unwrap();
    let alone = |change: fn(&mut IdentityOptions)| {
        root(|options| {
            options.self_signed = true;
            change(options);
        })
    };
    let all_wrong = |options: &mut IdentityOptions| {
        options.names = vec!["wrong.example".into()];
        options.validity = Validity::Expired;
        options.usage = Usage::Client;
    };
    vec![
        ("self-signed", alone(|_| {}), &[CA]),
        (
            "self-signed authority",
            alone(|o| o.authority = true),
            &[CA],
        ),
        (
            "self-signed and more",
            alone(all_wrong),
            &[CA, NAME, DATE, USAGE],
        ),
        (
            "self-signed, altered",
            alone(|o| o.bad_signature = true),
            &[CA, CERT],
        ),
        ("by a stranger", by(&stranger, |_| {}), &[CA]),
        ("below a stranger", by(&below, |_| {}), &[CA]),
        // Nothing makes up for the stranger, also where no time suits both and no date counts.
        (
            "below a stranger expired before",
            by(&late, |_| {}),
            &[DATE, CA],
        ),
        (
            "below a stranger long expired",
            by(&late, |o| o.validity = Validity::NotYetValid),
            &[DATE, CA],
        ),
        (
            "below a stranger, altered",
            by(&below, |o| o.bad_signature = true),
            &[CA, CERT],
        ),
    ]
}

/// Certificates of version 1, for which nobody can vouch.
fn version1() -> Vec<Case> {
    let old = |change: fn(&mut IdentityOptions)| {
        root(|options| {
            options.version1 = true;
            change(options);
        })
    };
    let all_wrong = |options: &mut IdentityOptions| {
        options.names = vec!["wrong.example".into()];
        options.validity = Validity::Expired;
    };
    vec![
        ("version 1", old(|_| {}), &[CA]),
        (
            "version 1, self-signed",
            old(|o| o.self_signed = true),
            &[CA],
        ),
        ("version 1 and more", old(all_wrong), &[CA, NAME, DATE]),
        (
            "version 1, short key",
            old(|o| o.key = KeyKind::Rsa(1024)),
            &[CA],
        ),
        (
            "version 1, altered",
            old(|o| o.bad_signature = true),
            &[CA, CERT],
        ),
    ]
}

fn only_for(domain: &str) -> SubordinateOptions {
    SubordinateOptions {
        domain: Some(domain.to_owned()),
        ..SubordinateOptions::default()
    }
}

/// Certificates without alternative names.
fn named_by_common_name() -> Vec<Case> {
    let only = IdentityOptions::common_name_only;
    let elsewhere = ROOT
        .subordinate_with("Elsewhere", &only_for("elsewhere.example"))
        .unwrap();
    let mut both = good();
    both.names = vec!["wrong.example".into()];
    both.common_names = vec!["localhost".into()];
    vec![
        (
            "the common name",
            ROOT.issue(&only("localhost")).unwrap(),
            &[],
        ),
        (
            "another common name",
            ROOT.issue(&only("wrong.example")).unwrap(),
            &[NAME],
        ),
        ("alternative names win", ROOT.issue(&both).unwrap(), &[NAME]),
        (
            "of a limited authority",
            elsewhere.issue(&only("localhost")).unwrap(),
            &[NAME],
        ),
    ]
}

#[test]
fn every_defect_is_reported_and_only_what_is_named_is_ignored() {
    let trust = trusting(&[ROOT.der()]);
    for cases in [
        issued(),
        issued_below(),
        rsa(),
        unvouched(),
        version1(),
        named_by_common_name(),
    ] {
        for case in &cases {
            judge(&trust, case, "localhost");
        }
    }
}

#[test]
fn who_trusts_nobody_knows_no_authority() {
    let nobody = trusting(&[]);
    judge(&nobody, &("good", root(|_| {}), &[CA]), "localhost");
}

#[test]
fn a_certificate_that_is_trusted_itself_needs_nobody_to_vouch_for_it() {
    let own = |change: fn(&mut IdentityOptions)| {
        root(|options| {
            options.self_signed = true;
            options.authority = true;
            options.usage = Usage::Unsaid;
            options.key_usage = KeyUsage::Unsaid;
            change(options);
        })
    };
    let cases: Vec<Case> = vec![
        ("authority", own(|_| {}), &[]),
        ("server", own(|o| o.authority = false), &[]),
        ("version 1", own(|o| o.version1 = true), &[]),
        ("expired", own(|o| o.validity = Validity::Expired), &[DATE]),
        (
            "another name",
            own(|o| o.names = vec!["wrong.example".into()]),
            &[NAME],
        ),
        ("for clients", own(|o| o.usage = Usage::Client), &[USAGE]),
        ("short RSA key", own(|o| o.key = KeyKind::Rsa(1024)), &[CA]),
    ];
    for case in &cases {
        judge(&trusting(&[&case.1.chain()[0]]), case, "localhost");
    }
    let (trusted, alike) = (own(|_| {}), own(|_| {}));
    let alike = ("alike", alike, &[CA][..]);
    judge(&trusting(&[&trusted.chain()[0]]), &alike, "localhost");
}

#[test]
fn a_trusted_server_vouches_for_nobody() {
    let pretender = Authority::pretended().unwrap();
    let case = ("vouched for by a server", by(&pretender, |_| {}), &[CA][..]);
    judge(&trusting(&[pretender.der()]), &case, "localhost");
}

#[test]
fn an_authority_with_a_short_key_is_no_authority_unless_that_is_ignored() {
    let short = Authority::with_key(KeyKind::Rsa(1024)).unwrap();
    let trust = trusting(&[short.der()]);
    judge(
        &trust,
        &("short root", by(&short, |_| {}), &[CA]),
        "localhost",
    );
    let altered = by(&short, |options| options.bad_signature = true);
    judge(
        &trust,
        &("short root, altered", altered, &[CERT]),
        "localhost",
    );
}

/// A root that was made anew has the name of the trusted one, but is unknown.
#[test]
fn an_unknown_authority_may_have_a_trusted_name() {
    let [trusted, stranger] = [(); 2].map(|()| Authority::named("Root").unwrap());
    let case = (
        "same name",
        by(&stranger, |_| {}).showing(&stranger),
        &[CA][..],
    );
    judge(&trusting(&[trusted.der()]), &case, "localhost");
}

#[test]
fn addresses_are_looked_for_among_addresses() {
    let trust = trusting(&[ROOT.der()]);
    let only = |name| {
        ROOT.issue(&IdentityOptions::common_name_only(name))
            .unwrap()
    };
    judge(
        &trust,
        &("alternative address", root(|_| {}), &[]),
        "127.0.0.1",
    );
    judge(
        &trust,
        &("common name", only("127.0.0.1"), &[]),
        "127.0.0.1",
    );
    judge(
        &trust,
        &("another", only("127.0.0.2"), &[NAME]),
        "127.0.0.1",
    );
}

/// Whatever is ignored, the server proves that the certificate's key is its own.
#[test]
fn a_server_with_another_key_is_refused_under_all_flags() {
    let trust = trusting(&[ROOT.der()]);
    let kinds: [fn(&mut IdentityOptions); 4] = [
        |_| {},
        |options| options.version1 = true,
        |options| options.key = KeyKind::Rsa(1024),
        |options| options.key = KeyKind::Rsa(2048),
    ];
    for (index, kind) in kinds.into_iter().enumerate() {
        let (shown, other) = (root(kind), root(kind));
        for (versions, protocol) in VERSIONS {
            let policy = TlsPolicy {
                protocols: Protocols::new(protocol),
                ignored: all(&FLAGS),
            };
            let tls = TlsSettings::new(&shown)
                .sign_with(&other)
                .versions(versions);
            let refused = Err((Error::SecureFailure, CERT));
            let outcome = shake_hands(&trust, policy, tls, "localhost");
            assert_eq!(outcome, refused, "kind {index}, {versions:?}");
        }
    }
}

/// What arrives is hostile: whatever is changed in a certificate, or left out of it, it is refused.
#[test]
fn no_changed_byte_goes_unnoticed() {
    let name = ServerName::try_from("localhost").unwrap();
    let now = UnixTime::now();
    let kinds: [fn(&mut IdentityOptions); 3] = [
        |_| {},
        |options| options.version1 = true,
        |options| options.key = KeyKind::Rsa(1024),
    ];
    for kind in kinds {
        let identity = root(kind).showing(&ROOT);
        let (leaf, above) = identity.chain().split_first().unwrap();
        for trusted in [ROOT.der(), leaf] {
            let verifier = Verifier {
                trust: trusting(&[trusted]),
                provider: Arc::new(rustls::crypto::ring::default_provider()),
                ignored: Bits::default(),
            };
            for place in 0..leaf.len() {
                let mut changed = leaf.to_vec();
                changed[place] ^= 1 << (place % 8);
                let shorter = leaf[..place].to_vec();
                for der in [changed, shorter] {
                    let problems = verifier.problems(&der.into(), above, &name, now);
                    assert!(!problems.is_empty(), "byte {place}");
                }
            }
        }
    }
}
