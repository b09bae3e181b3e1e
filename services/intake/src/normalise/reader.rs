//! Takes the fields of one lead out of what was posted, one by one; what is left over at the end is `extra`.

use ripen_domain::submission::{Flag, Submission};
use ripen_web::FieldProblem;
use serde_json::{Map, Value};

use super::{
    map,
    normalised::Normalised,
    text::{self, Cleaned},
};
use crate::formats::Fields;

/// A submission in the making.
pub struct Reader {
    fields: Fields,
    unusable: Vec<(String, Value)>,
    /// As far as it is read.
    pub submission: Submission,
    /// Why it must be refused.
    pub errors: Vec<FieldProblem>,
}

impl Reader {
    /// Nothing read yet.
    pub fn new(fields: Fields) -> Self {
        Self { fields, unusable: Vec::new(), submission: Submission::default(), errors: Vec::new() }
    }

    /// The field's value; `null` says the same as no field.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.fields.remove(name).filter(|value| !value.is_null())
    }

    /// Keeps under `extra` what has another type than its field.
    pub fn set_aside(&mut self, name: &str, value: Value) {
        self.submission.flag(Flag::FieldUnusable);
        self.unusable.push((name.to_owned(), value));
    }

    /// Notes what had to be changed in a text. An empty text is no text.
    pub fn cleaned(&mut self, cleaned: Cleaned) -> Option<String> {
        if cleaned.controls {
            self.submission.flag(Flag::ControlCharacters);
        }
        if cleaned.cut {
            self.submission.flag(Flag::TextCut);
        }
        Some(cleaned.text).filter(|text| !text.is_empty())
    }

    /// A text of one line.
    pub fn line(&mut self, name: &str, most: usize) -> Option<String> {
        let value = self.take(name)?;
        match text::of(value) {
            Ok(text) => self.cleaned(text::line(text, most)),
            Err(value) => {
                self.set_aside(name, value);
                None
            }
        }
    }

    /// A text of any number of lines.
    pub fn text(&mut self, name: &str, most: usize) -> Option<String> {
        let value = self.take(name)?;
        match text::of(value) {
            Ok(text) => self.cleaned(text::lines(text, most)),
            Err(value) => {
                self.set_aside(name, value);
                None
            }
        }
    }

    /// An object whose members are the sender's own.
    pub fn map(&mut self, name: &str) -> Map<String, Value> {
        match self.take(name) {
            Some(Value::Object(members)) => self.bounded(members),
            Some(other) => {
                self.set_aside(name, other);
                Map::new()
            }
            None => Map::new(),
        }
    }

    fn bounded(&mut self, members: Map<String, Value>) -> Map<String, Value> {
        let bounded = map::bounded(members);
        for flag in bounded.flags {
            self.submission.flag(flag);
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
            self.submission.extra = self.bounded(rest);
        }
        Normalised { submission: self.submission, errors: self.errors }
    }
}
