//! The frame decoder in either role: the same bytes give the same events whole and in pieces, and
//! what an independent decoder over the whole input gives.
//!
//! Input: flags, message limit, two bytes of a seed for the pieces, the wire.

use winhttp_proto::websocket::{CloseFrame, Event, MessageKind, ProtocolError, Receiver, Role};

use crate::input::{Input, Pieces};

mod model;

pub use model::decode;

/// How the receiver is set up.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    pub role: Role,
    pub unmasked: bool,
    pub verify: bool,
    pub limit_bytes: u64,
    /// Close frames are what websocket.h takes them to be: more statuses, and reasons checked like
    /// text.
    pub component: bool,
}

impl Setup {
    pub fn receiver(self) -> Receiver {
        let mut receiver = Receiver::new(self.role).with_message_limit(self.limit_bytes);
        if self.unmasked {
            receiver = receiver.accept_unmasked();
        }
        if self.verify {
            receiver
        } else {
            receiver.without_text_verification()
        }
    }
}

/// What came out of a decoder.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// Payload of data frames, one after the other.
    pub payload: Vec<u8>,
    /// Events, each with the payload bytes that came before it.
    pub events: Vec<(usize, Event)>,
    pub error: Option<ProtocolError>,
}

impl Trace {
    /// Payload that belongs to ended frames; what follows may be cut off anywhere by an error.
    fn ended(&self) -> &[u8] {
        &self.payload[..self.events.last().map_or(0, |event| event.0)]
    }

    pub fn agrees(&self, other: &Self) {
        assert_eq!(self.events, other.events);
        assert_eq!(self.error, other.error);
        assert_eq!(self.ended(), other.ended());
        let (short, long) = if self.payload.len() < other.payload.len() {
            (&self.payload, &other.payload)
        } else {
            (&other.payload, &self.payload)
        };
        assert!(long.starts_with(short));
        assert!(self.error.is_some() || short.len() == long.len());
    }
}

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let flags = input.byte();
    let limit = input.byte();
    let setup = Setup {
        role: if flags & 1 == 0 {
            Role::Client
        } else {
            Role::Server
        },
        unmasked: flags & 2 != 0,
        verify: flags & 4 == 0,
        limit_bytes: if flags & 8 == 0 {
            u64::MAX
        } else {
            u64::from(limit)
        },
        component: false,
    };
    let seed = input.number();
    let wire = input.rest();
    let whole = whole(setup, wire);
    whole.agrees(&pieces(setup, wire, seed));
    whole.agrees(&decode(setup, wire));
    rules(&whole);
}

/// Everything at once, into a buffer that is large enough.
fn whole(setup: Setup, wire: &[u8]) -> Trace {
    let mut receiver = setup.receiver();
    let mut trace = Trace::default();
    let mut output = vec![0; wire.len()];
    let mut rest = wire;
    loop {
        match receiver.advance(rest, &mut output) {
            Ok(advance) => {
                rest = &rest[advance.consumed..];
                trace.payload.extend(&output[..advance.produced]);
                match advance.event {
                    Some(event) => trace.events.push((trace.payload.len(), event)),
                    None => {
                        assert!(rest.is_empty(), "no reason to stop");
                        return trace;
                    }
                }
            }
            Err(error) => {
                trace.error = Some(error);
                assert_eq!(
                    receiver.advance(wire, &mut output),
                    Err(error),
                    "errors last"
                );
                assert_eq!(receiver.advance_direct(&mut []), Err(error), "errors last");
                return trace;
            }
        }
    }
}

/// Input and output in pieces, and some payload in place.
fn pieces(setup: Setup, wire: &[u8], seed: u16) -> Trace {
    let mut receiver = setup.receiver();
    let mut trace = Trace::default();
    let mut sizes = Pieces::new(seed);
    let mut rest = wire;
    while !rest.is_empty() {
        let (piece, _) = rest.split_at(sizes.next().min(rest.len()));
        let direct = usize::try_from(receiver.direct_remaining()).unwrap_or(usize::MAX);
        let outcome = if direct > 0 && sizes.flag() {
            let mut bytes = piece[..direct.min(piece.len())].to_vec();
            let outcome = receiver.advance_direct(&mut bytes);
            rest = &rest[bytes.len()..];
            outcome.map(|event| {
                trace.payload.extend(bytes);
                event
            })
        } else {
            let mut output = vec![0; sizes.next() - 1];
            let outcome = receiver.advance(piece, &mut output);
            outcome.map(|advance| {
                assert!(advance.consumed <= piece.len() && advance.produced <= output.len());
                let moved = advance.consumed + advance.produced > 0 || advance.event.is_some();
                assert!(moved || output.is_empty(), "stands still");
                rest = &rest[advance.consumed..];
                trace.payload.extend(&output[..advance.produced]);
                advance.event
            })
        };
        match outcome {
            Ok(event) => trace
                .events
                .extend(event.map(|event| (trace.payload.len(), event))),
            Err(error) => {
                trace.error = Some(error);
                return trace;
            }
        }
    }
    trace
}

/// What holds for every trace, whatever the input.
fn rules(trace: &Trace) {
    let mut text: Vec<u8> = Vec::new();
    let mut from = 0;
    let mut open: Option<MessageKind> = None;
    for (index, (to, event)) in trace.events.iter().enumerate() {
        match event {
            Event::FrameEnd { kind, fin } => {
                assert!(
                    open.is_none_or(|open| open == *kind),
                    "a message changes its kind"
                );
                open = (!fin).then_some(*kind);
                text.extend(&trace.payload[from..*to]);
                if *fin {
                    text.clear();
                }
            }
            Event::Ping(_) | Event::Pong(_) => {}
            Event::Close(CloseFrame { code, reason }) => {
                assert_eq!(
                    index + 1,
                    trace.events.len(),
                    "an event behind the close frame"
                );
                assert!(code.is_some() || reason.as_bytes().is_empty());
                assert!(code.is_none_or(|code| code.is_defined()));
                assert!(std::str::from_utf8(reason.as_bytes()).is_ok());
            }
        }
        from = *to;
    }
}
