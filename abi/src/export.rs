//! The export macro: the only way a function becomes part of the C API.
//!
//! It gives every function its C names, catches panics before they reach C, and reports the outcome
//! in one place.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::cancellation::NotCancelled;
use crate::code::Code;
use crate::handle::Hinternet;
use crate::hresult::HResult;
use crate::last_error;

/// What a failed or successful body becomes for C.
pub trait Outcome: Sized {
    /// The C return type.
    type C;
    /// What a body fails with.
    type Error;
    /// What a program sees if the library panics, which is a defect.
    const PANICKED: Self::Error;

    /// Reports the outcome and gives C's return value.
    fn report(result: Result<Self, Self::Error>) -> Self::C;
}

/// Result of a function that returns BOOL.
#[derive(Debug)]
pub struct Done;

/// Result of a BOOL function that succeeded but left this last error (ERROR_IO_PENDING).
#[derive(Debug)]
pub struct DoneWith(pub Code);

/// Result of a function that returns a DWORD error code and does not touch the last error.
#[derive(Debug)]
pub struct Status;

/// Result of a function that returns a DWORD error code and leaves the last error and errno to
/// those it is asked about.
#[derive(Debug)]
pub struct Quiet;

/// Result of a function that returns VOID.
#[derive(Debug)]
pub struct Nothing;

/// Result of a function that returns a pointer-sized value; `FAILED` is what failure returns.
#[derive(Debug)]
pub struct Pointer<const FAILED: usize>(pub usize);

/// Result of a function that returns an HRESULT, which is S_OK on success and does not touch the
/// last error.
#[derive(Debug)]
pub struct Succeeded;

const S_OK: i32 = 0;
const TRUE: i32 = 1;
const FALSE: i32 = 0;

impl Outcome for Done {
    type C = i32;
    type Error = Code;
    const PANICKED: Code = Code::INTERNAL_ERROR;

    #[inline]
    fn report(result: Result<Self, Code>) -> i32 {
        DoneWith::report(result.map(|Self| DoneWith(Code::SUCCESS)))
    }
}

impl Outcome for DoneWith {
    type C = i32;
    type Error = Code;
    const PANICKED: Code = Code::INTERNAL_ERROR;

    #[inline]
    fn report(result: Result<Self, Code>) -> i32 {
        match result {
            Ok(Self(code)) => {
                last_error::leave(code);
                TRUE
            }
            Err(code) => {
                last_error::record(code);
                FALSE
            }
        }
    }
}

impl Outcome for Hinternet {
    type C = Self;
    type Error = Code;
    const PANICKED: Code = Code::INTERNAL_ERROR;

    #[inline]
    fn report(result: Result<Self, Code>) -> Self {
        match result {
            Ok(handle) => {
                last_error::record(Code::SUCCESS);
                handle
            }
            Err(code) => {
                last_error::record(code);
                std::ptr::null_mut()
            }
        }
    }
}

impl Outcome for Status {
    type C = u32;
    type Error = Code;
    const PANICKED: Code = Code::INTERNAL_ERROR;

    fn report(result: Result<Self, Code>) -> u32 {
        let code = result.err().unwrap_or(Code::SUCCESS);
        if code != Code::SUCCESS {
            last_error::failed(code);
        }
        code.0
    }
}

impl Outcome for Quiet {
    type C = u32;
    type Error = Code;
    const PANICKED: Code = Code::INTERNAL_ERROR;

    fn report(result: Result<Self, Code>) -> u32 {
        result.err().unwrap_or(Code::SUCCESS).0
    }
}

impl Outcome for Nothing {
    type C = ();
    type Error = Code;
    const PANICKED: Code = Code::INTERNAL_ERROR;

    fn report(_: Result<Self, Code>) {}
}

impl<const FAILED: usize> Outcome for Pointer<FAILED> {
    type C = usize;
    type Error = Code;
    const PANICKED: Code = Code::INTERNAL_ERROR;

    #[inline]
    fn report(result: Result<Self, Code>) -> usize {
        match result {
            Ok(Self(value)) => {
                last_error::record(Code::SUCCESS);
                value
            }
            Err(code) => {
                last_error::record(code);
                FAILED
            }
        }
    }
}

impl Outcome for Succeeded {
    type C = i32;
    type Error = HResult;
    const PANICKED: HResult = HResult::UNEXPECTED;

    fn report(result: Result<Self, HResult>) -> i32 {
        match result {
            Ok(Self) => S_OK,
            Err(failure) => failure.get(),
        }
    }
}

/// Runs a body so that no panic reaches C, and no cancellation of the thread reaches the body.
pub fn guard<T: Outcome>(body: impl FnOnce() -> Result<T, T::Error>) -> T::C {
    let _not_cancelled = NotCancelled::new();
    catch_unwind(AssertUnwindSafe(|| T::report(body())))
        .unwrap_or_else(|_| T::report(Err(T::PANICKED)))
}

/// Exports functions, guarded: those with text in both string widths, others as they are.
///
/// `fn Name(arguments) -> Outcome body` becomes the C symbol `Name`.
/// `fn Name<W>(arguments) -> Outcome body` becomes the C symbols `Name` and `winhttp16_Name`
/// (UTF-16) and `winhttp32_Name` (32-bit `wchar_t`), all with the same generic body, guarded.
#[macro_export]
macro_rules! export {
    ($(
        $(#[$meta:meta])*
        pub fn $name:ident<$W:ident>($($argument:ident: $type:ty),* $(,)?) -> $outcome:ty $body:block
    )*) => {$(
        $(#[$meta])*
        #[doc = ""]
        #[doc = "# Safety"]
        #[doc = "Pointers are NULL where the function allows that, or valid as its documentation says."]
        #[expect(non_snake_case, reason = "the C API's name")]
        #[allow(clippy::too_many_arguments, reason = "the C API's arguments")]
        pub unsafe fn $name<$W: $crate::wide::Unit>(
            $($argument: $type),*
        ) -> <$outcome as $crate::export::Outcome>::C {
            $crate::export::guard::<$outcome>(move || $body)
        }

        $crate::export!(@symbol $W = u16, stringify!($name), $name($($argument: $type),*) -> $outcome);
        $crate::export!(@symbol $W = u16, concat!("winhttp16_", stringify!($name)),
            $name($($argument: $type),*) -> $outcome);
        $crate::export!(@symbol $W = u32, concat!("winhttp32_", stringify!($name)),
            $name($($argument: $type),*) -> $outcome);
    )*};
    ($(
        $(#[$meta:meta])*
        pub fn $name:ident($($argument:ident: $type:ty),* $(,)?) -> $outcome:ty $body:block
    )*) => {$(
        $(#[$meta])*
        #[doc = ""]
        #[doc = "# Safety"]
        #[doc = "Pointers are NULL where the function allows that, or valid as its documentation says."]
        #[expect(non_snake_case, reason = "the C API's name")]
        #[allow(clippy::too_many_arguments, reason = "the C API's arguments")]
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(
            $($argument: $type),*
        ) -> <$outcome as $crate::export::Outcome>::C {
            $crate::export::guard::<$outcome>(move || $body)
        }
    )*};
    (@symbol $W:ident = $unit:ty, $symbol:expr,
        $name:ident($($argument:ident: $type:ty),*) -> $outcome:ty) => {
        const _: () = {
            #[allow(dead_code, reason = "functions without text do not name their width")]
            type $W = $unit;

            #[unsafe(export_name = $symbol)]
            unsafe extern "C" fn exported(
                $($argument: $type),*
            ) -> <$outcome as $crate::export::Outcome>::C {
                // SAFETY: C's promise, handed on.
                unsafe { $name::<$unit>($($argument),*) }
            }
        };
    };
}
