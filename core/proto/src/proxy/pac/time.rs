//! What scripts do with times: weekdayRange, dateRange, timeRange over a given moment.

/// An argument of such a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    /// A number.
    Number(i64),
    /// A text.
    Text(String),
}

/// A moment in the zone that the script asks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The year.
    pub year: i64,
    /// The month, 0 to 11.
    pub month: i64,
    /// The day of the month, 1 to 31.
    pub day: i64,
    /// The day of the week, 0 (Sunday) to 6.
    pub weekday: i64,
    /// The hour, 0 to 23.
    pub hour: i64,
    /// The minute.
    pub minute: i64,
    /// The second.
    pub second: i64,
}

const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];

/// The first number that is a year and no day.
const FIRST_YEAR: i64 = 32;

/// The arguments without the last one that asks for GMT, and whether there was one.
#[must_use]
pub fn split_zone(arguments: &[Argument]) -> (&[Argument], bool) {
    match arguments.split_last() {
        Some((Argument::Text(zone), rest)) if zone.eq_ignore_ascii_case("GMT") => (rest, true),
        Some(_) | None => (arguments, false),
    }
}

/// The day of the week is this one, or in this range, which may go over the end of a week.
#[must_use]
pub fn weekday_range(now: &Moment, arguments: &[Argument]) -> bool {
    let days: Option<Vec<i64>> = arguments.iter().map(|day| index(&WEEKDAYS, day)).collect();
    match days.as_deref() {
        Some(&[day]) => now.weekday == day,
        Some(&[first, last]) => is_between(&now.weekday, &first, &last, true),
        Some(_) | None => false,
    }
}

/// The date is this one, or in this range, by the parts that are given: a day, a month, a year, or
/// several of them in this order. A range without years may go over the end of its period.
#[must_use]
pub fn date_range(now: &Moment, arguments: &[Argument]) -> bool {
    let parts: Option<Vec<Part>> = arguments.iter().map(Part::read).collect();
    let Some(parts) = parts.filter(|parts| !parts.is_empty()) else {
        return false;
    };
    let (first, last) = match parts.split_at_checked(parts.len() / 2) {
        Some((first, last)) if is_same_kind(first, last) => (first, last),
        Some(_) | None => (parts.as_slice(), parts.as_slice()),
    };
    let (Some(from), Some(to)) = (Date::of(first), Date::of(last)) else {
        return false;
    };
    let today = Date {
        year: from.year.map(|_| now.year),
        month: from.month.map(|_| now.month),
        day: from.day.map(|_| now.day),
    };
    is_between(&today, &from, &to, from.year.is_none())
}

/// The time is in this hour, between these hours, or between these times with minutes, or with
/// minutes and seconds; all of them inclusive. A range may go over midnight.
#[must_use]
pub fn time_range(now: &Moment, arguments: &[Argument]) -> bool {
    let numbers: Option<Vec<i64>> = arguments.iter().map(number).collect();
    let time = (now.hour, now.minute, now.second);
    let (from, to) = match numbers.as_deref() {
        Some(&[hour]) => ((hour, 0, 0), (hour, 59, 59)),
        Some(&[first, last]) => ((first, 0, 0), (last, 59, 59)),
        Some(&[h1, m1, h2, m2]) => ((h1, m1, 0), (h2, m2, 59)),
        Some(&[h1, m1, s1, h2, m2, s2]) => ((h1, m1, s1), (h2, m2, s2)),
        Some(_) | None => return false,
    };
    is_between(&time, &from, &to, true)
}

fn is_between<T: Ord>(now: &T, from: &T, to: &T, wraps: bool) -> bool {
    if from <= to {
        from <= now && now <= to
    } else {
        wraps && (from <= now || now <= to)
    }
}

/// One part of a date.
#[derive(Clone, Copy)]
enum Part {
    Day(i64),
    Month(i64),
    Year(i64),
}

impl Part {
    fn read(argument: &Argument) -> Option<Self> {
        if let Some(month) = index(&MONTHS, argument) {
            return Some(Self::Month(month));
        }
        match number(argument)? {
            year if year >= FIRST_YEAR => Some(Self::Year(year)),
            day if day >= 1 => Some(Self::Day(day)),
            _ => None,
        }
    }
}

/// Parts in the order in which they weigh.
#[derive(Default, PartialEq, Eq, PartialOrd, Ord)]
struct Date {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
}

impl Date {
    /// A date of these parts, each at most once.
    fn of(parts: &[Part]) -> Option<Self> {
        let mut date = Self::default();
        for part in parts {
            let (place, value) = match *part {
                Part::Day(day) => (&mut date.day, day),
                Part::Month(month) => (&mut date.month, month),
                Part::Year(year) => (&mut date.year, year),
            };
            if place.replace(value).is_some() {
                return None;
            }
        }
        Some(date)
    }
}

fn is_same_kind(first: &[Part], last: &[Part]) -> bool {
    let same = |(a, b): (&Part, &Part)| std::mem::discriminant(a) == std::mem::discriminant(b);
    first.len() == last.len() && first.iter().zip(last).all(same)
}

fn index(names: &[&str], argument: &Argument) -> Option<i64> {
    let Argument::Text(text) = argument else {
        return None;
    };
    let place = names
        .iter()
        .position(|name| text.eq_ignore_ascii_case(name))?;
    i64::try_from(place).ok()
}

fn number(argument: &Argument) -> Option<i64> {
    match argument {
        Argument::Number(number) => Some(*number),
        Argument::Text(text) => text.trim().parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wednesday.
    const NOW: Moment = Moment {
        year: 2026,
        month: 6,
        day: 15,
        weekday: 3,
        hour: 12,
        minute: 30,
        second: 15,
    };

    /// `MON FRI 3` as arguments.
    fn arguments(text: &str) -> Vec<Argument> {
        let read = |word: &str| match word.parse() {
            Ok(number) => Argument::Number(number),
            Err(_) => Argument::Text(word.to_owned()),
        };
        text.split_whitespace().map(read).collect()
    }

    fn check(function: fn(&Moment, &[Argument]) -> bool, cases: &[(&str, bool)]) {
        for (text, expected) in cases {
            assert_eq!(function(&NOW, &arguments(text)), *expected, "{text}");
        }
    }

    #[test]
    fn fact_30_2_3_days_of_the_week() {
        check(
            weekday_range,
            &[
                ("WED", true),
                ("wed", true),
                ("TUE", false),
                ("MON FRI", true),
                ("WED WED", true),
                ("THU SAT", false),
                ("SAT WED", true),
                ("FRI MON", false),
                ("", false),
                ("NEVER", false),
                ("3", false),
                ("MON TUE WED", false),
            ],
        );
    }

    #[test]
    fn fact_30_2_3_dates() {
        check(
            date_range,
            &[
                ("15", true),
                ("14", false),
                ("1 15", true),
                ("16 31", false),
                ("20 16", true),
                ("20 10", false),
                ("JUL", true),
                ("AUG", false),
                ("JAN MAR", false),
                ("MAY SEP", true),
                ("NOV JUL", true),
                ("2026", true),
                ("2025", false),
                ("2025 2027", true),
                ("2027 2025", false),
                ("15 JUL", true),
                ("16 JUL", false),
                ("1 JUN 15 AUG", true),
                ("1 JUN 14 JUL", false),
                ("24 DEC 15 JUL", true),
                ("JUL 2026", true),
                ("JUN 2025 AUG 2026", true),
                ("AUG 2026 JUN 2027", false),
                ("15 JUL 2026", true),
                ("1 JUN 2026 15 AUG 2026", true),
                ("16 JUL 2026 1 AUG 2026", false),
                ("24 DEC 2025 14 JUL 2026", false),
                ("", false),
                ("0", false),
                ("NEVER", false),
                ("1 2 3", false),
                ("JUL JUL JUL", false),
                ("1 JUL 2", false),
            ],
        );
    }

    #[test]
    fn fact_30_2_3_times_of_the_day() {
        check(
            time_range,
            &[
                ("12", true),
                ("13", false),
                ("12 13", true),
                ("9 17", true),
                ("13 14", false),
                ("22 12", true),
                ("22 6", false),
                ("12 0 12 30", true),
                ("12 31 13 0", false),
                ("8 30 17 0", true),
                ("12 30 15 12 30 15", true),
                ("12 30 16 12 30 59", false),
                ("0 0 0 0 0 30", false),
                ("", false),
                ("1 2 3", false),
                ("noon", false),
            ],
        );
    }

    #[test]
    fn fact_30_2_3_the_last_argument_can_ask_for_gmt() {
        let with = arguments("MON FRI GMT");
        assert_eq!(split_zone(&with), (&with[..2], true));
        let without = arguments("MON FRI");
        assert_eq!(split_zone(&without), (&without[..], false));
        assert_eq!(split_zone(&[]), (&[][..], false));
    }
}
