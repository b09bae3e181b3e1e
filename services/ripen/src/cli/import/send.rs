//! Posting rows in chunks, several ahead of their decisions, and asking what became of each.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use indicatif::ProgressBar;
use jiff::Timestamp;
use ripen_domain::{backoff::Backoff, list::mapping::Mapping};
use ripen_outbound::intake::{ArrivalAnswer, ElementAnswer, FlagAnswer, IntakeError, OtherBodyAnswer, PostedLeads};
use ripen_runtime::clock::Clock;
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::{
    chunk::{Added, Chunk, MappedRow},
    foresight::Foresight,
    refused_file::ReportedRow,
    renewing_key::IntakeWay,
    report::{ImportReport, RefusedWords, words},
};
use crate::cli::list::ListFile;

/// Chunks that may wait for their decisions.
const AHEAD: usize = 8;
/// How long a decision is waited for before the import says that something is wrong.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long a correction is waited for after that: it is durable, and counted, in any case.
const PATIENCE_FOR_CORRECTIONS: Duration = Duration::from_secs(15);
/// Ids in one question.
const QUESTION: usize = 200;
/// Refused rows that are held back for those before them.
pub const HELD_BACK: usize = 1_000;
/// Payload Too Large: of the whole request, or of its number of leads.
const TOO_LARGE: u16 = 413;

/// Pauses between questions whether a chunk is decided.
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(5), longest: Duration::from_millis(200) };

/// Sends chunks and follows them up.
pub struct Sender<'m> {
    way: IntakeWay,
    mapping: &'m Mapping,
    foresight: Option<Foresight>,
    waiting: VecDeque<SentChunk>,
    /// What was sent and not yet decided, by the sender's id.
    in_flight: HashMap<String, Map<String, Value>>,
    report: ImportReport,
}

/// Rows that were received.
struct SentChunk {
    rows: Vec<SentLead>,
}

struct SentLead {
    id: String,
    row: ReportedRow,
    arrival: String,
    received_at: Option<Timestamp>,
    /// The id of the correction that it is.
    correction: Option<String>,
    /// What it was foreseen to be flagged with; none where nothing was foreseen.
    flags: Option<Vec<FlagAnswer>>,
}

impl SentLead {
    fn new(row: &MappedRow, arrival: String, received_at: Option<Timestamp>) -> Self {
        let correction = row.foreseen.as_ref().and_then(|foreseen| foreseen.correction(received_at));
        Self {
            id: row.id(),
            row: row.row.clone(),
            arrival,
            received_at,
            correction: correction.map(|id| id.to_string()),
            flags: row.foreseen.as_ref().map(|foreseen| foreseen.flags.clone()),
        }
    }

    /// Under which id it is kept where it corrects what its arrival said before.
    fn correction_in(&self, status: &ArrivalAnswer) -> Option<String> {
        let now = |body: &&OtherBodyAnswer| Some(body.received_at) == self.received_at;
        self.correction.clone().or_else(|| Some(status.bodies.iter().find(now)?.arrival.clone()))
    }
}

impl<'m> Sender<'m> {
    /// A sender to this intake; with foresight where its database is at hand.
    pub fn new(way: IntakeWay, mapping: &'m Mapping, foresight: Option<Foresight>, report: ImportReport) -> Self {
        Self { way, mapping, foresight, waiting: VecDeque::new(), in_flight: HashMap::new(), report }
    }

    /// Sends every row and waits for every decision.
    ///
    /// # Errors
    /// When the intake refuses for good or stays away: running it again goes on where it stopped.
    pub async fn all(mut self, list: &mut ListFile, progress: &ProgressBar) -> anyhow::Result<ImportReport> {
        match self.send_all(list, progress).await {
            Ok(()) => Ok(self.report),
            // What became of the rows before would be lost with the report.
            Err(error) => match self.report.broken_off() {
                Ok(told) => Err(error.context(told)),
                Err(unwritten) => Err(error.context(format!("{unwritten:#}"))),
            },
        }
    }

    async fn send_all(&mut self, list: &mut ListFile, progress: &ProgressBar) -> anyhow::Result<()> {
        let header = list.header().names.clone();
        let mut chunk = Chunk::default();
        while let Some(row) = list.next().await? {
            self.report.rows += 1;
            let number = self.report.rows;
            match row {
                Err(bad) => {
                    self.report.refuse_bad(bad, number, &header);
                    // Held back until the rows before it are answered for, and not for the rest of the list.
                    if self.report.waiting() >= HELD_BACK {
                        self.send(chunk.take()).await?;
                    }
                }
                Ok(row) => {
                    let lead = self.mapping.row_lead(&row, number);
                    self.report.pass_over(row.line, self.mapping.passed_over(&row.cells));
                    let row = ReportedRow { line: row.line, number, cells: row.cells };
                    self.add(&mut chunk, MappedRow::new(row, lead)).await?;
                }
            }
            progress.set_position(list.percent());
            progress.set_message(format!("{number} rows"));
        }
        self.send(chunk.take()).await?;
        self.settle().await
    }

    async fn add(&mut self, chunk: &mut Chunk, row: MappedRow) -> anyhow::Result<()> {
        let is_other = self.in_flight.get(&row.id()).is_some_and(|lead| *lead != row.lead);
        let added = if is_other { Added::DecideFirst(row) } else { chunk.add(row) };
        let row = match added {
            Added::In => return Ok(()),
            Added::SendFirst(row) => {
                self.send(chunk.take()).await?;
                row
            }
            Added::DecideFirst(row) => {
                self.send(chunk.take()).await?;
                self.settle().await?;
                row
            }
        };
        // Nothing is in the way in an empty chunk.
        chunk.add(row);
        Ok(())
    }

    /// Sends rows; what is too much for the server at once goes in halves.
    async fn send(&mut self, mut rows: Vec<MappedRow>) -> anyhow::Result<()> {
        // Before they are sent: afterwards each would be found to be there already.
        self.foresee(&mut rows).await?;
        let mut parts = vec![rows];
        while let Some(mut rows) = parts.pop().filter(|rows| !rows.is_empty()) {
            let leads = Value::Array(rows.iter().map(|row| Value::Object(row.lead.clone())).collect());
            match self.way.post(&leads).await? {
                Ok(posted) => self.received(rows, posted).await?,
                Err(IntakeError::Refused { status: TOO_LARGE, .. }) if rows.len() > 1 => {
                    let second = rows.split_off(rows.len() / 2);
                    parts.extend([second, rows]);
                }
                Err(IntakeError::Refused { status: TOO_LARGE, detail }) => {
                    for row in &rows {
                        self.refuse(row, &RefusedWords { column: None, problem: detail.clone() });
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        self.report.settle()
    }

    async fn received(&mut self, rows: Vec<MappedRow>, posted: PostedLeads) -> anyhow::Result<()> {
        let PostedLeads { results, received_at } = posted;
        let (answered, sent) = (results.len(), rows.len());
        anyhow::ensure!(answered == sent, "the intake answered for {answered} of {sent} rows");
        let mut sent = Vec::new();
        for (row, result) in rows.into_iter().zip(results) {
            match result {
                ElementAnswer::Refused { problem } => self.refuse(&row, &words(&problem, self.mapping)),
                ElementAnswer::Received { arrival, received_at: own } => {
                    self.report.repeated += row.same.len() as u64;
                    sent.push(SentLead::new(&row, arrival, own.or(received_at)));
                    self.in_flight.insert(row.id(), row.lead);
                }
            }
        }
        self.waiting.push_back(SentChunk { rows: sent });
        while self.waiting.len() > AHEAD {
            self.follow_up().await?;
        }
        Ok(())
    }

    /// What each row would come to, where the database is at hand.
    async fn foresee(&self, rows: &mut [MappedRow]) -> anyhow::Result<()> {
        let Some(foresight) = self.foresight.as_ref().filter(|_| !rows.is_empty()) else { return Ok(()) };
        let leads: Vec<_> = rows.iter().map(|row| &row.lead).collect();
        let looked = foresight.look(&leads, Clock::system().now()).await?;
        for (row, looked) in rows.iter_mut().zip(looked) {
            row.foreseen = looked.ok();
        }
        Ok(())
    }

    fn refuse(&mut self, row: &MappedRow, why: &RefusedWords) {
        self.report.refuse(&row.row, why);
        row.same.iter().for_each(|same| self.report.refuse(same, why));
    }

    async fn settle(&mut self) -> anyhow::Result<()> {
        while !self.waiting.is_empty() {
            self.follow_up().await?;
        }
        Ok(())
    }

    /// Waits until the oldest chunk is decided and counts what became of it.
    async fn follow_up(&mut self) -> anyhow::Result<()> {
        let Some(chunk) = self.waiting.pop_front() else { return Ok(()) };
        let ids: Vec<_> = chunk.rows.iter().map(|row| row.arrival.as_str()).collect();
        let Some(statuses) = self.decided(&ids, PATIENCE).await? else {
            anyhow::bail!("rows are received but not decided after {} s: is a qualifier running?", PATIENCE.as_secs());
        };
        let rows = chunk.rows.iter().zip(&statuses);
        let corrections: Vec<_> = rows.map(|(row, status)| row.correction_in(status)).collect();
        let ids: Vec<_> = corrections.iter().flatten().map(String::as_str).collect();
        let decided = self.decided(&ids, PATIENCE_FOR_CORRECTIONS).await?;
        let mut decided = decided.unwrap_or_default().into_iter();
        for ((row, status), correction) in chunk.rows.iter().zip(&statuses).zip(&corrections) {
            // What the qualifier found is with the body that it found it in.
            let own = correction.as_ref().and_then(|_| decided.next());
            let is_new = row.received_at.is_none() || status.received_at == row.received_at;
            let found = match &own {
                Some(correction) => &correction.flags[..],
                None if is_new || row.flags.is_none() => &status.flags,
                None => &[],
            };
            self.report.flag(&row.row, &with_found(row.flags.clone().unwrap_or_default(), found));
            self.count(row, status);
            self.in_flight.remove(&row.id);
        }
        Ok(())
    }

    /// What became of these arrivals, once all are decided; none where that takes too long.
    async fn decided(&mut self, ids: &[&str], patience: Duration) -> anyhow::Result<Option<Vec<ArrivalAnswer>>> {
        let mut all = Vec::new();
        for ids in ids.chunks(QUESTION) {
            let until = Instant::now() + patience;
            let mut tries = 0;
            loop {
                let statuses = self.way.statuses(ids).await?;
                if statuses.len() == ids.len() && statuses.iter().all(ArrivalAnswer::is_decided) {
                    all.extend(statuses);
                    break;
                }
                if Instant::now() >= until {
                    return Ok(None);
                }
                tries += 1;
                // One program, one server: there is nobody to be spread from.
                tokio::time::sleep(BACKOFF.pause(tries, 1.0)).await;
            }
        }
        Ok(Some(all))
    }

    /// An arrival that was received with this row is new; an older one was repeated, or corrected by this row.
    fn count(&mut self, row: &SentLead, status: &ArrivalAnswer) {
        let (report, received_at) = (&mut self.report, row.received_at);
        if received_at.is_none() || status.received_at == received_at {
            *(match status.status.as_str() {
                "quarantined" => &mut report.quarantined,
                "dead" => &mut report.dead,
                _ => &mut report.received,
            }) += 1;
        } else if row.correction.is_some() || status.amended_at == received_at {
            report.amended += 1;
        } else {
            report.repeated += 1;
        }
    }
}

/// What was foreseen, and what else was found since.
fn with_found(mut foreseen: Vec<FlagAnswer>, found: &[FlagAnswer]) -> Vec<FlagAnswer> {
    let is_of_one = |one: &FlagAnswer, other: &FlagAnswer| match (one, other) {
        (FlagAnswer::OfField { field, code, .. }, FlagAnswer::OfField { field: of, code: known, .. }) => {
            field == of && code == known
        }
        _ => one == other,
    };
    let is_new = |flag: &&FlagAnswer| !foreseen.iter().any(|known| is_of_one(flag, known));
    let new: Vec<_> = found.iter().filter(is_new).cloned().collect();
    foreseen.extend(new);
    foreseen
}
