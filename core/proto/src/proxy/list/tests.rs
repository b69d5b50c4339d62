//! What proxy lists say, by the facts of their grammar.

use proptest::prelude::*;

use super::*;

/// The proxies for http and https.
fn proxies(list: &str) -> (String, String) {
    let list = ProxyList::parse(list).unwrap_or_else(|_| panic!("{list:?}"));
    let shown = |secure| {
        let server = list.for_scheme(secure)?;
        let scheme = if server.kind == ProxyKind::Https {
            "https://"
        } else {
            ""
        };
        Some(format!("{scheme}{server}"))
    };
    let direct = || "direct".to_owned();
    (
        shown(false).unwrap_or_else(direct),
        shown(true).unwrap_or_else(direct),
    )
}

fn check(table: &[(&str, &str, &str)]) {
    for (list, http, https) in table {
        let expected = ((*http).to_owned(), (*https).to_owned());
        assert_eq!(proxies(list), expected, "{list:?}");
    }
}

#[test]
fn fact_29_1_1_entries_with_and_without_keys() {
    check(&[
        ("p", "p:80", "p:80"),
        ("p:8080", "p:8080", "p:8080"),
        ("http=p1 p2", "p1:80", "p2:80"),
        ("p2;http=p1", "p1:80", "p2:80"),
        ("HTTP=p1;Https=p2", "p1:80", "p2:80"),
        ("http=http://p:80", "p:80", "direct"),
        ("http=p1;https=p2:3128", "p1:80", "p2:3128"),
        ("http=p1\thttps=p2", "p1:80", "p2:80"),
        (";; ; p ;;", "p:80", "p:80"),
        ("ftp=f:21;socks=s:1080;http=p", "p:80", "direct"),
        ("ftp=f:21;socks=s p", "p:80", "p:80"),
        ("gopher=^;p", "p:80", "p:80"),
        ("socks=s", "direct", "direct"),
        ("[::1]:3128", "[::1]:3128", "[::1]:3128"),
        ("http=::1", "[::1]:80", "direct"),
    ]);
}

#[test]
fn what_names_no_proxy_for_http_sends_nobody_direct() {
    for list in [
        "socks5://s:1080",
        "htp=p",
        "http=p;htps=q",
        "https=ftp://f",
        "p:port",
    ] {
        assert_eq!(
            ProxyList::parse(list),
            Err(Error::InvalidParameter),
            "{list}"
        );
    }
    check(&[("http=p;htps=q;https=r", "p:80", "r:80")]);
}

#[test]
fn fact_29_1_1_and_expectation_40_keys_come_in_upper_case() {
    check(&[
        ("HTTPS=http://host:8080", "direct", "host:8080"),
        ("HTTP=HTTP://a:1;HTTPS=b:2", "a:1", "b:2"),
        ("ALL=p", "p:80", "p:80"),
    ]);
}

#[test]
fn fact_29_1_1_all_serves_both_and_empty_values_none() {
    check(&[
        ("all=p", "p:80", "p:80"),
        ("http=p1;all=p2", "p1:80", "p2:80"),
        ("all=p2 p3", "p2:80", "p2:80"),
        ("http=;p", "direct", "p:80"),
        ("p;https=", "p:80", "direct"),
        ("http=;all=p", "direct", "p:80"),
        ("all=;p", "direct", "direct"),
    ]);
}

#[test]
fn fact_29_1_1_the_last_good_entry_of_a_name_counts() {
    check(&[
        ("http=p1;http=p2", "p2:80", "direct"),
        ("http=p1;http=p2:99999", "p1:80", "direct"),
        ("http=^:x;http=p2", "p2:80", "direct"),
        ("http=p1;http=", "direct", "direct"),
        ("http=p1;http=socks4://s", "p1:80", "direct"),
    ]);
}

#[test]
fn facts_29_1_1_and_40_11_blanks_around_a_colon_belong_to_the_port() {
    check(&[
        ("p: 8083", "p:8083", "p:8083"),
        ("p :8083", "p:8083", "p:8083"),
        ("p  :\t 8083 ", "p:8083", "p:8083"),
        ("http=p1: 1 p2", "p1:1", "p2:80"),
        ("http=p1: https=p2 : 2", "p1:80", "p2:2"),
        ("p: q", "p:80", "p:80"),
        ("http=[::1]: 8", "[::1]:8", "direct"),
        ("http=fe80:: 8", "[fe80::]:80", "8:80"),
        ("http=p ::1", "p:80", "[::1]:80"),
        ("http=p;: 80 q", "p:80", "q:80"),
    ]);
}

#[test]
fn fact_29_1_2_a_missing_port_is_that_of_the_written_scheme_or_80() {
    check(&[
        ("https=p", "direct", "p:80"),
        ("https=http://p", "direct", "p:80"),
        ("http://p", "p:80", "p:80"),
        ("https://p", "https://p:443", "https://p:443"),
        ("p:0", "p:80", "p:80"),
        ("https=https://p:0", "direct", "https://p:443"),
        ("p:", "p:80", "p:80"),
    ]);
}

#[test]
fn fact_29_1_3_a_trailing_slash_goes_and_user_information_is_refused() {
    check(&[
        ("http://p:8080/", "p:8080", "p:8080"),
        ("p/", "p:80", "p:80"),
        ("http=http://p/ q", "p:80", "q:80"),
    ]);
    for bad in [
        "u@p",
        "http://u:w@p:80",
        "p;http=u:w@q",
        "socks=u:w@s;p",
        "p @",
        "http://p:80@q",
    ] {
        assert_eq!(ProxyList::parse(bad), Err(Error::InvalidParameter), "{bad}");
    }
}

#[test]
fn fact_29_1_4_only_the_first_applicable_entry_is_used() {
    check(&[
        ("p1;p2", "p1:80", "p1:80"),
        ("p1 p2:3 p3", "p1:80", "p1:80"),
        ("socks://s p2 p3", "p2:80", "p2:80"),
    ]);
}

#[test]
fn fact_29_1_5_a_scheme_without_an_entry_goes_direct() {
    check(&[
        ("http=p", "p:80", "direct"),
        ("https=p", "direct", "p:80"),
        (" ; ", "direct", "direct"),
    ]);
}

#[test]
fn fact_29_1_6_a_proxy_may_be_one_over_tls() {
    check(&[
        ("https://p:443", "https://p:443", "https://p:443"),
        ("http=HTTPS://p:8443;https=q", "https://p:8443", "q:80"),
    ]);
}

#[test]
fn what_cannot_be_read_is_refused_rather_than_gone_direct() {
    for bad in [
        "p:99999",
        "http://",
        "http:// ",
        "p/path",
        "gopher://p",
        "http=^/x",
        "https=p;http=a:b",
        "://p",
        "[::1",
        "all=p:x",
        "p\r\nq",
        "p\0",
        "p\nq",
        "p\x7f",
        "p\u{85}",
        "p?",
        "p#x",
    ] {
        assert_eq!(
            ProxyList::parse(bad),
            Err(Error::InvalidParameter),
            "{bad:?}"
        );
    }
}

#[test]
fn debug_output_of_a_refusal_cannot_show_a_password() {
    let refused = ProxyList::parse("http://u:hunter2@p");
    assert!(!format!("{refused:?}").contains("hunter2"));
}

#[test]
fn a_huge_list_is_read_in_one_go() {
    // In quadratic time this would not end.
    for part in ["p ", "p:", " :", "; ", "http=p;", "::", "p: ", "[", "]"] {
        let _ = ProxyList::parse(&part.repeat(1 << 20));
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(list in "\\PC{0,40}|[htpsal=:/;@ \\[\\]0-9\\t\\r.%]{0,40}") {
        if let Ok(read) = ProxyList::parse(&list) {
            for server in [read.for_scheme(false), read.for_scheme(true)].into_iter().flatten() {
                prop_assert!(server.kind.is_usable() && server.port != 0);
            }
            let again = ProxyList::parse(&read.to_string()).unwrap();
            // A zone is for this machine's resolver, and no text shows it.
            prop_assert!(again == read || list.contains('%'));
        }
    }

    #[test]
    fn entries_come_out_as_they_went_in(
        host in "[a-z][a-z0-9.-]{0,9}",
        port in 1..=u16::MAX,
        blanks in "[ \\t]{0,3}",
        slash in "/?",
    ) {
        let expected = format!("{host}:{port}");
        let list = format!("{blanks};http={host}{blanks}:{blanks}{port}{slash}{blanks}");
        prop_assume!(blanks.is_empty() || slash.is_empty());
        prop_assert_eq!(proxies(&list), (expected, "direct".to_owned()));
    }
}
