//! Verifies that a wall clock before 1970 makes certificates invalid, and nothing else.

use std::process::Command;

use winhttp_fixtures::certs::{Authority, IdentityOptions};
use winhttp_fixtures::{Server, by_path};
use winhttp_tests::program::run as run_command;
use winhttp_tests::scratch::Scratch;
use winhttp_tests::support::programs::build;

#[test]
fn certificates_are_not_valid_yet_in_1969() {
    let program = build("process_clock.c", &[], &["-rdynamic", "-lwinhttp"]);
    let own = Scratch::new("files");
    let authority = Authority::new().unwrap();
    let identity = authority.issue(&IdentityOptions::default()).unwrap();
    let file = authority.write_pem(own.path()).unwrap();
    for mode in ["sync", "async"] {
        let server = Server::tls(by_path, &identity).unwrap();
        let mut command = Command::new(&program.file);
        command.args([&server.port().to_string(), mode]);
        let printed = run_command(command.env("SSL_CERT_FILE", &file));
        assert_eq!(printed, "error 12175\nerror 0\n", "{mode}");
    }
}
