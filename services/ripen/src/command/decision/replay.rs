//! Making decisions again from what they keep. Streams: memory stays the same however many there are.

use std::{collections::BTreeMap, process::ExitCode, sync::Arc, time::Instant};

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use ripen_domain::{
    criteria::{Criteria, replay},
    id::{CriteriaId, DecisionId},
};
use ripen_runtime::clock::Clock;
use ripen_store::criteria::load::Documents;
use ripen_store::{
    Store,
    decision::replay::{DecisionReader, StoredDecision},
};
use serde_json::json;
use tokio::task::JoinSet;

use crate::{cli::Common, database::readers, output};

/// Decisions read at once.
const BATCH: i64 = 5_000;
/// At most so many that differ are named.
const NAMED: usize = 1_000;

type Loaded = BTreeMap<CriteriaId, Arc<Criteria>>;

/// What came of it.
#[derive(Debug, Default)]
struct Tally {
    same: u64,
    differ: u64,
    skipped: u64,
    /// The first of them, and why.
    named: BTreeMap<DecisionId, String>,
}

/// Replays these.
pub async fn these(common: &Common, store: &Store, stored: Vec<StoredDecision>) -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    let loaded = documents(&Documents::new(store.clone()), &stored).await?;
    let mut tally = Tally::default();
    tally.add(again(stored, &loaded));
    finish(common, &tally, begun)
}

/// Replays every decision there is, a reader and a thread for each core.
pub async fn all(common: &Common, store: &Store) -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    let progress = progress(store.decisions_count(Clock::system().now()).await?)?;
    let kept = Documents::new(store.clone());
    let mut parts = JoinSet::new();
    for reader in store.decisions_all(readers()).await? {
        parts.spawn(part(reader, kept.clone(), progress.clone()));
    }
    let mut tally = Tally::default();
    while let Some(part) = parts.join_next().await {
        tally.add(part.context("a replay broke off")??);
    }
    progress.finish_and_clear();
    finish(common, &tally, begun)
}

/// What one reader is given: while one window is worked on, the next is read.
async fn part(mut reader: DecisionReader, kept: Documents, progress: ProgressBar) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    let mut next = reader.next(BATCH).await?;
    while let Some(stored) = next {
        let count = stored.len() as u64;
        let loaded = documents(&kept, &stored).await?;
        let working = tokio::task::spawn_blocking(move || again(stored, &loaded));
        let (read, done) = tokio::join!(reader.next(BATCH), working);
        tally.add(done.context("a replay broke off")?);
        progress.inc(count);
        next = read?;
    }
    Ok(tally)
}

async fn documents(kept: &Documents, stored: &[StoredDecision]) -> anyhow::Result<Loaded> {
    let mut wanted: Vec<_> = stored.iter().map(|decision| decision.criteria).collect();
    wanted.sort_unstable();
    wanted.dedup();
    Ok(kept.get(&wanted).await?)
}

fn again(stored: Vec<StoredDecision>, loaded: &Loaded) -> Tally {
    let mut tally = Tally::default();
    for decision in stored {
        match decision.receipt.open() {
            // An erased decision keeps its grade and nothing that could be read again.
            Ok(receipt) if receipt == "null" => tally.skipped += 1,
            Ok(receipt) => {
                let criteria = loaded.get(&decision.criteria);
                let replayed = criteria.and_then(|criteria| replay(&receipt, criteria).ok());
                match replayed {
                    Some(replayed) if replayed == receipt => tally.same += 1,
                    _ => tally.differs(decision.id, "its criteria and what it keeps no longer come to what was stored"),
                }
            }
            Err(error) => tally.differs(decision.id, &error.to_string()),
        }
    }
    tally
}

impl Tally {
    fn differs(&mut self, decision: DecisionId, why: &str) {
        self.differ += 1;
        if self.named.len() < NAMED {
            self.named.insert(decision, why.to_owned());
        }
    }

    fn add(&mut self, other: Self) {
        self.same += other.same;
        self.differ += other.differ;
        self.skipped += other.skipped;
        self.named.extend(other.named);
        while self.named.len() > NAMED {
            self.named.pop_last();
        }
    }
}

fn progress(count: i64) -> anyhow::Result<ProgressBar> {
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len} decisions, {per_sec}, {eta} left")?;
    Ok(ProgressBar::new(u64::try_from(count).unwrap_or(0)).with_style(style))
}

fn finish(common: &Common, tally: &Tally, begun: Instant) -> anyhow::Result<ExitCode> {
    let seconds = begun.elapsed().as_secs_f64();
    output::record(
        common.json,
        &json!({"same": tally.same, "differ": tally.differ, "skipped": tally.skipped, "seconds": (seconds * 1000.0).round() / 1000.0}),
    )?;
    for (id, why) in &tally.named {
        output::say(&format!("{id} differs: {why}"));
    }
    Ok(if tally.differ == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
