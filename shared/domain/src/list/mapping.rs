//! Which column fills which field: as somebody says it, else by the columns' names. What fills no field is kept under the
//! column's own name; nothing is left out.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{
    cell,
    dial_code::dial_code_field,
    header::{FIELDS, GROUPS, fields_of},
};
use crate::{document::did_you_mean, values::is_nothing};

mod answers;
mod by_values;
mod reading;
mod usable;

pub use by_values::LOOKED_AT;
pub use reading::READ_FLAGS;
pub use usable::PassedCell;

/// Columns that a file of refused rows has before those of the list it came from: where the row was, and why it is here.
pub const REFUSED_COLUMNS: [&str; 3] = ["refused_line", REFUSED_ROW, "refused_because"];
/// The same of a file of rows that were received, and of which something was not understood.
pub const FLAGGED_COLUMNS: [&str; 3] = ["flagged_line", FLAGGED_ROW, "flagged_because"];
/// A mended row keeps its number: with another, an id made from it would be another person's.
const REFUSED_ROW: &str = "refused_row";
const FLAGGED_ROW: &str = "flagged_row";
/// The field that tells one row from another.
const ID: &str = "external_id";
/// The fields by which somebody is reached.
const WAYS: [&str; 2] = ["email", "phone"];

/// What somebody says about a list's columns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MappingRules {
    /// Fields filled by columns: the first that is not empty counts, of addresses and numbers the first that is one.
    pub map: Vec<FieldColumns>,
    /// Fields made from text and columns.
    pub set: Vec<FieldTemplate>,
    /// What becomes of values.
    pub replace: Vec<FieldReplacement>,
}

/// A field and the columns that fill it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldColumns {
    /// The field.
    pub field: String,
    /// Names of columns, the first that can be used counts.
    pub columns: Vec<String>,
}

/// A field made from text and columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldTemplate {
    /// The field.
    pub field: String,
    /// Text with `{Column}` and `{#}` in it.
    pub template: String,
}

/// What a value becomes in a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldReplacement {
    /// The field.
    pub field: String,
    /// The value, in letters of any size.
    pub old: String,
    /// What it becomes; nothing where empty.
    pub new: String,
}

/// A mistake in the rules.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMapping {
    /// A typing mistake must not end as an unknown field on every lead.
    #[error(
        "there is no field {field:?}{hint} (the fields are {}, and answers.…, tracking.…, consent.…)",
        FIELDS.join(", ")
    )]
    UnknownField {
        /// What was written.
        field: String,
        /// What was meant, perhaps.
        hint: String,
    },
    /// No such column.
    #[error("the file has no column {column:?}{hint} (it has: {columns})")]
    UnknownColumn {
        /// What was written.
        column: String,
        /// What was meant, perhaps.
        hint: String,
        /// Those that are there.
        columns: String,
    },
    /// A template that does not end.
    #[error("{template:?}: a {{ is not closed")]
    OpenBrace {
        /// It.
        template: String,
    },
}

/// Where a field's text comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
enum FieldOrigin {
    /// The first of these columns that is not empty.
    Columns(Vec<usize>),
    /// Literal text, columns and the row's number, in turn.
    Template(Vec<TemplatePart>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum TemplatePart {
    Text(String),
    Column(usize),
    RowNumber,
}

/// A field and what fills it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Filled {
    field: String,
    origin: FieldOrigin,
}

/// How one list is mapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    header: Vec<String>,
    filled: Vec<Filled>,
    /// Under which name each column is kept that fills no field, or fills one that another column filled already.
    kept_as: Vec<Option<String>>,
    replace: Vec<FieldReplacement>,
    templates: Vec<FieldTemplate>,
    /// By whose rules numbers are read of rows that name no country.
    country: Option<String>,
    /// Columns for the dialling code beside a number, the nearest first.
    dial_codes: Vec<usize>,
    /// Columns whose names left open what they hold, and whose cells said it.
    by_values: Vec<usize>,
}

/// A field, and what fills it, to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownField {
    /// The field.
    pub field: String,
    /// Columns, or a template.
    pub from: String,
}

impl Mapping {
    /// Checks the rules against the header, and guesses what they do not say.
    ///
    /// # Errors
    /// Names the field or column that is not there, and what may be meant.
    pub fn new(header: &[String], rules: &MappingRules) -> Result<Self, InvalidMapping> {
        let mut filled = Vec::new();
        let mut used = BTreeSet::new();
        for FieldColumns { field, columns } in &rules.map {
            let columns: Vec<_> =
                columns.iter().map(|column| places(header, column)).collect::<Result<Vec<_>, _>>()?.concat();
            used.extend(columns.iter().copied());
            filled.push(Filled { field: checked(field)?, origin: FieldOrigin::Columns(columns) });
        }
        for FieldTemplate { field, template } in &rules.set {
            let origin = FieldOrigin::Template(parts(header, template)?);
            let field = checked(field)?;
            filled.retain(|one| one.field != field);
            filled.push(Filled { field, origin });
        }
        for FieldReplacement { field, .. } in &rules.replace {
            checked(field)?;
        }
        guess(header, &used, &mut filled);
        let (replace, templates) = (rules.replace.clone(), rules.set.clone());
        let mut mapping = Self {
            header: header.to_vec(),
            filled,
            kept_as: Vec::new(),
            replace,
            templates,
            country: None,
            dial_codes: dial_codes(header),
            by_values: Vec::new(),
        };
        mapping.name_kept();
        Ok(mapping)
    }

    /// Says under which name each column is kept, by what fills the fields.
    fn name_kept(&mut self) {
        // What is called `country_code` may hold what is dialled, and then fills no field.
        let is_left_out = |place| fills_alone(&self.filled, place) && !self.dial_codes.contains(&place);
        self.kept_as = kept_names(&self.header, is_left_out);
    }

    /// The fields of one row's lead; `number` counts rows from 1. A row without an id of its own gets one made from its
    /// cells, so that the same row is the same arrival whenever, and wherever in a file, it is sent.
    #[must_use]
    pub fn lead(&self, row: &[String], number: u64) -> Map<String, Value> {
        let mut lead = Map::new();
        let mut taken = BTreeSet::new();
        let before = self.header.iter().position(|name| is_row_number(name));
        let number = before.and_then(|place| cell_at(row, place).parse().ok()).unwrap_or(number);
        for Filled { field, origin } in &self.filled {
            let text = match origin {
                FieldOrigin::Columns(columns) => {
                    let text = self.first_filled(field, columns, row, &mut taken);
                    if text.is_empty() { unseen(field, columns, row).unwrap_or_default() } else { text }
                }
                FieldOrigin::Template(parts) => self.replaced(field, &fill(field, parts, row, number)),
            };
            if !text.is_empty() && !is_no_id(field, &text) {
                let others = self.further_ways(origin, field, &text, row);
                put(&mut lead, field, text);
                if !others.is_empty() {
                    let first = lead.remove(field);
                    lead.insert(field.clone(), Value::Array(first.into_iter().chain(others).collect()));
                }
            }
        }
        for (place, name) in self.kept_as.iter().enumerate().filter(|(place, _)| !taken.contains(place)) {
            let text = cell_at(row, place);
            if let Some(name) = name
                && !text.is_empty()
            {
                lead.entry(name.clone()).or_insert_with(|| Value::String(text.to_owned()));
            }
        }
        lead.entry(ID).or_insert_with(|| Value::String(self.row_id(row)));
        lead
    }

    /// The columns that fill a field, by name, for whoever has to find a cell.
    #[must_use]
    pub fn columns_of(&self, field: &str) -> Vec<&str> {
        let places: Vec<usize> = match self.filled.iter().find(|one| one.field == field).map(|one| &one.origin) {
            Some(FieldOrigin::Columns(columns)) => columns.clone(),
            Some(FieldOrigin::Template(parts)) => parts
                .iter()
                .filter_map(|part| if let TemplatePart::Column(place) = part { Some(*place) } else { None })
                .collect(),
            None => Vec::new(),
        };
        places.into_iter().filter_map(|place| self.header.get(place)).map(String::as_str).collect()
    }

    /// Every field that is filled, and from what.
    #[must_use]
    pub fn shown(&self) -> Vec<ShownField> {
        let shown = |one: &Filled| {
            let template = self.templates.iter().rev().find(|set| set.field == one.field);
            let from = match (&one.origin, template) {
                (FieldOrigin::Template(_), Some(set)) => set.template.clone(),
                (FieldOrigin::Columns(columns), _) => self.shown_columns(columns),
                (FieldOrigin::Template(_), None) => self.columns_of(&one.field).join(", "),
            };
            ShownField { field: one.field.clone(), from }
        };
        self.filled.iter().map(shown).collect()
    }

    /// The same as rules, with everything that was guessed.
    #[must_use]
    pub fn rules(&self) -> MappingRules {
        let columns = self.filled.iter().filter(|one| matches!(one.origin, FieldOrigin::Columns(_)));
        let mut map: Vec<FieldColumns> = columns
            .map(|one| {
                let mut columns: Vec<_> = self.columns_of(&one.field).into_iter().map(str::to_owned).collect();
                columns.dedup();
                FieldColumns { field: one.field.clone(), columns }
            })
            .collect();
        map.retain(|one| !one.columns.is_empty());
        MappingRules { map, set: self.templates.clone(), replace: self.replace.clone() }
    }

    /// Columns that fill no field and are kept under their own names.
    pub fn kept(&self) -> impl Iterator<Item = &str> {
        let fills = |place: usize| {
            self.filled
                .iter()
                .any(|one| matches!(&one.origin, FieldOrigin::Columns(columns) if columns.contains(&place)))
        };
        let kept = self.kept_as.iter().enumerate().filter(move |(place, name)| name.is_some() && !fills(*place));
        kept.filter_map(|(place, _)| self.header.get(place)).map(String::as_str)
    }

    fn first_filled(&self, field: &str, columns: &[usize], row: &[String], taken: &mut BTreeSet<usize>) -> String {
        let texts = self.texts(field, columns, row);
        let first = self.chosen(field, &texts, row).map(|chosen| texts[chosen].1.clone()).unwrap_or_default();
        // What says the same again, or nothing, needs no second place.
        let needless = texts.iter().filter(|(_, text)| is_nothing(text) || *text == first);
        taken.extend(needless.map(|(place, _)| *place));
        first
    }

    /// What other columns of the same field say of how to reach somebody: sent with the first, the intake flags it.
    fn further_ways(&self, origin: &FieldOrigin, field: &str, first: &str, row: &[String]) -> Vec<Value> {
        let FieldOrigin::Columns(columns) = origin else { return Vec::new() };
        if !WAYS.contains(&field) {
            return Vec::new();
        }
        let mut said = vec![first.to_owned()];
        for text in columns.iter().map(|place| self.replaced(field, cell_at(row, *place))) {
            if !is_nothing(&text) && !said.contains(&text) {
                said.push(text);
            }
        }
        said.drain(1..).map(Value::String).collect()
    }

    fn replaced(&self, field: &str, text: &str) -> String {
        let lower = text.to_lowercase();
        let found = self.replace.iter().find(|one| one.field == field && one.old.trim().to_lowercase() == lower);
        found.map_or(text, |one| one.new.as_str()).to_owned()
    }

    fn row_id(&self, row: &[String]) -> String {
        let mut hash = Sha256::new();
        let is_told = |place: usize| !self.header.get(place).is_some_and(|name| is_of_refusals(name));
        for (_, cell) in row.iter().enumerate().filter(|(place, _)| is_told(*place)) {
            hash.update(u64::try_from(cell.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(cell);
        }
        format!("row:{}", hex::encode(&hash.finalize()[..16]))
    }
}

/// Adds what the columns' names say, for columns that no rule uses; a field that a rule fills is the rule's.
fn guess(header: &[String], used: &BTreeSet<usize>, filled: &mut Vec<Filled>) {
    let ruled: BTreeSet<String> = filled.iter().map(|one| one.field.clone()).collect();
    for (place, field) in fields_of(header).into_iter().enumerate() {
        let Some(field) = field.filter(|field| !used.contains(&place) && !ruled.contains(field)) else { continue };
        match filled.iter_mut().find(|one| one.field == field) {
            Some(Filled { origin: FieldOrigin::Columns(columns), .. }) => columns.push(place),
            _ => filled.push(Filled { field, origin: FieldOrigin::Columns(vec![place]) }),
        }
    }
}

fn dial_codes(header: &[String]) -> Vec<usize> {
    let mut named: Vec<_> =
        header.iter().enumerate().filter_map(|(place, name)| Some((dial_code_field(name)?, place))).collect();
    named.sort_unstable();
    named.into_iter().map(|(_, place)| place).collect()
}

/// Whether a column is the only one of its field: then all of it is in there.
fn fills_alone(filled: &[Filled], place: usize) -> bool {
    filled.iter().any(|one| matches!(&one.origin, FieldOrigin::Columns(columns) if columns == &[place]))
}

/// A name of its own for each column, that is no field's; none for those that are not kept.
fn kept_names(header: &[String], is_left_out: impl Fn(usize) -> bool) -> Vec<Option<String>> {
    let mut names = BTreeSet::new();
    let mut kept = Vec::new();
    for (place, column) in header.iter().enumerate() {
        if is_left_out(place) || is_of_refusals(column) {
            kept.push(None);
            continue;
        }
        let base = if column.is_empty() { format!("column {}", place + 1) } else { column.clone() };
        let group = base.split_once('.').map_or(base.as_str(), |(group, _)| group);
        let is_free = |name: &String| !FIELDS.contains(&name.as_str()) && !GROUPS.contains(&name.as_str());
        let numbered = (2..).map(|n| format!("{base} {n}"));
        let first = (!GROUPS.contains(&group)).then(|| base.clone());
        let name = first.into_iter().chain(numbered).find(|name| is_free(name) && !names.contains(name));
        names.extend(name.clone());
        kept.push(name);
    }
    kept
}

/// Whether a column is one of a file of rows to be mended, and no part of the row.
#[must_use]
pub fn is_of_refusals(column: &str) -> bool {
    REFUSED_COLUMNS.contains(&column) || FLAGGED_COLUMNS.contains(&column)
}

/// Whether such a column holds the number that a row had.
#[must_use]
pub fn is_row_number(column: &str) -> bool {
    column == REFUSED_ROW || column == FLAGGED_ROW
}

fn checked(field: &str) -> Result<String, InvalidMapping> {
    let field = field.trim();
    let group = field.split_once('.').map(|(group, name)| GROUPS.contains(&group) && !name.is_empty());
    let known = group.unwrap_or_else(|| FIELDS.contains(&field) || field.starts_with("extra_"));
    if known {
        return Ok(field.to_owned());
    }
    Err(InvalidMapping::UnknownField { field: field.to_owned(), hint: did_you_mean(field, FIELDS) })
}

/// The columns of a name: as it is written, else in letters of any size.
fn places(header: &[String], column: &str) -> Result<Vec<usize>, InvalidMapping> {
    let wanted = column.trim();
    let find = |is_it: &dyn Fn(&str) -> bool| {
        let found = header.iter().enumerate().filter(|(_, name)| is_it(name)).map(|(place, _)| place);
        Some(found.collect::<Vec<_>>()).filter(|found| !found.is_empty())
    };
    let lower = wanted.to_lowercase();
    find(&|name| name == wanted).or_else(|| find(&|name| name.to_lowercase() == lower)).ok_or_else(|| {
        let hint = did_you_mean(wanted, header.iter().map(String::as_str));
        InvalidMapping::UnknownColumn { column: wanted.to_owned(), hint, columns: header.join(", ") }
    })
}

/// The columns that a text names: one, or several between commas.
///
/// # Errors
/// When one is not there.
pub fn named_columns(header: &[String], text: &str) -> Result<Vec<String>, InvalidMapping> {
    // A column's own name may hold a comma.
    if places(header, text).is_ok() || !text.contains(',') {
        places(header, text)?;
        return Ok(vec![text.trim().to_owned()]);
    }
    let columns = text.split(',').map(str::trim).filter(|column| !column.is_empty());
    columns.map(|column| places(header, column).map(|_| column.to_owned())).collect()
}

fn parts(header: &[String], template: &str) -> Result<Vec<TemplatePart>, InvalidMapping> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some((text, after)) = rest.split_once('{') {
        let (column, after) =
            after.split_once('}').ok_or_else(|| InvalidMapping::OpenBrace { template: template.to_owned() })?;
        parts.push(TemplatePart::Text(text.to_owned()));
        parts.push(match column.trim() {
            "#" => TemplatePart::RowNumber,
            column => TemplatePart::Column(places(header, column)?[0]),
        });
        rest = after;
    }
    parts.push(TemplatePart::Text(rest.to_owned()));
    Ok(parts)
}

/// What a cell holds in which nobody sees anything, where somebody is reached by it: left out, the row would be told that the
/// field is missing, and whoever looks at the file would see that it is not.
fn unseen(field: &str, columns: &[usize], row: &[String]) -> Option<String> {
    let mut cells = columns.iter().filter_map(|place| row.get(*place)).filter(|_| WAYS.contains(&field));
    cells.find(|cell| cell::text(cell).is_empty() && !cell.trim().is_empty()).cloned()
}

fn cell_at(row: &[String], place: usize) -> &str {
    row.get(place).map_or("", |cell| cell::text(cell))
}

/// A word for nothing is no id: every row that has it would be the same arrival.
fn is_no_id(field: &str, text: &str) -> bool {
    field == ID && is_nothing(text)
}

/// The template filled; empty where every column in it is empty.
fn fill(field: &str, parts: &[TemplatePart], row: &[String], number: u64) -> String {
    let mut any = !parts.iter().any(|part| matches!(part, TemplatePart::Column(_)));
    let mut text = String::new();
    for part in parts {
        match part {
            TemplatePart::Text(literal) => text.push_str(literal),
            TemplatePart::RowNumber => text.push_str(&number.to_string()),
            TemplatePart::Column(place) => {
                let cell = cell_at(row, *place);
                any |= !cell.is_empty() && !is_no_id(field, cell);
                text.push_str(cell);
            }
        }
    }
    if any { text } else { String::new() }
}

fn put(lead: &mut Map<String, Value>, field: &str, text: String) {
    match field.split_once('.').filter(|(group, _)| GROUPS.contains(group)) {
        None => {
            lead.insert(field.to_owned(), Value::String(text));
        }
        Some((group, name)) => {
            let group = lead.entry(group).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(group) = group {
                group.insert(name.to_owned(), Value::String(text));
            }
        }
    }
}

#[cfg(test)]
mod tests;
