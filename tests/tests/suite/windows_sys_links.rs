//! Programs written against windows-sys link and run unmodified: its declarations find our
//! functions (expectation 33).

// The only addition such a program needs.
use winhttp as _;

use std::ptr::{null, null_mut};

use windows_sys::Win32::Foundation::{ERROR_INVALID_HANDLE, GetLastError, NO_ERROR};
use windows_sys::Win32::Networking::WinHttp::*;
use windows_sys::core::w;
use winhttp_fixtures::{Server, by_path};

/// Sends a message and reads it back over a WebSocket.
#[expect(
    clippy::multiple_unsafe_ops_per_block,
    reason = "written as programs for Windows are"
)]
fn echo(port: u16) {
    // SAFETY: all text and memory lives through the synchronous calls.
    unsafe {
        let session = WinHttpOpen(
            w!("windows-sys"),
            WINHTTP_ACCESS_TYPE_NO_PROXY,
            null(),
            null(),
            0,
        );
        assert!(!session.is_null());
        let connect = WinHttpConnect(session, w!("127.0.0.1"), port, 0);
        assert!(!connect.is_null());
        let request =
            WinHttpOpenRequest(connect, w!("GET"), w!("/echo"), null(), null(), null(), 0);
        assert!(!request.is_null());
        assert_eq!(
            WinHttpSetOption(request, WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET, null(), 0),
            1
        );
        assert_eq!(WinHttpSendRequest(request, null(), 0, null(), 0, 0, 0), 1);
        assert_eq!(WinHttpReceiveResponse(request, null_mut()), 1);
        let socket = WinHttpWebSocketCompleteUpgrade(request, 0);
        assert!(!socket.is_null());

        let kind = WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE;
        assert_eq!(
            WinHttpWebSocketSend(socket, kind, b"hello".as_ptr().cast(), 5),
            NO_ERROR
        );
        let (mut buffer, mut bytes, mut received) = ([0_u8; 16], 0, 0);
        let error = WinHttpWebSocketReceive(
            socket,
            buffer.as_mut_ptr().cast(),
            16,
            &mut bytes,
            &mut received,
        );
        assert_eq!(
            (error, received, &buffer[..5], bytes),
            (NO_ERROR, kind, &b"hello"[..], 5)
        );
        assert_eq!(WinHttpWebSocketClose(socket, 1000, null(), 0), NO_ERROR);
        for handle in [socket, request, connect, session] {
            assert_eq!(WinHttpCloseHandle(handle), 1);
        }
        assert_eq!(WinHttpCloseHandle(session), 0);
        assert_eq!(GetLastError(), ERROR_INVALID_HANDLE);
    }
}

#[test]
fn expectation_33_windows_sys_declarations_link_and_work() {
    let server = Server::plain(by_path).unwrap();
    echo(server.port());
    assert_eq!(server.violations(), []);
}

/// Takes the address of every function windows-sys declares, so that none may be missing.
macro_rules! addresses {
    ($($name:ident)*) => {
        [$((stringify!($name), $name as *const ())),*]
    };
}

#[test]
fn expectation_33_every_function_is_there() {
    let functions = addresses!(
        WinHttpAddRequestHeaders WinHttpAddRequestHeadersEx WinHttpCheckPlatform WinHttpCloseHandle
        WinHttpConnect WinHttpCrackUrl WinHttpCreateProxyResolver WinHttpCreateUrl
        WinHttpDetectAutoProxyConfigUrl WinHttpFreeProxyResult WinHttpFreeProxyResultEx
        WinHttpFreeProxySettings WinHttpFreeProxySettingsEx WinHttpFreeQueryConnectionGroupResult
        WinHttpGetDefaultProxyConfiguration WinHttpGetIEProxyConfigForCurrentUser
        WinHttpGetProxyForUrl WinHttpGetProxyForUrlEx WinHttpGetProxyForUrlEx2
        WinHttpGetProxyResult WinHttpGetProxyResultEx WinHttpGetProxySettingsEx
        WinHttpGetProxySettingsResultEx WinHttpGetProxySettingsVersion WinHttpOpen
        WinHttpOpenRequest WinHttpQueryAuthSchemes WinHttpQueryConnectionGroup
        WinHttpQueryDataAvailable WinHttpQueryHeaders WinHttpQueryHeadersEx WinHttpQueryOption
        WinHttpReadData WinHttpReadDataEx WinHttpReadProxySettings WinHttpReceiveResponse
        WinHttpRegisterProxyChangeNotification WinHttpResetAutoProxy WinHttpSendRequest
        WinHttpSetCredentials WinHttpSetDefaultProxyConfiguration WinHttpSetOption
        WinHttpSetProxySettingsPerUser WinHttpSetStatusCallback WinHttpSetTimeouts
        WinHttpTimeFromSystemTime WinHttpTimeToSystemTime
        WinHttpUnregisterProxyChangeNotification WinHttpWebSocketClose
        WinHttpWebSocketCompleteUpgrade WinHttpWebSocketQueryCloseStatus WinHttpWebSocketReceive
        WinHttpWebSocketSend WinHttpWebSocketShutdown WinHttpWriteData WinHttpWriteProxySettings
    );
    assert_eq!(functions.len(), 56);
    let mut addresses: Vec<*const ()> = functions.iter().map(|(_, address)| *address).collect();
    addresses.sort_unstable();
    assert!(!addresses[0].is_null());
}
