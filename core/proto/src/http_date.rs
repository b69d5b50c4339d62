//! HTTP dates: WinHttpTimeFromSystemTime's text, WinHttpTimeToSystemTime's tolerant reading.

use std::time::Duration;

/// A point in time in UTC with the fields of Windows' SYSTEMTIME.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CalendarTime {
    /// Year, 1601 to 30827.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u16,
    /// Day of the week, 0 (Sunday) to 6; derived from the date, never trusted.
    pub day_of_week: u16,
    /// Day of the month, 1 to 31.
    pub day: u16,
    /// Hour, 0 to 23.
    pub hour: u16,
    /// Minute, 0 to 59.
    pub minute: u16,
    /// Second, 0 to 59.
    pub second: u16,
    /// Milliseconds, 0 to 999.
    pub milliseconds: u16,
}

/// The years SYSTEMTIME can hold, given by the FILETIME it stands for.
const YEARS: std::ops::RangeInclusive<u16> = 1601..=30827;

/// 1 January 1970, counted from 1 January of the year 1, which is day 1.
const DAYS_TO_1970: u64 = 719_163;

/// Two-digit years from here on belong to the 1900s; the core has no clock to ask (RFC 9110 §5.6.7
/// would move years more than 50 years ahead into the past).
const FIRST_TWO_DIGIT_YEAR_OF_THE_1900S: u32 = 50;

const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

impl CalendarTime {
    /// Whether the date exists and the time of day does; the day of the week is not looked at.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        YEARS.contains(&self.year)
            && (1..=days_in_month(self.year, self.month)).contains(&self.day)
            && self.hour < 24
            && self.minute < 60
            && self.second < 60
            && self.milliseconds < 1000
    }
}

/// Writes `ddd, DD MMM YYYY HH:MM:SS GMT`, for example `Mon, 28 Jul 2008 10:05:52 GMT`.
///
/// The day of the week is computed from the date. Fields out of range give a text without meaning,
/// so callers ask [`CalendarTime::is_valid`] first. A valid time has 29 characters, 30 from the
/// year 10000 on. Source: WinHttpTimeFromSystemTime.
#[must_use]
pub fn format(time: &CalendarTime) -> String {
    let day_name = DAYS.get(usize::from(day_of_week(time.year, time.month, time.day)));
    let month_name = MONTHS.get(usize::from(time.month).wrapping_sub(1));
    format!(
        "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
        day_name.unwrap_or(&"???"),
        time.day,
        month_name.unwrap_or(&"???"),
        time.year,
        time.hour,
        time.minute,
        time.second,
    )
}

/// Reads a date in any of HTTP's three forms (RFC 9110 §5.6.7), or in something like them.
///
/// Punctuation, case, the day's name, the zone and surrounding blanks do not matter; a missing time
/// of day is midnight, a leap second is second 59. Milliseconds are 0 and the day of the week is
/// computed. `None` if day, month or year is missing or the date does not exist. Source:
/// WinHttpTimeToSystemTime.
#[must_use]
pub fn parse(text: &str) -> Option<CalendarTime> {
    let mut month = None;
    let mut numbers = Numbers::default();
    for word in text.split(|c: char| !c.is_ascii_alphanumeric()) {
        // `28Jul2008` is three words.
        let runs = word
            .as_bytes()
            .chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit());
        for run in runs {
            match run.first() {
                Some(first) if first.is_ascii_digit() => numbers.push(run),
                Some(_) => month = month.or_else(|| month_number(run)),
                None => {}
            }
        }
    }
    numbers.into_time(month?)
}

/// The time since 1970 in UTC; zero for what was before. The day of the week is not looked at.
#[must_use]
pub fn since_1970(time: &CalendarTime) -> Duration {
    // Days of the years before this one, then of the months.
    let leap_days = |year: u64| year / 4 - year / 100 + year / 400;
    let before = u64::from(time.year).saturating_sub(1);
    let years = before * 365 + leap_days(before);
    let months: u64 = (1..time.month)
        .map(|month| u64::from(days_in_month(time.year, month)))
        .sum();
    let days = years + months + u64::from(time.day);
    let Some(days) = days.checked_sub(DAYS_TO_1970) else {
        return Duration::ZERO;
    };
    let minutes = (days * 24 + u64::from(time.hour)) * 60 + u64::from(time.minute);
    Duration::from_secs(minutes * 60 + u64::from(time.second))
        + Duration::from_millis(time.milliseconds.into())
}

/// The numbers of a date in their order, as value and count of digits.
#[derive(Default)]
struct Numbers {
    found: [Option<(u32, usize)>; Self::MAX],
    count: usize,
}

impl Numbers {
    /// Day, year, hour, minute, second; what follows (a numeric zone) is not looked at.
    const MAX: usize = 5;

    fn push(&mut self, digits: &[u8]) {
        let value = digits.iter().fold(0u32, |value, digit| {
            value
                .saturating_mul(10)
                .saturating_add(u32::from(digit.wrapping_sub(b'0')))
        });
        if let Some(slot) = self.found.get_mut(self.count) {
            *slot = Some((value, digits.len()));
            self.count += 1;
        }
    }

    /// The day comes first in all forms. The year is the number with more than two digits
    /// (asctime has it last), else the second one (RFC 850).
    fn into_time(self, month: u16) -> Option<CalendarTime> {
        let [day, rest @ ..] = self.found;
        let year_place = rest
            .iter()
            .position(|number| number.is_some_and(|(_, digits)| digits > 2))
            .unwrap_or(0);
        let year = match (*rest.get(year_place)?)? {
            (year, 0..=2) if year >= FIRST_TWO_DIGIT_YEAR_OF_THE_1900S => 1900 + year,
            (year, 0..=2) => 2000 + year,
            (year, _) => year,
        };
        let mut clock = rest
            .iter()
            .enumerate()
            .filter(|(place, _)| *place != year_place)
            .map(|(_, number)| number.map_or(0, |(value, _)| value));
        let mut field = || u16::try_from(clock.next().unwrap_or(0)).ok();
        let mut time = CalendarTime {
            year: u16::try_from(year).ok()?,
            month,
            day_of_week: 0,
            day: u16::try_from(day?.0).ok()?,
            hour: field()?,
            minute: field()?,
            second: field()?,
            milliseconds: 0,
        };
        if time.second == 60 {
            time.second = 59;
        }
        if !time.is_valid() {
            return None;
        }
        time.day_of_week = day_of_week(time.year, time.month, time.day);
        Some(time)
    }
}

/// The month whose English name begins with the first three letters of `word`.
fn month_number(word: &[u8]) -> Option<u16> {
    let start = word.get(..3)?;
    let place = MONTHS
        .iter()
        .position(|name| name.as_bytes().eq_ignore_ascii_case(start))?;
    u16::try_from(place + 1).ok()
}

fn days_in_month(year: u16, month: u16) -> u16 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap_year(year) => 29,
        2 => 28,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => 0,
    }
}

fn is_leap_year(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// The day of the week in the Gregorian calendar, 0 for Sunday.
///
/// Sakamoto's congruence: each month shifts the weekday by a fixed offset, and January and February
/// count to the year before because the leap day comes after them.
fn day_of_week(year: u16, month: u16, day: u16) -> u16 {
    const SHIFT: [u32; 12] = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4];
    let shift = SHIFT
        .get(usize::from(month).wrapping_sub(1))
        .copied()
        .unwrap_or(0);
    let year = u32::from(year).saturating_sub(u32::from(month < 3));
    let days = year + year / 4 - year / 100 + year / 400 + shift + u32::from(day);
    // A remainder of 7 always fits.
    u16::try_from(days % 7).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const JULY_28: CalendarTime = CalendarTime {
        year: 2008,
        month: 7,
        day_of_week: 1,
        day: 28,
        hour: 10,
        minute: 5,
        second: 52,
        milliseconds: 0,
    };

    #[test]
    fn fact_8_1_1_the_written_form() {
        let time = CalendarTime {
            milliseconds: 999,
            ..JULY_28
        };
        assert_eq!(format(&time), "Mon, 28 Jul 2008 10:05:52 GMT");
    }

    #[test]
    fn fact_8_1_2_tolerant_reading() {
        for text in [
            "Mon, 28 Jul 2008 10:05:52 GMT",
            "Mon, 28 Jul 2008 10:05:52 GMT\n",
            " mon 28 jul 2008 10 05 52",
            " mon 28 jul 2008 10 05 52\n",
            "Monday, 28-Jul-08 10:05:52 GMT",
            "Mon Jul 28 10:05:52 2008",
            "Jul 28 2008 10:05:52",
            "28jul2008 10:05:52",
            "Mon, 28 July 2008 10:05:52 +0000",
        ] {
            assert_eq!(parse(text), Some(JULY_28), "{text:?}");
        }
    }

    #[test]
    fn other_leniencies_have_their_rule() {
        let midnight = CalendarTime {
            hour: 0,
            minute: 0,
            second: 0,
            ..JULY_28
        };
        assert_eq!(parse("28 Jul 2008"), Some(midnight));
        assert_eq!(parse("Sunday, 06-Nov-94 08:49:37 GMT").unwrap().year, 1994);
        assert_eq!(parse("Sat, 31 Dec 2016 23:59:60 GMT").unwrap().second, 59);
    }

    #[test]
    fn texts_without_a_date_have_no_time() {
        for text in [
            "",
            "\n",
            "0",
            "Jul",
            "28 Jul",
            "Mon",
            "2008-07-28",
            "32 Jul 2008",
            "0 Jul 2008",
            "29 Feb 2007",
            "28 Jul 2008 24:00:00",
            "28 Jul 2008 10:60:00",
            "28 Jul 1600",
            "28 Jul 99999999999",
            "99999999999 Jul 2008",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn seconds_are_counted_from_1970_over_leap_years() {
        for (text, seconds) in [
            ("1 Jan 1601", 0),
            ("31 Dec 1969 23:59:59", 0),
            ("1 Jan 1970", 0),
            ("1 Jan 1970 00:00:01", 1),
            ("29 Feb 1972 12:00:00", 68_212_800),
            ("1 Mar 2000", 951_868_800),
            ("28 Jul 2008 10:05:52", 1_217_239_552),
            ("19 Jan 2038 03:14:08", 2_147_483_648),
            ("1 Mar 2100", 4_107_542_400),
            ("31 Dec 9999 23:59:59", 253_402_300_799),
        ] {
            let time = parse(text).unwrap();
            assert_eq!(since_1970(&time), Duration::from_secs(seconds), "{text}");
        }
    }

    #[test]
    fn impossible_times_are_recognised() {
        assert!(JULY_28.is_valid());
        assert!(
            CalendarTime {
                day: 29,
                month: 2,
                ..JULY_28
            }
            .is_valid()
        );
        for bad in [
            CalendarTime {
                year: 1600,
                ..JULY_28
            },
            CalendarTime {
                year: 30828,
                ..JULY_28
            },
            CalendarTime {
                month: 0,
                ..JULY_28
            },
            CalendarTime {
                month: 13,
                ..JULY_28
            },
            CalendarTime { day: 0, ..JULY_28 },
            CalendarTime {
                day: 31,
                month: 6,
                ..JULY_28
            },
            CalendarTime {
                hour: 24,
                ..JULY_28
            },
            CalendarTime {
                minute: 60,
                ..JULY_28
            },
            CalendarTime {
                second: 60,
                ..JULY_28
            },
            CalendarTime {
                milliseconds: 1000,
                ..JULY_28
            },
        ] {
            assert!(!bad.is_valid(), "{bad:?}");
        }
    }

    #[test]
    fn weekdays_follow_one_another() {
        // 1 January 1601 was a Monday.
        let mut expected = 1;
        for year in 1601..=2400 {
            for month in 1..=12 {
                for day in 1..=days_in_month(year, month) {
                    assert_eq!(
                        day_of_week(year, month, day),
                        expected,
                        "{year}-{month}-{day}"
                    );
                    expected = (expected + 1) % 7;
                }
            }
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "\\PC{0,60}") {
            if let Some(time) = parse(&text) {
                prop_assert!(time.is_valid());
            }
        }

        #[test]
        fn writing_any_fields_never_panics(fields in any::<[u16; 8]>()) {
            let [year, month, day_of_week, day, hour, minute, second, milliseconds] = fields;
            let time =
                CalendarTime { year, month, day_of_week, day, hour, minute, second, milliseconds };
            let text = format(&time);
            if time.is_valid() {
                prop_assert!(text.len() <= 30);
            }
        }

        #[test]
        fn what_is_written_reads_back(
            year in 1601u16..=9999, month in 1u16..=12, day in 1u16..=28,
            hour in 0u16..24, minute in 0u16..60, second in 0u16..60,
        ) {
            let day_of_week = day_of_week(year, month, day);
            let time = CalendarTime {
                year, month, day_of_week, day, hour, minute, second, milliseconds: 0,
            };
            prop_assert_eq!(parse(&format(&time)), Some(time));
        }
    }
}
