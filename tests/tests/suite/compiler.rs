//! Programs that tests compile at the same time do not meet, even under one name.

use std::process::Command;
use std::sync::Barrier;

use winhttp_tests::program::ends;
use winhttp_tests::support::compiler::{Dialect, build};

/// Tests that compile at once.
const TESTS: i32 = 8;

#[test]
fn programs_of_one_name_are_programs_of_their_own() {
    let all_ready = Barrier::new(TESTS.try_into().unwrap());
    let codes: Vec<Option<i32>> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..TESTS)
            .map(|number| {
                let all_ready = &all_ready;
                scope.spawn(move || {
                    all_ready.wait();
                    let source = format!("int main(void) {{ return {number}; }}\n");
                    let program = build("one_name", &source, Dialect::C("c11"), &[]).unwrap();
                    all_ready.wait();
                    ends(&mut Command::new(program.path())).0.code()
                })
            })
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(codes, (0..TESTS).map(Some).collect::<Vec<_>>());
}
