//! `ripen import --dry-run`: the whole list is read, mapped and looked at as intake would, and nothing is sent.

use std::collections::HashMap;

use ripen_actions::list_import::Foreseen;
use ripen_domain::{hash::ContentHash, id::ArrivalId, list::mapping::Mapping};
use ripen_runtime::clock::Clock;

use super::{
    chunk::MappedRow,
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

/// Looks at every row. Without foresight they are only read and mapped.
///
/// # Errors
/// When the list cannot be read on or the database is away.
pub async fn run(
    list: &mut ListFile,
    mapping: &Mapping,
    foresight: Option<&Foresight>,
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
                rows.push(MappedRow::new(ReportedRow { line: row.line, number, cells: row.cells }, lead));
            }
        }
        if rows.len() == ROWS {
            look(&std::mem::take(&mut rows), mapping, foresight, (&mut seen, &mut report)).await?;
        }
    }
    look(&rows, mapping, foresight, (&mut seen, &mut report)).await?;
    Ok(report)
}

async fn look(
    rows: &[MappedRow],
    mapping: &Mapping,
    foresight: Option<&Foresight>,
    (seen, report): (&mut SeenRows, &mut ImportReport),
) -> anyhow::Result<()> {
    let Some(foresight) = foresight.filter(|_| !rows.is_empty()) else { return Ok(()) };
    let leads: Vec<_> = rows.iter().map(|row| &row.lead).collect();
    let looked = foresight.look(&leads, Clock::system().now()).await?;
    for (row, looked) in rows.iter().zip(looked) {
        match looked {
            Err(problem) => report.refuse(&row.row, &words(&problem, mapping))?,
            Ok(foreseen) => {
                report.flag(row.row.line, &foreseen.flags);
                *(match seen.with_earlier_rows(&foreseen) {
                    Foreseen::New if foreseen.is_quarantined => &mut report.quarantined,
                    Foreseen::New => &mut report.received,
                    Foreseen::Repeated => &mut report.repeated,
                    Foreseen::Amends => &mut report.amended,
                }) += 1;
            }
        }
    }
    Ok(())
}

/// What the rows before said, by their arrivals.
#[derive(Default)]
struct SeenRows(HashMap<ArrivalId, Vec<ContentHash>>);

impl SeenRows {
    /// What a row would come to after the rows before it.
    fn with_earlier_rows(&mut self, row: &ForeseenRow) -> Foreseen {
        let before = self.0.get(&row.arrival);
        let foreseen = match (row.foreseen, before) {
            (Foreseen::Repeated, _) => Foreseen::Repeated,
            (_, Some(said)) if said.contains(&row.content) => Foreseen::Repeated,
            (_, Some(_)) => Foreseen::Amends,
            (foreseen, None) => foreseen,
        };
        if before.is_some() || self.0.len() < REMEMBERED {
            let said = self.0.entry(row.arrival).or_default();
            if !said.contains(&row.content) {
                said.push(row.content);
            }
        }
        foreseen
    }
}
