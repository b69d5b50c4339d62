//! One WebSocket from the first handle to the last HANDLE_CLOSING, the same for both modes.
//!
//! ```text
//! open ──► send … next … ──► shut_down ──► next … PeerClosed ──► close ──► drop: handles, wait
//! ```
//!
//! Asynchronous: the callback posts events, this thread lends buffers and starts what comes next.
//! Synchronous: calls block, so a second thread sends and a third one receives; both post the same
//! events. This thread never waits for the network.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use windows_sys::Win32::Networking::WinHttp::*;

use crate::api::{self, CallError, HandleRef};
use crate::arguments::Target;
use crate::message::{MESSAGE_LIMIT_BYTES, Message, Queued};
use crate::observer::{Event, Observer};
use crate::opening::{Handles, handshake};
use crate::reasons::{self, Circumstances};
use crate::receiving::{Pieces, RECEIVE_BUFFER_BYTES, receive_all};
use crate::sending::{Closing, Outbox, Work, send_all};
use crate::trace::{Direction, Trace};

/// How long the end may take once the server's close frame is there.
const LAST_CALLS_LIMIT: Duration = Duration::from_secs(10);

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
    Input(Queued),
    InputEnded(Result<(), String>),
    Interrupted,
    /// A message has been sent.
    Sent,
    Message(Queued),
    /// The server's close frame came; nothing more will be received.
    PeerClosed,
}

/// How a conversation was closed.
#[derive(Debug)]
pub(crate) struct Closed {
    pub(crate) status: u16,
    pub(crate) reason: String,
    /// Messages that were queued and not sent any more.
    pub(crate) unsent: usize,
}

/// An open WebSocket.
#[derive(Debug)]
pub(crate) struct Conversation {
    /// First field: dropped first, which ends every loan of the buffers below.
    handles: Handles,
    socket: HandleRef,
    events: Receiver<Event>,
    outbox: Outbox,
    /// Input that will not be sent. It keeps its room, so that no more is read.
    refused: Vec<Queued>,
    mode: Mode,
    url: String,
    subprotocol: Option<String>,
}

#[derive(Debug)]
enum Mode {
    /// The sending thread takes its work here.
    Synchronous(Sender<Work>),
    Asynchronous {
        /// Lent to the pending receive.
        buffer: Vec<u8>,
        pieces: Pieces,
    },
}

impl Conversation {
    /// Connects and upgrades. `events` is the receiving end of `sender`'s channel; nothing else
    /// posts to it before this returns.
    ///
    /// # Errors
    ///
    /// [`Failure::Opening`] with the reason.
    pub(crate) fn open(
        target: &Target,
        sender: Sender<Event>,
        events: Receiver<Event>,
    ) -> Result<Self, Failure> {
        let opening = |error: CallError| {
            Failure::Opening(reasons::sentence(&error, Circumstances::default()))
        };
        let trace = target.trace.then(Trace::new);
        let observer = Arc::new(Observer::new(sender.clone(), trace));
        let mut handles = Handles::new(observer);
        let request = handles.open_request(target).map_err(opening)?;
        handshake(&request, target, &handles.observer, &events)?;
        let url = if target.follows {
            api::url_of_socket(&request).map_err(opening)?
        } else {
            target.url.clone()
        };
        let subprotocol = api::chosen_subprotocol(&request);
        let context = Arc::as_ptr(&handles.observer) as usize;
        // SAFETY: `handles` keeps the observer until the socket has reported HANDLE_CLOSING.
        let socket = unsafe { api::complete_upgrade(&request, context) }.map_err(opening)?;
        handles.observer.opened();
        let reference = socket.reference();
        handles.socket = Some(socket);
        drop(request); // the socket lives on without it

        let mode = if target.synchronous {
            Mode::Synchronous(start_threads(reference, sender))
        } else {
            Mode::Asynchronous {
                buffer: vec![0; RECEIVE_BUFFER_BYTES],
                pieces: Pieces::default(),
            }
        };
        let mut conversation = Self {
            handles,
            socket: reference,
            events,
            outbox: Outbox::default(),
            refused: Vec::new(),
            mode,
            url,
            subprotocol,
        };
        conversation.start_receive()?;
        Ok(conversation)
    }

    /// The URL that answered: redirects may have led to another one than the command line's.
    pub(crate) fn url(&self) -> &str {
        &self.url
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
    pub(crate) fn send(&mut self, message: Queued) -> Result<(), Failure> {
        self.outbox.push(message);
        self.start_next()
    }

    /// How many messages are not sent: queued, on their way, or refused.
    pub(crate) fn unsent(&self) -> usize {
        self.outbox.unsent() + self.refused.len()
    }

    /// Takes a message that will not be sent.
    pub(crate) fn refuse(&mut self, message: Queued) {
        self.refused.push(message);
    }

    /// Does not send what is queued and not on its way yet.
    pub(crate) fn refuse_queued(&mut self) {
        self.refused.extend(self.outbox.take_waiting());
    }

    /// Sends our close frame, once, after everything that is queued. The server's answer comes as
    /// [`Happening::PeerClosed`].
    ///
    /// # Errors
    ///
    /// [`Failure::Broken`] when the call fails.
    pub(crate) fn shut_down(&mut self, status: u16, reason: &str) -> Result<(), Failure> {
        let reason = reason.to_owned();
        self.outbox.close(Closing { status, reason });
        self.start_next()
    }

    /// Starts what is due next, if nothing is under way.
    fn start_next(&mut self) -> Result<(), Failure> {
        let Some(work) = self.outbox.next() else {
            return Ok(());
        };
        if let (Work::Message(queued), Some(trace)) = (&work, &self.handles.observer.trace) {
            trace.payload(Direction::Sent, &queued.message);
        }
        if let Mode::Synchronous(thread) = &self.mode {
            // After a call that failed the thread is gone, and its event tells why.
            let _ = thread.send(work);
            return Ok(());
        }
        match &work {
            Work::Message(queued) => {
                let message = &queued.message;
                // SAFETY: the outbox keeps the message until it is told that the send is over, and
                // `handles` waits for HANDLE_CLOSING before the outbox is freed.
                unsafe { api::send(self.socket, message.binary, &message.data) }.map_err(broken)
            }
            Work::Close(closing) => {
                // SAFETY: the same, for the reason.
                unsafe { api::shut_down(self.socket, closing.status, &closing.reason) }
                    .map_err(broken)
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
            let Some(event) = self.wait(until)? else {
                return Ok(None);
            };
            if let Some(happening) = self.handle(event)? {
                return Ok(Some(happening));
            }
        }
    }

    fn wait(&self, until: Option<Instant>) -> Result<Option<Event>, Failure> {
        let event = match until {
            None => self
                .events
                .recv()
                .map_err(|_| RecvTimeoutError::Disconnected),
            Some(until) => self
                .events
                .recv_timeout(until.saturating_duration_since(Instant::now())),
        };
        match event {
            Ok(event) => Ok(Some(event)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => {
                Err(Failure::Broken("nothing can happen any more".to_owned()))
            }
        }
    }

    fn handle(&mut self, event: Event) -> Result<Option<Happening>, Failure> {
        Ok(match event {
            Event::Input(queued) => Some(Happening::Input(queued)),
            Event::InputEnded(result) => Some(Happening::InputEnded(result)),
            Event::Interrupted => Some(Happening::Interrupted),
            Event::Message(queued) => {
                self.trace_received(&queued.message);
                Some(Happening::Message(queued))
            }
            Event::PeerClosed => Some(Happening::PeerClosed),
            Event::Piece { length, kind } => self.take_piece(length, kind)?,
            Event::Sent => {
                self.outbox.done();
                self.start_next()?;
                Some(Happening::Sent)
            }
            Event::ShutDown => {
                self.outbox.done();
                None
            }
            Event::Failed(error) => return Err(broken(error)),
            Event::TooLarge => return Err(too_large()),
            Event::SendRequestComplete
            | Event::HeadersAvailable
            | Event::DataAvailable
            | Event::Closed => None,
        })
    }

    fn trace_received(&self, message: &Message) {
        if let Some(trace) = &self.handles.observer.trace {
            trace.payload(Direction::Received, message);
        }
    }

    /// READ_COMPLETE: adds the piece and lends the buffer again, unless the server closed.
    fn take_piece(&mut self, length: usize, kind: i32) -> Result<Option<Happening>, Failure> {
        let Mode::Asynchronous { buffer, pieces } = &mut self.mode else {
            return Ok(None);
        };
        if kind == WINHTTP_WEB_SOCKET_CLOSE_BUFFER_TYPE {
            return Ok(Some(Happening::PeerClosed));
        }
        let whole = pieces
            .add(buffer.get(..length).unwrap_or_default(), kind)
            .map_err(|_| too_large())?;
        if let Some(message) = &whole {
            self.trace_received(message);
        }
        self.start_receive()?;
        Ok(whole.map(|message| Happening::Message(message.into())))
    }

    fn start_receive(&mut self) -> Result<(), Failure> {
        let Mode::Asynchronous { buffer, .. } = &mut self.mode else {
            return Ok(());
        };
        // SAFETY: the buffer is touched only after READ_COMPLETE, is never resized, and `handles`
        // waits for HANDLE_CLOSING before it is freed.
        unsafe { api::start_receive(self.socket, buffer) }.map_err(broken)
    }

    /// Ends the closing handshake after [`Happening::PeerClosed`], closes all handles and waits for
    /// their last notification. The result is the server's status and reason.
    ///
    /// # Errors
    ///
    /// [`Failure::Broken`] when the handshake failed.
    pub(crate) fn close(mut self) -> Result<Closed, Failure> {
        let (status, reason) = api::close_status(self.socket).map_err(broken)?;
        let until = Instant::now() + LAST_CALLS_LIMIT;
        self.outlast_pending(until)?;
        api::close(self.socket, 1000).map_err(broken)?;
        if matches!(self.mode, Mode::Asynchronous { .. }) {
            self.outlast_close(until)?;
        }
        // What was read meanwhile.
        while let Ok(event) = self.events.try_recv() {
            self.refuse_input(event);
        }
        Ok(Closed {
            status,
            reason,
            unsent: self.unsent(),
        })
    }

    /// WinHttpWebSocketClose is refused while a send is pending. One that fails now does so because
    /// the server has closed: it stays unsent, like what is queued behind it.
    fn outlast_pending(&mut self, until: Instant) -> Result<(), Failure> {
        while self.outbox.is_under_way() {
            match self.wait(Some(until))? {
                Some(Event::Sent | Event::ShutDown) => self.outbox.done(),
                Some(Event::Failed(_)) => break,
                Some(other) => self.refuse_input(other),
                None => {
                    return Err(Failure::Broken(
                        "the server closed, and does not read any more".to_owned(),
                    ));
                }
            }
        }
        Ok(())
    }

    /// Waits for CLOSE_COMPLETE.
    fn outlast_close(&mut self, until: Instant) -> Result<(), Failure> {
        loop {
            match self.wait(Some(until))? {
                Some(Event::Closed) => return Ok(()),
                Some(Event::Failed(error)) => return Err(broken(error)),
                Some(other) => self.refuse_input(other),
                None => return Err(Failure::Broken("no CLOSE_COMPLETE came".to_owned())),
            }
        }
    }

    fn refuse_input(&mut self, event: Event) {
        if let Event::Input(message) = event {
            self.refuse(message);
        }
    }
}

/// The threads of a synchronous conversation. They end when the handles are closed.
fn start_threads(socket: HandleRef, events: Sender<Event>) -> Sender<Work> {
    let (sender, work) = mpsc::channel();
    let receiving = events.clone();
    std::thread::spawn(move || receive_all(socket, &receiving));
    std::thread::spawn(move || send_all(socket, &work, &events));
    sender
}

fn broken(error: CallError) -> Failure {
    Failure::Broken(reasons::sentence(&error, Circumstances::default()))
}

fn too_large() -> Failure {
    Failure::Broken(format!("a message exceeds {MESSAGE_LIMIT_BYTES} bytes"))
}
