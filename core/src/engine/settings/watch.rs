//! Who is told when the settings change: a thread looks at the file while somebody is registered,
//! and is woken when this process itself writes it.
//!
//! A burst of changes is one notification, and two are at least `QUIET` apart. The child of a
//! fork inherits no registrations, as it has not the thread.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::ThreadId;
use std::time::Duration;

use winhttp_process::{Epoch, PerProcess, epoch};
use winhttp_proto::error::{Error, Result};

use super::{current, lock};
use crate::contain::contained;

/// How often the file is looked at: settings change rarely, and whoever changes them looks for
/// seconds whether it worked.
const LOOKS: Duration = Duration::from_millis(250);
/// How long changes are gathered before they are told.
const QUIET: Duration = Duration::from_millis(100);

/// What is called at a change, on the thread that watches.
pub type Told = Arc<dyn Fn() + Send + Sync>;

#[derive(Default)]
struct State {
    registered: BTreeMap<u64, Registered>,
    last_number: u64,
    /// Registrations that are being made: nobody is called meanwhile.
    beginning: usize,
    runs: bool,
    /// This process has changed something.
    is_woken: bool,
    /// Who is being called, and on which thread.
    called: Option<(u64, ThreadId)>,
}

struct Registered {
    told: Told,
    /// The version of the settings that it knows.
    version: u32,
}

#[derive(Default)]
struct Watch {
    state: Mutex<State>,
    changed: Condvar,
}

impl Watch {
    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

fn watch() -> &'static Watch {
    static WATCH: PerProcess<Watch> = PerProcess::new(Watch::default);
    WATCH.get()
}

/// A registration that is being made. Its number can be handed out before anybody is called.
pub struct Registering {
    number: u64,
    version: u32,
    watch: &'static Watch,
}

impl fmt::Debug for Registering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registering")
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

/// Begins to register; changes count from now on.
///
/// # Errors
/// [`Error::NotEnoughMemory`] if no thread can be started; those of [`current`].
pub fn register() -> Result<Registering> {
    let version = current()?.version;
    let watch = watch();
    let mut state = watch.lock();
    if !state.runs {
        winhttp_process::spawn("winhttp-proxy", run).map_err(|_| Error::NotEnoughMemory)?;
        state.runs = true;
    }
    state.beginning += 1;
    state.last_number += 1;
    Ok(Registering {
        number: state.last_number,
        version,
        watch,
    })
}

impl Registering {
    /// The registration's number, never 0.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// From now on `told` may be called.
    pub fn finish(self, told: Told) {
        let registered = Registered {
            told,
            version: self.version,
        };
        self.watch.lock().registered.insert(self.number, registered);
    }
}

impl Drop for Registering {
    fn drop(&mut self) {
        self.watch.lock().beginning -= 1;
        self.watch.changed.notify_all();
    }
}

/// Ends a registration: afterwards it is called no more. Waits for the call that is under way,
/// unless that is this very one.
///
/// # Errors
/// [`Error::InvalidHandle`] if there is no such registration in this process.
pub fn unregister(number: u64) -> Result<()> {
    let watch = watch();
    let mut state = watch.lock();
    let ended = state
        .registered
        .remove(&number)
        .ok_or(Error::InvalidHandle)?;
    watch.changed.notify_all();
    let own = std::thread::current().id();
    while state
        .called
        .is_some_and(|(of, by)| of == number && by != own)
    {
        state = wait(watch, state, None);
    }
    drop(state);
    // What it holds may do anything as it goes.
    drop(ended);
    Ok(())
}

/// This process has changed the settings.
pub(super) fn wake() {
    let watch = watch();
    watch.lock().is_woken = true;
    watch.changed.notify_all();
}

fn wait<'w>(
    watch: &'w Watch,
    state: MutexGuard<'w, State>,
    limit: Option<Duration>,
) -> MutexGuard<'w, State> {
    match limit {
        Some(limit) => {
            let waited = watch.changed.wait_timeout(state, limit);
            waited.unwrap_or_else(std::sync::PoisonError::into_inner).0
        }
        None => watch
            .changed
            .wait(state)
            .unwrap_or_else(std::sync::PoisonError::into_inner),
    }
}

/// The thread: ends when nobody is registered. In the child of a fork, which a callback may have
/// made, there is another watch, whose thread this is not: it ends as well.
fn run() {
    let (own, watch) = (epoch(), watch());
    while own.is_current() && wait_for_look(watch) {
        let seen = version();
        if !watch.lock().knows(seen) {
            std::thread::sleep(QUIET);
            let now = version();
            while call_next(watch, own, now) {}
        }
    }
}

/// The settings' version; before all others if it cannot be found out now.
fn version() -> u32 {
    current().map_or(0, |settings| settings.version)
}

/// Waits until it is time to look; `false` if there is nothing to look for any more.
fn wait_for_look(watch: &'static Watch) -> bool {
    let mut state = watch.lock();
    if !state.is_woken && !state.is_idle() {
        state = wait(watch, state, Some(LOOKS));
    }
    state.is_woken = false;
    if state.is_idle() {
        state.runs = false;
        return false;
    }
    true
}

/// Calls somebody who does not know this version; `false` if all do, or in the child of a fork that
/// the call has made.
fn call_next(watch: &'static Watch, own: Epoch, version: u32) -> bool {
    let mut state = watch.lock();
    while state.beginning > 0 {
        state = wait(watch, state, None);
    }
    let next = state
        .registered
        .iter_mut()
        .find(|(_, of)| of.version < version);
    let Some((&number, registered)) = next else {
        return false;
    };
    registered.version = version;
    let told = Arc::clone(&registered.told);
    state.called = Some((number, std::thread::current().id()));
    drop(state);
    let _ = contained(|| {
        told();
        drop(told);
        Ok::<_, Error>(())
    });
    if !own.is_current() {
        return false;
    }
    watch.lock().called = None;
    watch.changed.notify_all();
    true
}

impl State {
    fn is_idle(&self) -> bool {
        self.registered.is_empty() && self.beginning == 0
    }

    fn knows(&self, version: u32) -> bool {
        self.registered
            .values()
            .all(|registered| registered.version >= version)
    }
}
