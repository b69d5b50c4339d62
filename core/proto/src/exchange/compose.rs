//! A request's head from what the program has set: which fields go on the wire, in which order, and
//! how long the body is.

use std::borrow::Cow;

use super::tunnel::CONNECT;
use crate::auth::{AuthTarget, Authorization, HeadBytes};
use crate::cookie::Pairs;
use crate::error::{Error, Result};
use crate::header::{HeaderList, Version, text};
use crate::http1::head::encode_request;
use crate::websocket::ClientKey;

/// Fields a request gets beside the program's own.
const GENERATED_FIELDS_MAX: usize = 8;
const LINE_END: &[u8] = b"\r\n";
const ACCEPT_ENCODING: &str = "Accept-Encoding";
/// As Windows spells it.
const KEEP_ALIVE: &str = "Keep-Alive";
const PROXY_CONNECTION: &str = "Proxy-Connection";
/// Methods that leave in capitals, however the program writes them (observed).
const METHODS: [&str; 8] = [
    "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT",
];

/// The method as it is sent: known ones in capitals, all others, PATCH among them, as they are.
#[must_use]
pub fn method(verb: String) -> Cow<'static, str> {
    let known = METHODS
        .iter()
        .find(|known| known.eq_ignore_ascii_case(&verb));
    known.map_or(Cow::Owned(verb), |known| Cow::Borrowed(known))
}

/// What a head's fields are made of.
#[derive(Clone, Copy, Debug)]
pub struct Draft<'d> {
    /// The method.
    pub verb: &'d str,
    /// The HTTP version.
    pub version: Version,
    /// The server's name as Host shows it, without the port.
    pub host: &'d str,
    /// The server's port.
    pub port: u16,
    /// https.
    pub secure: bool,
    /// It is given to a proxy, as it is: without a tunnel.
    pub for_proxy: bool,
    /// User-Agent, unless the program has added one.
    pub agent: Option<&'d str>,
    /// The fields the program has added.
    pub own: &'d HeaderList,
    /// What the session's jar has for this leg; `None` leaves the program's Cookie fields as they
    /// are (WINHTTP_DISABLE_COOKIES).
    pub cookies: Option<&'d Pairs>,
    /// Bytes of the whole body.
    pub body_bytes: u64,
    /// The connection may serve further requests (unless DISABLE_FEATURE says
    /// WINHTTP_DISABLE_KEEP_ALIVE).
    pub keeps_alive: bool,
    /// Accept-Encoding, instead of the program's own.
    pub accept_encoding: Option<&'static str>,
    /// The key of a WebSocket handshake.
    pub upgrade: Option<&'d ClientKey>,
}

impl Draft<'_> {
    /// The fields as they go on the wire: generated ones give way to the program's own, except for
    /// the handshake.
    #[must_use]
    pub fn fields(&self) -> HeaderList {
        let own = self.own;
        let mut wire = HeaderList::with_capacity(own.len() + GENERATED_FIELDS_MAX);
        let connection = self.connection();
        match connection {
            Some(KEEP_ALIVE) if self.for_proxy && own.contains(PROXY_CONNECTION) => {}
            Some(KEEP_ALIVE) if self.for_proxy => wire.push(PROXY_CONNECTION, KEEP_ALIVE),
            Some(connection) => wire.push("Connection", connection),
            None => {}
        }
        let cookie = self.cookies.and_then(|jar| cookie_field(own, jar));
        for header in own.iter() {
            // The program may have added its length twice; it goes out once.
            let again = header.is_named("Content-Length") && wire.contains("Content-Length");
            let replaced = (connection.is_some() && header.is_named("Connection"))
                || (self.accept_encoding.is_some() && header.is_named(ACCEPT_ENCODING));
            if header.is_named("Cookie")
                && let Some(cookie) = &cookie
            {
                if !wire.contains("Cookie") {
                    wire.push(&header.name, cookie); // where its first one stands
                }
            } else if !again && !replaced {
                wire.push(&header.name, &header.value);
            }
        }
        if let Some(codings) = self.accept_encoding {
            wire.push(ACCEPT_ENCODING, codings);
        }
        let mut generate = |name: &str, value: &[u8]| {
            if !own.contains(name) {
                wire.push(name, value);
            }
        };
        if let Some(agent) = self.agent.and_then(text::latin_1) {
            generate("User-Agent", &agent);
        }
        let announces_length = self.body_bytes > 0 || matches!(self.verb, "POST" | "PUT");
        if announces_length && !frames_own_body(own) {
            generate("Content-Length", self.body_bytes.to_string().as_bytes());
        }
        if let Some(cookie) = cookie {
            generate("Cookie", &cookie);
        }
        generate("Host", self.host_field().as_bytes());
        if let Some(key) = self.upgrade {
            wire.set("Connection", "Upgrade");
            wire.set("Upgrade", "websocket");
            wire.set("Sec-WebSocket-Version", "13");
            wire.set("Sec-WebSocket-Key", key.as_str());
        }
        wire
    }

    /// The Connection field, unless the program's own one says something else. With HTTP/1.0
    /// nothing is offered (Windows 7 and later).
    fn connection(&self) -> Option<&'static str> {
        if self.upgrade.is_some() {
            return None;
        }
        if !self.keeps_alive {
            return Some("close");
        }
        let says_the_same = |value: &[u8]| value.eq_ignore_ascii_case(KEEP_ALIVE.as_bytes());
        let own = self.own.first("Connection");
        let is_offered = match own {
            Some(value) => says_the_same(value),
            None => self.version == Version::HTTP_11,
        };
        is_offered.then_some(KEEP_ALIVE)
    }

    /// Host and port, the port only if it is not the scheme's own.
    fn host_field(&self) -> Cow<'_, str> {
        match (self.port, self.secure) {
            (80, false) | (443, true) => self.host.into(),
            (port, _) => [self.host, ":", &port.to_string()].concat().into(),
        }
    }
}

/// The bytes of a head with this request line (RFC 9112 §3) and these fields, and with credentials,
/// which are in no list.
#[must_use]
pub fn encode(
    verb: &str,
    target: &str,
    version: Version,
    fields: &HeaderList,
    credentials: &[CredentialsFor<'_>],
) -> HeadBytes {
    let mut head = Vec::new();
    encode_request(&mut head, verb, target, version, fields);
    if credentials.is_empty() {
        return head.into();
    }
    head.truncate(head.len() - LINE_END.len());
    let parts = credentials.iter().flat_map(field).chain([LINE_END]);
    HeadBytes::with_secret(head, parts)
}

/// Credentials, and whom they are for.
pub type CredentialsFor<'c> = (AuthTarget, &'c Authorization);

/// The field that carries them.
fn field<'c>((target, value): &CredentialsFor<'c>) -> [&'c [u8]; 4] {
    let name = target.authorization_field().as_bytes();
    [name, b": ", value.expose(), LINE_END]
}

/// The head that asks a proxy for a tunnel to `authority`, host and port (RFC 9110 §9.3.6). It has
/// nothing of the request that goes through the tunnel.
#[must_use]
pub fn connect_head(
    authority: &str,
    agent: Option<&str>,
    credentials: Option<&Authorization>,
) -> HeadBytes {
    let mut fields = HeaderList::with_capacity(GENERATED_FIELDS_MAX);
    fields.push("Host", authority);
    if let Some(agent) = agent.and_then(text::latin_1) {
        fields.push("User-Agent", &agent);
    }
    fields.push(PROXY_CONNECTION, KEEP_ALIVE);
    let credentials = credentials.map(|value| (AuthTarget::Proxy, value));
    encode(
        CONNECT,
        authority,
        Version::HTTP_11,
        &fields,
        credentials.as_slice(),
    )
}

/// The value of the one Cookie field (RFC 6265 §5.4): the program's in their order, the jar's
/// behind them (observed). `None` if there is none.
fn cookie_field(own: &HeaderList, jar: &Pairs) -> Option<Vec<u8>> {
    if jar.bytes().is_empty() && !own.contains("Cookie") {
        return None;
    }
    let all = own.all("Cookie").chain([jar.bytes()]);
    let parts: Vec<&[u8]> = all.filter(|part| !part.is_empty()).collect();
    Some(parts.join(Pairs::SEPARATOR))
}

/// The program writes its own chunk framing: lengths are its own business.
#[must_use]
pub fn frames_own_body(own: &HeaderList) -> bool {
    own.contains("Transfer-Encoding")
}

/// Bytes of the whole body: what the call or the program's Content-Length says, which must agree
/// where both speak (WINHTTP_IGNORE_REQUEST_TOTAL_LENGTH is 0), and at least what is given with the
/// call.
///
/// # Errors
/// [`Error::InvalidParameter`].
pub fn body_length(headers: &HeaderList, total: u32, optional_len: u64) -> Result<u64> {
    let total = u64::from(total);
    if !headers.contains("Content-Length") {
        return Ok(total.max(optional_len));
    }
    let announced = announced_length(headers).ok_or(Error::InvalidParameter)?;
    let agrees = total == 0 || total == announced;
    // RFC 9112 §6.2: a message has one framing.
    if !agrees || announced < optional_len || frames_own_body(headers) {
        return Err(Error::InvalidParameter);
    }
    Ok(announced)
}

/// What the program's Content-Length headers say, if that is one number.
fn announced_length(headers: &HeaderList) -> Option<u64> {
    let mut lengths = headers.all("Content-Length").map(|value| {
        let digits = text::trim_blanks(value);
        let digits = digits.iter().all(u8::is_ascii_digit).then_some(digits)?;
        std::str::from_utf8(digits).ok()?.parse().ok()
    });
    let first: u64 = lengths.next()??;
    lengths.all(|length| length == Some(first)).then_some(first)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::cookie::{Jar, RequestUri};
    use crate::url::host::Host;

    fn head(verb: &str, fields: &[(&str, &str)], change: impl FnOnce(&mut Draft<'_>)) -> String {
        asking((None, None), verb, fields, change)
    }

    /// The head of a request with these fields of the program; with a key, of a handshake; with
    /// these cookies of the jar.
    fn asking(
        (upgrade, cookies): (Option<&ClientKey>, Option<&Pairs>),
        verb: &str,
        fields: &[(&str, &str)],
        change: impl FnOnce(&mut Draft<'_>),
    ) -> String {
        let mut own = HeaderList::new();
        for (name, value) in fields {
            own.push(name, value);
        }
        let mut draft = Draft {
            verb,
            version: Version::HTTP_11,
            host: "server",
            port: 80,
            secure: false,
            for_proxy: false,
            agent: None,
            own: &own,
            cookies,
            body_bytes: 0,
            keeps_alive: true,
            accept_encoding: None,
            upgrade,
        };
        change(&mut draft);
        let head = encode(verb, "/path", draft.version, &draft.fields(), &[]);
        String::from_utf8(head.to_vec()).unwrap()
    }

    #[test]
    fn a_plain_request_has_three_fields_at_the_most() {
        let bare = "GET /path HTTP/1.1\r\nConnection: Keep-Alive\r\nHost: server\r\n\r\n";
        assert_eq!(head("GET", &[], |_| {}), bare);
        let agent = head("GET", &[], |draft| draft.agent = Some("me"));
        let expected = "Keep-Alive\r\nUser-Agent: me\r\nHost: server\r\n\r\n";
        assert!(agent.ends_with(expected), "{agent}");
    }

    #[test]
    fn fact_22_1_the_order_is_that_of_windows() {
        let own = [("Content-Type", "text/plain"), ("X-A", "1")];
        let head = head("POST", &own, |draft| {
            draft.agent = Some("me");
            draft.body_bytes = 17;
            draft.port = 8080;
        });
        let expected = "POST /path HTTP/1.1\r\nConnection: Keep-Alive\r\n\
                        Content-Type: text/plain\r\nX-A: 1\r\nUser-Agent: me\r\n\
                        Content-Length: 17\r\nHost: server:8080\r\n\r\n";
        assert_eq!(head, expected);
    }

    #[test]
    fn facts_22_2_and_21_7_3_keep_alive_is_spelled_in_one_way_and_not_offered_in_http_1_0() {
        let connection = |own: &[(&str, &str)], version, keeps_alive| {
            let head = head("GET", own, |draft| {
                (draft.version, draft.keeps_alive) = (version, keeps_alive);
            });
            let lines = head.lines();
            let own = lines.filter(|line| line.to_ascii_lowercase().starts_with("connection:"));
            own.map(str::to_owned).collect::<Vec<_>>()
        };
        let (old, new) = (Version::parse("HTTP/1.0").unwrap(), Version::HTTP_11);
        let keep = [("connection", "KEEP-alive")];
        assert_eq!(connection(&keep, new, true), ["Connection: Keep-Alive"]);
        assert_eq!(connection(&keep, old, true), ["Connection: Keep-Alive"]);
        assert_eq!(connection(&[], old, true), [""; 0]);
        // Fact 21.7.1.
        assert_eq!(connection(&keep, new, false), ["Connection: close"]);
        assert_eq!(connection(&[], old, false), ["Connection: close"]);
        let close = [("Connection", "close")];
        assert_eq!(connection(&close, new, true), ["Connection: close"]);
    }

    #[test]
    fn fact_22_4_known_methods_leave_in_capitals() {
        for known in METHODS {
            assert_eq!(method(known.to_lowercase()), known);
        }
        for other in ["patch", "PATCH", "Get2", "custom"] {
            assert_eq!(method(other.to_owned()), other);
        }
    }

    #[test]
    fn the_port_is_named_where_it_is_not_the_schemes_own() {
        for (port, secure, host) in [
            (80, false, "server"),
            (443, true, "server"),
            (443, false, "server:443"),
            (80, true, "server:80"),
            (8080, false, "server:8080"),
        ] {
            let head = head("GET", &[], |draft| {
                (draft.port, draft.secure) = (port, secure);
            });
            assert!(head.contains(&format!("Host: {host}\r\n")), "{head}");
        }
    }

    #[test]
    fn fact_31_2_accept_encoding_stands_behind_the_programs_fields_and_instead_of_its_own() {
        let own = [
            ("accept-encoding", "br"),
            ("X-A", "1"),
            ("Accept-Encoding", "gzip"),
        ];
        let asking = |codings| {
            head("GET", &own, |draft| {
                (draft.accept_encoding, draft.agent) = (codings, Some("me"));
            })
        };
        let expected = "GET /path HTTP/1.1\r\nConnection: Keep-Alive\r\nX-A: 1\r\n\
                        Accept-Encoding: gzip, deflate\r\nUser-Agent: me\r\nHost: server\r\n\r\n";
        assert_eq!(asking(Some("gzip, deflate")), expected);
        let untouched = "accept-encoding: br\r\nX-A: 1\r\nAccept-Encoding: gzip\r\nUser";
        assert!(asking(None).contains(untouched));
    }

    #[test]
    fn the_programs_fields_stand_behind_and_instead_of_generated_ones() {
        let own = [
            ("host", "mine"),
            ("connection", "close"),
            ("user-agent", "own"),
        ];
        let head = head("GET", &own, |draft| draft.agent = Some("me"));
        let expected = "GET /path HTTP/1.1\r\nhost: mine\r\nconnection: close\r\n\
                        user-agent: own\r\n\r\n";
        assert_eq!(head, expected);
    }

    #[test]
    fn a_length_goes_out_once_where_there_is_a_body_or_always_one_to_expect() {
        let length = |verb: &str, bytes, fields: &[(&str, &str)]| {
            let head = head(verb, fields, |draft| draft.body_bytes = bytes);
            let lines = head
                .lines()
                .filter_map(|line| line.strip_prefix("Content-Length: "));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(length("GET", 0, &[]), [""; 0]);
        assert_eq!(length("GET", 5, &[]), ["5"]);
        assert_eq!(length("POST", 0, &[]), ["0"]);
        assert_eq!(length("PUT", 0, &[]), ["0"]);
        let twice = [("Content-Length", "7"), ("Content-Length", "7")];
        assert_eq!(length("POST", 7, &twice), ["7"]);
        let chunked = [("Transfer-Encoding", "chunked")];
        assert_eq!(length("POST", 0, &chunked), [""; 0]);
        let other = [("X-A", "1"), ("X-A", "1")];
        let repeated = head("GET", &other, |_| {});
        assert_eq!(
            repeated.matches("X-A: 1").count(),
            2,
            "only the length is one"
        );
    }

    /// The Cookie fields of a request with these of the program, and with what the jar has unless
    /// cookies are disabled.
    fn cookies(own: &[&str], jar: Option<&str>) -> Vec<String> {
        let uri = RequestUri::new(&Host::parse("server").unwrap(), false, "/path");
        let mut kept = Jar::new();
        for cookie in jar.unwrap_or_default().split_terminator("; ") {
            kept.keep_line(&uri, cookie.as_bytes(), Duration::ZERO);
        }
        let pairs = kept.pairs(&uri, Duration::ZERO);
        let mut fields = vec![("X-First", "1")];
        fields.extend(own.iter().map(|value| ("cookie", *value)));
        fields.push(("X-Last", "2"));
        let pairs = jar.is_some().then_some(&pairs);
        let head = asking((None, pairs), "GET", &fields, |_| {});
        let lines = head.lines().skip(2);
        let lines = lines.filter(|line| line.to_ascii_lowercase().starts_with("cookie:"));
        lines.map(str::to_owned).collect()
    }

    #[test]
    fn facts_7_2_and_27_2_1_the_programs_cookies_stand_before_the_jars_in_one_field() {
        assert_eq!(cookies(&[], Some("")), [""; 0]);
        assert_eq!(cookies(&[], Some("a=1; b=2")), ["Cookie: b=2; a=1"]);
        let own = ["a=3"];
        assert_eq!(cookies(&own, Some("a=1; b=2")), ["cookie: a=3; b=2; a=1"]);
        assert_eq!(cookies(&own, Some("")), ["cookie: a=3"]);
    }

    #[test]
    fn fact_27_2_4_several_cookie_fields_become_one_unless_cookies_are_disabled() {
        let own = ["a=1", "", "b=2;"];
        assert_eq!(cookies(&own, Some("")), ["cookie: a=1; b=2;"]);
        assert_eq!(cookies(&own, Some("c=3")), ["cookie: a=1; b=2;; c=3"]);
        assert_eq!(
            cookies(&own, None),
            ["cookie: a=1", "cookie: ", "cookie: b=2;"]
        );
        assert_eq!(cookies(&[""], Some("")), ["cookie: "]);
        assert_eq!(cookies(&[""], Some("a=1")), ["cookie: a=1"]);
    }

    #[test]
    fn the_jars_cookies_stand_before_host_and_the_programs_where_it_put_them() {
        let uri = RequestUri::new(&Host::parse("server").unwrap(), false, "/");
        let mut jar = Jar::new();
        jar.keep_line(&uri, b"a=1", Duration::ZERO);
        let pairs = jar.pairs(&uri, Duration::ZERO);
        let names = |own: &[(&str, &str)]| {
            let head = asking((None, Some(&pairs)), "POST", own, |draft| {
                draft.agent = Some("me");
            });
            let names = head.lines().skip(1).filter_map(|line| line.split_once(':'));
            names.map(|(name, _)| name.to_owned()).collect::<Vec<_>>()
        };
        let generated = [
            "Connection",
            "User-Agent",
            "Content-Length",
            "Cookie",
            "Host",
        ];
        assert_eq!(names(&[]), generated);
        let own = [("Cookie", "b=2"), ("X", "1"), ("Cookie", "c=3")];
        let expected = [
            "Connection",
            "Cookie",
            "X",
            "User-Agent",
            "Content-Length",
            "Host",
        ];
        assert_eq!(names(&own), expected);
    }

    #[test]
    fn a_handshake_has_its_fields_whatever_the_program_added() {
        let key = crate::websocket::client_key([3; 16]);
        let own = [("Connection", "close"), ("Upgrade", "other")];
        let head = asking((Some(&key), None), "GET", &own, |_| {});
        for field in [
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
        ] {
            assert_eq!(head.matches(field).count(), 1, "{head}");
        }
        assert!(head.contains(&format!("Sec-WebSocket-Key: {}\r\n", key.as_str())));
        assert!(!head.contains("close") && !head.contains("other"), "{head}");
    }

    fn length(fields: &[(&str, &str)], total: u32, optional_len: u64) -> Option<u64> {
        let mut headers = HeaderList::new();
        for (name, value) in fields {
            headers.push(name, value);
        }
        body_length(&headers, total, optional_len).ok()
    }

    #[test]
    fn without_a_header_the_call_says_the_length() {
        assert_eq!(length(&[], 0, 0), Some(0));
        assert_eq!(length(&[], 7, 3), Some(7));
        assert_eq!(length(&[], 0, 3), Some(3));
        assert_eq!(length(&[("Transfer-Encoding", "chunked")], 0, 0), Some(0));
    }

    #[test]
    fn with_total_0_the_header_says_it() {
        let of = |value| length(&[("content-length", value)], 0, 2);
        assert_eq!(of("5"), Some(5));
        assert_eq!(of(" 5\t"), Some(5));
        assert_eq!(of("2"), Some(2));
        assert_eq!(of("1"), None, "less than is given");
        assert_eq!(of("18446744073709551615"), Some(u64::MAX));
        for bad in [
            "18446744073709551616",
            "",
            "+5",
            "-5",
            "5, 5",
            "0x5",
            "many",
        ] {
            assert_eq!(of(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn header_and_call_must_agree() {
        let of = |value, total| length(&[("Content-Length", value)], total, 0);
        assert_eq!(of("5", 5), Some(5));
        assert_eq!(of("5", 6), None);
        assert_eq!(of("4294967301", 5), None, "not even in 32 bits");
    }

    #[test]
    fn a_message_has_one_framing() {
        let of = |second| length(&[("Content-Length", "5"), second], 0, 0);
        assert_eq!(of(("Content-Length", "5")), Some(5));
        assert_eq!(of(("Content-Length", "6")), None);
        assert_eq!(of(("Content-Length", "")), None);
        assert_eq!(of(("transfer-encoding", "chunked")), None);
    }
}
