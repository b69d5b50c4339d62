//! WinHttpCrackUrl and WinHttpCreateUrl in both string widths, with buffers of exactly the size
//! they need.
//!
//! Input: flags, what is asked for, text. Holds them to: places tell the same as copies; the needed
//! size is the needed size; both widths agree; what was taken apart can be put together again and
//! taken apart to the same.

use std::ptr::{null, null_mut};

use winhttp::GetLastError;
use winhttp_abi::constants as c;
use winhttp_abi::types::UrlComponents;
use winhttp_abi::wide::Unit;

use crate::input::Input;

/// URL_COMPONENTS in one width.
const SIZE: u32 = 104;

/// Scheme, user, password, host, path and extra info, each there or not; then number of the scheme
/// and port.
type Parts<W> = ([Option<Vec<W>>; 6], i32, u16);

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let flags = [
        0,
        c::ICU_REJECT_USERPWD,
        c::ICU_DECODE,
        c::ICU_ESCAPE,
        c::ICU_DECODE | c::ICU_ESCAPE,
    ][input.below(5)];
    let choice = input.byte();
    if choice & 0x80 != 0 {
        create_from_pieces(&mut input, flags);
        return;
    }
    let text = String::from_utf8_lossy(input.rest()).replace('\0', "%");
    let (narrow, wide): (Vec<u16>, Vec<u32>) = (
        text.encode_utf16().collect(),
        text.chars().map(u32::from).collect(),
    );
    let in_16 = crack_and_check(&narrow, flags, choice);
    let in_32 = crack_and_check(&wide, flags, choice);
    match (in_16, in_32) {
        (Ok(in_16), Ok(in_32)) => {
            assert_eq!((in_16.1, in_16.2), (in_32.1, in_32.2));
            for (in_16, in_32) in in_16.0.iter().zip(&in_32.0) {
                let in_16 = in_16.as_ref().map(|units| String::from_utf16_lossy(units));
                let in_32 = in_32.as_ref().map(|units| {
                    units
                        .iter()
                        .map(|&unit| char::from_u32(unit).unwrap_or('\u{fffd}'))
                        .collect()
                });
                assert_eq!(in_16, in_32);
            }
        }
        (in_16, in_32) => assert_eq!(in_16.err(), in_32.err()),
    }
    // Units that are no characters must be handled too.
    let raw: Vec<u16> = data
        .chunks_exact(2)
        .map(|pair| u16::from_ne_bytes([pair[0], pair[1]]))
        .collect();
    let _ = crack_and_check(&[&ascii("http://")[..], &raw].concat(), flags, choice);
    let raw: Vec<u32> = data
        .chunks_exact(4)
        .map(|word| u32::from_ne_bytes([word[0], word[1], word[2], word[3]]))
        .collect();
    let _ = crack_and_check(&[&ascii("https://")[..], &raw].concat(), flags, choice);
}

fn ascii<W: Unit>(text: &str) -> Vec<W> {
    text.bytes()
        .map(|byte| W::narrow(u32::from(byte)))
        .collect()
}

fn components<W: Unit>() -> UrlComponents<W> {
    UrlComponents {
        dw_struct_size: SIZE,
        lpsz_scheme: null_mut(),
        dw_scheme_length: 0,
        n_scheme: 0,
        lpsz_host_name: null_mut(),
        dw_host_name_length: 0,
        n_port: 0,
        lpsz_user_name: null_mut(),
        dw_user_name_length: 0,
        lpsz_password: null_mut(),
        dw_password_length: 0,
        lpsz_url_path: null_mut(),
        dw_url_path_length: 0,
        lpsz_extra_info: null_mut(),
        dw_extra_info_length: 0,
    }
}

fn fields<W>(parts: &mut UrlComponents<W>) -> [(&mut *mut W, &mut u32); 6] {
    [
        (&mut parts.lpsz_scheme, &mut parts.dw_scheme_length),
        (&mut parts.lpsz_user_name, &mut parts.dw_user_name_length),
        (&mut parts.lpsz_password, &mut parts.dw_password_length),
        (&mut parts.lpsz_host_name, &mut parts.dw_host_name_length),
        (&mut parts.lpsz_url_path, &mut parts.dw_url_path_length),
        (&mut parts.lpsz_extra_info, &mut parts.dw_extra_info_length),
    ]
}

fn crack<W: Unit>(url: &[W], flags: u32, parts: &mut UrlComponents<W>) -> u32 {
    // A length of 0 means a terminator, so an empty text needs one.
    let terminated = [W::default()];
    let (pointer, length) = if url.is_empty() {
        (terminated.as_ptr(), 0)
    } else {
        (url.as_ptr(), url.len())
    };
    // SAFETY: the text has this length; buffers in `parts` are as large as their lengths say.
    let done = unsafe { winhttp::WinHttpCrackUrl::<W>(pointer, length as u32, flags, parts) };
    let error = GetLastError();
    assert_eq!(done != 0, error == 0);
    error
}

fn crack_and_check<W: Unit + PartialEq>(
    url: &[W],
    flags: u32,
    choice: u8,
) -> Result<Parts<W>, u32> {
    let url: Box<[W]> = url.into();
    let with_extra = choice & 1 == 0;
    let asked = if with_extra { 6 } else { 5 };
    let plain = flags & (c::ICU_DECODE | c::ICU_ESCAPE) == 0;

    // As places.
    let mut parts = components::<W>();
    for (_, length) in fields(&mut parts).into_iter().take(asked) {
        *length = 1;
    }
    let error = crack(&url, flags, &mut parts);
    if !plain {
        assert_ne!(error, 0, "a place cannot be recoded");
    } else if error != 0 {
        assert_contains(
            &[
                c::ERROR_WINHTTP_INVALID_URL,
                c::ERROR_WINHTTP_UNRECOGNIZED_SCHEME,
            ],
            error,
        );
        return Err(error);
    }
    let places = plain.then(|| as_places(&url, &mut parts, with_extra));

    // As copies: first the sizes, then the text.
    let mut one = [W::default(); 6];
    let mut sizes = components::<W>();
    for (index, (pointer, length)) in fields(&mut sizes).into_iter().take(asked).enumerate() {
        *pointer = &raw mut one[index];
        *length = 1;
    }
    let error = crack(&url, flags, &mut sizes);
    if error != 0 && error != c::ERROR_INSUFFICIENT_BUFFER {
        assert!(!plain, "{error}");
        return Err(error);
    }
    let needed: Vec<usize> = fields(&mut sizes)
        .iter()
        .map(|field| *field.1 as usize)
        .collect();
    let mut memory: Vec<Box<[W]>> = needed
        .iter()
        .map(|&size| vec![W::narrow(0x7e); size.max(1)].into_boxed_slice())
        .collect();
    let mut copies = components::<W>();
    for (index, (pointer, length)) in fields(&mut copies).into_iter().take(asked).enumerate() {
        *pointer = memory[index].as_mut_ptr();
        *length = memory[index].len() as u32;
    }
    assert_eq!(crack(&url, flags, &mut copies), 0);
    let mut texts: [Option<Vec<W>>; 6] = Default::default();
    for (index, (_, length)) in fields(&mut copies).into_iter().take(asked).enumerate() {
        let length = *length as usize;
        assert!(memory[index][length] == W::default(), "terminated");
        assert!(
            length == 0 && needed[index] <= 1 || length + 1 == needed[index],
            "the needed size"
        );
        texts[index] = Some(memory[index][..length].to_vec());
    }
    let copied = (texts, copies.n_scheme, copies.n_port);
    if let Some(places) = places {
        for (place, copy) in places.0.iter().zip(&copied.0) {
            assert!(place.as_deref().unwrap_or_default() == copy.as_deref().unwrap_or_default());
        }
        assert_eq!((places.1, places.2), (copied.1, copied.2));
        again(&places, flags, asked);
        return Ok(places);
    }
    Ok(copied)
}

/// The components as places within the URL; together they are the URL.
fn as_places<W: Unit + PartialEq>(
    url: &[W],
    parts: &mut UrlComponents<W>,
    with_extra: bool,
) -> Parts<W> {
    let bounds = url.as_ptr_range();
    let mut texts: [Option<Vec<W>>; 6] = Default::default();
    let mut last = bounds.start;
    for (index, (pointer, length)) in fields(parts).into_iter().enumerate() {
        if pointer.is_null() {
            assert_eq!(*length, 0);
            continue;
        }
        let start = pointer.cast_const();
        let end = start.wrapping_add(*length as usize);
        assert!(
            bounds.start <= start && start <= end && end <= bounds.end,
            "within the URL"
        );
        assert!(last <= start, "in the URL's order");
        last = end;
        let from = (start.addr() - bounds.start.addr()) / W::BYTES;
        texts[index] = Some(url[from..from + *length as usize].to_vec());
    }
    // The text ends at a terminator, even where the length says more.
    let end = url
        .iter()
        .position(|&unit| unit == W::default())
        .unwrap_or(url.len());
    assert!(
        !with_extra || last == url[end..].as_ptr(),
        "nothing is left out"
    );
    let scheme = texts[0].as_deref().unwrap_or_default();
    assert_eq!(
        scheme.len(),
        if parts.n_scheme == c::INTERNET_SCHEME_HTTPS {
            5
        } else {
            4
        }
    );
    assert!(texts[3].as_ref().is_some_and(|host| !host.is_empty()));
    assert!(
        texts[2].is_none() || texts[1].is_some(),
        "a password without a user"
    );
    (texts, parts.n_scheme, parts.n_port)
}

/// Puts the parts together again; the result is taken apart to the same.
fn again<W: Unit + PartialEq>(parts: &Parts<W>, flags: u32, asked: usize) {
    // A component of length 0 is read up to its terminator.
    let mut memory: Vec<Option<Vec<W>>> = parts.0.to_vec();
    for text in memory.iter_mut().flatten() {
        text.push(W::default());
    }
    let mut join = components::<W>();
    (join.n_scheme, join.n_port) = (parts.1, parts.2);
    for ((pointer, length), text) in fields(&mut join).into_iter().zip(&mut memory) {
        if let Some(text) = text {
            *pointer = text.as_mut_ptr();
            *length = text.len() as u32 - 1;
        }
    }
    let url = create(&join, flags).expect("a URL's own parts make a URL");
    let mut parts_again = components::<W>();
    for (_, length) in fields(&mut parts_again).into_iter().take(asked) {
        *length = 1;
    }
    let has_nul = parts
        .0
        .iter()
        .flatten()
        .any(|text| text.contains(&W::default()));
    // A path gets a slash if it has none: one that is nothing but extra info, when that is not
    // asked for.
    let gets_slash = parts.0[4].as_ref().is_some_and(|path| {
        path.first()
            .is_some_and(|&unit| unit != W::narrow(u32::from(b'/')))
    });
    let error = crack(&url, flags, &mut parts_again);
    assert!(error == 0 || has_nul, "{error}");
    if error == 0 && !has_nul && !gets_slash {
        let second = as_places(&url, &mut parts_again, asked == 6);
        assert!(second == *parts, "taken apart to something else");
    }
}

/// WinHttpCreateUrl with a buffer of exactly the needed size; one unit less must not do.
fn create<W: Unit>(parts: &UrlComponents<W>, flags: u32) -> Result<Vec<W>, u32> {
    let call = |buffer: *mut W, length: &mut u32| {
        // SAFETY: the components are terminated or have their lengths; the buffer has `length`
        // units.
        let done = unsafe { winhttp::WinHttpCreateUrl::<W>(parts, flags, buffer, length) };
        let error = GetLastError();
        assert_eq!(done != 0, error == 0);
        error
    };
    let mut needed = 0;
    let error = call(null_mut(), &mut needed);
    if error != c::ERROR_INSUFFICIENT_BUFFER {
        assert_eq!(error, c::ERROR_INVALID_PARAMETER);
        return Err(error);
    }
    let mut short = vec![W::default(); needed as usize - 1].into_boxed_slice();
    let mut length = needed - 1;
    assert_eq!(
        call(short.as_mut_ptr(), &mut length),
        c::ERROR_INSUFFICIENT_BUFFER
    );
    assert_eq!(length, needed);
    let mut exact = vec![W::narrow(0x7e); needed as usize].into_boxed_slice();
    assert_eq!(call(exact.as_mut_ptr(), &mut length), 0);
    assert_eq!(length + 1, needed);
    let mut url = exact.into_vec();
    assert!(url.pop() == Some(W::default()), "terminated");
    Ok(url)
}

/// Components that are any text at all.
fn create_from_pieces(input: &mut Input<'_>, flags: u32) {
    let there = input.byte();
    let number = i32::from(input.byte()) - 1;
    let port = input.number();
    let texts: Vec<String> = (0..6)
        .map(|_| String::from_utf8_lossy(input.short()).replace('\0', "%"))
        .collect();
    let narrow = texts
        .iter()
        .map(|text| text.encode_utf16().chain([0]).collect())
        .collect();
    let wide = texts
        .iter()
        .map(|text| text.chars().map(u32::from).chain([0]).collect())
        .collect();
    let in_16 = create_one::<u16>(narrow, there, number, port, flags);
    let in_32 = create_one::<u32>(wide, there, number, port, flags);
    let in_16 = in_16.map(|url| String::from_utf16(&url).expect("whole characters"));
    let in_32 = in_32.map(|url| url.into_iter().filter_map(char::from_u32).collect());
    assert_eq!(in_16, in_32);
}

fn create_one<W: Unit>(
    mut texts: Vec<Vec<W>>,
    there: u8,
    number: i32,
    port: u16,
    flags: u32,
) -> Result<Vec<W>, u32> {
    let mut parts = components::<W>();
    (parts.n_scheme, parts.n_port) = (number, port);
    for (index, (pointer, length)) in fields(&mut parts).into_iter().enumerate() {
        if there >> index & 1 == 1 {
            *pointer = texts[index].as_mut_ptr();
            *length = if there & 0x40 == 0 {
                0
            } else {
                texts[index].len() as u32 - 1
            };
        }
    }
    let result = create(&parts, flags);
    let mut length = 100;
    // SAFETY: NULL is allowed here.
    let refused =
        unsafe { winhttp::WinHttpCreateUrl::<W>(null(), flags, null_mut(), &raw mut length) };
    assert_eq!((refused, length), (0, 100));
    result
}

fn assert_contains(allowed: &[u32], error: u32) {
    assert!(allowed.contains(&error), "error {error}");
}
