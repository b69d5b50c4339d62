//! From a pointer and perhaps a length to a checked value.
//!
//! What C promises cannot be checked: that a non-NULL pointer points to as much memory as the
//! function's contract says. Everything else is checked here: NULL, lengths that overflow, text
//! that is no text. Reads go through unaligned copies, so a misaligned pointer does no harm.

use zeroize::Zeroizing;

use crate::code::{Code, Result};
use crate::wide::Unit;

/// Units searched for a terminator before the text is refused.
///
/// Longer than any URL or header block WinHTTP takes; an unterminated string usually meets a zero
/// long before.
const TEXT_UNITS_MAX: usize = 16 * 1024 * 1024;

/// Bytes that a unit of either width becomes at the most.
const UTF8_BYTES_MAX: usize = 4;

/// So few bytes are taken for granted: without them the process cannot go on anyway.
const SMALL: usize = 64 * 1024;

/// Whether there is memory for what a caller asks for.
fn room_for(bytes: usize) -> Result<()> {
    if bytes <= SMALL {
        return Ok(());
    }
    Vec::<u8>::new()
        .try_reserve_exact(bytes)
        .map_err(|_| Code::NOT_ENOUGH_MEMORY)
}

/// How many units of a text an argument gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// Up to the first NUL.
    Terminated,
    /// This many units; a NUL among them ends the text.
    Units(u32),
}

/// Reads a terminated text; `None` for NULL.
///
/// # Safety
/// `text` is NULL or points to a NUL-terminated string that nobody changes during the call.
///
/// # Errors
/// ERROR_INVALID_PARAMETER for text that is not valid in its width.
pub unsafe fn text<W: Unit>(text: *const W) -> Result<Option<String>> {
    // SAFETY: the caller's promise, handed on.
    unsafe { text_of(text, Length::Terminated) }
}

/// Reads a text of a given length; `None` for NULL.
///
/// # Safety
/// `text` is NULL, or points to a NUL-terminated string or to as many units as `length` says;
/// nobody changes them during the call.
///
/// # Errors
/// ERROR_INVALID_PARAMETER for text that is not valid in its width.
pub unsafe fn text_of<W: Unit>(text: *const W, length: Length) -> Result<Option<String>> {
    // SAFETY: the caller's promise, handed on.
    let Some(units) = (unsafe { units_of(text, length)? }) else {
        return Ok(None);
    };
    // In UTF-8, and once more for whoever keeps it.
    room_for(units.len().saturating_mul(2 * UTF8_BYTES_MAX))?;
    W::decode(&units).map(Some).ok_or(Code::INVALID_PARAMETER)
}

/// Reads a terminated text that is a secret; `None` for NULL. No copy of it is left anywhere: what
/// is returned never moved, and is for the caller to wipe.
///
/// # Safety
/// As [`text`].
///
/// # Errors
/// As [`text`], and ERROR_NOT_ENOUGH_MEMORY.
pub unsafe fn secret<W: Unit>(text: *const W) -> Result<Option<String>> {
    // SAFETY: the caller's promise, handed on.
    unsafe { secret_of(text, Length::Terminated) }
}

/// As [`secret`], with a text of a given length.
///
/// # Safety
/// As [`text_of`].
///
/// # Errors
/// As [`secret`].
pub unsafe fn secret_of<W: Unit>(text: *const W, length: Length) -> Result<Option<String>> {
    if text.is_null() {
        return Ok(None);
    }
    let no_memory = |_| Code::NOT_ENOUGH_MEMORY;
    // SAFETY: not NULL, hence as long as the caller promises.
    let length = unsafe { length_of(text, length) }.ok_or(Code::INVALID_PARAMETER)?;
    let mut units = Zeroizing::new(Vec::new());
    units.try_reserve_exact(length).map_err(no_memory)?;
    for index in 0..length {
        // SAFETY: these units were read before.
        units.push(unsafe { text.wrapping_add(index).read_unaligned() });
    }
    let mut secret = Zeroizing::new(String::new());
    let bytes = length.saturating_mul(UTF8_BYTES_MAX);
    secret.try_reserve_exact(bytes).map_err(no_memory)?;
    for character in W::characters(&units) {
        secret.push(character.ok_or(Code::INVALID_PARAMETER)?);
    }
    Ok(Some(std::mem::take(&mut *secret)))
}

/// How many units stand before the terminator, or within `length`; `None` for a text without an
/// end.
///
/// # Safety
/// As [`text_of`], and `text` is not NULL.
unsafe fn length_of<W: Unit>(text: *const W, length: Length) -> Option<usize> {
    let limit = limit_of(length)?;
    let end = (0..limit).find(|index| {
        // SAFETY: no terminator was met before `index`, which is below the promised length, so the
        // unit is part of the string.
        let unit = unsafe { text.wrapping_add(*index).read_unaligned() };
        unit == W::default()
    });
    end.or_else(|| (length != Length::Terminated).then_some(limit))
}

/// How many units are looked at for a terminator.
fn limit_of(length: Length) -> Option<usize> {
    match length {
        Length::Terminated => Some(TEXT_UNITS_MAX),
        Length::Units(units) => usize::try_from(units).ok(),
    }
}

/// Reads the units of a text as they are; `None` for NULL.
///
/// # Safety
/// As [`text_of`].
///
/// # Errors
/// ERROR_INVALID_PARAMETER for a text without an end, ERROR_NOT_ENOUGH_MEMORY.
pub unsafe fn units_of<W: Unit>(text: *const W, length: Length) -> Result<Option<Vec<W>>> {
    if text.is_null() {
        return Ok(None);
    }
    let limit = limit_of(length).ok_or(Code::INVALID_PARAMETER)?;
    let mut units = Vec::new();
    for index in 0..limit {
        let at = text.wrapping_add(index);
        // SAFETY: no terminator was met before `index` and `index` is below the promised length, so
        // the unit is part of the caller's string.
        let unit = unsafe { at.read_unaligned() };
        if unit == W::default() {
            return Ok(Some(units));
        }
        units.try_reserve(1).map_err(|_| Code::NOT_ENOUGH_MEMORY)?;
        units.push(unit);
    }
    if length == Length::Terminated {
        Err(Code::INVALID_PARAMETER)
    } else {
        Ok(Some(units))
    }
}

/// Reads one value; `None` for NULL.
///
/// # Safety
/// `pointer` is NULL or points to a readable `T`, every bit pattern of which is valid.
#[must_use]
pub unsafe fn value<T: Copy>(pointer: *const T) -> Option<T> {
    // SAFETY: not NULL, hence readable by the caller's promise; the copy needs no alignment.
    (!pointer.is_null()).then(|| unsafe { pointer.read_unaligned() })
}

/// Reads a structure that begins with its own size in bytes, a DWORD (dwStructSize, cbSize).
///
/// # Safety
/// `pointer` is NULL or points to a DWORD and, if that is the size of a `T`, to a readable `T`,
/// every bit pattern of which is valid.
///
/// # Errors
/// ERROR_INVALID_PARAMETER for NULL and for another size; then no more than the size was read.
pub unsafe fn structure<T: Copy>(pointer: *const T) -> Result<T> {
    // SAFETY: the caller's promise about the size.
    let size = unsafe { value(pointer.cast::<u32>()) }.ok_or(Code::INVALID_PARAMETER)?;
    if usize::try_from(size) != Ok(size_of::<T>()) {
        return Err(Code::INVALID_PARAMETER);
    }
    // SAFETY: the size says that the whole structure is there.
    unsafe { value(pointer) }.ok_or(Code::INVALID_PARAMETER)
}

/// Borrows bytes; `None` for NULL with a length above 0, and for what cannot be memory.
///
/// # Safety
/// `pointer` is NULL or points to `length` bytes that stay readable and unchanged as long as `'a`,
/// which the caller chooses: not longer than the exported function runs.
#[must_use]
pub unsafe fn borrowed<'a>(pointer: *const u8, length: u32) -> Option<&'a [u8]> {
    let length = usize::try_from(length).ok()?;
    if length == 0 {
        return Some(&[]);
    }
    if pointer.is_null() || !is_plausible(pointer.addr(), length) {
        return None;
    }
    // SAFETY: the caller promises `length` readable bytes, and the range does not wrap around.
    Some(unsafe { std::slice::from_raw_parts(pointer, length) })
}

/// Reads an array element by element; `None` for NULL with a count above 0, and for what cannot be
/// memory.
///
/// # Safety
/// `pointer` is NULL or points to `count` readable `T`s, every bit pattern of which is valid;
/// nobody changes them while the iterator is used.
#[must_use]
pub unsafe fn array<T: Copy>(
    pointer: *const T,
    count: u32,
) -> Option<impl ExactSizeIterator<Item = T>> {
    let count = usize::try_from(count).ok()?;
    let bytes = count.checked_mul(size_of::<T>())?;
    if count > 0 && (pointer.is_null() || !is_plausible(pointer.addr(), bytes)) {
        return None;
    }
    // SAFETY: the caller promises `count` elements; the copy needs no alignment.
    Some((0..count).map(move |index| unsafe { pointer.wrapping_add(index).read_unaligned() }))
}

/// Copies bytes; `None` for NULL with a length above 0, nothing for a length of 0.
///
/// # Safety
/// `pointer` is NULL or points to `length` readable bytes.
#[must_use]
pub unsafe fn bytes(pointer: *const u8, length: u32) -> Option<Vec<u8>> {
    // SAFETY: the caller's promise, handed on; the bytes are copied at once.
    unsafe { borrowed(pointer, length) }.map(<[u8]>::to_vec)
}

/// Reads terminated narrow text; `None` for NULL and for text without an end.
///
/// # Safety
/// `text` is NULL or points to a NUL-terminated string that nobody changes during the call.
#[must_use]
pub unsafe fn narrow(text: *const u8) -> Option<Vec<u8>> {
    if text.is_null() {
        return None;
    }
    let mut bytes = Vec::new();
    for index in 0..TEXT_UNITS_MAX {
        // SAFETY: no terminator was met before `index`, so the byte is part of the caller's string.
        match unsafe { text.wrapping_add(index).read() } {
            0 => return Some(bytes),
            byte => bytes.push(byte),
        }
    }
    None
}

/// The range neither wraps around nor is larger than Rust allows for one object.
#[inline]
pub(crate) fn is_plausible(address: usize, length: usize) -> bool {
    isize::try_from(length).is_ok() && address.checked_add(length).is_some()
}

#[cfg(test)]
#[expect(
    clippy::undocumented_unsafe_blocks,
    reason = "all pointers are NULL or to locals"
)]
mod tests {
    use super::*;
    use crate::wide::terminated;

    #[test]
    fn a_text_ends_at_its_terminator_or_its_length() {
        let units: Vec<u16> = "abc\0def\0".encode_utf16().collect();
        let read = |length| unsafe { text_of(units.as_ptr(), length) }.unwrap().unwrap();
        assert_eq!(read(Length::Terminated), "abc");
        assert_eq!(read(Length::Units(2)), "ab");
        assert_eq!(read(Length::Units(7)), "abc");
        assert_eq!(unsafe { text::<u16>(std::ptr::null()) }, Ok(None));
    }

    #[test]
    fn invalid_text_is_an_invalid_parameter() {
        let lone = [0xd800_u16, 0];
        assert_eq!(unsafe { text(lone.as_ptr()) }, Err(Code::INVALID_PARAMETER));
        let beyond = [0x11_0000_u32, 0];
        assert_eq!(
            unsafe { text(beyond.as_ptr()) },
            Err(Code::INVALID_PARAMETER)
        );
    }

    #[test]
    fn secrets_are_read_like_other_texts_and_never_move() {
        for plain in ["", "hunter2", "gr\u{fc}n \u{4e00}\u{1d11e}"] {
            let (narrow, wide) = (terminated::<u16>(plain), terminated::<u32>(plain));
            for read in [unsafe { secret(narrow.as_ptr()) }, unsafe {
                secret(wide.as_ptr())
            }] {
                let read = read.unwrap().unwrap();
                assert_eq!(read, plain);
                assert!(read.capacity() >= UTF8_BYTES_MAX * plain.chars().count());
            }
        }
        assert_eq!(unsafe { secret::<u16>(std::ptr::null()) }, Ok(None));
        let plain = [0x61, 0x62, 0, 0x63_u16];
        for (length, expected) in [(0, ""), (1, "a"), (2, "ab"), (4, "ab")] {
            let read = unsafe { secret_of(plain.as_ptr(), Length::Units(length)) };
            assert_eq!(read.unwrap().unwrap(), expected);
        }
        let lone = [0x41, 0xd800_u16, 0];
        assert_eq!(
            unsafe { secret(lone.as_ptr()) },
            Err(Code::INVALID_PARAMETER)
        );
    }

    #[test]
    fn misaligned_values_are_read() {
        let bytes = [0_u8, 1, 2, 3, 4, 5, 6, 7, 8];
        let read = unsafe { value(bytes.as_ptr().wrapping_add(1).cast::<u64>()) };
        assert_eq!(read, Some(u64::from_ne_bytes([1, 2, 3, 4, 5, 6, 7, 8])));
    }

    #[test]
    fn a_structure_must_have_the_size_it_says() {
        let good = [8_u32, 5];
        let read = |words: &[u32; 2]| unsafe { structure(words.as_ptr().cast::<[u32; 2]>()) };
        assert_eq!(read(&good), Ok(good));
        for size in [0, 7, 9, u32::MAX] {
            assert_eq!(read(&[size, 5]), Err(Code::INVALID_PARAMETER));
        }
        assert_eq!(
            unsafe { structure::<u64>(std::ptr::null()) },
            Err(Code::INVALID_PARAMETER)
        );
    }
}
