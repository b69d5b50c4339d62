//! How a handle is created and brought into its session.

use std::ffi::c_void;

use windows_sys::Win32::Networking::WebSocket::*;

use super::block::Block;
use super::headers::{request, response, value};
use super::raw::pointer;
use super::{S_OK, Socket};

/// What a block has besides the two buffers, in bytes.
pub(crate) const CONTROL_BYTES: u32 = 144;

/// Which end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Client,
    Server,
}

/// Where a handle's buffers are: scenario 7 runs others with a block of the caller's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Memory {
    Library,
    Block,
}

/// What a handle is created with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup {
    pub(crate) role: Role,
    memory: Memory,
    receive: Option<u32>,
    send: Option<u32>,
    no_masking: bool,
    no_utf8: bool,
    /// Bytes of a block that the buffers do not need.
    spare: u32,
}

/// A server in its session, with NULL properties: the S of the scenarios.
pub(crate) fn server<'m>() -> Socket<'m> {
    Setup::new(Role::Server).session()
}

/// A client in its session, with NULL properties: the C of the scenarios.
pub(crate) fn client<'m>() -> Socket<'m> {
    Setup::new(Role::Client).session()
}

impl Setup {
    pub(crate) fn new(role: Role) -> Self {
        Self {
            role,
            memory: Memory::Library,
            receive: None,
            send: None,
            no_masking: false,
            no_utf8: false,
            spare: 0,
        }
    }

    pub(crate) fn memory(self, memory: Memory) -> Self {
        Self { memory, ..self }
    }

    pub(crate) fn receive(self, bytes: u32) -> Self {
        let receive = Some(bytes);
        Self { receive, ..self }
    }

    pub(crate) fn send(self, bytes: u32) -> Self {
        let send = Some(bytes);
        Self { send, ..self }
    }

    pub(crate) fn spare(self, spare: u32) -> Self {
        Self { spare, ..self }
    }

    pub(crate) fn without_masking(self) -> Self {
        let no_masking = true;
        Self { no_masking, ..self }
    }

    pub(crate) fn without_utf8(self) -> Self {
        let no_utf8 = true;
        Self { no_utf8, ..self }
    }

    /// Size of the receive buffer.
    pub(crate) fn receive_bytes(self) -> u32 {
        self.receive.unwrap_or(4096)
    }

    /// Size of the send buffer.
    pub(crate) fn send_bytes(self) -> u32 {
        let default = match self.role {
            Role::Client => 4096,
            Role::Server => 16,
        };
        self.send.unwrap_or(default)
    }

    /// Creates the handle, with NULL properties if nothing was chosen.
    pub(crate) fn create<'m>(self) -> Socket<'m> {
        let used = self.receive_bytes() + self.send_bytes() + CONTROL_BYTES;
        let block = (self.memory == Memory::Block)
            .then(|| Block::new((used + self.spare) as usize, used as usize));
        let (mut receive, mut send) = (self.receive_bytes(), self.send_bytes());
        let (mut masking, mut utf8) = (1_i32, 1_i32);
        let mut start = block.as_ref().map(|block| block.start());
        let mut properties = Vec::new();
        let mut property = |wanted: bool, kind, value: *mut c_void, size| {
            if wanted {
                properties.push(WEB_SOCKET_PROPERTY {
                    Type: kind,
                    pvValue: value,
                    ulValueSize: size,
                });
            }
        };
        if let (Some(block), Some(start)) = (&block, &mut start) {
            let kind = WEB_SOCKET_ALLOCATED_BUFFER_PROPERTY_TYPE;
            let size = block.size() as u32;
            property(true, kind, std::ptr::from_mut(start).cast(), size);
        }
        let kind = WEB_SOCKET_RECEIVE_BUFFER_SIZE_PROPERTY_TYPE;
        let value = (&raw mut receive).cast();
        property(self.receive.is_some() || block.is_some(), kind, value, 4);
        let kind = WEB_SOCKET_SEND_BUFFER_SIZE_PROPERTY_TYPE;
        let value = (&raw mut send).cast();
        property(self.send.is_some() || block.is_some(), kind, value, 4);
        let kind = WEB_SOCKET_DISABLE_MASKING_PROPERTY_TYPE;
        property(self.no_masking, kind, (&raw mut masking).cast(), 4);
        let kind = WEB_SOCKET_DISABLE_UTF8_VERIFICATION_PROPERTY_TYPE;
        property(self.no_utf8, kind, (&raw mut utf8).cast(), 4);
        let handle = create(self.role, &properties).unwrap();
        Socket::new(handle, self, block)
    }

    /// Any number as a handle; it is not deleted at the end.
    pub(crate) fn of<'m>(self, handle: usize) -> Socket<'m> {
        let socket = Socket::new(handle, self, None);
        socket.disown();
        socket
    }

    /// Creates the handle and completes its handshake.
    pub(crate) fn session<'m>(self) -> Socket<'m> {
        let socket = self.create();
        match self.role {
            Role::Client => {
                let headers = socket.begin_client(&[], &[], &[]).unwrap();
                let key = value(&headers, "Sec-WebSocket-Key");
                assert_eq!(socket.end_client(&response(key)), S_OK);
            }
            Role::Server => {
                socket.begin_server(None, &[], &request()).unwrap();
                assert_eq!(socket.end_server(), S_OK);
            }
        }
        socket
    }
}

/// Creates a handle; NULL and 0 if there are no properties.
pub(crate) fn create(role: Role, properties: &[WEB_SOCKET_PROPERTY]) -> Result<usize, i32> {
    let array = if properties.is_empty() {
        std::ptr::null()
    } else {
        properties.as_ptr()
    };
    let mut handle = pointer(1);
    let call = match role {
        Role::Client => WebSocketCreateClientHandle,
        Role::Server => WebSocketCreateServerHandle,
    };
    // SAFETY: the properties and what they point to live through the call.
    let result = unsafe { call(array, properties.len() as u32, &raw mut handle) };
    assert_eq!(handle.is_null(), result != S_OK, "NULL after a failure");
    assert!(result <= 0, "success is exactly S_OK");
    if result == S_OK {
        Ok(handle.expose_provenance())
    } else {
        Err(result)
    }
}
