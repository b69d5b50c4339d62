//! Whether there is memory for what a caller or a peer asks for: asked before the work that needs
//! it, which cannot fail half way.

use winhttp_proto::error::{Error, Result};

/// So few bytes are taken for granted: without them the process cannot go on anyway.
const SMALL: usize = 64 * 1024;

/// Finds out whether so many bytes can be had.
///
/// # Errors
/// [`Error::NotEnoughMemory`].
pub(crate) fn room_for(bytes: usize) -> Result<()> {
    if bytes <= SMALL {
        return Ok(());
    }
    Vec::<u8>::new()
        .try_reserve_exact(bytes)
        .map_err(|_| Error::NotEnoughMemory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_for_little_and_not_for_everything() {
        assert_eq!(room_for(1000), Ok(()));
        assert_eq!(room_for(usize::MAX / 2), Err(Error::NotEnoughMemory));
        assert_eq!(room_for(usize::MAX), Err(Error::NotEnoughMemory));
    }
}
