//! The rows: which way the messages go, and how large they are.

use crate::wire;

const KIB: usize = 1 << 10;

/// Text with sequences of every length, 32 bytes.
const MIXED: &str = "WebSocket κόσμε 世界 🦀";

/// What is done over and over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// A server takes masked text: so many messages come with one read.
    Receive { at_once: usize },
    /// A client sends text, masked.
    ClientSend,
    /// A server sends text.
    ServerSend,
}

impl Work {
    pub(super) fn is_receive(self) -> bool {
        matches!(self, Self::Receive { .. })
    }
}

#[derive(Debug)]
pub(crate) struct Row {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) work: Work,
    pub(super) bytes: usize,
    /// The text is not ASCII alone.
    pub(super) is_mixed: bool,
}

impl Row {
    /// The text of each message.
    pub(super) fn payload(&self) -> Vec<u8> {
        let unit = if self.is_mixed {
            assert_eq!(self.bytes % MIXED.len(), 0, "a cut sequence");
            MIXED.as_bytes()
        } else {
            b"0123456789abcdef"
        };
        unit.repeat(self.bytes / unit.len())
    }

    /// What one read or more bring of it, and then again.
    pub(super) fn incoming(&self) -> Vec<u8> {
        let Work::Receive { at_once } = self.work else {
            return Vec::new();
        };
        wire::client_frame(wire::TEXT, &self.payload()).repeat(at_once)
    }
}

const fn row(name: &'static str, title: &'static str, work: Work, bytes: usize) -> Row {
    Row {
        name,
        title,
        work,
        bytes,
        is_mixed: false,
    }
}

const ONE: Work = Work::Receive { at_once: 1 };
const MANY: Work = Work::Receive { at_once: 64 };

pub(super) const ROWS: &[Row] = &[
    row("C1", "receive 16 B, one in a read", ONE, 16),
    row("C1m", "receive 16 B, 64 in a read", MANY, 16),
    row("C2", "receive 1 KiB", ONE, KIB),
    row("C3", "receive 64 KiB", ONE, 64 * KIB),
    Row {
        is_mixed: true,
        ..row("C3u", "receive 64 KiB, not only ASCII", ONE, 64 * KIB)
    },
    row("C4", "receive 1 MiB", ONE, KIB * KIB),
    row("C5", "client sends 16 B", Work::ClientSend, 16),
    row("C6", "client sends 1 KiB", Work::ClientSend, KIB),
    row("C7", "client sends 64 KiB", Work::ClientSend, 64 * KIB),
    row("C8", "client sends 1 MiB", Work::ClientSend, KIB * KIB),
    row("C9", "server sends 16 B", Work::ServerSend, 16),
    row("C10", "server sends 1 KiB", Work::ServerSend, KIB),
    row("C11", "server sends 64 KiB", Work::ServerSend, 64 * KIB),
    row("C12", "server sends 1 MiB", Work::ServerSend, KIB * KIB),
];

pub(super) fn by_name(name: &str) -> &'static Row {
    ROWS.iter()
        .find(|row| row.name == name)
        .unwrap_or_else(|| panic!("no row {name}"))
}
