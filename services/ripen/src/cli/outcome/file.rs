//! A file of outcomes, row by row: which column is what, and what each row says about whom.

use std::path::Path;

use ripen_actions::outcome_import::OutcomeRow;
use ripen_domain::{
    list::{
        cell,
        header::{fields_of, key},
        row::{BadRow, ListRow},
    },
    outcome::OutcomeFields,
};
use serde_json::{Map, Value};

use crate::cli::list::{ListFile, ListOptions};

/// The columns that are read, and what else they are called; others are not looked at. E-mail and phone are known by all
/// the names that lists of leads have for them.
const COLUMNS: [(&str, &[&str]); 9] = [
    ("delivery", &["delivery", "deliveryid"]),
    ("email", &[]),
    ("phone", &[]),
    ("outcome", &["outcome", "result", "ergebnis", "resultado", "resultat"]),
    ("reason", &["reason", "grund", "motivo", "motif", "raison"]),
    ("amount", &["amount", "betrag", "importe", "montant"]),
    ("currency", &["currency", "currencycode", "wahrung", "moneda", "devise"]),
    ("date", &["date", "datum", "fecha"]),
    ("happened_at", &["happenedat", "wonat", "lostat", "closedat", "closedate", "abschlussdatum"]),
];

/// A file that is read row by row.
pub struct OutcomeFile {
    list: ListFile,
    /// Which columns hold which field of [`COLUMNS`]: the first that is not empty counts.
    places: [Vec<usize>; COLUMNS.len()],
}

impl OutcomeFile {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// Says which column is missing.
    pub fn open(path: &Path, options: &ListOptions) -> anyhow::Result<Self> {
        let shown = path.display();
        let list = ListFile::open(path, options)?;
        let header = &list.header().names;
        let places = places(header);
        let there = header.join(", ");
        anyhow::ensure!(
            !places[3].is_empty(),
            "{shown} has no column named outcome; it has: {there}. Columns that are read: {}",
            COLUMNS.map(|(name, _)| name).join(", ")
        );
        anyhow::ensure!(
            places[..3].iter().any(|places| !places.is_empty()),
            "{shown} has none of the columns delivery, email and phone, by which leads are found; it has: {there}"
        );
        Ok(Self { list, places })
    }

    /// The next row; or why it cannot be read.
    ///
    /// # Errors
    /// When the file cannot be read on.
    pub async fn read(&mut self) -> anyhow::Result<Option<Result<OutcomeRow, BadRow>>> {
        let row = self.list.next().await?;
        Ok(row.map(|row| row.map(|row| self.row(&row))))
    }

    /// How the file was read.
    pub fn shown(&self) -> Map<String, Value> {
        self.list.shown()
    }

    fn row(&self, row: &ListRow) -> OutcomeRow {
        let said = |field: usize| {
            let texts =
                self.places[field].iter().filter_map(|place| row.cells.get(*place)).map(|text| cell::text(text));
            texts.into_iter().find(|text| !text.is_empty()).map(str::to_owned)
        };
        let fields = OutcomeFields {
            outcome: said(3),
            reason: said(4),
            amount: said(5),
            currency: said(6),
            date: said(7),
            happened_at: said(8),
            unreadable: None,
        };
        OutcomeRow { line: row.line, delivery: said(0), email: said(1), phone: said(2), said: fields }
    }
}

fn places(header: &[String]) -> [Vec<usize>; COLUMNS.len()] {
    let fields = fields_of(header);
    COLUMNS.map(|(name, names)| {
        let is_it =
            |place: &usize| fields[*place].as_deref() == Some(name) || names.contains(&key(&header[*place]).as_str());
        (0..header.len()).filter(is_it).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_known_however_they_are_written() {
        for name in ["E-Mail", "email", "EMAIL", "e_mail", "Email Address", "Correo electrónico"] {
            assert_eq!(places(&[name.to_owned()])[1], [0], "{name}");
        }
        for (name, field) in [("Delivery ID", 0), ("Mobile", 2), ("Outcome", 3), ("Währung", 6), ("Datum", 7)] {
            assert_eq!(places(&[name.to_owned()])[field], [0], "{name}");
        }
        assert!(places(&["Status".to_owned()]).iter().all(Vec::is_empty));
    }
}
