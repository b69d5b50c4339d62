//! Whether the system refused for want of descriptors or memory: it might not at another time, and
//! what failed for that is told apart from what cannot be.

use std::fs::File;
use std::io;

use rustix::io::Errno;

/// What the system says then.
const SHORTAGES: [Errno; 4] = [Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::NOBUFS];

/// The system has no descriptors or no memory left.
#[must_use]
pub fn is_shortage(error: &io::Error) -> bool {
    // A buffer for which there is no memory fails without a number.
    error.kind() == io::ErrorKind::OutOfMemory
        || Errno::from_io_error(error).is_some_and(|errno| SHORTAGES.contains(&errno))
}

/// No descriptor is left now: for those who fail for that and do not say so.
#[must_use]
pub fn lacks_descriptors() -> bool {
    File::open("/dev/null").is_err_and(|error| is_shortage(&error))
}

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
    }
}
