//! The table of options: one row each, in the order of their numbers.
//!
//! A row's comment says what the option does in this version; where that is less than WinHTTP
//! documents, it ends with what the effect waits for.

use super::Check::{Any, Mask, MaskByKind, Max, MaxChars, Min};
use super::Default::{self, EmptyText, NoValue, Null, Number};
use super::LengthRule::{OrNull, Strict, Usual};
use super::OptionError::{IncorrectHandleState, InvalidOption};
use super::State::{self, Honoured, Recorded, Refused};
use super::Type::{self, Bool, Dword, EdgeStruct, Pointer, Secret, Struct, Text, Variable};
use super::{HandleKind, Kinds, Layout, OptionId, Row, Structure};
use crate::header::Version;

// Sets of handle kinds, as the columns of docs/options.md write them.
const NONE: Kinds = Kinds::NONE;
const G: Kinds = Kinds::GLOBAL;
const S: Kinds = Kinds::SESSION;
const C: Kinds = Kinds::CONNECT;
const R: Kinds = Kinds::REQUEST;
const W: Kinds = Kinds::WEB_SOCKET;
const S_R: Kinds = S.and(R);
const S_C_R: Kinds = S_R.and(C);
const G_S: Kinds = G.and(S);
const G_S_R: Kinds = G.and(S_R);
const G_S_C_R: Kinds = G.and(S_C_R);
const S_C_R_W: Kinds = S_C_R.and(W);
const C_R_W: Kinds = C.and(R).and(W);
const S_C_R_W_V: Kinds = S_C_R_W.and(Kinds::PROXY_RESOLVER);

const FALSE: Default = Number(0);
const TRUE: Default = Number(1);
const NOT_NOW: State = Refused(IncorrectHandleState);
const UNKNOWN: State = Refused(InvalidOption);

const HTTP_1_1: Default = Default::Struct(Structure::HttpVersion(Version::HTTP_11));

/// The fields most rows share.
const BASE: Row = Row {
    number: 0,
    name: "",
    set: NONE,
    query: NONE,
    ty: Variable,
    default: NoValue,
    state: UNKNOWN,
    check: Any,
    length: Usual,
    inherit: false,
    doc: "",
};

/// Makes of each row a constant of [`OptionId`] and an entry of [`ROWS`], both with the row's
/// comment.
macro_rules! options {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident = $number:literal { $($field:ident: $value:expr),* $(,)? }
    )+) => {
        impl OptionId {
            $($(#[doc = $doc])+ pub const $name: Self = Self($number);)+
        }

        /// All options of `winhttp.h`, sorted by number.
        pub static ROWS: &[Row] = &[$(Row {
            number: $number,
            name: concat!("WINHTTP_OPTION_", stringify!($name)),
            doc: concat!($($doc),+),
            $($field: $value,)*
            ..BASE
        }),+];
    };
}

options! {
    /// The status callback of the handle. Setting replaces the function and keeps its notification
    /// mask; where none was set before, the new function gets all notifications.
    CALLBACK = 1 {
        set: S_R, query: S_C_R_W, ty: Pointer, default: Null, state: Honoured, inherit: true,
    }
    /// Milliseconds for name resolution; 0 and 0xFFFFFFFF: no limit. A connect shows what its
    /// session has now.
    RESOLVE_TIMEOUT = 2 {
        set: S_R, query: S_C_R, ty: Dword, default: Number(0), state: Honoured, inherit: true,
    }
    /// Milliseconds for each attempt to connect, TLS handshake included; 0 and 0xFFFFFFFF: no
    /// limit.
    CONNECT_TIMEOUT = 3 {
        set: S_R, query: S_C_R, ty: Dword, default: Number(60_000), state: Honoured, inherit: true,
    }
    /// How many addresses of a host are tried, each once.
    CONNECT_RETRIES = 4 {
        set: S_R, query: S_R, ty: Dword, default: Number(5), state: Honoured, inherit: true,
    }
    /// Milliseconds a send may go without progress; 0 and 0xFFFFFFFF: no limit.
    SEND_TIMEOUT = 5 {
        set: S_R, query: S_C_R, ty: Dword, default: Number(30_000), state: Honoured, inherit: true,
    }
    /// Milliseconds a receive may go without progress; 0 and 0xFFFFFFFF: no limit. Not applied to
    /// idle WebSockets.
    RECEIVE_TIMEOUT = 6 {
        set: S_R, query: S_C_R, ty: Dword, default: Number(30_000), state: Honoured, inherit: true,
    }
    /// Milliseconds for all response headers from the end of sending on, looked at when something
    /// arrives; 0 and 0xFFFFFFFF: no limit. Never below `RECEIVE_TIMEOUT`, compared as unsigned
    /// numbers. Documented default 90 s, but Windows reads 0xFFFFFFFF, and so does this version.
    RECEIVE_RESPONSE_TIMEOUT = 7 {
        set: S_R, query: S_C_R, ty: Dword, default: Number(u32::MAX), state: Honoured,
        inherit: true,
    }
    /// The kind of the handle: session 1, connect 2, request 3, proxy resolver 4, WebSocket 5.
    HANDLE_TYPE = 9 { query: S_C_R_W_V, ty: Dword, state: Honoured }
    /// Deprecated, without effect on Windows too.
    READ_BUFFER_SIZE = 12 { set: R, query: R, ty: Dword, default: Number(8192), state: Recorded }
    /// Deprecated, without effect on Windows too.
    WRITE_BUFFER_SIZE = 13 { set: R, query: R, ty: Dword, default: Number(8192), state: Recorded }
    /// The handle this one was made from; of a WebSocket, the connect of its request. A session has
    /// none.
    PARENT_HANDLE = 21 { query: C_R_W, ty: Pointer, state: Honoured }
    /// The Winsock number behind the last WinHTTP error of this thread. The handle does not matter.
    EXTENDED_ERROR = 24 { query: G_S_C_R, ty: Dword, state: Honoured }
    /// Which certificate defects are overlooked; replaces the whole mask. Once connected it also
    /// reads `SECURE` and `STRENGTH_*`, which cannot be set. `IGNORE_WEAK_SIGNATURE` is taken
    /// without effect.
    SECURITY_FLAGS = 31 {
        set: R, query: R, ty: Dword, default: Number(0), state: Honoured, check: Mask(0x1_3300),
    }
    /// `WINHTTP_CERTIFICATE_INFO` of the server. Its two strings have a line, ended by CR LF except
    /// for the last, for each value of the name in the certificate's order; they are freed with
    /// `LocalFree`.
    SECURITY_CERTIFICATE_STRUCT = 32 { query: R, ty: EdgeStruct { bytes: 64 }, state: Honoured }
    /// The full URL of the request, without credentials and without the scheme's default port.
    URL = 34 { query: R, ty: Text, state: Honoured }
    /// Strength of the cipher in bits.
    SECURITY_KEY_BITNESS = 36 { query: R, ty: Dword, state: Honoured }
    /// `WINHTTP_PROXY_INFO` with access type 0, 1, 3 or 4, others are `ERROR_INVALID_PARAMETER`;
    /// the strings are copied, and those of a query freed with `GlobalFree`. With the NULL handle:
    /// the machine's default. What it says counts for the next send and all of its legs.
    PROXY = 38 {
        set: S_R, query: G_S_R, ty: EdgeStruct { bytes: 24 }, state: Honoured, inherit: true,
    }
    /// One entry of a proxy resolver's result, taken over as `PROXY`, for every target; SOCKS fails
    /// with `ERROR_WINHTTP_CANNOT_CONNECT`.
    PROXY_RESULT_ENTRY = 39 {
        set: S_R, ty: EdgeStruct { bytes: 32 }, state: Honoured, inherit: true,
    }
    /// Sent as `User-Agent` unless the request has that header; line breaks in it are
    /// `ERROR_INVALID_PARAMETER`. The length may count the terminator or not. A request without one
    /// of its own shows and sends its session's.
    USER_AGENT = 41 { set: S_R, query: S_R, ty: Text, default: EmptyText, state: Honoured }
    /// The context given to callbacks.
    CONTEXT_VALUE = 45 {
        set: S_C_R_W_V, query: S_C_R_W_V, ty: Pointer, default: Null, state: Honoured,
        inherit: true,
    }
    /// (NULL, 0): go on without a client certificate. A certificate context fails with
    /// `ERROR_WINHTTP_CLIENT_CERT_NO_PRIVATE_KEY`, as no context of this version carries a key; a
    /// request without `WINHTTP_FLAG_SECURE` with `ERROR_WINHTTP_INCORRECT_HANDLE_STATE`.
    CLIENT_CERT_CONTEXT = 47 {
        set: R, ty: EdgeStruct { bytes: 40 }, state: Honoured, length: OrNull,
    }
    /// Deprecated, without effect on Windows too.
    REQUEST_PRIORITY = 58 { set: R, query: R, ty: Dword, default: Number(0), state: Recorded }
    /// The version requests without one of their own use, 1.0 or 1.1; with the NULL handle, for the
    /// process.
    HTTP_VERSION = 59 {
        set: G_S_R, query: G_S_R, ty: Struct(Layout::HttpVersion), default: HTTP_1_1,
        state: Honoured, inherit: true,
    }
    /// Switches off cookies 1, redirects 2, authentication 4, keep-alive 8; any bits are taken, and
    /// calls add up. Without cookies none are stored or sent, and the program's own go out as they
    /// are; without keep-alive the request says `Connection: close`; without redirects and
    /// authentication the program gets the answer that asks for them.
    DISABLE_FEATURE = 63 { set: R, ty: Dword, default: Number(0), state: Honoured }
    /// Code page of a URL's query. It goes out as UTF-8 whatever is set: waits for code pages.
    CODEPAGE = 68 { set: S, ty: Dword, default: Number(65_001), state: Recorded, inherit: true }
    /// Limit of connections to one server; 0 means 2. Requests beyond it wait for those before
    /// them, in order and without a limit. The session keeps its connections to itself then.
    MAX_CONNS_PER_SERVER = 73 {
        set: S, query: S, ty: Dword, default: Number(u32::MAX), state: Honoured,
    }
    /// The same for servers that have answered with HTTP/1.0 in the last minute.
    MAX_CONNS_PER_1_0_SERVER = 74 {
        set: S, query: S, ty: Dword, default: Number(u32::MAX), state: Honoured,
    }
    /// When the user's own credentials are sent unasked: medium 0, low 1, high 2, proxy only 3.
    /// They never are: waits for NTLM and Negotiate.
    AUTOLOGON_POLICY = 77 {
        set: S_R, ty: Dword, default: Number(0), state: Recorded, check: Max(3), inherit: true,
    }
    /// The server's certificate, a new reference for each query; from `SENDING_REQUEST` on.
    SERVER_CERT_CONTEXT = 78 { query: R, ty: Pointer, state: Honoured }
    /// Revocation checks 1 (requests), impersonation 2 (sessions). Lengths other than 4, 8
    /// included, and unknown bits are `ERROR_INVALID_PARAMETER`. Certificates are **not** checked
    /// for revocation: waits for that check.
    ENABLE_FEATURE = 79 {
        set: S_R, ty: Dword, default: Number(0), state: Recorded,
        check: MaskByKind(&[(HandleKind::Request, 1), (HandleKind::Session, 2)]), length: Strict,
    }
    /// Threads for completions, 0 meaning one per processor. Settable once. Without effect: each
    /// session polls on one thread of its own.
    WORKER_THREAD_COUNT = 80 {
        set: G, query: G_S_C_R, ty: Dword, default: Number(0), state: Recorded,
    }
    /// No Passport data ever exists.
    PASSPORT_COBRANDING_TEXT = 81 { query: R, ty: Text, state: NOT_NOW }
    /// No Passport data ever exists.
    PASSPORT_COBRANDING_URL = 82 { query: R, ty: Text, state: NOT_NOW }
    /// Switches Passport authentication: a redirect of Passport reads as a 401. Nobody logs in.
    CONFIGURE_PASSPORT_AUTH = 83 {
        set: S, ty: Dword, default: Number(0), state: Honoured, check: Mask(0x7000_0000),
        inherit: true,
    }
    /// Allowed TLS versions. TLS 1.2 and 1.3 are honoured, older ones taken and never used: with
    /// only those, handshakes fail. Less than TLS 1.2 on a session of
    /// `WINHTTP_FLAG_SECURE_DEFAULTS` is `ERROR_ACCESS_DENIED`.
    SECURE_PROTOCOLS = 84 {
        set: S, ty: Dword, default: Number(0x2800), state: Honoured, check: Mask(0x2AA8),
        inherit: true,
    }
    /// Tracing switch of the process. There is no trace yet: waits for the library's log.
    ENABLETRACING = 85 { set: G, query: G, ty: Bool, default: FALSE, state: Recorded }
    /// Forgets the cookies that a request for this URL would get, those for https included. What
    /// is no URL is `ERROR_INVALID_PARAMETER`.
    PASSPORT_SIGN_OUT = 86 { set: S, ty: Text, default: EmptyText, state: Honoured }
    /// No Passport data ever exists.
    PASSPORT_RETURN_URL = 87 { query: R, ty: Text, state: NOT_NOW }
    /// Redirects followed: never 0, not from https to http 1, always 2. Lengths 4 and 8 are taken,
    /// the 8 for programs that pass an `unsigned long`.
    REDIRECT_POLICY = 88 {
        set: S_R, query: S_R, ty: Dword, default: Number(1), state: Honoured, check: Max(2),
        inherit: true,
    }
    /// Redirects that one ReceiveResponse follows; one more is `ERROR_WINHTTP_REDIRECT_FAILED`.
    MAX_HTTP_AUTOMATIC_REDIRECTS = 89 {
        set: S_R, query: S_R, ty: Dword, default: Number(10), state: Honoured, inherit: true,
    }
    /// How many 1xx responses are skipped; one more is `ERROR_WINHTTP_INVALID_SERVER_RESPONSE`.
    MAX_HTTP_STATUS_CONTINUE = 90 {
        set: S_R, query: S_C_R, ty: Dword, default: Number(10), state: Honoured, inherit: true,
    }
    /// Bytes of response headers; more is `ERROR_WINHTTP_HEADER_SIZE_OVERFLOW`.
    MAX_RESPONSE_HEADER_SIZE = 91 {
        set: S_R, query: S_C_R, ty: Dword, default: Number(65_536), state: Honoured, inherit: true,
    }
    /// Bytes of an unread body that are passed so that its connection serves another request.
    MAX_RESPONSE_DRAIN_SIZE = 92 {
        set: S_R, query: S_C_R, ty: Dword, default: Number(1_048_576), state: Honoured,
        inherit: true,
    }
    /// Local and remote address, with Windows' family numbers. cbSize must be preset to the size or
    /// to 0, else `ERROR_INVALID_PARAMETER`. From the send on.
    CONNECTION_INFO = 93 { query: R, ty: EdgeStruct { bytes: 264 }, state: Honoured }
    /// Issuers the server would take a client certificate of. Not kept: waits for client
    /// certificates.
    CLIENT_CERT_ISSUER_LIST = 94 { query: R, ty: Pointer, state: NOT_NOW }
    /// Whether the Kerberos name of the server has its port, 0 or 1. Without effect: waits for
    /// Negotiate.
    SPN = 96 { set: R, ty: Dword, default: Number(0), state: Recorded, check: Mask(1) }
    /// Needs a switch of the system that is off on Windows by default; the error there is the same.
    GLOBAL_PROXY_CREDS = 97 { set: G, ty: EdgeStruct { bytes: 48 }, state: UNKNOWN }
    /// Needs a switch of the system that is off on Windows by default; the error there is the same.
    GLOBAL_SERVER_CREDS = 98 { set: G, ty: EdgeStruct { bytes: 56 }, state: UNKNOWN }
    /// Event signalled after the session's last callback. Settable once; wrong lengths are
    /// `ERROR_INVALID_PARAMETER`.
    UNLOAD_NOTIFY_EVENT = 99 { set: S, ty: Pointer, default: Null, state: Honoured, length: Strict }
    /// Refuses redirects to URLs that have a user name or password; else these are dropped.
    REJECT_USERPWD_IN_URL = 100 { set: R, ty: Bool, default: FALSE, state: Honoured }
    /// Falls back to the credentials of the process. Without effect: there are none.
    USE_GLOBAL_SERVER_CREDENTIALS = 101 {
        set: S, ty: Bool, default: FALSE, state: Recorded, inherit: true,
    }
    /// Makes whatever a proxy answers to CONNECT readable as the response.
    RECEIVE_PROXY_CONNECT_RESPONSE = 103 {
        set: S_R, ty: Bool, default: FALSE, state: Honoured, inherit: true,
    }
    /// Whether the response is what a proxy has answered to CONNECT; FALSE of a session.
    IS_PROXY_CONNECT_RESPONSE = 104 { query: S_R, ty: Bool, default: FALSE, state: Honoured }
    /// Undocumented: index of the network interface. Connections are not bound to it: waits for
    /// sockets bound to interfaces.
    NETWORK_INTERFACE_AFFINITY = 105 {
        set: S_R, ty: Dword, default: Number(0), state: Recorded, inherit: true,
    }
    /// Kerberos name of the server. There is none: waits for NTLM and Negotiate.
    SERVER_SPN_USED = 106 { query: R, ty: Text, state: NOT_NOW }
    /// Kerberos name of the proxy. There is none: waits for NTLM and Negotiate.
    PROXY_SPN_USED = 107 { query: R, ty: Text, state: NOT_NOW }
    /// Channel binding of the TLS connection, `tls-server-end-point`: `SecPkgContext_Bindings`, the
    /// `SEC_CHANNEL_BINDINGS` it points to, and the token, all in the caller's buffer.
    SERVER_CBT = 108 { query: R, ty: Variable, state: Honoured }
    /// Tolerates sloppy response headers. Without effect: the parser stays as it is.
    UNSAFE_HEADER_PARSING = 110 { set: R, ty: Dword, default: Number(0), state: Recorded }
    /// The program promises never to block in callbacks: completions may then come on the calling
    /// thread, inside the call.
    ASSURED_NON_BLOCKING_CALLBACKS = 111 {
        set: S, ty: Bool, default: FALSE, state: Honoured, inherit: true,
    }
    /// Makes the next send a WebSocket handshake. Set with (NULL, 0).
    UPGRADE_TO_WEB_SOCKET = 114 { set: R, ty: Type::None, state: Honoured }
    /// Milliseconds `WinHttpWebSocketClose` waits for the peer's close frame.
    WEB_SOCKET_CLOSE_TIMEOUT = 115 {
        set: W, query: W, ty: Dword, default: Number(10_000), state: Honoured,
    }
    /// Milliseconds of silence before a keep-alive frame is sent, at least 15000. Lengths other
    /// than 4, 8 included, are `ERROR_INVALID_PARAMETER`, as is every query.
    WEB_SOCKET_KEEPALIVE_INTERVAL = 116 {
        set: W, ty: Dword, default: Number(30_000), state: Honoured, check: Min(15_000),
        length: Strict,
    }
    /// Body codings that are decoded: gzip 1, deflate 2. What is set is sent as Accept-Encoding,
    /// instead of the program's own; a decoded response shows neither Content-Encoding nor
    /// Content-Length.
    DECOMPRESSION = 118 {
        set: S_R, ty: Dword, default: Number(0), state: Honoured, check: Mask(3), inherit: true,
    }
    /// Bytes a WebSocket of this request may read ahead. Not known to connects and WebSockets.
    WEB_SOCKET_RECEIVE_BUFFER_SIZE = 122 {
        set: S_R, query: S_R, ty: Dword, default: Number(32_768), state: Honoured, inherit: true,
    }
    /// Bytes of a WebSocket's send buffer. Any number is taken, but one below 16 makes the send of
    /// the upgrade fail with `ERROR_NOT_ENOUGH_MEMORY`.
    WEB_SOCKET_SEND_BUFFER_SIZE = 123 {
        set: S_R, query: S_R, ty: Dword, default: Number(32_768), state: Honoured, inherit: true,
    }
    /// Undocumented: priority of TCP packets. Packets are not marked: waits for QoS.
    TCP_PRIORITY_HINT = 128 {
        set: S, ty: Dword, default: Number(0), state: Recorded, inherit: true,
    }
    /// Undocumented.
    CONNECTION_FILTER = 131 { set: S, state: UNKNOWN }
    /// Newer protocols allowed: HTTP/2 1, HTTP/3 2. Connections fall back to HTTP/1.1: waits for
    /// HTTP/2.
    ENABLE_HTTP_PROTOCOL = 133 {
        set: S_R, ty: Dword, default: Number(0), state: Recorded, check: Mask(3), inherit: true,
    }
    /// The newer protocol in use. Always 0: HTTP/1.x.
    HTTP_PROTOCOL_USED = 134 { query: R, ty: Dword, default: Number(0), state: Honoured }
    /// Milliseconds a connection may be idle and still be used, at least 5000; without the option
    /// 60000. Before the session has children. The session keeps its connections to itself then.
    CONNECTION_IDLE_TIMEOUT = 135 {
        set: S, ty: Dword, default: Number(60_000), state: Honoured, check: Min(5000),
    }
    /// Undocumented.
    KDC_PROXY_SETTINGS = 136 { set: S_R, state: UNKNOWN }
    /// Undocumented: do without the system's proxy service. Without effect: there is no such
    /// service.
    PROXY_DISABLE_SERVICE_CALLS = 137 {
        set: S, ty: Bool, default: FALSE, state: Recorded, inherit: true,
    }
    /// Percent-encodes more of path and query. Without effect: waits for its rules.
    ENCODE_EXTRA = 138 { set: S_R, ty: Bool, default: FALSE, state: Recorded, inherit: true }
    /// Opens another connection when all HTTP/2 streams are taken. Waits for HTTP/2.
    DISABLE_STREAM_QUEUE = 139 {
        set: S_R, ty: Bool, default: FALSE, state: Recorded, inherit: true,
    }
    /// Addresses of both families race as RFC 8305 describes: a silent one has company after 250
    /// milliseconds. Without it they are tried one after the other, each for `CONNECT_TIMEOUT`.
    IPV6_FAST_FALLBACK = 140 { set: S, ty: Bool, default: FALSE, state: Honoured, inherit: true }
    /// TCP statistics of the connection, from SENDING_REQUEST on; 0 is what the system does not
    /// tell.
    CONNECTION_STATS_V0 = 141 { query: R, ty: EdgeStruct { bytes: 88 }, state: Honoured }
    /// When the request's steps happened, in ticks of 100 nanoseconds of the monotonic clock; the
    /// program sets `cTimes` to the number of entries it wants. The TLS handshake is the first leg.
    REQUEST_TIMES = 142 { query: R, ty: EdgeStruct { bytes: 520 }, state: Honoured }
    /// The connection of this active request serves no other one. Set with (NULL, 0). A request
    /// that has no connection, or whose body was read to its end:
    /// `ERROR_WINHTTP_INCORRECT_HANDLE_STATE`.
    EXPIRE_CONNECTION = 143 { set: R, ty: Type::None, state: Honoured }
    /// No second try with an older TLS version. Without effect: there never is one.
    DISABLE_SECURE_PROTOCOL_FALLBACK = 144 {
        set: S, ty: Bool, default: FALSE, state: Recorded, inherit: true,
    }
    /// Fails requests that get none of the newer protocols, which is all of them:
    /// `ERROR_WINHTTP_HTTP_PROTOCOL_MISMATCH`, without any I/O.
    HTTP_PROTOCOL_REQUIRED = 145 {
        set: S_R, ty: Bool, default: FALSE, state: Honoured, inherit: true,
    }
    /// Sizes of headers and of the body that was read, and whether the request was the first on its
    /// connection; the program sets `cStats` to the number of entries it wants. Sizes of TLS
    /// handshakes and counts of failed attempts are 0.
    REQUEST_STATS = 146 { query: R, ty: EdgeStruct { bytes: 272 }, state: Honoured }
    /// The server's certificate chain. Not built: waits for chain contexts; `SERVER_CERT_CONTEXT`
    /// has the server's own.
    SERVER_CERT_CHAIN_CONTEXT = 147 { query: R, ty: Pointer, state: NOT_NOW }
    /// Undocumented, of later headers: flags for building the chain. Without effect: verification
    /// stays complete.
    SERVER_CERT_CHAIN_BUILD_FLAGS = 148 {
        set: S_R, ty: Dword, default: Number(0), state: Recorded, inherit: true,
    }
    /// TCP statistics of the connection, more of them; 0 is what the system does not tell.
    CONNECTION_STATS_V1 = 150 { query: R, ty: EdgeStruct { bytes: 136 }, state: Honoured }
    /// Protocol and cipher of the TLS connection; zeros without one. With a 32-bit `wchar_t` the
    /// structure has 1348 bytes.
    SECURITY_INFO = 151 { query: R, ty: EdgeStruct { bytes: 708 }, state: Honoured }
    /// TCP keep-alive: on or off, idle time and interval, both in milliseconds and rounded up to
    /// seconds.
    TCP_KEEPALIVE = 152 {
        set: S, ty: Struct(Layout::TcpKeepAlive), default: Default::Struct(Structure::NO_PROBES),
        state: Honoured, inherit: true,
    }
    /// TCP Fast Open. Not used: connections are made the usual way.
    TCP_FAST_OPEN = 153 { set: S, ty: Bool, default: FALSE, state: Recorded, inherit: true }
    /// TLS False Start. Without effect: TLS 1.3 needs none.
    TLS_FALSE_START = 154 { set: S, ty: Bool, default: FALSE, state: Recorded, inherit: true }
    /// An unreachable revocation server is no error. None is asked: waits for the revocation check.
    IGNORE_CERT_REVOCATION_OFFLINE = 155 { set: R, ty: Bool, default: FALSE, state: Recorded }
    /// Allows a second try with TLS 1.0. Without effect: TLS 1.0 is never used.
    TLS_PROTOCOL_INSECURE_FALLBACK = 158 {
        set: S, ty: Bool, default: FALSE, state: Recorded, inherit: true,
    }
    /// The HTTP/2 stream's error. Always 0: waits for HTTP/2.
    STREAM_ERROR_CODE = 159 { query: R, ty: Dword, default: Number(0), state: Recorded }
    /// Reads an HTTP/2 body to the end of its stream whatever its Content-Length. Waits for HTTP/2.
    REQUIRE_STREAM_END = 160 { set: S_R, ty: Bool, default: FALSE, state: Recorded, inherit: true }
    /// Allows client certificates with HTTP/2. Waits for HTTP/2.
    ENABLE_HTTP2_PLUS_CLIENT_CERT = 161 {
        set: S, ty: Bool, default: FALSE, state: Recorded, inherit: true,
    }
    /// How often, and when, a request is sent once more: after a 408 on a used connection 1, a
    /// failed TLS handshake 2, a stale connection 4. Without it a stale connection is replaced
    /// once. Before the session has children.
    FAILED_CONNECTION_RETRIES = 162 {
        set: S, ty: Struct(Layout::FailedConnectionRetries), state: Honoured, inherit: true,
    }
    /// Milliseconds of silence before an HTTP/2 PING, at least 5000. Waits for HTTP/2.
    HTTP2_KEEPALIVE = 164 {
        set: S, ty: Dword, default: Number(0), state: Recorded, check: Min(5000), inherit: true,
    }
    /// The name that is looked up instead of the server's; Host and SNI stay. Must be a host name
    /// or address, or empty. Before the send.
    RESOLUTION_HOSTNAME = 165 { set: R, ty: Text, default: EmptyText, state: Honoured }
    /// Undocumented.
    SET_TOKEN_BINDING = 166 { set: R, state: UNKNOWN }
    /// Undocumented.
    TOKEN_BINDING_PUBLIC_KEY = 167 { query: R, state: UNKNOWN }
    /// Undocumented.
    REFERER_TOKEN_BINDING_HOSTNAME = 168 { set: R, ty: Text, state: UNKNOWN }
    /// FALSE makes an HTTP/2 response with Transfer-Encoding an error. Waits for HTTP/2.
    HTTP2_PLUS_TRANSFER_ENCODING = 169 {
        set: S_R, ty: Bool, default: TRUE, state: Recorded, inherit: true,
    }
    /// Undocumented: cache of name look-ups, and secure DNS. There is no such cache; demanding
    /// encrypted look-ups is `ERROR_NOT_SUPPORTED`.
    RESOLVER_CACHE_CONFIG = 170 {
        set: S, ty: Struct(Layout::ResolverCacheConfig), state: Recorded, inherit: true,
    }
    /// Does without the server's certificate chain. Without effect: none is built, and verification
    /// stays complete.
    DISABLE_CERT_CHAIN_BUILDING = 171 {
        set: S, ty: Bool, default: FALSE, state: Recorded, inherit: true,
    }
    /// Connections opened at once by the first send to a server, its own included, 64 at the most;
    /// the others wait in the pool.
    BACKGROUND_CONNECTIONS = 172 {
        set: S, ty: Dword, default: Number(0), state: Honoured, inherit: true,
    }
    /// A request that opens a connection takes one that becomes free before; its own then waits in
    /// the pool.
    FIRST_AVAILABLE_CONNECTION = 173 {
        set: S, ty: Bool, default: FALSE, state: Honoured, inherit: true,
    }
    /// Priority of TCP packets in force. Reads what was set as `TCP_PRIORITY_HINT`.
    TCP_PRIORITY_STATUS = 177 { query: R, ty: Dword, default: Number(0), state: Recorded }
    /// Marks the connection that the request gets from then on; all zeroes leave it as it is.
    CONNECTION_GUID = 178 {
        set: R, query: R, ty: Struct(Layout::Guid), state: Honoured,
        default: Default::Struct(Structure::Guid([0; 16])),
    }
    /// Uses only connections marked so, and without `REQUIRE_MARKED_CONNECTION` those that are not
    /// marked.
    MATCH_CONNECTION_GUID = 179 {
        set: R, ty: Struct(Layout::MatchConnectionGuid), state: Honoured,
    }
    /// Window of HTTP/2 streams. Waits for HTTP/2.
    HTTP2_RECEIVE_WINDOW = 183 {
        set: S, ty: Struct(Layout::Http2ReceiveWindow), state: Recorded, inherit: true,
    }
    /// Whether this version has a feature: its number (`WINHTTP_FEATURE_*`) is in the buffer, TRUE
    /// or FALSE takes its place. Unknown numbers are FALSE, and so are features whose options are
    /// only recorded.
    FEATURE_SUPPORTED = 184 { query: G_S, ty: Dword, state: Honoured }
    /// Statistics of a QUIC connection. There is none: waits for HTTP/3.
    QUIC_STATS = 185 { query: R, ty: EdgeStruct { bytes: 200 }, state: NOT_NOW }
    /// Waits for HTTP/3.
    HTTP3_KEEPALIVE = 188 { set: S, ty: Dword, default: Number(0), state: Recorded, inherit: true }
    /// Waits for HTTP/3.
    HTTP3_HANDSHAKE_TIMEOUT = 189 {
        set: S, ty: Dword, default: Number(0), state: Recorded, inherit: true,
    }
    /// Waits for HTTP/3.
    HTTP3_INITIAL_RTT = 190 {
        set: S, ty: Dword, default: Number(0), state: Recorded, inherit: true,
    }
    /// The HTTP/3 stream's error. Always 0: waits for HTTP/3.
    HTTP3_STREAM_ERROR_CODE = 191 {
        query: R, ty: Struct(Layout::Number64), default: Default::Struct(Structure::Number64(0)),
        state: Recorded,
    }
    /// A label of the program's own on the request, at most 64000 characters.
    REQUEST_ANNOTATION = 192 {
        set: R, query: R, ty: Text, default: EmptyText, state: Honoured, check: MaxChars(64_000),
    }
    /// Authentication schemes that are not used with proxies: Basic 1, Digest 2; NTLM, Kerberos and
    /// Negotiate are not used anyway.
    DISABLE_PROXY_AUTH_SCHEMES = 193 {
        set: S, ty: Dword, default: Number(0), state: Honoured, check: Mask(0x11F), inherit: true,
    }
    /// Undocumented. Without effect: there is no impersonation.
    REVERT_IMPERSONATION_SERVER_CERT = 194 {
        set: S_R, ty: Bool, default: FALSE, state: Recorded, inherit: true,
    }
    /// Keeps the session's connections to itself; they are closed with it.
    DISABLE_GLOBAL_POOLING = 195 { set: S, ty: Bool, default: FALSE, state: Honoured }
    /// One TLS credential for the session. Without effect: waits for client certificates.
    USE_SESSION_SCH_CRED = 196 { set: S, ty: Bool, default: FALSE, state: Recorded }
    /// Undocumented, of later headers. Without effect: verification stays complete.
    SERVER_CERT_CHAIN_BUILD_CACHE_ONLY = 199 {
        set: S_R, ty: Bool, default: FALSE, state: Recorded, inherit: true,
    }
    /// Undocumented, of later headers. Waits for HTTP/3.
    QUIC_STATS_V2 = 200 { query: R, state: NOT_NOW }
    /// Undocumented, of later headers. Waits for HTTP/3.
    QUIC_STREAM_STATS = 202 { query: R, state: NOT_NOW }
    /// Undocumented, of later headers. Without effect.
    USE_LOOKASIDE = 203 { set: S, ty: Bool, default: FALSE, state: Recorded, inherit: true }
    /// Undocumented, of later headers.
    ERROR_LOG_GUID = 204 { state: UNKNOWN }
    /// Undocumented, of later headers.
    ENABLE_FAST_FORWARDING = 205 { state: UNKNOWN }
    /// Undocumented, of later headers.
    FAST_FORWARDING_RESPONSE_DATA = 206 { state: UNKNOWN }
    /// Undocumented, of later headers.
    UPGRADE_TO_PROTOCOL = 207 { state: UNKNOWN }
    /// Undocumented, of later headers.
    CONNECTION_STATS_V2 = 208 { state: UNKNOWN }
    /// Undocumented, of later headers.
    FAST_FORWARDING_RESPONSE_STATUS = 209 { state: UNKNOWN }
    /// Undocumented, of later headers: code point of IP packets, 6 bits. Packets are not marked:
    /// waits for QoS.
    DSCP_TAG = 210 {
        set: S_R, ty: Dword, default: Number(0), state: Recorded, check: Max(63), inherit: true,
    }
    /// Undocumented, of later headers. Waits for HTTP/2.
    HTTP11_DOWNGRADE_TTL = 211 {
        set: S, ty: Dword, default: Number(0), state: Recorded, inherit: true,
    }
    /// Undocumented, of later headers.
    SESSION_ERROR_LOG_GUID = 212 { state: UNKNOWN }
    /// User name for the server, with which one challenge is answered.
    USERNAME = 4096 { set: R, query: R, ty: Secret, default: EmptyText, state: Honoured }
    /// Password for the server.
    PASSWORD = 4097 { set: R, query: R, ty: Secret, default: EmptyText, state: Honoured }
    /// User name that answers a proxy's challenges.
    PROXY_USERNAME = 4098 { set: R, query: R, ty: Secret, default: EmptyText, state: Honoured }
    /// Password for the proxy.
    PROXY_PASSWORD = 4099 { set: R, query: R, ty: Secret, default: EmptyText, state: Honoured }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::option::{check_query, check_set};

    /// `None` is the NULL handle.
    const HANDLES: [Option<HandleKind>; 6] = [
        None,
        Some(HandleKind::Session),
        Some(HandleKind::Connect),
        Some(HandleKind::Request),
        Some(HandleKind::ProxyResolver),
        Some(HandleKind::WebSocket),
    ];

    #[test]
    fn rows_are_sorted_by_number_without_repetition() {
        assert!(ROWS.is_sorted_by(|one, next| one.number < next.number));
    }

    #[test]
    fn names_are_unique_and_have_the_prefix_of_winhttp_h() {
        let names: HashSet<&str> = ROWS.iter().map(|row| row.name).collect();
        assert_eq!(names.len(), ROWS.len());
        assert!(names.iter().all(|name| name.starts_with("WINHTTP_OPTION_")));
    }

    #[test]
    fn the_baseline_has_121_options_later_headers_14_and_no_header_one() {
        let later = ROWS
            .iter()
            .filter(|row| row.number == 148 || (197..4096).contains(&row.number));
        assert_eq!(later.count(), 14);
        assert_eq!(ROWS.len(), 121 + 14 + 1);
    }

    #[test]
    fn an_option_can_be_used_somewhere_unless_it_is_refused_as_unknown() {
        for row in ROWS {
            let settable = HANDLES.iter().any(|kind| {
                let (has_buffer, length) = match row.ty.fixed_bytes() {
                    _ if row.ty == Type::None => (false, 0),
                    Some(bytes) => (true, bytes),
                    None => (true, 1),
                };
                check_set(row.number, *kind, has_buffer, length).is_ok()
            });
            let queryable = HANDLES
                .iter()
                .any(|kind| check_query(row.number, *kind).is_ok());
            let live = !matches!(row.state, Refused(_));
            assert_eq!(settable || queryable, live, "{}", row.name);
            assert_eq!(settable, live && !row.set.is_empty(), "{}", row.name);
            assert_eq!(queryable, live && !row.query.is_empty(), "{}", row.name);
        }
    }

    #[test]
    fn what_a_refused_option_answers_is_its_documented_error() {
        for row in ROWS {
            if let Refused(error) = row.state {
                // Unknown options cannot be queried.
                let expected = if error == InvalidOption {
                    super::super::OptionError::InvalidParameter
                } else {
                    error
                };
                assert!(matches!(error, InvalidOption | IncorrectHandleState));
                assert_eq!(
                    check_query(row.number, Some(HandleKind::Request)).err(),
                    Some(expected)
                );
            }
        }
    }

    #[test]
    fn only_what_a_parent_can_have_is_inherited() {
        for row in ROWS.iter().filter(|row| row.inherit) {
            assert!(row.set.contains(Some(HandleKind::Session)), "{}", row.name);
        }
    }

    #[test]
    fn defaults_pass_their_own_checks_where_they_can_be_set() {
        // 0 means "off" for the keep-alive of HTTP/2, which can only be asked for with more.
        let off_by_default = OptionId::HTTP2_KEEPALIVE;
        for row in ROWS.iter().filter(|row| row.id() != off_by_default) {
            let kind = HANDLES.into_iter().find(|kind| row.set.contains(*kind));
            let (Some(kind), Some(value)) = (kind, crate::option::Values::default().get(row.id()))
            else {
                continue;
            };
            assert_eq!(row.check_value(kind, &value), Ok(()), "{}", row.name);
        }
    }

    #[test]
    fn an_option_without_full_effect_says_what_is_missing() {
        for row in ROWS.iter().filter(|row| row.state == Recorded) {
            let said = [
                "aits for",
                "ithout effect",
                "Deprecated",
                "Not used",
                "Reads what",
                "no such cache",
            ];
            assert!(
                said.iter().any(|words| row.doc.contains(words)),
                "{}",
                row.name
            );
        }
    }
}
