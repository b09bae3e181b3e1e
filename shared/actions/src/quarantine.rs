//! The quarantine: what was received and is kept, not worked, until a person lets it go or gives it up.

use ripen_domain::{
    actor::{Actor, Permission},
    id::ArrivalId,
};
use ripen_store::arrival::quarantine::{EndedQuarantine, QuarantineFilter, QuarantinedArrival};
use serde_json::json;

use crate::{
    Action, Actions, FieldErrors, Refusal, Work,
    work::{AuditChange, permit},
};

/// The most arrivals let go or given up at once.
pub const MOST: i64 = 10_000;
/// Longest reason, in bytes.
const LONGEST_WHY: usize = 2_000;

/// Which arrivals an action is about.
#[derive(Debug, Clone)]
pub enum QuarantineChoice {
    /// These.
    Named(Vec<ArrivalId>),
    /// All that the filter finds, up to its limit.
    Found(QuarantineFilter),
}

/// Lets arrivals go: they are worked like others, dated as they were received.
#[derive(Debug, Clone)]
pub struct ReleaseQuarantined {
    /// Which.
    pub which: QuarantineChoice,
    /// Why, in words, where somebody says so.
    pub why: Option<String>,
}

/// Gives arrivals up for good. What arrived stays on record.
#[derive(Debug, Clone)]
pub struct DropQuarantined {
    /// Which.
    pub which: QuarantineChoice,
    /// Why, in words, where somebody says so.
    pub why: Option<String>,
}

/// What became of the arrivals.
#[derive(Debug, Clone, Default)]
pub struct EndedQuarantines {
    /// Let go or given up.
    pub done: Vec<ArrivalId>,
    /// Left where they are: they say neither a usable e-mail address nor a phone number.
    pub unusable: Vec<ArrivalId>,
}

impl Action for ReleaseQuarantined {
    type Done = EndedQuarantines;

    const PERMISSION: Permission = Permission::Manage;

    async fn act(&self, work: &mut Work<'_>) -> Result<EndedQuarantines, Refusal> {
        let why = reason(self.why.as_deref())?;
        let kept = chosen(work, &self.which).await?;
        let (usable, unusable): (Vec<_>, Vec<_>) =
            kept.iter().partition(|one| one.arrival.submission.identities().next().is_some());
        if let (QuarantineChoice::Named(_), Some(first)) = (&self.which, unusable.first()) {
            let message = format!(
                "{} says neither a usable e-mail address nor a phone number: there is nobody to work with",
                first.arrival.id
            );
            return Err(Refusal::conflict("unusable", message));
        }
        let ids: Vec<_> = usable.iter().map(|one| one.arrival.id).collect();
        let ended = work.tx.quarantine_release(work.actor.scope(), &ids, work.now).await?;
        note(work, "quarantine.release", &ended, why.as_deref());
        let unusable = unusable.iter().map(|one| one.arrival.id).collect();
        Ok(EndedQuarantines { done: ended.iter().map(|one| one.id).collect(), unusable })
    }
}

impl Action for DropQuarantined {
    type Done = EndedQuarantines;

    const PERMISSION: Permission = Permission::Manage;

    async fn act(&self, work: &mut Work<'_>) -> Result<EndedQuarantines, Refusal> {
        let why = reason(self.why.as_deref())?;
        let kept = chosen(work, &self.which).await?;
        let ids: Vec<_> = kept.iter().map(|one| one.arrival.id).collect();
        let ended = work.tx.quarantine_drop(work.actor.scope(), &ids, work.now).await?;
        note(work, "quarantine.drop", &ended, why.as_deref());
        Ok(EndedQuarantines { done: ended.iter().map(|one| one.id).collect(), unusable: Vec::new() })
    }
}

fn reason(given: Option<&str>) -> Result<Option<String>, Refusal> {
    let mut errors = FieldErrors::default();
    let why = errors.words("why", given, LONGEST_WHY);
    // An empty one is a script's variable that holds nothing.
    errors
        .require(given.is_none() || why.is_some(), "why", "required", || "say it in words, or leave it out".to_owned());
    errors.finish()?;
    Ok(why)
}

async fn chosen(work: &mut Work<'_>, which: &QuarantineChoice) -> Result<Vec<QuarantinedArrival>, Refusal> {
    let scope = work.actor.scope();
    match which {
        QuarantineChoice::Named(ids) => {
            let mut found = Vec::with_capacity(ids.len());
            for id in ids {
                let one = work.tx.quarantined(scope, *id).await?;
                found.push(one.ok_or_else(|| Refusal::missing("quarantined arrival", id))?);
            }
            Ok(found)
        }
        QuarantineChoice::Found(filter) => Ok(work.tx.quarantine_list(scope, filter).await?),
    }
}

fn note(work: &mut Work<'_>, action: &'static str, ended: &[EndedQuarantine], why: Option<&str>) {
    let state = if action.ends_with("release") { "released" } else { "dropped" };
    for one in ended {
        let before = json!({"state": "quarantined", "reason": one.reason.word()});
        let after = json!({"state": state, "reason": one.reason.word(), "why": why});
        work.changed(action, one.id, AuditChange::of(one.client, before, after));
    }
}

/// What waits for a person, oldest first.
pub async fn list(
    actions: &Actions,
    actor: &Actor,
    filter: &QuarantineFilter,
) -> Result<Vec<QuarantinedArrival>, Refusal> {
    permit(actor, Permission::Manage)?;
    Ok(actions.store.quarantine_list(actor.scope(), filter).await?)
}

/// One that waits.
///
/// # Errors
/// `Missing` where none of this id waits in the actor's scope.
pub async fn find(actions: &Actions, actor: &Actor, id: ArrivalId) -> Result<QuarantinedArrival, Refusal> {
    permit(actor, Permission::Manage)?;
    let found = actions.store.quarantined(actor.scope(), id).await?;
    found.ok_or_else(|| Refusal::missing("quarantined arrival", id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_may_be_left_out_but_not_left_empty() {
        assert_eq!(reason(None).unwrap(), None);
        assert_eq!(reason(Some(" a friend's test ")).unwrap().as_deref(), Some("a friend's test"));
        for empty in ["", "  "] {
            assert!(matches!(reason(Some(empty)), Err(Refusal::Invalid(_))), "{empty:?}");
        }
    }
}
