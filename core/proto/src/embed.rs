//! What the library needs from whoever embeds it: memory it may use during an operation, observers,
//! events.

use std::fmt;

use crate::notify::Observer;

/// The embedding edge (the C shim, or a test) as a set of types. Nothing below knows what they are.
pub trait Embedder: Send + Sync + Sized + fmt::Debug + 'static {
    /// Receives notifications; what WinHttpSetStatusCallback installs.
    type Observer: Observer;
    /// Memory a receive or read operation writes to until it completes.
    type ReadBuffer: ReadMemory;
    /// Memory a send or write operation reads from until it completes.
    type WriteBuffer: WriteMemory;
    /// Something to signal when the session's last callback has returned.
    type UnloadEvent: UnloadEvent;
}

/// Writable memory that the caller lends to one operation.
pub trait ReadMemory: Send + 'static {
    /// The memory.
    fn bytes(&mut self) -> &mut [u8];
    /// Its address, to be named in the completion; never dereferenced here.
    fn address(&self) -> usize;
}

/// Readable memory that the caller lends to one operation.
pub trait WriteMemory: Send + 'static {
    /// The memory.
    fn bytes(&self) -> &[u8];
    /// Its address, to be named in the completion; never dereferenced here.
    fn address(&self) -> usize;
}

/// WINHTTP_OPTION_UNLOAD_NOTIFY_EVENT.
pub trait UnloadEvent: Send + Sync + 'static {
    /// Signals the event; called once, after the session's last callback.
    fn signal(&self);
}
