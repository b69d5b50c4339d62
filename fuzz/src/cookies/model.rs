//! A jar that is a list: every rule is looked for in all of it, on text.

use std::time::Duration;

use winhttp_proto::http_date;
use winhttp_proto::url::host::Host;

/// A leg, with what is known of its host.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub host: &'static str,
    /// The shortest domain above it that has one owner.
    pub owned: Option<&'static str>,
    pub path: &'static str,
    pub secure: bool,
}

/// From the oldest on.
#[derive(Default)]
pub struct Model(Vec<Cookie>);

/// Texts are Latin-1: a character for each byte.
#[derive(Clone, Default)]
struct Cookie {
    name: String,
    value: String,
    domain: String,
    host_only: bool,
    path: String,
    /// The path is `/`, and not by default.
    names_root: bool,
    secure: bool,
    ends: Option<Duration>,
}

impl Model {
    pub fn keep(&mut self, place: &Place, line: &[u8], now: Duration) {
        self.0.retain(|cookie| cookie.lives(now));
        let Some(new) = Cookie::read(place, line, now) else {
            return;
        };
        let lower = new.name.to_ascii_lowercase();
        let is_promise_kept = match () {
            () if lower.starts_with("__host-") => new.secure && new.host_only && new.names_root,
            () if lower.starts_with("__secure-") => new.secure,
            () => true,
        };
        let is_related = |one: &str, other: &str| {
            let (one, other) = (format!(".{one}"), format!(".{other}"));
            one.ends_with(&other) || other.ends_with(&one)
        };
        let shadows = self.0.iter().any(|old| {
            old.secure
                && old.name == new.name
                && is_related(&old.domain, &new.domain)
                && is_path_below(&new.path, &old.path)
        });
        if !is_promise_kept || (!place.secure && (new.secure || shadows)) {
            return;
        }
        self.0.retain(|old| {
            (&old.name, &old.domain, &old.path) != (&new.name, &new.domain, &new.path)
        });
        if !new.lives(now) {
            return;
        }
        let of_domain = |old: &Cookie| old.domain == new.domain;
        if self.0.iter().filter(|old| of_domain(old)).count() == 50 {
            let oldest = self.0.iter().position(of_domain).unwrap();
            self.0.remove(oldest);
        }
        self.0.push(new);
    }

    pub fn forget(&mut self, place: &Place) {
        self.0.retain(|cookie| !cookie.is_for(place));
    }

    pub fn pairs(&self, place: &Place, now: Duration) -> Vec<u8> {
        let mut pairs = String::new();
        for cookie in self.0.iter().rev() {
            if !cookie.is_for(place) || !cookie.lives(now) || (cookie.secure && !place.secure) {
                continue;
            }
            let separator = if pairs.is_empty() { "" } else { "; " };
            let pair = format!("{separator}{}={}", cookie.name, cookie.value);
            if (pairs.clone() + &pair).chars().count() > 65536 {
                break;
            }
            pairs += &pair;
        }
        pairs.chars().map(|character| character as u8).collect()
    }
}

impl Cookie {
    fn read(place: &Place, line: &[u8], now: Duration) -> Option<Self> {
        if line
            .iter()
            .any(|&byte| byte == 127 || (byte < 32 && byte != b'\t'))
        {
            return None;
        }
        let text: String = line.iter().copied().map(char::from).collect();
        let parts: Vec<&str> = text.split(';').collect();
        let (name, value) = parts[0].split_once('=')?;
        let mut cookie = Self {
            name: trimmed(name),
            value: trimmed(value),
            ..Self::default()
        };
        let length = cookie.name.chars().count() + cookie.value.chars().count();
        if cookie.name.is_empty() || length > 4096 {
            return None;
        }
        // The last attribute of each name that means something.
        let last = |name: &str, means: &dyn Fn(&str) -> bool| -> Option<String> {
            let attributes = parts[1..]
                .iter()
                .rev()
                .map(|part| part.split_once('=').unwrap_or((part, "")));
            let named = attributes.filter(|(other, _)| trimmed(other).eq_ignore_ascii_case(name));
            let short = named
                .map(|(_, value)| trimmed(value))
                .filter(|value| value.chars().count() <= 1024);
            short.into_iter().find(|value| means(value))
        };
        let any = |_: &str| true;
        cookie.secure = last("secure", &any).is_some();
        cookie.names_root = last("path", &any).as_deref() == Some("/");
        cookie.path = match last("path", &any) {
            Some(path) if path.starts_with('/') => path,
            _ => match place.path.rfind('/') {
                Some(0) | None => "/".to_owned(),
                Some(end) => place.path[..end].to_owned(),
            },
        };
        let date = |value: &str| http_date::parse(&String::from_utf8_lossy(&bytes(value)));
        if let Some(value) = last("expires", &|value| date(value).is_some()) {
            cookie.ends = Some(http_date::since_1970(&date(&value).unwrap()));
        }
        let is_number = |value: &str| {
            let digits = value.strip_prefix('-').unwrap_or(value);
            !digits.is_empty() && digits.chars().all(|digit| digit.is_ascii_digit())
        };
        if let Some(age) = last("max-age", &is_number) {
            // Too many digits are for ever.
            let seconds = match age.starts_with('-') {
                true => 0,
                false => age.parse().unwrap_or(u64::MAX),
            };
            cookie.ends = Some(match seconds {
                0 => Duration::ZERO,
                _ => now.saturating_add(Duration::from_secs(seconds)),
            });
        }
        let attribute = bytes(&last("domain", &any).unwrap_or_default());
        let domain = attribute.strip_prefix(b".").unwrap_or(&attribute);
        (cookie.domain, cookie.host_only) = scope(place, domain)?;
        Some(cookie)
    }

    fn lives(&self, now: Duration) -> bool {
        self.ends.is_none_or(|end| now < end)
    }

    fn is_for(&self, place: &Place) -> bool {
        let is_below = place.owned.is_some() && place.host.ends_with(&format!(".{}", self.domain));
        (place.host == self.domain || (is_below && !self.host_only))
            && is_path_below(place.path, &self.path)
    }
}

/// Domain, and whether it means the host alone; `None` if the host may not name it.
fn scope(place: &Place, domain: &[u8]) -> Option<(String, bool)> {
    if domain.is_empty() {
        return Some((place.host.to_owned(), true));
    }
    let text = std::str::from_utf8(domain).ok()?;
    let domain = if text.is_ascii() {
        text.to_ascii_lowercase()
    } else {
        Host::parse(text).ok()?.name().to_ascii_lowercase()
    };
    let Some(owned) = place.owned else {
        return (domain == place.host).then_some((domain, true));
    };
    let is_parent = format!(".{}", place.host).ends_with(&format!(".{domain}"));
    (is_parent && domain.len() >= owned.len()).then_some((domain, false))
}

fn is_path_below(path: &str, cookie: &str) -> bool {
    path == cookie
        || path.starts_with(&format!("{}/", cookie.strip_suffix('/').unwrap_or(cookie)))
            && path.starts_with(cookie)
}

fn trimmed(text: &str) -> String {
    text.trim_matches([' ', '\t']).to_owned()
}

fn bytes(text: &str) -> Vec<u8> {
    text.chars().map(|character| character as u8).collect()
}
