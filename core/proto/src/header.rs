//! Header fields: the ordered list, WinHTTP's editing rules, its query levels and their answers.
//!
//! In scope: names and values as WinHTTP shows them. Out of scope: reading a head from the wire
//! ([`crate::http1::head`]) and buffer sizes, which belong to the C edge.

pub mod edit;
mod list;
pub mod name_table;
pub(crate) mod number;
pub mod query;
pub mod text;
mod version;

pub use list::{Header, HeaderList};
pub use version::Version;
