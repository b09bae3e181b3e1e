//! Rows that are sent together. Within one request no two say something else under one id: which came first would be lost.

use std::collections::HashMap;

use ripen_domain::values::is_id;
use serde_json::{Map, Value};

use super::{foresight::ForeseenRow, refused_file::ReportedRow};

/// Most rows of a request.
const ROWS: usize = 200;
/// Most bytes of a request; a server refuses what is longer than its `limits.body_bytes`, 256 KiB unless configured.
const BYTES: usize = 200 * 1024;

/// A row and its lead.
pub struct MappedRow {
    /// The row.
    pub row: ReportedRow,
    /// Its lead.
    pub lead: Map<String, Value>,
    /// Rows that say the same under the same id.
    pub same: Vec<ReportedRow>,
    /// What it would come to, where that was looked at.
    pub foreseen: Option<ForeseenRow>,
}

impl MappedRow {
    /// A row that is not repeated yet.
    pub const fn new(row: ReportedRow, lead: Map<String, Value>) -> Self {
        Self { row, lead, same: Vec::new(), foreseen: None }
    }

    /// What makes another row the same lead: the sender's own id. An id that names nothing (`{{id}}`, what a spreadsheet rounded)
    /// is what strangers share, of whom none has to be decided before the next: such a row is told by all that it says.
    pub fn id(&self) -> String {
        let id = self.lead.get(ID).map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned));
        match id.filter(|id| is_id(id)) {
            Some(id) => id,
            None => Value::Object(self.lead.clone()).to_string(),
        }
    }
}

/// The field that tells arrivals apart.
const ID: &str = "external_id";

/// Rows that wait to be sent.
#[derive(Default)]
pub struct Chunk {
    rows: Vec<MappedRow>,
    places: HashMap<String, usize>,
    bytes: usize,
}

/// Whether a row found its place.
pub enum Added {
    /// It is in.
    In,
    /// What is here goes first.
    SendFirst(MappedRow),
    /// What is here goes first and has to be decided: the row says something else than one of them.
    DecideFirst(MappedRow),
}

impl Chunk {
    /// Adds a row.
    pub fn add(&mut self, row: MappedRow) -> Added {
        let id = row.id();
        if let Some(before) = self.places.get(&id).and_then(|place| self.rows.get_mut(*place)) {
            if before.lead != row.lead {
                return Added::DecideFirst(row);
            }
            before.same.push(row.row);
            return Added::In;
        }
        let bytes: usize = row.lead.iter().map(|(name, value)| name.len() + value.to_string().len() + 4).sum();
        if !self.rows.is_empty() && (self.rows.len() == ROWS || self.bytes + bytes > BYTES) {
            return Added::SendFirst(row);
        }
        self.bytes += bytes;
        self.places.insert(id, self.rows.len());
        self.rows.push(row);
        Added::In
    }

    /// The rows, and nothing is here any more.
    pub fn take(&mut self) -> Vec<MappedRow> {
        self.places.clear();
        self.bytes = 0;
        std::mem::take(&mut self.rows)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(line: u64, id: &str, name: &str) -> MappedRow {
        let Value::Object(lead) = json!({"external_id": id, "name": name}) else { panic!("an object") };
        MappedRow::new(ReportedRow { line, number: line, cells: Vec::new() }, lead)
    }

    #[test]
    fn what_says_something_else_under_one_id_waits_for_the_first() {
        let mut chunk = Chunk::default();
        assert!(matches!(chunk.add(row(2, "a", "Casey")), Added::In));
        assert!(matches!(chunk.add(row(3, "a", "Casey")), Added::In));
        assert!(matches!(chunk.add(row(4, "a", "Kim")), Added::DecideFirst(_)));
        let rows = chunk.take();
        assert_eq!((rows.len(), rows[0].same.len()), (1, 1));
        assert!(matches!(chunk.add(row(4, "a", "Kim")), Added::In));
    }

    #[test]
    fn rows_that_share_an_id_that_names_nothing_go_together() {
        for id in ["{{contact.id}}", "1.23457E+14", "-1", "0", "test"] {
            let mut chunk = Chunk::default();
            assert!(matches!(chunk.add(row(2, id, "Casey")), Added::In));
            assert!(matches!(chunk.add(row(3, id, "Kim")), Added::In), "{id}");
            assert!(matches!(chunk.add(row(4, id, "Kim")), Added::In));
            let rows = chunk.take();
            assert_eq!((rows.len(), rows[1].same.len()), (2, 1));
        }
    }

    #[test]
    fn a_request_has_few_rows_and_few_bytes() {
        let mut chunk = Chunk::default();
        for n in 0..ROWS as u64 {
            assert!(matches!(chunk.add(row(n, &n.to_string(), "x")), Added::In));
        }
        assert!(matches!(chunk.add(row(0, "more", "x")), Added::SendFirst(_)));
        chunk.take();
        let long = "x".repeat(BYTES);
        assert!(
            matches!(chunk.add(row(1, "long", &long)), Added::In),
            "alone it goes, and the server says what it thinks"
        );
        assert!(matches!(chunk.add(row(2, "next", "x")), Added::SendFirst(_)));
    }
}
