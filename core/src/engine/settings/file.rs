//! The file in which settings are stored: where it is, whether it has changed, reading and
//! replacing it.
//!
//! A file is read only if it is a regular one, and not longer than [`STORED_MAX`]; it is replaced
//! as a whole, so that nobody ever reads half of one.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::io::Errno;
use winhttp_proto::error::{Error, Result};
use winhttp_proto::proxy::stored::{STORED_MAX, Stored};

use crate::engine::shortage::is_shortage;

/// Below the folder for the user's configuration.
const FILE: &str = "winhttp/proxy.conf";
/// Below the user's own folder, where XDG_CONFIG_HOME is not set.
const FOLDER: &str = ".config";

/// Where the file is.
#[derive(Debug)]
pub(super) struct Place(PathBuf);

/// What tells one state of the file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// There is none that could be read.
    Nothing,
    /// Device, inode, size, and the times of the last changes of content and of the file itself.
    File([u64; 3], [(i64, i64); 2]),
}

impl Seen {
    fn of(file: &Metadata) -> Self {
        if !file.is_file() || file.len() > STORED_MAX as u64 {
            return Self::Nothing;
        }
        Self::File(
            [file.dev(), file.ino(), file.len()],
            [
                (file.mtime(), file.mtime_nsec()),
                (file.ctime(), file.ctime_nsec()),
            ],
        )
    }
}

impl Place {
    /// Where the user's file is: relative paths are not believed (XDG base directory
    /// specification), and whoever has no folder has no file.
    pub(super) fn of_user(variable: impl Fn(&str) -> Option<OsString>) -> Option<Self> {
        let folder = |name| Some(PathBuf::from(variable(name)?)).filter(|path| path.is_absolute());
        let folder = folder("XDG_CONFIG_HOME").or_else(|| Some(folder("HOME")?.join(FOLDER)))?;
        Some(Self(folder.join(FILE)))
    }

    #[cfg(test)]
    pub(super) fn at(file: PathBuf) -> Self {
        Self(file)
    }

    #[cfg(test)]
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// The file's state.
    ///
    /// # Errors
    /// [`Error::NotEnoughMemory`] if the system lacks what it takes to find that out.
    pub(super) fn look(&self) -> Result<Seen> {
        match fs::metadata(&self.0) {
            Ok(file) => Ok(Seen::of(&file)),
            Err(error) => nothing(&error),
        }
    }

    /// The file's state, and its text.
    ///
    /// # Errors
    /// As [`Self::look`].
    pub(super) fn read(&self) -> Result<(Seen, Option<Vec<u8>>)> {
        match self.try_read() {
            Ok((seen, text)) => Ok((seen, Some(text))),
            Err(error) => Ok((nothing(&error)?, None)),
        }
    }

    fn try_read(&self) -> io::Result<(Seen, Vec<u8>)> {
        // Nobody is waited for at the other end of a pipe.
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        let flags = i32::try_from(flags.bits()).unwrap_or_default();
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(flags)
            .open(&self.0)?;
        let seen = Seen::of(&file.metadata()?);
        if seen == Seen::Nothing {
            return Err(ErrorKind::InvalidData.into());
        }
        let mut text = Vec::new();
        file.take(STORED_MAX as u64).read_to_end(&mut text)?;
        Ok((seen, text))
    }

    /// Replaces the file.
    fn replace(&self, text: &[u8]) -> io::Result<()> {
        let folder = self.0.parent().ok_or(ErrorKind::NotFound)?;
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
        let new = Temporary::new(folder)?;
        new.write(text)?;
        fs::rename(&new.path, &self.0)
    }
}

/// A file that cannot be read is as none; but one may be there that could be read at another time.
fn nothing(error: &io::Error) -> Result<Seen> {
    if is_shortage(error) {
        return Err(Error::NotEnoughMemory);
    }
    Ok(Seen::Nothing)
}

/// What it means for a program that something was not written.
fn not_written(error: &io::Error) -> Error {
    let is_full = [Errno::NOSPC, Errno::DQUOT].map(Some);
    if is_shortage(error) || is_full.contains(&Errno::from_io_error(error)) {
        Error::NotEnoughMemory
    } else {
        Error::AccessDenied
    }
}

/// Writes settings into the file, beside whatever else is in it.
pub(super) fn rewrite(place: Option<&Place>, stored: &Stored) -> Result<()> {
    let place = place.ok_or(Error::AccessDenied)?;
    let old = match place.try_read() {
        Ok((_, text)) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        // Whatever this is, it is not ours to replace.
        Err(error) => return Err(not_written(&error)),
    };
    let text = stored.rewritten(&old)?;
    place.replace(&text).map_err(|error| not_written(&error))
}

/// A file that is not the file yet; it goes with this value, if it is still there.
struct Temporary {
    path: PathBuf,
    file: File,
}

impl Temporary {
    fn new(folder: &Path) -> io::Result<Self> {
        let number = winhttp_process::random().ok_or(ErrorKind::Other)?;
        let number = u64::from_ne_bytes(number);
        let path = folder.join(format!(".proxy.conf.{number:016x}"));
        let mut options = OpenOptions::new();
        let file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        Ok(Self { path, file })
    }

    fn write(&self, text: &[u8]) -> io::Result<()> {
        (&self.file).write_all(text)?;
        self.file.sync_all()
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // After the renaming there is none of this name.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_out_is_no_missing_right_and_no_missing_file() {
        let of = |errno: Errno| io::Error::from(errno);
        for error in [
            of(Errno::MFILE),
            of(Errno::NFILE),
            of(Errno::NOMEM),
            ErrorKind::OutOfMemory.into(),
        ] {
            assert_eq!(not_written(&error), Error::NotEnoughMemory, "{error}");
            assert_eq!(nothing(&error), Err(Error::NotEnoughMemory), "{error}");
        }
        for full in [Errno::NOSPC, Errno::DQUOT] {
            assert_eq!(not_written(&of(full)), Error::NotEnoughMemory);
        }
        for error in [
            of(Errno::ACCESS),
            of(Errno::PERM),
            of(Errno::ROFS),
            of(Errno::NOENT),
            of(Errno::NOTDIR),
            of(Errno::LOOP),
            ErrorKind::InvalidData.into(),
        ] {
            assert_eq!(not_written(&error), Error::AccessDenied, "{error}");
            assert_eq!(nothing(&error), Ok(Seen::Nothing), "{error}");
        }
    }
}
