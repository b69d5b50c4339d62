//! The functions that find proxies, and those of their settings.

use std::ptr::{null, null_mut};

use winhttp::*;
use winhttp_abi::wide::Unit;

use super::{RESOLVER, Row, SESSION, of_bool, row, with_outputs};

#[expect(
    clippy::undocumented_unsafe_blocks,
    reason = "all pointers are NULL or to locals"
)]
pub(crate) fn rows<W: Unit>() -> Vec<Row<W>> {
    vec![
        row("WinHttpGetProxyForUrl", SESSION, |handle| {
            of_bool(unsafe { WinHttpGetProxyForUrl::<W>(handle, null(), null(), null_mut()) })
        }),
        row("WinHttpCreateProxyResolver", SESSION, |handle| {
            let mut resolver = null_mut();
            let error = unsafe { WinHttpCreateProxyResolver::<W>(handle, &raw mut resolver) };
            assert!(error == 0 || resolver.is_null());
            error
        }),
        row("WinHttpResetAutoProxy", SESSION, |handle| unsafe {
            WinHttpResetAutoProxy::<W>(handle, 1)
        }),
        row("WinHttpReadProxySettings", SESSION, |handle| {
            with_outputs(|[version, defaults]| unsafe {
                WinHttpReadProxySettings::<W>(
                    handle,
                    null(),
                    0,
                    0,
                    version,
                    defaults.cast(),
                    null_mut(),
                )
            })
        }),
        row("WinHttpWriteProxySettings", SESSION, |handle| unsafe {
            WinHttpWriteProxySettings::<W>(handle, 0, null())
        }),
        row("WinHttpGetProxySettingsVersion", SESSION, |handle| {
            with_outputs(|[version]| unsafe {
                WinHttpGetProxySettingsVersion::<W>(handle, version)
            })
        }),
        row("WinHttpGetProxyForUrlEx", RESOLVER, |handle| unsafe {
            WinHttpGetProxyForUrlEx::<W>(handle, null(), null(), 0)
        }),
        row("WinHttpGetProxyForUrlEx2", RESOLVER, |handle| unsafe {
            WinHttpGetProxyForUrlEx2::<W>(handle, null(), null(), 0, null(), 0)
        }),
        row("WinHttpGetProxyResult", RESOLVER, |handle| unsafe {
            WinHttpGetProxyResult::<W>(handle, null_mut())
        }),
        row("WinHttpGetProxyResultEx", RESOLVER, |handle| unsafe {
            WinHttpGetProxyResultEx::<W>(handle, null_mut())
        }),
        row("WinHttpGetProxySettingsEx", RESOLVER, |handle| unsafe {
            WinHttpGetProxySettingsEx::<W>(handle, 1, null(), 0)
        }),
        row(
            "WinHttpGetProxySettingsResultEx",
            RESOLVER,
            |handle| unsafe { WinHttpGetProxySettingsResultEx::<W>(handle, null_mut()) },
        ),
    ]
}
