//! Numbers in header values: what a query makes of them, and what framing demands.

/// Reads an unsigned decimal number; blanks around it are allowed, signs are not.
///
/// `None` if there is anything else or the number does not fit. For framing: what two parties may
/// read differently is refused.
#[must_use]
pub(crate) fn whole(text: &str) -> Option<u64> {
    let digits = text.trim_matches([' ', '\t']);
    let only_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    if only_digits {
        digits.parse().ok()
    } else {
        None
    }
}

/// The number that the digits make with which a text begins, behind blanks: `12abc` is 12.
///
/// For queries: what Windows makes of such values is not established, and this is what disturbs
/// the fewest programs.
#[must_use]
pub(crate) fn leading(text: &str) -> Option<u64> {
    let text = text.trim_start_matches([' ', '\t']);
    let end = text.find(|one: char| !one.is_ascii_digit());
    text.get(..end.unwrap_or(text.len()))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_read_plain_decimals() {
        for read in [whole, leading] {
            assert_eq!(read(" 42\t"), Some(42));
            assert_eq!(read("18446744073709551615"), Some(u64::MAX));
            for bad in ["", " ", "+1", "-1", "abc12", "18446744073709551616", "٣"] {
                assert_eq!(read(bad), None, "{bad}");
            }
        }
    }

    #[test]
    fn only_a_query_passes_over_what_follows() {
        for (text, number) in [
            ("12abc", 12),
            ("1, 1", 1),
            ("1.0", 1),
            ("0x1", 0),
            ("1٣", 1),
        ] {
            assert_eq!(whole(text), None, "{text}");
            assert_eq!(leading(text), Some(number), "{text}");
        }
    }
}
