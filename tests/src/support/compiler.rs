//! Runs the C and C++ compilers for the header tests. A missing compiler is an error, never a skip.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use crate::scratch::Scratch;

/// Where winhttp.h is.
pub const WINHTTP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../winhttp-shim/include");

/// Where websocket.h is. A program puts both directories on its include path.
pub const WEBSOCKET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../websocket-shim/include");

/// A language with its dialect.
#[derive(Debug, Clone, Copy)]
pub enum Dialect {
    /// C, such as "c99".
    C(&'static str),
    /// C++, such as "c++11".
    Cpp(&'static str),
}

/// Every dialect the headers promise to work in.
pub const DIALECTS: [Dialect; 8] = [
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
pub struct Compilers {
    c: String,
    cpp: String,
}

impl Default for Compilers {
    /// Those the user of a system names, or has by default. They must be there.
    fn default() -> Self {
        let named =
            |variable, default: &str| env::var(variable).unwrap_or_else(|_| default.to_owned());
        Self {
            c: named("CC", "cc"),
            cpp: named("CXX", "c++"),
        }
    }
}

impl Compilers {
    /// The default ones, and GCC and Clang where they are installed.
    pub fn present() -> Vec<Self> {
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
    pub fn check(
        &self,
        name: &str,
        source: &str,
        dialect: Dialect,
        flags: &[&str],
    ) -> Result<(), String> {
        let strict = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"];
        let flags = [&strict[..], flags].concat();
        let own = Scratch::new(name);
        self.run(own.path(), source, dialect, &flags)
    }

    /// Compiles and links a source text.
    ///
    /// # Errors
    ///
    /// The compiler's messages, or the reason why it could not be run.
    pub fn build(
        &self,
        name: &str,
        source: &str,
        dialect: Dialect,
        flags: &[&str],
    ) -> Result<Built, String> {
        let own = Scratch::new(name);
        let file = own.path().join("built");
        let target = file.to_string_lossy().into_owned();
        let flags = [flags, &["-o", &target]].concat();
        self.run(own.path(), source, dialect, &flags)?;
        Ok(Built { file, _own: own })
    }

    /// Writes the source into this folder and runs the compiler.
    fn run(
        &self,
        folder: &Path,
        source: &str,
        dialect: Dialect,
        flags: &[&str],
    ) -> Result<(), String> {
        let (compiler, extension, standard) = match dialect {
            Dialect::C(standard) => (&self.c, "c", standard),
            Dialect::Cpp(standard) => (&self.cpp, "cpp", standard),
        };
        let file = folder.join("source").with_extension(extension);
        fs::write(&file, source).map_err(|error| format!("{}: {error}", file.display()))?;
        let output = Command::new(compiler)
            .arg(format!("-std={standard}"))
            .args(["-I", WINHTTP, "-I", WEBSOCKET])
            .arg(&file)
            .args(flags)
            .output()
            .map_err(|error| format!("{compiler} cannot be run: {error}"))?;
        if output.status.success() {
            return Ok(());
        }
        let messages = String::from_utf8_lossy(&output.stderr);
        Err(format!(
            "{} by {compiler} as {standard} with {flags:?}:\n{messages}",
            file.display()
        ))
    }
}

/// What a compiler says about itself, without the name by which it was called; nothing if it is not
/// there.
fn version(compiler: &str) -> Option<String> {
    let output = Command::new(compiler).arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.split_once(' ').map(|(_, rest)| rest.to_owned())
}

/// Every way to choose the width of `WCHAR`, as compiler flags.
pub const WIDTHS: [&[&str]; 4] = [
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
pub fn check(name: &str, source: &str, dialect: Dialect, flags: &[&str]) -> Result<(), String> {
    Compilers::default().check(name, source, dialect, flags)
}

/// An object file or a program, alone in a folder that goes with this value.
#[derive(Debug)]
pub struct Built {
    file: PathBuf,
    _own: Scratch,
}

impl Built {
    /// Where the file is, as long as this value lives.
    pub fn path(&self) -> &Path {
        &self.file
    }
}

/// Compiles a source text with the default compilers; the flags say whether the result is an object
/// file or a program.
///
/// # Errors
///
/// The compiler's messages, or the reason why it could not be run.
pub fn build(name: &str, source: &str, dialect: Dialect, flags: &[&str]) -> Result<Built, String> {
    Compilers::default().build(name, source, dialect, flags)
}
