//! Pieces become messages; in a synchronous session, on a thread of its own.

use std::sync::mpsc::Sender;

use windows_sys::Win32::Networking::WinHttp::*;

use crate::api::{self, HandleRef};
use crate::message::{MESSAGE_LIMIT_BYTES, Message, Queued};
use crate::observer::Event;
use crate::room::Room;

/// Bytes lent to one receive.
pub(crate) const RECEIVE_BUFFER_BYTES: usize = 16 * 1024;

/// Received messages that the main thread has not taken yet: while it is busy, the server waits.
const WAITING_LIMIT_BYTES: usize = 1024 * 1024;

/// The pieces of one message.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    collected: Vec<u8>,
}

/// A message beyond [`MESSAGE_LIMIT_BYTES`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLarge;

impl Pieces {
    /// Adds a piece; gives the message if this was its last.
    pub(crate) fn add(&mut self, piece: &[u8], kind: i32) -> Result<Option<Message>, TooLarge> {
        if self.collected.len().saturating_add(piece.len()) > MESSAGE_LIMIT_BYTES {
            return Err(TooLarge);
        }
        self.collected.extend_from_slice(piece);
        let binary = match kind {
            WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE => true,
            WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE => false,
            _ => return Ok(None),
        };
        Ok(Some(Message {
            binary,
            data: std::mem::take(&mut self.collected),
        }))
    }
}

/// Receives until the server closes or the connection breaks.
pub(crate) fn receive_all(socket: HandleRef, events: &Sender<Event>) {
    let room = Room::new(WAITING_LIMIT_BYTES);
    let mut buffer = vec![0; RECEIVE_BUFFER_BYTES];
    let mut pieces = Pieces::default();
    loop {
        let event = match api::receive(socket, &mut buffer) {
            Err(error) => Event::Failed(error),
            Ok((_, WINHTTP_WEB_SOCKET_CLOSE_BUFFER_TYPE)) => Event::PeerClosed,
            Ok((length, kind)) => {
                match pieces.add(buffer.get(..length).unwrap_or_default(), kind) {
                    Err(TooLarge) => Event::TooLarge,
                    Ok(None) => continue,
                    Ok(Some(message)) => {
                        let share = room.take(message.data.len());
                        Event::Message(Queued::new(message, share))
                    }
                }
            }
        };
        let goes_on = matches!(event, Event::Message(_));
        if events.send(event).is_err() || !goes_on {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_make_a_message_when_the_last_one_came() {
        let mut pieces = Pieces::default();
        let fragment = WINHTTP_WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE;
        assert_eq!(pieces.add(b"one ", fragment), Ok(None));
        let last = WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE;
        let message = Message {
            binary: false,
            data: b"one two".to_vec(),
        };
        assert_eq!(pieces.add(b"two", last), Ok(Some(message)));
        assert!(pieces.collected.is_empty());
    }

    #[test]
    fn a_message_beyond_the_limit_is_refused() {
        let mut pieces = Pieces {
            collected: vec![0; MESSAGE_LIMIT_BYTES],
        };
        let fragment = WINHTTP_WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE;
        assert_eq!(pieces.add(b"x", fragment), Err(TooLarge));
        assert_eq!(pieces.add(b"", fragment), Ok(None));
    }
}
