//! What a row of the matrix says: an operation, a fault of its peer, and how the operation then
//! ends.

use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use winhttp_abi::constants as c;
use winhttp_fixtures::certs::{Authority, IdentityOptions};
use winhttp_fixtures::{Connection, Request, Wire};
use winhttp_tests::PATIENCE;
use winhttp_tests::scratch::kept;

/// What the program does when the fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Operation {
    /// WinHttpSendRequest, for the sake of its name look-up.
    Resolve,
    /// WinHttpSendRequest, for the sake of its connection attempt.
    Connect,
    /// WinHttpSendRequest, for the sake of its TLS handshake.
    Handshake,
    /// WinHttpSendRequest, for the sake of its tunnel through a proxy.
    Tunnel,
    /// WinHttpSendRequest, for the sake of its wait for a connection that others have.
    Wait,
    /// WinHttpSendRequest with more body than any socket takes.
    SendRequest,
    /// WinHttpWriteData with more body than any socket takes.
    WriteData,
    /// WinHttpReceiveResponse.
    ReadHead,
    /// WinHttpReadData to the end, at most [`PIECES_MAX`] times.
    ReadBody,
    /// WinHttpReceiveResponse and WinHttpWebSocketCompleteUpgrade.
    Upgrade,
    /// WinHttpWebSocketSend with more data than any socket takes.
    Send,
    /// WinHttpWebSocketSend of a few bytes.
    SendLittle,
    /// WinHttpWebSocketReceive to the end of a message, at most [`PIECES_MAX`] times.
    Receive,
    /// WinHttpWebSocketShutdown.
    Shutdown,
    /// WinHttpWebSocketClose.
    Close,
    /// None; when the fault has struck, it shows in a WinHttpWebSocketReceive.
    Idle,
}

/// Pieces of a body or message after which an operation counts as done.
pub(crate) const PIECES_MAX: usize = 200;

impl Operation {
    /// It belongs to a WebSocket handle.
    pub(crate) fn is_web_socket(self) -> bool {
        matches!(
            self,
            Self::Send
                | Self::SendLittle
                | Self::Receive
                | Self::Shutdown
                | Self::Close
                | Self::Idle
        )
    }

    /// Its first notification is an informational one, in both modes.
    pub(crate) fn is_announced(self) -> bool {
        !self.is_web_socket() && !matches!(self, Self::ReadBody | Self::WriteData)
    }

    /// The same, and it comes before the peer is released.
    pub(crate) fn is_announced_at_once(self) -> bool {
        self.is_announced() && self != Self::Wait
    }

    /// The status of its success.
    pub(crate) fn success(self) -> u32 {
        match self {
            Self::Resolve
            | Self::Connect
            | Self::Handshake
            | Self::Tunnel
            | Self::Wait
            | Self::SendRequest => c::WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE,
            Self::WriteData | Self::Send | Self::SendLittle => {
                c::WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE
            }
            Self::ReadHead | Self::Upgrade => c::WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE,
            Self::ReadBody | Self::Receive | Self::Idle => c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE,
            Self::Shutdown => c::WINHTTP_CALLBACK_STATUS_SHUTDOWN_COMPLETE,
            Self::Close => c::WINHTTP_CALLBACK_STATUS_CLOSE_COMPLETE,
        }
    }

    /// What its REQUEST_ERROR calls it: the API of WINHTTP_ASYNC_RESULT, or the operation of a
    /// WebSocket.
    pub(crate) fn api(self) -> u32 {
        let web_socket = |operation: i32| u32::try_from(operation).unwrap();
        match self {
            Self::Resolve
            | Self::Connect
            | Self::Handshake
            | Self::Tunnel
            | Self::Wait
            | Self::SendRequest => c::API_SEND_REQUEST,
            Self::WriteData => c::API_WRITE_DATA,
            Self::ReadHead | Self::Upgrade => c::API_RECEIVE_RESPONSE,
            Self::ReadBody => c::API_READ_DATA,
            Self::Send | Self::SendLittle => web_socket(c::WINHTTP_WEB_SOCKET_SEND_OPERATION),
            Self::Receive | Self::Idle => web_socket(c::WINHTTP_WEB_SOCKET_RECEIVE_OPERATION),
            Self::Shutdown => web_socket(c::WINHTTP_WEB_SOCKET_SHUTDOWN_OPERATION),
            Self::Close => web_socket(c::WINHTTP_WEB_SOCKET_CLOSE_OPERATION),
        }
    }
}

/// How an operation ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ends {
    /// With this error.
    Fails(u32),
    /// With success.
    Succeeds,
    /// With these data and this buffer type.
    Receives(Vec<u8>, i32),
    /// Not at all, as long as its handle is open.
    Never,
}

/// An answer behind which its connection goes on.
pub(crate) const WHOLE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nright";

/// What a peer does when it is released, once per connection.
pub(crate) type Act = Arc<dyn Fn(&mut Connection, &Cue) -> io::Result<()> + Send + Sync>;

/// The other end.
pub(crate) enum Peer {
    /// No host of this name.
    NoHost(&'static str),
    /// A loopback port that refuses.
    Refused,
    /// This loopback port, which programs may not use.
    Port(u16),
    /// A loopback port that swallows connection attempts.
    Swallows,
    /// A script.
    Plays(Script),
    /// A TLS server of this identity, well behaved above TLS.
    Tls(Identity, Wire),
}

/// How far a peer plays along before it waits to be released.
#[derive(Clone)]
pub(crate) enum Until {
    /// It has got five bytes of a TLS handshake.
    Hello,
    /// It has got a request head, nothing more is read.
    Request,
    /// It has answered a request head with these bytes.
    Answered(Vec<u8>),
    /// It has accepted a WebSocket, and sent these bytes behind the 101.
    Accepted(Vec<u8>),
    /// It has sent so many bytes of a good 101.
    PartlyAccepted(usize),
}

/// A peer that plays along to a point, waits to be released, and then does wrong.
#[derive(Clone)]
pub(crate) struct Script {
    pub(crate) until: Until,
    pub(crate) act: Act,
}

/// Who a TLS server is.
#[derive(Clone)]
pub(crate) enum Identity {
    /// One that there is nothing to say against.
    Good,
    /// The trusted authority's, with these options.
    Of(IdentityOptions),
    /// A stranger's.
    Unknown,
    /// The trusted authority's, with handshakes signed by another key.
    ForeignKey,
}

/// What an earlier request of the session has done to the connection before the operation's.
///
/// But for the first and the last, there may be one connection only, and a place that is lost is a
/// wait that never ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Earlier {
    /// There was none.
    None,
    /// It was answered and read to its end: its connection is used again.
    Read,
    /// It was answered with these bytes, read in part, and closed.
    Abandoned(&'static str),
    /// It was sent, and nobody receives its answer.
    Holds,
    /// It was sent, and a thread reads its answer to the end.
    Reads,
    /// As `Read`, on a connection that all sessions share.
    Shared,
}

impl Earlier {
    /// The fault strikes the earlier request's connection while that has it.
    pub(crate) fn occupies_connection(self) -> bool {
        matches!(self, Self::Abandoned(_) | Self::Holds | Self::Reads)
    }
}

/// What leads the operation's request to the one that meets the fault, inside the same
/// ReceiveResponse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lead {
    /// Nothing: it is the first.
    None,
    /// A redirect to another path, on the same connection.
    Path,
    /// A challenge on the same connection, which is answered with Basic.
    Basic,
    /// The same with Digest.
    Digest,
    /// A redirect to a path that challenges.
    PathThenBasic,
    /// A redirect by another server, which is one of TLS or not.
    Server {
        /// The server that leads there.
        secure: bool,
    },
}

impl Lead {
    /// How a request is answered that does not meet the fault yet.
    pub(crate) fn answer(self, request: &Request) -> Option<&'static str> {
        let has_moved = request.target != "/";
        let is_authenticated = request.header("Authorization").is_some();
        match self {
            Self::Path | Self::PathThenBasic if !has_moved => Some(MOVED),
            Self::Basic | Self::PathThenBasic if !is_authenticated => Some(ASKS_BASIC),
            Self::Digest if !is_authenticated => Some(ASKS_DIGEST),
            Self::None
            | Self::Path
            | Self::Basic
            | Self::Digest
            | Self::PathThenBasic
            | Self::Server { .. } => None,
        }
    }

    /// It leads on the connection that meets the fault.
    pub(crate) fn keeps_connection(self) -> bool {
        !matches!(self, Self::None | Self::Server { .. })
    }

    /// The program has credentials.
    pub(crate) fn challenges(self) -> bool {
        matches!(self, Self::Basic | Self::Digest | Self::PathThenBasic)
    }
}

const MOVED: &str = "HTTP/1.1 307 Moved\r\nLocation: /led\r\nContent-Length: 0\r\n\r\n";
const ASKS_BASIC: &str = "HTTP/1.1 401 Who?\r\nWWW-Authenticate: Basic realm=\"r\"\r\n\
    Content-Length: 5\r\n\r\nasked";
const ASKS_DIGEST: &str = "HTTP/1.1 401 Who?\r\nWWW-Authenticate: Digest realm=\"r\", \
    nonce=\"n\", qop=\"auth\"\r\nContent-Length: 5\r\n\r\nasked";

/// What is asked of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Beyond {
    /// A tunnel for https.
    Https,
    /// A tunnel for a WebSocket.
    WebSocket,
    /// A tunnel for a WebSocket over TLS.
    SecureWebSocket,
}

/// Which cases of a row every run tries; the full sweep tries all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// All.
    Light,
    /// The fault alone, and the handle closed by another thread.
    Heavy,
    /// The fault alone: it is one of many cut positions.
    Cut,
    /// None: its neighbours among the cut positions must do.
    Rare,
}

/// One row.
pub(crate) struct Row {
    pub(crate) operation: Operation,
    pub(crate) fault: String,
    pub(crate) peer: Peer,
    /// How it ends in synchronous and in asynchronous mode.
    pub(crate) ends: [Ends; 2],
    /// Until the peer is released, the operation waits for ever.
    pub(crate) pends: bool,
    /// Data that a WebSocket receives before the operation.
    pub(crate) before: Vec<u8>,
    /// Its script is played over TLS.
    pub(crate) secure: bool,
    /// The fault has struck, and a receive has failed of it, before the operation.
    pub(crate) seen: bool,
    /// Short timeouts are set.
    pub(crate) limited: bool,
    /// The peer goes on as long as the client reads.
    pub(crate) endless: bool,
    /// The word of the SECURE_FAILURE notification, if there is to be one.
    pub(crate) reasons: u32,
    /// The code of the close frame that the peer gets.
    pub(crate) told: Option<u16>,
    /// The peer is a proxy, which knows the program by name and password.
    pub(crate) beyond: Option<Beyond>,
    /// The request's verb.
    pub(crate) verb: &'static str,
    /// How many bytes of optional data it has, where it is sent before the operation.
    pub(crate) given: usize,
    /// What came before.
    pub(crate) earlier: Earlier,
    /// What comes before in the operation itself.
    pub(crate) lead: Lead,
    /// So many notifications are certain to come before the fault: in each of them the handle is
    /// closed.
    pub(crate) stops: u8,
    /// What the peer does with every request that is neither the earlier one nor meets the fault.
    pub(crate) again: Act,
    /// How many connections the peer gets.
    pub(crate) connections: Option<usize>,
    /// A later request is then answered, on a connection of its own.
    pub(crate) later: bool,
    /// What it costs.
    pub(crate) weight: Weight,
}

impl Row {
    /// A row that ends alike in both modes, with a peer that can be held.
    pub(crate) fn new(
        operation: Operation,
        fault: impl Into<String>,
        peer: Peer,
        ends: Ends,
    ) -> Self {
        Self {
            operation,
            fault: fault.into(),
            peer,
            ends: [ends.clone(), ends],
            pends: true,
            before: Vec::new(),
            secure: false,
            seen: false,
            limited: false,
            endless: false,
            reasons: 0,
            told: None,
            beyond: None,
            verb: match operation {
                Operation::SendRequest | Operation::WriteData => "POST",
                _ => "GET",
            },
            given: 0,
            earlier: Earlier::None,
            lead: Lead::None,
            stops: 0,
            again: Arc::new(|connection, _| connection.send(WHOLE)),
            connections: None,
            later: false,
            weight: Weight::Light,
        }
    }

    /// A row whose peer plays along and then acts.
    pub(crate) fn script(
        operation: Operation,
        fault: impl Into<String>,
        until: Until,
        act: impl Fn(&mut Connection, &Cue) -> io::Result<()> + Send + Sync + 'static,
        ends: Ends,
    ) -> Self {
        let act = Arc::new(act);
        Self::new(operation, fault, Peer::Plays(Script { until, act }), ends)
    }

    pub(crate) fn name(&self) -> String {
        format!("{:?} × {}", self.operation, self.fault)
    }
}

/// What a peer knows when it acts.
pub(crate) struct Cue {
    /// To be told before the act's end, if that is too late.
    pub(crate) done: Done,
    /// The last request, if it has read one.
    pub(crate) request: Option<Request>,
}

impl Cue {
    pub(crate) fn request(&self) -> &Request {
        self.request.as_ref().unwrap()
    }
}

/// Tells the driver that a peer has done what it had to.
#[derive(Clone, Default)]
pub(crate) struct Done(Arc<(Mutex<bool>, Condvar)>);

impl Done {
    pub(crate) fn tell(&self) {
        let (done, changed) = &*self.0;
        *done.lock().unwrap_or_else(PoisonError::into_inner) = true;
        changed.notify_all();
    }

    /// Waits for it; panics when patience ends.
    pub(crate) fn wait(&self, what: &str) {
        let (done, changed) = &*self.0;
        let done = done.lock().unwrap_or_else(PoisonError::into_inner);
        let (_done, timeout) = changed
            .wait_timeout_while(done, PATIENCE, |done| !*done)
            .unwrap_or_else(PoisonError::into_inner);
        assert!(
            !timeout.timed_out(),
            "{what}: the peer has not come to its end"
        );
    }
}

/// The authority that this process trusts, set up before its first session.
pub(crate) fn authority() -> &'static Authority {
    static AUTHORITY: std::sync::OnceLock<Authority> = std::sync::OnceLock::new();
    AUTHORITY.get_or_init(|| {
        let authority = Authority::new().unwrap();
        let file = authority.write_pem(kept("faults")).unwrap();
        // SAFETY: the only test of this binary comes here first; no other thread reads the
        // environment.
        unsafe { std::env::set_var("SSL_CERT_FILE", file) };
        authority
    })
}
