//! Which connection a request needs: where it leads, and with whom it may be shared.

use std::borrow::Cow;
use std::sync::Arc;

use winhttp_proto::embed::Embedder;
use winhttp_proto::exchange::Composed;
use winhttp_proto::failure::Result;
use winhttp_proto::notify::SecureProblems;
use winhttp_proto::numbers as n;
use winhttp_proto::option::{OptionId, Values};

use super::legs::Leg;
use super::plan::{Shared, limit};
use super::through::Through;
use super::{Request, RequestState, pooling};
use crate::engine::connect::dial::DialSettings;
use crate::engine::connect::way::{Beyond, Destination};
use crate::engine::driver::Route;
use crate::engine::pool::shelf::Demand;
use crate::engine::pool::{Key, KeyRest, TlsKey};
use crate::engine::socket::TcpKeepAlive;
use crate::engine::transport::tls::{TlsConfig, TlsPolicy};

/// See the module.
pub(super) struct Wanted {
    pub(super) route: Route,
    /// Whose connections it may use, and which of them.
    pub(super) key: Arc<Key>,
    pub(super) demand: Demand,
    /// How many connections are opened with the first one.
    pub(super) ahead: usize,
}

impl<E: Embedder> Request<E> {
    /// The connection for a leg, which goes through the proxy that was chosen for it, or directly.
    pub(super) fn connection(
        &self,
        state: &RequestState<E>,
        leg: &Leg<'_>,
        request: &Composed,
        shared: &Shared,
    ) -> Result<Wanted> {
        let values = &state.values;
        let ignored = ignored_problems(values.dword(OptionId::SECURITY_FLAGS));
        let tls = self.tls(leg.secure, ignored, shared)?;
        let rest = KeyRest {
            port: leg.port,
            scope: shared.scope,
            tls: tls_key(tls.as_ref(), shared),
            keep_alive: shared.keep_alive,
        };
        let demand = Demand {
            ignores: ignored,
            marks: pooling::marks(values),
            limits: shared.limits,
        };
        let dial = dial_settings(values, shared.keep_alive);
        let through = state.through.as_deref();
        let (key, to) = match through {
            None => self.directly(values, leg, rest, (request, tls, dial)),
            Some(through) => self.via(state, leg, (through, rest, shared), (request, tls, dial))?,
        };
        // A proxy may want to know who asks: nothing goes there without a request.
        let is_direct = through.is_none();
        let stands_by = is_direct && shared.takes_first_available;
        let route = Route {
            to,
            mark: pooling::mark(values),
            idle_life: shared.idle_life,
            stands_by: stands_by.then(|| Box::new(demand)),
        };
        Ok(Wanted {
            route,
            key,
            demand,
            ahead: if is_direct { shared.ahead } else { 0 },
        })
    }

    fn directly(
        &self,
        values: &Values,
        leg: &Leg<'_>,
        rest: KeyRest,
        (request, tls, dial): End<'_>,
    ) -> (Arc<Key>, Destination) {
        let look_up = look_up_name(values, leg);
        let key = match leg.is_first_server {
            true => self.connect.key(look_up.as_deref(), rest),
            false => Arc::new(Key::new(leg.host.name(), look_up.as_deref(), rest)),
        };
        let to = Destination {
            host: Arc::clone(&request.host),
            look_up,
            port: leg.port,
            tls,
            dial,
            beyond: None,
        };
        (key, to)
    }

    fn via(
        &self,
        state: &RequestState<E>,
        leg: &Leg<'_>,
        (through, rest, shared): (&Through, KeyRest, &Shared),
        (request, tls, dial): End<'_>,
    ) -> Result<(Arc<Key>, Destination)> {
        // What a program tolerates of a server it does not of a proxy.
        let proxy_tls = self.tls(through.is_secure(), SecureProblems::default(), shared)?;
        let login = state.proxy_login(through);
        let proxy = through.key(tls_key(proxy_tls.as_ref(), shared), login);
        // Without a tunnel one connection serves all servers, unless they are counted.
        let key = match through.tunnels || shared.is_limited {
            true => Key::through(proxy, leg.host.name(), rest),
            false => Key::through(proxy, "", KeyRest { port: 0, ..rest }),
        };
        let server = &through.server;
        let name = server.host.name();
        let look_up = server.host.look_up_name();
        let to = Destination {
            host: name.into(),
            look_up: (look_up != name).then(|| look_up.into_owned()),
            port: server.port,
            tls: proxy_tls,
            dial,
            beyond: through.tunnels.then(|| Beyond {
                host: Arc::clone(&request.host),
                tls,
            }),
        };
        Ok((Arc::new(key), to))
    }

    fn tls(
        &self,
        is_secure: bool,
        ignored: SecureProblems,
        shared: &Shared,
    ) -> Result<Option<Arc<TlsConfig>>> {
        if !is_secure {
            return Ok(None);
        }
        let protocols = shared.protocols;
        let policy = TlsPolicy { protocols, ignored };
        Ok(Some(self.connect.session().tls().get(policy)?))
    }
}

/// What is at the end of the way: the request, the TLS that it has with its server, and how
/// addresses are tried.
type End<'r> = (&'r Composed, Option<Arc<TlsConfig>>, DialSettings);

fn tls_key(tls: Option<&Arc<TlsConfig>>, shared: &Shared) -> Option<TlsKey> {
    tls.map(|tls| TlsKey {
        protocols: shared.protocols.bits(),
        trust: tls.trust,
    })
}

/// How addresses are tried.
fn dial_settings(values: &Values, keep_alive: Option<TcpKeepAlive>) -> DialSettings {
    DialSettings {
        max_addresses: limit(values, OptionId::CONNECT_RETRIES),
        races: values.flag(OptionId::IPV6_FAST_FALLBACK),
        keep_alive,
    }
}

/// The name to look up, if it is not that of the server: the program's is that of the server it
/// knows.
fn look_up_name(values: &Values, leg: &Leg<'_>) -> Option<String> {
    let name = match values.text(OptionId::RESOLUTION_HOSTNAME) {
        other if leg.is_first_server && !other.is_empty() => Cow::Borrowed(other),
        _ => leg.host.look_up_name(),
    };
    (name != leg.host.name()).then(|| name.into_owned())
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
