//! An ordered list of header fields whose names compare without regard to case.

use std::fmt;

use compact_str::CompactString;
use smallvec::SmallVec;

use super::text;

/// One header field: its name as first spelled and its value bytes, without surrounding blanks.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    /// The name: a token (RFC 9110 §5.1), but for what careless servers send.
    pub name: CompactString,
    /// The value as it goes over the wire.
    pub value: SmallVec<[u8; VALUE_INLINE]>,
}

/// Values up to this length need no memory of their own; most are shorter.
const VALUE_INLINE: usize = 40;

/// Fields whose values are credentials.
const SECRET_NAMES: [&str; 4] = [
    "Authorization",
    "Proxy-Authorization",
    "Cookie",
    "Set-Cookie",
];

impl Header {
    /// Whether this field is called `name`, in any case (RFC 9110 §5.1).
    #[must_use]
    pub fn is_named(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// Whether its value is a credential: it reaches no log and no error's text.
    #[must_use]
    pub(crate) fn is_secret(&self) -> bool {
        Self::is_secret_name(&self.name)
    }

    /// As [`Header::is_secret`], for the name alone.
    #[must_use]
    pub(crate) fn is_secret_name(name: &str) -> bool {
        let mut names = SECRET_NAMES.iter();
        names.any(|secret| secret.eq_ignore_ascii_case(name))
    }
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_secret() {
            write!(f, "{}: (hidden)", self.name)
        } else {
            write!(
                f,
                "{}: {}",
                self.name,
                text::decode(&self.value).escape_debug()
            )
        }
    }
}

/// Header fields in the order in which they were added or received.
///
/// The list checks nothing: values from the caller pass [`super::edit`], values from the network
/// pass [`crate::http1::head`], and both have their limits there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderList {
    headers: Vec<Header>,
}

impl HeaderList {
    /// An empty list.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            headers: Vec::new(),
        }
    }

    /// An empty list with room for so many fields.
    #[must_use]
    pub fn with_capacity(fields: usize) -> Self {
        Self {
            headers: Vec::with_capacity(fields),
        }
    }

    /// How many fields there are, repeated names counted each time.
    #[must_use]
    pub fn len(&self) -> usize {
        self.headers.len()
    }

    /// Bytes of all names and values.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let field = |header: &Header| header.name.len() + header.value.len();
        self.headers.iter().map(field).sum()
    }

    /// Whether there is no field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.headers.is_empty()
    }

    /// The fields in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Header> {
        self.headers.iter()
    }

    /// The values of all fields called `name`, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.headers
            .iter()
            .filter(move |header| header.is_named(name))
            .map(|header| &*header.value)
    }

    /// The value of field number `index` (from 0) among those called `name`.
    #[must_use]
    pub fn nth(&self, name: &str, index: usize) -> Option<&[u8]> {
        self.headers
            .get(self.position(name, index)?)
            .map(|header| &*header.value)
    }

    /// The value of the first field called `name`.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&[u8]> {
        self.nth(name, 0)
    }

    /// Whether there is a field called `name`.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.position(name, 0).is_some()
    }

    /// The members of all comma lists called `name`, trimmed and not empty (RFC 9110 §5.6.1).
    pub fn tokens<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.all(name)
            .flat_map(|value| value.split(|&byte| byte == b','))
            .map(text::trim_blanks)
            .filter(|member| !member.is_empty())
    }

    /// Whether a comma list called `name` has the member `token`, in any case.
    #[must_use]
    pub fn has_token(&self, name: &str, token: &str) -> bool {
        self.tokens(name)
            .any(|member| member.eq_ignore_ascii_case(token.as_bytes()))
    }

    /// Adds a field at the end.
    pub fn push(&mut self, name: &str, value: impl AsRef<[u8]>) {
        self.headers.push(Header {
            name: name.into(),
            value: SmallVec::from_slice(value.as_ref()),
        });
    }

    /// The last field.
    pub(crate) fn last_mut(&mut self) -> Option<&mut Header> {
        self.headers.last_mut()
    }

    /// Leaves exactly one field called `name`: the first one gets `value`, or it is added.
    pub fn set(&mut self, name: &str, value: impl AsRef<[u8]>) {
        let Some(first) = self.position(name, 0) else {
            return self.push(name, value);
        };
        let mut number = 0;
        self.headers.retain_mut(|header| {
            let keep = number <= first || !header.is_named(name);
            if number == first {
                header.value = SmallVec::from_slice(value.as_ref());
            }
            number += 1;
            keep
        });
    }

    /// Removes the fields whose names `keeps` does not keep.
    pub(crate) fn retain(&mut self, mut keeps: impl FnMut(&str) -> bool) {
        self.headers.retain(|header| keeps(&header.name));
    }

    /// Removes all fields called `name` and says how many they were.
    pub fn remove(&mut self, name: &str) -> usize {
        let before = self.headers.len();
        self.headers.retain(|header| !header.is_named(name));
        before - self.headers.len()
    }

    /// Removes field number `index` (from 0) among those called `name`, if it is there.
    pub(crate) fn remove_nth(&mut self, name: &str, index: usize) -> Option<Header> {
        let position = self.position(name, index)?;
        Some(self.headers.remove(position))
    }

    /// Appends `separator` and `value` to the first field called `name`; `false` if there is none.
    pub(crate) fn coalesce(
        &mut self,
        name: &str,
        separator: &str,
        value: impl AsRef<[u8]>,
    ) -> bool {
        let Some(header) = self.headers.iter_mut().find(|header| header.is_named(name)) else {
            return false;
        };
        header.value = [&*header.value, separator.as_bytes(), value.as_ref()]
            .concat()
            .into();
        true
    }

    fn position(&self, name: &str, index: usize) -> Option<usize> {
        let mut named = self
            .headers
            .iter()
            .enumerate()
            .filter(|(_, header)| header.is_named(name));
        named.nth(index).map(|(position, _)| position)
    }
}

impl<'a> IntoIterator for &'a HeaderList {
    type Item = &'a Header;
    type IntoIter = std::slice::Iter<'a, Header>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(pairs: &[(&str, &str)]) -> HeaderList {
        let mut list = HeaderList::new();
        for (name, value) in pairs {
            list.push(name, value);
        }
        list
    }

    #[test]
    fn names_compare_without_case_and_keep_their_spelling() {
        let list = list(&[("ETag", "1"), ("b", "x"), ("etag", "2")]);
        assert_eq!(list.all("ETAG").collect::<Vec<_>>(), [b"1", b"2"]);
        assert_eq!(list.nth("etAG", 1), Some(&b"2"[..]));
        assert_eq!(list.nth("etag", 2), None);
        assert_eq!(&*list.iter().next().unwrap().name, "ETag");
        assert!(list.contains("B") && !list.contains("c"));
    }

    #[test]
    fn set_leaves_one_instance_in_the_place_of_the_first() {
        let mut changed = list(&[("a", "1"), ("b", "2"), ("A", "3"), ("c", "4")]);
        changed.set("A", "new");
        assert_eq!(changed, list(&[("a", "new"), ("b", "2"), ("c", "4")]));
        changed.set("d", "5");
        assert_eq!(changed.nth("D", 0), Some(&b"5"[..]));
    }

    #[test]
    fn remove_takes_all_instances_and_remove_nth_one() {
        let mut changed = list(&[("a", "1"), ("b", "2"), ("A", "3")]);
        let removed = changed.remove_nth("a", 1).unwrap();
        assert_eq!(&*removed.value, b"3");
        assert!(changed.remove_nth("a", 1).is_none());
        assert_eq!(changed.remove("A"), 1);
        assert_eq!(changed, list(&[("b", "2")]));
    }

    #[test]
    fn tokens_are_found_across_instances_and_blanks() {
        let list = list(&[("Connection", "keep-alive ,"), ("connection", " ,UPGRADE")]);
        assert!(list.has_token("Connection", "upgrade"));
        assert!(list.has_token("Connection", "Keep-Alive"));
        assert!(!list.has_token("Connection", "keep"));
        assert!(!list.has_token("Connection", ""));
    }

    #[test]
    fn debug_output_hides_credentials() {
        let text = format!(
            "{:?}",
            list(&[("authorization", "Basic c2VjcmV0"), ("a", "b\n")])
        );
        assert_eq!(
            text,
            r"HeaderList { headers: [authorization: (hidden), a: b\n] }"
        );
    }
}
