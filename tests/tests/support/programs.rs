//! C programs that see only our header and library: how they are built, and run with a limit of time.
#![allow(dead_code, reason = "each test file uses the part it needs")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail their test"
)]

use std::ffi::c_int;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use winhttp_tests::scratch::Scratch;

/// The longest a program may run.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// The compiler flags that choose the width of `wchar_t`; the C library's own wide functions are not used.
pub(crate) const WIDTHS: [&[&str]; 2] = [&[], &["-fshort-wchar"]];

/// Where the sources are.
pub(crate) fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("c")
}

/// Where cargo puts libwinhttp: beside this test's own program.
pub(crate) fn libraries() -> PathBuf {
    std::env::current_exe()
        .unwrap()
        .parent()
        .unwrap()
        .to_owned()
}

pub(crate) fn library() -> PathBuf {
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
pub(crate) struct Program {
    pub(crate) file: PathBuf,
    _own: Scratch,
}

pub(crate) fn compiler(source: &str) -> Command {
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

pub(crate) fn run_compiler(mut command: Command) {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Builds a program of this test's own.
pub(crate) fn build(source: &str, width: &[&str], link: &[&str]) -> Program {
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
pub(crate) fn run(program: &Program, arguments: &[&str]) -> String {
    run_command(Command::new(&program.file).args(arguments))
}

/// The same for a command that is more than a program and its arguments. What the program forks counts as part of it: it
/// hangs as long as any of them has its output open.
pub(crate) fn run_command(command: &mut Command) -> String {
    let child = command
        // Cargo's search path comes before the program's own, and may lead to an older library.
        .env_remove("LD_LIBRARY_PATH")
        .env_remove("DYLD_FALLBACK_LIBRARY_PATH")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .unwrap();
    let group = i32::try_from(child.id()).unwrap();
    let (tell, told) = mpsc::channel();
    let waiter = std::thread::spawn(move || tell.send(child.wait_with_output().unwrap()));
    let ended = told.recv_timeout(PATIENCE);
    let hangs = ended.is_err();
    let output = ended.unwrap_or_else(|_| {
        // SAFETY: a signal to the processes that this test has started.
        unsafe { kill(-group, SIGKILL) };
        told.recv().unwrap()
    });
    waiter.join().unwrap().unwrap();
    let (stdout, stderr) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(!hangs, "{command:?} hangs:\n{stdout}{stderr}");
    assert!(
        output.status.success(),
        "{command:?} ended with {}:\n{stdout}{stderr}",
        output.status
    );
    assert_eq!(stderr, "", "the library is silent");
    stdout.into_owned()
}

unsafe extern "C" {
    fn kill(process: c_int, signal: c_int) -> c_int;
}

const SIGKILL: c_int = 9;
