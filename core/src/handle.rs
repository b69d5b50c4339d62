//! Handles: opaque numbers with a generation, and the table that checks them.

mod id;
mod table;

pub use id::HandleId;
pub use table::Table;

pub use crate::option::HandleKind;
