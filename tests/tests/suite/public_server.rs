//! Verifies an echo over the public internet, only when WINHTTP_TEST_ECHO names a server:
//! `HOST[:PORT]/PATH`, over TLS.

use winhttp_abi::constants as c;
use winhttp_tests::{Client, scenarios};

const TEXT: i32 = c::WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE;

scenarios! {
    fn a_public_server_echoes<W>(mode) {
        let Ok(server) = std::env::var("WINHTTP_TEST_ECHO") else {
            return; // nothing leaves this machine unless it is asked for
        };
        let (authority, path) = server.split_once('/').unwrap_or((&server, ""));
        let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
        let client = Client::<W>::new(mode);
        let connect = client.connect(host, port.parse().unwrap()).unwrap();
        let request =
            client.open_request(connect, "GET", path, c::WINHTTP_FLAG_SECURE).unwrap();
        let upgrade = c::WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET;
        // SAFETY: no memory is passed.
        let set = unsafe {
            winhttp::WinHttpSetOption::<W>(request.raw(), upgrade, std::ptr::null_mut(), 0)
        };
        assert_eq!(set, 1);
        client.exchange(request).unwrap();
        let socket = client.complete_upgrade(request, 0).unwrap();
        client.ws_send(socket, TEXT, b"is anybody there?").unwrap();
        // Some servers greet first.
        while client.ws_message(socket).unwrap() != (b"is anybody there?".to_vec(), TEXT) {}
        client.ws_close(socket, 1000, b"").unwrap();
        client.finish();
    }
}
