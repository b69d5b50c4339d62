//! Structures of certificates and chains, as wincrypt.h has them.

use core::ffi::c_void;

use super::base::{Bool, FileTime, Guid};

/// Counted bytes (`CRYPT_INTEGER_BLOB`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CryptIntegerBlob {
    /// Number of bytes.
    pub cb_data: u32,
    /// The bytes.
    pub pb_data: *mut u8,
}

/// Counted bits (`CRYPT_BIT_BLOB`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CryptBitBlob {
    /// Number of bytes.
    pub cb_data: u32,
    /// The bytes.
    pub pb_data: *mut u8,
    /// Unused bits of the last byte.
    pub c_unused_bits: u32,
}

/// An algorithm with its parameters (`CRYPT_ALGORITHM_IDENTIFIER`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CryptAlgorithmIdentifier {
    /// Object identifier as text.
    pub psz_obj_id: *mut u8,
    /// Parameters in DER.
    pub parameters: CryptIntegerBlob,
}

/// A public key (`CERT_PUBLIC_KEY_INFO`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CertPublicKeyInfo {
    /// Algorithm of the key.
    pub algorithm: CryptAlgorithmIdentifier,
    /// The key in DER.
    pub public_key: CryptBitBlob,
}

/// An extension of a certificate (`CERT_EXTENSION`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CertExtension {
    /// Object identifier as text.
    pub psz_obj_id: *mut u8,
    /// Whether it must be understood.
    pub f_critical: Bool,
    /// Value in DER.
    pub value: CryptIntegerBlob,
}

/// A decoded certificate (`CERT_INFO`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CertInfo {
    /// 0 for v1, 2 for v3.
    pub dw_version: u32,
    /// Serial number, least significant byte first.
    pub serial_number: CryptIntegerBlob,
    /// Algorithm of the signature.
    pub signature_algorithm: CryptAlgorithmIdentifier,
    /// Issuer in DER.
    pub issuer: CryptIntegerBlob,
    /// Begin of validity.
    pub not_before: FileTime,
    /// End of validity.
    pub not_after: FileTime,
    /// Subject in DER.
    pub subject: CryptIntegerBlob,
    /// Public key.
    pub subject_public_key_info: CertPublicKeyInfo,
    /// Unique identifier of the issuer, or empty.
    pub issuer_unique_id: CryptBitBlob,
    /// Unique identifier of the subject, or empty.
    pub subject_unique_id: CryptBitBlob,
    /// Number of extensions.
    pub c_extension: u32,
    /// Extensions.
    pub rg_extension: *mut CertExtension,
}

/// A certificate; released by `CertFreeCertificateContext` (`CERT_CONTEXT`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CertContext {
    /// `X509_ASN_ENCODING`, with or without `PKCS_7_ASN_ENCODING`.
    pub dw_cert_encoding_type: u32,
    /// The certificate in DER.
    pub pb_cert_encoded: *mut u8,
    /// Number of bytes.
    pub cb_cert_encoded: u32,
    /// The certificate, decoded.
    pub p_cert_info: *mut CertInfo,
    /// NULL.
    pub h_cert_store: *mut c_void,
}

/// Issuers a server accepts, `WINHTTP_OPTION_CLIENT_CERT_ISSUER_LIST`
/// (`SecPkgContext_IssuerListInfoEx`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct SecPkgContextIssuerListInfoEx {
    /// Names in DER.
    pub a_issuers: *mut CryptIntegerBlob,
    /// Number of names.
    pub c_issuers: u32,
}

/// Whether a chain is trusted (`CERT_TRUST_STATUS`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CertTrustStatus {
    /// Mask of `CERT_TRUST_IS_*` and `CERT_TRUST_REVOCATION_STATUS_UNKNOWN`.
    pub dw_error_status: u32,
    /// Notes; 0 here.
    pub dw_info_status: u32,
}

/// One certificate of a chain (`CERT_CHAIN_ELEMENT`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CertChainElement<W> {
    /// Size of this structure.
    pub cb_size: u32,
    /// The certificate.
    pub p_cert_context: *const CertContext,
    /// Its trust status.
    pub trust_status: CertTrustStatus,
    /// NULL.
    pub p_revocation_info: *mut c_void,
    /// NULL.
    pub p_issuance_usage: *mut c_void,
    /// NULL.
    pub p_application_usage: *mut c_void,
    /// NULL.
    pub pwsz_extended_error_info: *const W,
}

/// Certificates from the end entity up (`CERT_SIMPLE_CHAIN`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CertSimpleChain<W> {
    /// Size of this structure.
    pub cb_size: u32,
    /// Trust status of the chain.
    pub trust_status: CertTrustStatus,
    /// Number of certificates.
    pub c_element: u32,
    /// The certificates.
    pub rgp_element: *mut *mut CertChainElement<W>,
    /// NULL.
    pub p_trust_list_info: *mut c_void,
    /// Whether the next is known.
    pub f_has_revocation_freshness_time: Bool,
    /// Its age, in seconds.
    pub dw_revocation_freshness_time: u32,
}

/// A chain; released by `CertFreeCertificateChain` (`CERT_CHAIN_CONTEXT`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CertChainContext<W> {
    /// Size of this structure.
    pub cb_size: u32,
    /// Trust status of the whole.
    pub trust_status: CertTrustStatus,
    /// Number of simple chains.
    pub c_chain: u32,
    /// The simple chains.
    pub rgp_chain: *mut *mut CertSimpleChain<W>,
    /// Number of worse chains.
    pub c_lower_quality_chain_context: u32,
    /// Worse chains.
    pub rgp_lower_quality_chain_context: *mut *mut Self,
    /// Whether the next is known.
    pub f_has_revocation_freshness_time: Bool,
    /// Its age, in seconds.
    pub dw_revocation_freshness_time: u32,
    /// Flags the chain was built with.
    pub dw_create_flags: u32,
    /// Identity of the chain.
    pub chain_id: Guid,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_are_those_of_windows() {
        layout!(CryptIntegerBlob, 16, 8, { cb_data: 0, pb_data: 8 });
        layout!(CryptBitBlob, 24, 8, { cb_data: 0, pb_data: 8, c_unused_bits: 16 });
        layout!(CryptAlgorithmIdentifier, 24, 8, { psz_obj_id: 0, parameters: 8 });
        layout!(CertPublicKeyInfo, 48, 8, { algorithm: 0, public_key: 24 });
        layout!(CertExtension, 32, 8, { psz_obj_id: 0, f_critical: 8, value: 16 });
        layout!(CertInfo, 208, 8, {
            dw_version: 0, serial_number: 8, signature_algorithm: 24, issuer: 48, not_before: 64,
            not_after: 72, subject: 80, subject_public_key_info: 96, issuer_unique_id: 144,
            subject_unique_id: 168, c_extension: 192, rg_extension: 200,
        });
        layout!(CertContext, 40, 8, {
            dw_cert_encoding_type: 0, pb_cert_encoded: 8, cb_cert_encoded: 16, p_cert_info: 24,
            h_cert_store: 32,
        });
        layout!(SecPkgContextIssuerListInfoEx, 16, 8, { a_issuers: 0, c_issuers: 8 });
        layout!(CertTrustStatus, 8, 4, { dw_error_status: 0, dw_info_status: 4 });
        layout!(CertChainElement<u16>, 56, 8, {
            cb_size: 0, p_cert_context: 8, trust_status: 16, p_revocation_info: 24,
            p_issuance_usage: 32, p_application_usage: 40, pwsz_extended_error_info: 48,
        });
        layout!(CertSimpleChain<u16>, 40, 8, {
            cb_size: 0, trust_status: 4, c_element: 12, rgp_element: 16, p_trust_list_info: 24,
            f_has_revocation_freshness_time: 32, dw_revocation_freshness_time: 36,
        });
        layout!(CertChainContext<u16>, 72, 8, {
            cb_size: 0, trust_status: 4, c_chain: 12, rgp_chain: 16,
            c_lower_quality_chain_context: 24, rgp_lower_quality_chain_context: 32,
            f_has_revocation_freshness_time: 40, dw_revocation_freshness_time: 44,
            dw_create_flags: 48, chain_id: 52,
        });
    }
}
