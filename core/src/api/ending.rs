//! The end of the process by `exit` or the end of `main`: what was reported as sent is handed to
//! the system.
//!
//! The thread that ends the process may have been interrupted anywhere, so no lock is waited for
//! without a limit.

use std::time::Duration;

use winhttp_proto::embed::Embedder;

use super::library::{Library, Object};
use crate::engine::channel::stop_gathering;
use crate::engine::clock;
use crate::lock::within;

/// How long all connections together may delay the end of the process: a peer may not be reading.
const LEAVING_MAX: Duration = Duration::from_secs(1);

impl<E: Embedder> Library<E> {
    /// Hands to the system what was reported as sent. From now on nothing is reported before it was
    /// handed over.
    pub fn end(&self) {
        stop_gathering();
        let deadline = clock::now() + LEAVING_MAX;
        let objects = within(deadline, || self.table.values_now());
        for object in objects.unwrap_or_default() {
            if let Object::WebSocket(websocket) = &object
                && !websocket.handle().heritage.is_orphaned()
            {
                websocket.leave(deadline);
            }
        }
    }
}
