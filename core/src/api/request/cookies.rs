//! What a request has to do with its session's cookies. Each leg asks for its own, and gives those
//! of its answer before the next one asks.

use winhttp_proto::cookie::{Leg, Pairs};
use winhttp_proto::embed::Embedder;
use winhttp_proto::http1::head::ResponseHead;
use winhttp_proto::numbers as n;
use winhttp_proto::option::OptionId;

use super::{Request, RequestState};
use crate::engine::clock;

impl<E: Embedder> Request<E> {
    /// What the jar has for the leg that is composed now, to which the answer will belong; `None`
    /// with WINHTTP_DISABLE_COOKIES. The name is that of WinHttpConnect, whatever Host says.
    pub(super) fn cookies(
        &self,
        state: &mut RequestState<E>,
        to: &super::legs::Leg<'_>,
    ) -> Option<Pairs> {
        let disabled = state.values.dword(OptionId::DISABLE_FEATURE) & n::DISABLE_COOKIES != 0;
        state.cookies_of = (!disabled).then(|| Leg::new(to.host, to.secure, to.target));
        let leg = state.cookies_of.as_ref()?;
        let jar = self.connect.session().cookies();
        Some(jar.pairs(leg, clock::since_1970()))
    }

    /// Takes the cookies of the answer to the leg that was composed last.
    pub(super) fn keep_cookies(&self, leg: Option<Leg>, answer: &ResponseHead) {
        let sets = answer.headers.contains("Set-Cookie");
        if let Some(leg) = leg.filter(|_| sets) {
            let mut jar = self.connect.session().cookies();
            jar.keep(&leg, &answer.headers, clock::since_1970());
        }
    }

    /// The response that the program gets has been received: the last leg's. The program's own
    /// Cookie fields were for this one sending (Windows XP SP2 and later).
    pub(super) fn responded(&self, state: &mut RequestState<E>, response: &ResponseHead) {
        self.keep_cookies(state.cookies_of.take(), response);
        state.headers.remove("Cookie");
    }
}
