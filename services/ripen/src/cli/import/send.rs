//! Posting rows in chunks, several ahead of their decisions, and asking what became of each.

use std::{collections::VecDeque, time::Duration};

use csv::ByteRecord;
use indicatif::ProgressBar;
use jiff::Timestamp;
use ripen_domain::backoff::Backoff;
use ripen_outbound::intake::IntakeClient;
use ripen_runtime::{
    lifecycle::Stop,
    retry::{GaveUp, RetryLimit, Tried, retry},
};
use serde_json::Value;

use super::{Rows, mapping::Mapping, report::Report, row_number};

/// Rows per request.
const CHUNK: usize = 200;
/// Chunks that may wait for their decisions.
const AHEAD: usize = 8;
/// How long a decision is waited for before the import says that something is wrong.
const PATIENCE: Duration = Duration::from_secs(120);

/// Pauses between questions whether a chunk is decided.
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(5), longest: Duration::from_millis(200) };

/// Sends chunks and follows them up.
pub struct Sender {
    intake: IntakeClient,
    waiting: VecDeque<Chunk>,
    report: Report,
}

/// A chunk that was received: its arrivals and when.
struct Chunk {
    ids: Vec<String>,
    received_at: Option<Timestamp>,
}

impl Sender {
    /// A sender to this intake.
    pub fn new(intake: IntakeClient) -> Self {
        Self { intake, waiting: VecDeque::new(), report: Report::default() }
    }

    async fn send(&mut self, leads: Vec<Value>, lines: &[u64]) -> anyhow::Result<()> {
        let posted = self.intake.post(&Value::Array(leads)).await?;
        let mut ids = Vec::new();
        let results = posted.body["results"].as_array().cloned().unwrap_or_default();
        anyhow::ensure!(
            results.len() == lines.len(),
            "the intake answered for {} of {} rows",
            results.len(),
            lines.len()
        );
        for (result, line) in results.iter().zip(lines) {
            match result["arrival"].as_str() {
                Some(id) => ids.push(id.to_owned()),
                None => self.report.refuse(*line, problem(&result["problem"])),
            }
        }
        self.waiting
            .push_back(Chunk { ids, received_at: posted.received_at.as_deref().and_then(|at| at.parse().ok()) });
        while self.waiting.len() > AHEAD {
            self.follow_up().await?;
        }
        Ok(())
    }

    /// Waits until the oldest chunk is decided and counts what became of it.
    async fn follow_up(&mut self) -> anyhow::Result<()> {
        let Some(chunk) = self.waiting.pop_front() else { return Ok(()) };
        let ids: Vec<_> = chunk.ids.iter().map(String::as_str).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let limit = RetryLimit::Until(tokio::time::Instant::now() + PATIENCE);
        // A command is ended by its signal.
        let never = Stop::default();
        let decided = retry(BACKOFF, limit, never.soft(), || async {
            let statuses = match self.intake.statuses(&ids).await {
                Ok(statuses) => statuses["arrivals"].as_array().cloned().unwrap_or_default(),
                Err(error) => return Tried::Done(Err(error)),
            };
            let all = statuses.len() == ids.len() && statuses.iter().all(|status| status["status"] != "pending");
            if all { Tried::Done(Ok(statuses)) } else { Tried::Again(()) }
        });
        match decided.await {
            Ok(statuses) => statuses?.iter().for_each(|status| self.count(status, chunk.received_at)),
            Err(GaveUp::Limit(()) | GaveUp::Stopped) => anyhow::bail!(
                "rows are received but not decided after {} s: is a qualifier running?",
                PATIENCE.as_secs()
            ),
        }
        Ok(())
    }

    /// An arrival received with this chunk is new; an older one was repeated, or corrected by this chunk.
    fn count(&mut self, status: &Value, received_at: Option<Timestamp>) {
        let report = &mut self.report;
        let at = |key: &str| status[key].as_str().and_then(|at| at.parse::<Timestamp>().ok());
        if received_at.is_none() || at("received_at") == received_at {
            let quarantined = status["status"] == "quarantined";
            *(if quarantined { &mut report.quarantined } else { &mut report.received }) += 1;
        } else if at("amended_at") == received_at {
            report.amended += 1;
        } else {
            report.repeated += 1;
        }
    }
}

/// Sends every row and waits for every decision.
///
/// # Errors
/// When the intake refuses for good or stays away: running it again goes on where it stopped.
pub async fn all(
    mut sender: Sender,
    rows: &mut Rows,
    mapping: &Mapping,
    progress: &ProgressBar,
) -> anyhow::Result<Report> {
    let mut row = ByteRecord::new();
    let (mut leads, mut lines) = (Vec::with_capacity(CHUNK), Vec::with_capacity(CHUNK));
    loop {
        match rows.read_byte_record(&mut row) {
            Ok(false) => break,
            Ok(true) => {
                sender.report.rows += 1;
                leads.push(mapping.lead(&row));
                lines.push(row_number(&row, rows));
            }
            Err(error) if error.is_io_error() => return Err(error.into()),
            Err(error) => {
                sender.report.rows += 1;
                sender.report.refuse(row_number(&row, rows), error.to_string());
            }
        }
        if leads.len() == CHUNK {
            sender.send(std::mem::take(&mut leads), &lines).await?;
            lines.clear();
            progress.set_position(rows.position().byte());
            progress.set_message(format!("{} rows", sender.report.rows));
        }
    }
    if !leads.is_empty() {
        sender.send(leads, &lines).await?;
    }
    while !sender.waiting.is_empty() {
        sender.follow_up().await?;
    }
    Ok(sender.report)
}

/// A problem in one line: its detail, and which fields.
fn problem(problem: &Value) -> String {
    let detail = problem["detail"].as_str().or_else(|| problem["title"].as_str()).unwrap_or("refused");
    let fields: Vec<_> = problem["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|error| {
            format!("{} {}", error["pointer"].as_str().unwrap_or("?"), error["message"].as_str().unwrap_or("?"))
        })
        .collect();
    if fields.is_empty() { detail.to_owned() } else { format!("{detail} ({})", fields.join("; ")) }
}
