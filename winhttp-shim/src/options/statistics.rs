//! What was measured, in Windows' structures.

use winhttp_abi::Result;
use winhttp_abi::constants as c;
use winhttp_abi::types::{RequestStats, RequestTimes, TcpInfoV0, TcpInfoV1};
use winhttp_core::api::options::{self, ConnectionStats};

use super::buffer::Buffer;

/// Where the program says how many entries of WINHTTP_REQUEST_STATS it wants.
const C_STATS: u32 = 12;
const _: () = assert!(C_STATS as usize == std::mem::offset_of!(RequestStats, c_stats));

/// WINHTTP_REQUEST_TIMES. The program says first how many entries it wants; the others are 0.
pub(super) fn put_times(times: &[u64], buffer: &Buffer) -> Result<()> {
    let c_times = buffer.dword();
    let mut rgull_times = [0; 64];
    fill(&mut rgull_times, times, c_times);
    buffer.put(RequestTimes {
        c_times,
        rgull_times,
    })
}

/// WINHTTP_REQUEST_STATS; as [`put_times`].
pub(super) fn put_stats(stats: &options::RequestStats, buffer: &Buffer) -> Result<()> {
    let flags = [
        (
            stats.is_first_on_connection,
            c::WINHTTP_REQUEST_STAT_FLAG_FIRST_REQUEST,
        ),
        (
            stats.is_tls_resumed,
            c::WINHTTP_REQUEST_STAT_FLAG_TLS_SESSION_RESUMPTION,
        ),
    ];
    let flags = flags.into_iter().filter(|(is_so, _)| *is_so);
    let entries = [
        (c::WinHttpRequestHeadersSize, stats.request_head_bytes),
        (c::WinHttpResponseHeadersSize, stats.response_head_bytes),
        (c::WinHttpResponseBodySize, stats.body_bytes),
        (c::WinHttpResponseBodyCompressedSize, stats.coded_body_bytes),
    ];
    let mut values = [0; 32];
    for (entry, value) in entries {
        let place = usize::try_from(entry)
            .ok()
            .and_then(|entry| values.get_mut(entry));
        if let Some(place) = place {
            *place = value;
        }
    }
    let c_stats = buffer.dword_at(C_STATS);
    let mut rgull_stats = [0; 32];
    fill(&mut rgull_stats, &values, c_stats);
    buffer.put(RequestStats {
        ull_flags: flags.fold(0, |all, (_, flag)| all | flag),
        ul_index: stats.preceding,
        c_stats,
        rgull_stats,
    })
}

fn fill(places: &mut [u64], values: &[u64], wanted: u32) {
    let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
    let both = places.iter_mut().zip(values).take(wanted);
    both.for_each(|(place, value)| *place = *value);
}

/// TCP_INFO_v0.
pub(super) fn tcp_info_v0(stats: &ConnectionStats) -> TcpInfoV0 {
    let tcp = &stats.tcp;
    TcpInfoV0 {
        state: tcp.state,
        mss: tcp.mss,
        connection_time_ms: u64::try_from(stats.age.as_millis()).unwrap_or(u64::MAX),
        timestamps_enabled: tcp.timestamps.into(),
        rtt_us: tcp.rtt_us,
        min_rtt_us: tcp.min_rtt_us,
        bytes_in_flight: tcp.bytes_in_flight,
        cwnd: tcp.congestion_window,
        snd_wnd: tcp.send_window,
        rcv_wnd: tcp.receive_window,
        rcv_buf: stats.receive_buffer_bytes,
        bytes_out: tcp.bytes_out,
        bytes_in: tcp.bytes_in,
        bytes_reordered: tcp.bytes_reordered,
        bytes_retrans: tcp.bytes_retransmitted,
        fast_retrans: 0,
        dup_acks_in: 0,
        timeout_episodes: tcp.timeout_episodes,
        syn_retrans: 0,
    }
}

/// TCP_INFO_v1.
pub(super) fn tcp_info_v1(stats: &ConnectionStats) -> TcpInfoV1 {
    let v0 = tcp_info_v0(stats);
    TcpInfoV1 {
        state: v0.state,
        mss: v0.mss,
        connection_time_ms: v0.connection_time_ms,
        timestamps_enabled: v0.timestamps_enabled,
        rtt_us: v0.rtt_us,
        min_rtt_us: v0.min_rtt_us,
        bytes_in_flight: v0.bytes_in_flight,
        cwnd: v0.cwnd,
        snd_wnd: v0.snd_wnd,
        rcv_wnd: v0.rcv_wnd,
        rcv_buf: v0.rcv_buf,
        bytes_out: v0.bytes_out,
        bytes_in: v0.bytes_in,
        bytes_reordered: v0.bytes_reordered,
        bytes_retrans: v0.bytes_retrans,
        fast_retrans: v0.fast_retrans,
        dup_acks_in: v0.dup_acks_in,
        timeout_episodes: v0.timeout_episodes,
        syn_retrans: v0.syn_retrans,
        snd_lim_trans_rwin: 0,
        snd_lim_time_rwin: stats.tcp.limited_by_window_ms,
        snd_lim_bytes_rwin: 0,
        snd_lim_trans_cwnd: 0,
        snd_lim_time_cwnd: 0,
        snd_lim_bytes_cwnd: 0,
        snd_lim_trans_snd: 0,
        snd_lim_time_snd: stats.tcp.limited_by_sender_ms,
        snd_lim_bytes_snd: 0,
    }
}
