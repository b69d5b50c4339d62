//! The functions of websocket.h as a C program declares them.
#![allow(missing_docs, reason = "websocket.h documents them")]

use core::ffi::{c_char, c_void};

use websocket as _;
use winhttp_abi::types::{HttpHeader, Property, WebSocketBuffer}; // the library

unsafe extern "C" {
    pub fn WebSocketCreateClientHandle(
        properties: *const Property,
        count: u32,
        handle: *mut *mut c_void,
    ) -> i32;
    pub fn WebSocketCreateServerHandle(
        properties: *const Property,
        count: u32,
        handle: *mut *mut c_void,
    ) -> i32;
    pub fn WebSocketBeginClientHandshake(
        handle: *mut c_void,
        subprotocols: *const *const c_char,
        subprotocol_count: u32,
        extensions: *const *const c_char,
        extension_count: u32,
        initial: *const HttpHeader,
        initial_count: u32,
        additional: *mut *mut HttpHeader,
        additional_count: *mut u32,
    ) -> i32;
    pub fn WebSocketEndClientHandshake(
        handle: *mut c_void,
        response: *const HttpHeader,
        response_count: u32,
        extensions: *mut u32,
        extension_count: *mut u32,
        subprotocol: *mut u32,
    ) -> i32;
    pub fn WebSocketBeginServerHandshake(
        handle: *mut c_void,
        subprotocol: *const c_char,
        extensions: *const *const c_char,
        extension_count: u32,
        request: *const HttpHeader,
        request_count: u32,
        response: *mut *mut HttpHeader,
        response_count: *mut u32,
    ) -> i32;
    pub fn WebSocketEndServerHandshake(handle: *mut c_void) -> i32;
    pub fn WebSocketSend(
        handle: *mut c_void,
        kind: i32,
        buffer: *mut WebSocketBuffer,
        context: *mut c_void,
    ) -> i32;
    pub fn WebSocketReceive(
        handle: *mut c_void,
        buffer: *mut WebSocketBuffer,
        context: *mut c_void,
    ) -> i32;
    pub fn WebSocketGetAction(
        handle: *mut c_void,
        queue: i32,
        buffers: *mut WebSocketBuffer,
        buffer_count: *mut u32,
        action: *mut i32,
        kind: *mut i32,
        application_context: *mut *mut c_void,
        action_context: *mut *mut c_void,
    ) -> i32;
    /// VOID in the header; the register holds an HRESULT.
    pub fn WebSocketCompleteAction(handle: *mut c_void, action: *mut c_void, bytes: u32) -> i32;
    /// VOID in the header; the register holds an HRESULT.
    pub fn WebSocketAbortHandle(handle: *mut c_void) -> i32;
    /// VOID in the header; the register holds an HRESULT.
    pub fn WebSocketDeleteHandle(handle: *mut c_void) -> i32;
    pub fn WebSocketGetGlobalProperty(kind: i32, value: *mut c_void, size: *mut u32) -> i32;
}
