//! The text in which proxy settings are stored: lines of `key = value`; those that begin with `#`
//! are comments.
//!
//! | key | value |
//! |---|---|
//! | `default-proxy` | the machine's proxy list; empty is "directly" |
//! | `default-bypass` | its bypass list |
//! | `auto-detect` | `yes` or `no`: the user's settings are detected |
//! | `pac-url` | the user's script |
//! | `proxy`, `bypass` | the user's proxy list and bypass list |
//! | `version` | how often the settings were written |
//!
//! A later line goes before an earlier one; one that is not UTF-8 sets nothing. A proxy list that
//! cannot be read, or that holds a password, counts as not there.

use std::fmt::Write as _;

use super::list::ProxyList;
use crate::error::{Error, Result};

/// The longest text, in bytes.
pub const STORED_MAX: usize = 64 * 1024;

/// The largest version. A text with a larger one has none: a process counts on from what it reads,
/// and must not come to the end of the numbers.
pub const VERSION_MAX: u32 = u32::MAX / 2;

/// What some editors put in front of UTF-8.
const MARK: char = '\u{feff}';

/// Two texts of a static setting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StaticTexts {
    /// The proxy list; `None` is "directly".
    pub proxy: Option<String>,
    /// The bypass list.
    pub bypass: Option<String>,
}

/// What a user has configured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserTexts {
    /// The script's URL is to be detected.
    pub auto_detect: bool,
    /// The URL of a script.
    pub pac_url: Option<String>,
    /// The static setting.
    pub fixed: StaticTexts,
}

/// Stored settings; `None` is what nobody has stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// The machine's.
    pub machine: Option<StaticTexts>,
    /// The user's.
    pub user: Option<UserTexts>,
    /// How often they were written, at most [`VERSION_MAX`].
    pub version: u32,
}

impl Stored {
    /// Reads a text. What cannot be read in it is passed over.
    #[must_use]
    pub fn parse(text: impl AsRef<[u8]>) -> Self {
        let mut stored = Self::default();
        let mut bypass = None;
        for (key, value) in lines(text.as_ref()).filter_map(pair) {
            if key == Key::DefaultBypass {
                bypass = filled(value);
            } else {
                stored.hear(key, value);
            }
        }
        // A bypass list alone says nothing.
        if let Some(machine) = &mut stored.machine {
            machine.bypass = bypass;
        }
        stored
    }

    fn hear(&mut self, key: Key, value: &str) {
        match key {
            Key::DefaultProxy if is_list(value) => {
                self.machine.get_or_insert_default().proxy = filled(value);
            }
            Key::AutoDetect => {
                self.user.get_or_insert_default().auto_detect = value == "yes";
            }
            Key::PacUrl => self.user.get_or_insert_default().pac_url = filled(value),
            Key::Proxy if is_list(value) => {
                self.user.get_or_insert_default().fixed.proxy = filled(value);
            }
            Key::Bypass => self.user.get_or_insert_default().fixed.bypass = filled(value),
            Key::Version => {
                let version = value.parse().ok();
                let version = version.filter(|version| *version <= VERSION_MAX);
                self.version = version.unwrap_or(self.version);
            }
            Key::DefaultProxy | Key::Proxy | Key::DefaultBypass => {}
        }
    }

    /// The text that says this, with the comments and whatever else is in an older one: byte by
    /// byte, as nobody knows in which code somebody else has written that.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for values that do not fit on a line, for proxy lists that
    /// cannot be read, and for too much of all.
    pub fn rewritten(&self, old: impl AsRef<[u8]>) -> Result<Vec<u8>> {
        let mut text = Vec::new();
        for line in lines(old.as_ref()).filter(|line| pair(line).is_none()) {
            text.extend_from_slice(line);
            if !line.ends_with(b"\n") {
                text.push(b'\n');
            }
        }
        text.extend_from_slice(self.own_lines()?.as_bytes());
        if text.len() > STORED_MAX {
            return Err(Error::InvalidParameter);
        }
        Ok(text)
    }

    fn own_lines(&self) -> Result<String> {
        let mut text = String::new();
        if let Some(machine) = &self.machine {
            line(
                &mut text,
                Key::DefaultProxy,
                machine.proxy.as_deref().unwrap_or(""),
            )?;
            if let Some(bypass) = &machine.bypass {
                line(&mut text, Key::DefaultBypass, bypass)?;
            }
        }
        if let Some(user) = &self.user {
            line(
                &mut text,
                Key::AutoDetect,
                if user.auto_detect { "yes" } else { "no" },
            )?;
            for (key, value) in [
                (Key::PacUrl, &user.pac_url),
                (Key::Proxy, &user.fixed.proxy),
                (Key::Bypass, &user.fixed.bypass),
            ] {
                if let Some(value) = value {
                    line(&mut text, key, value)?;
                }
            }
        }
        line(&mut text, Key::Version, &self.version.to_string())?;
        Ok(text)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    DefaultProxy,
    DefaultBypass,
    AutoDetect,
    PacUrl,
    Proxy,
    Bypass,
    Version,
}

const KEYS: [(&str, Key); 7] = [
    ("default-proxy", Key::DefaultProxy),
    ("default-bypass", Key::DefaultBypass),
    ("auto-detect", Key::AutoDetect),
    ("pac-url", Key::PacUrl),
    ("proxy", Key::Proxy),
    ("bypass", Key::Bypass),
    ("version", Key::Version),
];

/// All lines, with their ends.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|byte| *byte == b'\n')
}

/// A line that sets something. Any may have a mark, as any may be the first one some day.
fn pair(line: &[u8]) -> Option<(Key, &str)> {
    let line = std::str::from_utf8(line).ok()?;
    let line = line.strip_prefix(MARK).unwrap_or(line);
    let (key, value) = line.split_once('=')?;
    let named = KEYS.iter().find(|(name, _)| *name == key.trim());
    named.map(|(_, key)| (*key, value.trim()))
}

fn line(text: &mut String, key: Key, value: &str) -> Result<()> {
    let is_proxy = matches!(key, Key::DefaultProxy | Key::Proxy);
    if value.contains(|c: char| c.is_control() && c != '\t') || (is_proxy && !is_list(value)) {
        return Err(Error::InvalidParameter);
    }
    if let Some((name, _)) = KEYS.iter().find(|(_, of)| *of == key) {
        // A String takes everything.
        let _ = writeln!(text, "{name} = {value}");
    }
    Ok(())
}

fn filled(value: &str) -> Option<String> {
    (!value.is_empty()).then(|| value.to_owned())
}

fn is_list(text: &str) -> bool {
    ProxyList::parse(text).is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fixed(proxy: Option<&str>, bypass: Option<&str>) -> StaticTexts {
        StaticTexts {
            proxy: proxy.map(str::to_owned),
            bypass: bypass.map(str::to_owned),
        }
    }

    #[test]
    fn a_mark_of_utf_8_is_no_part_of_a_line() {
        let stored = Stored::parse("\u{feff}auto-detect = yes\n");
        assert!(stored.user.is_some_and(|user| user.auto_detect));
        let rewritten = Stored::default()
            .rewritten("\u{feff}proxy = old\n")
            .unwrap();
        assert_eq!(Stored::parse(&rewritten), Stored::default());
        // What is kept means nothing else where it becomes the first line.
        let old = "proxy = old\n\u{feff}bypass = old\n\u{feff}\u{feff}proxy = p\n";
        let rewritten = Stored::default().rewritten(old).unwrap();
        assert_eq!(Stored::parse(&rewritten), Stored::default());
        let comment = Stored::default().rewritten("\u{feff}# mine\n").unwrap();
        assert_eq!(comment, "\u{feff}# mine\nversion = 0\n".as_bytes());
    }

    #[test]
    fn what_others_wrote_keeps_its_bytes() {
        let old: &[u8] = b"# caf\xe9\r\nproxy = old\r\nother = \xff\xfe\r\r\nbypass = \xe9\n\0\r";
        assert_eq!(
            Stored::parse(old).user.unwrap().fixed,
            fixed(Some("old"), None)
        );
        let new = Stored {
            version: 3,
            ..Stored::default()
        };
        let kept: &[u8] = b"# caf\xe9\r\nother = \xff\xfe\r\r\nbypass = \xe9\n\0\r\nversion = 3\n";
        let text = new.rewritten(old).unwrap();
        assert_eq!(text, kept);
        assert_eq!(Stored::parse(&text), new);
        assert_eq!(new.rewritten(&text).unwrap(), kept);
    }

    #[test]
    fn lines_are_read_in_any_order_and_form() {
        let read = Stored::parse(
            "# a comment = not a key\n default-proxy=http=p;q \r\n\ndefault-bypass = <local>;a b\n\
             pac-url= http://p/x?a=b\nauto-detect =yes\nproxy = p:8\nbypass=\nversion = 7\n\
             other = x\nno line at all",
        );
        assert_eq!(
            read.machine,
            Some(fixed(Some("http=p;q"), Some("<local>;a b")))
        );
        let user = read.user.unwrap();
        assert_eq!(
            (user.auto_detect, user.pac_url.as_deref()),
            (true, Some("http://p/x?a=b"))
        );
        assert_eq!(user.fixed, fixed(Some("p:8"), None));
        assert_eq!(read.version, 7);
    }

    #[test]
    fn what_is_not_there_is_not_the_same_as_what_is_empty() {
        assert_eq!(Stored::parse(""), Stored::default());
        assert_eq!(
            Stored::parse("default-proxy =").machine,
            Some(fixed(None, None))
        );
        assert_eq!(Stored::parse("default-bypass = x").machine, None);
        let turned = Stored::parse("default-bypass = x\ndefault-proxy = p");
        assert_eq!(turned.machine, Some(fixed(Some("p"), Some("x"))));
        assert_eq!(
            Stored::parse("auto-detect = no").user,
            Some(UserTexts::default())
        );
    }

    #[test]
    fn what_cannot_be_used_is_passed_over() {
        for text in [
            "default-proxy = u:w@p",
            "proxy = p:99999",
            "default-proxy = p\0",
            "DEFAULT-PROXY = p",
            "default proxy = p",
            "version = -1",
            "version = 2147483648",
            "version = 4294967295",
            "version = 99999999999",
        ] {
            assert_eq!(Stored::parse(text), Stored::default(), "{text:?}");
        }
        let read = Stored::parse("default-proxy = p\ndefault-proxy = u:hunter2@q\nauto-detect = 1");
        assert_eq!(read.machine, Some(fixed(Some("p"), None)));
        assert!(!read.user.as_ref().unwrap().auto_detect);
        assert!(!format!("{read:?}").contains("hunter2"));
    }

    #[test]
    fn writing_keeps_what_others_wrote() {
        let old = "# mine\nproxy = old\nother = x\n\ndefault-proxy = old\n";
        let new = Stored {
            machine: Some(fixed(None, None)),
            user: None,
            version: 3,
        };
        let text = new.rewritten(old).unwrap();
        let expected = "# mine\nother = x\n\ndefault-proxy = \nversion = 3\n";
        assert_eq!(text, expected.as_bytes());
        assert_eq!(Stored::parse(&text), new);
    }

    #[test]
    fn values_that_would_be_other_lines_are_refused() {
        let refused = |proxy: &str, bypass: &str| {
            let stored = Stored {
                machine: Some(fixed(Some(proxy), Some(bypass))),
                ..Stored::default()
            };
            stored.rewritten("") == Err(Error::InvalidParameter)
        };
        assert!(!refused("p", "a.test"));
        assert!(refused("p\nproxy = evil", "a"));
        assert!(refused("p", "a\r\nproxy = evil"));
        assert!(refused("p", "a\0"));
        assert!(refused("u:w@p", "a"));
        assert!(refused("p", &"a".repeat(STORED_MAX)));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            proxy in proptest::option::of("[a-z]{1,5}(:[1-9])?"),
            bypass in proptest::option::of("[a-z*;.=#]{1,9}"),
            pac_url in proptest::option::of("http://[a-z=?/#]{1,9}"),
            auto_detect: bool,
            version in 0..=VERSION_MAX,
            old in "\\PC{0,20}(\r?\n[a-z=# \u{feff}]{0,9}){0,4}",
        ) {
            let stored = Stored {
                machine: Some(StaticTexts { proxy: proxy.clone(), bypass: bypass.clone() }),
                user: Some(UserTexts { auto_detect, pac_url, fixed: StaticTexts { proxy, bypass } }),
                version,
            };
            let text = stored.rewritten(&old).unwrap();
            prop_assert_eq!(Stored::parse(&text), stored.clone());
            prop_assert_eq!(stored.rewritten(&text).unwrap(), text);
        }

        #[test]
        fn any_bytes_are_kept(
            bytes in proptest::collection::vec(
                proptest::sample::select(b"\r\n\0=# \xef\xbb\xbf\xe9\xff".to_vec()),
                0..40,
            ),
        ) {
            let text = Stored::default().rewritten(&bytes).unwrap();
            let own = text.strip_prefix(&*bytes).unwrap();
            let own = own.strip_prefix(b"\n").unwrap_or(own);
            prop_assert_eq!(own, b"version = 0\n");
        }

        #[test]
        fn any_text_is_read(text in "(\\PC{0,20}|\u{feff}?(default-)?(proxy|bypass|version) ?= ?[a-z:@]{0,6}|\n){0,9}") {
            let read = Stored::parse(&text);
            let again = Stored::parse(read.rewritten(&text).unwrap());
            prop_assert_eq!(again, read);
        }
    }
}
