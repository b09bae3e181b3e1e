//! Reviews of consent: somebody says that they never enquired. A manager looks; work goes on, or ends for good.

use ripen_domain::{
    actor::{Actor, Permission},
    id::LeadId,
};
use ripen_store::{
    lead::review::{ConsentReview, ReviewVerdict},
    suppression::write::NewSuppression,
};
use serde_json::json;

use crate::{
    Action, Actions, FieldErrors, Refusal, Work,
    lead::{LONGEST_WHY, load},
    work::{AuditChange, permit},
};

/// At most so many open reviews are listed.
const LISTED: i64 = 1_000;

/// Says whether the consent of a lead holds. Where it does not, the person is suppressed for the client, which closes the lead.
#[derive(Debug, Clone)]
pub struct JudgeConsent {
    /// The lead.
    pub lead: LeadId,
    /// The person did agree to be called.
    pub holds: bool,
    /// How that is known.
    pub why: String,
}

impl Action for JudgeConsent {
    /// Open leads that are closed by it.
    type Done = u64;

    const PERMISSION: Permission = Permission::Manage;

    async fn act(&self, work: &mut Work<'_>) -> Result<u64, Refusal> {
        let mut errors = FieldErrors::default();
        let why = errors.needed_words("why", &self.why, LONGEST_WHY, "say what you looked at");
        errors.finish()?;
        let lead = load(work, self.lead).await?;
        let (scope, actor, now) = (work.scope(), work.actor, work.now);
        let verdict = ReviewVerdict { holds: self.holds, by: actor, at: now };
        let Some(client) = work.tx.review_close(scope, self.lead, verdict).await? else {
            let none = format!("no review of {} is open", self.lead);
            return Err(Refusal::conflict("no_review", none));
        };
        let mut leads = 0;
        if !self.holds {
            let identities = work.tx.person_identities(scope, lead.person).await?;
            let new =
                NewSuppression { client: Some(client), why: "never agreed to be contacted", by: actor.into(), at: now };
            work.tx.suppress(scope, &new, &identities).await?;
            leads = work.tx.suppression_follow(scope, &new, &identities).await?.leads;
        }
        work.tx.desk_wait_forget(scope, self.lead).await?;
        let after = json!({"holds": self.holds, "why": why, "leads": leads});
        work.changed("consent.judge", self.lead, AuditChange::added(client, after));
        Ok(leads)
    }
}

/// The reviews that are open, the oldest first.
///
/// # Errors
/// `Forbidden` for who does not manage.
pub async fn list(actions: &Actions, actor: &Actor) -> Result<Vec<ConsentReview>, Refusal> {
    permit(actor, Permission::Manage)?;
    Ok(actions.store.reviews_open(actor.scope(), LISTED).await?)
}
