//! Proxy scripts and the calls that ask them.

use std::ptr::{null, null_mut};

use winhttp_abi::constants as c;
use winhttp_abi::types::{AutoproxyOptions, ProxyInfo, ProxyResult, ProxyResultEntry};
use winhttp_abi::wide::Unit;
use winhttp_fixtures::Server;

use crate::{Call, Client, Handle, answers, call, status, text};

/// A server that gives this to every request.
#[must_use]
pub fn serves(script: impl AsRef<[u8]>) -> Server {
    let script = script.as_ref();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n",
        script.len()
    );
    answers([head.as_bytes(), script].concat())
}

/// A script whose FindProxyForURL has this body.
#[must_use]
pub fn finds(body: &str) -> String {
    format!("function FindProxyForURL(url, host) {{ {body} }}")
}

/// WINHTTP_AUTOPROXY_OPTIONS, with the text they point to.
#[derive(Debug)]
pub struct Options<W> {
    flags: u32,
    detect: u32,
    script: Option<Vec<W>>,
    /// fAutoLogonIfChallenged.
    pub logs_on: bool,
}

impl<W: Unit> Options<W> {
    /// The script at this URL, with flags beside WINHTTP_AUTOPROXY_CONFIG_URL.
    #[must_use]
    pub fn script(url: &str, flags: u32) -> Self {
        Self {
            flags: flags | c::WINHTTP_AUTOPROXY_CONFIG_URL,
            detect: 0,
            script: Some(text(url)),
            logs_on: false,
        }
    }

    /// These flags, which name neither script nor detection.
    #[must_use]
    pub fn configured(flags: u32) -> Self {
        Self {
            flags,
            detect: 0,
            script: None,
            logs_on: false,
        }
    }

    /// Detection in these ways, then a script if there is one.
    #[must_use]
    pub fn detection(ways: u32, script: Option<&str>, flags: u32) -> Self {
        let config = script.map_or(0, |_| c::WINHTTP_AUTOPROXY_CONFIG_URL);
        Self {
            flags: flags | config | c::WINHTTP_AUTOPROXY_AUTO_DETECT,
            detect: ways,
            script: script.map(text),
            logs_on: false,
        }
    }

    /// As C has it; it lives as long as this value.
    #[must_use]
    pub fn raw(&self) -> AutoproxyOptions<W> {
        AutoproxyOptions {
            dw_flags: self.flags,
            dw_auto_detect_flags: self.detect,
            lpsz_auto_config_url: self.script.as_ref().map_or(null(), Vec::as_ptr),
            lpv_reserved: null_mut(),
            dw_reserved: 0,
            f_auto_logon_if_challenged: i32::from(self.logs_on),
        }
    }
}

/// WinHttpGetProxyForUrl: the list, `None` for NO_PROXY.
///
/// # Errors
/// The last error; the result was left alone then.
pub fn proxy_for<W: Unit>(
    client: &Client<W>,
    url: &str,
    options: &Options<W>,
) -> Call<Option<String>> {
    let (url, options) = (text::<W>(url), options.raw());
    let mut info = ProxyInfo {
        dw_access_type: 99,
        lpsz_proxy: null_mut(),
        lpsz_proxy_bypass: null_mut(),
    };
    // SAFETY: everything lives through the call.
    let found = call(unsafe {
        winhttp::WinHttpGetProxyForUrl::<W>(
            client.session.raw(),
            url.as_ptr(),
            &raw const options,
            &raw mut info,
        )
    });
    assert!(info.lpsz_proxy_bypass.is_null());
    if let Err(error) = found {
        assert_eq!(info.dw_access_type, 99);
        return Err(error);
    }
    if info.lpsz_proxy.is_null() {
        assert_eq!(info.dw_access_type, c::WINHTTP_ACCESS_TYPE_NO_PROXY);
        return Ok(None);
    }
    assert_eq!(info.dw_access_type, c::WINHTTP_ACCESS_TYPE_NAMED_PROXY);
    Ok(Some(taken(info.lpsz_proxy)))
}

/// The text that a function gave, which is freed.
///
/// # Panics
/// If it is no text.
#[must_use]
pub fn taken<W: Unit>(given: *mut W) -> String {
    // SAFETY: the library gave a terminated text.
    let found = unsafe { winhttp_abi::input::text(given.cast_const()) };
    // SAFETY: it is freed once.
    unsafe { winhttp::GlobalFree(given.cast()) };
    found.unwrap().unwrap()
}

/// WinHttpCreateProxyResolver, with the client's recorder.
///
/// # Errors
/// The returned number.
pub fn create_resolver<W: Unit>(client: &Client<W>) -> Call<Handle> {
    let mut resolver = null_mut();
    // SAFETY: the place lives through the call.
    status(unsafe {
        winhttp::WinHttpCreateProxyResolver::<W>(client.session.raw(), &raw mut resolver)
    })?;
    Ok(resolver.into())
}

/// WinHttpGetProxyForUrlEx: the number that it returns.
pub fn start<W: Unit>(resolver: Handle, url: &str, options: &Options<W>, context: usize) -> u32 {
    let (url, options) = (text::<W>(url), options.raw());
    // SAFETY: everything lives through the call.
    unsafe {
        winhttp::WinHttpGetProxyForUrlEx::<W>(
            resolver.raw(),
            url.as_ptr(),
            &raw const options,
            context,
        )
    }
}

/// One entry of a result: kind, host and port, or direct.
pub type Entry = Option<(i32, String, u16)>;

/// WinHttpGetProxyResult, which is freed.
///
/// # Errors
/// The returned number.
pub fn result<W: Unit>(resolver: Handle) -> Call<Vec<Entry>> {
    let mut found = ProxyResult::<W> {
        c_entries: 7,
        p_entries: null_mut(),
    };
    // SAFETY: the place lives through the call.
    status(unsafe { winhttp::WinHttpGetProxyResult::<W>(resolver.raw(), &raw mut found) })?;
    let entries = (0..found.c_entries)
        // SAFETY: there are as many entries.
        .map(|place| entry(&unsafe { found.p_entries.wrapping_add(place as usize).read() }))
        .collect();
    // SAFETY: the library filled it.
    unsafe { winhttp::WinHttpFreeProxyResult::<W>(&raw mut found) };
    assert!(found.c_entries == 0 && found.p_entries.is_null());
    // SAFETY: an emptied result may be freed again.
    unsafe { winhttp::WinHttpFreeProxyResult::<W>(&raw mut found) };
    Ok(entries)
}

/// One entry.
///
/// # Panics
/// If it is neither direct nor a proxy.
#[must_use]
pub fn entry<W: Unit>(entry: &ProxyResultEntry<W>) -> Entry {
    assert_eq!(entry.f_bypass, 0);
    if entry.f_proxy == 0 {
        assert!(entry.pwsz_proxy.is_null());
        return None;
    }
    // SAFETY: the library gave a terminated text.
    let host = unsafe { winhttp_abi::input::text(entry.pwsz_proxy.cast_const()) };
    Some((entry.proxy_scheme, host.unwrap().unwrap(), entry.proxy_port))
}
