//! The table from handle numbers to objects: sharded, so that look-ups of different handles do not
//! meet.

use std::sync::{PoisonError, TryLockError};
#[cfg(not(loom))]
use std::sync::{
    RwLock, RwLockWriteGuard,
    atomic::{AtomicUsize, Ordering},
};

#[cfg(loom)]
use loom::sync::{
    RwLock, RwLockWriteGuard,
    atomic::{AtomicUsize, Ordering},
};

use super::id::HandleId;
use super::slot::{Generations, HandleSlot, Vacant};

/// Independent parts of the table; a power of two, enough that threads rarely share one.
#[cfg(not(loom))]
const SHARDS: usize = 64;
/// In a model all threads meet.
#[cfg(loom)]
const SHARDS: usize = 1;
/// Handles alive in one shard at the most: 64 × 2^20 is far more than descriptors allow.
const SLOTS_PER_SHARD: u32 = 1 << 20;

/// Maps handle numbers to objects of type `T`, which is cheap to clone (a reference count).
///
/// Looking up costs one uncontended read lock; garbage, closed and recycled numbers give `None`.
#[derive(Debug)]
pub struct Table<T> {
    shards: Vec<RwLock<Shard<T>>>,
    next: AtomicUsize,
}

/// A table whose locks are all held.
#[derive(Debug)]
pub struct TableHeld<'a, T> {
    #[expect(dead_code, reason = "held, not used")]
    shards: Vec<RwLockWriteGuard<'a, Shard<T>>>,
}

#[derive(Debug)]
struct Shard<T> {
    /// Invariant: those that were ever used.
    slots: Vec<HandleSlot<T>>,
    vacant: Vacant,
}

impl<T: Clone> Table<T> {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        let shards = (0..SHARDS)
            .map(|_| {
                RwLock::new(Shard {
                    slots: Vec::new(),
                    vacant: Vacant::new(),
                })
            })
            .collect();
        Self {
            shards,
            next: AtomicUsize::new(0),
        }
    }

    /// Reserves a number and stores what `make` builds for it. `None` when the table is full.
    pub fn insert_with(&self, make: impl FnOnce(HandleId) -> T) -> Option<(HandleId, T)> {
        let shard_index = self.next.fetch_add(1, Ordering::Relaxed) % SHARDS;
        let lock = self.shards.get(shard_index)?;
        let (slot_index, id) = {
            let mut shard = lock.write().unwrap_or_else(PoisonError::into_inner);
            shard.reserve(shard_index)?
        };
        // `make` runs without the lock: it may be arbitrarily slow, and the slot is ours already.
        let value = make(id);
        let mut shard = lock.write().unwrap_or_else(PoisonError::into_inner);
        shard.slots.get_mut(slot_index)?.put(value.clone());
        Some((id, value))
    }

    /// The object `id` names, if the handle is alive.
    #[must_use]
    pub fn get(&self, id: HandleId) -> Option<T> {
        let (lock, slot_index) = self.locate(id)?;
        let shard = lock.read().unwrap_or_else(PoisonError::into_inner);
        shard.slots.get(slot_index)?.get(id).cloned()
    }

    /// Ends the life of the number and hands its object back; `None` if it was not alive.
    #[must_use]
    pub fn remove(&self, id: HandleId) -> Option<T> {
        let (lock, slot_index) = self.locate(id)?;
        let mut shard = lock.write().unwrap_or_else(PoisonError::into_inner);
        let slot = shard.slots.get_mut(slot_index)?;
        let removed = slot.remove(id, Generations::TABLE)?;
        if removed.reusable
            && let Ok(slot_index) = u32::try_from(slot_index)
        {
            shard.vacant.give_back(slot_index);
        }
        Some(removed.object)
    }

    /// All objects that are alive.
    #[must_use]
    pub fn values(&self) -> Vec<T> {
        let mut values = Vec::new();
        for shard in &self.shards {
            let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
            values.extend(shard.slots.iter().filter_map(|slot| slot.object().cloned()));
        }
        values
    }

    /// As [`Table::values`] without waiting; `None` if a lock is taken.
    #[must_use]
    pub fn values_now(&self) -> Option<Vec<T>> {
        let mut values = Vec::new();
        for shard in &self.shards {
            let shard = match shard.try_read() {
                Ok(shard) => shard,
                Err(TryLockError::Poisoned(shard)) => shard.into_inner(),
                Err(TryLockError::WouldBlock) => return None,
            };
            values.extend(shard.slots.iter().filter_map(|slot| slot.object().cloned()));
        }
        Some(values)
    }

    /// Takes all locks of the table.
    #[must_use]
    pub fn hold(&self) -> TableHeld<'_, T> {
        let hold = |shard| RwLock::write(shard).unwrap_or_else(PoisonError::into_inner);
        TableHeld {
            shards: self.shards.iter().map(hold).collect(),
        }
    }

    /// Number of live handles.
    #[must_use]
    pub fn len(&self) -> usize {
        let live = |shard: &RwLock<Shard<T>>| {
            let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
            shard
                .slots
                .iter()
                .filter(|slot| slot.object().is_some())
                .count()
        };
        self.shards.iter().map(live).sum()
    }

    /// No handle is alive.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn locate(&self, id: HandleId) -> Option<(&RwLock<Shard<T>>, usize)> {
        let index = usize::try_from(id.index()?).ok()?;
        Some((self.shards.get(index % SHARDS)?, index / SHARDS))
    }
}

impl<T: Clone> Default for Table<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Shard<T> {
    fn reserve(&mut self, shard_index: usize) -> Option<(usize, HandleId)> {
        let used = u32::try_from(self.slots.len()).ok()?;
        let slot_index = self.vacant.take(used, SLOTS_PER_SHARD)?;
        if slot_index == used {
            self.slots.push(HandleSlot::new(Generations::TABLE));
        }
        let slot_index = usize::try_from(slot_index).ok()?;
        let index = u32::try_from(slot_index * SHARDS + shard_index).ok()?;
        Some((slot_index, self.slots.get(slot_index)?.id(index)?))
    }
}

/// Every order of the locks, for small numbers of threads; run by tests/loom/run.
#[cfg(test)]
#[cfg(loom)]
mod models {
    use std::sync::Arc;

    use loom::thread;

    use super::*;

    #[test]
    fn loom_a_handle_is_removed_once() {
        loom::model(|| {
            let table = Arc::new(Table::new());
            let (id, _) = table.insert_with(|_| 1).unwrap();
            let other = {
                let table = Arc::clone(&table);
                thread::spawn(move || table.remove(id))
            };
            let here = table.remove(id);
            let there = other.join().unwrap();
            assert!(here.xor(there) == Some(1), "{here:?} {there:?}");
            assert!(table.get(id).is_none() && table.is_empty());
        });
    }

    #[test]
    fn loom_an_old_number_never_finds_what_took_its_slot() {
        loom::model(|| {
            let table = Arc::new(Table::new());
            let (old, _) = table.insert_with(|_| 1).unwrap();
            let other = {
                let table = Arc::clone(&table);
                thread::spawn(move || {
                    assert_eq!(table.remove(old), Some(1));
                    table.insert_with(|_| 2).unwrap().0
                })
            };
            assert!(matches!(table.get(old), None | Some(1)));
            let new = other.join().unwrap();
            assert_eq!((table.get(old), table.get(new)), (None, Some(2)));
        });
    }

    #[test]
    fn loom_a_number_that_is_being_made_is_not_found_yet() {
        loom::model(|| {
            let table = Arc::new(Table::new());
            let (first, _) = table.insert_with(|_| 1).unwrap();
            let makers: Vec<_> = [2, 3]
                .into_iter()
                .map(|value| {
                    let table = Arc::clone(&table);
                    thread::spawn(move || {
                        let made = table.insert_with(|id| {
                            assert_eq!(table.get(id), None);
                            value
                        });
                        let (id, _) = made.unwrap();
                        assert_eq!(table.get(id), Some(value));
                        id
                    })
                })
                .collect();
            let ids: Vec<_> = makers
                .into_iter()
                .map(|maker| maker.join().unwrap())
                .collect();
            assert!(ids[0] != ids[1] && !ids.contains(&first));
            assert_eq!(table.len(), 3);
        });
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::*;

    #[test]
    fn a_live_handle_is_found_and_a_removed_one_is_not() {
        let table = Table::new();
        let (id, _) = table.insert_with(|id| id.bits()).unwrap();
        assert_eq!(table.get(id), Some(id.bits()));
        assert_eq!(table.remove(id), Some(id.bits()));
        assert_eq!(table.get(id), None);
        assert_eq!(table.remove(id), None);
        assert!(table.is_empty());
    }

    #[test]
    fn a_recycled_slot_never_answers_to_an_old_number() {
        let table = Table::new();
        let mut old = Vec::new();
        for round in 0..1000_u32 {
            let (id, _) = table.insert_with(|_| round).unwrap();
            assert!(!old.contains(&id));
            assert_eq!(table.remove(id), Some(round));
            old.push(id);
        }
        assert!(old.iter().all(|id| table.get(*id).is_none()));
        let slots: usize = table
            .shards
            .iter()
            .map(|s| s.read().unwrap().slots.len())
            .sum();
        assert!(slots <= SHARDS, "slots are used again, not grown: {slots}");
    }

    #[test]
    fn garbage_numbers_are_never_found() {
        let table = Table::new();
        let (id, _) = table.insert_with(|_| ()).unwrap();
        for bits in (1..=4096).chain([
            u64::MAX,
            id.bits() + 1,
            id.bits() ^ (1 << 32),
            0x7fff_ffff_f000,
        ]) {
            let garbage = HandleId::from_bits(bits).unwrap();
            assert!(table.get(garbage).is_none(), "{bits:#x}");
            assert!(table.remove(garbage).is_none(), "{bits:#x}");
        }
        assert!(HandleId::from_bits(0).is_none());
        assert!(
            id.bits() >> 47 != 0,
            "no user-space pointer equals a handle"
        );
    }

    #[test]
    fn a_slot_whose_generations_are_used_up_is_retired() {
        let table = Table::new();
        let (id, _) = table.insert_with(|_| ()).unwrap();
        let shard = usize::try_from(id.index().unwrap()).unwrap() % SHARDS;
        let last = Generations::TABLE.last - 1;
        table.shards[shard].write().unwrap().slots[0].age(last);
        let last = HandleId::new(id.index().unwrap(), last).unwrap();
        assert!(table.remove(last).is_some());
        let next = table.shards[shard].write().unwrap().reserve(shard);
        assert_eq!(next.map(|(slot, _)| slot), Some(1), "another slot");
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the table is shared by threads")]
    fn threads_insert_and_remove_without_meeting_foreign_objects() {
        let table = Table::new();
        std::thread::scope(|scope| {
            for thread in 0..4_u64 {
                let table = &table;
                scope.spawn(move || {
                    for round in 0..2000_u64 {
                        let (id, _) = table.insert_with(|_| (thread, round)).unwrap();
                        assert_eq!(table.get(id), Some((thread, round)));
                        assert_eq!(table.remove(id), Some((thread, round)));
                    }
                });
            }
        });
        assert!(table.is_empty());
    }
}
