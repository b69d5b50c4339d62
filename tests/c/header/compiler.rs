//! Runs the C and C++ compilers for the header tests. A missing compiler is an error, never a skip.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

/// Where winhttp.h is.
pub(crate) const WINHTTP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../winhttp-shim/include");

/// Where websocket.h is. A program puts both directories on its include path.
pub(crate) const WEBSOCKET: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../websocket-shim/include");

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

/// Compilers by their program's name, for C and for C++.
#[derive(Debug, Clone)]
pub(crate) struct Compilers {
    c: String,
    cpp: String,
}

impl Compilers {
    /// Those the user of a system names, or has by default. They must be there.
    #[allow(dead_code, reason = "each test file uses the part it needs")]
    pub(crate) fn default() -> Self {
        let named =
            |variable, default: &str| env::var(variable).unwrap_or_else(|_| default.to_owned());
        Self {
            c: named("CC", "cc"),
            cpp: named("CXX", "c++"),
        }
    }

    /// The default ones, and GCC and Clang where they are installed.
    #[allow(dead_code, reason = "each test file uses the part it needs")]
    pub(crate) fn present() -> Vec<Self> {
        let default = Self::default();
        let known = version(&default.c);
        let mut all = vec![default];
        for (c, cpp) in [("gcc", "g++"), ("clang", "clang++")] {
            let another = version(c).is_some_and(|version| Some(version) != known);
            if another && version(cpp).is_some() {
                let (c, cpp) = (c.to_owned(), cpp.to_owned());
                all.push(Self { c, cpp });
            }
        }
        all
    }

    /// Checks a source text with all warnings as errors.
    ///
    /// # Errors
    ///
    /// The compiler's messages, or the reason why it could not be run.
    pub(crate) fn check(
        &self,
        name: &str,
        source: &str,
        dialect: Dialect,
        flags: &[&str],
    ) -> Result<(), String> {
        let strict = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"];
        let flags = [&strict[..], flags].concat();
        self.run(name, source, dialect, &flags).map(drop)
    }

    fn run(
        &self,
        name: &str,
        source: &str,
        dialect: Dialect,
        flags: &[&str],
    ) -> Result<Output, String> {
        let (compiler, extension, standard) = match dialect {
            Dialect::C(standard) => (&self.c, "c", standard),
            Dialect::Cpp(standard) => (&self.cpp, "cpp", standard),
        };
        let file = scratch().join(format!("{name}.{extension}"));
        fs::write(&file, source).map_err(|error| format!("{}: {error}", file.display()))?;
        let output = Command::new(compiler)
            .arg(format!("-std={standard}"))
            .args(["-I", WINHTTP, "-I", WEBSOCKET])
            .arg(&file)
            .args(flags)
            .output()
            .map_err(|error| format!("{compiler} cannot be run: {error}"))?;
        if output.status.success() {
            return Ok(output);
        }
        let messages = String::from_utf8_lossy(&output.stderr);
        Err(format!(
            "{name} by {compiler} as {standard} with {flags:?}:\n{messages}"
        ))
    }
}

/// What a compiler says about itself, without the name by which it was called; nothing if it is not there.
fn version(compiler: &str) -> Option<String> {
    let output = Command::new(compiler).arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.split_once(' ').map(|(_, rest)| rest.to_owned())
}

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
    Compilers::default().check(name, source, dialect, flags)
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
    Compilers::default().run(name, source, dialect, &[flags, &["-o", &target]].concat())?;
    Ok(output)
}

/// Where the tests put their files.
fn scratch() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}
