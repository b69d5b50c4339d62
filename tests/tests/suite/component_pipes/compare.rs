//! Whether what an end has seen is what the other has sent.

use winhttp_abi::constants as c;
use winhttp_tests::judge::{Kind, Message, Polled};

/// What an end must see, frame by frame.
#[derive(Debug)]
pub(crate) enum Sent {
    Data(Kind, bool, Vec<u8>),
    Pong,
    Close(u16, Option<Vec<u8>>),
}

impl Sent {
    /// Pings are answered, not seen; nor is a frame that adds nothing to its message.
    pub(crate) fn new(message: Message) -> Option<Self> {
        match message {
            Message::Data(_, false, payload) if payload.is_empty() => None,
            Message::Data(kind, last, payload) => Some(Self::Data(kind, last, payload)),
            Message::Ping => None,
            Message::Pong => Some(Self::Pong),
            Message::Close(None) => Some(Self::Close(1005, None)),
            Message::Close(Some(close)) if close.status == 1005 => Some(Self::Close(1005, None)),
            Message::Close(Some(close)) => Some(Self::Close(close.status, Some(close.reason))),
        }
    }
}

/// Follows what was sent and what was seen; all of it must have come, unless the other end was cut
/// off.
pub(crate) fn compare(
    due: &[Sent],
    seen: &[Polled],
    verifies: bool,
    failed: Option<i32>,
    all: bool,
) {
    let mut seen = seen.iter().peekable();
    let mut text = Vec::new();
    for sent in due {
        match sent {
            Sent::Data(kind, last, payload) => {
                if *kind == Kind::Text {
                    text.extend(payload);
                }
                let spoiled = verifies && is_spoiled(&text);
                let complete = pieces(*kind, *last, payload, &mut seen);
                if spoiled && (all || seen.peek().is_some() || failed.is_some()) {
                    assert_eq!(failed, Some(c::E_INVALID_PROTOCOL_FORMAT));
                    assert!(
                        !complete && seen.next().is_none(),
                        "seen although it is invalid"
                    );
                    return;
                }
                if !complete {
                    assert!(!all && seen.next().is_none(), "{sent:?} has not come");
                    return;
                }
                if *last {
                    text.clear();
                }
            }
            Sent::Pong => match seen.next() {
                Some(Polled::Pong(payload)) => assert!(payload.is_empty()),
                other => return assert!(other.is_none() && !all, "{other:?} instead of a pong"),
            },
            Sent::Close(status, reason) => {
                match seen.next() {
                    Some(Polled::Close(code, text)) => assert_eq!((code, text), (status, reason)),
                    other => assert!(other.is_none() && !all, "{other:?} instead of {sent:?}"),
                }
                assert!(seen.next().is_none(), "something behind the close frame");
                return;
            }
        }
    }
    assert!(seen.next().is_none(), "more than was sent");
    assert_eq!(failed, None);
}

/// Not only cut off in a character.
fn is_spoiled(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_err_and(|error| error.error_len().is_some())
}

/// Takes the pieces of one frame; whether it is complete.
fn pieces<'a>(
    kind: Kind,
    last: bool,
    payload: &[u8],
    seen: &mut std::iter::Peekable<impl Iterator<Item = &'a Polled>>,
) -> bool {
    let mut rest = payload;
    while let Some(Polled::Data(own, ends, piece)) = seen.peek() {
        assert_eq!(*own, kind);
        let Some(after) = rest.strip_prefix(&piece[..]) else {
            panic!("{piece:x?} is not of {rest:x?}");
        };
        rest = after;
        assert_eq!(*ends, last && rest.is_empty(), "the end of a message");
        seen.next();
        if rest.is_empty() {
            return true;
        }
    }
    false
}
