//! What goes in comes out: lines, parts and bytes through pipes, and errors where something cannot
//! be sent.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod common;
use common::{MODES, PATIENCE, Running, program, run, server};

use std::fs::File;
use std::io::{Read, Write};
use std::process::Stdio;

use winhttp_fixtures::Opcode;

/// Every byte there is, out of step with any power of two.
fn bytes(length: usize) -> Vec<u8> {
    (0..=u8::MAX).cycle().step_by(7).take(length).collect()
}

#[test]
fn bytes_pass_through_as_they_are() {
    let server = server();
    let url = server.ws_url("/echo");
    let input = bytes(300_000);
    for mode in MODES {
        let ended = run(&[mode, &["--binary", &url]].concat(), &input).with(0);
        assert!(
            ended.output == input,
            "{} bytes came back",
            ended.output.len()
        );
    }
    let frames = server.frames(0);
    let data = frames.iter().filter(|frame| frame.opcode == Opcode::BINARY);
    assert!(
        data.clone()
            .all(|frame| frame.fin && frame.payload.len() <= 65_536)
    );
    assert!(data.count() >= 5);
}

#[test]
fn a_binary_message_of_the_command_line_has_no_end_of_its_own() {
    let server = server();
    let ended = run(
        &[
            "-b",
            "-x",
            "ü\n",
            "-x",
            "",
            "-x",
            "a",
            &server.ws_url("/echo"),
        ],
        b"",
    )
    .with(0);
    assert_eq!(ended.output, "ü\na".as_bytes());
}

#[test]
fn many_lines_all_come_back_in_order() {
    let server = server();
    let url = server.ws_url("/echo");
    let lines: String = (0..20_000)
        .map(|number| format!("line {number}\n"))
        .collect();
    for mode in MODES {
        let ended = run(&[mode, &[&url]].concat(), lines.as_bytes()).with(0);
        assert!(
            ended.output == lines.as_bytes(),
            "{} bytes",
            ended.output.len()
        );
    }
}

#[test]
fn a_line_that_is_no_text_is_told_with_its_number() {
    let server = server();
    let url = server.ws_url("/echo");
    for mode in MODES {
        let ended = run(&[mode, &[&url]].concat(), b"one\nt\xffo\nthree\n").with(1);
        assert_eq!(ended.text(), "one\n", "what was sent before is answered");
        ended
            .saying("standard input, line 2: byte 2 is 0xff")
            .saying("closed: 1000");
    }
}

#[test]
fn an_input_that_cannot_be_read_is_no_end_of_input() {
    let server = server();
    for mode in [&["--binary"][..], &[]] {
        let url = server.ws_url("/echo");
        let mut command = program(&[mode, &[&url]].concat());
        command
            .stdin(File::open("/").unwrap())
            .stdout(Stdio::piped());
        Running::of(command)
            .wait()
            .with(1)
            .saying("standard input cannot be read");
    }
}

#[test]
fn messages_may_end_with_nul() {
    let server = server();
    let url = server.ws_url("/echo");
    let ended = run(&["--null", &url], b"one\r\n\0\0two\nlines").with(0);
    assert_eq!(ended.output, b"one\r\n\0\0two\nlines\0");
    let ended = run(&["-0b", &url], b"\xff\n\0\x80").with(0);
    assert_eq!(ended.output, b"\xff\n\0\x80\0");
    run(&["-0", &url], b"one\0\xff\0")
        .with(1)
        .saying("message 2: byte 1 is 0xff");
}

#[test]
fn when_nobody_reads_the_output_it_closes_and_says_so_by_its_exit_code() {
    for mode in MODES {
        let server = server();
        let mut command = program(&[mode, &[&server.ws_url("/push?count=1000&size=10")]].concat());
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        assert_eq!(common::wait_for(&mut child).code(), Some(1));
        let frames = server.wait_frames(0, 1, PATIENCE).unwrap();
        assert_eq!(frames[0].opcode, Opcode::CLOSE);
    }
}

#[test]
fn an_endless_input_is_given_up_when_nobody_reads_the_output() {
    for mode in MODES {
        let server = server();
        let mut command = program(&[mode, &[&server.ws_url("/echo")]].concat());
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        let feeder = std::thread::spawn(move || while input.write_all(b"y\n").is_ok() {});
        let mut output = child.stdout.take().unwrap();
        output.read_exact(&mut [0; 2]).unwrap();
        drop(output);
        assert_eq!(common::wait_for(&mut child).code(), Some(1));
        feeder.join().unwrap();
    }
}

#[test]
fn an_endless_input_is_given_up_when_enough_came() {
    for mode in MODES {
        let server = server();
        let url = server.ws_url("/echo");
        let mut command = program(&[mode, &["--max-messages", "3", &url]].concat());
        let (reader, mut writer) = std::io::pipe().unwrap();
        command.stdin(reader).stdout(Stdio::piped());
        let feeder = std::thread::spawn(move || while writer.write_all(b"y\n").is_ok() {});
        assert_eq!(Running::of(command).wait().with(0).text(), "y\ny\ny\n");
        feeder.join().unwrap();
    }
}
