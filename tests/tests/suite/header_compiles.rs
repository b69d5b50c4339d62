//! The C headers compile without a warning in every dialect, width and company, and bind every
//! function to the symbol of the chosen width.

use std::fs;
use std::process::Command;

use winhttp_tests::support::compiler::{DIALECTS, Dialect, WIDTHS, WINHTTP, build, check};

/// Headers a program may include before or after ours.
const SYSTEM: &str = "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n\
    #include <wchar.h>\n#include <errno.h>\n#include <sys/types.h>\n#include <sys/socket.h>\n\
    #include <netinet/in.h>\n#include <netinet/tcp.h>\n#include <arpa/inet.h>\n#include <netdb.h>\n";

/// Uses types, constants and functions, so that declarations alone do not pass.
const PROGRAM: &str = include_str!("../../c/header/use_winhttp.c");

fn header() -> Result<String, String> {
    fs::read_to_string(format!("{WINHTTP}/winhttp.h")).map_err(|error| error.to_string())
}

/// The functions the header binds to a symbol.
fn bound_functions(header: &str) -> Vec<&str> {
    let labels = header.split("WINHTTP_SYMBOL(").skip(1);
    labels
        .filter_map(|rest| rest.split(')').next())
        .filter(|name| *name != "name")
        .collect()
}

/// Expectation 31: in C99 and later, C++11 and later, alone, before or after system headers, and
/// twice. Expectation 29: `L""` and `wchar_t` in the default width.
#[test]
fn winhttp_h_compiles_alone_twice_and_around_system_headers() {
    let ours = "#include <winhttp.h>\n";
    let arrangements = [
        ("alone", format!("{ours}{PROGRAM}")),
        ("twice", format!("{ours}{ours}{PROGRAM}")),
        ("before", format!("{ours}{SYSTEM}{PROGRAM}")),
        ("after", format!("{SYSTEM}{ours}{PROGRAM}")),
    ];
    for dialect in DIALECTS {
        for width in WIDTHS {
            for (arrangement, source) in &arrangements {
                check(&format!("winhttp_{arrangement}"), source, dialect, width).unwrap();
            }
        }
    }
}

#[test]
fn winhttp_shim_h_compiles_alone_and_behind_winhttp_h() {
    let ours = "#include <winhttp_shim.h>\n";
    let ask = "int main(void) { DWORD size = 0; return WinHttpShimGetErrorDetail(1, NULL, &size) != \
               WinHttpShimGetErrorDetailUtf8(1, NULL, &size) || !WINHTTP_SHIM_ERROR_DETAIL; }\n";
    for dialect in DIALECTS {
        for width in WIDTHS {
            for (name, before) in [("alone", ""), ("behind", "#include <winhttp.h>\n")] {
                let source = format!("{before}{ours}{ours}{ask}");
                check(&format!("winhttp_shim_{name}"), &source, dialect, width).unwrap();
            }
        }
    }
}

#[test]
fn compat_headers_compile_under_all_spellings() {
    let ours = "#include \"compat/windows.h\"\n#include \"compat/case/Windows.h\"\n\
        #include \"compat/case/WinHttp.h\"\n#include \"compat/tchar.h\"\n#include \"compat/strsafe.h\"\n\
        #include \"compat/process.h\"\n#include \"compat/winsock2.h\"\n#include <winhttp.h>\n";
    for dialect in DIALECTS {
        for width in WIDTHS {
            for unicode in ["-DUNICODE", "-DWINHTTP_TEST_NARROW"] {
                let mut flags = [width, &[unicode]].concat();
                let first = format!("{ours}{SYSTEM}{PROGRAM}");
                check("compat_first", &first, dialect, &flags).unwrap();
                if cfg!(target_os = "linux") {
                    flags.push("-D_POSIX_C_SOURCE=200809L");
                }
                let last = format!("{SYSTEM}{ours}{PROGRAM}");
                check("compat_last", &last, dialect, &flags).unwrap();
            }
        }
    }
}

#[test]
fn compat_header_says_what_to_do_where_posix_is_hidden() {
    let source =
        "#include <stdio.h>\n#include \"compat/windows.h\"\nint main(void) { return 0; }\n";
    if cfg!(target_os = "linux") {
        let message = check("compat_hidden", source, Dialect::C("c11"), &[]).unwrap_err();
        assert!(message.contains("define _POSIX_C_SOURCE"), "{message}");
    }
    check("compat_hidden", source, Dialect::C("gnu11"), &[]).unwrap();
}

#[test]
fn every_function_is_bound_to_the_symbol_of_its_width() {
    let header = header().unwrap();
    let functions = bound_functions(&header);
    assert_eq!(functions.len(), 56);
    let uses: String = functions
        .iter()
        .map(|name| format!("    (any){name},\n"))
        .collect();
    let source = format!(
        "#include <winhttp.h>\ntypedef void (*any)(void);\nextern const any table[];\n\
        const any table[] = {{\n{}}};\n",
        uses
    );
    for (width, symbol) in [
        (WIDTHS[0], "winhttp32_"),
        (WIDTHS[1], "winhttp16_"),
        (WIDTHS[2], "winhttp16_"),
    ] {
        for dialect in [Dialect::C("c11"), Dialect::Cpp("c++11")] {
            let flags = [width, &["-c"]].concat();
            let object = build("symbols", &source, dialect, &flags).unwrap();
            let object = fs::read(object.path()).unwrap();
            let text = String::from_utf8_lossy(&object);
            for name in &functions {
                assert!(
                    text.contains(&format!("{symbol}{name}\0")),
                    "{symbol}{name} is not used"
                );
            }
            assert_eq!(
                text.matches("winhttp").count(),
                56,
                "a function has another name"
            );
        }
    }
}

#[test]
fn every_prototype_carries_its_own_name_as_label() {
    let header = header().unwrap();
    let one_line = header.split_whitespace().collect::<Vec<_>>().join(" ");
    for name in bound_functions(&header) {
        let declaration = format!("WINAPI {name}(");
        assert_eq!(one_line.matches(&declaration).count(), 1, "{name}");
        let after = one_line.split(&declaration).nth(1).unwrap();
        let statement = after.split(';').next().unwrap();
        assert!(
            statement.ends_with(&format!("WINHTTP_SYMBOL({name})")),
            "{name}: {statement}"
        );
    }
}

#[test]
fn unsuitable_targets_are_refused_with_a_reason() {
    let source = "#include <winhttp.h>\n";
    let windows = check("refused", source, Dialect::C("c11"), &["-D_WIN32"]).unwrap_err();
    assert!(windows.contains("Windows SDK"), "{windows}");
    let flags = [
        "-U__SIZEOF_POINTER__",
        "-D__SIZEOF_POINTER__=4",
        "-Wno-builtin-macro-redefined",
    ];
    let narrow = check("refused", source, Dialect::C("c11"), &flags).unwrap_err();
    assert!(narrow.contains("64-bit target"), "{narrow}");
}

#[test]
fn base_types_of_the_program_are_taken_when_their_sizes_are_right() {
    let header = header().unwrap();
    let (_, types) = header.split_once("the same in both. */\n").unwrap();
    let (types, _) = types.split_once("/* Types of WinHTTP").unwrap();
    let source = |types: &str| {
        format!(
            "#include <stddef.h>\n#include <stdint.h>\ntypedef wchar_t WCHAR;\n{types}\n\
            #define WINHTTP_NO_BASE_TYPES\n#include <winhttp.h>\n"
        )
    };
    check("own_types", &source(types), Dialect::C("c11"), &[]).unwrap();
    let wrong = types.replace("typedef uint32_t DWORD", "typedef unsigned long DWORD");
    let message = check("own_types", &source(&wrong), Dialect::C("c11"), &[]).unwrap_err();
    assert!(message.contains("winhttp_size_of_DWORD"), "{message}");
}

/// Expectation 30: fixed widths, annotations allowed, legacy words never defined.
#[test]
fn legacy_direction_words_and_min_and_max_are_left_to_the_program() {
    let source = "#include \"compat/windows.h\"\n#include <algorithm>\n\
        #if defined(__in) || defined(__out) || defined(IN) || defined(OUT) || defined(OPTIONAL)\n\
        #error \"a legacy direction word is defined\"\n#endif\n\
        int main() { return std::min(0, std::max(-1, 0)); }\n";
    check("legacy", source, Dialect::Cpp("c++17"), &[]).unwrap();
}

#[test]
fn compat_events_and_locks_behave_as_windows_says() {
    let source = include_str!("../../c/header/compat_windows.c");
    for dialect in [Dialect::C("c11"), Dialect::Cpp("c++11")] {
        let flags = ["-Wall", "-Wextra", "-Werror", "-pthread"];
        let program = build("compat_windows", source, dialect, &flags).unwrap();
        let output = Command::new(program.path())
            // Cargo's search path comes before the program's own, and may lead to an older library.
            .env_remove("LD_LIBRARY_PATH")
            .output()
            .unwrap();
        let messages = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{dialect:?}: {messages}");
    }
}
