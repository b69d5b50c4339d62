//! Verifies that idle threads keep next to nothing of the memory that large messages needed, and
//! that what a caller or a peer asks for in vain is refused.

use std::process::Command;

use winhttp_fixtures::certs::{Authority, IdentityOptions};
use winhttp_fixtures::{Connection, Server, by_path};
use winhttp_tests::program::run as run_command;
use winhttp_tests::scratch::Scratch;
use winhttp_tests::support::programs::{build, run};

/// What an idle thread may keep.
const THREAD_KIB: i64 = 64;
/// What the process keeps for all of them.
const PROCESS_KIB: i64 = 4 * 1024;

#[test]
fn a_thread_keeps_little_of_a_large_message() {
    let program = build("process_memory.c", &[], &["-lwinhttp"]);
    let own = Scratch::new("files");
    let authority = Authority::new().unwrap();
    let identity = authority.issue(&IdentityOptions::default()).unwrap();
    let file = authority.write_pem(own.path()).unwrap();
    for mode in ["sync", "async"] {
        for scheme in ["plain", "tls"] {
            let server = match scheme {
                "tls" => Server::tls(by_path, &identity).unwrap(),
                _ => Server::plain(by_path).unwrap(),
            };
            let mut command = Command::new(&program.file);
            command.args([&server.port().to_string(), mode, scheme]);
            let printed = run_command(command.env("SSL_CERT_FILE", &file));
            // A process may have shrunk.
            let numbers: Vec<i64> = printed
                .split(' ')
                .filter_map(|word| word.parse().ok())
                .collect();
            let [kib, threads] = numbers[..] else {
                panic!("{printed}");
            };
            let most = threads * THREAD_KIB + PROCESS_KIB;
            assert!(kib <= most, "{mode} {scheme}: {printed}");
        }
    }
}

/// A server whose answer's head never ends, unless the path is another one.
fn endless(connection: &mut Connection) -> std::io::Result<()> {
    while let Some(request) = connection.read_head()? {
        if request.target != "/endless-head" {
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
            continue;
        }
        connection.send(b"HTTP/1.1 200 OK\r\n")?;
        let field = [b"X-Field: ".to_vec(), vec![b'x'; 60_000], b"\r\n".to_vec()].concat();
        while connection.send(&field).is_ok() {}
        break;
    }
    Ok(())
}

#[test]
fn what_is_asked_for_in_vain_is_refused() {
    let program = build("process_exhaustion.c", &[], &["-lwinhttp"]);
    for mode in ["sync", "async"] {
        let server = Server::plain(endless).unwrap();
        let printed = run(&program, &[&server.port().to_string(), mode]);
        assert_eq!(printed, "done\n", "{mode}");
    }
}
