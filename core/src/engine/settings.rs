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
use winhttp_proto::proxy::stored::{StaticTexts, Stored, UserTexts};
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
    lock(store()).current()
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
/// `AccessDenied` where there is no place, or no right, to write; `NotEnoughMemory` for a full
/// disk.
pub fn store_machine(texts: StaticTexts) -> Result<()> {
    lock(store()).change(|stored| stored.machine = Some(texts))
}

/// Stores the user's settings.
///
/// # Errors
/// As [`store_machine`].
pub fn store_user(texts: UserTexts) -> Result<()> {
    lock(store()).change(|stored| stored.user = Some(texts))
}

/// What this process knows of the settings.
struct Store {
    place: Option<Place>,
    environment: Arc<StaticSetting>,
    seen: Option<Seen>,
    stored: Stored,
    settings: Arc<Settings>,
}

fn store() -> &'static Mutex<Store> {
    static STORE: PerProcess<Mutex<Store>> = PerProcess::new(|| {
        let text = |name: &str| winhttp_process::variable(name)?.into_string().ok();
        let variables = VARIABLES.map(|name| Some((name.to_owned(), text(name)?)));
        let environment = EnvironmentProxy::read(variables.into_iter().flatten());
        let place = Place::of_user(winhttp_process::variable);
        Mutex::new(Store::new(place, environment.as_ref()))
    });
    STORE.get()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store {
    fn new(place: Option<Place>, environment: Option<&EnvironmentProxy>) -> Self {
        let environment = environment.map(StaticSetting::of_environment);
        let mut store = Self {
            place,
            environment: environment.unwrap_or_default().into(),
            seen: None,
            stored: Stored::default(),
            settings: Arc::default(),
        };
        store.settings = store.resolved(1);
        store
    }

    fn current(&mut self) -> Result<Arc<Settings>> {
        self.look()?;
        Ok(Arc::clone(&self.settings))
    }

    /// Reads the file if it is not the one that was read. What is known stays known where that
    /// cannot be done now.
    fn look(&mut self) -> Result<()> {
        let Some(place) = &self.place else {
            return Ok(());
        };
        let read = match place.look() {
            Ok(seen) if self.seen == Some(seen) => return Ok(()),
            Ok(_) => place.read(),
            Err(error) => Err(error),
        };
        match read {
            Ok((seen, text)) => {
                self.seen = Some(seen);
                self.take(Stored::parse(&text.unwrap_or_default()));
                Ok(())
            }
            Err(_) if self.seen.is_some() => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn take(&mut self, stored: Stored) {
        if (&self.stored.machine, &self.stored.user) == (&stored.machine, &stored.user)
            && stored.version <= self.settings.version
        {
            return;
        }
        let version = self.settings.version.wrapping_add(1).max(stored.version);
        self.stored = stored;
        self.settings = self.resolved(version);
    }

    fn resolved(&self, version: u32) -> Arc<Settings> {
        let fixed = |texts| Arc::new(StaticSetting::of_texts(texts));
        let machine = self.stored.machine.as_ref().map(fixed);
        let user = match &self.stored.user {
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

    fn change(&mut self, change: impl FnOnce(&mut Stored)) -> Result<()> {
        self.look()?;
        let mut stored = self.stored.clone();
        change(&mut stored);
        stored.version = self.settings.version.wrapping_add(1);
        file::rewrite(self.place.as_ref(), &stored)?;
        self.look()?;
        watch::wake();
        Ok(())
    }
}
