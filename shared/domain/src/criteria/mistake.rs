//! What is wrong in a criteria document, and where. The manager who wrote it reads these lines; every mistake that can
//! be found is reported at once.

use std::fmt;

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
pub(super) struct Notes {
    found: Vec<(usize, String)>,
    /// Parts of the document were not read: what seems to be missing may stand in them.
    torn: bool,
}

impl Notes {
    /// From here on what is missing is no mistake.
    pub(super) const fn tear(&mut self) {
        self.torn = true;
    }

    /// Notes that something is not there.
    pub(super) fn add_missing(&mut self, at: usize, message: impl FnOnce() -> String) {
        if !self.torn {
            self.add(at, message);
        }
    }

    /// Notes a mistake. The message is made only while there is room.
    pub(super) fn add(&mut self, at: usize, message: impl FnOnce() -> String) {
        if self.found.len() < MOST {
            self.found.push((at, message()));
        }
    }

    /// Whether nothing was found.
    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// In the order of the document, each once.
    pub(super) fn locate(mut self, text: &str) -> Vec<Mistake> {
        self.found.sort();
        self.found.dedup();
        let mut places = Places { text, line: 1, column: 1, at: 0 };
        self.found.into_iter().map(|(at, message)| places.mistake(at, message)).collect()
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

/// `, did you mean 'budget'?` for a word that is nearly one of the candidates, else nothing.
pub(super) fn did_you_mean<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    const LONGEST: usize = 64;
    if given.len() > LONGEST {
        return String::new();
    }
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= LONGEST)
        .map(|candidate| (distance(given, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count().div_ceil(3)).min(3))
        .min()
        .map_or_else(String::new, |(_, nearest)| format!(", did you mean '{nearest}'?"))
}

/// How many letters must be put in, taken out, changed or swapped with their neighbour (optimal string alignment),
/// upper and lower case being the same.
fn distance(one: &str, other: &str) -> usize {
    let one: Vec<char> = one.chars().flat_map(char::to_lowercase).collect();
    let other: Vec<char> = other.chars().flat_map(char::to_lowercase).collect();
    let mut rows: Vec<Vec<usize>> = vec![(0..=other.len()).collect()];
    for i in 1..=one.len() {
        let mut row = vec![i];
        for j in 1..=other.len() {
            let changed = rows[i - 1][j - 1] + usize::from(one[i - 1] != other[j - 1]);
            let mut least = changed.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}

/// At most the first forty characters of something a document says, for quoting it in a message.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 40;
    let short: String = text.chars().take(LONGEST).collect();
    let rest = if short.len() < text.len() { "…" } else { "" };
    format!("'{}{rest}'", short.escape_debug())
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

    #[test]
    fn near_words_are_offered_and_far_ones_not() {
        let words = ["budget", "preapproved", "type"];
        assert_eq!(did_you_mean("budgt", words), ", did you mean 'budget'?");
        assert_eq!(did_you_mean("tpye", words), ", did you mean 'type'?");
        assert_eq!(did_you_mean("Type", words), ", did you mean 'type'?");
        assert_eq!(did_you_mean("income", words), "");
        assert_eq!(did_you_mean(&"b".repeat(9_999), words), "");
    }
}
