//! Decides when a handle number is dead: slots whose generation grows with each object, and which
//! slot is used next.

use std::collections::VecDeque;

use super::id::HandleId;

/// The generations of one kind of table, from `first` on. A slot that reaches `last` is retired
/// instead of being used again.
///
/// A process may have handles of both kinds, each in a library of its own. Their generations
/// differ, so that each library refuses the other's numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Generations {
    pub(super) first: u32,
    pub(super) last: u32,
}

impl Generations {
    /// Those of [`Table`](super::Table).
    pub(super) const TABLE: Self = Self {
        first: 0x4000_0000,
        last: 0x7fff_ffff,
    };
    /// Those of [`Cells`](super::Cells).
    pub(super) const CELLS: Self = Self {
        first: 0x2000_0000,
        last: 0x3fff_ffff,
    };
}

/// No handle looks like a small integer or a user-space pointer, nor like one of the other table.
const _: () = assert!(
    Generations::CELLS.first >= 1 << 15 && Generations::CELLS.last < Generations::TABLE.first
);

/// A place for objects, one after the other.
#[derive(Debug)]
pub(super) struct HandleSlot<T> {
    generation: u32,
    object: Option<T>,
}

/// What ends with a number.
pub(super) struct Removed<T> {
    pub(super) object: T,
    /// The slot may be used again.
    pub(super) reusable: bool,
}

impl<T> HandleSlot<T> {
    /// A slot that was never used.
    pub(super) const fn new(generations: Generations) -> Self {
        Self {
            generation: generations.first,
            object: None,
        }
    }

    /// The number of the object that is put here next, or is here; `index` is the slot's own.
    pub(super) fn id(&self, index: u32) -> Option<HandleId> {
        HandleId::new(index, self.generation)
    }

    /// Puts an object here, for the number that [`HandleSlot::id`] tells.
    pub(super) fn put(&mut self, object: T) {
        self.object = Some(object);
    }

    /// The object that is here now, whatever its number.
    pub(super) fn object(&self) -> Option<&T> {
        self.object.as_ref()
    }

    /// The object that `id` names, if it is alive.
    #[inline]
    pub(super) fn get(&self, id: HandleId) -> Option<&T> {
        if self.generation == id.generation() {
            self.object.as_ref()
        } else {
            None
        }
    }

    /// As [`HandleSlot::get`], to be changed.
    #[inline]
    pub(super) fn get_mut(&mut self, id: HandleId) -> Option<&mut T> {
        if self.generation == id.generation() {
            self.object.as_mut()
        } else {
            None
        }
    }

    /// Ends the life of the number `id`; `None` if it was not alive.
    pub(super) fn remove(&mut self, id: HandleId, generations: Generations) -> Option<Removed<T>> {
        if self.generation != id.generation() {
            return None;
        }
        let object = self.object.take()?;
        self.generation += 1;
        Some(Removed {
            object,
            reusable: self.generation < generations.last,
        })
    }

    /// As if `generation` objects of this slot were dead.
    #[cfg(test)]
    pub(super) fn age(&mut self, generation: u32) {
        self.generation = generation;
    }
}

/// The slots that had an object and may have another, oldest first, so that each rests as long as
/// possible.
#[derive(Debug)]
pub(super) struct Vacant(VecDeque<u32>);

impl Vacant {
    /// None yet.
    pub(super) const fn new() -> Self {
        Self(VecDeque::new())
    }

    /// The slot to use next. If that is `used`, how many were ever used, it is a new one; `None` if
    /// all `limit` slots are taken or retired.
    pub(super) fn take(&mut self, used: u32, limit: u32) -> Option<u32> {
        self.0
            .pop_front()
            .or_else(|| (used < limit).then_some(used))
    }

    /// Makes a slot available again.
    pub(super) fn give_back(&mut self, index: u32) {
        self.0.push_back(index);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GENERATIONS: Generations = Generations::TABLE;

    #[test]
    fn a_slot_answers_to_the_number_of_its_object_alone() {
        let mut slot = HandleSlot::new(GENERATIONS);
        let first = slot.id(7).unwrap();
        assert_eq!(slot.get(first), None, "nothing is here yet");
        slot.put(1);
        assert_eq!((slot.get(first), slot.object()), (Some(&1), Some(&1)));
        *slot.get_mut(first).unwrap() = 2;
        let removed = slot.remove(first, GENERATIONS).unwrap();
        assert_eq!((removed.object, removed.reusable), (2, true));
        slot.put(3);
        let second = slot.id(7).unwrap();
        assert_ne!(first, second);
        assert_eq!(slot.get(first), None);
        assert_eq!(slot.get_mut(first), None);
        assert!(slot.remove(first, GENERATIONS).is_none());
        assert_eq!(slot.get(second), Some(&3));
    }

    #[test]
    fn a_number_ends_once() {
        let mut slot = HandleSlot::new(GENERATIONS);
        slot.put(());
        let id = slot.id(0).unwrap();
        assert!(slot.remove(id, GENERATIONS).is_some());
        assert!(slot.remove(id, GENERATIONS).is_none());
        // Nor does a number that nobody was given.
        assert!(slot.remove(slot.id(0).unwrap(), GENERATIONS).is_none());
    }

    #[test]
    fn a_slot_at_the_end_of_its_generations_is_not_reusable() {
        for generations in [Generations::TABLE, Generations::CELLS] {
            let mut slot = HandleSlot::new(generations);
            slot.age(generations.last - 2);
            for reusable in [true, false] {
                slot.put(());
                let id = slot.id(0).unwrap();
                let removed = slot.remove(id, generations).unwrap();
                assert_eq!(removed.reusable, reusable);
            }
        }
    }

    #[test]
    fn slots_are_used_again_before_new_ones_are_and_oldest_first() {
        let mut vacant = Vacant::new();
        assert_eq!(vacant.take(3, 4), Some(3));
        vacant.give_back(2);
        vacant.give_back(0);
        let taken: Vec<_> = (0..3).map(|_| vacant.take(3, 4)).collect();
        assert_eq!(taken, [Some(2), Some(0), Some(3)]);
        assert_eq!(vacant.take(4, 4), None);
        vacant.give_back(1);
        assert_eq!(vacant.take(4, 4), Some(1));
    }
}
