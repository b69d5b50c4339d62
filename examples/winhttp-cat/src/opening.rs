//! From nothing to an answered upgrade request, and from open handles to none.

use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use windows_sys::Win32::Networking::WinHttp::HTTP_STATUS_SWITCH_PROTOCOLS;

use crate::api::{self, CallError, Handle, Of};
use crate::arguments::Target;
use crate::challenge::Answers;
use crate::conversation::Failure;
use crate::observer::{Event, Observer, on_status};
use crate::output::note;
use crate::reasons::{self, Circumstances};
use crate::trace::Direction;

/// HANDLE_CLOSING comes promptly; this is the patience before the library is taken to be broken.
const HANDLE_CLOSING_LIMIT: Duration = Duration::from_secs(10);

/// The handles, in the order they are closed. `Observer` outlives them all.
#[derive(Debug)]
pub(crate) struct Handles {
    pub(crate) socket: Option<Handle>,
    connection: Option<Handle>,
    session: Option<Handle>,
    pub(crate) observer: Arc<Observer>,
}

impl Handles {
    /// None open yet.
    pub(crate) fn new(observer: Arc<Observer>) -> Self {
        Self {
            socket: None,
            connection: None,
            session: None,
            observer,
        }
    }

    /// Session, connection and the request, ready to be sent.
    pub(crate) fn open_request(&mut self, target: &Target) -> Result<Handle, CallError> {
        let url = api::crack_url(&target.url)?;
        let session = api::open_session(!target.synchronous, &target.way)?;
        let session = self.session.insert(session);
        if let Some(limit) = target.connect_timeout {
            let limit_ms = i32::try_from(limit.as_millis()).unwrap_or(i32::MAX);
            api::set_connect_timeout(session, limit_ms)?;
        }
        let context = Arc::as_ptr(&self.observer) as usize;
        // SAFETY: the context is the observer's address, and `Drop` keeps the observer until every
        // handle has reported HANDLE_CLOSING.
        unsafe { api::set_callback(session, Some(on_status), context) }?;
        self.observer.opened();
        let connection = self.connection.insert(api::connect(session, &url)?);
        self.observer.opened();
        let request = api::open_request(connection, &url)?;
        self.observer.opened();
        api::request_upgrade(&request)?;
        if !target.follows {
            api::follow_no_redirects(&request)?;
        }
        if target.insecure {
            api::ignore_certificate_flaws(&request)?;
        }
        for header in &target.headers {
            api::add_header(&request, header)?;
        }
        Ok(request)
    }
}

impl Drop for Handles {
    fn drop(&mut self) {
        drop(self.socket.take());
        drop(self.connection.take());
        drop(self.session.take());
        if !self.observer.wait_until_closed(HANDLE_CLOSING_LIMIT) {
            // Buffers may still be written to: going on would be unsound.
            note!("a handle did not report HANDLE_CLOSING");
            std::process::exit(1);
        }
    }
}

/// Sends the request and waits for the answer.
pub(crate) fn handshake(
    request: &Handle,
    target: &Target,
    observer: &Observer,
    events: &Receiver<Event>,
) -> Result<(), Failure> {
    let status = exchange(request, target, observer, events).map_err(|error| {
        let known = Circumstances {
            insecure: target.insecure,
            flaws: observer.certificate_flaws(),
        };
        Failure::Opening(reasons::sentence(&error, known))
    })?;
    match status {
        HTTP_STATUS_SWITCH_PROTOCOLS => Ok(()),
        status => {
            let leaves_tls = target.follows && leaves_tls(request, status);
            let answer = refused_answer(request, target, events);
            let text = reasons::refusal(status, leaves_tls, answer.as_deref());
            Err(Failure::Opening(text))
        }
    }
}

/// Whether the answer is a redirect from https to http, which WinHTTP does not follow.
fn leaves_tls(request: &Handle, status: u32) -> bool {
    let is_redirect = matches!(status, 300..=303 | 307 | 308);
    let is_secure = api::url_in_force(request).is_ok_and(|url| url.starts_with("https:"));
    let head = api::raw_head(request, Of::Response).unwrap_or_default();
    let leads_to_http = head.lines().any(|line| {
        let line = line.to_ascii_lowercase();
        let location = line.strip_prefix("location:");
        location.is_some_and(|location| location.trim_start().starts_with("http:"))
    });
    is_redirect && is_secure && leads_to_http
}

/// What the server answered instead: the library shows it to whoever asks for the WebSocket all the
/// same.
fn refused_answer(request: &Handle, target: &Target, events: &Receiver<Event>) -> Option<String> {
    // A body that does not come is no reason to say less.
    if api::await_body(request, target.synchronous).is_ok() && !target.synchronous {
        let _late = wait_for(events, |event| matches!(event, Event::DataAvailable));
    }
    // SAFETY: no WebSocket is made of a refused request, so nothing has the context.
    let refused = unsafe { api::complete_upgrade(request, 0) };
    refused.err()?.detail
}

/// Sends the request until nothing more is asked for; gives the status of the last answer.
fn exchange(
    request: &Handle,
    target: &Target,
    observer: &Observer,
    events: &Receiver<Event>,
) -> Result<u32, CallError> {
    let mut answers = Answers::default();
    loop {
        let status = send_and_receive(request, target, observer, events)?;
        let Some(scheme) = answers.answer(request, target, status)? else {
            return Ok(status);
        };
        if let Some(trace) = &observer.trace {
            trace.step(&format!("answers with the scheme {scheme}"));
        }
    }
}

fn send_and_receive(
    request: &Handle,
    target: &Target,
    observer: &Observer,
    events: &Receiver<Event>,
) -> Result<u32, CallError> {
    let trace = observer.trace.as_ref();
    api::send_request(request)?;
    if !target.synchronous {
        wait_for(events, |event| matches!(event, Event::SendRequestComplete))?;
    }
    let mut shown = String::new();
    // A proxy that asks before it opens the tunnel leaves nothing to send the head through.
    let was_sent = observer.take_request_sent();
    if let Some(trace) = trace.filter(|_| was_sent) {
        shown = api::raw_head(request, Of::Request)?;
        trace.head(Direction::Sent, &shown);
    }
    api::receive_response(request)?;
    if !target.synchronous {
        wait_for(events, |event| matches!(event, Event::HeadersAvailable))?;
    }
    if let Some(trace) = trace {
        // A redirect has led elsewhere: the answer is to another request, or to CONNECT.
        let last = api::raw_head(request, Of::Request)?;
        if last != shown && !api::is_answer_to_connect(request)? {
            trace.head(Direction::Sent, &last);
        }
        trace.head(Direction::Received, &api::raw_head(request, Of::Response)?);
    }
    api::status_code(request)
}

/// Every operation that was started ends with its completion or a failure, so this needs no limit
/// of its own: WinHTTP's timeouts apply. Nothing else is going on yet.
fn wait_for(events: &Receiver<Event>, wanted: impl Fn(&Event) -> bool) -> Result<(), CallError> {
    for event in events {
        if let Event::Failed(error) = event {
            return Err(error);
        }
        if wanted(&event) {
            break;
        }
    }
    Ok(())
}
