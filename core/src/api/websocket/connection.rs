//! The connection of a WebSocket, or what is left of it.

use std::mem;

use winhttp_proto::websocket::Life;

use crate::engine::channel::Channel;

/// Where a WebSocket's bytes go.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all of a WebSocket's time is spent in the large one"
)]
pub(super) enum Connection {
    /// There is one, whether or not it still works.
    Open(Channel),
    /// It was let go, as the handle was closed or the closing handshake timed out.
    Gone(Life),
}

impl Connection {
    pub(super) fn channel(&self) -> Option<&Channel> {
        match self {
            Self::Open(channel) => Some(channel),
            Self::Gone(_) => None,
        }
    }

    pub(super) fn channel_mut(&mut self) -> Option<&mut Channel> {
        match self {
            Self::Open(channel) => Some(channel),
            Self::Gone(_) => None,
        }
    }

    pub(super) fn life(&self) -> &Life {
        match self {
            Self::Open(channel) => channel.life(),
            Self::Gone(life) => life,
        }
    }

    pub(super) fn life_mut(&mut self) -> &mut Life {
        match self {
            Self::Open(channel) => channel.life_mut(),
            Self::Gone(life) => life,
        }
    }

    /// Lets the connection go; its life goes on to say which calls are legal.
    pub(super) fn let_go(&mut self) -> Option<Channel> {
        let life = mem::take(self.life_mut());
        match mem::replace(self, Self::Gone(life)) {
            Self::Open(channel) => Some(channel),
            Self::Gone(_) => None,
        }
    }
}
