//! Every row of the Rust table of constants is a macro of winhttp.h with the same value.

use std::collections::HashSet;
use std::fs;

use winhttp_abi::constants::ALL;
use winhttp_tests::support::compiler::{Dialect, WIDTHS, WINHTTP, check};

/// A buffer size in bytes: the one number that follows the width of the caller's characters.
const FOLLOWS_WIDTH: &str = "WINHTTP_TIME_FORMAT_BUFSIZE";

/// Macros of winhttp.h that are no numbers of the API.
const NOT_IN_TABLE: [&str; 25] = [
    "CALLBACK",
    "CONST",
    "GMEM_FIXED",
    "GMEM_ZEROINIT",
    "GPTR",
    "GUID_DEFINED",
    "VOID",
    "WINAPI",
    "WINHTTPAPI",
    "WINHTTP_DEFAULT_ACCEPT_TYPES",
    "WINHTTP_ENUM_BASE",
    "WINHTTP_HEADER_NAME_BY_INDEX",
    "WINHTTP_INVALID_STATUS_CALLBACK",
    "WINHTTP_LABEL_PREFIX",
    "WINHTTP_NO_ADDITIONAL_HEADERS",
    "WINHTTP_NO_CLIENT_CERT_CONTEXT",
    "WINHTTP_NO_HEADER_INDEX",
    "WINHTTP_NO_OUTPUT_BUFFER",
    "WINHTTP_NO_PROXY_BYPASS",
    "WINHTTP_NO_PROXY_NAME",
    "WINHTTP_NO_REFERER",
    "WINHTTP_NO_REQUEST_DATA",
    "WINHTTP_SHIM_SHARED_TYPES",
    "WINHTTP_SYMBOL_PREFIX",
    "WINHTTP_WCHAR_BITS",
];

/// A C or C++ text that compiles only when the header agrees with the table.
fn assertions() -> String {
    let mut source = String::from(
        "#include <winhttp.h>\n#ifdef __cplusplus\n#define CHECK static_assert\n#else\n\
        #define CHECK _Static_assert\n#endif\n",
    );
    for (name, value) in ALL {
        let expected = if *name == FOLLOWS_WIDTH {
            "31 * sizeof(WCHAR)".to_owned()
        } else {
            format!("{value}ull")
        };
        source.push_str(&format!(
            "#ifndef {name}\n#error \"{name} is no macro\"\n#endif\n\
            CHECK((unsigned long long)({name}) == {expected}, \"{name}\");\n"
        ));
    }
    source
}

/// Expectation 28: every constant is a macro.
#[test]
fn the_header_has_every_constant_with_its_value() {
    assert!(ALL.len() > 700, "the table is incomplete");
    for dialect in [Dialect::C("c11"), Dialect::Cpp("c++11")] {
        for width in WIDTHS {
            check("constants", &assertions(), dialect, width).unwrap();
        }
    }
}

#[test]
fn a_wrong_value_would_be_found() {
    let source = assertions().replace(
        "(WINHTTP_LAST_OPTION) == 196ull",
        "(WINHTTP_LAST_OPTION) == 1ull",
    );
    let message = check("constants_wrong", &source, Dialect::C("c11"), &[]).unwrap_err();
    assert!(message.contains("WINHTTP_LAST_OPTION"), "{message}");
}

#[test]
fn the_header_has_no_constant_that_the_table_lacks() {
    let header = fs::read_to_string(format!("{WINHTTP}/winhttp.h")).unwrap();
    let known: HashSet<&str> = ALL
        .iter()
        .map(|(name, _)| *name)
        .chain(NOT_IN_TABLE)
        .collect();
    for line in header.lines() {
        let Some(definition) = line.strip_prefix("#define ") else {
            continue;
        };
        let name = definition.split([' ', '(']).next().unwrap();
        let annotation = name.starts_with('_');
        let guard = name == "WINHTTP_SHIM_WINHTTP_H";
        let function_like = definition
            .strip_prefix(name)
            .is_some_and(|rest| rest.starts_with('('));
        if !annotation && !guard && !function_like {
            assert!(known.contains(name), "{name} is in no table");
        }
    }
}
