//! Pointers that are NULL or misaligned, one at a time, for every function; counts and lengths
//! beyond what there is.
//!
//! A pointer that must be there fails with E_INVALIDARG and empty outputs; a misaligned one is as
//! good as any.

use std::ffi::c_void;
use std::ptr::null_mut;

use windows_sys::Win32::Networking::WebSocket::*;

use super::harness::headers::{ZERO_ACCEPT, fields, raw, request, response, value};
use super::harness::raw::{complete, delete, pointer};
use super::harness::setup;
use super::harness::{
    ALL, BINARY_MESSAGE, E_INVALIDARG, FROM_NETWORK, INDICATE_RECEIVE, INDICATE_SEND, NO_ACTION,
    Role, S_OK, SEND, Setup, TO_NETWORK, UTF8_MESSAGE, client, masked, server,
};

/// What is wrong with one pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Null,
    /// That many bytes beyond an aligned address.
    Off(usize),
}

/// Places arguments in memory, one of them badly.
struct Arguments {
    memory: Vec<u64>,
    used: usize,
    placed: usize,
    spoiled: usize,
    how: How,
}

/// A placed argument, which can be read afterwards.
#[derive(Debug)]
struct Placed<T>(*mut T);

impl<T> Clone for Placed<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Placed<T> {}

impl Arguments {
    fn new(spoiled: usize, how: How) -> Self {
        Self {
            memory: vec![0; 1024],
            used: 0,
            placed: 0,
            spoiled,
            how,
        }
    }

    fn place<T: Copy>(&mut self, value: T) -> Placed<T> {
        let is_spoiled = self.placed == self.spoiled;
        self.placed += 1;
        let offset = match self.how {
            How::Null if is_spoiled => return Placed(null_mut()),
            How::Off(offset) if is_spoiled => offset,
            _ => 0,
        };
        let start = self.used * 8 + offset;
        self.used += size_of::<T>().div_ceil(8) + 2;
        assert!(self.used < self.memory.len());
        let place = self.memory.as_mut_ptr().cast::<u8>().wrapping_add(start);
        let place = place.cast::<T>();
        // SAFETY: there is room, at any alignment.
        unsafe { place.write_unaligned(value) };
        Placed(place)
    }
}

impl<T: Copy> Placed<T> {
    /// What is there now; nothing at NULL.
    fn read(self) -> Option<T> {
        if self.0.is_null() {
            return None;
        }
        // SAFETY: written by `place`, in memory that its arguments still own.
        Some(unsafe { self.0.read_unaligned() })
    }
}

/// What must happen with a NULL for each pointer of a function, in the order of its parameters.
const NEEDED: i32 = E_INVALIDARG;
const OPTIONAL: i32 = S_OK;

/// Runs a call with each pointer NULL and with each misaligned in every way.
fn spoil(nulls: &[i32], call: impl Fn(&mut Arguments) -> i32) {
    for (at, wanted) in nulls.iter().enumerate() {
        let mut arguments = Arguments::new(at, How::Null);
        let result = call(&mut arguments);
        assert_eq!(result, *wanted, "pointer {at} is NULL");
        assert_eq!(arguments.placed, nulls.len(), "every pointer has its turn");
        for offset in 1..8 {
            let result = call(&mut Arguments::new(at, How::Off(offset)));
            assert_eq!(result, S_OK, "pointer {at} is off by {offset}");
        }
    }
}

#[test]
fn create() {
    for role in [Role::Client, Role::Server] {
        spoil(&[NEEDED, NEEDED], |arguments| {
            let mut size = 4096_u32;
            let properties = arguments.place([WEB_SOCKET_PROPERTY {
                Type: WEB_SOCKET_RECEIVE_BUFFER_SIZE_PROPERTY_TYPE,
                pvValue: (&raw mut size).cast(),
                ulValueSize: 4,
            }]);
            let handle = arguments.place(pointer(1));
            let call = match role {
                Role::Client => WebSocketCreateClientHandle,
                Role::Server => WebSocketCreateServerHandle,
            };
            // SAFETY: each argument is NULL or placed, at any alignment.
            let result = unsafe { call(properties.0.cast(), 1, handle.0) };
            if let Some(handle) = handle.read() {
                assert_eq!(handle.is_null(), result != S_OK);
                let handle = handle.expose_provenance();
                assert!(handle == 0 || delete(handle) == S_OK);
            }
            result
        });
    }
}

/// Both outputs of a handshake's beginning: empty after a failure.
fn check_fields(
    result: i32,
    headers: Placed<*mut WEB_SOCKET_HTTP_HEADER>,
    count: Placed<u32>,
    wanted: u32,
) {
    let is_good = result == S_OK;
    assert!(
        headers
            .read()
            .is_none_or(|headers| headers.is_null() != is_good)
    );
    let wanted = if is_good { wanted } else { 0 };
    assert!(count.read().is_none_or(|count| count == wanted));
}

#[test]
fn begin_client_handshake() {
    spoil(&[NEEDED; 5], |arguments| {
        let client = Setup::new(Role::Client).create();
        let own = fields(&[("X-Own", "value")]);
        let protocols = arguments.place([c"chat".as_ptr().cast::<u8>()]);
        let extensions = arguments.place([c"a".as_ptr().cast::<u8>()]);
        let initial = arguments.place([raw(&own)[0]]);
        let headers = arguments.place(pointer(1).cast::<WEB_SOCKET_HTTP_HEADER>());
        let count = arguments.place(77_u32);
        // SAFETY: each argument is NULL or placed, at any alignment.
        let result = unsafe {
            WebSocketBeginClientHandshake(
                pointer(client.handle()),
                protocols.0.cast(),
                1,
                extensions.0.cast(),
                1,
                initial.0.cast(),
                1,
                headers.0,
                count.0,
            )
        };
        check_fields(result, headers, count, 6);
        result
    });
}

#[test]
fn end_client_handshake() {
    // Indices without their count cannot be given; all else may be left out.
    spoil(&[NEEDED, OPTIONAL, NEEDED, OPTIONAL], |arguments| {
        let client = Setup::new(Role::Client).create();
        let begun = client.begin_client(&[c"chat"], &[c"a"], &[]).unwrap();
        let mut right = response(value(&begun, "Sec-WebSocket-Key"));
        right.extend(fields(&[
            ("Sec-WebSocket-Protocol", "chat"),
            ("Sec-WebSocket-Extensions", "a"),
        ]));
        let right: [WEB_SOCKET_HTTP_HEADER; 5] = raw(&right).try_into().ok().unwrap();
        let right = arguments.place(right);
        let extensions = arguments.place([u32::MAX, 88]);
        let count = arguments.place(1_u32);
        let protocol = arguments.place(u32::MAX);
        // SAFETY: each argument is NULL or placed, at any alignment.
        let result = unsafe {
            WebSocketEndClientHandshake(
                pointer(client.handle()),
                right.0.cast(),
                5,
                extensions.0.cast(),
                count.0,
                protocol.0,
            )
        };
        let is_good = result == S_OK;
        let index = if is_good { 0 } else { u32::MAX };
        assert!(extensions.read().is_none_or(|own| own == [index, 88]));
        assert!(count.read().is_none_or(|own| own == u32::from(is_good)));
        assert!(protocol.read().is_none_or(|own| own == index));
        result
    });
}

#[test]
fn begin_server_handshake() {
    spoil(&[NEEDED; 4], |arguments| {
        let server = Setup::new(Role::Server).create();
        let mut offered = request();
        offered.extend(fields(&[("Sec-WebSocket-Extensions", "a")]));
        let offered: [WEB_SOCKET_HTTP_HEADER; 6] = raw(&offered).try_into().ok().unwrap();
        let extensions = arguments.place([c"a".as_ptr().cast::<u8>()]);
        let offered = arguments.place(offered);
        let headers = arguments.place(pointer(1).cast::<WEB_SOCKET_HTTP_HEADER>());
        let count = arguments.place(77_u32);
        // SAFETY: each argument is NULL or placed, at any alignment.
        let result = unsafe {
            WebSocketBeginServerHandshake(
                pointer(server.handle()),
                std::ptr::null(),
                extensions.0.cast(),
                1,
                offered.0.cast(),
                6,
                headers.0,
                count.0,
            )
        };
        check_fields(result, headers, count, 4);
        result
    });
}

#[test]
fn a_texts_address_may_be_odd() {
    let server = Setup::new(Role::Server).create();
    let mut arguments = Arguments::new(0, How::Off(3));
    let protocol = arguments.place(*b"chat\0");
    let mut offered = request();
    offered.extend(fields(&[("Sec-WebSocket-Protocol", "chat")]));
    let protocol = std::ffi::CStr::from_bytes_until_nul(
        // SAFETY: placed above.
        unsafe { &*protocol.0 },
    );
    let response = server
        .begin_server(Some(protocol.unwrap()), &[], &offered)
        .unwrap();
    assert_eq!(value(&response, "Sec-WebSocket-Protocol"), "chat");
    assert_eq!(value(&response, "Sec-WebSocket-Accept"), ZERO_ACCEPT);
}

#[test]
fn send_and_receive() {
    let mut room = [0_u8; 9];
    let address = room.as_mut_ptr();
    let buffer = |length| WEB_SOCKET_BUFFER {
        Data: WEB_SOCKET_BUFFER_0 {
            pbBuffer: address.wrapping_add(1),
            ulBufferLength: length,
        },
    };
    spoil(&[OPTIONAL], |arguments| {
        let client = client();
        let payload = arguments.place(buffer(8));
        // SAFETY: NULL or placed, at any alignment; what it points to outlives the handle.
        let result = unsafe { client.send_raw(BINARY_MESSAGE, payload.0, 1) };
        let length = if payload.0.is_null() { 6 } else { 14 };
        assert_eq!(client.flush().len(), length);
        result
    });
    spoil(&[OPTIONAL], |arguments| {
        let server = server();
        let target = arguments.place(buffer(8));
        let handle = pointer(server.handle());
        // SAFETY: NULL or placed, at any alignment; what it points to outlives the handle.
        let result = unsafe { WebSocketReceive(handle, target.0, pointer(1)) };
        server.feed(&masked(0x82, b"12345678"));
        let action = server.indicated(BINARY_MESSAGE);
        assert_eq!(action.bytes(), b"12345678");
        let into_ours = action.entries[0].address == address.wrapping_add(1).addr();
        assert_eq!(into_ours, !target.0.is_null());
        result
    });
}

#[test]
fn receives_into_nothing() {
    let server = server();
    let mut room = [0_u8; 4];
    for (address, length) in [
        (null_mut(), 1),
        (null_mut(), u32::MAX),
        (null_mut(), 0),
        (room.as_mut_ptr(), 0),
    ] {
        let buffer = WEB_SOCKET_BUFFER {
            Data: WEB_SOCKET_BUFFER_0 {
                pbBuffer: address,
                ulBufferLength: length,
            },
        };
        let handle = pointer(server.handle());
        // SAFETY: the buffer lives through the call; its memory must not be used.
        let result = unsafe { WebSocketReceive(handle, &raw const buffer, null_mut()) };
        assert_eq!(result, E_INVALIDARG, "{length}");
    }
    server.idle(ALL);
}

#[test]
fn get_action() {
    let wanted = [NEEDED, NEEDED, NEEDED, NEEDED, OPTIONAL, NEEDED];
    spoil(&wanted, |arguments| {
        let server = server();
        assert_eq!(server.send(UTF8_MESSAGE, b"text", 7), S_OK);
        let buffers = arguments.place([[0xA5_u8; 16]; 3]);
        let count = arguments.place(3_u32);
        let action = arguments.place(77_i32);
        let buffer_type = arguments.place(77_i32);
        let application = arguments.place(pointer(1));
        let context = arguments.place(pointer(1));
        // SAFETY: each argument is NULL or placed, at any alignment.
        let result = unsafe {
            WebSocketGetAction(
                pointer(server.handle()),
                ALL,
                buffers.0.cast(),
                count.0,
                action.0,
                buffer_type.0,
                application.0,
                context.0,
            )
        };
        let is_good = result == S_OK;
        let kind = if is_good { TO_NETWORK } else { NO_ACTION };
        assert!(action.read().is_none_or(|own| own == kind));
        let entries = if is_good { 2 } else { 0 };
        assert!(count.read().is_none_or(|own| own == entries));
        let sent = if is_good { UTF8_MESSAGE } else { 0 };
        assert!(buffer_type.read().is_none_or(|own| own == sent));
        let own = if is_good { 7 } else { 0 };
        assert!(
            application
                .read()
                .is_none_or(|context| context.addr() == own)
        );
        assert!(
            context
                .read()
                .is_none_or(|context| context.is_null() != is_good)
        );
        if let Some(slots) = buffers.read() {
            let untouched = slots.iter().skip(entries as usize);
            assert!(untouched.clone().all(|slot| *slot == [0xA5; 16]));
        }
        // Nothing is consumed by a failure.
        let (next, kind) = if is_good {
            (NO_ACTION, ALL)
        } else {
            (TO_NETWORK, SEND)
        };
        server.expect(kind, next);
        result
    });
}

#[test]
fn get_global_property() {
    for kind in [
        WEB_SOCKET_KEEPALIVE_INTERVAL_PROPERTY_TYPE,
        WEB_SOCKET_SUPPORTED_VERSIONS_PROPERTY_TYPE,
    ] {
        spoil(&[NEEDED, NEEDED], |arguments| {
            let property = arguments.place([0_u32, 88]);
            let size = arguments.place(4_u32);
            // SAFETY: each argument is NULL or placed, at any alignment.
            let result = unsafe { WebSocketGetGlobalProperty(kind, property.0.cast(), size.0) };
            if result == S_OK {
                assert!(matches!(property.read(), Some([30000 | 13, 88])));
                assert_eq!(size.read(), Some(4));
            }
            result
        });
    }
}

/// GetAction with a count that is larger than the array, which has this many entries.
fn get_lying(
    handle: usize,
    queue: i32,
    entries: &mut [WEB_SOCKET_BUFFER],
) -> (i32, u32, i32, usize) {
    let (mut count, mut action, mut kind) = (u32::MAX, 0, 0);
    let (mut application, mut context) = (null_mut::<c_void>(), null_mut::<c_void>());
    // SAFETY: no action needs more entries than there are.
    let result = unsafe {
        WebSocketGetAction(
            pointer(handle),
            queue,
            entries.as_mut_ptr(),
            &raw mut count,
            &raw mut action,
            &raw mut kind,
            &raw mut application,
            &raw mut context,
        )
    };
    (result, count, action, context.expose_provenance())
}

#[test]
fn a_count_of_entries_beyond_the_array() {
    let server = server();
    let mut entries = [WEB_SOCKET_BUFFER::default(); 2];
    assert_eq!(server.send(UTF8_MESSAGE, b"text", 0), S_OK);
    assert_eq!(server.receive(0), S_OK);
    let mut next = |queue| get_lying(server.handle(), queue, &mut entries);
    let (result, count, action, context) = next(ALL);
    assert_eq!((result, count, action), (S_OK, 2, TO_NETWORK));
    assert_eq!(complete(server.handle(), context, 6), S_OK);
    let (result, count, action, _) = next(ALL);
    assert_eq!((result, count, action), (S_OK, 0, INDICATE_SEND));
    let (result, count, action, context) = next(ALL);
    assert_eq!((result, count, action), (S_OK, 1, FROM_NETWORK));
    assert_eq!(complete(server.handle(), context, u32::MAX), S_OK);
    let (result, count, action, _) = next(ALL);
    assert_eq!((result, count, action), (S_OK, 1, INDICATE_RECEIVE));
}

#[test]
fn a_payload_of_four_gigabytes_is_not_touched_by_a_server() {
    let small = [1_u8; 4];
    let buffer = WEB_SOCKET_BUFFER {
        Data: WEB_SOCKET_BUFFER_0 {
            pbBuffer: small.as_ptr().cast_mut(),
            ulBufferLength: u32::MAX,
        },
    };
    let server = server();
    let mut entries = [WEB_SOCKET_BUFFER::default(); 2];
    // What was sent is counted in 32 bits, so that only this is all of it.
    for (bytes, all) in [(9, true), (u32::MAX, false), (0, false)] {
        // SAFETY: the library only passes the address on.
        let result = unsafe { server.send_raw(BINARY_MESSAGE, &raw const buffer, 0) };
        assert_eq!(result, S_OK);
        let (result, count, action, context) = get_lying(server.handle(), SEND, &mut entries);
        assert_eq!((result, count, action), (S_OK, 2, TO_NETWORK));
        // SAFETY: both members have the length at the same place.
        let [header, payload] = entries.map(|entry| unsafe { entry.Data });
        assert_eq!(
            (header.ulBufferLength, payload.ulBufferLength),
            (10, u32::MAX)
        );
        assert_eq!(payload.pbBuffer.addr(), small.as_ptr().addr());
        assert_eq!(all, 10_u32.wrapping_add(u32::MAX) == bytes);
        assert_eq!(complete(server.handle(), context, bytes), S_OK);
        let end = server.expect(SEND, INDICATE_SEND);
        server.done(&end);
    }
}

#[test]
fn sizes_beyond_the_memory_do_not_matter_where_less_is_written() {
    let (mut value, mut size) = ([0_u32, 88], u32::MAX);
    let memory: *mut c_void = value.as_mut_ptr().cast();
    let kind = WEB_SOCKET_KEEPALIVE_INTERVAL_PROPERTY_TYPE;
    // SAFETY: the value has four bytes.
    let result = unsafe { WebSocketGetGlobalProperty(kind, memory, &raw mut size) };
    assert_eq!((result, value, size), (S_OK, [30000, 88], 4));

    let client = Setup::new(Role::Client).create();
    let begun = client.begin_client(&[], &[c"a", c"b"], &[]).unwrap();
    let mut right = response(super::harness::headers::value(&begun, "Sec-WebSocket-Key"));
    right.extend(fields(&[("Sec-WebSocket-Extensions", "b")]));
    let right = raw(&right);
    let (mut indices, mut count) = ([77_u32; 2], u32::MAX);
    // SAFETY: no more indices are written than extensions were offered.
    let result = unsafe {
        WebSocketEndClientHandshake(
            pointer(client.handle()),
            right.as_ptr(),
            4,
            indices.as_mut_ptr(),
            &raw mut count,
            null_mut(),
        )
    };
    assert_eq!((result, count, indices), (S_OK, 1, [1, 77]));
}

#[test]
fn a_block_beyond_the_address_space() {
    let create_at = |address: usize, size: u32| {
        let mut start = pointer(address);
        let property = WEB_SOCKET_PROPERTY {
            Type: WEB_SOCKET_ALLOCATED_BUFFER_PROPERTY_TYPE,
            pvValue: (&raw mut start).cast(),
            ulValueSize: size,
        };
        setup::create(Role::Server, &[property])
    };
    for size in [0, 1, 143, 4096 + 16 + 143] {
        assert_eq!(create_at(8, size), Err(E_INVALIDARG), "{size}");
    }
    // Buffers whose sizes do not fit into 32 bits together.
    let mut start = pointer(8);
    let mut huge = u32::MAX;
    let property = |kind, value: *mut c_void, size| WEB_SOCKET_PROPERTY {
        Type: kind,
        pvValue: value,
        ulValueSize: size,
    };
    let size = (&raw mut huge).cast();
    let properties = [
        property(WEB_SOCKET_RECEIVE_BUFFER_SIZE_PROPERTY_TYPE, size, 4),
        property(WEB_SOCKET_SEND_BUFFER_SIZE_PROPERTY_TYPE, size, 4),
        property(
            WEB_SOCKET_ALLOCATED_BUFFER_PROPERTY_TYPE,
            (&raw mut start).cast(),
            u32::MAX,
        ),
    ];
    let created = setup::create(Role::Client, &properties);
    assert_eq!(created, Err(E_INVALIDARG));
}
