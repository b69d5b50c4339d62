//! The test data of the public suffix list: who may set cookies for which of its parents.
//!
//! `test_psl.txt` is theirs, unchanged and in the public domain (CC0): Debian's package
//! publicsuffix 20230209.2326-1, `examples/test_psl.txt`. Each line names a host, and the shortest
//! domain above it that has one owner.

use std::time::Duration;

use super::matching::with_parents;
use super::{Jar, RequestUri, public_suffix};
use crate::url::host::Host;

const CASES: &str = include_str!("test_psl.txt");

/// Host and domain of each case; no domain where the host is a public suffix. Cases with a leading
/// dot are none of hosts.
fn cases() -> Vec<(String, Option<String>)> {
    let lines = CASES
        .lines()
        .filter_map(|line| line.strip_prefix("checkPublicSuffix("));
    let arguments = lines.map(|line| {
        let (host, domain) = line.strip_suffix(");").unwrap().split_once(", ").unwrap();
        (text(host), text(domain))
    });
    arguments
        .filter_map(|(host, domain)| Some((host?, domain)))
        .filter(|(host, _)| !host.starts_with('.'))
        .collect()
}

fn text(argument: &str) -> Option<String> {
    let inner = argument.strip_prefix('\'')?.strip_suffix('\'')?;
    // As a program gives it to WinHttpConnect.
    let host = Host::parse(inner.trim_start_matches('.')).unwrap();
    let dots = inner.len() - inner.trim_start_matches('.').len();
    Some(".".repeat(dots) + &host.name().to_ascii_lowercase())
}

/// One label more than the public suffix.
fn registrable(host: &str) -> Option<&str> {
    let suffix = public_suffix(host);
    let above = with_parents(host).take_while(|domain| domain.len() > suffix.len());
    above.last()
}

#[test]
fn the_lists_own_cases() {
    let cases = cases();
    assert!(cases.len() > 70, "{}", cases.len());
    for (host, expected) in &cases {
        assert_eq!(registrable(host), expected.as_deref(), "{host}");
    }
}

#[test]
fn fact_27_3_1_a_host_sets_cookies_for_its_parents_up_to_the_one_that_has_one_owner() {
    for (host, owned) in cases() {
        let uri = RequestUri::new(&Host::parse(&host).unwrap(), false, "/");
        let below = RequestUri::new(&Host::parse(&format!("other.{host}")).unwrap(), false, "/");
        for domain in with_parents(&host) {
            let mut jar = Jar::new();
            jar.keep_line(
                &uri,
                format!("a=b; Domain={domain}").as_bytes(),
                Duration::ZERO,
            );
            let is_owned = owned
                .as_deref()
                .is_some_and(|owned| domain.len() >= owned.len());
            let is_host = domain == host;
            assert_eq!(!jar.is_empty(), is_owned || is_host, "{domain} by {host}");
            // What a public suffix sets for itself goes nowhere else.
            let goes_below = !jar.pairs(&below, Duration::ZERO).bytes().is_empty();
            assert_eq!(goes_below, is_owned, "{domain} by {host}");
        }
    }
}
