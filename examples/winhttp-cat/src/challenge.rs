//! Answers a server or a proxy that asks for a name and a password, the way programs for WinHTTP
//! do: look at the schemes it offers, set credentials for the best one, send again.
//!
//! Nothing is shown unasked. A server is answered only if it is the one that the URL of the command
//! line names: one that a redirect leads to may ask, but is not answered.

use windows_sys::Win32::Networking::WinHttp::{
    HTTP_STATUS_DENIED, HTTP_STATUS_PROXY_AUTH_REQ, WINHTTP_AUTH_SCHEME_BASIC,
    WINHTTP_AUTH_SCHEME_DIGEST, WINHTTP_AUTH_TARGET_PROXY, WINHTTP_AUTH_TARGET_SERVER,
};

use crate::api::{self, CallError, Handle};
use crate::arguments::Target;
use crate::output::{escape, note};
use crate::url::Credentials;

/// The schemes that are answered, best first: Digest does not give the password away.
const SCHEMES: [(u32, &str); 2] = [
    (WINHTTP_AUTH_SCHEME_DIGEST, "Digest"),
    (WINHTTP_AUTH_SCHEME_BASIC, "Basic"),
];

/// Who asks, and what the command line calls it.
#[derive(Clone, Copy)]
struct Asker {
    target: u32,
    name: &'static str,
    option: &'static str,
}

const SERVER: Asker = Asker {
    target: WINHTTP_AUTH_TARGET_SERVER,
    name: "server",
    option: "--auth",
};

const PROXY: Asker = Asker {
    target: WINHTTP_AUTH_TARGET_PROXY,
    name: "proxy",
    option: "--proxy-auth",
};

/// The schemes with which the server and the proxy have been answered, each once.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    server: Option<u32>,
    proxy: Option<u32>,
}

impl Answers {
    /// Sets credentials for the challenge that the request has been answered with, so that it can
    /// be sent again; gives the scheme's name. `None` if there is nothing to answer, or nothing to
    /// answer with, or it was answered before; says why if there are credentials.
    pub(crate) fn answer(
        &mut self,
        request: &Handle,
        target: &Target,
        status: u32,
    ) -> Result<Option<&'static str>, CallError> {
        let (asker, before, credentials) = match status {
            HTTP_STATUS_DENIED => (SERVER, &mut self.server, &target.credentials),
            HTTP_STATUS_PROXY_AUTH_REQ => (PROXY, &mut self.proxy, &target.proxy_credentials),
            _ => return Ok(None),
        };
        if credentials.is_none() || before.is_some() {
            return Ok(None);
        }
        if asker.target == WINHTTP_AUTH_TARGET_SERVER && !is_at_url(request, target)? {
            note_stranger(request, target)?;
            return Ok(None);
        }
        let Some((scheme, name)) = best_scheme(request, asker) else {
            return Ok(None);
        };
        *before = Some(scheme);
        // Credentials are for one sending: those of the other one are needed again.
        self.set(request, target)?;
        Ok(Some(name))
    }

    /// Sets what has been answered so far; a server that a redirect leads to is shown nothing.
    fn set(&self, request: &Handle, target: &Target) -> Result<(), CallError> {
        let server = self
            .server
            .filter(|_| is_at_url(request, target).unwrap_or(false));
        for (asker, scheme, credentials) in [
            (SERVER, server, &target.credentials),
            (PROXY, self.proxy, &target.proxy_credentials),
        ] {
            if let (Some(scheme), Some(Credentials { name, password })) = (scheme, credentials) {
                api::set_credentials(request, asker.target, scheme, name, password)?;
            }
        }
        Ok(())
    }
}

/// The best of the schemes that are offered.
fn best_scheme(request: &Handle, asker: Asker) -> Option<(u32, &'static str)> {
    let Some(offer) = api::offered_schemes(request) else {
        note!(
            "the {} asks for nothing that {} could answer",
            asker.name,
            asker.option
        );
        return None;
    };
    let is_offered = |(scheme, _): &&(u32, &str)| offer.schemes & scheme != 0;
    let best = SCHEMES.iter().find(is_offered);
    let best = best.filter(|_| offer.target == asker.target);
    if best.is_none() {
        note!("the {} asks for neither Digest nor Basic", asker.name);
    }
    best.copied()
}

/// Whether the request is at the server that the command line names.
fn is_at_url(request: &Handle, target: &Target) -> Result<bool, CallError> {
    api::is_same_server(&target.url, &api::url_in_force(request)?)
}

fn note_stranger(request: &Handle, target: &Target) -> Result<(), CallError> {
    note!(
        "{} asks for credentials, and those given are for {} alone",
        escape(&api::url_in_force(request)?),
        target.url
    );
    Ok(())
}
