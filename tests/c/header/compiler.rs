//! Runs the C and C++ compilers for the header tests. A missing compiler is an error, never a skip.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

/// The directory a program puts on its include path.
pub(crate) const INCLUDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../winhttp-shim/include");

/// A language with its dialect.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Dialect {
    /// C, such as "c99".
    C(&'static str),
    /// C++, such as "c++11".
    Cpp(&'static str),
}

/// Every dialect the headers promise to work in.
#[allow(dead_code, reason = "each test file uses the part it needs")]
pub(crate) const DIALECTS: [Dialect; 8] = [
    Dialect::C("c99"),
    Dialect::C("c11"),
    Dialect::C("c17"),
    Dialect::C("c2x"),
    Dialect::C("gnu11"),
    Dialect::Cpp("c++11"),
    Dialect::Cpp("c++17"),
    Dialect::Cpp("c++20"),
];

/// Every way to choose the width of `WCHAR`, as compiler flags.
#[allow(dead_code, reason = "each test file uses the part it needs")]
pub(crate) const WIDTHS: [&[&str]; 4] = [
    &[],
    &["-fshort-wchar"],
    &["-DWINHTTP_CHAR16"],
    &["-fshort-wchar", "-DWINHTTP_CHAR16"],
];

/// Checks a source text with all warnings as errors.
///
/// # Errors
///
/// The compiler's messages, or the reason why it could not be run.
#[allow(dead_code, reason = "each test file uses the part it needs")]
pub(crate) fn check(
    name: &str,
    source: &str,
    dialect: Dialect,
    flags: &[&str],
) -> Result<(), String> {
    let strict = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"];
    run(name, source, dialect, &[&strict[..], flags].concat()).map(drop)
}

/// Compiles a source text and returns the path of the result, an object file or a program.
///
/// # Errors
///
/// The compiler's messages, or the reason why it could not be run.
#[allow(dead_code, reason = "each test file uses the part it needs")]
pub(crate) fn build(
    name: &str,
    source: &str,
    dialect: Dialect,
    flags: &[&str],
) -> Result<PathBuf, String> {
    let output = scratch().join(format!("{name}.out"));
    let target = output.to_string_lossy().into_owned();
    run(name, source, dialect, &[flags, &["-o", &target]].concat())?;
    Ok(output)
}

/// Where the tests put their files.
fn scratch() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

fn run(name: &str, source: &str, dialect: Dialect, flags: &[&str]) -> Result<Output, String> {
    let (variable, default, extension, standard) = match dialect {
        Dialect::C(standard) => ("CC", "cc", "c", standard),
        Dialect::Cpp(standard) => ("CXX", "c++", "cpp", standard),
    };
    let file = scratch().join(format!("{name}.{extension}"));
    fs::write(&file, source).map_err(|error| format!("{}: {error}", file.display()))?;
    let compiler = env::var(variable).unwrap_or_else(|_| default.to_owned());
    let output = Command::new(&compiler)
        .arg(format!("-std={standard}"))
        .arg("-I")
        .arg(INCLUDE)
        .arg(&file)
        .args(flags)
        .output()
        .map_err(|error| format!("{compiler} cannot be run: {error}"))?;
    if output.status.success() {
        return Ok(output);
    }
    let messages = String::from_utf8_lossy(&output.stderr);
    Err(format!("{name} as {standard} with {flags:?}:\n{messages}"))
}
