//! The part of a proxy auto-configuration script's world that needs no network and no clock: what
//! it is asked, and its functions over texts, addresses and times.

pub mod address;
pub mod detection;
pub mod name;
mod question;
pub mod source;
pub mod time;

pub use question::{HostCase, Question};
