//! What a run without a URL shows: an embedded echo server and four conversations with it, over ws
//! and wss, synchronous and asynchronous.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use winhttp_fixtures::certs::{Authority, IdentityOptions};
use winhttp_fixtures::{Server, by_path};

use crate::arguments::Target;
use crate::conversation::{Conversation, Failure, Happening};
use crate::observer::Message;

/// An echo on this machine takes milliseconds; after this long something is broken.
const STEP_LIMIT: Duration = Duration::from_secs(10);

/// Bytes of the binary message: more than one receive buffer, so that it arrives in pieces.
const BINARY_BYTES: usize = 100_000;

/// Runs all four conversations and tells what happened, step by step.
pub(crate) fn run(trace: bool) -> ExitCode {
    match Servers::start().map_err(|error| format!("the embedded server did not start: {error}")) {
        Ok(servers) => match servers.converse(trace) {
            Ok(()) => {
                println!("all four conversations succeeded");
                ExitCode::SUCCESS
            }
            Err(reason) => {
                eprintln!("winhttp-cat: {reason}");
                ExitCode::FAILURE
            }
        },
        Err(reason) => {
            eprintln!("winhttp-cat: {reason}");
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
            println!("{url}, {mode}");
            let target = Target {
                url: url.clone(),
                synchronous,
                direct: true,
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
    println!("  connected");

    let text = Message {
        binary: false,
        data: "hello, WinHTTP: grüß dich".into(),
    };
    round_trip(&mut conversation, &text)?;
    println!("  text message of {} bytes came back", text.data.len());

    let binary = Message {
        binary: true,
        data: (0..=u8::MAX).cycle().take(BINARY_BYTES).collect(),
    };
    round_trip(&mut conversation, &binary)?;
    println!("  binary message of {} bytes came back", binary.data.len());

    conversation.shut_down(1000, "done")?;
    match conversation.next(Some(Instant::now() + STEP_LIMIT))? {
        Some(Happening::PeerClosed) => {}
        other => return Err(unexpected("the server's close frame", other.as_ref())),
    }
    let (status, _) = conversation.close()?;
    if status != 1000 {
        return Err(Failure::Broken(format!(
            "the server closed with {status} instead of 1000"
        )));
    }
    println!("  closed by both sides with status 1000, every handle reported HANDLE_CLOSING");
    Ok(())
}

fn round_trip(conversation: &mut Conversation, message: &Message) -> Result<(), Failure> {
    conversation.send(message.clone())?;
    match conversation.next(Some(Instant::now() + STEP_LIMIT))? {
        Some(Happening::Message(echo)) if echo == *message => Ok(()),
        other => Err(unexpected("the same message back", other.as_ref())),
    }
}

fn unexpected(wanted: &str, happening: Option<&Happening>) -> Failure {
    Failure::Broken(match happening {
        None => format!(
            "{wanted} did not come within {} seconds",
            STEP_LIMIT.as_secs()
        ),
        Some(Happening::Message(message)) => {
            format!(
                "instead of {wanted}, another message of {} bytes came",
                message.data.len()
            )
        }
        Some(Happening::PeerClosed) => format!("the server closed instead of sending {wanted}"),
        Some(Happening::Line(_) | Happening::InputEnded) => format!("no {wanted}"),
    })
}

/// A file with the embedded server's authority, which this process trusts as long as it exists.
struct TrustFile {
    folder: PathBuf,
}

impl TrustFile {
    /// Writes the file and points SSL_CERT_FILE, which replaces the system's store, at it.
    ///
    /// Must be called while the process has one thread.
    fn install(authority: &Authority) -> io::Result<Self> {
        let folder = std::env::temp_dir().join(format!("winhttp-cat-{}", std::process::id()));
        std::fs::create_dir(&folder)?;
        let trust = Self { folder };
        let file = authority.write_pem(&trust.folder)?;
        set_trust(&file);
        Ok(trust)
    }
}

fn set_trust(file: &Path) {
    // SAFETY: `Servers::start` calls this before it starts the first other thread.
    unsafe { std::env::set_var("SSL_CERT_FILE", file) };
}

impl Drop for TrustFile {
    fn drop(&mut self) {
        // What is left in the temporary folder does no harm: it is a public certificate.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
