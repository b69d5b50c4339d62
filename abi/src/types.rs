//! The structures of winhttp.h, websocket.h and their neighbours, in Windows' 64-bit layout.
//!
//! Field names are Windows' names in snake case. Pointers are the caller's and unchecked; `W` is
//! the code unit of wide strings: `u16` for UTF-16, `u32` where `wchar_t` has 32 bits.

/// Asserts size, alignment and offsets of a structure.
#[cfg(test)]
macro_rules! layout {
    ($kind:ty, $size:literal, $align:literal, { $($field:ident: $offset:literal),* $(,)? }) => {
        assert_eq!(size_of::<$kind>(), $size, stringify!($kind));
        assert_eq!(align_of::<$kind>(), $align, stringify!($kind));
        $(assert_eq!(
            core::mem::offset_of!($kind, $field),
            $offset,
            concat!(stringify!($kind), ".", stringify!($field)),
        );)*
    };
}

mod base;
mod certificate;
mod component;
mod connection;
mod proxy;
mod request;
mod security;
mod transport;
mod websocket;

pub use self::base::*;
pub use self::certificate::*;
pub use self::component::*;
pub use self::connection::*;
pub use self::proxy::*;
pub use self::request::*;
pub use self::security::*;
pub use self::transport::*;
pub use self::websocket::*;
