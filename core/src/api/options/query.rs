//! WinHttpQueryOption: what an option reads as, before it becomes bytes in the caller's buffer.

use std::fmt;
use std::net::SocketAddr;

use winhttp_proto::auth::Secret;
use winhttp_proto::embed::Embedder;
use winhttp_proto::error::{Error, Result};
use winhttp_proto::handle::HandleId;
use winhttp_proto::header::Version;
use winhttp_proto::numbers::{SECURITY_SECURE, SECURITY_STRONG};
use winhttp_proto::option::{OptionError, OptionId, Structure, Value, check_query};

use super::certificate::{Certificate, CertificateSummary};
use super::cipher::Cipher;
use super::statistics::{ConnectionStats, RequestStats, RequestTimes};
use super::{binding, features, statistics};
use crate::api::library::{Library, Object};
use crate::api::proxy::ProxyAccess;
use crate::api::request::Request;
use crate::api::session::Session;
use crate::api::websocket::WebSocket;

/// What an option reads as.
pub enum OptionAnswer<E: Embedder> {
    /// A DWORD or BOOL.
    Number(u32),
    /// The socket error behind the thread's last failure, which only the C edge knows: it has the
    /// last errors.
    ExtendedError,
    /// A pointer-sized number.
    Pointer(usize),
    /// A handle.
    Handle(HandleId),
    /// Text.
    Text(String),
    /// Text that only its receiver may see.
    Secret(Secret),
    /// A structure without pointers.
    Struct(Structure),
    /// The installed callback.
    Observer(Option<E::Observer>),
    /// How servers are reached.
    Proxy(ProxyAccess),
    /// Both ends of the connection.
    Connection {
        /// Own address.
        local: SocketAddr,
        /// The server's.
        remote: SocketAddr,
    },
    /// What its TCP has counted: CONNECTION_STATS_V0.
    ConnectionStatsV0(ConnectionStats),
    /// What its TCP has counted: CONNECTION_STATS_V1.
    ConnectionStatsV1(ConnectionStats),
    /// When the request's steps happened.
    RequestTimes(Box<RequestTimes>),
    /// Sizes and counts of the request.
    RequestStats(Box<RequestStats>),
    /// The server's certificate.
    Certificate(Box<Certificate>),
    /// The server's certificate in brief.
    CertificateSummary(Box<CertificateSummary>),
    /// Protocol and cipher of the TLS connection; `None` if there is none.
    Cipher(Option<Box<Cipher>>),
    /// The channel binding token of the TLS connection.
    ChannelBinding(Vec<u8>),
}

impl<E: Embedder> Library<E> {
    /// Answers WinHttpQueryOption; `input` is the DWORD in the caller's buffer, which
    /// FEATURE_SUPPORTED reads.
    ///
    /// # Errors
    /// Those of [`check_query`], [`Error::InvalidHandle`], and [`Error::IncorrectHandleState`] for
    /// what only a connection can tell before there is one.
    pub fn query_option(&self, handle: u64, option: u32, input: u32) -> Result<OptionAnswer<E>> {
        let target = match self.target(handle) {
            Ok(target) => target,
            Err(refused) => {
                return Err(match check_query(option, None) {
                    Err(error @ (OptionError::InvalidOption | OptionError::InvalidParameter)) => {
                        error.into()
                    }
                    Ok(_) | Err(_) => refused,
                });
            }
        };
        let option = check_query(option, target.as_ref().map(Object::kind))?.id();
        match option {
            OptionId::EXTENDED_ERROR => return Ok(OptionAnswer::ExtendedError),
            OptionId::FEATURE_SUPPORTED => {
                return Ok(OptionAnswer::Number(features::is_supported(input).into()));
            }
            OptionId::WORKER_THREAD_COUNT => {
                return Ok(OptionAnswer::Number(self.global().dword(option)));
            }
            _ => {}
        }
        let Some(object) = target else {
            return self.query_process(option);
        };
        let handle = object.handle();
        match option {
            OptionId::HANDLE_TYPE => return Ok(OptionAnswer::Number(handle.kind().number())),
            OptionId::CONTEXT_VALUE => return Ok(OptionAnswer::Pointer(handle.context())),
            OptionId::CALLBACK => return Ok(OptionAnswer::Observer(handle.observer())),
            OptionId::PARENT_HANDLE => {
                let parent = handle.parent_id().ok_or(Error::IncorrectHandleType)?;
                return Ok(OptionAnswer::Handle(parent));
            }
            _ => {}
        }
        match &object {
            Object::Session(session) => self.query_session(session, option),
            // A connect has no settings of its own: it shows what its session has now.
            Object::Connect(connect) => self.query_session(connect.session(), option),
            Object::Request(request) => query_request(request, option),
            Object::WebSocket(websocket) => query_websocket(websocket, option),
            Object::Resolver(_) => Err(Error::IncorrectHandleType),
        }
    }

    fn query_process(&self, option: OptionId) -> Result<OptionAnswer<E>> {
        if option == OptionId::PROXY {
            return Ok(OptionAnswer::Proxy(ProxyAccess::machine_reported()?));
        }
        kept(self.global().get(option))
    }

    fn query_session(&self, session: &Session<E>, option: OptionId) -> Result<OptionAnswer<E>> {
        if option == OptionId::HTTP_VERSION {
            return Ok(Value::from(self.default_version(session)).into());
        }
        let settings = session.settings();
        if let Some(ms) = settings.timeouts.get(option) {
            return Ok(OptionAnswer::Number(ms));
        }
        match option {
            OptionId::USER_AGENT => Ok(OptionAnswer::Text(
                settings.agent.clone().unwrap_or_default(),
            )),
            OptionId::PROXY => Ok(OptionAnswer::Proxy(settings.proxy.clone())),
            _ => kept(settings.values.get(option)),
        }
    }

    /// The version of requests that are opened without one: the session's, else the process's.
    pub(in crate::api) fn default_version(&self, session: &Session<E>) -> Version {
        let of_session = session.settings().values.http_version();
        of_session
            .or_else(|| self.global().http_version())
            .unwrap_or(Version::HTTP_11)
    }
}

fn query_request<E: Embedder>(request: &Request<E>, option: OptionId) -> Result<OptionAnswer<E>> {
    match option {
        OptionId::URL => Ok(OptionAnswer::Text(request.url())),
        OptionId::SECURITY_FLAGS => Ok(OptionAnswer::Number(security_flags(request))),
        OptionId::USER_AGENT => Ok(OptionAnswer::Text(user_agent(request))),
        OptionId::PROXY => Ok(OptionAnswer::Proxy(request.state().proxy.clone())),
        OptionId::IS_PROXY_CONNECT_RESPONSE => {
            let is_of_proxy = request.state().is_of_proxy();
            Ok(OptionAnswer::Number(u32::from(is_of_proxy)))
        }
        OptionId::CONNECTION_INFO => {
            let facts = request
                .connection_facts()
                .ok_or(Error::IncorrectHandleState)?;
            Ok(OptionAnswer::Connection {
                local: facts.ends.local,
                remote: facts.ends.remote,
            })
        }
        OptionId::CONNECTION_STATS_V0 => {
            statistics::connection(request).map(OptionAnswer::ConnectionStatsV0)
        }
        OptionId::CONNECTION_STATS_V1 => {
            statistics::connection(request).map(OptionAnswer::ConnectionStatsV1)
        }
        OptionId::REQUEST_TIMES => statistics::times(request).map(OptionAnswer::RequestTimes),
        OptionId::REQUEST_STATS => {
            let stats = statistics::stats(request)?;
            Ok(OptionAnswer::RequestStats(Box::new(stats)))
        }
        OptionId::SECURITY_INFO => Ok(OptionAnswer::Cipher(cipher(request))),
        OptionId::SECURITY_KEY_BITNESS
        | OptionId::SECURITY_CERTIFICATE_STRUCT
        | OptionId::SERVER_CERT_CONTEXT
        | OptionId::SERVER_CBT => query_tls(request, option),
        _ => {
            let state = request.state();
            match state.timeouts.get(option) {
                Some(ms) => Ok(OptionAnswer::Number(ms)),
                None => kept(state.values.get(option)),
            }
        }
    }
}

/// What is in use to secure the connection: nothing before there is one, and nothing without TLS.
fn cipher<E: Embedder>(request: &Request<E>) -> Option<Box<Cipher>> {
    let facts = request.connection_facts()?;
    Some(Box::new(Cipher::of(facts.tls.as_ref()?)))
}

/// The options that only a TLS connection can answer.
fn query_tls<E: Embedder>(request: &Request<E>, option: OptionId) -> Result<OptionAnswer<E>> {
    let facts = request
        .connection_facts()
        .ok_or(Error::IncorrectHandleState)?;
    let tls = facts.tls.as_ref().ok_or(Error::IncorrectHandleState)?;
    let cipher = Cipher::of(tls);
    let certificate = tls
        .certificates
        .first()
        .ok_or(Error::IncorrectHandleState)?;
    Ok(match option {
        OptionId::SECURITY_KEY_BITNESS => OptionAnswer::Number(cipher.bits),
        OptionId::SECURITY_CERTIFICATE_STRUCT => {
            let summary = CertificateSummary::of(certificate, cipher.bits)?;
            OptionAnswer::CertificateSummary(Box::new(summary))
        }
        OptionId::SERVER_CERT_CONTEXT => {
            OptionAnswer::Certificate(Box::new(Certificate::decode(certificate)?))
        }
        OptionId::SERVER_CBT => {
            OptionAnswer::ChannelBinding(binding::server_end_point(certificate)?)
        }
        _ => return Err(Error::Internal),
    })
}

fn query_websocket<E: Embedder>(
    websocket: &WebSocket<E>,
    option: OptionId,
) -> Result<OptionAnswer<E>> {
    match option {
        OptionId::WEB_SOCKET_CLOSE_TIMEOUT => {
            Ok(OptionAnswer::Number(websocket.close_timeout_ms()))
        }
        _ => Err(Error::IncorrectHandleType),
    }
}

/// The mask the program set, and once connected over TLS what is true of the connection.
fn security_flags<E: Embedder>(request: &Request<E>) -> u32 {
    let secured = request
        .connection_facts()
        .is_some_and(|facts| facts.tls.is_some());
    let told = if secured {
        SECURITY_SECURE | SECURITY_STRONG
    } else {
        0
    };
    request.state().values.dword(OptionId::SECURITY_FLAGS) | told
}

/// The request's own user agent, else the session's.
fn user_agent<E: Embedder>(request: &Request<E>) -> String {
    let own = request.state().values.text(OptionId::USER_AGENT).to_owned();
    if own.is_empty() {
        let session = request.connect().session();
        return session.settings().agent.clone().unwrap_or_default();
    }
    own
}

/// The answer of an option that is merely kept.
fn kept<E: Embedder>(value: Option<Value>) -> Result<OptionAnswer<E>> {
    value
        .map(OptionAnswer::from)
        .ok_or(Error::IncorrectHandleState)
}

impl<E: Embedder> From<Value> for OptionAnswer<E> {
    fn from(value: Value) -> Self {
        match value {
            Value::Dword(number) => Self::Number(number),
            Value::Pointer(pointer) => Self::Pointer(pointer),
            Value::Text(text) => Self::Text(text),
            Value::Secret(text) => Self::Secret(text),
            Value::Struct(structure) => Self::Struct(structure),
        }
    }
}

/// Shows no text.
impl<E: Embedder> fmt::Debug for OptionAnswer<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "Number({number:#x})"),
            Self::ExtendedError => f.write_str("ExtendedError"),
            Self::Pointer(pointer) => write!(f, "Pointer({pointer:#x})"),
            Self::Handle(handle) => write!(f, "Handle({handle:?})"),
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Secret(text) => text.fmt(f),
            Self::Struct(structure) => structure.fmt(f),
            Self::Observer(observer) => write!(f, "Observer({})", observer.is_some()),
            Self::Proxy(_) => f.write_str("Proxy"),
            Self::Connection { local, remote } => write!(f, "Connection({local}, {remote})"),
            Self::ConnectionStatsV0(stats) | Self::ConnectionStatsV1(stats) => stats.fmt(f),
            Self::RequestTimes(_) => f.write_str("RequestTimes"),
            Self::RequestStats(stats) => stats.fmt(f),
            Self::Certificate(certificate) => certificate.fmt(f),
            Self::CertificateSummary(summary) => summary.fmt(f),
            Self::Cipher(cipher) => write!(f, "Cipher({cipher:?})"),
            Self::ChannelBinding(token) => write!(f, "ChannelBinding({} bytes)", token.len()),
        }
    }
}
