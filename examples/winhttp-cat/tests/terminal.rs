//! On a terminal: a prompt, a line that can be edited, messages above it, and a terminal that is
//! given back.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod common;
use common::terminal::{COLUMNS, Terminal};
use common::{PATIENCE, next_payload, program, server, upgrade};

use std::os::unix::process::ExitStatusExt;

use rustix::process::Signal;
use winhttp_fixtures::{Opcode, Server};

const LEFT: &str = "\x1b[D";
const UP: &str = "\x1b[A";
const BACKSPACE: &str = "\x7f";
const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";

/// The screen after the line was drawn.
fn drawn(line: &str) -> String {
    let column = line.chars().count() + 2;
    format!("\r\x1b[K> {line}\r\x1b[{column}C")
}

#[test]
fn a_line_is_edited_sent_and_called_back() {
    let server = server();
    let mut terminal = Terminal::start(&[&server.ws_url("/echo")]);
    terminal.wait_until_shown(&drawn(""));
    assert!(
        !terminal.is_as_before(),
        "the terminal does not edit the line itself"
    );
    terminal.press("grüxß");
    terminal.press(LEFT);
    terminal.press(BACKSPACE);
    terminal.press("\r");
    terminal.wait_until_shown("> grüß\r\n");
    terminal.wait_until_shown("< grüß\r\n");
    terminal.press(UP);
    terminal.press("e\r");
    terminal.wait_until_shown("< grüße\r\n");
    terminal.press(CTRL_D);
    assert!(terminal.wait().success());
    terminal.wait_until_shown("closed: 1000");
    assert!(terminal.is_as_before());
}

#[test]
fn a_message_stands_above_the_line_that_is_being_written() {
    let server = Server::plain(|connection| {
        upgrade(connection)?;
        connection.hold("news")?;
        connection.send_frame(Opcode::TEXT, true, b"news\x1b[2J")?;
        while next_payload(connection)?.is_some() {}
        Ok(())
    })
    .unwrap();
    let mut terminal = Terminal::start(&[&server.ws_url("/")]);
    terminal.wait_until_shown(&drawn(""));
    terminal.press("half a l");
    terminal.wait_until_shown(&drawn("half a l"));
    server.release("news").unwrap();
    let below = drawn("half a l");
    terminal.wait_until_shown(&format!("\r\x1b[K< news\\u{{1b}}[2J\r\n{below}"));
    terminal.press("ine\r");
    let frames = server.wait_frames(0, 1, PATIENCE).unwrap();
    assert_eq!(frames[0].payload, b"half a line");
    terminal.press(CTRL_D);
    assert!(terminal.wait().success());
}

#[test]
fn bytes_are_readable() {
    let server = server();
    let mut terminal = Terminal::start(&["--binary", &server.ws_url("/echo")]);
    terminal.wait_until_shown(&drawn(""));
    terminal.press("aü\r");
    terminal.wait_until_shown("< 3 bytes\r\n  61 c3 bc ");
    terminal.wait_until_shown(" a..\r\n");
    terminal.press(CTRL_D);
    assert!(terminal.wait().success());
    assert_eq!(server.frames(0)[0].opcode, Opcode::BINARY);
}

#[test]
fn a_long_line_is_shown_around_its_cursor() {
    let server = server();
    let mut terminal = Terminal::start(&[&server.ws_url("/echo")]);
    terminal.wait_until_shown(&drawn(""));
    let line: String = ('a'..='z').cycle().take(100).collect();
    terminal.press(&line);
    let room = usize::from(COLUMNS) - 3; // prompt and cursor
    terminal.wait_until_shown(&drawn(&line[line.len() - room..]));
    terminal.press("\r");
    terminal.wait_until_shown(&format!("< {line}\r\n"));
    terminal.press(CTRL_D);
    assert!(terminal.wait().success());
}

#[test]
fn ctrl_c_closes_properly_and_gives_the_terminal_back() {
    let server = server();
    let mut terminal = Terminal::start(&[&server.ws_url("/echo")]);
    terminal.wait_until_shown(&drawn(""));
    terminal.press("never sent");
    terminal.wait_until_shown(&drawn("never sent"));
    terminal.press(CTRL_C);
    assert!(terminal.wait().success());
    terminal.wait_until_shown("closed: 1000");
    assert!(terminal.is_as_before());
    let frames = server.frames(0);
    assert_eq!(frames.len(), 1, "{frames:?}");
    assert_eq!(frames[0].opcode, Opcode::CLOSE);
}

#[test]
fn a_second_ctrl_c_ends_at_once_and_gives_the_terminal_back() {
    let server = server();
    let mut terminal = Terminal::start(&[&server.ws_url("/no-close-answer")]);
    terminal.wait_until_shown(&drawn(""));
    terminal.press(CTRL_C);
    server.wait_frames(0, 1, PATIENCE).unwrap();
    terminal.press(CTRL_C);
    assert_eq!(terminal.wait().signal(), Some(Signal::INT.as_raw()));
    assert!(terminal.is_as_before());
}

#[test]
fn a_program_that_was_stopped_takes_the_terminal_again() {
    let server = server();
    let mut terminal = Terminal::start(&[&server.ws_url("/echo")]);
    terminal.wait_until_shown(&drawn(""));
    terminal.press("half");
    terminal.wait_until_shown(&drawn("half"));
    terminal.take_away();
    terminal.signal(Signal::CONT);
    terminal.wait_until_shown(&drawn("half"));
    assert!(!terminal.is_as_before());
    terminal.press("\r");
    terminal.wait_until_shown("< half\r\n");
    terminal.press(CTRL_D);
    assert!(terminal.wait().success());
    assert!(terminal.is_as_before());
}

#[test]
fn a_terminal_that_cannot_move_its_cursor_gets_no_prompt() {
    let server = server();
    let mut command = program(&[&server.ws_url("/echo")]);
    command.env("TERM", "dumb");
    let mut terminal = Terminal::of(command);
    terminal.wait_until_shown("connected to");
    terminal.press("hello\n");
    terminal.wait_until_shown("< hello\r\n");
    terminal.press(CTRL_D);
    assert!(terminal.wait().success());
    assert!(!terminal.shown().contains('\x1b'));
}

#[test]
fn without_arguments_it_demonstrates_the_library() {
    let mut terminal = Terminal::start(&[]);
    terminal.wait_until_shown("all four conversations succeeded");
    assert!(terminal.wait().success());
}
