//! What an agent typed and has not committed. It needs no lease: what was typed is never lost, whatever became of that.

use ripen_domain::{
    actor::{Actor, Permission},
    id::LeadId,
};
use ripen_store::desk::draft::{DeskDraft, DraftRef};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{nobody, user_of};
use crate::{Action, Actions, FieldErrors, Refusal, Work, work::permit};

/// Longest note and longest answers of a draft, in bytes each.
const LONGEST: usize = 20_000;

/// Saves what is typed about a lead; `Conflict` (`committed`) where it was committed meanwhile.
#[derive(Debug, Clone)]
pub struct SaveDraft {
    /// The lead.
    pub lead: LeadId,
    /// The note so far.
    pub note: String,
    /// Answers so far by question, as typed.
    pub answers: Map<String, Value>,
    /// Counts the page's savings, beginning after the version it was shown (0 without a draft); only one that is greater than
    /// what is stored is saved.
    pub version: i64,
    /// The touch that the page will commit it as, where it says so: what was committed is no draft any more.
    pub touch: Option<Uuid>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq)]
pub enum DraftSaved {
    /// It is stored.
    Saved(DeskDraft),
    /// A newer one is stored, of another tab: it stays, and this is it.
    Newer(DeskDraft),
}

impl Action for SaveDraft {
    type Done = DraftSaved;

    const PERMISSION: Permission = Permission::Work;

    async fn act(&self, work: &mut Work<'_>) -> Result<DraftSaved, Refusal> {
        let (user, scope) = (user_of(work)?, work.scope());
        let mut errors = FieldErrors::default();
        // As it was typed, blanks included: the caret stands behind them.
        errors.require(self.note.len() <= LONGEST, "note", "too_long", || format!("at most {LONGEST} bytes of text"));
        errors.require(!self.note.contains('\0'), "note", "invalid", || {
            "a text cannot hold the character NUL".to_owned()
        });
        let answers = Value::Object(self.answers.clone()).to_string();
        let fits = answers.len() <= LONGEST && !answers.contains("\\u0000");
        errors.require(fits, "answers", "too_long", || format!("at most {LONGEST} bytes of answers, without NUL"));
        errors.require(self.version >= 1, "version", "out_of_range", || "count from 1".to_owned());
        errors.finish()?;
        // A page saves by itself, and a saving that comes behind the disposition must not bring the draft back.
        if let Some(touch) = self.touch
            && work.tx.touch_is_there(scope, self.lead, touch).await?
        {
            return Err(Refusal::conflict(
                "committed",
                "what was typed here is saved already: it is no draft any more",
            ));
        }
        let draft = DeskDraft {
            lead: self.lead,
            note: self.note.clone(),
            answers: self.answers.clone(),
            saved_at: work.now,
            version: self.version,
        };
        if work.tx.desk_draft_save(scope, user, &draft).await? {
            return Ok(DraftSaved::Saved(draft));
        }
        let stored = work.tx.desk_draft(scope, DraftRef { user, lead: self.lead }).await?;
        let stored = stored.ok_or_else(|| Refusal::missing("lead", self.lead))?;
        // The same request again, whose answer was lost; or the same words from another tab, which stand against nothing.
        let is_same = stored.note == draft.note && stored.answers == draft.answers;
        Ok(if is_same { DraftSaved::Saved(stored) } else { DraftSaved::Newer(stored) })
    }
}

/// Throws a draft away.
#[derive(Debug, Clone, Copy)]
pub struct DropDraft {
    /// The lead.
    pub lead: LeadId,
}

impl Action for DropDraft {
    /// Whether there was one.
    type Done = bool;

    const PERMISSION: Permission = Permission::Work;

    async fn act(&self, work: &mut Work<'_>) -> Result<bool, Refusal> {
        let (user, scope) = (user_of(work)?, work.scope());
        Ok(work.tx.desk_draft_drop(scope, DraftRef { user, lead: self.lead }).await?)
    }
}

/// The actor's draft about a lead.
///
/// # Errors
/// `Conflict` (`no_user`) for who does not sign in.
pub async fn draft_of(actions: &Actions, actor: &Actor, lead: LeadId) -> Result<Option<DeskDraft>, Refusal> {
    permit(actor, Permission::Work)?;
    let user = actor.user_id().ok_or_else(nobody)?;
    Ok(actions.store.desk_draft(actor.scope(), DraftRef { user, lead }).await?)
}
