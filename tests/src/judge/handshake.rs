//! The opening handshake of either role, with a peer that does it by the book.

use core::ffi::c_char;
use core::ptr;

use winhttp_abi::types::HttpHeader;

use super::{Judge, Role, S_OK, Stage, f};

/// Header fields of a program: each byte string is exactly as long as its length says.
#[derive(Debug)]
pub struct Headers {
    /// What the structures point to.
    fields: Vec<Field>,
}

/// A name and a value.
type Field = (Box<[u8]>, Box<[u8]>);

impl Headers {
    /// Fields of these names and values.
    pub fn new<N: AsRef<[u8]>, V: AsRef<[u8]>>(fields: impl IntoIterator<Item = (N, V)>) -> Self {
        let fields = fields
            .into_iter()
            .map(|(name, value)| (name.as_ref().into(), value.as_ref().into()));
        Self {
            fields: fields.collect(),
        }
    }

    /// The structures; they point into `self`.
    pub fn structures(&self) -> Vec<HttpHeader> {
        self.fields
            .iter()
            .map(|(name, value)| HttpHeader {
                pc_name: name.as_ptr().cast_mut(),
                ul_name_length: name.len() as u32,
                pc_value: value.as_ptr().cast_mut(),
                ul_value_length: value.len() as u32,
            })
            .collect()
    }
}

/// The names and values that the library handed out; each must be terminated.
///
/// # Safety
/// So many header fields lie there.
pub unsafe fn handed_out(headers: *const HttpHeader, count: u32) -> Vec<(String, String)> {
    assert!(!headers.is_null() && count > 0);
    let text = |pointer: *const u8, length: u32| {
        let length = length as usize;
        // SAFETY: the text and its terminator, as documented.
        let bytes = unsafe { core::slice::from_raw_parts(pointer, length + 1) };
        assert_eq!(bytes[length], 0, "not terminated");
        assert!(!bytes[..length].contains(&0), "a terminator inside");
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    };
    // SAFETY: the caller's promise.
    let headers = unsafe { core::slice::from_raw_parts(headers, count as usize) };
    let both = headers.iter().map(|header| {
        (
            text(header.pc_name, header.ul_name_length),
            text(header.pc_value, header.ul_value_length),
        )
    });
    both.collect()
}

/// A request that every server accepts.
pub const REQUEST: [(&str, &str); 5] = [
    ("Host", ""),
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="),
];

impl Judge {
    /// Begins the handshake, without offers; a client's header fields, or a server's answer to
    /// [`REQUEST`].
    pub fn begin(&mut self) -> Vec<(String, String)> {
        let (mut headers, mut count) = (ptr::null_mut(), 0);
        let (no_text, no_texts) = (ptr::null::<c_char>(), ptr::null::<*const c_char>());
        let request = Headers::new(REQUEST);
        let fields = request.structures();
        let result = match self.setup.role {
            // SAFETY: nothing is passed, and the outputs live through the call.
            Role::Client => unsafe {
                f::WebSocketBeginClientHandshake(
                    self.handle,
                    no_texts,
                    0,
                    no_texts,
                    0,
                    ptr::null(),
                    0,
                    &raw mut headers,
                    &raw mut count,
                )
            },
            // SAFETY: the header fields and the outputs live through the call.
            Role::Server => unsafe {
                f::WebSocketBeginServerHandshake(
                    self.handle,
                    no_text,
                    no_texts,
                    0,
                    fields.as_ptr(),
                    fields.len() as u32,
                    &raw mut headers,
                    &raw mut count,
                )
            },
        };
        assert_eq!(result, S_OK);
        self.stage = Stage::Handshake;
        // SAFETY: the library says so.
        unsafe { handed_out(headers, count) }
    }

    /// Ends the handshake; a client needs the value that answers its key.
    pub fn end(&mut self, accept: &str) {
        let response = Headers::new([
            ("Connection", "Upgrade"),
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Accept", accept),
        ]);
        let fields = response.structures();
        let none = ptr::null_mut;
        let result = match self.setup.role {
            // SAFETY: the header fields live through the call.
            Role::Client => unsafe {
                f::WebSocketEndClientHandshake(
                    self.handle,
                    fields.as_ptr(),
                    fields.len() as u32,
                    none(),
                    none(),
                    none(),
                )
            },
            // SAFETY: no memory is passed.
            Role::Server => unsafe { f::WebSocketEndServerHandshake(self.handle) },
        };
        assert_eq!(result, S_OK);
        self.stage = Stage::Session;
    }

    /// Both, with a server handle that answers a client.
    pub fn shake_hands(&mut self) {
        let headers = self.begin();
        let accept = if self.setup.role == Role::Client {
            accept_for(&headers)
        } else {
            String::new()
        };
        self.end(&accept);
    }
}

/// What a server handle answers to these header fields.
pub fn accept_for(headers: &[(String, String)]) -> String {
    let mut server = Judge::new(super::Setup {
        role: Role::Server,
        receive_size: 256,
        send_size: 16,
        allocated: false,
        masking_off: false,
        verification_off: false,
    });
    let host = ("Host".to_owned(), "h".to_owned());
    let request = Headers::new(
        headers
            .iter()
            .chain([&host])
            .map(|(name, value)| (name, value)),
    );
    let fields = request.structures();
    let (mut response, mut count) = (ptr::null_mut(), 0);
    // SAFETY: the header fields and the outputs live through the call.
    let result = unsafe {
        f::WebSocketBeginServerHandshake(
            server.handle,
            ptr::null(),
            ptr::null(),
            0,
            fields.as_ptr(),
            fields.len() as u32,
            &raw mut response,
            &raw mut count,
        )
    };
    assert_eq!(result, S_OK);
    server.stage = Stage::Handshake;
    // SAFETY: the library says so.
    let answer = unsafe { handed_out(response, count) };
    server.delete();
    let accept = answer
        .into_iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-accept"));
    accept.map(|(_, value)| value).expect("an accept value")
}
