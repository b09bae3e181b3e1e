//! Free times of a client's reps, as pages and programs are offered them for a lead.

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

impl OfferedSlot {
    /// A slot as it is offered.
    pub fn of(one: &FreeSlot) -> Self {
        let at = one.slot.starts_at;
        let (with, there) = (in_words(at, &one.zone), in_words(at, &one.person_zone));
        Self { value: format!("{} {at}", one.rep.id), text: format!("{with} with {} ({there} there)", one.rep.name) }
    }
}

/// The slots that are free for a lead, the earliest first.
///
/// # Errors
/// `Missing` where the viewer's scope has no such lead.
pub async fn free_slots(context: &DeskContext, viewer: &Viewer, lead: LeadId) -> Result<Vec<FreeSlot>, Refusal> {
    let query = SlotQuery { lead, rep: None, days: None };
    let mut free = free(&context.actions, &viewer.actor, &query).await?;
    free.sort_by_key(|one| one.slot.starts_at);
    free.truncate(SLOTS);
    Ok(free)
}

/// The same as a page shows them.
///
/// # Errors
/// `Missing` where the viewer's scope has no such lead.
pub async fn offered(context: &DeskContext, viewer: &Viewer, lead: LeadId) -> Result<Vec<OfferedSlot>, Refusal> {
    Ok(free_slots(context, viewer, lead).await?.iter().map(OfferedSlot::of).collect())
}
