//! Verifies WinHttpCrackUrl and WinHttpCreateUrl through the C edge, in both string widths; facts
//! are those of the observed behaviour.
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
use winhttp::{WinHttpCrackUrl, WinHttpCreateUrl};
use winhttp_abi::constants as c;
use winhttp_abi::types::UrlComponents;
use winhttp_abi::wide::{Unit, terminated};

const URL: &str = "http://user:pass@host.example:81/a/b?c=d#e";

/// Runs a scenario in both widths.
macro_rules! in_both_widths {
    ($($(#[$meta:meta])* fn $name:ident<$W:ident>() $body:block)*) => {$(
        #[test]
        $(#[$meta])*
        fn $name() {
            fn scenario<$W: Unit>() $body
            scenario::<u16>();
            scenario::<u32>();
        }
    )*};
}

/// URL_COMPONENTS with these lengths for all components and no buffers.
fn components<W: Unit>(length: u32) -> UrlComponents<W> {
    UrlComponents {
        dw_struct_size: 104,
        lpsz_scheme: null_mut(),
        dw_scheme_length: length,
        n_scheme: 0,
        lpsz_host_name: null_mut(),
        dw_host_name_length: length,
        n_port: 0,
        lpsz_user_name: null_mut(),
        dw_user_name_length: length,
        lpsz_password: null_mut(),
        dw_password_length: length,
        lpsz_url_path: null_mut(),
        dw_url_path_length: length,
        lpsz_extra_info: null_mut(),
        dw_extra_info_length: length,
    }
}

/// Pointers and lengths of scheme, user, password, host, path and extra info.
fn pairs<W: Unit>(parts: &UrlComponents<W>) -> [(*mut W, u32); 6] {
    [
        (parts.lpsz_scheme, parts.dw_scheme_length),
        (parts.lpsz_user_name, parts.dw_user_name_length),
        (parts.lpsz_password, parts.dw_password_length),
        (parts.lpsz_host_name, parts.dw_host_name_length),
        (parts.lpsz_url_path, parts.dw_url_path_length),
        (parts.lpsz_extra_info, parts.dw_extra_info_length),
    ]
}

/// Buffers for the components, in the order of [`pairs`].
struct Buffers<W> {
    memory: [[W; 64]; 6],
}

impl<W: Unit> Buffers<W> {
    fn new() -> Self {
        Self {
            memory: [[W::narrow(0x7e); 64]; 6],
        }
    }

    fn components(&mut self, room: u32) -> UrlComponents<W> {
        let [scheme, user, password, host, path, extra] = &mut self.memory;
        UrlComponents {
            lpsz_scheme: scheme.as_mut_ptr(),
            lpsz_user_name: user.as_mut_ptr(),
            lpsz_password: password.as_mut_ptr(),
            lpsz_host_name: host.as_mut_ptr(),
            lpsz_url_path: path.as_mut_ptr(),
            lpsz_extra_info: extra.as_mut_ptr(),
            ..components(room)
        }
    }

    /// The terminated text of buffer `index`.
    fn text(&self, index: usize) -> String {
        let buffer = &self.memory[index];
        let end = buffer
            .iter()
            .position(|&unit| unit == W::default())
            .unwrap();
        W::decode(&buffer[..end]).unwrap()
    }
}

/// The last error of a failed call, 0 for success.
fn crack<W: Unit>(url: &[W], length: u32, flags: u32, parts: &mut UrlComponents<W>) -> u32 {
    let result = unsafe { WinHttpCrackUrl::<W>(url.as_ptr(), length, flags, parts) };
    assert_eq!(result == 0, GetLastError() != 0);
    GetLastError()
}

fn create<W: Unit>(parts: &UrlComponents<W>, flags: u32, buffer: *mut W, length: *mut u32) -> u32 {
    let result = unsafe { WinHttpCreateUrl::<W>(parts, flags, buffer, length) };
    assert_eq!(result == 0, GetLastError() != 0);
    GetLastError()
}

/// The URL, or the error.
fn created<W: Unit>(parts: &UrlComponents<W>, flags: u32) -> Result<String, u32> {
    let mut buffer = [W::default(); 256];
    let mut length = 256;
    match create(parts, flags, buffer.as_mut_ptr(), &raw mut length) {
        0 => {
            let length = usize::try_from(length).unwrap();
            assert_eq!(buffer[length], W::default());
            Ok(W::decode(&buffer[..length]).unwrap())
        }
        error => {
            assert_eq!(length, 256, "the length is left alone");
            Err(error)
        }
    }
}

/// Offset within `url`, and length, of what a pair points at; `None` for NULL.
fn place<W: Unit>(url: &[W], (pointer, length): (*mut W, u32)) -> Option<(usize, u32)> {
    let offset = pointer.addr().checked_sub(url.as_ptr().addr())?;
    Some((offset / W::BYTES, length))
}

in_both_widths! {
    fn fact_8_2_1_buffers_get_terminated_copies<W>() {
        let url = terminated::<W>(URL);
        let mut buffers = Buffers::<W>::new();
        let mut parts = buffers.components(64);
        assert_eq!(crack(&url, 0, 0, &mut parts), 0);
        assert_eq!(pairs(&parts).map(|(_, length)| length), [4, 4, 4, 12, 4, 6]);
        let texts = [0, 1, 2, 3, 4, 5].map(|index| buffers.text(index));
        assert_eq!(texts, ["http", "user", "pass", "host.example", "/a/b", "?c=d#e"]);
        assert_eq!((parts.n_scheme, parts.n_port), (c::INTERNET_SCHEME_HTTP, 81));
    }

    fn fact_8_2_1_each_small_buffer_tells_what_it_needs_and_the_others_are_filled<W>() {
        let url = terminated::<W>(URL);
        let mut buffers = Buffers::<W>::new();
        // Room for four characters without their terminator.
        let mut parts = UrlComponents { dw_host_name_length: 13, ..buffers.components(4) };
        assert_eq!(crack(&url, 0, 0, &mut parts), c::ERROR_INSUFFICIENT_BUFFER);
        assert_eq!(pairs(&parts).map(|(_, length)| length), [5, 5, 5, 12, 5, 7]);
        assert_eq!(buffers.text(3), "host.example");
        for small in [0, 1, 2, 4, 5] {
            assert_eq!(buffers.memory[small], [W::narrow(0x7e); 64], "{small}");
        }
    }

    fn fact_8_2_1_absent_components_are_empty_in_buffers<W>() {
        let url = terminated::<W>("https://h");
        let mut buffers = Buffers::<W>::new();
        let mut parts = buffers.components(64);
        assert_eq!(crack(&url, 0, 0, &mut parts), 0);
        assert_eq!(pairs(&parts).map(|(_, length)| length), [5, 0, 0, 1, 0, 0]);
        assert_eq!([1, 2, 4, 5].map(|index| buffers.text(index)), ["", "", "", ""]);
    }

    fn fact_8_2_2_places_within_the_callers_url<W>() {
        let url = terminated::<W>(URL);
        // Lengths of -1 and 1 both mean "any" (client expectation 19).
        for any in [u32::MAX, 1] {
            let mut parts = components::<W>(any);
            assert_eq!(crack(&url, 0, 0, &mut parts), 0);
            let places = pairs(&parts).map(|pair| place(&url, pair).unwrap());
            assert_eq!(places, [(0, 4), (7, 4), (12, 4), (17, 12), (32, 4), (36, 6)]);
        }
    }

    fn fact_8_2_2_places_of_what_is_absent<W>() {
        let url = terminated::<W>("http://h");
        let mut parts = components::<W>(1);
        assert_eq!(crack(&url, 0, 0, &mut parts), 0);
        let [scheme, user, password, host, path, extra] = pairs(&parts);
        assert_eq!([user, password], [(null_mut(), 0); 2]);
        let places = [scheme, host, path, extra].map(|pair| place(&url, pair).unwrap());
        assert_eq!(places, [(0, 4), (7, 1), (8, 0), (8, 0)]);
    }

    fn fact_8_2_2_components_not_asked_for_stay_null<W>() {
        let url = terminated::<W>("https://u:p@h:8/x");
        let mut parts = components::<W>(0);
        assert_eq!(crack(&url, 0, 0, &mut parts), 0);
        assert_eq!(pairs(&parts), [(null_mut(), 0); 6]);
        assert_eq!((parts.n_scheme, parts.n_port), (c::INTERNET_SCHEME_HTTPS, 8));
    }

    fn fact_8_2_3_a_buffer_without_length_changes_nothing<W>() {
        let url = terminated::<W>(URL);
        for index in 0..6 {
            let mut buffers = Buffers::<W>::new();
            let mut parts = buffers.components(64);
            let lengths = [
                &mut parts.dw_scheme_length,
                &mut parts.dw_user_name_length,
                &mut parts.dw_password_length,
                &mut parts.dw_host_name_length,
                &mut parts.dw_url_path_length,
                &mut parts.dw_extra_info_length,
            ];
            *lengths.into_iter().nth(index).unwrap() = 0;
            let before = parts;
            assert_eq!(crack(&url, 0, 0, &mut parts), c::ERROR_INVALID_PARAMETER);
            assert_eq!(pairs(&parts), pairs(&before));
            assert_eq!((parts.n_scheme, parts.n_port), (0, 0));
            assert_eq!(buffers.memory, Buffers::<W>::new().memory);
        }
    }

    fn fact_8_2_4_the_query_stays_in_the_path_unless_asked_for<W>() {
        let url = terminated::<W>("http://h/a/b?x=1");
        let mut parts = UrlComponents { dw_url_path_length: 1, ..components::<W>(0) };
        assert_eq!(crack(&url, 0, 0, &mut parts), 0);
        assert_eq!(place(&url, (parts.lpsz_url_path, parts.dw_url_path_length)), Some((8, 8)));
    }

    fn fact_8_2_5_errors_leave_everything_alone<W>() {
        let cases = [
            ("", c::ERROR_WINHTTP_UNRECOGNIZED_SCHEME),
            ("www.x.org", c::ERROR_WINHTTP_UNRECOGNIZED_SCHEME),
            ("ws://x/", c::ERROR_WINHTTP_UNRECOGNIZED_SCHEME),
            ("http://", c::ERROR_WINHTTP_INVALID_URL),
            ("HTTP:www.x.org", c::ERROR_WINHTTP_INVALID_URL),
            ("http:/www.x.org", c::ERROR_WINHTTP_INVALID_URL),
            ("http://h:65536", c::ERROR_WINHTTP_INVALID_URL),
        ];
        for (url, error) in cases {
            let mut parts = components::<W>(1);
            assert_eq!(crack(&terminated::<W>(url), 0, 0, &mut parts), error, "{url}");
            assert_eq!(pairs(&parts), [(null_mut(), 1); 6], "{url}");
            assert_eq!((parts.n_scheme, parts.n_port), (0, 0), "{url}");
        }
    }

    fn fact_8_2_5_missing_arguments_and_other_sizes<W>() {
        let url = terminated::<W>(URL);
        let result = unsafe { WinHttpCrackUrl::<W>(url.as_ptr(), 0, 0, null_mut()) };
        assert_eq!((result, GetLastError()), (0, c::ERROR_INVALID_PARAMETER));
        let mut parts = components::<W>(1);
        let result = unsafe { WinHttpCrackUrl::<W>(null(), 0, 0, &raw mut parts) };
        assert_eq!((result, GetLastError()), (0, c::ERROR_INVALID_PARAMETER));
        for size in [0, 60, 103, 105] {
            parts.dw_struct_size = size;
            assert_eq!(crack(&url, 0, 0, &mut parts), c::ERROR_INVALID_PARAMETER);
            assert_eq!(pairs(&parts), [(null_mut(), 1); 6]);
        }
    }

    fn fact_8_2_6_the_port_passed_in_is_overwritten<W>() {
        for (url, port) in [("http://h", 80), ("https://h:/", 443), ("http://h:0", 0)] {
            let mut parts = UrlComponents { n_port: 42, ..components::<W>(1) };
            assert_eq!(crack(&terminated::<W>(url), 0, 0, &mut parts), 0);
            assert_eq!(parts.n_port, port, "{url}");
        }
    }

    fn fact_8_2_8_a_lone_question_mark_belongs_to_neither_path_nor_extra_info<W>() {
        let url = terminated::<W>("http://winehq?");
        let mut parts = components::<W>(1);
        assert_eq!(crack(&url, 0, 0, &mut parts), 0);
        let [.., path, extra] = pairs(&parts);
        assert_eq!([path, extra].map(|pair| place(&url, pair)), [Some((14, 0)); 2]);
    }

    fn fact_8_2_9_decoding_and_escaping_need_buffers<W>() {
        let url = terminated::<W>("http://h/a%20b?%41");
        for flags in [c::ICU_DECODE, c::ICU_ESCAPE, c::ICU_DECODE | c::ICU_ESCAPE] {
            let mut parts = components::<W>(1);
            assert_eq!(crack(&url, 0, flags, &mut parts), c::ERROR_INVALID_PARAMETER);
            assert_eq!(pairs(&parts), [(null_mut(), 1); 6]);
        }
        let mut buffers = Buffers::<W>::new();
        let mut parts = buffers.components(64);
        assert_eq!(crack(&url, 0, c::ICU_DECODE, &mut parts), 0);
        assert_eq!((parts.dw_url_path_length, parts.dw_extra_info_length), (4, 2));
        assert_eq!((&*buffers.text(4), &*buffers.text(5)), ("/a b", "?A"));
    }

    fn fact_8_2_9_the_host_is_neither_decoded_nor_escaped<W>() {
        let url = terminated::<W>("http://winehq.o g/path with spaces");
        let mut buffers = Buffers::<W>::new();
        let mut parts = buffers.components(64);
        assert_eq!(crack(&url, 0, c::ICU_ESCAPE | c::ICU_DECODE, &mut parts), 0);
        assert_eq!(buffers.text(3), "winehq.o g");
        assert_eq!(buffers.text(4), "/path%20with%20spaces");
        assert_eq!(parts.dw_url_path_length, 21);
    }

    fn user_names_can_be_rejected<W>() {
        let mut parts = components::<W>(1);
        let result = crack(&terminated::<W>(URL), 0, c::ICU_REJECT_USERPWD, &mut parts);
        assert_eq!(result, c::ERROR_WINHTTP_INVALID_URL);
    }

    fn a_length_ends_the_url_where_no_terminator_is<W>() {
        let url = W::encode("http://hABCD");
        let mut parts = components::<W>(1);
        assert_eq!(crack(&url, 8, 0, &mut parts), 0);
        assert_eq!(place(&url, (parts.lpsz_host_name, parts.dw_host_name_length)), Some((7, 1)));
    }

    fn text_that_is_no_text_is_copied_but_not_escaped<W>() {
        let mut url = terminated::<W>("http://h/x");
        url[9] = W::narrow(0xdc00);
        let mut buffers = Buffers::<W>::new();
        let mut parts = buffers.components(64);
        assert_eq!(crack(&url, 0, 0, &mut parts), 0);
        assert_eq!(buffers.memory[4][1], W::narrow(0xdc00));
        let mut parts = buffers.components(64);
        assert_eq!(crack(&url, 0, c::ICU_ESCAPE, &mut parts), c::ERROR_INVALID_PARAMETER);
        assert_eq!(parts.dw_url_path_length, 64);
    }

    fn fact_8_3_1_missing_arguments_and_other_sizes<W>() {
        let mut host = terminated::<W>("h");
        let parts = UrlComponents { lpsz_host_name: host.as_mut_ptr(), ..components::<W>(0) };
        let mut buffer = [W::default(); 32];
        let mut length = 32;
        let result =
            unsafe { WinHttpCreateUrl::<W>(null(), 0, buffer.as_mut_ptr(), &raw mut length) };
        assert_eq!((result, GetLastError()), (0, c::ERROR_INVALID_PARAMETER));
        let result = create(&parts, 0, buffer.as_mut_ptr(), null_mut());
        assert_eq!(result, c::ERROR_INVALID_PARAMETER);
        let sizeless = UrlComponents { dw_struct_size: 0, ..parts };
        let result = create(&sizeless, 0, buffer.as_mut_ptr(), &raw mut length);
        assert_eq!((result, length), (c::ERROR_INVALID_PARAMETER, 32));
        assert_eq!(buffer, [W::default(); 32]);
    }

    fn fact_8_3_2_the_length_needed_counts_the_terminator_the_length_written_does_not<W>() {
        let expected = "http://username:password@www.example.com/site/about?query";
        let url = terminated::<W>(expected);
        let mut parts = components::<W>(1);
        assert_eq!(crack(&url, 0, 0, &mut parts), 0);
        let mut buffer = [W::narrow(0x7e); 64];
        let needed = u32::try_from(url.len()).unwrap();
        for (pointer, room) in [(null_mut(), 0), (buffer.as_mut_ptr(), needed - 1)] {
            let mut length = room;
            let result = create(&parts, 0, pointer, &raw mut length);
            assert_eq!((result, length), (c::ERROR_INSUFFICIENT_BUFFER, needed));
        }
        assert_eq!(buffer, [W::narrow(0x7e); 64]);
        let mut length = needed;
        let result = create(&parts, 0, null_mut(), &raw mut length);
        assert_eq!((result, length), (c::ERROR_INVALID_PARAMETER, needed));
        let result = create(&parts, 0, buffer.as_mut_ptr(), &raw mut length);
        assert_eq!((result, length), (0, needed - 1));
        assert_eq!(buffer[..url.len()], url[..]);
        assert_eq!(buffer[url.len()], W::narrow(0x7e));
    }

    fn fact_8_3_3_scheme_text_beats_the_number<W>() {
        let (mut host, mut scheme) = (terminated::<W>("h"), terminated::<W>("ftp"));
        let parts = UrlComponents {
            lpsz_host_name: host.as_mut_ptr(),
            n_scheme: c::INTERNET_SCHEME_HTTPS,
            n_port: 80,
            ..components::<W>(0)
        };
        assert_eq!(created(&parts, 0).as_deref(), Ok("https://h:80"));
        let parts = UrlComponents { lpsz_scheme: scheme.as_mut_ptr(), ..parts };
        assert_eq!(created(&parts, 0).as_deref(), Ok("ftp://h:80"));
        let parts = UrlComponents { lpsz_scheme: null_mut(), n_scheme: 0, n_port: 0, ..parts };
        assert_eq!(created(&parts, 0).as_deref(), Ok("http://h:0"));
        for unknown in [c::INTERNET_SCHEME_SOCKS, -1, i32::MIN] {
            let parts = UrlComponents { n_scheme: unknown, ..parts };
            assert_eq!(created(&parts, 0), Err(c::ERROR_INVALID_PARAMETER));
        }
    }

    fn fact_8_3_4_user_and_password<W>() {
        let (mut host, mut text) = (terminated::<W>("h"), terminated::<W>("x"));
        let mut empty = terminated::<W>("");
        let (text, empty) = (text.as_mut_ptr(), empty.as_mut_ptr());
        let parts = UrlComponents {
            lpsz_host_name: host.as_mut_ptr(),
            n_port: 80,
            ..components::<W>(0)
        };
        for (user, password, expected) in [
            (text, null_mut(), Ok("http://x@h")),
            (text, empty, Ok("http://x:@h")),
            (empty, text, Ok("http://:x@h")),
            (empty, empty, Ok("http://:@h")),
            (null_mut(), null_mut(), Ok("http://h")),
            (null_mut(), text, Err(&c::ERROR_INVALID_PARAMETER)),
        ] {
            let parts = UrlComponents { lpsz_user_name: user, lpsz_password: password, ..parts };
            assert_eq!(created(&parts, 0).as_deref(), expected);
            let allowed = user.is_null() && password.is_null();
            assert_eq!(created(&parts, c::ICU_REJECT_USERPWD).is_ok(), allowed);
        }
    }

    fn fact_8_3_5_escaping_on_demand<W>() {
        let (mut host, mut path) = (terminated::<W>("h"), terminated::<W>("a b%~"));
        let mut extra = terminated::<W>("?\u{20ac}#");
        let parts = UrlComponents {
            lpsz_host_name: host.as_mut_ptr(),
            n_port: 80,
            lpsz_url_path: path.as_mut_ptr(),
            lpsz_extra_info: extra.as_mut_ptr(),
            ..components::<W>(0)
        };
        assert_eq!(created(&parts, 0).as_deref(), Ok("http://h/a b%~?\u{20ac}#"));
        let escaped = "http://h/a%20b%25%7E?%E2%82%AC%23";
        assert_eq!(created(&parts, c::ICU_ESCAPE).as_deref(), Ok(escaped));
        path[0] = W::narrow(0xdc00);
        assert_eq!(created(&parts, c::ICU_ESCAPE), Err(c::ERROR_INVALID_PARAMETER));
    }

    fn fact_8_3_7_the_host_may_be_missing<W>() {
        let mut extra = terminated::<W>("?text=1");
        let parts = UrlComponents { lpsz_extra_info: extra.as_mut_ptr(), ..components::<W>(0) };
        assert_eq!(created(&parts, 0).as_deref(), Ok("http://?text=1"));
        for (path, url) in [("a", "http://a"), ("/a", "http:///a"), ("", "http://")] {
            let mut path = terminated::<W>(path);
            let parts = UrlComponents { lpsz_url_path: path.as_mut_ptr(), ..components::<W>(0) };
            assert_eq!(created(&parts, 0).as_deref(), Ok(url));
        }
        let (mut host, mut path) = (terminated::<W>("h"), terminated::<W>("a"));
        let parts = UrlComponents {
            lpsz_host_name: host.as_mut_ptr(),
            lpsz_url_path: path.as_mut_ptr(),
            n_port: 80,
            ..components::<W>(0)
        };
        assert_eq!(created(&parts, 0).as_deref(), Ok("http://h/a"));
    }

    fn lengths_cut_components_that_go_on<W>() {
        let mut host = terminated::<W>("host.example");
        let parts = UrlComponents {
            lpsz_host_name: host.as_mut_ptr(),
            dw_host_name_length: 4,
            n_port: 80,
            ..components::<W>(0)
        };
        assert_eq!(created(&parts, 0).as_deref(), Ok("http://host"));
    }

    fn what_is_cracked_can_be_created_again<W>() {
        for url in [
            URL,
            "https://h",
            "HTTP://h:8080/",
            "https://:@h/x;y?",
            "http://u@[::1]:81#z",
            "http://\u{1f600}/\u{e9}?\u{20ac}",
        ] {
            let text = terminated::<W>(url);
            // Of what is absent, a NULL pointer and an empty place both create nothing.
            let mut parts = components::<W>(1);
            assert_eq!(crack(&text, 0, 0, &mut parts), 0);
            assert_eq!(again(&text, &parts).as_deref(), Ok(url));
        }
    }
}

/// Creates the URL of cracked places. A length of 0 would mean "terminated", so empty places get a
/// text of their own.
fn again<W: Unit>(text: &[W], parts: &UrlComponents<W>) -> Result<String, u32> {
    let mut empty = [W::default()];
    let mut parts = *parts;
    for (pointer, length) in [
        (&mut parts.lpsz_user_name, parts.dw_user_name_length),
        (&mut parts.lpsz_password, parts.dw_password_length),
        (&mut parts.lpsz_url_path, parts.dw_url_path_length),
        (&mut parts.lpsz_extra_info, parts.dw_extra_info_length),
    ] {
        if place(text, (*pointer, length)).is_some_and(|(_, length)| length == 0) {
            *pointer = empty.as_mut_ptr();
        }
    }
    created(&parts, 0)
}
