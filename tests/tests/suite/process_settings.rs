//! Verifies whose proxy settings count in a process with raised privileges, and in the child of a
//! fork.

use std::fs;
use std::process::Command;

use winhttp_tests::program::run as run_command;
use winhttp_tests::scratch::Scratch;
use winhttp_tests::support::own_process::PROXY_VARIABLES;
use winhttp_tests::support::programs::{Program, WIDTHS, build};
use winhttp_tests::support::proxy::{answers_as_proxy, everything};

const FILE: &str = "default-proxy = file:1\ndefault-bypass = <local>\npac-url = http://s/p\n";

/// A program's own folder with settings, and environment.
fn command(own: &Scratch, program: &Program, case: &str) -> Command {
    let folder = own.path().join("winhttp");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("proxy.conf"), FILE).unwrap();
    let mut command = Command::new(&program.file);
    for variable in PROXY_VARIABLES {
        command.env_remove(variable);
    }
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
        let mut shows = command(&own, &program, "show");
        let expected = "machine 3, proxy file:1, bypass <local>\n\
            user 0, script http://s/p, proxy none, bypass none\nstored: 0\n";
        assert_eq!(run_command(&mut shows), expected);
        fs::remove_file(own.path().join("winhttp/proxy.conf")).unwrap();
        let printed = run_command(shows.env_remove("HOME"));
        let expected = "machine 3, proxy http=environment:1, bypass none\n\
            user 0, script none, proxy http=environment:1, bypass none\nstored: 0\n";
        assert_eq!(printed, expected);
    }
}

/// Nobody goes direct for lack of descriptors.
#[test]
fn settings_that_cannot_be_looked_at_are_not_none() {
    for width in WIDTHS {
        let program = build("process_settings.c", width, &["-lwinhttp", "-ldl"]);
        let own = Scratch::new("settings");
        let printed = run_command(&mut command(&own, &program, "starved"));
        let before = "machine 3, proxy file:1, bypass <local>\n\
            user 0, script http://s/p, proxy none, bypass none\n";
        let behind = "machine 3, proxy changed:2, bypass none\n\
            user 0, script none, proxy http=environment:1, bypass none\n";
        assert_eq!(printed, [before, before, behind].concat());
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

/// Nor do its requests go where a variable or a file says it, and no password of a variable leaves.
#[test]
fn facts_40_7_and_8_4_1_requests_of_a_program_with_raised_privileges_go_directly() {
    const NOT_RESOLVED: &str = "type 0: error 12007\ntype 4: error 12007\n";
    let raised = ["-DRAISED", "-rdynamic", "-lwinhttp", "-ldl"];
    for (flags, expected) in [
        (&["-lwinhttp", "-ldl"][..], "type 0: 200\ntype 4: 200\n"),
        (&raised[..], NOT_RESOLVED),
    ] {
        let program = build("process_settings.c", &[], flags);
        let own = Scratch::new("settings");
        let by_file = answers_as_proxy(everything);
        let by_variable = answers_as_proxy(everything);
        let mut command = command(&own, &program, "request");
        let file = format!("default-proxy = {0}\nproxy = {0}", by_file.authority());
        fs::write(own.path().join("winhttp/proxy.conf"), file).unwrap();
        let variable = format!("http://alice:hunter2@{}", by_variable.authority());
        assert_eq!(run_command(command.env("http_proxy", &variable)), expected);
        let is_raised = expected == NOT_RESOLVED;
        assert_eq!(by_file.requests().len(), if is_raised { 0 } else { 2 });
        fs::remove_file(own.path().join("winhttp/proxy.conf")).unwrap();
        assert_eq!(run_command(&mut command), expected);
        assert_eq!(by_variable.requests().len(), if is_raised { 0 } else { 2 });
    }
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

/// The thread that has called it in the parent ends in the child, which has one of its own.
#[test]
fn fact_30_5_5_the_child_that_a_callback_makes_watches_on_one_thread() {
    let program = build("process_settings.c", &[], &["-lwinhttp", "-ldl"]);
    let own = Scratch::new("settings");
    let printed = run_command(&mut command(&own, &program, "fork-inside"));
    let expected = "machine 3, proxy child:2, bypass none\n\
        user 0, script http://s/p, proxy none, bypass none\n";
    assert_eq!(printed, expected);
}
