//! Verifies whose proxy settings count in a process with raised privileges, and in the child of a
//! fork.

use std::fs;
use std::process::Command;

use winhttp_tests::program::run as run_command;
use winhttp_tests::scratch::Scratch;
use winhttp_tests::support::programs::{Program, WIDTHS, build};

const FILE: &str = "default-proxy = file:1\ndefault-bypass = <local>\npac-url = http://s/p\n";

/// A program's own folder with settings, and environment.
fn command(own: &Scratch, program: &Program, case: &str) -> Command {
    let folder = own.path().join("winhttp");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("proxy.conf"), FILE).unwrap();
    let mut command = Command::new(&program.file);
    command
        .arg(case)
        .env("XDG_CONFIG_HOME", own.path())
        .env("HOME", own.path())
        .env("http_proxy", "environment:1");
    command
}

#[test]
fn fact_40_7_a_program_has_its_users_settings() {
    for width in WIDTHS {
        let program = build("process_settings.c", width, &["-lwinhttp", "-ldl"]);
        let own = Scratch::new("settings");
        let printed = run_command(&mut command(&own, &program, "show"));
        let expected = "machine 3, proxy file:1, bypass <local>\n\
            user 0, script http://s/p, proxy none, bypass none\nstored: 0\n";
        assert_eq!(printed, expected);
        fs::remove_file(own.path().join("winhttp/proxy.conf")).unwrap();
        let printed = run_command(
            Command::new(&program.file)
                .arg("show")
                .env("XDG_CONFIG_HOME", own.path())
                .env("http_proxy", "environment:1"),
        );
        let expected = "machine 3, proxy http=environment:1, bypass none\n\
            user 0, script none, proxy http=environment:1, bypass none\nstored: 0\n";
        assert_eq!(printed, expected);
    }
}

#[test]
fn fact_8_4_1_a_program_with_raised_privileges_has_no_settings_and_stores_none() {
    let flags = ["-DRAISED", "-rdynamic", "-lwinhttp", "-ldl"];
    let program = build("process_settings.c", &[], &flags);
    let own = Scratch::new("settings");
    let printed = run_command(&mut command(&own, &program, "show"));
    let expected = "machine 1, proxy none, bypass none\n\
        user 0, script none, proxy none, bypass none\nstored: 5\n";
    assert_eq!(printed, expected);
    let file = fs::read_to_string(own.path().join("winhttp/proxy.conf")).unwrap();
    assert_eq!(file, FILE);
}

#[test]
fn fact_30_5_5_the_child_of_a_fork_watches_for_itself() {
    let program = build("process_settings.c", &[], &["-lwinhttp", "-ldl"]);
    let own = Scratch::new("settings");
    let printed = run_command(&mut command(&own, &program, "fork"));
    let user = "user 0, script http://s/p, proxy none, bypass none\n";
    let expected = format!(
        "machine 3, proxy parent:1, bypass none\n{user}machine 3, proxy child:2, bypass none\n{user}"
    );
    assert_eq!(printed, expected);
}
