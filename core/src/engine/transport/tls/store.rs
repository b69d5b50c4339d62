//! Where the system keeps the authorities it trusts.

use std::path::Path;

use rustls::pki_types::CertificateDer;

/// The bundles that systems come with: Debian, Arch and Gentoo; Fedora; its derivatives; openSUSE;
/// Alpine, BSD and macOS.
const BUNDLES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The system's certificates; none if it has no store. Unreadable files and single bad certificates
/// are skipped, as other programs on the system do.
pub(super) fn certificates() -> Vec<CertificateDer<'static>> {
    if !winhttp_process::is_privileged() {
        return rustls_native_certs::load_native_certs().certs;
    }
    // SSL_CERT_FILE and SSL_CERT_DIR, which that would follow, must not decide whom a set-uid
    // program trusts.
    let bundle = BUNDLES.iter().map(Path::new).find(|path| path.exists());
    rustls_native_certs::load_certs_from_paths(bundle, None).certs
}
