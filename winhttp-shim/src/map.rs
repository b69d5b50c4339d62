//! Between the core's vocabulary and WinHTTP's: the only files that know both.

mod error;
mod mask;
mod notification;
mod option;

pub(crate) use error::{code, option_code};
pub(crate) use mask::Mask;
pub(crate) use notification::{Call, buffer_kind, buffer_type, deliver};
pub(crate) use option::{access_type, file_time, proxy_access, proxy_scheme};
