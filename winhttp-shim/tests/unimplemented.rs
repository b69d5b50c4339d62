//! Verifies the argument checks of the functions that are not built yet.
#![expect(
    clippy::undocumented_unsafe_blocks,
    reason = "all pointers are NULL or to locals"
)]

use std::ffi::c_void;
use std::ptr::{null, null_mut};

use winhttp::GetLastError;
use winhttp::*;
use winhttp_abi::constants as c;
use winhttp_abi::handle::{Hinternet, from_bits};
use winhttp_abi::types::ProxyInfo;
use winhttp_abi::wide::terminated;

const WRONG_KIND: u32 = c::ERROR_WINHTTP_INCORRECT_HANDLE_TYPE;

/// A session with a connect and a request; no I/O.
struct Handles {
    session: Hinternet,
    connect: Hinternet,
    request: Hinternet,
}

impl Handles {
    fn open(flags: u32) -> Self {
        let name = terminated::<u16>("localhost");
        let access = c::WINHTTP_ACCESS_TYPE_NO_PROXY;
        let session = unsafe { WinHttpOpen::<u16>(null(), access, null(), null(), flags) };
        let connect = unsafe { WinHttpConnect::<u16>(session, name.as_ptr(), 80, 0) };
        let request = unsafe {
            WinHttpOpenRequest::<u16>(connect, null(), null(), null(), null(), null(), 0)
        };
        assert!(!session.is_null() && !connect.is_null() && !request.is_null());
        Self {
            session,
            connect,
            request,
        }
    }
}

impl Drop for Handles {
    fn drop(&mut self) {
        for handle in [self.request, self.connect, self.session] {
            assert_eq!(unsafe { WinHttpCloseHandle::<u16>(handle) }, 1);
        }
    }
}

/// The last error of a function that must fail.
fn failure(result: i32) -> u32 {
    assert_eq!(result, 0);
    GetLastError()
}

/// A handle no function takes.
fn invented() -> Hinternet {
    from_bits(0x1234_5678)
}

#[test]
fn fact_8_4_1_arguments_of_the_machines_proxy() {
    let mut text = terminated::<u16>("proxy:8080");
    let mut foreign = terminated::<u16>("pröxy");
    let set = |dw_access_type, lpsz_proxy, lpsz_proxy_bypass| {
        let info = ProxyInfo {
            dw_access_type,
            lpsz_proxy,
            lpsz_proxy_bypass,
        };
        failure(unsafe { WinHttpSetDefaultProxyConfiguration::<u16>(&raw const info) })
    };
    let (none, text, foreign) = (null_mut(), text.as_mut_ptr(), foreign.as_mut_ptr());
    let named = c::WINHTTP_ACCESS_TYPE_NAMED_PROXY;
    assert_eq!(set(42, none, none), c::ERROR_INVALID_PARAMETER);
    assert_eq!(set(named, none, none), c::ERROR_INVALID_PARAMETER);
    assert_eq!(set(named, none, text), c::ERROR_INVALID_PARAMETER);
    assert_eq!(set(named, foreign, none), c::ERROR_INVALID_PARAMETER);
    assert_eq!(set(named, text, foreign), c::ERROR_INVALID_PARAMETER);
    assert_eq!(set(named, text, text), c::ERROR_CALL_NOT_IMPLEMENTED);
    let result = unsafe { WinHttpSetDefaultProxyConfiguration::<u16>(null()) };
    assert_eq!(failure(result), c::ERROR_INVALID_PARAMETER);
}

#[test]
fn other_handles_are_no_resolvers() {
    let handles = Handles::open(0);
    for (handle, error) in [
        (handles.session, WRONG_KIND),
        (invented(), c::ERROR_INVALID_HANDLE),
    ] {
        let results = [
            unsafe { WinHttpGetProxyForUrlEx::<u16>(handle, null(), null(), 0) },
            unsafe { WinHttpGetProxyForUrlEx2::<u16>(handle, null(), null(), 0, null(), 0) },
            unsafe { WinHttpGetProxyResult::<u16>(handle, null_mut()) },
            unsafe { WinHttpGetProxyResultEx::<u16>(handle, null_mut()) },
            unsafe { WinHttpGetProxySettingsEx::<u16>(handle, 1, null(), 0) },
            unsafe { WinHttpGetProxySettingsResultEx::<u16>(handle, null_mut()) },
        ];
        assert_eq!(results, [error; 6]);
    }
}

#[test]
fn fact_30_4_1_only_asynchronous_sessions_have_resolvers() {
    let (sync, other) = (Handles::open(0), Handles::open(c::WINHTTP_FLAG_ASYNC));
    let mut resolver = null_mut();
    let create =
        |session, resolver| unsafe { WinHttpCreateProxyResolver::<u16>(session, resolver) };
    assert_eq!(
        create(null_mut(), &raw mut resolver),
        c::ERROR_INVALID_HANDLE
    );
    assert_eq!(create(sync.session, &raw mut resolver), WRONG_KIND);
    assert_eq!(create(other.connect, &raw mut resolver), WRONG_KIND);
    assert_eq!(
        create(other.session, null_mut()),
        c::ERROR_INVALID_PARAMETER
    );
    assert!(resolver.is_null());
    assert_eq!(create(other.session, &raw mut resolver), 0);
    assert_eq!(unsafe { WinHttpCloseHandle::<u16>(resolver) }, 1);
}

#[test]
fn stored_settings_check_their_arguments() {
    let handles = Handles::open(0);
    let (session, connect) = (handles.session, handles.connect);
    let version =
        |session, version| unsafe { WinHttpGetProxySettingsVersion::<u16>(session, version) };
    let mut number = 5;
    assert_eq!(version(connect, &raw mut number), WRONG_KIND);
    assert_eq!(version(session, null_mut()), c::ERROR_INVALID_PARAMETER);
    assert_eq!(
        version(session, &raw mut number),
        c::ERROR_CALL_NOT_IMPLEMENTED
    );
    // Only the size is read of a structure whose size is wrong.
    let size = 111_u32;
    let write = unsafe { WinHttpWriteProxySettings::<u16>(session, 0, (&raw const size).cast()) };
    assert_eq!(write, c::ERROR_INVALID_PARAMETER);
    let none = null_mut();
    let read = unsafe {
        WinHttpReadProxySettings::<u16>(session, null(), 0, 0, none, none.cast(), none.cast())
    };
    assert_eq!((read, number), (c::ERROR_INVALID_PARAMETER, 5));
    assert_eq!(
        unsafe { WinHttpSetProxySettingsPerUser::<u16>(1) },
        c::ERROR_CALL_NOT_IMPLEMENTED
    );
}

#[test]
fn changes_are_watched_with_a_callback_and_one_flag() {
    unsafe extern "C" fn changed(_flags: u64, _context: *mut c_void) {}
    let mut registration = null_mut();
    let register = |flags, callback, registration| unsafe {
        WinHttpRegisterProxyChangeNotification::<u16>(flags, callback, null_mut(), registration)
    };
    let callback: Option<unsafe extern "C" fn(u64, *mut c_void)> = Some(changed);
    assert_eq!(
        register(1, callback, null_mut()),
        c::ERROR_INVALID_PARAMETER
    );
    assert_eq!(
        register(1, None, &raw mut registration),
        c::ERROR_INVALID_PARAMETER
    );
    assert_eq!(
        register(0, callback, &raw mut registration),
        c::ERROR_INVALID_PARAMETER
    );
    assert_eq!(
        register(1, callback, &raw mut registration),
        c::ERROR_CALL_NOT_IMPLEMENTED
    );
    let unregister = unsafe { WinHttpUnregisterProxyChangeNotification::<u16>(registration) };
    assert_eq!(unregister, c::ERROR_INVALID_HANDLE);
}

#[test]
fn connection_groups_belong_to_connects_and_requests() {
    let handles = Handles::open(0);
    let mut result = null_mut();
    let query = |handle, flags, result| unsafe {
        WinHttpQueryConnectionGroup::<u16>(handle, null(), flags, result)
    };
    assert_eq!(query(handles.session, 0, &raw mut result), WRONG_KIND);
    assert_eq!(
        query(handles.connect, 1, null_mut()),
        c::ERROR_INVALID_PARAMETER
    );
    assert_eq!(
        query(handles.request, 2, &raw mut result),
        c::ERROR_INVALID_PARAMETER
    );
    assert!(result.is_null());
    assert_eq!(query(handles.request, 1, &raw mut result), 0);
    assert_eq!(
        unsafe { *result }.c_hosts,
        0,
        "nothing was ever opened to it"
    );
    unsafe { WinHttpFreeQueryConnectionGroupResult::<u16>(result) };
}

#[test]
fn what_is_freed_may_be_null() {
    unsafe { WinHttpFreeProxyResult::<u16>(null_mut()) };
    unsafe { WinHttpFreeProxyResultEx::<u16>(null_mut()) };
    unsafe { WinHttpFreeProxySettings::<u16>(null_mut()) };
    unsafe { WinHttpFreeQueryConnectionGroupResult::<u16>(null_mut()) };
    assert_eq!(
        unsafe { WinHttpFreeProxySettingsEx::<u16>(1, null_mut()) },
        0
    );
    let unknown = unsafe { WinHttpFreeProxySettingsEx::<u16>(0, null_mut()) };
    assert_eq!(unknown, c::ERROR_INVALID_PARAMETER);
}
