//! A conversation with somebody at the keyboard, a pipe, or messages from the command line: when it
//! ends, and what is missing then.

use std::io;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::arguments::Talk;
use crate::conversation::{Conversation, Failure, Happening};
use crate::input;
use crate::message::Message;
use crate::output::{Printer, escape, note};
#[cfg(unix)]
use crate::signals;

/// Without `--wait`: for how long nothing may come while answers are still due.
const DUE_ANSWERS_LIMIT: Duration = Duration::from_secs(2);

/// The same with `--expect`: then answers are known to come.
const EXPECTED_ANSWERS_LIMIT: Duration = Duration::from_secs(10);

/// How long the server may take to answer our close frame, once it has been sent.
const CLOSE_LIMIT: Duration = Duration::from_secs(10);

/// How a conversation that ended properly was closed.
#[derive(Debug)]
pub(crate) struct Ending {
    pub(crate) status: u16,
    pub(crate) reason: String,
    /// Why the input was not read, or the output not written, to its end.
    pub(crate) problem: Option<String>,
    /// What did not come, or was not sent.
    pub(crate) missing: Option<String>,
    /// The user ended the conversation, and knows that something may be missing.
    pub(crate) interrupted: bool,
}

impl Ending {
    /// 1000 normal, 1001 going away, 1005 no status given, or the status that was asked for.
    pub(crate) fn is_good(&self, asked_for: u16) -> bool {
        matches!(self.status, 1000 | 1001 | 1005) || self.status == asked_for
    }
}

/// Where the conversation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// More may be sent.
    Open,
    /// The input has ended, and only the server ends the conversation.
    Listening,
    /// The input has ended; answers may still come.
    Waiting,
    /// Our close frame is on its way, or sent; the server's is due.
    Closing,
}

/// Talks as the command line says.
///
/// # Errors
///
/// What kept the WebSocket from opening, or broke it.
pub(crate) fn run(talk: &Talk) -> Result<Ending, Failure> {
    let (sender, events) = mpsc::channel();
    let conversation = Conversation::open(&talk.target, sender.clone(), events)?;
    #[cfg(unix)]
    signals::tell(sender.clone());
    let url = escape(conversation.url());
    match conversation.subprotocol() {
        Some(name) => note!("connected to {url}, subprotocol {name}"),
        None => note!("connected to {url}"),
    }
    input::start(talk, sender);
    Chat {
        talk,
        conversation,
        printer: Printer::new(talk.null),
        typed: input::is_typed(talk),
        sent: 0,
        received: 0,
        interrupted: false,
        problem: None,
        phase: Phase::Open,
        last_progress: Instant::now(),
    }
    .run()
}

struct Chat<'a> {
    talk: &'a Talk,
    conversation: Conversation,
    printer: Printer,
    /// Somebody sees what comes and what does not.
    typed: bool,
    /// Messages handed over for sending.
    sent: u64,
    received: u64,
    interrupted: bool,
    problem: Option<String>,
    phase: Phase,
    /// When something was sent or came.
    last_progress: Instant,
}

impl Chat<'_> {
    fn run(mut self) -> Result<Ending, Failure> {
        loop {
            match self.conversation.next(self.deadline())? {
                Some(Happening::PeerClosed) => break,
                Some(happening) => self.take(happening)?,
                None => self.run_out_of_time()?,
            }
            // A server that never stops sending leaves no pause in which to run out of time.
            let is_late = self.deadline().is_some_and(|it| it < Instant::now());
            if self.phase == Phase::Closing && is_late {
                self.run_out_of_time()?;
            }
            if self.is_over() {
                self.shut_down()?;
            }
        }
        // Answers to what the server has not got are not due.
        self.sent = self.sent.saturating_sub(count(self.conversation.unsent()));
        let (due, is_full) = (self.due(), self.is_full());
        let closed = self.conversation.close()?;
        // Who has enough does not want answers to the rest.
        let unsent = if is_full { 0 } else { count(closed.unsent) };
        Ok(Ending {
            status: closed.status,
            reason: closed.reason,
            problem: self.problem,
            missing: missing(due, self.received, unsent),
            interrupted: self.interrupted,
        })
    }

    fn deadline(&self) -> Option<Instant> {
        let limit = match self.phase {
            Phase::Open | Phase::Listening => return None,
            Phase::Waiting => self.talk.wait.unwrap_or(match self.talk.expect {
                Some(_) => EXPECTED_ANSWERS_LIMIT,
                None => DUE_ANSWERS_LIMIT,
            }),
            Phase::Closing => CLOSE_LIMIT,
        };
        self.last_progress.checked_add(limit)
    }

    fn take(&mut self, happening: Happening) -> Result<(), Failure> {
        match happening {
            Happening::Input(queued) if self.phase == Phase::Open => {
                self.sent += 1;
                self.conversation.send(queued)?;
            }
            Happening::Input(queued) => self.conversation.refuse(queued),
            Happening::InputEnded(result) => {
                if let Err(problem) = result {
                    note!("winhttp-cat: {problem}");
                    self.problem.get_or_insert(problem);
                }
                if self.phase == Phase::Open {
                    self.last_progress = Instant::now();
                    self.phase = if self.talk.no_close {
                        Phase::Listening
                    } else {
                        Phase::Waiting
                    };
                }
            }
            Happening::Interrupted => {
                self.interrupted = true;
                self.give_up()?;
            }
            Happening::Sent => self.last_progress = Instant::now(),
            Happening::Message(queued) => self.receive(&queued.message)?,
            Happening::PeerClosed => {}
        }
        Ok(())
    }

    fn receive(&mut self, message: &Message) -> Result<(), Failure> {
        if self.phase != Phase::Closing {
            self.last_progress = Instant::now();
        }
        if self.is_full() || self.problem.as_deref() == Some(OUTPUT_CLOSED) {
            return Ok(());
        }
        let began = Instant::now();
        let printed = self.printer.print(message);
        // The server is not to blame for an output that is slow.
        self.last_progress += began.elapsed();
        match printed {
            Ok(()) => {
                self.received += 1;
                Ok(())
            }
            Err(error) => {
                if error.kind() != io::ErrorKind::BrokenPipe {
                    note!("winhttp-cat: standard output: {error}");
                }
                self.problem = Some(OUTPUT_CLOSED.to_owned());
                self.give_up()
            }
        }
    }

    /// Closes behind what is on its way, and drops what only waits.
    fn give_up(&mut self) -> Result<(), Failure> {
        self.conversation.refuse_queued();
        self.shut_down()
    }

    /// Whether as many messages came as the user wants.
    fn is_full(&self) -> bool {
        self.talk
            .max_messages
            .is_some_and(|max| self.received >= max)
    }

    /// How many messages must come; nothing in particular where somebody watches, or asked for
    /// time.
    fn due(&self) -> u64 {
        let implied = if self.typed
            || self.interrupted
            || self.talk.wait.is_some()
            || self.talk.no_close
            || self.talk.max_messages.is_some()
        {
            0
        } else {
            self.sent
        };
        self.talk.expect.unwrap_or(implied)
    }

    /// Whether it is our turn to close.
    fn is_over(&self) -> bool {
        match self.phase {
            Phase::Open | Phase::Listening => self.is_full(),
            Phase::Waiting => {
                let for_time = self.talk.wait.is_some() && self.talk.expect.is_none();
                self.is_full() || (!for_time && self.received >= self.due())
            }
            Phase::Closing => false,
        }
    }

    fn run_out_of_time(&mut self) -> Result<(), Failure> {
        match self.phase {
            Phase::Closing => Err(Failure::Broken(match self.conversation.unsent() {
                0 => format!(
                    "the server did not answer the close within {} seconds",
                    CLOSE_LIMIT.as_secs()
                ),
                unsent => format!("the server does not read: {unsent} messages were not sent"),
            })),
            Phase::Open | Phase::Listening | Phase::Waiting => self.shut_down(),
        }
    }

    fn shut_down(&mut self) -> Result<(), Failure> {
        if self.phase == Phase::Closing {
            return Ok(());
        }
        self.phase = Phase::Closing;
        self.last_progress = Instant::now();
        self.conversation
            .shut_down(self.talk.close_status, &self.talk.close_reason)
    }
}

fn count(messages: usize) -> u64 {
    u64::try_from(messages).unwrap_or(u64::MAX)
}

/// The problem of who reads our output no more.
const OUTPUT_CLOSED: &str = "standard output is closed";

/// What is missing, in words.
fn missing(due: u64, received: u64, unsent: u64) -> Option<String> {
    let mut words = Vec::new();
    if received < due {
        words.push(format!("{received} of {due} messages came"));
    }
    if unsent > 0 {
        words.push(format!("{unsent} messages were not sent"));
    }
    (!words.is_empty()).then(|| words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_status_is_no_good_ending_unless_it_was_asked_for() {
        let ending = Ending {
            status: 1011,
            reason: String::new(),
            problem: None,
            missing: None,
            interrupted: false,
        };
        assert!(!ending.is_good(1000));
        assert!(ending.is_good(1011));
    }

    #[test]
    fn what_is_missing_is_counted() {
        assert_eq!(missing(3, 3, 0), None);
        assert_eq!(missing(0, 7, 0), None);
        assert_eq!(
            missing(3, 2, 1).as_deref(),
            Some("2 of 3 messages came, 1 messages were not sent")
        );
    }
}
