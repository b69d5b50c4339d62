//! C programs that see only our header and library: how they are built, and run with a limit of
//! time.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program;
use crate::scratch::Scratch;

/// The compiler flags that choose the width of `wchar_t`; the C library's own wide functions are
/// not used.
pub const WIDTHS: [&[&str]; 2] = [&[], &["-fshort-wchar"]];

/// Where the sources are.
pub fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("c")
}

/// The root of the workspace.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// Where cargo puts libwinhttp and libwebsocket: beside this test's own program.
pub fn libraries() -> PathBuf {
    std::env::current_exe()
        .unwrap()
        .parent()
        .unwrap()
        .to_owned()
}

/// The shared library itself.
pub fn library() -> PathBuf {
    let name = if cfg!(target_os = "macos") {
        "libwinhttp.dylib"
    } else {
        "libwinhttp.so"
    };
    let path = libraries().join(name);
    assert!(path.exists(), "{} is not built", path.display());
    path
}

/// A program, alone in a folder that goes with this value.
#[derive(Debug)]
pub struct Program {
    /// The program.
    pub file: PathBuf,
    _own: Scratch,
}

/// The compiler, told to build this source with our header.
pub fn compiler(source: &str) -> Command {
    let (variable, default, standard) = if source.ends_with(".cpp") {
        ("CXX", "c++", "-std=c++17")
    } else {
        ("CC", "cc", "-std=gnu11")
    };
    let mut command = Command::new(std::env::var(variable).unwrap_or_else(|_| default.to_owned()));
    command.args([standard, "-Wall", "-Wextra", "-Werror", "-pthread", "-g"]);
    command.arg("-I").arg(format!(
        "{}/../winhttp-shim/include",
        env!("CARGO_MANIFEST_DIR")
    ));
    command.arg(sources().join(source));
    command
}

/// Runs a compiler; fails with what it says.
pub fn run_compiler(mut command: Command) {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Builds a program of this test's own.
pub fn build(source: &str, width: &[&str], link: &[&str]) -> Program {
    library();
    let own = Scratch::new("program");
    let file = own.path().join("program");
    let folder = libraries();
    let mut command = compiler(source);
    command.args(width).args(link).arg("-o").arg(&file);
    command
        .arg("-L")
        .arg(&folder)
        .arg(format!("-Wl,-rpath,{}", folder.display()));
    run_compiler(command);
    Program { file, _own: own }
}

/// Runs a program to its end; fails if it crashes or hangs.
pub fn run(built: &Program, arguments: &[&str]) -> String {
    program::run(Command::new(&built.file).args(arguments))
}
