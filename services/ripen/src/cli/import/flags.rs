//! What could not be used as it came: how often, in which words, and what to do about it.

use std::collections::BTreeMap;

use ripen_domain::{lead::Channel, list::mapping::PassedCell};
use ripen_outbound::intake::FlagAnswer;
use serde_json::{Value, json};

/// Lines that are named of each flag.
const LINES: usize = 3;
/// Words that are named of each flag, the most frequent.
const SHOWN: usize = 5;
/// Different words that are counted of each flag.
const COUNTED: usize = 1000;
/// A cell that a later column of its field was preferred to: no flag of a lead, for it is kept under its column's name.
const PASSED_OVER: &str = "column_passed_over";

#[derive(Default)]
struct ReportedFlag {
    rows: u64,
    lines: Vec<u64>,
    said: BTreeMap<String, u64>,
}

impl ReportedFlag {
    fn count(&mut self, line: u64, said: Option<&str>) {
        self.rows += 1;
        if self.lines.len() < LINES {
            self.lines.push(line);
        }
        let Some(said) = said else { return };
        if self.said.len() < COUNTED || self.said.contains_key(said) {
            *self.said.entry(said.to_owned()).or_default() += 1;
        }
    }

    /// The words that came most often, those first.
    fn words(&self) -> Vec<&str> {
        let mut words: Vec<_> = self.said.iter().collect();
        words.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        words.into_iter().take(SHOWN).map(|(said, _)| said.as_str()).collect()
    }
}

/// Flags by field and code.
#[derive(Default)]
pub struct ReportedFlags(BTreeMap<(String, String), ReportedFlag>);

impl ReportedFlags {
    /// Counts the flags of a row.
    pub fn count(&mut self, line: u64, flags: &[FlagAnswer]) {
        for flag in flags {
            let (field, code, said) = parts(flag);
            self.0.entry((field.to_owned(), code.to_owned())).or_default().count(line, said);
        }
    }

    /// Counts cells that a later column of their field was preferred to.
    pub fn pass_over(&mut self, line: u64, passed: Vec<PassedCell>) {
        for PassedCell { field, column, said } in passed {
            let said = format!("{column}: {said}");
            self.0.entry((field, PASSED_OVER.to_owned())).or_default().count(line, Some(&said));
        }
    }

    /// As tables and JSON show them.
    pub fn rows(&self) -> Vec<Value> {
        let row = |((field, code), flag): (&(String, String), &ReportedFlag)| {
            let words = flag.words();
            json!({"field": field, "flag": code, "rows": flag.rows, "first_lines": flag.lines,
                   "do": advice(code, &words), "said": words})
        };
        self.0.iter().map(row).collect()
    }
}

impl ReportedFlags {
    /// What to write so that more is understood, flag by flag.
    pub fn advice(&self) -> Vec<String> {
        self.0.iter().filter_map(|((_, code), flag)| advice(code, &flag.words())).collect()
    }
}

/// A flag in a line.
pub fn in_words(flag: &FlagAnswer) -> String {
    let (field, code, said) = parts(flag);
    let said = said.map(|said| format!(" ({said})")).unwrap_or_default();
    format!("{field}: {code}{said}")
}

fn parts(flag: &FlagAnswer) -> (&str, &str, Option<&str>) {
    match flag {
        FlagAnswer::OfField { field, code, said } => (field, code, said.as_deref()),
        FlagAnswer::Word(word) => (field_of(word), word, None),
    }
}

/// What to write so that the words are understood.
fn advice(code: &str, words: &[&str]) -> Option<String> {
    if code != "channel_unknown" || words.is_empty() {
        return None;
    }
    let replace = |said: &&str| {
        let meant = Channel::perhaps(said).map_or("CHANNEL", Channel::word);
        // Within quotation marks of a shell, one is written so.
        format!("--replace 'channel:{}={meant}'", said.replace('\'', "'\\''"))
    };
    let replaces: Vec<_> = words.iter().map(replace).collect();
    let channels: Vec<_> = Channel::ALL.iter().map(|channel| channel.word()).collect();
    Some(format!("{}; the channels are {}", replaces.join(" "), channels.join(", ")))
}

/// The field that a word is about: `phone_unusable` says it.
fn field_of(word: &str) -> &str {
    let endings = ["_unusable", "_unknown", "_doubtful"];
    let field = endings.iter().find_map(|ending| word.strip_suffix(ending));
    field.filter(|field| *field != "field").unwrap_or("–")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_counted_by_field_with_their_first_lines() {
        let mut flags = ReportedFlags::default();
        for line in 2..9 {
            flags.count(line, &[FlagAnswer::Word("phone_unusable".to_owned())]);
        }
        assert_eq!(
            flags.rows(),
            [
                json!({"field": "phone", "flag": "phone_unusable", "rows": 7, "first_lines": [2, 3, 4], "do": null, "said": []})
            ]
        );
    }

    #[test]
    fn channels_that_are_not_known_are_named_with_what_to_write() {
        let mut flags = ReportedFlags::default();
        for (line, said) in [(2, "radio"), (3, "web"), (4, "web"), (5, "dad's friend")] {
            let (field, code) = ("channel".to_owned(), "channel_unknown".to_owned());
            flags.count(line, &[FlagAnswer::OfField { field, code, said: Some(said.to_owned()) }]);
        }
        let rows = flags.rows();
        assert_eq!(rows[0]["said"], json!(["web", "dad's friend", "radio"]));
        let told = rows[0]["do"].as_str().unwrap();
        assert!(told.starts_with("--replace 'channel:web=web_form' "), "{told}");
        assert!(told.contains("'channel:radio=CHANNEL'; the channels are in_person, "), "{told}");
        assert!(told.contains(r"'channel:dad'\''s friend=CHANNEL'"), "{told}");
    }
}
