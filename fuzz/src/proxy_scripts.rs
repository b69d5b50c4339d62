//! What scripts are asked and answer, and their functions without I/O.
//!
//! Input: two short texts, then the rest. Holds the library to: an answer's list has no control
//! characters and reads back as the same; nothing stands behind DIRECT; a question has no user
//! information, no fragment, and of https no path; a pattern matches what the definition says;
//! times, addresses and domains never panic, and no name for detection is a public suffix's.

use winhttp_proto::cookie::public_suffix;
use winhttp_proto::proxy::pac::time::{self, Argument, Moment};
use winhttp_proto::proxy::pac::{HostCase, Question, address, detection, name, source};
use winhttp_proto::proxy::pac_result::{Candidate, candidates, list_text};

use crate::input::Input;

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let first = String::from_utf8_lossy(input.short()).into_owned();
    let second = String::from_utf8_lossy(input.short()).into_owned();
    let rest = source::text(input.rest()).into_owned();
    answer(&rest);
    for case in [HostCase::Kept, HostCase::Lower] {
        question(&rest, case);
    }
    pattern(&first, &second);
    addresses(&first, &second, &rest);
    times(&rest);
    let configuration = detection::search_domains(&rest);
    for name in detection::names(configuration.iter().map(String::as_str)) {
        let domain = name.strip_prefix("wpad.").expect("the prefix");
        assert!(domain.len() > public_suffix(domain).len(), "{domain}");
        assert!(Question::about(&detection::url(&name), HostCase::Kept).is_ok());
    }
}

fn answer(text: &str) {
    let found = candidates(text);
    let direct = found.iter().position(|one| *one == Candidate::Direct);
    assert!(direct.is_none_or(|place| place + 1 == found.len()));
    let Some(list) = list_text(&found) else {
        return;
    };
    assert!(!list.chars().any(|one| one.is_control() || one == ' '));
    let again: Vec<String> = list.split(';').map(|one| format!("PROXY {one}")).collect();
    assert_eq!(list_text(&candidates(&again.join(";"))), Some(list));
}

fn question(url: &str, case: HostCase) {
    let Ok(question) = Question::about(url, case) else {
        return;
    };
    let (scheme, rest) = question.url.split_once("://").expect("a scheme");
    assert!(scheme == "http" || scheme == "https");
    let (authority, path) = rest.split_once('/').expect("a path");
    assert!(!authority.contains('@') && !question.url.contains('#'));
    assert!(scheme == "http" || path.is_empty());
    let name = authority.strip_prefix('[').unwrap_or(authority);
    assert!(authority.starts_with(&question.host) || name.starts_with(&question.host));
    let server = question.server();
    assert!(server.is_none_or(|(secure, _, _)| secure == (scheme == "https")));
}

fn pattern(text: &str, pattern: &str) {
    let (text_chars, pattern_chars) = (text.chars().collect::<Vec<_>>(), pattern.chars());
    // Which beginnings of the text fit the beginning of the pattern that was looked at.
    let mut fits = vec![false; text_chars.len() + 1];
    fits[0] = true;
    for wanted in pattern_chars {
        let before = fits.clone();
        for end in 0..fits.len() {
            fits[end] = match wanted {
                '*' => before[end] || (end > 0 && fits[end - 1]),
                '?' => end > 0 && before[end - 1],
                wanted => end > 0 && before[end - 1] && text_chars[end - 1] == wanted,
            };
        }
    }
    assert_eq!(
        name::sh_exp_match(text, pattern),
        fits[text_chars.len()],
        "{text:?} {pattern:?}"
    );
}

fn addresses(first: &str, second: &str, rest: &str) {
    let _ = (
        address::convert_addr(first),
        address::is_in_net_ex(first, second),
    );
    if let Ok(address) = first.parse() {
        let _ = address::is_in_net(address, second, rest);
        assert!(address::is_in_net_ex(first, &format!("{address}/32")));
        assert!(address::is_in_net_ex(first, "0.0.0.0/0"));
        assert_eq!(address::convert_addr(first), u32::from(address));
    }
    let sorted = address::sort_ip_address_list(rest);
    assert_eq!(address::sort_ip_address_list(&sorted), sorted);
}

fn times(text: &str) {
    let arguments: Vec<Argument> = text
        .split_whitespace()
        .map(|word| match word.parse() {
            Ok(number) => Argument::Number(number),
            Err(_) => Argument::Text(word.to_owned()),
        })
        .collect();
    let (arguments, _) = time::split_zone(&arguments);
    let now = Moment {
        year: 2024,
        month: 1,
        day: 29,
        weekday: 4,
        hour: 23,
        minute: 59,
        second: 59,
    };
    let _ = time::weekday_range(&now, arguments);
    let _ = time::date_range(&now, arguments);
    let _ = time::time_range(&now, arguments);
}
