//! Takes the fields of one lead out of what was posted, one by one; what is left over at the end is `extra`.

use jiff::tz::TimeZone;
use ripen_domain::{
    flag::{Flag, FlagCode},
    list::{
        header::{FIELDS, GROUPS, nearly_field},
        wish::is_wish,
    },
    submission::Submission,
    time::zone,
    values::{Conventions, UnusableId, is_filler, is_nothing, unusable_id},
};
use ripen_web::FieldProblem;
use serde_json::{Map, Value};

use super::{
    clock::LocalClock,
    map,
    normalised::Normalised,
    other_contact,
    text::{self, Cleaned},
};
use crate::formats::Fields;

/// What came under one name.
pub struct RepeatedField {
    /// The first that is usable.
    pub first: Value,
    /// What else was said.
    pub others: Vec<Value>,
}

/// A submission in the making.
pub struct Reader {
    fields: Fields,
    /// The fields that were posted.
    given: Vec<&'static str>,
    unusable: Vec<(String, Value)>,
    client_zone: TimeZone,
    /// The phone number began with a `+` that was not encoded.
    pub has_bare_plus: bool,
    /// As far as it is read.
    pub submission: Submission,
    /// Why it must be refused.
    pub errors: Vec<FieldProblem>,
}

impl Reader {
    /// Nothing read yet.
    pub fn new(fields: Fields, client_zone: TimeZone) -> Self {
        let is_given = |field: &&'static str| fields.get(*field).is_some_and(|value| !value.is_null());
        let given = FIELDS.into_iter().chain(GROUPS).filter(is_given).collect();
        let (submission, errors) = (Submission::default(), Vec::new());
        Self { fields, given, unusable: Vec::new(), client_zone, has_bare_plus: false, submission, errors }
    }

    /// The field's value; `null` says the same as no field.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.fields.remove(name).filter(|value| !value.is_null())
    }

    /// What no field has taken yet.
    pub const fn rest(&self) -> &Fields {
        &self.fields
    }

    /// The field's value; of several under one name the first that is usable. The others are flagged, and kept under `extra`.
    pub fn take_first(&mut self, name: &str, is_usable: impl Fn(&str) -> bool) -> Option<Value> {
        let RepeatedField { first, mut others } = self.take_all(name, is_usable)?;
        if others.len() > 1 {
            self.set_aside(name, Value::Array(others));
        } else if let Some(other) = others.pop() {
            self.set_aside(name, other);
        }
        Some(first)
    }

    /// The field's values: two inputs of a form may be called the same.
    pub fn take_all(&mut self, name: &str, is_usable: impl Fn(&str) -> bool) -> Option<RepeatedField> {
        let mut values = match self.take(name)? {
            Value::Array(values) if is_repeated(&values) => values,
            first => return Some(RepeatedField { first, others: Vec::new() }),
        };
        let at = values.iter().position(|value| is_usable(&text::shown(value))).unwrap_or_default();
        let first = values.remove(at);
        // What says the same again, or nothing, is not missed.
        values.retain(|value| *value != first && !is_nothing(&text::shown(value)));
        Some(RepeatedField { first, others: values })
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

    /// What is kept under `extra` beside a field of this name.
    pub fn beside(&self, name: &str) -> Vec<Value> {
        self.unusable.iter().filter(|(field, _)| field == name).map(|(_, value)| value.clone()).collect()
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

    /// A text of one line in which people write that there is none: that is flagged with its word, and is none.
    pub fn words(&mut self, name: &str, most: usize) -> Option<String> {
        let said = self.line(name, most)?;
        if is_filler(&said) {
            self.flag(name, FlagCode::FieldUnusable, &said);
            return None;
        }
        Some(said)
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
        match text::of(self.take_first(name, |text| !is_nothing(text))?) {
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

    /// What landing pages note: texts, of which none is a number.
    pub fn tracking(&mut self) -> Map<String, Value> {
        let members = self.map("tracking");
        rounded("tracking.", &members).into_iter().for_each(|flag| self.submission.flag(flag));
        members
    }

    /// Flags what is nearly a field, where that was not given: kept under `extra`, nobody would miss it where it belongs. Beside
    /// the field it is another one, such as a list's second column of addresses. So is a further way to reach the person.
    fn flag_unknown(&mut self, rest: &Map<String, Value>) {
        for (name, value) in rest {
            let contact = other_contact::in_field_of_their_own(&self.submission, name, value);
            // A wish under another name (`DoNotContact__c`) is read as one, and needs no guess.
            let nearly = nearly_field(name).filter(|field| !self.given.contains(field) && !is_wish(name));
            if let Some(field) = nearly {
                let flag = Flag::new(name, FlagCode::UnknownField).saying(&text::shown(value));
                self.submission.flag(flag.meaning(field));
            } else if let Some(flag) = contact {
                self.submission.flag(flag);
            }
        }
    }

    /// The submission with everything that no field took.
    pub fn finish(mut self) -> Normalised {
        let mut rest = std::mem::take(&mut self.fields);
        rest.retain(|_, value| !value.is_null());
        self.flag_unknown(&rest);
        for (name, value) in std::mem::take(&mut self.unusable) {
            keep_each(&mut rest, name, value);
        }
        if !rest.is_empty() {
            self.submission.extra = self.bounded("extra", rest);
            let extra = rounded("", &self.submission.extra);
            extra.into_iter().for_each(|flag| self.submission.flag(flag));
        }
        Normalised { submission: self.submission, errors: self.errors }
    }
}

/// Puts a value beside what its name holds already: nothing that was said is lost.
fn keep_each(members: &mut Map<String, Value>, name: String, value: Value) {
    match members.get_mut(&name) {
        Some(Value::Array(known)) => known.push(value),
        Some(known) => *known = Value::Array(vec![known.take(), value]),
        None => drop(members.insert(name, value)),
    }
}

/// Flags of the texts that a spreadsheet rounded.
fn rounded(group: &str, members: &Map<String, Value>) -> Vec<Flag> {
    let texts = members.iter().filter_map(|(name, value)| Some((name, value.as_str()?)));
    let rounded = texts.filter(|(_, text)| unusable_id(text) == Some(UnusableId::Rounded));
    rounded.map(|(name, text)| Flag::new(&format!("{group}{name}"), FlagCode::Rounded).saying(text)).collect()
}

/// Whether a list is of texts and numbers, several: a form's field that came more than once.
fn is_repeated(values: &[Value]) -> bool {
    values.len() > 1 && values.iter().all(|value| value.is_string() || value.is_number())
}
