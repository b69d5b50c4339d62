//! A table of objects that are used by one caller at a time: each has a lock of its own, and
//! finding it takes no other.
//!
//! ```text
//! segments (allocated when needed, never moved)      cell, a cache line
//! 0: 64 cells   1: 128 cells   2: 256 cells …        lock │ generation │ object, if the handle is alive
//! ```

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use super::id::HandleId;
use super::slot::{Generations, HandleSlot, Vacant};

/// Cells of the first segment; each further one has twice as many.
const FIRST_SEGMENT_CELLS: u32 = 64;
/// All segments together have over 33 million cells.
const SEGMENTS: usize = 19;
const CELLS: u32 = FIRST_SEGMENT_CELLS * ((1 << SEGMENTS) - 1);

/// Maps handle numbers to objects that calls lock while they use them.
///
/// Garbage, removed and recycled numbers are not found. The memory of cells is used again, and
/// never given back.
#[derive(Debug)]
pub struct Cells<T> {
    segments: [OnceLock<Box<[CacheLine<T>]>>; SEGMENTS],
    vacancies: Mutex<Vacancies>,
}

#[derive(Debug)]
struct Vacancies {
    vacant: Vacant,
    /// Cells that were ever used.
    used: u32,
}

/// A cell on a cache line of its own: threads with different handles do not disturb each other.
#[derive(Debug)]
#[repr(align(64))]
struct CacheLine<T>(Mutex<HandleSlot<T>>);

/// A table whose locks are all held.
#[derive(Debug)]
pub struct CellsHeld<'a, T> {
    #[expect(dead_code, reason = "held, not used")]
    vacancies: MutexGuard<'a, Vacancies>,
    #[expect(dead_code, reason = "held, not used")]
    cells: Vec<MutexGuard<'a, HandleSlot<T>>>,
}

impl<T> Cells<T> {
    /// An empty table.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            segments: [const { OnceLock::new() }; SEGMENTS],
            vacancies: Mutex::new(Vacancies {
                vacant: Vacant::new(),
                used: 0,
            }),
        }
    }

    /// Stores what `make` builds for a new number. `None` when the table is full.
    pub fn insert_with(&self, make: impl FnOnce(HandleId) -> T) -> Option<HandleId> {
        let index = lock(&self.vacancies).take()?;
        let mut cell = lock(self.cell(index)?);
        let id = cell.id(index)?;
        cell.put(make(id));
        Some(id)
    }

    /// Runs `work` with the object `id` names, while other callers wait; `None` if the handle is
    /// not alive.
    ///
    /// `work` must not use the same handle again.
    #[inline]
    pub fn with<R>(&self, id: HandleId, work: impl FnOnce(&mut T) -> R) -> Option<R> {
        let mut cell = lock(self.find(id)?);
        cell.get_mut(id).map(work)
    }

    /// Ends the life of the number and hands its object back; `None` if it was not alive.
    #[must_use]
    pub fn remove(&self, id: HandleId) -> Option<T> {
        let removed = lock(self.find(id)?).remove(id, Generations::CELLS)?;
        if removed.reusable
            && let Some(index) = id.index()
        {
            lock(&self.vacancies).vacant.give_back(index);
        }
        Some(removed.object)
    }

    /// Takes all locks of the table: no call is inside any handle.
    #[must_use]
    pub fn hold(&self) -> CellsHeld<'_, T> {
        let vacancies = lock(&self.vacancies);
        let cells = (0..vacancies.used).filter_map(|index| self.cell(index));
        CellsHeld {
            cells: cells.map(lock).collect(),
            vacancies,
        }
    }

    /// The cell of a number, if it ever was one.
    #[inline]
    fn find(&self, id: HandleId) -> Option<&Mutex<HandleSlot<T>>> {
        let (segment, offset, _) = position(id.index()?)?;
        let line = self.segments.get(segment)?.get()?.get(offset)?;
        Some(&line.0)
    }

    /// The cell with this index, made if need be.
    fn cell(&self, index: u32) -> Option<&Mutex<HandleSlot<T>>> {
        let (segment, offset, len) = position(index)?;
        let cells = self.segments.get(segment)?.get_or_init(|| {
            let line = || CacheLine(Mutex::new(HandleSlot::new(Generations::CELLS)));
            (0..len).map(|_| line()).collect()
        });
        Some(&cells.get(offset)?.0)
    }
}

impl Vacancies {
    fn take(&mut self) -> Option<u32> {
        let index = self.vacant.take(self.used, CELLS)?;
        if index == self.used {
            self.used += 1;
        }
        Some(index)
    }
}

impl<T> Default for Cells<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// Segment, offset in it, and the segment's size; `None` behind the last.
#[inline]
fn position(index: u32) -> Option<(usize, usize, usize)> {
    let shifted = index.checked_add(FIRST_SEGMENT_CELLS)?;
    let segment = usize::try_from(shifted.ilog2() - FIRST_SEGMENT_CELLS.ilog2()).ok()?;
    let len = FIRST_SEGMENT_CELLS << segment;
    let offset = usize::try_from(shifted - len).ok()?;
    (segment < SEGMENTS).then_some((segment, offset, usize::try_from(len).ok()?))
}

/// A panic while an object was locked is a defect that was reported; the object stays usable as far
/// as it can be.
#[inline]
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_live_handle_is_found_and_a_removed_one_is_not() {
        let cells = Cells::new();
        let id = cells.insert_with(|id| id.bits()).unwrap();
        assert_eq!(cells.with(id, |object| *object), Some(id.bits()));
        assert_eq!(cells.with(id, std::mem::take), Some(id.bits()));
        assert_eq!(cells.remove(id), Some(0));
        assert_eq!(cells.with(id, |_| ()), None);
        assert_eq!(cells.remove(id), None);
    }

    #[test]
    fn a_recycled_cell_never_answers_to_an_old_number() {
        let cells = Cells::new();
        let mut old = HashSet::new();
        for round in 0..1000 {
            let id = cells.insert_with(|_| round).unwrap();
            assert!(old.insert(id), "numbers are not used again");
            assert_eq!(cells.remove(id), Some(round));
        }
        assert!(old.iter().all(|id| cells.with(*id, |_| ()).is_none()));
        assert_eq!(
            lock(&cells.vacancies).used,
            1,
            "one cell is used again and again"
        );
    }

    #[test]
    fn garbage_numbers_are_never_found() {
        let cells = Cells::new();
        let id = cells.insert_with(|_| ()).unwrap();
        for bits in (1..=4096).chain([
            u64::MAX,
            id.bits() + 1,
            id.bits() ^ (1 << 32),
            u64::MAX >> 32,
        ]) {
            let garbage = HandleId::from_bits(bits).unwrap();
            assert!(cells.with(garbage, |()| ()).is_none(), "{bits:#x}");
            assert!(cells.remove(garbage).is_none(), "{bits:#x}");
        }
    }

    #[test]
    fn cells_beyond_the_first_segments_are_all_different() {
        let cells = Cells::new();
        let ids: Vec<_> = (0..1000)
            .map(|object| (object, cells.insert_with(|_| object).unwrap()))
            .collect();
        let tags: HashSet<_> = ids.iter().map(|(_, id)| id.tag()).collect();
        assert_eq!(tags.len(), ids.len());
        for (object, id) in ids {
            assert_eq!(cells.with(id, |found| *found), Some(object));
        }
    }

    #[test]
    fn positions_cover_the_segments_without_gaps() {
        let mut expected = (0, 0);
        for index in 0..5000 {
            let (segment, offset, len) = position(index).unwrap();
            assert_eq!((segment, offset), expected);
            expected = if offset + 1 == len {
                (segment + 1, 0)
            } else {
                (segment, offset + 1)
            };
        }
        assert!(position(CELLS - 1).is_some());
        assert!(position(CELLS).is_none());
        assert!(position(u32::MAX).is_none());
    }

    #[test]
    fn a_cell_whose_generations_are_used_up_is_retired() {
        let cells = Cells::new();
        let id = cells.insert_with(|_| ()).unwrap();
        let last = Generations::CELLS.last - 1;
        lock(cells.cell(0).unwrap()).age(last);
        assert!(cells.remove(id).is_none());
        let id = HandleId::new(0, last).unwrap();
        assert!(cells.remove(id).is_some());
        let next = cells.insert_with(|_| ()).unwrap();
        assert_eq!(next.index(), Some(1), "another cell");
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the table is shared by threads")]
    fn threads_use_one_object_one_after_the_other() {
        let cells = Cells::new();
        let id = cells.insert_with(|_| 0_u32).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        cells.with(id, |count| *count += 1).unwrap();
                        let other = cells.insert_with(|_| 7).unwrap();
                        assert_eq!(cells.remove(other), Some(7));
                    }
                });
            }
        });
        assert_eq!(cells.remove(id), Some(4000));
    }
}
