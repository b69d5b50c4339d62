//! Verifies where proxy settings come from, and how programs read, store and watch them. Each test
//! has a process of its own, with its own environment and its own file.

use std::iter::from_fn;
use std::marker::PhantomData;
use std::path::PathBuf;
use std::ptr::{null, null_mut};
use std::{env, fs};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use winhttp_abi::constants as c;
use winhttp_abi::handle::Hinternet;
use winhttp_abi::types::{CurrentUserIeProxyConfig, ProxyInfo, ProxySettings};
use winhttp_abi::wide::Unit;
use winhttp_fixtures::hole::TcpHole;
use winhttp_tests::support::autoproxy::{self, Options, finds, proxy_for, serves};
use winhttp_tests::support::own_process::{World, file, replace_file};
use winhttp_tests::support::proxy::{proxy_of, told};
use winhttp_tests::support::set_timeouts;
use winhttp_tests::{Client, Handle, Mode, call, own_processes, status, text};

mod resolver;
mod watching;

const NAMED: u32 = c::WINHTTP_ACCESS_TYPE_NAMED_PROXY;
const NO_PROXY: u32 = c::WINHTTP_ACCESS_TYPE_NO_PROXY;
const BAD_PARAMETER: Result<(), u32> = Err(c::ERROR_INVALID_PARAMETER);
const DENIED: Result<(), u32> = Err(c::ERROR_ACCESS_DENIED);

/// Text that the library gave, which is freed.
fn taken<W: Unit>(text: *mut W) -> Option<String> {
    (!text.is_null()).then(|| autoproxy::taken(text))
}

/// The machine's setting: type, proxy, bypass list.
fn machine<W: Unit>() -> (u32, Option<String>, Option<String>) {
    let mut info = ProxyInfo::<W> {
        dw_access_type: 99,
        lpsz_proxy: null_mut(),
        lpsz_proxy_bypass: null_mut(),
    };
    // SAFETY: the structure lives through the call.
    call(unsafe { winhttp::WinHttpGetDefaultProxyConfiguration::<W>(&raw mut info) }).unwrap();
    let machine = told(&info);
    assert_eq!(proxy_of::<W>(Handle::NULL), Ok(machine.clone()));
    machine
}

fn set_machine<W: Unit>(kind: u32, proxy: Option<&str>, bypass: Option<&str>) -> Result<(), u32> {
    let mut texts = [proxy, bypass].map(|given| given.map(text::<W>));
    let [proxy, bypass] = texts.each_mut().map(|given| match given {
        Some(text) => text.as_mut_ptr(),
        None => null_mut(),
    });
    let info = ProxyInfo::<W> {
        dw_access_type: kind,
        lpsz_proxy: proxy,
        lpsz_proxy_bypass: bypass,
    };
    // SAFETY: structure and texts live through the call.
    call(unsafe { winhttp::WinHttpSetDefaultProxyConfiguration::<W>(&raw const info) })
}

/// The user's settings: detection, script, proxy, bypass list.
fn user<W: Unit>() -> (bool, Option<String>, Option<String>, Option<String>) {
    let mut config = CurrentUserIeProxyConfig::<W> {
        f_auto_detect: 7,
        lpsz_auto_config_url: null_mut(),
        lpsz_proxy: null_mut(),
        lpsz_proxy_bypass: null_mut(),
    };
    // SAFETY: the structure lives through the call.
    call(unsafe { winhttp::WinHttpGetIEProxyConfigForCurrentUser::<W>(&raw mut config) }).unwrap();
    assert!(config.f_auto_detect == 0 || config.f_auto_detect == 1);
    let script = taken(config.lpsz_auto_config_url);
    (
        config.f_auto_detect == 1,
        script,
        taken(config.lpsz_proxy),
        taken(config.lpsz_proxy_bypass),
    )
}

fn given(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// A session, and the settings as it reads and writes them.
struct Stored<W: Unit> {
    client: Client<W>,
    width: PhantomData<W>,
}

impl<W: Unit> Stored<W> {
    fn open() -> Self {
        Self {
            client: Client::new(Mode::Sync),
            width: PhantomData,
        }
    }

    fn session(&self) -> Hinternet {
        self.client.session.raw()
    }

    fn version(&self) -> u32 {
        let mut version = 0;
        let place = &raw mut version;
        // SAFETY: the result lives through the call.
        let asked = unsafe { winhttp::WinHttpGetProxySettingsVersion::<W>(self.session(), place) };
        status(asked).unwrap();
        version
    }

    fn read(&self) -> ProxySettings<W> {
        let mut settings = empty();
        let (mut version, mut defaults) = (0, 7);
        // SAFETY: all memory lives through the call.
        let read = unsafe {
            winhttp::WinHttpReadProxySettings::<W>(
                self.session(),
                null(),
                0,
                0,
                &raw mut version,
                &raw mut defaults,
                &raw mut settings,
            )
        };
        status(read).unwrap();
        assert_eq!((version, defaults), (self.version(), 1));
        assert_eq!(settings.dw_struct_size, 112);
        assert_eq!(settings.dw_current_settings_version, version);
        settings
    }

    fn write(&self, flags: u32, texts: [Option<&str>; 3]) -> Result<(), u32> {
        let mut texts = texts.map(|given| given.map(text::<W>));
        let [proxy, bypass, script] = texts.each_mut().map(|given| match given {
            Some(text) => text.as_mut_ptr(),
            None => null_mut(),
        });
        let settings = ProxySettings {
            dw_struct_size: 112,
            dw_flags: flags,
            pwsz_proxy: proxy,
            pwsz_proxy_bypass: bypass,
            pwsz_autoconfig_url: script,
            ..empty()
        };
        let session = self.session();
        // SAFETY: structure and texts live through the call.
        status(unsafe { winhttp::WinHttpWriteProxySettings::<W>(session, 0, &raw const settings) })
    }
}

fn empty<W>() -> ProxySettings<W> {
    // SAFETY: a structure of C, for which zeros are valid.
    unsafe { std::mem::zeroed() }
}

own_processes! {
    fn facts_30_5_1_30_5_2_and_39_22_without_settings_all_is_direct<W>(World::new()) {
        assert_eq!(machine::<W>(), (NO_PROXY, None, None));
        assert_eq!(user::<W>(), (false, None, None, None));
        let stored = Stored::<W>::open();
        let mut settings = stored.read();
        assert_eq!(settings.dw_flags, c::WINHTTP_PROXY_TYPE_DIRECT);
        assert!(settings.pwsz_proxy.is_null() && settings.pwsz_autoconfig_url.is_null());
        // SAFETY: the library filled it.
        unsafe { winhttp::WinHttpFreeProxySettings::<W>(&raw mut settings) };
        let none = null_mut();
        // SAFETY: NULL is refused.
        let asked = call(unsafe { winhttp::WinHttpGetDefaultProxyConfiguration::<W>(none) });
        assert_eq!(asked, BAD_PARAMETER);
        let none = null_mut();
        // SAFETY: as above.
        let asked = call(unsafe { winhttp::WinHttpGetIEProxyConfigForCurrentUser::<W>(none) });
        assert_eq!(asked, BAD_PARAMETER);
        assert!(!file().exists(), "reading writes nothing");
    }

    fn facts_30_5_6_and_40_7_the_environment_is_reported_in_windows_terms<W>(
        World::new()
            .with("http_proxy", "http://alice:hunter2@proxy.test:3128/")
            .with("HTTPS_PROXY", "other.test")
            .with("NO_PROXY", ".example.com,10.0.0.0/8")
    ) {
        let proxy = given("http=proxy.test:3128;https=other.test:80");
        let bypass = given("example.com;*.example.com;10.*");
        assert_eq!(machine::<W>(), (NAMED, proxy.clone(), bypass.clone()));
        assert_eq!(user::<W>(), (false, None, proxy, bypass));
    }

    fn fact_30_5_6_a_web_servers_client_sets_no_proxy<W>(
        World::new().with("HTTP_PROXY", "evil.test:1").with("REQUEST_METHOD", "GET")
    ) {
        assert_eq!(machine::<W>(), (NO_PROXY, None, None));
    }

    fn facts_40_7_and_30_5_2_the_file_goes_before_the_environment<W>(
        World::new()
            .with("http_proxy", "env.test:1")
            .with_file("# mine\ndefault-proxy = p:8080;https=q\ndefault-bypass = <local>\n")
    ) {
        let of_environment = given("http=env.test:1");
        assert_eq!(machine::<W>(), (NAMED, given("p:8080;https=q"), given("<local>")));
        assert_eq!(user::<W>(), (false, None, of_environment.clone(), None));
        replace_file("auto-detect = yes\npac-url = http://s.test/p\nproxy = u:1\nbypass = b.test");
        assert_eq!(machine::<W>(), (NAMED, of_environment, None));
        let script = given("http://s.test/p");
        assert_eq!(user::<W>(), (true, script, given("u:1"), given("b.test")));
        replace_file("default-proxy =\nauto-detect = no\n");
        assert_eq!(machine::<W>(), (NO_PROXY, None, None));
        assert_eq!(user::<W>(), (false, None, None, None));
        fs::write(file(), "default-proxy = alice:hunter2@p\nauto-detect = no").unwrap();
        assert_eq!(machine::<W>().1, given("http=env.test:1"), "a password is not for this file");
    }

    fn facts_8_4_1_and_7_2_the_machines_setting_is_stored<W>(
        World::new().with("http_proxy", "env.test:1")
    ) {
        set_machine::<W>(NAMED, Some("http=p:8080;q"), Some("<local>;*.test")).unwrap();
        let expected = (NAMED, given("http=p:8080;q"), given("<local>;*.test"));
        assert_eq!(machine::<W>(), expected);
        let text = fs::read_to_string(file()).unwrap();
        assert!(text.contains("default-proxy = http=p:8080;q\n"), "{text}");
        set_machine::<W>(NAMED, Some("p"), Some("")).unwrap();
        assert_eq!(machine::<W>(), (NAMED, given("p"), None));
        set_machine::<W>(NO_PROXY, Some("ignored"), None).unwrap();
        assert_eq!(machine::<W>(), (NO_PROXY, None, None));
        assert_eq!(user::<W>().2, given("http=env.test:1"), "the user's are others");
    }

    fn fact_8_4_1_arguments_of_the_machines_setting<W>(World::new()) {
        let (p, long) = (Some("proxy:8080"), "a".repeat(1 << 16));
        for (kind, proxy, bypass) in [
            (0, p, None),
            (4, p, None),
            (42, None, None),
            (NAMED, None, None),
            (NAMED, None, p),
            (NAMED, Some(""), None),
            (NAMED, Some("  "), None),
            (NAMED, Some("pröxy"), None),
            (NAMED, p, Some("pröxy")),
            (NAMED, Some("p\r\nproxy = evil"), None),
            (NAMED, p, Some("b\nproxy = evil")),
            (NAMED, Some("alice:hunter2@p"), None),
            (NAMED, Some("p:99999"), None),
            (NAMED, p, Some(&*long)),
        ] {
            assert_eq!(set_machine::<W>(kind, proxy, bypass), BAD_PARAMETER, "{proxy:?}");
        }
        // SAFETY: NULL is refused.
        let set = call(unsafe { winhttp::WinHttpSetDefaultProxyConfiguration::<W>(null()) });
        assert_eq!(set, BAD_PARAMETER);
        assert!(!file().exists());
    }

    fn fact_8_4_1_without_a_place_to_write_access_is_denied<W>(
        World::new().with("XDG_CONFIG_HOME", "/dev/null/nowhere")
    ) {
        assert_eq!(set_machine::<W>(NAMED, Some("p"), None), DENIED);
        assert_eq!(Stored::<W>::open().write(1, [None; 3]), DENIED);
        assert_eq!(machine::<W>(), (NO_PROXY, None, None));
    }

    // docs/process.md: the program may try again.
    fn fact_8_4_1_without_descriptors_nothing_is_written_and_access_is_not_denied<W>(
        World::new().with_file("# mine\ndefault-proxy = p\n")
    ) {
        const SHORTAGE: Result<(), u32> = Err(c::ERROR_NOT_ENOUGH_MEMORY);
        let stored = Stored::<W>::open();
        assert_eq!(machine::<W>().1, given("p"));
        let before = getrlimit(Resource::Nofile);
        let few = Rlimit { current: Some(64), ..before };
        setrlimit(Resource::Nofile, few).unwrap();
        let starve = || -> Vec<_> { from_fn(|| fs::File::open("/dev/null").ok()).collect() };
        let mut held = starve();
        assert_eq!(set_machine::<W>(NAMED, Some("q"), None), SHORTAGE);
        assert_eq!(stored.write(1, [None; 3]), SHORTAGE);
        drop(held);
        // The same with a file that is not known.
        replace_file("# mine\ndefault-proxy = r\n");
        held = starve();
        assert_eq!(stored.write(1, [None; 3]), SHORTAGE);
        drop(held);
        setrlimit(Resource::Nofile, before).unwrap();
        assert_eq!(fs::read_to_string(file()).unwrap(), "# mine\ndefault-proxy = r\n");
        stored.write(1, [None; 3]).unwrap();
        assert_eq!(machine::<W>().1, given("r"));
        stored.client.finish();
    }

    fn the_file_is_in_the_home_folder_unless_another_is_named<W>({
        let world = World::new();
        let home = world.folder().as_os_str().to_owned();
        world.with("XDG_CONFIG_HOME", "relative").with("HOME", home)
    }) {
        set_machine::<W>(NAMED, Some("p"), None).unwrap();
        let home = PathBuf::from(env::var_os("HOME").unwrap());
        assert!(home.join(".config/winhttp/proxy.conf").exists());
        assert_eq!(machine::<W>().1, given("p"));
    }

    fn facts_30_5_2_and_30_5_4_the_users_settings_are_written_and_read<W>(World::new()) {
        let stored = Stored::<W>::open();
        let first = stored.version();
        let texts = [Some("http=p:1"), Some("<local>"), Some("http://s.test/p.pac")];
        stored.write(15, texts).unwrap();
        let second = stored.version();
        assert!(second > first);
        let expected = (true, given("http://s.test/p.pac"), given("http=p:1"), given("<local>"));
        assert_eq!(user::<W>(), expected);
        assert_eq!(machine::<W>(), (NO_PROXY, None, None), "the machine's is another");

        let mut settings = stored.read();
        assert_eq!(settings.dw_flags, 15);
        // SAFETY: the library filled it, terminated.
        let proxy = unsafe { winhttp_abi::input::text(settings.pwsz_proxy.cast_const()) };
        assert_eq!(proxy.unwrap(), given("http=p:1"));
        // SAFETY: the library filled it.
        unsafe { winhttp::WinHttpFreeProxySettings::<W>(&raw mut settings) };
        assert!(settings.pwsz_proxy.is_null() && settings.pwsz_autoconfig_url.is_null());
        // SAFETY: it is empty now, and NULL is nothing to free.
        unsafe { winhttp::WinHttpFreeProxySettings::<W>(&raw mut settings) };
        // SAFETY: as above.
        unsafe { winhttp::WinHttpFreeProxySettings::<W>(null_mut()) };

        // Only what the flags select counts.
        stored.write(c::WINHTTP_PROXY_TYPE_PROXY, texts).unwrap();
        assert_eq!(user::<W>(), (false, None, given("http=p:1"), given("<local>")));
        stored.write(c::WINHTTP_PROXY_TYPE_AUTO_DETECT, texts).unwrap();
        assert_eq!(user::<W>(), (true, None, None, None));
        stored.write(c::WINHTTP_PROXY_TYPE_DIRECT, texts).unwrap();
        assert_eq!(user::<W>(), (false, None, None, None));
        assert!(stored.version() >= second + 3);
        replace_file("proxy = by-hand:1");
        assert!(stored.version() >= second + 4);
        stored.client.finish();
    }

    fn facts_30_1_10_and_39_22_the_static_setting_counts_where_it_is_allowed<W>(
        World::new().with_file("default-proxy = http=p:8080;https=q\ndefault-bypass = *.direct.test")
    ) {
        for mode in [Mode::Sync, Mode::Async] {
            let client = Client::<W>::new(mode);
            // DHCP finds nothing, without asking anybody.
            let ways = c::WINHTTP_AUTO_DETECT_TYPE_DHCP;
            let allowed = Options::detection(ways, None, c::WINHTTP_AUTOPROXY_ALLOW_STATIC);
            for (url, expected) in [
                ("http://host.test/", given("p:8080")),
                ("https://host.test:444/", given("q:80")),
                ("http://a.direct.test/", None),
                ("http://localhost/", None),
            ] {
                assert_eq!(proxy_for(&client, url, &allowed), Ok(expected), "{url}");
            }
            let alone = Options::detection(ways, None, 0);
            let failed = Err(c::ERROR_WINHTTP_AUTODETECTION_FAILED);
            assert_eq!(proxy_for(&client, "http://host.test/", &alone), failed);
            client.finish();
        }
    }

    fn fact_30_1_10_what_is_configured_is_enough_to_ask_for<W>(
        World::new().with_file("default-proxy = machine:1\nproxy = user:2\nbypass = *.direct.test\npac-url = http://127.0.0.1:1/none")
    ) {
        const STATIC: u32 = c::WINHTTP_AUTOPROXY_ALLOW_STATIC;
        const SCRIPT: u32 = c::WINHTTP_AUTOPROXY_ALLOW_AUTOCONFIG;
        let users = Ok(given("user:2"));
        let no_script = Err(c::ERROR_WINHTTP_UNABLE_TO_DOWNLOAD_SCRIPT);
        for mode in [Mode::Sync, Mode::Async] {
            let client = Client::<W>::new(mode);
            let asked = |options: &Options<W>| proxy_for(&client, "http://host.test/", options);
            for (flags, expected) in [
                (STATIC, users.clone()),
                (SCRIPT, no_script.clone()),
                (SCRIPT | STATIC, users.clone()),
                (c::WINHTTP_AUTOPROXY_ALLOW_CM, Err(c::ERROR_WINHTTP_AUTODETECTION_FAILED)),
                (c::WINHTTP_AUTOPROXY_ALLOW_CM | STATIC, users.clone()),
                (0, Err(c::ERROR_INVALID_PARAMETER)),
                (c::WINHTTP_AUTOPROXY_SORT_RESULTS, Err(c::ERROR_INVALID_PARAMETER)),
            ] {
                assert_eq!(asked(&Options::configured(flags)), expected, "{flags:#x}");
            }
            let detection = Options::detection(c::WINHTTP_AUTO_DETECT_TYPE_DHCP, None, SCRIPT);
            assert_eq!(asked(&detection), no_script);
            let bypassed = proxy_for(&client, "http://a.direct.test/", &Options::configured(STATIC));
            assert_eq!(bypassed, Ok(None));

            // The program's own script goes before the user's, and what it says before all.
            let broken = serves("no script");
            assert_eq!(asked(&Options::script(&broken.url("/"), STATIC)), users);
            let unfit = Err(c::ERROR_WINHTTP_BAD_AUTO_PROXY_SCRIPT);
            assert_eq!(asked(&Options::script(&broken.url("/"), SCRIPT)), unfit);
            // A script that does not come in time is none.
            let hole = TcpHole::new().unwrap();
            let late = Client::<W>::new(mode);
            set_timeouts::<W>(late.session, 250, 250, 250, 250);
            let silent = Options::script(&format!("http://{}/", hole.address()), STATIC);
            assert_eq!(proxy_for(&late, "http://host.test/", &silent), users);
            late.finish();
            let direct = serves(finds("return 'DIRECT'"));
            assert_eq!(asked(&Options::script(&direct.url("/"), SCRIPT | STATIC)), Ok(None));
            replace_file(&format!("default-proxy = machine:1\npac-url = {}", direct.url("/")));
            assert_eq!(asked(&Options::configured(SCRIPT | STATIC)), Ok(None));
            assert_eq!(asked(&Options::configured(STATIC)), Ok(given("machine:1")));
            replace_file("default-proxy =\nauto-detect = no");
            assert_eq!(asked(&Options::configured(STATIC)), Ok(None));
            replace_file("default-proxy = machine:1\nproxy = user:2\nbypass = *.direct.test\npac-url = http://127.0.0.1:1/none");
            client.finish();
        }
    }

    fn arguments_of_stored_settings<W>(World::new()) {
        let stored = Stored::<W>::open();
        let (proxy, script) = (c::WINHTTP_PROXY_TYPE_PROXY, c::WINHTTP_PROXY_TYPE_AUTO_PROXY_URL);
        for (flags, texts) in [
            (16, [None; 3]),
            (proxy, [None; 3]),
            (proxy, [Some(" "), None, None]),
            (proxy, [Some("alice:hunter2@p"), None, None]),
            (proxy, [Some("p"), Some("a\nproxy = evil"), None]),
            (script, [None; 3]),
            (script, [None, None, Some("")]),
            (script, [None, None, Some("http://s/\r\nproxy = evil")]),
        ] {
            assert_eq!(stored.write(flags, texts), BAD_PARAMETER, "{texts:?}");
        }
        let (session, none) = (stored.session(), null_mut::<u32>());
        // Only the size is read of a structure whose size is wrong.
        let size = 111_u32;
        let structure = (&raw const size).cast();
        // SAFETY: as said.
        let wrong = unsafe { winhttp::WinHttpWriteProxySettings::<W>(session, 0, structure) };
        assert_eq!(status(wrong), BAD_PARAMETER);
        // SAFETY: NULL is refused.
        let wrong = unsafe { winhttp::WinHttpGetProxySettingsVersion::<W>(session, none) };
        assert_eq!(status(wrong), BAD_PARAMETER);
        let (flag, place) = (none.cast(), none.cast());
        // SAFETY: as above.
        let wrong = unsafe {
            winhttp::WinHttpReadProxySettings::<W>(session, null(), 0, 0, none, flag, place)
        };
        assert_eq!(status(wrong), BAD_PARAMETER);
        // SAFETY: no memory is passed.
        assert_eq!(status(unsafe { winhttp::WinHttpSetProxySettingsPerUser::<W>(1) }), Ok(()));
        // SAFETY: as above.
        assert_eq!(status(unsafe { winhttp::WinHttpSetProxySettingsPerUser::<W>(0) }), DENIED);
        assert!(!file().exists());
        stored.client.finish();
    }
}
