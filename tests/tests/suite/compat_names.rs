//! docs/porting.md lists every name of Windows that the compat headers provide, and no other.
//!
//! `UPDATE_DOCS=1` writes the list again.

use std::collections::BTreeMap;
use std::fs;

use winhttp_tests::support::programs::root;

const BEGIN: &str =
    "<!-- The list of names begins; tests/tests/suite/compat_names.rs writes it. -->\n";
const END: &str = "<!-- The list of names ends. -->\n";

/// The text without its comments.
fn code(text: &str) -> String {
    let mut parts = text.split("/*");
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |code, part| {
        let (_, rest) = part.split_once("*/").unwrap();
        code + " " + rest
    })
}

fn is_part_of_a_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

/// The name at the end of some text, or nothing.
fn last_name(text: &str) -> &str {
    let text = text.trim_end().trim_end_matches(']').trim_end();
    let begin = text.trim_end_matches(is_part_of_a_name).len();
    &text[begin..]
}

/// What `#define` defines.
fn macros(code: &str) -> Vec<String> {
    let lines = code
        .lines()
        .filter_map(|line| line.strip_prefix("#define "));
    lines
        .map(|line| line.chars().take_while(|c| is_part_of_a_name(*c)).collect())
        .collect()
}

/// The functions, which are all inline; both names where one text defines two.
fn functions(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    for definition in code.split("static inline ").skip(1) {
        let (before, behind) = definition.split_once('(').unwrap();
        match last_name(before) {
            "WINHTTP_COMPAT_OF" => {
                let (pair, _) = behind.split_once(')').unwrap();
                names.extend(pair.split(',').map(|name| name.trim().to_owned()));
            }
            name => names.push(name.to_owned()),
        }
    }
    names
}

/// The types: behind the last brace or the last star in parentheses, or at the end.
fn types(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    for definition in code.split("\ntypedef ").skip(1) {
        let mut depth = 0;
        let end = definition.find(|character| {
            depth += i32::from(character == '{') - i32::from(character == '}');
            character == ';' && depth == 0
        });
        let definition = &definition[..end.unwrap()];
        let pointer = definition
            .split_once("*")
            .filter(|(before, _)| before.contains('('));
        if let Some((_, behind)) = pointer.filter(|_| !definition.contains('{')) {
            names.push(last_name(behind.split_once(')').unwrap().0).to_owned());
            continue;
        }
        let declared = definition.rsplit('}').next().unwrap();
        names.extend(declared.split(',').map(|name| last_name(name).to_owned()));
    }
    names
}

/// The names of one header, sorted as a reader looks for them.
fn names(text: &str) -> Vec<String> {
    let code = code(text);
    let is_ours = |name: &String| {
        let name = name.to_lowercase();
        let guards = ["_posix_c_source", "_errno_t", "_rsize_t"];
        name.is_empty() || name.starts_with("winhttp_") || guards.contains(&&*name)
    };
    let all = [macros(&code), functions(&code), types(&code)].concat();
    let mut all: Vec<String> = all.into_iter().filter(|name| !is_ours(name)).collect();
    all.sort_by_key(|name| (name.to_lowercase(), name.clone()));
    all.dedup();
    all
}

/// Headers under the name that programs know, each with the names it provides.
fn headers() -> BTreeMap<String, Vec<String>> {
    let folder = root().join("winhttp-shim/include/compat");
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "h") {
            continue;
        }
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let header = file.replace("_units.h", ".h").replace("_narrow.h", ".h");
        let found = names(&fs::read_to_string(&path).unwrap());
        all.entry(header).or_default().extend(found);
    }
    for names in all.values_mut() {
        names.sort_by_key(|name| (name.to_lowercase(), name.clone()));
        names.dedup();
    }
    all.retain(|_, names| !names.is_empty());
    all
}

fn list() -> String {
    let mut list = String::new();
    for (header, names) in headers() {
        let by = match header.split_once('_') {
            Some(("win32" | "crt", _)) => format!("`<windows.h>` ({header})"),
            _ => format!("`<{header}>`"),
        };
        list += &format!("**{by}**: ");
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        list += &format!("{}\n\n", names.join(", "));
    }
    list
}

#[test]
fn the_list_in_porting_md_is_that_of_the_headers() {
    let path = root().join("docs/porting.md");
    let document = fs::read_to_string(&path).unwrap();
    let (before, rest) = document.split_once(BEGIN).unwrap();
    let (listed, after) = rest.split_once(END).unwrap();
    let list = list();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, format!("{before}{BEGIN}\n{list}{END}{after}")).unwrap();
        return;
    }
    assert!(
        listed.trim() == list.trim(),
        "docs/porting.md is out of date: run this test with UPDATE_DOCS=1"
    );
}

#[test]
fn names_of_every_kind_are_found() {
    let text = "/* #define NOT_THIS 1 */\n#define ONE(x) x\n#define WINHTTP_COMPAT_X 1\n\
        typedef struct _TWO {\n    int a;\n} TWO, *PTWO;\ntypedef void(WINAPI *THREE)(void);\n\
        typedef int FOUR;\ntypedef VALUE *FIVE;\nstatic inline BOOL SIX(void)\n{\n}\n\
        static inline int WINHTTP_COMPAT_OF(seven, eight)(int x)\n{\n}\n\
        __attribute__((noreturn)) static inline void NINE(void)\n{\n}\n";
    let expected = [
        "eight", "FIVE", "FOUR", "NINE", "ONE", "PTWO", "seven", "SIX", "THREE", "TWO",
    ];
    assert_eq!(names(text), expected);
}

#[test]
fn the_names_that_programs_stop_at_are_there() {
    let all: Vec<String> = headers().into_values().flatten().collect();
    for name in [
        "wmain",
        "_tmain",
        "__cdecl",
        "__stdcall",
        "__fastcall",
        "FORCEINLINE",
        "_wtoi",
        "_wcsicmp",
        "_wcsdup",
        "_strdup",
        "_snprintf",
        "_snprintf_s",
        "swprintf_s",
        "wcscpy_s",
        "wcsncpy_s",
        "wcstok_s",
        "memcpy_s",
        "mbstowcs_s",
        "__min",
        "__max",
        "_countof",
        "_tprintf",
        "_TCHAR",
        "E_NOTIMPL",
        "E_POINTER",
        "E_UNEXPECTED",
        "RtlZeroMemory",
        "CONTAINING_RECORD",
        "SleepEx",
        "GetModuleHandleW",
        "StringCchPrintfW",
        "_beginthreadex",
        "IsWindows10OrGreater",
        "WINAPI_FAMILY_PARTITION",
        "LARGE_INTEGER",
        "WSAStartup",
        "CreateEventW",
        "FARPROC",
    ] {
        assert!(all.iter().any(|own| own == name), "{name}");
    }
}
