//! Requests for http through a named proxy: what it gets, what goes direct, which connections are
//! shared (http-behaviours 29.2, 29.3).

use std::ptr::null;

use winhttp_abi::constants as c;
use winhttp_fixtures::hole::RefusedPort;
use winhttp_fixtures::{Request, Server};
use winhttp_tests::support::proxy::{
    TARGET, answers_as_proxy, everything, hello, proxy_of, set_access, set_entry, set_proxy,
};
use winhttp_tests::support::{get, request, set_dword};
use winhttp_tests::{Client, Handle, Info, call, last_error, scenarios, text};

fn lines(request: &Request) -> Vec<String> {
    let text = String::from_utf8(request.raw.clone()).unwrap();
    text.split_terminator("\r\n").map(str::to_owned).collect()
}

scenarios! {
    fn facts_29_3_1_and_29_3_2_the_proxy_gets_the_whole_url_and_the_servers_host<W>(mode) {
        let proxy = answers_as_proxy(everything);
        let client = Client::<W>::new(mode).through(&proxy);
        for (host, port, path, url, field) in [
            (TARGET, 80, "/a?b=c", "http://nosuchhost.invalid/a?b=c", "nosuchhost.invalid"),
            (TARGET, 8080, "/", "http://nosuchhost.invalid:8080/", "nosuchhost.invalid:8080"),
            (TARGET, 0, "", "http://nosuchhost.invalid/", "nosuchhost.invalid"),
            ("2001:db8::1", 80, "/", "http://[2001:db8::1]/", "[2001:db8::1]"),
        ] {
            let asked = request(&client, host, port, path, 0);
            client.exchange(asked).unwrap();
            assert_eq!(client.body(asked).unwrap(), url.as_bytes());
            let seen = proxy.requests().pop().unwrap();
            let expected = [
                format!("GET {url} HTTP/1.1"),
                "Proxy-Connection: Keep-Alive".to_owned(),
                "User-Agent: winhttp-tests".to_owned(),
                format!("Host: {field}"),
                String::new(),
            ];
            assert_eq!(lines(&seen), expected);
            client.close(asked).unwrap();
        }
        client.finish();
    }

    fn fact_40_17_the_end_of_the_connection_is_announced_under_its_usual_name<W>(mode) {
        let proxy = answers_as_proxy(everything);
        let client = Client::<W>::new(mode).through(&proxy);
        let own = client.request_there(80, "GET", "/", 0);
        client.add_headers(own, "Connection: close", c::WINHTTP_ADDREQ_FLAG_ADD).unwrap();
        let disabled = client.request_there(80, "GET", "/", 0);
        set_dword::<W>(disabled, c::WINHTTP_OPTION_DISABLE_FEATURE, c::WINHTTP_DISABLE_KEEP_ALIVE).unwrap();
        for request in [own, disabled] {
            client.exchange(request).unwrap();
            let seen = proxy.requests().pop().unwrap();
            assert_eq!(seen.header("Connection"), Some("close"));
            assert_eq!(seen.header("Proxy-Connection"), None);
        }
        client.finish();
    }

    fn fact_40_8_servers_behind_a_proxy_share_its_connections<W>(mode) {
        let proxy = answers_as_proxy(everything);
        let client = Client::<W>::new(mode).through(&proxy);
        for host in ["a.invalid", "b.invalid", "a.invalid"] {
            let asked = request(&client, host, 80, "/", 0);
            client.exchange(asked).unwrap();
            client.body(asked).unwrap();
            client.close(asked).unwrap();
        }
        assert_eq!(proxy.connections(), 1);
        client.finish();
    }

    fn fact_21_6_3_limits_count_by_server_behind_a_proxy_too<W>(mode) {
        let proxy = answers_as_proxy(everything);
        let client = Client::<W>::new(mode).through(&proxy);
        set_dword::<W>(client.session, c::WINHTTP_OPTION_MAX_CONNS_PER_SERVER, 1).unwrap();
        let open = ["a.invalid", "b.invalid"].map(|host| {
            let asked = request(&client, host, 80, "/", 0);
            client.exchange(asked).unwrap();
            asked
        });
        assert_eq!(proxy.connections(), 2, "each has one");
        for request in open {
            client.body(request).unwrap();
        }
        client.finish();
    }

    fn facts_29_2_1_and_29_2_4_what_is_bypassed_goes_direct<W>(mode) {
        let (proxy, server) = (answers_as_proxy(everything), Server::plain(hello).unwrap());
        let client = Client::<W>::new(mode).through(&proxy);
        let asked = get(&client, server.port(), "/describe");
        client.exchange(asked).unwrap();
        assert_eq!((proxy.connections(), server.requests().len()), (0, 1), "loopback is implied");

        set_proxy::<W>(client.session, &proxy.authority(), Some("<-loopback>")).unwrap();
        let asked = get(&client, server.port(), "/describe");
        client.exchange(asked).unwrap();
        assert_eq!((proxy.requests().len(), server.requests().len()), (1, 1));

        let list = format!("<-loopback>;127.0.0.1:{}", server.port());
        set_proxy::<W>(client.session, &proxy.authority(), Some(&list)).unwrap();
        let asked = get(&client, server.port(), "/describe");
        client.exchange(asked).unwrap();
        assert_eq!((proxy.requests().len(), server.requests().len()), (1, 2));
        client.finish();
    }

    fn fact_29_3_10_the_proxy_of_a_request_counts_for_that_alone<W>(mode) {
        let (of_session, of_request) = (answers_as_proxy(everything), answers_as_proxy(everything));
        let client = Client::<W>::new(mode).through(&of_session);
        let own = client.request_there(80, "GET", "/", 0);
        set_proxy::<W>(own, &of_request.authority(), None).unwrap();
        let other = client.request_there(80, "GET", "/", 0);
        for request in [own, other] {
            client.exchange(request).unwrap();
        }
        assert_eq!((of_session.requests().len(), of_request.requests().len()), (1, 1));

        // Again without one: the name cannot be resolved.
        client.body(own).unwrap();
        set_access::<W>(own, c::WINHTTP_ACCESS_TYPE_NO_PROXY).unwrap();
        assert_eq!(client.exchange(own), Err(c::ERROR_WINHTTP_NAME_NOT_RESOLVED));
        client.finish();
    }

    fn fact_30_4_4_an_entry_of_a_result_is_the_proxy_of_a_request<W>(mode) {
        let (of_session, of_entry) = (answers_as_proxy(everything), answers_as_proxy(everything));
        let client = Client::<W>::new(mode).through(&of_session);
        let asked = client.request_there(80, "GET", "/", 0);
        let entry = (c::INTERNET_SCHEME_HTTP, "127.0.0.1", of_entry.port());
        set_entry::<W>(asked, Some(entry)).unwrap();
        client.exchange(asked).unwrap();
        client.body(asked).unwrap();
        assert_eq!((of_session.requests().len(), of_entry.requests().len()), (0, 1));
        set_entry::<W>(asked, Some((c::INTERNET_SCHEME_SOCKS, "127.0.0.1", of_entry.port()))).unwrap();
        assert_eq!(client.exchange(asked), Err(c::ERROR_WINHTTP_CANNOT_CONNECT));
        // Directly, whatever the session has: the name cannot be resolved.
        set_entry::<W>(asked, None).unwrap();
        assert_eq!(client.exchange(asked), Err(c::ERROR_WINHTTP_NAME_NOT_RESOLVED));
        client.finish();
    }

    fn fact_30_4_4_an_entry_reads_as_a_list_that_means_the_same<W>(mode) {
        let client = Client::<W>::new(mode);
        for (scheme, host, port, expected) in [
            (c::INTERNET_SCHEME_HTTP, "proxy", 8080, "proxy:8080"),
            (c::INTERNET_SCHEME_HTTP, "proxy", 0, "proxy:80"),
            (c::INTERNET_SCHEME_HTTPS, "proxy", 443, "https://proxy:443"),
            (c::INTERNET_SCHEME_HTTPS, "proxy", 0, "https://proxy:443"),
            (c::INTERNET_SCHEME_HTTP, "[::1]", 8080, "[::1]:8080"),
        ] {
            set_entry::<W>(client.session, Some((scheme, host, port))).unwrap();
            let named = (c::WINHTTP_ACCESS_TYPE_NAMED_PROXY, Some(expected.to_owned()), None);
            assert_eq!(proxy_of::<W>(client.session), Ok(named));
            set_proxy::<W>(client.session, expected, None).unwrap();
        }
        for (scheme, host) in [
            (c::INTERNET_SCHEME_FTP, "proxy"),
            (0, "proxy"),
            (c::INTERNET_SCHEME_HTTP, ""),
            (c::INTERNET_SCHEME_HTTP, "a;b"),
            (c::INTERNET_SCHEME_HTTP, "http=a"),
            (c::INTERNET_SCHEME_HTTP, "user@a"),
            (c::INTERNET_SCHEME_HTTP, "a b"),
        ] {
            let refused = set_entry::<W>(client.session, Some((scheme, host, 80)));
            assert_eq!(refused, Err(c::ERROR_INVALID_PARAMETER), "{scheme} {host:?}");
        }
        client.finish();
    }

    fn the_programs_own_proxy_authorization_is_for_a_proxy_where_one_is_named<W>(mode) {
        let server = Server::plain(hello).unwrap();
        let proxy = answers_as_proxy(everything);
        let client = Client::<W>::new(mode).through(&proxy);
        let shown = |request: Handle| {
            client.add_headers(request, "Proxy-Authorization: Basic secret", c::WINHTTP_ADDREQ_FLAG_ADD).unwrap();
            client.exchange(request).unwrap();
        };
        let through = client.request_there(80, "GET", "/", 0);
        shown(through);
        let bypassed = get(&client, server.port(), "/");
        shown(bypassed);
        // With no proxy at all it is a header like others.
        let without = [
            c::WINHTTP_ACCESS_TYPE_NO_PROXY,
            c::WINHTTP_ACCESS_TYPE_DEFAULT_PROXY,
            c::WINHTTP_ACCESS_TYPE_AUTOMATIC_PROXY,
        ];
        for access in without {
            let direct = get(&client, server.port(), "/");
            set_access::<W>(direct, access).unwrap();
            shown(direct);
        }
        let of = |server: &Server| -> Vec<_> {
            let requests = server.requests().into_iter();
            requests.map(|request| request.header("Proxy-Authorization").map(str::to_owned)).collect()
        };
        let secret = Some("Basic secret".to_owned());
        assert_eq!(of(&proxy), std::slice::from_ref(&secret));
        assert_eq!(of(&server), [None, secret.clone(), secret.clone(), secret]);
        client.finish();
    }

    fn fact_29_3_6_notifications_name_the_proxy<W>(mode) {
        let proxy = answers_as_proxy(everything);
        let client = Client::<W>::new(mode).through(&proxy);
        let asked = client.request_there(80, "GET", "/", 0);
        client.exchange(asked).unwrap();
        let named = |status| {
            let events = client.recorder.events_of(asked).into_iter();
            let of = events.filter(|event| event.status == status).map(|event| event.info);
            of.collect::<Vec<_>>()
        };
        for status in [
            c::WINHTTP_CALLBACK_STATUS_RESOLVING_NAME,
            c::WINHTTP_CALLBACK_STATUS_NAME_RESOLVED,
            c::WINHTTP_CALLBACK_STATUS_CONNECTING_TO_SERVER,
            c::WINHTTP_CALLBACK_STATUS_CONNECTED_TO_SERVER,
        ] {
            assert_eq!(named(status), [Info::Text("127.0.0.1".to_owned())], "{status:#x}");
        }
        client.finish();
    }

    fn fact_29_3_8_a_proxy_that_is_not_there<W>(mode) {
        let refused = RefusedPort::new().unwrap();
        let authority = refused.address().to_string();
        let client = Client::<W>::new(mode);
        for (list, error) in [
            (&*authority, c::ERROR_WINHTTP_CANNOT_CONNECT),
            ("nosuchproxy.invalid:80", c::ERROR_WINHTTP_NAME_NOT_RESOLVED),
            ("proxy:99999", c::ERROR_WINHTTP_NAME_NOT_RESOLVED),
        ] {
            for flags in [0, c::WINHTTP_FLAG_SECURE] {
                set_proxy::<W>(client.session, list, None).unwrap();
                let asked = client.request_there(80, "GET", "/", flags);
                assert_eq!(client.exchange(asked), Err(error), "{list}");
            }
        }
        client.finish();
    }

    fn fact_29_1_3_nobody_hides_a_password_in_a_list<W>(mode) {
        let client = Client::<W>::new(mode);
        for list in ["user:pass@proxy", "http://user@proxy:80", "a;b@c", "a\r\nb"] {
            assert_eq!(set_proxy::<W>(client.session, list, None), Err(c::ERROR_INVALID_PARAMETER));
        }
        client.finish();
    }

    fn fact_29_1_7_a_named_proxy_has_a_name_and_other_types_ignore_the_texts<W>(mode) {
        let client = Client::<W>::new(mode);
        assert_eq!(set_proxy::<W>(client.session, "", None), Err(c::ERROR_INVALID_PARAMETER));
        assert_eq!(set_access::<W>(client.session, c::WINHTTP_ACCESS_TYPE_NAMED_PROXY), Err(c::ERROR_INVALID_PARAMETER));
        client.finish();
        let (empty, list) = (text::<W>(""), text::<W>("proxy:8080"));
        for (access, list, is_opened) in [
            (c::WINHTTP_ACCESS_TYPE_NAMED_PROXY, null(), false),
            (c::WINHTTP_ACCESS_TYPE_NAMED_PROXY, empty.as_ptr(), false),
            (c::WINHTTP_ACCESS_TYPE_NAMED_PROXY, list.as_ptr(), true),
            (c::WINHTTP_ACCESS_TYPE_NO_PROXY, list.as_ptr(), true),
            (c::WINHTTP_ACCESS_TYPE_DEFAULT_PROXY, empty.as_ptr(), true),
            (c::WINHTTP_ACCESS_TYPE_AUTOMATIC_PROXY, list.as_ptr(), true),
            (2, null(), false),
        ] {
            // SAFETY: the texts live through the call.
            let session = unsafe { winhttp::WinHttpOpen::<W>(null(), access, list, null(), 0) };
            assert_eq!(!session.is_null(), is_opened, "{access}");
            if is_opened {
                // SAFETY: no memory is passed.
                call(unsafe { winhttp::WinHttpCloseHandle::<W>(session) }).unwrap();
            } else {
                assert_eq!(last_error(), c::ERROR_INVALID_PARAMETER);
            }
        }
    }
}
