//! The library exports the functions of winhttp.h in both widths, the helpers it documents, and nothing else.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The functions, which windows-sys must know too, or this file does not compile.
macro_rules! functions {
    ($($name:ident)*) => {
        const FUNCTIONS: &[&str] = &[$(stringify!($name)),*];

        #[allow(unused_imports, reason = "importing them shows that windows-sys declares them")]
        mod in_windows_sys {
            use windows_sys::Win32::Networking::WinHttp::{$($name),*};
        }
    };
}

functions! {
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

/// What Windows exports from other libraries.
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

/// The sources of the C API, seen from this package.
fn shim() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../winhttp-shim")
}

/// Builds the shared library in the profile and target directory this test runs in, and says where it is.
///
/// Cargo holds its build lock while it builds, not while tests run, so a cargo within a test waits for nobody.
fn built_library() -> PathBuf {
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
        .arg(shim().join("Cargo.toml"));
    let output = cargo.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let suffix = std::env::consts::DLL_SUFFIX;
    profile_directory.join(format!("libwinhttp{suffix}"))
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

fn header() -> String {
    std::fs::read_to_string(shim().join("include/winhttp.h")).unwrap()
}

/// The functions a header binds to the symbols of a width.
fn labelled(header: &str) -> BTreeSet<&str> {
    let labels = header.split("WINHTTP_SYMBOL(").skip(1);
    let names = labels.filter_map(|rest| rest.split_once(')').map(|(name, _)| name));
    names.filter(|name| *name != "name").collect()
}

#[test]
fn there_are_56_functions() {
    let names: BTreeSet<_> = FUNCTIONS.iter().collect();
    assert_eq!((FUNCTIONS.len(), names.len()), (56, 56));
}

#[test]
fn the_header_declares_them_and_the_helpers() {
    let header = header();
    assert_eq!(labelled(&header), FUNCTIONS.iter().copied().collect());
    for function in FUNCTIONS {
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
fn the_library_exports_them_in_both_widths_and_nothing_else() {
    let mut expected: BTreeSet<_> = HELPERS.iter().map(|name| (*name).to_owned()).collect();
    for prefix in ["", "winhttp16_", "winhttp32_"] {
        expected.extend(FUNCTIONS.iter().map(|name| format!("{prefix}{name}")));
    }
    let exported = symbols(&built_library());
    let missing: Vec<_> = expected.difference(&exported).collect();
    let undocumented: Vec<_> = exported.difference(&expected).collect();
    assert!(
        missing.is_empty() && undocumented.is_empty(),
        "missing: {missing:?}, undocumented: {undocumented:?}"
    );
}
