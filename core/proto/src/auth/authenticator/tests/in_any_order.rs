//! What holds whatever happens: calls, challenges and answers in any order.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::*;

/// What may happen, in any order.
#[derive(Clone, Debug)]
enum Step {
    Set(AuthScheme),
    Begin(bool),
    End,
    Ask(usize),
    Challenge(usize, usize),
    Accept(usize, bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let scheme = prop::sample::select(vec![AuthScheme::Basic, AuthScheme::Digest]);
    let step = prop_oneof![
        1 => scheme.prop_map(Step::Set),
        1 => any::<bool>().prop_map(Step::Begin),
        1 => Just(Step::End),
        5 => (0..3_usize).prop_map(Step::Ask),
        4 => (0..3_usize, 0..6_usize).prop_map(|(host, offer)| Step::Challenge(host, offer)),
        3 => (0..3_usize, any::<bool>()).prop_map(|(host, next)| Step::Accept(host, next)),
    ];
    prop::collection::vec(step, 0..60)
}

proptest! {
    /// Each login is shown to one origin only, no pair of nonce and nc is sent twice to one, and no
    /// server is answered more than twice in a row.
    #[test]
    fn facts_28_7_4_and_28_5_2_hold_whatever_happens(steps in steps()) {
        const HOSTS: [&str; 3] = ["a", "b", "c"];
        const OFFERS: [&str; 6] = [
            "Basic",
            "Digest realm=r, nonce=n1, qop=auth",
            "Digest realm=r, nonce=n2, qop=auth, stale=true",
            "Digest realm=r, nonce=n3, qop=auth, algorithm=SHA-256, Basic",
            "Digest realm=r nonce=n",
            "NTLM",
        ];
        let mut client = Client::new();
        let (mut given, mut options) = (0, 0);
        let mut shown_to = HashMap::new();
        let mut turns = HashSet::new();
        let mut in_a_row = 0;
        for step in steps {
            match step {
                Step::Set(scheme) => {
                    given += 1;
                    in_a_row = 0;
                    client.set(scheme, given);
                }
                Step::Begin(option) => {
                    in_a_row = 0;
                    // Options that were taken back and set again are new ones.
                    options += u32::from(!option);
                    client.0.begin(option.then(|| login(1000 + options)));
                }
                Step::End => client.0.end(),
                Step::Ask(host) => {
                    let Some(value) = client.ask(HOSTS[host]) else { continue };
                    if value.starts_with("Basic") {
                        let to = *shown_to.entry(value).or_insert(host);
                        prop_assert_eq!(to, host);
                        continue;
                    }
                    let user = value.split('"').nth(1).unwrap().to_owned();
                    prop_assert_eq!(*shown_to.entry(user).or_insert(host), host);
                    prop_assert!(turns.insert(turn(&value)), "{}", value);
                }
                Step::Challenge(host, offer) => {
                    match client.challenge(HOSTS[host], &[OFFERS[offer]]) {
                        SendAgain => in_a_row += 1,
                        Deliver => in_a_row = 0,
                    }
                    prop_assert!(in_a_row <= 2 * HOSTS.len());
                }
                Step::Accept(host, next) => {
                    in_a_row = 0;
                    let next: &[&str] = if next { &["nextnonce=n4"] } else { &[] };
                    client.accept(HOSTS[host], next);
                }
            }
        }
    }
}
