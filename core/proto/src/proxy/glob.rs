//! Texts with `*` for any characters, compared in any ASCII case.

/// A pattern. Matching takes time in proportion to pattern and text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Glob {
    /// What stands before the first `*`, in lower case; all of it, if there is none.
    start: String,
    /// What follows each `*`; runs of them count as one.
    rest: Vec<String>,
}

impl Glob {
    pub(super) fn new(pattern: &str) -> Self {
        let pattern = pattern.to_ascii_lowercase();
        let (start, rest) = match pattern.split_once('*') {
            Some((start, rest)) => (start, Some(rest)),
            None => (&*pattern, None),
        };
        let mut parts: Vec<String> = Vec::new();
        for part in rest.into_iter().flat_map(|rest| rest.split('*')) {
            match parts.last_mut() {
                Some(last) if last.is_empty() => part.clone_into(last),
                _ => parts.push(part.to_owned()),
            }
        }
        Self {
            start: start.to_owned(),
            rest: parts,
        }
    }

    /// The whole of a text in lower case is like this.
    ///
    /// The first place for each part is the best one: it leaves the most to the others.
    pub(super) fn matches(&self, text: &str) -> bool {
        let Some(mut text) = text.strip_prefix(&*self.start) else {
            return false;
        };
        let Some((end, middle)) = self.rest.split_last() else {
            return text.is_empty();
        };
        for part in middle {
            match text.find(&**part) {
                Some(at) => text = &text[at + part.len()..],
                None => return false,
            }
        }
        text.ends_with(&**end)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stars_stand_for_any_characters() {
        for (pattern, like, unlike) in [
            ("a", &["a"][..], &["", "b", "aa", "ba"][..]),
            ("", &[""], &["a"]),
            ("*", &["", "a", "a.b"], &[]),
            ("***", &["", "a"], &[]),
            ("a*", &["a", "ab", "a.b"], &["", "ba"]),
            ("*a", &["a", "ba"], &["", "ab"]),
            ("A*A", &["aa", "aba", "abaca"], &["a", "ab", "ba"]),
            ("*a*b*", &["ab", "xaxbx"], &["ba", "a", "b"]),
            ("a**b", &["ab", "axb"], &["a", "b"]),
            ("*ab*ab", &["abab", "xabyab"], &["ab", "aab", "abx"]),
        ] {
            let glob = Glob::new(pattern);
            for text in like {
                assert!(glob.matches(text), "{pattern} is like {text:?}");
            }
            for text in unlike {
                assert!(!glob.matches(text), "{pattern} is not like {text:?}");
            }
        }
    }

    #[test]
    fn many_stars_cost_no_more_than_their_number() {
        // With backtracking this would not end.
        let text = "a".repeat(1 << 16);
        assert!(!Glob::new(&("a*".repeat(1 << 14) + "b")).matches(&text));
        assert!(Glob::new(&"*a".repeat(1 << 14)).matches(&text));
        assert!(Glob::new(&"*".repeat(1 << 20)).matches(&text));
    }

    /// The definition, in exponential time.
    fn is_like(pattern: &[u8], text: &[u8]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some((b'*', rest)) => (0..=text.len()).any(|at| is_like(rest, &text[at..])),
            Some((byte, rest)) => text.first() == Some(byte) && is_like(rest, &text[1..]),
        }
    }

    proptest! {
        #[test]
        fn matching_is_what_the_definition_says(pattern in "[ab*]{0,8}", text in "[ab]{0,8}") {
            let expected = is_like(pattern.as_bytes(), text.as_bytes());
            prop_assert_eq!(Glob::new(&pattern).matches(&text), expected);
        }
    }
}
