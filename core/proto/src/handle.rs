//! Handles: opaque numbers with a generation, and the tables that check them.

mod cells;
mod id;
mod kind;
mod slot;
mod table;

pub use cells::{Cells, CellsHeld};
pub use id::HandleId;
pub use kind::HandleKind;
pub use table::{Table, TableHeld};
