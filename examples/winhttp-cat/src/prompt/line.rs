//! The line that is being written, and those before it. No terminal here: keys in, a picture out.

use std::collections::VecDeque;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::keys::Key;

/// Lines that can be called back.
const HISTORY_LIMIT: usize = 1000;

/// Bytes all of them may take.
const HISTORY_LIMIT_BYTES: usize = 1024 * 1024;

/// What a key led to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The line looks different, or the cursor is elsewhere.
    Edited,
    /// The screen is to be drawn anew.
    Redraw,
    /// The line is finished.
    Accepted(String),
    /// There will be no more lines.
    Ended,
}

/// The part of a line that a terminal shows.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Picture {
    pub(super) text: String,
    /// Columns before the cursor.
    pub(super) cursor: usize,
}

/// Text, and a cursor that stands between two characters as readers see them.
#[derive(Debug, Default)]
pub(super) struct Line {
    text: String,
    /// In bytes.
    cursor: usize,
    history: VecDeque<String>,
    /// Which line of the history is shown: its distance from the end, 0 for the new one.
    back: usize,
    /// The new line, while one of the history is shown.
    new: String,
}

impl Line {
    pub(super) fn press(&mut self, key: Key) -> Outcome {
        match key {
            Key::Text(c) => {
                self.text.insert(self.cursor, c);
                self.cursor += c.len_utf8();
            }
            Key::Enter => return Outcome::Accepted(self.accept()),
            Key::End if self.text.is_empty() => return Outcome::Ended,
            Key::End | Key::Delete => self.cut(self.cursor, self.next()),
            Key::Backspace => self.cut(self.previous(), self.cursor),
            Key::KillToEnd => self.cut(self.cursor, self.text.len()),
            Key::KillToStart => self.cut(0, self.cursor),
            Key::KillWord => self.cut(self.word_start(), self.cursor),
            Key::Left => self.cursor = self.previous(),
            Key::Right => self.cursor = self.next(),
            Key::Home => self.cursor = 0,
            Key::LineEnd => self.cursor = self.text.len(),
            Key::Up => self.recall(self.back + 1),
            Key::Down => self.recall(self.back.wrapping_sub(1)),
            Key::Redraw => return Outcome::Redraw,
        }
        Outcome::Edited
    }

    /// As much as fits into this many columns, the cursor included.
    pub(super) fn picture(&self, columns: usize) -> Picture {
        let (before, after) = self.text.split_at(self.cursor);
        // The cursor takes a column itself.
        let columns = columns.saturating_sub(1);
        let mut shown = Vec::new();
        let mut cursor = 0;
        for character in before.graphemes(true).rev() {
            let character = printable(character);
            if cursor + character.width() > columns {
                break;
            }
            cursor += character.width();
            shown.push(character);
        }
        shown.reverse();
        let mut width = cursor;
        for character in after.graphemes(true) {
            let character = printable(character);
            width += character.width();
            if width > columns {
                break;
            }
            shown.push(character);
        }
        Picture {
            text: shown.concat(),
            cursor,
        }
    }

    fn accept(&mut self) -> String {
        let text = std::mem::take(&mut self.text);
        (self.cursor, self.back) = (0, 0);
        self.new.clear();
        if !text.is_empty() && self.history.back() != Some(&text) {
            self.history.push_back(text.clone());
        }
        let mut bytes: usize = self.history.iter().map(String::len).sum();
        while self.history.len() > HISTORY_LIMIT || bytes > HISTORY_LIMIT_BYTES {
            bytes -= self.history.pop_front().map_or(bytes, |line| line.len());
        }
        text
    }

    fn recall(&mut self, back: usize) {
        let text = match back {
            0 => self.new.clone(),
            _ => {
                let index = self.history.len().checked_sub(back);
                let Some(text) = index.and_then(|index| self.history.get(index)) else {
                    return;
                };
                text.clone()
            }
        };
        if self.back == 0 {
            self.new = std::mem::take(&mut self.text);
        }
        self.back = back;
        self.text = text;
        self.cursor = self.text.len();
    }

    fn cut(&mut self, from: usize, until: usize) {
        self.text.replace_range(from..until, "");
        self.cursor = from;
    }

    fn previous(&self) -> usize {
        let before = self.text.get(..self.cursor).unwrap_or_default();
        let last = before.graphemes(true).next_back();
        self.cursor - last.map_or(0, str::len)
    }

    fn next(&self) -> usize {
        let after = self.text.get(self.cursor..).unwrap_or_default();
        let first = after.graphemes(true).next();
        self.cursor + first.map_or(0, str::len)
    }

    /// Where the word before the cursor begins.
    fn word_start(&self) -> usize {
        let before = self.text.get(..self.cursor).unwrap_or_default();
        let word = before.trim_end();
        let space = word.char_indices().rev().find(|(_, c)| c.is_whitespace());
        space.map_or(0, |(index, c)| index + c.len_utf8())
    }
}

/// A tab would move the cursor to somewhere else.
fn printable(character: &str) -> &str {
    if character == "\t" { " " } else { character }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(line: &mut Line, text: &str) {
        for c in text.chars() {
            assert_eq!(line.press(Key::Text(c)), Outcome::Edited);
        }
    }

    fn press(line: &mut Line, keys: impl IntoIterator<Item = Key>) {
        for key in keys {
            assert_eq!(line.press(key), Outcome::Edited);
        }
    }

    fn enter(line: &mut Line) -> String {
        let outcome = line.press(Key::Enter);
        let Outcome::Accepted(text) = outcome else {
            panic!("{outcome:?}")
        };
        text
    }

    #[test]
    fn the_cursor_moves_over_characters_as_readers_see_them() {
        let mut line = Line::default();
        typed(&mut line, "ae\u{301}b"); // e with an accent of its own
        press(&mut line, [Key::Left, Key::Left]);
        typed(&mut line, "x");
        press(&mut line, [Key::Delete, Key::LineEnd, Key::Backspace]);
        assert_eq!(enter(&mut line), "ax");
    }

    #[test]
    fn parts_of_a_line_can_be_cut() {
        let mut line = Line::default();
        typed(&mut line, "one two  three");
        press(&mut line, [Key::KillWord]);
        assert_eq!(line.text, "one two  ");
        press(&mut line, [Key::KillWord]);
        assert_eq!(line.text, "one ");
        press(&mut line, [Key::Home, Key::Right, Key::KillToEnd]);
        assert_eq!(line.text, "o");
        press(&mut line, [Key::KillToStart, Key::Backspace, Key::Delete]);
        assert_eq!(line.text, "");
    }

    #[test]
    fn ctrl_d_ends_an_empty_line_and_deletes_in_another() {
        let mut line = Line::default();
        typed(&mut line, "ab");
        press(&mut line, [Key::Home, Key::End]);
        assert_eq!(line.text, "b");
        press(&mut line, [Key::End]);
        assert_eq!(line.press(Key::End), Outcome::Ended);
    }

    #[test]
    fn earlier_lines_come_back_and_the_new_one_is_kept() {
        let mut line = Line::default();
        for text in ["one", "two", "two", ""] {
            typed(&mut line, text);
            assert_eq!(enter(&mut line), text);
        }
        typed(&mut line, "new");
        press(&mut line, [Key::Down]);
        assert_eq!(line.text, "new");
        press(&mut line, [Key::Up]);
        assert_eq!(line.text, "two");
        press(&mut line, [Key::Up, Key::Up]);
        assert_eq!(line.text, "one");
        press(&mut line, [Key::Down, Key::Down]);
        assert_eq!(line.text, "new");
    }

    #[test]
    fn the_history_has_a_limit() {
        let mut line = Line::default();
        for number in 0..HISTORY_LIMIT + 1 {
            typed(&mut line, &number.to_string());
            enter(&mut line);
        }
        assert_eq!(line.history.len(), HISTORY_LIMIT);
        line.text = "x".repeat(HISTORY_LIMIT_BYTES + 1);
        enter(&mut line);
        assert!(line.history.is_empty());
    }

    #[test]
    fn a_line_that_is_too_wide_is_shown_around_its_cursor() {
        let mut line = Line::default();
        typed(&mut line, "abc\tdef");
        let picture = |line: &Line, columns| {
            let picture = line.picture(columns);
            (picture.text, picture.cursor)
        };
        assert_eq!(picture(&line, 80), ("abc def".to_owned(), 7));
        assert_eq!(picture(&line, 5), (" def".to_owned(), 4));
        press(&mut line, [Key::Home]);
        assert_eq!(picture(&line, 5), ("abc ".to_owned(), 0));
        typed(&mut line, "漢字"); // two columns each
        assert_eq!(picture(&line, 4), ("字a".to_owned(), 2));
        assert_eq!(picture(&line, 0), (String::new(), 0));
    }
}
