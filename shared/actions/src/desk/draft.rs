//! What an agent typed and has not committed. It needs no lease: what was typed is never lost, whatever became of that.

use ripen_domain::{
    actor::{Actor, Permission},
    id::LeadId,
};
use ripen_store::desk::draft::{DeskDraft, DraftChange, DraftRef};
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
    /// The note so far; where there is none, the one that is stored stays.
    pub note: Option<String>,
    /// Answers so far by question, as typed; where there are none, those that are stored stay.
    pub answers: Option<Map<String, Value>>,
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
        let note = self.note.as_deref().unwrap_or_default();
        errors.require(note.len() <= LONGEST, "note", "too_long", || format!("at most {LONGEST} bytes of text"));
        errors.require(!note.contains('\0'), "note", "invalid", || "a text cannot hold the character NUL".to_owned());
        let answers = Value::Object(self.answers.clone().unwrap_or_default()).to_string();
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
        let of = DraftRef { user, lead: self.lead };
        let change = DraftChange {
            of,
            note: self.note.as_deref(),
            answers: self.answers.as_ref(),
            saved_at: work.now,
            version: self.version,
            touch: self.touch,
        };
        if let Some(draft) = work.tx.desk_draft_save(scope, &change).await? {
            return Ok(DraftSaved::Saved(draft));
        }
        let stored = work.tx.desk_draft(scope, of).await?;
        let stored = stored.ok_or_else(|| Refusal::missing("lead", self.lead))?;
        // The same request again, whose answer was lost; or the same words from another tab, which stand against nothing.
        let is_same = self.note.as_ref().is_none_or(|note| *note == stored.note)
            && self.answers.as_ref().is_none_or(|answers| *answers == stored.answers);
        Ok(if is_same { DraftSaved::Saved(stored) } else { DraftSaved::Newer(stored) })
    }
}

/// What is committed by a disposition, or kept as a note, against which the stored draft is held: only what is committed is no draft any
/// more. Another tab, or another machine, of the same agent may have saved words since that this one never had.
#[derive(Clone, Copy)]
pub(super) struct CommittedWords<'a> {
    /// The note.
    pub note: &'a str,
    /// By question, or by field as drafts of pages keep them.
    pub answers: &'a Map<String, Value>,
    /// The draft's version that whoever commits was shown, or saved last.
    pub version: Option<i64>,
    /// The touch under which it is committed.
    pub touch: Option<Uuid>,
}

impl CommittedWords<'_> {
    /// Whether a draft holds nothing but what is committed, or was there before: it was saved by whoever commits, or is no newer than
    /// what they were shown, or all of its words are among those that are committed.
    pub fn cover(&self, draft: &DeskDraft) -> bool {
        let is_own = self.touch.is_some() && self.touch == draft.touch;
        is_own || self.version.is_some_and(|shown| draft.version <= shown) || self.hold(draft)
    }

    /// Whether a draft has all of these words.
    pub fn are_in(&self, draft: Option<&DeskDraft>) -> bool {
        let nothing = Map::new();
        let (note, answers) = draft.map_or(("", &nothing), |draft| (draft.note.as_str(), &draft.answers));
        let has = |(name, value): (&String, &Value)| {
            let typed = as_typed(value);
            typed.is_empty() || answers.get(name).is_some_and(|kept| as_typed(kept) == typed)
        };
        let sent = self.note.trim();
        draft.is_some() && (sent.is_empty() || sent == note.trim()) && self.answers.iter().all(has)
    }

    /// Whether all words of a draft are among these.
    fn hold(&self, draft: &DeskDraft) -> bool {
        let note = draft.note.trim();
        let holds = |(name, value): (&String, &Value)| {
            let typed = as_typed(value);
            typed.is_empty() || self.answers.get(name).is_some_and(|committed| as_typed(committed) == typed)
        };
        (note.is_empty() || note == self.note.trim()) && draft.answers.iter().all(holds)
    }
}

/// `45` is the same as `"45"`, and nothing picked the same as nothing typed.
pub(super) fn as_typed(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.trim().to_owned(),
        Value::Array(picked) if picked.is_empty() => String::new(),
        other => other.to_string(),
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn draft(note: &str, answers: &Value) -> DeskDraft {
        DeskDraft {
            lead: LeadId::from_uuid(Uuid::nil()),
            note: note.to_owned(),
            answers: answers.as_object().cloned().unwrap_or_default(),
            saved_at: jiff::Timestamp::UNIX_EPOCH,
            version: 2,
            touch: Some(Uuid::from_u128(2)),
        }
    }

    #[test]
    fn what_is_committed_covers_its_own_draft_and_no_newer_one_of_another_tab() {
        let answers = json!({"budget": 450_000, ":disposition": "answered"});
        let committed = CommittedWords {
            note: "tab one ",
            answers: answers.as_object().unwrap(),
            version: Some(1),
            touch: Some(Uuid::from_u128(1)),
        };
        assert!(committed.cover(&draft("tab one", &json!({"budget": "450000", "area": [], "pets": ""}))));
        assert!(!committed.cover(&draft("tab one PLUS more", &json!({}))));
        assert!(!committed.cover(&draft("", &json!({"budget": "1"}))), "another answer");
        assert!(!committed.cover(&draft("", &json!({"pets": "two"}))), "an answer that is not committed");
        // An older one of what the page shows, and one that was saved a moment before by the page that commits.
        assert!(CommittedWords { version: Some(2), ..committed }.cover(&draft("tab", &json!({}))));
        assert!(CommittedWords { touch: Some(Uuid::from_u128(2)), ..committed }.cover(&draft("tab o", &json!({}))));
        let unnamed = CommittedWords { version: None, touch: None, ..committed };
        assert!(!unnamed.cover(&DeskDraft { touch: None, ..draft("other words", &json!({})) }));
    }
}
