//! Structures of connections: addresses, groups and the name cache.

use super::base::Guid;

/// Any socket address, in Windows' layout and with Windows' address families
/// (`SOCKADDR_STORAGE`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct SockaddrStorage {
    /// `WINHTTP_AF_INET` or `WINHTTP_AF_INET6`.
    pub ss_family: u16,
    /// Padding.
    pub ss_pad1: [u8; 6],
    /// Alignment.
    pub ss_align: i64,
    /// Padding.
    pub ss_pad2: [u8; 112],
}

/// An IPv4 socket address in Windows' layout (`SOCKADDR_IN`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct SockaddrIn {
    /// `WINHTTP_AF_INET`.
    pub sin_family: u16,
    /// Port, in network byte order.
    pub sin_port: u16,
    /// Address, in network byte order.
    pub sin_addr: u32,
    /// Padding.
    pub sin_zero: [u8; 8],
}

/// An IPv6 socket address in Windows' layout (`SOCKADDR_IN6`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct SockaddrIn6 {
    /// `WINHTTP_AF_INET6`.
    pub sin6_family: u16,
    /// Port, in network byte order.
    pub sin6_port: u16,
    /// Flow information.
    pub sin6_flowinfo: u32,
    /// Address, in network byte order.
    pub sin6_addr: [u8; 16],
    /// Scope of a link-local address.
    pub sin6_scope_id: u32,
}

/// Both ends of a connection, `WINHTTP_OPTION_CONNECTION_INFO` (`WINHTTP_CONNECTION_INFO`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct ConnectionInfo {
    /// Size of this structure, set by the caller.
    pub cb_size: u32,
    /// Our end.
    pub local_address: SockaddrStorage,
    /// The other end.
    pub remote_address: SockaddrStorage,
}

/// Connections that carry one GUID (`WINHTTP_CONNECTION_GROUP`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct ConnectionGroup {
    /// Number of connections.
    pub c_connections: u32,
    /// The GUID; all zero for unmarked connections.
    pub guid_group: Guid,
}

/// Connection groups of one host (`WINHTTP_HOST_CONNECTION_GROUP`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct HostConnectionGroup<W> {
    /// Host name.
    pub pwsz_host: *const W,
    /// Number of groups.
    pub c_connection_groups: u32,
    /// The groups.
    pub p_connection_groups: *mut ConnectionGroup,
}

/// Result of `WinHttpQueryConnectionGroup`; released by `WinHttpFreeQueryConnectionGroupResult`
/// (`WINHTTP_QUERY_CONNECTION_GROUP_RESULT`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct QueryConnectionGroupResult<W> {
    /// Number of hosts.
    pub c_hosts: u32,
    /// The hosts.
    pub p_host_connection_groups: *mut HostConnectionGroup<W>,
}

/// Which connections a request may use, `WINHTTP_OPTION_MATCH_CONNECTION_GUID`
/// (`WINHTTP_MATCH_CONNECTION_GUID`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct MatchConnectionGuid {
    /// The GUID.
    pub connection_guid: Guid,
    /// Mask of `WINHTTP_MATCH_CONNECTION_GUID_FLAG_*`.
    pub ull_flags: u64,
}

/// HTTP/2 flow control, `WINHTTP_OPTION_HTTP2_RECEIVE_WINDOW` (`WINHTTP_HTTP2_RECEIVE_WINDOW`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Http2ReceiveWindow {
    /// Initial stream window, in bytes.
    pub ul_stream_window: u32,
    /// Bytes consumed before the window is updated.
    pub ul_stream_window_update_delta: u32,
}

/// Name cache, `WINHTTP_OPTION_RESOLVER_CACHE_CONFIG` (`WINHTTP_RESOLVER_CACHE_CONFIG`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct ResolverCacheConfig {
    /// Most entries.
    pub ul_max_resolver_cache_entries: u32,
    /// Longest life of an entry, in seconds.
    pub ul_max_cache_entry_age: u32,
    /// Shortest life of an entry, in seconds.
    pub ul_min_cache_entry_ttl: u32,
    /// Whether queries are encrypted.
    pub secure_dns_setting: i32,
    /// Wait for a fresh answer, in milliseconds.
    pub ull_conn_resolution_wait_time: u64,
    /// Mask of `WINHTTP_RESOLVER_CACHE_CONFIG_FLAG_*`.
    pub ull_flags: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_are_those_of_windows() {
        layout!(SockaddrStorage, 128, 8, { ss_family: 0, ss_pad1: 2, ss_align: 8, ss_pad2: 16 });
        layout!(SockaddrIn, 16, 4, { sin_family: 0, sin_port: 2, sin_addr: 4, sin_zero: 8 });
        layout!(SockaddrIn6, 28, 4, {
            sin6_family: 0, sin6_port: 2, sin6_flowinfo: 4, sin6_addr: 8, sin6_scope_id: 24,
        });
        layout!(ConnectionInfo, 264, 8, { cb_size: 0, local_address: 8, remote_address: 136 });
        layout!(ConnectionGroup, 20, 4, { c_connections: 0, guid_group: 4 });
        layout!(HostConnectionGroup<u16>, 24, 8, {
            pwsz_host: 0, c_connection_groups: 8, p_connection_groups: 16,
        });
        layout!(QueryConnectionGroupResult<u16>, 16, 8, {
            c_hosts: 0, p_host_connection_groups: 8,
        });
        layout!(MatchConnectionGuid, 24, 8, { connection_guid: 0, ull_flags: 16 });
        layout!(Http2ReceiveWindow, 8, 4, {
            ul_stream_window: 0, ul_stream_window_update_delta: 4,
        });
        layout!(ResolverCacheConfig, 32, 8, {
            ul_max_resolver_cache_entries: 0, ul_max_cache_entry_age: 4, ul_min_cache_entry_ttl:
            8, secure_dns_setting: 12, ull_conn_resolution_wait_time: 16, ull_flags: 24,
        });
    }
}
