//! SEND_TIMEOUT begins anew whenever the peer takes bytes (fact 2.14), however long the whole
//! takes.

use winhttp_tests::support::slow_reader::{Way, ends_when_the_reader_stops, may_last};

#[test]
fn a_slow_reader_does_not_end_a_body_given_at_once() {
    may_last(Way::AtOnce, None);
}

#[test]
fn a_slow_reader_does_not_end_written_data() {
    may_last(Way::Written, None);
}

#[test]
fn a_slow_reader_does_not_end_a_web_socket_send() {
    may_last(Way::Message, None);
}

#[test]
fn a_reader_that_stops_ends_a_body_given_at_once() {
    ends_when_the_reader_stops(Way::AtOnce, None);
}

#[test]
fn a_reader_that_stops_ends_written_data() {
    ends_when_the_reader_stops(Way::Written, None);
}

#[test]
fn a_reader_that_stops_ends_a_web_socket_send() {
    ends_when_the_reader_stops(Way::Message, None);
}
