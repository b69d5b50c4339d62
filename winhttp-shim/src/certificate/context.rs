//! One certificate context: CERT_CONTEXT, and all the memory it points to.

use winhttp_abi::constants as c;
use winhttp_abi::types::{
    CertContext, CertExtension, CertInfo, CertPublicKeyInfo, CryptAlgorithmIdentifier,
    CryptBitBlob, CryptIntegerBlob,
};
use winhttp_core::api::options::{Algorithm, Bits, Certificate};

use crate::map;

/// What the program's pointer points to.
///
/// Invariant: every pointer in `context`, `info` and `extensions` is NULL or points into the memory
/// of `memory`, which is neither changed nor freed before the whole is.
#[repr(C)]
pub(super) struct Context {
    /// First, so that the address of the whole is that of the structure.
    context: CertContext,
    memory: Memory,
}

/// The memory a context points to. Vectors, because their contents stay where they are when the
/// vector is moved.
#[derive(Default)]
struct Memory {
    blobs: Vec<Vec<u8>>,
    extensions: Vec<CertExtension>,
    info: Vec<CertInfo>,
}

// SAFETY: the memory is never changed once the context is made, whichever thread reads it.
unsafe impl Send for Context {}
// SAFETY: as above.
unsafe impl Sync for Context {}

impl Context {
    /// Copies a certificate into Windows' structures.
    pub(super) fn new(certificate: &Certificate) -> Self {
        let mut memory = Memory::default();
        let extensions = certificate
            .extensions
            .iter()
            .map(|extension| CertExtension {
                psz_obj_id: memory.text(&extension.oid),
                f_critical: extension.critical.into(),
                value: memory.blob(&extension.value),
            });
        let extensions: Vec<_> = extensions.collect();
        let c_extension = u32::try_from(extensions.len()).unwrap_or(0);
        memory.extensions = extensions;
        let info = CertInfo {
            dw_version: certificate.version,
            serial_number: memory.blob(&certificate.serial),
            signature_algorithm: memory.algorithm(&certificate.signature_algorithm),
            issuer: memory.blob(&certificate.issuer),
            not_before: map::file_time(certificate.not_before),
            not_after: map::file_time(certificate.not_after),
            subject: memory.blob(&certificate.subject),
            subject_public_key_info: CertPublicKeyInfo {
                algorithm: memory.algorithm(&certificate.key_algorithm),
                public_key: memory.bits(Some(&certificate.key)),
            },
            issuer_unique_id: memory.bits(certificate.issuer_id.as_ref()),
            subject_unique_id: memory.bits(certificate.subject_id.as_ref()),
            c_extension,
            rg_extension: pointer(&mut memory.extensions),
        };
        memory.info = vec![info];
        let encoded = memory.blob(&certificate.der);
        let context = CertContext {
            dw_cert_encoding_type: c::X509_ASN_ENCODING,
            pb_cert_encoded: encoded.pb_data,
            cb_cert_encoded: encoded.cb_data,
            p_cert_info: pointer(&mut memory.info),
            h_cert_store: std::ptr::null_mut(),
        };
        Self { context, memory }
    }
}

impl Memory {
    /// Keeps bytes and says where they are.
    fn keep(&mut self, bytes: Vec<u8>) -> *mut u8 {
        let mut bytes = bytes;
        let place = pointer(&mut bytes);
        self.blobs.push(bytes);
        place
    }

    fn blob(&mut self, bytes: &[u8]) -> CryptIntegerBlob {
        let cb_data = u32::try_from(bytes.len()).unwrap_or(0);
        CryptIntegerBlob {
            cb_data,
            pb_data: self.keep(bytes.to_vec()),
        }
    }

    /// Terminated narrow text.
    fn text(&mut self, text: &str) -> *mut u8 {
        self.keep([text.as_bytes(), &[0]].concat())
    }

    fn algorithm(&mut self, algorithm: &Algorithm) -> CryptAlgorithmIdentifier {
        CryptAlgorithmIdentifier {
            psz_obj_id: self.text(&algorithm.oid),
            parameters: self.blob(&algorithm.parameters),
        }
    }

    fn bits(&mut self, bits: Option<&Bits>) -> CryptBitBlob {
        let blob = self.blob(bits.map_or(&[], |bits| &bits.bytes));
        CryptBitBlob {
            cb_data: blob.cb_data,
            pb_data: blob.pb_data,
            c_unused_bits: bits.map_or(0, |bits| bits.unused.into()),
        }
    }
}

/// Where a vector's contents are; NULL if it is empty, as Windows has it.
fn pointer<T>(vector: &mut Vec<T>) -> *mut T {
    if vector.is_empty() {
        std::ptr::null_mut()
    } else {
        vector.as_mut_ptr()
    }
}

#[cfg(test)]
#[expect(
    clippy::undocumented_unsafe_blocks,
    reason = "all pointers are into what the test made"
)]
pub(super) mod tests {
    use winhttp_core::api::options::Extension;

    use super::*;

    /// A certificate whose fields can be told apart.
    pub(in super::super) fn sample() -> Certificate {
        let algorithm = |oid: &str| Algorithm {
            oid: oid.to_owned(),
            parameters: vec![5, 0],
        };
        Certificate {
            der: b"whole".to_vec(),
            version: 2,
            serial: vec![7],
            signature_algorithm: algorithm("1.2.3"),
            issuer: b"issuer".to_vec(),
            not_before: 1 << 32,
            not_after: 2 << 32,
            subject: b"subject".to_vec(),
            key_algorithm: algorithm("4.5.6"),
            key: Bits {
                bytes: b"key".to_vec(),
                unused: 3,
            },
            issuer_id: None,
            subject_id: None,
            extensions: vec![Extension {
                oid: "2.5.29.17".to_owned(),
                critical: true,
                value: b"value".to_vec(),
            }],
        }
    }

    fn bytes(blob: CryptIntegerBlob) -> Vec<u8> {
        let length = usize::try_from(blob.cb_data).unwrap();
        unsafe { std::slice::from_raw_parts(blob.pb_data, length) }.to_vec()
    }

    fn text(pointer: *const u8) -> String {
        let text = unsafe { std::ffi::CStr::from_ptr(pointer.cast()) };
        text.to_str().unwrap().to_owned()
    }

    #[test]
    fn the_decoded_view_shows_the_certificate() {
        let moved = Box::new(Context::new(&sample()));
        let context = moved.context;
        let encoded = CryptIntegerBlob {
            cb_data: context.cb_cert_encoded,
            pb_data: context.pb_cert_encoded,
        };
        assert_eq!(bytes(encoded), b"whole");
        let info = unsafe { context.p_cert_info.read() };
        assert_eq!((info.dw_version, bytes(info.serial_number)), (2, vec![7]));
        assert_eq!(bytes(info.issuer), b"issuer");
        assert_eq!(bytes(info.subject), b"subject");
        assert_eq!(text(info.signature_algorithm.psz_obj_id), "1.2.3");
        assert_eq!(bytes(info.signature_algorithm.parameters), [5, 0]);
        assert_eq!(
            text(info.subject_public_key_info.algorithm.psz_obj_id),
            "4.5.6"
        );
        assert_eq!(info.subject_public_key_info.public_key.c_unused_bits, 3);
        assert_eq!(
            (
                info.not_before.dw_high_date_time,
                info.not_after.dw_high_date_time
            ),
            (1, 2)
        );
        assert!(info.issuer_unique_id.pb_data.is_null());
        assert_eq!(info.c_extension, 1);
        let extension = unsafe { info.rg_extension.read() };
        assert_eq!(
            (text(extension.psz_obj_id), extension.f_critical),
            ("2.5.29.17".into(), 1)
        );
        assert_eq!(bytes(extension.value), b"value");
    }
}
