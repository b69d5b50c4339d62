//! What the callbacks of a configuration learn in a connection's handshake, and how the connection
//! learns it.
//!
//! They cannot say so themselves: all connections of a policy share them, because rustls resumes
//! sessions only under the configuration they were made under. They are called inside the work that
//! takes the notes, on its thread, so a note never outlives that.

use std::cell::Cell;

use winhttp_proto::notify::SecureProblems;

/// What was learnt.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Notes {
    /// The server asked for a certificate, which explains a later refusal.
    pub(super) asked: bool,
    /// The server's certificate was accepted with these defects; a resumed session shows none.
    pub(super) tolerated: Option<SecureProblems>,
}

thread_local! {
    static NOTES: Cell<Notes> = const { Cell::new(Notes { asked: false, tolerated: None }) };
}

/// Does `work`, and says what was noted in it.
pub(super) fn taking_notes<T>(work: impl FnOnce() -> T) -> (T, Notes) {
    NOTES.take();
    let outcome = work();
    (outcome, NOTES.take())
}

/// The server asks for a certificate.
pub(super) fn note_request() {
    let notes = NOTES.get();
    NOTES.set(Notes {
        asked: true,
        ..notes
    });
}

/// The server's certificate is accepted, with these defects.
pub(super) fn note_accepted(tolerated: SecureProblems) {
    let notes = NOTES.get();
    let tolerated = Some(tolerated);
    NOTES.set(Notes { tolerated, ..notes });
}

impl Notes {
    /// With what was learnt later.
    pub(super) fn and(self, later: Self) -> Self {
        Self {
            asked: self.asked || later.asked,
            tolerated: later.tolerated.or(self.tolerated),
        }
    }
}
