//! Answers a server that asks for a name and a password, the way programs for WinHTTP do: look at
//! the schemes it offers, set credentials for the best one, send again.
//!
//! Nothing is shown unasked, and only to the server that the URL of the command line names: one
//! that a redirect leads to may ask, but is not answered.

use windows_sys::Win32::Networking::WinHttp::{
    WINHTTP_AUTH_SCHEME_BASIC, WINHTTP_AUTH_SCHEME_DIGEST, WINHTTP_AUTH_TARGET_SERVER,
};

use crate::api::{self, CallError, Handle};
use crate::arguments::Target;
use crate::output::{escape, note};

/// The schemes that are answered, best first: Digest does not give the password away.
const SCHEMES: [(u32, &str); 2] = [
    (WINHTTP_AUTH_SCHEME_DIGEST, "Digest"),
    (WINHTTP_AUTH_SCHEME_BASIC, "Basic"),
];

/// Sets credentials for the challenge that the request has been answered with, so that it can be
/// sent again; gives the scheme's name. `None` if there is nothing to answer, or nothing to answer
/// with; says why if there are credentials.
pub(crate) fn answer(request: &Handle, target: &Target) -> Result<Option<&'static str>, CallError> {
    let Some(credentials) = &target.credentials else {
        return Ok(None);
    };
    let Some(offer) = api::offered_schemes(request) else {
        note!("the server asks for nothing that --auth could answer");
        return Ok(None);
    };
    let is_offered = |(scheme, _): &&(u32, &str)| offer.schemes & scheme != 0;
    let best = SCHEMES.iter().find(is_offered);
    let Some((scheme, name)) = best.filter(|_| offer.target == WINHTTP_AUTH_TARGET_SERVER) else {
        note!("the server asks for neither Digest nor Basic");
        return Ok(None);
    };
    let asking = api::url_in_force(request)?;
    if !api::is_same_server(&target.url, &asking)? {
        note!(
            "{} asks for credentials, and those given are for {} alone",
            escape(&asking),
            target.url
        );
        return Ok(None);
    }
    api::set_credentials(request, *scheme, &credentials.name, &credentials.password)?;
    Ok(Some(name))
}
