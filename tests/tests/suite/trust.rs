//! What the environment says about trust, each time in a process of its own: a broken configuration
//! trusts nobody.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use winhttp_abi::constants as c;
use winhttp_fixtures::certs::{Authority, Identity, IdentityOptions};
use winhttp_fixtures::{Server, by_path};
use winhttp_tests::program::{ends, own_test};
use winhttp_tests::support::tls::attempt_at;
use winhttp_tests::{Call, Client, Mode, scratch};

const PORTS: &str = "WINHTTP_TEST_PORTS";
const REPORT: &str = "report: ";
const VARIABLES: [&str; 3] = ["SSL_CERT_FILE", "SSL_CERT_DIR", "WINHTTP_SHIM_TRUST"];

/// The outcome of a request, and the words of SECURE_FAILURE.
type Judgement = (Call<u32>, Vec<u32>);

const UNKNOWN: u32 = c::WINHTTP_CALLBACK_STATUS_FLAG_INVALID_CA;
const FORGED: u32 = c::WINHTTP_CALLBACK_STATUS_FLAG_INVALID_CERT;

fn trusted() -> Judgement {
    (Ok(200), Vec::new())
}

fn refused(bits: u32) -> Judgement {
    (Err(c::ERROR_WINHTTP_SECURE_FAILURE), vec![bits])
}

fn touchstone() -> &'static Identity {
    static IDENTITY: LazyLock<Identity> = LazyLock::new(|| {
        let impostor = Authority::impostor().unwrap();
        impostor.issue(&IdentityOptions::default()).unwrap()
    });
    &IDENTITY
}

/// A server, the authority that vouches for it, and a folder for configurations of trust.
struct World {
    server: Server,
    /// Claims to be vouched for by a public authority. Its signature is wrong to those who trust
    /// that one, and by an unknown authority to those who do not, so it shows whether the public
    /// authorities are trusted.
    touchstone: Server,
    authority: Authority,
    folder: PathBuf,
    key: String,
}

impl World {
    /// The world of one test.
    fn new(name: &str) -> Self {
        let authority = Authority::new().unwrap();
        let identity = authority.issue(&IdentityOptions::default()).unwrap();
        let folder = scratch::kept(&format!("trust-{name}"));
        Self {
            server: Server::tls(by_path, &identity).unwrap(),
            touchstone: Server::tls(by_path, touchstone()).unwrap(),
            key: identity.key_pem(),
            authority,
            folder,
        }
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> OsString {
        let path = self.folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path.into()
    }

    fn path(&self, name: &str) -> OsString {
        self.folder.join(name).into()
    }

    /// What a process with these variables says of both servers, first synchronously, then
    /// asynchronously.
    #[track_caller]
    fn judges(&self, variables: &[(&str, OsString)], server: Judgement, touchstone: Judgement) {
        let mut process = own_test(module_path!(), "a_process_with_its_own_environment");
        for variable in VARIABLES {
            process.env_remove(variable);
        }
        for (variable, value) in variables {
            process.env(variable, value);
        }
        let ports = [&self.server, &self.touchstone].map(|server| server.port().to_string());
        let (status, text, _) = ends(process.env(PORTS, ports.join(" ")));
        assert!(status.success(), "{text}");
        let lines = text.lines().filter_map(|line| line.split_once(REPORT));
        let reports: Vec<_> = lines.map(|(_, report)| report.to_owned()).collect();
        let expected = [server, touchstone].map(|judgement| format!("{judgement:?}"));
        assert_eq!(
            reports,
            [expected.clone(), expected].concat(),
            "{variables:?}"
        );
    }

    /// The server is trusted, and no public authority.
    #[track_caller]
    fn is_trusted(&self, variables: &[(&str, OsString)]) {
        self.judges(variables, trusted(), refused(UNKNOWN));
    }

    /// Neither the server nor any public authority is trusted.
    #[track_caller]
    fn is_unknown(&self, variables: &[(&str, OsString)]) {
        self.judges(variables, refused(UNKNOWN), refused(UNKNOWN));
    }
}

impl Drop for World {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.folder).unwrap();
    }
}

/// Asks the servers of the process that started this one.
#[test]
#[ignore = "the tests below run it, each in its own environment"]
fn a_process_with_its_own_environment() {
    let ports = std::env::var(PORTS).unwrap();
    for mode in [Mode::Sync, Mode::Async] {
        let client = Client::<u16>::new(mode);
        for port in ports.split(' ') {
            let judgement: Judgement = attempt_at(&client, port.parse().unwrap(), 0);
            println!("{REPORT}{judgement:?}");
        }
        client.close(client.session).unwrap();
    }
}

const HOLLOW: &str = "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n";

#[test]
fn a_good_file_or_directory_is_trusted() {
    let world = World::new("good");
    let file = world.file("good/ca.pem", world.authority.pem());
    let directory = world.path("good");
    world.is_trusted(&[("SSL_CERT_FILE", file.clone())]);
    world.is_trusted(&[("SSL_CERT_DIR", directory.clone())]);
    world.is_trusted(&[("SSL_CERT_FILE", file.clone()), ("SSL_CERT_DIR", directory)]);
    let store = ("WINHTTP_SHIM_TRUST", "webpki-roots".into());
    world.is_trusted(&[("SSL_CERT_FILE", file), store]);
}

#[test]
fn a_broken_file_trusts_nobody() {
    let world = World::new("file");
    let good = world.authority.pem();
    for file in [
        world.path("missing.pem"),
        OsString::new(),
        world.folder.clone().into(),
        world.file("empty.pem", ""),
        world.file("junk.pem", "junk\n"),
        world.file("key.pem", &world.key),
        world.file("hollow.pem", HOLLOW),
        world.file("mixed.pem", [&good, HOLLOW].concat()),
    ] {
        world.is_unknown(&[("SSL_CERT_FILE", file)]);
    }
    // What the program does not name helps no more than it does elsewhere.
    let store = ("WINHTTP_SHIM_TRUST", "webpki-roots".into());
    world.is_unknown(&[("SSL_CERT_FILE", world.path("missing.pem")), store]);
}

#[test]
fn a_broken_directory_trusts_nobody() {
    let world = World::new("directory");
    world.file("junk/junk.pem", "junk\n");
    world.file("key/key.pem", &world.key);
    fs::create_dir_all(world.folder.join("empty")).unwrap();
    for directory in [
        OsString::new(),
        world.path("missing"),
        world.path("empty"),
        world.path("junk"),
        world.path("key"),
        world.file("file", world.authority.pem()),
    ] {
        world.is_unknown(&[("SSL_CERT_DIR", directory)]);
    }
}

#[test]
fn what_is_good_beside_something_broken_is_trusted_and_nothing_else() {
    let world = World::new("beside");
    let stranger = Authority::new().unwrap();
    world.file("both/good.pem", world.authority.pem());
    world.file("both/bad.pem", [&stranger.pem(), HOLLOW].concat());
    let [both, missing] = ["both", "missing"].map(|name| world.path(name));
    world.is_trusted(&[("SSL_CERT_DIR", both.clone())]);
    world.is_trusted(&[
        ("SSL_CERT_DIR", both.clone()),
        ("SSL_CERT_FILE", missing.clone()),
    ]);
    let good = world.path("both/good.pem");
    world.is_trusted(&[("SSL_CERT_FILE", good), ("SSL_CERT_DIR", missing)]);
    let other = world.file("other.pem", stranger.pem());
    world.is_unknown(&[("SSL_CERT_FILE", other)]);
    let with_key = world.file(
        "with-key.pem",
        [&world.key, &*world.authority.pem()].concat(),
    );
    world.is_trusted(&[("SSL_CERT_FILE", with_key)]);
}

#[test]
fn stores_are_named_exactly() {
    let world = World::new("store");
    for store in ["", "webpki", "WEBPKI-ROOTS", "none"] {
        world.is_unknown(&[("WINHTTP_SHIM_TRUST", store.into())]);
    }
    let store = ("WINHTTP_SHIM_TRUST", "webpki-roots".into());
    world.judges(&[store], refused(UNKNOWN), refused(FORGED));
}
