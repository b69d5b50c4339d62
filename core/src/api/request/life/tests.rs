//! Which state follows which, and what it owns.

use winhttp_proto::error::Error;
use winhttp_proto::exchange::Awaits;
use winhttp_proto::notify::Notification;

use super::*;
use crate::api::edge::{Edge, Memory};
use crate::engine::driver::tests::{Nobody, request, unconnected};

const CALLS: [RequestOperation; 5] = [
    RequestOperation::SendRequest,
    RequestOperation::WriteData,
    RequestOperation::ReceiveResponse,
    RequestOperation::QueryDataAvailable,
    RequestOperation::ReadData,
];

fn attached() -> Attached {
    Attached {
        driver: Box::new(unconnected(request())),
    }
}

fn operation(call: RequestOperation) -> Operation<Edge> {
    match call {
        RequestOperation::SendRequest => Operation::Send(None, Awaits::Sent),
        RequestOperation::WriteData => Operation::Write(Memory(Vec::new()), 0),
        RequestOperation::ReceiveResponse => Operation::Receive,
        RequestOperation::QueryDataAvailable => Operation::Available(0),
        RequestOperation::ReadData => Operation::Read(Memory(Vec::new()), 0, false),
    }
}

fn parked(call: RequestOperation) -> Life<Edge> {
    Life::Parked {
        attached: attached(),
        operation: operation(call),
        queued: false,
    }
}

fn turning(call: RequestOperation) -> Life<Edge> {
    Life::Turning {
        call,
        activity: Activity::Stepping,
        again: false,
    }
}

fn blocking(call: RequestOperation) -> Life<Edge> {
    let waker = Arc::new(Nobody);
    Life::Blocking { call, waker }
}

/// Every state in which no call runs, with what a program sees of it.
fn at_rest() -> Vec<(Life<Edge>, Stage)> {
    vec![
        (Life::Created, Stage::Created),
        (Life::Sent(attached()), Stage::Sent),
        (Life::Responded(attached()), Stage::Response),
        (
            Life::Gone {
                asked_upgrade: true,
            },
            Stage::Response,
        ),
        (Life::Failed, Stage::Failed),
        (Life::Closed, Stage::Closed),
    ]
}

#[test]
fn a_program_sees_the_call_that_runs_or_what_the_last_one_left() {
    for (life, stage) in at_rest() {
        assert_eq!((life.stage(), life.is_busy()), (stage, false));
    }
    let stages = [
        Stage::Sending,
        Stage::Writing,
        Stage::Receiving,
        Stage::Reading,
        Stage::Reading,
    ];
    for (call, stage) in CALLS.into_iter().zip(stages) {
        for life in [parked(call), turning(call), blocking(call)] {
            assert_eq!((life.stage(), life.is_busy()), (stage, true), "{call:?}");
        }
    }
}

#[test]
fn only_a_step_that_waits_for_nothing_is_stepping() {
    let call = RequestOperation::ReadData;
    assert!(turning(call).is_stepping());
    let notifying = Life::<Edge>::Turning {
        call,
        activity: Activity::Notifying,
        again: false,
    };
    assert!(
        !notifying.is_stepping() && !parked(call).is_stepping() && !blocking(call).is_stepping()
    );
}

#[test]
fn a_call_that_succeeds_leaves_the_connection_to_the_next() {
    for call in CALLS {
        let next = Life::<Edge>::after(call, attached());
        let sends = matches!(
            call,
            RequestOperation::SendRequest | RequestOperation::WriteData
        );
        let expected = if sends { Stage::Sent } else { Stage::Response };
        assert_eq!(next.stage(), expected, "{call:?}");
        assert!(next.attached().is_some());
    }
}

#[test]
fn a_call_that_fails_takes_the_connection_along() {
    for call in CALLS {
        let (next, released) = Life::<Edge>::after_failed(call, attached());
        let reads = matches!(
            call,
            RequestOperation::QueryDataAvailable | RequestOperation::ReadData
        );
        let expected = if reads {
            Stage::Response
        } else {
            Stage::Failed
        };
        assert_eq!(next.stage(), expected, "{call:?}");
        assert!(released.is_some() && next.attached().is_none());
        assert!(!next.asked_upgrade());
    }
}

#[test]
fn what_is_taken_is_gone_and_what_is_not_there_is_not_taken() {
    for (mut life, stage) in at_rest() {
        let has = life.attached().is_some();
        assert_eq!(life.take_idle().is_some(), has);
        assert_eq!(life.stage(), if has { Stage::Closed } else { stage });
        assert!(life.take_parked().is_none());
    }
    let call = RequestOperation::ReceiveResponse;
    let mut life = parked(call);
    assert!(life.take_idle().is_none(), "a call uses it");
    let (_, operation) = life.take_parked().unwrap();
    assert_eq!(operation.name(), call);
    assert!(life.take_parked().is_none());
    let mut life = turning(call);
    assert!(life.take_parked().is_none() && life.take_idle().is_none());
    assert_eq!(life.stage(), Stage::Receiving);
}

#[test]
fn an_operations_end_says_which_call_it_was_and_what_it_moved() {
    let read = Operation::<Edge>::Read(Memory(vec![0; 9]), 7, false);
    let write = Operation::<Edge>::Write(Memory(vec![0; 9]), 9);
    assert_eq!(
        read.success(),
        Notification::ReadComplete {
            address: 0,
            bytes: 7
        }
    );
    assert_eq!(write.success(), Notification::WriteComplete(9));
    for call in CALLS {
        let failed = operation(call).failure(Error::Timeout.into());
        let expected = Notification::RequestError(call, Error::Timeout.into());
        assert_eq!(failed, expected);
    }
}
