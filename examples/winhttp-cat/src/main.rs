//! `winhttp-cat`: a WebSocket client for the command line, over the WinHTTP C API.
//!
//! In scope: talking to a server (lines in, messages out), showing every notification (`--trace`),
//! and, without a URL, showing that the library works: an embedded server, ws and wss, synchronous
//! and asynchronous. Out of scope: plain HTTP requests.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program"
)]

#[cfg(unix)]
use winhttp as _; // defines the functions that windows-sys declares

mod api;
mod arguments;
mod chat;
mod conversation;
#[cfg(unix)]
mod demo;
mod names;
mod observer;
mod opening;
mod trace;

use std::process::ExitCode;

use arguments::{Command, Talk};
use conversation::Failure;

// The exit codes; `arguments::HELP` documents them.
const BROKEN: u8 = 1;
const USAGE: u8 = 2;
const NOT_OPENED: u8 = 3;
const CLOSED_WITH_ERROR: u8 = 4;

fn main() -> ExitCode {
    match arguments::parse(std::env::args_os().skip(1)) {
        Err(mistake) => {
            eprintln!("winhttp-cat: {mistake}\nTry 'winhttp-cat --help'.");
            ExitCode::from(USAGE)
        }
        Ok(Command::Help) => {
            println!("{}", arguments::HELP);
            ExitCode::SUCCESS
        }
        Ok(Command::Version) => {
            println!("winhttp-cat {}", env!("CARGO_PKG_VERSION"));
            ExitCode::SUCCESS
        }
        Ok(Command::Demo { trace }) => demonstrate(trace),
        Ok(Command::Talk(talk)) => converse(&talk),
    }
}

#[cfg(unix)]
fn demonstrate(trace: bool) -> ExitCode {
    demo::run(trace)
}

#[cfg(not(unix))]
fn demonstrate(_trace: bool) -> ExitCode {
    eprintln!("winhttp-cat: a URL is needed; the embedded server is for Linux and macOS");
    ExitCode::from(USAGE)
}

fn converse(talk: &Talk) -> ExitCode {
    match chat::run(talk) {
        Ok(ending) => {
            eprintln!("closed: {} {}", ending.status, ending.reason.escape_debug());
            if ending.is_good(talk.close_status) {
                ExitCode::SUCCESS
            } else {
                ExitCode::from(CLOSED_WITH_ERROR)
            }
        }
        Err(Failure::Opening(reason)) => {
            eprintln!("winhttp-cat: {reason}");
            ExitCode::from(NOT_OPENED)
        }
        Err(Failure::Broken(reason)) => {
            eprintln!("winhttp-cat: {reason}");
            ExitCode::from(BROKEN)
        }
    }
}
