//! Cookies of servers: which are kept, how long, and which requests get them.

use winhttp_abi::constants as c;
use winhttp_fixtures::Server;
use winhttp_tests::support::cookies::{
    SHOP, Visit, exchanged, finished, prepared, received, secure_server, server, visit,
};
use winhttp_tests::support::{set_dword, set_text};
use winhttp_tests::{Client, answers_each, scenarios, upgrade};

const NONE: [&str; 0] = [];
const DISABLE: u32 = c::WINHTTP_OPTION_DISABLE_FEATURE;
const SIGN_OUT: u32 = c::WINHTTP_OPTION_PASSPORT_SIGN_OUT;
const REQUEST: u32 = c::WINHTTP_QUERY_FLAG_REQUEST_HEADERS;

/// A visit of this host.
fn of(host: &'static str) -> Visit<'static> {
    Visit {
        host,
        ..Visit::default()
    }
}

/// A visit whose answer sets these cookies.
fn setting<'v>(sets: &'v [&'v str]) -> Visit<'v> {
    Visit {
        sets,
        ..Visit::default()
    }
}

scenarios! {
    fn facts_7_1_and_27_1_1_cookies_live_in_their_session<W>(mode) {
        let server = server();
        let client = Client::<W>::new(mode);
        assert_eq!(visit(&client, &server, setting(&["a=1"])), NONE);
        // Each visit has a connect of its own.
        assert_eq!(visit(&client, &server, Visit::default()), ["a=1"]);
        let other = Client::<W>::new(mode);
        assert_eq!(visit(&other, &server, setting(&["b=2"])), NONE);
        assert_eq!(visit(&client, &server, Visit::default()), ["a=1"]);
        assert_eq!(visit(&other, &server, Visit::default()), ["b=2"]);
        client.finish();
        other.finish();
        let new = Client::<W>::new(mode);
        assert_eq!(visit(&new, &server, Visit::default()), NONE);
        new.finish();
    }

    fn fact_7_2_names_and_values_are_trimmed_and_the_newest_comes_first<W>(mode) {
        let server = server();
        let client = Client::<W>::new(mode);
        let cookie = Visit { path: "/cookie", sets: &["name = value "], ..Visit::default() };
        assert_eq!(visit(&client, &server, cookie), NONE);
        let again = Visit { path: "/cookie2", sets: &["NAME=value"], ..Visit::default() };
        assert_eq!(visit(&client, &server, again), ["name=value"]);
        let third = Visit { path: "/cookie2", ..Visit::default() };
        assert_eq!(visit(&client, &server, third), ["NAME=value; name=value"]);
        let request = prepared(&client, &server, third);
        client.add_headers(request, "Cookie: name=value2", c::WINHTTP_ADDREQ_FLAG_ADD).unwrap();
        let expected = ["name=value2; NAME=value; name=value"];
        assert_eq!(finished(&client, &server, request), expected);
        client.finish();
    }

    fn fact_27_1_1_without_cookies_none_are_stored_or_sent_by_this_request<W>(mode) {
        let server = server();
        let client = Client::<W>::new(mode);
        visit(&client, &server, setting(&["kept=1"]));
        let request = prepared(&client, &server, setting(&["kept=2", "refused=3"]));
        set_dword::<W>(request, DISABLE, c::WINHTTP_DISABLE_COOKIES).unwrap();
        assert_eq!(exchanged(&client, &server, request), NONE);
        // The program sees what the server has set, all the same.
        let seen = client.values(request, c::WINHTTP_QUERY_SET_COOKIE, None);
        assert_eq!(seen, ["kept=2", "refused=3"]);
        client.close(request).unwrap();
        assert_eq!(visit(&client, &server, Visit::default()), ["kept=1"]);
        // Of the session the option cannot be set.
        let refused = set_dword::<W>(client.session, DISABLE, c::WINHTTP_DISABLE_COOKIES);
        assert_eq!(refused, Err(c::ERROR_WINHTTP_INCORRECT_HANDLE_TYPE));
        client.finish();
    }

    fn fact_27_1_4_signing_out_forgets_the_cookies_of_a_url<W>(mode) {
        let (plain, secure) = (server(), secure_server());
        let client = Client::<W>::new(mode);
        let shop = |secure, sets| Visit { secure, sets, ..of(SHOP) };
        visit(&client, &secure, shop(true, &["s=1; Secure", "all=2; Domain=shop.example", "deep=3; Path=/x"]));
        visit(&client, &plain, setting(&["other=4"]));
        for bad in ["", "www.shop.example", "ftp://www.shop.example/", "http://"] {
            let refused = set_text::<W>(client.session, SIGN_OUT, bad);
            assert_eq!(refused, Err(c::ERROR_INVALID_PARAMETER), "{bad:?}");
        }
        set_text::<W>(client.session, SIGN_OUT, "http://elsewhere.example/").unwrap();
        assert_eq!(visit(&client, &secure, shop(true, &[])), ["all=2; s=1"]);
        set_text::<W>(client.session, SIGN_OUT, "http://WWW.shop.example:99/back?to=me").unwrap();
        assert_eq!(visit(&client, &secure, shop(true, &[])), NONE);
        let deep = Visit { path: "/x/y", ..of(SHOP) };
        assert_eq!(visit(&client, &plain, deep), ["deep=3"]);
        assert_eq!(visit(&client, &plain, Visit::default()), ["other=4"]);
        client.finish();
    }

    fn fact_27_3_1_every_final_response_sets_cookies_and_no_interim_one<W>(mode) {
        let failing = server();
        let client = Client::<W>::new(mode);
        for (path, set) in [("/404", "missing=1"), ("/500", "broken=2")] {
            visit(&client, &failing, Visit { path, sets: &[set], ..Visit::default() });
        }
        assert_eq!(visit(&client, &failing, Visit::default()), ["broken=2; missing=1"]);
        client.finish();
        let client = Client::<W>::new(mode);
        let hinting = Server::plain(answers_each(|connection, _, _| {
            connection.send(
                b"HTTP/1.1 103 Early Hints\r\nSet-Cookie: hint=1\r\n\r\n\
                  HTTP/1.1 200 OK\r\nSet-Cookie: final=2\r\nContent-Length: 0\r\n\r\n",
            )
        })).unwrap();
        assert_eq!(visit(&client, &hinting, Visit::default()), NONE);
        assert_eq!(visit(&client, &hinting, Visit::default()), ["final=2"]);
        client.finish();
    }

    fn fact_27_3_1_lines_are_separate_and_all_of_them_are_shown<W>(mode) {
        let server = server();
        let client = Client::<W>::new(mode);
        let date = "a=1, b=2; Expires=Tue, 19 Jan 2038 03:14:08 GMT";
        // What is not kept is shown too.
        let sets = [date, "no-equals", "=no-name", "empty=", "q=\"x y\"", "c=3; SameSite=Strict; HTTPONLY; Odd=1"];
        let request = prepared(&client, &server, setting(&sets));
        received(&client, &server, request);
        assert_eq!(client.values(request, c::WINHTTP_QUERY_SET_COOKIE, None), sets);
        let raw = client.query(request, c::WINHTTP_QUERY_RAW_HEADERS_CRLF, None).unwrap();
        for line in sets {
            assert!(raw.contains(&format!("\r\nSet-Cookie: {line}\r\n")), "{raw}");
        }
        let second = finished(&client, &server, prepared(&client, &server, Visit::default()));
        assert_eq!(second, ["c=3; q=\"x y\"; empty=; a=1, b=2"]);
        client.finish();
    }

    fn fact_27_3_1_a_domain_is_the_host_or_a_parent_and_no_public_suffix<W>(mode) {
        let server = server();
        let client = Client::<W>::new(mode);
        let sets = [
            "own=1",
            "dot=2; Domain=.Shop.Example",
            "suffix=3; Domain=example",
            "other=4; Domain=other.example",
            "below=5; Domain=a.www.shop.example",
        ];
        visit(&client, &server, Visit { sets: &sets, ..of(SHOP) });
        assert_eq!(visit(&client, &server, of(SHOP)), ["dot=2; own=1"]);
        assert_eq!(visit(&client, &server, of("shop.example")), ["dot=2"]);
        assert_eq!(visit(&client, &server, of("a.www.shop.example")), ["dot=2"]);
        for host in ["other.example", "xshop.example", "example", "127.0.0.1"] {
            assert_eq!(visit(&client, &server, of(host)), NONE, "{host}");
        }
        // An address, and a name without dots, are for themselves.
        visit(&client, &server, setting(&["address=1; Domain=127.0.0.1", "part=2; Domain=0.0.1"]));
        assert_eq!(visit(&client, &server, Visit::default()), ["address=1"]);
        visit(&client, &server, Visit { sets: &["local=1; Domain=localhost"], ..of("localhost") });
        assert_eq!(visit(&client, &server, of("LOCALHOST")), ["local=1"]);
        assert_eq!(visit(&client, &server, of("a.localhost")), NONE);
        let shared = Visit { sets: &["hub=1; Domain=github.io", "me=2"], ..of("me.github.io") };
        visit(&client, &server, shared);
        assert_eq!(visit(&client, &server, of("me.github.io")), ["me=2"]);
        assert_eq!(visit(&client, &server, of("you.github.io")), NONE);
        client.finish();
    }

    fn fact_27_3_1_paths_match_in_whole_segments<W>(mode) {
        let server = server();
        let client = Client::<W>::new(mode);
        let path = |path| Visit { path, ..Visit::default() };
        let sets = ["default=1", "given=2; Path=/a", "odd=3; Path=a"];
        visit(&client, &server, Visit { sets: &sets, ..path("/a/b/c?/d/e") });
        assert_eq!(visit(&client, &server, path("/a/b")), ["odd=3; given=2; default=1"]);
        assert_eq!(visit(&client, &server, path("/a/b/x?y")), ["odd=3; given=2; default=1"]);
        assert_eq!(visit(&client, &server, path("/a")), ["given=2"]);
        assert_eq!(visit(&client, &server, path("/a?/b/")), ["given=2"]);
        for other in ["/", "/ab", "/A/b", "/?/a"] {
            assert_eq!(visit(&client, &server, path(other)), NONE, "{other}");
        }
        client.finish();
    }

    fn fact_27_3_1_secure_cookies_and_promises_need_https_and_ports_do_not_count<W>(mode) {
        let (plain, secure) = (server(), secure_server());
        let client = Client::<W>::new(mode);
        let over_tls = |sets| Visit { secure: true, sets, ..Visit::default() };
        visit(&client, &plain, setting(&["no=1; Secure", "__Secure-no=2; Secure", "__Host-no=3; Secure; Path=/"]));
        assert_eq!(visit(&client, &secure, over_tls(&[])), NONE);
        let sets = [
            "s=1; Secure",
            "p=2",
            "__Secure-a=3; Secure",
            "__Secure-b=4",
            "__Host-c=5; Secure; Path=/",
            "__Host-d=6; Secure; Path=/x",
        ];
        visit(&client, &secure, over_tls(&sets));
        assert_eq!(visit(&client, &secure, over_tls(&[])), ["__Host-c=5; __Secure-a=3; p=2; s=1"]);
        // The other server has another port, and no TLS.
        assert_eq!(visit(&client, &plain, setting(&["s=stolen", "p=new"])), ["p=2"]);
        assert_eq!(visit(&client, &secure, over_tls(&[])), ["p=new; __Host-c=5; __Secure-a=3; s=1"]);
        client.finish();
    }

    fn fact_27_3_1_what_is_past_deletes_and_max_age_wins<W>(mode) {
        let server = server();
        let client = Client::<W>::new(mode);
        let past = "Expires=Thu, 01-Jan-1970 00:00:00 GMT";
        let future = "Expires=Thu, 31 Dec 9999 23:59:59 GMT";
        let never = format!("never=0; {past}");
        let age = format!("age=1; {past}; Max-Age=1000");
        let date = format!("date=2; {future}");
        visit(&client, &server, setting(&[&never, &age, &date, "session=3", "zero=4; Max-Age=0"]));
        assert_eq!(visit(&client, &server, Visit::default()), ["session=3; date=2; age=1"]);
        // Another path is another cookie.
        let elsewhere = format!("session=; {past}; Path=/x");
        let ends = format!("date=; {future}; Max-Age=-1");
        visit(&client, &server, setting(&[&elsewhere, &ends, "age=new; Max-Age=nonsense"]));
        assert_eq!(visit(&client, &server, Visit::default()), ["age=new; session=3"]);
        client.finish();
    }

    fn fact_27_3_2_web_sockets_have_cookies_and_set_them<W>(mode) {
        let (plain, secure) = (server(), secure_server());
        let client = Client::<W>::new(mode);
        visit(&client, &plain, setting(&["get=1"]));
        let request = prepared(&client, &plain, setting(&["socket=2"]));
        upgrade::<W>(request).unwrap();
        assert_eq!(exchanged(&client, &plain, request), ["get=1"]);
        client.complete_upgrade(request, 0).unwrap();
        assert_eq!(visit(&client, &plain, Visit::default()), ["socket=2; get=1"]);
        // Without ReceiveResponse the answer counts as well; and wss is secure.
        let over_tls = Visit { secure: true, sets: &["unseen=3; Secure"], ..Visit::default() };
        let request = prepared(&client, &secure, over_tls);
        upgrade::<W>(request).unwrap();
        client.add_headers(request, "Cookie: own=0", c::WINHTTP_ADDREQ_FLAG_ADD).unwrap();
        client.send(request).unwrap();
        let sent = client.values(request, c::WINHTTP_QUERY_COOKIE | REQUEST, None);
        assert_eq!(sent, ["own=0; socket=2; get=1"]);
        client.complete_upgrade(request, 0).unwrap();
        let last = Visit { secure: true, ..Visit::default() };
        assert_eq!(visit(&client, &secure, last), ["unseen=3; socket=2; get=1"]);
        client.finish();
    }

    fn fact_27_3_3_the_host_is_that_of_winhttpconnect<W>(mode) {
        let server = server();
        let client = Client::<W>::new(mode);
        // Every name here is looked up as this address.
        let request = prepared(&client, &server, Visit { sets: &["a=1", "b=2; Domain=else.example"], ..of(SHOP) });
        client.add_headers(request, "Host: www.else.example", c::WINHTTP_ADDREQ_FLAG_ADD).unwrap();
        finished(&client, &server, request);
        assert_eq!(visit(&client, &server, Visit::default()), NONE);
        assert_eq!(visit(&client, &server, of("www.else.example")), NONE);
        assert_eq!(visit(&client, &server, of("WWW.Shop.Example")), ["a=1"]);
        client.finish();
    }
}
