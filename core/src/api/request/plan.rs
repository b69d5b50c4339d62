//! From a request's settings to what the driver needs: the wire form of the head, limits, TLS.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use winhttp_proto::auth::{AuthTarget, Sending};
use winhttp_proto::decode::Codings;
use winhttp_proto::embed::Embedder;
use winhttp_proto::error::{self, Error};
use winhttp_proto::exchange::compose::{Draft, encode};
use winhttp_proto::exchange::{Composed, ExchangeLimits};
use winhttp_proto::failure::{Failure, Reason, Result};
use winhttp_proto::header::HeaderList;
use winhttp_proto::http1::head::HeadLimits;
use winhttp_proto::numbers as n;
use winhttp_proto::option::{MIN_WEB_SOCKET_SEND_BUFFER_BYTES, OptionId, Value, Values};
use winhttp_proto::url::request_url;
use winhttp_proto::websocket::{ClientKey, Offer, client_key};

use super::destination::Wanted;
use super::legs::Leg;
use super::routing::{Asked, Way};
use super::{Request, RequestState, pooling};
use crate::engine::entropy;
use crate::engine::pool::Scope;
use crate::engine::pool::shelf::Limits;
use crate::engine::socket::TcpKeepAlive;
use crate::engine::transport::tls::Protocols;

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

/// Everything a request needs to be sent, fixed when SendRequest starts.
pub(super) struct Plan {
    pub(super) request: Composed,
    pub(super) connection: Wanted,
    /// What is to be asked first; then all is planned anew.
    pub(super) asks: Option<Asked>,
}

/// What went with a head, for the same once more.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Announced {
    pub(super) bytes: u64,
    pub(super) is_whole: bool,
    pub(super) is_later_leg: bool,
}

/// What goes with a head.
#[derive(Clone, Copy)]
pub(super) struct Payload<'p> {
    /// Bytes of the body, as they are announced.
    pub(super) bytes: u64,
    /// The whole body, if it is at hand.
    pub(super) whole: Option<&'p [u8]>,
    /// It follows an answer that ReceiveResponse has got.
    pub(super) is_later_leg: bool,
}

/// What a session's settings say of the connections of its requests.
pub(super) struct Shared {
    pub(super) keep_alive: Option<TcpKeepAlive>,
    pub(super) protocols: Protocols,
    pub(super) limits: Limits,
    /// The program counts connections by server.
    pub(super) is_limited: bool,
    pub(super) idle_life: Duration,
    pub(super) scope: Scope,
    pub(super) ahead: usize,
    pub(super) takes_first_available: bool,
}

impl<E: Embedder> Request<E> {
    /// Fixes everything for one sending of the request; the sent headers become visible.
    pub(super) fn plan(&self, state: &mut RequestState<E>, payload: Payload<'_>) -> Result<Plan> {
        let moved = state.moved.clone();
        let leg = self.leg(moved.as_deref());
        if state.values.dword(OptionId::HTTP_PROTOCOL_REQUIRED) != 0 {
            let reason = Unsendable::OtherProtocol;
            return Err(Failure::because(Error::HttpProtocolMismatch, reason));
        }
        if BLOCKED_PORTS.contains(&leg.port) {
            let reason = Unsendable::BlockedPort(leg.port);
            return Err(Failure::because(Error::CannotConnect, reason));
        }
        // Settings may have to be read for that: no lock of the session is held.
        let (proxy, asks) = match self.way(state, &leg)? {
            Way::Known(proxy) => (proxy, None),
            Way::Asked(query) => {
                let url = request_url(leg.secure, leg.host, leg.port, leg.target);
                let timeouts = state.timeouts;
                let asked = Asked {
                    url,
                    query,
                    timeouts,
                };
                (None, Some(asked))
            }
        };
        state.go_through(proxy, &leg);
        let settings = self.connect.session().settings();
        let shared = Shared {
            keep_alive: tcp_keep_alive(&settings.values),
            protocols: secure_protocols(&settings.values),
            limits: pooling::limits(&settings.values),
            is_limited: pooling::is_limited(&settings.values),
            idle_life: pooling::idle_life(&settings.values),
            scope: self.connect.session().scope(&settings),
            ahead: pooling::ahead(&settings.values),
            takes_first_available: settings.values.flag(OptionId::FIRST_AVAILABLE_CONNECTION),
        };
        state.announced = Announced {
            bytes: payload.bytes,
            is_whole: payload.whole.is_some(),
            is_later_leg: payload.is_later_leg,
        };
        let is_sent = asks.is_none();
        let request = self.compose(state, &leg, settings.agent.as_deref(), payload, is_sent)?;
        drop(settings);
        let connection = self.connection(state, &leg, &request, &shared)?;
        Ok(Plan {
            request,
            connection,
            asks,
        })
    }

    /// The request itself; with its credentials, which count what they are sent with, only if this
    /// is sent.
    fn compose(
        &self,
        state: &mut RequestState<E>,
        leg: &Leg<'_>,
        agent: Option<&str>,
        payload: Payload<'_>,
        is_sent: bool,
    ) -> Result<Composed> {
        let upgrade = state.upgrade_key()?;
        let authorization = match is_sent {
            true => state.authorization(leg, payload.whole),
            false => None,
        };
        let cookies = self.cookies(state, leg);
        let through = state.through.clone();
        // A proxy that gives the request on is told all of where to.
        let for_proxy = through.as_ref().is_some_and(|through| !through.tunnels);
        let target = match for_proxy {
            true => Cow::Owned(request_url(leg.secure, leg.host, leg.port, leg.target)),
            false => Cow::Borrowed(leg.target),
        };
        let proxy_authorization = match &through {
            Some(through) if for_proxy => state.proxy_authorization(&Sending {
                origin: &through.origin(),
                method: leg.verb,
                target: &target,
                body: payload.whole,
            }),
            Some(_) | None => None,
        };
        let own = state.framed_headers(leg.chunks);
        let codings = Codings::new(state.values.dword(OptionId::DECOMPRESSION));
        let draft = Draft {
            verb: leg.verb,
            version: state.version(),
            host: leg.host.text(),
            port: leg.port,
            secure: leg.secure,
            for_proxy,
            agent: state.agent(agent),
            own: &own,
            cookies: cookies.as_ref(),
            body_bytes: payload.bytes,
            keeps_alive: state.keeps_alive(),
            accept_encoding: codings.accept_encoding(),
            upgrade: upgrade.as_ref(),
        };
        let headers = draft.fields();
        let server = authorization
            .as_ref()
            .map(|value| (AuthTarget::Server, value));
        let proxy = proxy_authorization
            .as_ref()
            .map(|value| (AuthTarget::Proxy, value));
        let credentials: Vec<_> = server.into_iter().chain(proxy).collect();
        let head = encode(leg.verb, &target, state.version(), &headers, &credentials);
        let is_authenticated = !credentials.is_empty();
        let announces_close = headers.has_token("Connection", "close");
        let upgrade = upgrade.map(|key| Offer {
            key,
            sub_protocols: sub_protocols(&headers),
        });
        state.sent_headers = Some(headers);
        Ok(Composed {
            host: leg.host.name().into(),
            secure: leg.secure,
            via: through.as_ref().map(|through| state.via(through)),
            head,
            method: leg.verb.clone(),
            announces_close,
            retries: pooling::retries(&state.values),
            upgrade,
            codings,
            limits: exchange_limits(&state.values),
            is_later_leg: payload.is_later_leg,
            is_authenticated,
        })
    }
}

impl<E: Embedder> RequestState<E> {
    /// A fresh key if the next exchange asks for a WebSocket.
    fn upgrade_key(&self) -> error::Result<Option<ClientKey>> {
        if !self.asks_upgrade() {
            return Ok(None);
        }
        if self.values.dword(OptionId::WEB_SOCKET_SEND_BUFFER_SIZE)
            < MIN_WEB_SOCKET_SEND_BUFFER_BYTES
        {
            return Err(Error::NotEnoughMemory);
        }
        Ok(Some(client_key(entropy::nonce()?)))
    }

    /// The fields of the program, and that of an automatically chunked body.
    fn framed_headers(&self, chunks: bool) -> Cow<'_, HeaderList> {
        let mut own = Cow::Borrowed(&self.headers);
        let field = AuthTarget::Proxy.authorization_field();
        // Where a proxy is in question, no server is meant.
        let is_for_proxy = || match &self.through {
            Some(through) => !through.tunnels,
            None => self.proxy.is_none(),
        };
        if own.contains(field) && !is_for_proxy() {
            own.to_mut().remove(field);
        }
        if chunks && !own.contains("Transfer-Encoding") {
            own.to_mut().push("Transfer-Encoding", "chunked");
        }
        own
    }

    /// The connection may serve further requests.
    fn keeps_alive(&self) -> bool {
        self.values.dword(OptionId::DISABLE_FEATURE) & n::DISABLE_KEEP_ALIVE == 0
    }

    /// The request's own user agent, else the session's; an empty one is none.
    pub(super) fn agent<'a>(&'a self, session: Option<&'a str>) -> Option<&'a str> {
        match self.values.text(OptionId::USER_AGENT) {
            "" => session.filter(|agent| !agent.is_empty()),
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

fn exchange_limits(values: &Values) -> ExchangeLimits {
    ExchangeLimits {
        head: HeadLimits {
            max_bytes: limit(values, OptionId::MAX_RESPONSE_HEADER_SIZE),
            ..HeadLimits::default()
        },
        max_interim: values.dword(OptionId::MAX_HTTP_STATUS_CONTINUE),
        max_drain: values.dword(OptionId::MAX_RESPONSE_DRAIN_SIZE).into(),
    }
}

pub(super) fn limit(values: &Values, option: OptionId) -> usize {
    usize::try_from(values.dword(option)).unwrap_or(usize::MAX)
}

fn secure_protocols(values: &Values) -> Protocols {
    match values.stored(OptionId::SECURE_PROTOCOLS) {
        Some(Value::Dword(bits)) => Protocols::new(*bits),
        _ => Protocols::default(),
    }
}

/// WINHTTP_OPTION_TCP_KEEPALIVE.
fn tcp_keep_alive(values: &Values) -> Option<TcpKeepAlive> {
    let probes = values.keep_alive_probes()?;
    // The system counts in seconds; less than one would switch probing off.
    let seconds = |ms: u32| Duration::from_secs(u64::from(ms.div_ceil(1000).max(1)));
    Some(TcpKeepAlive {
        time: seconds(probes.idle_ms),
        interval: seconds(probes.interval_ms),
    })
}
