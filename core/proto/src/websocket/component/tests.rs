//! Both ends in one place, driven by hand: what each queue offers, and when.

use crate::embed::{ReadMemory, WriteMemory};

use super::super::mask::MaskKey;
use super::super::message::MessageKind::{Binary, Text};
use super::super::message::Role;
use super::*;

mod receiving;
mod sending;

/// The key of RFC 6455 §5.7.
pub(super) const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

pub(super) fn keys() -> Option<MaskKey> {
    Some(MaskKey::new(KEY))
}

#[derive(Debug)]
pub(super) struct Vectors;

impl Lender for Vectors {
    type Memory = Areas;
    type Payload = Vec<u8>;
    type Target = Vec<u8>;
}

impl WriteMemory for Vec<u8> {
    fn bytes(&self) -> &[u8] {
        self
    }

    fn address(&self) -> usize {
        self.as_ptr().addr()
    }
}

impl ReadMemory for Vec<u8> {
    fn bytes(&mut self) -> &mut [u8] {
        self
    }

    fn address(&self) -> usize {
        self.as_ptr().addr()
    }
}

pub(super) struct Areas {
    receive: Vec<u8>,
    send: Vec<u8>,
    control: Vec<u8>,
}

impl Memory for Areas {
    fn provide(&mut self) -> Result<(), ComponentError> {
        Ok(())
    }

    fn receive_area(&mut self) -> &mut [u8] {
        &mut self.receive
    }

    fn send_area(&mut self) -> &mut [u8] {
        &mut self.send
    }

    fn control_area(&mut self) -> &mut [u8] {
        &mut self.control
    }
}

/// An end in its session.
pub(super) struct End(pub(super) Endpoint<Vectors>);

impl End {
    pub(super) fn new(role: Role) -> Self {
        Self::with(role, Settings::new(role))
    }

    pub(super) fn with(role: Role, settings: Settings) -> Self {
        let mut end = created(role, settings);
        match role {
            Role::Server => {
                let request = fields(&REQUEST);
                end.begin_server_handshake(&request, None, &[]).unwrap();
            }
            Role::Client => {
                end.begin_client_handshake(*b"the sample nonce", vec![], vec![], &[])
                    .unwrap();
                end.end_client_handshake(&fields(&RESPONSE), None).unwrap();
            }
        }
        Self(end)
    }

    pub(super) fn send(&mut self, outgoing: Outgoing<Vec<u8>>) -> Result<(), ComponentError> {
        self.0.send(outgoing, 1, &keys)
    }

    pub(super) fn action(&mut self, queue: Queue) -> Result<Action, ComponentError> {
        self.0.action(queue, 2, &keys)
    }

    /// The action is over.
    pub(super) fn done(&mut self, action: &Action, bytes: usize) {
        let token = match action {
            Action::None => panic!("nothing to be done"),
            Action::SendToNetwork { token, .. }
            | Action::IndicateSendComplete { token, .. }
            | Action::ReceiveFromNetwork { token, .. }
            | Action::IndicateReceiveComplete { token, .. } => *token,
        };
        self.0
            .complete(token, u32::try_from(bytes).unwrap())
            .unwrap();
    }

    pub(super) fn receive(&mut self) {
        self.0.receive(None, 2).unwrap();
    }

    /// Offers bytes as if from the network; the receive queue must ask for them.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        let action = self.action(Queue::Receive).unwrap();
        let Action::ReceiveFromNetwork { place, .. } = &action else {
            panic!("no bytes are wanted: {action:?}");
        };
        assert!(bytes.len() <= place.len());
        self.0.memory().receive[..bytes.len()].copy_from_slice(bytes);
        self.done(&action, bytes.len());
    }

    /// The bytes of a place inside the areas.
    pub(super) fn at(&mut self, place: &Place) -> Vec<u8> {
        let memory = self.0.memory();
        let (area, start, len) = match *place {
            Place::ReceiveArea { start, len } => (&memory.receive, start, len),
            Place::SendArea { len } => (&memory.send, 0, len),
            Place::ControlArea { start, len } => (&memory.control, start, len),
            Place::Lent { .. } => panic!("lent memory"),
        };
        area[start..start + len].to_vec()
    }
}

pub(super) fn created(role: Role, settings: Settings) -> Endpoint<Vectors> {
    let bytes = |size| vec![0; usize::try_from(size).unwrap()];
    let areas = Areas {
        receive: bytes(settings.receive_bytes),
        send: bytes(settings.send_bytes),
        control: vec![0; CONTROL_BYTES],
    };
    Endpoint::new(role, settings, 1, areas)
}

const REQUEST: [(&str, &str); 5] = [
    ("Host", ""),
    ("Upgrade", "websocket"),
    ("Connection", "Upgrade"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("Sec-WebSocket-Version", "13"),
];

const RESPONSE: [(&str, &str); 3] = [
    ("Upgrade", "websocket"),
    ("Connection", "Upgrade"),
    ("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
];

fn fields<'a>(fields: &[(&'a str, &'a str)]) -> Vec<Field<'a>> {
    let field = |(name, value): &(&'a str, &'a str)| Field {
        name: name.as_bytes(),
        value: value.as_bytes(),
    };
    fields.iter().map(field).collect()
}

fn text(payload: &str) -> Outgoing<Vec<u8>> {
    Outgoing::Data {
        kind: Text,
        last: true,
        payload: payload.into(),
    }
}

#[test]
fn calls_before_the_session_are_refused() {
    for role in [Role::Client, Role::Server] {
        let mut end = created(role, Settings::new(role));
        assert_eq!(
            end.send(Outgoing::Ping, 0, &keys),
            Err(ComponentError::InvalidOperation)
        );
        assert_eq!(end.receive(None, 0), Err(ComponentError::InvalidOperation));
        assert_eq!(
            end.action(Queue::All, 1, &keys),
            Err(ComponentError::InvalidOperation)
        );
        assert_eq!(
            end.end_server_handshake(),
            Err(ComponentError::InvalidOperation)
        );
        let room = end.end_client_handshake(&fields(&RESPONSE), None);
        assert_eq!(room, Err(ComponentError::InvalidOperation));
        end.abort();
        assert!(!end.is_in_session());
    }
}

#[test]
fn a_server_enters_its_session_by_its_first_call_and_a_client_does_not() {
    let mut server = created(Role::Server, Settings::new(Role::Server));
    server
        .begin_server_handshake(&fields(&REQUEST), None, &[])
        .unwrap();
    assert_eq!(server.receive(None, 0), Ok(()));
    assert_eq!(
        server.end_server_handshake(),
        Err(ComponentError::InvalidOperation)
    );

    let mut client = created(Role::Client, Settings::new(Role::Client));
    client
        .begin_client_handshake([0; 16], vec![], vec![], &[])
        .unwrap();
    assert_eq!(
        client.receive(None, 0),
        Err(ComponentError::InvalidOperation)
    );
    assert!(!client.is_in_session());
}

#[test]
fn a_pong_waits_for_the_frame_under_way_and_holds_the_next_one_back() {
    let mut server = End::new(Role::Server);
    server.send(text("hello")).unwrap();
    server.receive();
    let header = server.0.action(Queue::Send, 1, &keys).unwrap();
    server.feed(b"\x89\x80\x37\xfa\x21\x3d");
    // The frame's header is being sent, its payload is to come: no pong now, but reading goes on.
    let read = server.action(Queue::Receive).unwrap();
    assert!(
        matches!(read, Action::ReceiveFromNetwork { .. }),
        "{read:?}"
    );
    server.done(&read, 0);
    server.done(&header, 2);

    let payload = server.0.action(Queue::Send, 1, &keys).unwrap();
    let cancelled = server.action(Queue::Receive).unwrap();
    let Action::SendToNetwork {
        first,
        context: None,
        ..
    } = &cancelled
    else {
        panic!("with the last part under way the pong may come: {cancelled:?}");
    };
    assert_eq!(server.at(first), b"\x8a\x00");
    server.done(&payload, 5);

    server.send(text("next")).unwrap();
    let told = server.action(Queue::Send).unwrap();
    assert!(
        matches!(told, Action::IndicateSendComplete { .. }),
        "{told:?}"
    );
    server.done(&told, 0);
    assert_eq!(
        server.action(Queue::Send),
        Ok(Action::None),
        "the pong is under way"
    );
    server.done(&cancelled, 2);
    let next = server.action(Queue::Send).unwrap();
    assert!(matches!(next, Action::SendToNetwork { .. }), "{next:?}");
}

#[test]
fn an_abort_ends_what_is_queued_and_what_is_outstanding_when_it_is_completed() {
    let mut server = End::new(Role::Server);
    server.send(text("one")).unwrap();
    server.send(text("two")).unwrap();
    server.receive();
    let sending = server.action(Queue::Send).unwrap();
    let reading = server.action(Queue::Receive).unwrap();
    server.0.abort();
    server.0.abort();
    assert_eq!(
        server.send(text("x")),
        Err(ComponentError::InvalidOperation)
    );
    assert_eq!(
        server.0.receive(None, 0),
        Err(ComponentError::InvalidOperation)
    );
    assert_eq!(server.action(Queue::All), Ok(Action::None));
    server.done(&sending, 5);
    server.done(&reading, 7);
    for expected in ["send", "send", "receive"] {
        let action = server.action(Queue::All).unwrap();
        let told = if let Action::IndicateReceiveComplete { received, .. } = action {
            assert_eq!(received, Received::Nothing { kind: Binary });
            "receive"
        } else {
            assert!(matches!(action, Action::IndicateSendComplete { .. }));
            "send"
        };
        assert_eq!(told, expected, "{action:?}");
        server.done(&action, 0);
    }
    assert_eq!(server.action(Queue::All), Ok(Action::None));
}
