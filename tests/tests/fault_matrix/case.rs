//! One case: a row in a mode with a disturbance, run and judged.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

use winhttp_abi::constants as c;
use winhttp_tests::{Client, Event, Handle, Mode, PATIENCE, call};

use super::operation::Attempt;
use super::possessions::{Possessions, forget_peak, live_bytes, peak_bytes};
use super::row::{Done, Earlier, Ends, Lead, Operation, Peer, Row, Weight};
use super::stage::{Played, Ready, ready};

/// What one case may have allocated at once, in bytes: the library, the peer and the harness
/// together.
pub(crate) const PEAK_BYTES_MAX: usize = 8 << 20;

/// Within this time, what is left of an answer is still waited for.
const DRAIN_SURE: Duration = Duration::from_millis(500);
/// How often a case may be later than that.
const TRIES_MAX: usize = 5;

const CANCELLED: Ends = Ends::Fails(c::ERROR_WINHTTP_OPERATION_CANCELLED);
const GONE: Ends = Ends::Fails(c::ERROR_INVALID_HANDLE);
const CLOSING: u32 = c::WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING;

/// What happens while the operation is pending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Disturbance {
    /// Only the fault.
    None,
    /// The fault has struck before the operation.
    Early,
    /// The ancestors of the handle are closed, then the fault strikes.
    CloseParents,
    /// The thread that started the operation closes its handle.
    CloseHere,
    /// Another thread closes the handle.
    CloseElsewhere,
    /// The handle is closed inside its own next callback.
    CloseInOwnCallback,
    /// The handle is closed inside another handle's callback.
    CloseInOtherCallback,
    /// The handle is closed inside this one of the operation's callbacks.
    CloseInNth(u8),
    /// Another thread closes the handle while this one of the operation's callbacks runs.
    CloseElsewhereInNth(u8),
}

impl Disturbance {
    const ALWAYS: [Self; 7] = [
        Self::None,
        Self::Early,
        Self::CloseParents,
        Self::CloseHere,
        Self::CloseElsewhere,
        Self::CloseInOwnCallback,
        Self::CloseInOtherCallback,
    ];

    /// All that there may be of a row.
    pub(crate) fn all(row: &Row) -> impl Iterator<Item = Self> {
        let nth = (0..row.stops).flat_map(|n| [Self::CloseInNth(n), Self::CloseElsewhereInNth(n)]);
        Self::ALWAYS.into_iter().chain(nth)
    }

    /// Its name, whichever callback it is.
    pub(crate) fn kind(self) -> String {
        match self {
            Self::CloseInNth(_) => "CloseInNth".into(),
            Self::CloseElsewhereInNth(_) => "CloseElsewhereInNth".into(),
            one => format!("{one:?}"),
        }
    }

    /// Whether it makes sense.
    pub(crate) fn fits(self, row: &Row, mode: Mode) -> bool {
        let never = row.ends(mode) == &Ends::Never;
        let needs_the_call = matches!(
            row.operation,
            Operation::Resolve
                | Operation::Connect
                | Operation::Handshake
                | Operation::Tunnel
                | Operation::Wait
                | Operation::SendRequest
                | Operation::Idle
        );
        let is_led = leads_inside(row);
        match self {
            Self::None
            | Self::CloseParents
            | Self::CloseInNth(_)
            | Self::CloseElsewhereInNth(_) => true,
            Self::Early => {
                row.pends
                    && !(needs_the_call
                        || is_led
                        || row.limited
                        || row.endless
                        || never
                        || row.seen)
            }
            Self::CloseHere => mode == Mode::Async && row.operation != Operation::Idle && !row.seen,
            Self::CloseElsewhere | Self::CloseInOtherCallback => !row.seen,
            // The port is refused without a word.
            Self::CloseInOwnCallback if matches!(row.peer, Peer::Port(_)) => false,
            // Nor is there one while nothing happens.
            Self::CloseInOwnCallback if never && row.operation == Operation::Wait => false,
            Self::CloseInOwnCallback => {
                row.operation.is_announced()
                    || mode == Mode::Async
                        && !(never || row.limited || row.seen || row.operation == Operation::Idle)
            }
        }
    }
}

impl Weight {
    /// Whether every run tries it.
    pub(crate) fn affords(self, disturbance: Disturbance) -> bool {
        match self {
            Self::Light => true,
            Self::Heavy => matches!(disturbance, Disturbance::None | Disturbance::CloseElsewhere),
            Self::Cut | Self::Rare => disturbance == Disturbance::None,
        }
    }
}

impl Row {
    pub(crate) fn ends(&self, mode: Mode) -> &Ends {
        match mode {
            Mode::Sync => &self.ends[0],
            Mode::Async => &self.ends[1],
        }
    }
}

/// What is known of a case while it runs.
struct Case<'a> {
    row: &'a Row,
    mode: Mode,
    disturbance: Disturbance,
    what: String,
    /// A callback has closed the handle.
    closed: Done,
    /// More time has passed than there is for the rest of an answer.
    late: AtomicBool,
}

/// Runs a case and checks all that holds for every one: the end, the notifications, and that
/// nothing is left. Returns the most bytes that were allocated at once.
///
/// Slow machines let the time pass in which the rest of an answer may come, and then nothing is
/// shown: such a case is played again, and fails in the end.
pub(crate) fn run(row: &Row, mode: Mode, disturbance: Disturbance) -> usize {
    let peaks = (0..TRIES_MAX).find_map(|_| run_once(row, mode, disturbance));
    peaks.unwrap_or_else(|| {
        let name = row.name();
        panic!("{name} ({mode:?}, {disturbance:?}): always later than {DRAIN_SURE:?}")
    })
}

/// `None` if it was too late to show anything.
fn run_once(row: &Row, mode: Mode, disturbance: Disturbance) -> Option<usize> {
    let what = format!("{} ({mode:?}, {disturbance:?})", row.name());
    let case = Case {
        row,
        mode,
        disturbance,
        what,
        closed: Done::default(),
        late: AtomicBool::new(false),
    };
    let before = Possessions::now();
    forget_peak();
    let live = live_bytes();
    let played = Played::start(row);
    // On a thread of its own, since the library keeps buffers for each thread.
    std::thread::scope(|scope| scope.spawn(|| case.play(&played)).join()).unwrap();
    drop(played);
    before.wait_for(&case.what);
    let peak = peak_bytes().saturating_sub(live);
    assert!(
        peak <= PEAK_BYTES_MAX,
        "{}: {peak} bytes at once",
        case.what
    );
    (!case.late.into_inner()).then_some(peak)
}

impl Case<'_> {
    fn play(&self, played: &Played) {
        let client = Client::<u16>::new(self.mode);
        let recorder = client.recorder.clone();
        let begun = Instant::now();
        let limited = self.row.limited
            && matches!(
                self.disturbance,
                Disturbance::None | Disturbance::CloseParents
            );
        let ready = ready(&client, self.row, played.address(), limited);
        if self.row.seen {
            self.see(&client, &ready, played);
        }
        if self.disturbance == Disturbance::Early {
            played.release();
            played.done().wait(&self.what);
        }
        let mark = client.events(ready.handle);
        let attempt = self.attempt(&client, &ready, played);
        let outcome = std::thread::scope(|scope| {
            let reader = scope.spawn(|| ready.read_earlier(&client));
            let outcome = self.undergo(&attempt, &ready, played);
            self.check_connections(played, begun);
            ready.close_earlier(&client);
            join(reader, &self.what);
            outcome
        });
        self.judge(
            &outcome,
            client.recorder.events_of(ready.handle).split_off(mark),
        );
        self.check_told(played, mark, &client, &ready);
        self.check_later(&client, &ready, played);
        let count = attempt.count();
        let lent = attempt.into_memory();
        client.finish();
        // Every handle has had its last word.
        lent.give_back();
        self.check_completions(&recorder.events_of(ready.handle).split_off(mark), count);
        let session = *ready.parents.last().unwrap();
        let last = recorder.events().pop().unwrap();
        assert_eq!(
            (last.handle, last.status),
            (session, CLOSING),
            "{}",
            self.what
        );
    }

    /// Lets the fault strike and be seen before the operation.
    fn see(&self, client: &Client<u16>, ready: &Ready, played: &Played) {
        played.release();
        played.done().wait(&self.what);
        let attempt = Attempt::new(client, Operation::Receive, ready.handle);
        let seen = attempt.perform();
        assert!(matches!(seen, Ends::Fails(_)), "{}: {seen:?}", self.what);
        attempt.into_memory().give_back();
    }

    fn attempt<'c>(&self, client: &'c Client<u16>, ready: &Ready, played: &Played) -> Attempt<'c> {
        let mut attempt = Attempt::new(client, self.row.operation, ready.handle);
        let handle = ready.handle;
        match self.disturbance {
            Disturbance::CloseHere => {
                let once = AtomicBool::new(true);
                attempt.accepted = Box::new(move || {
                    if once.swap(false, Ordering::SeqCst) {
                        close(handle);
                    }
                });
            }
            Disturbance::CloseInOwnCallback => {
                close_in_callback(client, handle, handle, &self.closed);
            }
            Disturbance::CloseInOtherCallback => {
                close_in_callback(client, Handle::NULL, handle, &self.closed);
            }
            Disturbance::CloseInNth(n) => {
                in_nth_callback(client, handle, n, &self.closed, close);
            }
            Disturbance::CloseElsewhereInNth(n) => {
                in_nth_callback(client, handle, n, &self.closed, |handle| {
                    std::thread::spawn(move || close(handle)).join().unwrap();
                });
            }
            _ => {}
        }
        // The end of an idle time is the end of the fault, or of the handle.
        let closes = self.closes_held();
        attempt.struck = if closes {
            Done::default()
        } else {
            played.done().clone()
        };
        attempt
    }

    /// The handle is closed although the peer has not been released.
    fn closes_held(&self) -> bool {
        matches!(
            self.disturbance,
            Disturbance::CloseHere
                | Disturbance::CloseElsewhere
                | Disturbance::CloseInOtherCallback
                | Disturbance::CloseInNth(_)
                | Disturbance::CloseElsewhereInNth(_)
        )
    }

    fn closes_in_callback(&self) -> bool {
        matches!(
            self.disturbance,
            Disturbance::CloseInOwnCallback
                | Disturbance::CloseInOtherCallback
                | Disturbance::CloseInNth(_)
                | Disturbance::CloseElsewhereInNth(_)
        )
    }

    /// The operation goes on undisturbed until its request meets the fault.
    fn meets_fault(&self) -> bool {
        let is_undisturbed = matches!(
            self.disturbance,
            Disturbance::None
                | Disturbance::CloseParents
                | Disturbance::CloseElsewhere
                | Disturbance::CloseInOtherCallback
        );
        is_undisturbed && leads_inside(self.row) && matches!(self.row.peer, Peer::Plays(_))
    }

    /// Runs the operation on a thread of its own and disturbs it.
    fn undergo(&self, attempt: &Attempt<'_>, ready: &Ready, played: &Played) -> Ends {
        std::thread::scope(|scope| {
            let (tell, task) = std::sync::mpsc::sync_channel(1);
            let worker = scope.spawn(move || {
                tell.send(fs::read_link("/proc/thread-self").unwrap())
                    .unwrap();
                attempt.perform()
            });
            let task = task.recv_timeout(PATIENCE).unwrap();
            attempt.begun.wait(&self.what);
            if self.meets_fault() {
                played.met().wait(&self.what);
            }
            if self.mode == Mode::Sync {
                wait_until_it_waits(&task, &worker, &self.what);
            }
            self.disturb(attempt, ready, played);
            let still_open =
                !self.closes_held() && self.disturbance != Disturbance::CloseInOwnCallback;
            if still_open && self.row.ends(self.mode) == &Ends::Never {
                played.done().wait(&self.what);
                close(ready.handle);
            }
            let outcome = join(worker, &self.what);
            if self.closes_in_callback() {
                self.closed.wait(&self.what);
            }
            outcome
        })
    }

    fn disturb(&self, attempt: &Attempt<'_>, ready: &Ready, played: &Played) {
        match self.disturbance {
            Disturbance::None => played.release(),
            Disturbance::Early
            | Disturbance::CloseHere
            | Disturbance::CloseInNth(_)
            | Disturbance::CloseElsewhereInNth(_) => {}
            Disturbance::CloseParents => {
                for parent in &ready.parents {
                    close(*parent);
                }
                played.release();
            }
            Disturbance::CloseElsewhere => close(ready.handle),
            Disturbance::CloseInOwnCallback => {
                if !self.row.operation.is_announced_at_once() {
                    played.release();
                }
            }
            Disturbance::CloseInOtherCallback => {
                // Its HANDLE_CREATED comes on this thread.
                attempt.client.connect("127.0.0.1", 80).unwrap();
            }
        }
        if self.closes_held() {
            attempt.struck.tell();
        }
    }

    fn judge(&self, outcome: &Ends, events: Vec<Event>) {
        let natural = self.row.ends(self.mode);
        let accepted: Vec<&Ends> = match self.disturbance {
            Disturbance::None | Disturbance::Early | Disturbance::CloseParents
                if natural == &Ends::Never =>
            {
                vec![&CANCELLED]
            }
            Disturbance::None | Disturbance::Early | Disturbance::CloseParents => vec![natural],
            Disturbance::CloseInOwnCallback if self.row.operation.is_announced() => {
                vec![&CANCELLED]
            }
            Disturbance::CloseInNth(_) | Disturbance::CloseElsewhereInNth(_) => vec![&CANCELLED],
            // The operation's next piece may be asked for before, while or after the callback
            // closes the handle.
            Disturbance::CloseInOwnCallback
                if matches!(self.row.operation, Operation::ReadBody | Operation::Receive) =>
            {
                vec![natural, &GONE, &CANCELLED]
            }
            Disturbance::CloseInOwnCallback => vec![natural],
            _ if self.row.operation == Operation::Idle => vec![&GONE],
            _ if self.row.pends => vec![&CANCELLED],
            _ => vec![natural, &CANCELLED],
        };
        assert!(
            accepted.contains(&outcome),
            "{}: {outcome:?}, not one of {accepted:?}; {events:#?}",
            self.what
        );
    }

    /// What the peer was told, and what the program was told of the peer's certificate.
    fn check_told(&self, played: &Played, mark: usize, client: &Client<u16>, ready: &Ready) {
        if !matches!(self.disturbance, Disturbance::None | Disturbance::Early) {
            return;
        }
        if self.row.told.is_some() {
            assert_eq!(played.told(), self.row.told, "{}", self.what);
        }
        if matches!(self.row.peer, Peer::Tls(..)) {
            let events = client.recorder.events_of(ready.handle).split_off(mark);
            let failure = c::WINHTTP_CALLBACK_STATUS_SECURE_FAILURE;
            let reasons: Vec<_> = events.iter().filter(|e| e.status == failure).collect();
            let expected = usize::from(self.row.reasons != 0);
            assert_eq!(reasons.len(), expected, "{}: {reasons:?}", self.what);
            for event in reasons {
                let word = winhttp_tests::Info::Dword(self.row.reasons);
                assert_eq!((&event.info, event.length), (&word, 4), "{}", self.what);
            }
        }
    }

    /// The request was repeated or not, as the row says.
    fn check_connections(&self, played: &Played, begun: Instant) {
        let Some(expected) = self.row.connections else {
            return;
        };
        if !matches!(
            self.disturbance,
            Disturbance::None | Disturbance::Early | Disturbance::CloseParents
        ) {
            return;
        }
        let abandoned = matches!(self.row.earlier, Earlier::Abandoned(_));
        if abandoned && expected == 1 && begun.elapsed() > DRAIN_SURE {
            self.late.store(true, Ordering::SeqCst);
            return;
        }
        assert_eq!(played.connections(expected), expected, "{}", self.what);
    }

    /// Nothing that the peer has sent too much reaches another request.
    fn check_later(&self, client: &Client<u16>, ready: &Ready, played: &Played) {
        if !self.row.later || !matches!(self.disturbance, Disturbance::None | Disturbance::Early) {
            return;
        }
        played.done().wait(&self.what);
        close(ready.handle);
        let later = ready.open_later(client, self.row);
        client.exchange(later).unwrap();
        assert_eq!(client.body(later).unwrap(), b"right", "{}", self.what);
        assert_eq!(played.connections(2), 2, "{}", self.what);
        close(later);
    }

    /// One completion for each operation that was accepted, none in synchronous mode.
    fn check_completions(&self, events: &[Event], accepted: usize) {
        let completions = events
            .iter()
            .filter(|event| is_completion(event.status))
            .count();
        assert_eq!(completions, accepted, "{}: {events:#?}", self.what);
    }
}

fn is_completion(status: u32) -> bool {
    [
        c::WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE,
        c::WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE,
        c::WINHTTP_CALLBACK_STATUS_DATA_AVAILABLE,
        c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE,
        c::WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE,
        c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR,
        c::WINHTTP_CALLBACK_STATUS_CLOSE_COMPLETE,
        c::WINHTTP_CALLBACK_STATUS_SHUTDOWN_COMPLETE,
    ]
    .contains(&status)
}

/// The operation itself leads to the request that meets the fault.
fn leads_inside(row: &Row) -> bool {
    row.lead != Lead::None && matches!(row.operation, Operation::ReadHead | Operation::Upgrade)
}

fn close(handle: Handle) {
    // SAFETY: any number may be passed.
    call(unsafe { winhttp::WinHttpCloseHandle::<u16>(handle.raw()) }).unwrap();
}

/// Closes `target` inside the next callback of `own`, or of a new handle if that is NULL.
fn close_in_callback(client: &Client<u16>, own: Handle, target: Handle, closed: &Done) {
    let once = Arc::new(AtomicBool::new(true));
    for bit in 0..32 {
        let status = 1 << bit;
        let created = status == c::WINHTTP_CALLBACK_STATUS_HANDLE_CREATED;
        if status == CLOSING || created != (own == Handle::NULL) {
            continue;
        }
        let (once, closed) = (Arc::clone(&once), closed.clone());
        client.recorder.on(status, move |event| {
            let is_it = event.handle == own || own == Handle::NULL && event.handle != target;
            if is_it && once.swap(false, Ordering::SeqCst) {
                close(target);
                closed.tell();
            }
        });
    }
}

/// Does this inside the next callback but `n` of a handle.
fn in_nth_callback(client: &Client<u16>, own: Handle, n: u8, closed: &Done, does: fn(Handle)) {
    let told = Arc::new(AtomicUsize::new(0));
    for status in (0..32)
        .map(|bit| 1 << bit)
        .filter(|status| *status != CLOSING)
    {
        let (told, closed) = (Arc::clone(&told), closed.clone());
        client.recorder.on(status, move |event| {
            if event.handle == own && told.fetch_add(1, Ordering::SeqCst) == usize::from(n) {
                does(own);
                closed.tell();
            }
        });
    }
}

/// Waits until a thread sleeps in the kernel, or its work is over.
pub(crate) fn wait_until_it_waits<T>(
    task: &std::path::Path,
    worker: &ScopedJoinHandle<'_, T>,
    what: &str,
) {
    let stat = std::path::Path::new("/proc").join(task).join("stat");
    let start = Instant::now();
    while !worker.is_finished() {
        // PID (NAME) STATE …
        let line = fs::read_to_string(&stat).unwrap_or_default();
        if line
            .rsplit(") ")
            .next()
            .is_some_and(|rest| rest.starts_with('S'))
        {
            return;
        }
        if start.elapsed() > PATIENCE {
            give_up(&format!("{what}: neither waits nor ends: {line}"));
        }
        std::thread::yield_now();
    }
}

/// The result of a worker that must end within patience.
fn join<T>(worker: ScopedJoinHandle<'_, T>, what: &str) -> T {
    let start = Instant::now();
    while !worker.is_finished() {
        if start.elapsed() > 2 * PATIENCE {
            give_up(&format!("{what}: does not end"));
        }
        std::thread::yield_now();
    }
    worker.join().unwrap()
}

/// Ends the whole run: a panic would wait for the thread that hangs.
#[expect(clippy::print_stderr, reason = "nothing else can be said any more")]
fn give_up(why: &str) -> ! {
    eprintln!("{why}");
    std::process::abort()
}
