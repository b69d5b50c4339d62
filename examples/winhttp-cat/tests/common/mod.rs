//! Runs the program as users do: with pipes here, with a terminal in [`terminal`].
#![allow(dead_code, reason = "each test file uses the part it needs")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail their test"
)]

pub(crate) mod terminal;

use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use winhttp_fixtures::{Connection, Opcode, Server, by_path};

/// Longer than anything here takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// What both kinds of session must do alike.
pub(crate) const MODES: [&[&str]; 2] = [&[], &["--sync"]];

/// A server with all the paths of the fixtures.
pub(crate) fn server() -> Server {
    Server::plain(by_path).unwrap()
}

/// A server that sends everybody there, with these fields.
pub(crate) fn leading(location: &str, fields: &str) -> Server {
    let head =
        format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\n{fields}Content-Length: 0\r\n\r\n");
    Server::plain(move |connection: &mut Connection| {
        while connection.read_head()?.is_some() {
            connection.send(head.as_bytes())?;
        }
        Ok(())
    })
    .unwrap()
}

/// The program, without anything of the machine that would change what it does.
pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_winhttp-cat"));
    command.args(arguments).env("TERM", "xterm");
    for variable in [
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "no_proxy",
    ] {
        command.env_remove(variable);
        command.env_remove(variable.to_uppercase());
    }
    command
}

/// How a run ended, and what it said.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) output: Vec<u8>,
    pub(crate) errors: String,
}

impl Ended {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.output).unwrap()
    }

    /// Checks the exit code.
    #[track_caller]
    pub(crate) fn with(self, code: i32) -> Self {
        assert_eq!(self.status.code(), Some(code), "{}", self.errors);
        self
    }

    /// Checks that it said this on standard error.
    #[track_caller]
    pub(crate) fn saying(self, words: &str) -> Self {
        assert!(
            self.errors.contains(words),
            "{words:?} is not in: {}",
            self.errors
        );
        self
    }
}

/// Runs the program with this input.
pub(crate) fn run(arguments: &[&str], input: &[u8]) -> Ended {
    let mut running = Running::start(arguments);
    running.feed(input);
    running.end_input();
    running.wait()
}

/// A program that runs, with pipes. A failing test does not leave it behind.
pub(crate) struct Running {
    child: Child,
    input: Option<mpsc::Sender<Vec<u8>>>,
    output: Option<JoinHandle<Vec<u8>>>,
    errors: Option<JoinHandle<String>>,
    /// Standard error, line by line.
    lines: mpsc::Receiver<String>,
}

impl Running {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = program(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        Self::of(command)
    }

    /// Starts a command; its standard error is read in any case.
    pub(crate) fn of(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take().map(|mut pipe| {
            let (sender, fed) = mpsc::channel::<Vec<u8>>();
            // A thread: the program may end before it has read all.
            thread::spawn(move || fed.iter().all(|bytes| pipe.write_all(&bytes).is_ok()));
            sender
        });
        let output = child.stdout.take().map(|mut pipe| {
            thread::spawn(move || {
                let mut bytes = Vec::new();
                pipe.read_to_end(&mut bytes).unwrap();
                bytes
            })
        });
        let mut pipe = child.stderr.take().unwrap();
        let (sender, lines) = mpsc::channel();
        let errors = thread::spawn(move || {
            let (mut text, mut told, mut buffer) = (String::new(), 0, [0; 4096]);
            loop {
                let length = pipe.read(&mut buffer).unwrap();
                if length == 0 {
                    return text;
                }
                text.push_str(&String::from_utf8_lossy(&buffer[..length]));
                while let Some(end) = text[told..].find('\n') {
                    let _ = sender.send(text[told..told + end].to_owned());
                    told += end + 1;
                }
            }
        });
        Self {
            child,
            input,
            output,
            errors: Some(errors),
            lines,
        }
    }

    pub(crate) fn feed(&self, bytes: impl Into<Vec<u8>>) {
        let _ = self.input.as_ref().unwrap().send(bytes.into());
    }

    pub(crate) fn end_input(&mut self) {
        self.input = None;
    }

    /// Waits until it has said this on standard error.
    #[track_caller]
    pub(crate) fn wait_until_said(&self, words: &str) {
        let mut said = Vec::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(words) => return,
                Ok(line) => said.push(line),
                Err(_) => panic!("it did not say {words:?}, but {said:?}"),
            }
        }
    }

    pub(crate) fn wait_until_connected(&self) {
        self.wait_until_said("connected to ");
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Waits for its end, with its input as it is; one that lasts too long is ended, and the test
    /// fails.
    #[track_caller]
    pub(crate) fn wait(mut self) -> Ended {
        let status = wait_for(&mut self.child);
        let output = self
            .output
            .take()
            .map_or_else(Vec::new, |it| it.join().unwrap());
        let errors = self.errors.take().unwrap().join().unwrap();
        assert_ne!(
            status.signal(),
            Some(9),
            "it did not end; it said: {errors}"
        );
        assert!(!errors.contains("panicked"), "{errors}");
        Ended {
            status,
            output,
            errors,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Waits for the end of a child, and after [`PATIENCE`] kills it.
pub(crate) fn wait_for(child: &mut Child) -> ExitStatus {
    let pid = Pid::from_child(child);
    let (ended, is_ended) = mpsc::channel::<()>();
    let watch = thread::spawn(move || {
        if is_ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            let _ = kill_process(pid, Signal::KILL);
        }
    });
    let status = child.wait().unwrap();
    drop(ended);
    watch.join().unwrap();
    status
}

/// Accepts the handshake of a script's connection.
pub(crate) fn upgrade(connection: &mut Connection) -> std::io::Result<()> {
    let request = connection.read_head()?.unwrap();
    connection.accept_websocket(&request)
}

/// Reads the next text or binary frame, or answers the close frame and gives `None`.
pub(crate) fn next_payload(connection: &mut Connection) -> std::io::Result<Option<Vec<u8>>> {
    while let Some(frame) = connection.read_frame()? {
        match frame.opcode {
            Opcode::TEXT | Opcode::BINARY => return Ok(Some(frame.payload)),
            Opcode::CLOSE => {
                connection.send_frame(Opcode::CLOSE, true, &frame.payload)?;
                return Ok(None);
            }
            _ => {}
        }
    }
    Ok(None)
}
