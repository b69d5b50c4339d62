//! The structures of winhttp.h, of the Rust table and of windows-sys have one layout.

use std::mem::offset_of;

use winhttp_abi::types::*;
use winhttp_tests::support::compiler::{Dialect, WIDTHS, check};

/// One structure: C name, size, and the fields with their offsets.
type Layout = (&'static str, usize, Vec<(&'static str, usize)>);

/// Layouts of the Rust table, for code units of type `W`.
macro_rules! rust_layouts {
    ($($c:ident = $rust:ty { $($field:ident = $name:ident),* $(,)? })*) => {
        vec![$((
            stringify!($c),
            size_of::<$rust>(),
            vec![$((stringify!($field), offset_of!($rust, $name))),*],
        )),*]
    };
}

/// Layouts of windows-sys.
macro_rules! windows_layouts {
    ($($c:ident = $rust:ty { $($field:ident = $name:ident),* $(,)? })*) => {
        vec![$((
            stringify!($c),
            size_of::<windows::$c>(),
            vec![$((stringify!($field), offset_of!(windows::$c, $field))),*],
        )),*]
    };
}

/// Hands the structures that windows-sys has as well to a macro: C name, Rust name, fields.
macro_rules! common_structures {
    ($macro:ident) => {
        $macro! {
            FILETIME = FileTime {
                dwLowDateTime = dw_low_date_time, dwHighDateTime = dw_high_date_time
            }
            SYSTEMTIME = SystemTime {
                wYear = w_year, wMonth = w_month, wDayOfWeek = w_day_of_week, wDay = w_day,
                wHour = w_hour, wMinute = w_minute, wSecond = w_second, wMilliseconds =
                w_milliseconds
            }
            HTTP_VERSION_INFO = HttpVersionInfo {
                dwMajorVersion = dw_major_version, dwMinorVersion = dw_minor_version
            }
            URL_COMPONENTS = UrlComponents<W> {
                dwStructSize = dw_struct_size, lpszScheme = lpsz_scheme, dwSchemeLength =
                dw_scheme_length, nScheme = n_scheme, lpszHostName = lpsz_host_name,
                dwHostNameLength = dw_host_name_length, nPort = n_port, lpszUserName =
                lpsz_user_name, dwUserNameLength = dw_user_name_length, lpszPassword =
                lpsz_password, dwPasswordLength = dw_password_length, lpszUrlPath =
                lpsz_url_path, dwUrlPathLength = dw_url_path_length, lpszExtraInfo =
                lpsz_extra_info, dwExtraInfoLength = dw_extra_info_length
            }
            WINHTTP_ASYNC_RESULT = AsyncResult {
                dwResult = dw_result, dwError = dw_error
            }
            WINHTTP_FAILED_CONNECTION_RETRIES = FailedConnectionRetries {
                dwMaxRetries = dw_max_retries, dwAllowedRetryConditions =
                dw_allowed_retry_conditions
            }
            WINHTTP_REQUEST_TIMES = RequestTimes {
                cTimes = c_times, rgullTimes = rgull_times
            }
            WINHTTP_REQUEST_STATS = RequestStats {
                ullFlags = ull_flags, ulIndex = ul_index, cStats = c_stats, rgullStats =
                rgull_stats
            }
            WINHTTP_WEB_SOCKET_ASYNC_RESULT = WebSocketAsyncResult {
                AsyncResult = async_result, Operation = operation
            }
            WINHTTP_WEB_SOCKET_STATUS = WebSocketStatus {
                dwBytesTransferred = dw_bytes_transferred, eBufferType = e_buffer_type
            }
            WINHTTP_PROXY_INFO = ProxyInfo<W> {
                dwAccessType = dw_access_type, lpszProxy = lpsz_proxy, lpszProxyBypass =
                lpsz_proxy_bypass
            }
            WINHTTP_AUTOPROXY_OPTIONS = AutoproxyOptions<W> {
                dwFlags = dw_flags, dwAutoDetectFlags = dw_auto_detect_flags, lpszAutoConfigUrl
                = lpsz_auto_config_url, lpvReserved = lpv_reserved, dwReserved = dw_reserved,
                fAutoLogonIfChallenged = f_auto_logon_if_challenged
            }
            WINHTTP_CURRENT_USER_IE_PROXY_CONFIG = CurrentUserIeProxyConfig<W> {
                fAutoDetect = f_auto_detect, lpszAutoConfigUrl = lpsz_auto_config_url, lpszProxy
                = lpsz_proxy, lpszProxyBypass = lpsz_proxy_bypass
            }
            WINHTTP_PROXY_RESULT_ENTRY = ProxyResultEntry<W> {
                fProxy = f_proxy, fBypass = f_bypass, ProxyScheme = proxy_scheme, pwszProxy =
                pwsz_proxy, ProxyPort = proxy_port
            }
            WINHTTP_PROXY_RESULT = ProxyResult<W> {
                cEntries = c_entries, pEntries = p_entries
            }
            WINHTTP_PROXY_RESULT_EX = ProxyResultEx<W> {
                cEntries = c_entries, pEntries = p_entries, hProxyDetectionHandle =
                h_proxy_detection_handle, dwProxyInterfaceAffinity = dw_proxy_interface_affinity
            }
            WINHTTP_PROXY_NETWORKING_KEY = ProxyNetworkingKey {
                pbBuffer = pb_buffer
            }
            WINHTTP_PROXY_SETTINGS = ProxySettings<W> {
                dwStructSize = dw_struct_size, dwFlags = dw_flags, dwCurrentSettingsVersion =
                dw_current_settings_version, pwszConnectionName = pwsz_connection_name,
                pwszProxy = pwsz_proxy, pwszProxyBypass = pwsz_proxy_bypass, pwszAutoconfigUrl =
                pwsz_autoconfig_url, pwszAutoconfigSecondaryUrl = pwsz_autoconfig_secondary_url,
                dwAutoDiscoveryFlags = dw_auto_discovery_flags, pwszLastKnownGoodAutoConfigUrl =
                pwsz_last_known_good_auto_config_url, dwAutoconfigReloadDelayMins =
                dw_autoconfig_reload_delay_mins, ftLastKnownDetectTime =
                ft_last_known_detect_time, dwDetectedInterfaceIpCount =
                dw_detected_interface_ip_count, pdwDetectedInterfaceIp =
                pdw_detected_interface_ip, cNetworkKeys = c_network_keys, pNetworkKeys =
                p_network_keys
            }
            WINHTTP_PROXY_SETTINGS_EX = ProxySettingsEx<W> {
                ullGenerationId = ull_generation_id, ullFlags = ull_flags, pcwszAutoconfigUrl =
                pcwsz_autoconfig_url, pcwszProxy = pcwsz_proxy, pcwszSecureProxy =
                pcwsz_secure_proxy, cProxyBypasses = c_proxy_bypasses, rgpcwszProxyBypasses =
                rgpcwsz_proxy_bypasses, dwInterfaceIndex = dw_interface_index,
                pcwszConnectionName = pcwsz_connection_name
            }
            WINHTTP_PROXY_SETTINGS_PARAM = ProxySettingsParam<W> {
                ullFlags = ull_flags, pcwszConnectionName = pcwsz_connection_name,
                pcwszProbeHost = pcwsz_probe_host
            }
            SOCKADDR_STORAGE = SockaddrStorage {
                ss_family = ss_family, __ss_pad1 = ss_pad1, __ss_align = ss_align, __ss_pad2 =
                ss_pad2
            }
            SOCKADDR_IN = SockaddrIn {
                sin_family = sin_family, sin_port = sin_port, sin_addr = sin_addr, sin_zero =
                sin_zero
            }
            WINHTTP_CONNECTION_INFO = ConnectionInfo {
                cbSize = cb_size, LocalAddress = local_address, RemoteAddress = remote_address
            }
            WINHTTP_CONNECTION_GROUP = ConnectionGroup {
                cConnections = c_connections, guidGroup = guid_group
            }
            WINHTTP_HOST_CONNECTION_GROUP = HostConnectionGroup<W> {
                pwszHost = pwsz_host, cConnectionGroups = c_connection_groups, pConnectionGroups
                = p_connection_groups
            }
            WINHTTP_QUERY_CONNECTION_GROUP_RESULT = QueryConnectionGroupResult<W> {
                cHosts = c_hosts, pHostConnectionGroups = p_host_connection_groups
            }
            WINHTTP_MATCH_CONNECTION_GUID = MatchConnectionGuid {
                ConnectionGuid = connection_guid, ullFlags = ull_flags
            }
            WINHTTP_HTTP2_RECEIVE_WINDOW = Http2ReceiveWindow {
                ulStreamWindow = ul_stream_window, ulStreamWindowUpdateDelta =
                ul_stream_window_update_delta
            }
            WINHTTP_RESOLVER_CACHE_CONFIG = ResolverCacheConfig {
                ulMaxResolverCacheEntries = ul_max_resolver_cache_entries, ulMaxCacheEntryAge =
                ul_max_cache_entry_age, ulMinCacheEntryTtl = ul_min_cache_entry_ttl,
                SecureDnsSetting = secure_dns_setting, ullConnResolutionWaitTime =
                ull_conn_resolution_wait_time, ullFlags = ull_flags
            }
            tcp_keepalive = TcpKeepalive {
                onoff = onoff, keepalivetime = keepalivetime, keepaliveinterval =
                keepaliveinterval
            }
            TCP_INFO_v0 = TcpInfoV0 {
                State = state, Mss = mss, ConnectionTimeMs = connection_time_ms,
                TimestampsEnabled = timestamps_enabled, RttUs = rtt_us, MinRttUs = min_rtt_us,
                BytesInFlight = bytes_in_flight, Cwnd = cwnd, SndWnd = snd_wnd, RcvWnd =
                rcv_wnd, RcvBuf = rcv_buf, BytesOut = bytes_out, BytesIn = bytes_in,
                BytesReordered = bytes_reordered, BytesRetrans = bytes_retrans, FastRetrans =
                fast_retrans, DupAcksIn = dup_acks_in, TimeoutEpisodes = timeout_episodes,
                SynRetrans = syn_retrans
            }
            TCP_INFO_v1 = TcpInfoV1 {
                State = state, Mss = mss, ConnectionTimeMs = connection_time_ms,
                TimestampsEnabled = timestamps_enabled, RttUs = rtt_us, MinRttUs = min_rtt_us,
                BytesInFlight = bytes_in_flight, Cwnd = cwnd, SndWnd = snd_wnd, RcvWnd =
                rcv_wnd, RcvBuf = rcv_buf, BytesOut = bytes_out, BytesIn = bytes_in,
                BytesReordered = bytes_reordered, BytesRetrans = bytes_retrans, FastRetrans =
                fast_retrans, DupAcksIn = dup_acks_in, TimeoutEpisodes = timeout_episodes,
                SynRetrans = syn_retrans, SndLimTransRwin = snd_lim_trans_rwin, SndLimTimeRwin =
                snd_lim_time_rwin, SndLimBytesRwin = snd_lim_bytes_rwin, SndLimTransCwnd =
                snd_lim_trans_cwnd, SndLimTimeCwnd = snd_lim_time_cwnd, SndLimBytesCwnd =
                snd_lim_bytes_cwnd, SndLimTransSnd = snd_lim_trans_snd, SndLimTimeSnd =
                snd_lim_time_snd, SndLimBytesSnd = snd_lim_bytes_snd
            }
            WINHTTP_CREDS = Creds {
                lpszUserName = lpsz_user_name, lpszPassword = lpsz_password, lpszRealm =
                lpsz_realm, dwAuthScheme = dw_auth_scheme, lpszHostName = lpsz_host_name, dwPort
                = dw_port
            }
            WINHTTP_CREDS_EX = CredsEx {
                lpszUserName = lpsz_user_name, lpszPassword = lpsz_password, lpszRealm =
                lpsz_realm, dwAuthScheme = dw_auth_scheme, lpszHostName = lpsz_host_name, dwPort
                = dw_port, lpszUrl = lpsz_url
            }
            WINHTTP_CERTIFICATE_INFO = CertificateInfo<W> {
                ftExpiry = ft_expiry, ftStart = ft_start, lpszSubjectInfo = lpsz_subject_info,
                lpszIssuerInfo = lpsz_issuer_info, lpszProtocolName = lpsz_protocol_name,
                lpszSignatureAlgName = lpsz_signature_alg_name, lpszEncryptionAlgName =
                lpsz_encryption_alg_name, dwKeySize = dw_key_size
            }
            SecPkgContext_ConnectionInfo = SecPkgContextConnectionInfo {
                dwProtocol = dw_protocol, aiCipher = ai_cipher, dwCipherStrength =
                dw_cipher_strength, aiHash = ai_hash, dwHashStrength = dw_hash_strength, aiExch
                = ai_exch, dwExchStrength = dw_exch_strength
            }
            SecPkgContext_CipherInfo = SecPkgContextCipherInfo<W> {
                dwVersion = dw_version, dwProtocol = dw_protocol, dwCipherSuite =
                dw_cipher_suite, dwBaseCipherSuite = dw_base_cipher_suite, szCipherSuite =
                sz_cipher_suite, szCipher = sz_cipher, dwCipherLen = dw_cipher_len,
                dwCipherBlockLen = dw_cipher_block_len, szHash = sz_hash, dwHashLen =
                dw_hash_len, szExchange = sz_exchange, dwMinExchangeLen = dw_min_exchange_len,
                dwMaxExchangeLen = dw_max_exchange_len, szCertificate = sz_certificate,
                dwKeyType = dw_key_type
            }
            SEC_CHANNEL_BINDINGS = SecChannelBindings {
                dwInitiatorAddrType = dw_initiator_addr_type, cbInitiatorLength =
                cb_initiator_length, dwInitiatorOffset = dw_initiator_offset, dwAcceptorAddrType
                = dw_acceptor_addr_type, cbAcceptorLength = cb_acceptor_length, dwAcceptorOffset
                = dw_acceptor_offset, cbApplicationDataLength = cb_application_data_length,
                dwApplicationDataOffset = dw_application_data_offset
            }
            SecPkgContext_Bindings = SecPkgContextBindings {
                BindingsLength = bindings_length, Bindings = bindings
            }
            CRYPT_INTEGER_BLOB = CryptIntegerBlob {
                cbData = cb_data, pbData = pb_data
            }
            CRYPT_BIT_BLOB = CryptBitBlob {
                cbData = cb_data, pbData = pb_data, cUnusedBits = c_unused_bits
            }
            CRYPT_ALGORITHM_IDENTIFIER = CryptAlgorithmIdentifier {
                pszObjId = psz_obj_id, Parameters = parameters
            }
            CERT_PUBLIC_KEY_INFO = CertPublicKeyInfo {
                Algorithm = algorithm, PublicKey = public_key
            }
            CERT_EXTENSION = CertExtension {
                pszObjId = psz_obj_id, fCritical = f_critical, Value = value
            }
            CERT_INFO = CertInfo {
                dwVersion = dw_version, SerialNumber = serial_number, SignatureAlgorithm =
                signature_algorithm, Issuer = issuer, NotBefore = not_before, NotAfter =
                not_after, Subject = subject, SubjectPublicKeyInfo = subject_public_key_info,
                IssuerUniqueId = issuer_unique_id, SubjectUniqueId = subject_unique_id,
                cExtension = c_extension, rgExtension = rg_extension
            }
            CERT_CONTEXT = CertContext {
                dwCertEncodingType = dw_cert_encoding_type, pbCertEncoded = pb_cert_encoded,
                cbCertEncoded = cb_cert_encoded, pCertInfo = p_cert_info, hCertStore =
                h_cert_store
            }
            SecPkgContext_IssuerListInfoEx = SecPkgContextIssuerListInfoEx {
                aIssuers = a_issuers, cIssuers = c_issuers
            }
            CERT_TRUST_STATUS = CertTrustStatus {
                dwErrorStatus = dw_error_status, dwInfoStatus = dw_info_status
            }
            CERT_CHAIN_ELEMENT = CertChainElement<W> {
                cbSize = cb_size, pCertContext = p_cert_context, TrustStatus = trust_status,
                pRevocationInfo = p_revocation_info, pIssuanceUsage = p_issuance_usage,
                pApplicationUsage = p_application_usage, pwszExtendedErrorInfo =
                pwsz_extended_error_info
            }
            CERT_SIMPLE_CHAIN = CertSimpleChain<W> {
                cbSize = cb_size, TrustStatus = trust_status, cElement = c_element, rgpElement =
                rgp_element, pTrustListInfo = p_trust_list_info, fHasRevocationFreshnessTime =
                f_has_revocation_freshness_time, dwRevocationFreshnessTime =
                dw_revocation_freshness_time
            }
            CERT_CHAIN_CONTEXT = CertChainContext<W> {
                cbSize = cb_size, TrustStatus = trust_status, cChain = c_chain, rgpChain =
                rgp_chain, cLowerQualityChainContext = c_lower_quality_chain_context,
                rgpLowerQualityChainContext = rgp_lower_quality_chain_context,
                fHasRevocationFreshnessTime = f_has_revocation_freshness_time,
                dwRevocationFreshnessTime = dw_revocation_freshness_time, dwCreateFlags =
                dw_create_flags, ChainId = chain_id
            }
        }
    };
}

/// What windows-sys declares; its names do not repeat across these modules.
mod windows {
    pub(super) use windows_sys::Win32::Foundation::*;
    pub(super) use windows_sys::Win32::Networking::WinHttp::*;
    pub(super) use windows_sys::Win32::Networking::WinSock::*;
    pub(super) use windows_sys::Win32::Security::Authentication::Identity::*;
    pub(super) use windows_sys::Win32::Security::Cryptography::*;
}

fn common<W>() -> Vec<Layout> {
    common_structures!(rust_layouts)
}

/// Structures that windows-sys lacks or whose unions it names differently.
fn others<W>() -> Vec<Layout> {
    let mut layouts: Vec<Layout> = rust_layouts! {
        GUID = Guid {
            Data1 = data1, Data2 = data2, Data3 = data3, Data4 = data4
        }
        SOCKADDR_IN6 = SockaddrIn6 {
            sin6_family = sin6_family, sin6_port = sin6_port, sin6_flowinfo = sin6_flowinfo,
            sin6_addr = sin6_addr, sin6_scope_id = sin6_scope_id
        }
        WINHTTP_SECURITY_INFO = SecurityInfo<W> {
            ConnectionInfo = connection_info, CipherInfo = cipher_info
        }
        QUIC_STATISTICS = QuicStatistics {
            CorrelationId = correlation_id, Rtt = rtt, MinRtt = min_rtt, MaxRtt = max_rtt,
            Timing = timing, Handshake = handshake, Send = send, Recv = recv, Misc = misc
        }
    };
    let (name, value) = (
        offset_of!(ExtendedHeader<W>, name),
        offset_of!(ExtendedHeader<W>, value),
    );
    layouts.push((
        "WINHTTP_EXTENDED_HEADER",
        size_of::<ExtendedHeader<W>>(),
        vec![
            ("pwszName", name),
            ("pszName", name),
            ("pwszValue", value),
            ("pszValue", value),
        ],
    ));
    layouts.push((
        "WINHTTP_HEADER_NAME",
        size_of::<HeaderName<W>>(),
        vec![("pwszName", 0), ("pszName", 0)],
    ));
    layouts.push((
        "QUIC_STATISTICS",
        size_of::<QuicStatistics>(),
        quic_members(),
    ));
    layouts
}

/// Members of the structures inside `QUIC_STATISTICS`.
fn quic_members() -> Vec<(&'static str, usize)> {
    vec![
        (
            "Timing.HandshakeFlightEnd",
            offset_of!(QuicStatistics, timing.handshake_flight_end),
        ),
        (
            "Handshake.ClientFlight2Bytes",
            offset_of!(QuicStatistics, handshake.client_flight2_bytes),
        ),
        (
            "Send.TotalPackets",
            offset_of!(QuicStatistics, send.total_packets),
        ),
        (
            "Send.TotalStreamBytes",
            offset_of!(QuicStatistics, send.total_stream_bytes),
        ),
        (
            "Send.CongestionCount",
            offset_of!(QuicStatistics, send.congestion_count),
        ),
        (
            "Recv.ValidAckFrames",
            offset_of!(QuicStatistics, recv.valid_ack_frames),
        ),
        (
            "Misc.KeyUpdateCount",
            offset_of!(QuicStatistics, misc.key_update_count),
        ),
    ]
}

/// A C or C++ text that compiles only when the header has these layouts.
fn assertions(layouts: &[Layout]) -> String {
    let mut source = String::from(
        "#include <winhttp.h>\n#include <stddef.h>\n#ifdef __cplusplus\n\
        #define CHECK static_assert\n#else\n#define CHECK _Static_assert\n#endif\n",
    );
    for (structure, size, fields) in layouts {
        source.push_str(&format!(
            "CHECK(sizeof({structure}) == {size}, \"{structure}\");\n"
        ));
        for (field, offset) in fields {
            source.push_str(&format!(
                "CHECK(offsetof({structure}, {field}) == {offset}, \"{structure}.{field}\");\n"
            ));
        }
    }
    source
}

#[test]
fn the_header_has_the_layouts_of_the_rust_table_at_both_widths() {
    let wide = assertions(&[common::<u32>(), others::<u32>()].concat());
    let utf16 = assertions(&[common::<u16>(), others::<u16>()].concat());
    for dialect in [Dialect::C("c11"), Dialect::Cpp("c++11")] {
        check("layouts_32", &wide, dialect, WIDTHS[0]).unwrap();
        for width in &WIDTHS[1..] {
            check("layouts_16", &utf16, dialect, width).unwrap();
        }
    }
}

#[test]
fn a_wrong_layout_would_be_found() {
    let mut layouts = common::<u32>();
    layouts[0].1 += 1;
    let message = check("layouts_bad", &assertions(&layouts), Dialect::C("c11"), &[]).unwrap_err();
    assert!(message.contains(layouts[0].0), "{message}");
}

#[test]
fn windows_sys_has_the_layouts_of_the_rust_table() {
    let theirs: Vec<Layout> = common_structures!(windows_layouts);
    assert!(theirs.len() > 45, "the list is incomplete");
    assert_eq!(common::<u16>(), theirs);
}

#[test]
fn windows_sys_agrees_on_structures_with_unions() {
    use windows::{SOCKADDR_IN6, WINHTTP_EXTENDED_HEADER, WINHTTP_HEADER_NAME};
    assert_eq!(size_of::<SockaddrIn6>(), size_of::<SOCKADDR_IN6>());
    assert_eq!(
        offset_of!(SockaddrIn6, sin6_addr),
        offset_of!(SOCKADDR_IN6, sin6_addr)
    );
    assert_eq!(
        offset_of!(SockaddrIn6, sin6_scope_id),
        offset_of!(SOCKADDR_IN6, Anonymous)
    );
    assert_eq!(
        size_of::<ExtendedHeader<u16>>(),
        size_of::<WINHTTP_EXTENDED_HEADER>()
    );
    assert_eq!(
        offset_of!(ExtendedHeader<u16>, value),
        offset_of!(WINHTTP_EXTENDED_HEADER, Anonymous2)
    );
    assert_eq!(
        size_of::<HeaderName<u16>>(),
        size_of::<WINHTTP_HEADER_NAME>()
    );
}
