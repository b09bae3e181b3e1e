//! Wishes not to be contacted in what is quarantined: heard at once, whatever becomes of the arrival. It touches no person and no lead of
//! its own; what it names is suppressed for its client.
//!
//! Nothing that a bot or a test says is anybody's wish.

use jiff::Timestamp;
use ripen_domain::{arrival::QuarantineReason, contact::Identity, id::ClientId, said_by::SaidBy};
use ripen_store::{
    StoreError, Transaction,
    suppression::write::{NewSuppression, SENDER_SAID},
};

use crate::{context, new_arrival::NewArrival, unit_of_work::UnitOfWork};

/// What a quarantined arrival says of whom nobody may contact.
pub struct QuarantinedWish {
    client: ClientId,
    identities: Vec<Identity>,
    /// Its source's name.
    source: String,
}

/// Whether an arrival that is not worked is heard all the same.
pub fn is_heard(fresh: &NewArrival<'_>) -> bool {
    let is_meant = matches!(fresh.quarantine, Some(QuarantineReason::KeyReused | QuarantineReason::SourcePaused));
    is_meant && fresh.arrival.submission.says_do_not_contact()
}

/// The wishes in what the batch quarantines.
pub fn find(work_unit: &UnitOfWork, arrivals: &[NewArrival<'_>]) -> Vec<QuarantinedWish> {
    let wish = |fresh: &NewArrival<'_>| {
        let arrival = fresh.arrival;
        let source = work_unit.sources.get(&arrival.source).map(|source| source.name.clone()).unwrap_or_default();
        QuarantinedWish {
            client: arrival.client,
            identities: arrival.submission.identities().chain(arrival.submission.identities_beside()).collect(),
            source,
        }
    };
    arrivals.iter().filter(|fresh| is_heard(fresh)).map(wish).collect()
}

/// Suppresses what they name, with all that follows for whoever is reached there. Comes after the batch's own writes: who is told
/// depends on what its leads are now.
pub async fn follow(batch: &mut Transaction, wishes: &[QuarantinedWish], now: Timestamp) -> Result<(), StoreError> {
    let scope = context::actor().scope();
    for QuarantinedWish { client, identities, source } in wishes {
        let by = SaidBy::Source(source);
        let new = NewSuppression { client: Some(*client), why: SENDER_SAID, by, at: now };
        batch.suppress(scope, &new, identities).await?;
        batch.suppression_follow(scope, &new, identities).await?;
    }
    Ok(())
}
