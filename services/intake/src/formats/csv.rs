//! `text/csv`: a header row and rows, however many. What the rows are read by: the header, and what the query of the address says of
//! columns (`?map=phone=Mobile,Home&set=external_id=list7-{No}&replace=channel:Insta=social&delimiter=;`), as for `ripen import`.

use axum::http::{HeaderMap, header};
use ripen_domain::{
    arrival::RawBody,
    list::{
        mapping::{
            FieldColumns, FieldReplacement, FieldTemplate, InvalidMapping, LOOKED_AT, Mapping, MappingRules,
            named_columns,
        },
        reader::{KnownFormat, ListReader, NotAList},
        row::ListRow,
    },
};
use ripen_web::{Problem, catalogue};
use serde_json::{Map, Value};

use super::{BodyFormat, PostedLead, charset, malformed};

/// What may stand in the query, for whoever wrote something else.
const PARAMETERS: &str = "map=field=Column, set=field=text {Column}, replace=field:Value=new, delimiter and encoding";

/// What the query of an address says of a list.
#[derive(Debug, Default)]
pub struct ColumnQuery {
    map: Vec<String>,
    set: Vec<String>,
    replace: Vec<String>,
    known: KnownFormat,
}

impl ColumnQuery {
    /// Reads the query, and the character set that the content type names.
    ///
    /// # Errors
    /// 400 where a parameter is none: a typing mistake must not end as a column that fills no field.
    pub fn of(query: Option<&str>, headers: &HeaderMap) -> Result<Self, Problem> {
        let mut read = Self::default();
        let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        // Most programs say UTF-8 whatever they send: read by its marks, it is what it is.
        read.known.encoding = charset::parameter(content_type).filter(|name| !super::is_utf8(name)).map(str::to_owned);
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            let value = value.into_owned();
            match name.as_ref() {
                "map" => read.map.push(value),
                "set" => read.set.push(value),
                "replace" => read.replace.push(value),
                "encoding" => read.known.encoding = Some(value),
                "delimiter" => read.known.delimiter = Some(delimiter(&value)?),
                other => {
                    return Err(wrong(format!("There is no parameter {other:?}; there are {PARAMETERS}.")));
                }
            }
        }
        Ok(read)
    }

    /// Opens a list by its beginning, and maps its columns.
    ///
    /// # Errors
    /// What it is instead of a list; what the query names that is not there; that no column fills a way to reach anybody.
    pub fn open(&self, start: &[u8], is_whole: bool, country: &str) -> Result<OpenList, Problem> {
        let reader = ListReader::open(start, is_whole, &self.known).map_err(|error| match error {
            NotAList::Delimiter(_) => wrong(format!("delimiter: {error}.")),
            // Without the cell: it is somebody's address.
            NotAList::DataAsHeader { line, .. } => malformed(format!(
                "Line {line} holds data where the names of the columns should be: put a first line such as \"name,email,phone\" above it."
            )),
            other => malformed(format!("This is no list: {other}.")),
        })?;
        let header = &reader.header().names;
        let mapping = Mapping::new(header, &self.rules(header)?).map_err(|error| wrong(format!("{error}.")))?;
        let mut mapping = mapping.of_country(country);
        if mapping.is_open()
            && let Ok(ahead) = ListReader::open(start, is_whole, &self.known)
        {
            mapping = decided(mapping, ahead);
        }
        if !mapping.shown().iter().any(|shown| shown.field == "email" || shown.field == "phone") {
            let detail = format!(
                "No column fills email or phone, so no row could be received. Say which does with ?map=email=COLUMN; the columns are: {}.",
                header.join(", ")
            );
            return Err(Problem::new(&catalogue::INVALID_LEAD, detail));
        }
        let first_line = line_of(header);
        Ok(OpenList { reader, mapping, first_line })
    }

    fn rules(&self, header: &[String]) -> Result<MappingRules, Problem> {
        let mut rules = MappingRules::default();
        for said in &self.map {
            let (field, columns) = parted(said, "map", "field=Column")?;
            let columns =
                named_columns(header, columns).map_err(|error: InvalidMapping| wrong(format!("map: {error}.")))?;
            rules.map.push(FieldColumns { field: field.to_owned(), columns });
        }
        for said in &self.set {
            let (field, template) = parted(said, "set", "field=text {Column}")?;
            rules.set.push(FieldTemplate { field: field.to_owned(), template: template.to_owned() });
        }
        for said in &self.replace {
            let parts = said.split_once('=').and_then(|(left, new)| Some((left.split_once(':')?, new)));
            let ((field, old), new) =
                parts.ok_or_else(|| wrong("replace: write replace=field:Value=new.".to_owned()))?;
            rules.replace.push(FieldReplacement { field: field.to_owned(), old: old.to_owned(), new: new.to_owned() });
        }
        Ok(rules)
    }
}

/// Looks at the rows in the beginning of a list, which a reader of its own reads ahead: what the names of columns leave open they say.
fn decided(mapping: Mapping, mut ahead: ListReader) -> Mapping {
    let rows: Vec<ListRow> = std::iter::from_fn(|| ahead.next_row()).take(LOOKED_AT).filter_map(Result::ok).collect();
    mapping.by_values(&rows.iter().map(|row| row.cells.as_slice()).collect::<Vec<_>>())
}

fn parted<'s>(said: &'s str, name: &str, form: &str) -> Result<(&'s str, &'s str), Problem> {
    let parts = said.split_once('=').filter(|(field, value)| !field.is_empty() && !value.is_empty());
    parts.ok_or_else(|| wrong(format!("{name}: write {name}={form}.")))
}

fn delimiter(given: &str) -> Result<char, Problem> {
    let mut letters = given.chars();
    match (given.to_lowercase().as_str(), letters.next(), letters.next()) {
        ("tab" | "\\t", ..) => Ok('\t'),
        (_, Some(one), None) => Ok(one),
        _ => Err(wrong("delimiter: write one character, or tab.".to_owned())),
    }
}

fn wrong(detail: String) -> Problem {
    Problem::new(&catalogue::INVALID_PARAMETER, detail)
}

/// A list whose header is read.
pub struct OpenList {
    /// Its rows.
    pub reader: ListReader,
    /// What its columns hold.
    pub mapping: Mapping,
    /// The header as it is kept with each row: without it the row says nothing to who looks at it.
    first_line: String,
}

impl OpenList {
    /// The lead of a row; `number` counts rows from 1.
    pub fn posted(&self, row: &ListRow, number: u64) -> PostedLead {
        let fields: Map<String, Value> = self.mapping.row_lead(row, number);
        let text = format!("{}\r\n{}\r\n", self.first_line, line_of(&row.cells));
        let raw =
            RawBody { media_type: BodyFormat::Csv.media_type().to_owned(), text: super::kept_text(text.as_bytes()) };
        PostedLead { fields: Ok(fields), raw, flags: Vec::new(), bare_plus: Vec::new() }
    }
}

/// A row as RFC 4180 writes it.
fn line_of(cells: &[String]) -> String {
    let quoted = |cell: &String| {
        if cell.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.clone() }
    };
    cells.iter().map(quoted).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(query: &str) -> Result<ColumnQuery, Problem> {
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, "text/csv; charset=utf-8".parse().unwrap())]);
        ColumnQuery::of(Some(query), &headers)
    }

    fn why(said: &str, list: &str) -> String {
        let opened = query(said).and_then(|query| query.open(list.as_bytes(), true, "US"));
        opened.err().unwrap().detail().to_owned()
    }

    #[test]
    fn columns_are_guessed_and_said_as_for_an_import() {
        let said = "map=phone%3DMobile,Home&set=external_id%3Dl7-{%23}&replace=channel:Insta%3Dsocial&delimiter=;";
        let list = "Email Address;Mobile;Home;Channel\na@example.com;;415-555-0100;insta\n";
        let mut open = query(said).unwrap().open(list.as_bytes(), true, "US").unwrap();
        let row = open.reader.next_row().unwrap().unwrap();
        let posted = open.posted(&row, 1);
        let fields = Value::Object(posted.fields.unwrap());
        assert_eq!((&fields["email"], &fields["phone"]), (&"a@example.com".into(), &"415-555-0100".into()));
        assert_eq!((&fields["external_id"], &fields["channel"]), (&"l7-1".into(), &"social".into()));
        let kept = "Email Address,Mobile,Home,Channel\r\na@example.com,,415-555-0100,insta\r\n";
        assert_eq!((posted.raw.media_type.as_str(), posted.raw.text.as_str()), ("text/csv", kept));
    }

    #[test]
    fn a_column_whose_name_leaves_open_what_it_holds_is_the_phone_where_its_cells_are_numbers() {
        let phones = |list: &str, country: &str| {
            let open = query("").unwrap().open(list.as_bytes(), true, country);
            open.map(|mut open| {
                let rows = std::iter::from_fn(|| open.reader.next_row()).map(Result::unwrap).collect::<Vec<_>>();
                let lead = |row: &ListRow| open.posted(row, 1).fields.unwrap();
                rows.iter().map(|row| lead(row)["phone"].clone()).collect::<Vec<_>>()
            })
        };
        let list = "Name,Contact Number\nAsha,98860 43217\nRavi,+91 99887 76655\n";
        assert_eq!(phones(list, "IN").unwrap(), ["98860 43217", "+91 99887 76655"], "each row once");
        let gulf = "Name,Contact No.\nAsha,33123456\n";
        assert_eq!(phones(gulf, "QA").unwrap(), ["33123456"]);
        for (list, country) in [(gulf, "IN"), ("Name,Contact No.\nAsha,C-1\n", "IN"), ("Name,Contact No.\n", "IN")] {
            let why = phones(list, country).err().unwrap().detail().to_owned();
            assert!(why.contains("No column fills email or phone"), "{why}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_list_or_its_query_is_said() {
        let list = "Mail,Name\na@example.com,Ann\n";
        for (said, list, expected) in [
            ("maps=email%3DMail", list, "no parameter \"maps\""),
            ("map=email", list, "write map=field=Column"),
            ("map=email%3DMial", list, "did you mean 'Mail'"),
            ("map=emial%3DMail", list, "no field \"emial\""),
            ("replace=channel%3Dx", list, "field:Value=new"),
            ("delimiter=ab", list, "one character"),
            ("encoding=klingon", list, "no encoding"),
            ("", "Name,Fax\nAnn,1\n", "No column fills email or phone"),
            ("", "a@example.com,Ann\n", "holds data"),
            ("", "", "empty"),
        ] {
            let why = why(said, list);
            assert!(why.contains(expected), "{said}: {why}");
        }
    }
}
