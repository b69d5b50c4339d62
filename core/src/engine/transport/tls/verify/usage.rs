//! Whether a certificate may be used to authenticate a server.

use webpki::{ExtendedKeyUsageValidator, KeyPurposeId, KeyPurposeIdIter, KeyUsage};
use x509_parser::prelude::X509Certificate;

/// id-kp-serverAuth and anyExtendedKeyUsage (RFC 5280 §4.2.1.12).
const PURPOSES: [KeyPurposeId<'static>; 2] = [
    KeyPurposeId::new(&[0x2b, 6, 1, 5, 5, 7, 3, 1]),
    KeyPurposeId::new(&[0x55, 0x1d, 0x25, 0]),
];

/// Neither the purposes nor the uses of the key that the certificate names, if it names any,
/// exclude a TLS server.
pub(super) fn is_for_servers(fields: &X509Certificate<'_>) -> bool {
    let purpose = match fields.extended_key_usage() {
        Ok(Some(usage)) => usage.value.server_auth || usage.value.any,
        Ok(None) => true,
        Err(_) => false,
    };
    // A server signs its handshakes; keys that are named for another part in a key exchange do so
    // in practice.
    let key = match fields.key_usage() {
        Ok(Some(usage)) => {
            let usage = usage.value;
            usage.digital_signature() || usage.key_encipherment() || usage.key_agreement()
        }
        Ok(None) => true,
        Err(_) => false,
    };
    purpose && key
}

/// What the purposes of each certificate of a chain must allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To authenticate a server, or anything.
    Server,
    /// No matter what: for a chain whose usage is known to be wrong.
    Whatever,
}

impl ExtendedKeyUsageValidator for Purpose {
    fn validate(&self, purposes: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        let mut named = false;
        for purpose in purposes {
            named = true;
            if PURPOSES.contains(&purpose?) {
                return Ok(());
            }
        }
        match self {
            Self::Server if named => Err(webpki::Error::RequiredEkuNotFoundContext(
                webpki::RequiredEkuNotFoundContext {
                    required: KeyUsage::server_auth(),
                    present: Vec::new(),
                },
            )),
            Self::Server | Self::Whatever => Ok(()),
        }
    }
}
