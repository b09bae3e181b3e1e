//! Bodies under one form's submission id: a visitor who goes back corrects what was typed, and a page that was cached gives its id
//! to many visitors. Whose name does not contradict that of an earlier body within an hour corrects it; others are of their own.
//!
//! One of the cases of a sender's retries: all of them stand at the head of [`crate::load_batch`].

use std::collections::BTreeMap;

use jiff::Timestamp;
use ripen_domain::{
    arrival::{Arrival, FORM_CORRECTS_WITHIN, return_id},
    id::ArrivalId,
};
use ripen_store::{
    StoreError, Transaction,
    arrival::{bodies_per_key::SaidAgain, common_key::CommonKey, seen::Ended},
};

use crate::{
    bodies::{Body, are_close, compare, may_be_one_visitors, say_again},
    new_arrival::{BodyComparison, NewArrival},
};

/// Bodies by the form that they came under.
type FormBodies = BTreeMap<ArrivalId, Vec<Body>>;

/// Compares a body with what the same visitor sent within an hour before or after it: messages come in any order.
fn compare_visitors(known: &[Body], now: &Body) -> BodyComparison {
    compare(known.iter().filter(|body| are_close(body, now) && may_be_one_visitors(body, now)), now)
}

/// Says of the new arrivals which earlier ones they correct. Of messages that say what came before, in this batch or an earlier
/// one, returns those that are not done with it, each under an id of its own: a visitor who went back twice and says again what
/// was said first, and one who comes back to the same page later.
pub async fn correct<'a>(
    batch: &mut Transaction,
    fresh: &mut [NewArrival<'a>],
    mut again: Vec<&'a Arrival>,
    said_again: &mut Vec<SaidAgain>,
) -> Result<BTreeMap<ArrivalId, NewArrival<'a>>, StoreError> {
    // What is kept and not worked has an id of its own, and says under it what it said.
    again.retain(|arrival| arrival.quarantine.is_none());
    let mut bodies = earlier(batch, fresh, &again).await?;
    correct_new(fresh, &mut bodies, said_again);
    if again.is_empty() {
        return Ok(BTreeMap::new());
    }
    let ids: Vec<_> = again.iter().map(|arrival| arrival.id).collect();
    let seen: BTreeMap<_, _> = batch.arrivals_seen(&ids).await?.into_iter().map(|seen| (seen.id, seen.ended)).collect();
    again.sort_by_key(|arrival| arrival.received_at);
    let mut returns = BTreeMap::new();
    for arrival in again {
        let Some(known) = arrival.form.and_then(|form| bodies.get_mut(&form)) else { continue };
        let body = Body::of(arrival);
        let id = return_id(arrival.id, arrival.content, arrival.received_at);
        let new = match compare_visitors(known, &body) {
            // Sent again while it waits as dead, or is somewhere else, it is the same; on a lead for longer than an hour, it is
            // a new enquiry from a page that is kept for everybody.
            BodyComparison::First if seen.get(&arrival.id) == Some(&Ended::Lead) => {
                NewArrival { id, ..NewArrival::of(arrival) }
            }
            BodyComparison::Same(id) => {
                said_again.extend(say_again(known, id, &body));
                continue;
            }
            BodyComparison::First | BodyComparison::TooMany => continue,
            BodyComparison::Corrects { root, others, .. } => {
                NewArrival { id, amends: Some(root), others: *others, ..NewArrival::of(arrival) }
            }
        };
        known.push(body.kept_as(&new));
        returns.entry(id).or_insert(new);
    }
    Ok(returns)
}

/// What was worked of these forms, around the time of these messages.
async fn earlier(
    batch: &mut Transaction,
    fresh: &[NewArrival<'_>],
    again: &[&Arrival],
) -> Result<FormBodies, StoreError> {
    let worked = fresh.iter().filter(|new| new.quarantine.is_none()).map(|new| new.arrival);
    let all = || worked.clone().chain(again.iter().copied()).filter(|arrival| arrival.form.is_some());
    let times = || all().map(|arrival| arrival.received_at);
    let (Some(first), Some(last)) = (times().min(), times().max()) else { return Ok(FormBodies::new()) };
    let mut bodies: FormBodies = all().filter_map(|arrival| arrival.form).map(|form| (form, Vec::new())).collect();
    let forms: Vec<_> = bodies.keys().copied().collect();
    let ids: Vec<_> = all().map(|arrival| arrival.id).collect();
    let since = first.saturating_sub(FORM_CORRECTS_WITHIN).unwrap_or(Timestamp::MIN);
    let until = last.saturating_add(FORM_CORRECTS_WITHIN).unwrap_or(Timestamp::MAX);
    for earlier in batch.arrivals_of_forms(&forms, &ids, (since, until)).await? {
        if let CommonKey::Form(form) = earlier.key {
            bodies.entry(form).or_default().push(earlier.into());
        }
    }
    Ok(bodies)
}

fn correct_new(fresh: &mut [NewArrival<'_>], bodies: &mut FormBodies, said_again: &mut Vec<SaidAgain>) {
    fresh.sort_by_key(|new| new.arrival.received_at);
    for new in fresh.iter_mut().filter(|new| new.quarantine.is_none()) {
        let Some(known) = new.arrival.form.and_then(|form| bodies.get_mut(&form)) else { continue };
        let body = Body::of(new.arrival);
        new.compared(compare_visitors(known, &body));
        match new.repeats {
            Some(id) => said_again.extend(say_again(known, id, &body)),
            None => known.push(body.kept_as(new)),
        }
    }
}
