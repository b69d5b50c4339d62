//! Automatic proxy configuration: where the script is, what it says about a URL, and what a session
//! remembers of that.
//!
//! A look-up blocks a worker (`crate::pac`), never a thread that delivers callbacks or polls.
//! Whoever waits for it has a [`Lookup`] or a [`Ticket`]; dropping that ends it.

mod cache;
mod download;
mod lookup;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cache::Cache;
pub(super) use lookup::{Lookup, Ticket};
use winhttp_proto::embed::Embedder;
use winhttp_proto::error::Error;
use winhttp_proto::failure::{Failure, Result};
use winhttp_proto::option::Timeouts;
use winhttp_proto::proxy::ProxyServer;
use winhttp_proto::proxy::pac::{HostCase, Question};
use winhttp_proto::proxy::pac_result::Candidate;

use super::library::Library;
use super::session::Session;
use crate::engine::clock;
use crate::engine::sleeper::{self, Wake};
use crate::lock::if_free;
pub use crate::pac::Detection;
use crate::pac::{Cancel, Network, System, detect};

/// How long a proxy that could not be reached comes last (http-behaviours 29.4.2).
const BAD_LIFE: Duration = Duration::from_secs(300);

/// How long requests do without a script that could not be had.
const SILENCE: Duration = Duration::from_secs(60);

/// How many of them are remembered.
const BAD_MAX: usize = 64;

/// How the proxies for a URL are to be found (WINHTTP_AUTOPROXY_OPTIONS).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AutoproxyQuery {
    /// WINHTTP_AUTOPROXY_AUTO_DETECT: comes first.
    pub detect: Option<Detection>,
    /// WINHTTP_AUTOPROXY_CONFIG_URL: the script's URL, for when nothing is detected.
    pub script_url: Option<String>,
    /// How the script sees the URL's host.
    pub host_case: HostCase,
    /// fAutoLogonIfChallenged: nothing is remembered then.
    pub logs_on: bool,
    /// WINHTTP_AUTOPROXY_NO_CACHE_CLIENT or _SVC.
    pub uncached: bool,
    /// WINHTTP_AUTOPROXY_ALLOW_AUTOCONFIG: where nothing is detected, and there is no other, the
    /// user's script counts.
    pub allows_configured: bool,
    /// WINHTTP_AUTOPROXY_ALLOW_STATIC: where no script answers, the static setting counts.
    pub allows_static: bool,
}

impl AutoproxyQuery {
    /// What is found is remembered, and was maybe found before.
    fn is_cached(&self) -> bool {
        !self.logs_on && !self.uncached
    }
}

/// What one session knows of automatic proxy configuration. No other lock is taken under its
/// locks, and nobody waits with one.
#[derive(Debug, Default)]
pub(super) struct Autoproxy {
    cache: Mutex<Cache>,
    /// The calls that block for a look-up.
    blocking: Mutex<Vec<Blocking>>,
    bad: Mutex<Bad>,
}

/// What did not work lately, and when that was found out.
#[derive(Debug, Default)]
struct Bad {
    /// Proxies that could not be reached.
    proxies: Vec<(ProxyServer, Instant)>,
    /// A question that nobody answered.
    query: Option<Box<Unanswered>>,
}

#[derive(Debug)]
struct Unanswered {
    query: AutoproxyQuery,
    since: Instant,
}

/// What ends a call that blocks.
#[derive(Clone)]
struct Blocking {
    cancel: Cancel,
    wake: Arc<dyn Wake>,
}

impl std::fmt::Debug for Blocking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.cancel.fmt(f)
    }
}

impl Autoproxy {
    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn blocking(&self) -> MutexGuard<'_, Vec<Blocking>> {
        self.blocking.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bad(&self) -> MutexGuard<'_, Bad> {
        self.bad.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A proxy cannot be reached: it comes last for a while.
    pub(super) fn note_bad(&self, server: ProxyServer) {
        let proxies = &mut self.bad().proxies;
        proxies.retain(|(other, _)| *other != server);
        proxies.truncate(BAD_MAX - 1);
        proxies.insert(0, (server, clock::now()));
    }

    /// Nobody has answered: requests do not ask again for a while.
    pub(super) fn note_unanswered(&self, query: AutoproxyQuery) {
        let since = clock::now();
        self.bad().query = Some(Box::new(Unanswered { query, since }));
    }

    /// Nobody has answered this lately.
    pub(super) fn is_unanswered(&self, query: &AutoproxyQuery) -> bool {
        let bad = self.bad();
        let last = bad.query.as_ref().filter(|last| last.query == *query);
        last.is_some_and(|last| clock::now().saturating_duration_since(last.since) < SILENCE)
    }

    /// These routes, with the proxies at the end that could not be reached lately.
    pub(super) fn bad_last(&self, routes: Vec<Option<ProxyServer>>) -> Vec<Option<ProxyServer>> {
        let bad = &mut self.bad().proxies;
        let now = clock::now();
        bad.retain(|(_, since)| now.saturating_duration_since(*since) < BAD_LIFE);
        let is_bad = |route: &Option<ProxyServer>| {
            let server = route.as_ref();
            server.is_some_and(|server| bad.iter().any(|(other, _)| other == server))
        };
        let (bad, good): (Vec<_>, Vec<_>) = routes.into_iter().partition(is_bad);
        good.into_iter().chain(bad).collect()
    }

    /// Somebody has one of its locks; in a forked child, maybe a thread that does not exist.
    pub(super) fn is_locked(&self) -> bool {
        if_free(&self.cache).is_none()
            || if_free(&self.blocking).is_none()
            || if_free(&self.bad).is_none()
    }

    /// Ends all calls that block: the session was closed.
    pub(super) fn cancel(&self) {
        let all = self.blocking().clone();
        for one in all {
            one.cancel.cancel();
            one.wake.wake();
        }
    }

    /// How often resolvers were discarded.
    pub(super) fn generation(&self) -> u32 {
        self.cache().generation
    }

    /// It is known already that the network announces no script, and nothing else is asked for.
    pub(super) fn misses(&self, query: &AutoproxyQuery) -> bool {
        let detects_only = query.detect == Some(Detection::Dns) && query.script_url.is_none();
        let is_last = !query.allows_configured && !query.allows_static;
        detects_only && query.is_cached() && is_last && {
            let own = System.own_addresses();
            own.is_ok_and(|own| self.cache().of(own).detected == Some(None))
        }
    }
}

/// How long everything may take together: the sum of the timeouts, if there is one.
fn limit(timeouts: &Timeouts) -> Option<Duration> {
    let all = [
        timeouts.resolve_ms,
        timeouts.connect_ms,
        timeouts.send_ms,
        timeouts.receive_ms,
    ];
    all.into_iter().map(Timeouts::effective).sum()
}

/// When that is over for what begins now.
fn deadline(timeouts: &Timeouts) -> Option<Instant> {
    clock::now().checked_add(limit(timeouts)?)
}

impl<E: Embedder> Library<E> {
    /// The proxies for a URL (WinHttpGetProxyForUrl). Blocks, whatever the session.
    ///
    /// # Errors
    /// [`Error::InvalidHandle`], [`Error::IncorrectHandleType`]; [`Error::UnrecognizedScheme`],
    /// [`Error::InvalidUrl`]; [`Error::AutodetectionFailed`], [`Error::UnableToDownloadScript`],
    /// [`Error::LoginFailure`], [`Error::BadAutoProxyScript`], [`Error::AutoProxyServiceError`];
    /// [`Error::Timeout`], [`Error::OperationCancelled`].
    pub fn proxy_for_url(
        &self,
        session: u64,
        url: &str,
        query: AutoproxyQuery,
    ) -> Result<Vec<Candidate>> {
        let session = self.session(session)?;
        let timeouts = session.settings().timeouts;
        let job = session.proxy_question(url, query, timeouts)?;
        if job.asks_nobody() {
            return job.find(&Cancel::default()).map_err(told_to_program);
        }
        let sleeper = sleeper::current().map_err(|error| told_to_program(error.into()))?;
        let wake = sleeper.waker();
        let lookup = Lookup::start(job, &wake).map_err(told_to_program)?;
        let autoproxy = session.autoproxy();
        let cancel = lookup.cancel().clone();
        autoproxy.blocking().push(Blocking {
            cancel: cancel.clone(),
            wake,
        });
        let answer = loop {
            if let Some(answer) = lookup.poll() {
                break answer;
            }
            if cancel.is_cancelled() || session.handle().is_closed() {
                break Err(Error::OperationCancelled.into());
            }
            if let Err(error) = sleeper.wait(sleeper::NOTHING, lookup.until()) {
                break Err(error.into());
            }
        };
        // Dropping a look-up cancels it, too: those that have ended go.
        drop(lookup);
        autoproxy
            .blocking()
            .retain(|one| !one.cancel.is_cancelled());
        answer.map_err(told_to_program)
    }

    /// Forgets what automatic proxy configuration has found for a session (WinHttpResetAutoProxy);
    /// with `discards_resolvers` its resolvers work no more.
    ///
    /// # Errors
    /// [`Error::InvalidHandle`], [`Error::IncorrectHandleType`].
    pub fn reset_autoproxy(&self, session: u64, discards_resolvers: bool) -> Result<()> {
        let session = self.session(session)?;
        session.autoproxy().cache().reset(discards_resolvers);
        Ok(())
    }
}

impl<E: Embedder> Session<E> {
    /// Starts looking for the proxies for a URL, within these timeouts and with the session's
    /// memory of scripts; `wake` is used when the answer is there.
    ///
    /// # Errors
    /// [`Error::UnrecognizedScheme`], [`Error::InvalidUrl`]; [`Error::NotEnoughMemory`] when no
    /// thread can be started.
    pub(super) fn look_up_proxy(
        &self,
        url: &str,
        query: AutoproxyQuery,
        timeouts: Timeouts,
        wake: &Arc<dyn Wake>,
    ) -> Result<Lookup> {
        Lookup::start(self.proxy_question(url, query, timeouts)?, wake)
    }

    /// A look-up that was not started.
    ///
    /// # Errors
    /// [`Error::UnrecognizedScheme`], [`Error::InvalidUrl`].
    pub(super) fn proxy_question(
        &self,
        url: &str,
        query: AutoproxyQuery,
        timeouts: Timeouts,
    ) -> Result<lookup::Job> {
        Ok(lookup::Job {
            question: Question::about(url, query.host_case)?,
            query,
            timeouts,
            deadline: deadline(&timeouts),
            autoproxy: Arc::clone(self.autoproxy()),
            network: Arc::new(System),
        })
    }
}

/// A look-up that failed, as a program that asks for proxies is told it. A request must know that
/// memory or threads were missing: it is not to go directly because of that.
pub(super) fn told_to_program(failure: Failure) -> Failure {
    lookup::told_as_service(failure, Error::NotEnoughMemory)
}

/// The URL of the script that the network announces (WinHttpDetectAutoProxyConfigUrl). Blocks.
///
/// # Errors
/// [`Error::AutodetectionFailed`], [`Error::NotEnoughMemory`].
pub fn detect_script(detection: Detection) -> Result<String> {
    let no_deadline: Option<Instant> = None;
    detect(&System, detection, no_deadline, &Cancel::default())?.url()
}

#[cfg(test)]
mod tests;
