//! Resolvers: WinHttpGetProxyForUrlEx, its completions and results, and how it is ended.

use std::sync::mpsc;

use winhttp_abi::constants as c;
use winhttp_abi::types::ProxyResultEx;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::Server;
use winhttp_fixtures::hole::TcpHole;
use winhttp_tests::support::autoproxy::{
    Entry, Options, create_resolver, entry, finds, result, serves, start,
};
use winhttp_tests::support::dword;
use winhttp_tests::support::own_process::World;
use winhttp_tests::{Client, Handle, Info, Mode, PATIENCE, own_processes, status};

const URL: &str = "http://host.example/";
const PENDING: u32 = c::ERROR_IO_PENDING;
const COMPLETE: u32 = c::WINHTTP_CALLBACK_STATUS_GETPROXYFORURL_COMPLETE;
const ERROR: u32 = c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR;
const CLOSING: u32 = c::WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING;
const CREATED: u32 = c::WINHTTP_CALLBACK_STATUS_HANDLE_CREATED;
const NO_STATE: u32 = c::ERROR_WINHTTP_INCORRECT_HANDLE_STATE;
const CONTEXT: usize = 0x1234;

macro_rules! in_both_widths {
    ($($(#[$meta:meta])* fn $name:ident<$W:ident>() $body:block)*) => {$(
        #[test]
        $(#[$meta])*
        fn $name() {
            fn scenario<$W: Unit>() $body
            scenario::<u16>();
            scenario::<u32>();
        }
    )*};
}

fn direct() -> Entry {
    None
}

fn proxy(kind: i32, host: &str, port: u16) -> Entry {
    Some((kind, host.to_owned(), port))
}

/// What a look-up ends with.
fn ask<W: Unit>(client: &Client<W>, resolver: Handle, options: &Options<W>) -> Result<(), u32> {
    let before = client.events(resolver);
    assert_eq!(start(resolver, URL, options, CONTEXT), PENDING);
    let end = client
        .recorder
        .wait_after(resolver, before, &[COMPLETE, ERROR]);
    assert_eq!(end.context, CONTEXT);
    match (end.status, end.info, end.length) {
        (COMPLETE, Info::None, 0) => Ok(()),
        (ERROR, Info::AsyncResult(api, error), 16) => {
            assert_eq!(api, c::API_GET_PROXY_FOR_URL as usize);
            Err(error)
        }
        other => panic!("{other:?}"),
    }
}

in_both_widths! {
    fn facts_30_4_1_and_30_4_4_a_result_has_all_candidates_and_stays<W>() {
        let client = Client::<W>::new(Mode::Async);
        let resolver = create_resolver(&client).unwrap();
        assert_eq!(client.recorder.statuses_of(resolver), [CREATED]);
        assert_eq!(dword::<W>(resolver, c::WINHTTP_OPTION_HANDLE_TYPE), Ok(4));
        assert_eq!(result::<W>(resolver), Err(NO_STATE));
        let server = serves(finds(
            "return 'PROXY a:3128; HTTPS b; SOCKS c; PROXY [::1]:81; DIRECT; PROXY d'",
        ));
        let options = Options::<W>::script(&server.url("/"), 0);
        assert_eq!(ask(&client, resolver, &options), Ok(()));
        let expected = [
            proxy(1, "a", 3128),
            proxy(2, "b", 443),
            proxy(4, "c", 1080),
            proxy(1, "[::1]", 81),
            direct(),
        ];
        assert_eq!(result::<W>(resolver).unwrap(), expected);
        let mut extended = ProxyResultEx::<W> {
            c_entries: 9,
            p_entries: std::ptr::null_mut(),
            h_proxy_detection_handle: std::ptr::without_provenance_mut(1),
            dw_proxy_interface_affinity: 9,
        };
        // SAFETY: the place lives through the calls, and the library fills it.
        status(unsafe { winhttp::WinHttpGetProxyResultEx::<W>(resolver.raw(), &raw mut extended) }).unwrap();
        assert_eq!((extended.c_entries, extended.dw_proxy_interface_affinity), (5, 0));
        assert!(extended.h_proxy_detection_handle.is_null());
        // SAFETY: there are five entries.
        assert_eq!(entry(&unsafe { extended.p_entries.read() }), expected[0]);
        // SAFETY: as above.
        unsafe { winhttp::WinHttpFreeProxyResultEx::<W>(&raw mut extended) };
        assert!(extended.c_entries == 0 && extended.p_entries.is_null());
        // A look-up that fails leaves the result before it.
        let page = serves("no script");
        let failed = ask(&client, resolver, &Options::script(&page.url("/"), 0));
        assert_eq!(failed, Err(c::ERROR_WINHTTP_BAD_AUTO_PROXY_SCRIPT));
        assert_eq!(result::<W>(resolver).unwrap(), expected);
        let second = serves(finds("return 'DIRECT'"));
        assert_eq!(ask(&client, resolver, &Options::script(&second.url("/"), 0)), Ok(()));
        assert_eq!(result::<W>(resolver).unwrap(), [direct()]);
        client.close_and_wait(resolver);
        client.finish();
    }

    fn fact_30_4_1_arguments_and_handles<W>() {
        let client = Client::<W>::new(Mode::Async);
        let resolver = create_resolver(&client).unwrap();
        let good = Options::<W>::script("http://127.0.0.1:1/", 0);
        let kind = c::ERROR_WINHTTP_INCORRECT_HANDLE_TYPE;
        assert_eq!(start(client.session, URL, &good, 0), kind);
        assert_eq!(start(Handle(0x1234_5678), URL, &good, 0), c::ERROR_INVALID_HANDLE);
        assert_eq!(result::<W>(client.session), Err(kind));
        assert_eq!(start(resolver, "", &good, 0), c::ERROR_INVALID_PARAMETER);
        let detect = Options::<W>::detection(0, None, 0);
        assert_eq!(start(resolver, URL, &detect, 0), c::ERROR_INVALID_PARAMETER);
        let scheme = c::ERROR_WINHTTP_UNRECOGNIZED_SCHEME;
        assert_eq!(start(resolver, "ws://host/", &good, 0), scheme);
        assert_eq!(start(resolver, URL, &Options::<W>::script("file:///x", 0), 0), scheme);
        let none = std::ptr::null_mut();
        // SAFETY: NULL where it is refused.
        let nowhere = unsafe { winhttp::WinHttpGetProxyResult::<W>(resolver.raw(), none) };
        assert_eq!(nowhere, c::ERROR_INVALID_PARAMETER);
        // SAFETY: NULL is fine here.
        unsafe { winhttp::WinHttpFreeProxyResult::<W>(none) };
        assert_eq!(client.recorder.statuses_of(resolver), [CREATED], "nothing is notified");
        let sync = Client::<W>::new(Mode::Sync);
        assert_eq!(create_resolver(&sync), Err(kind));
        sync.finish();
        client.close_and_wait(resolver);
        assert_eq!(start(resolver, URL, &good, 0), c::ERROR_INVALID_HANDLE);
        client.finish();
    }

    fn fact_30_4_3_closing_a_resolver_cancels_its_look_up<W>() {
        let client = Client::<W>::new(Mode::Async);
        let resolver = create_resolver(&client).unwrap();
        let hole = TcpHole::new().unwrap();
        let options = Options::<W>::script(&format!("http://{}/", hole.address()), 0);
        assert_eq!(start(resolver, URL, &options, CONTEXT), PENDING);
        assert_eq!(start(resolver, URL, &options, 7), c::ERROR_INVALID_OPERATION);
        let _connection = hole.accept().unwrap();
        client.close_and_wait(resolver);
        let events = client.recorder.events_of(resolver);
        let told: Vec<_> = events.iter().skip(1).map(|event| (event.status, event.context)).collect();
        assert_eq!(told, [(ERROR, CONTEXT), (CLOSING, CONTEXT)]);
        let api = c::API_GET_PROXY_FOR_URL as usize;
        assert_eq!(events[1].info, Info::AsyncResult(api, c::ERROR_WINHTTP_OPERATION_CANCELLED));
        client.finish();
    }

    fn fact_30_4_3_a_cancelled_script_delays_nothing<W>() {
        let client = Client::<W>::new(Mode::Async);
        let server = serves(finds("if (shExpMatch(url, '*/endless')) for (;;); return 'PROXY x'"));
        let options = Options::<W>::script(&server.url("/"), 0);
        let quick = create_resolver(&client).unwrap();
        assert_eq!(ask(&client, quick, &options), Ok(()));
        // The script is there, nothing is downloaded: what has its turn runs. In every round all
        // workers but one do; together they are more than there are.
        for _ in 0..3 {
            let endless: Vec<Handle> = (0..7).map(|_| create_resolver(&client).unwrap()).collect();
            for resolver in &endless {
                let url = "http://host.example/endless";
                assert_eq!(start(*resolver, url, &options, 1), PENDING);
            }
            // This one's turn comes after theirs.
            assert_eq!(ask(&client, quick, &options), Ok(()));
            for resolver in endless {
                client.close_and_wait(resolver);
            }
        }
        assert_eq!(server.requests().len(), 1);
        client.close_and_wait(quick);
        client.finish();
    }

    fn fact_30_4_2_what_is_not_pending_notifies_nothing<W>() {
        let client = Client::<W>::new(Mode::Async);
        let resolver = create_resolver(&client).unwrap();
        let dhcp = Options::<W>::detection(c::WINHTTP_AUTO_DETECT_TYPE_DHCP, None, 0);
        assert_eq!(ask(&client, resolver, &dhcp), Err(c::ERROR_WINHTTP_AUTODETECTION_FAILED));
        let before = client.events(resolver);
        assert_eq!(start(resolver, "http:", &dhcp, 1), c::ERROR_WINHTTP_INVALID_URL);
        client.close_and_wait(resolver);
        let rest: Vec<u32> = client.recorder.statuses_of(resolver).split_off(before);
        assert_eq!(rest, [CLOSING]);
        client.finish();
    }

    fn fact_30_4_5_discarded_resolvers_work_no_more<W>() {
        let client = Client::<W>::new(Mode::Async);
        let (old, server) = (create_resolver(&client).unwrap(), serves(finds("return 'DIRECT'")));
        let options = Options::<W>::script(&server.url("/"), 0);
        assert_eq!(ask(&client, old, &options), Ok(()));
        let reset = |flags| {
            // SAFETY: no memory is passed.
            status(unsafe { winhttp::WinHttpResetAutoProxy::<W>(client.session.raw(), flags) }).unwrap();
        };
        reset(c::WINHTTP_RESET_ALL | c::WINHTTP_RESET_OUT_OF_PROC);
        assert_eq!(ask(&client, old, &options), Ok(()));
        assert_eq!(server.requests().len(), 2, "the script was forgotten");
        reset(c::WINHTTP_RESET_DISCARD_RESOLVERS);
        assert_eq!(start(old, URL, &options, 1), NO_STATE);
        assert_eq!(result::<W>(old), Err(NO_STATE));
        let new = create_resolver(&client).unwrap();
        assert_eq!(ask(&client, new, &options), Ok(()));
        client.close_and_wait(new);
        client.close_and_wait(old);
        client.finish();
    }
}

own_processes! {
    // What is refused has no completion, and leaves the context to whoever has it.
    fn fact_30_4_2_a_look_up_for_which_there_is_no_room_changes_nothing<W>(World::new()) {
        const WORKERS: usize = 8;
        const QUEUED: usize = 1024;
        let client = Client::<W>::new(Mode::Async);
        let hole = TcpHole::new().unwrap();
        let options = Options::<W>::script(&format!("http://{}/", hole.address()), 0);
        let begin = || assert_eq!(start(create_resolver(&client).unwrap(), URL, &options, 1), PENDING);
        let connections: Vec<_> = (0..WORKERS)
            .map(|_| {
                begin();
                hole.accept().unwrap()
            })
            .collect();
        for _ in 0..QUEUED {
            begin();
        }
        let resolver = create_resolver(&client).unwrap();
        client.put_context(resolver, CONTEXT).unwrap();
        assert_eq!(start(resolver, URL, &options, 7), c::ERROR_NOT_ENOUGH_MEMORY);
        assert_eq!(client.context(resolver), Ok(CONTEXT));
        client.close_and_wait(resolver);
        let events = client.recorder.events_of(resolver);
        let told: Vec<_> = events.iter().skip(1).map(|event| (event.status, event.context)).collect();
        assert_eq!(told, [(CLOSING, CONTEXT)]);
        client.finish();
        drop(connections);
    }
}

/// The callback closes the resolver, starts the next look-up, and frees nothing that is still used.
#[test]
fn a_callback_can_do_anything_with_its_resolver() {
    let client = Client::<u16>::new(Mode::Async);
    let server: Server = serves(finds("return 'PROXY x'"));
    let url = server.url("/");
    let resolver = create_resolver(&client).unwrap();
    let (sender, rounds) = mpsc::channel();
    client.recorder.on(COMPLETE, move |event| {
        let found = result::<u16>(event.handle).unwrap();
        assert_eq!(found, [proxy(1, "x", 80)]);
        let more = event.context > 1;
        if more {
            let options = Options::<u16>::script(&url, 0);
            assert_eq!(
                start(event.handle, URL, &options, event.context - 1),
                PENDING
            );
        } else {
            // SAFETY: any number may be passed.
            let closed = unsafe { winhttp::WinHttpCloseHandle::<u16>(event.handle.raw()) };
            assert_eq!(closed, 1);
        }
        sender.send(event.context).unwrap();
    });
    assert_eq!(
        start(
            resolver,
            URL,
            &Options::<u16>::script(&server.url("/"), 0),
            3
        ),
        PENDING
    );
    for round in [3, 2, 1] {
        assert_eq!(rounds.recv_timeout(PATIENCE), Ok(round));
    }
    client.recorder.wait(resolver, CLOSING);
    client.finish();
}

/// However soon the first look-up ends, and its callback starts the next: maybe before the call
/// that started the first has returned.
#[test]
fn each_of_two_look_ups_ends_once() {
    const ROUNDS: usize = 300;
    let client = Client::<u16>::new(Mode::Async);
    let (sender, ended) = mpsc::channel();
    // Nothing is asked for that: it ends at once.
    let nothing = || Options::<u16>::detection(c::WINHTTP_AUTO_DETECT_TYPE_DHCP, None, 0);
    client.recorder.on(ERROR, move |event| {
        if event.context == 2 {
            assert_eq!(start(event.handle, URL, &nothing(), 1), PENDING);
        }
        sender.send(event.context).unwrap();
    });
    for _ in 0..ROUNDS {
        let resolver = create_resolver(&client).unwrap();
        assert_eq!(start(resolver, URL, &nothing(), 2), PENDING);
        for context in [2, 1] {
            assert_eq!(ended.recv_timeout(PATIENCE), Ok(context));
        }
        client.close(resolver).unwrap();
    }
    client.finish();
}

/// Resolvers of one session do not wait for each other.
#[test]
fn look_ups_run_beside_each_other() {
    let client = Client::<u16>::new(Mode::Async);
    let hole = TcpHole::new().unwrap();
    let stuck = create_resolver(&client).unwrap();
    let options = Options::<u16>::script(&format!("http://{}/", hole.address()), 0);
    assert_eq!(start(stuck, URL, &options, 1), PENDING);
    let _connection = hole.accept().unwrap();
    let server = serves(finds("return 'PROXY x'"));
    let quick = create_resolver(&client).unwrap();
    assert_eq!(
        ask(&client, quick, &Options::script(&server.url("/"), 0)),
        Ok(())
    );
    client.close_and_wait(stuck);
    client.close_and_wait(quick);
    client.finish();
}
