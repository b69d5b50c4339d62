//! Proxies for tests, and how a program names one. Targets have invented names: nobody resolves
//! them, and loopback addresses would be reached directly (http-behaviours 29.2.4).

use std::io;
use std::net::SocketAddr;
use std::ptr::null_mut;

use winhttp_abi::constants as c;
use winhttp_abi::types::{ProxyInfo, ProxyResultEntry};
use winhttp_abi::wide::Unit;
use winhttp_fixtures::certs::{Authority, IdentityOptions};
use winhttp_fixtures::{Connection, Request, Server};

use crate::{Call, Client, Handle, call, text};

use super::autoproxy::taken;
use super::set_dword;

/// A host that is nowhere.
pub const TARGET: &str = "nosuchhost.invalid";

/// WINHTTP_OPTION_PROXY of a session or request: this proxy list, with this bypass list.
///
/// # Errors
/// The last error.
pub fn set_proxy<W: Unit>(handle: Handle, list: &str, bypass: Option<&str>) -> Call<()> {
    let mut list = text::<W>(list);
    let mut bypass = bypass.map(text::<W>);
    let info = ProxyInfo::<W> {
        dw_access_type: c::WINHTTP_ACCESS_TYPE_NAMED_PROXY,
        lpsz_proxy: list.as_mut_ptr(),
        lpsz_proxy_bypass: bypass.as_mut().map_or(null_mut(), |text| text.as_mut_ptr()),
    };
    set_info(handle, &info)
}

/// Access type, proxy list and bypass list of a structure that the library filled, whose texts are
/// freed.
#[must_use]
pub fn told<W: Unit>(info: &ProxyInfo<W>) -> (u32, Option<String>, Option<String>) {
    let text = |given: *mut W| (!given.is_null()).then(|| taken(given));
    (
        info.dw_access_type,
        text(info.lpsz_proxy),
        text(info.lpsz_proxy_bypass),
    )
}

/// What WINHTTP_OPTION_PROXY says of a session or request.
///
/// # Errors
/// The last error.
pub fn proxy_of<W: Unit>(handle: Handle) -> Call<(u32, Option<String>, Option<String>)> {
    let mut info = ProxyInfo::<W> {
        dw_access_type: 99,
        lpsz_proxy: null_mut(),
        lpsz_proxy_bypass: null_mut(),
    };
    let mut length = u32::try_from(size_of_val(&info)).unwrap_or(0);
    // SAFETY: structure and length live through the call.
    call(unsafe {
        winhttp::WinHttpQueryOption::<W>(
            handle.raw(),
            c::WINHTTP_OPTION_PROXY,
            (&raw mut info).cast(),
            &raw mut length,
        )
    })?;
    Ok(told(&info))
}

/// The same for an access type without lists.
///
/// # Errors
/// The last error.
pub fn set_access<W: Unit>(handle: Handle, access_type: u32) -> Call<()> {
    let info = ProxyInfo::<W> {
        dw_access_type: access_type,
        lpsz_proxy: null_mut(),
        lpsz_proxy_bypass: null_mut(),
    };
    set_info(handle, &info)
}

/// WINHTTP_OPTION_PROXY_RESULT_ENTRY of a session or request: this scheme, host and port; `None` is
/// directly.
///
/// # Errors
/// The last error.
pub fn set_entry<W: Unit>(handle: Handle, proxy: Option<(i32, &str, u16)>) -> Call<()> {
    let mut host = proxy.map(|(_, host, _)| text::<W>(host));
    let entry = ProxyResultEntry::<W> {
        f_proxy: proxy.is_some().into(),
        f_bypass: 0,
        proxy_scheme: proxy.map_or(0, |(scheme, ..)| scheme),
        pwsz_proxy: host.as_mut().map_or(null_mut(), |text| text.as_mut_ptr()),
        proxy_port: proxy.map_or(0, |(.., port)| port),
    };
    set_structure::<W, _>(handle, c::WINHTTP_OPTION_PROXY_RESULT_ENTRY, &entry)
}

fn set_info<W: Unit>(handle: Handle, info: &ProxyInfo<W>) -> Call<()> {
    set_structure::<W, _>(handle, c::WINHTTP_OPTION_PROXY, info)
}

fn set_structure<W: Unit, T>(handle: Handle, option: u32, value: &T) -> Call<()> {
    let bytes = u32::try_from(size_of::<T>()).unwrap_or(0);
    // SAFETY: the structure and its strings live through the call.
    call(unsafe {
        winhttp::WinHttpSetOption::<W>(handle.raw(), option, (&raw const *value).cast(), bytes)
    })
}

/// WinHttpSetCredentials for the proxy.
///
/// # Errors
/// The last error.
pub fn set_credentials<W: Unit>(
    request: Handle,
    scheme: u32,
    user: &str,
    password: &str,
) -> Call<()> {
    let proxy = c::WINHTTP_AUTH_TARGET_PROXY;
    super::credentials::set::<W>(request, proxy, scheme, Some(user), Some(password))
}

impl<W: Unit> Client<W> {
    /// The session's requests go through this server.
    #[must_use]
    pub fn through(self, proxy: &Server) -> Self {
        set_proxy::<W>(self.session, &proxy.authority(), None).unwrap();
        self
    }

    /// A request to [`TARGET`] with this port; nothing but itself is left open.
    pub fn request_there(&self, port: u16, verb: &str, path: &str, flags: u32) -> Handle {
        let connect = self.connect(TARGET, port).unwrap();
        let request = self.open_request(connect, verb, path, flags).unwrap();
        self.close(connect).unwrap();
        request
    }
}

/// What a proxy does with a request: nothing more to say, or an answer in its place.
pub type Verdict = Option<&'static str>;

/// A proxy that opens tunnels to `target`, wherever they are to go, and answers other requests
/// with 200 and their target; `judge` may answer instead, and the connection goes on.
///
/// # Errors
/// If no port or thread is to be had.
pub fn proxy(
    target: SocketAddr,
    judge: impl Fn(&Request) -> Verdict + Send + Sync + 'static,
) -> io::Result<Server> {
    Server::plain(relaying(target, judge))
}

/// A proxy that answers by itself, as `judge` says: its tunnels lead nowhere.
#[must_use]
pub fn answers_as_proxy(judge: impl Fn(&Request) -> Verdict + Send + Sync + 'static) -> Server {
    proxy(SocketAddr::from(([127, 0, 0, 1], 9)), judge).unwrap()
}

/// A server over TLS with this script, whose certificate nobody vouches for.
///
/// # Panics
/// If no certificate, port or thread is to be had.
pub fn untrusted(
    script: impl Fn(&mut Connection) -> io::Result<()> + Send + Sync + 'static,
) -> Server {
    let authority = Authority::new().unwrap();
    let identity = authority.issue(&IdentityOptions::default()).unwrap();
    Server::tls(script, &identity).unwrap()
}

/// This request, which is content with such a server.
///
/// # Panics
/// If the option cannot be set.
pub fn trusting<W: Unit>(request: Handle) -> Handle {
    let ignored = c::SECURITY_FLAG_IGNORE_UNKNOWN_CA | c::SECURITY_FLAG_IGNORE_CERT_CN_INVALID;
    set_dword::<W>(request, c::WINHTTP_OPTION_SECURITY_FLAGS, ignored).unwrap();
    request
}

/// Asks for Basic.
pub const WANTS_BASIC: &str =
    "HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 3\r\n\r\nwho";

/// The same, and ends the connection.
pub const WANTS_BASIC_AND_CLOSES: &str = "HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=\"x\"\r\nConnection: close\r\nContent-Length: 3\r\n\r\nwho";

/// The script of such a proxy.
pub fn relaying(
    target: SocketAddr,
    judge: impl Fn(&Request) -> Verdict + Send + Sync + 'static,
) -> impl Fn(&mut Connection) -> io::Result<()> + Send + Sync + 'static {
    move |connection| {
        while let Some(request) = connection.read_head()? {
            connection.read_body(&request)?;
            match judge(&request) {
                Some(answer) => {
                    connection.send(answer.as_bytes())?;
                    if answer.contains("Connection: close") {
                        return Ok(());
                    }
                }
                None if request.method == "CONNECT" => return connection.tunnel_to(target),
                None => {
                    let body = &request.target;
                    let head = format!(
                        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
                        body.len()
                    );
                    connection.send(head.as_bytes())?;
                }
            }
        }
        Ok(())
    }
}

/// Nothing is refused.
#[must_use]
pub fn everything(_: &Request) -> Verdict {
    None
}

/// A server that answers every request with 200.
///
/// # Errors
/// The connection's.
pub fn hello(connection: &mut Connection) -> io::Result<()> {
    while let Some(request) = connection.read_head()? {
        connection.read_body(&request)?;
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")?;
    }
    Ok(())
}
