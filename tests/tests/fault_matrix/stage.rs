//! Sets a case up: the peer of a row, and a handle on which its operation is next.

use std::io::{self, Read};
use std::sync::OnceLock;

use winhttp_abi::constants as c;
use winhttp_fixtures::certs::{self, IdentityOptions};
use winhttp_fixtures::hole::{RefusedPort, TcpHole};
use winhttp_fixtures::{Connection, Held, Request, Server, Settings, TlsSettings, by_path};
use winhttp_tests::support::proxy::{TARGET, set_proxy};
use winhttp_tests::support::{set_dword, set_text, set_timeouts};
use winhttp_tests::{Client, Handle, Mode, Sending, upgrade};

use super::operation::{Attempt, HUGE, huge};
use super::possessions::Possessions;
use super::row::{
    Act, Beyond, Cue, Done, Earlier, Identity, Lead, Operation, Peer, Row, Script, Until, WHOLE,
    authority,
};

/// Name of what holds a peer back.
const GATE: &str = "fault";
/// A limit that a test can wait for, in milliseconds.
const SHORT_MS: i32 = 100;
/// Where the earlier and the later request go.
const EARLIER: &str = "/earlier";
const LATER: &str = "/later";
/// Where an answer leads whose own body is the fault.
pub(crate) const NEXT: &str = "/next";

/// The other end, running.
pub(crate) struct Played {
    server: Option<Server>,
    /// Leads to the other.
    front: Option<Server>,
    _refused: Option<RefusedPort>,
    host: &'static str,
    port: u16,
    done: Done,
    /// Told when a request has come that meets the fault.
    met: Done,
}

impl Played {
    pub(crate) fn start(row: &Row) -> Self {
        let done = Done::default();
        let mut played = Self {
            server: None,
            front: None,
            _refused: None,
            host: "127.0.0.1",
            port: 80,
            done: done.clone(),
            met: Done::default(),
        };
        match &row.peer {
            Peer::NoHost(name) => played.host = name,
            Peer::Port(port) => played.port = *port,
            Peer::Swallows => played.port = full().port(),
            Peer::Refused => {
                let refused = RefusedPort::new().unwrap();
                played.port = refused.port();
                played._refused = Some(refused);
            }
            Peer::Plays(script) => {
                let settings = Settings {
                    tls: row.secure.then(|| tls(&Identity::Good)),
                    recording: row.told.is_some(),
                    ..Settings::default()
                };
                played.serve(
                    Server::start(settings, play(script, row, done, played.met.clone())).unwrap(),
                );
            }
            Peer::Tls(identity, wire) => {
                let settings = Settings {
                    tls: Some(tls(identity)),
                    wire: *wire,
                    held: Some(GATE),
                    ..Settings::default()
                };
                done.tell();
                played.serve(Server::start(settings, by_path).unwrap());
            }
        }
        if speaks_tls(row) {
            played.host = "localhost";
        }
        if let Lead::Server { secure } = row.lead {
            played.lead_there(speaks_tls(row), secure);
        }
        played
    }

    fn serve(&mut self, server: Server) {
        self.port = server.port();
        self.server = Some(server);
    }

    /// Puts a server before it that leads to it.
    fn lead_there(&mut self, there: bool, here: bool) {
        let scheme = if there { "https" } else { "http" };
        let origin = format!("{scheme}://{}:{}", self.host, self.port);
        let settings = Settings {
            tls: here.then(|| tls(&Identity::Good)),
            recording: false,
            ..Settings::default()
        };
        let leads = move |connection: &mut Connection| {
            while let Some(request) = connection.read_head()? {
                pass_body(connection, &request)?;
                let target = &request.target;
                let head = format!("HTTP/1.1 307 Moved\r\nLocation: {origin}{target}\r\n");
                connection.send(format!("{head}Content-Length: 0\r\n\r\n").as_bytes())?;
            }
            Ok(())
        };
        let front = Server::start(settings, leads).unwrap();
        self.host = if here { "localhost" } else { "127.0.0.1" };
        self.port = front.port();
        self.front = Some(front);
    }

    /// Where it is, or who leads there: host and port.
    pub(crate) fn address(&self) -> (&'static str, u16) {
        (self.host, self.port)
    }

    /// Lets the fault strike.
    pub(crate) fn release(&self) {
        if let Some(server) = &self.server {
            server.release(GATE).unwrap();
        }
    }

    /// Told when the fault has struck.
    pub(crate) fn done(&self) -> &Done {
        &self.done
    }

    /// Told when a request has come that meets the fault.
    pub(crate) fn met(&self) -> &Done {
        &self.met
    }

    /// How many connections it has got, once they are as many as are expected.
    pub(crate) fn connections(&self, expected: usize) -> usize {
        let server = self.server.as_ref().unwrap();
        server.wait_connections(expected, winhttp_tests::PATIENCE);
        server.connections()
    }

    /// The code of the close frame that it gets.
    pub(crate) fn told(&self) -> Option<u16> {
        let server = self.server.as_ref()?;
        let frames = server.wait_frames(0, 1, winhttp_tests::PATIENCE)?;
        let close = frames.last()?.close_code_and_reason();
        close.map(|(code, _)| code)
    }
}

/// One for all: proving that it is full takes a while.
fn full() -> &'static TcpHole {
    static FULL: OnceLock<TcpHole> = OnceLock::new();
    FULL.get_or_init(|| TcpHole::full().unwrap())
}

/// Makes what is kept for the whole run, so that no case is charged with it. Gives the polls that
/// there are without any session.
pub(crate) fn furnish() -> Possessions {
    let _kept = (full(), authority(), huge());
    let before = Possessions::now();
    let server = Server::plain(by_path).unwrap();
    for mode in [Mode::Sync, Mode::Async] {
        let client = Client::<u16>::new(mode);
        let request = client.get(server.port(), "/status");
        client.exchange(request).unwrap();
        client.finish();
    }
    drop(server);
    let kept = Possessions {
        descriptors: usize::MAX,
        ..before
    };
    kept.wait_for("the first exchanges");
    kept
}

pub(crate) fn tls(identity: &Identity) -> TlsSettings {
    static GOOD: OnceLock<certs::Identity> = OnceLock::new();
    let own = |options: &IdentityOptions| authority().issue(options).unwrap();
    let good = IdentityOptions::default();
    match identity {
        Identity::Good => TlsSettings::new(GOOD.get_or_init(|| own(&good))),
        Identity::Of(options) => TlsSettings::new(&own(options)),
        Identity::ForeignKey => TlsSettings::new(&own(&good)).sign_with(&own(&good)),
        Identity::Unknown => {
            let stranger = certs::Authority::new().unwrap();
            TlsSettings::new(&stranger.issue(&good).unwrap())
        }
    }
}

/// The script of a peer: its part up to the fault, the wait, the fault, and the wait for the client
/// to go.
fn play(
    script: &Script,
    row: &Row,
    done: Done,
    met: Done,
) -> impl Fn(&mut Connection) -> io::Result<()> + Send + Sync + 'static {
    let (script, again) = (script.clone(), row.again.clone());
    let (earlier, lead) = (row.earlier, row.lead);
    move |connection| {
        let cue = |request| Cue {
            done: done.clone(),
            request,
        };
        let request = match meet(connection, &script.until, &earlier, lead)? {
            Met::Nobody => return Ok(()),
            Met::Other(request) => return serve(connection, &again, &cue(Some(request))),
            Met::Fault(request) => request,
        };
        if let Some(request) = &request {
            play_until(connection, &script.until, request)?;
        }
        met.tell();
        if connection.hold(GATE)? != Held::Released {
            return Ok(());
        }
        let cue = cue(request);
        // A client that goes while the fault is still going on is what many cases are about.
        let _gone = (script.act)(connection, &cue);
        done.tell();
        if earlier.occupies_connection() {
            return match connection.read_head()? {
                Some(_) => serve(connection, &again, &cue),
                None => Ok(()),
            };
        }
        // Not reading on: a peer that is to be silent must let the connection fill.
        connection.hold("the end").map(drop)
    }
}

/// Who comes on a connection.
enum Met {
    /// Nobody: the client goes.
    Nobody,
    /// The request that meets the fault, if the peer waits for one.
    Fault(Option<Request>),
    /// Another one, which is served.
    Other(Request),
}

/// Plays along with the earlier request, or with those that lead to the fault, where this is their
/// connection.
fn meet(
    connection: &mut Connection,
    until: &Until,
    earlier: &Earlier,
    lead: Lead,
) -> io::Result<Met> {
    if matches!(until, Until::Hello) {
        connection.read_exactly(5)?;
        return Ok(Met::Fault(None));
    }
    let Some(request) = connection.read_head()? else {
        return Ok(Met::Nobody);
    };
    if lead.keeps_connection() && request.target != LATER {
        return meet_led(connection, request, lead);
    }
    if request.target != EARLIER {
        let is_other = [LATER, NEXT].contains(&&*request.target) || *earlier != Earlier::None;
        return Ok(match is_other {
            true => Met::Other(request),
            false => Met::Fault(Some(request)),
        });
    }
    match earlier {
        Earlier::None | Earlier::Holds | Earlier::Reads => Ok(Met::Fault(Some(request))),
        Earlier::Abandoned(begun) => {
            connection.send(begun.as_bytes())?;
            Ok(Met::Fault(Some(request)))
        }
        Earlier::Read | Earlier::Shared => {
            connection.send(WHOLE)?;
            let next = connection.read_head()?;
            Ok(next.map_or(Met::Nobody, |request| Met::Fault(Some(request))))
        }
    }
}

/// Leads a request on until it meets the fault; on another connection it is repeated.
fn meet_led(connection: &mut Connection, first: Request, lead: Lead) -> io::Result<Met> {
    if lead.answer(&first).is_none() {
        return Ok(Met::Other(first));
    }
    let mut request = first;
    while let Some(answer) = lead.answer(&request) {
        pass_body(connection, &request)?;
        connection.send(answer.as_bytes())?;
        match connection.read_head()? {
            Some(next) => request = next,
            None => return Ok(Met::Nobody),
        }
    }
    Ok(Met::Fault(Some(request)))
}

/// Reads a counted body, and keeps nothing of it.
pub(crate) fn pass_body(connection: &mut Connection, request: &Request) -> io::Result<()> {
    let length = request.header("Content-Length");
    let mut left = length.map_or(0, |length| length.parse().unwrap());
    let mut buffer = vec![0; 64 << 10];
    while left > 0 {
        let room = left.min(buffer.len());
        match connection.read(&mut buffer[..room])? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => left -= count,
        }
    }
    Ok(())
}

/// Does the same with every request.
fn serve(connection: &mut Connection, again: &Act, cue: &Cue) -> io::Result<()> {
    loop {
        again(connection, cue)?;
        if connection.read_head()?.is_none() {
            return Ok(());
        }
    }
}

/// Plays along with a request.
fn play_until(connection: &mut Connection, until: &Until, request: &Request) -> io::Result<()> {
    match until {
        Until::Hello | Until::Request => Ok(()),
        Until::Answered(bytes) => connection.send(bytes),
        Until::Accepted(behind) => {
            connection.accept_websocket_with(request, &request.accept_fields(), behind)
        }
        Until::PartlyAccepted(bytes) => {
            let answer = super::upgrade_rows::answer(request);
            connection.send(answer.as_bytes().get(..*bytes).unwrap())
        }
    }
}

/// A handle on which an operation is next, and its ancestors, nearest first.
pub(crate) struct Ready {
    pub(crate) handle: Handle,
    pub(crate) parents: Vec<Handle>,
    /// What has the only connection, and whether its answer is to be read.
    holder: Option<(Handle, Earlier)>,
}

impl Ready {
    /// Reads the answer of the request that has the only connection, if that is its part.
    pub(crate) fn read_earlier(&self, client: &Client<u16>) {
        if let Some((holder, Earlier::Reads)) = self.holder {
            // How it ends is what other rows are about.
            let _end = client.receive(holder).and_then(|()| client.body(holder));
        }
    }

    /// Closes the request that had the only connection.
    pub(crate) fn close_earlier(&self, client: &Client<u16>) {
        if let Some((holder, _)) = self.holder {
            client.close(holder).unwrap();
        }
    }

    /// A request behind the operation's, whose handle's nearest parent is its connect handle.
    pub(crate) fn open_later(&self, client: &Client<u16>, row: &Row) -> Handle {
        client
            .open_request(self.parents[0], "GET", LATER, flags(row))
            .unwrap()
    }
}

/// Whoever meets the fault speaks TLS.
pub(crate) fn speaks_tls(row: &Row) -> bool {
    let greets = match &row.peer {
        Peer::Tls(..) => true,
        Peer::Plays(script) => matches!(script.until, Until::Hello),
        _ => false,
    };
    row.secure || greets
}

fn flags(row: &Row) -> u32 {
    let is_beyond = matches!(row.beyond, Some(Beyond::Https | Beyond::SecureWebSocket));
    let is_secure = match row.lead {
        Lead::Server { secure } => secure,
        Lead::None | Lead::Path | Lead::Basic | Lead::Digest | Lead::PathThenBasic => {
            speaks_tls(row) || is_beyond
        }
    };
    match is_secure {
        true => c::WINHTTP_FLAG_SECURE,
        false => 0,
    }
}

/// Brings a client to the operation.
pub(crate) fn ready(client: &Client<u16>, row: &Row, address: (&str, u16), limited: bool) -> Ready {
    let (mut host, port) = address;
    if row.beyond.is_some() {
        set_proxy::<u16>(client.session, &format!("{host}:{port}"), None).unwrap();
        host = TARGET;
    }
    if row.earlier != Earlier::Shared {
        // With a limit of its own the session shares no connection, and all of them end with it.
        let is_only = row.later || row.earlier != Earlier::None;
        let option = c::WINHTTP_OPTION_MAX_CONNS_PER_SERVER;
        set_dword::<u16>(client.session, option, if is_only { 1 } else { 2 }).unwrap();
    }
    let connect = client.connect(host, port).unwrap();
    let holder = go_before(client, row, connect);
    let request = client
        .open_request(connect, row.verb, "/", flags(row))
        .unwrap();
    let limit = if limited { SHORT_MS } else { 0 };
    set_timeouts::<u16>(request, limit, limit, limit, limit);
    if row.lead.challenges() {
        set_text::<u16>(request, c::WINHTTP_OPTION_USERNAME, "user").unwrap();
        set_text::<u16>(request, c::WINHTTP_OPTION_PASSWORD, "password").unwrap();
    }
    let above = vec![connect, client.session];
    match row.operation {
        Operation::Resolve
        | Operation::Connect
        | Operation::Handshake
        | Operation::Wait
        | Operation::SendRequest => {}
        Operation::Tunnel => prepare_tunnel(row, request),
        Operation::WriteData => announce_body(client, request),
        Operation::ReadHead => {
            let body = &huge()[..row.given];
            let total = u32::try_from(row.given).unwrap();
            let given = Sending {
                body,
                total,
                ..Sending::default()
            };
            client.send_with(request, given).unwrap();
        }
        Operation::ReadBody => client.exchange(request).unwrap(),
        Operation::Upgrade => {
            upgrade::<u16>(request).unwrap();
            client.send(request).unwrap();
        }
        _ => {
            upgrade::<u16>(request).unwrap();
            client.exchange(request).unwrap();
            let handle = client.complete_upgrade(request, 0).unwrap();
            if limited {
                let option = c::WINHTTP_OPTION_WEB_SOCKET_CLOSE_TIMEOUT;
                set_dword::<u16>(handle, option, SHORT_MS.unsigned_abs()).unwrap();
            }
            receive_before(client, row, handle);
            let parents = [vec![request], above].concat();
            return Ready {
                handle,
                parents,
                holder,
            };
        }
    }
    Ready {
        handle: request,
        parents: above,
        holder,
    }
}

/// The program's name and password for the proxy, and what it wants the tunnel for.
fn prepare_tunnel(row: &Row, request: Handle) {
    let name = c::WINHTTP_OPTION_PROXY_USERNAME;
    set_text::<u16>(request, name, "user").unwrap();
    let password = c::WINHTTP_OPTION_PROXY_PASSWORD;
    set_text::<u16>(request, password, "pa55word").unwrap();
    if row.beyond != Some(Beyond::Https) {
        upgrade::<u16>(request).unwrap();
    }
}

/// Does what an earlier request has done; gives it, if it goes on.
fn go_before(client: &Client<u16>, row: &Row, connect: Handle) -> Option<(Handle, Earlier)> {
    if row.earlier == Earlier::None {
        return None;
    }
    let request = client
        .open_request(connect, "GET", EARLIER, flags(row))
        .unwrap();
    match row.earlier {
        Earlier::None => None,
        Earlier::Read | Earlier::Shared => {
            client.exchange(request).unwrap();
            assert_eq!(client.body(request).unwrap(), b"right");
            client.close(request).unwrap();
            None
        }
        Earlier::Abandoned(_) => {
            client.exchange(request).unwrap();
            assert_eq!(client.read(request, 1).unwrap(), b"0");
            client.close(request).unwrap();
            None
        }
        Earlier::Holds | Earlier::Reads => {
            client.send(request).unwrap();
            Some((request, row.earlier))
        }
    }
}

fn announce_body(client: &Client<u16>, request: Handle) {
    let before = client.events(request);
    let (null, total) = (std::ptr::null(), u32::try_from(HUGE).unwrap());
    // SAFETY: no memory is passed.
    winhttp_tests::call(unsafe {
        winhttp::WinHttpSendRequest::<u16>(request.raw(), null, 0, null.cast(), 0, total, 0)
    })
    .unwrap();
    let sent = c::WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE;
    client.completion(request, sent, before).unwrap();
}

fn receive_before(client: &Client<u16>, row: &Row, handle: Handle) {
    if row.before.is_empty() {
        return;
    }
    let attempt = Attempt::new(client, Operation::Receive, handle);
    assert_eq!(
        attempt.receive_bytes(row.before.len()),
        Ok(row.before.clone())
    );
    attempt.into_memory().give_back();
}
