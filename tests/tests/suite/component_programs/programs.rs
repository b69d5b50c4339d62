//! Builds the C examples with the machine's compiler, strictly, and runs them for a limited time.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::LazyLock;
use std::thread;

use winhttp_tests::support::programs::{libraries, root};
use winhttp_tests::{program, scratch};

/// The examples: compiled once for all tests of this program.
pub(crate) static CONVERSATION: LazyLock<PathBuf> = LazyLock::new(|| {
    compile(
        "c99",
        &["websocket_conversation.c"],
        "websocket",
        "websocket-shim",
    )
});
pub(crate) static ECHO_SERVER: LazyLock<PathBuf> = LazyLock::new(|| {
    let sources = ["main.c", "connection.c", "http_head.c", "session.c"]
        .map(|file| format!("websocket_echo_server/{file}"));
    let sources: Vec<&str> = sources.iter().map(String::as_str).collect();
    compile("gnu99", &sources, "websocket", "websocket-shim")
});
pub(crate) static ECHO_SYNC: LazyLock<PathBuf> =
    LazyLock::new(|| compile("c99", &["echo_sync.c"], "winhttp", "winhttp-shim"));
pub(crate) static ECHO_ASYNC: LazyLock<PathBuf> =
    LazyLock::new(|| compile("gnu99", &["echo_async.c"], "winhttp", "winhttp-shim"));

/// Compiles an example against a library of ours and gives the program's path.
fn compile(standard: &str, sources: &[&str], library: &str, shim: &str) -> PathBuf {
    let root = root();
    let libraries = libraries();
    let program = scratch::kept("component_programs").join("program");

    let mut compiler = Command::new(std::env::var("CC").unwrap_or_else(|_| "cc".to_owned()));
    compiler.args([
        &format!("-std={standard}"),
        "-Wall",
        "-Wextra",
        "-Wpedantic",
        "-Werror",
        "-g",
        "-pthread",
    ]);
    compiler.arg("-I").arg(root.join(shim).join("include"));
    compiler.args(
        sources
            .iter()
            .map(|source| root.join("examples/c").join(source)),
    );
    compiler
        .arg("-o")
        .arg(&program)
        .arg("-L")
        .arg(&libraries)
        .arg(format!("-l{library}"))
        .arg(format!("-Wl,-rpath,{}", libraries.display()));
    let output = compiler.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    program
}

/// Runs a program to its successful end and gives what it printed.
pub(crate) fn run(program: &Path, arguments: &[&str]) -> String {
    program::run(Command::new(program).args(arguments))
}

/// A running echo server. Dropping it ends its input, upon which it must end by itself and well.
pub(crate) struct EchoServer {
    process: Option<Child>,
    input: Option<ChildStdin>,
    pub(crate) port: u16,
}

impl EchoServer {
    pub(crate) fn start() -> Self {
        Self::start_by(&mut Command::new(&*ECHO_SERVER))
    }

    /// A server that may have only so many open files.
    pub(crate) fn start_with_descriptors(limit: u32) -> Self {
        let set_limit = format!("ulimit -n {limit}; exec \"$0\" \"$@\"");
        Self::start_by(
            Command::new("sh")
                .args(["-c", &set_limit])
                .arg(&*ECHO_SERVER),
        )
    }

    fn start_by(command: &mut Command) -> Self {
        let mut process = command
            .args(["--port", "0", "--until-eof"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        // The line comes when it listens; the pipe ends if it does not come to that.
        BufReader::new(process.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let port = line
            .strip_prefix("listening on ws://127.0.0.1:")
            .and_then(|rest| rest.strip_suffix("/\n"))
            .unwrap_or_else(|| panic!("the server said {line:?}"));
        Self {
            port: port.parse().unwrap(),
            input: process.stdin.take(),
            process: Some(process),
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("ws://127.0.0.1:{}{path}", self.port)
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.as_ref().unwrap().id()
    }

    pub(crate) fn signal(&self, signal: &str) {
        program::signal(self.id(), signal);
    }

    /// Waits for the end that something else brings about.
    pub(crate) fn expect_end(&mut self) {
        let Some(process) = self.process.take() else {
            return;
        };
        let (status, output, errors) = program::wait(process);
        assert!(
            status.success() && output.is_empty() && errors.is_empty(),
            "the server ended with {status}:\n{output}{errors}"
        );
    }

    /// Ends its input.
    pub(crate) fn end_input(&mut self) {
        drop(self.input.take());
    }
}

impl Drop for EchoServer {
    fn drop(&mut self) {
        self.end_input();
        if thread::panicking() {
            // One failure is enough.
            if let Some(mut process) = self.process.take() {
                let _it_may_be_gone = process.kill();
                let _it_may_be_gone = process.wait();
            }
        } else {
            self.expect_end();
        }
    }
}
