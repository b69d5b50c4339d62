//! Reading trusted certificates from the files and directories that the user names.
//!
//! As OpenSSL does it: a file with anything malformed in it is not used at all, and a directory is
//! used without its malformed files.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use webpki::anchor_from_trusted_cert;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::FaultReason;

/// Bytes of a file; the largest stores have a few hundred thousand.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// The certificates of a PEM file, of which there is at least one.
pub(super) fn load_file(path: &Path) -> Result<Vec<CertificateDer<'static>>, FaultReason> {
    let unreadable = |error: io::Error| FaultReason::Unreadable(error.kind());
    let mut pem = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    let mut limited = file.take(FILE_BYTES_MAX);
    limited.read_to_end(&mut pem).map_err(unreadable)?;
    if limited.limit() == 0 {
        return Err(FaultReason::Malformed);
    }
    parse(&pem)
}

/// The certificates of all files in a directory, and what could not be used of it: files without
/// certificates count only if there is no other.
pub(super) fn load_directory(
    path: &Path,
) -> (Vec<CertificateDer<'static>>, Vec<(PathBuf, FaultReason)>) {
    let mut certificates = Vec::new();
    let mut faults = Vec::new();
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) => {
            let reason = FaultReason::Unreadable(error.kind());
            return (certificates, vec![(path.to_owned(), reason)]);
        }
    };
    for entry in entries {
        // An entry that vanishes, and a link that leads nowhere, are no files.
        let Ok(entry) = entry.map(|entry| entry.path()) else {
            continue;
        };
        // Links are followed: `openssl rehash` makes them, so that each certificate is there twice.
        if !fs::metadata(&entry).is_ok_and(|metadata| metadata.is_file()) {
            continue;
        }
        match load_file(&entry) {
            Ok(found) => certificates.extend(found),
            Err(FaultReason::NoCertificate) => {}
            Err(reason) => faults.push((entry, reason)),
        }
    }
    if certificates.is_empty() && faults.is_empty() {
        faults.push((path.to_owned(), FaultReason::NoCertificate));
    }
    (certificates, faults)
}

fn parse(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, FaultReason> {
    let mut certificates = Vec::new();
    for section in CertificateDer::pem_slice_iter(pem) {
        let certificate = section.map_err(|_| FaultReason::Malformed)?;
        if !is_certificate(&certificate) {
            return Err(FaultReason::Malformed);
        }
        certificates.push(certificate);
    }
    match certificates.is_empty() {
        true => Err(FaultReason::NoCertificate),
        false => Ok(certificates),
    }
}

/// Two parsers are asked, so that a real certificate with an oddity that one of them refuses spoils
/// no file.
fn is_certificate(der: &CertificateDer<'_>) -> bool {
    anchor_from_trusted_cert(der).is_ok()
        || X509Certificate::from_der(der).is_ok_and(|(rest, _)| rest.is_empty())
}
