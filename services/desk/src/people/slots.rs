//! Free times of a client's reps, as pages and programs are offered them for a lead.

use ripen_actions::{
    Refusal,
    appointment::{FreeSlot, SlotQuery, free},
    lead::find,
};
use ripen_domain::{appointment::in_words, calling::Place, id::LeadId};

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
    /// What the clocks that may be the person's show then, while it is not settled which is.
    pub clocks: Option<ClocksThere>,
}

impl OfferedSlot {
    /// A slot as it is offered.
    fn of(one: &FreeSlot, places: &[Place], when: &When) -> Self {
        let at = one.slot.starts_at;
        let clocks = ClocksThere::of(places, when, at);
        let there = match &clocks {
            Some(clocks) => format!("{} there, {}", clocks.hours, clocks.places),
            None => format!("{} there", in_words(at, &one.person_zone)),
        };
        let with = in_words(at, &one.zone);
        let text = format!("{with} with {} ({there})", one.rep.name);
        Self { value: format!("{} {at}", one.rep.id), text, clocks }
    }
}

/// The slots that are free for a lead, the earliest first, each as it is offered.
///
/// # Errors
/// `Missing` where the viewer's scope has no such lead.
pub async fn free_slots(
    context: &DeskContext,
    viewer: &Viewer,
    lead: LeadId,
) -> Result<Vec<(FreeSlot, OfferedSlot)>, Refusal> {
    let query = SlotQuery { lead, rep: None, days: None };
    let mut free = free(&context.actions, &viewer.actor, &query).await?;
    free.sort_by_key(|one| one.slot.starts_at);
    free.truncate(SLOTS);
    let places = find(&context.actions, &viewer.actor, lead).await?.places();
    let when = When::of(viewer, context.clock.now());
    let offer = |one: FreeSlot| {
        let offered = OfferedSlot::of(&one, &places, &when);
        (one, offered)
    };
    Ok(free.into_iter().map(offer).collect())
}

/// The same as a page shows them.
///
/// # Errors
/// `Missing` where the viewer's scope has no such lead.
pub async fn offered(context: &DeskContext, viewer: &Viewer, lead: LeadId) -> Result<Vec<OfferedSlot>, Refusal> {
    Ok(free_slots(context, viewer, lead).await?.into_iter().map(|(_, offered)| offered).collect())
}
