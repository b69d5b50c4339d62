//! Verifies that copies of the library live in one process, and that unloading one breaks nothing.

use std::fs;

use winhttp_fixtures::{Server, by_path};
use winhttp_tests::scratch::Scratch;
use winhttp_tests::support::programs;
use winhttp_tests::support::programs::{build, library, run};

fn works(case: &str, name: &str, link: &[&str]) {
    // The program must not be linked with the library, but for what it is linked with on purpose.
    let program = build("process_copies.c", &[], link);
    let own = Scratch::new("copy");
    let (original, copy) = (library(), own.path().join(format!("libcopy-{name}.so")));
    fs::copy(&original, &copy).unwrap();
    for mode in ["sync", "async"] {
        let server = Server::plain(by_path).unwrap();
        let paths = [&original, &copy].map(|path| path.to_str().unwrap());
        let port = server.port().to_string();
        let printed = run(&program, &[paths[0], paths[1], &port, mode, case]);
        assert_eq!(printed, "done\n", "{mode}");
    }
}

const UNLINKED: &[&str] = &["-ldl"];

#[test]
fn two_versions_through_dlopen() {
    works("two", "two", UNLINKED);
}

#[test]
fn two_versions_and_one_that_the_program_is_linked_with() {
    works("two", "linked", &["-DLINKED", "-lwinhttp", "-ldl"]);
}

#[cfg(target_os = "linux")] // elsewhere the archive needs other libraries
#[test]
fn two_versions_and_one_inside_the_program() {
    let archive = programs::libraries().join("libwinhttp.a");
    let inside = [
        "-DLINKED",
        archive.to_str().unwrap(),
        "-ldl",
        "-lm",
        "-lpthread",
    ];
    works("two", "inside", &inside);
    let exported = [&inside[..], &["-rdynamic"]].concat();
    works("two", "exported", &exported);
}

#[test]
fn closed_in_the_middle_of_everything() {
    works("unload", "unload", UNLINKED);
}

#[test]
fn closed_by_a_destructor_of_the_thread_that_used_it() {
    works("destructor", "destructor", UNLINKED);
}
