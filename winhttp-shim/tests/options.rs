//! Verifies WinHttpSetOption and WinHttpQueryOption through the C edge, in both string widths, on
//! handles that need no connection; facts are those of the observed behaviour.
#![expect(
    clippy::undocumented_unsafe_blocks,
    reason = "all pointers are NULL, to locals, or were just given by the library"
)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::ffi::c_void;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicU32, Ordering};

use common::{Handles, in_both_widths, query, query_dword, set, set_dword, set_nothing};
use winhttp::GetLastError;
use winhttp::{WinHttpCloseHandle, WinHttpQueryOption, WinHttpSetOption, WinHttpSetStatusCallback};
use winhttp_abi::constants as c;
use winhttp_abi::handle::Hinternet;
use winhttp_abi::types::{ProxyInfo, ProxyResultEntry};
use winhttp_abi::wide::{Unit, terminated};

const OK: u32 = c::ERROR_SUCCESS;
const BAD_TYPE: u32 = c::ERROR_WINHTTP_INCORRECT_HANDLE_TYPE;
const BAD_STATE: u32 = c::ERROR_WINHTTP_INCORRECT_HANDLE_STATE;
const BAD_PARAMETER: u32 = c::ERROR_INVALID_PARAMETER;
const TOO_SMALL: u32 = c::ERROR_INSUFFICIENT_BUFFER;

in_both_widths! {
    fn fact_3_1_1_a_query_says_how_much_it_needs_and_how_much_it_wrote<W>() {
        let handles = Handles::<W>::local();
        let option = c::WINHTTP_OPTION_REDIRECT_POLICY;
        let mut size = 0;
        let ask = |buffer: *mut c_void, size: *mut u32| {
            let told = unsafe { WinHttpQueryOption::<W>(handles.session, option, buffer, size) };
            (told, GetLastError())
        };
        assert_eq!(ask(null_mut(), null_mut()), (0, BAD_PARAMETER));
        assert_eq!((ask(null_mut(), &raw mut size), size), ((0, TOO_SMALL), 4));
        let mut buffer = [0xff_u8; 8];
        for (given, error, told) in [(3, TOO_SMALL, 4), (4, OK, 4), (8, OK, 4), (0xdead_beef, OK, 4)] {
            size = given;
            buffer = [0xff; 8];
            let result = ask(buffer.as_mut_ptr().cast(), &raw mut size);
            assert_eq!((result, size), ((i32::from(error == OK), error), told), "{given}");
            let untouched = buffer == [0xff; 8];
            assert_eq!(untouched, error != OK, "{given}");
        }
        // Client expectation 23: a DWORD is written with exactly four bytes. Fact 3.2.1: the
        // default.
        assert_eq!(buffer, [1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
    }

    fn fact_3_1_2_a_number_needs_its_size<W>() {
        let handles = Handles::<W>::local();
        let (session, option) = (handles.session, c::WINHTTP_OPTION_REDIRECT_POLICY);
        let missing = unsafe { WinHttpSetOption::<W>(session, option, null(), 4) };
        assert_eq!((missing, GetLastError()), (0, BAD_PARAMETER));
        let two = [2_u8, 0, 0, 0, 0, 0, 0, 0];
        for length in [0, 3, 5] {
            assert_eq!(set::<W>(session, option, &two[..length]), TOO_SMALL);
        }
        assert_eq!(set_dword::<W>(session, option, 3), BAD_PARAMETER);
        assert_eq!(query_dword::<W>(session, option), Ok(1));
        assert_eq!(set_dword::<W>(session, option, 2), OK);
        assert_eq!(query_dword::<W>(session, option), Ok(2));
        // Client expectation 23: an unsigned long of a 64-bit system.
        assert_eq!(set::<W>(session, option, &[0, 0, 0, 0, 1, 1, 1, 1]), OK);
        assert_eq!(query_dword::<W>(session, option), Ok(0));
    }

    fn fact_3_1_3_number_0_is_unknown_to_set_and_wrong_to_query<W>() {
        let handles = Handles::<W>::local();
        for handle in handles.all() {
            assert_eq!(set_dword::<W>(handle, 0, 0), c::ERROR_WINHTTP_INVALID_OPTION);
            assert_eq!(query_dword::<W>(handle, 0), Err(BAD_PARAMETER));
        }
    }

    fn fact_3_1_4_what_can_only_be_set_cannot_be_queried<W>() {
        let handles = Handles::<W>::local();
        let options = [
            c::WINHTTP_OPTION_DISABLE_FEATURE,
            c::WINHTTP_OPTION_ENABLE_FEATURE,
            c::WINHTTP_OPTION_DECOMPRESSION,
            c::WINHTTP_OPTION_WEB_SOCKET_KEEPALIVE_INTERVAL,
        ];
        for option in options {
            assert_eq!(query_dword::<W>(handles.request, option), Err(BAD_PARAMETER));
            let mut size = 7;
            let asked = unsafe {
                WinHttpQueryOption::<W>(handles.request, option, null_mut(), &raw mut size)
            };
            assert_eq!((asked, GetLastError(), size), (0, BAD_PARAMETER, 7));
        }
    }

    fn fact_3_2_options_of_requests_and_of_sessions<W>() {
        let handles = Handles::<W>::local();
        let Handles { session, connect, request, .. } = handles;
        let cases = [
            (session, c::WINHTTP_OPTION_DISABLE_FEATURE, 1, BAD_TYPE),
            (connect, c::WINHTTP_OPTION_DISABLE_FEATURE, 1, BAD_TYPE),
            (request, c::WINHTTP_OPTION_DISABLE_FEATURE, 0, OK),
            (request, c::WINHTTP_OPTION_DISABLE_FEATURE, u32::MAX, OK),
            (request, c::WINHTTP_OPTION_ENABLE_FEATURE, 1, OK),
            (request, c::WINHTTP_OPTION_ENABLE_FEATURE, 0x1000_0001, BAD_PARAMETER),
            (request, c::WINHTTP_OPTION_CONNECT_RETRIES, 2, OK),
            (session, c::WINHTTP_OPTION_DECOMPRESSION, 3, OK),
            (request, c::WINHTTP_OPTION_DECOMPRESSION, 3, OK),
            (session, c::WINHTTP_OPTION_SECURE_PROTOCOLS, 0x800, OK),
            (connect, c::WINHTTP_OPTION_SECURE_PROTOCOLS, 0x800, BAD_TYPE),
            (request, c::WINHTTP_OPTION_MAX_HTTP_AUTOMATIC_REDIRECTS, 5, OK),
            (session, c::WINHTTP_OPTION_CONFIGURE_PASSPORT_AUTH, 0x1000_0000, OK),
            (request, c::WINHTTP_OPTION_HANDLE_TYPE, 1, c::ERROR_WINHTTP_OPTION_NOT_SETTABLE),
            // Client expectations 24 and 25.
            (request, c::WINHTTP_OPTION_WEB_SOCKET_KEEPALIVE_INTERVAL, 20_000, BAD_TYPE),
            (session, c::WINHTTP_OPTION_TCP_FAST_OPEN, 1, OK),
            (session, c::WINHTTP_OPTION_TLS_FALSE_START, 1, OK),
            (session, c::WINHTTP_OPTION_ENABLE_HTTP_PROTOCOL, 1, OK),
            (request, c::WINHTTP_OPTION_ENABLE_HTTP_PROTOCOL, 1, OK),
        ];
        for (handle, option, value, error) in cases {
            assert_eq!(set_dword::<W>(handle, option, value), error, "{option} {value:#x}");
        }
        let nothing = set::<W>(request, c::WINHTTP_OPTION_ENABLE_FEATURE, &[]);
        assert_eq!(nothing, BAD_PARAMETER);
        assert_eq!(query_dword::<W>(request, c::WINHTTP_OPTION_HTTP_PROTOCOL_USED), Ok(0));
    }

    fn fact_3_2_8_security_flags_are_0_before_the_send<W>() {
        let handles = Handles::<W>::secure("localhost", 443);
        let option = c::WINHTTP_OPTION_SECURITY_FLAGS;
        assert_eq!(query_dword::<W>(handles.request, option), Ok(0));
        for flags in [0x100, 0x200, 0x1000, 0x2000, 0x3300, 0] {
            assert_eq!(set_dword::<W>(handles.request, option, flags), OK);
            assert_eq!(query_dword::<W>(handles.request, option), Ok(flags));
        }
        for flags in [0x1, 0x2000_0000, 0x1000_0000, 0x4000_0100] {
            assert_eq!(set_dword::<W>(handles.request, option, flags), BAD_PARAMETER);
        }
    }

    fn fact_3_2_9_no_client_certificate_is_a_choice_of_secure_requests<W>() {
        let option = c::WINHTTP_OPTION_CLIENT_CERT_CONTEXT;
        let plain = Handles::<W>::local();
        assert_eq!(set_nothing::<W>(plain.request, option), BAD_STATE);
        let secure = Handles::<W>::secure("localhost", 443);
        assert_eq!(set_nothing::<W>(secure.request, option), OK);
        let invented = set::<W>(secure.request, option, &[0; 40]);
        assert_eq!(invented, c::ERROR_WINHTTP_CLIENT_CERT_NO_PRIVATE_KEY);
    }

    fn fact_3_3_text_is_set_in_characters_and_queried_in_bytes<W>() {
        let handles = Handles::<W>::local();
        let (request, option) = (handles.request, c::WINHTTP_OPTION_USERNAME);
        assert_eq!(query::<W>(request, option, 64), Ok(Vec::new()));
        let mut size = 4;
        let asked = unsafe { WinHttpQueryOption::<W>(request, option, null_mut(), &raw mut size) };
        assert_eq!((asked, GetLastError()), (0, TOO_SMALL));
        assert_eq!(usize::try_from(size).unwrap(), W::BYTES);
        let name = terminated::<W>("üser");
        for characters in [4, 5] {
            let set = unsafe {
                WinHttpSetOption::<W>(request, option, name.as_ptr().cast(), characters)
            };
            assert_eq!((set, GetLastError()), (1, OK));
            // Exactly the text and its terminator; the terminator is not counted.
            let expected = winhttp_abi::output::unit_bytes(&W::encode("üser"));
            assert_eq!(query::<W>(request, option, 5 * W::BYTES), Ok(expected));
            assert_eq!(query::<W>(request, option, 5 * W::BYTES - 1), Err(TOO_SMALL));
        }
        // Fact 3.3.4: not the next request's, nor the session's.
        assert_eq!(query::<W>(handles.another_request(), option, 64), Ok(Vec::new()));
        assert_eq!(query::<W>(handles.session, option, 64), Err(BAD_TYPE));
    }

    fn fact_3_4_timeouts_are_read_back_as_they_were_given<W>() {
        let handles = Handles::<W>::local();
        let Handles { session, connect, request, .. } = handles;
        let response = c::WINHTTP_OPTION_RECEIVE_RESPONSE_TIMEOUT;
        let receive = c::WINHTTP_OPTION_RECEIVE_TIMEOUT;
        for handle in [session, connect, request] {
            assert_eq!(query_dword::<W>(handle, response), Ok(u32::MAX));
        }
        assert_eq!(set_dword::<W>(connect, response, 1), BAD_TYPE);
        assert_eq!(set_dword::<W>(session, receive, 48_879), OK);
        assert_eq!(query_dword::<W>(connect, receive), Ok(48_879));
        assert_eq!(query_dword::<W>(request, receive), Ok(30_000));
        assert_eq!(set_dword::<W>(session, response, 48_878), OK);
        assert_eq!(query_dword::<W>(session, response), Ok(48_879));
        assert_eq!(set_dword::<W>(request, receive, 0xbeef_dead), OK);
        assert_eq!(set_dword::<W>(request, response, 30_000), OK);
        assert_eq!(query_dword::<W>(request, response), Ok(0xbeef_dead));
    }

    fn fact_2_16_a_buffer_of_just_the_url_is_enough<W>() {
        let handles = Handles::<W>::local();
        let url = winhttp_abi::output::unit_bytes(&W::encode("http://localhost:8080/path?query"));
        let option = c::WINHTTP_OPTION_URL;
        assert_eq!(query::<W>(handles.request, option, url.len() + W::BYTES), Ok(url.clone()));
        assert_eq!(query::<W>(handles.request, option, url.len()), Err(TOO_SMALL));
    }

    fn fact_2_15_there_is_no_connection_before_the_send<W>() {
        let handles = Handles::<W>::local();
        let option = c::WINHTTP_OPTION_CONNECTION_INFO;
        assert_eq!(query::<W>(handles.request, option, 264), Err(BAD_STATE));
        assert_eq!(query::<W>(handles.request, option, 0), Err(BAD_STATE));
        assert_eq!(query::<W>(handles.session, option, 264), Err(BAD_TYPE));
    }

    fn fact_9_1_2_buffer_sizes_are_inherited_and_then_the_requests_own<W>() {
        let handles = Handles::<W>::local();
        let options =
            [c::WINHTTP_OPTION_WEB_SOCKET_RECEIVE_BUFFER_SIZE, c::WINHTTP_OPTION_WEB_SOCKET_SEND_BUFFER_SIZE];
        for option in options {
            assert_eq!(query_dword::<W>(handles.request, option), Ok(32_768));
            assert_eq!(set_dword::<W>(handles.session, option, 65_535), OK);
            assert_eq!(query_dword::<W>(handles.request, option), Ok(32_768));
            let next = handles.another_request();
            assert_eq!(query_dword::<W>(next, option), Ok(65_535));
            assert_eq!(set_dword::<W>(next, option, 15), OK);
            assert_eq!(query_dword::<W>(handles.session, option), Ok(65_535));
            // Fact 9.1.3.
            assert_eq!(query_dword::<W>(handles.connect, option), Err(BAD_TYPE));
            assert_eq!(set_dword::<W>(handles.connect, option, 1), BAD_TYPE);
        }
        // Fact 9.1.1, and what the option takes.
        let upgrade = c::WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET;
        assert_eq!(set_nothing::<W>(handles.request, upgrade), OK);
        assert_eq!(set_nothing::<W>(handles.session, upgrade), BAD_TYPE);
        assert_eq!(set_dword::<W>(handles.request, upgrade, 0), BAD_PARAMETER);
    }

    fn a_new_callback_function_keeps_the_mask<W>() {
        let handles = Handles::<W>::local();
        let option = c::WINHTTP_OPTION_CALLBACK;
        let pointer = |handle| query::<W>(handle, option, 8).unwrap();
        assert_eq!(pointer(handles.session), [0; 8]);
        let mask = c::WINHTTP_CALLBACK_FLAG_HANDLES;
        unsafe { WinHttpSetStatusCallback::<W>(handles.session, Some(first), mask, 0) };
        let address = |function: common::Callback| (function as usize).to_ne_bytes();
        assert_eq!(pointer(handles.session), address(first));
        assert_eq!(set::<W>(handles.session, option, &address(counting)), OK);
        let before = STATUSES.load(Ordering::Relaxed);
        let connect = handles.another_connect();
        assert_eq!(pointer(connect), address(counting));
        assert!(STATUSES.load(Ordering::Relaxed) > before);
        assert_eq!(set::<W>(handles.session, option, &[0; 8]), OK);
        assert_eq!(pointer(handles.session), [0; 8]);
    }

    fn fact_1_13_the_unload_event_is_signalled_after_the_session<W>() {
        let handles = Handles::<W>::local();
        let event = Event { magic: EVENT_MAGIC, set: Some(signal), signals: AtomicU32::new(0) };
        let option = c::WINHTTP_OPTION_UNLOAD_NOTIFY_EVENT;
        let address = (&raw const event).expose_provenance().to_ne_bytes();
        assert_eq!(set::<W>(handles.request, option, &address), BAD_TYPE);
        assert_eq!(set::<W>(handles.session, option, &address[..4]), BAD_PARAMETER);
        // A descriptor is no event, and neither is anything that does not begin like one:
        // `winhttp_event.h`.
        let other = Event { magic: EVENT_MAGIC + 1, set: Some(signal), signals: AtomicU32::new(0) };
        let silent = Event { magic: EVENT_MAGIC, set: None, signals: AtomicU32::new(0) };
        let addresses = [&other, &silent].map(|event| std::ptr::from_ref(event).expose_provenance());
        for number in [0, 5, addresses[0], addresses[1]] {
            let bytes = number.to_ne_bytes();
            assert_eq!(set::<W>(handles.session, option, &bytes), c::ERROR_INVALID_HANDLE);
        }
        assert_eq!(set::<W>(handles.session, option, &address), OK);
        assert_eq!(set::<W>(handles.session, option, &address), BAD_PARAMETER);
        for handle in [handles.request, handles.connect] {
            unsafe { WinHttpCloseHandle::<W>(handle) };
            assert_eq!(event.signals.load(Ordering::Acquire), 0);
        }
        unsafe { WinHttpCloseHandle::<W>(handles.session) };
        assert_eq!(event.signals.load(Ordering::Acquire), 1);
    }

    fn a_proxy_is_copied_and_read_back_in_memory_of_its_own<W>() {
        let handles = Handles::<W>::local();
        let option = c::WINHTTP_OPTION_PROXY;
        let mut name = terminated::<W>("proxy:8080");
        let mut bypass = terminated::<W>("<local>");
        let info = |access, proxy, bypass| {
            ProxyInfo::<W> { dw_access_type: access, lpsz_proxy: proxy, lpsz_proxy_bypass: bypass }
        };
        let named = info(3, name.as_mut_ptr(), bypass.as_mut_ptr());
        let set = |handle, info: &ProxyInfo<W>| {
            let pointer = (&raw const *info).cast();
            unsafe { WinHttpSetOption::<W>(handle, option, pointer, 24) };
            GetLastError()
        };
        assert_eq!(set(handles.request, &named), OK);
        assert_eq!(set(handles.request, &info(3, null_mut(), null_mut())), BAD_PARAMETER);
        assert_eq!(set(handles.request, &info(2, null_mut(), null_mut())), BAD_PARAMETER);
        assert_eq!(set(handles.request, &info(1, name.as_mut_ptr(), null_mut())), BAD_PARAMETER);
        drop((name, bypass));
        assert_eq!(common::proxy::<W>(handles.request), (3, "proxy:8080".into(), "<local>".into()));
        assert_eq!(common::proxy::<W>(handles.session), (1, String::new(), String::new()));
        assert_eq!(common::proxy::<W>(null_mut()), (1, String::new(), String::new()));
        assert_eq!(set(handles.request, &info(1, null_mut(), null_mut())), OK);
        assert_eq!(common::proxy::<W>(handles.request).0, 1);
        entry_of_a_resolver::<W>(handles.request);
        assert_eq!(common::proxy::<W>(handles.request).1, "other:3128");
    }

    fn features_are_asked_for_by_number<W>() {
        let handles = Handles::<W>::local();
        for (feature, supported) in [(13_u32, 1), (48, 1), (53, 1), (69, 0), (0, 0), (9999, 0)] {
            let mut value = feature;
            let mut size = 4;
            let asked = unsafe {
                WinHttpQueryOption::<W>(
                    handles.session,
                    c::WINHTTP_OPTION_FEATURE_SUPPORTED,
                    (&raw mut value).cast(),
                    &raw mut size,
                )
            };
            assert_eq!((asked, value, size), (1, supported, 4), "{feature}");
        }
    }

    fn refused_and_unknown_options_fail_as_documented<W>() {
        let handles = Handles::<W>::local();
        let request = handles.request;
        let unknown = c::ERROR_WINHTTP_INVALID_OPTION;
        assert_eq!(query::<W>(request, c::WINHTTP_OPTION_SERVER_CERT_CHAIN_CONTEXT, 8), Err(BAD_STATE));
        assert_eq!(query::<W>(request, c::WINHTTP_OPTION_CONNECTION_STATS_V0, 88), Err(BAD_STATE));
        assert_eq!(query::<W>(null_mut(), c::WINHTTP_OPTION_URL, 8), Err(c::ERROR_INVALID_HANDLE));
        assert_eq!(set::<W>(null_mut(), c::WINHTTP_OPTION_GLOBAL_PROXY_CREDS, &[0; 48]), unknown);
        assert_eq!(set::<W>(request, 174, &[0; 4]), unknown);
    }
}

/// Sets an entry of a proxy resolver's result.
fn entry_of_a_resolver<W: Unit>(request: Hinternet) {
    let mut host = terminated::<W>("other");
    let entry = ProxyResultEntry::<W> {
        f_proxy: 1,
        f_bypass: 0,
        proxy_scheme: c::INTERNET_SCHEME_HTTP,
        pwsz_proxy: host.as_mut_ptr(),
        proxy_port: 3128,
    };
    let option = c::WINHTTP_OPTION_PROXY_RESULT_ENTRY;
    let set = unsafe { WinHttpSetOption::<W>(request, option, (&raw const entry).cast(), 32) };
    assert_eq!((set, GetLastError()), (1, OK));
}

/// Statuses [`counting`] was called with. HANDLE_CREATED is the only one the mask of its test lets
/// through.
static STATUSES: AtomicU32 = AtomicU32::new(0);

unsafe extern "system" fn first(_: Hinternet, _: usize, _: u32, _: *mut c_void, _: u32) {}

unsafe extern "system" fn counting(_: Hinternet, _: usize, status: u32, _: *mut c_void, _: u32) {
    assert_ne!(status & c::WINHTTP_CALLBACK_FLAG_HANDLES, 0);
    STATUSES.fetch_add(1, Ordering::Relaxed);
}

/// What `include/compat/winhttp_event.h` promises of an event, and a count behind it.
#[repr(C)]
struct Event {
    magic: u64,
    set: Option<unsafe extern "C" fn(*mut c_void)>,
    signals: AtomicU32,
}

const EVENT_MAGIC: u64 = 0x5748_4556_454E_5431;

unsafe extern "C" fn signal(event: *mut c_void) {
    let event = unsafe { &*event.cast::<Event>() };
    event.signals.fetch_add(1, Ordering::Release);
}
