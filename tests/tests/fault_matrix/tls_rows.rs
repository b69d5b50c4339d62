//! Rows of the TLS handshake: peers that speak none or too old a one, bad certificates, a handshake
//! cut or in drops.

use std::io;

use winhttp_abi::constants as c;
use winhttp_fixtures::certs::IdentityOptions;
use winhttp_fixtures::{Connection, Wire};

use super::http_rows::{ends, never_ends, resets, says, says_and_ends, silent};
use super::row::{Cue, Ends, Identity, Operation, Peer, Row, Until, Weight};

const CHANNEL: Ends = Ends::Fails(c::ERROR_WINHTTP_SECURE_CHANNEL_ERROR);
const CONNECTION: Ends = Ends::Fails(c::ERROR_WINHTTP_CONNECTION_ERROR);
const REFUSED: Ends = Ends::Fails(c::ERROR_WINHTTP_SECURE_FAILURE);
const TIMEOUT: Ends = Ends::Fails(c::ERROR_WINHTTP_TIMEOUT);

/// Bytes of a server's handshake at least; each of these positions may be the cut.
const HANDSHAKE_BYTES: usize = 700;
/// Distance of the cut positions that every run tries.
const STRIDE: usize = 47;

/// Every row of this file.
pub(crate) fn rows() -> Vec<Row> {
    let mut rows = peers();
    rows.extend(certificates());
    rows.push(handshake(
        "byte by byte",
        Identity::Good,
        Wire::Trickle,
        Ends::Succeeds,
    ));
    for cut in 0..HANDSHAKE_BYTES {
        let is_stop = cut.is_multiple_of(STRIDE);
        rows.push(Row {
            weight: if is_stop { Weight::Cut } else { Weight::Rare },
            ..handshake(
                format!("cut at {cut}"),
                Identity::Good,
                Wire::CutAfter(cut),
                CONNECTION,
            )
        });
    }
    rows
}

fn handshake(fault: impl Into<String>, identity: Identity, wire: Wire, ends: Ends) -> Row {
    Row::new(Operation::Handshake, fault, Peer::Tls(identity, wire), ends)
}

fn certificates() -> Vec<Row> {
    let of = Identity::Of;
    let (date, name, authority, usage, invalid) = (
        c::WINHTTP_CALLBACK_STATUS_FLAG_CERT_DATE_INVALID,
        c::WINHTTP_CALLBACK_STATUS_FLAG_CERT_CN_INVALID,
        c::WINHTTP_CALLBACK_STATUS_FLAG_INVALID_CA,
        c::WINHTTP_CALLBACK_STATUS_FLAG_CERT_WRONG_USAGE,
        c::WINHTTP_CALLBACK_STATUS_FLAG_INVALID_CERT,
    );
    let bad = [
        (
            "an expired certificate",
            of(IdentityOptions::expired()),
            date,
        ),
        (
            "a certificate of the future",
            of(IdentityOptions::not_yet_valid()),
            date,
        ),
        (
            "another host's certificate",
            of(IdentityOptions::wrong_name()),
            name,
        ),
        ("an unknown authority", Identity::Unknown, authority),
        (
            "a self-signed certificate",
            of(IdentityOptions::self_signed()),
            authority,
        ),
        (
            "a client's certificate",
            of(IdentityOptions::client_only()),
            usage,
        ),
        (
            "a wrong signature on the certificate",
            of(IdentityOptions::bad_signature()),
            invalid,
        ),
        (
            "a handshake signed by another key",
            Identity::ForeignKey,
            invalid,
        ),
    ];
    let rows: Vec<Row> = bad
        .into_iter()
        .map(|(fault, identity, reasons)| Row {
            reasons,
            ..handshake(fault, identity, Wire::Whole, REFUSED)
        })
        .collect();
    rows
}

/// A TLS record of handshake type with a server's hello of this version and nothing more.
fn hello(version: u8) -> Vec<u8> {
    let mut body = vec![3, version];
    body.extend([7; 32]);
    // No session, TLS_RSA_WITH_AES_128_CBC_SHA, no compression.
    body.extend([0, 0, 0x2f, 0]);
    let length = u8::try_from(body.len()).unwrap();
    let mut record = vec![0x16, 3, version, 0, length + 4, 2, 0, 0, length];
    record.extend(body);
    record
}

type Act = Box<dyn Fn(&mut Connection, &Cue) -> io::Result<()> + Send + Sync>;

fn peers() -> Vec<Row> {
    let row = |fault: &str, act: Act, ends| {
        Row::script(Operation::Handshake, fault, Until::Hello, act, ends)
    };
    let mut rows = vec![
        Row {
            limited: true,
            ..row("silent", Box::new(silent), TIMEOUT)
        },
        Row {
            limited: true,
            ..row(
                "silent inside a record",
                Box::new(says(b"\x16\x03\x03\x00\x7a\x02")),
                TIMEOUT,
            )
        },
        row("half-closed", Box::new(ends), CONNECTION),
        row("reset", Box::new(resets), CONNECTION),
    ];
    let alert = |description| vec![0x15, 3, 3, 0, 2, 2, description];
    for (fault, bytes) in [
        ("plain HTTP", b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()),
        ("garbage", vec![0xaa; 100]),
        ("SSL 3.0", hello(0)),
        ("TLS 1.0", hello(1)),
        ("TLS 1.1", hello(2)),
        ("alert handshake_failure", alert(40)),
        ("alert protocol_version", alert(70)),
        ("alert unrecognized_name", alert(112)),
        (
            "an oversized record",
            [&[0x16, 3, 3, 0xff, 0xff][..], &[2; 70_000]].concat(),
        ),
        (
            "an oversized handshake message",
            [&[0x16, 3, 3, 0x40, 0][..], &[0xff; 16384]].concat(),
        ),
        ("application data", vec![0x17, 3, 3, 0, 1, 0]),
        ("a truncated hello", hello(3)[..20].to_vec()),
    ] {
        let expected = if fault == "a truncated hello" {
            CONNECTION
        } else {
            CHANNEL
        };
        rows.push(row(fault, Box::new(says_and_ends(bytes)), expected));
    }
    for (fault, more) in [
        ("endless empty records", &[0x16, 3, 3, 0, 0][..]),
        ("endless warnings", &[0x15, 3, 3, 0, 2, 1, 90]),
        ("endless changes of cipher", &[0x14, 3, 3, 0, 1, 1]),
    ] {
        rows.push(Row {
            endless: true,
            ..row(fault, Box::new(never_ends("", more)), CHANNEL)
        });
    }
    rows
}
