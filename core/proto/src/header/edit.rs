//! Changing request headers the way WinHttpAddRequestHeaders does.

use std::fmt;

use super::{HeaderList, text};
use crate::error::Error;
use crate::numbers as n;

/// Why headers were not changed; the list is then as it was before the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EditError {
    /// A line has no colon, no valid name, a control character, a character above U+00FF, or is too
    /// long (ERROR_INVALID_PARAMETER).
    Malformed,
    /// The header to replace does not exist (ERROR_WINHTTP_HEADER_NOT_FOUND).
    NotFound,
    /// The header that should be new exists (ERROR_WINHTTP_HEADER_ALREADY_EXISTS).
    AlreadyExists,
}

impl From<EditError> for Error {
    fn from(error: EditError) -> Self {
        match error {
            EditError::Malformed => Self::InvalidParameter,
            EditError::NotFound => Self::HeaderNotFound,
            EditError::AlreadyExists => Self::HeaderAlreadyExists,
        }
    }
}

impl fmt::Display for EditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "malformed header line",
            Self::NotFound => "no header of this name to replace",
            Self::AlreadyExists => "a header of this name exists",
        })
    }
}

impl std::error::Error for EditError {}

/// A modifier bit that WinHTTP does not define (ERROR_INVALID_PARAMETER).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownModifier;

impl fmt::Display for UnknownModifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unknown header modifier")
    }
}

impl std::error::Error for UnknownModifier {}

/// What happens to a header of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OnExisting {
    AddAnother,
    Fail,
    Replace,
    Coalesce { separator: &'static str },
}

/// What happens when there is no header of the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OnMissing {
    Add,
    Fail,
}

/// The meaning of the dwModifiers argument of WinHttpAddRequestHeaders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Modifiers {
    on_existing: OnExisting,
    on_missing: OnMissing,
    index: usize,
}

impl Modifiers {
    /// Append, whether or not the name exists; also what no flag at all means.
    pub const ADD: Self = Self {
        on_existing: OnExisting::AddAnother,
        on_missing: OnMissing::Add,
        index: 0,
    };
    /// Add, or fail if the name exists.
    pub const ADD_IF_NEW: Self = Self {
        on_existing: OnExisting::Fail,
        ..Self::ADD
    };
    /// Replace the first instance, or add if there is none.
    pub const ADD_OR_REPLACE: Self = Self {
        on_existing: OnExisting::Replace,
        ..Self::ADD
    };

    const BIT_REPLACE: u32 = n::HEADER_REPLACE;
    const BIT_COALESCE_COMMA: u32 = n::HEADER_COALESCE_COMMA;
    const BIT_ADD: u32 = n::HEADER_ADD;
    const BIT_ADD_IF_NEW: u32 = n::HEADER_ADD_IF_NEW;
    const BIT_COALESCE_SEMICOLON: u32 = n::HEADER_COALESCE_SEMICOLON;
    const MASK_INDEX: u32 = n::HEADER_INDEX_MASK;

    /// Reads WINHTTP_ADDREQ_FLAG_* bits and the instance index in the low word.
    ///
    /// Where several flags meet, the one that changes least wins: ADD_IF_NEW, then COALESCE (comma
    /// before semicolon), then REPLACE, then ADD. The index selects the instance for REPLACE only.
    ///
    /// # Errors
    /// [`UnknownModifier`] if a bit outside flags and index is set.
    pub const fn from_bits(bits: u32) -> Result<Self, UnknownModifier> {
        const KNOWN: u32 = Modifiers::BIT_REPLACE
            | Modifiers::BIT_COALESCE_COMMA
            | Modifiers::BIT_ADD
            | Modifiers::BIT_ADD_IF_NEW
            | Modifiers::BIT_COALESCE_SEMICOLON
            | Modifiers::MASK_INDEX;
        if bits & !KNOWN != 0 {
            return Err(UnknownModifier);
        }
        let on_existing = if bits & Self::BIT_ADD_IF_NEW != 0 {
            OnExisting::Fail
        } else if bits & Self::BIT_COALESCE_COMMA != 0 {
            OnExisting::Coalesce { separator: ", " }
        } else if bits & Self::BIT_COALESCE_SEMICOLON != 0 {
            OnExisting::Coalesce { separator: "; " }
        } else if bits & Self::BIT_REPLACE != 0 {
            OnExisting::Replace
        } else {
            OnExisting::AddAnother
        };
        let replace_only = matches!(on_existing, OnExisting::Replace) && bits & Self::BIT_ADD == 0;
        let on_missing = if replace_only {
            OnMissing::Fail
        } else {
            OnMissing::Add
        };
        let index = (bits & Self::MASK_INDEX) as usize;
        Ok(Self {
            on_existing,
            on_missing,
            index,
        })
    }
}

/// Applies `text`, one or more `Name: value` lines, to `list`.
///
/// Lines are separated by any run of CR and LF; separators at either end and text without a line
/// are fine. Blanks around values are dropped; values are stored as Latin-1. Source:
/// WinHttpAddRequestHeaders.
///
/// # Errors
/// Any [`EditError`]; then no line has been applied.
pub fn add_text(list: &mut HeaderList, text: &str, modifiers: Modifiers) -> Result<(), EditError> {
    // The draft makes the call all-or-nothing: a later line may fail where an earlier one changed.
    let mut draft = list.clone();
    for line in text.split(['\r', '\n']).filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').ok_or(EditError::Malformed)?;
        let value = text::latin_1(value).ok_or(EditError::Malformed)?;
        add_pair(&mut draft, name, &value, modifiers)?;
    }
    *list = draft;
    Ok(())
}

/// Applies one name and the bytes of its value to `list`; blanks around the value are dropped.
///
/// Source: WinHttpAddRequestHeadersEx.
///
/// # Errors
/// Any [`EditError`]; then `list` is unchanged.
pub fn add_pair(
    list: &mut HeaderList,
    name: &str,
    value: &[u8],
    modifiers: Modifiers,
) -> Result<(), EditError> {
    let value = text::trim_blanks(value);
    // A name or value that could start another line never gets into the list.
    if !text::is_token(name.as_bytes()) || !text::is_field_value(value) {
        return Err(EditError::Malformed);
    }
    let grown = match modifiers.on_existing {
        OnExisting::Coalesce { separator } => list
            .first(name)
            .map_or(0, |before| before.len() + separator.len()),
        OnExisting::AddAnother | OnExisting::Fail | OnExisting::Replace => 0,
    };
    if !text::fits_a_field(name, grown + value.len()) {
        return Err(EditError::Malformed);
    }
    match modifiers.on_existing {
        OnExisting::AddAnother => list.push(name, value),
        OnExisting::Fail if list.contains(name) => return Err(EditError::AlreadyExists),
        OnExisting::Fail => list.push(name, value),
        OnExisting::Coalesce { separator } => {
            if !list.coalesce(name, separator, value) {
                list.push(name, value);
            }
        }
        OnExisting::Replace => return replace(list, name, value, modifiers),
    }
    Ok(())
}

/// WINHTTP_ADDREQ_FLAG_REPLACE: the old instance goes, the new one is appended at the end.
fn replace(
    list: &mut HeaderList,
    name: &str,
    value: &[u8],
    modifiers: Modifiers,
) -> Result<(), EditError> {
    let found = list.remove_nth(name, modifiers.index).is_some();
    match (found, modifiers.on_missing) {
        // An empty value asks for removal, which is done or was not needed.
        (true, _) | (false, OnMissing::Fail) if value.is_empty() => {}
        (false, OnMissing::Fail) => return Err(EditError::NotFound),
        (true, _) | (false, OnMissing::Add) => list.push(name, value),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ADD: u32 = 0x2000_0000;
    const ADD_IF_NEW: u32 = 0x1000_0000;
    const COALESCE: u32 = 0x4000_0000;
    const COALESCE_SEMICOLON: u32 = 0x0100_0000;
    const REPLACE: u32 = 0x8000_0000;

    /// Applies calls in order; the last result and the list as `name=value` lines.
    fn run(calls: &[(&str, u32)]) -> (Result<(), EditError>, Vec<String>) {
        let mut list = HeaderList::new();
        let mut last = Ok(());
        for (text, bits) in calls {
            last = add_text(&mut list, text, Modifiers::from_bits(*bits).unwrap());
        }
        let shown = list
            .iter()
            .map(|header| format!("{}={}", header.name, text::from_latin_1(&header.value)))
            .collect();
        (last, shown)
    }

    #[test]
    fn fact_4_1_1_add_appends_in_order() {
        let (last, shown) = run(&[("a: 1", ADD), ("A: 2", ADD)]);
        assert_eq!((last, shown), (Ok(()), vec!["a=1".into(), "A=2".into()]));
    }

    #[test]
    fn fact_4_1_2_replace_removes_the_first_and_appends() {
        for bits in [REPLACE, ADD | REPLACE] {
            let (last, shown) = run(&[("w: 1", ADD), ("w: 2", ADD), ("w: 3", bits)]);
            assert_eq!((last, shown), (Ok(()), vec!["w=2".into(), "w=3".into()]));
        }
        assert_eq!(run(&[("w: 1", ADD | REPLACE)]).1, ["w=1"]);
    }

    #[test]
    fn fact_4_1_2_the_index_selects_the_instance_to_replace() {
        let (_, shown) = run(&[("w: 1", ADD), ("w: 2", ADD), ("w: 3", REPLACE | 1)]);
        assert_eq!(shown, ["w=1", "w=3"]);
        assert_eq!(
            run(&[("w: 1", ADD), ("w: 2", REPLACE | 1)]).0,
            Err(EditError::NotFound)
        );
    }

    #[test]
    fn fact_4_1_3_flags_on_missing_and_existing_headers() {
        assert_eq!(
            run(&[("w: 1", REPLACE)]),
            (Err(EditError::NotFound), vec![])
        );
        assert_eq!(run(&[("w:", REPLACE)]), (Ok(()), vec![]));
        assert_eq!(run(&[("w: 1", ADD), ("w:", REPLACE)]), (Ok(()), vec![]));
        assert_eq!(
            run(&[("w: 1", ADD), ("w:", ADD | REPLACE)]),
            (Ok(()), vec![])
        );
        assert_eq!(run(&[("w: 1", 0), ("w: 2", 0)]).1, ["w=1", "w=2"]);
        assert_eq!(run(&[("w: 1", ADD_IF_NEW)]).1, ["w=1"]);
        let again = run(&[("w: 1", ADD), ("w: 2", ADD_IF_NEW)]);
        assert_eq!(again, (Err(EditError::AlreadyExists), vec!["w=1".into()]));
    }

    #[test]
    fn fact_4_1_4_coalesce_merges_into_the_first() {
        let comma = run(&[("w: 1", ADD), ("w: 2", ADD), ("w: 3", COALESCE)]);
        assert_eq!(comma.1, ["w=1, 3", "w=2"]);
        let semicolon = run(&[("w: 1", ADD), ("w: 2", COALESCE_SEMICOLON)]);
        assert_eq!(semicolon.1, ["w=1; 2"]);
        assert_eq!(run(&[("w: 1", COALESCE)]).1, ["w=1"]);
    }

    #[test]
    fn fact_4_1_5_malformed_lines_are_refused_and_nothing_is_added() {
        for bad in [
            ":",
            ":b",
            "cd",
            " e :f",
            "g : value",
            "a b: c",
            "a: x\0y",
            "a: \x7f",
            "é: 1",
        ] {
            let text = format!("ok: 1\r\n{bad}");
            assert_eq!(
                run(&[(&text, ADD)]),
                (Err(EditError::Malformed), vec![]),
                "{bad:?}"
            );
        }
        assert_eq!(run(&[("a:", ADD)]).1, ["a="]);
        assert_eq!(run(&[("field: value ", ADD)]).1, ["field=value"]);
    }

    #[test]
    fn fact_4_1_6_any_run_of_cr_and_lf_separates() {
        for separator in ["\n", "\r", "\n\r", "\r\r\r", "\n\n\n", "\r\n\r\n", "\r\n"] {
            let text = format!("a: 1{separator}b: 2{separator}");
            assert_eq!(
                run(&[(&text, ADD)]),
                (Ok(()), vec!["a=1".into(), "b=2".into()])
            );
        }
        assert_eq!(run(&[("", ADD)]), (Ok(()), vec![]));
        assert_eq!(run(&[("\r\n", ADD)]), (Ok(()), vec![]));
    }

    #[test]
    fn a_failing_later_line_leaves_the_list_alone() {
        let (last, shown) = run(&[("a: 1", ADD), ("a: 2\r\nb: 3", REPLACE)]);
        assert_eq!(
            (last, shown),
            (Err(EditError::NotFound), vec!["a=1".into()])
        );
    }

    #[test]
    fn a_pair_cannot_smuggle_another_line() {
        let mut list = HeaderList::new();
        for (name, value) in [
            ("a", "1\r\nb: 2"),
            ("a\r\nb", "1"),
            ("a", "1\nb"),
            ("", "1"),
        ] {
            let result = add_pair(&mut list, name, value.as_bytes(), Modifiers::ADD);
            assert_eq!(result, Err(EditError::Malformed), "{name:?} {value:?}");
        }
        assert!(list.is_empty());
    }

    #[test]
    fn fact_22_8_values_are_latin_1_and_nothing_else() {
        let mut list = HeaderList::new();
        add_text(&mut list, "X: \u{80}gr\u{fc}\u{df}e\u{ff}", Modifiers::ADD).unwrap();
        assert_eq!(list.first("X").unwrap(), b"\x80gr\xfc\xdfe\xff");
        for bad in ["X: \u{100}", "ok: 1\r\nX: \u{20ac}", "X: \u{1d11e}"] {
            assert_eq!(
                add_text(&mut list, bad, Modifiers::ADD),
                Err(EditError::Malformed)
            );
        }
        assert_eq!(list.len(), 1);
    }

    #[test]
    fn a_field_above_its_largest_size_is_refused_also_if_it_grows_to_it() {
        let mut list = HeaderList::new();
        let half = "v".repeat(text::MAX_FIELD_BYTES / 2);
        add_text(&mut list, &format!("X: {half}"), Modifiers::ADD).unwrap();
        let comma = Modifiers::from_bits(COALESCE).unwrap();
        let before = list.clone();
        let grown = add_text(&mut list, &format!("x: {half}"), comma);
        assert_eq!((grown, &list), (Err(EditError::Malformed), &before));
        let whole = format!("X: {half}{half}");
        for modifiers in [Modifiers::ADD, Modifiers::ADD_OR_REPLACE] {
            let added = add_text(&mut list, &whole, modifiers);
            assert_eq!((added, &list), (Err(EditError::Malformed), &before));
        }
        // Two fields may be larger together.
        assert_eq!(
            add_text(&mut list, &format!("x: {half}"), Modifiers::ADD),
            Ok(())
        );
    }

    #[test]
    fn unknown_modifier_bits_are_refused() {
        assert_eq!(Modifiers::from_bits(0x0001_0000), Err(UnknownModifier));
        assert_eq!(Modifiers::from_bits(ADD), Ok(Modifiers::ADD));
        assert_eq!(
            Modifiers::from_bits(ADD | REPLACE),
            Ok(Modifiers::ADD_OR_REPLACE)
        );
        assert_eq!(Modifiers::from_bits(ADD_IF_NEW), Ok(Modifiers::ADD_IF_NEW));
    }

    proptest! {
        #[test]
        fn whatever_text_comes_no_line_break_gets_in(text in "[a-c:\\r\\n \\x00-\\x7f]{0,40}") {
            let mut list = HeaderList::new();
            if add_text(&mut list, &text, Modifiers::ADD).is_err() {
                prop_assert!(list.is_empty());
            }
            for header in &list {
                prop_assert!(text::is_token(header.name.as_bytes()));
                prop_assert!(text::is_field_value(&header.value));
            }
        }
    }
}
