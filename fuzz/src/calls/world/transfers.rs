//! Calls that do I/O on one handle, with their memory taken to account.

use std::marker::PhantomData;
use std::ptr::{null, null_mut};

use winhttp_abi::wide::Unit;

use super::{Memory, Operation, board, check, raw, result};

/// One handle, for calls of any kind.
#[derive(Clone, Copy)]
pub struct Transfers<W: Unit> {
    handle: usize,
    asynchronous: bool,
    width: PhantomData<W>,
}

fn length(memory: &Memory) -> u32 {
    u32::try_from(memory.len()).expect("small")
}

impl<W: Unit> Transfers<W> {
    pub fn new(handle: usize, asynchronous: bool) -> Self {
        Self {
            handle,
            asynchronous,
            width: PhantomData,
        }
    }

    pub fn handle(self) -> usize {
        self.handle
    }

    /// Makes a call that has a completion; `bytes_of` reads what a successful synchronous one gave.
    fn operate(
        self,
        operation: Operation,
        memory: Option<Memory>,
        call: impl FnOnce(*mut u8, u32) -> u32,
        finished: impl FnOnce(&Memory),
    ) {
        let (pointer, length) = memory
            .as_ref()
            .map_or((null_mut(), 0), |memory| (memory.pointer(), length(memory)));
        board::begin(self.handle, operation, memory);
        let error = call(pointer, length);
        check::transfer(error, self.asynchronous);
        if error == 0 && self.asynchronous {
            return;
        }
        if let Some(memory) = board::undo(self.handle, operation) {
            if error == 0 {
                finished(&memory);
            }
            board::retire(memory);
        }
    }

    /// WinHttpSendRequest; in synchronous mode too the body stays lent until the response is there.
    pub fn send_request(self, body: &[u8], more: u32) {
        let memory = (!body.is_empty()).then(|| Memory::new(body));
        let (pointer, length) = memory
            .as_ref()
            .map_or((null_mut(), 0), |memory| (memory.pointer(), length(memory)));
        board::begin(self.handle, Operation::SendRequest, memory);
        let total = length + more;
        // SAFETY: the body lives until the handle's last word.
        let error = result(unsafe {
            winhttp::WinHttpSendRequest::<W>(
                raw(self.handle),
                null(),
                0,
                pointer.cast_const().cast(),
                length,
                total,
                3,
            )
        });
        check::transfer(error, self.asynchronous);
        if error != 0 || !self.asynchronous {
            let memory = board::undo(self.handle, Operation::SendRequest);
            match memory {
                Some(memory) if error == 0 => {
                    board::log(self.handle, |log| log.keep(Operation::SendRequest, memory));
                }
                Some(memory) => board::retire(memory),
                None => {}
            }
        }
    }

    /// WinHttpReceiveResponse.
    pub fn receive_response(self) {
        let call = |_, _| {
            // SAFETY: no memory is passed.
            result(unsafe { winhttp::WinHttpReceiveResponse::<W>(raw(self.handle), null_mut()) })
        };
        self.operate(Operation::ReceiveResponse, None, call, |_| {});
    }

    /// WinHttpReadData or WinHttpReadDataEx.
    pub fn read(self, capacity: usize, any: bool) {
        let mut bytes = 0;
        let out = if self.asynchronous {
            null_mut()
        } else {
            &raw mut bytes
        };
        let call = |pointer: *mut u8, length| {
            let handle = raw(self.handle);
            if any {
                // SAFETY: the buffer lives until the completion.
                unsafe {
                    winhttp::WinHttpReadDataEx::<W>(
                        handle,
                        pointer.cast(),
                        length,
                        out,
                        0,
                        0,
                        null_mut(),
                    )
                }
            } else {
                // SAFETY: as above.
                result(unsafe {
                    winhttp::WinHttpReadData::<W>(handle, pointer.cast(), length, out)
                })
            }
        };
        // SAFETY: the variable is alive; nobody else uses it.
        let check = |memory: &Memory| assert!(unsafe { out.read() } as usize <= memory.len());
        self.operate(
            Operation::ReadData,
            Some(Memory::new(&vec![0; capacity])),
            call,
            check,
        );
    }

    /// WinHttpQueryDataAvailable.
    pub fn query_data(self) {
        let mut available = 0;
        let out = if self.asynchronous {
            null_mut()
        } else {
            &raw mut available
        };
        let call = |_, _| {
            // SAFETY: the variable lives through the call.
            result(unsafe { winhttp::WinHttpQueryDataAvailable::<W>(raw(self.handle), out) })
        };
        self.operate(Operation::QueryData, None, call, |_| {});
    }

    /// WinHttpWriteData.
    pub fn write(self, data: Vec<u8>) {
        let mut written = 0;
        let out = if self.asynchronous {
            null_mut()
        } else {
            &raw mut written
        };
        let call = |pointer: *mut u8, length| {
            // SAFETY: the data lives until the completion.
            result(unsafe {
                winhttp::WinHttpWriteData::<W>(
                    raw(self.handle),
                    pointer.cast_const().cast(),
                    length,
                    out,
                )
            })
        };
        self.operate(Operation::WriteData, Some(Memory::new(&data)), call, |_| {});
    }

    /// WinHttpWebSocketSend.
    pub fn send(self, kind: i32, data: Vec<u8>) {
        let call = |pointer: *mut u8, length| {
            // SAFETY: the data lives until the completion.
            unsafe {
                winhttp::WinHttpWebSocketSend::<W>(
                    raw(self.handle),
                    kind,
                    pointer.cast_const().cast(),
                    length,
                )
            }
        };
        self.operate(Operation::Send, Some(Memory::new(&data)), call, |_| {});
    }

    /// WinHttpWebSocketReceive.
    pub fn receive(self, capacity: usize) {
        let (mut bytes, mut kind) = (0, -1);
        let (out, out_kind) = if self.asynchronous {
            (null_mut(), null_mut())
        } else {
            (&raw mut bytes, &raw mut kind)
        };
        let call = |pointer: *mut u8, length| {
            // SAFETY: buffer and variables live until the completion.
            unsafe {
                winhttp::WinHttpWebSocketReceive::<W>(
                    raw(self.handle),
                    pointer.cast(),
                    length,
                    out,
                    out_kind,
                )
            }
        };
        let finished = |memory: &Memory| {
            // SAFETY: the variables are alive; nobody else uses them.
            let (bytes, kind) = unsafe { (out.read(), out_kind.read()) };
            assert!((0..=4).contains(&kind) && bytes as usize <= memory.len());
            let received = (memory.bytes(bytes as usize), kind);
            board::log(self.handle, |log| log.received.push(received));
        };
        self.operate(
            Operation::Receive,
            Some(Memory::new(&vec![0; capacity])),
            call,
            finished,
        );
    }

    /// WinHttpWebSocketShutdown.
    pub fn shutdown(self, code: u16, reason: &[u8]) {
        let reason = Memory::new(reason);
        let call = |_, _| {
            // SAFETY: the reason is copied by the call.
            let error = unsafe {
                winhttp::WinHttpWebSocketShutdown::<W>(
                    raw(self.handle),
                    code,
                    reason.pointer().cast_const().cast(),
                    length(&reason),
                )
            };
            reason.seal();
            error
        };
        self.operate(Operation::Shutdown, None, call, |_| {});
    }

    /// WinHttpWebSocketClose.
    pub fn close(self, code: u16, reason: &[u8]) {
        let reason = Memory::new(reason);
        let call = |_, _| {
            // SAFETY: the reason is copied by the call.
            let error = unsafe {
                winhttp::WinHttpWebSocketClose::<W>(
                    raw(self.handle),
                    code,
                    reason.pointer().cast_const().cast(),
                    length(&reason),
                )
            };
            reason.seal();
            error
        };
        self.operate(Operation::Close, None, call, |_| {});
    }

    /// WinHttpWebSocketQueryCloseStatus.
    pub fn close_status(self, capacity: usize) {
        let reason = Memory::new(&vec![0; capacity]);
        let (mut code, mut consumed) = (0, 0);
        // SAFETY: buffer and variables live through the call.
        let error = unsafe {
            winhttp::WinHttpWebSocketQueryCloseStatus::<W>(
                raw(self.handle),
                &raw mut code,
                reason.pointer().cast(),
                length(&reason),
                &raw mut consumed,
            )
        };
        check::local(error);
        assert!(error != 0 || code >= 1000 && consumed <= 123 && consumed <= length(&reason));
        reason.seal();
    }
}
