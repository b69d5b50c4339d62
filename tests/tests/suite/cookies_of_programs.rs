//! The program's own Cookie headers beside the cookies of the session.

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::Server;
use winhttp_tests::support::cookies::{
    Visit, exchanged, finished, prepared, received, server, visit,
};
use winhttp_tests::support::set_dword;
use winhttp_tests::{Client, HELLO, Handle, Sending, answers_each, scenarios};

const ADD: u32 = c::WINHTTP_ADDREQ_FLAG_ADD;
const NONE: [&str; 0] = [];
const REQUEST: u32 = c::WINHTTP_QUERY_FLAG_REQUEST_HEADERS;

fn add<W: Unit>(client: &Client<W>, request: Handle, headers: &[&str]) {
    for header in headers {
        client.add_headers(request, header, ADD).unwrap();
    }
}

/// A client whose session has the cookie `jar=1`.
fn with_a_cookie<W: Unit>(mode: winhttp_tests::Mode, server: &Server) -> Client<W> {
    let client = Client::<W>::new(mode);
    let sets = Visit {
        sets: &["jar=1"],
        ..Visit::default()
    };
    assert_eq!(visit(&client, server, sets), NONE);
    client
}

scenarios! {
    fn facts_27_2_1_and_22_11_the_programs_come_first_in_one_header_and_are_shown<W>(mode) {
        let server = server();
        let client = with_a_cookie::<W>(mode, &server);
        let request = prepared(&client, &server, Visit::default());
        add(&client, request, &["X-A: 1", "cookie: own=2", "X-B: 3"]);
        // Before the send only the program's is there.
        assert_eq!(client.values(request, c::WINHTTP_QUERY_COOKIE | REQUEST, None), ["own=2"]);
        let seen = received(&client, &server, request);
        let raw = client.query(request, c::WINHTTP_QUERY_RAW_HEADERS_CRLF | REQUEST, None);
        assert_eq!(raw.unwrap(), seen.text());
        let names: Vec<_> = seen.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["Connection", "X-A", "cookie", "X-B", "User-Agent", "Host"]);
        assert_eq!(seen.header("Cookie"), Some("own=2; jar=1"));
        // Without one of the program, the jar's stands before Host.
        let seen = received(&client, &server, prepared(&client, &server, Visit::default()));
        let end = format!("\r\nCookie: jar=1\r\nHost: {}\r\n\r\n", server.authority());
        assert!(seen.text().ends_with(&end), "{}", seen.text());
        client.finish();
    }

    fn facts_27_2_3_and_22_10_the_programs_cookies_are_for_one_sending<W>(mode) {
        let server = server();
        let client = with_a_cookie::<W>(mode, &server);
        let request = prepared(&client, &server, Visit::default());
        add(&client, request, &["X-A: 1", "Cookie: own=2"]);
        assert_eq!(exchanged(&client, &server, request), ["own=2; jar=1"]);
        // What was sent can still be asked for; the next sending has the rest.
        assert_eq!(client.values(request, c::WINHTTP_QUERY_COOKIE | REQUEST, None), ["own=2; jar=1"]);
        let seen = received(&client, &server, request);
        assert_eq!((seen.header("X-A"), seen.header("Cookie")), (Some("1"), Some("jar=1")));
        // Of SendRequest's headers likewise.
        let index = server.requests().len();
        let sending = Sending { headers: Some("Cookie: given=3\r\nX-B: 2"), ..Sending::default() };
        client.send_with(request, sending).unwrap();
        client.receive(request).unwrap();
        assert_eq!(server.requests()[index].header("Cookie"), Some("given=3; jar=1"));
        add(&client, request, &["Cookie: again=4"]);
        let seen = received(&client, &server, request);
        assert_eq!((seen.header("X-B"), seen.header("Cookie")), (Some("2"), Some("again=4; jar=1")));
        client.finish();
    }

    fn fact_27_2_3_without_a_response_the_programs_cookies_stay<W>(mode) {
        let server = Server::plain(answers_each(|connection, target, count| {
            if target == "/twice" && count == 0 && connection.id() == 0 {
                connection.close();
                return Ok(());
            }
            connection.send(HELLO)
        })).unwrap();
        let client = Client::<W>::new(mode);
        let request = prepared(&client, &server, Visit { path: "/twice", ..Visit::default() });
        add(&client, request, &["Cookie: own=1"]);
        client.send(request).unwrap();
        client.receive(request).unwrap_err();
        assert_eq!(exchanged(&client, &server, request), ["own=1"]);
        assert_eq!(exchanged(&client, &server, request), NONE);
        client.finish();
    }

    fn fact_27_2_4_several_headers_become_one_and_are_untouched_without_cookies<W>(mode) {
        let server = server();
        let client = with_a_cookie::<W>(mode, &server);
        let own = ["Cookie: a=1", "X-A: 1", "Cookie: b=2; c=3"];
        let request = prepared(&client, &server, Visit::default());
        add(&client, request, &own);
        assert_eq!(finished(&client, &server, request), ["a=1; b=2; c=3; jar=1"]);
        let request = prepared(&client, &server, Visit::default());
        add(&client, request, &own);
        set_dword::<W>(request, c::WINHTTP_OPTION_DISABLE_FEATURE, c::WINHTTP_DISABLE_COOKIES).unwrap();
        assert_eq!(exchanged(&client, &server, request), ["a=1", "b=2; c=3"]);
        // Fact 27.2.3: also then they are for one sending.
        assert_eq!(exchanged(&client, &server, request), NONE);
        client.finish();
        let empty = Client::<W>::new(mode);
        let request = prepared(&empty, &server, Visit::default());
        add(&empty, request, &own);
        assert_eq!(finished(&empty, &server, request), ["a=1; b=2; c=3"]);
        empty.finish();
    }
}
