//! What became of each row, for the person who imports a list. It counts and prints; sending and asking is `send.rs`.

use ripen_domain::list::{
    mapping::{Mapping, PassedCell},
    row::BadRow,
};
use ripen_outbound::intake::{FieldAnswer, FlagAnswer, ProblemAnswer};
use serde_json::{Map, Value, json};

use super::{
    flags::ReportedFlags,
    refused_file::{RefusedFile, ReportedRow},
};
use crate::output;

/// The most refused rows that are shown one by one.
const SHOWN: usize = 50;
/// The most refused rows that are held: all of them go to the file of refused rows, where one is named.
const HELD: usize = 1000;

/// Why a row was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedWords {
    /// The column it goes wrong in, where it is one.
    pub column: Option<String>,
    /// Why, in words.
    pub problem: String,
}

struct RefusedLine {
    line: u64,
    why: RefusedWords,
}

/// Counts, and the refused rows.
#[derive(Default)]
pub struct ImportReport {
    /// Rows read.
    pub rows: u64,
    /// New arrivals.
    pub received: u64,
    /// Rows that were there already, word for word.
    pub repeated: u64,
    /// Rows that corrected an earlier one.
    pub amended: u64,
    /// New arrivals that are kept and not worked.
    pub quarantined: u64,
    /// Received, and given up: dead letters.
    pub dead: u64,
    /// Rows that were refused.
    pub refused: u64,
    /// Those of the refused that could not even be read.
    pub unreadable: u64,
    refused_rows: Vec<RefusedLine>,
    flags: ReportedFlags,
    file: Option<RefusedFile>,
    flagged: Option<RefusedFile>,
}

impl ImportReport {
    /// Nothing read yet; refused rows, and those of which something was not understood, are written to files where such are
    /// wanted.
    pub fn new(file: Option<RefusedFile>, flagged: Option<RefusedFile>) -> Self {
        Self { file, flagged, ..Self::default() }
    }

    /// Notes a refused row.
    pub fn refuse(&mut self, row: &ReportedRow, why: &RefusedWords) {
        self.refused += 1;
        if self.refused_rows.len() < HELD {
            self.refused_rows.push(RefusedLine { line: row.line, why: why.clone() });
        }
        if let Some(file) = &mut self.file {
            file.add(row, &why.problem);
        }
    }

    /// Every row up to here is answered for: what is to be mended of them is written, in their order.
    ///
    /// # Errors
    /// When the files cannot be written.
    pub fn settle(&mut self) -> anyhow::Result<()> {
        self.file.iter_mut().chain(&mut self.flagged).try_for_each(RefusedFile::settle)
    }

    /// Refused rows that wait for those before them to be answered for.
    pub fn waiting(&self) -> usize {
        self.file.as_ref().map_or(0, RefusedFile::waiting)
    }

    /// Notes a row that cannot be read.
    pub fn refuse_bad(&mut self, bad: BadRow, number: u64, header: &[String]) {
        let is_read = matches!(bad.fault, ripen_domain::list::row::RowFault::TooManyCells { .. });
        self.unreadable += u64::from(!is_read);
        let column = bad.cell.and_then(|place| header.get(place)).cloned();
        let why = RefusedWords { column, problem: bad.fault.to_string() };
        self.refuse(&ReportedRow { line: bad.line, number, cells: bad.cells }, &why);
    }

    /// Counts what could not be used as it came in a row that was received.
    pub fn flag(&mut self, row: &ReportedRow, flags: &[FlagAnswer]) {
        if flags.is_empty() {
            return;
        }
        self.flags.count(row.line, flags);
        let why: Vec<_> = flags.iter().map(super::flags::in_words).collect();
        if let Some(file) = &mut self.flagged {
            file.add(row, &why.join("; "));
        }
    }

    /// Counts cells that a later column of their field was preferred to.
    pub fn pass_over(&mut self, line: u64, passed: Vec<PassedCell>) {
        self.flags.pass_over(line, passed);
    }

    /// What became of the rows of a list that broke off. Refused rows are in their file.
    ///
    /// # Errors
    /// When that file cannot be written.
    pub fn broken_off(mut self) -> anyhow::Result<String> {
        self.finish()?;
        let Self { rows, received, repeated, amended, refused, .. } = self;
        Ok(format!(
            "the import broke off at row {rows}: {received} were received, {repeated} repeated, {amended} corrected, {refused} refused, \
             others perhaps received and not decided yet; import the list again, rows that were received are not doubled"
        ))
    }

    /// Whether the list came in: no row was refused or given up, and one at least was received, now or before.
    pub fn came_in(&self) -> bool {
        self.refused == 0 && self.dead == 0 && self.received + self.amended + self.repeated > 0
    }

    /// Whether sending the list brings anything that was not there before, and all of it.
    pub fn would_come_in(&self) -> bool {
        self.came_in() && self.received + self.amended > 0
    }

    /// Ends the file of refused rows.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(&mut self) -> anyhow::Result<()> {
        // Rows that cannot be read are known before those around them are answered for.
        self.refused_rows.sort_by_key(|row| row.line);
        self.file.iter_mut().chain(&mut self.flagged).try_for_each(RefusedFile::finish)
    }

    /// Prints the report; `about` says how the list was read and mapped.
    pub fn print(&self, as_json: bool, about: &Map<String, Value>) -> std::io::Result<()> {
        let counts = [
            ("rows", self.rows),
            ("received", self.received),
            ("repeated", self.repeated),
            ("amended", self.amended),
            ("quarantined", self.quarantined),
            ("refused", self.refused),
            ("unreadable", self.unreadable),
        ];
        let flags = self.flags.rows();
        let row = |row: &RefusedLine| json!({"line": row.line, "column": row.why.column, "problem": row.why.problem});
        let refused: Vec<_> = self.refused_rows.iter().map(row).collect();
        let dead = (self.dead > 0).then_some(("dead", self.dead));
        let counts = counts.into_iter().chain(dead);
        if as_json {
            let mut all: Map<_, _> = counts.map(|(name, count)| (name.to_owned(), count.into())).collect();
            all.extend(about.clone());
            all.extend([("flags".to_owned(), json!(flags)), ("refused_rows".to_owned(), json!(refused))]);
            return output::record(true, &Value::Object(all));
        }
        // In the order in which a row goes, not of the letters.
        let mut lines: Vec<_> = counts.map(|(name, count)| (name, count.to_string())).collect();
        let is_told = |value: &Value| !(value.is_array() || value.is_object());
        let told = about.iter().filter(|(_, value)| is_told(value));
        lines.extend(told.map(|(name, value)| (name.as_str(), plain(value))));
        let width = lines.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        let lines: Vec<_> = lines.iter().map(|(name, value)| format!("{name:width$}  {value}\n")).collect();
        output::text(&lines.concat())?;
        self.print_details((&flags, &refused), about)
    }

    fn print_details(&self, (flags, refused): (&[Value], &[Value]), about: &Map<String, Value>) -> std::io::Result<()> {
        for (title, part) in about.iter().filter(|(_, part)| part.is_array() || part.is_object()) {
            let lines: Vec<String> = match part {
                Value::Object(parts) => {
                    parts.iter().map(|(name, value)| format!("  {name}: {}", plain(value))).collect()
                }
                Value::Array(parts) => parts.iter().map(|value| format!("  {}", plain(value))).collect(),
                _ => Vec::new(),
            };
            if !lines.is_empty() {
                output::text(&format!("\n{}:\n{}\n", title.replace('_', " "), lines.join("\n")))?;
            }
        }
        if !flags.is_empty() {
            output::text("\n")?;
            output::table(false, &["field", "flag", "rows", "said", "first_lines"], flags)?;
            for advice in self.flags.advice() {
                output::text(&format!("  {advice}\n"))?;
            }
        }
        if !refused.is_empty() {
            output::text("\n")?;
            output::table(false, &["line", "column", "problem"], &refused[..refused.len().min(SHOWN)])?;
        }
        if self.refused > SHOWN as u64 {
            output::text(&format!(
                "… and {} more; --refused FILE.csv writes all of them\n",
                self.refused - SHOWN as u64
            ))?;
        }
        Ok(())
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// A problem in the words of the list: columns instead of pointers.
pub fn words(problem: &ProblemAnswer, mapping: &Mapping) -> RefusedWords {
    let fields: Vec<_> = problem.errors.iter().map(|error| (field_at(&error.pointer), error)).collect();
    let wrong: Vec<_> = fields.iter().filter(|(_, error)| error.code != "missing").collect();
    let told = |field: &str| {
        let columns = mapping.columns_of(field).join(", ");
        (!columns.is_empty()).then_some(columns)
    };
    if let Some((field, _)) = wrong.first() {
        let say = |(field, error): &&(String, &FieldAnswer)| {
            let named = told(field).filter(|columns| columns != field);
            named.map_or_else(|| error.message.clone(), |columns| format!("{columns}: {}", error.message))
        };
        let problem = wrong.iter().map(say).collect::<Vec<_>>().join(" ");
        return RefusedWords { column: told(field), problem };
    }
    let unfilled: Vec<_> =
        fields.iter().map(|(field, _)| field.as_str()).filter(|field| told(field).is_none()).collect();
    let hint = match unfilled.as_slice() {
        [] => String::new(),
        fields => format!(" No column fills {}: --map says which does.", fields.join(" or ")),
    };
    let column = fields.first().and_then(|(field, _)| told(field));
    RefusedWords { column, problem: format!("{}{hint}", problem.detail) }
}

/// The field of a pointer into an array of leads: `/3/answers/budget` is `answers.budget`.
fn field_at(pointer: &str) -> String {
    let parts: Vec<_> = pointer.split('/').filter(|part| !part.is_empty()).collect();
    let inner = parts.split_first().filter(|(first, _)| first.parse::<usize>().is_ok()).map(|(_, rest)| rest);
    inner.unwrap_or(&parts).join(".")
}

#[cfg(test)]
mod tests {
    use ripen_domain::list::mapping::MappingRules;

    use super::*;

    fn problem(text: &str) -> ProblemAnswer {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_refusal_names_columns_and_not_pointers() {
        let header: Vec<_> = ["E-mail", "Town"].map(str::to_owned).to_vec();
        let mapping = Mapping::new(&header, &MappingRules::default()).unwrap();
        let wrong = problem(
            r#"{"detail": "Neither.", "errors": [{"pointer": "/3/email", "code": "invalid", "message": "The address has no @."},
                {"pointer": "/3/phone", "code": "missing", "message": "Give one."}]}"#,
        );
        let said = words(&wrong, &mapping);
        assert_eq!((said.column.as_deref(), said.problem.as_str()), (Some("E-mail"), "E-mail: The address has no @."));
        let missing = problem(
            r#"{"detail": "Neither.", "errors": [{"pointer": "/0/email", "code": "missing", "message": "Give one."},
                {"pointer": "/0/phone", "code": "missing", "message": "Give one."}]}"#,
        );
        assert_eq!(words(&missing, &mapping).problem, "Neither. No column fills phone: --map says which does.");
        assert_eq!(field_at("/12/answers/budget"), "answers.budget");
    }

    #[test]
    fn a_list_came_in_where_a_row_did_and_none_was_refused_or_given_up() {
        let report = ImportReport::default;
        for (counted, came_in) in [
            (ImportReport { received: 1, ..report() }, true),
            (ImportReport { amended: 1, ..report() }, true),
            (ImportReport { repeated: 1, ..report() }, true),
            (ImportReport { received: 1, quarantined: 1, ..report() }, true),
            (ImportReport { received: 1, dead: 1, ..report() }, false),
            (ImportReport { received: 1, refused: 1, ..report() }, false),
            (ImportReport { quarantined: 1, ..report() }, false),
            (report(), false),
        ] {
            let ImportReport { received, amended, repeated, dead, refused, .. } = counted;
            assert_eq!(counted.came_in(), came_in, "{received} {amended} {repeated} {dead} {refused}");
            let is_new = came_in && repeated == 0;
            assert_eq!(counted.would_come_in(), is_new, "{received} {amended} {repeated} {dead} {refused}");
        }
    }
}
