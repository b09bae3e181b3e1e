//! Free times of a client's reps, as pages offer them for a lead.

use ripen_actions::{
    Refusal,
    appointment::{FreeSlot, SlotQuery, free},
    lead::find,
};
use ripen_domain::{appointment::in_words, id::LeadId};

use super::{clocks::ClocksThere, viewer::Viewer, when::When};
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
    let places = find(&context.actions, &viewer.actor, lead).await?.places();
    let when = When::of(viewer, context.clock.now());
    let slot = |one: FreeSlot| {
        let at = one.slot.starts_at;
        let there = match ClocksThere::of(&places, &when, at) {
            Some(clocks) => format!("{} there, {}", clocks.hours, clocks.places),
            None => format!("{} there", in_words(at, &one.person_zone)),
        };
        OfferedSlot {
            value: format!("{} {at}", one.rep.id),
            text: format!("{} with {} ({there})", in_words(at, &one.zone), one.rep.name),
        }
    };
    Ok(free.into_iter().take(SLOTS).map(slot).collect())
}
