//! The command line: what it means, and clear words for what it cannot mean.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use lexopt::prelude::*;

use crate::url::{self, Credentials};
use crate::values;

/// What to do.
#[derive(Debug)]
pub(crate) enum Command {
    Help,
    Version,
    /// Not one argument: standard input decides whether this is the demonstration or a mistake.
    Nothing,
    /// The embedded server.
    Demo {
        trace: bool,
    },
    Talk(Box<Talk>),
}

/// Whether proxies stand between.
#[derive(Debug, Clone, Default)]
pub(crate) enum Way {
    /// Those of the settings and the environment.
    #[default]
    Configured,
    /// None: the server is on this machine.
    Direct,
    /// These, as WinHTTP writes a list of them.
    Through(String),
}

/// How to reach a server: everything up to the open WebSocket.
#[derive(Debug, Clone, Default)]
pub(crate) struct Target {
    /// Without credentials: it is shown.
    pub(crate) url: String,
    pub(crate) headers: Vec<String>,
    /// Shown to the URL's server if it asks.
    pub(crate) credentials: Option<Credentials>,
    pub(crate) subprotocols: Vec<String>,
    /// Replaces the system's store of authorities.
    pub(crate) trust: Option<PathBuf>,
    pub(crate) insecure: bool,
    /// Follow redirects.
    pub(crate) follows: bool,
    pub(crate) synchronous: bool,
    /// How the server is reached.
    pub(crate) way: Way,
    /// Shown to the proxy if it asks.
    pub(crate) proxy_credentials: Option<Credentials>,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) trace: bool,
}

/// One conversation as the command line describes it.
#[derive(Debug, Default)]
pub(crate) struct Talk {
    pub(crate) target: Target,
    /// Sent instead of standard input, when there is at least one.
    pub(crate) messages: Vec<String>,
    pub(crate) binary: bool,
    /// Messages end with NUL instead of newline.
    pub(crate) null: bool,
    /// How long it must be quiet after the last message.
    pub(crate) wait: Option<Duration>,
    /// How many messages must come.
    pub(crate) expect: Option<u64>,
    /// With how many messages it ends.
    pub(crate) max_messages: Option<u64>,
    /// The end of the input is not the end.
    pub(crate) no_close: bool,
    pub(crate) close_status: u16,
    pub(crate) close_reason: String,
}

/// Everything that was read, before it is known whether it fits together.
#[derive(Default)]
struct Words {
    talk: Talk,
    url: Option<String>,
    credentials: Option<Credentials>,
    origin: Option<String>,
    demo: bool,
}

/// Reads the arguments after the program's name.
///
/// # Errors
///
/// A sentence for the user.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, String> {
    let mut words = Words {
        talk: Talk {
            close_status: 1000,
            ..Talk::default()
        },
        ..Words::default()
    };
    let mut parser = lexopt::Parser::from_args(arguments);
    let mut nothing = true;
    while let Some(argument) = parser.next().map_err(sentence)? {
        nothing = false;
        match argument {
            Short('h') | Long("help") => return Ok(Command::Help),
            Short('V') | Long("version") => return Ok(Command::Version),
            Value(value) if words.url.is_none() => {
                // Not the crate's words: they would repeat what may be a password.
                let url = value.into_string().map_err(|_| "the URL is not UTF-8")?;
                words.url = Some(url);
            }
            Value(_) => return Err("one URL is enough".to_owned()),
            Short(letter) => {
                let name =
                    long_name(letter).ok_or_else(|| format!("invalid option '-{letter}'"))?;
                words.option(name, &mut parser)?;
            }
            Long(name) => {
                let name = name.to_owned();
                words.option(&name, &mut parser)?;
            }
        }
    }
    if nothing {
        return Ok(Command::Nothing);
    }
    words.command()
}

/// The long name of an option that has a short one too.
fn long_name(letter: char) -> Option<&'static str> {
    Some(match letter {
        'H' => "header",
        'o' => "origin",
        's' => "subprotocol",
        'k' => "insecure",
        'L' => "location",
        'x' => "execute",
        'b' => "binary",
        '0' => "null",
        'w' => "wait",
        _ => return None,
    })
}

impl Words {
    fn option(&mut self, name: &str, parser: &mut lexopt::Parser) -> Result<(), String> {
        let talk = &mut self.talk;
        match name {
            "header" => talk.target.headers.push(values::header(text(parser)?)?),
            "origin" => self.origin = Some(text(parser)?),
            "subprotocol" => talk
                .target
                .subprotocols
                .push(values::subprotocol(text(parser)?)?),
            "auth" => self.credentials = Some(Credentials::of_pair(&text(parser)?)?),
            "proxy" => talk.target.way = Way::Through(values::proxies(text(parser)?)?),
            "proxy-auth" => {
                let credentials = Credentials::of_proxy(&text(parser)?)?;
                talk.target.proxy_credentials = Some(credentials);
            }
            "cacert" => talk.target.trust = Some(parser.value().map_err(sentence)?.into()),
            "insecure" => talk.target.insecure = true,
            "location" => talk.target.follows = true,
            "connect-timeout" => {
                talk.target.connect_timeout = Some(values::seconds(&text(parser)?)?);
            }
            "sync" => talk.target.synchronous = true,
            "trace" => talk.target.trace = true,
            "execute" => talk.messages.push(text(parser)?),
            "binary" => talk.binary = true,
            "null" => talk.null = true,
            "wait" => talk.wait = Some(values::seconds(&text(parser)?)?),
            "expect" | "count" => talk.expect = Some(values::count(&text(parser)?)?),
            "max-messages" => talk.max_messages = Some(values::positive_count(&text(parser)?)?),
            "no-close" => talk.no_close = true,
            "close" => talk.close_status = values::close_status(&text(parser)?)?,
            "reason" => talk.close_reason = values::reason(text(parser)?)?,
            "demo" => self.demo = true,
            unknown => return Err(format!("invalid option '--{unknown}'")),
        }
        Ok(())
    }

    /// What it all means together.
    fn command(mut self) -> Result<Command, String> {
        if self.demo {
            return match self.url {
                None => Ok(Command::Demo {
                    trace: self.talk.target.trace,
                }),
                Some(_) => Err("--demo has a server of its own and takes no URL".to_owned()),
            };
        }
        let Some(url) = self.url.take() else {
            return Err("a URL is missing (--demo shows the library without one)".to_owned());
        };
        let address = url::parse(&url)?;
        if address.credentials.is_some() && self.credentials.is_some() {
            return Err("credentials in the URL and --auth exclude each other".to_owned());
        }
        let credentials = address.credentials.or_else(|| self.credentials.take());
        let subprotocols = self.talk.target.subprotocols.join(", ");
        self.talk.target.url = address.url;
        if credentials.is_some() && self.has_header("Authorization") {
            return Err("Authorization: given twice, once with --header".to_owned());
        }
        self.talk.target.credentials = credentials;
        self.add_header("Origin", self.origin.clone())?;
        let offered = (!subprotocols.is_empty()).then_some(subprotocols);
        self.add_header("Sec-WebSocket-Protocol", offered)?;
        Ok(Command::Talk(Box::new(self.talk)))
    }

    /// Adds a header that an option of its own stands for.
    fn add_header(&mut self, name: &str, value: Option<String>) -> Result<(), String> {
        let Some(value) = value else { return Ok(()) };
        if self.has_header(name) {
            return Err(format!("{name}: given twice, once with --header"));
        }
        let line = values::header(format!("{name}: {value}"))?;
        self.talk.target.headers.push(line);
        Ok(())
    }

    /// Whether --header has named it.
    fn has_header(&self, name: &str) -> bool {
        self.talk.target.headers.iter().any(|line| {
            let given = line.split_once(':').map(|(given, _)| given);
            given.is_some_and(|given| given.eq_ignore_ascii_case(name))
        })
    }
}

fn sentence(error: lexopt::Error) -> String {
    error.to_string()
}

/// The value of the option that was just read.
fn text(parser: &mut lexopt::Parser) -> Result<String, String> {
    parser.value().and_then(ValueExt::string).map_err(sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_words(words: &[&str]) -> Result<Command, String> {
        parse(words.iter().map(OsString::from))
    }

    fn talk(line: &str) -> Talk {
        let words: Vec<_> = line.split(' ').collect();
        let command = parse_words(&words).unwrap();
        let Command::Talk(talk) = command else {
            panic!("{command:?}")
        };
        *talk
    }

    #[test]
    fn the_demonstration_is_asked_for() {
        assert!(matches!(parse_words(&[]), Ok(Command::Nothing)));
        let traced = parse_words(&["--demo", "--trace"]);
        assert!(matches!(traced, Ok(Command::Demo { trace: true })));
    }

    #[test]
    fn every_option_lands_in_its_field() {
        let talk = talk(
            "-H A:b --header C:d -o http://here -s chat -s talk --auth me:secret -x one -x two \
             -w 1.5 --expect 3 --max-messages 4 --no-close --binary -0 --close 4001 --reason enough \
             --proxy http=p:8080;https=q --proxy-auth you:hidden --cacert ca.pem --insecure --sync \
             --connect-timeout 3 --trace ws://host/path",
        );
        let target = &talk.target;
        assert_eq!(
            target.headers,
            [
                "A:b",
                "C:d",
                "Origin: http://here",
                "Sec-WebSocket-Protocol: chat, talk"
            ]
        );
        assert_eq!(target.credentials, Credentials::of_pair("me:secret").ok());
        assert!(matches!(&target.way, Way::Through(list) if list == "http=p:8080;https=q"));
        let of_proxy = Credentials::of_proxy("you:hidden").ok();
        assert_eq!(target.proxy_credentials, of_proxy);
        assert_eq!(talk.messages, ["one", "two"]);
        assert_eq!(talk.wait, Some(Duration::from_millis(1500)));
        assert_eq!((talk.expect, talk.max_messages), (Some(3), Some(4)));
        assert!(talk.binary && talk.null && talk.no_close);
        assert!(target.insecure && target.synchronous && target.trace);
        assert_eq!(talk.close_status, 4001);
        assert_eq!(talk.close_reason, "enough");
        assert_eq!(target.connect_timeout, Some(Duration::from_secs(3)));
        assert_eq!(target.trust.as_deref(), Some("ca.pem".as_ref()));
        assert_eq!(target.url, "ws://host/path");
    }

    #[test]
    fn credentials_in_the_url_are_kept_apart_from_it() {
        let target = talk("wss://me:secret@host/").target;
        assert_eq!(target.url, "wss://host/");
        assert_eq!(target.credentials, Credentials::of_pair("me:secret").ok());
        assert_eq!(target.headers, [""; 0]);
    }

    #[test]
    fn mistakes_are_explained() {
        for (words, expected) in [
            (&["http://host"][..], "a URL starts with"),
            (&[""], "the URL is empty"),
            (&["ws://a", "ws://b"], "one URL is enough"),
            (&["--trace"], "a URL is missing"),
            (&["-x", "hello"], "a URL is missing"),
            (&["--demo", "ws://a"], "takes no URL"),
            (&["--header", "no colon", "ws://a"], "'Name: value'"),
            (&["-H", "Upgrade: h2c", "ws://a"], "handshake"),
            (&["-H", "Origin: a", "-o", "b", "ws://a"], "given twice"),
            (&["-H", "authorization: a", "ws://b:c@a"], "given twice"),
            (&["--auth", "a:b", "ws://c:d@a"], "exclude each other"),
            (&["--proxy", "", "ws://a"], "no proxy"),
            (&["--proxy", "me:secret@p", "ws://a"], "--proxy-auth"),
            (&["--proxy", "p\r\n", "ws://a"], "control characters"),
            (&["--auth", ":secret", "ws://a"], "--header 'Authorization"),
            (&["--origin", "a\r\nB: c", "ws://a"], "one line"),
            (&["-s", "a,b", "ws://a"], "subprotocol"),
            (&["-w", "soon", "ws://a"], "number of seconds"),
            (&["-w", "-1", "ws://a"], "number of seconds"),
            (&["--count", "-1", "ws://a"], "number of messages"),
            (&["--max-messages", "0", "ws://a"], "at least one"),
            (&["--close", "1005", "ws://a"], "close status"),
            (&["--nonsense"], "--nonsense"),
            (&["-q"], "-q"),
            (&["--close"], "--close"),
            (&["--trace=yes", "ws://a"], "--trace"),
        ] {
            let error = parse_words(words).unwrap_err();
            assert!(error.contains(expected), "{words:?}: {error}");
        }
    }

    /// What helps with a server's is nothing for a proxy.
    #[test]
    fn a_proxy_takes_no_empty_name_either() {
        let error = parse_words(&["--proxy-auth", ":secret", "ws://a"]).unwrap_err();
        assert_eq!(error, "WinHTTP takes no empty user name for a proxy");
    }
}
