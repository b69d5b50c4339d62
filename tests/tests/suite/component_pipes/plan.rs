//! What a conversation is made of: properties of both ends, what they send, and the script.

use proptest::collection::vec;
use proptest::prelude::*;
use winhttp_tests::judge::{CONTROL_SIZE, Close, Kind, Message, Role, Setup};

/// What happens besides the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Whole,
    /// Sends and receives are cancelled.
    Cancels,
    /// One text is not UTF-8.
    BadText,
    Aborted,
    Deleted,
}

#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) fate: Fate,
    /// The client's and the server's.
    pub(crate) setups: [Setup; 2],
    pub(crate) sends: [Vec<Message>; 2],
    pub(crate) script: Vec<u16>,
    /// When and to whom it happens.
    pub(crate) end: (usize, usize),
}

fn setup(role: Role) -> impl Strategy<Value = Setup> {
    let receive = prop_oneof![Just(256), Just(4096), 256..1000_u32];
    let send = prop_oneof![Just(16), Just(4096), 16..600_u32];
    (receive, send, any::<[bool; 3]>()).prop_map(move |(receive_size, send_size, flags)| Setup {
        role,
        receive_size,
        send_size,
        allocated: flags[0],
        masking_off: flags[1],
        verification_off: flags[2],
    })
}

/// Text or bytes, mostly short; long ones need the other forms of a frame's length.
fn payload(kind: Kind) -> BoxedStrategy<Vec<u8>> {
    let short = match kind {
        Kind::Text => "\\PC{0,40}".prop_map(String::into_bytes).boxed(),
        Kind::Binary => vec(any::<u8>(), 0..60).boxed(),
    };
    let repeats = prop_oneof![8 => Just(1), 3 => 2..20_usize, 1 => 300..2500_usize];
    (short, repeats)
        .prop_map(|(short, repeats)| short.repeat(repeats))
        .boxed()
}

/// A message in one frame or several, which may cut characters; pings may come between them.
fn message() -> impl Strategy<Value = Vec<Message>> {
    let kind = prop_oneof![Just(Kind::Text), Just(Kind::Binary)];
    let cuts =
        prop_oneof![2 => Just(Vec::new()), 1 => vec((any::<prop::sample::Index>(), 0..4_u8), 1..4)];
    (kind.prop_flat_map(|kind| (Just(kind), payload(kind))), cuts).prop_map(
        |((kind, payload), cuts)| {
            let mut places: Vec<(usize, u8)> = cuts
                .iter()
                .map(|(place, between)| (place.index(payload.len() + 1), *between))
                .collect();
            places.sort_unstable();
            let (mut parts, mut from) = (Vec::new(), 0);
            for (place, between) in places {
                parts.push(Message::Data(kind, false, payload[from..place].to_vec()));
                from = place;
                match between {
                    0 => parts.push(Message::Ping),
                    1 => parts.push(Message::Pong),
                    _ => {}
                }
            }
            parts.push(Message::Data(kind, true, payload[from..].to_vec()));
            parts
        },
    )
}

fn close() -> impl Strategy<Value = Vec<Message>> {
    let status = prop_oneof![
        Just(1000_u16),
        Just(1001),
        3000..5000_u16,
        Just(1005),
        Just(65535)
    ];
    let close = (status, "[a-zé]{0,60}").prop_map(|(status, reason)| {
        let mut reason = reason.into_bytes();
        if status == 1005 || std::str::from_utf8(&reason[..reason.len().min(123)]).is_err() {
            reason.clear();
        }
        reason.truncate(123);
        Close { status, reason }
    });
    let after = vec(prop_oneof![Just(Message::Ping), Just(Message::Pong)], 0..3);
    (prop::option::of(close), after).prop_map(|(close, after)| {
        std::iter::once(Message::Close(close))
            .chain(after)
            .collect()
    })
}

fn sends() -> impl Strategy<Value = Vec<Message>> {
    let one = prop_oneof![
        6 => message(),
        1 => Just(vec![Message::Ping]),
        1 => Just(vec![Message::Pong]),
    ];
    let end = prop_oneof![Just(Vec::new()).boxed(), close().boxed()];
    (vec(one, 0..8), end)
        .prop_map(|(messages, end)| messages.into_iter().chain([end]).flatten().collect())
}

/// A message whose text is not UTF-8, in place of one that is.
fn spoiled(mut plan: Plan) -> Plan {
    let sends = &mut plan.sends[plan.end.1];
    let mut place = plan.end.0 % (sends.len() + 1);
    while place > 0
        && matches!(
            sends[place - 1],
            Message::Data(_, false, _) | Message::Ping | Message::Pong
        )
    {
        place -= 1; // between messages
    }
    let closed = sends[..place]
        .iter()
        .any(|message| matches!(message, Message::Close(_)));
    if !closed {
        let bad = [
            b"valid, then ".to_vec(),
            vec![0xed, 0xa0, 0x80],
            b" no more".to_vec(),
        ]
        .concat();
        sends.insert(place, Message::Data(Kind::Text, true, bad));
    }
    plan
}

pub(crate) fn plan(fate: Fate) -> impl Strategy<Value = Plan> {
    let setups = (setup(Role::Client), setup(Role::Server)).prop_map(<[Setup; 2]>::from);
    let sends = (sends(), sends()).prop_map(<[Vec<Message>; 2]>::from);
    let end = (0..400_usize, 0..2_usize);
    let plan = (setups, sends, vec(any::<u16>(), 0..400), end).prop_map(
        move |(setups, sends, script, end)| Plan {
            fate,
            setups,
            sends,
            script,
            end,
        },
    );
    plan.prop_map(move |plan| {
        if fate == Fate::BadText {
            spoiled(plan)
        } else {
            plan
        }
    })
}

/// The longest control frame fits into what is reserved for it.
const _: () = assert!(CONTROL_SIZE >= 125 + 14);
