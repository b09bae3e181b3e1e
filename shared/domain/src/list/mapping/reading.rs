//! What has to be told of a row beside the text of its cells: an encoding that was guessed, a formula without what it comes to.

use serde_json::{Map, Value};

use super::{FieldOrigin, Filled, Mapping, is_of_refusals};
use crate::{
    flag::Flag,
    list::row::{DoubtfulCell, ListRow},
};

/// The member of a lead in which whoever read it from a file says what was doubtful about reading: flags whose codes are
/// [of reading](crate::flag::FlagCode::is_of_reading), and no others.
pub const READ_FLAGS: &str = "_flags";

impl Mapping {
    /// The lead of a row, with what has to be told of its cells under [`READ_FLAGS`].
    #[must_use]
    pub fn row_lead(&self, row: &ListRow, number: u64) -> Map<String, Value> {
        let mut lead = self.lead(&row.cells, number);
        let is_of_row = |cell: &&DoubtfulCell| !self.header.get(cell.place).is_some_and(|name| is_of_refusals(name));
        let flag = |cell: &DoubtfulCell| {
            let flag = Flag::new(&self.field_at(cell.place), cell.code).saying(&cell.said);
            serde_json::to_value(flag).unwrap_or_default()
        };
        let flags: Vec<_> = row.doubtful.iter().filter(is_of_row).map(flag).collect();
        if !flags.is_empty() {
            lead.insert(READ_FLAGS.to_owned(), Value::Array(flags));
        }
        lead
    }

    /// How a flag calls what a column fills: a question by its id, and what fills no field by the column's name.
    fn field_at(&self, place: usize) -> String {
        let fills = |one: &&Filled| matches!(&one.origin, FieldOrigin::Columns(columns) if columns.contains(&place));
        let field = self.filled.iter().find(fills).map(|one| one.field.trim_start_matches("answers.").to_owned());
        field.or_else(|| self.kept_as.get(place).cloned().flatten()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{flag::FlagCode, list::mapping::MappingRules};

    #[test]
    fn what_is_doubtful_about_a_row_goes_with_its_lead() {
        let header = ["Email", "answers.budget", "Odd"].map(str::to_owned);
        let mapping = Mapping::new(&header, &MappingRules::default()).unwrap();
        let doubtful = |place, code, said: &str| DoubtfulCell { place, code, said: said.to_owned() };
        let row = ListRow {
            line: 2,
            cells: ["a@example.com", "", "J\u{f6}rg"].map(str::to_owned).to_vec(),
            doubtful: vec![
                doubtful(1, FlagCode::NoStoredValue, "=2*225000"),
                doubtful(2, FlagCode::EncodingGuessed, "J\u{f6}rg"),
            ],
        };
        let expected = json!([{"field": "budget", "code": "no_stored_value", "said": "=2*225000"},
                              {"field": "Odd", "code": "encoding_guessed", "said": "J\u{f6}rg"}]);
        assert_eq!(mapping.row_lead(&row, 1)[READ_FLAGS], expected);
        let sound = ListRow { doubtful: Vec::new(), ..row };
        assert_eq!(mapping.row_lead(&sound, 1).get(READ_FLAGS), None);
    }
}
