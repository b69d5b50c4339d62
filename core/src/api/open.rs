//! Making handles: sessions, connects, requests and WebSockets, with their argument checks.

use std::borrow::Cow;
use std::sync::Arc;

use winhttp_proto::embed::Embedder;
use winhttp_proto::error::{Error, Result};
use winhttp_proto::exchange::compose::method;
use winhttp_proto::failure;
use winhttp_proto::handle::{HandleId, HandleKind};
use winhttp_proto::header::text::{is_token, request_value};
use winhttp_proto::header::{HeaderList, Version};
use winhttp_proto::notify::Notification;
use winhttp_proto::url::escape::{EscapeFlags, request_target};
use winhttp_proto::url::host::Host;

use super::connect::Connect;
use super::delivery::Delivery;
use super::handle::Handle;
use super::library::{Library, Object};
use super::proxy::ProxyAccess;
use super::request::{Request, RequestLine};
use super::session::Session;
use super::websocket::WebSocket;
use crate::room::room_for;

/// Arguments of WinHttpOpen.
#[derive(Debug)]
pub struct OpenSession {
    /// The User-Agent header's value; `None` sends none.
    pub agent: Option<String>,
    /// How servers are reached.
    pub proxy: ProxyAccess,
    /// WINHTTP_FLAG_ASYNC.
    pub asynchronous: bool,
    /// WINHTTP_FLAG_SECURE_DEFAULTS.
    pub secure_defaults: bool,
}

/// Arguments of WinHttpOpenRequest; those not given are as NULL and 0 there.
#[derive(Debug, Default)]
pub struct OpenRequest {
    /// The method; `None` or empty means GET.
    pub verb: Option<String>,
    /// Path and query; `None` or empty means "/".
    pub object: Option<String>,
    /// "HTTP/1.0" or "HTTP/1.1"; `None` or empty means the HTTP_VERSION option's.
    pub version: Option<String>,
    /// The Referer header's value.
    pub referrer: Option<String>,
    /// Media types for the Accept header.
    pub accept: Vec<String>,
    /// WINHTTP_FLAG_SECURE.
    pub secure: bool,
    /// WINHTTP_FLAG_REFRESH.
    pub refresh: bool,
    /// WINHTTP_FLAG_AUTOMATIC_CHUNKING.
    pub chunks: bool,
    /// How path and query are escaped.
    pub escape: EscapeFlags,
}

impl<E: Embedder> Library<E> {
    /// Opens a session (WinHttpOpen). No I/O.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a user agent that cannot be sent, [`Error::NotEnoughMemory`]
    /// when handles or descriptors ran out.
    pub fn open(&self, arguments: OpenSession) -> Result<HandleId> {
        let OpenSession {
            agent,
            proxy,
            asynchronous,
            secure_defaults,
        } = arguments;
        if let Some(agent) = &agent {
            request_value("User-Agent", agent).ok_or(Error::InvalidParameter)?;
        }
        let delivery = Delivery::open(asynchronous).map_err(|_| Error::NotEnoughMemory)?;
        let make = |id| {
            let handle = Handle::root(id, delivery);
            Object::Session(Arc::new(Session::new(
                agent,
                proxy,
                secure_defaults,
                handle,
            )))
        };
        let (id, _) = self.table.insert_with(make).ok_or(Error::NotEnoughMemory)?;
        Ok(id)
    }

    /// Names a server (WinHttpConnect). No I/O.
    ///
    /// # Errors
    /// [`Error::InvalidHandle`], [`Error::IncorrectHandleType`], [`Error::InvalidUrl`] for a name
    /// that cannot be one.
    pub fn connect_to(&self, session: u64, server: &str, port: u16) -> Result<HandleId> {
        let session = self.session(session)?;
        let host = Host::parse(server).map_err(|_| Error::InvalidUrl)?;
        let make = |id| {
            let parent = session.handle();
            let handle = Handle::child(parent, parent, id, HandleKind::Connect);
            Object::Connect(Arc::new(Connect::new(
                Arc::clone(&session),
                host,
                port,
                handle,
            )))
        };
        self.create(make)
    }

    /// Prepares a request (WinHttpOpenRequest). No I/O.
    ///
    /// # Errors
    /// [`Error::InvalidHandle`], [`Error::IncorrectHandleType`], [`Error::InvalidParameter`] for a
    /// verb, version or header value that cannot be sent.
    pub fn open_request(&self, connect: u64, mut arguments: OpenRequest) -> Result<HandleId> {
        let connect = self.find_connect(connect)?;
        let version = self.default_version(connect.session());
        let line = request_line(&mut arguments, version)?;
        let headers = first_headers(&arguments, &line)?;
        let make = |id| {
            let parent = connect.handle();
            let handle = Handle::child(parent, parent, id, HandleKind::Request);
            let connect = Arc::clone(&connect);
            Object::Request(Request::new(
                connect,
                line,
                headers,
                (arguments.secure, arguments.chunks),
                handle,
            ))
        };
        self.create(make)
    }

    /// Makes the WebSocket of a request whose upgrade was accepted
    /// (WinHttpWebSocketCompleteUpgrade).
    ///
    /// # Errors
    /// [`Error::InvalidHandle`], [`Error::IncorrectHandleType`]; [`Error::IncorrectHandleState`] if
    /// no upgrade was sent; [`Error::InvalidOperation`] if the server did not agree, an operation
    /// is pending, or the WebSocket was made before.
    pub fn complete_upgrade(&self, request: u64, context: usize) -> failure::Result<HandleId> {
        let request = self.request(request)?;
        let upgraded = request.take_upgraded()?;
        let make = |id| {
            let parent = request.connect().handle();
            let handle = Handle::child(parent, request.handle(), id, HandleKind::WebSocket);
            handle.set_context(context);
            Object::WebSocket(WebSocket::new(upgraded, handle))
        };
        Ok(self.create(make)?)
    }

    /// Puts a new handle into the table and announces it on this thread, before its function
    /// returns.
    pub(super) fn create(&self, make: impl FnOnce(HandleId) -> Object<E>) -> Result<HandleId> {
        let (id, object) = self.table.insert_with(make).ok_or(Error::NotEnoughMemory)?;
        object.handle().notify(&Notification::HandleCreated);
        Ok(id)
    }
}

fn request_line(arguments: &mut OpenRequest, default_version: Version) -> Result<RequestLine> {
    let given = |text: &mut Option<String>| text.take().filter(|text| !text.is_empty());
    let verb = given(&mut arguments.verb).map_or(Cow::Borrowed("GET"), method);
    if !is_token(verb.as_bytes()) {
        return Err(Error::InvalidParameter);
    }
    let version = match given(&mut arguments.version) {
        None => default_version,
        Some(text) => Version::parse(&text).ok_or(Error::InvalidParameter)?,
    };
    // Escaped, each byte may become three.
    let object_bytes = arguments.object.as_ref().map_or(0, String::len);
    room_for(object_bytes.saturating_mul(6))?;
    let target = request_target(
        arguments.object.as_deref().unwrap_or_default(),
        arguments.escape,
    );
    Ok(RequestLine {
        verb,
        target,
        version,
    })
}

/// The headers that the arguments of WinHttpOpenRequest stand for.
fn first_headers(arguments: &OpenRequest, line: &RequestLine) -> Result<HeaderList> {
    let mut headers = HeaderList::default();
    let mut push = |name: &str, value: &str| -> Result<()> {
        let value = request_value(name, value).ok_or(Error::InvalidParameter)?;
        headers.push(name, value);
        Ok(())
    };
    if !arguments.accept.is_empty() {
        push("Accept", &arguments.accept.join(", "))?;
    }
    if let Some(referrer) = &arguments.referrer {
        push("Referer", referrer)?;
    }
    if arguments.refresh {
        push("Pragma", "no-cache")?;
        if line.version == Version::HTTP_11 {
            push("Cache-Control", "no-cache")?;
        }
    }
    Ok(headers)
}
