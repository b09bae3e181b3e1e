//! Which arrivals without a key are one: the same source, person and content, received within some minutes of each other. What counts as
//! the same content is the domain's rule.
//!
//! One of the cases of a sender's retries: all of them stand at the head of [`crate::load_batch`].

use jiff::{SignedDuration, Timestamp};
use ripen_domain::{
    arrival::{Arrival, Sameness},
    id::ArrivalId,
};
use ripen_store::{StoreError, Transaction, arrival::seen::SourceContent, person::identity::ClientIdentity};

use crate::{new_arrival::NewArrival, unit_of_work::UnitOfWork};

/// What is compared of an arrival.
pub fn of(arrival: &Arrival) -> SourceContent {
    SourceContent { source: arrival.source, content: arrival.content }
}

/// The earlier arrival that this one repeats word for word, where it came without a key of its own.
pub fn repeated_by(work_unit: &UnitOfWork, fresh: &NewArrival<'_>, same_within: SignedDuration) -> Option<ArrivalId> {
    // A key of the sender's decides by itself: two enquiries with equal words and different keys are two. And what a visitor
    // says again after something else is what counts.
    if !matches!(fresh.arrival.sameness, Sameness::Content | Sameness::Form) || fresh.amends.is_some() {
        return None;
    }
    let same = work_unit.same_content.get(&of(fresh.arrival))?;
    // `abs`: messages of a batch come from several intakes, whose order and clocks differ a little.
    let close = |at: Timestamp| fresh.arrival.received_at.duration_since(at).abs() <= same_within;
    same.iter().find(|earlier| earlier.id != fresh.id && close(earlier.received_at)).map(|earlier| earlier.id)
}

/// Earlier arrivals that say the same as those that came without a key.
pub async fn load(
    batch: &mut Transaction,
    work_unit: &mut UnitOfWork,
    worked: &[&NewArrival<'_>],
    within: SignedDuration,
) -> Result<(), StoreError> {
    let keyless = worked.iter().filter(|fresh| matches!(fresh.arrival.sameness, Sameness::Content | Sameness::Form));
    // Whoever said the same before is known under an identity by now.
    let known: Vec<_> = keyless
        .filter(|fresh| {
            let client = fresh.arrival.client;
            let mut identities = fresh.arrival.submission.identities();
            identities.any(|identity| work_unit.reached.contains_key(&ClientIdentity { client, identity }))
        })
        .collect();
    // Nobody known has said anything: the statement is spared for every batch of new persons.
    let Some(oldest) = known.iter().map(|fresh| fresh.arrival.received_at).min() else { return Ok(()) };
    let wanted: Vec<_> = known.iter().map(|fresh| of(fresh.arrival)).collect();
    let since = oldest.checked_sub(within).unwrap_or(Timestamp::MIN);
    let earlier = batch.arrivals_by_content(&wanted, since).await?;
    if earlier.is_empty() {
        return Ok(());
    }
    // What was quarantined is on no lead: an enquiry that ended as the same as it would be lost.
    let ids: Vec<_> = earlier.iter().map(|same| same.earlier.id).collect();
    let on_leads = batch.arrivals_owners(&ids).await?;
    for same in earlier.into_iter().filter(|same| on_leads.contains_key(&same.earlier.id)) {
        work_unit.same_content.entry(same.of).or_default().push(same.earlier);
    }
    Ok(())
}
