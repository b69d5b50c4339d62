//! The opening handshake: header fields in and out.

use winhttp_abi::entropy;
use winhttp_abi::export;
use winhttp_abi::export::Succeeded;
use winhttp_abi::header_block::HeaderBlock;
use winhttp_abi::hresult::HResult;
use winhttp_abi::types::HttpHeader;
use winhttp_abi::{input, output};
use winhttp_proto::websocket::component::{Field, HandshakeFields};

use crate::handle::{Handle, WebSocket, with};
use crate::map::hresult;

/// Reads header fields.
///
/// # Safety
/// `headers` is NULL or points to `count` fields, whose texts are NULL or as long as they say and
/// stay unchanged as long as the exported function runs.
unsafe fn fields<'a>(headers: *const HttpHeader, count: u32) -> Result<Vec<Field<'a>>, HResult> {
    // SAFETY: the caller's promise about the array.
    let headers = unsafe { input::array(headers, count) }.ok_or(HResult::INVALID_ARGUMENT)?;
    headers
        .map(|header| {
            // SAFETY: the caller's promise about the texts.
            let name = unsafe { input::borrowed(header.pc_name, header.ul_name_length) };
            // SAFETY: as above.
            let value = unsafe { input::borrowed(header.pc_value, header.ul_value_length) };
            name.zip(value)
                .map(|(name, value)| Field { name, value })
                .ok_or(HResult::INVALID_ARGUMENT)
        })
        .collect()
}

/// Reads an array of terminated texts.
///
/// # Safety
/// `texts` is NULL or points to `count` pointers, each NULL or to a terminated text.
unsafe fn texts(texts: *const *const u8, count: u32) -> Result<Vec<Vec<u8>>, HResult> {
    // SAFETY: the caller's promise about the array.
    let texts = unsafe { input::array(texts, count) }.ok_or(HResult::INVALID_ARGUMENT)?;
    // SAFETY: the caller's promise about the texts.
    let texts = texts.map(|text| unsafe { input::narrow(text) });
    texts
        .map(|text| text.ok_or(HResult::INVALID_ARGUMENT))
        .collect()
}

/// Where a program wants the fields it must send. Both are emptied first, and filled only on
/// success.
struct FieldsOut {
    headers: *mut *mut HttpHeader,
    count: *mut u32,
}

impl FieldsOut {
    /// # Safety
    /// Both are NULL or point to memory for their values, until this is dropped.
    unsafe fn new(headers: *mut *mut HttpHeader, count: *mut u32) -> Result<Self, HResult> {
        // SAFETY: the caller's promise.
        let has_headers = unsafe { output::value(headers, std::ptr::null_mut()) };
        // SAFETY: as above.
        let has_count = unsafe { output::value(count, 0) };
        if has_headers && has_count {
            Ok(Self { headers, count })
        } else {
            Err(HResult::INVALID_ARGUMENT)
        }
    }

    /// Hands out fields, which the handle owns from now on.
    fn fill(self, web_socket: &mut WebSocket, fields: &HandshakeFields) {
        let texts = fields
            .iter()
            .map(|(name, value)| (name.as_bytes(), value.as_slice()));
        let block = web_socket.headers.insert(HeaderBlock::new(texts));
        // SAFETY: `new` was promised that both can be written.
        unsafe { output::value(self.headers, block.as_mut_ptr()) };
        // SAFETY: as above.
        unsafe { output::value(self.count, block.count()) };
    }
}

export! {
    /// Begins a client's handshake (WebSocketBeginClientHandshake) and gives the header fields to
    /// be added to the request. They belong to the library, and may be used until the handshake
    /// ends or the handle is deleted.
    ///
    /// Sub-protocols and extensions are terminated texts, one to an entry. Initial fields are only
    /// checked. Fails with E_INVALIDARG, or E_INVALID_PROTOCOL_OPERATION for a server's handle and
    /// the second time (RFC 6455 §4.1).
    pub fn WebSocketBeginClientHandshake(
        handle: Handle,
        subprotocols: *const *const u8,
        subprotocol_count: u32,
        extensions: *const *const u8,
        extension_count: u32,
        initial_headers: *const HttpHeader,
        initial_header_count: u32,
        additional_headers: *mut *mut HttpHeader,
        additional_header_count: *mut u32,
    ) -> Succeeded {
        // SAFETY: the program's promise.
        let out = unsafe { FieldsOut::new(additional_headers, additional_header_count) }?;
        // SAFETY: as above.
        let subprotocols = unsafe { texts(subprotocols, subprotocol_count) }?;
        // SAFETY: as above.
        let extensions = unsafe { texts(extensions, extension_count) }?;
        // SAFETY: as above.
        let initial = unsafe { fields(initial_headers, initial_header_count) }?;
        let nonce = entropy::random().ok_or(HResult::UNEXPECTED)?;
        with(handle, |web_socket| {
            let fields = web_socket
                .endpoint
                .begin_client_handshake(nonce, subprotocols, extensions, &initial)
                .map_err(hresult)?;
            out.fill(web_socket, &fields);
            Ok(Succeeded)
        })
    }

    /// Ends a client's handshake (WebSocketEndClientHandshake) with the response's header fields;
    /// that its status is 101 is for the program to check. After a failure it can be ended again,
    /// with other fields.
    ///
    /// The last three may be NULL. They receive what the server selected, as indices into what was
    /// offered: the extensions, whose count is first the room for them, and the sub-protocol, which
    /// is left alone if there is none. Fails with E_INVALID_PROTOCOL_FORMAT,
    /// E_SUBPROTOCOL_NOT_SUPPORTED, E_PROTOCOL_EXTENSIONS_NOT_SUPPORTED,
    /// HRESULT_FROM_WIN32(ERROR_INSUFFICIENT_BUFFER) with less room than extensions were offered,
    /// E_INVALIDARG, or E_INVALID_PROTOCOL_OPERATION unless a handshake has begun (RFC 6455 §4.1).
    pub fn WebSocketEndClientHandshake(
        handle: Handle,
        response_headers: *const HttpHeader,
        response_header_count: u32,
        selected_extensions: *mut u32,
        selected_extension_count: *mut u32,
        selected_subprotocol: *mut u32,
    ) -> Succeeded {
        // SAFETY: the program's promise.
        let room = unsafe { input::value(selected_extension_count) };
        // SAFETY: as above.
        unsafe { output::value(selected_extension_count, 0) };
        if response_header_count == 0 || (room.is_none() && !selected_extensions.is_null()) {
            return Err(HResult::INVALID_ARGUMENT);
        }
        // SAFETY: as above.
        let response = unsafe { fields(response_headers, response_header_count) }?;
        let room = room.filter(|_| !selected_extensions.is_null());
        let selection = with(handle, |web_socket| {
            let endpoint = &mut web_socket.endpoint;
            endpoint.end_client_handshake(&response, room).map_err(hresult)
        })?;
        for (slot, index) in (0..).zip(&selection.extensions) {
            if !selected_extensions.is_null() {
                // SAFETY: there is room for all extensions that were offered, and each was selected
                // once at the most.
                unsafe { output::value(selected_extensions.wrapping_add(slot), *index) };
            }
        }
        let count = u32::try_from(selection.extensions.len()).unwrap_or(u32::MAX);
        // SAFETY: the program's promise.
        unsafe { output::value(selected_extension_count, count) };
        if let Some(index) = selection.subprotocol {
            // SAFETY: as above.
            unsafe { output::value(selected_subprotocol, index) };
        }
        Ok(Succeeded)
    }

    /// Begins a server's handshake (WebSocketBeginServerHandshake): checks the request's header
    /// fields and gives those of the response with status 101. They belong to the library, and may
    /// be used until the handshake ends or the handle is deleted.
    ///
    /// The sub-protocol and the extensions that the program selected are terminated texts, or NULL
    /// for none. Fails with E_INVALID_PROTOCOL_FORMAT, E_PROTOCOL_VERSION_NOT_SUPPORTED,
    /// E_SUBPROTOCOL_NOT_SUPPORTED, E_PROTOCOL_EXTENSIONS_NOT_SUPPORTED, E_INVALIDARG, or
    /// E_INVALID_PROTOCOL_OPERATION for a client's handle and the second time (RFC 6455 §4.2).
    pub fn WebSocketBeginServerHandshake(
        handle: Handle,
        subprotocol_selected: *const u8,
        extensions_selected: *const *const u8,
        extension_selected_count: u32,
        request_headers: *const HttpHeader,
        request_header_count: u32,
        response_headers: *mut *mut HttpHeader,
        response_header_count: *mut u32,
    ) -> Succeeded {
        // SAFETY: the program's promise.
        let out = unsafe { FieldsOut::new(response_headers, response_header_count) }?;
        // SAFETY: as above.
        let subprotocol = unsafe { input::narrow(subprotocol_selected) };
        if subprotocol.is_none() && !subprotocol_selected.is_null() {
            return Err(HResult::INVALID_ARGUMENT);
        }
        // SAFETY: as above.
        let extensions = unsafe { texts(extensions_selected, extension_selected_count) }?;
        // SAFETY: as above.
        let request = unsafe { fields(request_headers, request_header_count) }?;
        with(handle, |web_socket| {
            let fields = web_socket
                .endpoint
                .begin_server_handshake(&request, subprotocol.as_deref(), &extensions)
                .map_err(hresult)?;
            out.fill(web_socket, &fields);
            Ok(Succeeded)
        })
    }

    /// Ends a server's handshake (WebSocketEndServerHandshake), as the first send, receive or
    /// action would.
    ///
    /// Fails with E_INVALIDARG, E_OUTOFMEMORY, or E_INVALID_PROTOCOL_OPERATION unless a handshake
    /// has begun.
    pub fn WebSocketEndServerHandshake(handle: Handle) -> Succeeded {
        with(handle, |web_socket| {
            web_socket.endpoint.end_server_handshake().map_err(hresult)?;
            Ok(Succeeded)
        })
    }
}
