//! A sheet of an Excel workbook, row by row, its numbers and dates as the cells mean them. Old workbooks (`.xls`) are not read.

use std::{collections::HashMap, fs::File, io::BufReader};

use anyhow::Context as _;
use calamine::{DataRef, ExcelDateTime, Reader as _, SheetVisible, Xlsx};
use jiff::{ToSpan as _, civil::DateTime};
use ripen_domain::{
    flag::FlagCode,
    list::{
        reader::{ListHeader, NotAList, TITLES, header_of, header_place},
        row::{BadRow, DoubtfulCell, ListRow},
    },
    values::unmistakable,
};
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;

use super::number_format;

/// Rows that are read ahead.
const AHEAD: usize = 64;
/// From here on a number has more digits than a cell keeps.
const EXACT: f64 = 1e15;

/// Formulas without a stored value that are remembered of a sheet.
const MOST_UNSTORED: usize = 100_000;

type Book = Xlsx<BufReader<File>>;
/// Formulas by row and column.
type UnstoredFormulas = HashMap<(u32, u32), String>;

/// An open sheet.
pub struct Workbook {
    header: ListHeader,
    rows: mpsc::Receiver<anyhow::Result<ListRow>>,
    sheet: String,
    others: Vec<String>,
}

/// Whether a file that begins so may be one.
pub fn is_one(start: &[u8]) -> bool {
    start.starts_with(b"PK\x03\x04")
}

impl Workbook {
    /// Opens a sheet: the one that is named, else the first visible one that holds anything.
    pub fn open(file: File, wanted: Option<&str>) -> anyhow::Result<Self> {
        let mut book = book_of(file)?;
        let (sheet, others) = choose(&mut book, wanted)?;
        // The title and the header are read here, so that what is wrong with them stops everything.
        let mut first = Vec::new();
        each_row(&mut book, (&sheet, &UnstoredFormulas::new()), |row| {
            first.push(row);
            first.len() <= TITLES
        })?;
        let cells: Vec<_> = first.iter().map(|row| row.cells.as_slice()).collect();
        let place = header_place(&cells);
        let header = first.get(place).ok_or(NotAList::NoHeader)?;
        let header = header_of(&header.cells, header.line)?;
        let rows = rows_after(book, sheet.clone(), header.line);
        Ok(Self { header, rows, sheet, others })
    }

    /// Opens a sheet that has data from its first row on. Its columns have no names.
    pub fn open_bare(file: File, wanted: Option<&str>) -> anyhow::Result<Self> {
        let mut book = book_of(file)?;
        let (sheet, others) = choose(&mut book, wanted)?;
        let rows = rows_after(book, sheet.clone(), 0);
        Ok(Self { header: ListHeader { names: Vec::new(), line: 0 }, rows, sheet, others })
    }

    /// The names of the columns.
    pub const fn header(&self) -> &ListHeader {
        &self.header
    }

    /// The next row.
    pub async fn next(&mut self) -> anyhow::Result<Option<Result<ListRow, BadRow>>> {
        match self.rows.recv().await {
            None => Ok(None),
            // Without names there are no columns that a row could have too many of.
            Some(row) if self.header.names.is_empty() => Ok(Some(Ok(row?))),
            Some(row) => Ok(Some(row?.within(self.header.names.len()))),
        }
    }

    /// Which sheet is read.
    pub fn shown(&self) -> Map<String, Value> {
        let mut shown = Map::new();
        shown.insert("sheet".to_owned(), json!(self.sheet));
        if !self.others.is_empty() {
            shown.insert("other_sheets".to_owned(), json!(self.others));
        }
        shown
    }
}

fn book_of(file: File) -> anyhow::Result<Book> {
    Xlsx::new(BufReader::new(file)).map_err(|error| {
        anyhow::anyhow!("this is a ZIP archive and no Excel workbook (.xlsx) that can be read: {error}")
    })
}

/// The rows below a line, read ahead of whoever takes them.
fn rows_after(mut book: Book, sheet: String, after: u64) -> mpsc::Receiver<anyhow::Result<ListRow>> {
    let (sender, rows) = mpsc::channel(AHEAD);
    tokio::task::spawn_blocking(move || {
        let unstored = unstored_formulas(&mut book, &sheet);
        let read =
            each_row(&mut book, (&sheet, &unstored), |row| row.line <= after || sender.blocking_send(Ok(row)).is_ok());
        if let Err(error) = read {
            // Nobody listens where the command has ended.
            let _ = sender.blocking_send(Err(error));
        }
    });
    rows
}

/// The sheet to read, and the other visible ones that hold anything.
fn choose(book: &mut Book, wanted: Option<&str>) -> anyhow::Result<(String, Vec<String>)> {
    let names = book.sheet_names();
    if let Some(wanted) = wanted {
        let by_name = names.iter().find(|name| *name == wanted);
        let by_name = by_name.or_else(|| names.iter().find(|name| name.to_lowercase() == wanted.to_lowercase()));
        let by_number = || wanted.parse::<usize>().ok()?.checked_sub(1).and_then(|place| names.get(place));
        let found = by_name.or_else(by_number);
        let found =
            found.with_context(|| format!("the workbook has no sheet {wanted:?}; it has: {}", names.join(", ")))?;
        return Ok((found.clone(), Vec::new()));
    }
    let visible: Vec<_> = book
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.visible == SheetVisible::Visible)
        .map(|s| s.name.clone())
        .collect();
    let mut filled = Vec::new();
    for name in visible {
        let mut any = false;
        // A sheet of charts has no cells to read.
        let _ = each_row(book, (&name, &UnstoredFormulas::new()), |_| {
            any = true;
            false
        });
        filled.extend(any.then_some(name));
    }
    anyhow::ensure!(
        !filled.is_empty(),
        "no visible sheet of the workbook holds anything; it has: {}",
        names.join(", ")
    );
    Ok((filled.remove(0), filled))
}

/// Reads rows that hold anything until `take` wants no more.
fn each_row(
    book: &mut Book,
    (sheet, unstored): (&str, &UnstoredFormulas),
    mut take: impl FnMut(ListRow) -> bool,
) -> anyhow::Result<()> {
    let mut cells =
        book.worksheet_cells_reader(sheet).with_context(|| format!("the sheet {sheet:?} cannot be read"))?;
    let formats: Vec<_> =
        cells.styles().iter().map(|style| style.number_format.as_ref().map(|f| f.format_code.clone())).collect();
    let mut row = empty_row(0);
    while let Some((cell, style)) =
        cells.next_cell_with_style_id().with_context(|| format!("the sheet {sheet:?} cannot be read on"))?
    {
        let (line, column) = cell.get_position();
        let line = u64::from(line) + 1;
        if line != row.line {
            let done = std::mem::replace(&mut row, empty_row(line));
            if !done.is_blank() && !take(done) {
                return Ok(());
            }
        }
        let shown = text_of(cell.get_value(), formats.get(style).and_then(Option::as_deref));
        let formula = if shown.text.is_empty() { unstored.get(&cell.get_position()) } else { None };
        let uncomputed = formula.map(|formula| (FlagCode::NoStoredValue, format!("={formula}")));
        let doubtful = uncomputed.or(shown.unread.map(|said| (FlagCode::NumberFormat, said)));
        if !shown.text.is_empty() || doubtful.is_some() {
            let place = column as usize;
            row.cells.resize(row.cells.len().max(place + 1), String::new());
            row.cells[place] = shown.text;
            row.doubtful.extend(doubtful.map(|(code, said)| DoubtfulCell { place, code, said }));
        }
    }
    if !row.is_blank() {
        take(row);
    }
    Ok(())
}

const fn empty_row(line: u64) -> ListRow {
    ListRow { line, cells: Vec::new(), doubtful: Vec::new() }
}

/// Formulas that were saved without what they come to, by row and column: a program wrote the workbook, and no spreadsheet opened it since.
/// Read as what stands in them, such cells are empty.
fn unstored_formulas(book: &mut Book, sheet: &str) -> UnstoredFormulas {
    let mut found = UnstoredFormulas::new();
    // What cannot be read is told by whoever reads the cells.
    let Ok(mut cells) = book.worksheet_cells_reader(sheet) else { return found };
    while let Ok(Some(cell)) = cells.next_cell_with_formula() {
        if let (DataRef::Empty, Some(formula)) = (&cell.value, cell.formula)
            && found.len() < MOST_UNSTORED
        {
            found.insert(cell.pos, formula);
        }
    }
    found
}

/// What a cell says.
struct ShownCell {
    text: String,
    /// The number and its format, where that may add to it and cannot be read.
    unread: Option<String>,
}

fn text_of(value: &DataRef<'_>, format: Option<&str>) -> ShownCell {
    let text = match value {
        DataRef::Empty => String::new(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(is_true) => is_true.to_string(),
        DataRef::Error(error) => error.to_string(),
        DataRef::Int(number) => return number_of(number.to_string(), format),
        DataRef::Float(number) if number.fract() == 0.0 && number.abs() < EXACT => {
            return number_of(format!("{number:.0}"), format);
        }
        // A workbook keeps the number itself, and a list is read as people write.
        DataRef::Float(number) => unmistakable(number.to_string()),
        DataRef::DateTime(at) => time_text(at),
    };
    ShownCell { text, unread: None }
}

/// A whole number, with what its format adds to it.
fn number_of(number: String, format: Option<&str>) -> ShownCell {
    let format = format.unwrap_or_default();
    match number_format::shown(&number, format) {
        Ok(text) => ShownCell { text, unread: None },
        Err(number_format::UnreadFormat) => {
            let unread = Some(format!("{number} shown as {format}"));
            ShownCell { text: number, unread }
        }
    }
}

/// A day, a time of day, a time on a day, or a duration.
fn time_text(at: &ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, milli) = at.to_ymd_hms_milli();
    if at.is_duration() {
        #[allow(clippy::cast_possible_truncation, reason = "durations of cells are hours, not ages of the universe")]
        let seconds = (at.as_f64() * 86_400.0).round() as i64;
        return format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    }
    let small = |number: u8| i8::try_from(number).unwrap_or(0);
    let civil = DateTime::new(
        i16::try_from(year).unwrap_or(0),
        small(month),
        small(day),
        small(hour),
        small(minute),
        small(second),
        0,
    );
    let Ok(civil) = civil else { return at.as_f64().to_string() };
    // Cells keep times as parts of a day: 10:10 is a hair less than that.
    let civil = if milli >= 500 { civil.checked_add(1.second()).unwrap_or(civil) } else { civil };
    if at.as_f64() < 1.0 {
        civil.time().to_string()
    } else if civil.time() == jiff::civil::Time::midnight() {
        civil.date().to_string()
    } else {
        civil.to_string()
    }
}

#[cfg(test)]
mod tests {
    use calamine::ExcelDateTimeType;

    use super::*;

    #[test]
    fn numbers_are_what_the_cell_shows() {
        for (number, format, text) in [
            (60134.0, None, "60134"),
            (501.0, Some("00000"), "00501"),
            (5_010_007.0, Some("00000\\-0000"), "00501-0007"),
            (4_155_550_100.0, Some("General"), "4155550100"),
            (1.5, Some("0.00"), "1.5"),
            (450.125, Some("0.000"), "450.1250"),
            (-3.0, Some("00000"), "-3"),
            (7.0, Some("0"), "7"),
            (450_000.0, Some("#,##0"), "450000"),
        ] {
            assert_eq!(text_of(&DataRef::Float(number), format).text, text, "{number} {format:?}");
        }
    }

    #[test]
    fn dates_are_what_the_cell_means() {
        for (value, kind, text) in [
            (46_346.0, ExcelDateTimeType::DateTime, "2026-11-20"),
            (46_346.0 + 10.0 / 24.0 + 10.0 / 1440.0, ExcelDateTimeType::DateTime, "2026-11-20T10:10:00"),
            (0.4375, ExcelDateTimeType::DateTime, "10:30:00"),
            (1.125, ExcelDateTimeType::TimeDelta, "27:00:00"),
        ] {
            let at = ExcelDateTime::new(value, kind, false);
            assert_eq!(text_of(&DataRef::DateTime(at), None).text, text, "{value}");
        }
    }
}
