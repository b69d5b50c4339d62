//! Structures of credentials and TLS.

use super::base::FileTime;

/// Process-wide proxy credentials, `WINHTTP_OPTION_GLOBAL_PROXY_CREDS`; narrow strings
/// (`WINHTTP_CREDS`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Creds {
    /// User name.
    pub lpsz_user_name: *mut u8,
    /// Password.
    pub lpsz_password: *mut u8,
    /// Realm.
    pub lpsz_realm: *mut u8,
    /// A `WINHTTP_AUTH_SCHEME_*` value.
    pub dw_auth_scheme: u32,
    /// Host name.
    pub lpsz_host_name: *mut u8,
    /// Port.
    pub dw_port: u32,
}

/// Process-wide server credentials, `WINHTTP_OPTION_GLOBAL_SERVER_CREDS`; narrow strings
/// (`WINHTTP_CREDS_EX`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CredsEx {
    /// User name.
    pub lpsz_user_name: *mut u8,
    /// Password.
    pub lpsz_password: *mut u8,
    /// Realm.
    pub lpsz_realm: *mut u8,
    /// A `WINHTTP_AUTH_SCHEME_*` value.
    pub dw_auth_scheme: u32,
    /// Host name.
    pub lpsz_host_name: *mut u8,
    /// Port.
    pub dw_port: u32,
    /// URL.
    pub lpsz_url: *mut u8,
}

/// The server's certificate in brief, `WINHTTP_OPTION_SECURITY_CERTIFICATE_STRUCT`
/// (`WINHTTP_CERTIFICATE_INFO`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CertificateInfo<W> {
    /// End of validity; it comes first.
    pub ft_expiry: FileTime,
    /// Begin of validity.
    pub ft_start: FileTime,
    /// Subject; LocalFree by the caller.
    pub lpsz_subject_info: *mut W,
    /// Issuer; LocalFree by the caller.
    pub lpsz_issuer_info: *mut W,
    /// Always NULL.
    pub lpsz_protocol_name: *mut W,
    /// Always NULL.
    pub lpsz_signature_alg_name: *mut W,
    /// Always NULL.
    pub lpsz_encryption_alg_name: *mut W,
    /// Strength of the cipher, in bits.
    pub dw_key_size: u32,
}

/// Protocol and algorithms of a TLS connection (`SecPkgContext_ConnectionInfo`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct SecPkgContextConnectionInfo {
    /// An `SP_PROT_*` value.
    pub dw_protocol: u32,
    /// Cipher, a `CALG_*` value.
    pub ai_cipher: u32,
    /// Strength of the cipher, in bits.
    pub dw_cipher_strength: u32,
    /// Hash, a `CALG_*` value; 0 for AEAD suites.
    pub ai_hash: u32,
    /// Strength of the hash, in bits.
    pub dw_hash_strength: u32,
    /// Key exchange, a `CALG_*` value.
    pub ai_exch: u32,
    /// Strength of the key exchange, in bits.
    pub dw_exch_strength: u32,
}

/// The cipher suite of a TLS connection; its strings follow the width of the caller
/// (`SecPkgContext_CipherInfo`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct SecPkgContextCipherInfo<W> {
    /// 1, set by the caller.
    pub dw_version: u32,
    /// TLS version.
    pub dw_protocol: u32,
    /// Cipher suite, the IANA number.
    pub dw_cipher_suite: u32,
    /// Cipher suite without its curve.
    pub dw_base_cipher_suite: u32,
    /// Name of the cipher suite.
    pub sz_cipher_suite: [W; 64],
    /// Name of the cipher.
    pub sz_cipher: [W; 64],
    /// Key length, in bits.
    pub dw_cipher_len: u32,
    /// Block length, in bytes.
    pub dw_cipher_block_len: u32,
    /// Name of the hash.
    pub sz_hash: [W; 64],
    /// Length of the hash, in bits.
    pub dw_hash_len: u32,
    /// Name of the key exchange.
    pub sz_exchange: [W; 64],
    /// Shortest key of the exchange, in bits.
    pub dw_min_exchange_len: u32,
    /// Longest key of the exchange, in bits.
    pub dw_max_exchange_len: u32,
    /// Type of the certificate.
    pub sz_certificate: [W; 64],
    /// Type of the key.
    pub dw_key_type: u32,
}

/// TLS information, `WINHTTP_OPTION_SECURITY_INFO` (`WINHTTP_SECURITY_INFO`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct SecurityInfo<W> {
    /// Protocol and algorithms.
    pub connection_info: SecPkgContextConnectionInfo,
    /// Cipher suite; the caller sets its version.
    pub cipher_info: SecPkgContextCipherInfo<W>,
}

/// Header of a channel binding token; offsets count from its start (`SEC_CHANNEL_BINDINGS`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct SecChannelBindings {
    /// 0.
    pub dw_initiator_addr_type: u32,
    /// 0.
    pub cb_initiator_length: u32,
    /// 0.
    pub dw_initiator_offset: u32,
    /// 0.
    pub dw_acceptor_addr_type: u32,
    /// 0.
    pub cb_acceptor_length: u32,
    /// 0.
    pub dw_acceptor_offset: u32,
    /// Length of the token, in bytes.
    pub cb_application_data_length: u32,
    /// Where the token starts.
    pub dw_application_data_offset: u32,
}

/// A channel binding token, `WINHTTP_OPTION_SERVER_CBT` (`SecPkgContext_Bindings`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct SecPkgContextBindings {
    /// Bytes of the bindings with the token.
    pub bindings_length: u32,
    /// The bindings, inside the caller's buffer.
    pub bindings: *mut SecChannelBindings,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_are_those_of_windows() {
        layout!(Creds, 48, 8, {
            lpsz_user_name: 0, lpsz_password: 8, lpsz_realm: 16, dw_auth_scheme: 24,
            lpsz_host_name: 32, dw_port: 40,
        });
        layout!(CredsEx, 56, 8, {
            lpsz_user_name: 0, lpsz_password: 8, lpsz_realm: 16, dw_auth_scheme: 24,
            lpsz_host_name: 32, dw_port: 40, lpsz_url: 48,
        });
        layout!(CertificateInfo<u16>, 64, 8, {
            ft_expiry: 0, ft_start: 8, lpsz_subject_info: 16, lpsz_issuer_info: 24,
            lpsz_protocol_name: 32, lpsz_signature_alg_name: 40, lpsz_encryption_alg_name: 48,
            dw_key_size: 56,
        });
        layout!(SecPkgContextConnectionInfo, 28, 4, {
            dw_protocol: 0, ai_cipher: 4, dw_cipher_strength: 8, ai_hash: 12, dw_hash_strength:
            16, ai_exch: 20, dw_exch_strength: 24,
        });
        layout!(SecPkgContextCipherInfo<u16>, 680, 4, {
            dw_version: 0, dw_protocol: 4, dw_cipher_suite: 8, dw_base_cipher_suite: 12,
            sz_cipher_suite: 16, sz_cipher: 144, dw_cipher_len: 272, dw_cipher_block_len: 276,
            sz_hash: 280, dw_hash_len: 408, sz_exchange: 412, dw_min_exchange_len: 540,
            dw_max_exchange_len: 544, sz_certificate: 548, dw_key_type: 676,
        });
        layout!(SecurityInfo<u16>, 708, 4, { connection_info: 0, cipher_info: 28 });
        layout!(SecChannelBindings, 32, 4, {
            dw_initiator_addr_type: 0, cb_initiator_length: 4, dw_initiator_offset: 8,
            dw_acceptor_addr_type: 12, cb_acceptor_length: 16, dw_acceptor_offset: 20,
            cb_application_data_length: 24, dw_application_data_offset: 28,
        });
        layout!(SecPkgContextBindings, 16, 8, { bindings_length: 0, bindings: 8 });
    }

    #[test]
    fn wide_names_of_a_cipher_suite_take_four_bytes_a_character_at_the_wider_width() {
        assert_eq!(size_of::<SecPkgContextCipherInfo<u32>>(), 680 + 5 * 64 * 2);
        assert_eq!(size_of::<SecurityInfo<u32>>(), 708 + 5 * 64 * 2);
    }
}
