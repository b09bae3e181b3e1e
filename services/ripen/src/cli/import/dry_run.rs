//! `ripen import --dry-run`: the whole list is read, mapped and looked at as intake would, and nothing is sent.

use std::collections::HashMap;

use ripen_actions::list_import::Foreseen;
use ripen_domain::{hash::ContentHash, id::ArrivalId, list::mapping::Mapping};
use ripen_runtime::clock::Clock;

use super::{
    chunk::MappedRow,
    elsewhere,
    foresight::{ForeseenRow, Foresight},
    refused_file::ReportedRow,
    report::{ImportReport, words},
};
use crate::cli::list::ListFile;

/// Rows that are looked at together.
const ROWS: usize = 200;
/// Rows that are remembered to tell repetitions within a list: about 100 MB. In a longer one, repetitions of what came
/// later count as new; sending it counts them right.
const REMEMBERED: usize = 1_000_000;

/// Where the rows would go.
#[derive(Clone, Copy)]
pub enum RowsDestination<'f> {
    /// Into the database at hand.
    Here(&'f Foresight),
    /// To a server elsewhere, whose database cannot be asked.
    Elsewhere,
}

/// Looks at every row.
///
/// # Errors
/// When the list cannot be read on or the database is away.
pub async fn run(
    list: &mut ListFile,
    mapping: &Mapping,
    to: RowsDestination<'_>,
    mut report: ImportReport,
) -> anyhow::Result<ImportReport> {
    let header = list.header().names.clone();
    let mut seen = SeenRows::default();
    let mut rows = Vec::new();
    while let Some(row) = list.next().await? {
        report.rows += 1;
        let number = report.rows;
        match row {
            Err(bad) => report.refuse_bad(bad, number, &header)?,
            Ok(row) => {
                let lead = mapping.lead(&row.cells, number);
                report.pass_over(row.line, mapping.passed_over(&row.cells));
                rows.push(MappedRow::new(ReportedRow { line: row.line, number, cells: row.cells }, lead));
            }
        }
        if rows.len() == ROWS {
            look(&std::mem::take(&mut rows), mapping, to, (&mut seen, &mut report)).await?;
        }
    }
    look(&rows, mapping, to, (&mut seen, &mut report)).await?;
    Ok(report)
}

async fn look(
    rows: &[MappedRow],
    mapping: &Mapping,
    to: RowsDestination<'_>,
    (seen, report): (&mut SeenRows, &mut ImportReport),
) -> anyhow::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let leads: Vec<_> = rows.iter().map(|row| &row.lead).collect();
    let now = Clock::system().now();
    let looked = match to {
        RowsDestination::Here(foresight) => foresight.look(&leads, now).await?,
        RowsDestination::Elsewhere => elsewhere::look(&leads, now)?,
    };
    for (row, looked) in rows.iter().zip(looked) {
        match looked {
            Err(problem) => report.refuse(&row.row, &words(&problem, mapping))?,
            Ok(foreseen) => {
                report.flag(&row.row, &foreseen.flags)?;
                *(match seen.with_earlier_rows(&foreseen) {
                    Foreseen::New if foreseen.is_quarantined => &mut report.quarantined,
                    Foreseen::New => &mut report.received,
                    Foreseen::Repeated => &mut report.repeated,
                    Foreseen::Amends | Foreseen::ComesBack => &mut report.amended,
                }) += 1;
            }
        }
    }
    Ok(())
}

/// What the last row before said, by its arrival, where it was not a repetition.
#[derive(Default)]
struct SeenRows(HashMap<ArrivalId, ContentHash>);

impl SeenRows {
    /// What a row would come to after the rows before it.
    fn with_earlier_rows(&mut self, row: &ForeseenRow) -> Foreseen {
        let before = self.0.get(&row.arrival);
        let foreseen = match before {
            None => row.foreseen,
            Some(said) if *said == row.content => Foreseen::Repeated,
            Some(_) => Foreseen::Amends,
        };
        let has_room = before.is_some() || self.0.len() < REMEMBERED;
        if foreseen != Foreseen::Repeated && has_room {
            self.0.insert(row.arrival, row.content);
        }
        foreseen
    }
}
