//! `winhttp-cat`: a WebSocket client for the command line, over the WinHTTP C API.
//!
//! In scope: talking to a server (lines or bytes in, messages out), showing what happens
//! (`--trace`), and showing that the library works (`--demo`): an embedded server, ws and wss,
//! synchronous and asynchronous. Out of scope: plain HTTP requests.
//!
//! ```text
//! input, prompt ──► chat ──► conversation ──► sending ──► api ──► WinHTTP
//!                    │            ▲                                  │
//!        output ◄────┘            └── receiving ◄── observer ◄───────┘
//! ```

#[cfg(unix)]
use winhttp as _; // defines the functions that windows-sys declares

mod api;
mod arguments;
mod challenge;
mod chat;
mod conversation;
#[cfg(unix)]
mod demo;
mod detail;
mod help;
mod input;
mod message;
mod names;
mod notification;
mod observer;
mod opening;
mod output;
#[cfg(unix)]
mod prompt;
mod reasons;
mod receiving;
mod room;
mod sending;
#[cfg(unix)]
mod signals;
mod trace;
mod trust;
mod url;
mod values;

use std::process::ExitCode;

use arguments::{Command, Talk};
use chat::Ending;
use conversation::Failure;
use output::{note, say};

// The exit codes; `help::HELP` documents them.
const BROKEN: u8 = 1;
const USAGE: u8 = 2;
const NOT_OPENED: u8 = 3;
const CLOSED_WITH_ERROR: u8 = 4;
const MISSING: u8 = 5;

fn main() -> ExitCode {
    match arguments::parse(std::env::args_os().skip(1)) {
        Err(mistake) => misused(&mistake),
        Ok(Command::Help) => {
            say!("{}", help::HELP);
            ExitCode::SUCCESS
        }
        Ok(Command::Version) => {
            say!("winhttp-cat {}", env!("CARGO_PKG_VERSION"));
            ExitCode::SUCCESS
        }
        Ok(Command::Nothing) => do_nothing_or_demonstrate(),
        Ok(Command::Demo { trace }) => demonstrate(trace),
        Ok(Command::Talk(talk)) => converse(&talk),
    }
}

fn misused(mistake: &str) -> ExitCode {
    note!("winhttp-cat: {mistake}\nTry 'winhttp-cat --help'.");
    ExitCode::from(USAGE)
}

/// Somebody tries the program out, or a script lost its URL: then there is input for it.
fn do_nothing_or_demonstrate() -> ExitCode {
    if input::is_typed(&Talk::default()) || input::is_empty() {
        demonstrate(false)
    } else {
        misused("there is input, but no URL to send it to (--demo runs the demonstration)")
    }
}

#[cfg(unix)]
fn demonstrate(trace: bool) -> ExitCode {
    demo::run(trace)
}

#[cfg(not(unix))]
fn demonstrate(_trace: bool) -> ExitCode {
    misused("a URL is needed; the embedded server is for Linux and macOS")
}

fn converse(talk: &Talk) -> ExitCode {
    // Before any other thread runs.
    if let Some(file) = &talk.target.trust
        && let Err(mistake) = trust::install(file)
    {
        return misused(&mistake);
    }
    let url = &talk.target.url;
    if let Err(error) = api::crack_url(url) {
        let error = names::error(error.code);
        return misused(&format!("{url}: WinHTTP cannot parse this URL: {error}"));
    }
    #[cfg(unix)]
    if let Err(error) = signals::watch() {
        note!("winhttp-cat: Ctrl-C will end at once: {error}");
    }
    let result = chat::run(talk);
    #[cfg(unix)]
    prompt::leave();
    match result {
        Ok(ending) => finish(talk, &ending),
        Err(Failure::Opening(reason)) => {
            note!("winhttp-cat: {reason}");
            ExitCode::from(NOT_OPENED)
        }
        Err(Failure::Broken(reason)) => {
            note!("winhttp-cat: {reason}");
            ExitCode::from(BROKEN)
        }
    }
}

fn finish(talk: &Talk, ending: &Ending) -> ExitCode {
    match output::escape(&ending.reason) {
        none if none.is_empty() => note!("closed: {}", ending.status),
        reason => note!("closed: {} {reason}", ending.status),
    }
    if let Some(missing) = &ending.missing {
        note!("winhttp-cat: {missing}");
    }
    if ending.problem.is_some() {
        ExitCode::from(BROKEN)
    } else if !ending.is_good(talk.close_status) {
        ExitCode::from(CLOSED_WITH_ERROR)
    } else if ending.missing.is_some() && !ending.interrupted {
        ExitCode::from(MISSING)
    } else {
        ExitCode::SUCCESS
    }
}
