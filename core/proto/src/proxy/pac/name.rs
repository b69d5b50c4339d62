//! What scripts do with names: isPlainHostName, dnsDomainIs, localHostOrDomainIs, dnsDomainLevels,
//! shExpMatch.

/// Steps of one comparison: nothing can interrupt it.
const MAX_GLOB_STEPS: usize = 4 * 1024 * 1024;

/// A name without a domain: no dot, and no colon of an IPv6 address.
#[must_use]
pub fn is_plain_host_name(host: &str) -> bool {
    !host.contains(['.', ':'])
}

/// The host's name ends in this domain.
#[must_use]
pub fn dns_domain_is(host: &str, domain: &str) -> bool {
    host.ends_with(domain)
}

/// The names are the same, or the host has no domain and is the other's first part.
#[must_use]
pub fn local_host_or_domain_is(host: &str, full: &str) -> bool {
    let rest = full.strip_prefix(host);
    host == full || rest.is_some_and(|rest| rest.starts_with('.'))
}

/// The dots in a name.
#[must_use]
pub fn dns_domain_levels(host: &str) -> usize {
    host.bytes().filter(|byte| *byte == b'.').count()
}

/// Whether the whole text fits a pattern in which `*` stands for any text and `?` for any
/// character. A comparison that would take too long fails.
#[must_use]
pub fn sh_exp_match(text: &str, pattern: &str) -> bool {
    if text.len() > MAX_GLOB_STEPS || pattern.len() > MAX_GLOB_STEPS {
        return false;
    }
    let text: Vec<char> = text.chars().collect();
    let pattern: Vec<char> = pattern.chars().collect();
    let (mut at, mut want) = (0, 0);
    // Where the last `*` is, and where its text ends so far.
    let mut star: Option<(usize, usize)> = None;
    for _ in 0..MAX_GLOB_STEPS {
        match (text.get(at), pattern.get(want)) {
            (_, Some('*')) => {
                star = Some((want, at));
                want += 1;
            }
            (Some(_), Some('?')) => (at, want) = (at + 1, want + 1),
            (Some(have), Some(wanted)) if have == wanted => (at, want) = (at + 1, want + 1),
            (None, None) => return true,
            (None, Some(_)) => return false,
            (Some(_), _) => {
                let Some((place, end)) = star else {
                    return false;
                };
                star = Some((place, end + 1));
                (at, want) = (end + 1, place + 1);
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fact_30_2_3_names() {
        for (host, plain, levels) in [
            ("www", true, 0),
            ("www.mozilla.org", false, 2),
            ("mozilla.org.", false, 2),
            ("::1", false, 0),
            ("", true, 0),
        ] {
            assert_eq!(
                (is_plain_host_name(host), dns_domain_levels(host)),
                (plain, levels)
            );
        }
        for (host, domain, expected) in [
            ("www.mozilla.org", ".mozilla.org", true),
            ("www", ".mozilla.org", false),
            ("www.mozilla.org.evil", ".mozilla.org", false),
            ("xmozilla.org", "mozilla.org", true),
        ] {
            assert_eq!(dns_domain_is(host, domain), expected, "{host} {domain}");
        }
        for (host, full, expected) in [
            ("www.mozilla.org", "www.mozilla.org", true),
            ("www", "www.mozilla.org", true),
            ("www.google.com", "www.mozilla.org", false),
            ("home.mozilla.org", "www.mozilla.org", false),
            ("ww", "www.mozilla.org", false),
        ] {
            assert_eq!(
                local_host_or_domain_is(host, full),
                expected,
                "{host} {full}"
            );
        }
    }

    #[test]
    fn fact_30_2_3_patterns_match_the_whole_text() {
        for (text, pattern, expected) in [
            (
                "http://home.netscape.com/people/ari/index.html",
                "*/ari/*",
                true,
            ),
            (
                "http://home.netscape.com/people/montulli/index.html",
                "*/ari/*",
                false,
            ),
            ("a.example", "a.example", true),
            ("a.example", "a?example", true),
            ("a.example", "example", false),
            ("a.example", "*.example", true),
            ("a.example.x", "*.example", false),
            ("aexample", "a.example", false),
            ("A", "a", false),
            ("", "", true),
            ("", "*", true),
            ("", "?", false),
            ("a", "", false),
            ("ü", "?", true),
            ("abcabd", "*abd", true),
            ("a[b]+", "a[b]+", true),
            ("aaa", "*a*a*a*", true),
            ("aa", "*a*a*a*", false),
            ("a*b", "a*b", true),
        ] {
            assert_eq!(sh_exp_match(text, pattern), expected, "{text} {pattern}");
        }
        let text = "a".repeat(MAX_GLOB_STEPS / 2);
        assert!(!sh_exp_match(
            &text,
            &format!("*{}b", "a".repeat(MAX_GLOB_STEPS / 4))
        ));
    }
}
