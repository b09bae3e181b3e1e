//! What is wrong in a criteria document, and where. The manager who wrote it reads these lines; every mistake that can
//! be found is reported at once.

use std::{collections::BTreeSet, fmt};

/// One thing wrong, or doubtful, in a criteria document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// Line in the document, from 1.
    pub line: u32,
    /// Character in the line, from 1.
    pub column: u32,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for Mistake {}

/// No more than this many are collected: a hostile document cannot make the report larger than itself.
const MOST: usize = 200;

/// Mistakes by their place in the text, in bytes.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    found: Vec<Note>,
    /// Parts of the document were not read: what seems to be missing may stand in them.
    torn: bool,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Note {
    at: usize,
    message: String,
    /// The text is no TOML here: what is read from the same line says nothing.
    broken: bool,
}

impl Notes {
    /// Notes that the text is no TOML here. From here on what is missing is no mistake.
    pub(crate) fn add_broken(&mut self, at: usize, message: impl FnOnce() -> String) {
        self.torn = true;
        // Bounded: a hostile document could otherwise make millions of messages.
        if self.found.len() < MOST {
            self.found.push(Note { at, message: message(), broken: true });
        }
    }

    /// Whether parts of the document were not read.
    pub(crate) const fn is_torn(&self) -> bool {
        self.torn
    }

    /// Notes that something is not there.
    pub(crate) fn add_missing(&mut self, at: usize, message: impl FnOnce() -> String) {
        // In a torn text what seems to be missing may stand in the part that could not be read.
        if !self.torn {
            self.add(at, message);
        }
    }

    /// Notes a mistake. The message is made only while there is room.
    pub(crate) fn add(&mut self, at: usize, message: impl FnOnce() -> String) {
        if self.found.len() < MOST {
            self.found.push(Note { at, message: message(), broken: false });
        }
    }

    /// Whether there is no room for more: looking further would only cost time.
    pub(crate) fn is_full(&self) -> bool {
        self.found.len() >= MOST
    }

    /// Whether nothing was found.
    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// In the order of the document, each once.
    pub(crate) fn locate(mut self, text: &str) -> Vec<Mistake> {
        // By place, so that the text is walked once for all lines and columns.
        self.found.sort();
        self.found.dedup();
        let torn = self.torn;
        // A value that could not be read has no place: it is shown where the text is broken.
        self.found.retain(|note| note.broken || note.at > 0 || !torn);
        // What stands after the last line is shown at its end: an editor can go there.
        let last = text.trim_end_matches(['\n', '\r']).len();
        let mut places = Places { text, line: 1, column: 1, at: 0 };
        let located = self.found.into_iter().map(|note| (note.broken, places.mistake(note.at.min(last), note.message)));
        let located: Vec<_> = located.collect();
        // What follows on a broken line from its being broken is not reported beside it.
        let broken: BTreeSet<u32> =
            located.iter().filter(|(is_broken, _)| *is_broken).map(|(_, found)| found.line).collect();
        let says_something = |(is_broken, found): &(bool, Mistake)| *is_broken || !broken.contains(&found.line);
        located.into_iter().filter(says_something).map(|(_, found)| found).collect()
    }
}

/// A walk through the text that counts lines and characters once, for ascending places.
struct Places<'t> {
    text: &'t str,
    line: u32,
    column: u32,
    at: usize,
}

impl Places<'_> {
    fn mistake(&mut self, at: usize, message: String) -> Mistake {
        for (offset, character) in self.text[self.at..].char_indices() {
            if self.at + offset >= at {
                self.at += offset;
                return Mistake { line: self.line, column: self.column, message };
            }
            if character == '\n' {
                (self.line, self.column) = (self.line + 1, 1);
            } else {
                self.column += 1;
            }
        }
        self.at = self.text.len();
        Mistake { line: self.line, column: self.column, message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_lines_and_characters() {
        let mut notes = Notes::default();
        for at in [0, 4, 7, 8, 99] {
            notes.add(at, || "x".into());
        }
        let places: Vec<_> = notes.locate("aé\nbü €\nc").into_iter().map(|m| (m.line, m.column)).collect();
        assert_eq!(places, [(1, 1), (2, 1), (2, 3), (2, 4), (3, 2)]);
    }
}
