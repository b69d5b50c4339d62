//! What the answer of a script, or a static setting, means for a URL: candidates in the order of
//! preference, and the two forms in which programs get them.

use super::{ProxyKind, ProxyServer, StaticProxy};
use crate::url::host::Host;

/// Text of an answer that is looked at: what is behind it is dropped, as no proxy list is longer.
pub const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// Candidates that are kept.
const MAX_CANDIDATES: usize = 256;

/// One way to reach a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Candidate {
    /// Without a proxy.
    Direct,
    /// Past the proxy that there is, because of its bypass list.
    Bypassed,
    /// Through this proxy.
    Proxy(ProxyServer),
}

impl Candidate {
    /// The way that a static setting says.
    #[must_use]
    pub fn of_static(setting: &StaticProxy, secure: bool, host: &Host, port: u16) -> Self {
        match setting.select(secure, host, port) {
            Some(proxy) => Self::Proxy(proxy.clone()),
            None if setting.list.for_scheme(secure).is_some() => Self::Bypassed,
            None => Self::Direct,
        }
    }
}

/// The candidates of an answer such as `PROXY a:8080; SOCKS b; DIRECT`; none if nothing in it can
/// be used.
///
/// A semicolon separates, a line break does not. What cannot be read is left out, and nothing
/// counts behind the first DIRECT.
#[must_use]
pub fn candidates(answer: &str) -> Vec<Candidate> {
    let mut end = answer.len().min(MAX_ANSWER_BYTES);
    while !answer.is_char_boundary(end) {
        end -= 1;
    }
    let mut found = Vec::new();
    for text in answer.get(..end).unwrap_or_default().split(';') {
        let Some(next) = candidate(text) else {
            continue;
        };
        let last = next == Candidate::Direct;
        found.push(next);
        if last || found.len() == MAX_CANDIDATES {
            break;
        }
    }
    found
}

/// The list of WINHTTP_PROXY_INFO, `a:8080;b:80`; `None` is NO_PROXY. Only proxies that speak HTTP
/// can stand there.
#[must_use]
pub fn list_text(candidates: &[Candidate]) -> Option<String> {
    let mut proxies = Vec::new();
    for candidate in candidates {
        match candidate {
            Candidate::Direct | Candidate::Bypassed => break,
            Candidate::Proxy(server) if server.kind == ProxyKind::Http => {
                proxies.push(server.to_string());
            }
            Candidate::Proxy(_) => {}
        }
    }
    (!proxies.is_empty()).then(|| proxies.join(";"))
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\u{a0}')
}

/// One candidate: a keyword, and the proxy behind a blank.
fn candidate(text: &str) -> Option<Candidate> {
    // Line breaks around it are harmless, and common where scripts spell lists over several lines.
    let text = text.trim_matches(|character| is_blank(character) || "\r\n".contains(character));
    let (keyword, rest) = text.split_once(is_blank).unwrap_or((text, ""));
    if keyword.eq_ignore_ascii_case("DIRECT") {
        return Some(Candidate::Direct);
    }
    let kind = kind_of(keyword)?;
    ProxyServer::parse(kind, rest.trim_matches(is_blank)).map(Candidate::Proxy)
}

/// How one talks to the proxy behind a keyword; letters of either case.
fn kind_of(keyword: &str) -> Option<ProxyKind> {
    let is = |name: &&str| keyword.eq_ignore_ascii_case(name);
    if ["PROXY", "HTTP"].iter().any(is) {
        Some(ProxyKind::Http)
    } else if is(&"HTTPS") {
        Some(ProxyKind::Https)
    } else if ["SOCKS", "SOCKS4", "SOCKS5"].iter().any(is) {
        Some(ProxyKind::Socks)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{BypassList, ProxyList};
    use super::*;

    fn shown(answer: &str) -> Vec<String> {
        let show = |candidate| match candidate {
            Candidate::Direct => "direct".to_owned(),
            Candidate::Bypassed => "bypassed".to_owned(),
            Candidate::Proxy(server) => format!("{:?} {server}", server.kind),
        };
        candidates(answer).into_iter().map(show).collect()
    }

    #[test]
    fn fact_30_1_7_how_answers_are_read() {
        for (answer, expected) in [
            ("PROXY a:8080", &["Http a:8080"][..]),
            ("proxy a:8080;Direct", &["Http a:8080", "direct"]),
            ("PROXY a; HTTP b", &["Http a:80", "Http b:80"]),
            (
                "HTTPS a;SOCKS b;SOCKS5 c:1;socks4 d",
                &["Https a:443", "Socks b:1080", "Socks c:1", "Socks d:1080"],
            ),
            ("PROXY a:0; HTTPS b:0", &["Http a:80", "Https b:443"]),
            ("PROXY a:", &["Http a:80"]),
            ("DIRECT; PROXY a", &["direct"]),
            ("PROXY a; DIRECT; PROXY b", &["Http a:80", "direct"]),
            ("DIRECT please", &["direct"]),
            ("PROXY\u{a0}a:1", &["Http a:1"]),
            ("\u{a0}PROXY \t a:1 ", &["Http a:1"]),
            ("PROXY ::1", &["Http [::1]:80"]),
            ("PROXY [::1]", &["Http [::1]:80"]),
            ("PROXY [fe80::1]:3128", &["Http [fe80::1]:3128"]),
            ("PROXY 192.0.2.1:3128;", &["Http 192.0.2.1:3128"]),
            (";;PROXY a;;", &["Http a:80"]),
            ("PROXY a;\nPROXY b", &["Http a:80", "Http b:80"]),
            // A line break separates nothing.
            ("PROXY a:1\nPROXY b:2", &[]),
            ("PROXY a:1\nDIRECT; PROXY c", &["Http c:80"]),
        ] {
            assert_eq!(shown(answer), expected, "{answer:?}");
        }
    }

    #[test]
    fn what_is_no_proxy_is_left_out() {
        for answer in [
            "",
            " ",
            ";",
            "a:8080",
            "PROXY",
            "PROXY ",
            "PROXYa:80",
            "PROXY :80",
            "PROXY a:65536",
            "PROXY a:8o80",
            "PROXY a:-1",
            "PROXY a b",
            "PROXY a\0:80",
            "PROXY a\r\nX: y",
            "PROXY http://a:80",
            "PROXY u:p@a:80",
            "PROXY [::1",
            "PROXY [::1]:1:2",
            "PROXY a:b:c",
            "QUIC a:443",
            "undefined",
        ] {
            assert_eq!(shown(answer), [""; 0], "{answer:?}");
        }
    }

    #[test]
    fn answers_have_limits() {
        let many = "PROXY a;".repeat(MAX_CANDIDATES + 1);
        assert_eq!(candidates(&many).len(), MAX_CANDIDATES);
        let late = format!("{}PROXY a", "ü;".repeat(MAX_ANSWER_BYTES / 3 + 1));
        assert_eq!(candidates(&late), []);
    }

    #[test]
    fn fact_30_1_8_the_list_has_http_proxies_before_the_first_direct() {
        for (answer, expected) in [
            ("PROXY p1;HTTP p2:8080", Some("p1:80;p2:8080")),
            ("SOCKS s;PROXY p;HTTPS t", Some("p:80")),
            ("PROXY p;DIRECT;PROXY q", Some("p:80")),
            ("PROXY ::1", Some("[::1]:80")),
            ("DIRECT;PROXY p", None),
            ("SOCKS s", None),
            ("SOCKS s;DIRECT", None),
        ] {
            let list = list_text(&candidates(answer));
            assert_eq!(list.as_deref(), expected, "{answer:?}");
        }
    }

    #[test]
    fn past_a_proxy_is_not_the_same_as_without_one() {
        let setting = StaticProxy {
            list: ProxyList::parse("http=p").unwrap(),
            bypass: BypassList::parse("*.near.example"),
        };
        let way = |secure, host| {
            let host = Host::parse(host).unwrap();
            Candidate::of_static(&setting, secure, &host, 80)
        };
        let through = Candidate::Proxy(ProxyServer::parse(ProxyKind::Http, "p").unwrap());
        assert_eq!(way(false, "far.example"), through);
        for bypassed in ["a.near.example", "localhost"] {
            assert_eq!(way(false, bypassed), Candidate::Bypassed);
            assert_eq!(way(true, bypassed), Candidate::Direct, "no proxy for https");
        }
        assert_eq!(list_text(&[Candidate::Bypassed, through]), None);
    }

    proptest! {
        #[test]
        fn any_answer_becomes_a_list_that_reads_the_same(answer in "(PROXY |SOCKS |;|DIRECT|[a-c:.\\[\\]0-9\\r\\n\\x00 ]|\\PC){0,24}") {
            let found = candidates(&answer);
            let direct = found.iter().position(|one| *one == Candidate::Direct);
            prop_assert!(direct.is_none_or(|at| at + 1 == found.len()));
            if let Some(list) = list_text(&found) {
                prop_assert!(!list.chars().any(char::is_control));
                let again: Vec<_> = list.split(';').map(|one| format!("PROXY {one}")).collect();
                prop_assert_eq!(list_text(&candidates(&again.join(";"))), Some(list));
            }
        }
    }
}
