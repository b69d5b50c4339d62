//! SSLKEYLOGFILE: the secrets of connections, for debugging with a network analyser, in a file that
//! only its owner reads.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Write};

use rustix::fs::{FileType, Mode, OFlags};
use rustls::KeyLog;

/// Read and written by its owner.
const OWNER_ONLY: Mode = Mode::RUSR.union(Mode::WUSR);

/// Appends secrets to the file that SSLKEYLOGFILE names; does nothing if that is not set or cannot
/// be opened.
#[derive(Debug)]
pub(super) struct KeyLogFile(Option<File>);

impl KeyLogFile {
    /// The file that the environment names, if the program may believe it.
    pub(super) fn open() -> Self {
        let path = winhttp_process::variable("SSLKEYLOGFILE");
        Self(path.and_then(|path| open(&path).ok()))
    }
}

impl KeyLog for KeyLogFile {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let Some(mut file) = self.0.as_ref() else {
            return;
        };
        let mut line = format!("{label} ");
        hexadecimal(&mut line, client_random);
        line.push(' ');
        hexadecimal(&mut line, secret);
        line.push('\n');
        // One write appends one line, whoever else writes to the file. A full disk is no reason to
        // fail.
        let _ = file.write(line.as_bytes());
    }

    fn will_log(&self, _: &str) -> bool {
        self.0.is_some()
    }
}

/// Opens the file itself, not what a symbolic link points to; does not wait for the reader of a
/// pipe.
fn open(path: &OsStr) -> io::Result<File> {
    let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::CLOEXEC;
    let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = rustix::fs::open(path, flags, OWNER_ONLY)?;
    let status = rustix::fs::fstat(&file)?;
    let is_file = FileType::from_raw_mode(status.st_mode) == FileType::RegularFile;
    if is_file && !OWNER_ONLY.contains(Mode::from_raw_mode(status.st_mode)) {
        // It was there before, open to others.
        rustix::fs::fchmod(&file, OWNER_ONLY)?;
    }
    Ok(file.into())
}

fn hexadecimal(line: &mut String, bytes: &[u8]) {
    for byte in bytes {
        let _ = write!(line, "{byte:02x}");
    }
}
