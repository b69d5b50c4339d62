//! URLs taken apart and put together: WinHttpCrackUrl, WinHttpCreateUrl.
//!
//! Both work on code units as they are: text that is not valid in its width is copied, not refused.
//! Lengths are in characters of the caller's width.

use std::borrow::Cow;
use std::ops::Range;

use winhttp_abi::constants as c;
use winhttp_abi::export;
use winhttp_abi::export::Done;
use winhttp_abi::input::{self, Length};
use winhttp_abi::output;
use winhttp_abi::types::UrlComponents;
use winhttp_abi::wide::Unit;
use winhttp_abi::{Code, Result};
use winhttp_proto::error::Error;
use winhttp_proto::url::Scheme;
use winhttp_proto::url::build::{Parts, build, reject_userpwd};
use winhttp_proto::url::crack::{CrackError, Cracked, CrackedText, crack};
use winhttp_proto::url::escape::{decode_component, escape_component};
use winhttp_proto::url::units::UnitWidth;

use crate::map;

export! {
    /// Takes a URL of `url_length` characters apart; 0 means it is terminated.
    ///
    /// A component's pointer and length say how it is wanted: NULL and 0 not at all; NULL and
    /// another length as a place within `url`; a buffer and its room as a terminated copy. Lengths
    /// become those of the components, without terminator. nScheme and nPort are always set.
    /// Without extra info the query stays in the path.
    ///
    /// FALSE: ERROR_INVALID_PARAMETER (a NULL, another dwStructSize, a buffer of length 0,
    /// ICU_DECODE or ICU_ESCAPE with a component wanted as a place), ERROR_WINHTTP_INVALID_URL,
    /// ERROR_WINHTTP_UNRECOGNIZED_SCHEME: nothing is changed. ERROR_INSUFFICIENT_BUFFER: every
    /// length that is too small becomes the one needed, terminator included; the other components
    /// are filled in.
    pub fn WinHttpCrackUrl<W>(
        url: *const W,
        url_length: u32,
        flags: u32,
        components: *mut UrlComponents<W>,
    ) -> Done {
        // SAFETY: C's promise about its structure.
        let mut answer = unsafe { input::structure(components.cast_const()) }?;
        let length = if url_length == 0 { Length::Terminated } else { Length::Units(url_length) };
        // SAFETY: C's promise about its string.
        let text = unsafe { input::units_of(url, length) }?.ok_or(Code::INVALID_PARAMETER)?;
        let wants = wants(&mut answer)?;
        let recoding = Recoding::of(flags);
        if recoding.is_any() && wants.iter().any(|want| matches!(want, Want::Place { .. })) {
            return Err(Code::INVALID_PARAMETER);
        }
        let text: Vec<u32> = text.into_iter().map(W::widen).collect();
        let cracked = crack(&text, flags & c::ICU_REJECT_USERPWD != 0).map_err(crack_code)?;
        let with_extra = !matches!(wants, [.., Want::Nothing]);
        let parts = parts::<W>(&text, &cracked, with_extra, recoding)?;
        let mut all_fit = true;
        for (want, part) in wants.into_iter().zip(parts) {
            // SAFETY: C's promise that its buffers are as large as their lengths say.
            all_fit &= unsafe { want.fill(url, &part) };
        }
        answer.n_scheme = match cracked.scheme {
            Scheme::Http => c::INTERNET_SCHEME_HTTP,
            Scheme::Https => c::INTERNET_SCHEME_HTTPS,
        };
        answer.n_port = cracked.port;
        // SAFETY: C's promise about its structure, which was read above.
        unsafe { output::value(components, answer) };
        if all_fit { Ok(Done) } else { Err(Code::INSUFFICIENT_BUFFER) }
    }

    /// Puts a URL together. `length` is the room in `url`, in characters; it becomes the URL's
    /// length without terminator.
    ///
    /// A component of length 0 is terminated; a NULL one is left out. ICU_ESCAPE escapes path and
    /// extra info.
    ///
    /// FALSE: ERROR_INVALID_PARAMETER (components or length NULL, another dwStructSize, a password
    /// without a user, either with ICU_REJECT_USERPWD, an unknown nScheme, text that cannot be
    /// escaped, no buffer although the room suffices): `length` is left alone.
    /// ERROR_INSUFFICIENT_BUFFER: it becomes the length needed, terminator included.
    pub fn WinHttpCreateUrl<W>(
        components: *const UrlComponents<W>,
        flags: u32,
        url: *mut W,
        length: *mut u32,
    ) -> Done {
        // SAFETY: C's promise about its structure.
        let components = unsafe { input::structure(components) }?;
        // SAFETY: C's promise about its number.
        let room = unsafe { input::value(length) }.ok_or(Code::INVALID_PARAMETER)?;
        // SAFETY: C's promise about the strings of its structure.
        let text: Vec<W> = unsafe { joined(&components, flags) }?.into_iter().map(W::narrow).collect();
        // SAFETY: C's promise about its buffer.
        let (result, counted) = match unsafe { output::characters(url, room, &text) } {
            Ok(written) => (Ok(Done), written),
            // The length did suffice, so it was the buffer that was missing.
            Err(needed) if room >= needed => return Err(Code::INVALID_PARAMETER),
            Err(needed) => (Err(Code::INSUFFICIENT_BUFFER), needed),
        };
        // SAFETY: as above.
        unsafe { output::value(length, counted) };
        result
    }
}

/// How a component is wanted, with where the answer goes.
enum Want<'a, W> {
    Nothing,
    Place {
        pointer: &'a mut *mut W,
        length: &'a mut u32,
    },
    Copy {
        buffer: *mut W,
        length: &'a mut u32,
    },
}

/// A component: where it begins in the URL, if it is there, and its text.
struct Part<'a> {
    place: Option<usize>,
    text: Cow<'a, [u32]>,
}

/// What ICU_DECODE and ICU_ESCAPE ask for.
#[derive(Clone, Copy)]
struct Recoding {
    decode: bool,
    escape: bool,
}

impl<'a, W: Unit> Want<'a, W> {
    fn new(pointer: &'a mut *mut W, length: &'a mut u32) -> Result<Self> {
        match (pointer.is_null(), *length) {
            (true, 0) => Ok(Self::Nothing),
            (true, _) => Ok(Self::Place { pointer, length }),
            (false, 0) => Err(Code::INVALID_PARAMETER),
            (false, _) => Ok(Self::Copy {
                buffer: *pointer,
                length,
            }),
        }
    }

    /// Answers with `part` of the text at `url`; `false` if the buffer is too small.
    ///
    /// # Safety
    /// A buffer has as much room as its length says.
    unsafe fn fill(self, url: *const W, part: &Part<'_>) -> bool {
        match self {
            Self::Nothing => true,
            Self::Place { pointer, length } => {
                let place = part.place.map(|place| url.wrapping_add(place).cast_mut());
                *pointer = place.unwrap_or(std::ptr::null_mut());
                *length = u32::try_from(part.text.len()).unwrap_or(u32::MAX);
                true
            }
            Self::Copy { buffer, length } => {
                let text: Vec<W> = part.text.iter().copied().map(W::narrow).collect();
                // SAFETY: the caller's promise, handed on.
                let outcome = unsafe { output::characters(buffer, *length, &text) };
                *length = outcome.unwrap_or_else(|needed| needed);
                outcome.is_ok()
            }
        }
    }
}

impl Recoding {
    fn of(flags: u32) -> Self {
        Self {
            decode: flags & c::ICU_DECODE != 0,
            escape: flags & c::ICU_ESCAPE != 0,
        }
    }

    fn is_any(self) -> bool {
        self.decode || self.escape
    }

    /// Decodes first, so that both together give every text one escaped form.
    fn apply<W: Unit>(self, text: &[u32]) -> Result<Cow<'_, [u32]>> {
        let mut text = Cow::Borrowed(text);
        if self.decode {
            let width = if W::BYTES == 2 {
                UnitWidth::Utf16
            } else {
                UnitWidth::Utf32
            };
            text = Cow::Owned(decode_component(&text, width));
        }
        if self.escape {
            let escaped = escape_component(&text).map_err(|_| Code::INVALID_PARAMETER);
            text = Cow::Owned(escaped?);
        }
        Ok(text)
    }
}

/// The wants of scheme, user, password, host, path and extra info.
fn wants<W: Unit>(parts: &mut UrlComponents<W>) -> Result<[Want<'_, W>; 6]> {
    Ok([
        Want::new(&mut parts.lpsz_scheme, &mut parts.dw_scheme_length)?,
        Want::new(&mut parts.lpsz_user_name, &mut parts.dw_user_name_length)?,
        Want::new(&mut parts.lpsz_password, &mut parts.dw_password_length)?,
        Want::new(&mut parts.lpsz_host_name, &mut parts.dw_host_name_length)?,
        Want::new(&mut parts.lpsz_url_path, &mut parts.dw_url_path_length)?,
        Want::new(&mut parts.lpsz_extra_info, &mut parts.dw_extra_info_length)?,
    ])
}

/// The components in the order of [`wants`]; without `with_extra` the extra info is part of the
/// path.
fn parts<'a, W: Unit>(
    url: &'a [u32],
    cracked: &Cracked,
    with_extra: bool,
    recoding: Recoding,
) -> Result<[Part<'a>; 6]> {
    let text = |range: Range<usize>| url.get(range).unwrap_or_default();
    let plain = |range: Option<&Range<usize>>| Part {
        place: range.map(|range| range.start),
        text: Cow::Borrowed(range.cloned().map(text).unwrap_or_default()),
    };
    let recoded = |range: Range<usize>| -> Result<Part<'a>> {
        Ok(Part {
            place: Some(range.start),
            text: recoding.apply::<W>(text(range))?,
        })
    };
    let path = if with_extra {
        cracked.path.clone()
    } else {
        cracked.path_with_extra()
    };
    Ok([
        plain(Some(&cracked.scheme_range)),
        plain(cracked.user.as_ref()),
        plain(cracked.password.as_ref()),
        plain(Some(&cracked.host)),
        recoded(path)?,
        recoded(cracked.extra.clone())?,
    ])
}

/// Whether a text is a URL of http or https.
///
/// ERROR_WINHTTP_INVALID_URL, ERROR_WINHTTP_UNRECOGNIZED_SCHEME.
pub(crate) fn check_url(url: &str) -> Result<()> {
    CrackedText::new(url).map(|_| ()).map_err(crack_code)
}

fn crack_code(error: CrackError) -> Code {
    map::code(Error::from(error))
}

/// The URL of `components`.
///
/// # Safety
/// Each pointer is NULL, or points to a terminated string or to as many units as its length says.
unsafe fn joined<W: Unit>(components: &UrlComponents<W>, flags: u32) -> Result<Vec<u32>> {
    let read = |pointer: *mut W, length: u32| -> Result<Option<Vec<u32>>> {
        let length = if length == 0 {
            Length::Terminated
        } else {
            Length::Units(length)
        };
        // SAFETY: the caller's promise, handed on.
        let units = unsafe { input::units_of(pointer.cast_const(), length) }?;
        Ok(units.map(|units| units.into_iter().map(W::widen).collect()))
    };
    let scheme = read(components.lpsz_scheme, components.dw_scheme_length)?;
    let user = read(components.lpsz_user_name, components.dw_user_name_length)?;
    let password = read(components.lpsz_password, components.dw_password_length)?;
    let host = read(components.lpsz_host_name, components.dw_host_name_length)?;
    let path = read(components.lpsz_url_path, components.dw_url_path_length)?;
    let extra = read(components.lpsz_extra_info, components.dw_extra_info_length)?;
    let parts = Parts {
        scheme: scheme.as_deref(),
        scheme_number: u32::try_from(components.n_scheme).map_err(|_| Code::INVALID_PARAMETER)?,
        user: user.as_deref(),
        password: password.as_deref(),
        host: host.as_deref(),
        port: components.n_port,
        path: path.as_deref(),
        extra: extra.as_deref(),
    };
    if flags & c::ICU_REJECT_USERPWD != 0 {
        reject_userpwd(&parts).map_err(|_| Code::INVALID_PARAMETER)?;
    }
    build(&parts, flags & c::ICU_ESCAPE != 0).map_err(|_| Code::INVALID_PARAMETER)
}
