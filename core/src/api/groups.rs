//! WinHttpQueryConnectionGroup: how many connections to a server are open, by their marks.

use std::collections::BTreeMap;

use winhttp_proto::embed::Embedder;
use winhttp_proto::error::{Error, Result};

use super::connect::Connect;
use super::library::{Library, Object};
use crate::engine::pool::shelf::Mark;
use crate::engine::pool::{Scope, open_connections};

/// The open connections to one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionGroups {
    /// The server's name.
    pub host: String,
    /// How many have which mark; all zeroes stands for those without.
    pub groups: Vec<(Mark, u32)>,
}

impl<E: Embedder> Library<E> {
    /// The open connections to the server of a connect or request, those of the whole process and
    /// of its session; with a mark only those. A connect says itself whether `secure` ones are
    /// meant.
    ///
    /// # Errors
    /// [`Error::InvalidHandle`], [`Error::IncorrectHandleType`].
    pub fn connection_groups(
        &self,
        handle: u64,
        mark: Option<Mark>,
        secure: bool,
    ) -> Result<ConnectionGroups> {
        match self.object(handle)? {
            Object::Connect(connect) => Ok(groups(&connect, secure, mark)),
            Object::Request(request) => Ok(groups(request.connect(), request.is_secure(), mark)),
            Object::Session(_) | Object::WebSocket(_) | Object::Resolver(_) => {
                Err(Error::IncorrectHandleType)
            }
        }
    }
}

fn groups<E: Embedder>(
    connect: &Connect<E>,
    secure: bool,
    wanted: Option<Mark>,
) -> ConnectionGroups {
    let (host, port) = (connect.host().name(), connect.port(secure));
    let own = Scope::Session(connect.session().number());
    let (open, marks) = open_connections(|key| {
        let rest = key.rest();
        key.host().eq_ignore_ascii_case(host)
            && rest.port == port
            && rest.tls.is_some() == secure
            && [Scope::Process, own].contains(&rest.scope)
    });
    let mut counts = BTreeMap::new();
    counts.insert([0; 16], open - marks.len().min(open));
    for mark in marks {
        *counts.entry(mark).or_default() += 1;
    }
    let groups = counts
        .into_iter()
        .filter(|(mark, count)| *count > 0 && wanted.is_none_or(|wanted| wanted == *mark));
    ConnectionGroups {
        host: host.to_owned(),
        groups: groups
            .map(|(mark, count)| (mark, u32::try_from(count).unwrap_or(u32::MAX)))
            .collect(),
    }
}
