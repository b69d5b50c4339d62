//! Two handles, the pipes between them, and what each has sent and seen.

use std::collections::VecDeque;

use winhttp_abi::constants as c;
use winhttp_tests::judge::{Judge, Message, Polled, functions as f};

use super::compare::{Sent, compare};
use super::plan::{Fate, Plan};

const SEND: i32 = c::WEB_SOCKET_SEND_ACTION_QUEUE;
const RECEIVE: i32 = c::WEB_SOCKET_RECEIVE_ACTION_QUEUE;
const ALL: i32 = c::WEB_SOCKET_ALL_ACTION_QUEUE;
/// Turns after which a conversation has hung.
const TURNS_MAX: usize = 1_000_000;

#[derive(Debug)]
struct End {
    /// Nothing after its end.
    judge: Option<Judge>,
    plan: VecDeque<Message>,
    /// What was accepted and not indicated, and whether the other end can do without it.
    queued: VecDeque<(Message, bool)>,
    /// Bytes of the frame that is being sent, and of a pong.
    frame: Vec<u8>,
    pong: Vec<u8>,
    frame_has_begun: bool,
    /// On their way to this end.
    pipe: VecDeque<u8>,
    /// The other end is gone, and this one knows.
    is_at_end: bool,
    /// What the other end has sent.
    due: Vec<Sent>,
    seen: Vec<Polled>,
    failed: Option<i32>,
    accepted: (usize, usize),
    verifies: bool,
}

impl End {
    fn new(plan: &Plan, side: usize) -> Self {
        Self {
            judge: Some(Judge::open(plan.setups[side])),
            plan: plan.sends[side].clone().into(),
            queued: VecDeque::new(),
            frame: Vec::new(),
            pong: Vec::new(),
            frame_has_begun: false,
            pipe: VecDeque::new(),
            is_at_end: false,
            due: Vec::new(),
            seen: Vec::new(),
            failed: None,
            accepted: (0, 0),
            verifies: !plan.setups[side].verification_off,
        }
    }

    /// Whether it should wait for something.
    fn wants_a_receive(&self) -> bool {
        let waits = |judge: &Judge| !judge.receives_nothing() && judge.queued().1 == 0;
        !self.is_at_end && self.judge.as_ref().is_some_and(waits)
    }

    fn is_gone(&self) -> bool {
        self.judge.as_ref().is_none_or(Judge::is_aborted)
    }

    fn send(&mut self) {
        let (Some(judge), Some(message)) = (&mut self.judge, self.plan.pop_front()) else {
            return;
        };
        let dispensable = match message {
            Message::Data(_, last, _) => last && judge.sending().is_none(),
            Message::Ping | Message::Pong => true,
            Message::Close(_) => false,
        };
        if judge.send(message.clone()) {
            self.queued.push_back((message, dispensable));
            self.accepted.0 += 1;
        } else {
            assert!(judge.is_aborted(), "{message:?}");
        }
    }

    fn receive(&mut self, size: Option<usize>) {
        if let Some(judge) = &mut self.judge
            && judge.receive(size)
        {
            self.accepted.1 += 1;
        }
    }

    fn poll(&mut self, queue: i32, entries: usize) {
        let Some(judge) = &mut self.judge else {
            return;
        };
        match judge.poll(queue, entries) {
            Polled::Transmit(bytes, true) => self.pong = bytes,
            Polled::Transmit(bytes, false) => self.frame = bytes,
            Polled::Sent => {
                self.frame_has_begun = false;
                self.queued.pop_front();
            }
            seen @ (Polled::Data(..) | Polled::Pong(_) | Polled::Close(..)) => self.seen.push(seen),
            Polled::Nothing | Polled::NoRoom | Polled::Read(_) | Polled::Empty => {}
            Polled::Failed(code) => self.failed = Some(code),
        }
    }

    /// Completes what the send queue has given out; the bytes that are on their way now, and what
    /// begins with them.
    fn complete_send(&mut self, cancel: bool) -> (Vec<u8>, Option<Message>) {
        let bytes = std::mem::take(&mut self.frame);
        let Some(judge) = &mut self.judge else {
            return (Vec::new(), None);
        };
        let first = self
            .queued
            .front()
            .filter(|_| !bytes.is_empty() && !self.frame_has_begun);
        if cancel && first.is_some_and(|(_, dispensable)| *dispensable) {
            judge.complete_send(0);
            return (Vec::new(), None);
        }
        judge.complete_send(bytes.len() as u32);
        let begins = first.map(|(message, _)| message.clone());
        self.frame_has_begun |= !bytes.is_empty();
        (bytes, begins)
    }

    /// Completes what the receive queue has given out, a read with at most so many bytes; gives
    /// those of a pong.
    fn complete_receive(&mut self, most: usize, cancel: bool, other_is_gone: bool) -> Vec<u8> {
        let pong = std::mem::take(&mut self.pong);
        let Some(judge) = &mut self.judge else {
            return Vec::new();
        };
        let Some(room) = judge.outstanding_read() else {
            let sent = if cancel { 0 } else { pong.len() };
            judge.complete_receive(sent as u32);
            return if cancel { Vec::new() } else { pong };
        };
        let count = self.pipe.len().min(room).min(most.max(1));
        if cancel {
            judge.complete_receive(0);
        } else if count > 0 {
            let bytes: Vec<u8> = self.pipe.drain(..count).collect();
            judge.feed(&bytes);
        } else if other_is_gone && most == usize::MAX {
            judge.complete_receive(0);
            self.is_at_end = true;
        }
        Vec::new()
    }
}

#[derive(Debug)]
pub(crate) struct Pair {
    ends: [End; 2],
    cancels: bool,
    moved: usize,
}

impl Pair {
    pub(crate) fn new(plan: &Plan) -> Self {
        Self {
            ends: [End::new(plan, 0), End::new(plan, 1)],
            cancels: plan.fate == Fate::Cancels,
            moved: 0,
        }
    }

    /// Plays the script.
    pub(crate) fn follow(&mut self, plan: &Plan) {
        for (turn, &choice) in plan.script.iter().enumerate() {
            if turn == plan.end.0 % plan.script.len() {
                self.strike(plan.fate, plan.end.1);
            }
            let side = usize::from(choice & 1);
            let detail = usize::from(choice >> 4);
            let end = &mut self.ends[side];
            match choice >> 1 & 7 {
                0 => end.send(),
                1 => end.receive((detail % 3 == 0).then_some(1 + detail / 3)),
                2 => end.poll(SEND, 1 + detail % 3),
                3 => end.poll(RECEIVE, 1 + detail % 3),
                4 => end.poll(ALL, 1 + detail % 3),
                5 | 6 if detail & 1 == 0 => {
                    self.complete_send(side, self.cancels && detail % 5 == 0);
                }
                5 | 6 => self.complete_receive(side, detail / 2, self.cancels && detail % 7 == 0),
                _ => end.poll([SEND, RECEIVE, ALL][detail % 3], 0),
            }
        }
    }

    fn strike(&mut self, fate: Fate, side: usize) {
        let end = &mut self.ends[side];
        match fate {
            Fate::Aborted => end.judge.iter_mut().for_each(Judge::abort),
            Fate::Deleted => end.judge.take().into_iter().for_each(delete),
            Fate::Whole | Fate::Cancels | Fate::BadText => {}
        }
    }

    fn complete_send(&mut self, side: usize, cancel: bool) {
        let (bytes, begins) = self.ends[side].complete_send(cancel);
        let other = &mut self.ends[1 - side];
        other.due.extend(begins.and_then(Sent::new));
        self.moved += bytes.len();
        other.pipe.extend(bytes);
    }

    /// A pong that was given out after a part of a frame goes to the network after it.
    fn complete_receive(&mut self, side: usize, most: usize, cancel: bool) {
        if !self.ends[side].pong.is_empty() && !self.ends[side].frame.is_empty() {
            return;
        }
        let other_is_gone = self.ends[1 - side].is_gone();
        let before = self.ends[side].pipe.len();
        let pong = self.ends[side].complete_receive(most, cancel, other_is_gone);
        self.moved += before - self.ends[side].pipe.len() + pong.len();
        let other = &mut self.ends[1 - side];
        other.due.extend((!pong.is_empty()).then_some(Sent::Pong));
        other.pipe.extend(pong);
    }

    /// Goes on in turns until neither end has anything left to do.
    pub(crate) fn finish(&mut self) {
        let mut still = 0;
        for _ in 0..TURNS_MAX {
            let before = self.progress();
            for side in 0..2 {
                let end = &mut self.ends[side];
                end.send();
                if end.wants_a_receive() {
                    end.receive(None);
                }
                for queue in [SEND, RECEIVE] {
                    self.ends[side].poll(queue, 2);
                    self.complete_send(side, false);
                    self.complete_receive(side, usize::MAX, false);
                }
            }
            // A turn may only complete indications.
            still = if self.progress() == before {
                still + 1
            } else {
                0
            };
            if still == 2 {
                return self.drain();
            }
        }
        panic!("no end after {TURNS_MAX} turns");
    }

    /// Grows while anything happens.
    fn progress(&self) -> (usize, [(usize, usize, usize, bool); 2]) {
        let of_end = |end: &End| {
            let indicated = end.judge.as_ref().map_or(0, |judge| judge.indicated_sends);
            (end.plan.len(), indicated, end.seen.len(), end.is_at_end)
        };
        (self.moved, [of_end(&self.ends[0]), of_end(&self.ends[1])])
    }

    /// Every operation that is left ends, once.
    fn drain(&mut self) {
        for end in &mut self.ends {
            let Some(mut judge) = end.judge.take() else {
                continue;
            };
            judge.drain();
            assert_eq!(
                end.accepted,
                (judge.indicated_sends, judge.indicated_receives)
            );
            delete(judge);
        }
    }

    /// Everything that was sent was seen.
    pub(crate) fn check_all(&self) {
        for end in &self.ends {
            assert!(
                end.plan.is_empty() && end.queued.is_empty(),
                "not everything was sent"
            );
            compare(&end.due, &end.seen, end.verifies, end.failed, true);
        }
    }

    /// What was seen was sent.
    pub(crate) fn check_beginning(&self) {
        for end in &self.ends {
            compare(&end.due, &end.seen, end.verifies, end.failed, false);
        }
    }
}

/// Deletes a handle; its number means nothing from then on.
fn delete(judge: Judge) {
    let handle = judge.delete();
    // SAFETY: no memory is passed.
    let result = unsafe { f::WebSocketReceive(handle, std::ptr::null_mut(), std::ptr::null_mut()) };
    assert_eq!(result, c::E_INVALIDARG);
    // SAFETY: no memory is passed.
    assert_eq!(unsafe { f::WebSocketAbortHandle(handle) }, c::E_INVALIDARG);
}
