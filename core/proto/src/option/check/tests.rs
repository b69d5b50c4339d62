//! The calls both groups of tests make: what Windows was seen to answer, and the other rules.

mod facts;
mod rules;

use super::*;
use crate::option::{OptionId, Values};

const SESSION: Option<HandleKind> = Some(HandleKind::Session);
const CONNECT: Option<HandleKind> = Some(HandleKind::Connect);
const REQUEST: Option<HandleKind> = Some(HandleKind::Request);
const WEB_SOCKET: Option<HandleKind> = Some(HandleKind::WebSocket);
const NULL_HANDLE: Option<HandleKind> = None;
const EVERY_HTTP_HANDLE: [Option<HandleKind>; 3] = [SESSION, CONNECT, REQUEST];

const FOUR_BYTES: OptionError = OptionError::InsufficientBuffer { required: 4 };

/// All checks of setting a 32-bit option properly.
fn set(option: OptionId, kind: Option<HandleKind>, number: u32) -> Result<(), OptionError> {
    let row = check_set(option.0, kind, true, 4)?;
    row.check_value(kind, &row.decode(&number.to_ne_bytes())?)
}

fn set_length(
    option: OptionId,
    kind: Option<HandleKind>,
    has_buffer: bool,
    length: u32,
) -> Option<OptionError> {
    check_set(option.0, kind, has_buffer, length).err()
}

fn query(option: OptionId, kind: Option<HandleKind>) -> Option<OptionError> {
    check_query(option.0, kind).err()
}

fn default(option: OptionId) -> Option<Value> {
    Values::default().get(option)
}
