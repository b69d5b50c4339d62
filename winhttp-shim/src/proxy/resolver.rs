//! Proxy resolvers, which ask scripts and detection asynchronously, and the results that the
//! program gets of them.

use std::ffi::c_void;

use winhttp_abi::allocation::{allocate, release};
use winhttp_abi::constants as c;
use winhttp_abi::export;
use winhttp_abi::export::{Nothing, Status};
use winhttp_abi::handle::{Hinternet, bits, from_bits};
use winhttp_abi::types::{AutoproxyOptions, ProxyResult, ProxyResultEntry, ProxyResultEx};
use winhttp_abi::wide::Unit;
use winhttp_abi::{Code, Result, input, output};
use winhttp_proto::proxy::pac_result::Candidate;
use winhttp_proto::proxy::{ProxyKind, ProxyServer};

use super::{given_text, question};
use crate::arguments::refuse_if;
use crate::library::library;
use crate::map;

export! {
    /// A resolver of an asynchronous session. ERROR_WINHTTP_INCORRECT_HANDLE_TYPE for all other
    /// handles, ERROR_INVALID_PARAMETER for NULL.
    pub fn WinHttpCreateProxyResolver<W>(session: Hinternet, resolver: *mut Hinternet) -> Status {
        let found = library().session(bits(session)).map_err(map::code)?;
        if !found.handle().is_asynchronous() {
            return Err(Code(c::ERROR_WINHTTP_INCORRECT_HANDLE_TYPE));
        }
        refuse_if(resolver.is_null())?;
        let id = library().create_resolver(bits(session)).map_err(map::code)?;
        // SAFETY: C's promise about its result.
        unsafe { output::value(resolver, from_bits(id.bits())) };
        Ok(Status)
    }

    /// Starts to look for the proxies of a URL: ERROR_IO_PENDING, and
    /// WINHTTP_CALLBACK_STATUS_GETPROXYFORURL_COMPLETE or _REQUEST_ERROR follows, with `context`.
    /// Any other result means that nothing follows: those of WinHttpGetProxyForUrl that need no
    /// network, ERROR_WINHTTP_AUTODETECTION_FAILED where that is remembered,
    /// ERROR_INVALID_OPERATION while the resolver is busy, ERROR_WINHTTP_INCORRECT_HANDLE_STATE
    /// after it was discarded.
    pub fn WinHttpGetProxyForUrlEx<W>(
        resolver: Hinternet,
        url: *const W,
        options: *const AutoproxyOptions<W>,
        context: usize,
    ) -> Status {
        // SAFETY: C's promise about its strings and its structure.
        Err(unsafe { look_up(resolver, url, options, context) })
    }

    /// As WinHttpGetProxyForUrlEx; the selection of an interface is not looked at.
    pub fn WinHttpGetProxyForUrlEx2<W>(
        resolver: Hinternet,
        url: *const W,
        options: *const AutoproxyOptions<W>,
        _selection_length: u32,
        _selection: *const u8,
        context: usize,
    ) -> Status {
        // SAFETY: C's promise about its strings and its structure.
        Err(unsafe { look_up(resolver, url, options, context) })
    }

    /// What the resolver's last look-up has found, to be freed with WinHttpFreeProxyResult.
    /// ERROR_WINHTTP_INCORRECT_HANDLE_STATE before one has succeeded, ERROR_INVALID_PARAMETER for
    /// NULL.
    pub fn WinHttpGetProxyResult<W>(resolver: Hinternet, result: *mut ProxyResult<W>) -> Status {
        let (c_entries, p_entries) = entries(resolver, result.is_null())?;
        // SAFETY: C's promise about its structure.
        unsafe { output::value(result, ProxyResult { c_entries, p_entries }) };
        Ok(Status)
    }

    /// As WinHttpGetProxyResult, without a detection handle or an interface; to be freed with
    /// WinHttpFreeProxyResultEx.
    pub fn WinHttpGetProxyResultEx<W>(
        resolver: Hinternet,
        result: *mut ProxyResultEx<W>,
    ) -> Status {
        let (c_entries, p_entries) = entries(resolver, result.is_null())?;
        let found = ProxyResultEx {
            c_entries,
            p_entries,
            h_proxy_detection_handle: std::ptr::null_mut(),
            dw_proxy_interface_affinity: 0,
        };
        // SAFETY: C's promise about its structure.
        unsafe { output::value(result, found) };
        Ok(Status)
    }

    /// Frees what WinHttpGetProxyResult gave, and empties the structure; NULL is fine.
    pub fn WinHttpFreeProxyResult<W>(result: *mut ProxyResult<W>) -> Nothing {
        // SAFETY: C's promise about its structure.
        if let Some(given) = unsafe { input::value(result.cast_const()) } {
            let emptied = ProxyResult { c_entries: 0, p_entries: std::ptr::null_mut() };
            // SAFETY: as above.
            unsafe { output::value(result, emptied) };
            // SAFETY: as above: the library filled it.
            unsafe { free(given.c_entries, given.p_entries) };
        }
        Ok(Nothing)
    }

    /// Frees what WinHttpGetProxyResultEx gave, and empties the structure; NULL is fine.
    pub fn WinHttpFreeProxyResultEx<W>(result: *mut ProxyResultEx<W>) -> Nothing {
        // SAFETY: C's promise about its structure.
        if let Some(given) = unsafe { input::value(result.cast_const()) } {
            let emptied = ProxyResultEx {
                c_entries: 0,
                p_entries: std::ptr::null_mut(),
                h_proxy_detection_handle: std::ptr::null_mut(),
                dw_proxy_interface_affinity: 0,
            };
            // SAFETY: as above.
            unsafe { output::value(result, emptied) };
            // SAFETY: as above: the library filled it.
            unsafe { free(given.c_entries, given.p_entries) };
        }
        Ok(Nothing)
    }
}

/// ERROR_IO_PENDING, or why no look-up was started.
///
/// # Safety
/// As [`question`].
unsafe fn look_up<W: Unit>(
    resolver: Hinternet,
    url: *const W,
    options: *const AutoproxyOptions<W>,
    context: usize,
) -> Code {
    let start = || -> Result<()> {
        let resolver = library().resolver(bits(resolver)).map_err(map::code)?;
        // SAFETY: the caller's promise.
        let (url, query) = unsafe { question(url, options) }?;
        resolver.look_up(&url, query, context).map_err(map::code)
    };
    match start() {
        Ok(()) => Code(c::ERROR_IO_PENDING),
        Err(code) => code,
    }
}

/// A resolver's result in the program's memory.
fn entries<W: Unit>(
    resolver: Hinternet,
    no_place: bool,
) -> Result<(u32, *mut ProxyResultEntry<W>)> {
    let resolver = library().resolver(bits(resolver)).map_err(map::code)?;
    refuse_if(no_place)?;
    let found = resolver.found().map_err(map::code)?;
    let count = u32::try_from(found.len()).map_err(|_| Code::NOT_ENOUGH_MEMORY)?;
    let bytes = found.len().saturating_mul(size_of::<ProxyResultEntry<W>>());
    let memory = allocate(bytes).cast::<ProxyResultEntry<W>>();
    if memory.is_null() {
        return Err(Code::NOT_ENOUGH_MEMORY);
    }
    for (place, candidate) in found.iter().enumerate() {
        match entry(candidate) {
            // SAFETY: the memory was allocated for this many entries.
            Ok(entry) => unsafe { output::value(memory.wrapping_add(place), entry) },
            Err(code) => {
                // SAFETY: the memory is zeroed where it was not filled.
                unsafe { free(count, memory) };
                return Err(code);
            }
        };
    }
    Ok((count, memory))
}

fn entry<W: Unit>(candidate: &Candidate) -> Result<ProxyResultEntry<W>> {
    Ok(match candidate {
        Candidate::Direct | Candidate::Bypassed => ProxyResultEntry {
            f_proxy: 0,
            f_bypass: i32::from(*candidate == Candidate::Bypassed),
            proxy_scheme: 0,
            pwsz_proxy: std::ptr::null_mut(),
            proxy_port: 0,
        },
        Candidate::Proxy(ProxyServer { kind, host, port }) => ProxyResultEntry {
            f_proxy: 1,
            f_bypass: 0,
            proxy_scheme: match kind {
                ProxyKind::Http => c::INTERNET_SCHEME_HTTP,
                ProxyKind::Https => c::INTERNET_SCHEME_HTTPS,
                ProxyKind::Socks => c::INTERNET_SCHEME_SOCKS,
            },
            pwsz_proxy: given_text(host.text())?,
            proxy_port: *port,
        },
    })
}

/// Frees entries and their texts.
///
/// # Safety
/// The entries come from [`entries`], or are NULL, and are not used again.
unsafe fn free<W: Unit>(count: u32, entries: *mut ProxyResultEntry<W>) {
    if entries.is_null() {
        return;
    }
    for place in 0..usize::try_from(count).unwrap_or(0) {
        let entry = entries.wrapping_add(place).cast_const();
        // SAFETY: the caller's promise: there are as many.
        if let Some(entry) = unsafe { input::value(entry) } {
            // SAFETY: as above: the text was allocated, or is NULL.
            unsafe { release(entry.pwsz_proxy.cast::<c_void>()) };
        }
    }
    // SAFETY: as above.
    unsafe { release(entries.cast::<c_void>()) };
}
