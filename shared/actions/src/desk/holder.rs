//! Who has a lead open, for whom it is held no more, and what was saved of it last.

use ripen_domain::{
    actor::{Actor, Permission},
    id::LeadId,
};
use ripen_store::lead::last_touch::LastTouch;

use super::nobody;
use crate::{Actions, Refusal, work::permit};

/// The name of whoever has the lead open that is not the actor; none where nobody has.
///
/// # Errors
/// `Conflict` (`no_user`) for who does not sign in; `Missing` where the actor's scope has no such lead.
pub async fn held_by(actions: &Actions, actor: &Actor, lead: LeadId) -> Result<Option<String>, Refusal> {
    permit(actor, Permission::Work)?;
    let user = actor.user_id().ok_or_else(nobody)?;
    actions.store.lead(actor.scope(), lead).await?.ok_or_else(|| Refusal::missing("lead", lead))?;
    Ok(actions.store.begin().await?.desk_lease_holder(lead, user).await?)
}

/// What the firm saved last of a lead; none where nobody touched it.
///
/// # Errors
/// When the database is away.
pub async fn last_saved(actions: &Actions, actor: &Actor, lead: LeadId) -> Result<Option<LastTouch>, Refusal> {
    permit(actor, Permission::Work)?;
    Ok(actions.store.begin().await?.last_touch_of(actor.scope(), lead).await?)
}
