//! What a session remembers: the script that was detected, or that there is none, and the text of
//! one script. All of it goes when the machine's addresses change: it is in another network then.

use std::net::IpAddr;
use std::sync::Arc;

/// A session's memory.
#[derive(Debug, Default)]
pub(super) struct Cache {
    /// The machine's addresses when it was filled.
    own: Vec<IpAddr>,
    /// The URL that was detected; `Some(None)` if there is none.
    pub(super) detected: Option<Option<String>>,
    script: Option<(String, Arc<str>)>,
    /// How often resolvers were discarded.
    pub(super) generation: u32,
}

impl Cache {
    /// What is remembered in the network in which the machine has these addresses.
    pub(super) fn of(&mut self, own: Vec<IpAddr>) -> &mut Self {
        if self.own != own {
            self.reset(false);
            self.own = own;
        }
        self
    }

    /// The script at this URL.
    pub(super) fn script(&self, url: &str) -> Option<Arc<str>> {
        let (known, script) = self.script.as_ref()?;
        (known == url).then(|| Arc::clone(script))
    }

    /// Remembers a script in place of the one before.
    pub(super) fn keep(&mut self, url: &str, script: &Arc<str>) {
        self.script = Some((url.to_owned(), Arc::clone(script)));
    }

    /// Forgets everything; with `discards_resolvers` the resolvers that exist end.
    pub(super) fn reset(&mut self, discards_resolvers: bool) {
        *self = Self {
            generation: self.generation.wrapping_add(u32::from(discards_resolvers)),
            ..Self::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fact_30_1_3_one_script_is_remembered_until_the_addresses_change() {
        let (here, there): (Vec<IpAddr>, Vec<IpAddr>) = (
            vec!["192.0.2.1".parse().unwrap()],
            vec!["192.0.2.2".parse().unwrap()],
        );
        let mut cache = Cache::default();
        let script: Arc<str> = "text".into();
        let known = cache.of(here.clone());
        known.detected = Some(None);
        known.keep("http://a/", &script);
        assert_eq!(cache.of(here.clone()).script("http://a/"), Some(script));
        assert_eq!(cache.of(here.clone()).script("http://b/"), None);
        cache.of(here.clone()).keep("http://b/", &"other".into());
        assert_eq!(cache.of(here.clone()).script("http://a/"), None);
        assert_eq!(cache.of(here.clone()).detected, Some(None));
        assert_eq!(cache.of(there).detected, None);
        assert_eq!(cache.of(here).script("http://b/"), None);
    }

    #[test]
    fn fact_30_4_5_only_a_reset_that_asks_for_it_discards_resolvers() {
        let mut cache = Cache {
            detected: Some(None),
            ..Cache::default()
        };
        cache.reset(false);
        assert_eq!((cache.detected.clone(), cache.generation), (None, 0));
        cache.reset(true);
        assert_eq!(cache.generation, 1);
        cache.reset(false);
        assert_eq!(cache.generation, 1);
    }
}
