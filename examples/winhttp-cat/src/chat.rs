//! A conversation with somebody at the keyboard, a pipe, or messages from the command line.

use std::io::{self, BufRead, IsTerminal, Write};
use std::sync::mpsc::{self, Sender};
use std::time::{Duration, Instant};

use crate::arguments::Talk;
use crate::conversation::{Conversation, Failure, Happening};
use crate::observer::{Event, Message};

/// Without `--wait`: how long answers that are still due may take after the last message.
const DUE_ANSWERS_LIMIT: Duration = Duration::from_secs(2);

/// How long the server may take to answer our close frame.
const CLOSE_LIMIT: Duration = Duration::from_secs(10);

/// How a conversation that ended properly was closed.
#[derive(Debug)]
pub(crate) struct Ending {
    pub(crate) status: u16,
    pub(crate) reason: String,
}

impl Ending {
    /// 1000 normal, 1001 going away, 1005 no status given, or the status that was asked for.
    pub(crate) fn is_good(&self, asked_for: u16) -> bool {
        matches!(self.status, 1000 | 1001 | 1005) || self.status == asked_for
    }
}

/// Where the conversation stands.
#[derive(Debug)]
enum Phase {
    /// More may be sent.
    Open,
    /// The input has ended; answers may still come until then.
    Waiting(Instant),
    /// Our close frame is sent; the server's is due until then.
    Closing(Instant),
}

/// Talks as the command line says.
///
/// # Errors
///
/// What kept the WebSocket from opening, or broke it.
pub(crate) fn run(talk: &Talk) -> Result<Ending, Failure> {
    let (sender, events) = mpsc::channel();
    let conversation = Conversation::open(&talk.target, sender.clone(), events)?;
    match conversation.subprotocol() {
        Some(name) => eprintln!("connected to {}, subprotocol {name}", talk.target.url),
        None => eprintln!("connected to {}", talk.target.url),
    }
    if talk.messages.is_empty() {
        read_standard_input(sender);
    } else {
        for message in &talk.messages {
            let _ = sender.send(Event::Line(message.clone()));
        }
        let _ = sender.send(Event::InputEnded);
    }
    Chat {
        talk,
        conversation,
        sent: 0,
        received: 0,
        phase: Phase::Open,
    }
    .run()
}

struct Chat<'a> {
    talk: &'a Talk,
    conversation: Conversation,
    sent: u64,
    received: u64,
    phase: Phase,
}

impl Chat<'_> {
    fn run(mut self) -> Result<Ending, Failure> {
        loop {
            let until = match self.phase {
                Phase::Open => None,
                Phase::Waiting(until) | Phase::Closing(until) => Some(until),
            };
            match self.conversation.next(until)? {
                Some(Happening::PeerClosed) => break,
                Some(happening) => self.take(happening)?,
                None => self.run_out_of_time()?,
            }
        }
        let (status, reason) = self.conversation.close()?;
        Ok(Ending { status, reason })
    }

    fn take(&mut self, happening: Happening) -> Result<(), Failure> {
        match happening {
            Happening::Line(line) => {
                // Lines that come after the close frame are lost, as the user is told at the end.
                if !matches!(self.phase, Phase::Closing(_)) {
                    let message = Message {
                        binary: self.talk.binary,
                        data: line.into_bytes(),
                    };
                    self.conversation.send(message)?;
                    self.sent += 1;
                }
            }
            Happening::InputEnded => {
                let wait = self.talk.wait.unwrap_or(DUE_ANSWERS_LIMIT);
                self.phase = Phase::Waiting(Instant::now() + wait);
            }
            Happening::Message(message) => {
                self.received += 1;
                print(&message).map_err(|error| {
                    Failure::Broken(format!("standard output cannot be written: {error}"))
                })?;
            }
            Happening::PeerClosed => {}
        }
        let nothing_due = self.talk.wait.is_none() && self.received >= self.sent;
        if matches!(self.phase, Phase::Waiting(_)) && nothing_due {
            self.shut_down()?;
        }
        Ok(())
    }

    fn run_out_of_time(&mut self) -> Result<(), Failure> {
        match self.phase {
            Phase::Closing(_) => Err(Failure::Broken(format!(
                "the server did not answer the close within {} seconds",
                CLOSE_LIMIT.as_secs()
            ))),
            Phase::Open | Phase::Waiting(_) => self.shut_down(),
        }
    }

    fn shut_down(&mut self) -> Result<(), Failure> {
        self.phase = Phase::Closing(Instant::now() + CLOSE_LIMIT);
        self.conversation
            .shut_down(self.talk.close_status, &self.talk.close_reason)
    }
}

/// Posts standard input's lines from a thread of its own: reading them blocks. The thread ends with
/// the input, or with the process.
fn read_standard_input(sender: Sender<Event>) {
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            let Ok(line) = line else { break };
            if sender.send(Event::Line(line)).is_err() {
                return;
            }
        }
        let _ = sender.send(Event::InputEnded);
    });
}

/// A message as one line. A terminal gets control characters escaped: they come from the server.
fn print(message: &Message) -> io::Result<()> {
    let mut output = io::stdout().lock();
    if output.is_terminal() {
        let text = String::from_utf8_lossy(&message.data);
        writeln!(output, "< {}", escape(&text))?;
    } else {
        output.write_all(&message.data)?;
        output.write_all(b"\n")?;
    }
    output.flush()
}

fn escape(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let harmless = !c.is_control() || c == '\t';
            let escaped = (!harmless).then(|| c.escape_default());
            escaped.into_iter().flatten().chain(harmless.then_some(c))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_cannot_reach_a_terminal() {
        assert_eq!(escape("a\u{1b}[2Jb\tc\nü"), "a\\u{1b}[2Jb\tc\\nü");
    }

    #[test]
    fn an_error_status_is_no_good_ending_unless_it_was_asked_for() {
        let ending = Ending {
            status: 1011,
            reason: String::new(),
        };
        assert!(!ending.is_good(1000));
        assert!(ending.is_good(1011));
    }
}
