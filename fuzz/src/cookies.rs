//! Cookies: whatever servers set in whatever order at whatever times, each leg gets what a second,
//! plain jar has for it (`model.rs`), within the limits.
//!
//! Input: lines. The first byte of each chooses the leg that is answered, the second one how many
//! seconds have passed, and the rest is a Set-Cookie line; `!` there signs the leg out.

mod model;

use std::time::Duration;

use winhttp_proto::cookie::{COOKIES_OF_A_DOMAIN_MAX, Jar, PAIRS_MAX_BYTES, RequestUri};
use winhttp_proto::url::host::Host;

use crate::input::Input;
use model::{Model, Place};

/// Each with the shortest domain above it that has one owner.
const HOSTS: [(&str, Option<&str>); 8] = [
    ("a.shop.example.co.uk", Some("example.co.uk")),
    ("shop.example.co.uk", Some("example.co.uk")),
    ("example.co.uk", Some("example.co.uk")),
    ("co.uk", None),
    ("me.github.io", Some("me.github.io")),
    ("github.io", None),
    ("127.0.0.1", None),
    ("localhost", None),
];
const PATHS: [&str; 5] = ["/", "/a", "/a/", "/a/b", "/ab/c"];

pub fn run(data: &[u8]) {
    let places = places();
    let (mut jar, mut model) = (Jar::new(), Model::default());
    let mut now = Duration::from_secs(1_000_000_000);
    for line in data.split(|&byte| byte == b'\n') {
        let mut input = Input::new(line);
        let (place, uri) = &places[input.below(places.len())];
        now += Duration::from_secs(input.below(8) as u64);
        let line = input.rest();
        if line == b"!" {
            jar.forget(uri);
            model.forget(place);
        } else {
            jar.keep_line(uri, line, now);
            model.keep(place, line, now);
        }
        compare(&jar, &model, place, uri, now);
    }
    for (place, uri) in &places {
        compare(&jar, &model, place, uri, now);
    }
    assert!(jar.len() <= COOKIES_OF_A_DOMAIN_MAX * HOSTS.len());
}

fn places() -> Vec<(Place, RequestUri)> {
    let mut places = Vec::new();
    for (host, owned) in HOSTS {
        for path in PATHS {
            for secure in [false, true] {
                let place = Place {
                    host,
                    owned,
                    path,
                    secure,
                };
                let parsed = Host::parse(host).unwrap();
                places.push((
                    place,
                    RequestUri::new(&parsed, secure, &format!("{path}?/q")),
                ));
            }
        }
    }
    places
}

fn compare(jar: &Jar, model: &Model, place: &Place, uri: &RequestUri, now: Duration) {
    let pairs = jar.pairs(uri, now);
    assert!(pairs.bytes().len() <= PAIRS_MAX_BYTES);
    let (got, expected) = (pairs.bytes(), model.pairs(place, now));
    assert!(
        *got == *expected,
        "{place:?}: {} instead of {}",
        got.escape_ascii(),
        expected.escape_ascii()
    );
}
