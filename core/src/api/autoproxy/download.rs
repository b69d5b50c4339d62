//! Fetching a script: directly, without cookies and credentials, and never for long.
//!
//! It is a request like any other, of a library of its own that ends with it: nothing of the
//! program's handles is touched, and no number of its is seen. It blocks a thread of its own, so
//! that the worker that waits for it can end it by closing its handle.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use winhttp_proto::embed::{Embedder, ReadMemory, UnloadEvent, WriteMemory};
use winhttp_proto::error::Error;
use winhttp_proto::failure::{Failure, Reason, Result};
use winhttp_proto::handle::HandleId;
use winhttp_proto::header::query::StartLine;
use winhttp_proto::notify::{Notification, Observer};
use winhttp_proto::numbers as n;
use winhttp_proto::option::{OptionId, Timeouts, Value};
use winhttp_proto::proxy::pac::source::MAX_SCRIPT_BYTES;
use winhttp_proto::url::Scheme;
use winhttp_proto::url::crack::CrackedText;

use crate::api::library::Library;
use crate::api::open::{OpenRequest, OpenSession};
use crate::api::proxy::ProxyAccess;
use crate::api::request::{Body, HeaderBlock, Request};
use crate::engine::clock;
use crate::pac::{Cancel, aside};

/// How long a download may take, with everything that belongs to it.
const LIMIT: Duration = Duration::from_secs(60);

/// Bytes that are read at once.
const CHUNK_BYTES: usize = 16 * 1024;

/// What a download does without.
const DISABLED: u32 = n::DISABLE_COOKIES | n::DISABLE_AUTHENTICATION | n::DISABLE_KEEP_ALIVE;

/// Who asks.
const AGENT: &str = "WinHttp-Autoproxy-Service/5.1";

/// The bytes of the file at a URL. Blocks.
///
/// # Errors
/// [`Error::UnrecognizedScheme`], [`Error::InvalidUrl`]; [`Error::LoginFailure`] if the server asks
/// who this is; [`Error::UnableToDownloadScript`] for all else; [`Error::OperationCancelled`],
/// [`Error::NotEnoughMemory`].
pub(super) fn download(
    url: &str,
    timeouts: Timeouts,
    deadline: Option<Instant>,
    cancel: &Cancel,
) -> Result<Vec<u8>> {
    cancel.check()?;
    let own_limit = clock::now() + LIMIT;
    let deadline = deadline.map_or(own_limit, |deadline| deadline.min(own_limit));
    let library = Arc::new(Library::<Downloads>::new());
    let request = open(&library, url, timeouts)?;
    let answer = fetch_until(&library, request, deadline, cancel);
    // Ends it where it waits, if it still runs.
    let _ = library.close(request.bits());
    answer
}

/// A request for a URL, with all that it needs.
fn open(library: &Library<Downloads>, url: &str, timeouts: Timeouts) -> Result<HandleId> {
    let cracked = CrackedText::new(url).map_err(Error::from)?;
    let parts = &cracked.parts;
    let object = cracked.text(parts.path_with_extra());
    let object = object.split('#').next().unwrap_or_default().to_owned();
    let session = library.open(OpenSession {
        agent: Some(AGENT.to_owned()),
        proxy: ProxyAccess::Direct,
        asynchronous: false,
        secure_defaults: false,
    })?;
    library.session(session.bits())?.settings().timeouts = timeouts;
    let host = cracked.text(parts.host.clone());
    let connect = library.connect_to(session.bits(), &host, parts.port)?;
    let request = library.open_request(
        connect.bits(),
        OpenRequest {
            object: Some(object),
            secure: parts.scheme == Scheme::Https,
            ..OpenRequest::default()
        },
    )?;
    let opened = library.request(request.bits())?;
    let disabled = (OptionId::DISABLE_FEATURE, Value::Dword(DISABLED));
    opened
        .state()
        .values
        .set(disabled.0, disabled.1)
        .map_err(Error::from)?;
    // They live as long as the request.
    library.close(connect.bits())?;
    library.close(session.bits())?;
    Ok(request)
}

/// Waits for the thread that fetches, but not beyond the deadline.
fn fetch_until(
    library: &Arc<Library<Downloads>>,
    request: HandleId,
    deadline: Instant,
    cancel: &Cancel,
) -> Result<Vec<u8>> {
    let library = Arc::clone(library);
    let fetched = aside("winhttp-pac-get", deadline, cancel, move || {
        let request = library.request(request.bits())?;
        fetch(&request, deadline)
    });
    let told = [
        Error::LoginFailure,
        Error::OperationCancelled,
        Error::NotEnoughMemory,
    ];
    fetched.map_err(|failure| {
        if told.contains(&failure.error()) {
            failure
        } else {
            failure.with_error(Error::UnableToDownloadScript)
        }
    })
}

/// Sends, receives and reads to the end.
fn fetch(request: &Request<Downloads>, deadline: Instant) -> Result<Vec<u8>> {
    request.send(
        None,
        Body {
            optional: None,
            total: 0,
        },
    )?;
    request.receive()?;
    let status = request.query_headers(HeaderBlock::Response, |block| {
        Ok(match block.start_line {
            StartLine::Response { status, .. } => status,
            StartLine::Request { .. } | StartLine::Trailers => 0,
        })
    })?;
    match status {
        200..=299 => {}
        401 | 407 => return Err(refused(Error::LoginFailure, Refused::Status(status))),
        _ => {
            return Err(refused(
                Error::UnableToDownloadScript,
                Refused::Status(status),
            ));
        }
    }
    let mut script = Vec::new();
    loop {
        let (buffer, place) = Chunk::new();
        let mut read = 0;
        request.read(buffer, true, |count| read = count)?;
        let bytes = std::mem::take(&mut *place.lock().unwrap_or_else(PoisonError::into_inner));
        let read = usize::try_from(read).unwrap_or(0);
        if read == 0 {
            return Ok(script);
        }
        script.extend_from_slice(bytes.get(..read).unwrap_or_default());
        if script.len() > MAX_SCRIPT_BYTES {
            return Err(refused(Error::UnableToDownloadScript, Refused::TooLong));
        }
        if clock::now() >= deadline {
            return Err(Error::Timeout.into());
        }
    }
}

fn refused(error: Error, reason: Refused) -> Failure {
    Failure::because(error, reason)
}

/// Why a file is no script.
#[derive(Debug)]
enum Refused {
    Status(u16),
    TooLong,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => {
                write!(f, "the proxy script's server answered with status {status}")
            }
            Self::TooLong => f.write_str("the proxy script has more than 1 MiB"),
        }
    }
}

impl Reason for Refused {}

/// Downloads have no program behind them.
#[derive(Debug)]
struct Downloads;

impl Embedder for Downloads {
    type Observer = Nobody;
    type ReadBuffer = Chunk;
    type WriteBuffer = Nothing;
    type UnloadEvent = Nothing;
}

#[derive(Clone, Debug)]
struct Nobody;

impl Observer for Nobody {
    fn selects(&self, _: &Notification) -> bool {
        false
    }

    fn notify(&self, _: HandleId, _: usize, _: &Notification) {}
}

#[derive(Debug)]
struct Nothing;

impl WriteMemory for Nothing {
    fn bytes(&self) -> &[u8] {
        &[]
    }

    fn address(&self) -> usize {
        0
    }
}

impl UnloadEvent for Nothing {
    fn signal(&self) {}
}

/// Memory of one read; what was read is left in its place when the read ends.
struct Chunk {
    bytes: Vec<u8>,
    place: Arc<Mutex<Vec<u8>>>,
}

impl Chunk {
    fn new() -> (Self, Arc<Mutex<Vec<u8>>>) {
        let place = Arc::new(Mutex::new(Vec::new()));
        let chunk = Self {
            bytes: vec![0; CHUNK_BYTES],
            place: Arc::clone(&place),
        };
        (chunk, place)
    }
}

impl ReadMemory for Chunk {
    fn bytes(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    fn address(&self) -> usize {
        0
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        let mut place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        *place = std::mem::take(&mut self.bytes);
    }
}
