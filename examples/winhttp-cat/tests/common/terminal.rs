//! Runs the program on a pseudo-terminal: types keys, and sees what the terminal shows.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use rustix::fs::OFlags;
use rustix::process::{Pid, Signal, ioctl_tiocsctty, kill_process, setsid};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::stdio::stdin;
use rustix::termios::{
    LocalModes, OptionalActions, Termios, Winsize, tcgetattr, tcsetattr, tcsetwinsize,
};

use super::{PATIENCE, program, wait_for};

/// Columns of the terminal.
pub(crate) const COLUMNS: u16 = 40;

/// A program with a terminal for its three standard descriptors.
pub(crate) struct Terminal {
    child: Child,
    keyboard: File,
    /// The program's side; held open so that its modes can be looked at after the end.
    device: File,
    shown: Arc<Shown>,
    /// What was waited for has been shown up to here.
    seen: usize,
}

#[derive(Default)]
struct Shown {
    text: Mutex<String>,
    more: Condvar,
}

impl Terminal {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::of(program(arguments))
    }

    pub(crate) fn of(mut command: Command) -> Self {
        let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&keyboard).unwrap();
        unlockpt(&keyboard).unwrap();
        let name = ptsname(&keyboard, Vec::new()).unwrap();
        let no_controlling = i32::try_from(OFlags::NOCTTY.bits()).unwrap();
        let device = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(no_controlling)
            .open(name.to_str().unwrap())
            .unwrap();
        let size = Winsize {
            ws_row: 24,
            ws_col: COLUMNS,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&device, size).unwrap();
        let end = || OwnedFd::from(device.try_clone().unwrap());
        command.stdin(end()).stdout(end()).stderr(end());
        // SAFETY: both are system calls and nothing else, as is allowed after a fork.
        unsafe {
            command.pre_exec(|| {
                setsid()?;
                // So that Ctrl-C reaches it as a signal.
                ioctl_tiocsctty(stdin())?;
                Ok(())
            })
        };
        let child = command.spawn().unwrap();
        let shown = Arc::new(Shown::default());
        let mut screen = File::from(keyboard);
        let keyboard = screen.try_clone().unwrap();
        let writer = Arc::clone(&shown);
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            // Ends with an error once the program's side is closed.
            while let Ok(length) = screen.read(&mut buffer) {
                if length == 0 {
                    break;
                }
                let text = String::from_utf8_lossy(&buffer[..length]);
                writer.text.lock().unwrap().push_str(&text);
                writer.more.notify_all();
            }
        });
        Self {
            child,
            keyboard,
            device,
            shown,
            seen: 0,
        }
    }

    pub(crate) fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until this is shown, after what was waited for before.
    #[track_caller]
    pub(crate) fn wait_until_shown(&mut self, text: &str) {
        let shown = self.shown.text.lock().unwrap();
        let seen = self.seen;
        let is_missing = |shown: &mut String| !shown[seen..].contains(text);
        let (shown, late) = self
            .shown
            .more
            .wait_timeout_while(shown, PATIENCE, is_missing)
            .unwrap();
        assert!(
            !late.timed_out(),
            "{text:?} is not shown, but {:?}",
            &shown[seen..]
        );
        let place = shown[seen..].find(text).unwrap();
        self.seen = seen + place + text.len();
    }

    /// Everything that was shown so far.
    pub(crate) fn shown(&self) -> String {
        self.shown.text.lock().unwrap().clone()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    fn modes(&self) -> Termios {
        tcgetattr(&self.device).unwrap()
    }

    /// Whether the terminal edits lines and echoes itself, as it does for a shell.
    pub(crate) fn is_as_before(&self) -> bool {
        let both = LocalModes::ICANON | LocalModes::ECHO;
        self.modes().local_modes.contains(both)
    }

    /// Gives the terminal the modes of a shell, as one does that has stopped the program.
    pub(crate) fn take_away(&self) {
        let mut modes = self.modes();
        modes.local_modes |= LocalModes::ICANON | LocalModes::ECHO;
        tcsetattr(&self.device, OptionalActions::Now, &modes).unwrap();
    }

    /// Waits for the program's end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        wait_for(&mut self.child)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _reaped = self.child.wait();
    }
}
