//! A request that goes on with another one inside ReceiveResponse: redirects are followed, and
//! challenges answered.
//!
//! What an answer asks for is decided in [`winhttp_proto::redirect`] and [`winhttp_proto::auth`];
//! here the program is told of redirects, and a new exchange takes the place of the one that is
//! over. The request's URL, method and fields are the new ones from then on.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use winhttp_proto::embed::{Embedder, WriteMemory};
use winhttp_proto::error::Error;
use winhttp_proto::exchange::request_body::RequestBody;
use winhttp_proto::failure::{Failure, Reason, Result};
use winhttp_proto::http1::head::ResponseHead;
use winhttp_proto::notify::{Notification, RequestOperation};
use winhttp_proto::numbers as n;
use winhttp_proto::option::{OptionId, Values};
use winhttp_proto::redirect::{self, Place, Policy, Redirect, Rules};
use winhttp_proto::url::host::Host;
use winhttp_proto::url::request_url;

use super::life::Attached;
use super::operation::Operation;
use super::plan::{Payload, Plan};
use super::{Request, RequestState};

/// What follows an answer.
enum Next {
    /// The program gets it.
    Given,
    /// A request to another place.
    Redirect(Box<Redirect>),
    /// The same request with the answer to a challenge.
    Answer,
}

/// Where a request goes now, and how.
#[derive(Clone, Copy)]
pub(super) struct Leg<'l> {
    pub(super) secure: bool,
    pub(super) host: &'l Host,
    pub(super) port: u16,
    pub(super) verb: &'l Cow<'static, str>,
    pub(super) target: &'l str,
    /// The body is chunked automatically.
    pub(super) chunks: bool,
    /// It is the server of WinHttpConnect.
    pub(super) is_first_server: bool,
}

static GET: Cow<'static, str> = Cow::Borrowed("GET");

/// Why an answer that asks for another request gets none.
#[derive(Debug)]
struct BodyIsGone;

impl fmt::Display for BodyIsGone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the answer asks for the request once more, and what was written of its body is not \
             kept: send it again",
        )
    }
}

impl Reason for BodyIsGone {}

/// A redirect that is not followed, and its status.
#[derive(Debug)]
struct NotFollowed(Error, u16);

impl fmt::Display for NotFollowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server answered {}, and its Location ", self.1)?;
        f.write_str(if self.0 == Error::HeaderNotFound {
            "is missing"
        } else if self.0 == Error::UnrecognizedScheme {
            "has another scheme than http and https"
        } else if self.0 == Error::RedirectFailed {
            "is one redirect more than the program allows (MAX_HTTP_AUTOMATIC_REDIRECTS)"
        } else {
            "is no URL that can be followed"
        })
    }
}

impl Reason for NotFollowed {}

impl Leg<'_> {
    fn place(&self) -> Place<'_> {
        Place {
            secure: self.secure,
            host: self.host,
            port: self.port,
            method: self.verb,
        }
    }
}

impl<E: Embedder> Request<E> {
    /// Where the request goes if redirects have led it there.
    pub(super) fn leg<'l>(&'l self, moved: Option<&'l Redirect>) -> Leg<'l> {
        let port = self.connect.port(self.secure);
        match moved {
            None => Leg {
                secure: self.secure,
                host: self.connect.host(),
                port,
                verb: &self.line.verb,
                target: &self.line.target,
                chunks: self.chunks,
                is_first_server: true,
            },
            Some(moved) => Leg {
                secure: moved.secure,
                host: &moved.host,
                port: moved.port,
                verb: if moved.becomes_get {
                    &GET
                } else {
                    &self.line.verb
                },
                target: &moved.target,
                chunks: self.chunks && !moved.becomes_get,
                is_first_server: moved.secure == self.secure
                    && moved.port == port
                    && moved.host.name() == self.connect.host().name(),
            },
        }
    }

    /// The request's absolute URL (WINHTTP_OPTION_URL).
    #[must_use]
    pub fn url(&self) -> String {
        self.url_of(&self.state())
    }

    fn url_of(&self, state: &RequestState<E>) -> String {
        match &state.moved {
            Some(moved) => moved.url.clone(),
            None => {
                let leg = self.leg(None);
                request_url(leg.secure, leg.host, leg.port, leg.target)
            }
        }
    }

    /// An answer is there that may ask for another request: that takes its place, or the program
    /// gets the answer.
    ///
    /// # Errors
    /// What ReceiveResponse fails with.
    pub(super) fn answered(&self, attached: &Attached, operation: &mut Operation<E>) -> Result<()> {
        if attached.driver().exchange().is_challenged_by_proxy() {
            return self.challenged_by_proxy(attached);
        }
        let (answer, is_replayable, is_too_much) = {
            let driver = attached.driver();
            let exchange = driver.exchange();
            (
                exchange.response().cloned(),
                exchange.is_replayable(),
                exchange.is_too_much_to_pass(),
            )
        };
        let next = match &answer {
            Some(answer) if self.is_of_passport(answer) => {
                attached.driver().read_as_challenge();
                Next::Given
            }
            Some(answer) => self.next(answer, is_replayable)?,
            None => Next::Given,
        };
        if let Some(answer) = answer.as_ref().filter(|_| !matches!(next, Next::Given)) {
            self.keep_cookies(&mut self.state(), answer);
            if is_too_much {
                return Err(Error::ResponseDrainOverflow.into());
            }
        }
        let needs_body = match (answer, next) {
            (Some(answer), Next::Redirect(redirect)) => {
                let needs_body = !redirect.becomes_get;
                self.tell_redirect(answer, *redirect, operation.name())?;
                needs_body
            }
            (Some(_), Next::Answer) => true,
            (_, _) => {
                attached.driver().give();
                return Ok(());
            }
        };
        if self.handle.is_closed() {
            return Err(Error::OperationCancelled.into());
        }
        if !needs_body {
            operation.forget_given();
        } else if !is_replayable {
            return Err(Failure::because(Error::ResendRequest, BodyIsGone));
        }
        self.go_on(attached, operation)
    }

    /// A proxy asks who wants a tunnel: it is told, or the program gets its answer.
    fn challenged_by_proxy(&self, attached: &Attached) -> Result<()> {
        let answer = attached.driver().exchange().response().cloned();
        let is_answered = match &answer {
            Some(answer) => self.is_challenged(answer, true)?,
            None => false,
        };
        let mut driver = attached.driver();
        match is_answered {
            true => driver.answer_proxy(),
            false => driver.give(),
        }
        Ok(())
    }

    /// What follows this answer.
    fn next(&self, answer: &ResponseHead, is_replayable: bool) -> Result<Next> {
        if let Some(redirect) = self.redirect(answer)? {
            self.note_answer(&mut self.state(), answer);
            return Ok(Next::Redirect(Box::new(redirect)));
        }
        let is_of_asker = answer.status != 407 || self.state().gets_answer_of_proxy();
        if is_of_asker && self.is_challenged(answer, is_replayable)? {
            return Ok(Next::Answer);
        }
        self.note_answer(&mut self.state(), answer);
        Ok(Next::Given)
    }

    fn redirect(&self, answer: &ResponseHead) -> Result<Option<Redirect>> {
        let state = self.state();
        let moved = state.moved.clone();
        let leg = self.leg(moved.as_deref());
        let rules = rules(&state.values, state.redirects);
        redirect::followed(rules, leg.place(), &self.url_of(&state), answer)
            .map_err(|error| Failure::because(error, NotFollowed(error, answer.status)))
    }

    /// The request has another place from now on. The program is told, can look at the answer, and
    /// can change the fields and credentials for what follows.
    fn tell_redirect(
        &self,
        answer: ResponseHead,
        mut redirect: Redirect,
        call: RequestOperation,
    ) -> Result<()> {
        let text = Arc::from(&*redirect.url);
        let mut state = self.state();
        let before = state.moved.take();
        let leg = self.leg(before.as_deref());
        redirect::strip(&mut state.headers, leg.place(), &redirect);
        redirect.becomes_get |= before.is_some_and(|before| before.becomes_get);
        state.moved = Some(Arc::new(redirect));
        state.redirects = state.redirects.saturating_add(1);
        state.response = Some(Box::new(answer));
        state.life.is_redirecting = true;
        let has_cookies = state.headers.contains("Cookie");
        drop(state);
        let here = winhttp_process::epoch();
        self.tell(call, &Notification::Redirect(text));
        if !here.is_current() {
            // The callback has forked, and this is the child, where the lock may be held for ever.
            return Err(Error::OperationCancelled.into());
        }
        let mut state = self.state();
        state.life.is_redirecting = false;
        state.response = None;
        if !has_cookies {
            state.headers.remove("Cookie"); // none can be given for the next leg alone
        }
        Ok(())
    }

    /// Composes the request anew, and lets it take the place of the one that is over.
    fn go_on(&self, attached: &Attached, operation: &Operation<E>) -> Result<()> {
        // The next request may use its connection.
        let left = attached.driver().leave();
        if let Some(left) = left {
            left.settle();
        }
        let given = operation
            .given()
            .map(WriteMemory::bytes)
            .unwrap_or_default();
        let mut state = self.state();
        let moved = state.moved.clone();
        let leg = self.leg(moved.as_deref());
        let total = u32::try_from(given.len()).unwrap_or(u32::MAX);
        let bytes = u64::try_from(given.len()).unwrap_or(u64::MAX);
        let (left, length, _) =
            RequestBody::new(leg.verb, &state.headers, leg.chunks, total, bytes)?;
        let payload = Payload {
            bytes: length,
            whole: Some(given),
            is_later_leg: true,
        };
        let plan = self.plan(&mut state, payload)?;
        state.body = left;
        state.facts = None;
        drop(state);
        self.put_in_place(attached, plan)
    }

    /// Has what is planned take the place of the driver that was there.
    pub(super) fn put_in_place(&self, attached: &Attached, plan: Plan) -> Result<()> {
        let wake = self.sleeper()?.map(|sleeper| sleeper.waker());
        attached.replace(self.driver(plan, wake)?);
        Ok(())
    }
}

fn rules(values: &Values, followed: u32) -> Rules {
    let disabled = values.dword(OptionId::DISABLE_FEATURE) & n::DISABLE_REDIRECTS != 0;
    let policy = match values.dword(OptionId::REDIRECT_POLICY) {
        _ if disabled => Policy::Never,
        n::REDIRECT_POLICY_NEVER => Policy::Never,
        n::REDIRECT_POLICY_ALWAYS => Policy::Always,
        _ => Policy::NotToHttp,
    };
    let most = values.dword(OptionId::MAX_HTTP_AUTOMATIC_REDIRECTS);
    Rules {
        policy,
        left: most.saturating_sub(followed),
        rejects_userinfo: values.flag(OptionId::REJECT_USERPWD_IN_URL),
    }
}
