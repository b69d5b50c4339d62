//! The TLS side of tests: the authority a process trusts, servers it vouches for, and attempts to
//! reach them.

use std::ffi::c_void;
use std::io;
use std::path::PathBuf;
use std::ptr::null_mut;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, OnceLock};

use winhttp_abi::constants as c;
use winhttp_abi::types::CertContext;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::certs::{Authority, Identity, IdentityOptions};
use winhttp_fixtures::{Connection, Opcode, Server, Settings, TlsSettings, by_path};

use crate::scratch::kept;
use crate::{Call, Client, Handle, Info, Memory, Mode, PATIENCE, call, start_send};

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

/// WINHTTP_OPTION_SERVER_CERT_CONTEXT of a request: the certificate in DER.
///
/// # Errors
/// The last error.
pub fn certificate<W: Unit>(request: Handle) -> Call<Vec<u8>> {
    let mut context = null_mut::<CertContext>();
    let mut length = u32::try_from(size_of_val(&context)).unwrap();
    let option = c::WINHTTP_OPTION_SERVER_CERT_CONTEXT;
    // SAFETY: both live through the call.
    call(unsafe {
        winhttp::WinHttpQueryOption::<W>(
            request.raw(),
            option,
            (&raw mut context).cast(),
            &raw mut length,
        )
    })?;
    // SAFETY: the call has made it.
    let known = unsafe { &*context };
    let bytes = usize::try_from(known.cb_cert_encoded).unwrap();
    // SAFETY: so many bytes are there until it is freed.
    let der = unsafe { std::slice::from_raw_parts(known.pb_cert_encoded, bytes) }.to_vec();
    winhttp::CertFreeCertificateContext(context.cast::<c_void>().cast());
    Ok(der)
}

/// The script of a server that takes nothing of the first message until it is told to go on, then
/// everything, and answers with the message's length.
pub fn takes_later() -> (
    Sender<()>,
    impl Fn(&mut Connection) -> io::Result<()> + Send + Sync + 'static,
) {
    let (go, going) = channel();
    let going = Mutex::new(going);
    let script = move |connection: &mut Connection| {
        let Some(request) = connection.read_head()? else {
            return Ok(());
        };
        connection.accept_websocket(&request)?;
        going.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        let frame = connection.read_frame()?.expect("no message");
        let length = frame.payload.len().to_string();
        connection.send_frame(Opcode::TEXT, true, length.as_bytes())?;
        connection.wait_closed();
        Ok(())
    };
    (go, script)
}

/// A message that fills every buffer on the way to such a server, told to `go` on only then.
pub fn send_that_waits(client: &Client<u16>, socket: Handle, bytes: usize, go: &Sender<()>) {
    let binary = c::WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE;
    let before = client.events(socket);
    start_send::<u16>(socket, binary, Memory::new(bytes)).unwrap();
    let is_waiting = client.events(socket) == before;
    assert!(is_waiting, "the message fits into the buffers");
    go.send(()).unwrap();
    let sent = c::WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE;
    client.completion(socket, sent, before).unwrap();
    let text = c::WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE;
    let length = bytes.to_string().into_bytes();
    assert_eq!(client.ws_message(socket), Ok((length, text)));
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
