//! Which call on a request is legal when: the one table. Code asks it, `docs/request-calls.md` is
//! made from it, and tests draw on it.

#[cfg(test)]
mod markdown;

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
    /// WriteData runs.
    Writing,
    /// ReceiveResponse runs.
    Receiving,
    /// The response's head is there.
    Response,
    /// QueryDataAvailable or ReadData runs.
    Reading,
    /// Sending or receiving failed.
    Failed,
    /// The handle was closed by another thread during the call.
    Closed,
}

impl Stage {
    /// All of them, in the order of the table's columns.
    pub const ALL: [Self; 9] = [
        Self::Created,
        Self::Sending,
        Self::Sent,
        Self::Writing,
        Self::Receiving,
        Self::Response,
        Self::Reading,
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

use Error::{IncorrectHandleState, InvalidOperation, OperationCancelled};
use Verdict::{Begins, Fails, Follows, Refused};

const BUSY: Verdict = Fails(InvalidOperation);
const WRONG: Verdict = Refused(IncorrectHandleState);
const CLOSED: Verdict = Refused(OperationCancelled);
const LATER: Verdict = Fails(IncorrectHandleState);

/// A row for each function, a column for each stage.
pub const TABLE: [(Function, [Verdict; 9]); 8] = {
    use Function as F;
    [
        // Created, Sending, Sent, Writing, Receiving, Response, Reading, Failed, Closed
        (
            F::SendRequest,
            [
                Begins, BUSY, Begins, BUSY, BUSY, Begins, BUSY, Begins, CLOSED,
            ],
        ),
        (
            F::WriteData,
            [WRONG, BUSY, Begins, BUSY, BUSY, WRONG, BUSY, WRONG, CLOSED],
        ),
        (
            F::ReceiveResponse,
            [
                WRONG,
                Follows,
                Begins,
                Refused(InvalidOperation),
                Follows,
                WRONG,
                Refused(InvalidOperation),
                WRONG,
                CLOSED,
            ],
        ),
        (
            F::QueryDataAvailable,
            [WRONG, BUSY, WRONG, BUSY, BUSY, Begins, BUSY, WRONG, CLOSED],
        ),
        (
            F::ReadData,
            [WRONG, BUSY, WRONG, BUSY, BUSY, Begins, BUSY, WRONG, CLOSED],
        ),
        (
            F::QueryHeaders,
            [
                LATER, LATER, LATER, LATER, LATER, Begins, Begins, LATER, LATER,
            ],
        ),
        (
            F::CompleteUpgrade,
            [LATER, BUSY, Begins, BUSY, BUSY, Begins, BUSY, LATER, BUSY],
        ),
        (
            F::SetCredentials,
            [
                Begins, LATER, Begins, LATER, LATER, Begins, LATER, Begins, Begins,
            ],
        ),
    ]
};

/// What becomes of a call in this stage.
#[must_use]
pub fn verdict(function: Function, stage: Stage) -> Verdict {
    let row = TABLE.get(function as usize);
    let cell = row.and_then(|(_, row)| row.get(stage as usize));
    cell.copied().unwrap_or(LATER)
}
