//! Files of rows under a header, for every command that reads one: CSV in its many spellings, or a sheet of an Excel
//! workbook. What the rows mean is the command's.

mod number_format;
mod text_file;
mod workbook;

use std::{
    collections::VecDeque,
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    path::Path,
};

use anyhow::Context as _;
use clap::Args;
use ripen_domain::list::{
    reader::{KnownFormat, ListHeader, SAMPLE},
    row::{BadRow, ListRow},
};
use serde_json::{Map, Value};

use self::{text_file::TextFile, workbook::Workbook};

/// How a list's file is written, where that cannot be guessed.
#[derive(Debug, Clone, Default, Args)]
pub struct ListOptions {
    /// What separates cells (one character, or `tab`); guessed where missing.
    #[arg(long, value_name = "CHARACTER")]
    pub delimiter: Option<String>,
    /// The encoding of a text file (`windows-1251`, `shift_jis`); UTF-8 and UTF-16 are recognised, others are guessed.
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<String>,
    /// The sheet of an Excel workbook, by name or number; the first visible one that holds anything where missing.
    #[arg(long, value_name = "SHEET")]
    pub sheet: Option<String>,
}

/// An open list.
pub struct ListFile {
    input: ListInput,
    /// Rows that were looked at already, and are to be read.
    ahead: VecDeque<Result<ListRow, BadRow>>,
    blank_rows: u64,
    /// Rows of which some of the encoding was guessed.
    guessed: u64,
}

enum ListInput {
    Text(Box<TextFile>),
    Workbook(Workbook),
}

impl ListFile {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// Says what the file is instead of a list, and what to do.
    pub fn open(path: &Path, options: &ListOptions) -> anyhow::Result<Self> {
        let shown = path.display();
        let known = KnownFormat { encoding: options.encoding.clone(), delimiter: delimiter(options)? };
        let mut file = File::open(path).with_context(|| format!("{shown} cannot be read"))?;
        anyhow::ensure!(!file.metadata()?.is_dir(), "{shown} is a folder: name a file in it");
        let mut start = Vec::new();
        // As much as is there: a pipe gives less at a time.
        let sample = file.by_ref().take(SAMPLE as u64).read_to_end(&mut start);
        sample.with_context(|| format!("{shown} cannot be read"))?;
        let input = if workbook::is_one(&start) {
            file.seek(SeekFrom::Start(0)).with_context(|| format!("{shown} cannot be read as a workbook"))?;
            ListInput::Workbook(Workbook::open(file, options.sheet.as_deref()).with_context(|| shown.to_string())?)
        } else {
            anyhow::ensure!(
                options.sheet.is_none(),
                "{shown} is no Excel workbook and has no sheets: leave --sheet out"
            );
            ListInput::Text(Box::new(TextFile::open(file, &start, &known).with_context(|| shown.to_string())?))
        };
        Ok(Self { input, ahead: VecDeque::new(), blank_rows: 0, guessed: 0 })
    }

    /// Opens a workbook whose sheet has data from its first row on; none where the file is no workbook.
    ///
    /// # Errors
    /// When the file cannot be read, or has no such sheet.
    pub fn open_bare_workbook(path: &Path, options: &ListOptions, start: &[u8]) -> anyhow::Result<Option<Self>> {
        if !workbook::is_one(start) {
            return Ok(None);
        }
        let shown = path.display();
        let file = File::open(path).with_context(|| format!("{shown} cannot be read"))?;
        let sheet = Workbook::open_bare(file, options.sheet.as_deref()).with_context(|| shown.to_string())?;
        let input = ListInput::Workbook(sheet);
        Ok(Some(Self { input, ahead: VecDeque::new(), blank_rows: 0, guessed: 0 }))
    }

    /// The names of the columns.
    pub fn header(&self) -> &ListHeader {
        match &self.input {
            ListInput::Text(text) => text.header(),
            ListInput::Workbook(workbook) => workbook.header(),
        }
    }

    /// What separates its cells: of a workbook, and of what one byte does not write, a comma.
    pub fn separator(&self) -> u8 {
        match &self.input {
            ListInput::Text(text) => text.separator(),
            ListInput::Workbook(_) => b',',
        }
    }

    /// The next row that holds anything; none at the end.
    ///
    /// # Errors
    /// When the file cannot be read on. What is wrong with a row alone is the row's.
    pub async fn next(&mut self) -> anyhow::Result<Option<Result<ListRow, BadRow>>> {
        let row = match self.ahead.pop_front() {
            Some(row) => Some(row),
            None => self.read().await?,
        };
        if let Some(Ok(row)) = &row {
            self.guessed += u64::from(row.is_guessed());
        }
        Ok(row)
    }

    /// Looks at so many of the next rows, which are read all the same: a pipe can be read once.
    ///
    /// # Errors
    /// When the file cannot be read on.
    pub async fn look_ahead(&mut self, rows: usize) -> anyhow::Result<()> {
        while self.ahead.len() < rows {
            let Some(row) = self.read().await? else { break };
            self.ahead.push_back(row);
        }
        Ok(())
    }

    /// The cells of the sound rows that were looked at and are not read yet.
    pub fn ahead(&self) -> Vec<&[String]> {
        self.ahead.iter().filter_map(|row| row.as_ref().ok()).map(|row| row.cells.as_slice()).collect()
    }

    async fn read(&mut self) -> anyhow::Result<Option<Result<ListRow, BadRow>>> {
        loop {
            let row = match &mut self.input {
                ListInput::Text(text) => text.next()?,
                ListInput::Workbook(workbook) => workbook.next().await?,
            };
            match row {
                Some(Ok(row)) if row.is_blank() => self.blank_rows += 1,
                other => return Ok(other),
            }
        }
    }

    /// The share of the file that is read, in percent, where that can be told.
    pub fn percent(&self) -> u64 {
        match &self.input {
            ListInput::Text(text) => text.percent(),
            ListInput::Workbook(_) => 0,
        }
    }

    /// How the file was read, for a report.
    pub fn shown(&self) -> Map<String, Value> {
        let mut shown = match &self.input {
            ListInput::Text(text) => text.shown(self.guessed),
            ListInput::Workbook(workbook) => workbook.shown(),
        };
        shown.insert("header_line".to_owned(), self.header().line.into());
        if self.blank_rows > 0 {
            shown.insert("empty_rows".to_owned(), self.blank_rows.into());
        }
        shown
    }
}

fn delimiter(options: &ListOptions) -> anyhow::Result<Option<char>> {
    let Some(given) = &options.delimiter else { return Ok(None) };
    let mut letters = given.chars();
    match (given.to_lowercase().as_str(), letters.next(), letters.next()) {
        ("tab" | "\\t", ..) => Ok(Some('\t')),
        (_, Some(one), None) => Ok(Some(one)),
        _ => anyhow::bail!("--delimiter {given:?}: write one character, or tab"),
    }
}
