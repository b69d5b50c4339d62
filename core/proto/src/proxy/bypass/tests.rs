//! Which targets bypass lists mean, by the facts of their grammar.

use proptest::prelude::*;

use super::*;

fn bypasses(list: &str, url: &str) -> bool {
    let (scheme, authority) = url.split_once("://").unwrap();
    let (host, port) = split_port(authority);
    let secure = scheme == "https";
    let default = if secure { 443 } else { 80 };
    let port = port.map_or(default, |port| port.parse().unwrap());
    BypassList::parse(list).bypasses(secure, &Host::parse(host).unwrap(), port)
}

/// Each row: a list, URLs that go direct, URLs that do not.
fn check(table: &[(&str, &[&str], &[&str])]) {
    for (list, direct, proxied) in table {
        for url in *direct {
            assert!(bypasses(list, url), "{list:?} bypasses {url}");
        }
        for url in *proxied {
            assert!(!bypasses(list, url), "{list:?} does not bypass {url}");
        }
    }
}

#[test]
fn fact_29_2_1_separators_stars_and_local() {
    check(&[
        (
            "a.test;b.test c.test\td.test",
            &[
                "http://a.test",
                "http://b.test",
                "http://c.test",
                "http://d.test",
            ],
            &["http://e.test"],
        ),
        (
            "<local>",
            &["http://intranet", "https://x:8"],
            &[
                "http://a.test",
                "http://a.",
                "http://10.0.0.1",
                "http://[2001:db8::1]",
            ],
        ),
        (
            "<LOCAL>;a.test",
            &["http://intranet", "http://a.test"],
            &["http://b.test"],
        ),
        (
            "*",
            &[
                "http://a.test",
                "https://10.0.0.1:8",
                "http://[2001:db8::1]",
            ],
            &[],
        ),
        (
            "10.*",
            &["http://10.1.2.3", "http://10.example"],
            &["http://110.1.2.3"],
        ),
        (
            "aaa.*",
            &["http://aaa.test"],
            &["http://aaa", "http://xaaa.test"],
        ),
        (
            "a*.t*t",
            &["http://a.test", "http://abc.tt"],
            &["http://a.tes", "http://b.test"],
        ),
        (
            "[2001:*]",
            &["http://[2001:db8::1]"],
            &["http://[2002::1]", "http://2001"],
        ),
    ]);
}

#[test]
fn fact_29_2_2_patterns_are_whole_texts() {
    check(&[
        (
            "contoso.com",
            &["http://contoso.com"],
            &["http://www.contoso.com", "http://xcontoso.com"],
        ),
        (
            "*.contoso.com",
            &["http://www.contoso.com", "http://a.b.contoso.com"],
            &["http://contoso.com"],
        ),
        (
            ".contoso.com",
            &[],
            &[
                "http://www.contoso.com",
                "http://contoso.com",
                "http://.contoso.com",
            ],
        ),
        ("10.1.2.3", &["http://10.1.2.3"], &["http://10.1.2.4"]),
        ("012.1.2.3", &[], &["http://10.1.2.3", "http://12.1.2.3"]),
        ("10.0.0.0/8", &[], &["http://10.0.0.0", "http://10.0.0.1"]),
        ("a.test/", &[], &["http://a.test"]),
        ("10.0.0.0/8;a.test", &["http://a.test"], &["http://b.test"]),
        (
            "[2001:DB8:0::1]",
            &["http://[2001:db8::1]"],
            &["http://[2001:db8::2]"],
        ),
        (
            "2001:db8::1",
            &["http://[2001:db8::1]", "https://[2001:db8::1]:8"],
            &[],
        ),
    ]);
}

#[test]
fn fact_29_2_3_ports_case_commas_and_schemes() {
    check(&[
        (
            "a.test:80",
            &["http://a.test", "https://a.test:80"],
            &["http://a.test:8080", "https://a.test"],
        ),
        ("a.test:443", &["https://a.test"], &["http://a.test"]),
        ("*.test:8080", &["http://a.test:8080"], &["http://a.test"]),
        (
            "[2001:db8::1]:80",
            &["http://[2001:db8::1]"],
            &["http://[2001:db8::1]:81"],
        ),
        ("A.TEST", &["http://a.test", "http://A.tesT"], &[]),
        ("a.test,b.test", &["http://a.test", "http://b.test"], &[]),
        (
            "https://a.test",
            &["https://a.test", "https://a.test:8"],
            &["http://a.test", "http://a.test:443"],
        ),
        (
            "HTTP://a.test:8",
            &["http://a.test:8"],
            &["https://a.test:8", "http://a.test"],
        ),
        ("ftp://a.test", &[], &["http://a.test"]),
        ("a.test:", &["http://a.test"], &[]),
        (
            "a.test:65536;b.test:0",
            &[],
            &["http://a.test", "http://b.test"],
        ),
    ]);
}

#[test]
fn facts_29_2_4_and_39_18_this_machine_is_reached_directly() {
    let direct: &[&str] = &[
        "http://localhost",
        "https://LocalHost:8443",
        "http://127.0.0.1",
        "http://127.255.0.9:1",
        "http://[::1]",
        "http://169.254.169.254",
        "http://[fe80::1]",
        "http://[febf::1]",
        "http://[fe80::1%eth0]",
    ];
    let proxied: &[&str] = &[
        "http://localhost.example",
        "http://a.localhost",
        "http://128.0.0.1",
        "http://169.253.0.1",
        "http://[::2]",
        "http://[fec0::1]",
        "http://127.0.0.1.example",
    ];
    check(&[("", direct, proxied), ("x.test", direct, proxied)]);
}

#[test]
fn fact_29_2_5_minus_loopback_sends_this_machine_to_the_proxy() {
    let this_machine: &[&str] = &[
        "http://localhost",
        "http://127.0.0.1",
        "http://[::1]",
        "http://169.254.0.1",
        "http://[fe80::1]",
    ];
    check(&[
        ("<-loopback>", &[], this_machine),
        ("a.test;<-LOOPBACK>", &["http://a.test"], this_machine),
        (
            "<-loopback>;127.*;localhost",
            &["http://127.0.0.1", "http://localhost"],
            &["http://[::1]"],
        ),
        (
            "<-loopback>;<local>",
            &["http://localhost"],
            &["http://127.0.0.1"],
        ),
    ]);
}

#[test]
fn fact_29_2_6_blank_entries_are_none() {
    for list in ["", " ", ";", " ;, ;\t", ";;;"] {
        assert_eq!(BypassList::parse(list), BypassList::default(), "{list:?}");
    }
    check(&[("; ;a.test", &["http://a.test"], &["http://b.test"])]);
}

#[test]
fn what_cannot_be_read_matches_nothing() {
    check(&[(
        "a\r\nb.test;a.test\0;c.test\n;<local;*\x7f;http://;:80;[;https://*/",
        &[],
        &[
            "http://a.test",
            "http://b.test",
            "http://c.test",
            "http://intranet",
        ],
    )]);
}

#[test]
fn international_names_are_compared_as_they_are_looked_up() {
    check(&[
        (
            "bücher.example",
            &["http://xn--bcher-kva.example", "http://bücher.example"],
            &["http://a.bücher.example"],
        ),
        (
            "*.bücher.example",
            &["http://a.bücher.example"],
            &["http://bücher.example"],
        ),
        ("ü*x", &[], &["http://xn--x-xka"]),
    ]);
}

#[test]
fn a_huge_list_is_read_in_one_go() {
    // In quadratic time this would not end.
    let host = Host::parse(&"a".repeat(1000)).unwrap();
    for part in ["a;", "*", "a*", "<local>", ":", "[", "http://"] {
        let list = BypassList::parse(&part.repeat(1 << 18));
        let _ = list.bypasses(false, &host, 80);
    }
}

proptest! {
    #[test]
    fn any_text_is_a_list(
        list in "\\PC{0,40}|[a-c*.:/;,<>\\[\\]0-9 \\r-]{0,40}",
        host in "[a-c.0-9]{1,9}",
        port: u16,
    ) {
        let list = BypassList::parse(&list);
        if let Ok(host) = Host::parse(&host) {
            let _ = list.bypasses(false, &host, port);
        }
    }

    #[test]
    fn a_name_bypasses_itself_only(name in "[a-z]{1,5}(\\.[a-z]{1,5}){0,3}", other in "[a-z]{1,5}\\.[a-z]{1,5}") {
        let is_bypassed = bypasses(&name, &format!("http://{name}"));
        prop_assert!(is_bypassed);
        prop_assert_eq!(bypasses(&name, &format!("http://{other}")), name == other || other == "localhost");
    }
}
