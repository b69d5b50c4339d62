//! From the buffer of WinHttpSetOption to the value the option takes.

use std::ffi::c_void;
use std::sync::Arc;

use winhttp_abi::constants as c;
use winhttp_abi::input::{self, Length};
use winhttp_abi::types::{ProxyInfo, ProxyResultEntry};
use winhttp_abi::wide::Unit;
use winhttp_abi::{Code, Result};
use winhttp_core::api::ProxyAccess;
use winhttp_core::api::options::{NewValue, Setting};
use winhttp_proto::auth::Secret;
use winhttp_proto::error::Error;
use winhttp_proto::option::{OptionId, Type, Value};
use winhttp_proto::proxy::ProxyServer;

use crate::library::{Shim, UnloadHandle};
use crate::map::{self, Mask};
use crate::observer::{ProgramCallback, StatusCallbackFn};

/// No memory lies below this address: what looks like one is a small number, for example a
/// descriptor in place of an event.
const LOWEST_ADDRESS: usize = 4096;

/// "The text is terminated" as a length.
const TERMINATED: u32 = u32::MAX;

/// Reads the value of an option.
///
/// # Safety
/// `buffer` is NULL or holds what the option of `setting` takes, in `length` bytes or characters;
/// pointers in it are NULL or valid.
pub(super) unsafe fn read<W: Unit>(
    setting: &Setting<'_, Shim>,
    buffer: *const c_void,
    length: u32,
) -> Result<NewValue<Shim>> {
    match setting.option() {
        OptionId::CALLBACK => {
            // SAFETY: the caller's promise; a function pointer of C may have any bit pattern.
            let function = unsafe { input::value(buffer.cast::<Option<StatusCallbackFn>>()) };
            Ok(NewValue::Observer(observer::<W>(
                setting,
                function.flatten(),
            )))
        }
        OptionId::UNLOAD_NOTIFY_EVENT => {
            // SAFETY: the caller's promise.
            let event = unsafe { input::value(buffer.cast::<*mut c_void>()) };
            let event = event.filter(|event| event.addr() >= LOWEST_ADDRESS);
            // SAFETY: the caller's promise: NULL or an open event.
            let event = unsafe { UnloadHandle::new(event.unwrap_or(std::ptr::null_mut())) };
            event.map(NewValue::UnloadEvent).ok_or(Code::INVALID_HANDLE)
        }
        // SAFETY: the caller's promise, handed on.
        OptionId::PROXY => unsafe { proxy::<W>(buffer.cast()) }.map(NewValue::Proxy),
        OptionId::PROXY_RESULT_ENTRY => {
            // SAFETY: the caller's promise, handed on.
            unsafe { proxy_entry::<W>(buffer.cast()) }.map(NewValue::Proxy)
        }
        // The context is refused, so it is not followed.
        OptionId::CLIENT_CERT_CONTEXT if !buffer.is_null() => Ok(NewValue::ClientCertificate),
        // SAFETY: the caller's promise, handed on.
        _ => unsafe { plain::<W>(setting, buffer, length) },
    }
}

/// A new function keeps the mask of the one before; without one before, it gets all notifications.
fn observer<W: Unit>(
    setting: &Setting<'_, Shim>,
    function: Option<StatusCallbackFn>,
) -> Option<ProgramCallback> {
    let before = setting.observer();
    let mask = before.map_or(Mask::ALL, |before| before.mask);
    function.map(|function| ProgramCallback::new::<W>(function, mask))
}

/// Numbers, texts and plain structures.
///
/// # Safety
/// As [`read`].
unsafe fn plain<W: Unit>(
    setting: &Setting<'_, Shim>,
    buffer: *const c_void,
    length: u32,
) -> Result<NewValue<Shim>> {
    let value = match setting.row().ty {
        Type::Text => {
            // SAFETY: the caller's promise: as many characters, or fewer and a terminator.
            let text = unsafe { input::text_of(buffer.cast::<W>(), characters(length)) }?;
            Value::Text(text.unwrap_or_default())
        }
        Type::Secret => {
            // SAFETY: as above.
            let text = unsafe { input::secret_of(buffer.cast::<W>(), characters(length)) }?;
            Value::Secret(Secret::new(text.unwrap_or_default()))
        }
        _ if buffer.is_null() => return Ok(NewValue::Nothing),
        Type::Dword
        | Type::Bool
        | Type::Pointer
        | Type::None
        | Type::Struct(_)
        | Type::EdgeStruct { .. }
        | Type::Variable => {
            // SAFETY: the caller's promise.
            let bytes = unsafe { input::bytes(buffer.cast(), length) };
            let bytes = bytes.ok_or(Code::INVALID_PARAMETER)?;
            setting
                .row()
                .decode(&bytes)
                .map_err(Error::from)
                .map_err(map::code)?
        }
    };
    Ok(NewValue::Plain(value))
}

/// The length of a text, as it is given.
fn characters(length: u32) -> Length {
    if length == TERMINATED {
        Length::Terminated
    } else {
        Length::Units(length)
    }
}

/// WINHTTP_PROXY_INFO.
///
/// # Safety
/// `info` is NULL or points to one, whose strings are NULL or terminated.
unsafe fn proxy<W: Unit>(info: *const ProxyInfo<W>) -> Result<ProxyAccess> {
    // SAFETY: the caller's promise.
    let info = unsafe { input::value(info) }.ok_or(Code::INVALID_PARAMETER)?;
    if info.dw_access_type != c::WINHTTP_ACCESS_TYPE_NAMED_PROXY
        && info.dw_access_type != c::WINHTTP_ACCESS_TYPE_NO_PROXY
    {
        return map::proxy_access(info.dw_access_type, None, None);
    }
    // SAFETY: as above.
    let proxy = unsafe { input::text(info.lpsz_proxy.cast_const()) }?;
    // SAFETY: as above.
    let bypass = unsafe { input::text(info.lpsz_proxy_bypass.cast_const()) }?;
    map::proxy_access(info.dw_access_type, proxy, bypass)
}

/// WINHTTP_PROXY_RESULT_ENTRY.
///
/// # Safety
/// `entry` is NULL or points to one, whose string is NULL or terminated.
unsafe fn proxy_entry<W: Unit>(entry: *const ProxyResultEntry<W>) -> Result<ProxyAccess> {
    // SAFETY: the caller's promise.
    let entry = unsafe { input::value(entry) }.ok_or(Code::INVALID_PARAMETER)?;
    if entry.f_proxy == 0 {
        return Ok(ProxyAccess::Direct);
    }
    // SAFETY: as above.
    let host = unsafe { input::text(entry.pwsz_proxy.cast_const()) }?;
    let host = host
        .filter(|host| !host.is_empty())
        .ok_or(Code::INVALID_PARAMETER)?;
    let kind = map::proxy_kind(entry.proxy_scheme)?;
    let server = ProxyServer::new(kind, &host, entry.proxy_port).ok_or(Code::INVALID_PARAMETER)?;
    Ok(ProxyAccess::Entry(Arc::new(server)))
}
