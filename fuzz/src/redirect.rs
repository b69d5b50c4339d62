//! Redirects: what a Location leads to is a URL that reads back as the same, with a request target
//! that fits on one line; policies and limits hold.
//!
//! Input: URL, method, status, rules, the Location.

use winhttp_proto::header::HeaderList;
use winhttp_proto::http1::head::ResponseHead;
use winhttp_proto::redirect::{Place, Policy, Rules, followed};
use winhttp_proto::url::host::Host;

use crate::input::Input;

/// A URL, and what it says of scheme, host and port.
const URLS: [(&str, bool, &str, u16); 4] = [
    ("http://a.example/b/c?d=e", false, "a.example", 80),
    ("https://127.0.0.1:8443/", true, "127.0.0.1", 8443),
    ("http://[::1]:81/x#y", false, "::1", 81),
    ("https://a.example/%41/..", true, "a.example", 443),
];

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let (url, secure, host, port) = URLS[input.below(URLS.len())];
    let method = ["GET", "HEAD", "POST", "PUT", "brew"][input.below(5)];
    let status = [300, 301, 302, 303, 304, 307, 308, 200][input.below(8)];
    let rules = Rules {
        policy: [Policy::Never, Policy::NotToHttp, Policy::Always][input.below(3)],
        left: u32::try_from(input.below(3)).unwrap(),
        rejects_userinfo: input.below(2) == 1,
    };
    let host = Host::parse(host).unwrap();
    let place = Place {
        secure,
        host: &host,
        port,
        method,
    };
    let mut headers = HeaderList::new();
    headers.push("Location", input.rest());
    let answer = ResponseHead {
        version_minor: 1,
        status,
        reason: String::new(),
        headers,
    };
    let Ok(Some(redirect)) = followed(rules, place, url, &answer) else {
        return;
    };
    assert!(rules.policy != Policy::Never && rules.left > 0);
    assert!(rules.policy == Policy::Always || !secure || redirect.secure);
    assert!(!redirect.becomes_get || !matches!(status, 307 | 308));
    assert!(redirect.target.starts_with('/') && redirect.port != 0);
    let is_printable = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
    assert!(is_printable(&redirect.target) && is_printable(&redirect.url));
    assert!(!redirect.target.contains('#'));
    let authority = redirect.url.split('/').nth(2).unwrap();
    assert!(!authority.contains('@'), "credentials are the program's");
    // Followed once more to itself, it is where it was.
    let mut headers = HeaderList::new();
    headers.push("Location", &redirect.url);
    let again = ResponseHead {
        status: 307,
        headers,
        ..answer
    };
    let rules = Rules {
        policy: Policy::Always,
        left: 1,
        rejects_userinfo: true,
    };
    let there = Place {
        secure: redirect.secure,
        host: &redirect.host,
        port: redirect.port,
        method: "GET",
    };
    let same = followed(rules, there, &redirect.url, &again)
        .unwrap()
        .unwrap();
    assert_eq!(
        (same.url, same.host, same.port, same.target),
        (redirect.url, redirect.host, redirect.port, redirect.target)
    );
}
