//! Values of options to the core's types and back.

use winhttp_abi::constants as c;
use winhttp_abi::types::FileTime;
use winhttp_abi::{Code, Result};
use winhttp_core::api::ProxyAccess;
use winhttp_proto::proxy::ProxyKind;

use crate::map;

/// What WINHTTP_PROXY_INFO says: a named proxy needs its name, "no proxy" must not have one.
pub(crate) fn proxy_access(
    access_type: u32,
    proxy: Option<String>,
    bypass: Option<String>,
) -> Result<ProxyAccess> {
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let (proxy, bypass) = (given(proxy), given(bypass));
    match access_type {
        c::WINHTTP_ACCESS_TYPE_DEFAULT_PROXY => ProxyAccess::machine_default().map_err(map::code),
        c::WINHTTP_ACCESS_TYPE_NO_PROXY if proxy.is_none() && bypass.is_none() => {
            Ok(ProxyAccess::Direct)
        }
        c::WINHTTP_ACCESS_TYPE_AUTOMATIC_PROXY => Ok(ProxyAccess::Automatic),
        c::WINHTTP_ACCESS_TYPE_NAMED_PROXY => {
            let proxy = proxy.ok_or(Code::INVALID_PARAMETER)?;
            ProxyAccess::named(proxy, bypass).map_err(map::code)
        }
        _ => Err(Code::INVALID_PARAMETER),
    }
}

/// The WINHTTP_ACCESS_TYPE_* number.
pub(crate) fn access_type(access: &ProxyAccess) -> u32 {
    match access {
        ProxyAccess::Default(_) => c::WINHTTP_ACCESS_TYPE_DEFAULT_PROXY,
        ProxyAccess::Direct => c::WINHTTP_ACCESS_TYPE_NO_PROXY,
        ProxyAccess::Automatic => c::WINHTTP_ACCESS_TYPE_AUTOMATIC_PROXY,
        ProxyAccess::Named(_) | ProxyAccess::Entry(_) => c::WINHTTP_ACCESS_TYPE_NAMED_PROXY,
    }
}

/// How one talks to a proxy (INTERNET_SCHEME_*).
pub(crate) fn proxy_kind(scheme: i32) -> Result<ProxyKind> {
    match scheme {
        c::INTERNET_SCHEME_HTTP => Ok(ProxyKind::Http),
        c::INTERNET_SCHEME_HTTPS => Ok(ProxyKind::Https),
        c::INTERNET_SCHEME_SOCKS => Ok(ProxyKind::Socks),
        _ => Err(Code::INVALID_PARAMETER),
    }
}

/// FILETIME of ticks since 1601.
pub(crate) fn file_time(ticks: u64) -> FileTime {
    let half = |value: u64| u32::try_from(value & u64::from(u32::MAX)).unwrap_or(0);
    FileTime {
        dw_low_date_time: half(ticks),
        dw_high_date_time: half(ticks >> 32),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_types_are_read_back_and_others_refused() {
        for number in [0, 1, 4] {
            assert_eq!(
                access_type(&proxy_access(number, None, None).unwrap()),
                number
            );
        }
        let named = proxy_access(3, Some("proxy:8080".into()), Some(String::new())).unwrap();
        assert_eq!(access_type(&named), 3);
        assert_eq!(named.texts(), (Some("proxy:8080".to_owned()), None));
        assert_eq!(proxy_access(2, None, None), Err(Code::INVALID_PARAMETER));
        assert_eq!(proxy_access(3, None, None), Err(Code::INVALID_PARAMETER));
        assert_eq!(
            proxy_access(1, Some("proxy".into()), None),
            Err(Code::INVALID_PARAMETER)
        );
    }

    #[test]
    fn a_file_time_has_two_halves() {
        let time = file_time(0x0123_4567_89ab_cdef);
        assert_eq!(
            (time.dw_high_date_time, time.dw_low_date_time),
            (0x0123_4567, 0x89ab_cdef)
        );
    }
}
