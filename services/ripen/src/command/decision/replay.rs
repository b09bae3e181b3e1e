//! Making decisions again from what they keep. Streams: memory stays the same however many there are.

use std::{collections::BTreeMap, process::ExitCode, sync::Arc, time::Instant};

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use ripen_domain::{
    criteria::{Criteria, replay},
    id::{CriteriaId, DecisionId},
};
use ripen_qualifier::Documents;
use ripen_runtime::clock::Clock;
use ripen_store::Store;
use serde_json::json;

use crate::{cli::Common, output};

/// Decisions read at once.
const BATCH: i64 = 5_000;
/// At most so many that differ are named.
const NAMED: usize = 1_000;

type Stored = (DecisionId, CriteriaId, String);
type Loaded = BTreeMap<CriteriaId, Arc<Criteria>>;

/// What came of it.
#[derive(Debug, Default)]
struct Tally {
    same: u64,
    differ: u64,
    skipped: u64,
    named: Vec<DecisionId>,
}

/// Replays these.
pub async fn these(common: &Common, store: &Store, stored: Vec<Stored>) -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    let loaded = documents(&Documents::new(store.clone()), &stored).await?;
    let mut tally = Tally::default();
    tally.add(again(stored, &loaded));
    finish(common, &tally, begun)
}

/// Replays every decision there is: while one batch is worked on by every core, the next is read.
pub async fn all(common: &Common, store: &Store) -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    let progress = progress(store.decisions_count(Clock::system().now()).await?)?;
    let kept = Documents::new(store.clone());
    let mut tally = Tally::default();
    let mut stored = store.decisions_after(DecisionId::from_uuid(uuid::Uuid::nil()), BATCH).await?;
    while let Some((last, ..)) = stored.last() {
        let next = store.decisions_after(*last, BATCH);
        let loaded = documents(&kept, &stored).await?;
        let count = stored.len() as u64;
        let (next, done) = tokio::join!(next, on_every_core(stored, loaded));
        done?.into_iter().for_each(|part| tally.add(part));
        progress.inc(count);
        stored = next?;
    }
    progress.finish_and_clear();
    finish(common, &tally, begun)
}

async fn on_every_core(mut stored: Vec<Stored>, loaded: Loaded) -> anyhow::Result<Vec<Tally>> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let size = stored.len().div_ceil(cores).max(1);
    let loaded = Arc::new(loaded);
    let mut parts = Vec::with_capacity(cores);
    while !stored.is_empty() {
        let part = stored.split_off(stored.len().saturating_sub(size));
        let loaded = Arc::clone(&loaded);
        parts.push(tokio::task::spawn_blocking(move || again(part, &loaded)));
    }
    let mut tallies = Vec::with_capacity(parts.len());
    for part in parts {
        tallies.push(part.await.context("a replay broke off")?);
    }
    Ok(tallies)
}

async fn documents(kept: &Documents, stored: &[Stored]) -> anyhow::Result<Loaded> {
    let mut wanted: Vec<_> = stored.iter().map(|(_, criteria, _)| *criteria).collect();
    wanted.sort_unstable();
    wanted.dedup();
    Ok(kept.get(&wanted).await?)
}

fn again(stored: Vec<Stored>, loaded: &Loaded) -> Tally {
    let mut tally = Tally::default();
    for (id, criteria, receipt) in stored {
        // An erased decision keeps its grade and nothing that could be read again.
        if receipt == "null" {
            tally.skipped += 1;
            continue;
        }
        let replayed = loaded.get(&criteria).and_then(|criteria| replay(&receipt, criteria).ok());
        if replayed.is_some_and(|replayed| replayed == receipt) {
            tally.same += 1;
        } else {
            tally.differ += 1;
            tally.named.push(id);
        }
    }
    tally
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.same += other.same;
        self.differ += other.differ;
        self.skipped += other.skipped;
        let room = NAMED.saturating_sub(self.named.len());
        self.named.extend(other.named.into_iter().take(room));
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
    for id in &tally.named {
        output::say(&format!("{id} differs: its criteria and what it keeps no longer come to what was stored"));
    }
    Ok(if tally.differ == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
