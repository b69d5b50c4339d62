//! The library in synchronous mode.

use std::ptr::{null, null_mut};

use winhttp_abi::constants as c;
use winhttp_abi::wide::terminated;

use super::Http;
use crate::arguments::Order;
use crate::child::{Measured, Scales};
use crate::contestants::ours::{self, Handle};
use crate::rows::{HTTP_SMALL_BYTES, LARGE_BYTES};

pub(super) struct Sync {
    session: Handle,
    connect: Handle,
    flags: u32,
    buffer: Vec<u8>,
}

/// A request whose handle is closed with it.
struct Request(Handle);

impl Drop for Request {
    fn drop(&mut self) {
        ours::close(self.0);
    }
}

/// A request to `path`; null is GET.
pub(super) fn open_request(
    connect: Handle,
    verb: Option<&[u16]>,
    path: &[u16],
    flags: u32,
) -> Handle {
    // SAFETY: the texts live through the call.
    let request = unsafe {
        winhttp::WinHttpOpenRequest::<u16>(
            connect,
            verb.map_or(null(), <[u16]>::as_ptr),
            path.as_ptr(),
            null(),
            null(),
            null(),
            flags,
        )
    };
    assert!(!request.is_null());
    request
}

/// The status code, as programs ask for it.
pub(super) fn status(request: Handle) -> u32 {
    let (mut status, mut length) = (0_u32, 4_u32);
    let level = c::WINHTTP_QUERY_STATUS_CODE | c::WINHTTP_QUERY_FLAG_NUMBER;
    // SAFETY: number and length live through the call.
    let found = unsafe {
        winhttp::WinHttpQueryHeaders::<u16>(
            request,
            level,
            null(),
            (&raw mut status).cast(),
            &raw mut length,
            null_mut(),
        )
    };
    assert_eq!(found, 1);
    status
}

impl Sync {
    fn send(&self, verb: Option<&[u16]>, path: &str, total: u32, headers: &[u16]) -> Request {
        let path = terminated::<u16>(path);
        let request = Request(open_request(self.connect, verb, &path, self.flags));
        let (text, length) = match headers {
            [] => (null(), 0),
            headers => (headers.as_ptr(), u32::MAX),
        };
        // SAFETY: the texts live through the call.
        let sent = unsafe {
            winhttp::WinHttpSendRequest::<u16>(request.0, text, length, null(), 0, total, 0)
        };
        assert_eq!(sent, 1);
        request
    }
}

/// Reads what there is; 0 at the end.
fn read(request: &Request, into: &mut [u8]) -> u64 {
    let mut read = 0;
    // SAFETY: buffer and count live through the call, which blocks.
    let done = unsafe {
        winhttp::WinHttpReadData::<u16>(
            request.0,
            into.as_mut_ptr().cast(),
            into.len() as u32,
            &raw mut read,
        )
    };
    assert_eq!(done, 1);
    u64::from(read)
}

impl Http for Sync {
    async fn open(order: &Order) -> Self {
        let session = ours::session(None);
        Self {
            session,
            connect: ours::connect(session, order),
            flags: if order.row.tls {
                c::WINHTTP_FLAG_SECURE
            } else {
                0
            },
            buffer: Vec::new(),
        }
    }

    async fn get(&mut self, path: &str, into: &mut [u8]) -> u64 {
        let request = self.send(None, path, 0, &[]);
        ours::receive_response(request.0);
        assert_eq!(status(request.0), 200);
        let mut count = 0;
        if into.is_empty() {
            self.buffer.resize(LARGE_BYTES, 0);
            loop {
                match read(&request, &mut self.buffer) {
                    0 => return count,
                    more => count += more,
                }
            }
        }
        while let more @ 1.. = read(&request, into.get_mut(count as usize..).unwrap_or_default()) {
            count += more;
        }
        count
    }

    async fn post(&mut self, path: &str, piece: &[u8], times: u64) {
        let length = piece.len() as u64 * times;
        let verb = terminated::<u16>("POST");
        let headers = terminated::<u16>(&format!("Content-Length: {length}"));
        let request = self.send(Some(&verb), path, 0, &headers);
        for _ in 0..times {
            let mut written = 0;
            // SAFETY: buffer and count live through the call, which blocks.
            let done = unsafe {
                winhttp::WinHttpWriteData::<u16>(
                    request.0,
                    piece.as_ptr().cast(),
                    piece.len() as u32,
                    &raw mut written,
                )
            };
            assert_eq!((done, written as usize), (1, piece.len()));
        }
        ours::receive_response(request.0);
        assert_eq!(status(request.0), 200);
    }

    /// Requests that are under way at once have a connection each, and the pool keeps all of them.
    async fn idle(order: &Order) -> Measured {
        let client = Self::open(order).await;
        let mut body = vec![0; HTTP_SMALL_BYTES];
        let scales = Scales::new();
        let requests: Vec<Request> = (0..order.operations)
            .map(|_| client.send(None, "/small", 0, &[]))
            .collect();
        for request in &requests {
            ours::receive_response(request.0);
            while read(request, &mut body) > 0 {}
        }
        drop(requests);
        scales.all_kept(order.operations)
    }
}

impl Drop for Sync {
    fn drop(&mut self) {
        ours::close(self.connect);
        ours::close(self.session);
    }
}
