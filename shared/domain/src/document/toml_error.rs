//! Where a document is no TOML: the parser's errors in the words of somebody who never heard of TOML. What is only a
//! consequence of an error before it in the same line is left out.

use std::collections::BTreeSet;

use toml::de::Error;

use crate::document::{
    mistake::Notes,
    suggestion::{looks_like, odd_letter},
};

const MORE_IN_LINE: &str = "nothing more is expected in this line: is a quote, a comma or a bracket wrong before this?";
const NO_VALUE: &str = "'=' and a value are missing after this key";
const COMMA: &str = "before this a comma is missing";
/// What may stand several times, in double brackets.
const SEVERAL: [&str; 4] = ["question", "rule", "gate", "disqualify"];

/// Notes what is wrong, each thing once.
pub(crate) fn note_broken(text: &str, mut errors: Vec<Error>, notes: &mut Notes) {
    // By place: what follows from an error stands behind it.
    errors.sort_by_key(at);
    let mut lines = BTreeSet::new();
    let mut last = String::new();
    let mut twice = BTreeSet::new();
    for error in errors {
        let at = at(&error);
        let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
        let message = in_words(error.message(), &text[line..], at - line);
        let follows = !lines.insert(line) && (message == MORE_IN_LINE || message == NO_VALUE)
            || message == last && message.starts_with(COMMA);
        last.clone_from(&message);
        let heading = message.starts_with("write [[").then(|| text[line..].trim_start_matches('[').split(']').next());
        // Once for each heading: [rule] written twenty times is one misunderstanding.
        if !follows && heading.flatten().is_none_or(|name| twice.insert(name)) {
            notes.add_broken(at, || format!("not TOML: {message}"));
        }
    }
}

/// Notes the first of very many errors.
pub(crate) fn note_first(text: &str, error: &Error, count: usize, notes: &mut Notes) {
    let at = at(error);
    let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let message = in_words(error.message(), &text[line..], at - line);
    notes.add_broken(at, || format!("not TOML, here and in {} more places: {message}", count - 1));
}

fn at(error: &Error) -> usize {
    error.span().map_or(0, |span| span.start)
}

/// The parser's message in other words. `rest` is the text from the beginning of the line, `at` the place in it.
fn in_words(message: &str, rest: &str, at: usize) -> String {
    let (what, expected) = message.split_once(", expected ").unwrap_or((message, ""));
    let words = match what {
        "string values must be quoted" | "invalid boolean" | "invalid float" | "invalid integer" | "invalid value" => {
            return value(rest.get(at..).unwrap_or_default());
        }
        "invalid basic string"
        | "invalid literal string"
        | "invalid multi-line basic string"
        | "invalid multi-line literal string"
            if matches!(expected, "`\"`" | "`'`") =>
        {
            "the text has no closing quote"
        }
        "invalid basic string"
        | "invalid literal string"
        | "invalid multi-line basic string"
        | "invalid multi-line literal string" => {
            let code = rest.get(at..).and_then(|rest| rest.chars().next()).map_or(0, u32::from);
            return format!("the character U+{code:04X} cannot stand in a text");
        }
        "key with no value" => NO_VALUE,
        "duplicate key" => return twice(rest),
        "extra `=`" => "one '=' is enough",
        "unexpected key or value" => MORE_IN_LINE,
        "missing comma between array elements" => return format!("{COMMA}, or the bracket that ends the list"),
        "missing comma between key-value pairs" | "missing key for inline table element" => {
            return format!("{COMMA}, or the brace that ends the table");
        }
        "invalid key-value pair" => "a line begins with a key, or with a heading in brackets",
        "cannot extend value of type string with a dotted key" => "what stands before the dot has a value already",
        "unclosed array table" | "unclosed table" | "unclosed array" | "unclosed inline table" => {
            "a closing bracket is missing"
        }
        "invalid unquoted key" => {
            let odd = rest.get(at..).and_then(|rest| rest.chars().next()).map(String::from).unwrap_or_default();
            return format!("a key has letters, digits, '_' and '-', then '='{}", odd_letter(&odd));
        }
        "unquoted keys cannot be empty" => "a key is missing before this",
        "missing escaped value" => "a backslash begins an escape: write two, or put the text in single quotes",
        // The parser's own words where none are known here: they may change with its version.
        _ => return message.to_owned(),
    };
    words.to_owned()
}

/// A value that stands without quotes and is none.
fn value(rest: &str) -> String {
    let written = rest.lines().next().unwrap_or_default().trim_start();
    let written = written.split(['#', ',', ']']).next().unwrap_or_default();
    match written.chars().next() {
        None => "a value is missing here".into(),
        Some(quote) if looks_like(quote).is_some_and(|plain| matches!(plain, "'" | "\"")) => {
            format!("this is no quote{}: write \"", odd_letter(&quote.to_string()))
        }
        Some('+' | '-' | '0'..='9') => "a number has digits only, without spaces, units or '%'".into(),
        _ if is_flag(written.trim()) => "write true or false, in small letters".into(),
        Some(_) => "a text must stand in quotes".into(),
    }
}

fn is_flag(word: &str) -> bool {
    ["true", "false", "yes", "no", "on", "off"].iter().any(|flag| word.eq_ignore_ascii_case(flag))
}

fn twice(line: &str) -> String {
    let heading = line.trim_start();
    let name = heading.trim_start_matches('[').split([']', '\n']).next().unwrap_or_default().trim();
    if heading.starts_with('[') && SEVERAL.contains(&name) {
        return format!("write [[{name}]], in double brackets each time");
    }
    "this stands twice".into()
}
