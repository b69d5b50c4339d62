//! Verifies, with random conversations, that what one end of a connection is given arrives at the
//! other as it was sent.
//!
//! A client handle and a server handle with any properties are joined by two pipes of bytes. A
//! script decides who runs, which queue is asked and with how many entries, what is completed when,
//! and how many bytes come through at a time; several operations may be queued, receives are into
//! the caller's memory or the library's. `winhttp_tests::judge` holds every single call to the
//! specification; here the messages are compared, from end to end.

mod compare;
mod pair;
mod plan;

use proptest::prelude::*;

use pair::Pair;
use plan::{Fate, Plan, plan};

/// Fewer under a sanitizer or on a busy machine: `COMPONENT_PIPES_CASES`.
fn cases() -> u32 {
    let wanted = std::env::var("COMPONENT_PIPES_CASES").ok();
    wanted.map_or(100, |text| text.parse().unwrap())
}

fn settings() -> ProptestConfig {
    ProptestConfig {
        cases: cases(),
        failure_persistence: None,
        max_shrink_iters: 2000,
        ..ProptestConfig::default()
    }
}

fn play(plan: &Plan) -> Pair {
    let mut pair = Pair::new(plan);
    pair.follow(plan);
    pair.finish();
    pair
}

proptest! {
    #![proptest_config(settings())]

    #[test]
    fn everything_arrives_as_it_was_sent(plan in plan(Fate::Whole)) {
        play(&plan).check_all();
    }

    #[test]
    fn a_cancelled_operation_takes_nothing_else_with_it(plan in plan(Fate::Cancels)) {
        play(&plan).check_all();
    }

    #[test]
    fn an_invalid_text_fails_the_other_end_and_nothing_before_it(plan in plan(Fate::BadText)) {
        play(&plan).check_all();
    }

    #[test]
    fn an_end_that_is_aborted_keeps_what_it_has_sent(plan in plan(Fate::Aborted)) {
        play(&plan).check_beginning();
    }

    #[test]
    fn an_end_that_is_deleted_keeps_what_it_has_sent(plan in plan(Fate::Deleted)) {
        play(&plan).check_beginning();
    }
}
