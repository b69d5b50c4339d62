//! Handles, their properties and the global ones: scenarios 1 to 6, 8 to 10, and the rest of
//! section 2.

use std::ffi::c_void;
use std::mem::offset_of;

use windows_sys::Win32::Networking::WebSocket::*;
use winhttp_abi::types::{CloseBuffer, DataBuffer, HttpHeader, Property, WebSocketBuffer};
use winhttp_tests::support::compiler::{Dialect, check};

use super::harness::block::Block;
use super::harness::raw::{delete, pointer};
use super::harness::setup::create;
use super::harness::{E_INVALIDARG, FROM_NETWORK, RECEIVE, Role, S_OK, Setup, TOO_SMALL, server};

const ROLES: [Role; 2] = [Role::Client, Role::Server];

/// A property whose value is at this address.
fn property<T>(kind: i32, value: &mut T, size: u32) -> WEB_SOCKET_PROPERTY {
    WEB_SOCKET_PROPERTY {
        Type: kind,
        pvValue: std::ptr::from_mut(value).cast(),
        ulValueSize: size,
    }
}

/// Creates and deletes a handle.
fn creates(role: Role, properties: &[WEB_SOCKET_PROPERTY]) -> i32 {
    match create(role, properties) {
        Ok(handle) => delete(handle),
        Err(result) => result,
    }
}

/// Creates a handle with one ULONG or BOOL.
fn creates_with(role: Role, kind: i32, mut value: u32) -> i32 {
    creates(role, &[property(kind, &mut value, 4)])
}

#[test]
fn scenario_1_handles_of_both_roles_without_properties() {
    let handles = ROLES.map(|role| create(role, &[]).unwrap());
    assert_ne!(handles[0], handles[1]);
    assert_eq!(handles.map(delete), [S_OK, S_OK]);
}

/// The table of section 1.3: C name, size, fields with offsets.
type Layout = (&'static str, usize, &'static [(&'static str, usize)]);
const LAYOUTS: &[Layout] = &[
    (
        "WEB_SOCKET_PROPERTY",
        24,
        &[("Type", 0), ("pvValue", 8), ("ulValueSize", 16)],
    ),
    (
        "WEB_SOCKET_HTTP_HEADER",
        32,
        &[
            ("pcName", 0),
            ("ulNameLength", 8),
            ("pcValue", 16),
            ("ulValueLength", 24),
        ],
    ),
    (
        "WEB_SOCKET_BUFFER",
        16,
        &[
            ("Data.pbBuffer", 0),
            ("Data.ulBufferLength", 8),
            ("CloseStatus.pbReason", 0),
            ("CloseStatus.ulReasonLength", 8),
            ("CloseStatus.usStatus", 12),
        ],
    ),
];

#[test]
fn scenario_2_layouts_in_c() {
    let mut source =
        String::from("#include <websocket.h>\n#include <stddef.h>\n#include <limits.h>\n");
    let mut assert = |what: String| {
        source.push_str(&format!("_Static_assert({what}, \"layout\");\n"));
    };
    for (name, size, fields) in LAYOUTS {
        assert(format!("sizeof({name}) == {size} && _Alignof({name}) == 8"));
        for (field, offset) in *fields {
            assert(format!("offsetof({name}, {field}) == {offset}"));
        }
    }
    for (name, size) in [
        ("ULONG", 4),
        ("USHORT", 2),
        ("BOOL", 4),
        ("BYTE", 1),
        ("HRESULT", 4),
        ("WEB_SOCKET_ACTION", 4),
        ("WEB_SOCKET_ACTION_QUEUE", 4),
        ("WEB_SOCKET_BUFFER_TYPE", 4),
        ("WEB_SOCKET_PROPERTY_TYPE", 4),
        ("WEB_SOCKET_CLOSE_STATUS", 4),
        ("WEB_SOCKET_HANDLE", 8),
    ] {
        assert(format!("sizeof({name}) == {size}"));
    }
    assert("(ULONG)-1 > 0 && (HRESULT)-1 < 0 && (BOOL)-1 < 0".to_owned());
    let include = concat!(
        "-I",
        env!("CARGO_MANIFEST_DIR"),
        "/../websocket-shim/include"
    );
    check("component_layouts", &source, Dialect::C("c11"), &[include]).unwrap();
}

#[test]
fn scenario_2_layouts_in_rust() {
    type Buffer = WEB_SOCKET_BUFFER;
    let sizes = [
        (size_of::<WEB_SOCKET_PROPERTY>(), size_of::<Property>()),
        (size_of::<WEB_SOCKET_HTTP_HEADER>(), size_of::<HttpHeader>()),
        (size_of::<Buffer>(), size_of::<WebSocketBuffer>()),
        (size_of::<WEB_SOCKET_BUFFER_0>(), size_of::<DataBuffer>()),
        (size_of::<WEB_SOCKET_BUFFER_1>(), size_of::<CloseBuffer>()),
    ];
    assert_eq!(sizes, [(24, 24), (32, 32), (16, 16), (16, 16), (16, 16)]);
    let windows = [
        offset_of!(WEB_SOCKET_PROPERTY, Type),
        offset_of!(WEB_SOCKET_PROPERTY, pvValue),
        offset_of!(WEB_SOCKET_PROPERTY, ulValueSize),
        offset_of!(WEB_SOCKET_HTTP_HEADER, pcName),
        offset_of!(WEB_SOCKET_HTTP_HEADER, ulNameLength),
        offset_of!(WEB_SOCKET_HTTP_HEADER, pcValue),
        offset_of!(WEB_SOCKET_HTTP_HEADER, ulValueLength),
        offset_of!(Buffer, Data) + offset_of!(WEB_SOCKET_BUFFER_0, pbBuffer),
        offset_of!(Buffer, Data) + offset_of!(WEB_SOCKET_BUFFER_0, ulBufferLength),
        offset_of!(Buffer, CloseStatus) + offset_of!(WEB_SOCKET_BUFFER_1, pbReason),
        offset_of!(Buffer, CloseStatus) + offset_of!(WEB_SOCKET_BUFFER_1, ulReasonLength),
        offset_of!(Buffer, CloseStatus) + offset_of!(WEB_SOCKET_BUFFER_1, usStatus),
    ];
    let ours = [
        offset_of!(Property, kind),
        offset_of!(Property, pv_value),
        offset_of!(Property, ul_value_size),
        offset_of!(HttpHeader, pc_name),
        offset_of!(HttpHeader, ul_name_length),
        offset_of!(HttpHeader, pc_value),
        offset_of!(HttpHeader, ul_value_length),
        offset_of!(WebSocketBuffer, data) + offset_of!(DataBuffer, pb_buffer),
        offset_of!(WebSocketBuffer, data) + offset_of!(DataBuffer, ul_buffer_length),
        offset_of!(WebSocketBuffer, close) + offset_of!(CloseBuffer, pb_reason),
        offset_of!(WebSocketBuffer, close) + offset_of!(CloseBuffer, ul_reason_length),
        offset_of!(WebSocketBuffer, close) + offset_of!(CloseBuffer, us_status),
    ];
    let table: Vec<usize> = LAYOUTS
        .iter()
        .flat_map(|(_, _, fields)| fields.iter().map(|(_, offset)| *offset))
        .collect();
    assert_eq!((&windows[..], &ours[..]), (&table[..], &table[..]));
}

#[test]
fn scenario_3_smallest_buffers() {
    let sizes = |receive: u32, send: u32| {
        let (mut receive, mut send) = (receive, send);
        let properties = [
            property(
                WEB_SOCKET_RECEIVE_BUFFER_SIZE_PROPERTY_TYPE,
                &mut receive,
                4,
            ),
            property(WEB_SOCKET_SEND_BUFFER_SIZE_PROPERTY_TYPE, &mut send, 4),
        ];
        creates(Role::Server, &properties)
    };
    assert_eq!(sizes(256, 16), S_OK);
    assert_eq!(sizes(255, 16), E_INVALIDARG);
    assert_eq!(sizes(256, 15), E_INVALIDARG);
}

#[test]
fn scenario_4_the_receive_size_is_what_is_offered() {
    for (socket, offered) in [
        (server(), 4096),
        (Setup::new(Role::Server).receive(300).session(), 300),
    ] {
        assert_eq!(socket.receive(0), S_OK);
        let action = socket.expect(RECEIVE, FROM_NETWORK);
        assert_eq!((action.count, action.total()), (1, offered));
    }
}

#[test]
fn scenario_5_four_properties_at_once() {
    let (mut receive, mut send, mut masking, mut utf8) = (5120_u32, 5120_u32, 0_i32, 0_i32);
    let properties = [
        property(
            WEB_SOCKET_RECEIVE_BUFFER_SIZE_PROPERTY_TYPE,
            &mut receive,
            4,
        ),
        property(WEB_SOCKET_SEND_BUFFER_SIZE_PROPERTY_TYPE, &mut send, 4),
        property(WEB_SOCKET_DISABLE_MASKING_PROPERTY_TYPE, &mut masking, 4),
        property(
            WEB_SOCKET_DISABLE_UTF8_VERIFICATION_PROPERTY_TYPE,
            &mut utf8,
            4,
        ),
    ];
    assert_eq!(creates(Role::Server, &properties), S_OK);
}

#[test]
fn scenario_6_global_properties_are_not_for_handles() {
    for role in ROLES {
        for kind in [
            WEB_SOCKET_KEEPALIVE_INTERVAL_PROPERTY_TYPE,
            WEB_SOCKET_SUPPORTED_VERSIONS_PROPERTY_TYPE,
        ] {
            // `create` checks that the handle is NULL.
            assert_eq!(creates_with(role, kind, 30000), E_INVALIDARG);
        }
    }
}

#[test]
fn scenario_8_a_block_that_is_too_small_or_misaligned() {
    for role in ROLES {
        let used = 4096 + 4096 + 144;
        let block = Block::new(used + 8, used + 8);
        let with = |start: *mut u8, size: usize| {
            let mut start = start;
            let (mut receive, mut send) = (4096_u32, 4096_u32);
            creates(
                role,
                &[
                    property(
                        WEB_SOCKET_RECEIVE_BUFFER_SIZE_PROPERTY_TYPE,
                        &mut receive,
                        4,
                    ),
                    property(WEB_SOCKET_SEND_BUFFER_SIZE_PROPERTY_TYPE, &mut send, 4),
                    property(
                        WEB_SOCKET_ALLOCATED_BUFFER_PROPERTY_TYPE,
                        &mut start,
                        size as u32,
                    ),
                ],
            )
        };
        assert_eq!(with(block.start(), used), S_OK);
        assert_eq!(with(block.start(), used - 1), E_INVALIDARG);
        assert_eq!(with(block.start().wrapping_add(4), used), E_INVALIDARG);
        assert_eq!(with(std::ptr::null_mut(), used), E_INVALIDARG);
    }
}

/// WebSocketGetGlobalProperty with room for four ULONGs and this capacity.
fn global(kind: i32, capacity: u32) -> (i32, [u32; 4], u32) {
    let (mut value, mut size) = ([0xAAAA_AAAA; 4], capacity);
    let memory: *mut c_void = value.as_mut_ptr().cast();
    // SAFETY: both outputs live through the call.
    let result = unsafe { WebSocketGetGlobalProperty(kind, memory, &raw mut size) };
    (result, value, size)
}

const UNTOUCHED: u32 = 0xAAAA_AAAA;

#[test]
fn scenario_9_the_keep_alive_interval() {
    let kind = WEB_SOCKET_KEEPALIVE_INTERVAL_PROPERTY_TYPE;
    let rest = [UNTOUCHED; 3];
    let (result, value, size) = global(kind, 4);
    assert_eq!((result, value[0], size), (S_OK, 30000, 4));
    assert_eq!(value[1..], rest);
    assert_eq!(global(kind, 16), (S_OK, value, 4));
    assert_eq!(global(kind, 2), (TOO_SMALL, [UNTOUCHED; 4], 4));
}

#[test]
fn scenario_10_the_supported_versions_and_what_is_not_global() {
    let kind = WEB_SOCKET_SUPPORTED_VERSIONS_PROPERTY_TYPE;
    let (result, value, size) = global(kind, 16);
    assert_eq!((result, value[0], size), (S_OK, 13, 4));
    assert_eq!(value[1..], [UNTOUCHED; 3]);
    assert_eq!(global(kind, 3), (TOO_SMALL, [UNTOUCHED; 4], 4));
    for kind in [
        WEB_SOCKET_RECEIVE_BUFFER_SIZE_PROPERTY_TYPE,
        WEB_SOCKET_SEND_BUFFER_SIZE_PROPERTY_TYPE,
        WEB_SOCKET_DISABLE_MASKING_PROPERTY_TYPE,
        WEB_SOCKET_ALLOCATED_BUFFER_PROPERTY_TYPE,
        WEB_SOCKET_DISABLE_UTF8_VERIFICATION_PROPERTY_TYPE,
        7,
        -1,
        i32::MIN,
    ] {
        let (result, value, _) = global(kind, 16);
        assert_eq!((result, value), (E_INVALIDARG, [UNTOUCHED; 4]), "{kind}");
    }
}

#[test]
fn the_size_of_a_plain_value_is_four() {
    for role in ROLES {
        for kind in [
            WEB_SOCKET_RECEIVE_BUFFER_SIZE_PROPERTY_TYPE,
            WEB_SOCKET_SEND_BUFFER_SIZE_PROPERTY_TYPE,
            WEB_SOCKET_DISABLE_MASKING_PROPERTY_TYPE,
            WEB_SOCKET_DISABLE_UTF8_VERIFICATION_PROPERTY_TYPE,
        ] {
            let mut value = [4096_u32; 4];
            for size in [0, 1, 2, 3, 5, 8, u32::MAX] {
                let result = creates(role, &[property(kind, &mut value, size)]);
                assert_eq!(result, E_INVALIDARG, "{kind} of {size} bytes");
            }
            let mut null = property(kind, &mut value, 4);
            null.pvValue = std::ptr::null_mut();
            assert_eq!(creates(role, &[null]), E_INVALIDARG);
            assert_eq!(creates(role, &[property(kind, &mut value, 4)]), S_OK);
        }
    }
}

#[test]
fn a_value_must_be_aligned() {
    let mut memory = [0_u64; 2];
    for kind in 0..=6 {
        for offset in [1, 2, 3] {
            let address = memory.as_mut_ptr().cast::<u8>().wrapping_add(offset);
            let misaligned = WEB_SOCKET_PROPERTY {
                Type: kind,
                pvValue: address.cast(),
                ulValueSize: 4,
            };
            for role in ROLES {
                assert_eq!(creates(role, &[misaligned]), E_INVALIDARG, "type {kind}");
            }
        }
    }
}

#[test]
fn unknown_properties_and_a_count_without_an_array() {
    for role in ROLES {
        for kind in [7, 8, 255, -1, i32::MIN, i32::MAX] {
            assert_eq!(creates_with(role, kind, 4096), E_INVALIDARG);
        }
        let call = match role {
            Role::Client => WebSocketCreateClientHandle,
            Role::Server => WebSocketCreateServerHandle,
        };
        for count in [1, 5, u32::MAX] {
            let mut handle = pointer(1);
            // SAFETY: there is no array, and the output lives through the call.
            let result = unsafe { call(std::ptr::null(), count, &raw mut handle) };
            assert_eq!((result, handle.is_null()), (E_INVALIDARG, true));
        }
    }
}

#[test]
fn an_array_with_count_0_is_not_read() {
    let unreadable = std::ptr::without_provenance::<WEB_SOCKET_PROPERTY>(8);
    let mut handle = pointer(1);
    // SAFETY: an array of no elements may be anywhere.
    let result = unsafe { WebSocketCreateServerHandle(unreadable, 0, &raw mut handle) };
    assert_eq!(result, S_OK);
    assert_eq!(delete(handle.expose_provenance()), S_OK);
}

#[test]
fn large_buffers_are_accepted() {
    for role in ROLES {
        for kind in [
            WEB_SOCKET_RECEIVE_BUFFER_SIZE_PROPERTY_TYPE,
            WEB_SOCKET_SEND_BUFFER_SIZE_PROPERTY_TYPE,
        ] {
            assert_eq!(creates_with(role, kind, 16 << 20), S_OK);
        }
    }
    let socket = Setup::new(Role::Server).receive(16 << 20).session();
    assert_eq!(socket.receive(0), S_OK);
    let action = socket.expect(RECEIVE, FROM_NETWORK);
    assert_eq!(action.total(), 16 << 20);
}

#[test]
fn the_last_of_equal_properties_wins_and_the_order_is_free() {
    let (mut first, mut last) = (300_u32, 400_u32);
    let kind = WEB_SOCKET_RECEIVE_BUFFER_SIZE_PROPERTY_TYPE;
    let block = Block::new(400 + 16 + 144, 400 + 16 + 144);
    let mut start = block.start();
    // The block comes first; that it is large enough is known only at the end.
    let size = block.size() as u32;
    let properties = |size: u32, start: &mut *mut u8| {
        [
            property(WEB_SOCKET_ALLOCATED_BUFFER_PROPERTY_TYPE, start, size),
            property(kind, &mut first, 4),
            property(kind, &mut last, 4),
        ]
    };
    let mut properties = properties;
    assert_eq!(creates(Role::Server, &properties(size, &mut start)), S_OK);
    assert_eq!(
        creates(Role::Server, &properties(size - 1, &mut start)),
        E_INVALIDARG,
        "too small for the last, not for the first"
    );
    // A value that would be refused alone is not looked at when another follows.
    let (mut small, mut large) = (1_u32, 256_u32);
    let array = [property(kind, &mut small, 4), property(kind, &mut large, 4)];
    assert_eq!(creates(Role::Server, &array), S_OK);
}

#[test]
fn handles_are_not_used_again() {
    let first = create(Role::Server, &[]).unwrap();
    assert_eq!(delete(first), S_OK);
    let second = create(Role::Server, &[]).unwrap();
    assert_ne!(first, second);
    assert_eq!(delete(first), E_INVALIDARG);
    assert_eq!(delete(second), S_OK);
}
