//! What a system's TCP says of a connection, in the terms of TCP_INFO_v0 and TCP_INFO_v1.
//!
//! Read by place, from as many bytes as the system gives: older ones give fewer, and what is not
//! there is 0.

/// TCP statistics of a connection; 0 is what the system does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpStatistics {
    /// TCPSTATE of Windows.
    pub state: i32,
    /// Largest segment, in bytes.
    pub mss: u32,
    /// Timestamps are in use (RFC 7323).
    pub timestamps: bool,
    /// Smoothed round-trip time, in microseconds.
    pub rtt_us: u32,
    /// The smallest one.
    pub min_rtt_us: u32,
    /// Bytes sent and not acknowledged.
    pub bytes_in_flight: u32,
    /// Congestion window, in bytes.
    pub congestion_window: u32,
    /// Send window, in bytes.
    pub send_window: u32,
    /// Receive window, in bytes.
    pub receive_window: u32,
    /// Bytes sent.
    pub bytes_out: u64,
    /// Bytes received.
    pub bytes_in: u64,
    /// Bytes that came out of order.
    pub bytes_reordered: u32,
    /// Bytes sent again.
    pub bytes_retransmitted: u32,
    /// Timeouts without an answer in a row.
    pub timeout_episodes: u32,
    /// Milliseconds in which the server's window limited sending.
    pub limited_by_window_ms: u32,
    /// Milliseconds in which the own buffer limited sending.
    pub limited_by_sender_ms: u32,
}

/// TCPSTATE.
mod state {
    pub(super) const CLOSED: i32 = 0;
    pub(super) const LISTEN: i32 = 1;
    pub(super) const SYN_SENT: i32 = 2;
    pub(super) const SYN_RCVD: i32 = 3;
    pub(super) const ESTABLISHED: i32 = 4;
    pub(super) const FIN_WAIT_1: i32 = 5;
    pub(super) const FIN_WAIT_2: i32 = 6;
    pub(super) const CLOSE_WAIT: i32 = 7;
    pub(super) const CLOSING: i32 = 8;
    pub(super) const LAST_ACK: i32 = 9;
    pub(super) const TIME_WAIT: i32 = 10;
}

/// The bit for timestamps among the options, on both systems.
const TIMESTAMPS: u8 = 1;

impl TcpStatistics {
    /// From Linux's `struct tcp_info`, whose layout only ever grows.
    #[must_use]
    pub fn from_linux(info: &[u8]) -> Self {
        let mss = u32_at(info, 16);
        Self {
            state: linux_state(byte_at(info, 0)),
            mss,
            timestamps: byte_at(info, 5) & TIMESTAMPS != 0,
            rtt_us: u32_at(info, 68),
            min_rtt_us: u32_at(info, 148),
            // Both are counted in segments.
            bytes_in_flight: u32_at(info, 24).saturating_mul(mss),
            congestion_window: u32_at(info, 80).saturating_mul(mss),
            send_window: u32_at(info, 228),
            receive_window: u32_at(info, 232),
            bytes_out: u64_at(info, 200),
            bytes_in: u64_at(info, 128),
            bytes_reordered: 0,
            bytes_retransmitted: narrow(u64_at(info, 208)),
            timeout_episodes: u32::from(byte_at(info, 2)),
            limited_by_window_ms: narrow(u64_at(info, 176) / 1000),
            limited_by_sender_ms: narrow(u64_at(info, 184) / 1000),
        }
    }

    /// From `struct tcp_connection_info` of Apple's systems.
    #[must_use]
    pub fn from_apple(info: &[u8]) -> Self {
        Self {
            state: bsd_state(byte_at(info, 0)),
            mss: u32_at(info, 16),
            timestamps: u32_at(info, 4) & u32::from(TIMESTAMPS) != 0,
            rtt_us: u32_at(info, 44).saturating_mul(1000),
            congestion_window: u32_at(info, 24),
            send_window: u32_at(info, 28),
            receive_window: u32_at(info, 36),
            bytes_out: u64_at(info, 64),
            bytes_in: u64_at(info, 88),
            bytes_reordered: narrow(u64_at(info, 96)),
            bytes_retransmitted: narrow(u64_at(info, 72)),
            ..Self::default()
        }
    }
}

fn linux_state(number: u8) -> i32 {
    match number {
        1 => state::ESTABLISHED,
        2 => state::SYN_SENT,
        3 | 12 => state::SYN_RCVD,
        4 => state::FIN_WAIT_1,
        5 => state::FIN_WAIT_2,
        6 => state::TIME_WAIT,
        8 => state::CLOSE_WAIT,
        9 => state::LAST_ACK,
        10 => state::LISTEN,
        11 => state::CLOSING,
        _ => state::CLOSED,
    }
}

fn bsd_state(number: u8) -> i32 {
    match number {
        1 => state::LISTEN,
        2 => state::SYN_SENT,
        3 => state::SYN_RCVD,
        4 => state::ESTABLISHED,
        5 => state::CLOSE_WAIT,
        6 => state::FIN_WAIT_1,
        7 => state::CLOSING,
        8 => state::LAST_ACK,
        9 => state::FIN_WAIT_2,
        10 => state::TIME_WAIT,
        _ => state::CLOSED,
    }
}

fn byte_at(info: &[u8], offset: usize) -> u8 {
    info.get(offset).copied().unwrap_or(0)
}

fn u32_at(info: &[u8], offset: usize) -> u32 {
    let bytes = info.get(offset..).and_then(<[u8]>::first_chunk);
    bytes.copied().map_or(0, u32::from_ne_bytes)
}

fn u64_at(info: &[u8], offset: usize) -> u64 {
    let bytes = info.get(offset..).and_then(<[u8]>::first_chunk);
    bytes.copied().map_or(0, u64::from_ne_bytes)
}

fn narrow(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(info: &mut [u8], offset: usize, bytes: &[u8]) {
        info[offset..offset + bytes.len()].copy_from_slice(bytes);
    }

    #[test]
    fn linux_counts_windows_in_segments_and_waits_in_microseconds() {
        let mut info = [0; 248];
        put(&mut info, 0, &[8, 0, 2, 0, 0, 1]);
        put(&mut info, 16, &1000_u32.to_ne_bytes());
        put(&mut info, 24, &3_u32.to_ne_bytes());
        put(&mut info, 68, &77_u32.to_ne_bytes());
        put(&mut info, 80, &10_u32.to_ne_bytes());
        put(&mut info, 128, &5_000_000_000_u64.to_ne_bytes());
        put(&mut info, 176, &9_000_u64.to_ne_bytes());
        put(&mut info, 200, &6_u64.to_ne_bytes());
        put(&mut info, 208, &u64::MAX.to_ne_bytes());
        let read = TcpStatistics::from_linux(&info);
        let expected = TcpStatistics {
            state: 7,
            mss: 1000,
            timestamps: true,
            rtt_us: 77,
            bytes_in_flight: 3000,
            congestion_window: 10_000,
            bytes_out: 6,
            bytes_in: 5_000_000_000,
            bytes_retransmitted: u32::MAX,
            timeout_episodes: 2,
            limited_by_window_ms: 9,
            ..TcpStatistics::default()
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn apple_counts_in_bytes_and_milliseconds() {
        let mut info = [0; 112];
        put(&mut info, 0, &[5]);
        put(&mut info, 4, &1_u32.to_ne_bytes());
        put(&mut info, 16, &1448_u32.to_ne_bytes());
        put(&mut info, 24, &14_480_u32.to_ne_bytes());
        put(&mut info, 44, &20_u32.to_ne_bytes());
        put(&mut info, 64, &11_u64.to_ne_bytes());
        put(&mut info, 88, &12_u64.to_ne_bytes());
        let read = TcpStatistics::from_apple(&info);
        let expected = TcpStatistics {
            state: 7,
            mss: 1448,
            timestamps: true,
            rtt_us: 20_000,
            congestion_window: 14_480,
            bytes_out: 11,
            bytes_in: 12,
            ..TcpStatistics::default()
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn what_an_older_system_does_not_tell_is_0() {
        let mut info = vec![0xff; 104];
        info[0] = 1;
        let read = TcpStatistics::from_linux(&info);
        assert_eq!((read.state, read.bytes_out, read.min_rtt_us), (4, 0, 0));
        assert_eq!(TcpStatistics::from_linux(&[]), TcpStatistics::default());
        assert_eq!(TcpStatistics::from_apple(&[]), TcpStatistics::default());
    }
}
