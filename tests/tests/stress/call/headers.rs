//! Headers, and the functions without a handle: URLs, times, the platform.

use winhttp_abi::constants as c;
use winhttp_abi::types::{EitherString, ExtendedHeader, SystemTime, UrlComponents};
use winhttp_abi::wide::Unit;

use super::{Caller, Target, of_bool, wide};
use crate::table::Function;

/// Bytes of a structure, as dwStructSize wants them.
pub(super) fn size<T>() -> u32 {
    size_of::<T>() as u32
}

/// A structure of nothing but numbers and pointers, all zero.
pub(super) fn zeroed<T>() -> T {
    // SAFETY: used for the C API's structures only, for which zeros are valid.
    unsafe { std::mem::zeroed() }
}

impl Caller {
    pub(super) fn header<W: Unit>(&mut self, function: Function, target: &Target) -> u32 {
        match function {
            Function::AddRequestHeaders => self.add_headers::<W>(target),
            Function::AddRequestHeadersEx => self.add_headers_ex::<W>(target),
            Function::QueryHeaders => self.query_headers::<W>(target),
            _ => self.query_headers_ex::<W>(target),
        }
    }

    pub(super) fn text<W: Unit>(&mut self, function: Function) -> u32 {
        match function {
            Function::CrackUrl => self.crack::<W>(),
            Function::CreateUrl => self.create::<W>(),
            Function::TimeFromSystemTime => self.time_to_text::<W>(),
            Function::TimeToSystemTime => self.text_to_time::<W>(),
            // SAFETY: no memory is passed.
            _ => of_bool(unsafe { winhttp::WinHttpCheckPlatform::<W>() }),
        }
    }

    fn add_headers<W: Unit>(&mut self, target: &Target) -> u32 {
        let text = self.chance.pick(&[
            "X-One: 1",
            "X-One: 2\r\nX-Two: 3\r\n",
            "X-One:",
            "",
            "no header",
            "X: a\r\n\r\nb",
            "Host: other",
        ]);
        let text = wide::<W>(text);
        let length = self
            .chance
            .pick(&[u32::MAX, u32::MAX, text.len() as u32 - 1, 0]);
        let modifiers = self.chance.pick(&[
            c::WINHTTP_ADDREQ_FLAG_ADD,
            c::WINHTTP_ADDREQ_FLAG_ADD | c::WINHTTP_ADDREQ_FLAG_REPLACE,
            c::WINHTTP_ADDREQ_FLAG_REPLACE,
            c::WINHTTP_ADDREQ_FLAG_ADD_IF_NEW,
            1,
        ]);
        // SAFETY: the text lives through the call.
        of_bool(unsafe {
            winhttp::WinHttpAddRequestHeaders::<W>(target.raw(), text.as_ptr(), length, modifiers)
        })
    }

    fn add_headers_ex<W: Unit>(&mut self, target: &Target) -> u32 {
        let (name, value) = (wide::<W>("X-Ex"), wide::<W>("value"));
        let pair = ExtendedHeader {
            name: EitherString::from_wide(name.as_ptr()),
            value: EitherString::from_wide(value.as_ptr()),
        };
        let (flags, extra) = self.chance.pick(&[(1, 0), (1, 0), (1, 0), (2, 0), (1, 1)]);
        let modifiers = c::WINHTTP_ADDREQ_FLAG_ADD | c::WINHTTP_ADDREQ_FLAG_REPLACE;
        // SAFETY: the pair lives through the call.
        unsafe {
            winhttp::WinHttpAddRequestHeadersEx::<W>(
                target.raw(),
                modifiers,
                flags,
                extra,
                1,
                &raw const pair,
            )
        }
    }

    fn query_headers<W: Unit>(&mut self, target: &Target) -> u32 {
        let level = self.chance.pick(&[
            c::WINHTTP_QUERY_STATUS_CODE,
            c::WINHTTP_QUERY_STATUS_CODE | c::WINHTTP_QUERY_FLAG_NUMBER,
            c::WINHTTP_QUERY_RAW_HEADERS_CRLF,
            c::WINHTTP_QUERY_RAW_HEADERS_CRLF | c::WINHTTP_QUERY_FLAG_REQUEST_HEADERS,
            c::WINHTTP_QUERY_DATE | c::WINHTTP_QUERY_FLAG_SYSTEMTIME,
            c::WINHTTP_QUERY_CUSTOM,
            0xfff,
        ]);
        let name = wide::<W>("Content-Length");
        let mut words = [0_u64; 64];
        let mut length = self.chance.pick(&[512, 512, 4, 0]);
        let mut index = 0;
        // SAFETY: name, buffer, length and index live through the call.
        of_bool(unsafe {
            winhttp::WinHttpQueryHeaders::<W>(
                target.raw(),
                level,
                name.as_ptr(),
                words.as_mut_ptr().cast(),
                &raw mut length,
                &raw mut index,
            )
        })
    }

    fn query_headers_ex<W: Unit>(&mut self, target: &Target) -> u32 {
        let mut words = [0_u64; 512];
        let mut length = self.chance.pick(&[4096, 4096, 100, 0]);
        let (mut headers, mut count) = (std::ptr::null_mut(), 0);
        let level = self.chance.pick(&[
            c::WINHTTP_QUERY_RAW_HEADERS,
            c::WINHTTP_QUERY_RAW_HEADERS | c::WINHTTP_QUERY_FLAG_WIRE_ENCODING,
            c::WINHTTP_QUERY_STATUS_CODE,
        ]);
        // SAFETY: all memory lives through the call.
        unsafe {
            winhttp::WinHttpQueryHeadersEx::<W>(
                target.raw(),
                level,
                0,
                0,
                std::ptr::null_mut(),
                std::ptr::null(),
                words.as_mut_ptr().cast(),
                &raw mut length,
                &raw mut headers,
                &raw mut count,
            )
        }
    }

    fn crack<W: Unit>(&mut self) -> u32 {
        let url = self.chance.pick(&[
            "http://user:pw@host.example:81/path?query#part",
            "https://[::1]/",
            "ftp://x/",
            "http:/x",
            "",
            "ws://x",
        ]);
        let url = wide::<W>(url);
        let mut parts: UrlComponents<W> = zeroed();
        parts.dw_struct_size = size::<UrlComponents<W>>();
        parts.dw_host_name_length = 1;
        parts.dw_url_path_length = 1;
        let flags = self
            .chance
            .pick(&[0, c::ICU_DECODE, c::ICU_ESCAPE, c::ICU_REJECT_USERPWD]);
        // SAFETY: text and structure live through the call.
        of_bool(unsafe { winhttp::WinHttpCrackUrl::<W>(url.as_ptr(), 0, flags, &raw mut parts) })
    }

    fn create<W: Unit>(&mut self) -> u32 {
        let (mut host, mut path) = (wide::<W>("host.example"), wide::<W>("/a b"));
        let mut parts: UrlComponents<W> = zeroed();
        parts.dw_struct_size = size::<UrlComponents<W>>();
        parts.n_scheme = self.chance.pick(&[0, 1, 2, 9]);
        parts.lpsz_host_name = host.as_mut_ptr();
        parts.lpsz_url_path = path.as_mut_ptr();
        parts.n_port = 8080;
        let mut url = [W::default(); 64];
        let mut length = self.chance.pick(&[64, 10, 0]);
        let flags = self.chance.pick(&[0, c::ICU_ESCAPE]);
        // SAFETY: all memory lives through the call.
        of_bool(unsafe {
            winhttp::WinHttpCreateUrl::<W>(
                &raw const parts,
                flags,
                url.as_mut_ptr(),
                &raw mut length,
            )
        })
    }

    fn time_to_text<W: Unit>(&mut self) -> u32 {
        let mut time: SystemTime = zeroed();
        time.w_year = self.chance.pick(&[2020, 0, 1601, 65535]);
        time.w_month = self.chance.pick(&[1, 12, 13]);
        time.w_day = 28;
        let mut text = [W::default(); 31];
        // SAFETY: time and text live through the call.
        of_bool(unsafe {
            winhttp::WinHttpTimeFromSystemTime::<W>(&raw const time, text.as_mut_ptr())
        })
    }

    fn text_to_time<W: Unit>(&mut self) -> u32 {
        let text = self
            .chance
            .pick(&["Mon, 28 Jul 2008 10:05:52 GMT", "yesterday", ""]);
        let text = wide::<W>(text);
        let mut time: SystemTime = zeroed();
        // SAFETY: text and time live through the call.
        of_bool(unsafe { winhttp::WinHttpTimeToSystemTime::<W>(text.as_ptr(), &raw mut time) })
    }
}
