//! TCP sockets: every call says itself that it must not block, so one socket serves both modes.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::ManuallyDrop;
use std::net::{Shutdown, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::net::{RecvAncillaryBuffer, RecvFlags, SendAncillaryBuffer, SendFlags};
use winhttp_process::{Epoch, epoch};
use winhttp_proto::tcp_info::TcpStatistics;

use super::clock;

/// SO_KEEPALIVE parameters (WINHTTP_OPTION_TCP_KEEPALIVE).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TcpKeepAlive {
    /// Idle time before the first probe.
    pub time: Duration,
    /// Time between probes.
    pub interval: Duration,
}

/// Bytes of the system's TCP statistics that are looked at; newer kernels have more.
const TCP_INFO_MAX: usize = 256;

/// A TCP socket in non-blocking mode.
#[derive(Debug)]
pub struct Socket {
    /// Shared with nobody, but for a child that must not close it: see [`Socket::drop`].
    socket: Arc<socket2::Socket>,
    /// Which of the system's sockets it is, and the process that has opened it.
    identity: Option<u64>,
    epoch: Epoch,
    opened: Instant,
    /// Blocking reads are prepared: [`Socket::receive_patiently`].
    patient: AtomicBool,
}

impl Socket {
    /// Opens a socket and starts connecting it to `address`.
    ///
    /// # Errors
    /// What the system says: no descriptor left, no route, refused at once.
    pub fn connect(address: SocketAddr, keep_alive: Option<TcpKeepAlive>) -> io::Result<Self> {
        let socket = open(socket2::Domain::for_address(address))?;
        socket.set_tcp_nodelay(true)?;
        #[cfg(target_vendor = "apple")]
        socket.set_nosigpipe(true)?;
        if let Some(keep_alive) = keep_alive {
            let parameters = socket2::TcpKeepalive::new()
                .with_time(keep_alive.time)
                .with_interval(keep_alive.interval);
            socket.set_tcp_keepalive(&parameters)?;
        }
        match socket.connect(&address.into()) {
            Ok(()) => {}
            Err(error) if connect_goes_on(&error) => {}
            Err(error) => return Err(error),
        }
        Ok(Self {
            identity: identity(&socket),
            epoch: epoch(),
            socket: Arc::new(socket),
            opened: clock::now(),
            patient: AtomicBool::new(false),
        })
    }

    /// Whether connecting has finished, and to whom: `None` while it goes on.
    #[must_use]
    pub fn connect_result(&self) -> Option<io::Result<SocketAddr>> {
        let no_peer = match self.socket.peer_addr().map(|peer| peer.as_socket()) {
            Ok(Some(peer)) => return Some(Ok(peer)),
            Ok(None) => io::ErrorKind::Unsupported.into(),
            Err(error) => error,
        };
        match self.socket.take_error() {
            Err(error) | Ok(Some(error)) => Some(Err(error)),
            Ok(None) if no_peer.kind() == io::ErrorKind::NotConnected => None,
            Ok(None) => Some(Err(no_peer)),
        }
    }

    /// Reads what is there; `Ok(0)` at the end of the stream.
    ///
    /// # Errors
    /// `WouldBlock` if nothing is there; otherwise the connection's failure.
    pub fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        retry(|| Ok(rustix::net::recv(&self.socket, &mut *buffer, RecvFlags::DONTWAIT)?.0))
    }

    /// As [`Socket::receive`], into `first` and then into `rest`.
    ///
    /// # Errors
    /// As [`Socket::receive`].
    pub fn receive_into(&self, first: &mut [u8], rest: &mut [u8]) -> io::Result<usize> {
        retry(|| {
            let mut room = [IoSliceMut::new(&mut *first), IoSliceMut::new(&mut *rest)];
            let mut no_control = RecvAncillaryBuffer::default();
            let flags = RecvFlags::DONTWAIT;
            let received = rustix::net::recvmsg(&self.socket, &mut room, &mut no_control, flags)?;
            Ok(received.bytes)
        })
    }

    /// Waits for bytes and reads them, in one system call; `Ok(0)` at the end of the stream.
    ///
    /// The socket keeps the `patience` of the first call. Other threads may send meanwhile. On
    /// Apple's systems, which do not document that sends can refuse to block on such a socket, this
    /// does not wait at all.
    ///
    /// # Errors
    /// `WouldBlock` if nothing came in time, or a signal came first; otherwise the connection's
    /// failure.
    pub fn receive_patiently(&self, buffer: &mut [u8], patience: Duration) -> io::Result<usize> {
        if cfg!(target_vendor = "apple") {
            return self.receive(buffer);
        }
        if !self.patient.load(Ordering::Relaxed) {
            // All other reads and writes say themselves that they must not block.
            let prepared = self.socket.set_read_timeout(Some(patience));
            if prepared.is_err() || self.socket.set_nonblocking(false).is_err() {
                return self.receive(buffer);
            }
            self.patient.store(true, Ordering::Relaxed);
        }
        match rustix::net::recv(&self.socket, buffer, RecvFlags::empty()) {
            Ok((count, _)) => Ok(count),
            // Signals in quick succession must not make one wait of many.
            Err(rustix::io::Errno::INTR) => Err(io::ErrorKind::WouldBlock.into()),
            Err(error) => Err(error.into()),
        }
    }

    /// Ends both directions; a read that waits returns.
    pub fn shut_down(&self) {
        // A connection that is gone already needs no end.
        let _ = self.socket.shutdown(Shutdown::Both);
    }

    /// Writes as much as the system takes.
    ///
    /// # Errors
    /// `WouldBlock` if it takes nothing; otherwise the connection's failure.
    pub fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        retry(|| Ok(rustix::net::send(&self.socket, bytes, send_flags())?))
    }

    /// As [`Socket::send`], for bytes that lie in several places: they leave together.
    ///
    /// # Errors
    /// As [`Socket::send`].
    pub fn send_parts(&self, parts: &[&[u8]]) -> io::Result<usize> {
        retry(|| {
            let parts: Vec<_> = parts.iter().map(|part| IoSlice::new(part)).collect();
            let mut no_control = SendAncillaryBuffer::default();
            let flags = send_flags();
            Ok(rustix::net::sendmsg(
                &self.socket,
                &parts,
                &mut no_control,
                flags,
            )?)
        })
    }

    /// Ends the sending direction: the peer sees the end of the stream after what was sent.
    pub fn finish_sending(&self) {
        // A connection that is gone already needs no end.
        let _ = self.socket.shutdown(Shutdown::Write);
    }

    /// When connecting began.
    #[must_use]
    pub fn opened(&self) -> Instant {
        self.opened
    }

    /// The size of the receive buffer; 0 if the system does not say.
    #[must_use]
    pub fn receive_buffer_bytes(&self) -> u32 {
        let bytes = self.socket.recv_buffer_size().unwrap_or(0);
        u32::try_from(bytes).unwrap_or(u32::MAX)
    }

    /// What the system's TCP has counted; `None` if it does not say.
    #[must_use]
    pub fn statistics(&self) -> Option<TcpStatistics> {
        let mut info = [0; TCP_INFO_MAX];
        let info = winhttp_process::tcp_info(self.socket.as_fd(), &mut info)?;
        Some(if cfg!(target_vendor = "apple") {
            TcpStatistics::from_apple(info)
        } else {
            TcpStatistics::from_linux(info)
        })
    }

    /// The socket's own address, once connected.
    #[must_use]
    pub fn local_address(&self) -> Option<SocketAddr> {
        self.socket.local_addr().ok()?.as_socket()
    }
}

impl Drop for Socket {
    /// A fork copies first the descriptors and then the memory, while other threads go on: what was
    /// opened in between has a number in the child that is free there, or something else's.
    fn drop(&mut self) {
        if !self.epoch.is_current()
            && (self.identity.is_none() || identity(&self.socket) != self.identity)
        {
            let _not_closed = ManuallyDrop::new(Arc::clone(&self.socket));
        }
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

/// What tells an open descriptor's socket from every other one.
fn identity(socket: &impl AsFd) -> Option<u64> {
    let status = rustix::fs::fstat(socket).ok()?;
    let is_socket = rustix::fs::FileType::from_raw_mode(status.st_mode).is_socket();
    is_socket.then_some(status.st_ino)
}

/// A TCP socket in non-blocking mode, closed on exec; made so by one system call where the system
/// can.
fn open(domain: socket2::Domain) -> io::Result<socket2::Socket> {
    let (kind, protocol) = (socket2::Type::STREAM, Some(socket2::Protocol::TCP));
    #[cfg(target_vendor = "apple")]
    {
        let socket = socket2::Socket::new(domain, kind, protocol)?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    }
    #[cfg(not(target_vendor = "apple"))]
    socket2::Socket::new(domain, kind.nonblocking(), protocol)
}

/// A broken connection must fail the call, not raise SIGPIPE (Apple's systems have a socket option
/// instead).
pub(super) fn send_flags() -> SendFlags {
    #[cfg(target_vendor = "apple")]
    return SendFlags::DONTWAIT;
    #[cfg(not(target_vendor = "apple"))]
    return SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
}

/// Nothing can be done without waiting.
#[must_use]
pub fn is_would_block(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}

/// The attempt is under way. EAGAIN is a refusal: no port is left.
fn connect_goes_on(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let under_way = [Errno::INPROGRESS, Errno::INTR].map(Errno::raw_os_error);
    error
        .raw_os_error()
        .is_some_and(|number| under_way.contains(&number))
}

fn retry<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
