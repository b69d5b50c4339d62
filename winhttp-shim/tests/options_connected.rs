//! Verifies the options that a connection answers, through the C edge and in both string widths,
//! against servers of the fixtures: addresses, TLS facts, certificates, WebSocket options.
#![expect(
    clippy::undocumented_unsafe_blocks,
    reason = "all pointers are NULL, to locals, or were just given by the library"
)]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;

use std::ffi::c_void;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicU32, Ordering};

use common::{Handles, in_both_widths, query, query_dword, query_struct, set_dword, set_nothing};
use sha2::{Digest, Sha256};
use winhttp::GetLastError;
use winhttp::LocalFree;
use winhttp::{
    CertDuplicateCertificateContext, CertFreeCertificateContext, WinHttpCloseHandle,
    WinHttpQueryOption, WinHttpReceiveResponse, WinHttpSendRequest, WinHttpSetOption,
    WinHttpSetStatusCallback, WinHttpWebSocketCompleteUpgrade,
};
use winhttp_abi::constants as c;
use winhttp_abi::handle::Hinternet;
use winhttp_abi::types::{
    CertContext, CertificateInfo, ConnectionInfo, SecurityInfo, SockaddrStorage,
};
use winhttp_abi::wide::{Unit, terminated};
use winhttp_fixtures::certs::{Authority, Identity, IdentityOptions};
use winhttp_fixtures::hole::RefusedPort;
use winhttp_fixtures::{Server, by_path};

const OK: u32 = c::ERROR_SUCCESS;
const BAD_TYPE: u32 = c::ERROR_WINHTTP_INCORRECT_HANDLE_TYPE;
const BAD_STATE: u32 = c::ERROR_WINHTTP_INCORRECT_HANDLE_STATE;
const BAD_PARAMETER: u32 = c::ERROR_INVALID_PARAMETER;
const TOO_SMALL: u32 = c::ERROR_INSUFFICIENT_BUFFER;

/// Sends the request; the last error.
fn send<W: Unit>(request: Hinternet) -> u32 {
    unsafe { WinHttpSendRequest::<W>(request, null(), 0, null(), 0, 0, 0) };
    GetLastError()
}

/// Receives the response; the last error.
fn receive<W: Unit>(request: Hinternet) -> u32 {
    unsafe { WinHttpReceiveResponse::<W>(request, null_mut()) };
    GetLastError()
}

/// A TLS server with a certificate of an authority nobody trusts, and a request that was sent to it
/// all the same.
fn secured<W: Unit>() -> (Server, Identity, Handles<W>) {
    let identity = Authority::new()
        .unwrap()
        .issue(&IdentityOptions::default())
        .unwrap();
    let server = Server::tls(by_path, &identity).unwrap();
    let handles = Handles::<W>::secure("localhost", server.port());
    let ignore = c::SECURITY_FLAG_IGNORE_UNKNOWN_CA;
    assert_eq!(
        set_dword::<W>(handles.request, c::WINHTTP_OPTION_SECURITY_FLAGS, ignore),
        OK
    );
    assert_eq!(send::<W>(handles.request), OK);
    (server, identity, handles)
}

in_both_widths! {
    fn fact_34_1_the_tls_handshake_is_between_connecting_and_sending<W>() {
        let (_server, _identity, handles) = secured::<W>();
        let mut times = [0_u64; 65];
        let times_bytes: Vec<u8> = [36_u32.to_ne_bytes(), [0; 4]].concat();
        times[0] = u64::from_ne_bytes(times_bytes.try_into().unwrap());
        let mut size = 520;
        let pointer = times.as_mut_ptr().cast();
        let option = c::WINHTTP_OPTION_REQUEST_TIMES;
        let asked = unsafe {
            WinHttpQueryOption::<W>(handles.request, option, pointer, &raw mut size)
        };
        assert_eq!((asked, size), (1, 520));
        let steps = [8, 9, 10, 17, 20, 21].map(|entry: usize| times[1 + entry]);
        assert!(steps.is_sorted() && steps[0] != 0, "{steps:?}");
    }

    fn fact_2_15_a_sent_request_tells_both_addresses<W>() {
        let server = Server::plain(by_path).unwrap();
        let handles = Handles::<W>::new("127.0.0.1", server.port(), "/status?size=1", false);
        assert_eq!(send::<W>(handles.request), OK);
        let option = c::WINHTTP_OPTION_CONNECTION_INFO;
        let ask = || query_struct::<W, ConnectionInfo>(handles.request, option);
        assert_eq!(query::<W>(handles.request, option, 0), Err(TOO_SMALL));
        // 0xee in every byte is no size of the structure.
        assert_eq!(query::<W>(handles.request, option, 264), Err(BAD_PARAMETER));
        for _ in 0..2 {
            let info = ask().unwrap();
            assert_eq!(info.cb_size, 264);
            assert_eq!(ipv4(&info.remote_address), (2, server.port(), [127, 0, 0, 1]));
            let (family, port, address) = ipv4(&info.local_address);
            assert_eq!((family, address), (2, [127, 0, 0, 1]));
            assert_ne!(port, 0);
            let _ = receive::<W>(handles.request);
        }
        // Nothing secure about it.
        let bits = c::WINHTTP_OPTION_SECURITY_KEY_BITNESS;
        assert_eq!(query_dword::<W>(handles.request, bits), Err(BAD_STATE));
        assert_eq!(query_dword::<W>(handles.request, c::WINHTTP_OPTION_SECURITY_FLAGS), Ok(0));
        // It is in use until its response is read.
        let expire = c::WINHTTP_OPTION_EXPIRE_CONNECTION;
        assert_eq!(set_nothing::<W>(handles.request, expire), OK);
        let name = terminated::<W>("localhost");
        let option = c::WINHTTP_OPTION_RESOLUTION_HOSTNAME;
        let late = unsafe {
            WinHttpSetOption::<W>(handles.request, option, name.as_ptr().cast(), 9)
        };
        assert_eq!((late, GetLastError()), (0, BAD_STATE));
    }

    fn without_tls_the_security_is_all_zeros<W>() {
        let server = Server::plain(by_path).unwrap();
        let plain = Handles::<W>::new("127.0.0.1", server.port(), "/status", false);
        let unsent = Handles::<W>::secure("localhost", 1);
        let option = c::WINHTTP_OPTION_SECURITY_INFO;
        let size = size_of::<SecurityInfo<W>>();
        let check = |request| {
            for short in [0, 708 - 1, size - 1] {
                assert_eq!(query::<W>(request, option, short), Err(TOO_SMALL), "{short}");
            }
            assert_eq!(query::<W>(request, option, size), Ok(vec![0; size]));
        };
        check(plain.request);
        assert_eq!(send::<W>(plain.request), OK);
        check(plain.request);
        check(unsent.request);
        let refused = set_dword::<W>(plain.request, option, 0);
        assert_eq!(refused, c::ERROR_WINHTTP_OPTION_NOT_SETTABLE);
        assert_eq!(query::<W>(plain.session, option, size), Err(BAD_TYPE));
        assert_eq!(query::<W>(plain.connect, option, size), Err(BAD_TYPE));
    }

    fn a_name_to_look_up_replaces_the_servers_but_not_in_the_request<W>() {
        let server = Server::plain(by_path).unwrap();
        let handles = Handles::<W>::new("no-such-host.invalid", server.port(), "/status", false);
        let name = terminated::<W>("127.0.0.1");
        let option = c::WINHTTP_OPTION_RESOLUTION_HOSTNAME;
        let set = unsafe {
            WinHttpSetOption::<W>(handles.request, option, name.as_ptr().cast(), 9)
        };
        assert_eq!((set, GetLastError()), (1, OK));
        assert_eq!(send::<W>(handles.request), OK);
        let request = server.wait_request(0, std::time::Duration::from_secs(10)).unwrap();
        let host = format!("no-such-host.invalid:{}", server.port());
        assert_eq!(request.header("Host"), Some(host.as_str()));
    }

    fn facts_3_2_8_and_3_2_10_a_secured_request_tells_cipher_and_flags<W>() {
        let (_server, _, handles) = secured::<W>();
        let request = handles.request;
        let flags = query_dword::<W>(request, c::WINHTTP_OPTION_SECURITY_FLAGS);
        assert_eq!(flags, Ok(c::SECURITY_FLAG_SECURE | c::SECURITY_FLAG_STRENGTH_STRONG | 0x100));
        let bits = query_dword::<W>(request, c::WINHTTP_OPTION_SECURITY_KEY_BITNESS).unwrap();
        assert!([128, 256].contains(&bits));
        let size = size_of::<SecurityInfo<W>>();
        assert_eq!(query::<W>(request, c::WINHTTP_OPTION_SECURITY_INFO, size - 1), Err(TOO_SMALL));
        let info: SecurityInfo<W> =
            query_struct::<W, _>(request, c::WINHTTP_OPTION_SECURITY_INFO).unwrap();
        assert_eq!(info.connection_info.dw_protocol, c::SP_PROT_TLS1_3_CLIENT);
        assert_eq!(info.connection_info.dw_cipher_strength, bits);
        assert_eq!(info.cipher_info.dw_protocol, 0x0304);
        assert_eq!(info.cipher_info.dw_cipher_suite >> 8, 0x13);
        assert!(common::text(info.cipher_info.sz_cipher_suite.as_ptr()).starts_with("TLS_"));
    }

    fn fact_3_2_10_the_servers_certificate_in_brief<W>() {
        let (_server, _, handles) = secured::<W>();
        let option = c::WINHTTP_OPTION_SECURITY_CERTIFICATE_STRUCT;
        assert_eq!(query::<W>(handles.request, option, 63), Err(TOO_SMALL));
        let info: CertificateInfo<W> = query_struct::<W, _>(handles.request, option).unwrap();
        let [subject, issuer] = [info.lpsz_subject_info, info.lpsz_issuer_info].map(|pointer| {
            let text = common::text(pointer);
            assert!(unsafe { LocalFree(pointer.cast()) }.is_null());
            text
        });
        assert_eq!(subject, "localhost\r\nFixtures");
        let lines: Vec<&str> = issuer.split("\r\n").collect();
        assert!(lines[0].starts_with("Fixture Root "), "{issuer:?}");
        assert_eq!(lines[1..], ["Fixtures"]);
        assert!(info.lpsz_protocol_name.is_null());
        // From 2020 to 2120.
        let year = |time: winhttp_abi::types::FileTime| {
            let ticks = u64::from(time.dw_high_date_time) << 32 | u64::from(time.dw_low_date_time);
            1601 + ticks / 10_000_000 / 31_556_952
        };
        assert!((2019..=2021).contains(&year(info.ft_start)));
        assert!((2119..=2121).contains(&year(info.ft_expiry)));
    }

    fn client_expectation_27_the_server_certificate_is_freed_by_the_program<W>() {
        let (_server, identity, handles) = secured::<W>();
        let option = c::WINHTTP_OPTION_SERVER_CERT_CONTEXT;
        let ask = || query_struct::<W, *const CertContext>(handles.request, option).unwrap();
        let (one, two) = (ask(), ask());
        assert_ne!(one, two);
        assert_eq!(CertFreeCertificateContext(two), 1);
        // Fact 3.2.10: also once the response has come.
        assert_eq!(receive::<W>(handles.request), OK);
        let context = unsafe { one.read() };
        let length = usize::try_from(context.cb_cert_encoded).unwrap();
        let der = unsafe { std::slice::from_raw_parts(context.pb_cert_encoded, length) };
        assert_eq!(der, identity.chain()[0].as_ref());
        let info = unsafe { context.p_cert_info.read() };
        assert_eq!(info.dw_version, 2);
        assert!(info.c_extension > 0);
        let oid = info.subject_public_key_info.algorithm.psz_obj_id;
        let oid = unsafe { std::ffi::CStr::from_ptr(oid.cast()) };
        assert_eq!(oid.to_str(), Ok("1.2.840.10045.2.1")); // an elliptic-curve key
        // The parameters name the curve: OBJECT IDENTIFIER prime256v1.
        let curve = info.subject_public_key_info.algorithm.parameters;
        let curve = unsafe {
            std::slice::from_raw_parts(curve.pb_data, usize::try_from(curve.cb_data).unwrap())
        };
        assert_eq!(curve, [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]);
        assert_eq!(CertDuplicateCertificateContext(one), one);
        let freed = [1, 1, 0].map(|_| CertFreeCertificateContext(one));
        assert_eq!(freed, [1, 1, 0]);
    }

    fn the_channel_binding_points_into_the_buffer_of_the_program<W>() {
        let (_server, identity, handles) = secured::<W>();
        let option = c::WINHTTP_OPTION_SERVER_CBT;
        let mut size = 0;
        let ask = |buffer: *mut u8, size: *mut u32| {
            unsafe { WinHttpQueryOption::<W>(handles.request, option, buffer.cast(), size) };
            GetLastError()
        };
        assert_eq!(ask(null_mut(), &raw mut size), TOO_SMALL);
        let token = 21 + 32; // "tls-server-end-point:" and SHA-256
        assert_eq!(size, 16 + 32 + token);
        let mut buffer = vec![0_u8; size.try_into().unwrap()];
        assert_eq!(ask(buffer.as_mut_ptr(), &raw mut size), OK);
        assert_eq!(buffer[..4], (32 + token).to_ne_bytes());
        let bindings = buffer.as_ptr().wrapping_add(16).addr();
        assert_eq!(buffer[8..16], bindings.to_ne_bytes());
        assert_eq!(buffer[40..48], [token.to_ne_bytes(), 32_u32.to_ne_bytes()].concat());
        assert!(buffer[48..].starts_with(b"tls-server-end-point:"));
        // The fixtures' authority signs with SHA-256.
        assert_eq!(buffer[69..], Sha256::digest(&identity.chain()[0])[..]);
    }

    fn a_session_limited_to_tls_1_2_tells_so<W>() {
        let identity = Authority::new().unwrap().issue(&IdentityOptions::default()).unwrap();
        let server = Server::tls(by_path, &identity).unwrap();
        let handles = Handles::<W>::secure("localhost", server.port());
        let Handles { session, request, .. } = handles;
        let protocols = c::WINHTTP_OPTION_SECURE_PROTOCOLS;
        assert_eq!(set_dword::<W>(request, c::WINHTTP_OPTION_SECURITY_FLAGS, 0x3300), OK);
        assert_eq!(set_dword::<W>(session, protocols, c::WINHTTP_FLAG_SECURE_PROTOCOL_TLS1_2), OK);
        let option = c::WINHTTP_OPTION_SECURITY_INFO;
        assert_eq!(query::<W>(request, option, 0), Err(TOO_SMALL));
        let request = handles.another_request();
        assert_eq!(set_dword::<W>(request, c::WINHTTP_OPTION_SECURITY_FLAGS, 0x3300), OK);
        assert_eq!(send::<W>(request), OK);
        let info: SecurityInfo<W> = query_struct::<W, _>(request, option).unwrap();
        assert_eq!(info.connection_info.dw_protocol, c::SP_PROT_TLS1_2_CLIENT);
        assert_eq!(info.cipher_info.dw_protocol, 0x0303);
        assert_eq!(common::text(info.cipher_info.sz_exchange.as_ptr()), "ECDH");
        assert_eq!(common::text(info.cipher_info.sz_certificate.as_ptr()), "ECDSA");
        unsafe { WinHttpCloseHandle::<W>(request) };
    }

    fn certificate_and_binding_are_there_before_the_request_is_written<W>() {
        let identity = Authority::new().unwrap().issue(&IdentityOptions::default()).unwrap();
        let server = Server::tls(by_path, &identity).unwrap();
        let handles = Handles::<W>::secure("localhost", server.port());
        let request = handles.request;
        assert_eq!(set_dword::<W>(request, c::WINHTTP_OPTION_SECURITY_FLAGS, 0x3300), OK);
        let sizes = [AtomicU32::new(0), AtomicU32::new(0)];
        let context = (&raw const sizes).expose_provenance();
        let option = c::WINHTTP_OPTION_CONTEXT_VALUE;
        assert_eq!(common::set::<W>(request, option, &context.to_ne_bytes()), OK);
        let mask = c::WINHTTP_CALLBACK_FLAG_SEND_REQUEST;
        unsafe { WinHttpSetStatusCallback::<W>(request, Some(ask_while_sending), mask, 0) };
        assert_eq!(send::<W>(request), OK);
        assert_eq!(sizes.map(AtomicU32::into_inner), [8, 16 + 32 + 21 + 32]);
    }

    fn facts_9_1_options_of_a_websocket<W>() {
        let server = Server::plain(by_path).unwrap();
        let handles = Handles::<W>::new("127.0.0.1", server.port(), "/echo", false);
        let upgrade = c::WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET;
        assert_eq!(set_nothing::<W>(handles.request, upgrade), OK);
        let send_buffer = c::WINHTTP_OPTION_WEB_SOCKET_SEND_BUFFER_SIZE;
        // Fact 9.1.4.
        assert_eq!(set_dword::<W>(handles.request, send_buffer, 15), OK);
        assert_eq!(send::<W>(handles.request), c::ERROR_NOT_ENOUGH_MEMORY);
        assert_eq!(set_dword::<W>(handles.request, send_buffer, 16), OK);
        assert_eq!(send::<W>(handles.request), OK);
        assert_eq!(receive::<W>(handles.request), OK);
        let socket = unsafe { WinHttpWebSocketCompleteUpgrade::<W>(handles.request, 77) };
        assert!(!socket.is_null());
        assert_eq!(query_dword::<W>(socket, c::WINHTTP_OPTION_HANDLE_TYPE), Ok(5));
        let parent = query::<W>(socket, c::WINHTTP_OPTION_PARENT_HANDLE, 8).unwrap();
        assert_eq!(parent, handles.connect.addr().to_ne_bytes());
        let context = query::<W>(socket, c::WINHTTP_OPTION_CONTEXT_VALUE, 8).unwrap();
        assert_eq!(context, 77_usize.to_ne_bytes());
        keep_alive::<W>(socket);
        let close = c::WINHTTP_OPTION_WEB_SOCKET_CLOSE_TIMEOUT;
        assert_eq!(query_dword::<W>(socket, close), Ok(10_000));
        assert_eq!(set_dword::<W>(socket, close, 1000), OK);
        assert_eq!(query_dword::<W>(socket, close), Ok(1000));
        assert_eq!(set_dword::<W>(handles.request, close, 1000), BAD_TYPE);
        // Fact 9.1.3.
        assert_eq!(query_dword::<W>(socket, send_buffer), Err(BAD_TYPE));
        assert_eq!(set_dword::<W>(socket, send_buffer, 64), BAD_TYPE);
        unsafe { WinHttpCloseHandle::<W>(socket) };
    }

    fn the_socket_error_behind_a_failure_is_told_in_winsocks_numbers<W>() {
        let port = RefusedPort::new().unwrap();
        let handles = Handles::<W>::new("127.0.0.1", port.port(), "/", false);
        assert_eq!(send::<W>(handles.request), c::ERROR_WINHTTP_CANNOT_CONNECT);
        for handle in [handles.request, null_mut()] {
            let refused = query_dword::<W>(handle, c::WINHTTP_OPTION_EXTENDED_ERROR);
            assert_eq!(refused, Ok(10_061));
        }
    }

    fn a_named_proxy_is_never_passed_over<W>() {
        let server = Server::plain(by_path).unwrap();
        let handles = Handles::<W>::new("127.0.0.1", server.port(), "/", false);
        let refused = RefusedPort::new().unwrap();
        let mut name = terminated::<W>(&refused.address().to_string());
        // The server is on this machine.
        let mut bypass = terminated::<W>("<-loopback>");
        let info = winhttp_abi::types::ProxyInfo::<W> {
            dw_access_type: c::WINHTTP_ACCESS_TYPE_NAMED_PROXY,
            lpsz_proxy: name.as_mut_ptr(),
            lpsz_proxy_bypass: bypass.as_mut_ptr(),
        };
        let option = c::WINHTTP_OPTION_PROXY;
        let pointer = (&raw const info).cast();
        assert_eq!(unsafe { WinHttpSetOption::<W>(handles.request, option, pointer, 24) }, 1);
        assert_eq!(send::<W>(handles.request), c::ERROR_WINHTTP_CANNOT_CONNECT);
        assert_eq!(server.connections(), 0);
    }
}

/// Notes at SENDING_REQUEST, in the two numbers the context points to, how large certificate and
/// binding are.
unsafe extern "system" fn ask_while_sending(
    request: Hinternet,
    context: usize,
    status: u32,
    _: *mut c_void,
    _: u32,
) {
    if status != c::WINHTTP_CALLBACK_STATUS_SENDING_REQUEST {
        return;
    }
    let sizes = std::ptr::with_exposed_provenance::<[AtomicU32; 2]>(context);
    let options = [
        c::WINHTTP_OPTION_SERVER_CERT_CONTEXT,
        c::WINHTTP_OPTION_SERVER_CBT,
    ];
    for (place, option) in unsafe { &*sizes }.iter().zip(options) {
        let mut size = 0;
        unsafe { WinHttpQueryOption::<u16>(request, option, null_mut(), &raw mut size) };
        place.store(size, Ordering::Relaxed);
    }
}

/// Fact 9.1.5.
fn keep_alive<W: Unit>(socket: Hinternet) {
    let option = c::WINHTTP_OPTION_WEB_SOCKET_KEEPALIVE_INTERVAL;
    assert_eq!(set_dword::<W>(socket, option, 10_000), BAD_PARAMETER);
    assert_eq!(set_dword::<W>(socket, option, 20_000), OK);
    let long = 20_000_u64.to_le_bytes();
    for length in [2, 8] {
        assert_eq!(
            common::set::<W>(socket, option, &long[..length]),
            BAD_PARAMETER
        );
    }
    assert_eq!(query_dword::<W>(socket, option), Err(BAD_PARAMETER));
    assert_eq!(query::<W>(socket, option, 0), Err(BAD_PARAMETER));
}

/// Family, port and address.
fn ipv4(storage: &SockaddrStorage) -> (u16, u16, [u8; 4]) {
    let [high, low, address @ ..] = storage.ss_pad1;
    (storage.ss_family, u16::from_be_bytes([high, low]), address)
}
