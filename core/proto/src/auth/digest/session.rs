//! A challenge of one server and the requests that answer it.

use super::counts::Counts;
use super::response::{self, Turn};
use super::{DigestChallenge, Protection};
use crate::auth::credentials::Login;
use crate::auth::secret::Authorization;
use crate::auth::{Cnonce, Sending};
use crate::url::Origin;

/// It holds no secret: each answer is made from the login anew.
#[derive(Debug)]
pub(in crate::auth) struct Session {
    /// Whose challenge it is.
    origin: Origin,
    challenge: DigestChallenge,
    /// What the server has sent in place of the challenge's nonce.
    next_nonce: Option<Vec<u8>>,
    cnonce: String,
    /// The server has accepted an answer to it.
    is_proven: bool,
}

impl Session {
    pub(in crate::auth) fn new(origin: Origin, challenge: DigestChallenge, cnonce: Cnonce) -> Self {
        Self {
            origin,
            challenge,
            next_nonce: None,
            cnonce: cnonce.digits(),
            is_proven: false,
        }
    }

    pub(in crate::auth) fn is_of(&self, origin: &Origin) -> bool {
        self.origin == *origin
    }

    pub(in crate::auth) fn is_proven(&self) -> bool {
        self.is_proven
    }

    /// The server has accepted an answer; from now on it wants this nonce, if it has sent one.
    pub(in crate::auth) fn accepted(&mut self, next_nonce: Option<&[u8]>) {
        self.is_proven = true;
        if let Some(nonce) = next_nonce {
            self.next_nonce = Some(nonce.to_vec());
        }
    }

    /// The value to send; `None` if it cannot be made (see [`response::authorization`]) or the
    /// nonce is worn out.
    pub(in crate::auth) fn authorization(
        &self,
        counts: &mut Counts,
        login: &Login,
        sending: &Sending<'_>,
    ) -> Option<Authorization> {
        let nonce = self.next_nonce.as_ref().unwrap_or(&self.challenge.nonce);
        let count = match self.challenge.protection {
            Protection::Old => 0,
            Protection::AuthInt if sending.body.is_none() => return None,
            Protection::Auth | Protection::AuthInt => counts.next(nonce)?,
        };
        let turn = Turn {
            nonce,
            cnonce: &self.cnonce,
            count,
        };
        response::authorization(&self.challenge, turn, login, sending)
    }
}
