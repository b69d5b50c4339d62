//! Which call on a request is legal when: the one table. Code asks it, `docs/request-calls.md` is
//! made from it, and tests draw on it.

#[cfg(test)]
mod markdown;

use super::request_body::Uploads;
use crate::error::Error;

/// Where a request stands, as a program can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Opened, not sent.
    Created,
    /// SendRequest runs.
    Sending,
    /// SendRequest is over.
    Sent,
    /// WriteData runs, before ReceiveResponse.
    Writing,
    /// ReceiveResponse runs.
    Receiving,
    /// The same, and the program is being told of a redirect.
    Redirecting,
    /// ReceiveResponse and WriteData run.
    Exchanging,
    /// The response's head is there.
    Response,
    /// The same, and WriteData runs.
    Uploading,
    /// QueryDataAvailable or ReadData runs.
    Reading,
    /// One of these and WriteData run.
    Streaming,
    /// Sending or receiving failed.
    Failed,
    /// The handle was closed by another thread during the call.
    Closed,
}

/// How many stages there are.
pub const STAGES: usize = 13;

impl Stage {
    /// All of them, in the order of the table's columns.
    pub const ALL: [Self; STAGES] = [
        Self::Created,
        Self::Sending,
        Self::Sent,
        Self::Writing,
        Self::Receiving,
        Self::Redirecting,
        Self::Exchanging,
        Self::Response,
        Self::Uploading,
        Self::Reading,
        Self::Streaming,
        Self::Failed,
        Self::Closed,
    ];
}

/// A function whose success depends on where the request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// WinHttpSendRequest.
    SendRequest,
    /// WinHttpWriteData.
    WriteData,
    /// WinHttpReceiveResponse.
    ReceiveResponse,
    /// WinHttpQueryDataAvailable.
    QueryDataAvailable,
    /// WinHttpReadData and WinHttpReadDataEx.
    ReadData,
    /// WinHttpQueryHeaders, for the response's.
    QueryHeaders,
    /// WinHttpWebSocketCompleteUpgrade, where SendRequest asked for an upgrade.
    CompleteUpgrade,
    /// WinHttpSetCredentials.
    SetCredentials,
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It begins.
    Begins,
    /// Asynchronously it waits for the call that runs. Behind a SendRequest it begins then, the
    /// first of several; all others fail then. Synchronously it fails at once, as a call on another
    /// thread.
    Follows,
    /// It fails at once in both modes, and nothing is notified.
    Fails(Error),
    /// Synchronously it fails; asynchronously it succeeds, and the failure is notified.
    Refused(Error),
}

/// A cell of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// This becomes of the call.
    Always(Verdict),
    /// It begins beside the call that runs where that suits the request's body
    /// ([`Uploads::Beside`]); else this becomes of it.
    Beside(Verdict),
    /// It begins where more of the body may follow the response's head; else this becomes of it.
    More(Verdict),
}

impl Cell {
    fn verdict(self, uploads: Uploads) -> Verdict {
        match (self, uploads) {
            (Self::Beside(_), Uploads::Beside)
            | (Self::More(_), Uploads::Beside | Uploads::InTurn) => Begins,
            (Self::Always(verdict) | Self::Beside(verdict) | Self::More(verdict), _) => verdict,
        }
    }
}

use Error::{IncorrectHandleState, InvalidOperation, OperationCancelled};
use Verdict::{Begins, Fails, Follows, Refused};

const BEGINS: Cell = Cell::Always(Begins);
const FOLLOWS: Cell = Cell::Always(Follows);
const BUSY: Cell = Cell::Always(Fails(InvalidOperation));
const BESIDE: Cell = Cell::Beside(Fails(InvalidOperation));
const TAKEN: Cell = Cell::Always(Refused(InvalidOperation));
const WRONG: Cell = Cell::Always(Refused(IncorrectHandleState));
const CLOSED: Cell = Cell::Always(Refused(OperationCancelled));
const LATER: Cell = Cell::Always(Fails(IncorrectHandleState));

/// A row for each function, a column for each stage.
#[rustfmt::skip]
pub const TABLE: [(Function, [Cell; STAGES]); 8] = {
    use Function as F;
    const MORE: Cell = Cell::More(Refused(IncorrectHandleState));
    const ASIDE: Cell = Cell::Beside(Refused(InvalidOperation));
    [
        // Created, Sending, Sent, Writing, Receiving, Redirecting, Exchanging,
        // Response, Uploading, Reading, Streaming, Failed, Closed
        (F::SendRequest, [
            BEGINS, BUSY, BEGINS, BUSY, BUSY, BUSY, BUSY,
            BEGINS, BUSY, BUSY, BUSY, BEGINS, CLOSED,
        ]),
        (F::WriteData, [
            WRONG, BUSY, BEGINS, BUSY, BESIDE, BUSY, BUSY,
            MORE, BUSY, BESIDE, BUSY, WRONG, CLOSED,
        ]),
        (F::ReceiveResponse, [
            WRONG, FOLLOWS, BEGINS, ASIDE, FOLLOWS, FOLLOWS, FOLLOWS,
            WRONG, WRONG, TAKEN, TAKEN, WRONG, CLOSED,
        ]),
        (F::QueryDataAvailable, [
            WRONG, BUSY, WRONG, BUSY, BUSY, BUSY, BUSY,
            BEGINS, BESIDE, BUSY, BUSY, WRONG, CLOSED,
        ]),
        (F::ReadData, [
            WRONG, BUSY, WRONG, BUSY, BUSY, BUSY, BUSY,
            BEGINS, BESIDE, BUSY, BUSY, WRONG, CLOSED,
        ]),
        (F::QueryHeaders, [
            LATER, LATER, LATER, LATER, LATER, BEGINS, LATER,
            BEGINS, BEGINS, BEGINS, BEGINS, LATER, LATER,
        ]),
        (F::CompleteUpgrade, [
            LATER, BUSY, BEGINS, BUSY, BUSY, BUSY, BUSY,
            BEGINS, BUSY, BUSY, BUSY, LATER, BUSY,
        ]),
        (F::SetCredentials, [
            BEGINS, LATER, BEGINS, LATER, LATER, BEGINS, LATER,
            BEGINS, LATER, LATER, LATER, BEGINS, BEGINS,
        ]),
    ]
};

/// What becomes of a call in this stage, where this is still to come of the body.
#[must_use]
pub fn verdict(function: Function, stage: Stage, uploads: Uploads) -> Verdict {
    let row = TABLE.get(function as usize);
    let cell = row.and_then(|(_, row)| row.get(stage as usize));
    cell.copied().unwrap_or(LATER).verdict(uploads)
}
