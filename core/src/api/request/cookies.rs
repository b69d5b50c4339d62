//! What a request has to do with its session's cookies. Each leg asks for its own, and gives those
//! of its answer before the next one asks.

use winhttp_proto::cookie::{Pairs, RequestUri};
use winhttp_proto::embed::Embedder;
use winhttp_proto::http1::head::ResponseHead;
use winhttp_proto::numbers as n;
use winhttp_proto::option::OptionId;

use super::legs::Leg;
use super::{Request, RequestState};
use crate::engine::clock;

impl<E: Embedder> Request<E> {
    /// What the jar has for the leg that is composed now, to which the answer will belong; `None`
    /// with WINHTTP_DISABLE_COOKIES. The name is that of WinHttpConnect, whatever Host says.
    pub(super) fn cookies(&self, state: &mut RequestState<E>, leg: &Leg<'_>) -> Option<Pairs> {
        let disabled = state.values.dword(OptionId::DISABLE_FEATURE) & n::DISABLE_COOKIES != 0;
        state.keeps_cookies = !disabled;
        if disabled {
            return None;
        }
        let jar = self.connect.session().cookies();
        if jar.is_empty() {
            return Some(Pairs::default());
        }
        Some(jar.pairs(&leg.request_uri(), clock::since_1970()))
    }

    /// Takes the cookies of the answer to the leg that was composed last, which is the one that the
    /// request is at: to be called before it moves on. A proxy's challenge sets none for the
    /// server.
    pub(super) fn keep_cookies(&self, state: &mut RequestState<E>, answer: &ResponseHead) {
        let is_of_proxy = answer.status == 407 && state.gets_answer_of_proxy();
        let keeps = std::mem::take(&mut state.keeps_cookies) && !is_of_proxy;
        if keeps && answer.headers.contains("Set-Cookie") {
            let moved = state.moved.clone();
            let uri = self.leg(moved.as_deref()).request_uri();
            let mut jar = self.connect.session().cookies();
            jar.keep(&uri, &answer.headers, clock::since_1970());
        }
    }

    /// The response that the program gets has been received: the last leg's. The program's own
    /// Cookie fields were for this one sending (Windows XP SP2 and later).
    pub(super) fn responded(&self, state: &mut RequestState<E>, response: &ResponseHead) {
        self.keep_cookies(state, response);
        state.headers.remove("Cookie");
    }
}

impl Leg<'_> {
    fn request_uri(&self) -> RequestUri {
        RequestUri::new(self.host, self.secure, self.target)
    }
}
