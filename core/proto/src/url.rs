//! URLs as WinHTTP understands them: taking apart, putting together, escaping, server names.
//!
//! WinHttpCrackUrl and WinHttpCreateUrl work on code units (see [`units`]) because they copy text
//! they need not understand and return places within the caller's text.

pub mod build;
pub mod crack;
pub mod escape;
pub mod host;
mod origin;
mod request_url;
mod scheme;
pub mod units;

pub use origin::Origin;
pub use request_url::{authority, request_url};
pub use scheme::Scheme;
