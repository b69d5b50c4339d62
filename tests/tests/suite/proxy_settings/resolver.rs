//! Verifies settings that a resolver reads.

use std::ffi::c_void;
use std::ptr::{null, null_mut};

use winhttp_abi::constants as c;
use winhttp_abi::types::ProxySettingsEx;
use winhttp_abi::wide::Unit;
use winhttp_tests::support::autoproxy::create_resolver;
use winhttp_tests::support::own_process::{World, replace_file};
use winhttp_tests::{Client, Handle, Mode, own_processes, status};

use super::{BAD_PARAMETER, NAMED, set_machine};

const READ: u32 = c::WINHTTP_CALLBACK_STATUS_GETPROXYSETTINGS_COMPLETE;
const WRONG_STATE: Result<(), u32> = Err(c::ERROR_WINHTTP_INCORRECT_HANDLE_STATE);

fn start<W: Unit>(resolver: Handle, kind: i32, context: usize) -> u32 {
    // SAFETY: NULL is no parameter.
    unsafe { winhttp::WinHttpGetProxySettingsEx::<W>(resolver.raw(), kind, null(), context) }
}

fn result<W: Unit>(resolver: Handle, place: *mut ProxySettingsEx<W>) -> Result<(), u32> {
    // SAFETY: the structure lives through the call.
    status(unsafe {
        winhttp::WinHttpGetProxySettingsResultEx::<W>(resolver.raw(), place.cast::<c_void>())
    })
}

fn free<W: Unit>(place: *mut ProxySettingsEx<W>) {
    // SAFETY: the library filled it, or it is empty.
    let freed = unsafe { winhttp::WinHttpFreeProxySettingsEx::<W>(1, place.cast::<c_void>()) };
    status(freed).unwrap();
}

fn empty<W>() -> ProxySettingsEx<W> {
    // SAFETY: a structure of C, for which zeros are valid.
    unsafe { std::mem::zeroed() }
}

fn shown<W: Unit>(text: *const W) -> Option<String> {
    // SAFETY: NULL, or a text of the library.
    unsafe { winhttp_abi::input::text(text) }.unwrap()
}

/// Reads the settings as they are now; the result is still to be freed.
fn read<W: Unit>(client: &Client<W>, resolver: Handle, context: usize) -> ProxySettingsEx<W> {
    let before = client.events(resolver);
    let started = start::<W>(resolver, c::WinHttpProxySettingsTypeWsl, context);
    assert_eq!(started, c::ERROR_IO_PENDING);
    let event = client.recorder.wait_after(resolver, before, &[READ]);
    assert_eq!((event.context, event.length), (context, 0));
    let mut settings = empty();
    result(resolver, &raw mut settings).unwrap();
    settings
}

own_processes! {
    fn facts_30_4_4_and_30_5_4_a_resolver_reads_the_users_settings<W>(World::new().with_file(
        "auto-detect = yes\npac-url = http://s.test/p\nproxy = http=p:8080;https=https://q\n\
         bypass = <local>;*.test a.example\n",
    )) {
        let client = Client::<W>::new(Mode::Async);
        let resolver = create_resolver(&client).unwrap();
        let mut settings = read(&client, resolver, 7);
        assert_eq!(settings.ull_flags, 15);
        assert_eq!(shown(settings.pcwsz_autoconfig_url).as_deref(), Some("http://s.test/p"));
        assert_eq!(shown(settings.pcwsz_proxy).as_deref(), Some("http://p:8080"));
        assert_eq!(shown(settings.pcwsz_secure_proxy).as_deref(), Some("https://q:443"));
        let bypasses = (0..settings.c_proxy_bypasses as usize).map(|index| {
            // SAFETY: there are as many.
            shown(unsafe { settings.rgpcwsz_proxy_bypasses.wrapping_add(index).read() }).unwrap()
        });
        assert_eq!(bypasses.collect::<Vec<_>>(), ["<local>", "*.test", "a.example"]);
        assert!(settings.pcwsz_connection_name.is_null());
        let generation = settings.ull_generation_id;
        free(&raw mut settings);
        assert!(settings.pcwsz_proxy.is_null() && settings.rgpcwsz_proxy_bypasses.is_null());
        free(&raw mut settings);
        free::<W>(null_mut());

        replace_file("auto-detect = no");
        // What was read does not change.
        let mut old = empty::<W>();
        result(resolver, &raw mut old).unwrap();
        assert_eq!((old.ull_flags, old.ull_generation_id), (15, generation));
        free(&raw mut old);
        let mut settings = read(&client, resolver, 8);
        assert_eq!((settings.ull_flags, settings.c_proxy_bypasses), (1, 0));
        assert!(settings.pcwsz_proxy.is_null() && settings.pcwsz_autoconfig_url.is_null());
        assert!(settings.ull_generation_id > generation);
        free(&raw mut settings);
        set_machine::<W>(NAMED, Some("p"), None).unwrap();
        let mut settings = read(&client, resolver, 9);
        assert_eq!(settings.ull_flags, 1, "the machine's is another");
        free(&raw mut settings);
        client.close_and_wait(resolver);
        client.finish();
    }

    fn arguments_of_a_resolvers_settings<W>(World::new()) {
        let client = Client::<W>::new(Mode::Async);
        let resolver = create_resolver(&client).unwrap();
        let mut settings = empty::<W>();
        assert_eq!(result(resolver, &raw mut settings), WRONG_STATE, "nothing was read");
        for kind in [0, 4, -1] {
            assert_eq!(status(start::<W>(resolver, kind, 1)), BAD_PARAMETER);
            // SAFETY: NULL is nothing to free.
            let freed = unsafe { winhttp::WinHttpFreeProxySettingsEx::<W>(kind, null_mut()) };
            assert_eq!(status(freed), BAD_PARAMETER);
        }
        assert_eq!(result::<W>(resolver, null_mut()), BAD_PARAMETER);
        let wrong = Err(c::ERROR_WINHTTP_INCORRECT_HANDLE_TYPE);
        assert_eq!(status(start::<W>(client.session, 1, 1)), wrong);
        assert_eq!(result(client.session, &raw mut settings), wrong);
        // SAFETY: no memory is passed.
        let reset = unsafe {
            winhttp::WinHttpResetAutoProxy::<W>(
                client.session.raw(),
                c::WINHTTP_RESET_DISCARD_RESOLVERS,
            )
        };
        status(reset).unwrap();
        assert_eq!(status(start::<W>(resolver, 1, 1)), WRONG_STATE);
        client.close_and_wait(resolver);
        client.finish();
    }
}
