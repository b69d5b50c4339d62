//! A failure is an error with what is known about it: which certificate, address, rule or limit.
//! What it says is text for people, made only when somebody asks for it.

use std::fmt::{self, Write};
use std::sync::Arc;

use crate::error::Error;

/// Bytes of a failure's text at the most, so that it fits into 8 KiB with a terminator; a refused
/// handshake, with its head and the beginning of its body, fits in.
const DETAIL_BYTES_MAX: usize = 8 * 1024 - 1;

/// What marks text that was cut.
const CUT: &str = "...";

/// Why something failed, as the layer knows it that found out. Its text says what is wrong in plain
/// words, names what it is about, and holds nothing secret: what a program sends to prove who it is
/// never becomes part of a reason.
pub trait Reason: fmt::Display + fmt::Debug + Send + Sync {
    /// The socket error behind it in Winsock's numbers (WINHTTP_OPTION_EXTENDED_ERROR); 0 if there
    /// is none.
    fn socket_error(&self) -> u32 {
        0
    }
}

/// An error on its way to the program, with its reason where the number alone would leave
/// questions.
///
/// Clones share the reason: a connection's failure is reported by every later operation. What
/// succeeds never pays for it.
#[derive(Clone, Debug)]
pub struct Failure {
    error: Error,
    reason: Option<Arc<dyn Reason>>,
}

impl Failure {
    /// An error and why.
    #[must_use]
    pub fn because(error: Error, reason: impl Reason + 'static) -> Self {
        Self {
            error,
            reason: Some(Arc::new(reason)),
        }
    }

    /// What becomes a number.
    #[must_use]
    pub fn error(&self) -> Error {
        self.error
    }

    /// Why, if that is known.
    #[must_use]
    pub fn reason(&self) -> Option<&Arc<dyn Reason>> {
        self.reason.as_ref()
    }

    /// The same reason under another error.
    #[must_use]
    pub fn with_error(self, error: Error) -> Self {
        Self { error, ..self }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            error,
            reason: None,
        }
    }
}

/// Failures are equal if a program cannot tell them apart by number.
impl PartialEq for Failure {
    fn eq(&self, other: &Self) -> bool {
        self.error == other.error
    }
}

impl Eq for Failure {}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            Some(reason) => write!(f, "{}: {}", self.error, detail(&**reason)),
            None => self.error.fmt(f),
        }
    }
}

impl std::error::Error for Failure {}

/// What a failure means once a response has begun: what TLS objects to then ends the connection
/// like any other failure, and the functions that read a body or use a WebSocket know only that.
#[must_use]
pub fn late(failure: Failure) -> Failure {
    if failure.error() == Error::SecureChannelError {
        failure.with_error(Error::ConnectionError)
    } else {
        failure
    }
}

/// Result of what can fail for a reason.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// The text of a reason: less than 8 KiB, and without control characters other than line feeds,
/// whatever a peer has put into it.
#[must_use]
pub fn detail(reason: &dyn Reason) -> String {
    let mut text = Bounded {
        text: String::new(),
        max: DETAIL_BYTES_MAX - CUT.len(),
    };
    if write!(text, "{reason}").is_err() {
        text.text.push_str(CUT);
    }
    text.text
}

/// Takes text up to a number of bytes; then writing fails.
struct Bounded {
    text: String,
    max: usize,
}

impl Write for Bounded {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        for character in more.chars() {
            // A carriage return belongs to the line feed behind it; anything else could command a
            // terminal.
            match character {
                '\r' => continue,
                '\n' => self.push("\n")?,
                '\t' => self.push(" ")?,
                // Neither may others turn the direction in which the text is read.
                '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => self.push("\u{fffd}")?,
                control if control.is_control() => self.push("\u{fffd}")?,
                other => self.push(other.encode_utf8(&mut [0; 4]))?,
            }
        }
        Ok(())
    }
}

impl Bounded {
    fn push(&mut self, piece: &str) -> fmt::Result {
        if self.text.len() + piece.len() > self.max {
            return Err(fmt::Error);
        }
        self.text.push_str(piece);
        Ok(())
    }
}

/// Bytes of others as one short piece of text between quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quoted(String);

impl Quoted {
    /// Bytes that are shown at the most.
    const MAX: usize = 64;

    /// Takes the beginning of `bytes`.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        let shown = bytes.get(..Self::MAX).unwrap_or(bytes);
        let more = if shown.len() < bytes.len() { CUT } else { "" };
        Self(format!("\"{}{more}\"", shown.escape_ascii()))
    }
}

impl fmt::Display for Quoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Said(String);

    impl fmt::Display for Said {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(&self.0)
        }
    }

    impl Reason for Said {}

    fn said(text: &str) -> String {
        detail(&Said(text.to_owned()))
    }

    #[test]
    fn text_of_others_cannot_command_a_terminal() {
        assert_eq!(
            said("a\x1b[2J\0b\r\nc\td\u{9b}"),
            "a\u{fffd}[2J\u{fffd}b\nc d\u{fffd}"
        );
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        for text in [
            "x".repeat(100_000),
            "é".repeat(100_000),
            "€".repeat(100_000),
        ] {
            let shown = said(&text);
            assert!(shown.len() <= DETAIL_BYTES_MAX && shown.len() > DETAIL_BYTES_MAX - 8);
            assert!(shown.ends_with(CUT));
        }
        let fits = "x".repeat(DETAIL_BYTES_MAX - CUT.len());
        assert_eq!(said(&fits), fits);
    }

    #[test]
    fn quoted_bytes_are_short_and_plain() {
        let quoted = |bytes: &[u8]| Quoted::new(bytes).to_string();
        assert_eq!(quoted(b"SSH-2.0\r\n\xff\""), r#""SSH-2.0\r\n\xff\"""#);
        assert_eq!(quoted(&[b'x'; 65]).len(), 64 + 3 + 2);
    }

    #[test]
    fn a_failure_without_a_reason_is_its_error() {
        let failure = Failure::from(Error::Timeout);
        assert_eq!(
            (failure.error(), failure.reason().is_none()),
            (Error::Timeout, true)
        );
        let told = Failure::because(Error::Timeout, Said("slow".to_owned()));
        assert_eq!(told.to_string(), "Timeout: slow");
        assert_eq!(
            told.with_error(Error::Internal).to_string(),
            "Internal: slow"
        );
    }
}
