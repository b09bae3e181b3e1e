//! Takes the fields of one lead out of what was posted, one by one; what is left over at the end is `extra`.

use jiff::tz::TimeZone;
use ripen_domain::{
    flag::{Flag, FlagCode},
    submission::Submission,
    time::zone,
    values::{Conventions, is_nothing},
};
use ripen_web::FieldProblem;
use serde_json::{Map, Value};

use super::{
    clock::LocalClock,
    map,
    normalised::Normalised,
    text::{self, Cleaned},
};
use crate::formats::Fields;

/// A submission in the making.
pub struct Reader {
    fields: Fields,
    unusable: Vec<(String, Value)>,
    client_zone: TimeZone,
    /// As far as it is read.
    pub submission: Submission,
    /// Why it must be refused.
    pub errors: Vec<FieldProblem>,
}

impl Reader {
    /// Nothing read yet.
    pub fn new(fields: Fields, client_zone: TimeZone) -> Self {
        Self { fields, unusable: Vec::new(), client_zone, submission: Submission::default(), errors: Vec::new() }
    }

    /// The field's value; `null` says the same as no field.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.fields.remove(name).filter(|value| !value.is_null())
    }

    /// How times are written where the person is, and by which clock: never UTC for want of a better one.
    pub fn clock(&self) -> LocalClock {
        let said = &self.submission;
        LocalClock {
            conventions: Conventions::of(said.locale.as_deref(), said.country.as_deref()),
            zone: said.time_zone.as_deref().and_then(zone).unwrap_or_else(|| self.client_zone.clone()),
        }
    }

    /// Notes that a field could not be used as it came, with the words that could not be understood.
    pub fn flag(&mut self, field: &str, code: FlagCode, said: &str) {
        self.submission.flag(Flag::new(field, code).saying(said));
    }

    /// Keeps under `extra` what has another type than its field.
    pub fn set_aside(&mut self, name: &str, value: Value) {
        self.flag(name, FlagCode::FieldUnusable, &text::shown(&value));
        self.unusable.push((name.to_owned(), value));
    }

    /// Keeps under `extra` what a field held beside what it is for.
    pub fn keep_beside(&mut self, name: &str, value: Value) {
        self.unusable.push((name.to_owned(), value));
    }

    /// Notes what had to be changed in a text. An empty text is no text.
    pub fn cleaned(&mut self, name: &str, cleaned: Cleaned) -> Option<String> {
        if cleaned.controls {
            self.flag(name, FlagCode::ControlCharacters, "");
        }
        if cleaned.cut {
            self.flag(name, FlagCode::TextCut, "");
        }
        Some(cleaned.text).filter(|text| !text.is_empty())
    }

    /// A text of one line. What says that there is nothing is none: it must never replace what is known.
    pub fn line(&mut self, name: &str, most: usize) -> Option<String> {
        let given = self.given_text(name)?;
        self.cleaned(name, text::line(given, most)).filter(|text| !is_nothing(text))
    }

    /// A name, of which `Null` may be one: see [`name::kept`](super::name::kept).
    pub fn name(&mut self, name: &str, most: usize) -> Option<String> {
        let given = self.given_text(name)?;
        self.cleaned(name, text::line(given, most))
    }

    /// A text of any number of lines.
    pub fn text(&mut self, name: &str, most: usize) -> Option<String> {
        let given = self.given_text(name)?;
        self.cleaned(name, text::lines(given, most)).filter(|text| !is_nothing(text))
    }

    fn given_text(&mut self, name: &str) -> Option<String> {
        match text::of(self.take(name)?) {
            Ok(text) => Some(text),
            // How programs say that there is no text.
            Err(Value::Bool(false)) => None,
            Err(value) => {
                self.set_aside(name, value);
                None
            }
        }
    }

    /// An object whose members are the sender's own.
    pub fn map(&mut self, name: &str) -> Map<String, Value> {
        match self.take(name) {
            Some(Value::Object(members)) => self.bounded(name, members),
            Some(Value::String(text)) if is_nothing(&text) => Map::new(),
            Some(Value::Bool(false)) | None => Map::new(),
            Some(other) => {
                self.set_aside(name, other);
                Map::new()
            }
        }
    }

    fn bounded(&mut self, name: &str, members: Map<String, Value>) -> Map<String, Value> {
        let bounded = map::bounded(members);
        for code in bounded.flags {
            self.flag(name, code, "");
        }
        bounded.members
    }

    /// The submission with everything that no field took.
    pub fn finish(mut self) -> Normalised {
        let mut rest = std::mem::take(&mut self.fields);
        rest.retain(|_, value| !value.is_null());
        for (name, value) in std::mem::take(&mut self.unusable) {
            rest.entry(name).or_insert(value);
        }
        if !rest.is_empty() {
            self.submission.extra = self.bounded("extra", rest);
        }
        Normalised { submission: self.submission, errors: self.errors }
    }
}
