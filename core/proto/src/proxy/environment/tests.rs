//! What the environment's variables say, and how that is reported.

use proptest::prelude::*;

use super::*;
use crate::url::host::Host;

fn read(variables: &[(&str, &str)]) -> Option<EnvironmentProxy> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    EnvironmentProxy::read(variables.iter().map(owned))
}

/// The list that is reported; `None` without a proxy.
fn list(variables: &[(&str, &str)]) -> Option<String> {
    Some(read(variables)?.proxy.list.to_string())
}

#[test]
fn fact_30_5_6_proxies_by_scheme_and_for_all() {
    for (variables, expected) in [
        (&[][..], None),
        (&[("http_proxy", "http://p:3128")], Some("http=p:3128")),
        (&[("https_proxy", "p")], Some("https=p:80")),
        (&[("all_proxy", "http://p:1/")], Some("p:1")),
        (
            &[("http_proxy", "p:1"), ("https_proxy", "q:2")],
            Some("http=p:1;https=q:2"),
        ),
        (
            &[("http_proxy", "p:1"), ("all_proxy", "q:2")],
            Some("http=p:1;https=q:2"),
        ),
        (&[("https_proxy", "https://p")], Some("https=https://p:443")),
        (
            &[("HTTPS_PROXY", "p:1"), ("ALL_PROXY", "q:2")],
            Some("http=q:2;https=p:1"),
        ),
        (&[("http_proxy", " HTTP://p:1/x?y ")], Some("http=p:1")),
        (&[("http_proxy", "[::1]:1")], Some("http=[::1]:1")),
        (&[("all_proxy", "socks5://s:1080")], None),
        (
            &[("http_proxy", "socks5://s"), ("all_proxy", "p:1")],
            Some("p:1"),
        ),
        (&[("http_proxy", "p:x")], None),
        (&[("http_proxy", "gopher://p")], None),
        (&[("http_proxy", "p\r\nX: y")], None),
        (&[("no_proxy", "*")], None),
    ] {
        assert_eq!(list(variables).as_deref(), expected, "{variables:?}");
    }
}

#[test]
fn fact_30_5_6_lower_case_goes_first_and_empty_is_none() {
    for (variables, expected) in [
        (
            &[("http_proxy", "p:1"), ("HTTP_PROXY", "q:2")],
            Some("http=p:1"),
        ),
        (
            &[("http_proxy", ""), ("HTTP_PROXY", "q:2")],
            Some("http=q:2"),
        ),
        (&[("all_proxy", "p:1"), ("ALL_PROXY", "q:2")], Some("p:1")),
        (
            &[("https_proxy", "p:1"), ("HTTPS_PROXY", "q:2")],
            Some("https=p:1"),
        ),
        (&[("http_proxy", ""), ("https_proxy", "")], None),
        (&[("Http_Proxy", "p:1"), ("https-proxy", "p:1")], None),
    ] {
        assert_eq!(list(variables).as_deref(), expected, "{variables:?}");
    }
}

#[test]
fn fact_30_5_6_a_web_servers_http_proxy_is_a_clients_header() {
    let cgi = ("REQUEST_METHOD", "GET");
    assert_eq!(list(&[cgi, ("HTTP_PROXY", "evil:1")]), None);
    let both = [cgi, ("HTTP_PROXY", "evil:1"), ("http_proxy", "p:1")];
    assert_eq!(list(&both).as_deref(), Some("http=p:1"));
    let other = [cgi, ("HTTP_PROXY", "evil:1"), ("HTTPS_PROXY", "p:1")];
    assert_eq!(list(&other).as_deref(), Some("https=p:1"));
}

/// Which hosts go direct with a `no_proxy`, of those that are asked for.
fn directs<'h>(no_proxy: &str, hosts: &[&'h str]) -> Vec<&'h str> {
    let read = read(&[("http_proxy", "p"), ("no_proxy", no_proxy)]).unwrap();
    let is_direct = |host: &&&str| {
        let host = Host::parse(host).unwrap();
        read.proxy.select(false, &host, 80).is_none()
    };
    hosts.iter().filter(is_direct).copied().collect()
}

#[test]
fn facts_30_5_6_and_40_7_no_proxy_has_unixs_grammar() {
    for (no_proxy, direct, proxied) in [
        (
            "example.com",
            &[
                "example.com",
                "www.EXAMPLE.com",
                "a.b.example.com",
                "example.com.",
            ][..],
            &["xexample.com", "example.com.test"][..],
        ),
        (
            ".example.com",
            &["example.com", "www.example.com"],
            &["xexample.com"],
        ),
        (
            "*.Example.com.",
            &["example.com", "www.example.com"],
            &["xexample.com"],
        ),
        (
            "a.test,b.test c.test;d.test",
            &["a.test", "b.test", "c.test", "d.test"],
            &["e.test"],
        ),
        ("*", &["a.test", "10.0.0.1", "2001:db8::1"], &[]),
        ("10.0.0.0/8", &["10.1.2.3"], &["11.0.0.1", "10.example"]),
        (
            "172.16.0.0/12",
            &["172.16.0.1", "172.31.255.255"],
            &["172.32.0.1", "172.15.0.1"],
        ),
        ("1.2.3.4/0", &["9.9.9.9"], &["a.test", "2001:db8::1"]),
        ("1.2.3.4/32,1.2.3.5", &["1.2.3.4", "1.2.3.5"], &["1.2.3.6"]),
        ("2001:db8::/32", &["2001:db8:1::2"], &["2001:db9::1"]),
        ("[2001:db8::]/33", &["2001:db8::1"], &["2001:db8:8000::1"]),
        ("::/0", &["2001:db8::1"], &["1.2.3.4"]),
        ("fd00::1,[fd00::2]", &["fd00::1", "fd00::2"], &["fd00::3"]),
        ("a.test:80,b.test:81", &["a.test", "x.a.test"], &["b.test"]),
        ("<local>", &["intranet"], &["a.test"]),
        ("<-loopback>", &[], &["localhost", "127.0.0.1"]),
        ("", &["localhost", "127.0.0.1"], &["a.test"]),
        ("bücher.example", &["xn--bcher-kva.example"], &[]),
        ("192.168.*", &["192.168.1.1"], &["192.169.1.1"]),
        ("a.test..", &[], &["a.test", "a.test.", "x.a.test."]),
        (
            "10.0.0.0/33,10.0.0.0/x,10.0.0.0/,10/8,a.test/8,::/129,a.test:0,a.test:+80,a.test:x,a\r.test,.,:80,10.0.0.0/+8",
            &[],
            &["10.0.0.0", "a.test"],
        ),
    ] {
        assert_eq!(directs(no_proxy, direct), direct, "{no_proxy}");
        assert_eq!(directs(no_proxy, proxied), [""; 0], "{no_proxy}");
    }
}

#[test]
fn facts_30_5_6_and_39_22_no_proxy_is_reported_in_winhttps_grammar() {
    for (no_proxy, reported) in [
        ("example.com", Some("example.com;*.example.com")),
        (".Example.com:81", Some("example.com:81;*.example.com:81")),
        ("*", Some("*")),
        ("10.0.0.0/8,1.2.3.0/24", Some("10.*;1.2.3.*")),
        ("10.4.0.0/14", Some("10.4.*;10.5.*;10.6.*;10.7.*")),
        ("1.2.3.5/31,1.2.3.9/32", Some("1.2.3.4;1.2.3.5;1.2.3.9")),
        ("128.0.0.0/7", Some("128.*;129.*")),
        ("254.0.0.0/7", Some("254.*;255.*")),
        (
            "2001:db8::/32,fd00::1,fd00::2/128",
            Some("[2001:db8:*];[fd00::1];[fd00::2]"),
        ),
        ("fc00::/7,0.0.0.0/0,::/0", None),
        ("<local>,<-loopback>", Some("<local>;<-loopback>")),
        ("a/b,,,a.test..", None),
        ("3,b.4,c.0x5", Some("3;b.4;c.0x5")),
    ] {
        let read = read(&[("all_proxy", "p"), ("NO_PROXY", no_proxy)]).unwrap();
        assert_eq!(read.bypass_text.as_deref(), reported, "{no_proxy}");
    }
}

#[test]
fn fact_40_7_names_and_passwords_are_for_the_proxy_and_never_shown() {
    let login = |url: &str, secure| {
        let name = if secure { "https_proxy" } else { "http_proxy" };
        let read = read(&[(name, url)])?;
        assert_eq!(read.login(!secure), None);
        let login = read.login(secure)?;
        Some((
            login.user.expose().to_owned(),
            login.password.expose().to_owned(),
        ))
    };
    for (url, user, password) in [
        ("http://u:w@p:1", "u", "w"),
        ("u@p", "u", ""),
        ("http://u%40x:a%3Ab%2@p", "u@x", "a:b%2"),
        ("https://u:w:x@p/", "u", "w:x"),
        ("http://u:w@x@p", "u", "w@x"),
        ("http://%C3%BC:%zz%4@p", "ü", "%zz%4"),
    ] {
        for secure in [false, true] {
            assert_eq!(
                login(url, secure),
                Some((user.to_owned(), password.to_owned()))
            );
        }
    }
    assert_eq!(login("http://:w@p", false), None);
    assert_eq!(login("http://p", false), None);
    assert_eq!(list(&[("http_proxy", "http://%ff:w@p")]), None, "no UTF-8");

    let both = [
        ("http_proxy", "http://alice:hunter2@p:1"),
        ("https_proxy", "http://bob:hunter3@p:1"),
    ];
    let read = read(&both).unwrap();
    let shown = format!("{read:?} {} {:?}", read.proxy.list, read.bypass_text);
    for hidden in ["alice", "bob", "hunter"] {
        assert!(!shown.contains(hidden), "{shown}");
    }
    let user = |secure| read.login(secure).unwrap().user.expose();
    assert_eq!((user(false), user(true)), ("alice", "bob"));
}

proptest! {
    #[test]
    fn what_is_reported_bypasses_no_more_than_what_was_read(
        no_proxy in "((a|b)?\\.?(a|b)\\.test|10\\.[0-9]\\.0\\.0(/(9|1[0-9]|2[0-9]))?|2001:db8:(1)?::/(32|40|48)|[a-b:/.*0-9]{0,4}|,){0,5}",
        host in "(a|b)(\\.(a|b))?\\.test|10\\.[0-9]{1,2}\\.0\\.0|\\[2001:db8:[01]::1\\]",
    ) {
        let read = read(&[("http_proxy", "p"), ("no_proxy", &no_proxy)]).unwrap();
        let host = Host::parse(&host).unwrap();
        if let Some(text) = &read.bypass_text {
            let reported = BypassList::parse(text).bypasses(false, &host, 80);
            let exact = read.proxy.bypass.bypasses(false, &host, 80);
            prop_assert!(exact || !reported, "{text}");
        }
    }

    #[test]
    fn any_variable_is_read(value in "\\PC{0,30}|[a-z:/@%0-9\\[\\].*,]{0,30}") {
        let url = [("http_proxy", &*value), ("no_proxy", &value)];
        if let Some(read) = read(&url) {
            let _ = read.proxy.select(false, &Host::parse("a.test").unwrap(), 80);
        }
        let _ = directs(&value, &["a.test", "10.0.0.1", "::1"]);
    }
}
