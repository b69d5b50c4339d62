//! Calls that every kind of handle takes: opening, closing, callbacks, timeouts, options.

use std::sync::atomic::Ordering;

use winhttp::GlobalFree;
use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_tests::Handle;

use super::{Caller, Target, of_bool, of_failure, wide};
use crate::callback::told;
use crate::table::Function;
use crate::track::{self, CONNECT, Mode, SESSION, Track};

/// Options with a DWORD, any value of which does no harm.
const DWORDS: &[u32] = &[
    c::WINHTTP_OPTION_RESOLVE_TIMEOUT,
    c::WINHTTP_OPTION_CONNECT_RETRIES,
    c::WINHTTP_OPTION_SECURITY_FLAGS,
    c::WINHTTP_OPTION_DISABLE_FEATURE,
    c::WINHTTP_OPTION_ENABLE_FEATURE,
    c::WINHTTP_OPTION_REDIRECT_POLICY,
    c::WINHTTP_OPTION_MAX_RESPONSE_HEADER_SIZE,
    c::WINHTTP_OPTION_MAX_RESPONSE_DRAIN_SIZE,
    c::WINHTTP_OPTION_WEB_SOCKET_CLOSE_TIMEOUT,
    c::WINHTTP_OPTION_WEB_SOCKET_KEEPALIVE_INTERVAL,
    c::WINHTTP_OPTION_WEB_SOCKET_RECEIVE_BUFFER_SIZE,
    c::WINHTTP_OPTION_WEB_SOCKET_SEND_BUFFER_SIZE,
    c::WINHTTP_OPTION_HTTP_PROTOCOL_USED,
    c::WINHTTP_OPTION_ENABLE_HTTP_PROTOCOL,
    c::WINHTTP_OPTION_DECOMPRESSION,
    c::WINHTTP_OPTION_HANDLE_TYPE,
];
/// Options that may be asked for with any buffer; those that allocate are taken care of.
const ASKED: u64 = 200;

impl Caller {
    pub(super) fn open<W: Unit>(&mut self) {
        let mode = self
            .chance
            .pick(&[Mode::Sync, Mode::Async, Mode::Async, Mode::Assured]);
        let wrong = self.chance.in_thousand(50);
        let flags = if wrong {
            0x1000
        } else if mode == Mode::Sync {
            0
        } else {
            c::WINHTTP_FLAG_ASYNC
        };
        let agent = wide::<W>("stress");
        // SAFETY: the text lives through the call.
        let session = unsafe {
            winhttp::WinHttpOpen::<W>(
                agent.as_ptr(),
                c::WINHTTP_ACCESS_TYPE_NO_PROXY,
                std::ptr::null(),
                std::ptr::null(),
                flags,
            )
        };
        let code = if session.is_null() { of_failure() } else { 0 };
        self.done(Function::Open, &Target::none(), code);
        if session.is_null() {
            return;
        }
        track::add(&Track::new(session.addr(), SESSION, mode));
        let raw = session;
        // SAFETY: the callback lives as long as the process.
        unsafe {
            winhttp::WinHttpSetStatusCallback::<W>(raw, Some(told::<W>), u32::MAX, 0);
        }
        // SAFETY: no memory is passed.
        unsafe { winhttp::WinHttpSetTimeouts::<W>(raw, 2000, 1000, 500, 500) };
        if mode == Mode::Assured {
            let assured = 1_u32;
            let option = c::WINHTTP_OPTION_ASSURED_NON_BLOCKING_CALLBACKS;
            let pointer = (&raw const assured).cast();
            // SAFETY: the value lives through the call.
            let set = unsafe { winhttp::WinHttpSetOption::<W>(raw, option, pointer, 4) };
            assert_ne!(set, 0, "ASSURED_NON_BLOCKING_CALLBACKS");
        }
        self.made(session.addr(), SESSION, mode, "");
    }

    pub(super) fn close_handle<W: Unit>(&mut self, target: &Target) {
        // Sessions and connects are closed seldom: all calls need them.
        let kind = target.track.as_ref().map_or(0, |track| track.kind);
        if let Some(track) = &target.track {
            track.cancels.store(true, Ordering::Release);
        }
        // SAFETY: no memory is passed.
        let code = of_bool(unsafe { winhttp::WinHttpCloseHandle::<W>(target.raw()) });
        if code == 0 {
            if let Some(track) = &target.track {
                track.closed.store(true, Ordering::Release);
            }
            self.world.forget(target.bits);
        }
        self.done(Function::CloseHandle, target, code);
        if kind == SESSION && self.world.count(SESSION) == 0 {
            self.open::<W>();
        }
    }

    pub(super) fn connect<W: Unit>(&mut self, target: &Target) {
        if self.world.count(SESSION) < 3 {
            self.open::<W>();
        }
        let port = self.world.port(&mut self.chance);
        let name = match self.chance.below(20) {
            0 => "",
            1 => "not a name",
            2 => "[::1]",
            3..=5 => "localhost",
            _ => "127.0.0.1",
        };
        let name = wide::<W>(name);
        // SAFETY: the text lives through the call.
        let connect = unsafe { winhttp::WinHttpConnect::<W>(target.raw(), name.as_ptr(), port, 0) };
        let code = if connect.is_null() { of_failure() } else { 0 };
        self.done(Function::Connect, target, code);
        if let (false, Some(track)) = (connect.is_null(), &target.track) {
            let path = if self.world.is_tls(port) { "tls" } else { "" };
            self.made(connect.addr(), CONNECT, track.mode, path);
        }
    }

    pub(super) fn set_callback<W: Unit>(&mut self, target: &Target) {
        let (callback, flags) = match self.chance.below(50) {
            0 => (None, 0),
            1 => (
                Some(told::<W> as _),
                c::WINHTTP_CALLBACK_FLAG_ALL_COMPLETIONS,
            ),
            _ => (Some(told::<W> as _), u32::MAX),
        };
        if flags != u32::MAX
            && let Some(track) = &target.track
        {
            track.untracked.store(true, Ordering::Release);
        }
        // SAFETY: the callback lives as long as the process.
        let before =
            unsafe { winhttp::WinHttpSetStatusCallback::<W>(target.raw(), callback, flags, 0) };
        let code = if before == usize::MAX {
            of_failure()
        } else {
            0
        };
        self.done(Function::SetStatusCallback, target, code);
    }

    pub(super) fn set_timeouts<W: Unit>(&mut self, target: &Target) {
        let times = [0, 0, 0, 0].map(|_: i32| self.chance.below(1000) as i32);
        let resolve = if self.chance.in_thousand(50) {
            -2
        } else {
            2000
        };
        // SAFETY: no memory is passed.
        let result = unsafe {
            winhttp::WinHttpSetTimeouts::<W>(
                target.raw(),
                resolve,
                times[1] + 1,
                times[2] + 1,
                times[3] + 1,
            )
        };
        self.done(Function::SetTimeouts, target, of_bool(result));
    }

    pub(super) fn set_option<W: Unit>(&mut self, target: &Target) {
        let option = match self.chance.below(20) {
            0 => c::WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET,
            1 => c::WINHTTP_OPTION_CONTEXT_VALUE,
            2 => self.chance.below(ASKED) as u32 + 1000,
            _ => self.chance.pick(DWORDS),
        };
        let value = match self.chance.below(4) {
            0 => self.chance.number(),
            1 => self.chance.below(20_000),
            _ => self.chance.below(500) + 1,
        };
        let length = match self.chance.below(10) {
            0 => self.chance.below(9) as u32,
            _ if option == c::WINHTTP_OPTION_CONTEXT_VALUE => 8,
            _ if option == c::WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET => 0,
            _ => 4,
        };
        let null = length == 0 || self.chance.in_thousand(20);
        let pointer = if null {
            std::ptr::null()
        } else {
            (&raw const value).cast()
        };
        // SAFETY: the value lives through the call.
        let result =
            unsafe { winhttp::WinHttpSetOption::<W>(target.raw(), option, pointer, length) };
        self.done(Function::SetOption, target, of_bool(result));
    }

    pub(super) fn query_option<W: Unit>(&mut self, target: &Target) {
        let option = self.chance.below(ASKED) as u32;
        let mut words = [0_u64; 128];
        let mut length = if self.chance.in_thousand(200) {
            self.chance.below(64) as u32
        } else {
            1024
        };
        // SAFETY: buffer and length live through the call.
        let result = unsafe {
            winhttp::WinHttpQueryOption::<W>(
                target.raw(),
                option,
                words.as_mut_ptr().cast(),
                &raw mut length,
            )
        };
        let code = of_bool(result);
        self.done(Function::QueryOption, target, code);
        if code == 0 {
            release_answer(option, words);
        }
    }
}

/// Frees what an option's answer leaves to the program.
fn release_answer(option: u32, words: [u64; 128]) {
    let pointer = |index: usize| Handle(words[index] as usize).raw();
    match option {
        c::WINHTTP_OPTION_SERVER_CERT_CONTEXT => {
            let _freed = winhttp::CertFreeCertificateContext(pointer(0).cast());
        }
        c::WINHTTP_OPTION_PROXY => {
            for index in [1, 2] {
                // SAFETY: the answer's strings, which the program frees.
                unsafe { GlobalFree(pointer(index)) };
            }
        }
        c::WINHTTP_OPTION_SECURITY_CERTIFICATE_STRUCT => {
            for index in [2, 3] {
                // SAFETY: as above.
                unsafe { GlobalFree(pointer(index)) };
            }
        }
        _ => {}
    }
}
