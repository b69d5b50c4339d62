//! Decides which thread runs which callback, in which order, and which thread polls meanwhile.
//!
//! WinHTTP programs get their notifications through callbacks that may do anything: call any
//! function, close any handle, wait for each other. This crate is the discipline behind them. One
//! dedicated thread per asynchronous session polls *and* calls the program, so a notification costs
//! no hop between threads. Polling is a **role**, not a thread: when a callback overstays, a
//! stand-by takes the role, and with it every other handle's callbacks.
//!
//! ```text
//!    post ──► lane (FIFO of one handle) ──► run list ──► holder of the role ──► Job::run
//!                ▲                                         │  ▲
//!                └───────── Source::wait hands out ◄───────┘  │ list empty, or a turn is due
//!
//!    a lane                                     a thread
//!
//!    Idle ──post──► Scheduled ◄──turn over─┐    start ──► holder ──closed and drained──► end
//!     ▲                 │ picked           │               │  ▲
//!     │                 ▼                  │      overstay │  │ the role is free
//!     └─dry or held── Running ─────────────┘               ▼  │
//!                                                runs its lane dry ──► spare ──► end
//!    a call: hold ─► append ─► run ─► release             (at most one, for a bounded time)
//! ```
//!
//! What holds at any time:
//!
//! - The jobs of one lane begin in the order of their posts. One ends before the next begins, with
//!   one exception: a call whose completion must be reported on the calling thread takes a [`Hold`]
//!   on the lane and runs what is queued, even if a job of the lane is running elsewhere. Of two
//!   holds each leaves to the other what was appended with that.
//! - No lock of this crate is held while a job runs. A job may post to any lane, drop any lane or
//!   dispatcher, and close the dispatcher it runs on. It may block: that stalls its own lane only.
//! - A job that was posted runs, closed dispatcher or not. A job that panics ends alone.
//! - Two threads may *run lanes* at the same moment (one has overstayed), but only the holder of
//!   the role is ever inside [`Source::wait`].
//!
//! In scope: lanes, the role, the overstay monitor, the life of the threads. Out of scope: sockets,
//! timers, what a job means, and waiting for a handle's last callback (a job at the end of its lane
//! says that).
//!
//! Source of the rules: WinHTTP's documented callback behaviour. Callbacks may block unless the
//! session was opened with `WINHTTP_OPTION_ASSURED_NON_BLOCKING_CALLBACKS`; nothing of a handle
//! comes after its `WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING`, nor at the same time.

#![forbid(unsafe_code)]

mod board;
mod dispatcher;
mod here;
mod interface;
mod lane;
#[cfg_attr(loom, path = "models/monitor.rs")]
mod monitor;
mod role;
mod sync;
mod threads;
mod workers;

#[cfg(test)]
#[cfg(loom)]
mod models;
#[cfg(test)]
#[cfg(not(loom))]
mod tests;

pub use dispatcher::Dispatcher;
pub use interface::{Job, Source, Wake};
pub use lane::{Appended, Hold, Lane};
pub use threads::Threads;
pub use workers::THREADS_MAX;
