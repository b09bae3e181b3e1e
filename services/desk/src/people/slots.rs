//! Free times of a client's reps, as pages offer them for a lead.

use ripen_actions::{
    Refusal,
    appointment::{FreeSlot, SlotQuery, free},
};
use ripen_domain::{appointment::in_words, id::LeadId};

use super::viewer::Viewer;
use crate::context::DeskContext;

/// So many free slots are offered.
const SLOTS: usize = 60;

/// A slot that is offered.
pub struct OfferedSlot {
    /// As a form posts it: the rep's id, a space, the instant.
    pub value: String,
    /// By the rep's clock and the person's.
    pub text: String,
}

/// The slots that are free for a lead, the earliest first.
///
/// # Errors
/// `Missing` where the viewer's scope has no such lead.
pub async fn offered(context: &DeskContext, viewer: &Viewer, lead: LeadId) -> Result<Vec<OfferedSlot>, Refusal> {
    let query = SlotQuery { lead, rep: None, days: None };
    let mut free = free(&context.actions, &viewer.actor, &query).await?;
    free.sort_by_key(|one| one.slot.starts_at);
    let slot = |one: FreeSlot| OfferedSlot {
        value: format!("{} {}", one.rep.id, one.slot.starts_at),
        text: format!(
            "{} with {} ({} there)",
            in_words(one.slot.starts_at, &one.zone),
            one.rep.name,
            in_words(one.slot.starts_at, &one.person_zone)
        ),
    };
    Ok(free.into_iter().take(SLOTS).map(slot).collect())
}
