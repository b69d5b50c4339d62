//! What each configuration trusts, and what is said about one that is broken: never more than it
//! names.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use winhttp_fixtures::certs::{Authority, IdentityOptions};

use super::*;

/// A folder of its own, which goes with the value.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("winhttp-trust-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn with_file(path: impl AsRef<Path>) -> TrustStore {
    let environment = Environment {
        file: Some(path.as_ref().into()),
        ..Environment::default()
    };
    environment.load()
}

fn with_directories(list: impl Into<OsString>) -> TrustStore {
    let environment = Environment {
        directories: Some(list.into()),
        ..Environment::default()
    };
    environment.load()
}

fn with_store(name: &str) -> TrustStore {
    let environment = Environment {
        store: Some(name.into()),
        ..Environment::default()
    };
    environment.load()
}

/// Certificates and authorities of a store.
fn size(store: &TrustStore) -> (usize, usize) {
    (store.certificates.len(), store.authorities.len())
}

fn reasons(store: &TrustStore) -> Vec<FaultReason> {
    store.faults.iter().map(|fault| fault.reason).collect()
}

/// A key, in the file where the certificate should be.
fn key_pem() -> String {
    let authority = Authority::new().unwrap();
    authority
        .issue(&IdentityOptions::default())
        .unwrap()
        .key_pem()
}

/// A certificate as far as PEM is concerned.
fn hollow_pem() -> &'static str {
    "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n"
}

#[test]
fn a_broken_file_trusts_nobody() {
    let folder = Folder::new();
    let good = Authority::new().unwrap().pem();
    let torn = good.replacen("-----END", "-----DNE", 1);
    let garbled = good.replacen("MII", "M I!", 1);
    let der = Authority::new().unwrap().der().to_vec();
    for (content, reason) in [
        (b"".to_vec(), FaultReason::NoCertificate),
        (b"\n\n".to_vec(), FaultReason::NoCertificate),
        (b"junk".to_vec(), FaultReason::NoCertificate),
        (vec![0xff; 4096], FaultReason::NoCertificate),
        (key_pem().into_bytes(), FaultReason::NoCertificate),
        (der, FaultReason::NoCertificate),
        (hollow_pem().into(), FaultReason::Malformed),
        (torn.into_bytes(), FaultReason::Malformed),
        (garbled.into_bytes(), FaultReason::Malformed),
        // As OpenSSL: a file is used whole or not at all.
        (
            [good.as_str(), hollow_pem()].concat().into(),
            FaultReason::Malformed,
        ),
        (
            [hollow_pem(), good.as_str()].concat().into(),
            FaultReason::Malformed,
        ),
    ] {
        let file = folder.file("trusted.pem", &content);
        let store = with_file(&file);
        let what = String::from_utf8_lossy(&content);
        assert_eq!(size(&store), (0, 0), "{what}");
        let fault = TrustFault {
            variable: "SSL_CERT_FILE",
            value: file,
            reason,
        };
        assert_eq!(store.faults(), [fault], "{what}");
    }
}

#[test]
fn a_file_that_cannot_be_read_trusts_nobody() {
    let folder = Folder::new();
    let not_found = FaultReason::Unreadable(ErrorKind::NotFound);
    let missing = with_file(folder.0.join("missing.pem"));
    assert_eq!(
        (size(&missing), reasons(&missing)),
        ((0, 0), vec![not_found])
    );
    let unnamed = with_file("");
    assert_eq!(
        (size(&unnamed), reasons(&unnamed)),
        ((0, 0), vec![not_found])
    );
    let directory = with_file(&folder.0);
    let is_directory = FaultReason::Unreadable(ErrorKind::IsADirectory);
    assert_eq!(
        (size(&directory), reasons(&directory)),
        ((0, 0), vec![is_directory])
    );
    let endless = with_file("/dev/zero");
    assert_eq!(
        (size(&endless), reasons(&endless)),
        ((0, 0), vec![FaultReason::Malformed])
    );
}

#[test]
fn a_good_file_trusts_its_certificates_and_no_other() {
    let folder = Folder::new();
    let authorities = [(); 2].map(|()| Authority::new().unwrap());
    let [first, second] = &authorities;
    // Words between the certificates, keys beside them and repetitions do no harm.
    let content = [
        "# words\n",
        &first.pem(),
        "\r\n",
        &key_pem(),
        &second.pem(),
        &first.pem(),
    ];
    let store = with_file(folder.file("trusted.pem", content.concat()));
    assert_eq!((size(&store), store.faults()), ((2, 2), &[][..]));
    assert!(store.contains(first.der()) && store.contains(second.der()));
    assert!(!store.contains(Authority::new().unwrap().der()));
}

#[test]
fn a_server_that_is_trusted_is_no_authority() {
    let folder = Folder::new();
    let server = Authority::pretended().unwrap();
    let store = with_file(folder.file("trusted.pem", server.pem()));
    assert_eq!((size(&store), store.faults()), ((1, 0), &[][..]));
    let version1 = Authority::new()
        .unwrap()
        .issue(&IdentityOptions::version1())
        .unwrap();
    let store = with_file(folder.file("version1.pem", version1.chain_pem()));
    assert_eq!(
        size(&store),
        (1, 1),
        "version 1 cannot say that it is an authority's"
    );
}

#[test]
fn a_broken_directory_trusts_nobody() {
    let folder = Folder::new();
    let not_found = FaultReason::Unreadable(ErrorKind::NotFound);
    for (list, reason) in [
        (OsString::new(), not_found),
        (folder.0.join("missing").into(), not_found),
        (folder.0.clone().into(), FaultReason::NoCertificate),
    ] {
        let store = with_directories(list.clone());
        assert_eq!(
            (size(&store), reasons(&store)),
            ((0, 0), vec![reason]),
            "{list:?}"
        );
    }
    folder.file("README", "junk");
    folder.file("key.pem", key_pem());
    let store = with_directories(&folder.0);
    assert_eq!(
        (size(&store), reasons(&store)),
        ((0, 0), vec![FaultReason::NoCertificate])
    );
    folder.file("hollow.pem", hollow_pem());
    let store = with_directories(&folder.0);
    assert_eq!(
        (size(&store), reasons(&store)),
        ((0, 0), vec![FaultReason::Malformed])
    );
}

/// As OpenSSL: the good files of a directory are used.
#[test]
fn a_directory_is_used_without_its_broken_files() {
    let folder = Folder::new();
    let authority = Authority::new().unwrap();
    folder.file("good.pem", authority.pem());
    folder.file("README", "junk");
    folder.file("key.pem", key_pem());
    fs::create_dir(folder.0.join("below")).unwrap();
    std::os::unix::fs::symlink("good.pem", folder.0.join("0123abcd.0")).unwrap();
    std::os::unix::fs::symlink("gone.pem", folder.0.join("0123abcd.1")).unwrap();
    let store = with_directories(&folder.0);
    assert_eq!((size(&store), store.faults()), ((1, 1), &[][..]));
    let bad = folder.file(
        "hollow.pem",
        [authority.pem().as_str(), hollow_pem()].concat(),
    );
    let store = with_directories(&folder.0);
    assert_eq!(size(&store), (1, 1));
    let [fault] = store.faults() else {
        panic!("{:?}", store.faults());
    };
    assert_eq!((&fault.value, fault.reason), (&bad, FaultReason::Malformed));
    let text = format!("SSL_CERT_DIR={}: holds something malformed", bad.display());
    assert_eq!(fault.to_string(), text);
}

#[test]
fn file_and_directories_add_up_and_win_over_named_stores() {
    let folders = [Folder::new(), Folder::new()];
    let [first, second, third] = [(); 3].map(|()| Authority::new().unwrap());
    folders[0].file("first.pem", first.pem());
    folders[1].file("second.pem", second.pem());
    let mut environment = Environment {
        file: Some(folders[0].0.join("first.pem").into()),
        directories: std::env::join_paths([&folders[0].0, &folders[1].0]).ok(),
        store: Some("webpki-roots".into()),
    };
    let store = environment.load();
    assert_eq!((size(&store), store.faults()), ((2, 2), &[][..]));
    assert!(!store.contains(third.der()));
    environment.file = Some(folders[0].0.join("missing.pem").into());
    let store = environment.load();
    assert_eq!((size(&store), store.faults().len()), ((2, 2), 1));
    environment.directories = Some(folders[0].0.join("missing").into());
    let store = environment.load();
    assert_eq!((size(&store), store.faults().len()), ((0, 0), 2));
}

#[test]
fn a_store_that_does_not_exist_trusts_nobody() {
    for name in ["", "webpki", "WEBPKI-ROOTS", "none", "/etc/ssl"] {
        let store = with_store(name);
        let unknown = vec![FaultReason::UnknownStore];
        assert_eq!(
            (size(&store), reasons(&store)),
            ((0, 0), unknown),
            "{name:?}"
        );
    }
    assert!(with_store("webpki-roots").authorities.len() > 50);
    let system = with_store("system");
    assert_eq!(size(&system), size(&Environment::default().load()));
    assert!(!system.authorities.is_empty());
}
