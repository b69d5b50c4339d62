//! A network of our own, so that neither the machine's settings nor its traffic reach the
//! measurement.
//!
//! A congestion control that models bandwidth, such as bbr, paces loopback and costs half of its
//! speed. Ours cannot be told to use another one for its sockets, so the default of the whole
//! network has to change; a namespace makes that change ours alone.

use std::fs;
use std::io::{Error, Result};

use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketType, recv, sendto, socket};
use rustix::thread::{UnshareFlags, unshare_unsafe};

const CONGESTION_CONTROL: &str = "/proc/sys/net/ipv4/tcp_congestion_control";
/// What everybody gets inside.
const WANTED: &str = "reno";

/// Moves this process, which must not have threads yet, into a network of its own; says what came
/// of it.
pub(crate) fn enter() -> String {
    let found = congestion_control();
    match try_enter() {
        Ok(()) => format!("own network, congestion control {}", congestion_control()),
        Err(error) => format!("shared network ({error}), congestion control {found}"),
    }
}

fn try_enter() -> Result<()> {
    unshare(UnshareFlags::NEWNET)
        .or_else(|_| unshare(UnshareFlags::NEWUSER | UnshareFlags::NEWNET))?;
    raise_loopback()?;
    fs::write(CONGESTION_CONTROL, WANTED)
}

fn unshare(flags: UnshareFlags) -> Result<()> {
    // SAFETY: these flags leave the table of file descriptors alone.
    Ok(unsafe { unshare_unsafe(flags) }?)
}

/// The congestion control of new sockets.
fn congestion_control() -> String {
    fs::read_to_string(CONGESTION_CONTROL)
        .map_or_else(|_| "unknown".to_owned(), |name| name.trim().to_owned())
}

/// RTM_NEWLINK with IFF_UP for the first interface, which in a new namespace is its loopback
/// (rtnetlink(7)).
fn raise_loopback() -> Result<()> {
    const RTM_NEWLINK: u16 = 16;
    const REQUEST_AND_ACKNOWLEDGE: u16 = 1 | 4;
    const UP: u32 = 1;
    const LOOPBACK: u32 = 1;
    const NOTHING: [u8; 4] = [0; 4];
    let mut message = Vec::new();
    message.extend(32_u32.to_ne_bytes());
    message.extend(RTM_NEWLINK.to_ne_bytes());
    message.extend(REQUEST_AND_ACKNOWLEDGE.to_ne_bytes());
    message.extend([NOTHING, NOTHING].as_flattened()); // sequence, sender
    message.extend(NOTHING); // family, device type
    message.extend(LOOPBACK.to_ne_bytes());
    message.extend(UP.to_ne_bytes());
    message.extend(UP.to_ne_bytes()); // which flags change

    // No protocol is NETLINK_ROUTE.
    let kernel = socket(AddressFamily::NETLINK, SocketType::RAW, None)?;
    sendto(
        &kernel,
        &message,
        SendFlags::empty(),
        &SocketAddrNetlink::new(0, 0),
    )?;
    let mut answer = [0_u8; 64];
    let (_, length) = recv(&kernel, &mut answer, RecvFlags::empty())?;
    // A header of 16 bytes, then zero or a negative error number.
    assert!(length >= 20, "an answer of netlink");
    let code = i32::from_ne_bytes([answer[16], answer[17], answer[18], answer[19]]);
    match code {
        0 => Ok(()),
        code => Err(Error::from_raw_os_error(-code)),
    }
}
