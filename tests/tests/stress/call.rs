//! One caller: picks functions, handles and arguments, and judges what comes back.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use winhttp_abi::constants as c;
use winhttp_abi::wide::{Unit, terminated};
use winhttp_tests::{Handle, last_error};

use crate::chance::Chance;
use crate::report::{self, violation};
use crate::table::{ALL, Function, TABLE, may_return};
use crate::track::{self, CONNECT, Mode, REQUEST, RESOLVER, SESSION, Track, WEB_SOCKET};
use crate::watch::{Calling, watched};
use crate::world::{self, World};

mod headers;
mod proxies;
mod request;
mod session;
mod socket;
mod transfer;

/// A failure without an error number.
const NO_ERROR_NUMBER: u32 = u32::MAX;

/// Handles of each kind at once.
const SESSIONS_MAX: usize = 6;
const CONNECTS_MAX: usize = 12;
const REQUESTS_MAX: usize = 24;
const SOCKETS_MAX: usize = 40;

pub(crate) struct Caller {
    pub(crate) world: Arc<World>,
    pub(crate) chance: Chance,
}

/// The handle of a call.
pub(crate) struct Target {
    bits: usize,
    track: Option<Arc<Track>>,
    was_closed: bool,
}

impl Target {
    fn new(bits: usize, track: Option<Arc<Track>>) -> Self {
        let was_closed = track
            .as_ref()
            .is_some_and(|track| track.closed.load(Ordering::Acquire));
        Self {
            bits,
            track,
            was_closed,
        }
    }

    fn none() -> Self {
        Self::new(0, None)
    }

    fn raw(&self) -> *mut std::ffi::c_void {
        Handle(self.bits).raw()
    }

    /// The handle's track, if it is of this kind and asynchronous.
    fn asynchronous(&self, kind: u32) -> Option<&Arc<Track>> {
        self.track
            .as_ref()
            .filter(|track| track.kind == kind && track.is_async())
    }

    fn describe(&self) -> String {
        let unknown = || format!("{:#x}, which is no handle", self.bits);
        self.track
            .as_ref()
            .map_or_else(unknown, |track| track.describe())
    }

    fn waits(&self) -> bool {
        self.track.as_ref().is_none_or(|track| !track.is_async())
    }
}

/// The error of a BOOL function.
fn of_bool(result: i32) -> u32 {
    if result != 0 { 0 } else { of_failure() }
}

/// The error of a function that has failed.
fn of_failure() -> u32 {
    match last_error() {
        0 => NO_ERROR_NUMBER,
        error => error,
    }
}

impl Caller {
    pub(crate) fn new(world: Arc<World>, chance: Chance) -> Self {
        Self { world, chance }
    }

    /// Any function, by weight.
    pub(crate) fn any(&mut self) {
        let _calling = Calling::begin();
        if self.world.count(WEB_SOCKET) < SOCKETS_MAX / 4 && self.chance.in_thousand(150) {
            return self.add_socket();
        }
        let sum: u64 = TABLE.iter().map(|row| row.weight).sum();
        let mut place = self.chance.below(sum);
        let index = TABLE.iter().position(|row| {
            let here = place < row.weight;
            place = place.saturating_sub(row.weight);
            here
        });
        let function = ALL[index.unwrap()];
        let kind = kind_for(function);
        let (bits, track) = self.world.handle(kind, &mut self.chance);
        self.call(function, Target::new(bits, track));
    }

    /// Any function that fits this handle.
    pub(crate) fn on(&mut self, track: &Arc<Track>) {
        use Function as F;
        let socket = [
            F::WebSocketSend,
            F::WebSocketSend,
            F::WebSocketReceive,
            F::WebSocketReceive,
            F::WebSocketShutdown,
            F::WebSocketClose,
            F::WebSocketQueryCloseStatus,
            F::QueryOption,
            F::SetOption,
        ];
        let request = [
            F::SendRequest,
            F::ReceiveResponse,
            F::ReadData,
            F::QueryDataAvailable,
            F::WriteData,
            F::QueryHeaders,
            F::WebSocketCompleteUpgrade,
            F::AddRequestHeaders,
            F::SetOption,
            F::QueryOption,
        ];
        let any = [F::QueryOption, F::SetOption, F::CloseHandle, F::SetTimeouts];
        let function = match track.kind {
            WEB_SOCKET => self.chance.pick(&socket),
            REQUEST => self.chance.pick(&request),
            _ => self.chance.pick(&any),
        };
        self.call(function, Target::new(track.bits, Some(Arc::clone(track))));
    }

    pub(crate) fn close(&mut self, bits: usize) {
        self.call(Function::CloseHandle, Target::new(bits, track::find(bits)));
    }

    /// A call in either width.
    fn call(&mut self, function: Function, target: Target) {
        if self.chance.in_thousand(500) {
            self.dispatch::<u16>(function, &target);
        } else {
            self.dispatch::<u32>(function, &target);
        }
    }

    fn dispatch<W: Unit>(&mut self, function: Function, target: &Target) {
        use Function as F;
        match function {
            F::Open => self.open::<W>(),
            F::CloseHandle => self.close_handle::<W>(target),
            F::Connect => self.connect::<W>(target),
            F::SetStatusCallback => self.set_callback::<W>(target),
            F::SetTimeouts => self.set_timeouts::<W>(target),
            F::SetOption => self.set_option::<W>(target),
            F::QueryOption => self.query_option::<W>(target),
            F::OpenRequest => self.open_request::<W>(target),
            F::SendRequest => self.send_request::<W>(target),
            F::ReceiveResponse => self.receive_response::<W>(target),
            F::WebSocketCompleteUpgrade => self.complete_upgrade::<W>(target),
            F::WriteData => self.write_data::<W>(target),
            F::QueryDataAvailable => self.query_data_available::<W>(target),
            F::ReadData | F::ReadDataEx => self.read_data::<W>(function, target),
            F::WebSocketSend => self.socket_send::<W>(target),
            F::WebSocketReceive => self.socket_receive::<W>(target),
            F::WebSocketShutdown | F::WebSocketClose => self.socket_close::<W>(function, target),
            F::WebSocketQueryCloseStatus => self.close_status::<W>(target),
            F::AddRequestHeaders | F::AddRequestHeadersEx | F::QueryHeaders | F::QueryHeadersEx => {
                let code = self.header::<W>(function, target);
                self.done(function, target, code);
            }
            F::CrackUrl
            | F::CreateUrl
            | F::TimeFromSystemTime
            | F::TimeToSystemTime
            | F::CheckPlatform => {
                let code = self.text::<W>(function);
                self.done(function, &Target::none(), code);
            }
            _ => self.proxy::<W>(function, target),
        }
    }

    /// Judges and counts a result.
    fn done(&self, function: Function, target: &Target, code: u32) {
        report::count(function, code);
        let name = TABLE[function as usize].name;
        if !may_return(function, code, target.waits()) {
            violation(format!("{name} returned {code} ({})", target.describe()));
        }
        let option = matches!(function, Function::SetOption | Function::QueryOption);
        if target.was_closed && code != c::ERROR_INVALID_HANDLE && !option {
            violation(format!(
                "{name} of a closed handle returned {code} ({})",
                target.describe()
            ));
        }
    }

    /// Judges and counts what an asynchronous operation's call returned.
    fn started(
        &self,
        function: Function,
        operation: Function,
        target: &Target,
        kind: u32,
        code: u32,
    ) {
        if code == 0
            && let Some(track) = target.asynchronous(kind)
        {
            track.accepted(operation);
        }
        self.done(function, target, code);
    }

    /// Runs a call that may wait, under watch.
    fn watched<T>(function: Function, target: &Target, call: impl FnOnce() -> T) -> T {
        watched(function, target.bits, call)
    }

    /// Takes note of a handle that a function has made.
    fn made(&mut self, bits: usize, kind: u32, mode: Mode, path: &'static str) {
        let track = track::find(bits).unwrap_or_else(|| {
            // Nobody was told of it: its parent has no callback.
            let track = Track::new(bits, kind, mode);
            track.untracked.store(true, Ordering::Release);
            track::add(&track);
            track
        });
        if track.kind != kind || track.mode != mode {
            violation(format!("made {kind} {mode:?}, was told {track:?}"));
        }
        track.set_path(path);
        if !track.closed.load(Ordering::Acquire) {
            self.world.share(&track);
        }
        let max = match kind {
            SESSION => SESSIONS_MAX,
            CONNECT => CONNECTS_MAX,
            REQUEST => REQUESTS_MAX,
            _ => SOCKETS_MAX,
        };
        if self.world.count(kind) > max
            && let Some(victim) = self.world.of_kind(kind, &mut self.chance)
        {
            self.close(victim.bits);
        }
    }
}

fn kind_for(function: Function) -> u32 {
    use Function as F;
    match function {
        F::Connect
        | F::GetProxyForUrl
        | F::CreateProxyResolver
        | F::ResetAutoProxy
        | F::ReadProxySettings
        | F::WriteProxySettings
        | F::GetProxySettingsVersion => SESSION,
        F::OpenRequest => CONNECT,
        F::WebSocketSend
        | F::WebSocketReceive
        | F::WebSocketShutdown
        | F::WebSocketClose
        | F::WebSocketQueryCloseStatus
        | F::CloseHandle => WEB_SOCKET,
        F::GetProxyForUrlEx | F::GetProxyForUrlEx2 | F::GetProxyResult | F::GetProxyResultEx => {
            RESOLVER
        }
        _ => REQUEST,
    }
}

/// Terminated text.
fn wide<W: Unit>(text: &str) -> Vec<W> {
    terminated(text)
}

/// A path for a request and whether a WebSocket is asked for.
fn path(chance: &mut Chance) -> (&'static str, bool) {
    match chance.below(100) {
        0..62 => (chance.pick(world::FRIENDLY), true),
        62..76 => (chance.pick(world::HOSTILE), true),
        _ => (chance.pick(world::PLAIN), false),
    }
}
