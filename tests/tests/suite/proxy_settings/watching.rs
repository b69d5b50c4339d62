//! Verifies notifications of changed settings.

use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_tests::support::own_process::{World, replace_file};
use winhttp_tests::{PATIENCE, for_ever, own_processes, status};

use super::{BAD_PARAMETER, NAMED, Stored, set_machine};

type Program = unsafe extern "C" fn(u64, *mut c_void);

/// What a callback does, given its registration; and who has been called.
struct Watcher {
    act: Mutex<Box<dyn FnMut(&'static Self) + Send>>,
    called: Mutex<Sender<(ThreadId, Instant)>>,
    calls: Mutex<Receiver<(ThreadId, Instant)>>,
    registration: Mutex<usize>,
}

unsafe extern "C" fn changed(flags: u64, context: *mut c_void) {
    assert_eq!(flags, c::WINHTTP_PROXY_NOTIFY_CHANGE);
    // SAFETY: every watcher lives for ever.
    let watcher = unsafe { &*context.cast::<Watcher>() };
    let call = (thread::current().id(), Instant::now());
    watcher.called.lock().unwrap().send(call).unwrap();
    (watcher.act.lock().unwrap())(watcher);
}

impl Watcher {
    /// Registers a callback that does this.
    fn new<W: Unit>(act: impl FnMut(&'static Self) + Send + 'static) -> &'static Self {
        let (called, calls) = channel();
        let watcher: &'static Self = &for_ever(vec![Self {
            act: Mutex::new(Box::new(act)),
            called: Mutex::new(called),
            calls: Mutex::new(calls),
            registration: Mutex::new(0),
        }])[0];
        let mut registration = null_mut();
        let context = (&raw const *watcher).cast_mut().cast();
        register::<W>(1, Some(changed), context, &raw mut registration).unwrap();
        assert!(!registration.is_null());
        *watcher.registration.lock().unwrap() = registration.addr();
        watcher
    }

    fn registration(&self) -> *mut c_void {
        std::ptr::without_provenance_mut(*self.registration.lock().unwrap())
    }

    fn unregister<W: Unit>(&self) -> Result<(), u32> {
        // SAFETY: a registration is a number.
        let ended =
            unsafe { winhttp::WinHttpUnregisterProxyChangeNotification::<W>(self.registration()) };
        status(ended)
    }

    fn wait(&self) -> (ThreadId, Instant) {
        self.calls.lock().unwrap().recv_timeout(PATIENCE).unwrap()
    }

    fn was_called(&self) -> bool {
        self.calls.lock().unwrap().try_recv().is_ok()
    }
}

fn register<W: Unit>(
    flags: u64,
    callback: Option<Program>,
    context: *mut c_void,
    place: *mut *mut c_void,
) -> Result<(), u32> {
    // SAFETY: the callback lives for ever, the result through the call.
    status(unsafe {
        winhttp::WinHttpRegisterProxyChangeNotification::<W>(flags, callback, context, place)
    })
}

fn change<W: Unit>(number: u32) {
    set_machine::<W>(NAMED, Some(&format!("p{number}")), None).unwrap();
}

own_processes! {
    fn fact_30_5_5_changes_are_told_on_another_thread<W>(World::new()) {
        let watcher = Watcher::new::<W>(|_| ());
        change::<W>(1);
        let (first, _) = watcher.wait();
        assert_ne!(first, thread::current().id());
        replace_file("proxy = by-hand:1");
        let (second, _) = watcher.wait();
        assert_eq!(first, second);
        watcher.unregister::<W>().unwrap();
        assert!(!watcher.was_called(), "one call for each change");
    }

    // No number that a file has leads to the end of the numbers.
    fn fact_30_5_5_changes_are_told_whatever_version_is_stored<W>(
        World::new().with_file("default-proxy = p\nversion = 2147483647\n")
    ) {
        let stored = Stored::<W>::open();
        let mut last = stored.version();
        let watcher = Watcher::new::<W>(|_| ());
        for number in 0..3 {
            change::<W>(number);
            watcher.wait();
            let written = stored.version();
            assert!(written > last, "{written} after {last}");
            replace_file(&format!("proxy = by-hand:{number}\nversion = 4294967295\n"));
            watcher.wait();
            last = stored.version();
            assert!(last > written, "{last} after {written}");
        }
        watcher.unregister::<W>().unwrap();
        assert!(!watcher.was_called());
        stored.client.finish();
    }

    fn fact_30_5_5_a_burst_is_one_call_and_calls_are_apart<W>(World::new()) {
        let (open, opened) = channel::<()>();
        let mut held = Some(opened);
        let watcher = Watcher::new::<W>(move |_| {
            if let Some(opened) = held.take() {
                opened.recv_timeout(PATIENCE).unwrap();
            }
        });
        change::<W>(0);
        watcher.wait();
        // The thread is inside the callback: all of these are still to be told.
        for number in 1..6 {
            change::<W>(number);
        }
        let released = Instant::now();
        open.send(()).unwrap();
        let (_, called) = watcher.wait();
        assert!(called - released >= Duration::from_millis(100));
        // Whoever registers now knows all of that.
        let witness = Watcher::new::<W>(|_| ());
        change::<W>(6);
        witness.wait();
        watcher.wait();
        assert!(!watcher.was_called() && !witness.was_called());
        watcher.unregister::<W>().unwrap();
        witness.unregister::<W>().unwrap();
    }

    fn fact_30_5_5_nobody_is_called_after_unregistering<W>(World::new()) {
        let (watcher, witness) = (Watcher::new::<W>(|_| ()), Watcher::new::<W>(|_| ()));
        watcher.unregister::<W>().unwrap();
        assert_eq!(watcher.unregister::<W>(), Err(c::ERROR_INVALID_HANDLE));
        change::<W>(1);
        witness.wait();
        witness.unregister::<W>().unwrap();
        assert!(!watcher.was_called());
        // The thread has ended, or is about to; another one starts.
        let again = Watcher::new::<W>(|_| ());
        change::<W>(2);
        again.wait();
        again.unregister::<W>().unwrap();
        assert!(!watcher.was_called() && !witness.was_called());
    }

    fn fact_30_5_5_unregistering_waits_for_the_call_under_way<W>(World::new()) {
        let (open, opened) = channel::<()>();
        let (leave, left) = channel();
        let watcher = Watcher::new::<W>(move |_| {
            opened.recv_timeout(PATIENCE).unwrap();
            leave.send(()).unwrap();
        });
        change::<W>(1);
        watcher.wait();
        let (begin, begun) = channel();
        let other = thread::spawn(move || {
            begin.send(()).unwrap();
            watcher.unregister::<W>().unwrap();
            left.try_recv().is_ok()
        });
        begun.recv_timeout(PATIENCE).unwrap();
        open.send(()).unwrap();
        assert!(other.join().unwrap(), "the callback was over");
    }

    fn fact_30_5_5_a_callback_may_unregister_itself_and_register_another<W>(World::new()) {
        let (tell, told) = channel();
        let watcher = Watcher::new::<W>(move |watcher| {
            let ended = watcher.unregister::<W>();
            tell.send((ended, Watcher::new::<W>(|_| ()))).unwrap();
        });
        change::<W>(1);
        let (ended, second) = told.recv_timeout(PATIENCE).unwrap();
        assert_eq!(ended, Ok(()));
        watcher.wait();
        change::<W>(2);
        second.wait();
        second.unregister::<W>().unwrap();
        assert!(!watcher.was_called());
    }

    fn arguments_of_registrations<W>(World::new()) {
        let (mut registration, null) = (null_mut(), null_mut());
        let place = &raw mut registration;
        assert_eq!(register::<W>(1, Some(changed), null, null.cast()), BAD_PARAMETER);
        assert_eq!(register::<W>(1, None, null, place), BAD_PARAMETER);
        assert_eq!(register::<W>(0, Some(changed), null, place), BAD_PARAMETER);
        assert_eq!(register::<W>(3, Some(changed), null, place), BAD_PARAMETER);
        assert!(registration.is_null());
        for none in [0_usize, 1, 77, usize::MAX] {
            let registration = std::ptr::without_provenance_mut(none);
            // SAFETY: a registration is a number.
            let ended =
                unsafe { winhttp::WinHttpUnregisterProxyChangeNotification::<W>(registration) };
            assert_eq!(status(ended), Err(c::ERROR_INVALID_HANDLE));
        }
    }
}
