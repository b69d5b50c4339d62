//! Verifies the date functions through the C edge, in both string widths; facts are those of the
//! observed behaviour.
#![expect(
    clippy::undocumented_unsafe_blocks,
    reason = "all pointers are NULL or to locals"
)]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::ptr::{null, null_mut};

use winhttp::GetLastError;
use winhttp::{WinHttpTimeFromSystemTime, WinHttpTimeToSystemTime};
use winhttp_abi::constants::ERROR_INVALID_PARAMETER;
use winhttp_abi::types::SystemTime;
use winhttp_abi::wide::{Unit, terminated};

/// WINHTTP_TIME_FORMAT_BUFSIZE in characters.
const ROOM: usize = 31;

const JULY_28: SystemTime = SystemTime {
    w_year: 2008,
    w_month: 7,
    w_day_of_week: 1,
    w_day: 28,
    w_hour: 10,
    w_minute: 5,
    w_second: 52,
    w_milliseconds: 0,
};

// Fact 8.1.3 is a placeholder that contradicts the reference: text that cannot be parsed fails
// here.

/// Fails with ERROR_INVALID_PARAMETER.
fn assert_refused(result: i32) {
    assert_eq!((result, GetLastError()), (0, ERROR_INVALID_PARAMETER));
}

fn written<W: Unit>(time: &SystemTime) -> Option<String> {
    // One unit more than the buffer may have, to see that it is left alone.
    let guard = W::narrow(0x7e);
    let mut buffer = [guard; ROOM + 1];
    if unsafe { WinHttpTimeFromSystemTime::<W>(time, buffer.as_mut_ptr()) } == 0 {
        assert_eq!(GetLastError(), ERROR_INVALID_PARAMETER);
        assert_eq!(buffer, [guard; ROOM + 1]);
        return None;
    }
    assert_eq!(GetLastError(), 0);
    assert_eq!(buffer[ROOM], guard);
    let end = buffer
        .iter()
        .position(|&unit| unit == W::default())
        .unwrap();
    W::decode(&buffer[..end])
}

fn read<W: Unit>(text: &str) -> Option<SystemTime> {
    let untouched = SystemTime {
        w_year: 1,
        w_milliseconds: 999,
        ..JULY_28
    };
    let mut time = untouched;
    let text = terminated::<W>(text);
    if unsafe { WinHttpTimeToSystemTime::<W>(text.as_ptr(), &raw mut time) } == 0 {
        assert_eq!(GetLastError(), ERROR_INVALID_PARAMETER);
        assert_eq!(time, untouched);
        return None;
    }
    assert_eq!(GetLastError(), 0);
    Some(time)
}

fn fact_8_1_1<W: Unit>() {
    let with_milliseconds = SystemTime {
        w_milliseconds: 999,
        w_day_of_week: 5,
        ..JULY_28
    };
    assert_eq!(
        written::<W>(&with_milliseconds).as_deref(),
        Some("Mon, 28 Jul 2008 10:05:52 GMT")
    );
    let last = SystemTime {
        w_year: 30827,
        w_month: 12,
        w_day: 31,
        ..JULY_28
    };
    assert_eq!(
        written::<W>(&last).as_deref(),
        Some("Fri, 31 Dec 30827 10:05:52 GMT")
    );
    assert_eq!(
        written::<W>(&SystemTime {
            w_month: 13,
            ..JULY_28
        }),
        None
    );
    assert_eq!(written::<W>(&SystemTime::default()), None);
    assert_refused(unsafe { WinHttpTimeFromSystemTime::<W>(&JULY_28, null_mut()) });
    let mut buffer = [W::default(); ROOM];
    assert_refused(unsafe { WinHttpTimeFromSystemTime::<W>(null(), buffer.as_mut_ptr()) });
}

#[test]
fn fact_8_1_1_a_time_as_text() {
    fact_8_1_1::<u16>();
    fact_8_1_1::<u32>();
}

fn fact_8_1_2<W: Unit>() {
    for text in [
        "Mon, 28 Jul 2008 10:05:52 GMT",
        "Mon, 28 Jul 2008 10:05:52 GMT\n",
        " mon 28 jul 2008 10 05 52\n",
        "Monday, 28-Jul-08 10:05:52 GMT",
        "Mon Jul 28 10:05:52 2008",
    ] {
        assert_eq!(read::<W>(text), Some(JULY_28), "{text:?}");
    }
    let text = terminated::<W>("Mon, 28 Jul 2008 10:05:52 GMT");
    assert_refused(unsafe { WinHttpTimeToSystemTime::<W>(text.as_ptr(), null_mut()) });
    let mut time = JULY_28;
    assert_refused(unsafe { WinHttpTimeToSystemTime::<W>(null(), &raw mut time) });
}

#[test]
fn fact_8_1_2_a_text_as_time() {
    fact_8_1_2::<u16>();
    fact_8_1_2::<u32>();
}

#[test]
fn text_without_a_date_is_refused() {
    for text in ["", "soon", "28 Jul", "29 Feb 2007"] {
        assert_eq!(read::<u16>(text), None, "{text:?}");
        assert_eq!(read::<u32>(text), None, "{text:?}");
    }
    let lone_surrogate = [0xd800_u16, 0];
    let mut time = JULY_28;
    let result = unsafe { WinHttpTimeToSystemTime::<u16>(lone_surrogate.as_ptr(), &raw mut time) };
    assert_refused(result);
}
