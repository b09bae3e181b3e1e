//! `ripen import --dry-run`: the whole list is read, mapped and looked at as intake would, and nothing is sent.

use std::{collections::HashMap, iter::once};

use ripen_actions::list_import::Foreseen;
use ripen_domain::{hash::ContentHash, id::ArrivalId, list::mapping::Mapping, person::Profile};
use ripen_outbound::intake::FlagAnswer;
use ripen_runtime::clock::Clock;

use super::{
    chunk::{Added, Chunk, MappedRow},
    elsewhere,
    foresight::{ForeseenRow, Foresight, another_person, as_answered},
    refused_file::ReportedRow,
    report::{ImportReport, words},
    send::HELD_BACK,
};
use crate::cli::list::ListFile;

/// Rows that are remembered to tell repetitions within a list, and whom they are of: about 250 MB. In a longer one, repetitions of what came
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
    // As they would be sent together: what stands twice in one request is sent, and flagged, once.
    let mut chunk = Chunk::default();
    while let Some(row) = list.next().await? {
        report.rows += 1;
        let number = report.rows;
        match row {
            Err(bad) => report.refuse_bad(bad, number, &header),
            Ok(row) => {
                let lead = mapping.row_lead(&row, number);
                report.pass_over(row.line, mapping.passed_over(&row.cells));
                let row = MappedRow::new(ReportedRow { line: row.line, number, cells: row.cells }, lead);
                if let Added::SendFirst(row) | Added::DecideFirst(row) = chunk.add(row) {
                    look(&chunk.take(), mapping, to, (&mut seen, &mut report)).await?;
                    // Nothing is in the way in an empty chunk.
                    chunk.add(row);
                }
            }
        }
        if report.waiting() >= HELD_BACK {
            look(&chunk.take(), mapping, to, (&mut seen, &mut report)).await?;
        }
    }
    look(&chunk.take(), mapping, to, (&mut seen, &mut report)).await?;
    Ok(report)
}

async fn look(
    rows: &[MappedRow],
    mapping: &Mapping,
    to: RowsDestination<'_>,
    (seen, report): (&mut SeenRows, &mut ImportReport),
) -> anyhow::Result<()> {
    if rows.is_empty() {
        return report.settle();
    }
    let leads: Vec<_> = rows.iter().map(|row| &row.lead).collect();
    let now = Clock::system().now();
    let looked = match to {
        RowsDestination::Here(foresight) => foresight.look(&leads, now).await?,
        RowsDestination::Elsewhere => elsewhere::look(&leads, now)?,
    };
    for (row, looked) in rows.iter().zip(looked) {
        match looked {
            Err(problem) => {
                let why = words(&problem, mapping);
                once(&row.row).chain(&row.same).for_each(|row| report.refuse(row, &why));
            }
            Ok(foreseen) => {
                let AfterEarlierRows { outcome, flags } = seen.with_earlier_rows(&foreseen);
                report.flag(&row.row, &flags);
                *(match outcome {
                    Foreseen::New if foreseen.is_quarantined => &mut report.quarantined,
                    Foreseen::New => &mut report.received,
                    Foreseen::Repeated => &mut report.repeated,
                    Foreseen::Amends | Foreseen::ComesBack => &mut report.amended,
                }) += 1;
                report.repeated += row.same.len() as u64;
            }
        }
    }
    report.settle()
}

/// What the last row before said, by its arrival, where it was not a repetition.
#[derive(Default)]
struct SeenRows(HashMap<ArrivalId, SeenRow>);

/// A row as it is remembered.
struct SeenRow {
    content: ContentHash,
    /// Name, address and number, as far as they were said.
    name: Option<Box<str>>,
    email: Option<Box<str>>,
    phone: Option<Box<str>>,
}

impl SeenRow {
    fn of(row: &ForeseenRow) -> Self {
        let said = &row.said;
        let kept = |text: &Option<String>| text.as_deref().map(Box::from);
        Self { content: row.content, name: kept(&said.full_name()), email: kept(&said.email), phone: kept(&said.phone) }
    }

    /// Whether another row is of somebody else.
    fn is_anothers(&self, row: &ForeseenRow) -> bool {
        let told = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
        let said = Profile {
            name: told(&self.name),
            email: told(&self.email),
            phone: told(&self.phone),
            ..Profile::default()
        };
        said.is_all_anothers(&row.said)
    }
}

/// What a row would come to after those before it.
struct AfterEarlierRows {
    outcome: Foreseen,
    flags: Vec<FlagAnswer>,
}

impl SeenRows {
    /// What a row would come to after the rows before it.
    fn with_earlier_rows(&mut self, row: &ForeseenRow) -> AfterEarlierRows {
        let before = self.0.get(&row.arrival);
        let outcome = match before {
            None => row.foreseen,
            Some(said) if said.content == row.content => Foreseen::Repeated,
            Some(_) => Foreseen::Amends,
        };
        let mut flags = row.flags.clone();
        if let Some(before) = before {
            // What came before the list is not what this row corrects.
            let another = as_answered(&another_person());
            flags.retain(|flag| Some(flag) != another.as_ref());
            flags.extend(another.filter(|_| outcome == Foreseen::Amends && before.is_anothers(row)));
        }
        let has_room = before.is_some() || self.0.len() < REMEMBERED;
        if outcome != Foreseen::Repeated && has_room {
            self.0.insert(row.arrival, SeenRow::of(row));
        }
        AfterEarlierRows { outcome, flags }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn row(id: u128, name: &str) -> ForeseenRow {
        let said = Profile {
            name: Some(name.to_owned()),
            email: Some(format!("{name}@example.com")),
            phone: Some(format!("+1415555{:04}", name.len())),
            ..Profile::default()
        };
        ForeseenRow {
            arrival: ArrivalId::from_uuid(Uuid::from_u128(id)),
            content: ContentHash::of(name.as_bytes()),
            flags: Vec::new(),
            is_quarantined: false,
            foreseen: Foreseen::New,
            said,
        }
    }

    #[test]
    fn strangers_under_one_id_of_a_list_are_told() {
        let mut seen = SeenRows::default();
        let told = [(1, "Ann"), (1, "Ann"), (1, "Cedric"), (2, "Eve")].map(|(id, name)| {
            let AfterEarlierRows { outcome, flags } = seen.with_earlier_rows(&row(id, name));
            (outcome, flags.len())
        });
        let expected = [(Foreseen::New, 0), (Foreseen::Repeated, 0), (Foreseen::Amends, 1), (Foreseen::New, 0)];
        assert_eq!(told, expected);
    }
}
