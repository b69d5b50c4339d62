//! Handshakes where none is due, handles with any properties, and the global properties with any
//! memory.

use core::ffi::c_void;
use core::ptr;

use winhttp_abi::constants as c;
use winhttp_abi::types::Property;

use crate::input::Input;
use crate::judge::handshake::{Headers, REQUEST};
use crate::judge::{CONTROL_SIZE, Guarded, Judge, Role, S_OK, Stage, f};

/// One step of a handshake: the right one is taken, any other refused.
pub(super) fn handshake(judge: &mut Judge, input: &mut Input<'_>) {
    let (role, stage) = (judge.setup.role, judge.stage());
    let step = input.byte() % 5;
    match (step, role, stage) {
        (0, _, Stage::Created) => drop(judge.begin()),
        (4, Role::Server, Stage::Handshake) => judge.end(""),
        (1, Role::Client, Stage::Created) | (2, Role::Server, Stage::Created) => {}
        (3, Role::Client, Stage::Handshake) => {}
        (0, ..) => {}
        _ => {
            let result = wrong_step(judge.handle(), step);
            assert_eq!(
                result,
                c::E_INVALID_PROTOCOL_OPERATION,
                "{step} {role:?} {stage:?}"
            );
        }
    }
}

fn wrong_step(handle: *mut c_void, step: u8) -> i32 {
    let (mut headers, mut count) = (ptr::without_provenance_mut(8), 9);
    let request = Headers::new(REQUEST);
    let fields = request.structures();
    let (none, null) = (ptr::null, ptr::null_mut);
    // SAFETY: the header fields and the outputs live through the call.
    let result = unsafe {
        match step {
            1 => f::WebSocketBeginClientHandshake(
                handle,
                ptr::null(),
                0,
                ptr::null(),
                0,
                none(),
                0,
                &raw mut headers,
                &raw mut count,
            ),
            2 => f::WebSocketBeginServerHandshake(
                handle,
                ptr::null(),
                ptr::null(),
                0,
                fields.as_ptr(),
                5,
                &raw mut headers,
                &raw mut count,
            ),
            3 => f::WebSocketEndClientHandshake(handle, fields.as_ptr(), 5, null(), null(), null()),
            _ => f::WebSocketEndServerHandshake(handle),
        }
    };
    if matches!(step, 1 | 2) {
        assert!(headers.is_null() && count == 0);
    }
    result
}

/// A handle with properties that may be wrong; whether it comes to be is predicted.
pub(super) fn creation(input: &mut Input<'_>) {
    let client = input.flag();
    let (mut receive, mut send) = (4096_u64, if client { 4096 } else { 16 });
    let (mut block, mut valid) = (None, true);
    let mut memory = Guarded::new(1400);
    let mut pointer = memory
        .pointer()
        .wrapping_add(if input.byte() % 8 == 0 { 4 } else { 0 });
    let aligned = pointer.addr() % 8 == 0;
    let mut values = [0_u32; 6];
    let mut properties = Vec::new();
    let many = input.below(6);
    for value in values.iter_mut().take(many) {
        let kind = i32::from(input.byte() % 8) - i32::from(input.byte() == 0xff);
        *value = u32::from(input.number()) >> (input.byte() % 16);
        let size = if input.byte() % 16 == 0 {
            u32::from(input.byte() % 9)
        } else {
            4
        };
        let mut property = Property {
            kind,
            pv_value: ptr::from_mut(value).cast(),
            ul_value_size: size,
        };
        match kind {
            0 => receive = u64::from(*value),
            1 => send = u64::from(*value),
            2 | 4 => {}
            3 => {
                property.pv_value = (&raw mut pointer).cast();
                property.ul_value_size = (*value).min(1400);
                block = Some(u64::from(property.ul_value_size));
            }
            _ => valid = false,
        }
        valid &= kind == 3 || size == 4;
        if input.byte() % 32 == 1 {
            property.pv_value = ptr::null_mut();
            valid = false;
        }
        properties.push(property);
    }
    valid &= receive >= 256 && send >= 16;
    valid &= block.is_none_or(|size| aligned && size >= receive + send + u64::from(CONTROL_SIZE));
    let create = if client {
        f::WebSocketCreateClientHandle
    } else {
        f::WebSocketCreateServerHandle
    };
    let array = if properties.is_empty() {
        ptr::null()
    } else {
        properties.as_ptr()
    };
    let mut handle = ptr::without_provenance_mut(1);
    // SAFETY: the properties live through the call, the block longer.
    let result = unsafe { create(array, properties.len() as u32, &raw mut handle) };
    assert_eq!(
        result,
        if valid { S_OK } else { c::E_INVALIDARG },
        "{properties:?}"
    );
    assert_eq!(handle.is_null(), !valid);
    if valid {
        // SAFETY: no memory is passed.
        assert_eq!(unsafe { f::WebSocketDeleteHandle(handle) }, S_OK);
    }
    assert!(memory.is_intact());
    // SAFETY: no properties are passed, and none can be read.
    let result = unsafe { create(ptr::null(), 1, &raw mut handle) };
    assert!(result == c::E_INVALIDARG && handle.is_null());
    // SAFETY: as above.
    assert_eq!(
        unsafe { create(ptr::null(), 0, ptr::null_mut()) },
        c::E_INVALIDARG
    );
}

/// A global property into memory of exactly the size that is said.
pub(super) fn global(input: &mut Input<'_>) {
    let kind = i32::from(input.byte() % 16) - 4;
    let room = u32::from(input.byte() % 24);
    let mut memory = Guarded::new(room as usize);
    let value = if input.byte() % 8 == 0 {
        ptr::null_mut()
    } else {
        memory.pointer()
    };
    let known = match kind {
        c::WEB_SOCKET_KEEPALIVE_INTERVAL_PROPERTY_TYPE => Some(30_000_u32),
        c::WEB_SOCKET_SUPPORTED_VERSIONS_PROPERTY_TYPE => Some(13),
        _ => None,
    };
    let mut size = room;
    // SAFETY: there are so many bytes, or none.
    let result = unsafe { f::WebSocketGetGlobalProperty(kind, value.cast(), &raw mut size) };
    match known {
        None => assert_eq!(result, c::E_INVALIDARG),
        Some(_) if room < 4 => {
            assert_eq!((result, size), (c::E_INSUFFICIENT_BUFFER, 4));
        }
        Some(_) if value.is_null() => assert_eq!(result, c::E_INVALIDARG),
        Some(number) => {
            assert_eq!((result, size), (S_OK, 4));
            // SAFETY: the function has written it.
            assert_eq!(unsafe { value.cast::<u32>().read_unaligned() }, number);
        }
    }
    assert!(memory.is_intact());
    // SAFETY: without a size nothing is written.
    let result = unsafe { f::WebSocketGetGlobalProperty(kind, value.cast(), ptr::null_mut()) };
    assert_eq!(result, c::E_INVALIDARG);
}
