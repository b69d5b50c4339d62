//! WINHTTP_OPTION_EXTENDED_ERROR: socket errors in Winsock's numbers.

use std::io;

use rustix::io::Errno;

pub use winhttp_proto::exchange::timers::SOCKET_TIMED_OUT as TIMED_OUT;

/// WSAHOST_NOT_FOUND.
pub const HOST_NOT_FOUND: u32 = 11001;

/// WSATRY_AGAIN: nobody has answered a look-up.
pub const TRY_AGAIN: u32 = 11002;

/// WSANO_RECOVERY: whoever answers a look-up does not do so properly.
pub const NO_RECOVERY: u32 = 11003;

/// WSANO_DATA: the name is known, and has no address.
pub const NO_DATA: u32 = 11004;

/// The number of a system error; 0 for errors that are none.
#[must_use]
pub fn of(error: &io::Error) -> u32 {
    error.raw_os_error().map_or(0, winsock_number)
}

/// The system's errors that Winsock has numbers of its own for: 10000 above the classic BSD
/// numbers.
pub const WINSOCK: [(Errno, u32); 17] = [
    (Errno::INTR, 10004),
    (Errno::ACCESS, 10013),
    (Errno::MFILE, 10024),
    (Errno::WOULDBLOCK, 10035),
    (Errno::ADDRINUSE, 10048),
    (Errno::ADDRNOTAVAIL, 10049),
    (Errno::NETDOWN, 10050),
    (Errno::NETUNREACH, 10051),
    (Errno::NETRESET, 10052),
    (Errno::CONNABORTED, 10053),
    (Errno::PIPE, 10053),
    (Errno::CONNRESET, 10054),
    (Errno::NOBUFS, 10055),
    (Errno::NOTCONN, 10057),
    (Errno::TIMEDOUT, TIMED_OUT),
    (Errno::CONNREFUSED, 10061),
    (Errno::HOSTUNREACH, 10065),
];

/// WSASYSCALLFAILURE: any other error.
pub const SYSTEM_CALL_FAILURE: u32 = 10107;

fn winsock_number(errno: i32) -> u32 {
    let known = WINSOCK
        .iter()
        .find(|(code, _)| code.raw_os_error() == errno);
    known.map_or(SYSTEM_CALL_FAILURE, |(_, number)| *number)
}
