//! What goes to standard output and standard error, and how it looks there.
//!
//! In a pipe messages are exact. A terminal gets them readable: control characters, which come from
//! the server, are escaped, and bytes are shown in hexadecimal.

use std::fmt;
use std::io::{self, IsTerminal, Write};

use crate::message::Message;

/// Bytes in one row of hexadecimal.
const ROW_BYTES: usize = 16;

/// Bytes of a binary message that a terminal shows.
const SHOWN_BYTES: usize = 1024;

/// A line on standard error.
macro_rules! note {
    ($($words:tt)*) => { $crate::output::note_line(format_args!($($words)*)) };
}
pub(crate) use note;

/// A line on standard output.
macro_rules! say {
    ($($words:tt)*) => { $crate::output::say_line(format_args!($($words)*)) };
}
pub(crate) use say;

/// For [`note!`]. Any thread may call it, a callback included.
pub(crate) fn note_line(words: fmt::Arguments<'_>) {
    let line = format!("{words}\n");
    let mut errors = io::stderr();
    if errors.is_terminal() && above_prompt(&line) {
        return;
    }
    // Nobody is left to tell.
    let _ = errors.write_all(line.as_bytes());
}

/// For [`say!`].
pub(crate) fn say_line(words: fmt::Arguments<'_>) {
    // Who closed the output does not want to know.
    let _ = io::stdout().write_all(format!("{words}\n").as_bytes());
}

/// Received messages on their way to standard output.
#[derive(Debug)]
pub(crate) struct Printer {
    terminal: bool,
    null: bool,
}

impl Printer {
    /// `null`: messages end with NUL, text and binary ones.
    pub(crate) fn new(null: bool) -> Self {
        Self {
            terminal: io::stdout().is_terminal(),
            null,
        }
    }

    /// # Errors
    ///
    /// Standard output's.
    pub(crate) fn print(&self, message: &Message) -> io::Result<()> {
        let mut output = io::stdout().lock();
        if self.terminal {
            let text = readable(message);
            if above_prompt(&text) {
                return Ok(());
            }
            output.write_all(text.as_bytes())?;
        } else {
            output.write_all(&message.data)?;
            output.write_all(self.end_of(message))?;
        }
        output.flush()
    }

    /// A binary message is its bytes and nothing else, so that what was sent in pieces comes
    /// together again.
    fn end_of(&self, message: &Message) -> &'static [u8] {
        match (self.null, message.binary) {
            (true, _) => b"\0",
            (false, false) => b"\n",
            (false, true) => b"",
        }
    }
}

/// Whether a prompt was there and the text now stands above it.
fn above_prompt(text: &str) -> bool {
    #[cfg(unix)]
    return crate::prompt::print_above(text);
    #[cfg(not(unix))]
    {
        let _ = text;
        false
    }
}

/// Whole lines for a terminal.
fn readable(message: &Message) -> String {
    if message.binary {
        return hexadecimal(&message.data);
    }
    format!("< {}\n", escape(&String::from_utf8_lossy(&message.data)))
}

/// Text of the server's in one line, without anything that a terminal would obey.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() && c != '\t' {
            escaped.extend(c.escape_default());
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// One row for every 16 bytes, with what is ASCII at its end.
fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = format!("< {} bytes\n", bytes.len());
    for row in bytes.chunks(ROW_BYTES).take(SHOWN_BYTES / ROW_BYTES) {
        let digits: String = row.iter().map(|byte| format!("{byte:02x} ")).collect();
        let plain = |byte: &u8| match byte {
            b' '..=b'~' => char::from(*byte),
            _ => '.',
        };
        let characters: String = row.iter().map(plain).collect();
        text.push_str(&format!("  {digits:48} {characters}\n"));
    }
    if bytes.len() > SHOWN_BYTES {
        text.push_str(&format!("  ... {} more\n", bytes.len() - SHOWN_BYTES));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_cannot_reach_a_terminal() {
        assert_eq!(
            escape("a\u{1b}[2Jb\tc\nü\u{9b}"),
            "a\\u{1b}[2Jb\tc\\nü\\u{9b}"
        );
    }

    #[test]
    fn bytes_are_shown_in_rows() {
        assert_eq!(
            hexadecimal(b"0123456789abcdef\x80\xff"),
            "< 18 bytes\n  \
             30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  0123456789abcdef\n  \
             80 ff                                            ..\n"
        );
        assert_eq!(hexadecimal(b""), "< 0 bytes\n");
        let long = hexadecimal(&vec![0; SHOWN_BYTES + 5]);
        assert!(long.ends_with("  ... 5 more\n"), "{long}");
    }
}
