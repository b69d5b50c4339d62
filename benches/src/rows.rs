//! The rows of the table: which work, on how many cores, how often.

/// A small message.
pub(crate) const SMALL_BYTES: usize = 64;
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
            Work::Echo { .. } | Work::Receive | Work::Send | Work::Connect => "CPU us",
        }
    }

    /// Less is better.
    pub(crate) fn counts_cost(&self) -> bool {
        self.work == Work::Idle
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
];

pub(crate) fn by_name(name: &str) -> &'static Row {
    ROWS.iter()
        .find(|row| row.name == name)
        .unwrap_or_else(|| panic!("no row {name}"))
}
