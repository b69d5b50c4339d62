//! What the environment says about trust and cannot be used is named where a certificate's issuer
//! is unknown, each time in a process of its own.

use std::ffi::OsStr;

use winhttp_abi::constants as c;
use winhttp_fixtures::certs::{Authority, IdentityOptions};
use winhttp_fixtures::{Server, by_path};
use winhttp_tests::program::{ends, own_test};
use winhttp_tests::scratch::Scratch;
use winhttp_tests::support::secure;
use winhttp_tests::{Client, Mode};

use super::ear::detail;

const PORT: &str = "WINHTTP_TEST_PORT";
const REPORT: &str = "report: ";

/// Asks the server of the process that started this one.
#[test]
#[ignore = "the test below runs it, each time in another environment"]
fn a_process_with_its_own_environment() {
    let port = std::env::var(PORT).unwrap().parse().unwrap();
    let client = Client::<u16>::new(Mode::Sync);
    let handle = secure(&client, port, "/status");
    assert_eq!(client.send(handle), Err(c::ERROR_WINHTTP_SECURE_FAILURE));
    let text = detail::<u16>(c::ERROR_WINHTTP_SECURE_FAILURE).unwrap();
    println!("{REPORT}{text}");
    client.close(handle).unwrap();
    client.close(client.session).unwrap();
}

/// What a process with this variable says of a server with an authority that it does not know.
fn says(server: &Server, variable: &str, value: &OsStr) -> String {
    let mut process = own_test(module_path!(), "a_process_with_its_own_environment");
    for variable in ["SSL_CERT_FILE", "SSL_CERT_DIR", "WINHTTP_SHIM_TRUST"] {
        process.env_remove(variable);
    }
    process.env(variable, value);
    let (status, text, _) = ends(process.env(PORT, server.port().to_string()));
    assert!(status.success(), "{text}");
    let report = text.lines().find_map(|line| line.split_once(REPORT));
    report.unwrap().1.to_owned()
}

#[test]
fn what_cannot_be_used_of_the_configuration_is_named() {
    let folder = Scratch::new("error-details-trust");
    let authority = Authority::named("Stranger").unwrap();
    let identity = authority.issue(&IdentityOptions::default()).unwrap();
    let server = Server::tls(by_path, &identity).unwrap();
    let unknown = "its issuer \"CN=Stranger, O=Fixtures\" is not trusted";
    let file = |name: &str, content: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    };
    let missing = folder.path().join("missing.pem");
    for (path, why) in [
        (missing, "cannot be read: entity not found"),
        (file("empty.pem", ""), "holds no certificate"),
        (
            file(
                "junk.pem",
                "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n",
            ),
            "holds something malformed",
        ),
    ] {
        let text = says(&server, "SSL_CERT_FILE", path.as_os_str());
        let expected = format!(
            "{unknown}; SSL_CERT_FILE={}: {why}; no certificate is trusted at all",
            path.display()
        );
        assert!(text.ends_with(&expected), "{text}");
    }
    let text = says(&server, "WINHTTP_SHIM_TRUST", OsStr::new("everybody"));
    let expected = "; WINHTTP_SHIM_TRUST=everybody: must be system or webpki-roots; no certificate is trusted at all";
    assert!(text.ends_with(expected), "{text}");
    // Another authority is trusted, and nothing is wrong with the configuration.
    let other = Authority::named("Other").unwrap();
    let text = says(
        &server,
        "SSL_CERT_FILE",
        file("other.pem", &other.pem()).as_os_str(),
    );
    assert!(text.ends_with(unknown), "{text}");
}
