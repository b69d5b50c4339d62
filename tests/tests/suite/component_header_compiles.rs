//! websocket.h compiles without a warning in every dialect and company, by every compiler at hand.

use std::fs;

use winhttp_tests::support::compiler::{Compilers, DIALECTS, Dialect, WEBSOCKET, WINHTTP, check};

const OURS: &str = "#include <websocket.h>\n";
const OTHER: &str = "#include <winhttp.h>\n";
const SYSTEM: &str = "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n\
    #include <errno.h>\n#include <poll.h>\n#include <sys/types.h>\n#include <sys/socket.h>\n\
    #include <netinet/in.h>\n#include <arpa/inet.h>\n#include <netdb.h>\n";

/// Uses types, constants and all functions, so that declarations alone do not pass.
const PROGRAM: &str = include_str!("../../c/header/use_websocket.c");

fn header(folder: &str, name: &str) -> String {
    fs::read_to_string(format!("{folder}/{name}")).unwrap()
}

/// The lines from one that begins so to the next `#endif`.
fn block(header: &str, begin: &str) -> String {
    let lines = header.lines().skip_while(|line| !line.starts_with(begin));
    let text: Vec<&str> = lines.take_while(|line| *line != "#endif").collect();
    text.join("\n")
}

#[test]
fn alone_twice_around_system_headers_and_with_winhttp_h() {
    let arrangements = [
        format!("{OURS}{PROGRAM}"),
        format!("{OURS}{OURS}{PROGRAM}"),
        format!("{OURS}{SYSTEM}{PROGRAM}"),
        format!("{SYSTEM}{OURS}{PROGRAM}"),
        format!("{OTHER}{OURS}{PROGRAM}"),
        format!("{OURS}{OTHER}{PROGRAM}"),
    ];
    for compilers in Compilers::present() {
        for dialect in DIALECTS {
            for source in &arrangements {
                compilers
                    .check("component_arrangement", source, dialect, &[])
                    .unwrap();
            }
        }
    }
}

#[test]
fn with_the_small_windows_h_in_either_order() {
    let windows = "#include \"compat/windows.h\"\n#include \"compat/case/WinHttp.h\"\n";
    for compilers in Compilers::present() {
        for dialect in DIALECTS {
            for unicode in ["-DUNICODE", "-DTEST_NARROW"] {
                let first = format!("{windows}{OURS}{PROGRAM}");
                let check = |source: &str, flags: &[&str]| {
                    compilers.check("component_windows", source, dialect, flags)
                };
                check(&first, &[unicode]).unwrap();
                let last = format!("{OURS}{windows}{PROGRAM}");
                let posix = if cfg!(target_os = "linux") {
                    "-D_POSIX_C_SOURCE=200809L"
                } else {
                    "-DTEST_ALWAYS_POSIX"
                };
                check(&last, &[unicode, posix]).unwrap();
            }
        }
    }
}

/// Compilers remark on these habits in any program; they must not be errors.
#[test]
fn habits_of_programs_for_windows_are_accepted() {
    let source = format!("#include <stddef.h>\n{OURS}{PROGRAM}");
    let flags = [
        "-DTEST_LOOSE_HABITS",
        "-Wno-sign-compare",
        "-Wno-missing-field-initializers",
        "-Wno-missing-braces",
    ];
    for compilers in Compilers::present() {
        for dialect in DIALECTS {
            compilers
                .check("component_habits", &source, dialect, &flags)
                .unwrap();
        }
    }
}

#[test]
fn it_needs_no_other_header_than_two_of_the_language() {
    let header = header(WEBSOCKET, "websocket.h");
    let lines = header.lines().filter(|line| line.starts_with("#include"));
    let includes: Vec<&str> = lines.collect();
    assert_eq!(includes, ["#include <stddef.h>", "#include <stdint.h>"]);
}

#[test]
fn the_base_types_it_shares_with_winhttp_h_are_the_same_text() {
    let begin = "/* Base types that winhttp.h and websocket.h share";
    let ours = block(&header(WEBSOCKET, "websocket.h"), begin);
    let theirs = block(&header(WINHTTP, "winhttp.h"), begin);
    assert!(ours.contains("typedef uint32_t ULONG"), "{ours}");
    assert_eq!(ours, theirs);
}

#[test]
fn the_windows_sdk_is_pointed_to_on_windows() {
    let message = check("component_refused", OURS, Dialect::C("c11"), &["-D_WIN32"]).unwrap_err();
    assert!(message.contains("Windows SDK"), "{message}");
}

#[test]
fn base_types_of_the_program_are_taken_when_their_sizes_are_right() {
    let begin = "#if !defined(WINHTTP_NO_BASE_TYPES) && !defined(WINHTTP_SHIM_SHARED_TYPES)";
    let types = block(&header(WEBSOCKET, "websocket.h"), begin);
    let types = types.replace(begin, "");
    let source = |types: &str| {
        format!("#include <stdint.h>\n{types}\n#define WINHTTP_NO_BASE_TYPES\n{OURS}")
    };
    for dialect in [Dialect::C("c11"), Dialect::Cpp("c++11")] {
        check("component_types", &source(&types), dialect, &[]).unwrap();
        for (name, right, wrong) in [
            ("ULONG", "uint32_t ULONG", "unsigned long ULONG"),
            ("USHORT", "uint16_t USHORT", "uint32_t USHORT"),
            ("BOOL", "int32_t BOOL", "char BOOL"),
            ("HRESULT", "int32_t HRESULT", "long HRESULT"),
        ] {
            assert!(types.contains(right));
            let source = source(&types.replace(right, wrong));
            let message = check("component_types", &source, dialect, &[]).unwrap_err();
            let expected = format!("websocket_size_of_{name}");
            assert!(message.contains(&expected), "{message}");
        }
    }
}
