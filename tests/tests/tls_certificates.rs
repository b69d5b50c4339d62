//! Certificates that are trusted themselves, of version 1, with short keys, or with no name but the
//! common one.
//!
//! A program of its own: the environment says whom its process trusts, servers and a pretender
//! among them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::sync::OnceLock;

use winhttp_abi::constants as c;
use winhttp_fixtures::certs::{
    Authority, Identity, IdentityOptions, KeyKind, KeyUsage, SubordinateOptions, Usage, Validity,
};
use winhttp_fixtures::{Server, Settings, TlsSettings, TlsVersions, by_path};
use winhttp_tests::support::tls::attempt;
use winhttp_tests::support::{close_for_good, request};
use winhttp_tests::{Client, Mode, scratch};

const INVALID_CERT: u32 = c::WINHTTP_CALLBACK_STATUS_FLAG_INVALID_CERT;
const INVALID_CA: u32 = c::WINHTTP_CALLBACK_STATUS_FLAG_INVALID_CA;
const WRONG_NAME: u32 = c::WINHTTP_CALLBACK_STATUS_FLAG_CERT_CN_INVALID;
const WRONG_DATE: u32 = c::WINHTTP_CALLBACK_STATUS_FLAG_CERT_DATE_INVALID;
const WRONG_USAGE: u32 = c::WINHTTP_CALLBACK_STATUS_FLAG_CERT_WRONG_USAGE;
/// Each flag and what it ignores.
const FLAGS: [(u32, u32); 4] = [
    (c::SECURITY_FLAG_IGNORE_UNKNOWN_CA, INVALID_CA),
    (c::SECURITY_FLAG_IGNORE_CERT_CN_INVALID, WRONG_NAME),
    (c::SECURITY_FLAG_IGNORE_CERT_DATE_INVALID, WRONG_DATE),
    (c::SECURITY_FLAG_IGNORE_CERT_WRONG_USAGE, WRONG_USAGE),
];
const ALL_FLAGS: u32 = 0x3300;

/// What this process trusts: authorities, and servers that nobody vouches for.
struct World {
    authority: Authority,
    short_authority: Authority,
    pretender: Authority,
    /// Trusted by their own certificates, with what is wrong all the same.
    servers: Vec<(Identity, u32)>,
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let authority = Authority::new().unwrap();
        let short_authority = Authority::with_key(KeyKind::Rsa(1024)).unwrap();
        let pretender = Authority::pretended().unwrap();
        let own = |change: &dyn Fn(&mut IdentityOptions)| {
            // As `openssl req -x509` makes them.
            let mut options = IdentityOptions {
                self_signed: true,
                authority: true,
                usage: Usage::Unsaid,
                key_usage: KeyUsage::Unsaid,
                ..IdentityOptions::default()
            };
            change(&mut options);
            authority.issue(&options).unwrap()
        };
        let servers = vec![
            (own(&|_| {}), 0),
            (own(&|options| options.authority = false), 0),
            (own(&|options| options.version1 = true), 0),
            (own(&|options| options.bad_signature = true), 0),
            // Trusted as it is, no matter who issued it.
            (own(&|options| options.self_signed = false), 0),
            (
                own(&|options| options.names = vec!["wrong.example".into()]),
                WRONG_NAME,
            ),
            (
                own(&|options| options.validity = Validity::Expired),
                WRONG_DATE,
            ),
            (
                own(&|options| options.validity = Validity::NotYetValid),
                WRONG_DATE,
            ),
            (own(&|options| options.usage = Usage::Client), WRONG_USAGE),
            (
                own(&|options| options.key_usage = KeyUsage::Certify),
                WRONG_USAGE,
            ),
            (own(&|options| options.key = KeyKind::Rsa(1024)), INVALID_CA),
        ];
        let folder = scratch::kept("tls-certificates");
        let mut pem = [&authority, &short_authority, &pretender]
            .map(Authority::pem)
            .concat();
        for (server, _) in &servers {
            pem.push_str(server.chain_pem());
        }
        let file = folder.join("trusted.pem");
        fs::write(&file, pem).unwrap();
        // SAFETY: every test comes here first, so no other thread reads the environment yet.
        unsafe { std::env::set_var("SSL_CERT_FILE", file) };
        World {
            authority,
            short_authority,
            pretender,
            servers,
        }
    })
}

/// A synchronous and an asynchronous client.
struct Clients([Client<u16>; 2]);

impl Clients {
    fn new() -> Self {
        world();
        Self([Mode::Sync, Mode::Async].map(Client::new))
    }

    /// The server is refused for exactly `wrong` in both versions of TLS, and accepted if exactly
    /// that is ignored.
    fn judge(&self, identity: &Identity, wrong: u32, what: &str) {
        for versions in [TlsVersions::Tls12, TlsVersions::Tls13] {
            let server = server(TlsSettings::new(identity).versions(versions));
            let fitting = FLAGS.iter().filter(|(_, ignores)| wrong & ignores != 0);
            let fitting = fitting.fold(0, |flags, (flag, _)| flags | flag);
            for flags in [0, fitting, ALL_FLAGS & !fitting, ALL_FLAGS] {
                let ignored = FLAGS.iter().filter(|(flag, _)| flags & flag != 0);
                let ignored = ignored.fold(0, |bits, (_, ignores)| bits | ignores);
                let expected = match wrong & !ignored {
                    0 => (Ok(200), vec![]),
                    left => (Err(c::ERROR_WINHTTP_SECURE_FAILURE), vec![left]),
                };
                for client in &self.0 {
                    let outcome = attempt(client, &server, flags);
                    assert_eq!(outcome, expected, "{what}, {versions:?}, {flags:#x}");
                }
            }
        }
    }

    fn close(self) {
        for client in self.0 {
            client.close(client.session).unwrap();
        }
    }
}

fn server(tls: TlsSettings) -> Server {
    let settings = Settings {
        tls: Some(tls),
        ..Settings::default()
    };
    Server::start(settings, by_path).unwrap()
}

fn only_for(domain: &str) -> SubordinateOptions {
    SubordinateOptions {
        domain: Some(domain.to_owned()),
        ..SubordinateOptions::default()
    }
}

fn issued(change: impl FnOnce(&mut IdentityOptions)) -> Identity {
    let mut options = IdentityOptions::default();
    change(&mut options);
    world().authority.issue(&options).unwrap()
}

#[test]
fn a_server_whose_own_certificate_is_trusted_needs_no_authority() {
    let (clients, world) = (Clients::new(), world());
    for (index, (identity, wrong)) in world.servers.iter().enumerate() {
        clients.judge(identity, *wrong, &format!("trusted server {index}"));
    }
    clients.close();
}

/// Trusting a server's certificate lets that server in, and no one else by its key.
#[test]
fn a_trusted_server_is_no_authority() {
    let (clients, world) = (Clients::new(), world());
    let identity = world.pretender.issue(&IdentityOptions::default()).unwrap();
    clients.judge(&identity, INVALID_CA, "vouched for by a server");
    clients.close();
}

/// A certificate that differs from a trusted one in its last byte only, or that has its key and
/// names only, is another.
#[test]
fn what_only_resembles_a_trusted_certificate_is_not_trusted() {
    let (clients, world) = (Clients::new(), world());
    let alike = world.authority.issue(&IdentityOptions {
        self_signed: true,
        authority: true,
        usage: Usage::Unsaid,
        key_usage: KeyUsage::Unsaid,
        ..IdentityOptions::default()
    });
    clients.judge(&alike.unwrap(), INVALID_CA, "another of the same name");
    clients.close();
}

/// HTTP behaviours 32.1.3: version 1 and short RSA keys count as an unknown authority.
#[test]
fn old_versions_and_short_keys_count_as_an_unknown_authority() {
    let (clients, world) = (Clients::new(), world());
    let version1 = |options: &mut IdentityOptions| {
        options.version1 = true;
        options.names = vec!["localhost".into()];
    };
    let cases = [
        (issued(version1), INVALID_CA),
        (
            issued(|options| {
                version1(options);
                options.self_signed = true;
            }),
            INVALID_CA,
        ),
        (
            issued(|options| {
                version1(options);
                options.names = vec!["wrong.example".into()];
                options.validity = Validity::Expired;
            }),
            INVALID_CA | WRONG_NAME | WRONG_DATE,
        ),
        (
            issued(|options| {
                version1(options);
                options.key = KeyKind::Rsa(1024);
                options.self_signed = true;
            }),
            INVALID_CA,
        ),
        (
            issued(|options| options.key = KeyKind::Rsa(1024)),
            INVALID_CA,
        ),
        (
            issued(|options| options.key = KeyKind::Rsa(2040)),
            INVALID_CA,
        ),
        (issued(|options| options.key = KeyKind::Rsa(2048)), 0),
        (
            issued(|options| {
                options.key = KeyKind::Rsa(1024);
                options.usage = Usage::Client;
                options.self_signed = true;
            }),
            INVALID_CA | WRONG_USAGE,
        ),
        // The key is the authority's, not the server's.
        (
            world
                .short_authority
                .issue(&IdentityOptions::default())
                .unwrap(),
            INVALID_CA,
        ),
    ];
    for (index, (identity, wrong)) in cases.iter().enumerate() {
        clients.judge(identity, *wrong, &format!("case {index}"));
    }
    clients.close();
}

/// Headers-info 10: wrong signatures cannot be ignored, on whatever kind of certificate.
#[test]
fn a_wrong_signature_is_never_ignored() {
    let clients = Clients::new();
    for (self_signed, version1, key) in [
        (false, false, KeyKind::Ecdsa),
        (true, false, KeyKind::Ecdsa),
        (false, true, KeyKind::Ecdsa),
        (true, true, KeyKind::Ecdsa),
        (true, true, KeyKind::Rsa(1024)),
        (false, false, KeyKind::Rsa(1024)),
    ] {
        let identity = issued(|options| {
            options.bad_signature = true;
            options.self_signed = self_signed;
            options.version1 = version1;
            options.key = key;
        });
        let server = server(TlsSettings::new(&identity));
        let what = format!("self-signed {self_signed}, version 1 {version1}, {key:?}");
        for client in &clients.0 {
            let (outcome, reasons) = attempt(client, &server, ALL_FLAGS);
            assert_eq!(outcome, Err(c::ERROR_WINHTTP_SECURE_FAILURE), "{what}");
            assert_eq!(reasons, [INVALID_CERT], "{what}");
        }
    }
    clients.close();
}

/// Whatever is ignored, the server must have the key of the certificate it shows.
#[test]
fn a_server_with_another_key_is_refused_under_all_flags() {
    let clients = Clients::new();
    let kinds: [fn(&mut IdentityOptions); 5] = [
        |_| {},
        |options| options.self_signed = true,
        |options| options.version1 = true,
        |options| options.key = KeyKind::Rsa(1024),
        |options| options.key = KeyKind::Rsa(2048),
    ];
    for (index, kind) in kinds.into_iter().enumerate() {
        let (shown, other) = (issued(kind), issued(kind));
        for versions in [TlsVersions::Tls12, TlsVersions::Tls13] {
            let tls = TlsSettings::new(&shown)
                .sign_with(&other)
                .versions(versions);
            let server = server(tls);
            for flags in [0, ALL_FLAGS] {
                for client in &clients.0 {
                    let (outcome, _) = attempt(client, &server, flags);
                    let refused = Err(c::ERROR_WINHTTP_SECURE_FAILURE);
                    assert_eq!(outcome, refused, "kind {index}, {versions:?}, {flags:#x}");
                }
            }
            assert!(server.requests().is_empty(), "a request was sent");
        }
    }
    clients.close();
}

/// HTTP behaviours 32.1.2: the common name counts where there is no alternative name at all, and
/// only there.
#[test]
fn the_common_name_counts_only_without_alternative_names() {
    let clients = Clients::new();
    let with = |common: &[&str], names: &[&str]| {
        issued(|options| {
            options.common_names = common.iter().map(|name| (*name).to_owned()).collect();
            options.names = names.iter().map(|name| (*name).to_owned()).collect();
        })
    };
    for (common, names, wrong) in [
        (&["localhost"][..], &[][..], 0),
        (&["LOCALHOST"], &[], 0),
        (&["wrong.example"], &[], WRONG_NAME),
        (&["*.localhost"], &[], WRONG_NAME),
        (&["localhost"], &["wrong.example"], WRONG_NAME),
        (&["localhost"], &["127.0.0.1"], WRONG_NAME),
        // The last one is the most specific.
        (&["wrong.example", "localhost"], &[], 0),
        (&["localhost", "wrong.example"], &[], WRONG_NAME),
    ] {
        clients.judge(
            &with(common, names),
            wrong,
            &format!("{common:?} {names:?}"),
        );
    }
    let by_address = server(TlsSettings::new(&with(&["127.0.0.1"], &[])));
    for client in &clients.0 {
        let flags = c::WINHTTP_FLAG_SECURE;
        let handle = request(
            client,
            "127.0.0.1",
            by_address.port(),
            "/status?close",
            flags,
        );
        client.exchange(handle).unwrap();
        close_for_good(client, handle);
    }
    clients.close();
}

/// An authority that may vouch for some names only must not get around that with a common name.
#[test]
fn a_common_name_does_not_lift_the_limits_of_an_authority() {
    let (clients, world) = (Clients::new(), world());
    let elsewhere = world
        .authority
        .subordinate_with("Elsewhere", &only_for("elsewhere.example"));
    let identity = elsewhere
        .unwrap()
        .issue(&IdentityOptions::common_name_only("localhost"));
    clients.judge(&identity.unwrap(), WRONG_NAME, "outside of the limits");
    let here = world
        .authority
        .subordinate_with("Here", &only_for("localhost"))
        .unwrap();
    let named = IdentityOptions {
        names: vec!["localhost".into()],
        ..IdentityOptions::default()
    };
    clients.judge(&here.issue(&named).unwrap(), 0, "within the limits");
    clients.close();
}

#[test]
fn purposes_and_uses_have_one_meaning() {
    let clients = Clients::new();
    for (usage, key_usage, wrong) in [
        (Usage::Any, KeyUsage::Sign, 0),
        (Usage::Unsaid, KeyUsage::Unsaid, 0),
        (Usage::Server, KeyUsage::Certify, WRONG_USAGE),
        (Usage::Client, KeyUsage::Unsaid, WRONG_USAGE),
    ] {
        let identity = issued(|options| {
            options.usage = usage;
            options.key_usage = key_usage;
        });
        clients.judge(&identity, wrong, &format!("{usage:?} {key_usage:?}"));
    }
    clients.close();
}
