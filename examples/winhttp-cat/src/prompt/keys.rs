//! Bytes of a terminal become keys.

/// What somebody pressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    Text(char),
    Enter,
    /// Ctrl-D.
    End,
    Backspace,
    Delete,
    Left,
    Right,
    Home,
    LineEnd,
    Up,
    Down,
    KillToEnd,
    KillToStart,
    KillWord,
    Redraw,
}

/// Holds the beginning of a key whose end has not come yet.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    pending: Vec<u8>,
}

/// What pending bytes are.
enum Reading {
    Key(Key),
    /// A key that does nothing here.
    Nothing,
    /// Not yet a key.
    Begun,
}

impl Decoder {
    pub(super) fn push(&mut self, byte: u8) -> Option<Key> {
        self.pending.push(byte);
        let reading = read(&self.pending);
        if !matches!(reading, Reading::Begun) {
            self.pending.clear();
        }
        match reading {
            Reading::Key(key) => Some(key),
            Reading::Nothing | Reading::Begun => None,
        }
    }
}

fn read(bytes: &[u8]) -> Reading {
    /// Parameters of a sequence; one that has more is nonsense.
    const SEQUENCE_LIMIT_BYTES: usize = 32;
    match bytes {
        [0x1b] | [0x1b, b'[' | b'O'] => Reading::Begun,
        [0x1b, b'[', parameters @ .., last] => match last {
            0x40..=0x7e => sequence(parameters, *last),
            _ if bytes.len() < SEQUENCE_LIMIT_BYTES => Reading::Begun,
            _ => Reading::Nothing,
        },
        [0x1b, b'O', last] => sequence(&[], *last),
        [0x1b, ..] => Reading::Nothing, // with Alt
        [byte @ (0..=0x1f | 0x7f)] => control(*byte),
        _ => text(bytes),
    }
}

/// ECMA-48 section 5.4, with the keys that terminals have in common.
fn sequence(parameters: &[u8], last: u8) -> Reading {
    Reading::Key(match (parameters, last) {
        (_, b'A') => Key::Up,
        (_, b'B') => Key::Down,
        (_, b'C') => Key::Right,
        (_, b'D') => Key::Left,
        (_, b'H') | (b"1" | b"7", b'~') => Key::Home,
        (_, b'F') | (b"4" | b"8", b'~') => Key::LineEnd,
        (b"3", b'~') => Key::Delete,
        _ => return Reading::Nothing,
    })
}

/// As in every editor of lines since Emacs.
fn control(byte: u8) -> Reading {
    const fn ctrl(letter: u8) -> u8 {
        letter & 0x1f
    }
    const A: u8 = ctrl(b'a');
    const B: u8 = ctrl(b'b');
    const D: u8 = ctrl(b'd');
    const E: u8 = ctrl(b'e');
    const F: u8 = ctrl(b'f');
    const K: u8 = ctrl(b'k');
    const L: u8 = ctrl(b'l');
    const N: u8 = ctrl(b'n');
    const P: u8 = ctrl(b'p');
    const U: u8 = ctrl(b'u');
    const W: u8 = ctrl(b'w');
    Reading::Key(match byte {
        A => Key::Home,
        B => Key::Left,
        D => Key::End,
        E => Key::LineEnd,
        F => Key::Right,
        K => Key::KillToEnd,
        L => Key::Redraw,
        N => Key::Down,
        P => Key::Up,
        U => Key::KillToStart,
        W => Key::KillWord,
        b'\r' | b'\n' => Key::Enter,
        b'\t' => Key::Text('\t'),
        0x08 | 0x7f => Key::Backspace,
        _ => return Reading::Nothing,
    })
}

fn text(bytes: &[u8]) -> Reading {
    match std::str::from_utf8(bytes) {
        Ok(text) => match text.chars().next() {
            // The control characters beyond ASCII.
            Some(c) if !c.is_control() => Reading::Key(Key::Text(c)),
            _ => Reading::Nothing,
        },
        Err(error) if error.error_len().is_none() => Reading::Begun,
        Err(_) => Reading::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(bytes: &[u8]) -> Vec<Key> {
        let mut decoder = Decoder::default();
        bytes
            .iter()
            .filter_map(|byte| decoder.push(*byte))
            .collect()
    }

    #[test]
    fn text_is_utf_8() {
        assert_eq!(keys("aü€".as_bytes()), ['a', 'ü', '€'].map(Key::Text));
        assert_eq!(keys(b"\xffa\xc3(b"), ['a', 'b'].map(Key::Text));
    }

    #[test]
    fn sequences_are_keys_or_nothing() {
        assert_eq!(
            keys(b"\x1b[A\x1bOB\x1b[1;5C\x1b[3~\x1b[200~\x1b[H\x1bOF\x1bxa"),
            [
                Key::Up,
                Key::Down,
                Key::Right,
                Key::Delete,
                Key::Home,
                Key::LineEnd,
                Key::Text('a')
            ]
        );
    }

    #[test]
    fn a_sequence_without_end_is_given_up() {
        let mut endless = b"\x1b[".to_vec();
        endless.extend([b'1'; 100]);
        endless.extend(b"\r");
        assert_eq!(keys(&endless).last(), Some(&Key::Enter));
    }
}
