//! Every number a caller of winhttp.h or websocket.h meets: one table, from which docs, tests and
//! shims draw.
//!
//! Names are those of Windows' headers, so that they can be found there. [`ALL`] lists them for the
//! tests that compare winhttp.h and windows-sys with this table, [`COMPONENT`] those of
//! websocket.h.

/// Declares one chapter: a constant for each row, and a table of the rows by name.
macro_rules! constants {
    (table $table:ident; $($(#[$doc:meta])* $name:ident: $kind:ty = $value:literal,)*) => {
        $($(#[$doc])* pub const $name: $kind = $value;)*

        /// The rows of this chapter: C name and value.
        pub(super) const $table: &[(&str, u64)] = &[$((stringify!($name), $value)),*];
    };
}

mod component;
mod errors;
mod features;
mod http_status;
mod notifications;
mod options;
#[expect(non_upper_case_globals, reason = "enumerators keep their C spelling")]
mod proxy;
mod query;
mod security;
#[expect(non_upper_case_globals, reason = "enumerators keep their C spelling")]
mod session;
#[expect(non_upper_case_globals, reason = "enumerators keep their C spelling")]
mod statistics;
mod websocket;
mod win32;

pub use self::component::*;
pub use self::errors::*;
pub use self::features::*;
pub use self::http_status::*;
pub use self::notifications::*;
pub use self::options::*;
pub use self::proxy::*;
pub use self::query::*;
pub use self::security::*;
pub use self::session::*;
pub use self::statistics::*;
pub use self::websocket::*;
pub use self::win32::*;

/// Every constant: C name and value, chapter by chapter.
pub const ALL: &[(&str, u64)] = &flatten();

/// The chapters of the table.
const CHAPTERS: &[&[(&str, u64)]] = &[
    WIN32,
    ERRORS,
    OPTIONS,
    NOTIFICATIONS,
    QUERY,
    FEATURES,
    HTTP_STATUS,
    SESSION,
    SECURITY,
    PROXY,
    WEBSOCKET,
    STATISTICS,
];

/// Number of rows in all chapters.
const COUNT: usize = {
    let mut count = 0;
    let mut chapters = CHAPTERS;
    while let [chapter, rest @ ..] = chapters {
        count += chapter.len();
        chapters = rest;
    }
    count
};

/// Joins the chapters into one array, at compile time.
const fn flatten() -> [(&'static str, u64); COUNT] {
    let mut all = [("", 0); COUNT];
    let mut free: &mut [(&str, u64)] = &mut all;
    let mut rows: &[(&str, u64)] = &[];
    let mut chapters = CHAPTERS;
    while let Some((slot, left)) = { free }.split_first_mut() {
        while let ([], [chapter, later @ ..]) = (rows, chapters) {
            rows = *chapter;
            chapters = later;
        }
        if let [row, others @ ..] = rows {
            *slot = *row;
            rows = others;
        }
        free = left;
    }
    all
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_row_has_a_name_of_its_own() {
        let names: HashSet<&str> = ALL.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), ALL.len());
        assert!(!names.contains(""), "a row was lost");
    }

    #[test]
    fn the_table_holds_first_and_last_row_of_every_chapter() {
        for chapter in CHAPTERS {
            assert!(ALL.contains(chapter.first().unwrap()));
            assert!(ALL.contains(chapter.last().unwrap()));
        }
    }

    #[test]
    fn completions_do_not_include_the_websocket_closing_notifications() {
        let all = WINHTTP_CALLBACK_FLAG_ALL_COMPLETIONS;
        assert_eq!(all & WINHTTP_CALLBACK_STATUS_CLOSE_COMPLETE, 0);
        assert_eq!(all & WINHTTP_CALLBACK_STATUS_SHUTDOWN_COMPLETE, 0);
        assert_ne!(all & WINHTTP_CALLBACK_STATUS_GETPROXYSETTINGS_COMPLETE, 0);
    }

    #[test]
    fn ignoring_all_certificate_errors_is_the_sum_of_the_single_ones() {
        assert_eq!(
            SECURITY_FLAG_IGNORE_ALL_CERT_ERRORS,
            SECURITY_FLAG_IGNORE_UNKNOWN_CA
                | SECURITY_FLAG_IGNORE_CERT_WRONG_USAGE
                | SECURITY_FLAG_IGNORE_CERT_CN_INVALID
                | SECURITY_FLAG_IGNORE_CERT_DATE_INVALID
        );
    }
}
