//! How a synchronous call waits: in the kernel, for its own sockets, its deadline, and a wake-up
//! from other threads.

use std::cell::RefCell;
use std::io::{self, Read};
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use winhttp_process::{Epoch, epoch, uncancelled};
use winhttp_proto::error::{Error, Result};

use super::clock;
use super::socket::{is_would_block, send_flags};

/// Ends the wait of a thread, or has an asynchronous operation go on.
pub trait Wake: Send + Sync {
    /// Ends the wait soon; harmless when nobody waits.
    fn wake(&self);
}

/// Which readiness of a socket to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitFor {
    /// Bytes, or the end of the stream, can be read.
    Readable,
    /// Bytes can be written, or a connection attempt ended.
    Writable,
    /// Either.
    Either,
}

/// Where a thread waits: for sockets, and for whoever has its waker.
#[derive(Debug)]
pub struct Sleeper {
    wakeups: UnixStream,
    waker: Arc<ThreadWaker>,
    /// A forked child has its parent's descriptors, and would take its parent's wake-ups.
    epoch: Epoch,
}

#[derive(Debug)]
struct ThreadWaker(UnixStream);

impl Wake for ThreadWaker {
    fn wake(&self) {
        match rustix::net::send(&self.0, &[1], send_flags()).map_err(io::Error::from) {
            // A full pipe means that a wake-up is waiting already.
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => {
                // Without wake-ups nobody would ever look again: the end of the stream is the last
                // one.
                let _ = self.0.shutdown(Shutdown::Both);
            }
            Ok(_) | Err(_) => {}
        }
    }
}

/// What a thread keeps for its next wait.
#[derive(Default)]
struct Kept(Option<Arc<Sleeper>>);

impl Drop for Kept {
    fn drop(&mut self) {
        // Closing descriptors is where a thread that ends with a cancellation pending would be
        // cancelled.
        uncancelled(|| self.0 = None);
    }
}

thread_local! {
    static SLEEPER: RefCell<Kept> = const { RefCell::new(Kept(None)) };
}

/// The calling thread's place to wait; it is made for the first call that waits, and kept.
///
/// # Errors
/// [`Error::NotEnoughMemory`] when no descriptors are left.
pub fn current() -> Result<Arc<Sleeper>> {
    let kept = SLEEPER.try_with(|slot| {
        let kept = slot.borrow();
        kept.0
            .as_ref()
            .filter(|sleeper| sleeper.epoch.is_current())
            .map(Arc::clone)
    });
    if let Ok(Some(sleeper)) = kept {
        return Ok(sleeper);
    }
    let sleeper = Arc::new(Sleeper::new().map_err(|_| Error::NotEnoughMemory)?);
    // A thread that ends keeps nothing any more, but its last destructors may still call: for the
    // one call then.
    let before = SLEEPER.try_with(|slot| slot.replace(Kept(Some(Arc::clone(&sleeper)))));
    drop(before);
    Ok(sleeper)
}

impl Sleeper {
    fn new() -> io::Result<Self> {
        let (wakeups, waker) = UnixStream::pair()?;
        wakeups.set_nonblocking(true)?;
        waker.set_nonblocking(true)?;
        #[cfg(target_vendor = "apple")]
        socket2::SockRef::from(&waker).set_nosigpipe(true)?;
        Ok(Self {
            wakeups,
            waker: Arc::new(ThreadWaker(waker)),
            epoch: epoch(),
        })
    }

    /// What ends waits here, to be given to other threads.
    #[must_use]
    pub fn waker(&self) -> Arc<dyn Wake> {
        Arc::<ThreadWaker>::clone(&self.waker)
    }

    /// Waits until a socket is ready, the deadline has passed, or the waker was used.
    ///
    /// The caller looks again in any case; early returns are allowed.
    ///
    /// # Errors
    /// [`Error::Internal`] if the system refuses to wait.
    pub fn wait(&self, sockets: &[(impl AsFd, WaitFor)], deadline: Option<Instant>) -> Result<()> {
        let wakeups = PollFd::from_borrowed_fd(self.wakeups.as_fd(), PollFlags::IN);
        // All waits but those of racing connection attempts are for one socket: no allocation for
        // them.
        let (mut pair, mut list);
        let fds: &mut [PollFd<'_>] = if let [only] = sockets {
            pair = [wakeups, watch(only)];
            &mut pair
        } else {
            list = std::iter::once(wakeups)
                .chain(sockets.iter().map(watch))
                .collect::<Vec<_>>();
            &mut list
        };
        let timeout = deadline.map(|at| timespec(at.saturating_duration_since(clock::now())));
        match rustix::event::poll(fds, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return Err(Error::Internal),
        }
        if fds.first().is_some_and(|fd| !fd.revents().is_empty()) && !self.drain() {
            // It would not sleep any more.
            let _ = SLEEPER.try_with(RefCell::take);
            return Err(Error::Internal);
        }
        Ok(())
    }

    /// Takes the wake-ups that are there; `false` if there will be no more.
    fn drain(&self) -> bool {
        let mut bytes = [0; 64];
        loop {
            match (&self.wakeups).read(&mut bytes) {
                Ok(0) => return false,
                Ok(count) if count == bytes.len() => {}
                Ok(_) => return true,
                Err(error) => return is_would_block(&error),
            }
        }
    }
}

fn watch((fd, interest): &(impl AsFd, WaitFor)) -> PollFd<'_> {
    PollFd::from_borrowed_fd(fd.as_fd(), flags(*interest))
}

fn flags(interest: WaitFor) -> PollFlags {
    match interest {
        WaitFor::Readable => PollFlags::IN,
        WaitFor::Writable => PollFlags::OUT,
        WaitFor::Either => PollFlags::IN | PollFlags::OUT,
    }
}

fn timespec(duration: Duration) -> Timespec {
    // Round up to the next millisecond, or a wait would end just before its deadline and be
    // repeated.
    let duration = duration.saturating_add(Duration::from_micros(999));
    let seconds = i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    Timespec {
        tv_sec: seconds,
        tv_nsec: i64::from(duration.subsec_nanos()),
    }
}

/// No socket: a wait for the waker alone.
pub(crate) const NOTHING: &[(BorrowedFd<'_>, WaitFor)] = &[];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wake_up_before_the_wait_is_not_lost() {
        let sleeper = current().unwrap();
        sleeper.waker().wake();
        sleeper.wait(NOTHING, None).unwrap();
    }

    #[test]
    fn a_passed_deadline_ends_the_wait() {
        current()
            .unwrap()
            .wait(NOTHING, Some(clock::now()))
            .unwrap();
    }

    #[test]
    fn another_thread_ends_the_wait() {
        let sleeper = current().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| sleeper.waker().wake());
            sleeper.wait(NOTHING, None).unwrap();
        });
    }

    #[test]
    fn a_thread_that_cannot_be_woken_any_more_waits_in_another_place() {
        let sleeper = current().unwrap();
        sleeper.waker.0.shutdown(Shutdown::Both).unwrap();
        sleeper.waker().wake();
        assert_eq!(sleeper.wait(NOTHING, None), Err(Error::Internal));
        assert!(!Arc::ptr_eq(&sleeper, &current().unwrap()));
    }

    #[test]
    fn a_thread_waits_in_one_place() {
        assert!(Arc::ptr_eq(&current().unwrap(), &current().unwrap()));
    }
}
