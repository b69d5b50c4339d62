//! Programs written for `<windows.h>` compile against the compat headers without a warning, in C and C++ and every
//! width, and its functions behave as on Windows.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

#[path = "../c/header/compiler.rs"]
mod compiler;

use std::process::Command;

use compiler::{DIALECTS, Dialect, WIDTHS, build, check};

/// Where the C sources are, for the header that they share.
const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/c/header");

/// Each part alone; any of them may come first.
const PARTS: [&str; 8] = [
    "base", "memory", "text", "messages", "time", "sync", "wait", "module",
];

/// Builds a program against libwinhttp in C and C++ and every width, runs it, and gives what it wrote to the standard
/// error to `judge`.
fn run_everywhere(name: &str, source: &str, exit_code: i32, judge: fn(&str)) {
    let libraries = std::env::current_exe().unwrap();
    let libraries = libraries.parent().unwrap().display().to_string();
    let folder = format!("-L{libraries}");
    let run_path = format!("-Wl,-rpath,{libraries}");
    for dialect in [Dialect::C("c11"), Dialect::Cpp("c++20")] {
        for width in WIDTHS {
            let flags = [
                width,
                &["-I", SOURCES, "-DUNICODE", "-Wall", "-Wextra", "-Wpedantic"],
                &["-Werror", "-pthread", "-g", &folder, &run_path],
                &["-lwinhttp", "-ldl"],
            ];
            let program = build(name, source, dialect, &flags.concat()).unwrap();
            let output = Command::new(program.path()).output().unwrap();
            let messages = String::from_utf8_lossy(&output.stderr);
            let at = format!("{dialect:?} {width:?}: {messages}");
            assert_eq!(output.status.code(), Some(exit_code), "{at}");
            judge(&messages);
        }
    }
}

#[test]
fn every_part_compiles_alone_in_every_dialect() {
    for part in PARTS {
        let source =
            format!("#include \"compat/win32_{part}.h\"\nint main(void) {{ return 0; }}\n");
        for dialect in DIALECTS {
            for width in WIDTHS {
                check(&format!("compat_{part}"), &source, dialect, width).unwrap();
            }
        }
    }
}

#[test]
fn text_messages_and_memory_behave_as_windows_says() {
    let source = include_str!("../c/header/compat_text.c");
    run_everywhere("compat_text", source, 0, |messages| {
        assert_eq!(messages, "debug \u{e9}\n", "OutputDebugString");
    });
}

#[test]
fn threads_waits_and_locks_behave_as_windows_says() {
    let source = include_str!("../c/header/compat_waits.c");
    run_everywhere("compat_waits", source, 0, |messages| {
        assert_eq!(messages, "");
    });
}

#[test]
fn dates_modules_and_the_process_behave_as_windows_says() {
    let source = include_str!("../c/header/compat_misc.c");
    run_everywhere("compat_misc", source, 7, |messages| {
        assert_eq!(messages, "");
    });
}
