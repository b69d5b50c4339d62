//! Peers for tests that care about the bytes of an answer: one fixed answer, or one for each
//! request.

use std::io;

use winhttp_fixtures::{Connection, Server};

/// The shortest answer that says something, as all of a response.
pub const HELLO: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/// A plain server that gives these bytes to every request, body read first, and keeps the
/// connection.
#[must_use]
pub fn answers(response: impl Into<Vec<u8>>) -> Server {
    let response = response.into();
    let script = move |connection: &mut Connection| {
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
    let script = move |connection: &mut Connection| {
        if let Some(request) = connection.read_head()? {
            let _skipped = connection.read_body(&request)?;
            connection.send(&response)?;
            connection.close();
        }
        Ok(())
    };
    Server::plain(script).unwrap()
}

/// A script whose answers depend on the target of a request and on how many came before it on this
/// connection. Bodies are read first.
pub fn answers_each(
    answer: impl Fn(&mut Connection, &str, usize) -> io::Result<()> + Send + Sync + 'static,
) -> impl Fn(&mut Connection) -> io::Result<()> + Send + Sync + 'static {
    move |connection: &mut Connection| {
        let mut count = 0;
        while let Some(request) = connection.read_head()? {
            let _skipped = connection.read_body(&request)?;
            answer(connection, &request.target, count)?;
            count += 1;
        }
        Ok(())
    }
}
