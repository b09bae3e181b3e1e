//! Dead letters: messages that could not be handled, until a person decides.

use ripen_domain::actor::{Actor, Permission};
use ripen_store::arrival::dead_letter::{DeadLetter, EndedLetter};
use serde_json::json;
use uuid::Uuid;

use crate::{
    Action, Actions, Refusal, Work,
    work::{AuditChange, permit},
};

/// The most letters replayed at once.
const MOST: i64 = 10_000;

/// Handles messages again. Arrivals go back into the spool; offers of rows end, because their rows are still due.
#[derive(Debug, Clone)]
pub struct ReplayDeadLetters {
    /// Which; all that wait where none is named.
    pub letters: Option<Vec<Uuid>>,
}

/// What became of dead letters that were to be handled again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayedLetters {
    /// Arrivals that wait in the spool again.
    pub replayed: usize,
    /// Offers that ended.
    pub offers_dropped: usize,
}

impl Action for ReplayDeadLetters {
    type Done = ReplayedLetters;

    const PERMISSION: Permission = Permission::Manage;

    async fn act(&self, work: &mut Work<'_>) -> Result<ReplayedLetters, Refusal> {
        let scope = work.actor.scope();
        let ended = work.tx.dead_letters_replay(scope, self.letters.as_deref(), MOST, work.now).await?;
        let named = self.letters.iter().flatten();
        // Named ones must all be there: a letter that somebody else has dealt with since is a mistake worth telling.
        if let Some(missing) = named.into_iter().find(|id| !ended.iter().any(|letter| letter.id == **id)) {
            return Err(Refusal::missing("dead letter", missing));
        }
        for EndedLetter { id, queue, is_replayed } in &ended {
            let after = json!({"state": if *is_replayed { "replayed" } else { "dropped" }, "queue": queue});
            work.changed("dead_letter.replay", id, AuditChange { after: Some(after), ..AuditChange::default() });
        }
        let replayed = ended.iter().filter(|letter| letter.is_replayed).count();
        Ok(ReplayedLetters { replayed, offers_dropped: ended.len() - replayed })
    }
}

/// Gives a message up for good: what it said is deleted, that it came stays on record.
#[derive(Debug, Clone, Copy)]
pub struct DropDeadLetter {
    /// Which.
    pub letter: Uuid,
}

impl Action for DropDeadLetter {
    type Done = ();

    const PERMISSION: Permission = Permission::Manage;

    async fn act(&self, work: &mut Work<'_>) -> Result<(), Refusal> {
        match work.tx.dead_letter_drop(work.actor.scope(), self.letter, work.now).await {
            // Dropped or replayed since it was looked at: it waits no more.
            Err(ripen_store::StoreError::Moved(_)) => return Err(Refusal::missing("dead letter", self.letter)),
            result => result?,
        }
        let after = Some(json!({"state": "dropped"}));
        work.changed("dead_letter.drop", self.letter, AuditChange { after, ..AuditChange::default() });
        Ok(())
    }
}

/// Which dead letters are listed.
#[derive(Debug, Clone, Copy)]
pub struct DeadLetterQuery {
    /// Given up after this one: where the page before ended.
    pub after: Option<Uuid>,
    /// At most so many.
    pub limit: u32,
}

/// Those that wait for a decision, oldest first.
pub async fn list(actions: &Actions, actor: &Actor, query: &DeadLetterQuery) -> Result<Vec<DeadLetter>, Refusal> {
    permit(actor, Permission::Manage)?;
    Ok(actions.store.dead_letters(actor.scope(), query.after, i64::from(query.limit)).await?)
}

/// One that waits.
///
/// # Errors
/// `Missing` where none of this id waits.
pub async fn find(actions: &Actions, actor: &Actor, letter: Uuid) -> Result<DeadLetter, Refusal> {
    permit(actor, Permission::Manage)?;
    let found = actions.store.dead_letter(actor.scope(), letter).await?;
    found.ok_or_else(|| Refusal::missing("dead letter", letter))
}
