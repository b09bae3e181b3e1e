//! Columns whose names leave open what they hold, decided by their cells: `Contact No.` is a number to call in most lists, and an id in
//! some. Decided once for a whole list, from its first rows: a column that holds numbers in one row and ids in the next says neither.

use std::ops::RangeInclusive;

use super::{FieldOrigin, Filled, Mapping, cell_at};
use crate::{
    contact::{DialCode, Email, Phone},
    list::open_name::OpenName,
    values::is_nothing,
};

/// So many rows of a list are looked at.
pub const LOOKED_AT: usize = 100;
/// The least share, in percent, of the cells that say anything.
const CLEAR: usize = 80;
/// Digits of a number whose country nobody knows. Ids seldom have as many as these, and more are none.
const DIGITS: RangeInclusive<usize> = 10..=13;
/// What columns may be taken for, and under which names, the likeliest first.
const MAY_BE: [(&str, &[OpenName]); 2] =
    [("phone", &[OpenName::ContactNumber, OpenName::Contact, OpenName::Number]), ("email", &[OpenName::Contact])];

impl Mapping {
    /// Whether the cells of a column may say what its name leaves open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        MAY_BE.iter().any(|(field, kinds)| {
            !self.is_filled(field) && kinds.iter().any(|kind| self.open_columns(*kind).next().is_some())
        })
    }

    /// The same with the columns that the cells of its [first rows](LOOKED_AT) decide. A field that a rule or another column's name
    /// fills is that one's.
    #[must_use]
    pub fn by_values(mut self, rows: &[&[String]]) -> Self {
        for (field, kinds) in MAY_BE {
            if self.is_filled(field) {
                continue;
            }
            let mut clear = kinds.iter().map(|kind| self.clear_columns(field, *kind, rows));
            let found = clear.find(|columns| !columns.is_empty());
            if let Some(columns) = found {
                self.by_values.extend(&columns);
                self.filled.push(Filled { field: field.to_owned(), origin: FieldOrigin::Columns(columns) });
            }
        }
        self.name_kept();
        self
    }

    /// The columns of a field, and why, where that is not their names.
    pub(super) fn shown_columns(&self, columns: &[usize]) -> String {
        let names: Vec<_> = columns.iter().filter_map(|place| self.header.get(*place)).map(String::as_str).collect();
        let is_by_values = !columns.is_empty() && columns.iter().all(|place| self.by_values.contains(place));
        let why = if is_by_values { " (by its values: its name leaves open what it holds)" } else { "" };
        format!("{}{why}", names.join(", "))
    }

    fn is_filled(&self, field: &str) -> bool {
        self.filled.iter().any(|one| one.field == field)
    }

    fn clear_columns(&self, field: &str, kind: OpenName, rows: &[&[String]]) -> Vec<usize> {
        self.open_columns(kind).filter(|place| self.is_clear(field, *place, rows)).collect()
    }

    /// Columns of such a name that no rule uses.
    fn open_columns(&self, kind: OpenName) -> impl Iterator<Item = usize> {
        let is_used = move |place: &usize| {
            let fills = |one: &Filled| matches!(&one.origin, FieldOrigin::Columns(columns) if columns.contains(place));
            self.filled.iter().any(fills)
        };
        let open = self.header.iter().enumerate().filter(move |(_, name)| OpenName::of(name) == Some(kind));
        open.map(|(place, _)| place).filter(move |place| !is_used(place))
    }

    fn is_clear(&self, field: &str, place: usize, rows: &[&[String]]) -> bool {
        let texts = rows.iter().map(|row| (self.replaced(field, cell_at(row, place)), *row));
        let (mut said, mut fits) = (0, 0);
        for (text, row) in texts.filter(|(text, _)| !is_nothing(text)) {
            said += 1;
            fits += usize::from(match field {
                "email" => Email::parse(&text).is_ok(),
                _ => self.is_certain_number(&text, row),
            });
        }
        said > 0 && fits * 100 >= said * CLEAR
    }

    /// Stricter than [what counts](Self::chosen) in a column of numbers: here nothing but the cell says that it is one.
    fn is_certain_number(&self, text: &str, row: &[String]) -> bool {
        let mut codes = self.dial_codes.iter().filter_map(|place| DialCode::written(cell_at(row, *place)));
        if codes.next().is_some_and(|code| code.parse_with_remark(text).is_ok()) {
            return true;
        }
        let is_read = |country: Option<&str>| Phone::parse(text, country).is_ok_and(|read| !read.doubtful);
        match self.country_of(row) {
            Some(country) => is_read(Some(country.as_str())),
            None => {
                let is_written = text.chars().all(|c| c.is_ascii_digit() || "+-() ./".contains(c));
                let digits = text.chars().filter(char::is_ascii_digit).count();
                is_read(None) || is_written && DIGITS.contains(&digits)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::list::mapping::{FieldColumns, MappingRules};

    /// A list of these columns, each with its cells.
    struct TestList {
        header: Vec<String>,
        rows: Vec<Vec<String>>,
    }

    fn list(columns: &[(&str, &[&str])]) -> TestList {
        let cell = |row: usize, cells: &[&str]| cells.get(row).copied().unwrap_or_default().to_owned();
        let length = columns.iter().map(|(_, cells)| cells.len()).max().unwrap_or(0);
        let rows = (0..length).map(|row| columns.iter().map(|(_, cells)| cell(row, cells)).collect());
        TestList { header: columns.iter().map(|(name, _)| (*name).to_owned()).collect(), rows: rows.collect() }
    }

    impl TestList {
        fn mapping(&self, rules: &MappingRules, country: Option<&str>) -> Mapping {
            let rows: Vec<_> = self.rows.iter().map(Vec::as_slice).collect();
            let mapping = Mapping::new(&self.header, rules).unwrap();
            let mapping = if let Some(country) = country { mapping.of_country(country) } else { mapping };
            mapping.by_values(&rows)
        }

        /// Which columns fill a field, as a report has it.
        fn phone(&self, country: Option<&str>) -> String {
            self.mapping(&MappingRules::default(), country).columns_of("phone").join(", ")
        }
    }

    const MOBILES: [&str; 5] = ["98860 43217", "+91 99887 76655", "9876501234", "n/a", "09812345670"];

    #[test]
    fn a_column_for_the_number_of_a_contact_is_the_phone_where_its_cells_are_numbers() {
        for name in ["Contact Number", "Contact No", "Contact No.", "contact_number", "Contact", "Number", "No."] {
            let list = list(&[("Name", &["Asha", "Ravi", "Uma", "Dev", "Mira"]), (name, &MOBILES)]);
            let mapping = list.mapping(&MappingRules::default(), Some("IN"));
            assert_eq!(mapping.columns_of("phone"), [name], "{name}");
            let lead = Value::Object(mapping.lead(&list.rows[0], 1));
            assert_eq!((&lead["phone"], &lead[name]), (&json!("98860 43217"), &Value::Null), "{name}");
            let why = mapping.shown().into_iter().find(|shown| shown.field == "phone").unwrap().from;
            assert!(why.starts_with(&format!("{name} (by its values")), "{why}");
            assert_eq!(mapping.rules().map[1].columns, [name], "written down without why");
        }
    }

    #[test]
    fn a_column_whose_cells_are_no_numbers_stays_what_it_is() {
        for cells in [
            &["1", "2", "3"][..],
            &["C-1001", "C-1002", "C-1003"],
            &["100234", "100235", "100236"],
            &["98860 43217", "C-1002", "C-1003"],
            &["Asha", "Ravi", "Uma"],
            &["", "n/a", "-"],
            &["asha@example.com", "98860 43217", "ravi@example.com"],
            &[],
        ] {
            for name in ["Contact No.", "Contact", "No."] {
                let list = list(&[("Email", &["a@example.com", "b@example.com", "c@example.com"]), (name, cells)]);
                assert_eq!(list.phone(Some("IN")), "", "{name}: {cells:?}");
                assert_eq!(list.phone(None), "", "{name}: {cells:?}");
                let kept = list.mapping(&MappingRules::default(), Some("IN"));
                assert_eq!(kept.kept().collect::<Vec<_>>(), [name]);
            }
        }
        // Without a country digits that may be an id are one.
        assert_eq!(list(&[("Contact No.", &["33123456", "33123457"])]).phone(None), "");
        assert_eq!(list(&[("Contact No.", &MOBILES)]).phone(None), "Contact No.");
        assert_eq!(list(&[("Contact No.", &["5012345678901234", "5012345678901235"])]).phone(None), "");
    }

    #[test]
    fn numbers_are_read_as_ones_of_the_country_or_of_the_code_beside_them() {
        let short = list(&[("Contact No.", &["33123456", "55123456"])]);
        assert_eq!((short.phone(Some("QA")), short.phone(Some("IN"))), ("Contact No.".to_owned(), String::new()));
        let named = list(&[("Country", &["Qatar", "Qatar"]), ("Contact No.", &["33123456", "55123456"])]);
        assert_eq!(named.phone(Some("IN")), "Contact No.");
        let coded = list(&[("Dial code", &["+974", "+974"]), ("Contact No.", &["33123456", "55123456"])]);
        assert_eq!(coded.phone(Some("IN")), "Contact No.");
    }

    #[test]
    fn another_column_for_the_phone_or_a_rule_goes_before() {
        let two = list(&[("Mobile", &MOBILES), ("Contact No.", &MOBILES)]);
        assert_eq!(two.phone(Some("IN")), "Mobile");
        assert!(!Mapping::new(&two.header, &MappingRules::default()).unwrap().is_open());
        let list = list(&[("Email", &["a@example.com"]), ("Contact No.", &MOBILES)]);
        let map = vec![FieldColumns { field: "external_id".to_owned(), columns: vec!["Contact No.".to_owned()] }];
        let ruled = list.mapping(&MappingRules { map, ..MappingRules::default() }, Some("IN"));
        assert!(ruled.columns_of("phone").is_empty() && !ruled.is_open());
    }

    #[test]
    fn of_several_such_columns_those_of_the_likeliest_name_count() {
        let list = list(&[("No.", &MOBILES), ("Contact No. 1", &MOBILES), ("Contact No. 2", &["98860 43299"])]);
        assert_eq!(list.phone(Some("IN")), "Contact No. 1, Contact No. 2");
    }

    #[test]
    fn a_contact_may_be_an_address() {
        let contacts = ["asha@example.com", "", "ravi@example.com"];
        let alone = list(&[("Name", &["Asha"]), ("Contact", &contacts)]).mapping(&MappingRules::default(), Some("IN"));
        assert_eq!((alone.columns_of("email"), alone.columns_of("phone")), (vec!["Contact"], vec![]));
        let beside = list(&[("Email", &contacts), ("Contact", &contacts)]);
        assert_eq!(beside.mapping(&MappingRules::default(), None).columns_of("email"), ["Email"]);
        let numbered = list(&[("Contact Number", &contacts)]).mapping(&MappingRules::default(), None);
        assert!(numbered.columns_of("email").is_empty(), "addresses are no numbers");
    }
}
