//! How a CSV row becomes a lead: which column fills which field.

use std::collections::BTreeMap;

use anyhow::Context as _;
use csv::ByteRecord;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// Fields of a lead that a column of the same name fills by itself.
const FIELDS: [&str; 18] = [
    "external_id",
    "first_name",
    "last_name",
    "name",
    "email",
    "phone",
    "phone_extension",
    "postal_code",
    "country",
    "time_zone",
    "locale",
    "channel",
    "submitted_at",
    "notes",
    "referred_by",
    "test",
    "e_mail",
    "zip",
];
/// Groups of fields.
const GROUPS: [&str; 3] = ["answers", "consent", "tracking"];

/// Where a field's text comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Origin {
    /// A column, by index.
    Column(usize),
    /// Literal text and columns, in turn.
    Template(Vec<Part>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Column(usize),
}

/// A checked mapping for one file.
#[derive(Debug)]
pub struct Mapping {
    fields: BTreeMap<String, Origin>,
    replacements: BTreeMap<(String, String), String>,
}

impl Mapping {
    /// Checks `--map`, `--set` and `--replace` against the header row.
    ///
    /// # Errors
    /// Names the flag and, for a column that is not there, those that are.
    pub fn new(header: &[String], map: &[String], set: &[String], replace: &[String]) -> anyhow::Result<Self> {
        let mut fields = BTreeMap::new();
        let named: Vec<_> = map.iter().map(|flag| split(flag, "--map", "field=Column")).collect::<Result<_, _>>()?;
        let taken: Vec<_> = named.iter().map(|(_, column)| *column).collect();
        for (index, column) in header.iter().enumerate() {
            if !taken.contains(&column.as_str()) && !column.trim().is_empty() {
                fields.insert(own_field(column), Origin::Column(index));
            }
        }
        for (field, column) in named {
            fields.insert(checked(field)?, Origin::Column(place(header, column)?));
        }
        for flag in set {
            let (field, template) = split(flag, "--set", "field='text {Column}'")?;
            fields.insert(checked(field)?, Origin::Template(parts(header, template)?));
        }
        let replacements = replace.iter().map(|flag| replacement(flag)).collect::<Result<_, _>>()?;
        Ok(Self { fields, replacements })
    }

    /// The lead of one row, as JSON for the intake. A row without an id of its own gets one made from its content, so that
    /// the same row is the same arrival whenever it is sent.
    pub fn lead(&self, row: &ByteRecord) -> Value {
        let mut lead = Map::new();
        for (field, origin) in &self.fields {
            let text = match origin {
                Origin::Column(index) => cell(row, *index),
                Origin::Template(parts) => filled(parts, row),
            };
            let text = self.replacements.get(&(field.clone(), text.clone())).cloned().unwrap_or(text);
            if !text.is_empty() {
                put(&mut lead, field, text);
            }
        }
        lead.entry("external_id").or_insert_with(|| Value::String(row_id(row)));
        Value::Object(lead)
    }
}

fn split<'a>(flag: &'a str, name: &str, form: &str) -> anyhow::Result<(&'a str, &'a str)> {
    let (field, value) = flag.split_once('=').with_context(|| format!("{name} {flag:?}: write {name} {form}"))?;
    anyhow::ensure!(!field.is_empty() && !value.is_empty(), "{name} {flag:?}: write {name} {form}");
    Ok((field, value))
}

fn replacement(flag: &str) -> anyhow::Result<((String, String), String)> {
    let (left, new) = split(flag, "--replace", "field:Value=new")?;
    let (field, old) =
        left.split_once(':').with_context(|| format!("--replace {flag:?}: write --replace field:Value=new"))?;
    Ok(((checked(field)?, old.to_owned()), new.to_owned()))
}

/// A field that intake has a name for; a typing mistake must not end as an unknown field on every lead.
fn checked(field: &str) -> anyhow::Result<String> {
    let group = field.split_once('.').map(|(group, name)| GROUPS.contains(&group) && !name.is_empty());
    let known = group.unwrap_or_else(|| FIELDS.contains(&field) || field.starts_with("extra_"));
    anyhow::ensure!(
        known,
        "there is no field {field:?}: use one of {}, or answers.…, tracking.…, consent.…",
        FIELDS[..16].join(", ")
    );
    Ok(field.to_owned())
}

/// The field that a column fills by its own name: intake's, or an unknown one that intake keeps.
fn own_field(column: &str) -> String {
    let plain = column.trim().to_lowercase().replace([' ', '-'], "_");
    match plain.as_str() {
        "e_mail" => "email".to_owned(),
        "zip" => "postal_code".to_owned(),
        known if FIELDS.contains(&known) => plain,
        _ => column.trim().to_owned(),
    }
}

fn place(header: &[String], column: &str) -> anyhow::Result<usize> {
    header
        .iter()
        .position(|name| name.trim() == column.trim())
        .with_context(|| format!("the file has no column {column:?}; it has: {}", header.join(", ")))
}

fn parts(header: &[String], template: &str) -> anyhow::Result<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some((text, after)) = rest.split_once('{') {
        let (column, after) =
            after.split_once('}').with_context(|| format!("--set {template:?}: a {{ is not closed"))?;
        parts.push(Part::Text(text.to_owned()));
        parts.push(Part::Column(place(header, column)?));
        rest = after;
    }
    parts.push(Part::Text(rest.to_owned()));
    Ok(parts)
}

/// UTF-8, or else Windows-1252, which every byte is.
pub fn cell(row: &ByteRecord, index: usize) -> String {
    let bytes = row.get(index).unwrap_or_default();
    let text = std::str::from_utf8(bytes).map_or_else(|_| encoding_rs::WINDOWS_1252.decode(bytes).0, Into::into);
    text.trim().to_owned()
}

/// The template filled; empty where every column in it is empty.
fn filled(parts: &[Part], row: &ByteRecord) -> String {
    let mut any = !parts.iter().any(|part| matches!(part, Part::Column(_)));
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Text(literal) => text.push_str(literal),
            Part::Column(index) => {
                let cell = cell(row, *index);
                any |= !cell.is_empty();
                text.push_str(&cell);
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

fn row_id(row: &ByteRecord) -> String {
    let mut hash = Sha256::new();
    for cell in row {
        hash.update(u64::try_from(cell.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(cell);
    }
    format!("row:{}", hex::encode(&hash.finalize()[..16]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn header(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn flags(texts: &[&str]) -> Vec<String> {
        header(texts)
    }

    #[test]
    fn columns_fill_fields_by_name_by_map_and_by_template() {
        let header = header(&["Lead_ID", "Lead_Date", "Marketing_Channel", "Cost", "First Name", "Odd"]);
        let map = flags(&["submitted_at=Lead_Date", "channel=Marketing_Channel", "tracking.cost=Cost"]);
        let mapping = Mapping::new(
            &header,
            &map,
            &flags(&["email={Lead_ID}@example.com"]),
            &flags(&["channel:Instagram=social"]),
        )
        .unwrap();
        let lead = mapping.lead(&ByteRecord::from(vec!["L1", "2026-02-27", "Instagram", "166.48", "Casey", ""]));
        assert_eq!(lead["email"], "L1@example.com");
        // By whose clock it is a day, intake knows.
        assert_eq!(lead["submitted_at"], "2026-02-27");
        assert_eq!((&lead["channel"], &lead["first_name"]), (&json!("social"), &json!("Casey")));
        assert_eq!(lead["tracking"], json!({"cost": "166.48"}));
        assert_eq!(lead["Lead_ID"], "L1");
        assert!(lead.get("Odd").is_none() && lead.get("Marketing_Channel").is_none());
        assert!(lead["external_id"].as_str().unwrap().starts_with("row:"));
    }

    #[test]
    fn the_same_row_has_the_same_id_and_cells_do_not_run_together() {
        let mapping = Mapping::new(&header(&["a", "b"]), &[], &[], &[]).unwrap();
        let id = |cells: [&str; 2]| mapping.lead(&ByteRecord::from(cells.to_vec()))["external_id"].clone();
        assert_eq!(id(["x", "y"]), id(["x", "y"]));
        assert_ne!(id(["xy", ""]), id(["x", "y"]));
    }

    #[test]
    fn mistakes_in_flags_name_what_is_there() {
        let header = header(&["Mail"]);
        let error =
            |map: &[&str], set: &[&str]| Mapping::new(&header, &flags(map), &flags(set), &[]).unwrap_err().to_string();
        assert!(error(&["email=E-mail"], &[]).contains("it has: Mail"));
        assert!(error(&["emial=Mail"], &[]).contains("no field \"emial\""));
        assert!(error(&["email"], &[]).contains("field=Column"));
        assert!(error(&[], &["email={Mail"]).contains("not closed"));
    }

    #[test]
    fn windows_1252_is_read() {
        assert_eq!(cell(&ByteRecord::from(vec![b"Caf\xe9".as_slice()]), 0), "Café");
    }
}
