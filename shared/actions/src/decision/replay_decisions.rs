//! Making decisions again from what they keep. Streams: memory stays the same however many there are.

use std::{collections::BTreeMap, sync::Arc};

use ripen_domain::{
    actor::{Actor, Permission},
    criteria::{Criteria, replay_decision},
    id::{CriteriaId, DecisionId},
};
use ripen_store::{
    StoreError,
    criteria::document_cache::Documents,
    decision::decision_reader::{DecisionReader, StoredDecision},
};
use tokio::task::{JoinError, JoinSet};

use crate::{Actions, Refusal, decision::find, work::permit};

/// Decisions read at once.
const BATCH: i64 = 5_000;
/// At most so many that differ are named.
const NAMED: usize = 1_000;

type ReplayedCriteria = BTreeMap<CriteriaId, Arc<Criteria>>;

/// What came of it.
#[derive(Debug, Default)]
pub struct ReplayTally {
    /// Decisions that came to the same bytes.
    pub same: u64,
    /// Decisions that did not.
    pub differ: u64,
    /// Erased ones: there is nothing left that could be read again.
    pub skipped: u64,
    /// The first of those that differ, and why.
    pub named: BTreeMap<DecisionId, String>,
}

/// Hears how far a replay is: decisions done since it last heard.
pub type ReplayProgress = Arc<dyn Fn(u64) + Send + Sync>;

/// Makes one decision again.
///
/// # Errors
/// `Missing` where there is none in the actor's scope.
pub async fn one(actions: &Actions, actor: &Actor, decision: DecisionId) -> Result<ReplayTally, Refusal> {
    let record = find(actions, actor, decision).await?;
    let stored = vec![StoredDecision { id: record.id, criteria: record.criteria, receipt: record.receipt }];
    let loaded = documents(&actions.documents, &stored).await?;
    Ok(again(stored, &loaded))
}

/// How many decisions there are to make again.
pub async fn count(actions: &Actions, actor: &Actor) -> Result<i64, Refusal> {
    permit(actor, Permission::Manage)?;
    Ok(actions.store.decisions_count(actor.scope(), actions.clock.now()).await?)
}

/// Makes every decision in the actor's scope again, with so many readers, each over a connection.
///
/// # Errors
/// When the database is away or criteria cannot be loaded.
pub async fn all(
    actions: &Actions,
    actor: &Actor,
    readers: usize,
    // As many as there are connections for them; each reads windows of its own.
    progress: &ReplayProgress,
) -> Result<ReplayTally, Refusal> {
    permit(actor, Permission::Manage)?;
    let mut parts = JoinSet::new();
    for reader in actions.store.decisions_all(actor.scope(), readers).await? {
        parts.spawn(part(reader, actions.documents.clone(), Arc::clone(progress)));
    }
    let mut tally = ReplayTally::default();
    while let Some(part) = parts.join_next().await {
        tally.add(part.map_err(broken_off)??);
    }
    Ok(tally)
}

/// What one reader is given: while one window is worked on, the next is read.
async fn part(mut reader: DecisionReader, kept: Documents, progress: ReplayProgress) -> Result<ReplayTally, Refusal> {
    let mut tally = ReplayTally::default();
    let mut next = reader.next_decisions(BATCH).await?;
    while let Some(stored) = next {
        let count = stored.len() as u64;
        let loaded = documents(&kept, &stored).await?;
        let working = tokio::task::spawn_blocking(move || again(stored, &loaded));
        // While one window is decided again, the next is read.
        let (read, done) = tokio::join!(reader.next_decisions(BATCH), working);
        tally.add(done.map_err(broken_off)?);
        progress(count);
        next = read?;
    }
    Ok(tally)
}

fn broken_off(error: JoinError) -> Refusal {
    Refusal::Store(StoreError::Failed(format!("a replay broke off: {error}")))
}

async fn documents(kept: &Documents, stored: &[StoredDecision]) -> Result<ReplayedCriteria, Refusal> {
    let mut wanted: Vec<_> = stored.iter().map(|decision| decision.criteria).collect();
    wanted.sort_unstable();
    // Each once: a window has thousands of decisions and few versions.
    wanted.dedup();
    Ok(kept.get(&wanted).await?)
}

fn again(stored: Vec<StoredDecision>, loaded: &ReplayedCriteria) -> ReplayTally {
    let mut tally = ReplayTally::default();
    for decision in stored {
        match decision.receipt.open() {
            // An erased decision keeps its grade and nothing that could be read again.
            Ok(receipt) if receipt == "null" => tally.skipped += 1,
            Ok(receipt) => {
                let criteria = loaded.get(&decision.criteria);
                let replayed = criteria.and_then(|criteria| replay_decision(&receipt, criteria).ok());
                match replayed {
                    Some(replayed) if replayed == receipt => tally.same += 1,
                    // Whatever the reason, the decision cannot be made again: it is named, and the others go on.
                    _ => tally.differs(decision.id, "its criteria and what it keeps no longer come to what was stored"),
                }
            }
            Err(error) => tally.differs(decision.id, &error.to_string()),
        }
    }
    tally
}

impl ReplayTally {
    fn differs(&mut self, decision: DecisionId, why: &str) {
        self.differ += 1;
        // A bound on memory: with changed criteria every decision would differ.
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
            // The last, so that the ones named are the earliest.
            self.named.pop_last();
        }
    }
}
