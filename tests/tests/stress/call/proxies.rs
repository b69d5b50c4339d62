//! Credentials, proxies and connection groups. Of proxies, arguments, handles and detection are
//! tried: settings that could be stored are those of whoever runs the tests.

use winhttp_abi::constants as c;
use winhttp_abi::types::{AutoproxyOptions, ProxyInfo, ProxySettings};
use winhttp_abi::wide::Unit;

use super::headers::{size, zeroed};
use super::{Caller, Target, of_bool, wide};
use crate::callback::making_resolver;
use crate::table::Function;
use crate::track::RESOLVER;

unsafe extern "C" fn changed(_flags: u64, _context: *mut std::ffi::c_void) {}

impl Caller {
    pub(super) fn proxy<W: Unit>(&mut self, function: Function, target: &Target) {
        use Function as F;
        let code = match function {
            F::QueryAuthSchemes | F::SetCredentials => self.credentials::<W>(function, target),
            F::GetProxyForUrl
            | F::DetectAutoProxyConfigUrl
            | F::GetProxyForUrlEx
            | F::GetProxyForUrlEx2 => self.look_up::<W>(function, target),
            F::GetDefaultProxyConfiguration
            | F::SetDefaultProxyConfiguration
            | F::GetIEProxyConfigForCurrentUser
            | F::SetProxySettingsPerUser => self.configuration::<W>(function),
            F::CreateProxyResolver
            | F::GetProxyResult
            | F::GetProxyResultEx
            | F::FreeProxyResult
            | F::FreeProxyResultEx
            | F::ResetAutoProxy => self.resolver::<W>(function, target),
            F::QueryConnectionGroup
            | F::FreeQueryConnectionGroupResult
            | F::RegisterProxyChangeNotification
            | F::UnregisterProxyChangeNotification => self.groups::<W>(function, target),
            _ => self.settings::<W>(function, target),
        };
        if matches!(function, F::GetProxyForUrlEx | F::GetProxyForUrlEx2) {
            let begun = if code == c::ERROR_IO_PENDING { 0 } else { code };
            return self.started(function, F::GetProxyForUrlEx, target, RESOLVER, begun);
        }
        // What resolvers do is never waited for; the functions without a handle neither.
        self.done(
            function,
            if uses_handle(function) {
                target
            } else {
                &Self::NOBODY
            },
            code,
        );
    }

    const NOBODY: Target = Target {
        bits: 0,
        track: None,
        was_closed: false,
    };

    fn credentials<W: Unit>(&mut self, function: Function, target: &Target) -> u32 {
        if function == Function::QueryAuthSchemes {
            let (mut supported, mut first, mut whom) = (0, 0, 0);
            let null = self.chance.in_thousand(100);
            let first = if null {
                std::ptr::null_mut()
            } else {
                &raw mut first
            };
            // SAFETY: the results live through the call.
            return of_bool(unsafe {
                winhttp::WinHttpQueryAuthSchemes::<W>(
                    target.raw(),
                    &raw mut supported,
                    first,
                    &raw mut whom,
                )
            });
        }
        let user = wide::<W>("user");
        let scheme = self.chance.pick(&[1, 2, 8, 16, 3]);
        let who = self.chance.pick(&[0, 1, 2]);
        let password = if self.chance.in_thousand(200) {
            std::ptr::null()
        } else {
            user.as_ptr()
        };
        let null = std::ptr::null_mut::<std::ffi::c_void>();
        // SAFETY: the texts live through the call.
        of_bool(unsafe {
            winhttp::WinHttpSetCredentials::<W>(
                target.raw(),
                who,
                scheme,
                user.as_ptr(),
                password,
                null,
            )
        })
    }

    fn look_up<W: Unit>(&mut self, function: Function, target: &Target) -> u32 {
        use Function as F;
        let url = wide::<W>(self.chance.pick(&["http://host.example/", ""]));
        let mut options: AutoproxyOptions<W> = zeroed();
        options.dw_flags = self.chance.pick(&[
            0,
            c::WINHTTP_AUTOPROXY_AUTO_DETECT,
            c::WINHTTP_AUTOPROXY_CONFIG_URL,
        ]);
        // DHCP only: what DNS says depends on the machine.
        options.dw_auto_detect_flags = self.chance.pick(&[0, 1]);
        let options = &raw const options;
        match function {
            F::GetProxyForUrl => {
                let mut info: ProxyInfo<W> = zeroed();
                // SAFETY: all memory lives through the call.
                of_bool(unsafe {
                    winhttp::WinHttpGetProxyForUrl::<W>(
                        target.raw(),
                        url.as_ptr(),
                        options,
                        &raw mut info,
                    )
                })
            }
            F::DetectAutoProxyConfigUrl => {
                let mut found = std::ptr::null_mut();
                // SAFETY: the result lives through the call.
                of_bool(unsafe { winhttp::WinHttpDetectAutoProxyConfigUrl::<W>(0, &raw mut found) })
            }
            F::GetProxyForUrlEx => {
                // SAFETY: as above.
                unsafe {
                    winhttp::WinHttpGetProxyForUrlEx::<W>(target.raw(), url.as_ptr(), options, 1)
                }
            }
            _ => {
                let null = std::ptr::null();
                // SAFETY: as above.
                unsafe {
                    winhttp::WinHttpGetProxyForUrlEx2::<W>(
                        target.raw(),
                        url.as_ptr(),
                        options,
                        0,
                        null,
                        1,
                    )
                }
            }
        }
    }

    fn configuration<W: Unit>(&mut self, function: Function) -> u32 {
        use Function as F;
        let mut info: ProxyInfo<W> = zeroed();
        match function {
            F::GetDefaultProxyConfiguration => {
                // SAFETY: the structure lives through the call.
                let code = of_bool(unsafe {
                    winhttp::WinHttpGetDefaultProxyConfiguration::<W>(&raw mut info)
                });
                for text in [info.lpsz_proxy, info.lpsz_proxy_bypass] {
                    // SAFETY: NULL, or what the library gave.
                    unsafe { winhttp::GlobalFree(text.cast()) };
                }
                code
            }
            F::SetDefaultProxyConfiguration => {
                // What would be stored is the user's own: nothing of this is.
                info.dw_access_type = self.chance.pick(&[3, 7]);
                // SAFETY: as above.
                of_bool(unsafe {
                    winhttp::WinHttpSetDefaultProxyConfiguration::<W>(&raw const info)
                })
            }
            F::GetIEProxyConfigForCurrentUser => {
                // SAFETY: NULL is refused.
                of_bool(unsafe {
                    winhttp::WinHttpGetIEProxyConfigForCurrentUser::<W>(std::ptr::null_mut())
                })
            }
            // SAFETY: no memory is passed.
            _ => unsafe { winhttp::WinHttpSetProxySettingsPerUser::<W>(0) },
        }
    }

    fn resolver<W: Unit>(&mut self, function: Function, target: &Target) -> u32 {
        use Function as F;
        let (raw, null) = (target.raw(), std::ptr::null_mut::<std::ffi::c_void>());
        match function {
            F::CreateProxyResolver => {
                let mut resolver = std::ptr::null_mut();
                let place = if self.chance.in_thousand(100) {
                    null.cast()
                } else {
                    &raw mut resolver
                };
                // SAFETY: the result lives through the call.
                let make = || unsafe { winhttp::WinHttpCreateProxyResolver::<W>(raw, place) };
                let code = making_resolver(target.bits, make);
                if code == 0
                    && let Some(parent) = &target.track
                {
                    self.made(resolver.addr(), RESOLVER, parent.mode, "resolver");
                }
                code
            }
            // SAFETY: NULL is refused.
            F::GetProxyResult => unsafe { winhttp::WinHttpGetProxyResult::<W>(raw, null.cast()) },
            // SAFETY: as above.
            F::GetProxyResultEx => unsafe {
                winhttp::WinHttpGetProxyResultEx::<W>(raw, null.cast())
            },
            F::FreeProxyResult => {
                // SAFETY: NULL is nothing to free.
                unsafe { winhttp::WinHttpFreeProxyResult::<W>(null.cast()) };
                0
            }
            F::FreeProxyResultEx => {
                // SAFETY: as above.
                unsafe { winhttp::WinHttpFreeProxyResultEx::<W>(null.cast()) };
                0
            }
            // SAFETY: no memory is passed.
            _ => unsafe { winhttp::WinHttpResetAutoProxy::<W>(raw, 0xffff) },
        }
    }

    fn groups<W: Unit>(&mut self, function: Function, target: &Target) -> u32 {
        use Function as F;
        let null = std::ptr::null_mut::<std::ffi::c_void>();
        match function {
            F::QueryConnectionGroup => {
                let mut result = std::ptr::null_mut();
                let flags = self.chance.pick(&[0, 1, 2]);
                let place = &raw mut result;
                // SAFETY: the result lives through the call.
                unsafe {
                    winhttp::WinHttpQueryConnectionGroup::<W>(
                        target.raw(),
                        std::ptr::null(),
                        flags,
                        place,
                    )
                }
            }
            F::FreeQueryConnectionGroupResult => {
                // SAFETY: NULL is nothing to free.
                unsafe { winhttp::WinHttpFreeQueryConnectionGroupResult::<W>(null.cast()) };
                0
            }
            F::RegisterProxyChangeNotification => {
                let mut registration = std::ptr::null_mut();
                let flags = self.chance.pick(&[0, 1]);
                let place = &raw mut registration;
                // SAFETY: the callback lives for ever, the result through the call.
                let code = unsafe {
                    winhttp::WinHttpRegisterProxyChangeNotification::<W>(
                        flags,
                        Some(changed),
                        null,
                        place,
                    )
                };
                // SAFETY: NULL, or a registration.
                unsafe { winhttp::WinHttpUnregisterProxyChangeNotification::<W>(registration) };
                code
            }
            // SAFETY: no registration is followed.
            _ => unsafe { winhttp::WinHttpUnregisterProxyChangeNotification::<W>(null) },
        }
    }

    fn settings<W: Unit>(&mut self, function: Function, target: &Target) -> u32 {
        use Function as F;
        let (raw, null) = (target.raw(), std::ptr::null_mut::<std::ffi::c_void>());
        let mut settings: ProxySettings<W> = zeroed();
        settings.dw_struct_size = self.chance.pick(&[0, size::<ProxySettings<W>>()]);
        // Not stored, as it would be the user's own.
        settings.dw_flags = 1 << 31;
        let (mut version, mut defaults) = (0, 0);
        match function {
            // SAFETY: NULL is no parameter.
            F::GetProxySettingsEx => unsafe {
                winhttp::WinHttpGetProxySettingsEx::<W>(raw, 1, null.cast(), 0)
            },
            // SAFETY: no handle is a resolver.
            F::GetProxySettingsResultEx => unsafe {
                winhttp::WinHttpGetProxySettingsResultEx::<W>(raw, null)
            },
            F::FreeProxySettingsEx => {
                let kind = self.chance.pick(&[0, 1, 2]);
                // SAFETY: NULL is nothing to free.
                unsafe { winhttp::WinHttpFreeProxySettingsEx::<W>(kind, null) }
            }
            F::ReadProxySettings => {
                // SAFETY: all memory lives through the call.
                let code = unsafe {
                    winhttp::WinHttpReadProxySettings::<W>(
                        raw,
                        std::ptr::null(),
                        0,
                        0,
                        &raw mut version,
                        &raw mut defaults,
                        &raw mut settings,
                    )
                };
                // SAFETY: zeros, or filled by the library.
                unsafe { winhttp::WinHttpFreeProxySettings::<W>(&raw mut settings) };
                code
            }
            // SAFETY: as above.
            F::WriteProxySettings => unsafe {
                winhttp::WinHttpWriteProxySettings::<W>(raw, 0, &raw const settings)
            },
            F::FreeProxySettings => {
                // SAFETY: NULL is nothing to free.
                unsafe { winhttp::WinHttpFreeProxySettings::<W>(null.cast()) };
                0
            }
            // SAFETY: as above.
            _ => unsafe { winhttp::WinHttpGetProxySettingsVersion::<W>(raw, &raw mut version) },
        }
    }
}

fn uses_handle(function: Function) -> bool {
    use Function as F;
    !matches!(
        function,
        F::DetectAutoProxyConfigUrl
            | F::FreeProxyResult
            | F::FreeProxyResultEx
            | F::GetDefaultProxyConfiguration
            | F::SetDefaultProxyConfiguration
            | F::GetIEProxyConfigForCurrentUser
            | F::SetProxySettingsPerUser
            | F::FreeProxySettingsEx
            | F::FreeProxySettings
            | F::RegisterProxyChangeNotification
            | F::UnregisterProxyChangeNotification
            | F::FreeQueryConnectionGroupResult
    )
}
