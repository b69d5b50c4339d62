//! What a peer's bytes mean: a frame decoder that is written to be obvious, with the close statuses
//! of websocket.h.

use std::collections::VecDeque;

use winhttp_abi::constants as c;

use super::{Role, Setup};

/// Text or binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8.
    Text,
    /// Bytes.
    Binary,
}

impl Kind {
    /// The buffer type of a part of a message.
    pub fn buffer_type(self, last: bool) -> i32 {
        match (self, last) {
            (Self::Text, true) => c::WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE,
            (Self::Text, false) => c::WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE,
            (Self::Binary, true) => c::WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE,
            (Self::Binary, false) => c::WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE,
        }
    }
}

/// What the bytes hold, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// The payload of a data frame as far as it has come.
    Data {
        /// Of the message.
        kind: Kind,
        /// What was not handed out yet.
        bytes: Vec<u8>,
        /// The frame ends its message.
        fin: bool,
        /// All of it has come.
        complete: bool,
        /// Something of it was handed out.
        begun: bool,
    },
    /// A ping.
    Ping(Vec<u8>),
    /// A pong.
    Pong(Vec<u8>),
    /// A close frame; nothing follows.
    Close(u16, Option<Vec<u8>>),
    /// A frame that is not allowed; nothing follows.
    Violation(i32),
}

/// The part of a data frame that has not come yet.
#[derive(Debug)]
struct Body {
    left: u64,
    key: [u8; 4],
    at: usize,
    fin: bool,
}

/// The bytes of a peer, decoded as they come.
#[derive(Debug)]
pub struct Wire {
    setup: Setup,
    /// What was not handed out yet.
    pub items: VecDeque<Item>,
    rest: Vec<u8>,
    body: Option<Body>,
    message: Option<Kind>,
    /// The beginning of a character whose end has not come yet.
    character: Vec<u8>,
    over: bool,
}

type Stop = Result<bool, i32>;

const FORMAT: i32 = c::E_INVALID_PROTOCOL_FORMAT;
const OPERATION: i32 = c::E_INVALID_PROTOCOL_OPERATION;

impl Wire {
    /// Before the first byte.
    pub fn new(setup: Setup) -> Self {
        Self {
            setup,
            items: VecDeque::new(),
            rest: Vec::new(),
            body: None,
            message: None,
            character: Vec::new(),
            over: false,
        }
    }

    /// The message that has begun and not ended.
    pub fn open(&self) -> Option<Kind> {
        self.message
    }

    /// Takes bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.rest.extend(bytes);
        while !self.over {
            match self.step() {
                Ok(true) => {}
                Ok(false) => return,
                Err(code) => {
                    self.items.push_back(Item::Violation(code));
                    self.over = true;
                }
            }
        }
    }

    /// Whether there may be more to do.
    fn step(&mut self) -> Stop {
        match self.body.take() {
            Some(body) => self.payload(body),
            None => self.header(),
        }
    }

    fn header(&mut self) -> Stop {
        let Some(&first) = self.rest.first() else {
            return Ok(false);
        };
        let (fin, opcode) = (first & 0x80 != 0, first & 0x0f);
        let control = opcode >= 8;
        if first & 0x70 != 0 || !matches!(opcode, 0..=2 | 8..=10) || (control && !fin) {
            return Err(FORMAT);
        }
        match (opcode, self.message) {
            (0, None) | (1 | 2, Some(_)) => return Err(OPERATION),
            _ => {}
        }
        let Some(&second) = self.rest.get(1) else {
            return Ok(false);
        };
        let masked = second & 0x80 != 0;
        let mask_fits = match self.setup.role {
            Role::Client => !masked,
            Role::Server => masked || self.setup.masking_off,
        };
        if !mask_fits || (control && second & 0x7f > 125) {
            return Err(FORMAT);
        }
        let Some((length, at)) = self.length(second & 0x7f)? else {
            return Ok(false);
        };
        let start = at + if masked { 4 } else { 0 };
        if self.rest.len() < start {
            return Ok(false);
        }
        let key = if masked {
            [
                self.rest[at],
                self.rest[at + 1],
                self.rest[at + 2],
                self.rest[at + 3],
            ]
        } else {
            [0; 4]
        };
        if control {
            return self.control(opcode, start, length as usize, key);
        }
        self.rest.drain(..start);
        let kind = self.message.unwrap_or(if opcode == 1 {
            Kind::Text
        } else {
            Kind::Binary
        });
        self.message = Some(kind);
        self.items.push_back(Item::Data {
            kind,
            bytes: Vec::new(),
            fin,
            complete: false,
            begun: false,
        });
        self.body = Some(Body {
            left: length,
            key,
            at: 0,
            fin,
        });
        Ok(true)
    }

    /// The payload length, and where it ends.
    fn length(&self, short: u8) -> Result<Option<(u64, usize)>, i32> {
        let size = match short {
            126 => 2,
            127 => 8,
            _ => return Ok(Some((u64::from(short), 2))),
        };
        let there = &self.rest[2..self.rest.len().min(2 + size)];
        let top_bit = size == 8 && there.first().is_some_and(|top| top & 0x80 != 0);
        let small = size == 8 && there.len() >= 6 && there[..6] == [0; 6];
        if top_bit || small {
            return Err(FORMAT);
        }
        if there.len() < size {
            return Ok(None);
        }
        let length = there
            .iter()
            .fold(0, |length, &byte| length << 8 | u64::from(byte));
        if length < 126 {
            return Err(FORMAT);
        }
        Ok(Some((length, 2 + size)))
    }

    fn control(&mut self, opcode: u8, start: usize, length: usize, key: [u8; 4]) -> Stop {
        if self.rest.len() < start + length {
            return Ok(false);
        }
        let masked = self.rest.drain(..start + length).skip(start);
        let payload: Vec<u8> = masked
            .zip(key.into_iter().cycle())
            .map(|(a, b)| a ^ b)
            .collect();
        self.items.push_back(match opcode {
            9 => Item::Ping(payload),
            10 => Item::Pong(payload),
            _ => {
                self.over = true;
                self.close(&payload)?
            }
        });
        Ok(true)
    }

    fn close(&self, payload: &[u8]) -> Result<Item, i32> {
        match payload {
            [] => Ok(Item::Close(1005, None)),
            [_] => Err(FORMAT),
            [high, low, reason @ ..] => {
                let status = u16::from_be_bytes([*high, *low]);
                let known = !matches!(status, 0..=999 | 1005 | 1006 | 1015);
                let text = self.setup.verification_off || std::str::from_utf8(reason).is_ok();
                if !known || !text {
                    return Err(FORMAT);
                }
                Ok(Item::Close(status, Some(reason.to_vec())))
            }
        }
    }

    fn payload(&mut self, mut body: Body) -> Stop {
        let count = self
            .rest
            .len()
            .min(usize::try_from(body.left).unwrap_or(usize::MAX));
        let masked = self.rest.drain(..count);
        let key = body.key.into_iter().cycle().skip(body.at % 4);
        let new: Vec<u8> = masked.zip(key).map(|(a, b)| a ^ b).collect();
        body.left -= count as u64;
        body.at += count;
        let all = body.left == 0;
        self.verify(&new, all && body.fin)?;
        let Some(Item::Data {
            bytes, complete, ..
        }) = self.items.back_mut()
        else {
            panic!("the frame is the last item");
        };
        bytes.extend(new);
        *complete = all;
        if !all {
            self.body = Some(body);
            return Ok(false);
        }
        if body.fin {
            self.message = None;
        }
        Ok(true)
    }

    /// Checks text as far as it can be; what comes before the first byte that makes it invalid
    /// stays.
    fn verify(&mut self, new: &[u8], last: bool) -> Result<(), i32> {
        if self.setup.verification_off || self.message != Some(Kind::Text) {
            return Ok(());
        }
        let before = self.character.len();
        self.character.extend(new);
        let Err(error) = std::str::from_utf8(&self.character) else {
            self.character.clear();
            return Ok(());
        };
        let valid = error.valid_up_to();
        if error.error_len().is_some() || last {
            let Some(Item::Data { bytes, .. }) = self.items.back_mut() else {
                panic!("the frame is the last item");
            };
            let fits = |end: &usize| {
                let text = std::str::from_utf8(&self.character[..*end]);
                text.is_ok() || text.is_err_and(|error| error.error_len().is_none())
            };
            let end = (valid..=self.character.len()).take_while(fits).last();
            bytes.extend(&new[..end.unwrap_or(valid).saturating_sub(before)]);
            return Err(FORMAT);
        }
        self.character.drain(..valid);
        Ok(())
    }
}
