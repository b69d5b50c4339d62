//! Which errors the functions' documentation allows.

use winhttp_abi::constants as c;

/// Errors of the network and of the peer, as completions and synchronous calls report them.
const NETWORK: &[u32] = &[
    c::ERROR_WINHTTP_TIMEOUT,
    c::ERROR_WINHTTP_OPERATION_CANCELLED,
    c::ERROR_WINHTTP_INCORRECT_HANDLE_STATE,
    c::ERROR_WINHTTP_CANNOT_CONNECT,
    c::ERROR_WINHTTP_CONNECTION_ERROR,
    c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE,
    c::ERROR_WINHTTP_HTTP_PROTOCOL_MISMATCH,
    c::ERROR_WINHTTP_HEADER_COUNT_EXCEEDED,
    c::ERROR_WINHTTP_HEADER_SIZE_OVERFLOW,
    c::ERROR_WINHTTP_CHUNKED_ENCODING_HEADER_SIZE_OVERFLOW,
    c::ERROR_INVALID_OPERATION,
    c::ERROR_INVALID_PARAMETER,
];

/// Errors of any call with a handle that names something else or nothing.
const HANDLE: &[u32] = &[
    c::ERROR_INVALID_HANDLE,
    c::ERROR_WINHTTP_INCORRECT_HANDLE_TYPE,
];

/// Errors of calls that only look or prepare.
const LOCAL: &[u32] = &[
    c::ERROR_INVALID_PARAMETER,
    c::ERROR_WINHTTP_INCORRECT_HANDLE_STATE,
    c::ERROR_INSUFFICIENT_BUFFER,
    c::ERROR_WINHTTP_HEADER_NOT_FOUND,
    c::ERROR_WINHTTP_HEADER_ALREADY_EXISTS,
    c::ERROR_WINHTTP_INVALID_OPTION,
    c::ERROR_WINHTTP_OPTION_NOT_SETTABLE,
    c::ERROR_INVALID_OPERATION,
    c::ERROR_ACCESS_DENIED,
    c::ERROR_NOT_SUPPORTED,
    c::ERROR_WINHTTP_OPERATION_CANCELLED,
];

/// The error of a completion.
pub fn network_error(error: u32) {
    assert!(NETWORK.contains(&error), "a completion with error {error}");
}

/// The result of a call that does I/O: 0 or an error. An asynchronous one is refused for the
/// caller's faults only.
pub fn transfer(result: u32, asynchronous: bool) {
    let refused = [HANDLE, LOCAL].concat();
    let failed = !asynchronous && NETWORK.contains(&result);
    // A connection that has failed answers every later call at once.
    let known = asynchronous && NETWORK.contains(&result);
    assert!(
        result == 0 || failed || known || refused.contains(&result),
        "error {result}"
    );
}

/// The result of a call without I/O.
pub fn local(result: u32) {
    assert!(
        result == 0 || HANDLE.contains(&result) || LOCAL.contains(&result),
        "error {result}"
    );
}

/// What a WebSocket received is what its peer sent: `sent` behind the 101, `received` in pieces.
pub fn received(sent: &[u8], received: &[(Vec<u8>, i32)]) {
    use crate::frames::{Setup, decode};
    use winhttp_proto::websocket::{Event, MessageKind, ProtocolError, Role};
    let setup = Setup {
        role: Role::Client,
        unmasked: false,
        verify: true,
        limit_bytes: u64::MAX,
        component: false,
    };
    let trace = decode(setup, sent);
    let kind_ends = |at: usize, wanted: MessageKind, end: bool| {
        trace.events.iter().any(|(to, event)| match event {
            Event::FrameEnd { kind, fin } => {
                *kind == wanted && if end { *fin && *to == at } else { *to >= at }
            }
            _ => false,
        })
    };
    let partial = trace.events.last().map_or(0, |event| event.0);
    let mut at = 0;
    for (bytes, buffer_type) in received {
        let to = at + bytes.len();
        let known = &trace.payload[at.min(trace.payload.len())..to.min(trace.payload.len())];
        let cut = trace.error == Some(ProtocolError::TextNotUtf8);
        assert!(
            bytes.starts_with(known) && (known.len() == bytes.len() || cut),
            "other bytes than were sent"
        );
        at = to;
        let (kind, end) = match buffer_type {
            0 => (MessageKind::Binary, true),
            1 => (MessageKind::Binary, false),
            2 => (MessageKind::Text, true),
            3 => (MessageKind::Text, false),
            _ => {
                let closed =
                    matches!(trace.events.last(), Some((place, Event::Close(_))) if *place == at);
                assert!(closed && bytes.is_empty(), "a close frame nobody sent");
                continue;
            }
        };
        assert!(
            kind_ends(at, kind, end) || !end && at > partial,
            "buffer type {buffer_type} at {at}"
        );
    }
}
