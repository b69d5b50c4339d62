//! Properties: those of a handle that is created, and the global ones.

use std::ffi::c_void;

use winhttp_abi::block::MemoryBlock;
use winhttp_abi::constants as c;
use winhttp_abi::export;
use winhttp_abi::export::Succeeded;
use winhttp_abi::hresult::HResult;
use winhttp_abi::types::Property;
use winhttp_abi::{input, output};
use winhttp_proto::websocket::Role;
use winhttp_proto::websocket::component::Settings;

use crate::map::hresult;

/// After so many milliseconds of silence an application should send something. Windows reads it
/// from its registry, with this default.
const KEEPALIVE_INTERVAL_MS: u32 = 30_000;

/// The versions of the protocol (RFC 6455 §4.1).
const SUPPORTED_VERSIONS: [u32; 1] = [13];

/// Reads the properties for a new handle; of two of a kind, the last counts.
///
/// # Safety
/// `properties` is NULL or points to `count` properties, whose `pvValue` is NULL or points to as
/// many bytes as the size says; for an allocated buffer, to a pointer to as many bytes, which are
/// the handle's until it is deleted.
pub(crate) unsafe fn settings(
    role: Role,
    properties: *const Property,
    count: u32,
) -> Result<(Settings, Option<MemoryBlock>), HResult> {
    let mut settings = Settings::new(role);
    let mut lent = None;
    // SAFETY: the caller's promise about the array.
    let properties = unsafe { input::array(properties, count) };
    for property in properties.ok_or(HResult::INVALID_ARGUMENT)? {
        // SAFETY: the caller's promise about the values.
        unsafe { read(&property, &mut settings, &mut lent) }.ok_or(HResult::INVALID_ARGUMENT)?;
    }
    settings.check().map_err(hresult)?;
    let Some((start, bytes)) = lent else {
        return Ok((settings, None));
    };
    if u64::from(bytes) < settings.memory_bytes() {
        return Err(HResult::INVALID_ARGUMENT);
    }
    let bytes = usize::try_from(settings.memory_bytes()).map_err(|_| HResult::OUT_OF_MEMORY)?;
    // SAFETY: the program promises `ulValueSize` bytes, of which no more than needed are used.
    let block = unsafe { MemoryBlock::lent(start, bytes) }.ok_or(HResult::INVALID_ARGUMENT)?;
    Ok((settings, Some(block)))
}

/// Reads one property; `None` if it is not for a handle or its value is malformed.
///
/// # Safety
/// As [`settings`].
unsafe fn read(
    property: &Property,
    settings: &mut Settings,
    lent: &mut Option<(*mut u8, u32)>,
) -> Option<()> {
    match property.kind {
        c::WEB_SOCKET_RECEIVE_BUFFER_SIZE_PROPERTY_TYPE => {
            // SAFETY: the caller's promise, as for all values below.
            settings.receive_bytes = unsafe { ulong(property) }?;
        }
        c::WEB_SOCKET_SEND_BUFFER_SIZE_PROPERTY_TYPE => {
            // SAFETY: as above.
            settings.send_bytes = unsafe { ulong(property) }?;
        }
        c::WEB_SOCKET_DISABLE_MASKING_PROPERTY_TYPE => {
            // SAFETY: as above.
            settings.disable_masking = unsafe { ulong(property) }? != 0;
        }
        c::WEB_SOCKET_DISABLE_UTF8_VERIFICATION_PROPERTY_TYPE => {
            // SAFETY: as above.
            settings.disable_utf8_verification = unsafe { ulong(property) }? != 0;
        }
        c::WEB_SOCKET_ALLOCATED_BUFFER_PROPERTY_TYPE => {
            // The value is a pointer, so this is a pointer to one; the size is that of the memory
            // behind both. SAFETY: as above.
            let start = unsafe { aligned(property.pv_value.cast::<*mut u8>()) }?;
            *lent = Some((start, property.ul_value_size));
        }
        _ => return None,
    }
    Some(())
}

/// Reads a ULONG or BOOL.
///
/// # Safety
/// `pv_value` is NULL or points to as many bytes as the size says.
unsafe fn ulong(property: &Property) -> Option<u32> {
    if property.ul_value_size != 4 {
        return None;
    }
    // SAFETY: there are four bytes, by the caller's promise.
    unsafe { aligned(property.pv_value.cast::<u32>()) }
}

/// Reads a value, which must be aligned for its type.
///
/// # Safety
/// `pointer` is NULL or points to a readable `T`, every bit pattern of which is valid.
unsafe fn aligned<T: Copy>(pointer: *const T) -> Option<T> {
    // SAFETY: the caller's promise, handed on.
    unsafe { input::value(pointer) }.filter(|_| pointer.is_aligned())
}

export! {
    /// Reads a property that belongs to no handle (WebSocketGetGlobalProperty): the keep-alive
    /// interval in milliseconds, or the supported versions. `size` is the memory's size in bytes,
    /// then the value's.
    ///
    /// Fails with HRESULT_FROM_WIN32(ERROR_INSUFFICIENT_BUFFER) and the size that is needed; with
    /// E_INVALIDARG for another property and without `size`, or without memory although its size
    /// would do.
    pub fn WebSocketGetGlobalProperty(
        property: i32,
        value: *mut c_void,
        size: *mut u32,
    ) -> Succeeded {
        let values: &[u32] = match property {
            c::WEB_SOCKET_KEEPALIVE_INTERVAL_PROPERTY_TYPE => &[KEEPALIVE_INTERVAL_MS],
            c::WEB_SOCKET_SUPPORTED_VERSIONS_PROPERTY_TYPE => &SUPPORTED_VERSIONS,
            _ => {
                // SAFETY: the program's promise about `size`.
                unsafe { output::value(size, 0) };
                return Err(HResult::INVALID_ARGUMENT);
            }
        };
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_ne_bytes()).collect();
        // SAFETY: the program's promise about `size`.
        let room = unsafe { input::value(size) }.ok_or(HResult::INVALID_ARGUMENT)?;
        if value.is_null() && u32::try_from(bytes.len()).is_ok_and(|needed| room >= needed) {
            return Err(HResult::INVALID_ARGUMENT);
        }
        // SAFETY: the program's promise about `value` and `size`.
        unsafe { output::sized(value.cast(), size, &bytes, bytes.len()) }
            .map_err(|_| HResult::INSUFFICIENT_BUFFER)?;
        Ok(Succeeded)
    }
}
