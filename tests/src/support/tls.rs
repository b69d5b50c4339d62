//! The TLS side of tests: the authority a process trusts, servers it vouches for, and attempts to
//! reach them.

use std::path::PathBuf;
use std::sync::OnceLock;

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::certs::{Authority, Identity, IdentityOptions};
use winhttp_fixtures::{Server, Settings, TlsSettings, by_path};

use crate::scratch::kept;
use crate::{Call, Client, Handle, Info, Mode};

use super::{assert_failed_as, close_for_good, secure, set_dword};

/// The notification of a refused certificate.
pub const SECURE_FAILURE: u32 = c::WINHTTP_CALLBACK_STATUS_SECURE_FAILURE;

/// The authority this process trusts, and where its TLS secrets are logged.
#[derive(Debug)]
pub struct World {
    /// Whom it trusts.
    pub authority: Authority,
    /// The file of secrets.
    pub key_log: PathBuf,
}

/// Sets the process up. A test that looks names up, or opens a secure connection, begins with this.
pub fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let folder = kept("tls");
        let authority = Authority::new().unwrap();
        let file = authority.write_pem(&folder).unwrap();
        let key_log = folder.join("keys.log");
        // SAFETY: tests come here before their first look-up of a name, the only thing that reads
        // the environment without the lock of Rust's library.
        unsafe { std::env::set_var("SSL_CERT_FILE", file) };
        // SAFETY: as above.
        unsafe { std::env::set_var("SSLKEYLOGFILE", &key_log) };
        World { authority, key_log }
    })
}

/// A certificate of that authority, with its key.
pub fn identity(options: &IdentityOptions) -> Identity {
    world().authority.issue(options).unwrap()
}

/// A server with a certificate that nothing is wrong with.
pub fn good_server() -> Server {
    Server::tls(by_path, &identity(&IdentityOptions::default())).unwrap()
}

/// Such a server with other settings.
pub fn server_with(change: impl FnOnce(TlsSettings) -> TlsSettings) -> Server {
    let tls = change(TlsSettings::new(&identity(&IdentityOptions::default())));
    Server::start(
        Settings {
            tls: Some(tls),
            ..Settings::default()
        },
        by_path,
    )
    .unwrap()
}

/// The words of the SECURE_FAILURE notifications of a request.
pub fn reasons<W: Unit>(client: &Client<W>, handle: Handle) -> Vec<u32> {
    let events = client.recorder.events_of(handle).into_iter();
    events
        .filter(|event| event.status == SECURE_FAILURE)
        .map(|event| match event.info {
            Info::Dword(reasons) if event.length == 4 => reasons,
            info => panic!("SECURE_FAILURE carries {info:?}"),
        })
        .collect()
}

/// Sends a secure request of its own connection and gives its outcome with the reasons of a
/// refusal.
pub fn attempt<W: Unit>(client: &Client<W>, server: &Server, ignore: u32) -> (Call<u32>, Vec<u32>) {
    attempt_at(client, server.port(), ignore)
}

/// The same for a server of which only the port is known.
pub fn attempt_at<W: Unit>(client: &Client<W>, port: u16, ignore: u32) -> (Call<u32>, Vec<u32>) {
    let handle = secure(client, port, "/status?close");
    if ignore != 0 {
        set_dword::<W>(handle, c::WINHTTP_OPTION_SECURITY_FLAGS, ignore).unwrap();
    }
    let sent = client.send(handle);
    let reasons = reasons(client, handle);
    if let Err(error) = sent {
        assert_failed_as(client, handle, c::API_SEND_REQUEST, error);
        if !reasons.is_empty() {
            secure_failure_comes_after_connecting(client, handle);
        }
    }
    let outcome = sent
        .and_then(|()| client.receive(handle))
        .and_then(|()| client.status_code(handle));
    close_for_good(client, handle);
    (outcome, reasons)
}

/// Winhttp-callbacks section 6: CONNECTED_TO_SERVER, SECURE_FAILURE, and nothing is sent.
pub fn secure_failure_comes_after_connecting<W: Unit>(client: &Client<W>, handle: Handle) {
    let statuses = client.recorder.statuses_of(handle);
    let place = |status: u32| statuses.iter().position(|own| *own == status);
    let connected = place(c::WINHTTP_CALLBACK_STATUS_CONNECTED_TO_SERVER);
    assert!(
        connected.is_some() && connected < place(SECURE_FAILURE),
        "{statuses:x?}"
    );
    assert_eq!(
        place(c::WINHTTP_CALLBACK_STATUS_SENDING_REQUEST),
        None,
        "{statuses:x?}"
    );
}

/// Runs a test in both modes.
pub fn both(test: fn(Mode)) {
    world();
    test(Mode::Sync);
    test(Mode::Async);
}
