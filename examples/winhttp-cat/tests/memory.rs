//! A server that does not read stops the reading of the input; nothing grows meanwhile.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod common;
use common::{MODES, PATIENCE, Running, program, upgrade};

use std::io::Write;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use winhttp_fixtures::{Opcode, Server, Settings};

/// What is piped in: far more than may be taken.
const INPUT_BYTES: usize = 256 << 20;

/// What may be on its way: the program's own queue and the buffers of the system.
const TAKEN_LIMIT_BYTES: usize = 48 << 20;

/// For so long nothing more is taken: then the reading has stopped.
const QUIET: Duration = Duration::from_millis(500);

#[test]
fn a_server_that_does_not_read_stops_the_reading() {
    for (mode, framing) in MODES.into_iter().zip([&["--binary"][..], &[]]) {
        let server = Server::start(
            Settings {
                recording: false,
                ..Settings::default()
            },
            |connection| {
                upgrade(connection)?;
                connection.hold("read")?;
                let mut bytes = 0;
                while let Some(frame) = connection.read_frame()? {
                    if frame.opcode == Opcode::CLOSE {
                        let told = format!("{bytes}");
                        connection.send_frame(Opcode::TEXT, true, told.as_bytes())?;
                        return connection.send_frame(Opcode::CLOSE, true, &frame.payload);
                    }
                    bytes += frame.payload.len();
                }
                Ok(())
            },
        )
        .unwrap();
        let url = server.ws_url("/");
        let arguments = [mode, framing, &["--expect", "0", &url]].concat();
        let mut command = program(&arguments);
        command.stdout(Stdio::piped());
        let (reader, mut writer) = std::io::pipe().unwrap();
        command.stdin(reader);
        let running = Running::of(command);
        let taken = Arc::new(AtomicUsize::new(0));
        let (sender, progress) = mpsc::channel();
        let counter = Arc::clone(&taken);
        let feeder = thread::spawn(move || {
            // Lines of 64 KiB with their ends.
            let line = [&[b'x'; 0xffff][..], b"\n"].concat();
            for _ in 0..INPUT_BYTES / line.len() {
                writer.write_all(&line).unwrap();
                counter.fetch_add(line.len(), Ordering::AcqRel);
                let _ = sender.send(());
            }
        });
        while progress.recv_timeout(QUIET).is_ok() {}
        let taken = taken.load(Ordering::Acquire);
        assert!(taken < TAKEN_LIMIT_BYTES, "{taken} bytes were read");
        #[cfg(target_os = "linux")]
        assert!(peak_kib(&running) < 100 << 10, "{} KiB", peak_kib(&running));

        server.release("read").unwrap();
        while progress.recv_timeout(PATIENCE).is_ok() {}
        feeder.join().unwrap();
        let ended = running.wait().with(0);
        let lost = if framing.is_empty() {
            INPUT_BYTES >> 16
        } else {
            0
        };
        assert_eq!(ended.text().trim(), (INPUT_BYTES - lost).to_string());
    }
}

/// The most memory it ever had.
#[cfg(target_os = "linux")]
fn peak_kib(running: &Running) -> usize {
    let status = format!("/proc/{}/status", running.pid().as_raw_nonzero());
    let status = std::fs::read_to_string(status).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.unwrap().trim().strip_suffix(" kB").unwrap();
    number.parse().unwrap()
}
