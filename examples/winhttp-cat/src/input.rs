//! Where messages come from: lines, parts that end with NUL, or pieces of whatever comes.

use std::io::{self, BufRead, IsTerminal, Read};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::Duration;

use crate::arguments::Talk;
use crate::message::{MESSAGE_LIMIT_BYTES, Message, Queued};
use crate::observer::Event;
use crate::room::Room;

/// Messages that were read and are not sent yet; while they take this much, no more is read.
const WAITING_LIMIT_BYTES: usize = 1024 * 1024;

/// Most bytes of one message when the input is sent in pieces.
const PIECE_BYTES: usize = 64 * 1024;

/// How long an input that nobody asked for may take to show whether it is empty.
const LOOK_LIMIT: Duration = Duration::from_secs(2);

/// How the input is divided into messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Division {
    /// At newlines.
    Lines,
    /// At NULs.
    Nulls,
    /// Not at all: what one read gives is a message.
    Pieces,
}

/// Whether somebody types the messages, and sees what comes.
pub(crate) fn is_typed(talk: &Talk) -> bool {
    talk.messages.is_empty() && io::stdin().is_terminal()
}

/// Starts to post messages, from the command line or from standard input, and then
/// [`Event::InputEnded`]. Standard input is read on a thread of its own, which ends with the input
/// or with the process.
pub(crate) fn start(talk: &Talk, events: Sender<Event>) {
    let post = Post {
        events,
        room: Room::new(WAITING_LIMIT_BYTES),
        binary: talk.binary,
    };
    let typed = io::stdin().is_terminal();
    let division = match (talk.null, talk.binary && !typed) {
        (true, _) => Division::Nulls,
        (false, true) => Division::Pieces,
        (false, false) => Division::Lines,
    };
    let messages = talk.messages.clone();
    std::thread::spawn(move || {
        let result = if !messages.is_empty() {
            messages.into_iter().all(|text| post.message(text.into()));
            Ok(())
        } else if division == Division::Lines && has_prompt() {
            prompt(&post)
        } else {
            read(&mut io::stdin().lock(), division, &post)
        };
        let _ = post.events.send(Event::InputEnded(result));
    });
}

#[cfg(unix)]
use crate::prompt::is_possible as has_prompt;

#[cfg(unix)]
fn prompt(post: &Post) -> Result<(), String> {
    crate::prompt::read(|line| post.message(line.into_bytes()))
        .map_err(|error| format!("the terminal: {error}"))
}

/// A console edits lines itself.
#[cfg(not(unix))]
fn has_prompt() -> bool {
    false
}

#[cfg(not(unix))]
fn prompt(_: &Post) -> Result<(), String> {
    Ok(())
}

/// Whether standard input ends at once. Reads a byte, if there is one.
pub(crate) fn is_empty() -> bool {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let _ = sender.send(io::stdin().lock().read(&mut [0]));
    });
    match receiver.recv_timeout(LOOK_LIMIT) {
        Ok(read) => matches!(read, Ok(0)),
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => false,
    }
}

/// Where messages go.
struct Post {
    events: Sender<Event>,
    room: std::sync::Arc<Room>,
    binary: bool,
}

impl Post {
    /// Waits for room; false when nobody takes messages any more.
    fn message(&self, data: Vec<u8>) -> bool {
        let share = self.room.take(data.len());
        let message = Message {
            binary: self.binary,
            data,
        };
        self.events
            .send(Event::Input(Queued::new(message, share)))
            .is_ok()
    }
}

/// Reads to the end, or to the first thing that cannot be sent.
fn read(input: &mut impl BufRead, division: Division, post: &Post) -> Result<(), String> {
    let each = |data| post.message(data);
    match division {
        Division::Lines => read_parts(input, b'\n', !post.binary, each),
        Division::Nulls => read_parts(input, 0, !post.binary, each),
        Division::Pieces => read_pieces(input, each),
    }
}

/// Parts that end with a byte; the last one may lack it.
fn read_parts(
    input: &mut impl BufRead,
    end: u8,
    is_text: bool,
    mut each: impl FnMut(Vec<u8>) -> bool,
) -> Result<(), String> {
    let place = if end == b'\n' { "line" } else { "message" };
    for number in 1_u64.. {
        let limit = u64::try_from(MESSAGE_LIMIT_BYTES).unwrap_or(u64::MAX) + 1;
        let mut part = Vec::new();
        let read = input.take(limit).read_until(end, &mut part);
        if read.map_err(unreadable)? == 0 {
            break;
        }
        if part.last() == Some(&end) {
            part.pop();
            if end == b'\n' && part.last() == Some(&b'\r') {
                part.pop();
            }
        } else if part.len() > MESSAGE_LIMIT_BYTES {
            return Err(format!(
                "standard input, {place} {number}: longer than {MESSAGE_LIMIT_BYTES} bytes"
            ));
        }
        if is_text && let Err(error) = std::str::from_utf8(&part) {
            let position = error.valid_up_to();
            let byte = part.get(position).copied().unwrap_or_default();
            return Err(format!(
                "standard input, {place} {number}: byte {} is {byte:#04x}, which is not UTF-8; \
                 --binary sends bytes as they are",
                position + 1
            ));
        }
        if !each(part) {
            break;
        }
    }
    Ok(())
}

fn read_pieces(
    input: &mut impl BufRead,
    mut each: impl FnMut(Vec<u8>) -> bool,
) -> Result<(), String> {
    let mut buffer = vec![0; PIECE_BYTES];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(length) => {
                if !each(buffer.get(..length).unwrap_or_default().to_vec()) {
                    return Ok(());
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(error)),
        }
    }
}

fn unreadable(error: io::Error) -> String {
    format!("standard input cannot be read: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(input: &[u8], end: u8, is_text: bool) -> (Vec<Vec<u8>>, Result<(), String>) {
        let mut found = Vec::new();
        let result = read_parts(&mut &*input, end, is_text, |part| {
            found.push(part);
            true
        });
        (found, result)
    }

    #[test]
    fn lines_end_with_either_newline_and_the_last_may_have_none() {
        let (found, result) = parts(b"one\r\n\ntwo\rthree\nfour", b'\n', true);
        assert_eq!(found, [&b"one"[..], b"", b"two\rthree", b"four"]);
        assert_eq!(result, Ok(()));
        assert_eq!(parts(b"", b'\n', true), (vec![], Ok(())));
    }

    #[test]
    fn parts_that_end_with_nul_keep_their_newlines() {
        let (found, result) = parts(b"one\r\n\0\0two", 0, true);
        assert_eq!(found, [&b"one\r\n"[..], b"", b"two"]);
        assert_eq!(result, Ok(()));
    }

    #[test]
    fn what_is_no_text_is_told_with_its_place() {
        let (found, result) = parts(b"one\ntw\xffo\nthree\n", b'\n', true);
        assert_eq!(found, [b"one"]);
        let error = result.unwrap_err();
        assert!(error.contains("line 2: byte 3 is 0xff"), "{error}");
        assert_eq!(
            parts(b"tw\xffo\n", b'\n', false),
            (vec![b"tw\xffo".to_vec()], Ok(()))
        );
    }

    #[test]
    fn a_line_beyond_the_limit_is_refused() {
        let line = vec![b'x'; MESSAGE_LIMIT_BYTES + 1];
        let (found, result) = parts(&line, b'\n', true);
        assert!(found.is_empty());
        assert!(result.unwrap_err().contains("line 1: longer"));
        let whole = [&line[1..], b"\n"].concat();
        let (found, result) = parts(&whole, b'\n', true);
        assert_eq!((found.len(), result), (1, Ok(())));
    }

    /// Fails after its bytes.
    struct Broken(&'static [u8]);

    impl Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.read(buffer) {
                Ok(0) => Err(io::Error::other("it broke")),
                read => read,
            }
        }
    }

    #[test]
    fn an_error_is_no_end() {
        let mut input = io::BufReader::new(Broken(b"one\n"));
        let mut count = 0;
        let result = read_parts(&mut input, b'\n', true, |_| {
            count += 1;
            true
        });
        assert_eq!(count, 1);
        assert!(result.unwrap_err().contains("it broke"));
        let result = read_pieces(&mut io::BufReader::new(Broken(b"one")), |_| true);
        assert!(result.unwrap_err().contains("it broke"));
    }

    #[test]
    fn pieces_are_as_long_as_one_read_and_no_longer_than_their_limit() {
        let bytes = vec![0xff; PIECE_BYTES + 1];
        let mut lengths = Vec::new();
        read_pieces(&mut &*bytes, |piece| {
            lengths.push(piece.len());
            true
        })
        .unwrap();
        assert_eq!(lengths, [PIECE_BYTES, 1]);
    }
}
