//! Programs written for `<windows.h>` compile against the compat headers without a warning, in C
//! and C++ and every width, and its functions behave as on Windows.

use std::process::Command;

use winhttp_tests::program::ends;
use winhttp_tests::support::compiler::{Compilers, DIALECTS, Dialect, WIDTHS, check};
use winhttp_tests::support::programs::libraries;

/// Where the C sources are, for the header that they share.
const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/c/header");

/// Where the headers are that are found by their names on Windows.
const COMPAT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../winhttp-shim/include/compat"
);

/// What compat_streams.c writes.
const STREAMS: &str = "narrow gr\u{fc}\u{df} \u{1f600} 7\nline\n\u{e9}x\u{fffd}\n";

/// Each part alone; any of them may come first.
const PARTS: [&str; 26] = [
    "win32_base",
    "win32_error",
    "win32_memory",
    "win32_text",
    "win32_messages",
    "win32_time",
    "win32_sync",
    "win32_wait",
    "win32_thread",
    "win32_module",
    "crt_base",
    "crt_string",
    "crt_wide",
    "crt_format",
    "crt_printf",
    "crt_printf_narrow",
    "crt_main",
    "process",
    "sal",
    "strsafe",
    "versionhelpers",
    "winapifamily",
    "wincrypt",
    "winerror",
    "winsock2",
    "ws2tcpip",
];

/// Builds a program against libwinhttp in C and C++ and every width, by other compilers too where
/// WCHAR is `wchar_t`, runs it, and gives what it wrote to the standard error to `judge`.
fn run_everywhere(name: &str, source: &str, exit_code: i32, judge: fn(&str)) {
    let libraries = libraries().display().to_string();
    let folder = format!("-L{libraries}");
    let run_path = format!("-Wl,-rpath,{libraries}");
    let everywhere = [Dialect::C("c11"), Dialect::Cpp("c++20")]
        .into_iter()
        .flat_map(|dialect| WIDTHS.map(|width| (dialect, width)));
    for (dialect, width) in everywhere {
        let mut all = Compilers::present();
        if width.contains(&"-DWINHTTP_CHAR16") {
            all.truncate(1);
        }
        for compilers in all {
            let flags = [
                width,
                &["-I", SOURCES, "-DUNICODE", "-Wall", "-Wextra", "-Wpedantic"],
                &["-Werror", "-pthread", "-g", &folder, &run_path],
                &["-lwinhttp", "-ldl"],
            ];
            let program = compilers
                .build(name, source, dialect, &flags.concat())
                .unwrap();
            let (status, _, messages) = ends(&mut Command::new(program.path()));
            let at = format!("{compilers:?} {dialect:?} {width:?}: {messages}");
            assert_eq!(status.code(), Some(exit_code), "{at}");
            judge(&messages);
        }
    }
}

#[test]
fn every_part_compiles_alone_in_the_oldest_dialects() {
    for part in PARTS {
        let source = format!("#include \"compat/{part}.h\"\nint main(void) {{ return 0; }}\n");
        for dialect in [Dialect::C("c99"), Dialect::Cpp("c++11")] {
            for width in WIDTHS {
                check(&format!("compat_{part}"), &source, dialect, width).unwrap();
            }
        }
    }
}

#[test]
fn text_messages_and_memory_behave_as_windows_says() {
    let source = include_str!("../../c/header/compat_text.c");
    run_everywhere("compat_text", source, 0, |messages| {
        assert_eq!(messages, "debug \u{e9}\n", "OutputDebugString");
    });
}

/// C libraries have macros and functions of their own then, by the names that the compat headers
/// take over.
#[test]
fn headers_compile_where_the_c_library_checks_more() {
    let source = "#include <stdio.h>\n#include <wchar.h>\n#include \"compat/tchar.h\"\n\
        int main(void) { wprintf(L\"%s\\n\", L\"\"); printf(\"\\n\"); return (int)_tcslen(_T(\"\")); }\n";
    for compilers in Compilers::present() {
        for dialect in [Dialect::C("gnu11"), Dialect::Cpp("c++17")] {
            for width in &WIDTHS[..2] {
                let flags = [*width, &["-DUNICODE", "-O2", "-D_FORTIFY_SOURCE=2"]].concat();
                compilers
                    .check("fortified", source, dialect, &flags)
                    .unwrap();
            }
        }
    }
}

#[test]
fn strings_of_the_c_library_behave_as_microsoft_documents() {
    let source = include_str!("../../c/header/compat_strings.c");
    run_everywhere("compat_strings", source, 0, |messages| {
        assert_eq!(messages, "");
    });
}

#[test]
fn formats_mean_what_microsoft_documents() {
    let source = include_str!("../../c/header/compat_formats.c");
    run_everywhere("compat_formats", source, 0, |messages| {
        assert_eq!(messages, "");
    });
}

#[test]
fn wide_text_is_written_and_read_as_utf_8_between_narrow_text() {
    let source = include_str!("../../c/header/compat_streams.c");
    run_everywhere("compat_streams", source, 0, |messages| {
        assert_eq!(messages, STREAMS);
    });
}

#[test]
fn threads_waits_and_locks_behave_as_windows_says() {
    let source = include_str!("../../c/header/compat_waits.c");
    run_everywhere("compat_waits", source, 0, |messages| {
        assert_eq!(messages, "");
    });
}

#[test]
fn threads_of_the_c_library_end_as_microsoft_documents() {
    let source = include_str!("../../c/header/compat_process.c");
    run_everywhere("compat_process", source, 0, |messages| {
        assert_eq!(messages, "");
    });
}

#[test]
fn the_sdks_tags_name_the_same_structures() {
    let source = include_str!("../../c/header/sdk_tags.c");
    for dialect in DIALECTS {
        check("sdk_tags", source, dialect, &["-I", COMPAT]).unwrap();
    }
}

#[test]
fn dates_modules_and_the_process_behave_as_windows_says() {
    let source = include_str!("../../c/header/compat_misc.c");
    run_everywhere("compat_misc", source, 7, |messages| {
        assert_eq!(messages, "");
    });
}
