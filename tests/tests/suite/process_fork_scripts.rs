//! Verifies that a process can fork while proxy scripts are fetched or run: the child asks anew, is
//! refused what its parent's threads work on, and uses what nobody has used yet.

use winhttp_tests::support::autoproxy::{finds, serves};
use winhttp_tests::support::programs::{build, run};

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
