//! Decides whether an option may be set or queried on a kind of handle, with which lengths and
//! which values.

use crate::numbers::{PROTOCOL_TLS12, PROTOCOL_TLS13};

use super::{HandleKind, Kinds, LengthRule, OptionError, Row, State, Type, Value, row};

/// TLS 1.2 and 1.3, the only versions a session opened with `WINHTTP_FLAG_SECURE_DEFAULTS` may
/// enable.
const SECURE_DEFAULT_PROTOCOLS: u32 = PROTOCOL_TLS12 | PROTOCOL_TLS13;

/// Which numbers and texts an option takes; others fail with [`OptionError::InvalidParameter`]
/// unless stated. Structures were checked when they were read, by
/// [`Layout::parse`](super::Layout::parse).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// All.
    Any,
    /// Numbers up to this one.
    Max(u32),
    /// Numbers from this one on.
    Min(u32),
    /// Numbers without bits outside this mask.
    Mask(u32),
    /// Numbers without bits outside the mask of the handle's kind. Bits that only another kind has
    /// fail with [`OptionError::IncorrectHandleType`], bits that no kind has with
    /// `InvalidParameter`.
    MaskByKind(&'static [(HandleKind, u32)]),
    /// Text of up to this many UTF-16 code units, the terminator not counted.
    MaxChars(u32),
}

/// Checks a call of `WinHttpSetOption` as far as its arguments alone can tell.
///
/// `kind` is that of the live handle, `None` for the NULL handle; closed and invented handles are
/// the caller's matter. `has_buffer` tells whether lpBuffer is not NULL, `length` is
/// dwBufferLength: bytes, or characters for texts. Go on with [`Row::decode`] and
/// [`Row::check_value`].
///
/// 32-bit options are taken with 4 bytes and with 8: programs on LP64 systems pass an `unsigned
/// long`. Windows refuses 3 and 5 bytes and so do we. [`LengthRule::Strict`] options take 4 only.
///
/// # Errors
/// In this order: `InvalidOption` for unassigned numbers and options that are refused that way,
/// `InvalidHandle` for NULL where it does not stand for the process, `NotSettable`,
/// `IncorrectHandleType`, the error of a refused option, `InvalidParameter` for a NULL buffer (or a
/// buffer where none belongs), `InsufficientBuffer` or, for strict options, `InvalidParameter` for
/// a wrong length.
pub fn check_set(
    number: u32,
    kind: Option<HandleKind>,
    has_buffer: bool,
    length: u32,
) -> Result<&'static Row, OptionError> {
    let row = existing(number)?;
    if row.set.is_empty() {
        return Err(match missing_handle(kind, row.query) {
            true => OptionError::InvalidHandle,
            false => OptionError::NotSettable,
        });
    }
    if missing_handle(kind, row.set) {
        return Err(OptionError::InvalidHandle);
    }
    if !row.set.contains(kind) {
        return Err(OptionError::IncorrectHandleType);
    }
    if let State::Refused(error) = row.state {
        return Err(error);
    }
    row.check_buffer(has_buffer, length)?;
    Ok(row)
}

/// Checks a call of `WinHttpQueryOption` as far as its option and handle alone can tell.
///
/// `kind` as for [`check_set`]. The caller's buffer does not matter to these checks: they come
/// first.
///
/// # Errors
/// `InvalidParameter` for unassigned numbers, options that are unknown to this version and options
/// that can only be set, `InvalidHandle` for NULL where it does
/// not stand for the process, `IncorrectHandleType` for options that are queried on other handles,
/// then the error of a refused option.
pub fn check_query(number: u32, kind: Option<HandleKind>) -> Result<&'static Row, OptionError> {
    let row = existing(number).map_err(|_| OptionError::InvalidParameter)?;
    if missing_handle(kind, row.query) {
        return Err(OptionError::InvalidHandle);
    }
    if row.query.is_empty() {
        return Err(OptionError::InvalidParameter);
    }
    if !row.query.contains(kind) {
        return Err(OptionError::IncorrectHandleType);
    }
    match row.state {
        State::Refused(error) => Err(error),
        State::Honoured | State::Recorded => Ok(row),
    }
}

/// Checks a `WINHTTP_OPTION_CLIENT_CERT_CONTEXT` that passed [`check_set`].
///
/// `secure` tells whether the request was opened with `WINHTTP_FLAG_SECURE`, `has_context` whether
/// the caller passed a context and not (NULL, 0).
///
/// # Errors
/// `IncorrectHandleState` on a request without TLS. `ClientCertNoPrivateKey` for every context:
/// those this version hands out carry no private key. (NULL, 0), "go on without a certificate",
/// passes.
pub const fn check_client_certificate(secure: bool, has_context: bool) -> Result<(), OptionError> {
    if !secure {
        return Err(OptionError::IncorrectHandleState);
    }
    if has_context {
        return Err(OptionError::ClientCertNoPrivateKey);
    }
    Ok(())
}

/// Checks the mask of a `WINHTTP_OPTION_SECURE_PROTOCOLS` that passed [`Row::check_value`].
///
/// `secure_defaults` tells whether the session was opened with `WINHTTP_FLAG_SECURE_DEFAULTS`.
///
/// # Errors
/// `AccessDenied` if such a session is to allow less than TLS 1.2.
pub const fn check_secure_protocols(mask: u32, secure_defaults: bool) -> Result<(), OptionError> {
    if secure_defaults && mask & !SECURE_DEFAULT_PROTOCOLS != 0 {
        return Err(OptionError::AccessDenied);
    }
    Ok(())
}

impl Row {
    /// The value in the caller's bytes, for numbers, pointers and the structures that are kept. Not
    /// yet checked by [`Row::check_value`].
    ///
    /// Of 8 bytes given for a 32-bit option the low 32 bits are taken. A C edge that would rather
    /// not touch the upper half, in case the length is a mistake, may pass the first 4 alone on
    /// little-endian machines.
    ///
    /// # Errors
    /// `InsufficientBuffer` or, for strict options, `InvalidParameter` for a length that
    /// [`check_set`] refuses; those of [`Layout::parse`](super::Layout::parse); `InvalidParameter`
    /// for all other types.
    pub fn decode(&self, bytes: &[u8]) -> Result<Value, OptionError> {
        let length = u32::try_from(bytes.len()).map_err(|_| OptionError::InvalidParameter)?;
        self.check_length(length)?;
        match self.ty {
            Type::Dword | Type::Bool => low_dword(bytes).map(Value::Dword),
            Type::Pointer => bytes
                .try_into()
                .ok()
                .map(|bytes| Value::Pointer(usize::from_ne_bytes(bytes))),
            Type::Struct(layout) => return layout.parse(bytes).map(Value::Struct),
            Type::EdgeStruct { .. } | Type::Text | Type::Secret | Type::None | Type::Variable => {
                None
            }
        }
        .ok_or(OptionError::InvalidParameter)
    }

    /// Checks a value to be set on a handle of this kind (`None`: the NULL handle).
    ///
    /// # Errors
    /// Those of [`Check`]; `InvalidParameter` also for a value of another type than the option's.
    pub fn check_value(&self, kind: Option<HandleKind>, value: &Value) -> Result<(), OptionError> {
        if !value.fits(self.ty) {
            return Err(OptionError::InvalidParameter);
        }
        match value {
            Value::Dword(number) => self.check.number(kind, *number),
            Value::Text(text) => self.check.text(text),
            Value::Secret(text) => self.check.text(text.expose()),
            Value::Pointer(_) | Value::Struct(_) => Ok(()),
        }
    }

    /// The last two rules of [`check_set`].
    fn check_buffer(&self, has_buffer: bool, length: u32) -> Result<(), OptionError> {
        let without = !has_buffer && length == 0;
        if self.ty == Type::None {
            return if without {
                Ok(())
            } else {
                Err(OptionError::InvalidParameter)
            };
        }
        if without && self.length == LengthRule::OrNull {
            return Ok(());
        }
        if !has_buffer {
            return Err(OptionError::InvalidParameter);
        }
        self.check_length(length)
    }

    fn check_length(&self, length: u32) -> Result<(), OptionError> {
        let Some(required) = self.ty.fixed_bytes() else {
            return Ok(());
        };
        let strict = self.length == LengthRule::Strict;
        let long = matches!(self.ty, Type::Dword | Type::Bool) && length == 8 && !strict;
        if length == required || long {
            return Ok(());
        }
        Err(match strict {
            true => OptionError::InvalidParameter,
            false => OptionError::InsufficientBuffer { required },
        })
    }
}

impl Check {
    fn number(self, kind: Option<HandleKind>, number: u32) -> Result<(), OptionError> {
        let fits = match self {
            Self::Max(limit) => number <= limit,
            Self::Min(limit) => number >= limit,
            Self::Mask(mask) => number & !mask == 0,
            Self::MaskByKind(masks) => return mask_by_kind(masks, kind, number),
            Self::Any | Self::MaxChars(_) => true,
        };
        if fits {
            Ok(())
        } else {
            Err(OptionError::InvalidParameter)
        }
    }

    fn text(self, text: &str) -> Result<(), OptionError> {
        let Self::MaxChars(limit) = self else {
            return Ok(());
        };
        let fits = u32::try_from(text.encode_utf16().count()).is_ok_and(|chars| chars <= limit);
        if fits {
            Ok(())
        } else {
            Err(OptionError::InvalidParameter)
        }
    }
}

fn mask_by_kind(
    masks: &[(HandleKind, u32)],
    kind: Option<HandleKind>,
    number: u32,
) -> Result<(), OptionError> {
    let known = masks.iter().fold(0, |known, (_, mask)| known | mask);
    if number & !known != 0 {
        return Err(OptionError::InvalidParameter);
    }
    let own = masks
        .iter()
        .find(|(of, _)| Some(*of) == kind)
        .map_or(0, |(_, mask)| *mask);
    if number & !own != 0 {
        return Err(OptionError::IncorrectHandleType);
    }
    Ok(())
}

/// The row of an option that exists as far as a program can tell.
fn existing(number: u32) -> Result<&'static Row, OptionError> {
    match row(number) {
        None
        | Some(Row {
            state: State::Refused(OptionError::InvalidOption),
            ..
        }) => Err(OptionError::InvalidOption),
        Some(row) => Ok(row),
    }
}

/// Whether the handle is NULL and these kinds do not have it.
const fn missing_handle(kind: Option<HandleKind>, kinds: Kinds) -> bool {
    kind.is_none() && !kinds.contains(None)
}

/// The low 32 bits of a number of 4 or 8 bytes.
fn low_dword(bytes: &[u8]) -> Option<u32> {
    if let Ok(bytes) = bytes.try_into() {
        return Some(u32::from_ne_bytes(bytes));
    }
    let low = u64::from_ne_bytes(bytes.try_into().ok()?) & u64::from(u32::MAX);
    u32::try_from(low).ok()
}

#[cfg(test)]
mod tests;
