//! Folders in which one test alone writes, whatever runs beside it in this process or another.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{fs, io, process};

/// A folder that nobody else has; it is removed with this value, unless the test fails.
#[derive(Debug)]
pub struct Scratch {
    folder: PathBuf,
}

impl Scratch {
    /// Makes a folder whose name begins so.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { folder: kept(name) }
    }

    /// Where the folder is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            fs::remove_dir_all(&self.folder).unwrap();
        }
    }
}

/// Makes such a folder that stays: for what the tests of a process share until its end.
#[must_use]
pub fn kept(name: &str) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let all = shared();
    fs::create_dir_all(&all).unwrap();
    loop {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = all.join(format!("{name}-{}-{number}", process::id()));
        match fs::create_dir(&folder) {
            Ok(()) => return folder,
            // What a process left behind that had the same number.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => panic!("{}: {error}", folder.display()),
        }
    }
}

/// The folder for files of tests: `tmp` in cargo's target folder, where this program is in
/// `debug/deps` or the like.
fn shared() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    own.ancestors().nth(3).unwrap().join("tmp")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_folders_of_one_name_are_two() {
        let (one, other) = (Scratch::new("twice"), Scratch::new("twice"));
        fs::write(one.path().join("file"), "").unwrap();
        assert!(!other.path().join("file").exists());
    }

    #[test]
    fn a_folder_is_removed_with_all_that_is_in_it() {
        let scratch = Scratch::new("removed");
        let folder = scratch.path().to_owned();
        fs::write(folder.join("file"), "").unwrap();
        drop(scratch);
        assert!(!folder.exists());
    }
}
