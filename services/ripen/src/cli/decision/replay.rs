//! `ripen decision replay`: makes decisions again, shows how far it is, and names those that differ.

use std::{process::ExitCode, sync::Arc, time::Instant};

use indicatif::{ProgressBar, ProgressStyle};
use ripen_actions::{
    Actions,
    decision::replay_decisions::{self, ReplayProgress, ReplayTally},
};
use ripen_domain::{actor::Actor, id::DecisionId};
use serde_json::json;

use crate::{
    cli::{Common, refused},
    database::readers,
    output,
};

/// Replays one.
pub async fn one(common: &Common, actions: &Actions, actor: &Actor, id: DecisionId) -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    let tally = replay_decisions::one(actions, actor, id).await.map_err(refused("decision replay"))?;
    finish(common, &tally, begun)
}

/// Replays every decision there is, a reader and a thread for each core.
pub async fn all(common: &Common, actions: &Actions, actor: &Actor) -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    // The count is for the bar only: decisions made meanwhile do not matter to it.
    let bar = bar(replay_decisions::count(actions, actor).await?)?;
    let shown = bar.clone();
    let progress: ReplayProgress = Arc::new(move |done| shown.inc(done));
    let tally = replay_decisions::all(actions, actor, readers(), &progress).await?;
    bar.finish_and_clear();
    finish(common, &tally, begun)
}

fn bar(count: i64) -> anyhow::Result<ProgressBar> {
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len} decisions, {per_sec}, {eta} left")?;
    Ok(ProgressBar::new(u64::try_from(count).unwrap_or(0)).with_style(style))
}

fn finish(common: &Common, tally: &ReplayTally, begun: Instant) -> anyhow::Result<ExitCode> {
    let seconds = begun.elapsed().as_secs_f64();
    output::record(
        common.json,
        &json!({"same": tally.same, "differ": tally.differ, "skipped": tally.skipped, "seconds": (seconds * 1000.0).round() / 1000.0}),
    )?;
    // On standard error and bounded by the tally: a million differences would not be read.
    for (id, why) in &tally.named {
        output::say(&format!("{id} differs: {why}"));
    }
    // The exit code is what a scheduled check looks at.
    Ok(if tally.differ == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
