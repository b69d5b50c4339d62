//! From a request's settings to what the driver needs: the wire form of the head, limits, TLS.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use winhttp_proto::embed::Embedder;
use winhttp_proto::error::{self, Error};
use winhttp_proto::exchange::ExchangeLimits;
use winhttp_proto::failure::{Failure, Reason, Result};
use winhttp_proto::header::{HeaderList, text};
use winhttp_proto::http1::head::{HeadLimits, encode_request};
use winhttp_proto::notify::SecureProblems;
use winhttp_proto::numbers as n;
use winhttp_proto::option::{OptionId, Value, Values};
use winhttp_proto::websocket::{ClientKey, Offer, client_key};

use super::{Request, RequestState};
use crate::api::open::ProxyAccess;
use crate::engine::connect::dial::DialSettings;
use crate::engine::driver::Plan;
use crate::engine::entropy;
use crate::engine::socket::TcpKeepAlive;
use crate::engine::transport::tls::{Protocols, TlsPolicy};

/// A WEB_SOCKET_SEND_BUFFER_SIZE below this cannot carry a frame (observed on Windows).
const MIN_SEND_BUFFER_BYTES: u32 = 16;
/// Headers a request gets beside the program's own.
const GENERATED_HEADERS_MAX: usize = 7;
/// Well-known ports of other protocols that no request may be sent to.
const BLOCKED_PORTS: [u16; 6] = [21, 25, 70, 110, 119, 143];

/// Why a request is not even tried.
#[derive(Debug)]
enum Unsendable {
    /// The port is one of another protocol.
    BlockedPort(u16),
    /// HTTP_PROTOCOL_REQUIRED.
    OtherProtocol,
}

impl fmt::Display for Unsendable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BlockedPort(port) => write!(
                f,
                "port {port} is that of another protocol, to which no request may be sent"
            ),
            Self::OtherProtocol => f.write_str(
                "HTTP_PROTOCOL_REQUIRED asks for HTTP/2 or HTTP/3, and HTTP/1.1 is all there is",
            ),
        }
    }
}

impl Reason for Unsendable {}

impl<E: Embedder> Request<E> {
    /// Fixes everything for one sending of the request; the sent headers become visible.
    pub(super) fn plan(&self, state: &mut RequestState<E>, body_len: u64) -> Result<Plan> {
        let session = self.connect.session();
        let settings = session.settings();
        if matches!(state.proxy, ProxyAccess::Named { .. }) {
            // Going direct instead would betray what the program asked for.
            return Err(Error::NotImplemented.into());
        }
        if state.values.dword(OptionId::HTTP_PROTOCOL_REQUIRED) != 0 {
            let reason = Unsendable::OtherProtocol;
            return Err(Failure::because(Error::HttpProtocolMismatch, reason));
        }
        let keep_alive = tcp_keep_alive(&settings.values);
        let protocols = secure_protocols(&settings.values);

        let upgrade = state.upgrade_key()?;
        let port = self.connect.port(self.secure);
        if BLOCKED_PORTS.contains(&port) {
            let reason = Unsendable::BlockedPort(port);
            return Err(Failure::because(Error::CannotConnect, reason));
        }
        let agent = settings.agent.as_deref();
        let headers = self.wire_headers(state, agent, body_len, upgrade.as_ref());
        drop(settings);
        let announces_close = headers.has_token("Connection", "close");
        let mut head = Vec::new();
        encode_request(
            &mut head,
            &self.line.verb,
            &self.line.target,
            state.version(),
            &headers,
        );
        state.upgrading = upgrade.is_some();
        let upgrade = upgrade.map(|key| Offer {
            key,
            sub_protocols: sub_protocols(&headers),
        });
        state.sent_headers = Some(headers);

        let ignored = ignored_problems(state.values.dword(OptionId::SECURITY_FLAGS));
        let tls: Option<Arc<ClientConfig>> = if self.secure {
            Some(session.tls().get(TlsPolicy { protocols, ignored })?)
        } else {
            None
        };
        let host = self.connect.host();
        let look_up = match state.values.text(OptionId::RESOLUTION_HOSTNAME) {
            "" => host.look_up_name(),
            other => Cow::Borrowed(other),
        };
        Ok(Plan {
            host: host.name().to_owned(),
            look_up: Some(look_up.into_owned()).filter(|look_up| look_up != host.name()),
            port,
            tls,
            head,
            method: self.line.verb.clone(),
            announces_close,
            upgrade,
            dial: DialSettings {
                max_addresses: limit(&state.values, OptionId::CONNECT_RETRIES),
                keep_alive,
            },
            limits: ExchangeLimits {
                head: HeadLimits {
                    max_bytes: limit(&state.values, OptionId::MAX_RESPONSE_HEADER_SIZE),
                    ..HeadLimits::default()
                },
                max_interim: state.values.dword(OptionId::MAX_HTTP_STATUS_CONTINUE),
            },
        })
    }

    /// The headers as they go on the wire: generated ones give way to the program's own, except for the handshake.
    fn wire_headers(
        &self,
        state: &RequestState<E>,
        agent: Option<&str>,
        body_len: u64,
        upgrade: Option<&ClientKey>,
    ) -> HeaderList {
        let own = &state.headers;
        let mut wire = HeaderList::with_capacity(own.len() + GENERATED_HEADERS_MAX);
        let mut generate = |name: &str, value: &[u8]| {
            if !own.contains(name) {
                wire.push(name, value);
            }
        };
        if upgrade.is_none() {
            generate("Connection", b"Keep-Alive");
        }
        if let Some(agent) = state.agent(agent).and_then(text::latin_1) {
            generate("User-Agent", &agent);
        }
        generate("Host", self.host_header().as_bytes());
        let verb = &*self.line.verb;
        let announces_length = body_len > 0 || matches!(verb, "POST" | "PUT");
        if announces_length && !own.contains("Transfer-Encoding") {
            generate("Content-Length", body_len.to_string().as_bytes());
        }
        for header in own.iter() {
            // The program may have added its length twice; it goes out once.
            let again = header.is_named("Content-Length") && wire.contains("Content-Length");
            if !again {
                wire.push(&header.name, &header.value);
            }
        }
        if let Some(key) = upgrade {
            wire.set("Connection", "Upgrade");
            wire.set("Upgrade", "websocket");
            wire.set("Sec-WebSocket-Version", "13");
            wire.set("Sec-WebSocket-Key", key.as_str());
        }
        wire
    }

    /// Host and port, the port only if it is not the scheme's own.
    fn host_header(&self) -> Cow<'_, str> {
        let host = self.connect.host().text();
        match (self.connect.port(self.secure), self.secure) {
            (80, false) | (443, true) => host.into(),
            (port, _) => [host, ":", &port.to_string()].concat().into(),
        }
    }
}

impl<E: Embedder> RequestState<E> {
    /// A fresh key if the next exchange asks for a WebSocket.
    fn upgrade_key(&self) -> error::Result<Option<ClientKey>> {
        if !self.asks_upgrade() {
            return Ok(None);
        }
        if self.values.dword(OptionId::WEB_SOCKET_SEND_BUFFER_SIZE) < MIN_SEND_BUFFER_BYTES {
            return Err(Error::NotEnoughMemory);
        }
        Ok(Some(client_key(entropy::nonce()?)))
    }

    /// The request's own user agent, else the session's.
    fn agent<'a>(&'a self, session: Option<&'a str>) -> Option<&'a str> {
        match self.values.text(OptionId::USER_AGENT) {
            "" => session,
            own => Some(own),
        }
    }
}

/// The sub-protocols a handshake offers: one field with a list, several fields, or both.
fn sub_protocols(headers: &HeaderList) -> Vec<Box<[u8]>> {
    headers
        .tokens("Sec-WebSocket-Protocol")
        .map(Box::from)
        .collect()
}

fn limit(values: &Values, option: OptionId) -> usize {
    usize::try_from(values.dword(option)).unwrap_or(usize::MAX)
}

fn secure_protocols(values: &Values) -> Protocols {
    match values.stored(OptionId::SECURE_PROTOCOLS) {
        Some(Value::Dword(bits)) => Protocols::new(*bits),
        _ => Protocols::default(),
    }
}

/// The defects that SECURITY_FLAGS tells to ignore.
fn ignored_problems(flags: u32) -> SecureProblems {
    const TABLE: [(u32, SecureProblems); 4] = [
        (n::IGNORE_UNKNOWN_CA, SecureProblems::INVALID_CA),
        (n::IGNORE_WRONG_USAGE, SecureProblems::CERT_WRONG_USAGE),
        (n::IGNORE_WRONG_NAME, SecureProblems::CERT_CN_INVALID),
        (n::IGNORE_WRONG_DATE, SecureProblems::CERT_DATE_INVALID),
    ];
    let set = TABLE.iter().filter(|(flag, _)| flags & flag != 0);
    set.fold(SecureProblems::default(), |problems, (_, problem)| {
        problems.with(*problem)
    })
}

/// WINHTTP_OPTION_TCP_KEEPALIVE: on/off, time and interval in milliseconds.
fn tcp_keep_alive(values: &Values) -> Option<TcpKeepAlive> {
    let Some(Value::Bytes(bytes)) = values.stored(OptionId::TCP_KEEPALIVE) else {
        return None;
    };
    let field = |offset: usize| {
        let bytes: &[u8; 4] = bytes.get(offset..)?.first_chunk()?;
        Some(u32::from_ne_bytes(*bytes))
    };
    // The system counts in seconds; less than one would switch probing off.
    let seconds = |ms: u32| Duration::from_secs(u64::from(ms.div_ceil(1000).max(1)));
    if field(0)? == 0 {
        return None;
    }
    Some(TcpKeepAlive {
        time: seconds(field(4)?),
        interval: seconds(field(8)?),
    })
}
