//! The safe API: sessions, connects, requests and WebSockets with WinHTTP's semantics. All that the
//! C edge calls.

mod autoproxy;
mod completions;
mod connect;
mod delivery;
#[cfg(test)]
mod edge;
mod ending;
mod groups;
mod handle;
mod heritage;
mod inherited;
mod library;
mod open;
pub mod options;
mod proxy;
mod request;
mod resolver;
mod session;
mod websocket;

pub use crate::engine::settings;
pub use autoproxy::{AutoproxyQuery, Detection, detect_script};
pub use connect::Connect;
pub use groups::ConnectionGroups;
pub use handle::Handle;
pub use library::{Library, LibraryHeld, Object};
pub use open::{OpenRequest, OpenSession};
pub use proxy::{NamedProxy, ProxyAccess};
pub use request::{Body, HeaderBlock, Outcome, Request, RequestState};
pub use resolver::Resolver;
pub use session::Session;
pub use websocket::{EMPTY_CLOSE_STATUS, WebSocket};
