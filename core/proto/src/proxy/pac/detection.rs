//! Where a network's script may be announced: `wpad.<domain>` for a domain of this machine and what
//! it is part of, but never outside the organisation that has it.

use crate::cookie::public_suffix;
use crate::url::host::ends_in_number;

/// Names that are looked up at the most.
const MAX_NAMES: usize = 16;

/// The names to look up, in this order, for a machine with these domains.
///
/// Anybody could have the name directly below a public suffix, and with it all that leaves this
/// machine: there the walk stops.
#[must_use]
pub fn names<'d>(domains: impl IntoIterator<Item = &'d str>) -> Vec<String> {
    let mut names = Vec::new();
    for domain in domains {
        let domain = domain.trim_matches('.').to_ascii_lowercase();
        let mut part = Some(domain.as_str()).filter(|domain| is_domain(domain));
        let shared = public_suffix(&domain).len();
        while let Some(domain) = part.filter(|domain| domain.len() > shared) {
            let name = format!("wpad.{domain}");
            if names.len() < MAX_NAMES && !names.contains(&name) {
                names.push(name);
            }
            part = domain.split_once('.').map(|(_, parent)| parent);
        }
    }
    names
}

/// The URL of the script on the server of this name.
#[must_use]
pub fn url(name: &str) -> String {
    format!("http://{name}/wpad.dat")
}

/// The domains that a resolver's configuration names: the last `search` or `domain` line counts
/// (resolv.conf(5)).
#[must_use]
pub fn search_domains(configuration: &str) -> Vec<String> {
    let mut domains = Vec::new();
    for line in configuration.lines() {
        let mut words = line.split_ascii_whitespace();
        match words.next() {
            Some("search") => domains = words.map(str::to_owned).collect(),
            Some("domain") => domains = words.take(1).map(str::to_owned).collect(),
            Some(_) | None => {}
        }
    }
    domains
}

/// The domain in a machine's full name.
#[must_use]
pub fn domain_of(host: &str) -> Option<&str> {
    let (_, domain) = host.split_once('.')?;
    (!domain.is_empty()).then_some(domain)
}

/// Letters, digits and hyphens in labels, and no address.
fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        !label.is_empty() && label.len() <= 63 && label.bytes().all(known)
    };
    domain.len() <= 240 && domain.split('.').all(is_label) && !ends_in_number(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fact_30_3_1_the_walk_goes_up_and_stops_before_public_suffixes() {
        for (domain, expected) in [
            ("example.com", &["wpad.example.com"][..]),
            (
                "a.b.example.co.uk",
                &[
                    "wpad.a.b.example.co.uk",
                    "wpad.b.example.co.uk",
                    "wpad.example.co.uk",
                ],
            ),
            (
                "Corp.Example.COM.",
                &["wpad.corp.example.com", "wpad.example.com"],
            ),
            ("com", &[]),
            ("co.uk", &[]),
            // A top-level domain that the list does not know is a public suffix, too.
            ("local", &[]),
            ("corp.internal", &["wpad.corp.internal"]),
            ("me.github.io", &["wpad.me.github.io"]),
            ("github.io", &[]),
            ("192.0.2.1", &[]),
            ("192.0.2.0x1", &[]),
            ("", &[]),
            ("a..com", &[]),
            ("a/b.example.com", &[]),
            ("a b.example.com", &[]),
        ] {
            assert_eq!(names([domain]), expected, "{domain}");
        }
        let two = names(["a.example.com", "example.com", "b.example.org"]);
        let all = [
            "wpad.a.example.com",
            "wpad.example.com",
            "wpad.b.example.org",
            "wpad.example.org",
        ];
        assert_eq!(two, all);
        let deep = format!("{}example.com", "a.".repeat(50));
        assert_eq!(names([deep.as_str()]).len(), MAX_NAMES);
        assert_eq!(url("wpad.example.com"), "http://wpad.example.com/wpad.dat");
    }

    #[test]
    fn fact_30_3_2_the_resolvers_search_list() {
        let file = "# search no\nnameserver 192.0.2.1\nsearch a.example  b.example\n";
        assert_eq!(search_domains(file), ["a.example", "b.example"]);
        let both = "search a.example\ndomain c.example rest\n";
        assert_eq!(search_domains(both), ["c.example"]);
        assert_eq!(search_domains("options edns0"), [""; 0]);
        assert_eq!(domain_of("host.corp.example"), Some("corp.example"));
        assert_eq!(domain_of("host"), None);
        assert_eq!(domain_of("host."), None);
    }
}
