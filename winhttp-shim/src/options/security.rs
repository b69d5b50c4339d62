//! WINHTTP_SECURITY_INFO: protocol and cipher of a TLS connection as Windows' TLS library would
//! describe them.

use winhttp_abi::constants as c;
use winhttp_abi::types::{SecPkgContextCipherInfo, SecPkgContextConnectionInfo, SecurityInfo};
use winhttp_abi::wide::Unit;
use winhttp_core::api::options::{BulkCipher, Cipher};

/// SECPKGCONTEXT_CIPHERINFO_V1.
const CIPHER_INFO_V1: u32 = 1;
/// Block length of AES; ChaCha20 is told as a stream cipher.
const AES_BLOCK_BYTES: u32 = 16;
/// Longest key of the exchange that Windows tells for elliptic curves, in bits.
const MAX_EXCHANGE_BITS: u32 = 65_536;

/// The structure for a caller whose wide characters are `W`.
pub(super) fn security_info<W: Unit>(cipher: &Cipher) -> SecurityInfo<W> {
    SecurityInfo {
        connection_info: SecPkgContextConnectionInfo {
            dw_protocol: cipher.protocol_bit,
            ai_cipher: match (cipher.cipher, cipher.bits) {
                (BulkCipher::Aes, 128) => c::CALG_AES_128,
                (BulkCipher::Aes, _) => c::CALG_AES_256,
                (BulkCipher::ChaCha20Poly1305, _) => 0, // has no number
            },
            dw_cipher_strength: cipher.bits,
            // AEADs have no hash of their own.
            ai_hash: 0,
            dw_hash_strength: 0,
            ai_exch: c::CALG_ECDH_EPHEM,
            dw_exch_strength: cipher.exchange_bits,
        },
        cipher_info: cipher_info(cipher),
    }
}

/// What a request without a TLS connection is told: zeros throughout.
pub(super) fn no_security_info<W: Unit>() -> SecurityInfo<W> {
    SecurityInfo {
        connection_info: SecPkgContextConnectionInfo {
            dw_protocol: 0,
            ai_cipher: 0,
            dw_cipher_strength: 0,
            ai_hash: 0,
            dw_hash_strength: 0,
            ai_exch: 0,
            dw_exch_strength: 0,
        },
        cipher_info: SecPkgContextCipherInfo {
            dw_version: 0,
            dw_protocol: 0,
            dw_cipher_suite: 0,
            dw_base_cipher_suite: 0,
            sz_cipher_suite: fixed(""),
            sz_cipher: fixed(""),
            dw_cipher_len: 0,
            dw_cipher_block_len: 0,
            sz_hash: fixed(""),
            dw_hash_len: 0,
            sz_exchange: fixed(""),
            dw_min_exchange_len: 0,
            dw_max_exchange_len: 0,
            sz_certificate: fixed(""),
            dw_key_type: 0,
        },
    }
}

fn cipher_info<W: Unit>(cipher: &Cipher) -> SecPkgContextCipherInfo<W> {
    let (name, block) = match cipher.cipher {
        BulkCipher::Aes => ("AES", AES_BLOCK_BYTES),
        BulkCipher::ChaCha20Poly1305 => ("CHACHA20_POLY1305", 0),
    };
    // Suites of TLS 1.3 say nothing about the exchange and the certificate.
    let (exchange, max_exchange) = if cipher.certificate.is_empty() {
        ("", 0)
    } else {
        ("ECDH", MAX_EXCHANGE_BITS)
    };
    SecPkgContextCipherInfo {
        dw_version: CIPHER_INFO_V1,
        dw_protocol: cipher.version.into(),
        dw_cipher_suite: cipher.suite.into(),
        dw_base_cipher_suite: cipher.suite.into(),
        sz_cipher_suite: fixed(&cipher.suite_name),
        sz_cipher: fixed(name),
        dw_cipher_len: cipher.bits,
        dw_cipher_block_len: block,
        sz_hash: fixed(""),
        dw_hash_len: 0,
        sz_exchange: fixed(exchange),
        dw_min_exchange_len: 0,
        dw_max_exchange_len: max_exchange,
        sz_certificate: fixed(cipher.certificate),
        dw_key_type: 0,
    }
}

/// A terminated text in an array of fixed size; what is too long is cut off.
fn fixed<W: Unit>(text: &str) -> [W; 64] {
    let mut array = [W::default(); 64];
    let (places, _terminator) = array.split_at_mut(63);
    for (place, unit) in places.iter_mut().zip(W::encode(text)) {
        *place = unit;
    }
    array
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_terminated_and_cut_to_their_array() {
        assert_eq!(fixed::<u16>("AES")[..4], [0x41, 0x45, 0x53, 0]);
        let cut = fixed::<u32>(&"x".repeat(100));
        assert_eq!((cut[62], cut[63]), (0x78, 0));
    }
}
