//! The programs in the README do what it says of them.

use std::fs;
use std::process::{Command, Stdio};

use winhttp_fixtures::{Server, by_path};
use winhttp_tests::program::{run, wait};
use winhttp_tests::support::compiler::{Dialect, build};
use winhttp_tests::support::programs::libraries;

/// The C programs of the README that use this header, as they stand there.
fn programs(header: &str) -> Vec<String> {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).unwrap();
    let blocks = readme.split("\n```c\n").skip(1);
    let programs = blocks.map(|block| block.split("```").next().unwrap().to_owned());
    programs
        .filter(|program| program.contains(&format!("#include <{header}>")))
        .collect()
}

#[test]
fn the_handshake_and_the_loop_of_websocket_h_make_a_client() {
    let parts = programs("websocket.h");
    assert_eq!(parts.len(), 2, "the handshake and the loop");
    let source = parts.concat() + include_str!("../../c/readme_websocket.c");
    let libraries = libraries().display().to_string();
    let flags = [
        "-Wall",
        "-Wextra",
        "-Werror",
        &format!("-L{libraries}"),
        &format!("-Wl,-rpath,{libraries}"),
        "-lwebsocket",
    ];
    let program = build("readme_websocket", &source, Dialect::C("gnu99"), &flags).unwrap();
    let server = Server::plain(by_path).unwrap();
    let port = server.port().to_string();
    // A message right behind the server's head, an echo, and a refusal.
    for (path, expected) in [
        ("/greeting", "hello\ngrüß dich\n"),
        ("/echo", "grüß dich\nclose 1000\n"),
    ] {
        let printed =
            run(Command::new(program.path()).args(["127.0.0.1", &port, path, "grüß dich"]));
        assert_eq!(printed, expected, "{path}");
    }
    for path in ["/status", "/bad-accept"] {
        let process = Command::new(program.path())
            // Cargo's search path comes before the program's own, and may lead to an older library.
            .env_remove("LD_LIBRARY_PATH")
            .args(["127.0.0.1", &port, path, "x"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (status, printed, _) = wait(process);
        assert_eq!(
            (status.code(), printed.as_str()),
            (Some(1), "no handshake\n"),
            "{path}"
        );
    }
}

/// Packages chosen with `-p` get features of their own, so that dependencies are compiled once
/// more. libwebsocket has next to none.
#[test]
fn what_one_command_compiled_the_next_does_not_compile_again() {
    let mut commands = 0;
    for page in [
        "README.md",
        "docs/dotnet.md",
        "docs/fixture-server.md",
        "docs/python.md",
        "examples/README.md",
        "examples/winhttp-cat/README.md",
    ] {
        let text = fs::read_to_string(format!("{}/../{page}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let lines = text
            .lines()
            .filter(|line| line.starts_with("cargo build") || line.starts_with("cargo run"));
        for line in lines {
            commands += 1;
            let is_chosen = line.replace("-p websocket-shim", "").contains(" -p ");
            assert!(!is_chosen, "{page}: {line}");
        }
    }
    assert!(commands > 8, "{commands} commands were found");
}
