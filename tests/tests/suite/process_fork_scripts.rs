//! Verifies that a process can fork while proxy scripts are fetched or run: the child asks anew, is
//! refused what its parent's threads work on, and uses what nobody has used yet.

use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use winhttp_fixtures::{Connection, Server};
use winhttp_tests::PATIENCE;
use winhttp_tests::program::{start, wait};
use winhttp_tests::scratch::Scratch;
use winhttp_tests::support::autoproxy::{finds, serves};
use winhttp_tests::support::programs::{build, run};
use winhttp_tests::support::proxy::{answers_as_proxy, everything};

fn children_ask(case: &str) {
    let program = build("process_fork_scripts.c", &[], &["-lwinhttp"]);
    for mode in ["sync", "async"] {
        let server = serves(finds("return 'PROXY x'"));
        let printed = run(&program, &[&server.port().to_string(), mode, case]);
        assert_eq!(printed, "", "{mode}");
        assert_eq!(server.violations(), [], "{mode}");
    }
}

#[test]
fn handles_that_were_not_used_yet_find_proxies() {
    children_ask("unused");
}

#[test]
fn a_look_up_stays_the_parents() {
    children_ask("busy");
}

/// The first script comes when the child has had its answer: nothing of it is the parent's.
#[test]
fn a_requests_look_up_stays_the_parents() {
    let program = build("process_fork_routes.c", &[], &["-lwinhttp"]);
    for mode in ["sync", "async"] {
        let through = answers_as_proxy(everything);
        let script = finds(&format!("return 'PROXY {}'", through.authority()));
        let is_first = AtomicBool::new(true);
        let server = Server::plain(move |connection: &mut Connection| {
            while connection.read_head()?.is_some() {
                if is_first.swap(false, Ordering::Relaxed) {
                    let _released = connection.hold("script")?;
                }
                let length = script.len();
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
                connection.send((head + &script).as_bytes())?;
            }
            Ok(())
        })
        .unwrap();
        let own = Scratch::new("fork-routes");
        fs::create_dir(own.path().join("winhttp")).unwrap();
        let file = format!("pac-url = {}", server.url("/proxy.pac"));
        fs::write(own.path().join("winhttp/proxy.conf"), file).unwrap();
        let mut command = Command::new(&program.file);
        let mut process = start(command.arg(mode).env("XDG_CONFIG_HOME", own.path()));
        server.wait_request(0, PATIENCE).unwrap();
        drop(process.stdin.take());
        through.wait_request(0, PATIENCE).unwrap();
        server.release("script").unwrap();
        let (status, printed, errors) = wait(process);
        assert!(status.success(), "{mode}: {printed}{errors}");
        assert_eq!(through.requests().len(), 2, "{mode}");
        assert_eq!(server.violations(), [], "{mode}");
    }
}
