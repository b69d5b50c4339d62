//! Ctrl-C and SIGTERM: the first one asks an open conversation to close, any other ends the
//! program.

use std::io;
use std::sync::mpsc::Sender;
use std::sync::{Mutex, PoisonError};

use signal_hook::consts::{SIGCONT, SIGINT, SIGTERM, SIGWINCH};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use crate::observer::Event;
use crate::prompt;

/// Who is told of the next signal; without anybody it does what signals do.
static LISTENER: Mutex<Option<Sender<Event>>> = Mutex::new(None);

/// Begins to watch for signals, on a thread of its own.
///
/// # Errors
///
/// When the system has no descriptor or thread left.
pub(crate) fn watch() -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGCONT, SIGWINCH])?;
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            for signal in signals.forever() {
                // A terminal that is gone is noticed by who reads it.
                match signal {
                    SIGCONT => drop(prompt::come_back()),
                    SIGWINCH => drop(prompt::redraw()),
                    ending => end(ending),
                }
            }
        })?;
    Ok(())
}

/// Lets the next signal be an event instead of the end.
pub(crate) fn tell(events: Sender<Event>) {
    *LISTENER.lock().unwrap_or_else(PoisonError::into_inner) = Some(events);
}

fn end(signal: i32) {
    let listener = LISTENER
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    if listener.is_some_and(|events| events.send(Event::Interrupted).is_ok()) {
        return;
    }
    prompt::restore_modes();
    // The shell sees what ended us.
    let _ = emulate_default_handler(signal);
    std::process::exit(128 + signal);
}
