//! The rows of the table: which work, on how many cores, how often.

/// A small message.
pub(crate) const SMALL_BYTES: usize = 64;
/// The body of a small answer.
pub(crate) const HTTP_SMALL_BYTES: usize = 1024;
/// Connections of the rows with several requests at once.
pub(crate) const HTTP_CONNECTIONS: usize = 8;
/// A large message.
pub(crate) const LARGE_BYTES: usize = 1 << 20;

/// What a contestant does over and over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// Messages come back from the server; so many are on their way at once.
    Echo { bytes: usize, in_flight: u64 },
    /// The server sends large messages.
    Receive,
    /// The server counts and discards large messages.
    Send,
    /// Connections are opened, and used once; what stays resident counts.
    Idle,
    /// Connections are opened and closed, one after the other.
    Connect,
    /// Requests on connections that are kept, so many at once; the answers have
    /// [`HTTP_SMALL_BYTES`].
    Get { at_once: usize },
    /// One answer, whose length is the row's operations in MiB.
    Download,
    /// One request's body, of that length.
    Upload,
    /// Connections are opened by one request each, and kept.
    IdlePooled,
}

impl Work {
    /// Requests and answers, instead of messages.
    pub(crate) fn is_http(self) -> bool {
        match self {
            Self::Get { .. } | Self::Download | Self::Upload | Self::IdlePooled => true,
            Self::Echo { .. } | Self::Receive | Self::Send | Self::Idle | Self::Connect => false,
        }
    }
}

/// Where client and server run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cores {
    /// Both on one core, which hides the latency of wake-ups and shows the cost.
    One,
    /// A core for each.
    Two,
    /// The server has a core, and the client may use every one.
    Free,
}

#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) work: Work,
    pub(crate) tls: bool,
    pub(crate) cores: Cores,
    /// Operations of one round.
    pub(crate) operations: u64,
    /// Of the figure that counts.
    pub(crate) unit: &'static str,
}

impl Row {
    /// What the second figure of a run is.
    pub(crate) fn second_unit(&self) -> &'static str {
        match self.work {
            Work::Idle => "unused KiB",
            Work::IdlePooled => "resident KiB",
            Work::Echo { .. }
            | Work::Receive
            | Work::Send
            | Work::Connect
            | Work::Get { .. }
            | Work::Download
            | Work::Upload => "CPU us",
        }
    }

    /// Less is better.
    pub(crate) fn counts_cost(&self) -> bool {
        matches!(self.work, Work::Idle | Work::IdlePooled)
    }
}

const ECHO_64: Work = Work::Echo {
    bytes: SMALL_BYTES,
    in_flight: 1,
};

pub(crate) const ROWS: &[Row] = &[
    Row {
        name: "W1",
        title: "ping-pong 64 B, two cores",
        work: ECHO_64,
        tls: false,
        cores: Cores::Two,
        operations: 10_000,
        unit: "/s",
    },
    Row {
        name: "W1f",
        title: "ping-pong 64 B, client free to move",
        work: ECHO_64,
        tls: false,
        cores: Cores::Free,
        operations: 10_000,
        unit: "/s",
    },
    Row {
        name: "W1c",
        title: "ping-pong 64 B, one core",
        work: ECHO_64,
        tls: false,
        cores: Cores::One,
        operations: 40_000,
        unit: "/s",
    },
    Row {
        name: "W2",
        title: "echo 64 B, 64 in flight",
        work: Work::Echo {
            bytes: SMALL_BYTES,
            in_flight: 64,
        },
        tls: false,
        cores: Cores::Two,
        operations: 100_000,
        unit: "/s",
    },
    Row {
        name: "W3c",
        title: "echo 64 KiB, one core",
        work: Work::Echo {
            bytes: 65_536,
            in_flight: 1,
        },
        tls: false,
        cores: Cores::One,
        operations: 10_000,
        unit: "/s",
    },
    Row {
        name: "W4",
        title: "receive 1 MiB messages",
        work: Work::Receive,
        tls: false,
        cores: Cores::Two,
        operations: 1_500,
        unit: "MiB/s",
    },
    Row {
        name: "W5",
        title: "send 1 MiB messages",
        work: Work::Send,
        tls: false,
        cores: Cores::Two,
        operations: 1_500,
        unit: "MiB/s",
    },
    Row {
        name: "W6a",
        title: "TLS ping-pong 64 B, one core",
        work: ECHO_64,
        tls: true,
        cores: Cores::One,
        operations: 30_000,
        unit: "/s",
    },
    Row {
        name: "W6b",
        title: "TLS receive 1 MiB messages",
        work: Work::Receive,
        tls: true,
        cores: Cores::Two,
        operations: 600,
        unit: "MiB/s",
    },
    Row {
        name: "W6c",
        title: "TLS send 1 MiB messages",
        work: Work::Send,
        tls: true,
        cores: Cores::Two,
        operations: 600,
        unit: "MiB/s",
    },
    Row {
        name: "W7",
        title: "memory of an idle connection, after one echo",
        work: Work::Idle,
        tls: false,
        cores: Cores::One,
        operations: 1_000,
        unit: "KiB",
    },
    Row {
        name: "W7t",
        title: "memory of an idle TLS connection, after one echo",
        work: Work::Idle,
        tls: true,
        cores: Cores::One,
        operations: 500,
        unit: "KiB",
    },
    Row {
        name: "W7c",
        title: "connect, upgrade and close, one core",
        work: Work::Connect,
        tls: false,
        cores: Cores::One,
        operations: 4_000,
        unit: "/s",
    },
    Row {
        name: "W8",
        title: "keep-alive GET 1 KiB, two cores",
        work: Work::Get { at_once: 1 },
        tls: false,
        cores: Cores::Two,
        operations: 10_000,
        unit: "/s",
    },
    Row {
        name: "W8c",
        title: "keep-alive GET 1 KiB, one core",
        work: Work::Get { at_once: 1 },
        tls: false,
        cores: Cores::One,
        operations: 30_000,
        unit: "/s",
    },
    Row {
        name: "W8t",
        title: "TLS keep-alive GET 1 KiB, two cores",
        work: Work::Get { at_once: 1 },
        tls: true,
        cores: Cores::Two,
        operations: 10_000,
        unit: "/s",
    },
    Row {
        name: "W8tc",
        title: "TLS keep-alive GET 1 KiB, one core",
        work: Work::Get { at_once: 1 },
        tls: true,
        cores: Cores::One,
        operations: 20_000,
        unit: "/s",
    },
    Row {
        name: "W8d",
        title: "GET of 1 GiB",
        work: Work::Download,
        tls: false,
        cores: Cores::Two,
        operations: 1_024,
        unit: "MiB/s",
    },
    Row {
        name: "W8dt",
        title: "TLS GET of 1 GiB",
        work: Work::Download,
        tls: true,
        cores: Cores::Two,
        operations: 1_024,
        unit: "MiB/s",
    },
    Row {
        name: "W8u",
        title: "POST of 1 GiB",
        work: Work::Upload,
        tls: false,
        cores: Cores::Two,
        operations: 1_024,
        unit: "MiB/s",
    },
    Row {
        name: "W8ut",
        title: "TLS POST of 1 GiB",
        work: Work::Upload,
        tls: true,
        cores: Cores::Two,
        operations: 1_024,
        unit: "MiB/s",
    },
    Row {
        name: "W8m",
        title: "GET 1 KiB, 64 at once over 8 connections",
        work: Work::Get { at_once: 64 },
        tls: false,
        cores: Cores::Two,
        operations: 40_000,
        unit: "/s",
    },
    Row {
        name: "W8i",
        title: "heap of an idle pooled connection",
        work: Work::IdlePooled,
        tls: false,
        cores: Cores::Two,
        operations: 500,
        unit: "KiB",
    },
    Row {
        name: "W8it",
        title: "heap of an idle pooled TLS connection",
        work: Work::IdlePooled,
        tls: true,
        cores: Cores::Two,
        operations: 500,
        unit: "KiB",
    },
];

pub(crate) fn by_name(name: &str) -> &'static Row {
    ROWS.iter()
        .find(|row| row.name == name)
        .unwrap_or_else(|| panic!("no row {name}"))
}
