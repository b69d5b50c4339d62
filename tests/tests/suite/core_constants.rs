//! Verifies that the numbers core decides with are those of winhttp.h: every table of core, row by
//! row.

use std::collections::BTreeMap;

use windows_sys::Win32::Networking::WinSock as winsock;
use winhttp_abi::constants::{self as c, ALL};
use winhttp_core::api::EMPTY_CLOSE_STATUS;
use winhttp_core::api::options::features;
use winhttp_core::engine::extended_error;
use winhttp_core::engine::transport::tls::Protocols;
use winhttp_proto::handle::HandleKind;
use winhttp_proto::header::edit::Modifiers;
use winhttp_proto::header::name_table;
use winhttp_proto::notify::SecureProblems;
use winhttp_proto::numbers;
use winhttp_proto::option::{Check, Default as OptionDefault, OptionId, ROWS, row};
use winhttp_proto::url::Scheme;
use winhttp_proto::url::escape::EscapeFlags;

/// The numbers of winhttp.h by name.
fn header() -> BTreeMap<&'static str, u64> {
    ALL.iter().copied().collect()
}

/// Rows of core that winhttp.h has under the same names with other numbers, or not at all.
fn wrong<'a>(rows: impl IntoIterator<Item = (&'a str, u32)>) -> Vec<(&'a str, u32)> {
    let header = header();
    let is_wrong = |(name, number): &(&str, u32)| header.get(name) != Some(&u64::from(*number));
    rows.into_iter().filter(is_wrong).collect()
}

/// Names of winhttp.h that begin so and are not among these.
fn missing(prefix: &str, rows: &[(&str, u32)]) -> Vec<&'static str> {
    let names = ALL.iter().map(|(name, _)| *name);
    let named = names.filter(|name| name.starts_with(prefix));
    named
        .filter(|name| rows.iter().all(|(own, _)| own != name))
        .collect()
}

#[test]
fn loose_numbers() {
    assert_eq!(wrong(numbers::ALL.iter().copied()), []);
}

#[test]
fn options() {
    let rows: Vec<(&str, u32)> = ROWS.iter().map(|row| (row.name, row.number)).collect();
    assert_eq!(wrong(rows.iter().copied()), []);
    // Names that begin like options and are values of some.
    let values = missing("WINHTTP_OPTION_", &rows);
    assert_eq!(values, EXPECTED_VALUES);
}

/// See [`options`].
const EXPECTED_VALUES: [&str; 7] = [
    "WINHTTP_OPTION_REDIRECT_POLICY_NEVER",
    "WINHTTP_OPTION_REDIRECT_POLICY_DISALLOW_HTTPS_TO_HTTP",
    "WINHTTP_OPTION_REDIRECT_POLICY_ALWAYS",
    "WINHTTP_OPTION_REDIRECT_POLICY_LAST",
    "WINHTTP_OPTION_REDIRECT_POLICY_DEFAULT",
    "WINHTTP_OPTION_SPN_MASK",
    "WINHTTP_OPTION_REQUEST_ANNOTATION_MAX_LENGTH",
];

#[test]
fn values_that_options_take() {
    let check = |option: OptionId| row(option.0).unwrap().check;
    let tolerated =
        c::SECURITY_FLAG_IGNORE_ALL_CERT_ERRORS | c::SECURITY_FLAG_IGNORE_WEAK_SIGNATURE;
    assert_eq!(check(OptionId::SECURITY_FLAGS), Check::Mask(tolerated));
    let protocols = c::WINHTTP_FLAG_SECURE_PROTOCOL_ALL
        | c::WINHTTP_FLAG_SECURE_PROTOCOL_TLS1_1
        | c::WINHTTP_FLAG_SECURE_PROTOCOL_TLS1_2
        | c::WINHTTP_FLAG_SECURE_PROTOCOL_TLS1_3;
    assert_eq!(check(OptionId::SECURE_PROTOCOLS), Check::Mask(protocols));
    let modern = c::WINHTTP_FLAG_SECURE_PROTOCOL_TLS1_2 | c::WINHTTP_FLAG_SECURE_PROTOCOL_TLS1_3;
    assert_eq!(Protocols::TLS12 | Protocols::TLS13, modern);
    let default = row(OptionId::SECURE_PROTOCOLS.0).unwrap().default;
    assert_eq!(default, OptionDefault::Number(modern));
    let codings = c::WINHTTP_DECOMPRESSION_FLAG_ALL;
    assert_eq!(check(OptionId::DECOMPRESSION), Check::Mask(codings));
    let versions = c::WINHTTP_PROTOCOL_FLAG_HTTP2 | c::WINHTTP_PROTOCOL_FLAG_HTTP3;
    assert_eq!(check(OptionId::ENABLE_HTTP_PROTOCOL), Check::Mask(versions));
}

#[test]
fn header_levels() {
    let mut levels: Vec<(&str, u32)> = Vec::new();
    for level in &name_table::LEVELS {
        levels.push((level.query_name, level.number));
    }
    assert_eq!(wrong(levels.iter().copied()), []);
    levels.push(("WINHTTP_QUERY_MAX", name_table::MAX));
    let others = missing("WINHTTP_QUERY_", &levels);
    // Modifiers of levels, and what other functions take.
    let families = ["QUERY_FLAG_", "QUERY_EX_", "QUERY_CONNECTION_GROUP_"];
    let is_level = |name: &&str| !families.iter().any(|family| name[8..].starts_with(family));
    let unknown: Vec<&str> = others.into_iter().filter(is_level).collect();
    assert_eq!(unknown, [""; 0]);
}

#[test]
fn kinds_of_handles() {
    let kinds = [
        ("WINHTTP_HANDLE_TYPE_SESSION", HandleKind::Session.number()),
        ("WINHTTP_HANDLE_TYPE_CONNECT", HandleKind::Connect.number()),
        ("WINHTTP_HANDLE_TYPE_REQUEST", HandleKind::Request.number()),
        (
            "WINHTTP_HANDLE_TYPE_PROXY_RESOLVER",
            HandleKind::ProxyResolver.number(),
        ),
        (
            "WINHTTP_HANDLE_TYPE_WEBSOCKET",
            HandleKind::WebSocket.number(),
        ),
    ];
    assert_eq!(wrong(kinds), []);
    // A kind that no function makes.
    let others = missing("WINHTTP_HANDLE_TYPE_", &kinds);
    assert_eq!(others, ["WINHTTP_HANDLE_TYPE_PROTOCOL"]);
}

#[test]
fn features_that_are_supported() {
    let header = header();
    for (number, name) in features::SUPPORTED {
        let name = format!("WINHTTP_FEATURE_{name}");
        assert_eq!(header.get(&*name), Some(&u64::from(number)), "{name}");
    }
}

#[test]
fn problems_of_certificates() {
    let problems = SecureProblems::INVALID_CERT
        .with(SecureProblems::CERT_REVOKED)
        .with(SecureProblems::INVALID_CA)
        .with(SecureProblems::CERT_CN_INVALID)
        .with(SecureProblems::CERT_DATE_INVALID)
        .with(SecureProblems::CERT_WRONG_USAGE)
        .with(SecureProblems::CHANNEL_ERROR);
    let named = numbers::ALL
        .iter()
        .filter(|(name, _)| name.starts_with("WINHTTP_CALLBACK_STATUS_FLAG_"));
    assert_eq!(problems.bits(), named.fold(0, |bits, (_, bit)| bits | bit));
}

#[test]
fn modifiers_of_headers() {
    assert_eq!(
        Modifiers::from_bits(c::WINHTTP_ADDREQ_FLAG_ADD),
        Ok(Modifiers::ADD)
    );
    assert!(Modifiers::from_bits(c::WINHTTP_ADDREQ_INDEX_MASK).is_ok());
    let known = numbers::ALL
        .iter()
        .filter(|(name, _)| name.starts_with("WINHTTP_ADDREQ_"));
    let known = known.fold(0, |bits, (_, bit)| bits | bit);
    for (name, bits) in ALL
        .iter()
        .filter(|(name, _)| name.starts_with("WINHTTP_ADDREQ_FLAG_"))
    {
        assert_eq!(u64::from(known) & bits, *bits, "{name}");
    }
}

#[test]
fn flags_of_requests() {
    let all = EscapeFlags {
        percent: true,
        disable: true,
        disable_query: true,
    };
    let bits = c::WINHTTP_FLAG_ESCAPE_PERCENT
        | c::WINHTTP_FLAG_ESCAPE_DISABLE
        | c::WINHTTP_FLAG_ESCAPE_DISABLE_QUERY;
    assert_eq!(EscapeFlags::from_bits(bits), all);
    assert_eq!(EscapeFlags::from_bits(!bits), EscapeFlags::default());
}

#[test]
fn ports_and_close_codes() {
    let port = |scheme: Scheme| u32::from(scheme.default_port());
    assert_eq!(
        wrong([
            ("INTERNET_DEFAULT_HTTP_PORT", port(Scheme::Http)),
            ("INTERNET_DEFAULT_HTTPS_PORT", port(Scheme::Https)),
            (
                "WINHTTP_WEB_SOCKET_EMPTY_CLOSE_STATUS",
                EMPTY_CLOSE_STATUS.into()
            ),
        ]),
        []
    );
}

#[test]
fn numbers_of_winsock() {
    // Those that winhttp.h does not need.
    let others = [
        winsock::WSAEMFILE,
        winsock::WSAENOTCONN,
        winsock::WSASYSCALLFAILURE,
    ];
    let others = others.map(|number| u64::try_from(number).unwrap());
    let header = ALL.iter().filter(|(name, _)| name.starts_with("WSA"));
    let known: Vec<u64> = header.map(|(_, number)| *number).chain(others).collect();
    let own = extended_error::WINSOCK.iter().map(|(_, number)| *number);
    let more = [
        extended_error::TIMED_OUT,
        extended_error::HOST_NOT_FOUND,
        extended_error::SYSTEM_CALL_FAILURE,
    ];
    for number in own.chain(more) {
        assert!(known.contains(&u64::from(number)), "{number}");
    }
}
