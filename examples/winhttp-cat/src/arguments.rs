//! The command line: what it means, and clear words for what it cannot mean.

use std::ffi::OsString;
use std::time::Duration;

use lexopt::prelude::*;

/// Shown by `--help`.
pub(crate) const HELP: &str = "\
winhttp-cat talks to a WebSocket server through the WinHTTP C API.

Usage: winhttp-cat [OPTIONS] [URL]

Lines from standard input are sent as messages; received messages are printed to standard output.
At the end of the input it waits for answers that are still due, then closes properly.
Without a URL it starts an echo server of its own and talks to it over ws and wss, synchronously
and asynchronously.

  -H, --header 'NAME: VALUE'  add a header to the upgrade request (repeatable)
  -s, --subprotocol NAME      offer a subprotocol (repeatable)
  -x, --execute MESSAGE       send MESSAGE instead of reading standard input (repeatable)
  -w, --wait SECONDS          wait that long for answers after the last message; without it:
                              until as many messages came back as were sent, at most 2 seconds
  -b, --binary                send binary messages instead of text
      --close CODE            status of our close frame (default 1000)
      --reason TEXT           reason in our close frame, at most 123 bytes
      --insecure              accept any certificate
      --sync                  use a synchronous session (default: asynchronous)
      --connect-timeout SECONDS
                              limit for name look-up and for connecting, each
      --trace                 show every notification on standard error
  -h, --help                  show this text
  -V, --version               show the version

Exit codes: 0 closed properly; 1 the conversation broke off; 2 the command line is wrong;
3 no connection, or the server refused the upgrade; 4 the server closed with an error status.";

/// The longest reason a close frame has room for (RFC 6455 section 5.5: 125 bytes minus the status).
const REASON_LIMIT_BYTES: usize = 123;

/// What to do.
#[derive(Debug)]
pub(crate) enum Command {
    Help,
    Version,
    /// No URL: the embedded server.
    Demo {
        trace: bool,
    },
    Talk(Box<Talk>),
}

/// How to reach a server: everything up to the open WebSocket.
#[derive(Debug, Clone, Default)]
pub(crate) struct Target {
    pub(crate) url: String,
    pub(crate) headers: Vec<String>,
    pub(crate) subprotocols: Vec<String>,
    pub(crate) insecure: bool,
    pub(crate) synchronous: bool,
    /// Take no proxy into account: the server is on this machine.
    pub(crate) direct: bool,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) trace: bool,
}

/// One conversation as the command line describes it.
#[derive(Debug, Default)]
pub(crate) struct Talk {
    pub(crate) target: Target,
    /// Sent instead of standard input, when there is at least one.
    pub(crate) messages: Vec<String>,
    pub(crate) wait: Option<Duration>,
    pub(crate) binary: bool,
    pub(crate) close_status: u16,
    pub(crate) close_reason: String,
}

/// Reads the arguments after the program's name.
///
/// # Errors
///
/// A sentence for the user.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, String> {
    let mut talk = Talk {
        close_status: 1000,
        ..Talk::default()
    };
    let mut url = None;
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next().map_err(sentence)? {
        match argument {
            Short('h') | Long("help") => return Ok(Command::Help),
            Short('V') | Long("version") => return Ok(Command::Version),
            Short('H') | Long("header") => talk.target.headers.push(header(text(&mut parser)?)?),
            Short('s') | Long("subprotocol") => {
                talk.target.subprotocols.push(token(text(&mut parser)?)?);
            }
            Short('x') | Long("execute") => talk.messages.push(text(&mut parser)?),
            Short('w') | Long("wait") => talk.wait = Some(seconds(&text(&mut parser)?)?),
            Short('b') | Long("binary") => talk.binary = true,
            Long("close") => talk.close_status = close_status(&text(&mut parser)?)?,
            Long("reason") => talk.close_reason = reason(text(&mut parser)?)?,
            Long("insecure") => talk.target.insecure = true,
            Long("sync") => talk.target.synchronous = true,
            Long("connect-timeout") => {
                talk.target.connect_timeout = Some(seconds(&text(&mut parser)?)?);
            }
            Long("trace") => talk.target.trace = true,
            Value(value) if url.is_none() => url = Some(value.string().map_err(sentence)?),
            Value(value) => return Err(format!("{}: one URL is enough", value.display())),
            unknown @ (Short(_) | Long(_)) => return Err(sentence(unknown.unexpected())),
        }
    }
    match url {
        Some(url) => {
            talk.target.url = web_socket_url(url)?;
            Ok(Command::Talk(Box::new(talk)))
        }
        None if talk.messages.is_empty() => Ok(Command::Demo {
            trace: talk.target.trace,
        }),
        None => Err("a message needs a URL to go to".to_owned()),
    }
}

fn sentence(error: lexopt::Error) -> String {
    error.to_string()
}

/// The value of the option that was just read.
fn text(parser: &mut lexopt::Parser) -> Result<String, String> {
    parser.value().and_then(ValueExt::string).map_err(sentence)
}

fn web_socket_url(url: String) -> Result<String, String> {
    if url.starts_with("ws://") || url.starts_with("wss://") {
        Ok(url)
    } else {
        Err(format!("{url}: a URL starts with ws:// or wss://"))
    }
}

/// One header line. WinHTTP would take several in one text; here that is a mistake.
fn header(line: String) -> Result<String, String> {
    let named = line
        .split_once(':')
        .is_some_and(|(name, _)| !name.trim().is_empty());
    if !named {
        return Err(format!("{line}: a header is written 'Name: value'"));
    }
    if line.contains(['\r', '\n', '\0']) {
        return Err("a header is one line".to_owned());
    }
    Ok(line)
}

/// A subprotocol's name (RFC 6455 section 4.1: a token of visible characters without separators).
fn token(name: String) -> Result<String, String> {
    let separator = |c: char| !c.is_ascii_graphic() || "()<>@,;:\\\"/[]?={}".contains(c);
    if name.is_empty() || name.contains(separator) {
        return Err(format!("{name}: not a subprotocol's name"));
    }
    Ok(name)
}

fn seconds(text: &str) -> Result<Duration, String> {
    text.parse::<f64>()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        // WinHTTP counts milliseconds in a signed 32-bit number.
        .filter(|duration| i32::try_from(duration.as_millis()).is_ok())
        .ok_or_else(|| format!("{text}: not a number of seconds"))
}

/// Close status codes an application may send (RFC 6455 section 7.4).
fn close_status(text: &str) -> Result<u16, String> {
    text.parse()
        .ok()
        .filter(|code| matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999))
        .ok_or_else(|| {
            format!("{text}: not a close status (1000 to 1003, 1007 to 1014, 3000 to 4999)")
        })
}

fn reason(text: String) -> Result<String, String> {
    if text.len() > REASON_LIMIT_BYTES {
        return Err(format!(
            "a close reason has at most {REASON_LIMIT_BYTES} bytes"
        ));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_words(words: &[&str]) -> Result<Command, String> {
        parse(words.iter().map(OsString::from))
    }

    fn talk(words: &[&str]) -> Talk {
        let command = parse_words(words).unwrap();
        let Command::Talk(talk) = command else {
            panic!("{command:?}")
        };
        *talk
    }

    #[test]
    fn nothing_at_all_is_the_demonstration() {
        assert!(matches!(
            parse_words(&[]),
            Ok(Command::Demo { trace: false })
        ));
        assert!(matches!(
            parse_words(&["--trace"]),
            Ok(Command::Demo { trace: true })
        ));
    }

    #[test]
    fn every_option_lands_in_its_field() {
        let talk = talk(&[
            "-H",
            "A: b",
            "--header",
            "C: d",
            "-s",
            "chat",
            "-x",
            "one",
            "-x",
            "two",
            "-w",
            "1.5",
            "--binary",
            "--close",
            "4001",
            "--reason",
            "enough",
            "--insecure",
            "--sync",
            "--connect-timeout",
            "3",
            "--trace",
            "ws://host/path",
        ]);
        assert_eq!(talk.target.headers, ["A: b", "C: d"]);
        assert_eq!(talk.target.subprotocols, ["chat"]);
        assert_eq!(talk.messages, ["one", "two"]);
        assert_eq!(talk.wait, Some(Duration::from_millis(1500)));
        assert!(
            talk.binary && talk.target.insecure && talk.target.synchronous && talk.target.trace
        );
        assert_eq!(
            (talk.close_status, talk.close_reason.as_str()),
            (4001, "enough")
        );
        assert_eq!(talk.target.connect_timeout, Some(Duration::from_secs(3)));
        assert_eq!(talk.target.url, "ws://host/path");
    }

    #[test]
    fn mistakes_are_explained() {
        for (words, expected) in [
            (&["http://host"][..], "a URL starts with"),
            (&["ws://a", "ws://b"], "one URL is enough"),
            (&["--header", "no colon", "ws://a"], "'Name: value'"),
            (&["--header", "A: b\r\nC: d", "ws://a"], "one line"),
            (&["-s", "a,b", "ws://a"], "subprotocol"),
            (&["-w", "soon", "ws://a"], "number of seconds"),
            (&["-w", "-1", "ws://a"], "number of seconds"),
            (&["--close", "1005", "ws://a"], "close status"),
            (&["-x", "hello"], "needs a URL"),
            (&["--nonsense"], "--nonsense"),
            (&["--close"], "--close"),
        ] {
            let error = parse_words(words).unwrap_err();
            assert!(error.contains(expected), "{words:?}: {error}");
        }
    }

    #[test]
    fn a_reason_of_124_bytes_is_refused() {
        let longest = "x".repeat(REASON_LIMIT_BYTES);
        assert_eq!(
            talk(&["--reason", &longest, "ws://a"]).close_reason,
            longest
        );
        let longer = "x".repeat(REASON_LIMIT_BYTES + 1);
        assert!(parse_words(&["--reason", &longer, "ws://a"]).is_err());
    }
}
