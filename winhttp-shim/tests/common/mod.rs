//! What the tests of options share: handles of both widths, and calls that give the error as a
//! value.
#![allow(dead_code, reason = "each test program uses its own part")]

use std::ffi::c_void;
use std::marker::PhantomData;
use std::ptr::null;

use winhttp::GetLastError;
use winhttp::GlobalFree;
use winhttp::{
    WinHttpCloseHandle, WinHttpConnect, WinHttpOpen, WinHttpOpenRequest, WinHttpQueryOption,
    WinHttpSetOption,
};
use winhttp_abi::constants as c;
use winhttp_abi::handle::Hinternet;
use winhttp_abi::types::ProxyInfo;
use winhttp_abi::wide::{Unit, terminated};

/// WINHTTP_STATUS_CALLBACK.
pub(crate) type Callback = unsafe extern "system" fn(Hinternet, usize, u32, *mut c_void, u32);

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
pub(crate) use in_both_widths;

/// A synchronous session, a connect and a request, closed at the end of the test.
pub(crate) struct Handles<W: Unit> {
    pub(crate) session: Hinternet,
    pub(crate) connect: Hinternet,
    pub(crate) request: Hinternet,
    secure: bool,
    width: PhantomData<W>,
}

impl<W: Unit> Handles<W> {
    /// For localhost:8080, where nothing needs to listen.
    pub(crate) fn local() -> Self {
        Self::new("localhost", 8080, "/path?query", false)
    }

    /// A request with TLS.
    pub(crate) fn secure(host: &str, port: u16) -> Self {
        Self::new(host, port, "/", true)
    }

    pub(crate) fn new(host: &str, port: u16, path: &str, secure: bool) -> Self {
        let agent = terminated::<W>("agent");
        let access = c::WINHTTP_ACCESS_TYPE_NO_PROXY;
        let session = unsafe { WinHttpOpen::<W>(agent.as_ptr(), access, null(), null(), 0) };
        let host = terminated::<W>(host);
        let connect = unsafe { WinHttpConnect::<W>(session, host.as_ptr(), port, 0) };
        let request = open_request::<W>(connect, path, secure);
        Self {
            session,
            connect,
            request,
            secure,
            width: PhantomData,
        }
    }

    pub(crate) fn all(&self) -> [Hinternet; 3] {
        [self.session, self.connect, self.request]
    }

    /// One more request of the connect; it stays open.
    pub(crate) fn another_request(&self) -> Hinternet {
        open_request::<W>(self.connect, "/", self.secure)
    }

    /// One more connect of the session; it stays open.
    pub(crate) fn another_connect(&self) -> Hinternet {
        let host = terminated::<W>("localhost");
        unsafe { WinHttpConnect::<W>(self.session, host.as_ptr(), 0, 0) }
    }
}

impl<W: Unit> Drop for Handles<W> {
    fn drop(&mut self) {
        for handle in [self.request, self.connect, self.session] {
            unsafe { WinHttpCloseHandle::<W>(handle) };
        }
    }
}

fn open_request<W: Unit>(connect: Hinternet, path: &str, secure: bool) -> Hinternet {
    let path = terminated::<W>(path);
    let flags = if secure { c::WINHTTP_FLAG_SECURE } else { 0 };
    let none = null::<W>();
    let request =
        unsafe { WinHttpOpenRequest::<W>(connect, none, path.as_ptr(), none, none, null(), flags) };
    assert!(!request.is_null());
    request
}

/// Sets an option; the last error, which is 0 exactly on success.
pub(crate) fn set<W: Unit>(handle: Hinternet, option: u32, bytes: &[u8]) -> u32 {
    let length = u32::try_from(bytes.len()).unwrap();
    let set = unsafe { WinHttpSetOption::<W>(handle, option, bytes.as_ptr().cast(), length) };
    outcome(set)
}

/// Sets an option to a DWORD.
pub(crate) fn set_dword<W: Unit>(handle: Hinternet, option: u32, value: u32) -> u32 {
    set::<W>(handle, option, &value.to_ne_bytes())
}

/// Sets an option to (NULL, 0).
pub(crate) fn set_nothing<W: Unit>(handle: Hinternet, option: u32) -> u32 {
    outcome(unsafe { WinHttpSetOption::<W>(handle, option, null(), 0) })
}

fn outcome(result: i32) -> u32 {
    let error = GetLastError();
    assert_eq!(result == 1, error == 0);
    error
}

/// The bytes of an option, with room for `room`; on failure the error, and the buffer must be
/// untouched.
pub(crate) fn query<W: Unit>(handle: Hinternet, option: u32, room: usize) -> Result<Vec<u8>, u32> {
    let mut buffer = vec![0xee_u8; room];
    let mut size = u32::try_from(room).unwrap();
    let pointer = buffer.as_mut_ptr().cast();
    match outcome(unsafe { WinHttpQueryOption::<W>(handle, option, pointer, &raw mut size) }) {
        0 => {
            buffer.truncate(size.try_into().unwrap());
            Ok(buffer)
        }
        error => {
            assert!(buffer.iter().all(|byte| *byte == 0xee));
            Err(error)
        }
    }
}

/// The number an option reads as.
pub(crate) fn query_dword<W: Unit>(handle: Hinternet, option: u32) -> Result<u32, u32> {
    let bytes = query::<W>(handle, option, 4)?;
    Ok(u32::from_ne_bytes(bytes.try_into().unwrap()))
}

/// An option whose structure is `T`.
pub(crate) fn query_struct<W: Unit, T: Copy>(handle: Hinternet, option: u32) -> Result<T, u32> {
    let mut bytes = vec![0_u8; size_of::<T>()];
    let mut size = u32::try_from(bytes.len()).unwrap();
    let pointer = bytes.as_mut_ptr().cast();
    match outcome(unsafe { WinHttpQueryOption::<W>(handle, option, pointer, &raw mut size) }) {
        0 => Ok(unsafe { bytes.as_ptr().cast::<T>().read_unaligned() }),
        error => Err(error),
    }
}

/// Access type, proxy and bypass list of WINHTTP_OPTION_PROXY.
pub(crate) fn proxy<W: Unit>(handle: Hinternet) -> (u32, String, String) {
    let info = query_struct::<W, ProxyInfo<W>>(handle, c::WINHTTP_OPTION_PROXY).unwrap();
    let texts = [info.lpsz_proxy, info.lpsz_proxy_bypass].map(|pointer| {
        let text = text(pointer);
        unsafe { GlobalFree(pointer.cast()) };
        text
    });
    let [proxy, bypass] = texts;
    (info.dw_access_type, proxy, bypass)
}

/// A terminated text; empty for NULL.
pub(crate) fn text<W: Unit>(pointer: *const W) -> String {
    unsafe { winhttp_abi::input::text(pointer) }
        .unwrap()
        .unwrap_or_default()
}
