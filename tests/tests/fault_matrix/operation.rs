//! Operations as one blocking function for both modes: started, counted if accepted, waited for,
//! their end told.

use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};

use winhttp_abi::constants as c;
use winhttp_tests::{
    Call, Client, Event, Handle, Info, Memory, Mode, call, start_close, start_shutdown, status,
};

use super::row::{Done, Ends, Operation, PIECES_MAX};

/// More than any pair of socket buffers takes, in bytes.
pub(crate) const HUGE: usize = 16 << 20;
/// Room for one piece of a message or body, in bytes.
const PIECE: usize = 4096;

/// Zeros to send; never touched, so they take no memory.
pub(crate) fn huge() -> &'static [u8] {
    static ALL: OnceLock<Vec<u8>> = OnceLock::new();
    ALL.get_or_init(|| vec![0; HUGE])
}

static POOL: Mutex<Vec<Memory>> = Mutex::new(Vec::new());

/// Memory that an operation may be using until its handle has had its last word.
pub(crate) struct Lent(Memory);

impl Lent {
    /// Nothing uses it any more.
    pub(crate) fn give_back(self) {
        POOL.lock().unwrap().push(self.0);
    }
}

/// An operation on its way.
pub(crate) struct Attempt<'a> {
    pub(crate) client: &'a Client<u16>,
    pub(crate) operation: Operation,
    pub(crate) handle: Handle,
    /// Told when the operation was accepted or refused; in synchronous mode, when its call is next.
    pub(crate) begun: Done,
    /// Runs in asynchronous mode when the operation was accepted.
    pub(crate) accepted: Box<dyn Fn() + Sync + 'a>,
    /// For [`Operation::Idle`]: the fault has struck.
    pub(crate) struck: Done,
    memory: Memory,
    count: AtomicUsize,
}

impl<'a> Attempt<'a> {
    pub(crate) fn new(client: &'a Client<u16>, operation: Operation, handle: Handle) -> Self {
        let memory = POOL.lock().unwrap().pop();
        Self {
            client,
            operation,
            handle,
            begun: Done::default(),
            accepted: Box::new(|| {}),
            struck: Done::default(),
            memory: memory.unwrap_or_else(|| Memory::new(PIECE)),
            count: AtomicUsize::new(0),
        }
    }

    /// The memory that was lent; others may have it when the handle has had its last word.
    pub(crate) fn into_memory(self) -> Lent {
        Lent(self.memory)
    }

    /// How many operations were accepted.
    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    /// Runs the operation to its end.
    pub(crate) fn perform(&self) -> Ends {
        let ended = match self.operation {
            Operation::Receive => self.receive(),
            Operation::ReadBody => self.read_body(),
            Operation::Upgrade => self.upgrade(),
            Operation::Idle => {
                let before = self.client.recorder.statuses_of(self.handle);
                self.begun.tell();
                self.struck.wait("an idle WebSocket");
                let mut after = self.client.recorder.statuses_of(self.handle);
                after.retain(|status| *status != c::WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING);
                assert_eq!(after, before, "nobody asked");
                self.receive()
            }
            _ => self.step().map(|_| Ends::Succeeds),
        };
        ended.unwrap_or_else(Ends::Fails)
    }

    fn upgrade(&self) -> Call<Ends> {
        self.step()?;
        self.client.complete_upgrade(self.handle, 0)?;
        Ok(Ends::Succeeds)
    }

    fn read_body(&self) -> Call<Ends> {
        for _ in 0..PIECES_MAX {
            if self.step()? == (0, 0) {
                break;
            }
        }
        Ok(Ends::Succeeds)
    }

    fn receive(&self) -> Call<Ends> {
        let mut data = Vec::new();
        for _ in 0..PIECES_MAX {
            let (bytes, kind) = self.step()?;
            data.extend(self.memory.bytes().drain(..usize::try_from(bytes).unwrap()));
            let goes_on = [
                c::WINHTTP_WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE,
                c::WINHTTP_WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE,
            ];
            if !goes_on.contains(&kind) {
                return Ok(Ends::Receives(data, kind));
            }
        }
        Ok(Ends::Succeeds)
    }

    /// Receives until there are so many bytes: what they are.
    pub(crate) fn receive_bytes(&self, count: usize) -> Call<Vec<u8>> {
        let mut data = Vec::new();
        while data.len() < count {
            let (bytes, _) = self.step()?;
            data.extend(self.memory.bytes().drain(..usize::try_from(bytes).unwrap()));
        }
        Ok(data)
    }

    /// Starts one call and waits for its end: bytes and buffer type, where it has them.
    fn step(&self) -> Call<(u32, i32)> {
        let before = self.client.events(self.handle);
        let (mut bytes, mut kind) = (0, 0);
        if self.client.mode == Mode::Sync {
            self.begun.tell();
            self.start(&raw mut bytes, &raw mut kind)?;
            return Ok((bytes, kind));
        }
        if let Err(error) = self.start(null_mut(), null_mut()) {
            self.begun.tell();
            return Err(error);
        }
        self.count.fetch_add(1, Ordering::SeqCst);
        (self.accepted)();
        self.begun.tell();
        let ends = [
            self.operation.success(),
            c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR,
        ];
        let event = self.client.recorder.wait_after(self.handle, before, &ends);
        self.told(&event)
    }

    /// What a completion says; it must be this operation's, in the documented form.
    fn told(&self, event: &Event) -> Call<(u32, i32)> {
        let api = self.operation.api();
        match event.info {
            Info::AsyncResult(of, error) => {
                assert!(!self.operation.is_web_socket(), "{event:?}");
                assert_eq!((of, event.length), (usize::try_from(api).unwrap(), 16));
                Err(error)
            }
            Info::WebSocketResult(result, error, of) => {
                assert!(self.operation.is_web_socket(), "{event:?}");
                let form = (result, of, event.length);
                assert_eq!(form, (0, i32::try_from(api).unwrap(), 24));
                Err(error)
            }
            Info::WebSocketStatus(bytes, kind) if self.operation.is_web_socket() => {
                assert_eq!(event.length, 8);
                Ok((bytes, kind))
            }
            _ if self.operation == Operation::ReadBody => Ok((event.length, 0)),
            _ => Ok((0, 0)),
        }
    }

    #[expect(
        clippy::undocumented_unsafe_blocks,
        reason = "memory is never freed; results live through the call"
    )]
    fn start(&self, bytes: *mut u32, kind: *mut i32) -> Call<()> {
        let raw = self.handle.raw();
        let huge_length = u32::try_from(HUGE).unwrap();
        let body = huge().as_ptr().cast();
        let memory = self.memory.pointer().cast();
        let piece = u32::try_from(PIECE).unwrap();
        let binary = c::WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE;
        match self.operation {
            Operation::Resolve
            | Operation::Connect
            | Operation::Handshake
            | Operation::Tunnel
            | Operation::Wait => self.client.start_send(self.handle, 0),
            Operation::SendRequest => call(unsafe {
                winhttp::WinHttpSendRequest::<u16>(
                    raw,
                    null(),
                    0,
                    body,
                    huge_length,
                    huge_length,
                    0,
                )
            }),
            Operation::WriteData => {
                call(unsafe { winhttp::WinHttpWriteData::<u16>(raw, body, huge_length, bytes) })
            }
            Operation::ReadHead | Operation::Upgrade => {
                call(unsafe { winhttp::WinHttpReceiveResponse::<u16>(raw, null_mut()) })
            }
            Operation::ReadBody => {
                call(unsafe { winhttp::WinHttpReadData::<u16>(raw, memory, piece, bytes) })
            }
            Operation::Send => status(unsafe {
                winhttp::WinHttpWebSocketSend::<u16>(raw, binary, body, huge_length)
            }),
            Operation::SendLittle => {
                status(unsafe { winhttp::WinHttpWebSocketSend::<u16>(raw, binary, body, 6) })
            }
            Operation::Receive | Operation::Idle => status(unsafe {
                winhttp::WinHttpWebSocketReceive::<u16>(raw, memory, piece, bytes, kind)
            }),
            Operation::Shutdown => start_shutdown::<u16>(self.handle, 1000, b"bye"),
            Operation::Close => start_close::<u16>(self.handle, 1000, b"bye"),
        }
    }
}
