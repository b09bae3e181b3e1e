//! Values of an event as one line of text, in words people use.

use jiff::{Timestamp, tz::TimeZone};
use ripen_domain::{
    delivery::Member,
    time_in_words::{exact, near},
};
use serde::Serialize;
use serde_json::Value;
use url::Url;

use crate::plain;

/// Longest short text, such as a name or an answer, in characters.
pub(super) const SHORT: usize = 300;

/// A member as one line of text, whatever stands there; `None` if there is nothing to say.
pub(super) fn word<T: Serialize>(member: &Member<T>) -> Option<String> {
    value_in_words(&member.to_value())
}

/// A value as one line of text; `None` if there is nothing to say.
pub(super) fn value_in_words(value: &Value) -> Option<String> {
    let text = match value {
        // Of a list or an object of the sender's own the JSON is shown: it is rare, and nothing of it is lost.
        Value::Null => return None,
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().filter_map(value_in_words).collect::<Vec<_>>().join(", "),
        Value::Number(_) | Value::Object(_) => value.to_string(),
    };
    let line = plain::line(&text, SHORT);
    (!line.is_empty()).then_some(line)
}

/// `timeframe_days` → `Timeframe days`.
pub(super) fn label(key: &str) -> String {
    if key == "email" {
        return "E-mail".to_owned();
    }
    let spaced = plain::line(key, 80).replace(['_', '-'], " ");
    let mut chars = spaced.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// The clock of who reads the mail.
pub(super) struct MailClock {
    pub(super) zone: TimeZone,
    /// When the body was written; days are named by it.
    pub(super) now: Option<Timestamp>,
}

/// A time in words, by the clock of who reads it; whatever else stands there is said as it stands.
pub(super) fn time<T: Serialize>(member: &Member<T>, clock: &MailClock) -> Option<String> {
    let text = word(member)?;
    // What is no time is shown as it stands: the client's own words may be there.
    let Ok(timestamp) = text.parse::<Timestamp>() else { return Some(text) };
    Some(match clock.now {
        Some(now) => near(timestamp, now, &clock.zone),
        None => exact(timestamp, &clock.zone),
    })
}

/// An address that a browser opens as a page.
pub(super) fn web_link(text: &str) -> Option<String> {
    // Only pages: `javascript:` and `data:` in a payload would become a button in the rep's mail.
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https")).map(String::from)
}

pub(super) fn joined<const N: usize>(parts: [Option<String>; N], between: &str) -> Option<String> {
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(between))
}
