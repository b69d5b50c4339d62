//! The demonstration: an embedded echo server and four conversations with it, over ws
//! and wss, synchronous and asynchronous.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use winhttp_fixtures::certs::{Authority, IdentityOptions};
use winhttp_fixtures::{Server, by_path};

use crate::arguments::{Target, Way};
use crate::conversation::{Conversation, Failure, Happening};
use crate::message::Message;
use crate::output::{note, say};
use crate::trust;

/// An echo on this machine takes milliseconds; after this long something is broken.
const STEP_LIMIT: Duration = Duration::from_secs(10);

/// Bytes of the binary message: more than one receive buffer, so that it arrives in pieces.
const BINARY_BYTES: usize = 100_000;

/// Runs all four conversations and tells what happened, step by step.
pub(crate) fn run(trace: bool) -> ExitCode {
    match Servers::start().map_err(|error| format!("the embedded server did not start: {error}")) {
        Ok(servers) => match servers.converse(trace) {
            Ok(()) => {
                say!("all four conversations succeeded");
                ExitCode::SUCCESS
            }
            Err(reason) => {
                note!("winhttp-cat: {reason}");
                ExitCode::FAILURE
            }
        },
        Err(reason) => {
            note!("winhttp-cat: {reason}");
            ExitCode::FAILURE
        }
    }
}

/// The two echo servers and the trust in the second one.
struct Servers {
    plain: Server,
    secure: Server,
    _trust: TrustFile,
}

impl Servers {
    fn start() -> io::Result<Self> {
        let authority = Authority::new()?;
        // Before any other thread runs: the servers start theirs below.
        let trust = TrustFile::install(&authority)?;
        let identity = authority.issue(&IdentityOptions::default())?;
        let plain = Server::plain(by_path)?;
        let secure = Server::tls(by_path, &identity)?;
        Ok(Self {
            plain,
            secure,
            _trust: trust,
        })
    }

    fn converse(&self, trace: bool) -> Result<(), String> {
        let plain = self.plain.ws_url("/echo");
        let secure = self.secure.ws_url("/echo");
        for (url, synchronous) in [
            (&plain, true),
            (&plain, false),
            (&secure, true),
            (&secure, false),
        ] {
            let mode = if synchronous {
                "synchronous"
            } else {
                "asynchronous"
            };
            say!("{url}, {mode}");
            let target = Target {
                url: url.clone(),
                synchronous,
                way: Way::Direct,
                trace,
                ..Target::default()
            };
            echo(&target).map_err(|failure| match failure {
                Failure::Opening(reason) | Failure::Broken(reason) => {
                    format!("{url}, {mode}: {reason}")
                }
            })?;
        }
        Ok(())
    }
}

/// One conversation: a text, a binary message, and the closing handshake.
fn echo(target: &Target) -> Result<(), Failure> {
    let (sender, events) = mpsc::channel();
    let mut conversation = Conversation::open(target, sender, events)?;
    say!("  connected");

    let text = Message {
        binary: false,
        data: "hello, WinHTTP: grüß dich".into(),
    };
    round_trip(&mut conversation, &text)?;
    say!("  text message of {} bytes came back", text.data.len());

    let binary = Message {
        binary: true,
        data: (0..=u8::MAX).cycle().take(BINARY_BYTES).collect(),
    };
    round_trip(&mut conversation, &binary)?;
    say!("  binary message of {} bytes came back", binary.data.len());

    conversation.shut_down(1000, "done")?;
    match next(&mut conversation)? {
        Some(Happening::PeerClosed) => {}
        other => return Err(unexpected("the server's close frame", other.as_ref())),
    }
    let status = conversation.close()?.status;
    if status != 1000 {
        return Err(Failure::Broken(format!(
            "the server closed with {status} instead of 1000"
        )));
    }
    say!("  closed by both sides with status 1000, every handle reported HANDLE_CLOSING");
    Ok(())
}

fn round_trip(conversation: &mut Conversation, message: &Message) -> Result<(), Failure> {
    conversation.send(message.clone().into())?;
    match next(conversation)? {
        Some(Happening::Message(echo)) if echo.message == *message => Ok(()),
        other => Err(unexpected("the same message back", other.as_ref())),
    }
}

/// What happens next, other than that a message is on its way.
fn next(conversation: &mut Conversation) -> Result<Option<Happening>, Failure> {
    let until = Instant::now() + STEP_LIMIT;
    loop {
        match conversation.next(Some(until))? {
            Some(Happening::Sent) => {}
            other => return Ok(other),
        }
    }
}

fn unexpected(wanted: &str, happening: Option<&Happening>) -> Failure {
    Failure::Broken(match happening {
        None => format!(
            "{wanted} did not come within {} seconds",
            STEP_LIMIT.as_secs()
        ),
        Some(Happening::Message(other)) => {
            format!(
                "instead of {wanted}, another message of {} bytes came",
                other.message.data.len()
            )
        }
        Some(Happening::PeerClosed) => format!("the server closed instead of sending {wanted}"),
        Some(other) => format!("no {wanted}, but {other:?}"),
    })
}

/// A file with the embedded server's authority, which this process trusts as long as it exists.
struct TrustFile {
    folder: PathBuf,
}

impl TrustFile {
    /// Writes the file and lets it replace the system's store.
    ///
    /// Must be called while the process has one thread.
    fn install(authority: &Authority) -> io::Result<Self> {
        let folder = std::env::temp_dir().join(format!("winhttp-cat-{}", std::process::id()));
        std::fs::create_dir(&folder)?;
        let trust = Self { folder };
        let file = authority.write_pem(&trust.folder)?;
        trust::install(&file).map_err(io::Error::other)?;
        Ok(trust)
    }
}

impl Drop for TrustFile {
    fn drop(&mut self) {
        // What is left in the temporary folder does no harm: it is a public certificate.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
