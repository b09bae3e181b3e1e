//! Bodies under one form's submission id: a visitor who goes back corrects what was typed, and a page that was cached gives its id
//! to many visitors. Whose name does not contradict that of an earlier body within an hour corrects it; others are of their own.

use jiff::{SignedDuration, Timestamp};
use ripen_domain::{
    id::ArrivalId,
    person::{Absorb, NameMatch, Profile},
};
use ripen_store::{StoreError, Transaction};

use crate::new_arrival::NewArrival;

/// Who comes back later fills in a new form, wherever its page came from.
const CORRECTS_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// A body that another one may correct.
struct SubmittedForm {
    form: ArrivalId,
    arrival: ArrivalId,
    received_at: Timestamp,
    said: Profile,
}

impl SubmittedForm {
    /// Whether somebody who says this may be the visitor of before: of the same name, unless address and number are both
    /// others; of a name that does not contradict, where one of the two is the same.
    fn may_be(&self, said: &Profile) -> bool {
        let pairs = [(&self.said.email, &said.email), (&self.said.phone, &said.phone)];
        let is_shared = pairs.iter().any(|(before, now)| before.is_some() && before == now);
        let is_another = pairs.iter().all(|(before, now)| before.is_some() && now.is_some() && before != now);
        match self.said.read_name().against(&said.read_name()) {
            NameMatch::Same => !is_another,
            NameMatch::MayBe => is_shared,
            NameMatch::Unnamed | NameMatch::Contradict => false,
        }
    }
}

/// Says of the new arrivals which earlier ones they correct.
pub async fn correct(batch: &mut Transaction, fresh: &mut [NewArrival<'_>]) -> Result<(), StoreError> {
    let worked = |new: &&NewArrival<'_>| new.quarantine.is_none() && new.arrival.form.is_some();
    let Some(oldest) = fresh.iter().filter(worked).map(|new| new.arrival.received_at).min() else { return Ok(()) };
    let forms: Vec<_> = fresh.iter().filter(worked).filter_map(|new| new.arrival.form).collect();
    let since = oldest.saturating_sub(CORRECTS_WITHIN).unwrap_or(Timestamp::MIN);
    let earlier = batch.arrivals_of_forms(&forms, since).await?.into_iter();
    let mut bodies: Vec<_> = earlier
        .map(|body| SubmittedForm {
            form: body.form,
            arrival: body.arrival,
            received_at: body.received_at,
            said: body.said,
        })
        .collect();
    fresh.sort_by_key(|new| new.arrival.received_at);
    for new in fresh.iter_mut() {
        let (Some(form), None) = (new.arrival.form, new.quarantine) else { continue };
        let mut said = Profile::default();
        said.absorb(&new.arrival.submission, Absorb::Fill);
        let received_at = new.arrival.received_at;
        let corrected = bodies.iter().filter(|body| {
            let age = received_at.duration_since(body.received_at);
            body.form == form && age <= CORRECTS_WITHIN && !age.is_negative() && body.may_be(&said)
        });
        new.amends = corrected.max_by_key(|body| body.received_at).map(|body| body.arrival);
        bodies.push(SubmittedForm { form, arrival: new.id, received_at, said });
    }
    Ok(())
}
