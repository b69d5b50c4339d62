//! Each library exports the functions of its header, libwinhttp in both widths and with the helpers
//! it documents, and nothing else.
//!
//! A program of its own: it has cargo build the libraries, where the programs of a test that runs
//! beside would find them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Names the functions of a header. windows-sys must know them too, or this file does not compile.
macro_rules! functions {
    ($functions:ident, $module:ident: $($name:ident)*) => {
        const $functions: &[&str] = &[$(stringify!($name)),*];

        const _: () = {
            #[allow(unused_imports, reason = "importing them shows that windows-sys declares them")]
            use windows_sys::Win32::Networking::$module::{$($name),*};
        };
    };
}

functions! {
    WINHTTP_FUNCTIONS, WinHttp:
    WinHttpAddRequestHeaders WinHttpAddRequestHeadersEx WinHttpCheckPlatform WinHttpCloseHandle
    WinHttpConnect WinHttpCrackUrl WinHttpCreateProxyResolver WinHttpCreateUrl
    WinHttpDetectAutoProxyConfigUrl WinHttpFreeProxyResult WinHttpFreeProxyResultEx
    WinHttpFreeProxySettings WinHttpFreeProxySettingsEx WinHttpFreeQueryConnectionGroupResult
    WinHttpGetDefaultProxyConfiguration WinHttpGetIEProxyConfigForCurrentUser
    WinHttpGetProxyForUrl WinHttpGetProxyForUrlEx WinHttpGetProxyForUrlEx2 WinHttpGetProxyResult
    WinHttpGetProxyResultEx WinHttpGetProxySettingsEx WinHttpGetProxySettingsResultEx
    WinHttpGetProxySettingsVersion WinHttpOpen WinHttpOpenRequest WinHttpQueryAuthSchemes
    WinHttpQueryConnectionGroup WinHttpQueryDataAvailable WinHttpQueryHeaders
    WinHttpQueryHeadersEx WinHttpQueryOption WinHttpReadData WinHttpReadDataEx
    WinHttpReadProxySettings WinHttpReceiveResponse WinHttpRegisterProxyChangeNotification
    WinHttpResetAutoProxy WinHttpSendRequest WinHttpSetCredentials
    WinHttpSetDefaultProxyConfiguration WinHttpSetOption WinHttpSetProxySettingsPerUser
    WinHttpSetStatusCallback WinHttpSetTimeouts WinHttpTimeFromSystemTime
    WinHttpTimeToSystemTime WinHttpUnregisterProxyChangeNotification WinHttpWebSocketClose
    WinHttpWebSocketCompleteUpgrade WinHttpWebSocketQueryCloseStatus WinHttpWebSocketReceive
    WinHttpWebSocketSend WinHttpWebSocketShutdown WinHttpWriteData WinHttpWriteProxySettings
}

functions! {
    WEBSOCKET_FUNCTIONS, WebSocket:
    WebSocketAbortHandle WebSocketBeginClientHandshake WebSocketBeginServerHandshake
    WebSocketCompleteAction WebSocketCreateClientHandle WebSocketCreateServerHandle
    WebSocketDeleteHandle WebSocketEndClientHandshake WebSocketEndServerHandshake
    WebSocketGetAction WebSocketGetGlobalProperty WebSocketReceive WebSocketSend
}

/// What Windows exports from other libraries, and libwinhttp here.
const HELPERS: &[&str] = &[
    "CertDuplicateCertificateContext",
    "CertFreeCertificateChain",
    "CertFreeCertificateContext",
    "GetLastError",
    "GlobalAlloc",
    "GlobalFree",
    "LocalFree",
    "SetLastError",
];

/// What only libwinhttp has: in both widths, and in UTF-8.
const EXTENSIONS: &[&str] = &["WinHttpShimGetErrorDetail"];
const EXTENSIONS_UTF8: &[&str] = &["WinHttpShimGetErrorDetailUtf8"];

/// A folder or file of the workspace.
fn workspace(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// Builds a shared library in the profile and target directory this test runs in, and says where it
/// is.
///
/// Cargo holds its build lock while it builds, not while tests run, so a cargo within a test waits
/// for nobody.
fn built_library(package: &str, name: &str) -> PathBuf {
    let program = std::env::current_exe().unwrap();
    // TARGET/PROFILE/deps/exports-0123
    let profile_directory = program.ancestors().nth(2).unwrap();
    let target_directory = profile_directory.parent().unwrap();
    let profile = match profile_directory.file_name().unwrap().to_str().unwrap() {
        "debug" => "dev",
        other => other,
    };
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--profile", profile, "--target-dir"]);
    cargo
        .arg(target_directory)
        .arg("--manifest-path")
        .arg(workspace(package).join("Cargo.toml"));
    let output = cargo.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let suffix = std::env::consts::DLL_SUFFIX;
    profile_directory.join(format!("{name}{suffix}"))
}

/// The symbols a library defines for others, as C writes them.
fn symbols(library: &Path) -> BTreeSet<String> {
    let (arguments, prefix) = if cfg!(target_os = "macos") {
        (["-g", "-U"], "_")
    } else {
        (["-D", "--defined-only"], "")
    };
    let output = Command::new("nm")
        .args(arguments)
        .arg(library)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let listing = String::from_utf8(output.stdout).unwrap();
    let names = listing
        .lines()
        .filter_map(|line| line.split_whitespace().next_back());
    names
        .map(|name| name.strip_prefix(prefix).unwrap_or(name).to_owned())
        .collect()
}

fn header(path: &str) -> String {
    std::fs::read_to_string(workspace(path)).unwrap()
}

/// The functions a header binds to the symbols of a width.
fn labelled(header: &str) -> BTreeSet<&str> {
    let labels = header.split("WINHTTP_SYMBOL(").skip(1);
    let names = labels.filter_map(|rest| rest.split_once(')').map(|(name, _)| name));
    names.filter(|name| *name != "name").collect()
}

/// The functions a header declares.
fn declared(header: &str) -> BTreeSet<&str> {
    let declarations = header.split("WINAPI ").skip(1);
    let names = declarations.filter_map(|rest| rest.split_once('(').map(|(name, _)| name));
    names
        .filter(|name| name.chars().all(char::is_alphanumeric))
        .collect()
}

/// A library exports these names and no others.
fn assert_exports(library: &Path, expected: &BTreeSet<String>) {
    let exported = symbols(library);
    let missing: Vec<_> = expected.difference(&exported).collect();
    let undocumented: Vec<_> = exported.difference(expected).collect();
    assert!(
        missing.is_empty() && undocumented.is_empty(),
        "missing: {missing:?}, undocumented: {undocumented:?}"
    );
}

#[test]
fn there_are_56_functions_and_13() {
    for (functions, count) in [(WINHTTP_FUNCTIONS, 56), (WEBSOCKET_FUNCTIONS, 13)] {
        let names: BTreeSet<_> = functions.iter().collect();
        assert_eq!((functions.len(), names.len()), (count, count));
    }
}

#[test]
fn winhttp_h_declares_its_functions_and_the_helpers() {
    let header = header("winhttp-shim/include/winhttp.h");
    assert_eq!(
        labelled(&header),
        WINHTTP_FUNCTIONS.iter().copied().collect()
    );
    for function in WINHTTP_FUNCTIONS {
        // The prototype and its label.
        assert_eq!(
            header.matches(&format!(" {function}(")).count(),
            1,
            "{function}"
        );
    }
    for helper in HELPERS {
        assert_eq!(
            header.matches(&format!("WINAPI {helper}(")).count(),
            1,
            "{helper}"
        );
    }
}

#[test]
fn winhttp_shim_h_declares_what_windows_has_not() {
    let header = header("winhttp-shim/include/winhttp_shim.h");
    assert_eq!(labelled(&header), EXTENSIONS.iter().copied().collect());
    let names = EXTENSIONS.iter().chain(EXTENSIONS_UTF8);
    assert_eq!(declared(&header), names.copied().collect());
}

#[test]
fn websocket_h_declares_its_functions_and_no_others() {
    let header = header("websocket-shim/include/websocket.h");
    assert_eq!(
        declared(&header),
        WEBSOCKET_FUNCTIONS.iter().copied().collect()
    );
}

#[test]
fn libwinhttp_exports_its_functions_in_both_widths_and_nothing_else() {
    let mut expected: BTreeSet<_> = HELPERS.iter().map(|name| (*name).to_owned()).collect();
    expected.extend(EXTENSIONS_UTF8.iter().map(|name| (*name).to_owned()));
    for prefix in ["", "winhttp16_", "winhttp32_"] {
        let names = WINHTTP_FUNCTIONS.iter().chain(EXTENSIONS);
        expected.extend(names.map(|name| format!("{prefix}{name}")));
    }
    assert_exports(&built_library("winhttp-shim", "libwinhttp"), &expected);
}

#[test]
fn libwebsocket_exports_its_functions_and_nothing_else() {
    let expected = WEBSOCKET_FUNCTIONS.iter().map(|name| (*name).to_owned());
    let library = built_library("websocket-shim", "libwebsocket");
    assert_exports(&library, &expected.collect());
}
