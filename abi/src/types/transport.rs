//! Statistics of the transport: TCP and QUIC.

/// TCP keep-alive, `WINHTTP_OPTION_TCP_KEEPALIVE` (`tcp_keepalive`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct TcpKeepalive {
    /// Non-zero enables keep-alive.
    pub onoff: u32,
    /// Idle milliseconds before the first probe.
    pub keepalivetime: u32,
    /// Milliseconds between probes.
    pub keepaliveinterval: u32,
}

/// TCP statistics, `WINHTTP_OPTION_CONNECTION_STATS_V0` (`TCP_INFO_v0`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct TcpInfoV0 {
    /// State of the connection.
    pub state: i32,
    /// Largest segment, in bytes.
    pub mss: u32,
    /// Age of the connection, in milliseconds.
    pub connection_time_ms: u64,
    /// Whether TCP timestamps are on.
    pub timestamps_enabled: u8,
    /// Round-trip time, in microseconds.
    pub rtt_us: u32,
    /// Smallest round-trip time, in microseconds.
    pub min_rtt_us: u32,
    /// Bytes sent and not acknowledged.
    pub bytes_in_flight: u32,
    /// Congestion window, in bytes.
    pub cwnd: u32,
    /// Send window, in bytes.
    pub snd_wnd: u32,
    /// Receive window, in bytes.
    pub rcv_wnd: u32,
    /// Receive buffer, in bytes.
    pub rcv_buf: u32,
    /// Bytes sent.
    pub bytes_out: u64,
    /// Bytes received.
    pub bytes_in: u64,
    /// Bytes that came out of order.
    pub bytes_reordered: u32,
    /// Bytes sent again.
    pub bytes_retrans: u32,
    /// Fast retransmissions.
    pub fast_retrans: u32,
    /// Duplicate acknowledgements received.
    pub dup_acks_in: u32,
    /// Retransmission timeouts.
    pub timeout_episodes: u32,
    /// SYN segments sent again.
    pub syn_retrans: u8,
}

/// TCP statistics with send limits, `WINHTTP_OPTION_CONNECTION_STATS_V1` (`TCP_INFO_v1`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct TcpInfoV1 {
    /// State of the connection.
    pub state: i32,
    /// Largest segment, in bytes.
    pub mss: u32,
    /// Age of the connection, in milliseconds.
    pub connection_time_ms: u64,
    /// Whether TCP timestamps are on.
    pub timestamps_enabled: u8,
    /// Round-trip time, in microseconds.
    pub rtt_us: u32,
    /// Smallest round-trip time, in microseconds.
    pub min_rtt_us: u32,
    /// Bytes sent and not acknowledged.
    pub bytes_in_flight: u32,
    /// Congestion window, in bytes.
    pub cwnd: u32,
    /// Send window, in bytes.
    pub snd_wnd: u32,
    /// Receive window, in bytes.
    pub rcv_wnd: u32,
    /// Receive buffer, in bytes.
    pub rcv_buf: u32,
    /// Bytes sent.
    pub bytes_out: u64,
    /// Bytes received.
    pub bytes_in: u64,
    /// Bytes that came out of order.
    pub bytes_reordered: u32,
    /// Bytes sent again.
    pub bytes_retrans: u32,
    /// Fast retransmissions.
    pub fast_retrans: u32,
    /// Duplicate acknowledgements received.
    pub dup_acks_in: u32,
    /// Retransmission timeouts.
    pub timeout_episodes: u32,
    /// SYN segments sent again.
    pub syn_retrans: u8,
    /// Times the receive window limited sending.
    pub snd_lim_trans_rwin: u32,
    /// Milliseconds the receive window limited sending.
    pub snd_lim_time_rwin: u32,
    /// Bytes sent while the receive window limited sending.
    pub snd_lim_bytes_rwin: u64,
    /// Times the congestion window limited sending.
    pub snd_lim_trans_cwnd: u32,
    /// Milliseconds the congestion window limited sending.
    pub snd_lim_time_cwnd: u32,
    /// Bytes sent while the congestion window limited sending.
    pub snd_lim_bytes_cwnd: u64,
    /// Times the sender itself was the limit.
    pub snd_lim_trans_snd: u32,
    /// Milliseconds the sender itself was the limit.
    pub snd_lim_time_snd: u32,
    /// Bytes sent while the sender itself was the limit.
    pub snd_lim_bytes_snd: u64,
}

/// QUIC statistics, `WINHTTP_OPTION_QUIC_STATS`; MsQuic declares them.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct QuicStatistics {
    /// Identity of the connection in traces.
    pub correlation_id: u64,
    /// Bits 0 to 3: version negotiation, stateless retry, resumption attempted, succeeded.
    pub flags: u32,
    /// Round-trip time, in microseconds.
    pub rtt: u32,
    /// Smallest round-trip time, in microseconds.
    pub min_rtt: u32,
    /// Largest round-trip time, in microseconds.
    pub max_rtt: u32,
    /// When the handshake went forward.
    pub timing: QuicTiming,
    /// Sizes of handshake flights.
    pub handshake: QuicHandshake,
    /// Sending.
    pub send: QuicSend,
    /// Receiving.
    pub recv: QuicRecv,
    /// The rest.
    pub misc: QuicMisc,
}

/// When the handshake went forward, in microseconds.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct QuicTiming {
    /// Start of the connection.
    pub start: u64,
    /// End of the first flight.
    pub initial_flight_end: u64,
    /// End of the handshake flight.
    pub handshake_flight_end: u64,
}

/// Sizes of handshake flights, in bytes.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct QuicHandshake {
    /// First flight of the client.
    pub client_flight1_bytes: u32,
    /// First flight of the server.
    pub server_flight1_bytes: u32,
    /// Second flight of the client.
    pub client_flight2_bytes: u32,
}

/// What a QUIC connection sent.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct QuicSend {
    /// Largest packet of the path, in bytes.
    pub path_mtu: u16,
    /// Packets.
    pub total_packets: u64,
    /// Packets that are sent again when lost.
    pub retransmittable_packets: u64,
    /// Packets thought lost.
    pub suspected_lost_packets: u64,
    /// Packets wrongly thought lost.
    pub spurious_lost_packets: u64,
    /// Bytes.
    pub total_bytes: u64,
    /// Bytes of streams.
    pub total_stream_bytes: u64,
    /// Congestion events.
    pub congestion_count: u32,
    /// Persistent congestion events.
    pub persistent_congestion_count: u32,
}

/// What a QUIC connection received.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct QuicRecv {
    /// Packets.
    pub total_packets: u64,
    /// Packets out of order.
    pub reordered_packets: u64,
    /// Packets dropped.
    pub dropped_packets: u64,
    /// Packets that came twice.
    pub duplicate_packets: u64,
    /// Bytes.
    pub total_bytes: u64,
    /// Bytes of streams.
    pub total_stream_bytes: u64,
    /// Packets that could not be decrypted.
    pub decryption_failures: u64,
    /// Acknowledgement frames.
    pub valid_ack_frames: u64,
}

/// Other counters of a QUIC connection.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct QuicMisc {
    /// Key updates.
    pub key_update_count: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_are_those_of_windows() {
        layout!(TcpKeepalive, 12, 4, { onoff: 0, keepalivetime: 4, keepaliveinterval: 8 });
        layout!(TcpInfoV0, 88, 8, {
            state: 0, mss: 4, connection_time_ms: 8, timestamps_enabled: 16, rtt_us: 20,
            min_rtt_us: 24, bytes_in_flight: 28, cwnd: 32, snd_wnd: 36, rcv_wnd: 40, rcv_buf: 44,
            bytes_out: 48, bytes_in: 56, bytes_reordered: 64, bytes_retrans: 68, fast_retrans: 72,
            dup_acks_in: 76, timeout_episodes: 80, syn_retrans: 84,
        });
        layout!(TcpInfoV1, 136, 8, {
            state: 0, mss: 4, connection_time_ms: 8, timestamps_enabled: 16, rtt_us: 20,
            min_rtt_us: 24, bytes_in_flight: 28, cwnd: 32, snd_wnd: 36, rcv_wnd: 40, rcv_buf: 44,
            bytes_out: 48, bytes_in: 56, bytes_reordered: 64, bytes_retrans: 68, fast_retrans: 72,
            dup_acks_in: 76, timeout_episodes: 80, syn_retrans: 84, snd_lim_trans_rwin: 88,
            snd_lim_time_rwin: 92, snd_lim_bytes_rwin: 96, snd_lim_trans_cwnd: 104,
            snd_lim_time_cwnd: 108, snd_lim_bytes_cwnd: 112, snd_lim_trans_snd: 120,
            snd_lim_time_snd: 124, snd_lim_bytes_snd: 128,
        });

        layout!(QuicStatistics, 200, 8, {
            correlation_id: 0, flags: 8, rtt: 12, min_rtt: 16, max_rtt: 20, timing: 24,
            handshake: 48, send: 64, recv: 128, misc: 192,
        });
        layout!(QuicTiming, 24, 8, { start: 0, initial_flight_end: 8, handshake_flight_end: 16 });
        layout!(QuicHandshake, 12, 4, {
            client_flight1_bytes: 0, server_flight1_bytes: 4, client_flight2_bytes: 8,
        });
        layout!(QuicSend, 64, 8, {
            path_mtu: 0, total_packets: 8, total_bytes: 40, total_stream_bytes: 48,
            congestion_count: 56, persistent_congestion_count: 60,
        });
        layout!(QuicRecv, 64, 8, { total_packets: 0, total_bytes: 32, valid_ack_frames: 56 });
    }
}
