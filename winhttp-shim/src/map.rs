//! Between the core's vocabulary and WinHTTP's: the only files that know both.

mod auth;
mod error;
mod mask;
mod notification;
mod option;

pub(crate) use auth::{auth_scheme, auth_target, scheme_of_number, target_of_number};
pub(crate) use error::code;
pub(crate) use mask::Mask;
pub(crate) use notification::{Call, buffer_kind, buffer_type, deliver, status};
pub(crate) use option::{access_type, file_time, proxy_access, proxy_kind};
