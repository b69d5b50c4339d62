//! The proxy that a request goes through, and what is said to it.
//!
//! A server of http is asked through the proxy, which gets the request itself; https and WebSockets
//! go through a tunnel (http-behaviours 29.3.1). The proxy's name is looked up, never the server's.

use std::sync::Arc;

use winhttp_proto::auth::{Fingerprint, Login, Sending};
use winhttp_proto::embed::Embedder;
use winhttp_proto::exchange::compose::connect_head;
use winhttp_proto::exchange::tunnel::{CONNECT, Via};
use winhttp_proto::option::OptionId;
use winhttp_proto::proxy::{ProxyKind, ProxyServer};
use winhttp_proto::url::{Origin, Scheme};

use super::legs::Leg;
use super::life::Attached;
use super::{Request, RequestState};
use crate::engine::pool::{ProxyKey, TlsKey};

/// A proxy, and how it is used.
#[derive(Clone, Debug)]
pub(super) struct Through {
    pub(super) server: ProxyServer,
    /// It opens a tunnel to the server.
    pub(super) tunnels: bool,
}

impl Through {
    /// TLS protects the connection to it.
    pub(super) fn is_secure(&self) -> bool {
        self.server.kind == ProxyKind::Https
    }

    /// Whose credentials it is shown.
    pub(super) fn origin(&self) -> Origin {
        let scheme = Scheme::of_request(self.is_secure());
        Origin::new(scheme, &self.server.host, self.server.port)
    }

    /// What a connection has in common with others through it.
    pub(super) fn key(&self, tls: Option<TlsKey>, login: Option<Fingerprint>) -> ProxyKey {
        ProxyKey {
            server: self.server.clone(),
            tls,
            tunnels: self.tunnels,
            // Without a tunnel each request shows its own credentials.
            login: login.filter(|_| self.tunnels),
        }
    }
}

impl<E: Embedder> RequestState<E> {
    /// The next leg goes this way: through a proxy, which may be shown a login, or directly.
    pub(super) fn go_through(
        &mut self,
        proxy: Option<(ProxyServer, Option<Login>)>,
        leg: &Leg<'_>,
    ) {
        let tunnels = leg.secure || self.asks_upgrade();
        self.through = proxy.map(|(server, login)| {
            let through = Through { server, tunnels };
            self.turn_to_proxy(&through, login);
            Arc::new(through)
        });
    }

    /// What answers the request itself is the proxy: not the server at the other end of a tunnel.
    pub(super) fn gets_answer_of_proxy(&self) -> bool {
        let through = self.through.as_ref();
        through.is_some_and(|through| !through.tunnels)
    }

    pub(super) fn via(&self, through: &Through) -> Via {
        Via {
            host: through.server.host.name().into(),
            secure: through.is_secure(),
            tunnels: through.tunnels,
            is_received: self.values.flag(OptionId::RECEIVE_PROXY_CONNECT_RESPONSE),
        }
    }
}

impl<E: Embedder> Request<E> {
    /// Composes a CONNECT: with what the proxy has asked for by now, and nothing of the request's.
    pub(super) fn ask_for_tunnel(&self, attached: &Attached) {
        let settings = self.connect.session().settings();
        let agent = settings.agent.clone();
        drop(settings);
        let mut state = self.state();
        let moved = state.moved.clone();
        let leg = self.leg(moved.as_deref());
        let authority = format!("{}:{}", leg.host, leg.port);
        let credentials = match state.through.clone() {
            Some(through) => state.proxy_authorization(&Sending {
                origin: &through.origin(),
                method: CONNECT,
                target: &authority,
                body: Some(&[]),
            }),
            None => None,
        };
        let head = connect_head(
            &authority,
            state.agent(agent.as_deref()),
            credentials.as_ref(),
        );
        drop(state);
        attached.driver().ask_for_tunnel(head);
    }
}
