//! Verifies that passwords, and what is made of them, leave no copy in memory that is given back.
//!
//! A program of its own: its allocator looks at every block that is given back.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use md5::{Digest as _, Md5};
use winhttp_abi::constants as c;
use winhttp_abi::output::unit_bytes;
use winhttp_abi::wide::{Unit, terminated};
use winhttp_fixtures::certs::{Authority, IdentityOptions};
use winhttp_fixtures::{Connection, Server, Settings, TlsSettings};
use winhttp_tests::support::own_process::{OWN, World};
use winhttp_tests::support::set_dword;
use winhttp_tests::{Call, Client, Handle, Mode, call};

const USER: &str = "user";
const PASSWORD: &str = "pa55word";
/// `user:pa55word`, as Basic sends it, without its end.
const TOKEN: &str = "dXNlcjpwYTU1d29yZA";
const BASIC: u32 = c::WINHTTP_AUTH_SCHEME_BASIC;
const DIGEST: u32 = c::WINHTTP_AUTH_SCHEME_DIGEST;

/// What no block may have that is given back.
static SECRETS: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
/// Blocks that had some of it all the same.
static FOUND: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// What this thread gives back is its own business: it is the server's.
    static IS_OTHERS: Cell<bool> = const { Cell::new(false) };
}

#[global_allocator]
static LOOKING: Looking = Looking;

/// The system's allocator; blocks are looked at before they go, and always move when they grow.
/// They come zeroed, as all of a block is read.
struct Looking;

// SAFETY: blocks come from the system's allocator and go back to it with the layout they had.
unsafe impl GlobalAlloc for Looking {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise: a block of this size, which nobody uses any more.
        let block = unsafe { std::slice::from_raw_parts(memory, layout.size()) };
        look_at(block);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(memory, layout) }
    }
}

fn look_at(block: &[u8]) {
    let Some(secrets) = SECRETS.get() else { return };
    if IS_OTHERS.get() {
        return;
    }
    let has = |secret: &Vec<u8>| block.windows(secret.len()).any(|window| window == *secret);
    if secrets.iter().any(has) {
        FOUND.fetch_add(1, Ordering::Relaxed);
    }
}

/// The password in every form in which it is kept, and what is sent instead of it.
fn secrets() -> Vec<Vec<u8>> {
    let mut hash = Md5::new();
    for part in [USER, ":x:", PASSWORD] {
        hash.update(part);
    }
    let hash = hash.finalize();
    let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let wide = |units: Vec<u8>, terminator: usize| units[..units.len() - terminator].to_vec();
    vec![
        PASSWORD.as_bytes().to_vec(),
        wide(unit_bytes(&terminated::<u16>(PASSWORD)), 2),
        wide(unit_bytes(&terminated::<u32>(PASSWORD)), 4),
        TOKEN.as_bytes().to_vec(),
        hash.to_vec(),
        digits.into_bytes(),
    ]
}

/// A proxy that asks for one scheme, and knows nobody whom it could open a tunnel to.
fn serve_as_proxy(challenge: &str, connection: &mut Connection) -> std::io::Result<()> {
    IS_OTHERS.set(true);
    while let Some(request) = connection.read_head()? {
        let answer = match (request.header("Proxy-Authorization"), &*request.method) {
            (None, _) => format!("407 Who\r\nProxy-Authenticate: {challenge}\r\n"),
            (_, "CONNECT") => "502 Nobody\r\n".to_owned(),
            (_, _) => "200 OK\r\n".to_owned(),
        };
        let head = format!("HTTP/1.1 {answer}Content-Length: 0\r\n\r\n");
        connection.send(head.as_bytes())?;
    }
    Ok(())
}

/// Asks for one scheme, and sends whoever answers to another page once.
fn serve(challenge: &str, connection: &mut Connection) -> std::io::Result<()> {
    IS_OTHERS.set(true);
    while let Some(request) = connection.read_head()? {
        let answer = if request.header("Authorization").is_none() {
            format!("401 No\r\nWWW-Authenticate: {challenge}\r\n")
        } else if request.target == "/" {
            "302 Go\r\nLocation: /x\r\n".to_owned()
        } else {
            "200 OK\r\n".to_owned()
        };
        let head = format!("HTTP/1.1 {answer}Content-Length: 0\r\n\r\n");
        connection.send(head.as_bytes())?;
    }
    Ok(())
}

fn challenge(scheme: u32) -> &'static str {
    match scheme {
        BASIC => "Basic realm=x",
        _ => "Digest realm=x, nonce=n, qop=auth, algorithm=MD5",
    }
}

fn server(scheme: u32, tls: bool) -> Server {
    let challenge = challenge(scheme);
    let tls = tls.then(|| {
        let identity = Authority::new().and_then(|own| own.issue(&IdentityOptions::default()));
        TlsSettings::new(&identity.unwrap())
    });
    let settings = Settings {
        tls,
        recording: false,
        ..Settings::default()
    };
    Server::start(settings, |connection: &mut Connection| {
        serve(challenge, connection)
    })
    .unwrap()
}

/// A text of this program, which it never gives back.
fn kept<W: Unit>(text: &str) -> &'static [W] {
    Box::leak(terminated::<W>(text).into_boxed_slice())
}

fn put<W: Unit>(request: Handle, option: u32, value: &[W]) {
    // One unit less: it is no terminator that counts.
    let length = u32::try_from(value.len() - 1).unwrap();
    // SAFETY: the text lives for ever.
    call(unsafe {
        winhttp::WinHttpSetOption::<W>(request.raw(), option, value.as_ptr().cast(), length)
    })
    .unwrap();
}

/// Sets all options with texts that are secret, one of them twice, and reads them.
fn put_and_read_all<W: Unit>(request: Handle) {
    let (user, password) = (kept::<W>(USER), kept::<W>(PASSWORD));
    for (option, value) in [
        (c::WINHTTP_OPTION_USERNAME, user),
        (c::WINHTTP_OPTION_PASSWORD, kept::<W>("pa55word, the first")),
        (c::WINHTTP_OPTION_PASSWORD, password),
        (c::WINHTTP_OPTION_PROXY_USERNAME, user),
        (c::WINHTTP_OPTION_PROXY_PASSWORD, password),
    ] {
        put(request, option, value);
        let mut buffer = [0_u64; 64];
        let mut length = u32::try_from(size_of_val(&buffer)).unwrap();
        let place = buffer.as_mut_ptr().cast();
        // SAFETY: buffer and length live through the call.
        call(unsafe {
            winhttp::WinHttpQueryOption::<W>(request.raw(), option, place, &raw mut length)
        })
        .unwrap();
        assert_eq!(
            usize::try_from(length).unwrap(),
            (value.len() - 1) * W::BYTES
        );
    }
}

fn set<W: Unit>(request: Handle, scheme: u32) {
    let (user, password) = (kept::<W>(USER), kept::<W>(PASSWORD));
    for target in [c::WINHTTP_AUTH_TARGET_SERVER, c::WINHTTP_AUTH_TARGET_PROXY] {
        let (raw, none) = (request.raw(), std::ptr::null_mut());
        // SAFETY: the texts live for ever.
        call(unsafe {
            let (user, password) = (user.as_ptr(), password.as_ptr());
            winhttp::WinHttpSetCredentials::<W>(raw, target, scheme, user, password, none)
        })
        .unwrap();
    }
}

fn open<W: Unit>(client: &Client<W>, server: &Server, tls: bool) -> Handle {
    let connect = client.connect("127.0.0.1", server.port()).unwrap();
    let flags = if tls { c::WINHTTP_FLAG_SECURE } else { 0 };
    let request = client.open_request(connect, "GET", "/", flags).unwrap();
    if tls {
        let ignored = c::SECURITY_FLAG_IGNORE_UNKNOWN_CA;
        set_dword::<W>(request, c::WINHTTP_OPTION_SECURITY_FLAGS, ignored).unwrap();
    }
    request
}

/// Every way in which credentials are given, and requests that answer with them.
fn round<W: Unit>(mode: Mode, scheme: u32, tls: bool) {
    let server = server(scheme, tls);
    let client = Client::<W>::new(mode);
    let never_sent = open(&client, &server, tls);
    put_and_read_all::<W>(never_sent);
    set::<W>(never_sent, scheme);
    set::<W>(never_sent, scheme);

    let with_options = open(&client, &server, tls);
    put_and_read_all::<W>(with_options);
    client.exchange(with_options).unwrap();
    assert_eq!(client.status_code(with_options), Ok(200));

    let with_call = open(&client, &server, tls);
    for _ in 0..2 {
        set::<W>(with_call, scheme);
        client.exchange(with_call).unwrap();
        assert_eq!(client.status_code(with_call), Ok(200));
    }
    client.finish();
}

/// Port and flags of requests through [`asking_proxy`], and what becomes of them.
const THROUGH_A_PROXY: [(u16, u32, Call<u32>); 2] = [
    (80, 0, Ok(200)),
    (
        443,
        c::WINHTTP_FLAG_SECURE,
        Err(c::ERROR_WINHTTP_CANNOT_CONNECT),
    ),
];

fn asking_proxy(scheme: u32) -> Server {
    let settings = Settings {
        recording: false,
        ..Settings::default()
    };
    let challenge = challenge(scheme);
    Server::start(settings, move |connection: &mut Connection| {
        serve_as_proxy(challenge, connection)
    })
    .unwrap()
}

/// The same for a proxy, which is given the request, or asked for a tunnel.
fn round_through_a_proxy<W: Unit>(mode: Mode, scheme: u32) {
    let proxy = asking_proxy(scheme);
    let client = Client::<W>::new(mode).through(&proxy);
    for (port, flags, answer) in THROUGH_A_PROXY {
        let give: [fn(Handle, u32); 2] = [|request, _| put_and_read_all::<W>(request), set::<W>];
        for give in give {
            let request = client.request_there(port, "GET", "/", flags);
            give(request, scheme);
            let outcome = client.exchange(request);
            assert_eq!(outcome.and_then(|()| client.status_code(request)), answer);
        }
    }
    client.finish();
}

/// From here on it is looked for secrets.
fn look() {
    SECRETS.set(secrets()).unwrap();
    drop(std::hint::black_box(Vec::from(*b"... pa55word")));
    assert_eq!(FOUND.swap(0, Ordering::Relaxed), 1, "it is looked for");
}

/// In a process whose variables name proxies, with a password.
fn round_with_variables<W: Unit>() {
    look();
    for mode in [Mode::Sync, Mode::Async] {
        for access in [
            c::WINHTTP_ACCESS_TYPE_DEFAULT_PROXY,
            c::WINHTTP_ACCESS_TYPE_AUTOMATIC_PROXY,
        ] {
            let client = Client::<W>::with_access(mode, access);
            for (port, flags, answer) in THROUGH_A_PROXY {
                let request = client.request_there(port, "GET", "/", flags);
                let outcome = client.exchange(request);
                assert_eq!(outcome.and_then(|()| client.status_code(request)), answer);
                client.close(request).unwrap();
            }
            client.finish();
            let found = FOUND.swap(0, Ordering::Relaxed);
            assert_eq!(found, 0, "{mode:?}, access type {access}");
        }
    }
}

/// The environment keeps it for as long as the process runs; what is made of it is wiped.
#[test]
fn the_password_of_a_variable_leaves_no_copy_behind() {
    match std::env::var(OWN).as_deref() {
        Ok("16") => return round_with_variables::<u16>(),
        Ok(_) => return round_with_variables::<u32>(),
        Err(_) => {}
    }
    // Here is nobody whose copies count.
    IS_OTHERS.set(true);
    for scheme in [BASIC, DIGEST] {
        for width in ["16", "32"] {
            let proxy = asking_proxy(scheme);
            let variable = format!("http://{USER}:{PASSWORD}@{}", proxy.authority());
            World::new()
                .with("http_proxy", &variable)
                .with("https_proxy", &variable)
                .run(
                    module_path!(),
                    "the_password_of_a_variable_leaves_no_copy_behind",
                    width,
                );
            assert!(proxy.connections() > 0);
        }
    }
}

#[test]
fn a_password_leaves_no_copy_behind() {
    look();
    for mode in [Mode::Sync, Mode::Async] {
        for scheme in [BASIC, DIGEST] {
            for tls in [false, true] {
                round::<u16>(mode, scheme, tls);
                round::<u32>(mode, scheme, tls);
                let found = FOUND.swap(0, Ordering::Relaxed);
                assert_eq!(found, 0, "{mode:?}, scheme {scheme}, tls {tls}");
            }
            round_through_a_proxy::<u16>(mode, scheme);
            round_through_a_proxy::<u32>(mode, scheme);
            let found = FOUND.swap(0, Ordering::Relaxed);
            assert_eq!(found, 0, "{mode:?}, scheme {scheme}, through a proxy");
        }
    }
}
