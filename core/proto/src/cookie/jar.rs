//! The cookies of a session: which are kept, for how long, and which a leg gets (RFC 6265 §5.3,
//! §5.4; 6265bis §5.7).

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::matching::{Scope, default_path, path_matches, with_parents};
use super::parse::{COOKIE_MAX_BYTES, SetCookie};
use super::{Pairs, RequestUri};
use crate::header::HeaderList;
use crate::url::host::is_within;

/// Most cookies of one domain; the oldest make room (RFC 6265 §6.1).
pub const COOKIES_OF_A_DOMAIN_MAX: usize = 50;

/// Most cookies of all domains; the oldest make room (RFC 6265 §6.1).
pub const COOKIES_MAX: usize = 3000;

/// Most bytes that a request gets of cookies: those that a program may give a field. A host has
/// many parents, each with its cookies.
pub const PAIRS_MAX_BYTES: usize = crate::header::text::MAX_FIELD_BYTES;

/// Names that promise how the cookie was set, in any case (6265bis §4.1.3).
const PREFIX_SECURE: &[u8] = b"__Secure-";
const PREFIX_HOST: &[u8] = b"__Host-";

/// The cookies of one session, in memory only.
#[derive(Default)]
pub struct Jar {
    /// Of each domain from the oldest on; no list is empty.
    domains: BTreeMap<Box<str>, Vec<Cookie>>,
    /// How many there are.
    count: usize,
    /// How many were ever stored: a cookie's age.
    stored: u64,
}

struct Cookie {
    name: Box<[u8]>,
    value: Box<[u8]>,
    path: Box<[u8]>,
    /// Not for what is below its domain.
    host_only: bool,
    secure: bool,
    /// Since 1970; `None` with the session.
    expires: Option<Duration>,
    /// [`Jar::stored`] when it was: later ones are newer.
    number: u64,
}

impl Jar {
    /// An empty jar.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many cookies it has, those included that have ended and were not looked at since.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Takes the cookies of an answer to this leg at this time since 1970.
    pub fn keep(&mut self, uri: &RequestUri, answer: &HeaderList, now: Duration) {
        for line in answer.all("Set-Cookie") {
            self.keep_line(uri, line, now);
        }
    }

    /// Takes the cookie of one Set-Cookie line, or deletes the one that it names.
    pub fn keep_line(&mut self, uri: &RequestUri, line: &[u8], now: Duration) {
        let Some(set) = SetCookie::parse(line, now) else {
            return;
        };
        let Some(scope) = Scope::of(set.domain, uri) else {
            return;
        };
        let path = set.path.unwrap_or_else(|| default_path(&uri.path));
        let is_refused = path.len() > COOKIE_MAX_BYTES
            || (set.secure && !uri.secure)
            || !keeps_promise(&set, &scope)
            || (!uri.secure && self.shadows_secure(&set, &scope.domain, path, now));
        if is_refused {
            return;
        }
        self.remove(&scope.domain, set.name, path);
        if is_over(set.expires, now) {
            return;
        }
        self.make_room(&scope.domain, now);
        self.stored += 1;
        self.count += 1;
        let cookie = Cookie {
            name: set.name.into(),
            value: set.value.into(),
            path: path.into(),
            host_only: scope.host_only,
            secure: set.secure,
            expires: set.expires,
            number: self.stored,
        };
        self.domains.entry(scope.domain).or_default().push(cookie);
    }

    /// The cookies that this leg gets at this time, from the newest on (observed), as far as they
    /// fit into [`PAIRS_MAX_BYTES`].
    #[must_use]
    pub fn pairs(&self, uri: &RequestUri, now: Duration) -> Pairs {
        let mut found: Vec<&Cookie> = self
            .of_host(uri)
            .flat_map(|(domain, cookies)| cookies.iter().map(move |cookie| (domain, cookie)))
            .filter(|(domain, cookie)| cookie.is_for(uri, domain) && (uri.secure || !cookie.secure))
            .map(|(_, cookie)| cookie)
            .filter(|cookie| !is_over(cookie.expires, now))
            .collect();
        found.sort_unstable_by_key(|cookie| std::cmp::Reverse(cookie.number));
        let mut pairs = Vec::new();
        for cookie in found {
            let separator: &[u8] = if pairs.is_empty() {
                b""
            } else {
                Pairs::SEPARATOR
            };
            let pair = [separator, &cookie.name, b"=", &cookie.value].concat();
            if pairs.len() + pair.len() > PAIRS_MAX_BYTES {
                break;
            }
            pairs.extend(pair);
        }
        Pairs(pairs)
    }

    /// Forgets what this leg would get, and what it would get if it were secure
    /// (PASSPORT_SIGN_OUT).
    pub fn forget(&mut self, uri: &RequestUri) {
        let domains: Vec<Box<str>> = self.of_host(uri).map(|(domain, _)| domain.into()).collect();
        for domain in domains {
            self.retain(&domain, |cookie| !cookie.is_for(uri, &domain));
        }
    }

    /// The cookies of its host, and of the domains that it is part of.
    fn of_host<'a>(&'a self, uri: &'a RequestUri) -> impl Iterator<Item = (&'a str, &'a [Cookie])> {
        let levels = if uri.is_name { usize::MAX } else { 1 };
        let domains = with_parents(&uri.host).take(levels);
        domains.filter_map(|domain| Some((domain, self.domains.get(domain)?.as_slice())))
    }

    /// Over http nothing may stand in for a secure cookie, not even for an empty value (6265bis
    /// §5.7 step 16).
    fn shadows_secure(
        &self,
        set: &SetCookie<'_>,
        domain: &str,
        path: &[u8],
        now: Duration,
    ) -> bool {
        let is_related = |other: &str| is_within(domain, other) || is_within(other, domain);
        let related = self.domains.iter().filter(|(other, _)| is_related(other));
        related.flat_map(|(_, cookies)| cookies).any(|cookie| {
            cookie.secure
                && *cookie.name == *set.name
                && path_matches(path, &cookie.path)
                && !is_over(cookie.expires, now)
        })
    }

    fn remove(&mut self, domain: &str, name: &[u8], path: &[u8]) {
        self.retain(domain, |cookie| {
            *cookie.name != *name || *cookie.path != *path
        });
    }

    /// Lets one more cookie of this domain in.
    fn make_room(&mut self, domain: &str, now: Duration) {
        let is_full = |jar: &Self| {
            let cookies = jar.domains.get(domain);
            cookies.is_some_and(|cookies| cookies.len() >= COOKIES_OF_A_DOMAIN_MAX)
        };
        if is_full(self) {
            self.retain(domain, |cookie| !is_over(cookie.expires, now));
        }
        if is_full(self) {
            self.remove_oldest(domain);
        }
        if self.count < COOKIES_MAX {
            return;
        }
        self.domains.retain(|_, cookies| {
            cookies.retain(|cookie| !is_over(cookie.expires, now));
            !cookies.is_empty()
        });
        self.count = self.domains.values().map(Vec::len).sum();
        if self.count < COOKIES_MAX {
            return;
        }
        let age = |cookies: &Vec<Cookie>| cookies.first().map(|cookie| cookie.number);
        let oldest = self.domains.iter().min_by_key(|(_, cookies)| age(cookies));
        if let Some(domain) = oldest.map(|(domain, _)| domain.clone()) {
            self.remove_oldest(&domain);
        }
    }

    fn remove_oldest(&mut self, domain: &str) {
        let mut is_first = true;
        self.retain(domain, |_| !std::mem::take(&mut is_first));
    }

    /// Keeps of this domain what `keeps` says, asked from the oldest on.
    fn retain(&mut self, domain: &str, keeps: impl FnMut(&Cookie) -> bool) {
        let Some(cookies) = self.domains.get_mut(domain) else {
            return;
        };
        let before = cookies.len();
        cookies.retain(keeps);
        self.count -= before - cookies.len();
        if cookies.is_empty() {
            self.domains.remove(domain);
        }
    }
}

impl Cookie {
    /// Host and path are right. `domain` is its own, which the leg's host is or is part of.
    fn is_for(&self, uri: &RequestUri, domain: &str) -> bool {
        (!self.host_only || *uri.host == *domain) && path_matches(uri.path.as_bytes(), &self.path)
    }
}

/// Shows no cookie.
impl fmt::Debug for Jar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jar")
            .field("len", &self.count)
            .finish_non_exhaustive()
    }
}

/// A cookie that ends now has ended.
fn is_over(expires: Option<Duration>, now: Duration) -> bool {
    expires.is_some_and(|end| end <= now)
}

/// 6265bis §5.7: a `__Secure-` cookie is secure; a `__Host-` cookie also names its path, the root,
/// and is for its host alone. That only https can set secure cookies is asked elsewhere.
fn keeps_promise(set: &SetCookie<'_>, scope: &Scope) -> bool {
    let promises = |prefix: &[u8]| {
        let start = set.name.get(..prefix.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    if promises(PREFIX_HOST) {
        return set.secure && scope.host_only && set.path == Some(b"/");
    }
    set.secure || !promises(PREFIX_SECURE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::url::host::Host;

    const NOW: Duration = Duration::from_secs(1_000_000_000);

    fn uri(url: &str) -> RequestUri {
        let (scheme, rest) = url.split_once("://").unwrap();
        let (host, path) = rest.split_once('/').unwrap();
        RequestUri::new(
            &Host::parse(host).unwrap(),
            scheme == "https",
            &format!("/{path}"),
        )
    }

    fn later(seconds: u64) -> Duration {
        NOW + Duration::from_secs(seconds)
    }

    /// A jar after these URLs have answered with these lines.
    fn after(answers: &[(&str, &str)]) -> Jar {
        let mut jar = Jar::new();
        for (url, line) in answers {
            jar.keep_line(&uri(url), line.as_bytes(), NOW);
        }
        jar
    }

    fn sent(jar: &Jar, url: &str) -> String {
        sent_at(jar, url, NOW)
    }

    fn sent_at(jar: &Jar, url: &str, now: Duration) -> String {
        String::from_utf8(jar.pairs(&uri(url), now).bytes().to_vec()).unwrap()
    }

    const HERE: &str = "http://a.example/cookie";

    #[test]
    fn facts_7_2_and_27_3_1_the_newest_comes_first_and_a_new_value_makes_new() {
        let mut jar = after(&[(HERE, "name=value"), (HERE, "NAME=value")]);
        assert_eq!(
            sent(&jar, "http://a.example/cookie2"),
            "NAME=value; name=value"
        );
        jar.keep_line(&uri(HERE), b"name=", NOW);
        assert_eq!(sent(&jar, HERE), "name=; NAME=value");
        assert_eq!(jar.len(), 2);
    }

    #[test]
    fn fact_27_3_1_name_domain_and_path_tell_cookies_apart() {
        let jar = after(&[
            (HERE, "a=1"),
            (HERE, "a=2; Path=/x"),
            (HERE, "a=3; Domain=a.example"),
            ("http://b.a.example/", "a=4"),
            (HERE, "A=5"),
        ]);
        // With Domain or without, the domain is the same.
        assert_eq!(sent(&jar, HERE), "A=5; a=3");
        assert_eq!(sent(&jar, "http://a.example/x"), "A=5; a=3; a=2");
        assert_eq!(sent(&jar, "http://b.a.example/"), "a=4; a=3");
    }

    #[test]
    fn fact_27_3_1_a_cookie_without_domain_stays_with_its_host() {
        let jar = after(&[
            (HERE, "own=1"),
            ("http://b.a.example/", "all=2; Domain=a.example"),
        ]);
        assert_eq!(sent(&jar, HERE), "all=2; own=1");
        assert_eq!(sent(&jar, "http://b.a.example/"), "all=2");
        assert_eq!(sent(&jar, "http://c.b.a.example/"), "all=2");
        assert_eq!(sent(&jar, "http://xa.example/"), "");
        assert_eq!(sent(&jar, "http://b.example/"), "");
    }

    #[test]
    fn fact_27_3_1_nobody_sets_cookies_for_a_public_suffix_or_for_others() {
        for (url, line) in [
            ("http://a.co.uk/", "a=1; Domain=co.uk"),
            ("http://a.github.io/", "a=1; Domain=github.io"),
            ("http://a.example/", "a=1; Domain=b.example"),
            ("http://a.example/", "a=1; Domain=b.a.example"),
            ("http://127.0.0.1/", "a=1; Domain=0.0.1"),
        ] {
            assert!(after(&[(url, line)]).is_empty(), "{line} of {url}");
        }
        let jar = after(&[("http://github.io/", "a=1; Domain=github.io")]);
        assert_eq!(sent(&jar, "http://github.io/"), "a=1");
        assert_eq!(sent(&jar, "http://a.github.io/"), "");
    }

    #[test]
    fn fact_27_3_1_paths() {
        let jar = after(&[
            ("http://a.example/x/y", "default=1"),
            ("http://a.example/x/y", "given=2; Path=/z"),
            ("http://a.example/x/y?/deep/", "bad=3; Path=z"),
        ]);
        assert_eq!(sent(&jar, "http://a.example/x"), "bad=3; default=1");
        assert_eq!(
            sent(&jar, "http://a.example/x/other?/z"),
            "bad=3; default=1"
        );
        assert_eq!(sent(&jar, "http://a.example/z/"), "given=2");
        assert_eq!(sent(&jar, "http://a.example/xy"), "");
    }

    #[test]
    fn fact_27_3_1_secure_cookies_are_for_https_and_of_https() {
        let jar = after(&[
            ("https://a.example/", "s=1; Secure"),
            ("https://a.example/", "p=2"),
            (HERE, "refused=3; Secure"),
        ]);
        assert_eq!(sent(&jar, "https://a.example/"), "p=2; s=1");
        assert_eq!(sent(&jar, HERE), "p=2");
    }

    #[test]
    fn http_neither_replaces_nor_shadows_a_secure_cookie() {
        let mut jar = after(&[("https://a.example/", "s=1; Secure; Path=/p; Max-Age=5")]);
        for (url, line) in [
            ("http://a.example/p/", "s=2; Path=/p"),
            ("http://a.example/p/q/", "s=2"),
            ("http://b.a.example/p/", "s=2; Domain=a.example"),
            ("http://b.a.example/p/", "s=2"),
            ("http://a.example/p/", "s=; Path=/p; Max-Age=0"),
        ] {
            jar.keep_line(&uri(url), line.as_bytes(), NOW);
            assert_eq!(
                sent(&jar, "https://a.example/p/q"),
                "s=1",
                "{line} of {url}"
            );
            assert_eq!(jar.len(), 1, "{line} of {url}");
        }
        jar.keep_line(&uri("http://a.example/"), b"s=other-path", NOW);
        jar.keep_line(&uri("http://c.example/p/"), b"s=other-host", NOW);
        jar.keep_line(&uri("http://a.example/p/"), b"S=other-name", NOW);
        assert_eq!(jar.len(), 4);
        // https may, and http when the cookie is over.
        jar.keep_line(
            &uri("https://a.example/"),
            b"s=2; Path=/p; Secure; Max-Age=5",
            NOW,
        );
        assert_eq!(
            sent(&jar, "https://a.example/p"),
            "s=2; S=other-name; s=other-path"
        );
        jar.keep_line(&uri(HERE), b"s=3; Path=/p", later(5));
        assert_eq!(
            sent_at(&jar, "http://a.example/p", later(5)),
            "s=3; S=other-name; s=other-path"
        );
    }

    #[test]
    fn fact_27_3_1_prefixes_are_promises() {
        for (url, line, is_kept) in [
            ("https://a.example/", "__Secure-a=1; Secure", true),
            (
                "https://a.example/",
                "__Secure-a=1; Secure; Domain=a.example",
                true,
            ),
            ("https://a.example/", "__Secure-a=1", false),
            ("https://a.example/", "__sEcUrE-a=1", false),
            ("http://a.example/", "__Secure-a=1; Secure", false),
            ("https://a.example/", "__Host-a=1; Secure; Path=/", true),
            ("https://a.example/", "__Host-a=1; Secure", false),
            ("https://a.example/", "__Host-a=1; Path=/", false),
            ("https://a.example/", "__host-a=1; Path=/", false),
            ("https://a.example/", "__Host-a=1; Secure; Path=/x", false),
            (
                "https://a.example/",
                "__Host-a=1; Secure; Path=/; Domain=a.example",
                false,
            ),
            ("http://a.example/", "__Host-a=1; Secure; Path=/", false),
            ("http://a.example/", "__Hosta=1", true),
            ("http://a.example/", "a__Secure-=1", true),
        ] {
            assert_eq!(
                after(&[(url, line)]).len(),
                usize::from(is_kept),
                "{line} of {url}"
            );
        }
    }

    #[test]
    fn fact_27_3_1_a_cookie_ends_at_its_time_and_a_past_one_deletes() {
        let mut jar = after(&[(HERE, "a=1; Max-Age=10"), (HERE, "b=2")]);
        assert_eq!(sent_at(&jar, HERE, later(9)), "b=2; a=1");
        assert_eq!(sent_at(&jar, HERE, later(10)), "b=2");
        assert_eq!(
            sent_at(&jar, HERE, later(0)),
            "b=2; a=1",
            "the clock was set back"
        );
        jar.keep_line(&uri(HERE), b"a=; Max-Age=0", NOW);
        jar.keep_line(
            &uri(HERE),
            b"b=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/other",
            NOW,
        );
        assert_eq!((sent(&jar, HERE).as_str(), jar.len()), ("b=2", 1));
        jar.keep_line(
            &uri(HERE),
            b"b=3; Expires=Sun, 09 Sep 2001 01:46:40 GMT",
            NOW,
        );
        assert!(jar.is_empty());
    }

    #[test]
    fn fact_27_3_1_a_domain_has_50_cookies_and_the_oldest_make_room() {
        let mut jar = Jar::new();
        for number in 0..COOKIES_OF_A_DOMAIN_MAX {
            jar.keep_line(&uri(HERE), format!("n{number}=").as_bytes(), NOW);
        }
        jar.keep_line(&uri("http://b.a.example/"), b"other=", NOW);
        jar.keep_line(&uri(HERE), b"n0=new", NOW);
        assert_eq!(
            jar.len(),
            COOKIES_OF_A_DOMAIN_MAX + 1,
            "replacing needs no room"
        );
        jar.keep_line(&uri(HERE), b"more=; Max-Age=5", NOW);
        let all = sent(&jar, HERE);
        assert!(
            all.starts_with("more=; n0=new; n49=;") && all.ends_with("n3=; n2="),
            "{all}"
        );
        // One that is over goes before the oldest that is not.
        jar.keep_line(&uri(HERE), b"again=", later(5));
        let all = sent(&jar, HERE);
        assert!(
            all.starts_with("again=; n0=new; n49=;") && all.ends_with("n3=; n2="),
            "{all}"
        );
        assert_eq!(jar.len(), COOKIES_OF_A_DOMAIN_MAX + 1);
    }

    #[test]
    fn fact_27_3_1_all_domains_have_3000_cookies_and_the_oldest_make_room() {
        let mut jar = Jar::new();
        let url = |number: usize| format!("http://h{number}.example/");
        for number in 0..COOKIES_MAX {
            let end = if number == 7 { "; Max-Age=5" } else { "" };
            jar.keep_line(&uri(&url(number)), format!("a={end}").as_bytes(), NOW);
        }
        assert_eq!(jar.len(), COOKIES_MAX);
        jar.keep_line(&uri(HERE), b"one=", later(5));
        assert_eq!(jar.len(), COOKIES_MAX, "what was over has gone");
        assert_eq!(
            (sent(&jar, &url(0)).as_str(), sent(&jar, &url(7)).as_str()),
            ("a=", "")
        );
        jar.keep_line(&uri(HERE), b"two=", later(5));
        assert_eq!(jar.len(), COOKIES_MAX);
        assert_eq!(
            (sent(&jar, &url(0)).as_str(), sent(&jar, &url(1)).as_str()),
            ("", "a=")
        );
        assert_eq!(sent(&jar, HERE), "two=; one=");
    }

    #[test]
    fn a_request_gets_no_more_bytes_of_cookies_than_a_field_has() {
        let value = "v".repeat(4000);
        let mut jar = Jar::new();
        for number in 0..30 {
            jar.keep_line(&uri(HERE), format!("n{number:02}={value}").as_bytes(), NOW);
        }
        let all = sent(&jar, HERE);
        assert_eq!(
            all.len(),
            16 * 4004 + 15 * 2,
            "the 16 newest, one more is too much"
        );
        assert!(all.starts_with("n29=") && all.contains("; n14=") && all.len() <= PAIRS_MAX_BYTES);
    }

    #[test]
    fn a_path_from_a_long_url_has_a_limit_too() {
        for (bytes, kept) in [(COOKIE_MAX_BYTES, 1), (COOKIE_MAX_BYTES + 1, 0)] {
            let url = format!("http://a.example/{}/", "p".repeat(bytes - 1));
            assert_eq!(after(&[(&url, "a=b")]).len(), kept, "{bytes}");
        }
    }

    #[test]
    fn fact_27_1_4_a_url_is_forgotten_secure_cookies_included() {
        let mut jar = after(&[
            ("https://b.a.example/", "s=1; Secure"),
            ("https://b.a.example/", "parent=2; Domain=a.example"),
            ("https://b.a.example/", "path=3; Path=/x"),
            ("https://a.example/", "alone=4"),
        ]);
        jar.forget(&uri("http://b.a.example/sign-out"));
        assert_eq!(sent(&jar, "https://b.a.example/x"), "path=3");
        assert_eq!(sent(&jar, "https://a.example/"), "alone=4");
        assert_eq!(jar.len(), 2);
    }

    #[test]
    fn all_lines_of_an_answer_count_and_no_other_field() {
        let mut answer = HeaderList::new();
        for (name, value) in [
            ("Set-Cookie", "a=1, b=2"),
            ("set-cookie", "c=3"),
            ("Set-Cookie2", "d=4"),
            ("Cookie", "e=5"),
        ] {
            answer.push(name, value);
        }
        let mut jar = Jar::new();
        jar.keep(&uri(HERE), &answer, NOW);
        assert_eq!(sent(&jar, HERE), "c=3; a=1, b=2");
    }

    #[test]
    fn debug_texts_have_no_cookie() {
        let jar = after(&[(HERE, "name=secret")]);
        let text = format!("{jar:?} {:?}", jar.pairs(&uri(HERE), NOW));
        assert!(!text.contains("secret"), "{text}");
    }
}
