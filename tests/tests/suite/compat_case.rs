//! Headers are found under every spelling that programs use, also where file names ignore case.

use std::fs;
use std::path::{Path, PathBuf};

use winhttp_tests::scratch::Scratch;
use winhttp_tests::support::compiler::{Compilers, Dialect, WEBSOCKET, WINHTTP};

/// Uses something of each header, and assert twice: it may be included again with another NDEBUG.
const PROGRAM: &str = "\
int main(void)
{
    WEB_SOCKET_HANDLE handle = NULL;
    HINTERNET session = NULL;
    SOCKET none = INVALID_SOCKET;
    WCHAR text[4];
    assert(handle == NULL && session == NULL && none == INVALID_SOCKET);
    if (StringCchCopyW(text, 4, TEXT(\"abc\")) != S_OK || !IsWindows8OrGreater() || FAILED(S_OK))
        abort();
    printf(\"%d\\n\", (int)_tcslen(text));
    return 0;
}
";

/// Spellings that programs use, and those of the files they stand for.
const SPELLINGS: [(&str, &str); 14] = [
    ("Windows.h", "windows.h"),
    ("WinHttp.h", "winhttp.h"),
    ("Websocket.h", "websocket.h"),
    ("WinSock2.h", "winsock2.h"),
    ("Ws2tcpip.h", "ws2tcpip.h"),
    ("WinCrypt.h", "wincrypt.h"),
    ("WinError.h", "winerror.h"),
    ("StrSafe.h", "strsafe.h"),
    ("VersionHelpers.h", "versionhelpers.h"),
    ("Process.h", "process.h"),
    ("Tchar.h", "tchar.h"),
    ("Assert.h", "assert.h"),
    ("StdIo.h", "stdio.h"),
    ("StdLib.h", "stdlib.h"),
];

/// Includes every header by one spelling and then the other, in both orders.
fn sources() -> [String; 2] {
    let include = |name: &str| format!("#include <{name}>\n");
    let lines = |swap: bool| -> String {
        SPELLINGS
            .iter()
            .map(|(other, usual)| {
                let [first, second] = if swap { [usual, other] } else { [other, usual] };
                include(first) + &include(second)
            })
            .collect()
    };
    [false, true].map(|swap| format!("{}{PROGRAM}", lines(swap)))
}

/// Every order of the directories in which programs are compiled.
fn check_everywhere(include: &Path, websocket: &Path) {
    let compat = include.join("compat");
    let case = compat.join("case");
    let orders = [
        [&*compat, &*case, include, websocket],
        [websocket, include, &*case, &*compat],
        [&*case, websocket, &*compat, include],
    ];
    for compilers in Compilers::present() {
        for dialect in [Dialect::C("gnu11"), Dialect::Cpp("c++17")] {
            for source in sources() {
                for order in orders {
                    let mut flags = vec!["-DUNICODE"];
                    for folder in order {
                        flags.extend(["-I", folder.to_str().unwrap()]);
                    }
                    compilers.check("case", &source, dialect, &flags).unwrap();
                }
            }
        }
    }
}

#[test]
fn every_spelling_is_found() {
    check_everywhere(Path::new(WINHTTP), Path::new(WEBSOCKET));
}

/// Gives each file of a folder a twin in lower case, and copies its folders.
fn copy_without_case(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            copy_without_case(&path, &to.join(name));
            continue;
        }
        let text = fs::read(&path).unwrap();
        fs::write(to.join(name), &text).unwrap();
        fs::write(to.join(name.to_lowercase()), &text).unwrap();
    }
}

/// The headers as a file system shows them that finds assert.h where Assert.h is.
#[test]
fn nothing_includes_itself_where_file_names_ignore_case() {
    let scratch = Scratch::new("ignoring_case");
    let [include, websocket]: [PathBuf; 2] = [
        scratch.path().join("include"),
        scratch.path().join("websocket"),
    ];
    copy_without_case(Path::new(WINHTTP), &include);
    copy_without_case(Path::new(WEBSOCKET), &websocket);
    check_everywhere(&include, &websocket);
}

/// A checkout on such a file system must have all of them.
#[test]
fn no_two_headers_differ_in_case_alone() {
    for folder in ["compat", "compat/case"] {
        let names: Vec<String> = fs::read_dir(Path::new(WINHTTP).join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().to_lowercase())
            .collect();
        let mut distinct = names.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), names.len(), "{folder}");
    }
}
