//! What commands print: results to standard output, as a table or JSON; errors to standard error, with their causes.

use std::{
    borrow::Cow,
    io::{self, IsTerminal as _, Write as _},
    process::ExitCode,
};

use jiff::{Timestamp, tz::TimeZone};
use serde_json::Value;

/// Prints one result: pretty JSON, or `key  value` lines, with instants in UTC.
pub fn record(json: bool, record: &Value) -> io::Result<()> {
    record_at(json, &TimeZone::UTC, record)
}

/// The same, with instants by the clock of a place.
pub fn record_at(json: bool, zone: &TimeZone, record: &Value) -> io::Result<()> {
    // The lock once for the whole record: lines of other threads do not fall between.
    let mut out = io::stdout().lock();
    match record {
        Value::Object(fields) if !json => {
            let width = fields.keys().map(String::len).max().unwrap_or(0);
            for (key, value) in fields {
                writeln!(out, "{key:width$}  {}", cell(value, zone))?;
            }
            Ok(())
        }
        _ => writeln!(out, "{}", json_text(&format!("{record:#}"))),
    }
}

/// Prints many results: a JSON array, or a table with the given columns and instants in UTC.
pub fn table(json: bool, columns: &[&str], rows: &[Value]) -> io::Result<()> {
    table_at(json, &TimeZone::UTC, columns, rows)
}

/// The same, with instants by the clock of a place.
pub fn table_at(json: bool, zone: &TimeZone, columns: &[&str], rows: &[Value]) -> io::Result<()> {
    if rows.is_empty() {
        // Beside the data: a header alone, or `[]`, leaves open whether the command did anything.
        say("there are none");
    }
    let mut out = io::stdout().lock();
    if json {
        // The keys of JSON rows are the whole record; columns only choose what fits a terminal.
        return writeln!(out, "{}", json_text(&format!("{:#}", Value::Array(rows.to_vec()))));
    }
    let cells: Vec<Vec<String>> =
        rows.iter().map(|row| columns.iter().map(|key| cell(&row[*key], zone)).collect()).collect();
    // Characters, not bytes: names with accents would shift the columns after them.
    let width = |i: usize| cells.iter().map(|row| row[i].chars().count()).max().unwrap_or(0).max(columns[i].len());
    let widths: Vec<_> = (0..columns.len()).map(width).collect();
    let mut line = |texts: &mut dyn Iterator<Item = &str>| {
        let padded: Vec<_> = texts.zip(&widths).map(|(text, width)| format!("{text:width$}")).collect();
        writeln!(out, "{}", padded.join("  ").trim_end())
    };
    line(&mut columns.iter().copied())?;
    for row in &cells {
        line(&mut row.iter().map(String::as_str))?;
    }
    Ok(())
}

/// A row of a list that goes on behind it with `--after NEXT`.
pub fn paged(row: Value, next: Option<String>) -> Value {
    match row {
        Value::Object(mut members) => {
            members.insert("next".to_owned(), Value::from(next));
            Value::Object(members)
        }
        other => other,
    }
}

/// `1 day`, `2 days`.
pub fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// Says how to go on where a page is full: behind its last row.
pub fn say_more(rows: &[Value], next: Option<String>, limit: u32) {
    let is_full = u32::try_from(rows.len()).is_ok_and(|count| count >= limit);
    if let Some(next) = next.filter(|_| is_full) {
        say(&format!("there may be more: --after {next}"));
    }
}

/// Prints text to standard output: as it is into a file or a pipe, and so that it cannot drive a terminal.
pub fn text(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let shown = if out.is_terminal() { lines_for_terminal(text) } else { Cow::Borrowed(text) };
    out.write_all(shown.as_bytes())?;
    // Flushed here, so that a closed pipe is an error of this command and not a loss at exit.
    out.flush()
}

/// An instant by the clock of the place, to the minute: the one form in which people read times.
pub fn local(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%F %R %Z").to_string()
}

/// Says something to the person at the terminal. That standard error is closed is no reason to stop.
pub fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", lines_for_terminal(text));
}

/// Prints an error with its causes, each once.
pub fn failed(error: &anyhow::Error) -> ExitCode {
    let mut said: Vec<String> = Vec::new();
    for cause in error.chain() {
        let text = cause.to_string();
        // Wrapped errors often quote their cause already; said twice, the line gets too long to read.
        if !said.iter().any(|before| before.contains(&text)) {
            said.push(text);
        }
    }
    say(&format!("ripen: {}", said.join(": ")));
    ExitCode::from(1)
}

/// Unknown is "–", texts stand without quotes, instants are civil times.
fn cell(value: &Value, zone: &TimeZone) -> String {
    match civil(value, zone) {
        Value::Null => "–".to_owned(),
        Value::String(text) => for_terminal(&text, |_| false).into_owned(),
        other => json_text(&other.to_string()),
    }
}

/// A value with the instants in it as people read them. Programs get them as RFC 3339.
fn civil(value: &Value, zone: &TimeZone) -> Value {
    match value {
        Value::String(text) => instant(text).map_or_else(|| value.clone(), |at| local(at, zone).into()),
        Value::Array(items) => items.iter().map(|item| civil(item, zone)).collect(),
        Value::Object(fields) => fields.iter().map(|(key, value)| (key.clone(), civil(value, zone))).collect(),
        _ => value.clone(),
    }
}

/// A text that is an instant as JSON writes it, and nothing else.
fn instant(text: &str) -> Option<Timestamp> {
    let is_one = text.ends_with('Z') && text.as_bytes().get(10) == Some(&b'T');
    text.parse().ok().filter(|_| is_one)
}

/// JSON in which no character drives a terminal: those that JSON itself leaves as they are stand as their escapes.
fn json_text(json: &str) -> String {
    // They stand in texts alone, where an escape means the same; the line ends are those between members.
    let is_shown = |c: char| c == '\n' || !drives(c);
    let shown = json.chars().map(|c| if is_shown(c) { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) });
    shown.collect()
}

/// Several lines, of which none can drive a terminal.
fn lines_for_terminal(text: &str) -> Cow<'_, str> {
    for_terminal(text, |c| matches!(c, '\n' | '\t'))
}

/// A text from whoever, with every character escaped that a terminal would obey and not show: names, answers of servers and
/// reasons are typed by strangers.
fn for_terminal(text: &str, may_stay: impl Fn(char) -> bool) -> Cow<'_, str> {
    let is_shown = |c: char| !drives(c) || may_stay(c);
    if text.chars().all(is_shown) {
        return Cow::Borrowed(text);
    }
    let shown = text.chars().map(|c| if is_shown(c) { c.to_string() } else { c.escape_default().to_string() });
    Cow::Owned(shown.collect())
}

/// Whether a terminal obeys it: control characters of both sets, and those that set the direction of what stands beside them.
fn drives(c: char) -> bool {
    let sets_direction =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || sets_direction
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_strangers_typed_drives_no_terminal() {
        let cell = |value| cell(&value, &TimeZone::UTC);
        assert_eq!(cell(json!("\u{1b}[2Jé\n\u{9b}1m\u{202e}x")), "\\u{1b}[2Jé\\n\\u{9b}1m\\u{202e}x");
        assert_eq!(cell(json!("مريم 小明")), "مريم 小明");
        let shown = json_text(&format!("{:#}", json!({"a": ["\u{1b}", "\u{9b}", "\u{7f}\u{2066}"]})));
        assert!(!shown.contains(['\u{1b}', '\u{9b}', '\u{7f}', '\u{2066}']), "{shown}");
        assert_eq!(
            serde_json::from_str::<Value>(&shown).unwrap(),
            json!({"a": ["\u{1b}", "\u{9b}", "\u{7f}\u{2066}"]})
        );
        assert_eq!(lines_for_terminal("one\n\ttwo\r\u{7}"), "one\n\ttwo\\r\\u{7}");
    }

    #[test]
    fn people_read_civil_times_with_their_zone() {
        let chicago = ripen_domain::time::zone("America/Chicago").unwrap();
        for (value, shown) in [
            (json!("2026-11-24T16:05:09.123456Z"), "2026-11-24 10:05 CST"),
            (json!("2026-07-24T16:05:09Z"), "2026-07-24 11:05 CDT"),
            (json!({"made": "2026-11-24T16:05:09Z", "n": 1}), r#"{"made":"2026-11-24 10:05 CST","n":1}"#),
            (json!("2026-11-24"), "2026-11-24"),
            (json!("from 2026-11-24T16:05:09Z on"), "from 2026-11-24T16:05:09Z on"),
            (json!("2026-11-24T10:05:09-06:00"), "2026-11-24T10:05:09-06:00"),
            (Value::Null, "–"),
        ] {
            assert_eq!(cell(&value, &chicago), shown);
        }
    }
}
