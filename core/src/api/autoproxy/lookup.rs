//! One look-up: detect, download, run, and tell whoever still waits.

use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, TryRecvError};
use winhttp_proto::error::Error;
use winhttp_proto::failure::{Failure, Reason, Result};
use winhttp_proto::option::Timeouts;
use winhttp_proto::proxy::pac::{Question, source};
use winhttp_proto::proxy::pac_result::{Candidate, candidates};

use super::{Autoproxy, AutoproxyQuery, download};
use crate::contain::contained;
use crate::engine::clock;
use crate::engine::sleeper::Wake;
use crate::pac::{self, Cancel, Detected, Network, Script, aside};

/// How long a script may run.
const SCRIPT_LIMIT: Duration = Duration::from_secs(60);

/// How long a script that is interrupted has to end.
const GRACE: Duration = Duration::from_millis(500);

/// What is to be found out, and with what.
pub(in crate::api) struct Job {
    pub(super) question: Question,
    pub(super) query: AutoproxyQuery,
    pub(super) timeouts: Timeouts,
    /// When all of it is to be over, from when it was asked for: it may wait for a worker.
    pub(super) deadline: Option<Instant>,
    pub(super) autoproxy: Arc<Autoproxy>,
    pub(super) network: Arc<dyn Network>,
}

type Teller = Box<dyn FnOnce(Result<Vec<Candidate>>) + Send>;

/// A look-up that tells its answer on a worker; dropping it ends the look-up, and then nothing is
/// told any more.
pub(in crate::api) struct Ticket {
    cancel: Cancel,
    teller: Arc<Mutex<Option<Teller>>>,
    /// A worker has taken it.
    has_begun: Arc<AtomicBool>,
}

impl Ticket {
    /// Starts a look-up.
    ///
    /// # Errors
    /// [`Error::NotEnoughMemory`] when no thread can be started.
    pub(in crate::api) fn start(job: Job, tell: Teller) -> Result<Self> {
        let ticket = Self {
            cancel: Cancel::default(),
            teller: Arc::new(Mutex::new(Some(tell))),
            has_begun: Arc::default(),
        };
        let (cancel, teller) = (ticket.cancel.clone(), Arc::clone(&ticket.teller));
        let has_begun = Arc::clone(&ticket.has_begun);
        let work = move || {
            let answer = contained(|| {
                job.check_time()?;
                has_begun.store(true, Ordering::Relaxed);
                job.find(&cancel)
            });
            // What the job holds must not outlive what is told.
            drop(job);
            if let Some(tell) = take(&teller) {
                tell(answer);
            }
        };
        pac::start(&ticket.cancel, Box::new(work))?;
        Ok(ticket)
    }

    fn cancel(&self) -> &Cancel {
        &self.cancel
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        // Before that ends the look-up, which would tell so.
        let teller = take(&self.teller);
        self.cancel.cancel();
        drop(teller);
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ticket")
    }
}

/// Whoever takes it, the worker or the one that waits, does so without the lock.
fn take(teller: &Mutex<Option<Teller>>) -> Option<Teller> {
    teller.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// A look-up for somebody who can be woken; dropping it ends the look-up.
#[derive(Debug)]
pub(in crate::api) struct Lookup {
    answer: Receiver<Result<Vec<Candidate>>>,
    ticket: Ticket,
    /// When nobody waits for it any more.
    until: Option<Instant>,
}

impl Lookup {
    pub(super) fn start(job: Job, wake: &Arc<dyn Wake>) -> Result<Self> {
        let (sender, answer) = crossbeam_channel::bounded(1);
        let wake = Arc::clone(wake);
        // One that runs has ended by then.
        let until = job.deadline.and_then(|end| end.checked_add(GRACE * 2));
        let tell = move |found| {
            let _ = sender.send(found);
            wake.wake();
        };
        let ticket = Ticket::start(job, Box::new(tell))?;
        Ok(Self {
            answer,
            ticket,
            until,
        })
    }

    /// The proxies in the order of preference, once they are known; `None` while the look-up goes
    /// on, up to [`Self::until`]: those of others may have all workers for longer.
    pub(in crate::api) fn poll(&self) -> Option<Result<Vec<Candidate>>> {
        match self.answer.try_recv() {
            Ok(answer) => Some(answer),
            Err(TryRecvError::Empty) => {
                let is_late = self.until.is_some_and(|until| clock::now() >= until);
                is_late.then(|| {
                    Err(if self.ticket.has_begun.load(Ordering::Relaxed) {
                        Error::Timeout.into()
                    } else {
                        Failure::because(Error::NotEnoughMemory, NoWorker)
                    })
                })
            }
            Err(TryRecvError::Disconnected) => Some(Err(Error::OperationCancelled.into())),
        }
    }

    /// When there is an answer at the latest.
    pub(in crate::api) fn until(&self) -> Option<Instant> {
        self.until
    }

    pub(super) fn cancel(&self) -> &Cancel {
        self.ticket.cancel()
    }
}

impl Job {
    /// Settings alone are the answer: neither network nor script is asked.
    pub(super) fn asks_nobody(&self) -> bool {
        let query = &self.query;
        query.detect.is_none() && query.script_url.is_none() && !query.allows_configured
    }

    /// There is time left when its turn has come.
    fn check_time(&self) -> Result<()> {
        if self.deadline.is_some_and(|end| clock::now() >= end) {
            return Err(Failure::because(Error::NotEnoughMemory, NoWorker));
        }
        Ok(())
    }

    /// Blocks.
    pub(super) fn find(&self, cancel: &Cancel) -> Result<Vec<Candidate>> {
        match self.ask_script(cancel) {
            Err(failure) if self.query.allows_static && has_no_answer(failure.error()) => {
                Ok(vec![self.network.static_proxy(&self.question)?])
            }
            answer => answer,
        }
    }

    fn ask_script(&self, cancel: &Cancel) -> Result<Vec<Candidate>> {
        let script = self.fetch(self.deadline, cancel)?;
        let answer = self.run(script, self.deadline, cancel)?;
        let found = candidates(&answer);
        if found.is_empty() {
            return Err(Failure::because(Error::BadAutoProxyScript, NoCandidate));
        }
        Ok(found)
    }

    /// What the script says.
    fn run(&self, source: Arc<str>, deadline: Option<Instant>, cancel: &Cancel) -> Result<String> {
        let own_limit = clock::now() + SCRIPT_LIMIT;
        let script = Script {
            source,
            question: self.question.clone(),
            network: Arc::clone(&self.network),
            deadline: deadline.map_or(own_limit, |deadline| deadline.min(own_limit)),
            cancel: cancel.clone(),
        };
        let latest = script.deadline + GRACE;
        let answer = aside("winhttp-pac-run", latest, cancel, move || pac::run(&script));
        answer.map_err(|failure| told_as_service(failure, Error::Timeout))
    }

    /// The script: the one that is detected, else that of the program, else that of the user.
    fn fetch(&self, deadline: Option<Instant>, cancel: &Cancel) -> Result<Arc<str>> {
        let detected = self.query.detect.map(|detection| {
            let url = self.detect(detection, deadline, cancel)?;
            self.script(&url, deadline, cancel)
        });
        match (detected, self.query.script_url.as_deref()) {
            (Some(Ok(script)), _) => Ok(script),
            // What could not be looked for is maybe there, and would come first.
            (Some(Err(failure)), _)
                if [Error::OperationCancelled, Error::NotEnoughMemory]
                    .contains(&failure.error()) =>
            {
                Err(failure)
            }
            (_, Some(url)) => self.script(url, deadline, cancel),
            (detected, None) => match self.users_script()? {
                // Its URL is not the program's mistake.
                Some(url) => self.script(&url, deadline, cancel).map_err(|failure| {
                    let of_url = [Error::UnrecognizedScheme, Error::InvalidUrl];
                    if of_url.contains(&failure.error()) {
                        failure.with_error(Error::UnableToDownloadScript)
                    } else {
                        failure
                    }
                }),
                None => detected.unwrap_or_else(|| Err(Error::AutodetectionFailed.into())),
            },
        }
    }

    fn users_script(&self) -> Result<Option<String>> {
        if self.query.allows_configured {
            self.network.user_script()
        } else {
            Ok(None)
        }
    }

    fn detect(
        &self,
        detection: pac::Detection,
        deadline: Option<Instant>,
        cancel: &Cancel,
    ) -> Result<String> {
        let cached = self.query.is_cached() && detection == pac::Detection::Dns;
        let own = self.own_addresses_if(cached)?;
        if let Some(own) = &own {
            let known = self.autoproxy.cache().of(own.clone()).detected.clone();
            if let Some(known) = known {
                return known.ok_or_else(|| Error::AutodetectionFailed.into());
            }
        }
        let found = pac::detect(&*self.network, detection, deadline, cancel)?;
        let known = match &found {
            Detected::Url(url) => Some(Some(url.clone())),
            Detected::Nothing => Some(None),
            // The next one asks again.
            Detected::Unanswered => None,
        };
        if let (Some(own), true) = (own, known.is_some()) {
            self.autoproxy.cache().of(own).detected = known;
        }
        found.url()
    }

    fn script(&self, url: &str, deadline: Option<Instant>, cancel: &Cancel) -> Result<Arc<str>> {
        let own = self.own_addresses_if(self.query.is_cached())?;
        if let Some(own) = &own {
            let known = self.autoproxy.cache().of(own.clone()).script(url);
            if let Some(script) = known {
                return Ok(script);
            }
        }
        let bytes = download::download(url, self.timeouts, deadline, cancel)?;
        let script: Arc<str> = source::text(&bytes).into();
        if let Some(own) = own {
            self.autoproxy.cache().of(own).keep(url, &script);
        }
        Ok(script)
    }

    /// What the session's memory goes by, where it counts.
    fn own_addresses_if(&self, is_cached: bool) -> Result<Option<Vec<IpAddr>>> {
        let own = is_cached.then(|| self.network.own_addresses());
        own.transpose()
    }
}

/// There is no script, or none that says anything, and that is not for the program to mend.
fn has_no_answer(error: Error) -> bool {
    matches!(
        error,
        Error::AutodetectionFailed
            | Error::UnableToDownloadScript
            | Error::BadAutoProxyScript
            | Error::AutoProxyServiceError
    )
}

/// What is said of a look-up that ended with `error`: the service that does it has failed.
pub(super) fn told_as_service(failure: Failure, error: Error) -> Failure {
    if failure.error() == error {
        failure.with_error(Error::AutoProxyServiceError)
    } else {
        failure
    }
}

/// An answer in which nothing is a proxy.
#[derive(Debug)]
struct NoCandidate;

/// It got no worker before its time was over: nothing is known of the script.
#[derive(Debug)]
struct NoWorker;

impl fmt::Display for NoWorker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no thread was free for this look-up of proxies in time")
    }
}

impl Reason for NoWorker {}

impl fmt::Display for NoCandidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the proxy script's answer names neither a proxy nor DIRECT")
    }
}

impl Reason for NoCandidate {}
