//! The words of a call on a lead that ended meanwhile: they are kept with it, and nothing else is saved.

use ripen_domain::{
    actor::{Actor, Permission},
    desk::{GateKind, shut},
    id::LeadId,
};
use ripen_store::desk::{draft::DraftRef, lease::LeaseRef};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{draft::CommittedWords, user_of};
use crate::{Action, Actions, FieldErrors, Refusal, Work, lead::LONGEST_NOTE, why_not::gates, work::AuditChange};

/// Keeps the note of an agent who has a lead open that was closed or stopped meanwhile, and ends their work on it.
#[derive(Debug, Clone)]
pub struct KeepLateNote {
    /// The lead.
    pub lead: LeadId,
    /// As it was taken.
    pub lease: Uuid,
    /// What was typed; nothing is kept where it is empty.
    pub note: String,
    /// Everything else that was typed, as drafts keep it: it ends with the lead.
    pub typed: Map<String, Value>,
    /// The draft's version that the page was shown, or saved last.
    pub version: Option<i64>,
    /// The touch that the page would have committed it as.
    pub touch: Option<Uuid>,
}

impl Action for KeepLateNote {
    /// The lead that the note is kept with; none without one.
    type Done = Option<LeadId>;

    const PERMISSION: Permission = Permission::Work;

    fn is_for_any_client(&self) -> bool {
        true
    }

    async fn act(&self, work: &mut Work<'_>) -> Result<Option<LeadId>, Refusal> {
        let (user, scope) = (user_of(work)?, work.scope());
        let mut errors = FieldErrors::default();
        let note = errors.words("note", Some(&self.note), LONGEST_NOTE);
        errors.finish()?;
        let mut kept_with = None;
        if let Some(note) = note {
            let kept = work.tx.note_late(work.actor, self.lead, &note, work.now).await?;
            let kept = kept.ok_or_else(|| Refusal::missing("lead", self.lead))?;
            // Without the words: they lie with the lead, where they are erased.
            work.changed("lead.note", kept.lead, AuditChange::added(kept.client, json!({"note": true})));
            kept_with = Some(kept.lead);
        }
        work.tx.desk_lease_end(LeaseRef { lead: self.lead, user, lease: self.lease }).await?;
        let of = DraftRef { user, lead: self.lead };
        let committed =
            CommittedWords { note: &self.note, answers: &self.typed, version: self.version, touch: self.touch };
        if work.tx.desk_draft_lock(scope, of).await?.is_some_and(|stored| committed.cover(&stored)) {
            work.tx.desk_draft_drop(scope, of).await?;
        }
        Ok(kept_with)
    }
}

/// Why nobody works on a lead any more that somebody has open; none while it goes on.
///
/// # Errors
/// `Missing` where the actor's scope has no such lead.
pub async fn why_over(actions: &Actions, actor: &Actor, lead: LeadId) -> Result<Option<String>, Refusal> {
    let read = gates(actions, actor, lead, actor.user_id()).await?;
    let ends = |kind| matches!(kind, GateKind::Closed | GateKind::DoNotContact | GateKind::Review);
    let over = shut(&read.gates).find(|gate| ends(gate.kind));
    Ok(over.map(|gate| gate.words.clone()))
}
