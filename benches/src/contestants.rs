//! Who takes part, and which code that is.

mod fastwebsockets;
pub(crate) mod ours;
mod ours_async;
mod ours_sync;
mod raw;
pub(crate) mod tls;
mod tokio_tungstenite;
mod tungstenite;

use crate::arguments::Order;
use crate::child::Measured;
use crate::http;
use crate::rows::{Row, Work};
use crate::work::{blocking, concurrent};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contestant {
    /// Blocking calls with the same bytes and no WebSocket work.
    Raw,
    /// The same, but it never sleeps in a receive.
    Spinning,
    Tungstenite,
    TokioTungstenite,
    FastWebSockets,
    Hyper,
    Ureq,
    Reqwest,
    Libcurl,
    OursSync,
    OursAsync,
}

impl Contestant {
    pub(crate) const ALL: &[Self] = &[
        Self::Raw,
        Self::Spinning,
        Self::Tungstenite,
        Self::TokioTungstenite,
        Self::FastWebSockets,
        Self::Hyper,
        Self::Ureq,
        Self::Reqwest,
        Self::Libcurl,
        Self::OursSync,
        Self::OursAsync,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Spinning => "raw-spin",
            Self::Tungstenite => "tungstenite",
            Self::TokioTungstenite => "tokio-tungstenite",
            Self::FastWebSockets => "fastwebsockets",
            Self::Hyper => "hyper",
            Self::Ureq => "ureq",
            Self::Reqwest => "reqwest",
            Self::Libcurl => "libcurl",
            Self::OursSync => "sync",
            Self::OursAsync => "async",
        }
    }

    pub(crate) fn by_name(name: &str) -> Self {
        let found = Self::ALL.iter().find(|one| one.name() == name);
        *found.unwrap_or_else(|| panic!("no contestant {name}"))
    }

    pub(crate) fn is_ours(self) -> bool {
        matches!(self, Self::OursSync | Self::OursAsync)
    }

    /// Other people's libraries, against which ours is judged.
    pub(crate) fn is_peer(self) -> bool {
        matches!(
            self,
            Self::Tungstenite
                | Self::TokioTungstenite
                | Self::FastWebSockets
                | Self::Hyper
                | Self::Ureq
                | Self::Reqwest
                | Self::Libcurl
        )
    }

    pub(crate) fn takes_part(self, row: &Row) -> bool {
        match self {
            // Several requests at once need what blocking calls have not.
            Self::Raw | Self::OursSync => !matches!(row.work, Work::Get { at_once: 2.. }),
            Self::OursAsync => true,
            Self::Spinning => row.name == "W1",
            Self::Tungstenite | Self::TokioTungstenite | Self::FastWebSockets => {
                !row.work.is_http()
            }
            Self::Hyper | Self::Ureq | Self::Reqwest | Self::Libcurl => {
                row.work.is_http() && http::takes_part(self, row)
            }
        }
    }

    pub(crate) fn run(self, order: &Order) -> Measured {
        use std::net::TcpStream;
        if order.row.work.is_http() {
            return http::run(self, order);
        }
        let opening = order.row.work == Work::Connect;
        match (self, order.row.tls) {
            (Self::Raw, false) => blocking::run::<raw::Raw<TcpStream>>(order),
            (Self::Raw, true) => blocking::run::<raw::Raw<tls::Stream>>(order),
            (Self::Spinning, _) => blocking::run::<raw::Raw<raw::Spinning>>(order),
            (Self::Tungstenite, false) => blocking::run::<tungstenite::Socket<TcpStream>>(order),
            (Self::Tungstenite, true) => blocking::run::<tungstenite::Socket<tls::Stream>>(order),
            (Self::TokioTungstenite, false) => {
                concurrent::run::<tokio_tungstenite::Socket<tokio::net::TcpStream>>(order)
            }
            (Self::TokioTungstenite, true) => {
                concurrent::run::<tokio_tungstenite::Socket<tls::TokioStream>>(order)
            }
            (Self::FastWebSockets, false) if opening => {
                concurrent::run::<fastwebsockets::Upgraded<tokio::net::TcpStream>>(order)
            }
            (Self::FastWebSockets, true) if opening => {
                concurrent::run::<fastwebsockets::Upgraded<tls::TokioStream>>(order)
            }
            (Self::FastWebSockets, false) => {
                concurrent::run::<fastwebsockets::Socket<tokio::net::TcpStream>>(order)
            }
            (Self::FastWebSockets, true) => {
                concurrent::run::<fastwebsockets::Socket<tls::TokioStream>>(order)
            }
            (Self::Hyper | Self::Ureq | Self::Reqwest | Self::Libcurl, _) => {
                panic!("they speak HTTP only")
            }
            (Self::OursSync, _) => blocking::run::<ours_sync::Socket>(order),
            (Self::OursAsync, _) => ours_async::run(order),
        }
    }
}
