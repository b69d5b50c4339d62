//! Verifies the argument checks of functions on resolvers, connection groups and what is freed.
#![expect(
    clippy::undocumented_unsafe_blocks,
    reason = "all pointers are NULL or to locals"
)]

use std::ptr::{null, null_mut};

use winhttp::*;
use winhttp_abi::constants as c;
use winhttp_abi::handle::{Hinternet, from_bits};
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

/// A handle no function takes.
fn invented() -> Hinternet {
    from_bits(0x1234_5678)
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
    unsafe { WinHttpFreeQueryConnectionGroupResult::<u16>(null_mut()) };
    assert_eq!(
        unsafe { WinHttpFreeProxySettingsEx::<u16>(1, null_mut()) },
        0
    );
    let unknown = unsafe { WinHttpFreeProxySettingsEx::<u16>(0, null_mut()) };
    assert_eq!(unknown, c::ERROR_INVALID_PARAMETER);
}
