//! When somebody was born, as senders say it among the fields that Ripen has no name for. It is kept nowhere but in the arrival, and
//! used for nothing but to know a person again.

use jiff::civil::Date;
use serde_json::Value;

use crate::{
    submission::Submission,
    values::{Conventions, ReadDate, date},
};

/// Names of the field, as [`folded_key`] makes them.
const NAMES: [&str; 13] = [
    "birthdate",
    "birthday",
    "dateofbirth",
    "datofbirth",
    "dob",
    "geburtsdatum",
    "geburtstag",
    "datedenaissance",
    "datadinascita",
    "datadenascimento",
    "fechadenacimiento",
    "fechanacimiento",
    "geboortedatum",
];

/// A day on which somebody was born. `Debug` shows nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BirthDate(Date);

impl std::fmt::Debug for BirthDate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BirthDate(…)")
    }
}

impl BirthDate {
    /// The date that a submission says; none where it says none that tells people apart, or could mean two days.
    #[must_use]
    pub fn said_in(submission: &Submission) -> Option<Self> {
        let by = Conventions::of(submission.locale.as_deref(), submission.country.as_deref());
        let mut said = submission.extra.iter().filter(|(name, _)| NAMES.contains(&folded_key(name).as_str()));
        said.find_map(|(_, value)| Self::read(value, &by))
    }

    fn read(value: &Value, by: &Conventions) -> Option<Self> {
        let text = match value {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        // `19900304` counts no seconds.
        let is_compact = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
        let day = match is_compact {
            true => Date::strptime("%Y%m%d", &text).ok()?,
            false => match date(&text, by).ok()? {
                ReadDate::Day(day) => day,
                ReadDate::Local(at) | ReadDate::Zoned(at, _) => at.date(),
                ReadDate::At(at) => at.to_zoned(jiff::tz::TimeZone::UTC).date(),
            },
        };
        // What forms begin with is nobody's.
        let is_a_default = (day.month(), day.day()) == (1, 1);
        ((1900..2100).contains(&day.year()) && !is_a_default).then_some(Self(day))
    }
}

fn folded_key(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn born(extra: Value, country: &str) -> Option<BirthDate> {
        let extra = extra.as_object().cloned().unwrap_or_default();
        BirthDate::said_in(&Submission { extra, country: Some(country.to_owned()), ..Submission::default() })
    }

    #[rstest]
    #[case(json!({"date_of_birth": "1990-03-04"}), "US")]
    #[case(json!({"Date of Birth": "03/04/1990"}), "US")]
    #[case(json!({"dob": 19900304}), "AU")]
    #[case(json!({"DOB": "4/3/1990"}), "AU")]
    #[case(json!({"Geburtsdatum": "04.03.1990"}), "DE")]
    fn one_day_in_its_spellings(#[case] extra: Value, #[case] country: &str) {
        assert!(born(extra, country).is_some_and(|born| born.0 == jiff::civil::date(1990, 3, 4)));
    }

    #[rstest]
    #[case(json!({"dob": "1970-01-01"}))]
    #[case(json!({"dob": "1990"}))]
    #[case(json!({"dob": "19909999"}))]
    #[case(json!({"dob": ""}))]
    #[case(json!({"date": "1990-03-04"}))]
    fn what_says_nothing_of_a_person(#[case] extra: Value) {
        assert!(born(extra, "US").is_none());
    }
}
