//! How threads of the library start: with all signals blocked, which belong to the program's own
//! threads.

use std::io;
use std::thread::{Builder, JoinHandle};

use crate::system::system;

/// Starts a thread.
///
/// It blocks every signal that can be sent to the process, from its first instruction on: a signal
/// the program waits for in a thread of its own must not end, or interrupt, anything here.
///
/// # Errors
/// The system's refusal.
pub fn spawn<F>(name: &str, body: F) -> io::Result<JoinHandle<()>>
where
    F: FnOnce() + Send + 'static,
{
    let builder = Builder::new().name(name.to_owned());
    let Some(system) = system() else {
        return builder.spawn(body);
    };
    let mut start = Some((builder, body));
    let mut started = Err(io::ErrorKind::Other.into());
    system.without_signals(&mut || {
        if let Some((builder, body)) = start.take() {
            started = builder.spawn(move || {
                system.thread_started();
                body();
            });
        }
    });
    started
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_has_its_name_and_runs() {
        let (sender, receiver) = std::sync::mpsc::channel();
        let thread = spawn("its-name", move || {
            let _ = sender.send(std::thread::current().name().map(str::to_owned));
        });
        thread.unwrap().join().unwrap();
        assert_eq!(receiver.recv().unwrap().as_deref(), Some("its-name"));
    }
}
