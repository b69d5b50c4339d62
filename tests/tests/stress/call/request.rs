//! Requests up to the upgrade, and the ways programs go on from one operation to the next.

use std::sync::Arc;

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;

use super::{Caller, Target, of_bool, of_failure, path, wide};
use crate::lent::Block;
use crate::table::Function;
use crate::track::{CONNECT, REQUEST, SESSION, Track, WEB_SOCKET};
use crate::world;

impl Caller {
    pub(super) fn open_request<W: Unit>(&mut self, target: &Target) {
        if self.world.count(CONNECT) < 4 {
            let (bits, track) = self.world.handle(SESSION, &mut self.chance);
            self.connect::<W>(&Target::new(bits, track));
        }
        let (path, upgrades) = path(&mut self.chance);
        self.request::<W>(target, path, upgrades);
    }

    /// Opens a request; gives its track unless that failed.
    fn request<W: Unit>(
        &mut self,
        target: &Target,
        path: &'static str,
        upgrades: bool,
    ) -> Option<Arc<Track>> {
        let tls = target
            .track
            .as_ref()
            .is_some_and(|track| track.path() == "tls");
        let secure = tls != self.chance.in_thousand(30);
        let mut flags = if secure { c::WINHTTP_FLAG_SECURE } else { 0 };
        match self.chance.below(60) {
            0 => flags |= c::WINHTTP_FLAG_AUTOMATIC_CHUNKING,
            1 => flags |= 1,
            2 => flags |= c::WINHTTP_FLAG_REFRESH,
            _ => {}
        }
        let verb = if upgrades {
            "GET"
        } else {
            self.chance.pick(&["GET", "GET", "POST", "HEAD", "PUT"])
        };
        let (verb, object) = (wide::<W>(verb), wide::<W>(path));
        let null = std::ptr::null();
        // SAFETY: the texts live through the call.
        let request = unsafe {
            winhttp::WinHttpOpenRequest::<W>(
                target.raw(),
                verb.as_ptr(),
                object.as_ptr(),
                null,
                null,
                std::ptr::null(),
                flags,
            )
        };
        let code = if request.is_null() { of_failure() } else { 0 };
        self.done(Function::OpenRequest, target, code);
        if request.is_null() {
            return None;
        }
        let mode = target.track.as_ref()?.mode;
        if upgrades && !self.chance.in_thousand(20) {
            let option = c::WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET;
            // SAFETY: no memory is passed. (It may be closed already, by its own HANDLE_CREATED.)
            unsafe { winhttp::WinHttpSetOption::<W>(request, option, std::ptr::null(), 0) };
        }
        if secure {
            let (flags, option) = (0x3300_u32, c::WINHTTP_OPTION_SECURITY_FLAGS);
            let ignore = self.chance.in_thousand(800);
            let flags = if ignore { flags } else { 0 };
            // SAFETY: the value lives through the call.
            unsafe {
                winhttp::WinHttpSetOption::<W>(request, option, (&raw const flags).cast(), 4)
            };
        }
        self.made(request.addr(), REQUEST, mode, path);
        crate::track::find(request.addr())
    }

    pub(super) fn send_request<W: Unit>(&mut self, target: &Target) {
        let headers = wide::<W>("X-Stress: 1\r\n");
        let (pointer, length) = match self.chance.below(12) {
            0 => (headers.as_ptr(), u32::MAX),
            1 => (headers.as_ptr(), 0),
            _ => (std::ptr::null(), 0),
        };
        let size = if self.chance.in_thousand(100) {
            self.chance.below(2000) as usize
        } else {
            0
        };
        let body = Block::new(&vec![b'b'; size]);
        let more = if size > 0 {
            self.chance.below(300) as u32
        } else {
            0
        };
        let (optional, optional_length) = (body.pointer(), size as u32);
        let lent = target.asynchronous(REQUEST);
        let mut own = Some(body);
        if let Some(track) = lent {
            track.state().bodies.extend(own.take());
        }
        let result = Self::watched(Function::SendRequest, target, || {
            // SAFETY: headers live through the call, the body until the handle has closed or the
            // round has ended.
            of_bool(unsafe {
                winhttp::WinHttpSendRequest::<W>(
                    target.raw(),
                    pointer,
                    length,
                    optional.cast_const().cast(),
                    optional_length,
                    optional_length + more,
                    0,
                )
            })
        });
        match own {
            // A synchronous request sends its body again only when told to.
            Some(body) if target.waits() && target.track.is_some() => body.watch(),
            Some(body) => body.keep(),
            None => {}
        }
        self.started(
            Function::SendRequest,
            Function::SendRequest,
            target,
            REQUEST,
            result,
        );
    }

    pub(super) fn receive_response<W: Unit>(&mut self, target: &Target) {
        let code = Self::watched(Function::ReceiveResponse, target, || {
            let null = std::ptr::null_mut();
            // SAFETY: no memory is passed.
            of_bool(unsafe { winhttp::WinHttpReceiveResponse::<W>(target.raw(), null) })
        });
        let operation = Function::ReceiveResponse;
        self.started(operation, operation, target, REQUEST, code);
    }

    pub(super) fn complete_upgrade<W: Unit>(&mut self, target: &Target) {
        // SAFETY: no memory is passed.
        let socket = unsafe { winhttp::WinHttpWebSocketCompleteUpgrade::<W>(target.raw(), 7) };
        let code = if socket.is_null() { of_failure() } else { 0 };
        self.done(Function::WebSocketCompleteUpgrade, target, code);
        let Some(track) = target.track.as_ref().filter(|_| !socket.is_null()) else {
            return;
        };
        let close_timeout = 300_u32;
        let option = c::WINHTTP_OPTION_WEB_SOCKET_CLOSE_TIMEOUT;
        let pointer = (&raw const close_timeout).cast();
        // SAFETY: the value lives through the call.
        unsafe { winhttp::WinHttpSetOption::<W>(socket, option, pointer, 4) };
        self.made(socket.addr(), WEB_SOCKET, track.mode, track.path());
    }

    /// A WebSocket as programs open it: synchronously at once, asynchronously on from completion to
    /// completion.
    pub(crate) fn add_socket(&mut self) {
        let (bits, track) = self.world.handle(CONNECT, &mut self.chance);
        let target = Target::new(bits, track);
        let hostile = self.chance.in_thousand(200);
        let path = self.chance.pick(if hostile {
            world::HOSTILE
        } else {
            world::FRIENDLY
        });
        let Some(request) = self.request::<u16>(&target, path, true) else {
            if self.world.count(CONNECT) < 4 {
                let (bits, track) = self.world.handle(SESSION, &mut self.chance);
                self.connect::<u16>(&Target::new(bits, track));
            }
            return;
        };
        let target = Target::new(request.bits, Some(Arc::clone(&request)));
        self.send_request::<u16>(&target);
        if !request.is_async() {
            self.receive_response::<u16>(&target);
            self.complete_upgrade::<u16>(&target);
            self.close(request.bits);
        }
    }

    /// The next step after a completion.
    pub(crate) fn go_on(&mut self, track: &Arc<Track>, done: Function) {
        use Function as F;
        let target = Target::new(track.bits, Some(Arc::clone(track)));
        let likely = self.chance.in_thousand(850);
        match done {
            F::SendRequest if likely => self.receive_response::<u16>(&target),
            F::ReceiveResponse if likely => {
                self.complete_upgrade::<u16>(&target);
                if self.chance.in_thousand(500) {
                    self.close(track.bits);
                } else {
                    self.read_data::<u32>(F::ReadData, &target);
                }
            }
            F::ReadData | F::QueryDataAvailable if self.chance.in_thousand(400) => {
                self.read_data::<u16>(F::ReadDataEx, &target);
            }
            F::WebSocketReceive if self.chance.in_thousand(650) => {
                self.socket_receive::<u16>(&target);
            }
            F::WebSocketReceive | F::WebSocketSend if self.chance.in_thousand(300) => {
                self.socket_send::<u32>(&target);
            }
            F::WebSocketClose | F::WebSocketShutdown if self.chance.in_thousand(400) => {
                self.close_status::<u16>(&target);
            }
            _ => {}
        }
    }
}
