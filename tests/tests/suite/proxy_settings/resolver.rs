//! Verifies settings that a resolver reads, and what they say for a URL.

use std::ffi::c_void;
use std::ptr::{null, null_mut};

use winhttp_abi::constants as c;
use winhttp_abi::types::{ProxyResult, ProxySettingsEx};
use winhttp_abi::wide::Unit;
use winhttp_tests::support::autoproxy::{self, Options, create_resolver, finds, serves};
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

/// What the resolver finds for a URL: whether to use a proxy, whether one is bypassed, and the
/// proxy's port; of one entry.
fn way<W: Unit>(
    client: &Client<W>,
    resolver: Handle,
    url: &str,
    options: &Options<W>,
) -> (i32, i32, u16) {
    const COMPLETE: u32 = c::WINHTTP_CALLBACK_STATUS_GETPROXYFORURL_COMPLETE;
    let before = client.events(resolver);
    let started = autoproxy::start(resolver, url, options, 1);
    assert_eq!(started, c::ERROR_IO_PENDING);
    client.recorder.wait_after(resolver, before, &[COMPLETE]);
    let mut found = ProxyResult::<W> {
        c_entries: 7,
        p_entries: null_mut(),
    };
    // SAFETY: the structure lives through the call.
    status(unsafe { winhttp::WinHttpGetProxyResult::<W>(resolver.raw(), &raw mut found) }).unwrap();
    assert_eq!(found.c_entries, 1);
    // SAFETY: there is one.
    let entry = unsafe { found.p_entries.read() };
    assert_eq!(entry.pwsz_proxy.is_null(), entry.f_proxy == 0);
    // SAFETY: the library filled it.
    unsafe { winhttp::WinHttpFreeProxyResult::<W>(&raw mut found) };
    (entry.f_proxy, entry.f_bypass, entry.proxy_port)
}

own_processes! {
    fn fact_30_4_4_an_entry_says_whether_the_bypass_list_matched<W>(
        World::new().with_file("default-proxy = http=p:8080\ndefault-bypass = *.near.test;x.test:81\n")
    ) {
        let client = Client::<W>::new(Mode::Async);
        let resolver = create_resolver(&client).unwrap();
        let allowed = Options::<W>::configured(c::WINHTTP_AUTOPROXY_ALLOW_STATIC);
        let (through, past, without) = ((1, 0, 8080), (0, 1, 0), (0, 0, 0));
        for (url, expected) in [
            ("http://far.test/", through),
            ("http://a.near.test/", past),
            ("http://x.test:81/", past),
            ("http://x.test/", through),
            ("http://localhost/", past),
            ("https://a.near.test/", without),
            ("https://far.test/", without),
        ] {
            assert_eq!(way(&client, resolver, url, &allowed), expected, "{url}");
        }
        // A script has no bypass list.
        let server = serves(finds("return 'DIRECT'"));
        let script = Options::<W>::script(&server.url("/"), c::WINHTTP_AUTOPROXY_ALLOW_STATIC);
        assert_eq!(way(&client, resolver, "http://a.near.test/", &script), without);
        // Nor has who has said "directly".
        replace_file("default-proxy =\ndefault-bypass = *.near.test\n");
        assert_eq!(way(&client, resolver, "http://a.near.test/", &allowed), without);
        client.close_and_wait(resolver);
        client.finish();
    }

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
