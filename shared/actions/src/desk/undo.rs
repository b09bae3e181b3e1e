//! A disposition taken back: promise, rounds, answers, note, stage and draft are as before, and the lead is decided again.

use ripen_domain::{
    actor::{Actor, Permission},
    desk::Rank,
    id::LeadId,
};
use ripen_store::{
    StoreError,
    desk::{
        draft::{DeskDraft, DraftChange, DraftRef},
        undo::{PendingUndo, UndoRecord},
    },
    lead::undo::{LeadBefore, TakenBack, TouchUndo},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{
    draft::as_typed,
    nobody,
    take::{OpenFor, OpenedLead, open_as},
    user_of,
};
use crate::{
    Action, Actions, Refusal, Work,
    work::{AuditChange, permit},
};

/// What a disposition replaced, as it is kept.
#[derive(Serialize, Deserialize)]
pub(super) struct Before {
    /// The lead.
    pub lead: LeadBefore,
    /// What was typed.
    pub draft: Option<DeskDraft>,
    /// Why it was open; none in what an older version kept.
    #[serde(default)]
    pub opened: Option<OpenedBefore>,
}

/// Why a lead was open before its disposition: it is so again once that is taken back.
#[derive(Serialize, Deserialize)]
pub(super) struct OpenedBefore {
    /// The rank.
    pub rank: String,
    /// In words.
    pub why: String,
    /// The number at which it was opened: the call that it was opened for was made to it. None in what an older version kept.
    #[serde(default)]
    pub phone: Option<String>,
}

/// Takes a disposition back within the time for it.
///
/// `Missing` where it is not the actor's; `Conflict` `too_late`, `undone`, `worked_since` or `final`.
#[derive(Debug, Clone, Copy)]
pub struct UndoDisposition {
    /// The touch.
    pub touch: Uuid,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// The lead.
    pub lead: LeadId,
    /// It is open again, where nobody else has it.
    pub held: Option<OpenedLead>,
}

impl Action for UndoDisposition {
    type Done = Undone;

    const PERMISSION: Permission = Permission::Work;

    fn is_for_any_client(&self) -> bool {
        true
    }

    async fn act(&self, work: &mut Work<'_>) -> Result<Undone, Refusal> {
        let (user, scope, now) = (user_of(work)?, work.scope(), work.now);
        let kept = work.tx.desk_undo_lock(scope, self.touch).await?.filter(|kept| kept.user == user);
        let Some(kept) = kept else { return Err(Refusal::missing("disposition", self.touch)) };
        self.in_time(work, &kept)?;
        let broken = |error: serde_json::Error| StoreError::Corrupt(format!("what a disposition replaced: {error}"));
        let Before { lead: before, draft, opened } = serde_json::from_value(kept.before).map_err(broken)?;
        let undo = TouchUndo { touch: self.touch, lead: kept.lead, before: &before };
        match work.tx.touch_take_back(work.actor, undo, now).await {
            Ok(TakenBack::Done) => {}
            Ok(TakenBack::Unknown) => return Err(Refusal::missing("disposition", self.touch)),
            Ok(TakenBack::WorkedSince) => {
                return Err(Refusal::conflict(
                    "worked_since",
                    "somebody worked on this lead since: nothing was taken back",
                ));
            }
            Ok(TakenBack::Final) => {
                let words = "the person asked not to be contacted: that stays until a manager lifts it";
                return Err(Refusal::conflict("final", words));
            }
            // A new enquiry opened another lead while this one was closed.
            Err(StoreError::Taken(_)) => {
                return Err(Refusal::conflict(
                    "worked_since",
                    "the person enquired again meanwhile: that lead is open",
                ));
            }
            Err(error) => return Err(error.into()),
        }
        if let Some(draft) = draft {
            put_back(work, DraftRef { user, lead: kept.lead }, &draft).await?;
        }
        work.tx.desk_undo_done(scope, self.touch, now).await?;
        let change = AuditChange::of(kept.client, json!({"touch": self.touch}), json!({"touch": null}));
        work.changed("lead.touch_undo", kept.lead, change);
        let rank = opened.as_ref().and_then(|opened| opened.rank.parse().ok()).unwrap_or(Rank::Named);
        let (why, phone) =
            opened.map_or_else(|| (rank.because().to_owned(), None), |opened| (opened.why, opened.phone));
        let opening = OpenFor { rank, why: &why, phone: phone.as_deref() };
        let held = match open_as(work, kept.lead, opening).await {
            Ok(held) => Some(held),
            Err(Refusal::Conflict { .. }) => None,
            Err(refusal) => return Err(refusal),
        };
        Ok(Undone { lead: kept.lead, held })
    }
}

/// Stores again what was committed, beside what another tab has saved.
async fn put_back(work: &mut Work<'_>, of: DraftRef, taken_back: &DeskDraft) -> Result<(), Refusal> {
    let (scope, now) = (work.scope(), work.now);
    // Twice at most: a draft that another tab begins between the look and the saving is there at the second look, under its lock.
    for _ in 0..2 {
        let stored = work.tx.desk_draft_lock(scope, of).await?;
        let DeskDraft { note, answers, version, touch, .. } =
            stored.map_or_else(|| taken_back.clone(), |stored| beside(taken_back.clone(), stored));
        let (note, answers) = (Some(note.as_str()), Some(&answers));
        let change = DraftChange { of, note, answers, saved_at: now, version, touch };
        if work.tx.desk_draft_save(scope, &change).await?.is_some() {
            break;
        }
    }
    Ok(())
}

/// What was committed and is typed again, beside a draft of another tab that stayed: neither is lost. Where both say something, what
/// that tab typed later counts.
fn beside(taken_back: DeskDraft, stored: DeskDraft) -> DeskDraft {
    let is_said = |note: &str| !note.trim().is_empty();
    let note = match stored.note.contains(taken_back.note.trim()) || !is_said(&taken_back.note) {
        true => stored.note,
        false if is_said(&stored.note) => format!("{}\n{}", taken_back.note, stored.note),
        false => taken_back.note,
    };
    // A page saves every field that it shows: a blank one of that tab takes nothing away that was said.
    let said = stored.answers.into_iter().filter(|(_, value)| !as_typed(value).is_empty());
    let answers = taken_back.answers.into_iter().chain(said).collect();
    DeskDraft { note, answers, version: stored.version.saturating_add(1), ..taken_back }
}

impl UndoDisposition {
    fn in_time(&self, work: &Work<'_>, kept: &UndoRecord) -> Result<(), Refusal> {
        if kept.is_done {
            return Err(Refusal::conflict("undone", format!("{} was taken back already", self.touch)));
        }
        if work.now > kept.until {
            return Err(Refusal::conflict("too_late", "the time to take this back is over: work on the lead again"));
        }
        Ok(())
    }
}

/// What the actor saved last, while it can be taken back: from whatever page they come.
///
/// # Errors
/// `Conflict` (`no_user`) for who does not sign in.
pub async fn pending_undo(actions: &Actions, actor: &Actor) -> Result<Option<PendingUndo>, Refusal> {
    permit(actor, Permission::Work)?;
    let user = actor.user_id().ok_or_else(nobody)?;
    Ok(actions.store.desk_undo_pending(actor.scope(), user, actions.clock.now()).await?)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn draft(note: &str, answers: &Value) -> DeskDraft {
        DeskDraft {
            lead: LeadId::from_uuid(Uuid::nil()),
            note: note.to_owned(),
            answers: answers.as_object().cloned().unwrap_or_default(),
            saved_at: jiff::Timestamp::UNIX_EPOCH,
            version: 3,
            touch: None,
        }
    }

    #[test]
    fn blank_fields_of_another_tab_take_nothing_away_that_was_said() {
        let taken_back =
            draft("", &json!({"budget": "450000", "timeframe_days": "60", "area": ["Lakeview"], "pets": ""}));
        let stored = draft(
            "wife decides",
            &json!({"budget": " ", "timeframe_days": "90", "area": [], "lender": null, "pets": "two"}),
        );
        let both = beside(taken_back, stored);
        let answers = json!({"budget": "450000", "timeframe_days": "90", "area": ["Lakeview"], "pets": "two"});
        assert_eq!((both.note.as_str(), Value::Object(both.answers), both.version), ("wife decides", answers, 4));
    }
}
