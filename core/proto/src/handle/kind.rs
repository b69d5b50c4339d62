//! What a handle can be.

/// The kinds of handles, with the numbers `WINHTTP_OPTION_HANDLE_TYPE` answers
/// (`WINHTTP_HANDLE_TYPE_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum HandleKind {
    /// From `WinHttpOpen`.
    Session = 1,
    /// From `WinHttpConnect`.
    Connect = 2,
    /// From `WinHttpOpenRequest`.
    Request = 3,
    /// From `WinHttpCreateProxyResolver`.
    ProxyResolver = 4,
    /// From `WinHttpWebSocketCompleteUpgrade`.
    WebSocket = 5,
}

impl HandleKind {
    /// The `WINHTTP_HANDLE_TYPE_*` number, 1 to 5.
    #[must_use]
    pub const fn number(self) -> u32 {
        self as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handle_kinds_have_the_numbers_of_winhttp_h() {
        let kinds = [
            HandleKind::Session,
            HandleKind::Connect,
            HandleKind::Request,
            HandleKind::ProxyResolver,
            HandleKind::WebSocket,
        ];
        assert_eq!(kinds.map(HandleKind::number), [1, 2, 3, 4, 5]);
    }
}
