//! What commands print: results to standard output, as a table or JSON; errors to standard error, with their causes.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use jiff::{Timestamp, tz::TimeZone};
use serde_json::Value;

/// Prints one result: pretty JSON, or `key: value` lines.
pub fn record(json: bool, record: &Value) -> io::Result<()> {
    // The lock once for the whole record: lines of other threads do not fall between.
    let mut out = io::stdout().lock();
    match record {
        Value::Object(fields) if !json => {
            let width = fields.keys().map(String::len).max().unwrap_or(0);
            for (key, value) in fields {
                writeln!(out, "{key:width$}  {}", cell(value))?;
            }
            Ok(())
        }
        _ => writeln!(out, "{record:#}"),
    }
}

/// Prints many results: a JSON array, or a table with the given columns.
pub fn table(json: bool, columns: &[&str], rows: &[Value]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if json {
        // The keys of JSON rows are the whole record; columns only choose what fits a terminal.
        return writeln!(out, "{:#}", Value::Array(rows.to_vec()));
    }
    let cells: Vec<Vec<String>> = rows.iter().map(|row| columns.iter().map(|key| cell(&row[*key])).collect()).collect();
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

/// Says how to go on where a page is full: behind its last row.
pub fn say_more(rows: &[Value], next: Option<String>, limit: u32) {
    let is_full = u32::try_from(rows.len()).is_ok_and(|count| count >= limit);
    if let Some(next) = next.filter(|_| is_full) {
        say(&format!("there may be more: --after {next}"));
    }
}

/// Prints text to standard output as it is.
pub fn text(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    // Flushed here, so that a closed pipe is an error of this command and not a loss at exit.
    out.flush()
}

/// An instant by the clock of the place, to the minute.
pub fn local(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%F %R %Z").to_string()
}

/// Says something to the person at the terminal. That standard error is closed is no reason to stop.
pub fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
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

/// Unknown is "–", texts stand without quotes.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
