//! One WebSocket from the first handle to the last HANDLE_CLOSING, the same for both modes.
//!
//! ```text
//! open ──► send … next … ──► shut_down ──► next … PeerClosed ──► close ──► drop: handles, wait
//! ```
//!
//! Asynchronous: the callback posts events, this thread lends buffers and starts what comes next.
//! Synchronous: calls block here, and a second thread receives.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Instant;

use windows_sys::Win32::Networking::WinHttp::*;

use crate::api::{self, CallError, HandleRef};
use crate::arguments::Target;
use crate::observer::{Event, Message, Observer};
use crate::opening::{Handles, handshake};
use crate::trace::Trace;

/// Bytes lent to one receive.
const RECEIVE_BUFFER_BYTES: usize = 16 * 1024;

/// A server must not make this program keep more than this.
const MESSAGE_LIMIT_BYTES: usize = 64 * 1024 * 1024;

/// Why there is no conversation, or no more.
#[derive(Debug)]
pub(crate) enum Failure {
    /// No open WebSocket was reached.
    Opening(String),
    /// The open WebSocket broke.
    Broken(String),
}

/// What [`Conversation::next`] reports.
#[derive(Debug)]
pub(crate) enum Happening {
    Line(String),
    InputEnded,
    Message(Message),
    /// The server's close frame came; nothing more will be received.
    PeerClosed,
}

/// An open WebSocket.
#[derive(Debug)]
pub(crate) struct Conversation {
    /// First field: dropped first, which ends every loan of the buffers below.
    _handles: Handles,
    socket: HandleRef,
    events: Receiver<Event>,
    mode: Mode,
    /// Lent while a shutdown is pending.
    close_reason: String,
    subprotocol: Option<String>,
}

#[derive(Debug)]
enum Mode {
    Synchronous { receiver: Option<JoinHandle<()>> },
    Asynchronous(Pump),
}

/// What an asynchronous WebSocket lends and collects.
#[derive(Debug)]
struct Pump {
    /// Lent to the pending receive.
    buffer: Vec<u8>,
    message: Vec<u8>,
    /// The first one is lent to the pending send.
    outgoing: VecDeque<Message>,
    /// Status to shut down with as soon as nothing is outgoing.
    shut_down: Option<u16>,
}

impl Conversation {
    /// Connects and upgrades. `events` is the receiving end of `sender`'s channel; nothing else posts
    /// to it before this returns.
    ///
    /// # Errors
    ///
    /// [`Failure::Opening`] with the reason.
    pub(crate) fn open(
        target: &Target,
        sender: Sender<Event>,
        events: Receiver<Event>,
    ) -> Result<Self, Failure> {
        let opening = |error: CallError| Failure::Opening(error.to_string());
        let trace = target.trace.then(Trace::new);
        let observer = Arc::new(Observer::new(sender.clone(), trace));
        let mut handles = Handles::new(observer);
        let request = handles.open_request(target).map_err(opening)?;
        handshake(&request, target, &events)?;
        let subprotocol = api::chosen_subprotocol(&request);
        let context = Arc::as_ptr(&handles.observer) as usize;
        // SAFETY: `handles` keeps the observer until the socket has reported HANDLE_CLOSING.
        let socket = unsafe { api::complete_upgrade(&request, context) }.map_err(opening)?;
        handles.observer.opened();
        let reference = socket.reference();
        handles.socket = Some(socket);
        drop(request); // the socket lives on without it

        let mode = if target.synchronous {
            let receiver = std::thread::spawn(move || receive_all(reference, &sender));
            Mode::Synchronous {
                receiver: Some(receiver),
            }
        } else {
            Mode::Asynchronous(Pump {
                buffer: vec![0; RECEIVE_BUFFER_BYTES],
                message: Vec::new(),
                outgoing: VecDeque::new(),
                shut_down: None,
            })
        };
        let close_reason = String::new();
        let mut conversation = Self {
            _handles: handles,
            socket: reference,
            events,
            mode,
            close_reason,
            subprotocol,
        };
        conversation.start_receive()?;
        Ok(conversation)
    }

    /// The subprotocol the server chose.
    pub(crate) fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    /// Sends a message, or queues it behind the one that is on its way.
    ///
    /// # Errors
    ///
    /// [`Failure::Broken`] when the call fails.
    pub(crate) fn send(&mut self, message: Message) -> Result<(), Failure> {
        match &mut self.mode {
            Mode::Synchronous { .. } => {
                // SAFETY: a synchronous send is over when it returns.
                unsafe { api::send(self.socket, message.binary, &message.data) }.map_err(broken)
            }
            Mode::Asynchronous(pump) => {
                pump.outgoing.push_back(message);
                if pump.outgoing.len() == 1 {
                    self.start_send()
                } else {
                    Ok(())
                }
            }
        }
    }

    /// Waits for what happens next; `None` when the limit passed first.
    ///
    /// # Errors
    ///
    /// [`Failure::Broken`] when an operation failed.
    pub(crate) fn next(&mut self, until: Option<Instant>) -> Result<Option<Happening>, Failure> {
        loop {
            let event = match until {
                None => self
                    .events
                    .recv()
                    .map_err(|_| RecvTimeoutError::Disconnected),
                Some(until) => self
                    .events
                    .recv_timeout(until.saturating_duration_since(Instant::now())),
            };
            let event = match event {
                Ok(event) => event,
                Err(RecvTimeoutError::Timeout) => return Ok(None),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Failure::Broken("nothing can happen any more".to_owned()));
                }
            };
            if let Some(happening) = self.handle(event)? {
                return Ok(Some(happening));
            }
        }
    }

    fn handle(&mut self, event: Event) -> Result<Option<Happening>, Failure> {
        Ok(match event {
            Event::Line(line) => Some(Happening::Line(line)),
            Event::InputEnded => Some(Happening::InputEnded),
            Event::Message(message) => Some(Happening::Message(message)),
            Event::PeerClosed => Some(Happening::PeerClosed),
            Event::Piece { length, kind } => self.take_piece(length, kind)?,
            Event::Sent => {
                if let Mode::Asynchronous(pump) = &mut self.mode {
                    pump.outgoing.pop_front();
                }
                self.start_send()?;
                None
            }
            Event::Failed(error) => return Err(broken(error)),
            Event::SendRequestComplete
            | Event::HeadersAvailable
            | Event::ShutDown
            | Event::Closed => None,
        })
    }

    /// READ_COMPLETE: adds the piece and lends the buffer again, unless the server closed.
    fn take_piece(&mut self, length: usize, kind: i32) -> Result<Option<Happening>, Failure> {
        let Mode::Asynchronous(pump) = &mut self.mode else {
            return Ok(None);
        };
        if kind == WINHTTP_WEB_SOCKET_CLOSE_BUFFER_TYPE {
            return Ok(Some(Happening::PeerClosed));
        }
        collect(
            &mut pump.message,
            pump.buffer.get(..length).unwrap_or_default(),
        )?;
        let whole = whole_message(kind, &mut pump.message).map(Happening::Message);
        self.start_receive()?;
        Ok(whole)
    }

    fn start_receive(&mut self) -> Result<(), Failure> {
        let Mode::Asynchronous(pump) = &mut self.mode else {
            return Ok(());
        };
        // SAFETY: the buffer is touched only after READ_COMPLETE, is never resized, and `_handles`
        // waits for HANDLE_CLOSING before it is freed.
        unsafe { api::start_receive(self.socket, &mut pump.buffer) }.map_err(broken)
    }

    /// Starts the next send, or the shutdown that waited for the last one.
    fn start_send(&mut self) -> Result<(), Failure> {
        let Mode::Asynchronous(pump) = &mut self.mode else {
            return Ok(());
        };
        if let Some(message) = pump.outgoing.front() {
            // SAFETY: the message's bytes stay in the queue until WRITE_COMPLETE (its growing moves
            // the vectors, not their contents), and `_handles` waits for HANDLE_CLOSING.
            return unsafe { api::send(self.socket, message.binary, &message.data) }
                .map_err(broken);
        }
        let Some(status) = pump.shut_down.take() else {
            return Ok(());
        };
        // SAFETY: the reason stays unchanged, and `_handles` waits for HANDLE_CLOSING.
        unsafe { api::shut_down(self.socket, status, &self.close_reason) }.map_err(broken)
    }

    /// Sends our close frame, once, after everything that is on its way. The server's answer comes
    /// as [`Happening::PeerClosed`].
    ///
    /// # Errors
    ///
    /// [`Failure::Broken`] when the call fails.
    pub(crate) fn shut_down(&mut self, status: u16, reason: &str) -> Result<(), Failure> {
        reason.clone_into(&mut self.close_reason);
        match &mut self.mode {
            Mode::Synchronous { .. } => {
                // SAFETY: a synchronous shutdown is over when it returns.
                unsafe { api::shut_down(self.socket, status, &self.close_reason) }.map_err(broken)
            }
            Mode::Asynchronous(pump) => {
                pump.shut_down = Some(status);
                if pump.outgoing.is_empty() {
                    self.start_send()
                } else {
                    Ok(())
                }
            }
        }
    }

    /// Ends the closing handshake after [`Happening::PeerClosed`], closes all handles and waits for
    /// their last notification. The result is the server's status and reason.
    ///
    /// # Errors
    ///
    /// [`Failure::Broken`] when the handshake failed.
    pub(crate) fn close(mut self) -> Result<(u16, String), Failure> {
        let answer = api::close_status(self.socket).map_err(broken)?;
        self.wait_for_pending_send()?;
        api::close(self.socket, 1000).map_err(broken)?;
        if let Mode::Synchronous { receiver } = &mut self.mode {
            // It ended when it posted PeerClosed.
            let _ = receiver.take().map(JoinHandle::join);
            return Ok(answer);
        }
        loop {
            match self.events.recv() {
                Ok(Event::Closed) => return Ok(answer),
                Ok(Event::Failed(error)) => return Err(broken(error)),
                Ok(_) => {}
                Err(_) => return Err(Failure::Broken("no CLOSE_COMPLETE came".to_owned())),
            }
        }
    }

    /// WinHttpWebSocketClose is refused while a send is pending. What was queued behind it is lost:
    /// the server has closed.
    fn wait_for_pending_send(&mut self) -> Result<(), Failure> {
        let Mode::Asynchronous(pump) = &mut self.mode else {
            return Ok(());
        };
        if pump.outgoing.is_empty() {
            return Ok(());
        }
        for event in &self.events {
            if let Event::Failed(error) = event {
                return Err(broken(error));
            }
            if matches!(event, Event::Sent) {
                break;
            }
        }
        Ok(())
    }
}

/// Synchronous mode's second thread: receives until the server closes or the connection breaks.
fn receive_all(socket: HandleRef, events: &Sender<Event>) {
    let mut buffer = vec![0; RECEIVE_BUFFER_BYTES];
    let mut message = Vec::new();
    loop {
        let event = match api::receive(socket, &mut buffer) {
            Err(error) => Event::Failed(error),
            Ok((_, WINHTTP_WEB_SOCKET_CLOSE_BUFFER_TYPE)) => Event::PeerClosed,
            Ok((length, kind)) => {
                if collect(&mut message, buffer.get(..length).unwrap_or_default()).is_err() {
                    let code = windows_sys::Win32::Foundation::ERROR_NOT_ENOUGH_MEMORY;
                    Event::Failed(CallError {
                        call: "receiving a message",
                        code,
                    })
                } else if let Some(message) = whole_message(kind, &mut message) {
                    Event::Message(message)
                } else {
                    continue;
                }
            }
        };
        let goes_on = matches!(event, Event::Message(_));
        if events.send(event).is_err() || !goes_on {
            return;
        }
    }
}

fn collect(message: &mut Vec<u8>, piece: &[u8]) -> Result<(), Failure> {
    if message.len().saturating_add(piece.len()) > MESSAGE_LIMIT_BYTES {
        return Err(Failure::Broken(format!(
            "a message exceeds {MESSAGE_LIMIT_BYTES} bytes"
        )));
    }
    message.extend_from_slice(piece);
    Ok(())
}

/// The collected message, when this piece was its last.
fn whole_message(kind: i32, collected: &mut Vec<u8>) -> Option<Message> {
    let binary = match kind {
        WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE => true,
        WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE => false,
        _ => return None,
    };
    Some(Message {
        binary,
        data: std::mem::take(collected),
    })
}

fn broken(error: CallError) -> Failure {
    Failure::Broken(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_make_a_message_when_the_last_one_came() {
        let mut collected = Vec::new();
        collect(&mut collected, b"one ").unwrap();
        let fragment = WINHTTP_WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE;
        assert_eq!(whole_message(fragment, &mut collected), None);
        collect(&mut collected, b"two").unwrap();
        let last = WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE;
        let message = whole_message(last, &mut collected).unwrap();
        assert_eq!(
            message,
            Message {
                binary: false,
                data: b"one two".to_vec()
            }
        );
        assert!(collected.is_empty());
    }

    #[test]
    fn a_message_beyond_the_limit_is_refused() {
        let mut collected = vec![0; MESSAGE_LIMIT_BYTES];
        assert!(collect(&mut collected, b"x").is_err());
        assert!(collect(&mut collected, b"").is_ok());
    }
}
