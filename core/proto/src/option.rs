//! Decides everything about an option that needs no handle: where it may be set and queried, its
//! type, its default, which values it takes and what this version makes of it.
//!
//! [`ROWS`] is the one source: checks, defaults, inheritance and `docs/options.md` are drawn from
//! it.
//!
//! In scope: the rules of `WinHttpSetOption` and `WinHttpQueryOption` that depend on the option's
//! number, the handle's kind and the caller's bytes alone. Out of scope: finding handles, copying
//! from and to the caller's memory, and checks that need a handle's progress (a request already
//! sent, no TLS yet).

mod check;
mod error;
#[cfg(test)]
mod markdown;
mod structure;
mod table;
mod timeouts;
mod value;

use std::fmt;

use crate::handle::HandleKind;

pub use check::{Check, check_client_certificate, check_query, check_secure_protocols, check_set};
pub use error::OptionError;
pub use structure::{
    ConnectionRetries, GuidMatch, KeepAliveProbes, Layout, ResolverCache, StreamWindow, Structure,
};
pub use table::ROWS;
pub use timeouts::{TimeoutArguments, Timeouts};
pub use value::{Value, Values};

/// Send buffers below this many bytes make the send of a WebSocket upgrade fail with
/// `ERROR_NOT_ENOUGH_MEMORY`, although `WINHTTP_OPTION_WEB_SOCKET_SEND_BUFFER_SIZE` itself takes
/// any value; the value in force when the send starts counts (`WinHttpSendRequest`).
pub const MIN_WEB_SOCKET_SEND_BUFFER_BYTES: u32 = 16;

/// The number of an option, known or not (`WINHTTP_OPTION_*`). Known ones are constants of this
/// type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OptionId(pub u32);

/// A set of handle kinds; the NULL handle, which stands for the whole process, counts as one more.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Kinds(u8);

impl Kinds {
    /// No handle at all.
    pub const NONE: Self = Self(0);
    /// The NULL handle.
    pub const GLOBAL: Self = Self(1);
    /// Sessions.
    pub const SESSION: Self = Self::of(HandleKind::Session);
    /// Connects.
    pub const CONNECT: Self = Self::of(HandleKind::Connect);
    /// Requests.
    pub const REQUEST: Self = Self::of(HandleKind::Request);
    /// Proxy resolvers.
    pub const PROXY_RESOLVER: Self = Self::of(HandleKind::ProxyResolver);
    /// WebSockets.
    pub const WEB_SOCKET: Self = Self::of(HandleKind::WebSocket);

    /// The letters `docs/options.md` uses, in its order.
    const LETTERS: [(Self, char); 6] = [
        (Self::GLOBAL, 'G'),
        (Self::SESSION, 'S'),
        (Self::CONNECT, 'C'),
        (Self::REQUEST, 'R'),
        (Self::WEB_SOCKET, 'W'),
        (Self::PROXY_RESOLVER, 'V'),
    ];

    /// The set of just this kind.
    #[must_use]
    pub const fn of(kind: HandleKind) -> Self {
        Self(1 << kind as u8)
    }

    /// Both sets together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the set has this kind; `None` asks for the NULL handle.
    #[must_use]
    pub const fn contains(self, kind: Option<HandleKind>) -> bool {
        let asked = match kind {
            Some(kind) => Self::of(kind),
            None => Self::GLOBAL,
        };
        self.0 & asked.0 != 0
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// One letter for each kind (`G` NULL handle, `S`, `C`, `R`, `W` WebSocket, `V` proxy resolver),
/// `-` for none.
impl fmt::Display for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("-");
        }
        let letters = Self::LETTERS
            .iter()
            .filter(|(kind, _)| self.0 & kind.0 != 0);
        for (place, (_, letter)) in letters.enumerate() {
            let gap = if place == 0 { "" } else { " " };
            write!(f, "{gap}{letter}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kinds({self})")
    }
}

/// The type of an option's data, which decides the lengths it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// A 32-bit number. Set with 4 bytes, or with 8 of which the low 32 bits count; see
    /// [`check_set`].
    Dword,
    /// A 32-bit truth value, not 0 meaning TRUE. Lengths as for [`Type::Dword`].
    Bool,
    /// A pointer, handle or pointer-sized number, 8 bytes.
    Pointer,
    /// Text. Set with a length in characters, queried with one in bytes.
    Text,
    /// A text that only its receiver may see: a name or password. Lengths as for [`Type::Text`].
    Secret,
    /// No data: set with (NULL, 0).
    None,
    /// A structure without pointers, kept as [`Structure`].
    Struct(Layout),
    /// Any other structure of one size; the C edge reads and writes it.
    EdgeStruct {
        /// Its size in bytes, in Windows' 64-bit layout.
        bytes: u32,
    },
    /// Data whose size depends on its contents, or is not documented.
    Variable,
}

impl Type {
    /// The bytes a query of this type needs; `None` if that depends on the value.
    #[must_use]
    pub(crate) const fn fixed_bytes(self) -> Option<u32> {
        match self {
            Self::Dword | Self::Bool => Some(4),
            Self::Pointer => Some(8),
            Self::Struct(layout) => Some(layout.bytes()),
            Self::EdgeStruct { bytes } => Some(bytes),
            Self::Text | Self::Secret | Self::None | Self::Variable => None,
        }
    }
}

/// What a length that does not fit the type, or a NULL buffer, means when the option is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LengthRule {
    /// Another length fails with [`OptionError::InsufficientBuffer`], NULL with
    /// [`OptionError::InvalidParameter`].
    Usual,
    /// Only the very size of the type is taken, all else fails with
    /// [`OptionError::InvalidParameter`].
    Strict,
    /// As usual, but (NULL, 0) is a value of its own.
    OrNull,
}

/// What an option that nobody set reads as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Default {
    /// This number, for [`Type::Dword`] and [`Type::Bool`].
    Number(u32),
    /// The null pointer, for [`Type::Pointer`].
    Null,
    /// The empty text, for [`Type::Text`] and [`Type::Secret`].
    EmptyText,
    /// This structure, for [`Type::Struct`].
    Struct(Structure),
    /// Nothing is kept for the option: it is an action, or its value is computed when it is
    /// queried.
    NoValue,
}

/// What this version makes of an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It does what WinHTTP documents.
    Honoured,
    /// It is validated, stored and read back where it can be queried, and has no effect;
    /// [`Row::doc`] says why.
    Recorded,
    /// It exists, and always fails with this error.
    Refused(OptionError),
}

/// All that is known about one option.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The option's number.
    pub number: u32,
    /// Its name in `winhttp.h`, for example `WINHTTP_OPTION_URL`.
    pub name: &'static str,
    /// The handles it can be set on.
    pub set: Kinds,
    /// The handles it can be queried on.
    pub query: Kinds,
    /// The type of its data.
    pub ty: Type,
    /// What it reads as before it is set.
    pub default: Default,
    /// What this version makes of it.
    pub state: State,
    /// Which values it takes.
    pub check: Check,
    /// Which lengths it takes.
    pub length: LengthRule,
    /// Whether a new child handle copies the value of its parent.
    pub inherit: bool,
    /// What it does here, in Markdown, as one paragraph.
    pub doc: &'static str,
}

impl Row {
    /// The option's number as an id.
    #[must_use]
    pub const fn id(&self) -> OptionId {
        OptionId(self.number)
    }
}

/// The row of an option; `None` if the number is not assigned.
#[must_use]
pub fn row(number: u32) -> Option<&'static Row> {
    let small = usize::try_from(number).ok();
    match small.and_then(|number| PLACES.get(number)) {
        Some(place) => ROWS.get(usize::from(*place)),
        None => {
            let place = ROWS.binary_search_by_key(&number, |row| row.number).ok()?;
            ROWS.get(place)
        }
    }
}

/// The row of each small number, which requests ask for often; no row is at the last place.
#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "the compiler computes it, and refuses what does not fit"
)]
static PLACES: [u8; 256] = {
    let mut places = [u8::MAX; 256];
    let mut place = 0;
    while place < ROWS.len() {
        if let number @ 0..256 = ROWS[place].number {
            places[number as usize] = place as u8;
        }
        place += 1;
    }
    places
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_kinds_has_what_was_put_in_and_nothing_else() {
        let kinds = Kinds::GLOBAL.and(Kinds::REQUEST);
        assert!(kinds.contains(None));
        assert!(kinds.contains(Some(HandleKind::Request)));
        assert!(!kinds.contains(Some(HandleKind::Session)));
        assert!(!kinds.contains(Some(HandleKind::WebSocket)));
        assert!(!Kinds::NONE.contains(None));
        assert!(Kinds::NONE.is_empty());
    }

    #[test]
    fn kinds_are_shown_as_letters() {
        assert_eq!(Kinds::WEB_SOCKET.and(Kinds::SESSION).to_string(), "S W");
        assert_eq!(Kinds::NONE.to_string(), "-");
    }

    #[test]
    fn numbers_without_an_option_have_no_row() {
        let unassigned = [
            0,
            8,
            10,
            11,
            14,
            20,
            22,
            23,
            156,
            157,
            163,
            174,
            180,
            186,
            213,
            4095,
            4100,
            u32::MAX,
        ];
        for number in unassigned {
            assert!(row(number).is_none(), "{number}");
        }
    }

    #[test]
    fn every_row_is_found_by_its_number() {
        for expected in ROWS {
            assert_eq!(
                row(expected.number).map(|row| row.name),
                Some(expected.name)
            );
        }
    }
}
