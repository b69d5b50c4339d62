//! How a request gets to its server where the network or a script says it (AUTOMATIC_PROXY,
//! http-behaviours 29.4).
//!
//! The request begins with a driver that does nothing but ask. Once the answer is there, a driver
//! with the first of the routes takes its place; where a proxy cannot be reached, one with the
//! next.

use winhttp_proto::auth::Login;
use winhttp_proto::embed::{Embedder, WriteMemory};
use winhttp_proto::error::Error;
use winhttp_proto::failure::{Failure, Result};
use winhttp_proto::option::Timeouts;
use winhttp_proto::proxy::ProxyServer;
use winhttp_proto::proxy::pac_result::Candidate;
use winhttp_proto::url::Origin;

use super::legs::Leg;
use super::life::Attached;
use super::operation::Operation;
use super::plan::{Announced, Payload};
use super::{Request, RequestState};
use crate::api::autoproxy::AutoproxyQuery;

/// The routes to one server, in the order in which they are tried.
#[derive(Debug)]
pub(super) struct Routes {
    to: Origin,
    /// `None` is directly.
    untried: std::vec::IntoIter<Option<ProxyServer>>,
    now: Option<ProxyServer>,
}

/// A route that is asked for, or known, with who the environment says this is.
#[derive(Debug)]
pub(super) enum Way {
    Known(Option<(ProxyServer, Option<Login>)>),
    Asked(AutoproxyQuery),
}

/// What is asked: the proxies for a URL, how, and within which timeouts: the request's own.
pub(super) struct Asked {
    pub(super) url: String,
    pub(super) query: AutoproxyQuery,
    pub(super) timeouts: Timeouts,
}

impl Routes {
    fn new(to: Origin, all: Vec<Option<ProxyServer>>) -> Self {
        let mut untried = all.into_iter();
        let now = untried.next().flatten();
        Self { to, untried, now }
    }

    /// Goes on to the next one; `false` if there is none.
    fn advance(&mut self) -> bool {
        match self.untried.next() {
            Some(next) => {
                self.now = next;
                true
            }
            None => false,
        }
    }
}

impl<E: Embedder> Request<E> {
    /// How this leg's server is reached now.
    pub(super) fn way(&self, state: &RequestState<E>, leg: &Leg<'_>) -> Result<Way> {
        let mut selection = state.proxy.select(leg.secure, leg.host, leg.port)?;
        let autoproxy = self.connect.session().autoproxy();
        let asks = selection.asks.take();
        if let Some(query) = asks.filter(|query| !autoproxy.is_unanswered(query)) {
            match &state.routes {
                Some(routes) if routes.to == leg.origin() => {
                    selection.server.clone_from(&routes.now);
                }
                Some(_) | None => return Ok(Way::Asked(query)),
            }
        }
        let server = selection.server.take();
        Ok(Way::Known(server.map(|server| {
            let login = selection.login(leg.secure, &server);
            (server, login)
        })))
    }

    /// Goes on with the first of the routes, if they are known by now; `false` if not.
    ///
    /// # Errors
    /// There is no memory for that.
    pub(super) fn routed(&self, attached: &Attached, operation: &Operation<E>) -> Result<bool> {
        let Some(answer) = attached.routes() else {
            return Ok(false);
        };
        let mut state = self.state();
        let moved = state.moved.clone();
        let leg = self.leg(moved.as_deref());
        let selection = state.proxy.select(leg.secure, leg.host, leg.port)?;
        let autoproxy = self.connect.session().autoproxy();
        let all = match answer {
            Ok(candidates) => autoproxy.bad_last(usable(candidates)),
            Err(failure) if failure.error() == Error::NotEnoughMemory => return Err(failure),
            // What cannot be had is passed over, also for what comes soon. A script that is there
            // may have an answer for the next URL.
            Err(failure) => {
                let is_silent = failure.error() != Error::BadAutoProxyScript;
                if let Some(query) = selection.asks.filter(|_| is_silent) {
                    autoproxy.note_unanswered(query);
                }
                vec![selection.server]
            }
        };
        state.routes = Some(Routes::new(leg.origin(), all));
        drop(state);
        self.send_anew(attached, operation)?;
        Ok(true)
    }

    /// The proxy cannot be reached: goes on with the next route, if there is one.
    ///
    /// # Errors
    /// That failure, if there is none.
    pub(super) fn reroute(
        &self,
        attached: &Attached,
        operation: &Operation<E>,
        failure: Failure,
    ) -> Result<()> {
        let is_of_connecting = matches!(
            failure.error(),
            Error::NameNotResolved | Error::CannotConnect | Error::Timeout
        );
        if !is_of_connecting || attached.driver().was_connected() {
            return Err(failure);
        }
        let mut state = self.state();
        // What was sent on a connection that has ended since can be sent again if it is at hand.
        let is_at_hand = match operation {
            Operation::Send(..) => true,
            Operation::Receive(_) => state.announced.is_whole,
            Operation::Write(..) | Operation::Available(_) | Operation::Read(..) => false,
        };
        if !is_at_hand {
            return Err(failure);
        }
        let moved = state.moved.clone();
        let here = self.leg(moved.as_deref()).origin();
        let Some(routes) = state.routes.as_mut().filter(|routes| routes.to == here) else {
            return Err(failure); // or they are those of another leg
        };
        let bad = routes.now.clone();
        let goes_on = routes.advance();
        state.leave_proxy();
        drop(state);
        if let Some(bad) = bad {
            self.connect.session().autoproxy().note_bad(bad);
        }
        match goes_on {
            true => self.send_anew(attached, operation),
            false => Err(failure),
        }
    }

    /// Composes the request for the route that it has now, and lets that take the place of what was
    /// there.
    fn send_anew(&self, attached: &Attached, operation: &Operation<E>) -> Result<()> {
        let given = operation
            .given()
            .map(WriteMemory::bytes)
            .unwrap_or_default();
        let mut state = self.state();
        let Announced {
            bytes,
            is_whole,
            is_later_leg,
        } = state.announced;
        let plan = self.plan(
            &mut state,
            Payload {
                bytes,
                whole: is_whole.then_some(given),
                is_later_leg: is_later_leg || matches!(operation, Operation::Receive(_)),
            },
        )?;
        drop(state);
        self.put_in_place(attached, plan)
    }
}

/// The candidates through which a request can be sent; without any it goes directly.
fn usable(candidates: Vec<Candidate>) -> Vec<Option<ProxyServer>> {
    let mut all = Vec::new();
    for candidate in candidates {
        match candidate {
            Candidate::Direct | Candidate::Bypassed => all.push(None),
            Candidate::Proxy(server) if server.kind.is_usable() => all.push(Some(server)),
            Candidate::Proxy(_) => {}
        }
    }
    if all.is_empty() {
        all.push(None);
    }
    all
}

#[cfg(test)]
mod tests {
    use winhttp_proto::proxy::pac_result::candidates;

    use super::*;

    #[test]
    fn fact_30_1_8_what_is_no_proxy_for_http_is_left_out() {
        let routes = |answer| {
            let all = usable(candidates(answer)).into_iter();
            let text = |server: ProxyServer| server.to_string();
            all.map(|server| server.map_or_else(|| "direct".to_owned(), text))
                .collect::<Vec<_>>()
        };
        assert_eq!(routes("PROXY a; SOCKS s; HTTPS b"), ["a:80", "b:443"]);
        assert_eq!(routes("PROXY a; DIRECT; PROXY b"), ["a:80", "direct"]);
        assert_eq!(routes("SOCKS s"), ["direct"]);
    }
}
