//! Which state follows which, and what it owns.

use winhttp_proto::error::Error;
use winhttp_proto::exchange::Awaits;
use winhttp_proto::exchange::request_body::Piece;
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
    Attached::new((unconnected(request()), None))
}

fn operation(call: RequestOperation) -> Operation<Edge> {
    match call {
        RequestOperation::SendRequest => Operation::Send(None, Piece::WHOLE, Awaits::Sent),
        RequestOperation::WriteData => Operation::Write(Memory(Vec::new()), Piece::WHOLE, 0),
        RequestOperation::ReceiveResponse => Operation::Receive(None),
        RequestOperation::QueryDataAvailable => Operation::Available(0),
        RequestOperation::ReadData => Operation::Read(Memory(Vec::new()), 0, false),
    }
}

fn parked(call: RequestOperation) -> Place<Edge> {
    Place::parked(attached(), operation(call))
}

fn turning(call: RequestOperation) -> Place<Edge> {
    Place::Turning {
        call,
        activity: Activity::Stepping,
        again: false,
    }
}

fn blocking(call: RequestOperation) -> Place<Edge> {
    let waker = Arc::new(Nobody);
    Place::Blocking { call, waker }
}

/// A request that stands here, with these calls running.
fn life(standing: Standing, calls: &[RequestOperation]) -> Life<Edge> {
    let mut life = Life::new();
    life.standing = standing;
    for call in calls {
        *life.place(*call) = parked(*call);
    }
    life
}

/// Where a request can stand, with what a program sees of it.
fn standings() -> Vec<(Standing, Stage)> {
    let asked_upgrade = true;
    vec![
        (Standing::Created, Stage::Created),
        (Standing::Sent(attached()), Stage::Sent),
        (Standing::Responded(attached()), Stage::Response),
        (Standing::Gone { asked_upgrade }, Stage::Response),
        (Standing::Failed, Stage::Failed),
        (Standing::Closed, Stage::Closed),
    ]
}

#[test]
fn a_program_sees_the_calls_that_run_or_what_the_last_one_left() {
    use RequestOperation as Op;
    for (standing, stage) in standings() {
        let life = life(standing, &[]);
        assert_eq!((life.stage(), life.is_busy()), (stage, false));
    }
    let sent = || Standing::Sent(attached());
    let responded = || Standing::Responded(attached());
    let running: [(Standing, &[Op], Stage); 10] = [
        (Standing::Created, &[Op::SendRequest], Stage::Sending),
        (sent(), &[Op::WriteData], Stage::Writing),
        (sent(), &[Op::ReceiveResponse], Stage::Receiving),
        (
            sent(),
            &[Op::ReceiveResponse, Op::WriteData],
            Stage::Exchanging,
        ),
        (responded(), &[Op::WriteData], Stage::Uploading),
        (responded(), &[Op::ReadData], Stage::Reading),
        (responded(), &[Op::QueryDataAvailable], Stage::Reading),
        (
            responded(),
            &[Op::ReadData, Op::WriteData],
            Stage::Streaming,
        ),
        (Standing::Failed, &[Op::WriteData], Stage::Writing),
        (Standing::Closed, &[Op::ReadData], Stage::Closed),
    ];
    for (standing, calls, stage) in running {
        let life = life(standing, calls);
        assert_eq!((life.stage(), life.is_busy()), (stage, true), "{calls:?}");
    }
}

#[test]
fn each_way_in_which_a_call_runs_is_running() {
    for call in CALLS {
        for place in [parked(call), turning(call), blocking(call)] {
            let mut life = life(Standing::Created, &[]);
            let is_parked = matches!(place, Place::Parked { .. });
            let is_turning = matches!(place, Place::Turning { .. });
            assert_eq!(place.waker().is_some(), !is_parked && !is_turning);
            *life.place(call) = place;
            assert!(life.is_busy(), "{call:?}");
            assert_eq!(
                (life.is_parked(), life.is_turning()),
                (is_parked, is_turning)
            );
        }
    }
}

#[test]
fn only_a_step_that_waits_for_nothing_is_stepping() {
    let call = RequestOperation::ReadData;
    assert!(turning(call).is_stepping());
    let notifying = Place::<Edge>::Turning {
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
    let expected = [
        (Stage::Sent, true),
        (Stage::Response, false),
        (Stage::Response, true),
        (Stage::Response, false),
        (Stage::Response, false),
    ];
    for (call, (stage, changes)) in CALLS.into_iter().zip(expected) {
        let mut life = life(Standing::Responded(attached()), &[]);
        let before = life.succeed(call, &attached());
        assert_eq!(
            (life.stage(), before.is_some()),
            (stage, changes),
            "{call:?}"
        );
        assert!(life.attached().is_some());
    }
}

#[test]
fn a_call_that_fails_takes_the_connection_along() {
    for call in CALLS {
        let mut life = life(Standing::Sent(attached()), &[]);
        let released = life.fail(call, &attached());
        let reads = matches!(
            call,
            RequestOperation::QueryDataAvailable | RequestOperation::ReadData
        );
        let expected = if reads {
            Stage::Response
        } else {
            Stage::Failed
        };
        assert_eq!(life.stage(), expected, "{call:?}");
        assert!(matches!(released, Some(Standing::Sent(_))));
        assert!(life.attached().is_none() && !life.asked_upgrade());
    }
}

#[test]
fn a_write_that_fails_leaves_the_end_to_the_call_beside_it() {
    let write = RequestOperation::WriteData;
    let receive = RequestOperation::ReceiveResponse;
    let mut beside = life(Standing::Sent(attached()), &[receive]);
    assert!(beside.fail(write, &attached()).is_none());
    assert_eq!(beside.stage(), Stage::Receiving);
    let mut behind = life(Standing::Failed, &[]);
    assert!(behind.fail(write, &attached()).is_none());
    assert_eq!(behind.stage(), Stage::Failed);
}

#[test]
fn what_is_closed_gives_all_it_has_and_begins_nothing() {
    for (standing, _) in standings() {
        let mut life = life(standing, &[]);
        let has = life.attached().is_some();
        let (before, parked) = life.close();
        let had = matches!(before, Standing::Sent(_) | Standing::Responded(_));
        assert_eq!((had, life.stage()), (has, Stage::Closed));
        assert!(parked.iter().all(Option::is_none) && life.attached().is_none());
    }
    let calls = [RequestOperation::ReadData, RequestOperation::WriteData];
    let (_, parked) = life(Standing::Responded(attached()), &calls).close();
    let names = parked.map(|parked| parked.map(|(_, operation)| operation.name()));
    assert_eq!(names, [Some(calls[1]), Some(calls[0])]);
}

#[test]
fn what_is_taken_is_gone_and_what_is_not_there_is_not_taken() {
    let call = RequestOperation::ReceiveResponse;
    let mut place = parked(call);
    let (_, operation) = place.take_parked().unwrap();
    assert_eq!(operation.name(), call);
    assert!(place.take_parked().is_none());
    let mut place = turning(call);
    assert!(place.take_parked().is_none() && place.is_busy());
}

#[test]
fn of_two_calls_that_wait_the_earlier_deadline_counts() {
    let call = RequestOperation::ReadData;
    let mut life = life(Standing::Created, &[call, RequestOperation::WriteData]);
    assert_eq!(life.deadline(), None);
    let now = crate::engine::clock::now();
    let later = now + std::time::Duration::from_secs(1);
    for (place, at) in life.places_mut().into_iter().zip([later, now]) {
        if let Place::Parked { until, .. } = place {
            *until = Some(at);
        }
    }
    assert_eq!(life.deadline(), Some(now));
    life.place(call).take_parked();
    assert_eq!(life.deadline(), Some(later));
}

#[test]
fn an_operations_end_says_which_call_it_was_and_what_it_moved() {
    let read = Operation::<Edge>::Read(Memory(vec![0; 9]), 7, false);
    let write = Operation::<Edge>::Write(Memory(vec![0; 9]), Piece::WHOLE, 14);
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
