//! The library in asynchronous mode: each completion starts the next call, from inside the
//! callback.

use std::ffi::c_void;
use std::ptr::{null, null_mut};
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use winhttp_abi::constants as c;
use winhttp_abi::wide::terminated;

use super::ours::{open_request, status};
use crate::arguments::Order;
use crate::child::{Measured, Meter, Scales};
use crate::contestants::ours::{self, Handle};
use crate::rows::{HTTP_CONNECTIONS, HTTP_SMALL_BYTES, LARGE_BYTES, Work};
use crate::work::pattern;

/// What all requests share.
struct Program {
    connect: usize,
    flags: u32,
    path: Vec<u16>,
    /// Requests that may still be started.
    left: AtomicI64,
    /// Requests that are not over.
    open: AtomicI64,
    bytes: AtomicU64,
    /// What is sent, so many times; nothing is a GET.
    upload: Option<(Vec<u8>, u64)>,
    /// So many requests are sent before the first answer is received: each has a connection.
    together: usize,
    /// Those that are sent and wait for the others.
    sent: Mutex<Vec<usize>>,
    over: Sender<()>,
}

/// One request after the other, with one buffer.
struct Slot {
    program: *const Program,
    buffer: Vec<u8>,
    /// Pieces that were written.
    written: u64,
}

impl Slot {
    fn program(&self) -> &Program {
        // SAFETY: the program outlives its slots.
        unsafe { &*self.program }
    }

    /// Starts the next request, if there is one left.
    fn start(&mut self) {
        let program = self.program();
        if program.left.fetch_sub(1, Ordering::Relaxed) <= 0 {
            if program.open.fetch_sub(1, Ordering::AcqRel) == 1 {
                program.over.send(()).unwrap();
            }
            return;
        }
        let connect = std::ptr::with_exposed_provenance_mut(program.connect);
        let verb = program.upload.is_some().then(|| terminated::<u16>("POST"));
        let request = open_request(connect, verb.as_deref(), &program.path, program.flags);
        let headers = program.upload.as_ref().map(|(piece, times)| {
            terminated::<u16>(&format!("Content-Length: {}", piece.len() as u64 * times))
        });
        let (text, length) = headers
            .as_ref()
            .map_or((null(), 0), |text| (text.as_ptr(), u32::MAX));
        self.written = 0;
        let context = (&raw mut *self).expose_provenance();
        // SAFETY: the texts live through the call.
        let sent = unsafe {
            winhttp::WinHttpSendRequest::<u16>(request, text, length, null(), 0, 0, context)
        };
        assert_eq!(sent, 1);
    }

    fn read(&mut self, request: Handle) {
        let room = self.buffer.len() as u32;
        // SAFETY: the buffer lives until the completion.
        let begun = unsafe {
            winhttp::WinHttpReadData::<u16>(
                request,
                self.buffer.as_mut_ptr().cast(),
                room,
                null_mut(),
            )
        };
        assert_eq!(begun, 1);
    }

    /// Receives the answers once all requests that go together are sent.
    fn wait_for_others(&self, request: Handle) {
        let program = self.program();
        let mut sent = program.sent.lock().unwrap();
        sent.push(request.expose_provenance());
        if sent.len() == program.together {
            for request in sent.drain(..) {
                ours::receive_response(std::ptr::with_exposed_provenance_mut(request));
            }
        }
    }

    /// Sends the next piece, or asks for the answer.
    fn go_on(&mut self, request: Handle) {
        let program = self.program();
        if let Some((piece, times)) = &program.upload
            && self.written < *times
        {
            // SAFETY: the piece lives as long as the program.
            let begun = unsafe {
                winhttp::WinHttpWriteData::<u16>(
                    request,
                    piece.as_ptr().cast(),
                    piece.len() as u32,
                    null_mut(),
                )
            };
            assert_eq!(begun, 1);
            self.written += 1;
            return;
        }
        ours::receive_response(request);
    }
}

unsafe extern "system" fn told(
    request: Handle,
    context: usize,
    what: u32,
    _: *mut c_void,
    length: u32,
) {
    let slot: *mut Slot = std::ptr::with_exposed_provenance_mut(context);
    // SAFETY: it is the slot of this request, which nobody else uses meanwhile.
    let Some(slot) = (unsafe { slot.as_mut() }) else {
        return;
    };
    match what {
        c::WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE if slot.program().together > 0 => {
            slot.wait_for_others(request);
        }
        c::WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE
        | c::WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE => slot.go_on(request),
        c::WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE => {
            assert_eq!(status(request), 200);
            slot.read(request);
        }
        c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE if length > 0 => {
            slot.program()
                .bytes
                .fetch_add(u64::from(length), Ordering::Relaxed);
            slot.read(request);
        }
        c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE => {
            ours::close(request);
            slot.start();
        }
        other => panic!("status {other:#x}"),
    }
}

/// A session, and its server.
struct Client {
    connect: Handle,
    flags: u32,
}

impl Client {
    fn new(order: &Order) -> Self {
        let session = ours::session(Some(told));
        if matches!(order.row.work, Work::Get { at_once: 2.. }) {
            let limit = HTTP_CONNECTIONS as u32;
            let option = c::WINHTTP_OPTION_MAX_CONNS_PER_SERVER;
            // SAFETY: the number lives through the call.
            let set = unsafe {
                winhttp::WinHttpSetOption::<u16>(
                    session,
                    option,
                    (&raw const limit).cast_mut().cast(),
                    4,
                )
            };
            assert_eq!(set, 1);
        }
        Self {
            connect: ours::connect(session, order),
            flags: if order.row.tls {
                c::WINHTTP_FLAG_SECURE
            } else {
                0
            },
        }
    }

    /// So many requests, so many at once; the bytes of their answers.
    fn run(&self, path: &str, count: u64, at_once: usize, more: impl FnOnce(&mut Program)) -> u64 {
        let (over, is_over): (_, Receiver<()>) = channel();
        let mut program = Program {
            connect: self.connect.expose_provenance(),
            flags: self.flags,
            path: terminated::<u16>(path),
            left: AtomicI64::new(count as i64),
            open: AtomicI64::new(at_once as i64),
            bytes: AtomicU64::new(0),
            upload: None,
            together: 0,
            sent: Mutex::default(),
            over,
        };
        more(&mut program);
        let room = if count == 1 {
            LARGE_BYTES
        } else {
            HTTP_SMALL_BYTES + 1
        };
        let mut slots: Vec<Box<Slot>> = (0..at_once)
            .map(|_| {
                Box::new(Slot {
                    program: &raw const program,
                    buffer: vec![0; room],
                    written: 0,
                })
            })
            .collect();
        slots.iter_mut().for_each(|slot| slot.start());
        is_over.recv().unwrap();
        // The last callback may still be in `start`, which touches nothing behind its message.
        program.bytes.load(Ordering::Relaxed)
    }
}

pub(super) fn run(order: &Order) -> Measured {
    let client = Client::new(order);
    let none = |_: &mut Program| {};
    let count = order.operations;
    assert_eq!(
        client.run("/small", 2, 1, none),
        2 * HTTP_SMALL_BYTES as u64
    );
    match order.row.work {
        Work::Get { at_once } => {
            order.settle();
            client.run("/small", order.warm_up(), at_once, none);
            let meter = Meter::start();
            let bytes = client.run("/small", count, at_once, none);
            let measured = meter.stop(count);
            assert_eq!(bytes, count * HTTP_SMALL_BYTES as u64);
            measured
        }
        Work::Download => {
            let path = |mib: u64| format!("/large/{mib}");
            client.run(&path(order.warm_up()), 1, 1, none);
            order.settle();
            let meter = Meter::start();
            let bytes = client.run(&path(count), 1, 1, none);
            assert_eq!(bytes, count * LARGE_BYTES as u64);
            meter.stop(count)
        }
        Work::Upload => {
            let send = |times| {
                client.run("/upload", 1, 1, |program| {
                    program.upload = Some((pattern(LARGE_BYTES), times));
                })
            };
            send(order.warm_up());
            order.settle();
            let meter = Meter::start();
            send(count);
            meter.stop(count)
        }
        Work::IdlePooled => {
            let scales = Scales::new();
            client.run("/small", count, count as usize, |program| {
                program.together = count as usize;
            });
            // What is closed is gone when the callback thread has come to the next request's end.
            client.run("/small", 1, 1, none);
            scales.all_kept(count)
        }
        Work::Echo { .. } | Work::Receive | Work::Send | Work::Idle | Work::Connect => {
            panic!("these rows are about WebSockets")
        }
    }
}
