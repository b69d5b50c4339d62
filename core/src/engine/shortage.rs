//! Whether the system refused for want of descriptors or memory: it might not at another time, and
//! what failed for that is told apart from what cannot be.

use std::fmt;
use std::fs::File;
use std::io;

use rustix::io::Errno;
use winhttp_proto::error::Error;
use winhttp_proto::failure::{Failure, Reason};

/// What the system says then.
const SHORTAGES: [Errno; 4] = [Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::NOBUFS];

/// The system has no descriptors or no memory left.
#[must_use]
pub fn is_shortage(error: &io::Error) -> bool {
    // A buffer for which there is no memory fails without a number.
    error.kind() == io::ErrorKind::OutOfMemory
        || Errno::from_io_error(error).is_some_and(|errno| SHORTAGES.contains(&errno))
}

/// There are as many free descriptors now: for those who fail without them and do not say so.
///
/// # Errors
/// What the system says if not.
pub fn has_descriptors(count: usize) -> io::Result<()> {
    // Held until all of them are there.
    let opened = std::iter::repeat_with(|| File::open("/dev/null")).take(count);
    match opened.collect::<io::Result<Vec<File>>>() {
        Err(error) if is_shortage(&error) => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// The failure of what was short: [`Error::NotEnoughMemory`], with the system's words.
#[must_use]
pub fn short_of(error: &io::Error) -> Failure {
    Failure::because(Error::NotEnoughMemory, Short(error.to_string()))
}

#[derive(Debug)]
struct Short(String);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the system has no more of what it takes: {}", self.0)
    }
}

impl Reason for Short {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortages_are_those_of_descriptors_and_memory() {
        for (errno, expected) in [
            (Errno::MFILE, true),
            (Errno::NOMEM, true),
            (Errno::CONNREFUSED, false),
        ] {
            assert_eq!(is_shortage(&errno.into()), expected);
        }
        assert!(!is_shortage(&io::Error::other("no number")));
        has_descriptors(2).unwrap();
    }
}
