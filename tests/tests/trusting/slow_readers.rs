//! SEND_TIMEOUT begins anew whenever a secure peer takes bytes (fact 2.14), however long the whole
//! takes.

use winhttp_fixtures::certs::{Identity, IdentityOptions};
use winhttp_tests::support::slow_reader::{Way, ends_when_the_reader_stops, may_last};
use winhttp_tests::support::tls::identity;

fn good() -> Identity {
    identity(&IdentityOptions::default())
}

#[test]
fn a_slow_reader_does_not_end_a_body_given_at_once() {
    may_last(Way::AtOnce, Some(&good()));
}

#[test]
fn a_slow_reader_does_not_end_written_data() {
    may_last(Way::Written, Some(&good()));
}

#[test]
fn a_slow_reader_does_not_end_a_web_socket_send() {
    may_last(Way::Message, Some(&good()));
}

#[test]
fn a_reader_that_stops_ends_a_body_given_at_once() {
    ends_when_the_reader_stops(Way::AtOnce, Some(&good()));
}

#[test]
fn a_reader_that_stops_ends_written_data() {
    ends_when_the_reader_stops(Way::Written, Some(&good()));
}

#[test]
fn a_reader_that_stops_ends_a_web_socket_send() {
    ends_when_the_reader_stops(Way::Message, Some(&good()));
}
