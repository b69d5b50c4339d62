//! What is measured of a request and its connection, in the terms of the options that tell it.

use std::time::Duration;

use winhttp_proto::embed::Embedder;
use winhttp_proto::error::{Error, Result};
use winhttp_proto::tcp_info::TcpStatistics;

use crate::api::request::Request;
use crate::engine::clock;
use crate::engine::socket::Socket;

/// Entries of WINHTTP_REQUEST_TIMES that WinHTTP knows.
const TIMES: usize = 36;

/// When the steps of a request happened, by entry of WINHTTP_REQUEST_TIMES: ticks of the
/// performance counter, 0 for what did not happen.
pub type RequestTimes = [u64; TIMES];

/// Sizes and counts of a request (WINHTTP_REQUEST_STATS).
#[derive(Clone, Copy, Debug)]
pub struct RequestStats {
    /// It is the first request on its connection.
    pub is_first_on_connection: bool,
    /// Its TLS session was resumed.
    pub is_tls_resumed: bool,
    /// How many requests preceded this one on its connection.
    pub preceding: u32,
    /// Bytes of the request's head, the empty line included.
    pub request_head_bytes: u64,
    /// Bytes of the response's head, the empty line included.
    pub response_head_bytes: u64,
    /// Bytes of the body as the program was given them.
    pub body_bytes: u64,
    /// Bytes of the same as they came, without the framing of chunks.
    pub coded_body_bytes: u64,
}

/// What a connection's TCP has counted.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionStats {
    /// Since the connection was begun.
    pub age: Duration,
    /// The size of its receive buffer.
    pub receive_buffer_bytes: u32,
    /// The rest.
    pub tcp: TcpStatistics,
}

impl ConnectionStats {
    /// Asks the system; `None` if it does not say.
    pub(in crate::api) fn of(socket: &Socket) -> Option<Self> {
        Some(Self {
            age: clock::now().saturating_duration_since(socket.opened()),
            receive_buffer_bytes: socket.receive_buffer_bytes(),
            tcp: socket.statistics()?,
        })
    }
}

/// WINHTTP_OPTION_REQUEST_TIMES.
pub(super) fn times<E: Embedder>(request: &Request<E>) -> Result<Box<RequestTimes>> {
    let record = request.record().ok_or(Error::IncorrectHandleState)?;
    let mut times = Box::new([0; TIMES]);
    let ticks = clock::Ticks::of_system();
    for (entry, moment) in record.entries() {
        if let Some(place) = times.get_mut(entry) {
            *place = ticks.at(moment);
        }
    }
    Ok(times)
}

/// WINHTTP_OPTION_REQUEST_STATS.
pub(super) fn stats<E: Embedder>(request: &Request<E>) -> Result<RequestStats> {
    let record = request.record().ok_or(Error::IncorrectHandleState)?;
    let facts = request.connection_facts();
    let tls = facts.as_ref().and_then(|facts| facts.tls.as_ref());
    Ok(RequestStats {
        // Nothing is the first on a connection that was never there.
        is_first_on_connection: facts.is_some() && record.is_first_on_connection(),
        is_tls_resumed: tls.is_some_and(|tls| tls.resumed),
        preceding: record.preceding,
        request_head_bytes: record.request_head_bytes,
        response_head_bytes: record.response_head_bytes,
        body_bytes: record.body_bytes,
        coded_body_bytes: record.coded_body_bytes(),
    })
}

/// WINHTTP_OPTION_CONNECTION_STATS_V0 and V1.
pub(super) fn connection<E: Embedder>(request: &Request<E>) -> Result<ConnectionStats> {
    let facts = request.connection_facts();
    let stats = facts.and_then(|facts| facts.statistics());
    stats.ok_or(Error::IncorrectHandleState)
}
