//! Which proxies the machine and the user have configured.
//!
//! | | first | else | else |
//! |---|---|---|---|
//! | the machine's static setting | `default-proxy` of the file | the environment | none |
//! | the user's settings | the other keys of the file | the environment | none |
//!
//! The file is what WinHttpSetDefaultProxyConfiguration and WinHttpWriteProxySettings write, and
//! what a person may write (`docs/proxy.md`). A program with raised privileges has neither file nor
//! environment. The file is looked at for every question, and read when it has changed; the
//! environment is read once per process, as it must not be while a program changes it.

mod file;
#[cfg(test)]
mod tests;
pub mod watch;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use winhttp_process::PerProcess;
use winhttp_proto::auth::Login;
use winhttp_proto::error::Result;
use winhttp_proto::proxy::environment::{EnvironmentProxy, VARIABLES};
use winhttp_proto::proxy::stored::{StaticTexts, Stored, UserTexts, VERSION_MAX};
use winhttp_proto::proxy::{BypassList, ProxyList, ProxyServer, StaticProxy};

use file::{Place, Seen};

/// A proxy list and a bypass list that somebody has configured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StaticSetting {
    /// What to do; without any proxy it is "directly".
    pub proxy: StaticProxy,
    /// The same as texts, for reports: never with a name or a password.
    pub texts: StaticTexts,
    logins: Option<Logins>,
}

/// Names and passwords for http's proxy and https's.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Logins {
    http: Option<Login>,
    https: Option<Login>,
}

impl StaticSetting {
    /// Name and password, from the environment, for the proxy that serves https, or http: for that
    /// proxy only, which this one must be.
    #[must_use]
    pub fn login(&self, secure: bool, server: &ProxyServer) -> Option<&Login> {
        self.proxy
            .list
            .for_scheme(secure)
            .filter(|own| *own == server)?;
        let logins = self.logins.as_ref()?;
        if secure { &logins.https } else { &logins.http }.as_ref()
    }

    fn of_texts(texts: &StaticTexts) -> Self {
        let list = texts.proxy.as_deref().map(ProxyList::parse);
        let bypass = texts.bypass.as_deref().unwrap_or_default();
        Self {
            proxy: StaticProxy {
                // What cannot be read was refused when the file was.
                list: list.and_then(Result::ok).unwrap_or_default(),
                bypass: BypassList::parse(bypass),
            },
            texts: texts.clone(),
            logins: None,
        }
    }

    fn of_environment(environment: &EnvironmentProxy) -> Self {
        Self {
            proxy: environment.proxy.clone(),
            texts: StaticTexts {
                proxy: Some(environment.proxy.list.to_string()),
                bypass: environment.bypass_text.clone(),
            },
            logins: Some(Logins {
                http: environment.login(false).cloned(),
                https: environment.login(true).cloned(),
            }),
        }
    }
}

/// What the user has configured, to be tried in this order: detection, script, static setting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserSettings {
    /// The script's URL is to be detected.
    pub auto_detect: bool,
    /// The URL of a script.
    pub pac_url: Option<String>,
    /// The static setting.
    pub fixed: Arc<StaticSetting>,
}

/// All settings at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The machine's static setting.
    pub machine: Arc<StaticSetting>,
    /// The user's settings.
    pub user: Arc<UserSettings>,
    /// A number that grows with every change.
    pub version: u32,
}

/// The settings now; cheap enough for every request.
///
/// # Errors
/// [`winhttp_proto::error::Error::NotEnoughMemory`] where they cannot be found out for lack of
/// descriptors or memory: nobody is to go direct because of that.
pub fn current() -> Result<Arc<Settings>> {
    store().current()
}

/// The machine's static setting (WINHTTP_ACCESS_TYPE_DEFAULT_PROXY,
/// WinHttpGetDefaultProxyConfiguration).
///
/// # Errors
/// Those of [`current`].
pub fn machine_default() -> Result<Arc<StaticSetting>> {
    Ok(Arc::clone(&current()?.machine))
}

/// The user's settings (WINHTTP_ACCESS_TYPE_AUTOMATIC_PROXY,
/// WinHttpGetIEProxyConfigForCurrentUser).
///
/// # Errors
/// Those of [`current`].
pub fn user() -> Result<Arc<UserSettings>> {
    Ok(Arc::clone(&current()?.user))
}

/// Stores the machine's static setting.
///
/// # Errors
/// [`winhttp_proto::error::Error::InvalidParameter`] for texts that cannot be stored;
/// `AccessDenied` where there is no place, or no right, to write; `NotEnoughMemory` for lack of
/// descriptors, memory or room on the disk.
pub fn store_machine(texts: StaticTexts) -> Result<()> {
    store().change(|stored| stored.machine = Some(texts))
}

/// Stores the user's settings.
///
/// # Errors
/// As [`store_machine`].
pub fn store_user(texts: UserTexts) -> Result<()> {
    store().change(|stored| stored.user = Some(texts))
}

/// What this process knows of the settings, and where from.
struct Store {
    place: Option<Place>,
    environment: Arc<StaticSetting>,
    known: Mutex<Known>,
    /// Held by whoever reads a file that has changed, or writes it; nobody else waits for that.
    changing: Mutex<()>,
}

/// What was found out last.
#[derive(Default)]
struct Known {
    seen: Option<Seen>,
    stored: Stored,
    settings: Arc<Settings>,
}

fn store() -> &'static Store {
    static STORE: PerProcess<Store> = PerProcess::new(|| {
        let text = |name: &str| winhttp_process::variable(name)?.into_string().ok();
        let variables = VARIABLES.map(|name| Some((name.to_owned(), text(name)?)));
        let environment = EnvironmentProxy::read(variables.into_iter().flatten());
        let place = Place::of_user(winhttp_process::variable);
        Store::new(place, environment.as_ref())
    });
    STORE.get()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store {
    fn new(place: Option<Place>, environment: Option<&EnvironmentProxy>) -> Self {
        let environment = environment.map(StaticSetting::of_environment);
        let store = Self {
            place,
            environment: environment.unwrap_or_default().into(),
            known: Mutex::default(),
            changing: Mutex::default(),
        };
        let settings = store.resolved(&Stored::default(), 1);
        lock(&store.known).settings = settings;
        store
    }

    fn current(&self) -> Result<Arc<Settings>> {
        if !self.is_known()? {
            let _changing = lock(&self.changing);
            match self.look() {
                Err(error) if lock(&self.known).seen.is_none() => return Err(error),
                // What is known stays known where it cannot be read now.
                _ => {}
            }
        }
        Ok(Arc::clone(&lock(&self.known).settings))
    }

    /// The file is the one that was read; also where that cannot be found out now, but was before.
    fn is_known(&self) -> Result<bool> {
        let Some(place) = &self.place else {
            return Ok(true);
        };
        let seen = place.look();
        let known = lock(&self.known).seen;
        match (seen, known) {
            (Ok(seen), known) => Ok(known == Some(seen)),
            (Err(_), Some(_)) => Ok(true),
            (Err(error), None) => Err(error),
        }
    }

    /// Reads the file if it is not the one that was read.
    fn look(&self) -> Result<()> {
        let Some(place) = &self.place else {
            return Ok(());
        };
        if self.is_known()? {
            return Ok(());
        }
        let (seen, text) = place.read()?;
        self.take(seen, Stored::parse(text.unwrap_or_default()));
        Ok(())
    }

    fn take(&self, seen: Seen, stored: Stored) {
        let mut known = lock(&self.known);
        known.seen = Some(seen);
        if known.stored == stored {
            return;
        }
        // What is stored leaves so much room above it that no process comes to the end.
        let version = known.settings.version.wrapping_add(1).max(stored.version);
        known.settings = self.resolved(&stored, version);
        known.stored = stored;
    }

    fn resolved(&self, stored: &Stored, version: u32) -> Arc<Settings> {
        let fixed = |texts| Arc::new(StaticSetting::of_texts(texts));
        let machine = stored.machine.as_ref().map(fixed);
        let user = match &stored.user {
            Some(user) => UserSettings {
                auto_detect: user.auto_detect,
                pac_url: user.pac_url.clone(),
                fixed: fixed(&user.fixed),
            },
            None => UserSettings {
                fixed: Arc::clone(&self.environment),
                ..UserSettings::default()
            },
        };
        Arc::new(Settings {
            machine: machine.unwrap_or_else(|| Arc::clone(&self.environment)),
            user: Arc::new(user),
            version,
        })
    }

    fn change(&self, change: impl FnOnce(&mut Stored)) -> Result<()> {
        let _changing = lock(&self.changing);
        // What somebody else has stored must not be overwritten by what was known before; where the
        // file cannot even be looked at, writing fails, too.
        self.look()?;
        let (mut stored, version) = {
            let known = lock(&self.known);
            (known.stored.clone(), known.settings.version)
        };
        change(&mut stored);
        // Another number than the file has, so that everybody sees the change: where this process
        // has come too far for one that may be stored, the file's own go on, and begin again.
        let last = if version < VERSION_MAX {
            version
        } else {
            stored.version
        };
        stored.version = (last + 1) & VERSION_MAX;
        file::rewrite(self.place.as_ref(), &stored)?;
        // What is written is written; where it cannot be read now, whoever asks next reads it.
        let _ = self.look();
        watch::wake();
        Ok(())
    }
}
