//! WinHttpSetOption: check the call, take the value, put it where it works; and
//! WinHttpSetTimeouts.
//!
//! The two halves are apart because only the row, which the first half finds, tells how the
//! caller's bytes are read.

use std::fmt;
use std::sync::Arc;

use winhttp_proto::cookie::RequestUri;
use winhttp_proto::embed::Embedder;
use winhttp_proto::error::{Error, Result};
use winhttp_proto::header::text::request_value;
use winhttp_proto::option::{
    OptionError, OptionId, Row, TimeoutArguments, Value, check_client_certificate,
    check_secure_protocols, check_set,
};
use winhttp_proto::url::host::Host;

use super::Target;
use crate::api::library::{Library, Object};
use crate::api::proxy::ProxyAccess;
use crate::api::request::Request;
use crate::api::session::Session;
use crate::api::websocket::WebSocket;

/// A call of WinHttpSetOption whose arguments are right; it waits for the value.
pub struct Setting<'l, E: Embedder> {
    library: &'l Library<E>,
    target: Target<E>,
    row: &'static Row,
}

/// A value in the form its option takes.
pub enum NewValue<E: Embedder> {
    /// (NULL, 0).
    Nothing,
    /// A number, text or plain structure.
    Plain(Value),
    /// WINHTTP_OPTION_CALLBACK.
    Observer(Option<E::Observer>),
    /// WINHTTP_OPTION_UNLOAD_NOTIFY_EVENT.
    UnloadEvent(E::UnloadEvent),
    /// WINHTTP_OPTION_PROXY and PROXY_RESULT_ENTRY.
    Proxy(ProxyAccess),
    /// A context for WINHTTP_OPTION_CLIENT_CERT_CONTEXT, which is not looked at.
    ClientCertificate,
}

impl<E: Embedder> Library<E> {
    /// Checks a call of WinHttpSetOption: `has_buffer` if lpBuffer is not NULL, `length` is
    /// dwBufferLength.
    ///
    /// # Errors
    /// Those of [`check_set`], and [`Error::InvalidHandle`].
    pub fn set_option(
        &self,
        handle: u64,
        option: u32,
        has_buffer: bool,
        length: u32,
    ) -> Result<Setting<'_, E>> {
        let target = match self.target(handle) {
            Ok(target) => target,
            Err(refused) => {
                return Err(match check_set(option, None, has_buffer, length) {
                    Err(OptionError::InvalidOption) => Error::InvalidOption,
                    Ok(_) | Err(_) => refused,
                });
            }
        };
        let kind = target.as_ref().map(Object::kind);
        let row = check_set(option, kind, has_buffer, length)?;
        Ok(Setting {
            library: self,
            target,
            row,
        })
    }
}

impl<E: Embedder> Object<E> {
    /// Sets four timeouts at once (WinHttpSetTimeouts).
    ///
    /// # Errors
    /// [`Error::IncorrectHandleType`] for connects and WebSockets.
    pub fn set_timeouts(&self, timeouts: TimeoutArguments) -> Result<()> {
        match self {
            Self::Session(session) => session.settings().timeouts.set_all(timeouts),
            Self::Request(request) => request.state().timeouts.set_all(timeouts),
            Self::Connect(_) | Self::WebSocket(_) | Self::Resolver(_) => {
                return Err(Error::IncorrectHandleType);
            }
        }
        Ok(())
    }
}

impl<E: Embedder> Setting<'_, E> {
    /// The option's row.
    #[must_use]
    pub fn row(&self) -> &'static Row {
        self.row
    }

    /// The option.
    #[must_use]
    pub fn option(&self) -> OptionId {
        self.row.id()
    }

    /// The handle's observer before the call; a new function keeps its notification mask.
    #[must_use]
    pub fn observer(&self) -> Option<E::Observer> {
        self.target.as_ref()?.handle().observer()
    }

    /// Sets the option.
    ///
    /// # Errors
    /// Those of [`Row::check_value`], and what the handle's state forbids.
    pub fn put(&self, value: NewValue<E>) -> Result<()> {
        match (value, &self.target) {
            (NewValue::Plain(value), target) => {
                let kind = target.as_ref().map(Object::kind);
                self.row.check_value(kind, &value)?;
                self.store(value)
            }
            (NewValue::Observer(observer), Some(object)) => {
                object.handle().set_observer(observer);
                Ok(())
            }
            (NewValue::UnloadEvent(event), Some(Object::Session(session))) => {
                let first = session.handle().set_unload_event(event);
                if first {
                    Ok(())
                } else {
                    Err(Error::InvalidParameter)
                }
            }
            (NewValue::Proxy(access), Some(Object::Session(session))) => {
                session.settings().proxy = access;
                Ok(())
            }
            (NewValue::Proxy(access), Some(Object::Request(request))) => {
                request.state().proxy = access;
                Ok(())
            }
            (NewValue::ClientCertificate, Some(Object::Request(request))) => {
                Ok(check_client_certificate(request.is_secure(), true)?)
            }
            (NewValue::Nothing, Some(Object::Request(request))) => self.act(request),
            _ => Err(Error::InvalidParameter),
        }
    }

    /// The options without data.
    fn act(&self, request: &Request<E>) -> Result<()> {
        match self.option() {
            OptionId::UPGRADE_TO_WEB_SOCKET => request.state().ask_upgrade(),
            OptionId::CLIENT_CERT_CONTEXT => check_client_certificate(request.is_secure(), false)?,
            OptionId::EXPIRE_CONNECTION if request.state().expire() => {}
            OptionId::EXPIRE_CONNECTION => return Err(Error::IncorrectHandleState),
            _ => return Err(Error::InvalidParameter),
        }
        Ok(())
    }

    fn store(&self, value: Value) -> Result<()> {
        let Some(object) = &self.target else {
            return self.store_for_the_process(value);
        };
        if let (OptionId::CONTEXT_VALUE, Value::Pointer(context)) = (self.option(), &value) {
            object.handle().set_context(*context);
            return Ok(());
        }
        match object {
            Object::Session(session) => self.store_on_session(session, value),
            Object::Request(request) => self.store_on_request(request, value),
            Object::WebSocket(websocket) => self.store_on_websocket(websocket, &value),
            Object::Connect(_) | Object::Resolver(_) => Err(Error::IncorrectHandleType),
        }
    }

    fn store_for_the_process(&self, value: Value) -> Result<()> {
        let mut global = self.library.global();
        let option = self.option();
        if option == OptionId::WORKER_THREAD_COUNT && global.stored(option).is_some() {
            return Err(Error::IncorrectHandleState); // can be set once
        }
        Ok(global.set(option, value)?)
    }

    fn store_on_session(&self, session: &Session<E>, value: Value) -> Result<()> {
        let option = self.option();
        match (option, &value) {
            (OptionId::CONNECTION_IDLE_TIMEOUT | OptionId::FAILED_CONNECTION_RETRIES, _)
                if session.has_children() =>
            {
                return Err(Error::IncorrectHandleState);
            }
            (OptionId::SECURE_PROTOCOLS, Value::Dword(mask)) => {
                check_secure_protocols(*mask, session.secure_defaults())?;
            }
            (OptionId::USER_AGENT, Value::Text(agent)) => {
                let agent = sendable(agent)?.to_owned();
                session.settings().agent = Some(agent).filter(|agent| !agent.is_empty());
                return Ok(());
            }
            (OptionId::PASSPORT_SIGN_OUT, Value::Text(url)) => {
                let uri = RequestUri::of_url(url).ok_or(Error::InvalidParameter)?;
                session.cookies().forget(&uri);
                return Ok(());
            }
            (OptionId::ASSURED_NON_BLOCKING_CALLBACKS, Value::Dword(assured)) => {
                session.set_inline_completions(*assured != 0);
            }
            (_, Value::Dword(ms)) if session.settings().timeouts.set(option, *ms) => return Ok(()),
            _ => {}
        }
        Ok(session.settings().values.set(option, value)?)
    }

    fn store_on_request(&self, request: &Request<E>, value: Value) -> Result<()> {
        let option = self.option();
        let mut state = request.state();
        let value = match (option, value) {
            (OptionId::USER_AGENT, Value::Text(agent)) => Value::Text(sendable(&agent)?.to_owned()),
            (OptionId::RESOLUTION_HOSTNAME, Value::Text(name)) => {
                if state.was_sent() {
                    return Err(Error::IncorrectHandleState);
                }
                Value::Text(look_up_name(&name)?)
            }
            (_, Value::Dword(ms)) if state.timeouts.set(option, ms) => return Ok(()),
            (_, value) => value,
        };
        Ok(state.values.set(option, value)?)
    }

    fn store_on_websocket(&self, websocket: &Arc<WebSocket<E>>, value: &Value) -> Result<()> {
        match (self.option(), value) {
            (OptionId::WEB_SOCKET_CLOSE_TIMEOUT, Value::Dword(ms)) => {
                websocket.set_close_timeout_ms(*ms);
            }
            (OptionId::WEB_SOCKET_KEEPALIVE_INTERVAL, Value::Dword(ms)) => {
                websocket.set_keep_alive_ms(*ms);
            }
            _ => return Err(Error::InvalidParameter),
        }
        Ok(())
    }
}

/// A user agent that can be sent: it smuggles in no further headers.
fn sendable(agent: &str) -> Result<&str> {
    match request_value("User-Agent", agent) {
        Some(_) => Ok(agent),
        None => Err(Error::InvalidParameter),
    }
}

/// The form of a name that is looked up; empty for "the server's own".
fn look_up_name(name: &str) -> Result<String> {
    if name.is_empty() {
        return Ok(String::new());
    }
    let host = Host::parse(name).map_err(|_| Error::InvalidParameter)?;
    Ok(host.look_up_name().into_owned())
}

impl<E: Embedder> fmt::Debug for Setting<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setting")
            .field("option", &self.row.name)
            .finish_non_exhaustive()
    }
}

/// Shows no text: it may be a password.
impl<E: Embedder> fmt::Debug for NewValue<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "Nothing",
            Self::Plain(value) => return value.fmt(f),
            Self::Observer(_) => "Observer",
            Self::UnloadEvent(_) => "UnloadEvent",
            Self::Proxy(_) => "Proxy",
            Self::ClientCertificate => "ClientCertificate",
        })
    }
}
