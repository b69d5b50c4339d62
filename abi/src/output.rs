//! From a value to the caller's memory, with WinHTTP's rule for sizes.
//!
//! All writers leave the caller's memory untouched when they fail, except for the size that is
//! needed.

use zeroize::Zeroizing;

use crate::code::{Code, Result};
use crate::wide::Unit;

/// Writes one value; does nothing for NULL. Returns whether it was written.
///
/// # Safety
/// `pointer` is NULL or points to memory for one `T`.
pub unsafe fn value<T: Copy>(pointer: *mut T, value: T) -> bool {
    if pointer.is_null() {
        return false;
    }
    // SAFETY: not NULL, hence writable by the caller's promise; the copy needs no alignment.
    unsafe { pointer.write_unaligned(value) };
    true
}

/// Gives `bytes` to a caller that passed a buffer and its size in bytes.
///
/// On success the size becomes `counted` (what the program is told), on a buffer below `bytes` the
/// size needed.
///
/// # Safety
/// `size` is NULL or points to a DWORD; `buffer` is NULL or points to as many bytes as that says.
///
/// # Errors
/// ERROR_INVALID_PARAMETER without `size`, ERROR_INSUFFICIENT_BUFFER without (enough) buffer.
pub unsafe fn sized(buffer: *mut u8, size: *mut u32, bytes: &[u8], counted: usize) -> Result<()> {
    // SAFETY: the caller's promise about `size`.
    let available = unsafe { crate::input::value(size) }.ok_or(Code::INVALID_PARAMETER)?;
    let needed = u32::try_from(bytes.len()).map_err(|_| Code::NOT_ENOUGH_MEMORY)?;
    if buffer.is_null() || available < needed {
        // SAFETY: as above.
        unsafe { value(size, needed) };
        return Err(Code::INSUFFICIENT_BUFFER);
    }
    // SAFETY: the buffer has `available` bytes, at least as many as are copied, and Rust memory
    // never overlaps it.
    unsafe { buffer.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    let counted = u32::try_from(counted).map_err(|_| Code::NOT_ENOUGH_MEMORY)?;
    // SAFETY: as above.
    unsafe { value(size, counted) };
    Ok(())
}

/// Gives text to a caller that passed a buffer and its size in bytes: the size needed counts the
/// terminator, the size returned does not.
///
/// # Safety
/// As [`sized`].
///
/// # Errors
/// As [`sized`].
pub unsafe fn text<W: Unit>(buffer: *mut u8, size: *mut u32, text: &str) -> Result<()> {
    let units = crate::wide::terminated::<W>(text);
    let bytes = unit_bytes(&units);
    // SAFETY: the caller's promise, handed on.
    unsafe { sized(buffer, size, &bytes, bytes.len() - W::BYTES) }
}

/// As [`text()`], and no other copy of it is left anywhere.
///
/// # Safety
/// As [`sized`].
///
/// # Errors
/// As [`sized`].
pub unsafe fn secret<W: Unit>(buffer: *mut u8, size: *mut u32, text: &str) -> Result<()> {
    let units = Zeroizing::new(crate::wide::terminated::<W>(text));
    let bytes = Zeroizing::new(unit_bytes(&units));
    // SAFETY: the caller's promise, handed on.
    unsafe { sized(buffer, size, &bytes, bytes.len() - W::BYTES) }
}

/// Gives text to a caller that passed a buffer and its length in characters, as the functions for
/// URLs count: `Ok` is the length written without the terminator, `Err` the length needed with it.
///
/// # Safety
/// `buffer` is NULL or points to memory for `room` units.
///
/// # Errors
/// The length needed, when `buffer` is NULL or too small; nothing is written then.
pub unsafe fn characters<W: Unit>(
    buffer: *mut W,
    room: u32,
    text: &[W],
) -> std::result::Result<u32, u32> {
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    let needed = length.saturating_add(1);
    if buffer.is_null() || room < needed || length == u32::MAX {
        return Err(needed);
    }
    let bytes = unit_bytes(text);
    // SAFETY: the buffer has room for the text and one unit more, and Rust memory never overlaps
    // it. As bytes the copy needs no alignment.
    unsafe {
        buffer
            .cast::<u8>()
            .copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
    };
    // SAFETY: as above; this is the unit behind the text.
    unsafe { value(buffer.wrapping_add(text.len()), W::default()) };
    Ok(length)
}

/// The units as they lie in memory.
#[must_use]
pub fn unit_bytes<W: Unit>(units: &[W]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(units.len() * W::BYTES);
    for unit in units {
        let value = unit.widen();
        match W::BYTES {
            2 => bytes.extend_from_slice(&u16::narrow(value).to_ne_bytes()),
            _ => bytes.extend_from_slice(&value.to_ne_bytes()),
        }
    }
    bytes
}

#[cfg(test)]
#[expect(
    clippy::undocumented_unsafe_blocks,
    reason = "all pointers are NULL or to locals"
)]
mod tests {
    use super::*;

    #[test]
    fn text_needs_room_for_its_terminator() {
        let mut buffer = [0xff_u8; 16];
        let mut size = 10;
        let result = unsafe { text::<u16>(buffer.as_mut_ptr(), &raw mut size, "hello") };
        assert_eq!((result, size), (Err(Code::INSUFFICIENT_BUFFER), 12));
        assert_eq!(buffer, [0xff; 16]);
        let result = unsafe { text::<u16>(buffer.as_mut_ptr(), &raw mut size, "hello") };
        assert_eq!((result, size), (Ok(()), 10));
        assert_eq!(&buffer[..12], b"h\0e\0l\0l\0o\0\0\0");
    }

    #[test]
    fn a_null_buffer_asks_for_the_size() {
        let mut size = 1000;
        let result = unsafe { text::<u32>(std::ptr::null_mut(), &raw mut size, "ab") };
        assert_eq!((result, size), (Err(Code::INSUFFICIENT_BUFFER), 12));
        let none = std::ptr::null_mut();
        assert_eq!(
            unsafe { text::<u32>(none, none.cast(), "ab") },
            Err(Code::INVALID_PARAMETER)
        );
    }

    #[test]
    fn characters_are_counted_without_the_terminator_but_need_room_for_it() {
        let text = <u32 as Unit>::encode("abc");
        let mut buffer = [7_u32; 5];
        assert_eq!(unsafe { characters(buffer.as_mut_ptr(), 3, &text) }, Err(4));
        assert_eq!(
            unsafe { characters(std::ptr::null_mut(), 9, &text) },
            Err(4)
        );
        assert_eq!(buffer, [7; 5]);
        assert_eq!(unsafe { characters(buffer.as_mut_ptr(), 4, &text) }, Ok(3));
        assert_eq!(buffer, [97, 98, 99, 0, 7]);
    }

    #[test]
    fn characters_reach_misaligned_buffers() {
        let mut memory = [0xff_u8; 8];
        let buffer = memory.as_mut_ptr().wrapping_add(1).cast::<u16>();
        assert_eq!(unsafe { characters(buffer, 2, &[97]) }, Ok(1));
        assert_eq!(
            memory[..6],
            [
                0xff,
                97_u16.to_ne_bytes()[0],
                97_u16.to_ne_bytes()[1],
                0,
                0,
                0xff
            ]
        );
    }
}
