//! Settings from a file and an environment that each test makes for itself.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use winhttp_proto::error::Error;
use winhttp_proto::proxy::ProxyKind;
use winhttp_proto::proxy::stored::{STORED_MAX, VERSION_MAX};
use winhttp_proto::url::host::Host;

use super::*;

/// A folder of one test's own.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("winhttp-settings-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("winhttp/proxy.conf")
    }

    /// Replaces the file, so that it is another one for certain.
    fn write(&self, text: impl AsRef<[u8]>) {
        let new = self.0.join("new");
        fs::write(&new, text).unwrap();
        fs::create_dir_all(self.file().parent().unwrap()).unwrap();
        fs::rename(new, self.file()).unwrap();
    }

    fn store(&self, environment: &[(&str, &str)]) -> Store {
        let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        let environment = EnvironmentProxy::read(environment.iter().map(owned));
        Store::new(Some(Place::at(self.file())), environment.as_ref())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn texts(proxy: Option<&str>, bypass: Option<&str>) -> StaticTexts {
    StaticTexts {
        proxy: proxy.map(str::to_owned),
        bypass: bypass.map(str::to_owned),
    }
}

const ENVIRONMENT: [(&str, &str); 2] = [
    ("https_proxy", "http://alice:hunter2@env:1"),
    ("no_proxy", "example.com"),
];

#[test]
fn facts_30_5_1_and_39_22_without_any_setting_all_is_direct() {
    let folder = Folder::new();
    let settings = folder.store(&[]).current().unwrap();
    assert_eq!(*settings.machine, StaticSetting::default());
    assert_eq!(*settings.user, UserSettings::default());
    let nowhere = Store::new(None, None);
    assert_eq!(nowhere.current().unwrap().machine, settings.machine);
    let refused = nowhere.change(|stored| stored.machine = Some(texts(None, None)));
    assert_eq!(refused, Err(Error::AccessDenied));
}

fn proxy(text: &str) -> ProxyServer {
    ProxyServer::parse(ProxyKind::Http, text).unwrap()
}

#[test]
fn fact_40_7_the_file_goes_before_the_environment() {
    let folder = Folder::new();
    let store = folder.store(&ENVIRONMENT);
    let from_environment = texts(Some("https=env:1"), Some("example.com;*.example.com"));
    let settings = store.current().unwrap();
    assert_eq!(settings.machine.texts, from_environment);
    assert_eq!(settings.user.fixed.texts, from_environment);

    folder.write("default-proxy = p\ndefault-bypass = a.test\n");
    let settings = store.current().unwrap();
    assert_eq!(settings.machine.texts, texts(Some("p"), Some("a.test")));
    assert_eq!(
        settings.machine.login(true, &proxy("env:1")),
        None,
        "the environment's are for its own proxy"
    );
    assert_eq!(settings.user.fixed.texts, from_environment);

    folder.write("default-proxy =\nauto-detect = yes\npac-url = http://s/\n");
    let settings = store.current().unwrap();
    assert_eq!(
        settings.machine.texts,
        texts(None, None),
        "directly, says somebody"
    );
    assert!(settings.user.auto_detect);
    assert_eq!(settings.user.pac_url.as_deref(), Some("http://s/"));
    assert_eq!(settings.user.fixed.texts, texts(None, None));

    folder.write("default-proxy = alice:hunter2@q");
    assert_eq!(
        store.current().unwrap().machine.texts,
        from_environment,
        "none that can be used"
    );
    fs::remove_file(folder.file()).unwrap();
    assert_eq!(store.current().unwrap().user.fixed.texts, from_environment);
}

#[test]
fn fact_40_7_the_environments_password_is_for_its_proxy_and_never_shown() {
    let settings = Folder::new().store(&ENVIRONMENT).current().unwrap();
    let login = settings.machine.login(true, &proxy("env:1")).unwrap();
    assert_eq!(
        (login.user.expose(), login.password.expose()),
        ("alice", "hunter2")
    );
    assert_eq!(settings.machine.login(false, &proxy("env:1")), None);
    assert_eq!(settings.machine.login(true, &proxy("env:2")), None);
    let host = Host::parse("www.example.com").unwrap();
    assert_eq!(settings.machine.proxy.select(true, &host, 443), None);
    let shown = format!("{settings:?}");
    assert!(
        !shown.contains("alice") && !shown.contains("hunter2"),
        "{shown}"
    );
}

#[test]
fn versions_grow_with_every_change() {
    let folder = Folder::new();
    let store = folder.store(&[]);
    let mut last = store.current().unwrap().version;
    let mut grows = |store: &Store, why: &str| {
        let now = store.current().unwrap().version;
        assert!(now > last, "{why}");
        last = now;
        assert_eq!(
            store.current().unwrap().version,
            now,
            "{why}: nothing has changed since"
        );
    };
    folder.write("proxy = p");
    grows(&store, "a file");
    folder.write("proxy = q");
    grows(&store, "another file");
    store
        .change(|stored| stored.machine = Some(texts(Some("p"), None)))
        .unwrap();
    grows(&store, "written");
    let other = folder.store(&[]).current().unwrap();
    assert_eq!(
        other.version,
        store.current().unwrap().version,
        "as another process sees it"
    );
    folder.store(&[]).change(|_| ()).unwrap();
    grows(&store, "written by another process");
    fs::remove_file(folder.file()).unwrap();
    grows(&store, "no file any more");
    folder.write("# a comment");
    assert_eq!(store.current().unwrap().version, last, "a comment");
}

#[test]
fn versions_grow_whatever_number_a_file_has() {
    for number in [VERSION_MAX - 1, VERSION_MAX, VERSION_MAX + 1, u32::MAX] {
        let folder = Folder::new();
        folder.write(format!("proxy = p\nversion = {number}\n"));
        let store = folder.store(&[]);
        let mut last = store.current().unwrap().version;
        let mut grows = |why: &str| {
            let now = store.current().unwrap().version;
            assert!(now > last, "{number}, {why}: {now} after {last}");
            last = now;
        };
        folder.write("proxy = q");
        grows("a file without a number");
        folder.write(format!("proxy = r\nversion = {number}\n"));
        grows("the same number again");
        for _ in 0..3 {
            store.change(|_| ()).unwrap();
            grows("written");
            folder.store(&[]).change(|_| ()).unwrap();
            grows("written by another process");
        }
    }
}

#[test]
fn writing_keeps_the_other_settings_and_the_comments() {
    let folder = Folder::new();
    folder.write("# mine\nproxy = p\n");
    let store = folder.store(&ENVIRONMENT);
    store
        .change(|stored| stored.machine = Some(texts(Some("q"), Some("<local>"))))
        .unwrap();
    let text = fs::read_to_string(folder.file()).unwrap();
    assert!(
        text.contains("# mine\n") && text.contains("\nproxy = p\n"),
        "{text}"
    );
    let settings = store.current().unwrap();
    assert_eq!(settings.machine.texts, texts(Some("q"), Some("<local>")));
    assert_eq!(settings.user.fixed.texts, texts(Some("p"), None));
    assert!(
        !text.contains("hunter2") && !text.contains("env:1"),
        "not what is set elsewhere"
    );
    let left: Vec<_> = fs::read_dir(folder.file().parent().unwrap())
        .unwrap()
        .collect();
    assert_eq!(left.len(), 1, "no temporary file stays");
}

#[test]
fn a_new_file_and_its_folders_are_the_users_own() {
    let folder = Folder::new();
    folder
        .store(&[])
        .change(|stored| stored.machine = Some(texts(Some("p"), None)))
        .unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o077;
    assert_eq!(mode(&folder.file()), 0);
    assert_eq!(mode(folder.file().parent().unwrap()), 0);
}

#[test]
fn fact_8_4_1_without_a_right_to_write_it_is_refused() {
    let refused = |folder: &Folder| {
        let stored = folder
            .store(&[])
            .change(|stored| stored.machine = Some(texts(None, None)));
        stored == Err(Error::AccessDenied)
    };
    let in_the_way = Folder::new();
    fs::write(in_the_way.0.join("winhttp"), "a file").unwrap();
    assert!(refused(&in_the_way));
    let strange = Folder::new();
    fs::create_dir_all(strange.file()).unwrap();
    assert!(refused(&strange), "a folder is not ours to replace");
    let long = Folder::new();
    long.write(vec![b'#'; STORED_MAX + 1]);
    assert!(refused(&long));
    assert!(!refused(&Folder::new()));
}

#[test]
fn odd_files_are_not_read() {
    let folder = Folder::new();
    let store = folder.store(&[]);
    folder.write([b"proxy = p\n#".as_slice(), &vec![b'x'; STORED_MAX]].concat());
    assert_eq!(
        store.current().unwrap().user.fixed.texts,
        texts(None, None),
        "too long"
    );
    fs::remove_file(folder.file()).unwrap();
    // Reading it would never end.
    symlink("/dev/zero", folder.file()).unwrap();
    assert_eq!(store.current().unwrap().user.fixed.texts, texts(None, None));
    fs::remove_file(folder.file()).unwrap();
    // Nor would opening it.
    let made = std::process::Command::new("mkfifo")
        .arg(folder.file())
        .status();
    assert!(made.unwrap().success());
    assert_eq!(store.current().unwrap().user.fixed.texts, texts(None, None));
    folder.write(b"proxy = p\n# \xff\xfe");
    assert_eq!(
        store.current().unwrap().user.fixed.texts,
        texts(Some("p"), None),
        "a comment in another code"
    );
    store.change(|stored| stored.user = None).unwrap();
    let text = fs::read(folder.file()).unwrap();
    assert!(text.starts_with(b"# \xff\xfe\nversion = "), "{text:?}");
}

#[test]
fn the_file_is_in_the_users_folder_for_configuration() {
    let place = |config: Option<&str>, home: Option<&str>| {
        let place = Place::of_user(|name| match name {
            "XDG_CONFIG_HOME" => config.map(OsString::from),
            "HOME" => home.map(OsString::from),
            _ => None,
        });
        place.map(|place| place.path().to_owned())
    };
    let at = |path: &str| Some(PathBuf::from(path));
    assert_eq!(place(Some("/c"), Some("/h")), at("/c/winhttp/proxy.conf"));
    assert_eq!(place(None, Some("/h")), at("/h/.config/winhttp/proxy.conf"));
    for relative in ["", "c", "./c"] {
        assert_eq!(
            place(Some(relative), Some("/h")),
            at("/h/.config/winhttp/proxy.conf")
        );
    }
    assert_eq!(place(None, Some("h")), None);
    assert_eq!(place(None, None), None);
}
