//! Handles: opaque numbers with a generation, and the tables that check them.

mod cells;
mod id;
mod slot;
mod table;

pub use cells::{Cells, CellsHeld};
pub use id::HandleId;
pub use table::{Table, TableHeld};

pub use crate::option::HandleKind;
