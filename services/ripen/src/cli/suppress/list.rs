//! A list of addresses and numbers that must not be contacted, read row by row: a list with a header that names the columns, or a
//! text or a sheet with bare ones, as registers publish them.

use std::{
    collections::BTreeSet,
    fs::File,
    path::Path,
    thread::{self, ScopedJoinHandle},
};

use anyhow::Context as _;
use ripen_domain::{
    contact::Identity,
    list::{
        reader::NotAList,
        row::{BadRow, ListRow},
    },
};

use super::{
    bare_file::{self, BareFile},
    columns::{Column, columns},
    contacts::{RowContacts, RowSense},
};
use crate::cli::list::{ListFile, ListOptions};

/// Rows that are held, and read by every processor, at once.
const BATCH: usize = 50_000;

/// What a file holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct SuppressionFile {
    /// Each address and number once.
    pub identities: Vec<Identity>,
    /// Rows with any text, the header aside.
    pub rows: usize,
    /// Lines on which something, or all, is not suppressed.
    pub unread: Vec<UnreadLine>,
}

/// A line of which not everything could be suppressed.
#[derive(Debug, PartialEq, Eq)]
pub struct UnreadLine {
    /// Counts from 1.
    pub line: u64,
    /// What is wrong.
    pub why: String,
}

/// Reads a file; numbers without a country code are ones of `country` where their row names none.
///
/// # Errors
/// When it cannot be opened or read to its end, or is no list.
pub async fn read(path: &Path, options: &ListOptions, country: Option<&str>) -> anyhow::Result<SuppressionFile> {
    let mut rows = OpenFile::open(path, options)?;
    let sense = RowSense { columns: rows.columns(), country };
    let mut found = Found::default();
    let mut batch = Vec::new();
    let mut may_be_title = rows.is_bare();
    while let Some(row) = rows.next().await.with_context(|| path.display().to_string())? {
        let is_title = may_be_title && row.as_ref().is_ok_and(|row| sense.row(row).is_nothing());
        may_be_title = false;
        if is_title {
            continue;
        }
        found.rows += 1;
        match row {
            Ok(row) => batch.push(row),
            Err(bad) => found.unread.push(UnreadLine { line: bad.line, why: bad.fault.to_string() }),
        }
        if batch.len() == BATCH {
            found.add(&batch, |row| sense.row(row))?;
            batch.clear();
        }
    }
    found.add(&batch, |row| sense.row(row))?;
    Ok(found.finish())
}

/// A list with a header, or a text or a sheet without one.
enum OpenFile {
    List(ListFile),
    Bare(BareFile),
    BareSheet(ListFile),
}

impl OpenFile {
    fn open(path: &Path, options: &ListOptions) -> anyhow::Result<Self> {
        match ListFile::open(path, options) {
            Ok(list) => Ok(Self::List(list)),
            Err(error) if matches!(error.downcast_ref::<NotAList>(), Some(NotAList::DataAsHeader { .. })) => {
                Self::bare(path, options, error)
            }
            Err(error) => Err(error),
        }
    }

    /// Opens a file again whose first row is data.
    fn bare(path: &Path, options: &ListOptions, error: anyhow::Error) -> anyhow::Result<Self> {
        let shown = path.display();
        let mut file = File::open(path).with_context(|| format!("{shown} cannot be read"))?;
        // The beginning of a pipe is gone by now.
        if !file.metadata()?.is_file() {
            return Err(error);
        }
        let start = bare_file::start(&mut file).with_context(|| format!("{shown} cannot be read"))?;
        if let Some(sheet) = ListFile::open_bare_workbook(path, options, &start)? {
            return Ok(Self::BareSheet(sheet));
        }
        BareFile::open(file, &start, options).map(Self::Bare).map_err(|_| error)
    }

    const fn is_bare(&self) -> bool {
        !matches!(self, Self::List(_))
    }

    /// What the columns hold; none where they have no names. A single column whose name says nothing has but a title.
    fn columns(&self) -> Option<Vec<Column>> {
        match self {
            Self::List(list) => match &list.header().names[..] {
                [one] if columns(std::slice::from_ref(one)) != [Column::Contact] => None,
                names => Some(columns(names)),
            },
            Self::Bare(_) | Self::BareSheet(_) => None,
        }
    }

    async fn next(&mut self) -> anyhow::Result<Option<Result<ListRow, BadRow>>> {
        match self {
            Self::List(list) | Self::BareSheet(list) => list.next().await,
            Self::Bare(bare) => Ok(bare.next().context("the file cannot be read on")?),
        }
    }
}

/// What was read so far.
#[derive(Default)]
struct Found {
    identities: BTreeSet<Identity>,
    rows: usize,
    unread: Vec<UnreadLine>,
}

impl Found {
    /// Numbers are read by every processor: a national register has hundreds of millions.
    fn add(&mut self, rows: &[ListRow], read: impl Fn(&ListRow) -> RowContacts + Sync) -> anyhow::Result<()> {
        let lanes = thread::available_parallelism().map_or(1, usize::from);
        let read = &read;
        let parts: Vec<thread::Result<Vec<RowContacts>>> = thread::scope(|scope| {
            let parts = rows.chunks(rows.len().div_ceil(lanes).max(1));
            let lanes: Vec<_> = parts.map(|part| scope.spawn(move || part.iter().map(read).collect())).collect();
            lanes.into_iter().map(ScopedJoinHandle::join).collect()
        });
        let mut of_rows = Vec::new();
        for part in parts {
            // Its rows would be missing, and nobody would know.
            let part = part.map_err(|_| anyhow::anyhow!("a thread that reads rows panicked: nothing is suppressed"));
            of_rows.extend(part?);
        }
        rows.iter().zip(of_rows).for_each(|(row, of_row)| self.add_row(row.line, of_row));
        Ok(())
    }

    fn add_row(&mut self, line: u64, row: RowContacts) {
        if row.is_nothing() {
            let why = "holds neither an e-mail address nor a phone number".to_owned();
            self.unread.push(UnreadLine { line, why });
        } else if !row.wrong.is_empty() {
            self.unread.push(UnreadLine { line, why: row.wrong.join("; ") });
        }
        self.identities.extend(row.identities);
    }

    fn finish(mut self) -> SuppressionFile {
        self.unread.sort_by_key(|unread| unread.line);
        SuppressionFile { identities: self.identities.into_iter().collect(), rows: self.rows, unread: self.unread }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read_bytes(bytes: &[u8], country: Option<&str>) -> (Vec<String>, Vec<u64>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.csv");
        std::fs::write(&path, bytes).unwrap();
        let found = read(&path, &ListOptions::default(), country).await.unwrap();
        let values = found.identities.iter().map(|identity| identity.value().to_owned()).collect();
        (values, found.unread.into_iter().map(|unread| unread.line).collect())
    }

    async fn read_text(text: &str, country: Option<&str>) -> (Vec<String>, Vec<u64>) {
        read_bytes(text.as_bytes(), country).await
    }

    #[tokio::test]
    async fn a_header_names_the_columns_and_numbers_of_others_are_said() {
        let text = "Customer,E-Mail,Phone Number\n4155550999,uma@example.com,415-555-0118\nx,,\n";
        let (values, unread) = read_text(text, Some("US")).await;
        assert_eq!(values, ["uma@example.com", "+14155550118"]);
        assert_eq!(unread, [2, 3], "neither a number of unknown use nor a row without any is passed over");
        let text = "Home Phone;Telefon;WhatsApp\n415-555-0133;415-555-0134;415-555-0135\n";
        assert_eq!(read_text(text, Some("US")).await.0.len(), 3);
        let (values, unread) = read_text("email,Contact me at\na@example.com,4155550118\n", None).await;
        assert_eq!((values.len(), unread), (1, vec![2]), "without a country, too");
    }

    #[tokio::test]
    async fn a_number_among_words_is_neither_suppressed_nor_passed_over() {
        for (header, cell) in [
            ("Comment", "+49 30 901831"),
            ("Notizen", "030 901831"),
            ("Notizen", "rief zweimal an, jetzt 030 901831"),
            ("Remarks", "also ann@example.com."),
            ("Name", "Ann 030/901831"),
        ] {
            let text = format!("Telefon;{header}\n030 901830;{cell}\n030 901832;\n");
            let (values, unread) = read_text(&text, Some("DE")).await;
            assert_eq!((values.len(), unread), (2, vec![2]), "{header}: {cell}");
        }
        for cell in ["rang on Monday", "2024-05-12 10:33", "12.05.2024", "2024-05-12", "twice; 3 times", "ticket 4711"]
        {
            let text = format!("Telefon;Comment;PLZ\n030 901830;\"{cell}\";10115\n");
            assert_eq!(read_text(&text, Some("DE")).await.1, Vec::<u64>::new(), "{cell}");
        }
    }

    #[tokio::test]
    async fn bare_lists_are_read_too() {
        assert_eq!(read_text("+14155550118\n+14155550118\nUMA@example.com\n", None).await.0.len(), 2, "each once");
        assert_eq!(read_text("312,5550100\n415,5550118\n", None).await.0, ["+13125550100", "+14155550118"]);
        let titled = read_text("Do not call these\n+14155550118\n", None).await;
        assert_eq!(titled, (vec!["+14155550118".to_owned()], vec![]));
        assert_eq!(read_text("a@example.com\n\"b@example.com\nc@example.com\n", None).await.1, [2]);
    }

    #[tokio::test]
    async fn a_whole_domain_is_refused_with_its_line_and_a_name_before_an_address_is_none() {
        let text = "email\n*@spam.example\nSup4 <sup4@example.com>\n\"Ann B <ann@example.com>, bo@example.com\"\n@evil.example\n";
        let (values, unread) = read_text(text, None).await;
        assert_eq!(values, ["ann@example.com", "bo@example.com", "sup4@example.com"]);
        assert_eq!(unread, [2, 5]);
    }

    #[tokio::test]
    async fn a_number_is_of_the_country_or_the_code_in_the_columns_beside_it() {
        for (header, cell) in [
            ("country", "DE"),
            ("Country", "Germany"),
            ("Land", "Deutschland"),
            ("country_code", "DE"),
            ("country_code", "49"),
            ("country code", "49"),
            ("phone_country_code", "+49"),
            ("phoneCountryCode", "0049"),
            ("dial_code", "49"),
            ("Dial Code", "Germany (+49)"),
        ] {
            for country in [Some("US"), None] {
                let read = read_text(&format!("{header},phone\n{cell},3023484205\n"), country).await;
                assert_eq!(read, (vec!["+493023484205".to_owned()], vec![]), "{header}: {cell} {country:?}");
            }
        }
        // Ireland's code and a number of seven digits are no area code with the rest behind it.
        assert_ne!(read_text("dial_code,phone\n353,6771234\n", Some("US")).await.0, ["+13536771234"]);
        for (rows, unread) in [
            ("country,phone\nXX,3023484205\n", [2]),
            ("country_code,phone\n999,3023484205\n", [2]),
            ("country,phone_country,phone\nDE,US,3023484205\n", [2]),
            ("phone_country_code,country_code,phone\n1,49,3023484205\n", [2]),
        ] {
            assert_eq!(read_text(rows, Some("US")).await, (vec![], unread.to_vec()), "{rows}");
        }
        let (values, unread) = read_text("country,phone\nXX,+493023484205\n-,3023484206\n", Some("US")).await;
        assert_eq!((values, unread), (vec!["+13023484206".to_owned(), "+493023484205".to_owned()], vec![]));
    }

    #[tokio::test]
    async fn an_extension_in_a_column_of_its_own_is_the_numbers() {
        let header = "email,phone,phone_extension";
        for (row, values, unread) in [
            (",+12065574983,12", vec!["+12065574983;ext=12"], vec![]),
            (",+12065574983,ext. 12", vec!["+12065574983;ext=12"], vec![]),
            (",+12065574983 x12,12", vec!["+12065574983;ext=12"], vec![]),
            (",+12065574983,", vec!["+12065574983"], vec![]),
            // Of a spreadsheet's empty number.
            (",+12065574983,0", vec!["+12065574983"], vec![]),
            (",+12065574983,00.0", vec!["+12065574983"], vec![]),
            // Whose extension it is cannot be told.
            (",12 / +12065574983,12", vec![], vec![2]),
            ("a@example.com,,12", vec!["a@example.com"], vec![]),
            ("a@example.com,+12065574983,ask", vec!["a@example.com"], vec![2]),
            (",+12065574983 x13,12", vec!["+12065574983;ext=13"], vec![2]),
            (",+12065574983 / +12065574984,12", vec![], vec![2]),
        ] {
            let (found, lines) = read_text(&format!("{header}\n{row}\n"), None).await;
            assert_eq!((found, lines), (values.into_iter().map(str::to_owned).collect::<Vec<_>>(), unread), "{row}");
        }
    }

    #[tokio::test]
    async fn a_number_without_a_country_is_not_guessed() {
        let (values, unread) = read_text("phone\n4155550118\n", None).await;
        assert_eq!((values.len(), unread), (0, vec![2]));
    }

    #[tokio::test]
    async fn every_number_of_a_cell_counts_and_a_mark_that_is_not_closed_costs_its_line_only() {
        let text = "name,phone\nAnn,415-555-0133 / 415-555-0199\nBo,\"415-555-0134\nCy,415-555-0135\n";
        let (values, unread) = read_text(text, Some("US")).await;
        assert_eq!(values, ["+14155550133", "+14155550135", "+14155550199"]);
        assert_eq!(unread, [3]);
    }

    #[tokio::test]
    async fn every_usual_encoding_is_read() {
        let utf_16 = |text: &str| [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let named: Vec<u8> = utf_16("Name\tTelefon\nZoë\t+14155550118\n");
        let bare: Vec<u8> = utf_16("+14155550118\n");
        for bytes in [named, bare] {
            assert_eq!(read_bytes(&bytes, None).await, (vec!["+14155550118".to_owned()], vec![]));
        }
    }

    #[test]
    fn a_thread_that_panics_fails_everything() {
        let row = ListRow { line: 2, cells: vec!["+14155550118".to_owned()], doubtful: Vec::new() };
        let read = |_: &ListRow| -> RowContacts { unreachable!("to see what happens") };
        assert!(Found::default().add(&[row], read).is_err());
    }
}
