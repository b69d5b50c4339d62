//! State of the process that the child of a fork starts anew: its locks may be held for ever there,
//! by threads that exist in the parent only.

use std::fmt;
use std::sync::OnceLock;

use crate::fork::{Epoch, epoch};
use crate::undivided::undivided;

/// A static value, one for each process; a child's is made by the same function, and its parent's
/// is left as it was.
pub struct PerProcess<T: 'static> {
    make: fn() -> T,
    /// The value of the process that the library was loaded in, without any allocation, and that
    /// process's epoch.
    first: OnceLock<Generation<T>>,
}

struct Generation<T> {
    epoch: Epoch,
    value: T,
    next: OnceLock<Box<Self>>,
}

impl<T> PerProcess<T> {
    /// A value that `make` makes when it is first asked for in a process; forks wait meanwhile.
    #[must_use]
    pub const fn new(make: fn() -> T) -> Self {
        Self {
            make,
            first: OnceLock::new(),
        }
    }

    /// This process's value.
    #[inline]
    pub fn get(&self) -> &T {
        match self.first.get() {
            Some(first) if first.epoch.is_current() => &first.value,
            _ => self.find(),
        }
    }

    #[cold]
    fn find(&self) -> &T {
        let now = epoch();
        let mut generation = match self.first.get() {
            Some(first) => first,
            None => undivided(|| self.first.get_or_init(|| self.generation(now))),
        };
        // One step for each fork between the process that used the value first and this one.
        while generation.epoch != now {
            generation = match generation.next.get() {
                Some(next) => next,
                None => undivided(|| generation.next.get_or_init(|| self.child(now))),
            };
        }
        &generation.value
    }

    fn child(&self, epoch: Epoch) -> Box<Generation<T>> {
        Box::new(self.generation(epoch))
    }

    fn generation(&self, epoch: Epoch) -> Generation<T> {
        Generation {
            epoch,
            value: (self.make)(),
            next: OnceLock::new(),
        }
    }
}

impl<T> fmt::Debug for PerProcess<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PerProcess").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::fork::forked;

    #[test]
    fn a_child_has_a_value_of_its_own() {
        static COUNT: PerProcess<Mutex<u32>> = PerProcess::new(|| Mutex::new(7));
        let _alone = crate::PRETENDING.lock();
        let parents = COUNT.get().lock().unwrap();
        forked();
        // The parent's lock is held; the child's is not.
        assert_eq!(*COUNT.get().lock().unwrap(), 7);
        *COUNT.get().lock().unwrap() = 8;
        assert_eq!(*parents, 7);
        assert_eq!(*COUNT.get().lock().unwrap(), 8);
        forked();
        forked();
        assert_eq!(*COUNT.get().lock().unwrap(), 7);
    }
}
