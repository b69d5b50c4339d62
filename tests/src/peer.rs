//! Peers with one fixed answer, for tests that care about its bytes.

use winhttp_fixtures::Server;

/// A plain server that gives these bytes to every request, body read first, and keeps the
/// connection.
#[must_use]
pub fn answers(response: impl Into<Vec<u8>>) -> Server {
    let response = response.into();
    let script = move |connection: &mut winhttp_fixtures::Connection| {
        while let Some(request) = connection.read_head()? {
            let _skipped = connection.read_body(&request)?;
            connection.send(&response)?;
        }
        Ok(())
    };
    Server::plain(script).unwrap()
}

/// As [`answers`], but ends the connection with a FIN behind its first answer.
#[must_use]
pub fn answers_and_ends(response: impl Into<Vec<u8>>) -> Server {
    let response = response.into();
    let script = move |connection: &mut winhttp_fixtures::Connection| {
        if let Some(request) = connection.read_head()? {
            let _skipped = connection.read_body(&request)?;
            connection.send(&response)?;
            connection.close();
        }
        Ok(())
    };
    Server::plain(script).unwrap()
}
