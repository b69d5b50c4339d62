//! Verifies that the scenarios that are also played on Windows' API say what is recorded, with
//! either width of `wchar_t`.
//!
//! `tests/differential/run` plays the same program in Wine and explains every difference. Recorded
//! on Linux: what a reset or a refused connection looks like is up to the system.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use winhttp_fixtures::certs::{Authority, IdentityOptions};
use winhttp_fixtures::{Server, by_path};
use winhttp_tests::scratch::Scratch;
use winhttp_tests::support::programs::libraries;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("differential")
}

/// Builds the program in this folder with these flags; it finds the library beside this test's own
/// program.
fn build(scratch: &Path, flags: &[&str]) -> PathBuf {
    let libraries = libraries();
    assert!(libraries.join("libwinhttp.so").exists());
    let program = scratch.join("program");
    let mut sources: Vec<PathBuf> = fs::read_dir(folder().join("c"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "c"))
        .collect();
    sources.sort();
    let output = Command::new(std::env::var("CC").unwrap_or_else(|_| "cc".to_owned()))
        .args(["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-pthread"])
        .args(flags)
        .arg("-I")
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../winhttp-shim/include"
        ))
        .args(sources)
        .arg("-L")
        .arg(&libraries)
        .arg(format!("-Wl,-rpath,{}", libraries.display()))
        .args(["-lwinhttp", "-o"])
        .arg(&program)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    program
}

/// The lines of each scenario.
fn scenarios(transcript: &str) -> BTreeMap<&str, &str> {
    transcript
        .split("=== ")
        .skip(1)
        .map(|scenario| scenario.split_once('\n').unwrap())
        .collect()
}

fn says_what_is_recorded(name: &str, flags: &[&str]) {
    let scratch = Scratch::new(name);
    let program = build(scratch.path(), flags);
    let authority = Authority::new().unwrap();
    let identity = authority.issue(&IdentityOptions::default()).unwrap();
    let plain = Server::plain(by_path).unwrap();
    let tls = Server::tls(by_path, &identity).unwrap();
    // The program ends itself when a scenario does not end.
    let output = Command::new(&program)
        .args([plain.port().to_string(), tls.port().to_string()])
        .env_remove("WINHTTP_SHIM_CALLBACKS")
        // Scenarios store settings.
        .env("XDG_CONFIG_HOME", scratch.path())
        // Cargo's search path comes before the program's own, and may lead to an older library.
        .env_remove("LD_LIBRARY_PATH")
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let recorded = fs::read_to_string(folder().join("expected.txt")).unwrap();
    let (printed_scenarios, recorded_scenarios) = (scenarios(&printed), scenarios(&recorded));
    assert!(recorded_scenarios.len() > 150, "the record is complete");
    for (scenario, lines) in &recorded_scenarios {
        let printed = printed_scenarios.get(scenario);
        assert_eq!(printed, Some(lines), "{scenario}");
    }
    assert_eq!(
        printed, recorded,
        "the order or a scenario that is not recorded"
    );
    assert!(output.status.success(), "{:?}", output.status);
}

#[test]
fn the_transcript_of_32_bit_characters_is_the_recorded_one() {
    says_what_is_recorded("wchar32", &[]);
}

#[test]
fn the_transcript_of_16_bit_characters_is_the_recorded_one() {
    says_what_is_recorded("wchar16", &["-fshort-wchar"]);
}
