//! Tests in processes of their own, each with its own environment and its own file of proxy
//! settings.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::program::{ends, own_test};
use crate::scratch::Scratch;

/// Set in the processes of single tests: the width they run in.
pub const OWN: &str = "WINHTTP_TESTS_OWN_WIDTH";

/// The variables that name proxies, or what is reached without: as documented, not as the library
/// lists them, which is what is tested.
pub const PROXY_VARIABLES: [&str; 8] = [
    "http_proxy",
    "HTTP_PROXY",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
];

/// A process for a test: its file, and its variables.
#[derive(Debug)]
pub struct World {
    own: Scratch,
    variables: Vec<(&'static str, OsString)>,
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// One without any proxies.
    #[must_use]
    pub fn new() -> Self {
        let own = Scratch::new("proxy-settings");
        let folder = own.path().as_os_str().to_owned();
        let mut world = Self {
            own,
            variables: Vec::new(),
        };
        for variable in PROXY_VARIABLES {
            world = world.with(variable, "");
        }
        world.with("XDG_CONFIG_HOME", folder)
    }

    /// With this variable.
    #[must_use]
    pub fn with(mut self, variable: &'static str, value: impl AsRef<OsStr>) -> Self {
        self.variables.push((variable, value.as_ref().to_owned()));
        self
    }

    /// With this file of settings.
    #[must_use]
    pub fn with_file(self, content: &str) -> Self {
        let folder = self.own.path().join("winhttp");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("proxy.conf"), content).unwrap();
        self
    }

    /// The folder of its own.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.own.path()
    }

    /// Runs the test there.
    pub fn run(&self, module: &str, test: &str, width: &str) {
        let mut process = own_test(module, test);
        process.envs(self.variables.iter().map(|(name, value)| (name, value)));
        let (status, printed, errors) = ends(process.env(OWN, width));
        let passed = status.success() && printed.contains("1 passed");
        assert!(passed, "{test}, {width} bits: {printed}{errors}");
    }
}

/// Tests that run in a process of their own, once in each width: `fn name<W>(world) { … }`.
#[macro_export]
macro_rules! own_processes {
    ($(fn $name:ident<$W:ident>($world:expr) $body:block)*) => {$(
        #[test]
        fn $name() {
            fn scenario<$W: winhttp_abi::wide::Unit>() $body
            match std::env::var($crate::support::own_process::OWN).as_deref() {
                Ok("16") => scenario::<u16>(),
                Ok(_) => scenario::<u32>(),
                Err(_) => {
                    for width in ["16", "32"] {
                        $world.run(module_path!(), stringify!($name), width);
                    }
                }
            }
        }
    )*};
}
/// In a test's process: its file.
#[must_use]
pub fn file() -> PathBuf {
    PathBuf::from(env::var_os("XDG_CONFIG_HOME").unwrap()).join("winhttp/proxy.conf")
}

/// Replaces the file as another program would.
pub fn replace_file(content: &str) {
    let new = file().with_extension("new");
    fs::create_dir_all(new.parent().unwrap()).unwrap();
    fs::write(&new, content).unwrap();
    fs::rename(new, file()).unwrap();
}

/// In a test's process: sets its variables, for whom the test itself has to make first; before the
/// first call of the library.
pub fn set_variables(variables: &[(&str, &str)]) {
    assert!(env::var_os(OWN).is_some());
    for (name, value) in variables {
        // SAFETY: the process has one test, whose servers do not look at the environment.
        unsafe { env::set_var(name, value) };
    }
}
