//! Two ends of websocket.h with their handshake behind them, and its functions as a C program calls
//! them.

use std::hint::black_box;
use std::ptr::{null, null_mut};

use websocket as _; // the symbols
use windows_sys::Win32::Networking::WebSocket as c;

/// What a driver of large messages chooses: few actions, and the buffers stay in the core's own
/// cache.
const BUFFER_BYTES: u32 = 64 << 10;

/// Through pointers, as from another library: nothing of ours becomes part of the program's loop.
#[derive(Clone, Copy)]
pub(super) struct Functions {
    pub(super) send: unsafe extern "system" fn(
        c::WEB_SOCKET_HANDLE,
        i32,
        *const c::WEB_SOCKET_BUFFER,
        *const std::ffi::c_void,
    ) -> i32,
    pub(super) receive: unsafe extern "system" fn(
        c::WEB_SOCKET_HANDLE,
        *const c::WEB_SOCKET_BUFFER,
        *const std::ffi::c_void,
    ) -> i32,
    pub(super) get_action: unsafe extern "system" fn(
        c::WEB_SOCKET_HANDLE,
        i32,
        *mut c::WEB_SOCKET_BUFFER,
        *mut u32,
        *mut i32,
        *mut i32,
        *mut *mut std::ffi::c_void,
        *mut *mut std::ffi::c_void,
    ) -> i32,
    pub(super) complete_action:
        unsafe extern "system" fn(c::WEB_SOCKET_HANDLE, *const std::ffi::c_void, u32),
}

/// One end of a connection.
pub(super) struct End {
    pub(super) handle: c::WEB_SOCKET_HANDLE,
    pub(super) functions: Functions,
}

impl End {
    fn new(handle: c::WEB_SOCKET_HANDLE) -> Self {
        assert!(!handle.is_null());
        let functions = Functions {
            send: c::WebSocketSend,
            receive: c::WebSocketReceive,
            get_action: c::WebSocketGetAction,
            complete_action: c::WebSocketCompleteAction,
        };
        let functions = black_box(functions);
        Self { handle, functions }
    }
}

impl Drop for End {
    fn drop(&mut self) {
        // SAFETY: the handle is this program's, and nobody uses it any more.
        unsafe { c::WebSocketDeleteHandle(self.handle) };
    }
}

/// A server in its session; its default send buffer is for headers alone.
pub(super) fn server() -> End {
    connect().1
}

/// A client in its session.
pub(super) fn client() -> End {
    connect().0
}

fn connect() -> (End, End) {
    let mut size = BUFFER_BYTES;
    let property = |kind| c::WEB_SOCKET_PROPERTY {
        Type: kind,
        pvValue: (&raw mut size).cast(),
        ulValueSize: 4,
    };
    let mut properties = [
        c::WEB_SOCKET_RECEIVE_BUFFER_SIZE_PROPERTY_TYPE,
        c::WEB_SOCKET_SEND_BUFFER_SIZE_PROPERTY_TYPE,
    ]
    .map(property);
    let (mut client, mut server) = (null_mut(), null_mut());
    // SAFETY: the properties and the variable they point to live through the call.
    let result =
        unsafe { c::WebSocketCreateClientHandle(properties.as_mut_ptr(), 2, &raw mut client) };
    assert_eq!(result, 0);
    // SAFETY: as above.
    let result =
        unsafe { c::WebSocketCreateServerHandle(properties.as_mut_ptr(), 1, &raw mut server) };
    assert_eq!(result, 0);
    let (client, server) = (End::new(client), End::new(server));
    shake_hands(&client, &server);
    (client, server)
}

fn shake_hands(client: &End, server: &End) {
    let (mut request, mut count) = (null_mut(), 0);
    // SAFETY: what is passed lives through the call.
    let result = unsafe {
        c::WebSocketBeginClientHandshake(
            client.handle,
            null(),
            0,
            null(),
            0,
            null(),
            0,
            &raw mut request,
            &raw mut count,
        )
    };
    assert_eq!(result, 0);
    // SAFETY: the library lends so many headers until the handshake ends.
    let mut request = unsafe { std::slice::from_raw_parts(request, count as usize) }.to_vec();
    let mut host = *b"Hostlocalhost";
    let (name, value) = host.split_at_mut(4);
    request.push(c::WEB_SOCKET_HTTP_HEADER {
        pcName: name.as_mut_ptr(),
        ulNameLength: name.len() as u32,
        pcValue: value.as_mut_ptr(),
        ulValueLength: value.len() as u32,
    });
    let (mut response, mut count) = (null_mut(), 0);
    // SAFETY: as above; the client's headers are still lent.
    let result = unsafe {
        c::WebSocketBeginServerHandshake(
            server.handle,
            null(),
            null(),
            0,
            request.as_ptr(),
            request.len() as u32,
            &raw mut response,
            &raw mut count,
        )
    };
    assert_eq!(result, 0);
    // SAFETY: the server's headers are lent until its handshake ends.
    let result = unsafe {
        c::WebSocketEndClientHandshake(
            client.handle,
            response,
            count,
            null_mut(),
            null_mut(),
            null_mut(),
        )
    };
    assert_eq!(result, 0);
    // SAFETY: no memory is passed.
    let result = unsafe { c::WebSocketEndServerHandshake(server.handle) };
    assert_eq!(result, 0);
}
