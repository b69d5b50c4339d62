//! Authentication: WinHttpQueryAuthSchemes, WinHttpSetCredentials.

use std::ffi::c_void;

use winhttp_abi::export;
use winhttp_abi::export::Done;
use winhttp_abi::handle::{Hinternet, bits};
use winhttp_abi::{Code, input, output};
use winhttp_proto::auth::{Credentials, Secret};

use crate::library::library;
use crate::map;

export! {
    /// Which schemes a 401 or 407 offers: a mask of WINHTTP_AUTH_SCHEME_*, the first of them, and
    /// who asks (WINHTTP_AUTH_TARGET_*). Schemes that are not known are passed over.
    ///
    /// FALSE, and the results are left alone: ERROR_INVALID_HANDLE,
    /// ERROR_WINHTTP_INCORRECT_HANDLE_TYPE, ERROR_INVALID_OPERATION unless the response is a
    /// challenge with a known scheme, then ERROR_INVALID_PARAMETER for NULL.
    pub fn WinHttpQueryAuthSchemes<W>(
        request: Hinternet,
        supported: *mut u32,
        first: *mut u32,
        target: *mut u32,
    ) -> Done {
        let request = library().request(bits(request)).map_err(map::code)?;
        let challenge = request.challenge().map_err(map::code)?;
        if supported.is_null() || first.is_null() || target.is_null() {
            return Err(Code::INVALID_PARAMETER);
        }
        let mut offered = challenge.schemes.iter().map(|scheme| map::auth_scheme(*scheme));
        let foremost = offered.next().unwrap_or(0);
        let all = offered.fold(foremost, |mask, scheme| mask | scheme);
        // SAFETY: C's promise about its results.
        unsafe { output::value(supported, all) };
        // SAFETY: as above.
        unsafe { output::value(first, foremost) };
        // SAFETY: as above.
        unsafe { output::value(target, map::auth_target(challenge.target)) };
        Ok(Done)
    }

    /// Keeps user name and password for one target and one scheme, for the next WinHttpSendRequest
    /// of this handle, within one origin: that of the challenge that was the last response, else
    /// the one that the request goes to. Basic is sent at once, Digest when a 401 asks for it, or
    /// at once with a nonce that this handle knows. Challenges of NTLM, Negotiate and Passport are
    /// handed to the program.
    ///
    /// NULL for both, or an empty name, stands for whoever is logged on (NTLM, Negotiate and
    /// Passport only). The text is copied.
    ///
    /// FALSE: ERROR_INVALID_HANDLE, ERROR_WINHTTP_INCORRECT_HANDLE_TYPE, ERROR_INVALID_PARAMETER
    /// for another target or scheme than one we know, for Basic and Digest without name or
    /// password, and for `parameters`; ERROR_WINHTTP_INCORRECT_HANDLE_STATE while an operation is
    /// pending.
    pub fn WinHttpSetCredentials<W>(
        request: Hinternet,
        target: u32,
        scheme: u32,
        user: *const W,
        password: *const W,
        parameters: *mut c_void,
    ) -> Done {
        let request = library().request(bits(request)).map_err(map::code)?;
        let scheme = map::scheme_of_number(scheme).ok_or(Code::INVALID_PARAMETER)?;
        let target = map::target_of_number(target).ok_or(Code::INVALID_PARAMETER)?;
        // SAFETY: C's promise about its strings.
        let user = unsafe { input::secret(user) }?.map(Secret::new);
        // SAFETY: as above.
        let password = unsafe { input::secret(password) }?.map(Secret::new);
        if !parameters.is_null() {
            return Err(Code::INVALID_PARAMETER);
        }
        let credentials =
            Credentials::new(target, scheme, user, password).map_err(map::code)?;
        request.set_credentials(credentials).map_err(map::code)?;
        Ok(Done)
    }
}
