//! Of several columns for one field, the one that can be used: a number that is none must not hide the one in the next column.

use super::{FieldOrigin, Mapping, cell_at, fill};
use crate::{
    contact::{DialCode, Email, Phone},
    country::country_written,
    list::wish::{ContactWish, wish_in_field},
    values::{is_nothing, yes_no},
};

/// Digits of a number whose country nobody knows: with fewer it is taken for none.
const DIGITS: usize = 8;

/// A cell that a later column was preferred to, because nobody is reached by it.
#[derive(Clone, PartialEq, Eq)]
pub struct PassedCell {
    /// The field.
    pub field: String,
    /// The column.
    pub column: String,
    /// What it says.
    pub said: String,
}

/// What was said may be contact data.
impl std::fmt::Debug for PassedCell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.field, self.column)
    }
}

impl Mapping {
    /// The same for a source of this country (ISO 3166 alpha-2), by which the numbers of its rows are read.
    #[must_use]
    pub fn of_country(self, country: &str) -> Self {
        Self { country: Some(country.to_owned()), ..self }
    }

    /// Cells of a row that a later column of their field was preferred to. They are kept under their column's name.
    #[must_use]
    pub fn passed_over(&self, row: &[String]) -> Vec<PassedCell> {
        let mut passed = Vec::new();
        for filled in &self.filled {
            let FieldOrigin::Columns(columns) = &filled.origin else { continue };
            if columns.len() < 2 {
                continue;
            }
            let field = &filled.field;
            let texts = self.texts(field, columns, row);
            let chosen = self.chosen(field, &texts, row).unwrap_or(0);
            let said = texts.into_iter().take(chosen).filter(|(_, text)| !is_nothing(text));
            let column = |place: usize| self.header.get(place).cloned().unwrap_or_default();
            passed.extend(said.map(|(place, said)| PassedCell { field: field.clone(), column: column(place), said }));
        }
        passed
    }

    /// What the columns of a field say of it, each with its place. A dialling code under `country_code` says no country: it stays under
    /// its column's name, beside the number.
    pub(super) fn texts(&self, field: &str, columns: &[usize], row: &[String]) -> Vec<(usize, String)> {
        let is_dialled = |place: usize, text: &str| {
            field == "country" && self.dial_codes.contains(&place) && DialCode::written(text).is_some()
        };
        let texts = columns.iter().map(|place| (*place, self.replaced(field, cell_at(row, *place))));
        texts.filter(|(place, text)| !is_dialled(*place, text)).collect()
    }

    /// Which of these counts: the first by which somebody is reached, where the field is for that; else the first that says
    /// something. A word for nothing gives way to what another column says; where none says more it is what was said.
    pub(super) fn chosen(&self, field: &str, texts: &[(usize, String)], row: &[String]) -> Option<usize> {
        let first = texts.iter().position(|(_, text)| !is_nothing(text));
        let Some(first) = first else { return texts.iter().position(|(_, text)| !text.is_empty()) };
        let is_usable = |text: &str| match field {
            "email" => Email::parse(text).is_ok(),
            "phone" => self.is_number(text, row),
            // A `no` of one column takes nothing from the `yes` of another.
            "do_not_contact" => wish_in_field(text) == ContactWish::DoNot,
            "test" => yes_no(text) == Some(true),
            _ => true,
        };
        texts.iter().position(|(_, text)| !is_nothing(text) && is_usable(text)).or(Some(first))
    }

    fn is_number(&self, text: &str, row: &[String]) -> bool {
        let mut codes = self.dial_codes.iter().filter_map(|place| DialCode::written(cell_at(row, *place)));
        if codes.next().is_some_and(|code| code.parse_with_remark(text).is_ok()) {
            return true;
        }
        match self.country_of(row) {
            Some(country) => Phone::parse_with_remark(text, Some(&country)).is_ok(),
            // Whoever gets the list knows the country.
            None => {
                let digits = text.chars().filter(char::is_ascii_digit).count();
                Phone::parse(text, None).is_ok() || digits >= DIGITS
            }
        }
    }

    /// The country that a row names, else its source's.
    pub(super) fn country_of(&self, row: &[String]) -> Option<String> {
        let filled = self.filled.iter().find(|one| one.field == "country").map(|one| &one.origin);
        let said = filled.and_then(|origin| match origin {
            FieldOrigin::Columns(columns) => {
                let mut texts = self.texts("country", columns, row).into_iter().map(|(_, text)| text);
                texts.find(|text| !is_nothing(text))
            }
            FieldOrigin::Template(parts) => Some(self.replaced("country", &fill("country", parts, row, 0))),
        });
        match said {
            // Not the source's: a number would be read as one of there.
            Some(said) => country_written(&said).map(str::to_owned),
            None => self.country.clone(),
        }
    }
}
