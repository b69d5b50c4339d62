//! A prompt on a terminal: lines are edited below what comes from the server.
//!
//! One lock, [`SCREEN`], is held by whoever draws; so a message that comes while somebody types
//! stands above the line, which is drawn again below it. Ctrl-C stays a signal.

mod keys;
mod line;

use std::io::{self, IsTerminal, Read, Write};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use rustix::stdio::{stdin, stdout};
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetwinsize, tcsetattr,
};

use keys::Decoder;
use line::{Line, Outcome};

const PROMPT: &str = "> ";

/// For terminals that do not tell.
const DEFAULT_COLUMNS: usize = 80;

/// Where the line is drawn, while there is a prompt.
static SCREEN: Mutex<Option<Line>> = Mutex::new(None);

/// How the terminal was before there was a prompt.
static FORMER_MODES: OnceLock<Termios> = OnceLock::new();

/// Whether a prompt makes sense: both ends are a terminal that can move its cursor.
pub(crate) fn is_possible() -> bool {
    let dumb = std::env::var_os("TERM").is_none_or(|name| name == "dumb");
    !dumb && io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Reads lines until Ctrl-D, or until `each` says no.
///
/// # Errors
///
/// The terminal's.
pub(crate) fn read(mut each: impl FnMut(String) -> bool) -> io::Result<()> {
    let modes = tcgetattr(stdin())?;
    let _ = FORMER_MODES.set(modes);
    *screen() = Some(Line::default());
    come_back()?;
    let result = read_keys(&mut each);
    leave();
    result
}

fn read_keys(each: &mut impl FnMut(String) -> bool) -> io::Result<()> {
    let mut decoder = Decoder::default();
    let mut buffer = [0; 4096];
    loop {
        let length = match io::stdin().lock().read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let keys = buffer.iter().take(length).copied();
        for key in keys.filter_map(|byte| decoder.push(byte)) {
            let outcome = match &mut *screen() {
                Some(line) => line.press(key),
                None => return Ok(()),
            };
            match outcome {
                Outcome::Edited => {}
                Outcome::Redraw => write("\x1b[H\x1b[2J")?,
                Outcome::Ended => return Ok(()),
                Outcome::Accepted(text) => {
                    // What was typed stays on the screen.
                    write(&format!("\r\x1b[K{PROMPT}{}\n", whole(&text)))?;
                    if !each(text) {
                        return Ok(());
                    }
                }
            }
        }
        redraw()?;
    }
}

/// Puts whole lines above the prompt; false when there is none.
pub(crate) fn print_above(text: &str) -> bool {
    let screen = screen();
    let Some(line) = &*screen else { return false };
    // A terminal that is gone shows nothing; the conversation goes on.
    let _ = write(&format!("\r\x1b[K{text}{}", drawn(line)));
    true
}

/// Draws the line again, after the terminal has got another size.
///
/// # Errors
///
/// The terminal's.
pub(crate) fn redraw() -> io::Result<()> {
    match &*screen() {
        Some(line) => write(&drawn(line)),
        None => Ok(()),
    }
}

/// Takes the terminal, at first or after the program was stopped: no lines and no echo of its own.
///
/// # Errors
///
/// The terminal's.
pub(crate) fn come_back() -> io::Result<()> {
    let Some(former) = FORMER_MODES.get().filter(|_| screen().is_some()) else {
        return Ok(());
    };
    let mut modes = former.clone();
    modes.local_modes -= LocalModes::ICANON | LocalModes::ECHO | LocalModes::IEXTEN;
    modes.special_codes[SpecialCodeIndex::VMIN] = 1;
    modes.special_codes[SpecialCodeIndex::VTIME] = 0;
    tcsetattr(stdin(), OptionalActions::Drain, &modes)?;
    redraw()
}

/// Takes the prompt away, if there is one.
pub(crate) fn leave() {
    if screen().take().is_some() {
        let _ = write("\r\x1b[K");
        restore_modes();
    }
}

/// Gives the terminal back as it was. Waits for nobody, so that it can be the last thing a program
/// does.
pub(crate) fn restore_modes() {
    if let Some(former) = FORMER_MODES.get() {
        let _ = tcsetattr(stdin(), OptionalActions::Now, former);
    }
}

fn screen() -> MutexGuard<'static, Option<Line>> {
    SCREEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The prompt, the line, and the cursor in its place.
fn drawn(line: &Line) -> String {
    let columns = tcgetwinsize(stdout()).map_or(0, |size| usize::from(size.ws_col));
    let columns = if columns == 0 {
        DEFAULT_COLUMNS
    } else {
        columns
    };
    let picture = line.picture(columns.saturating_sub(PROMPT.len()));
    let position = PROMPT.len() + picture.cursor;
    format!("\r\x1b[K{PROMPT}{}\r\x1b[{position}C", picture.text)
}

/// A line that is finished may be as wide as it likes.
fn whole(text: &str) -> String {
    text.replace('\t', " ")
}

fn write(text: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes())?;
    output.flush()
}
