//! Who has a lead open, for whom it is held no more, and what was saved of it last.

use ripen_domain::{
    actor::{Actor, Permission},
    id::LeadId,
    touch::Disposition,
};
use ripen_store::{desk::lease::LeaseRef, lead::last_touch::LastTouch};
use uuid::Uuid;

use super::{nobody, take::held};
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

/// The number that the person was known by when the actor opened a lead, with its extension; empty where there was none. None where that
/// is not known.
///
/// # Errors
/// `Conflict` (`no_user`) for who does not sign in.
pub async fn opened_number(
    actions: &Actions,
    actor: &Actor,
    (lead, lease): (LeadId, Uuid),
) -> Result<Option<String>, Refusal> {
    permit(actor, Permission::Work)?;
    let user = actor.user_id().ok_or_else(nobody)?;
    Ok(actions.store.begin().await?.desk_lease_number(LeaseRef { lead, user, lease }).await?)
}

/// What the firm saved last of a lead; none where nobody touched it.
///
/// # Errors
/// When the database is away.
pub async fn last_saved(actions: &Actions, actor: &Actor, lead: LeadId) -> Result<Option<LastTouch>, Refusal> {
    permit(actor, Permission::Work)?;
    Ok(actions.store.begin().await?.last_touch_of(actor.scope(), lead).await?)
}

/// Whether what was saved last of a lead is the actor's own disposition, and they do not have it open again. A note is none.
///
/// # Errors
/// `Conflict` (`no_user`) for who does not sign in.
pub async fn has_disposed(actions: &Actions, actor: &Actor, lead: LeadId) -> Result<bool, Refusal> {
    let last = last_saved(actions, actor, lead).await?;
    let is_own = last.is_some_and(|last| last.disposition != Disposition::Note && last.user == actor.user_id());
    Ok(is_own && !held(actions, actor).await?.iter().any(|open| open.lead == lead))
}
