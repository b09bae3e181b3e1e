//! What happened to a lead before it is called: what the firm did, and what became of it with its client.

use std::cmp::Reverse;

use ripen_domain::{actor::Scope, delivery::EventType, id::LeadId};
use ripen_store::{
    Store, StoreError,
    lead::brief::{EarlierEntry, EarlierEvent},
};

/// Entries of each kind that are read.
const ENTRIES: i64 = 30;

/// The newest first; of one instant what was sent stands above the grade, and what a client said below it.
pub(crate) async fn earlier(store: &Store, scope: Scope, lead: LeadId) -> Result<Vec<EarlierEntry>, StoreError> {
    let (mut all, mut said) = (Vec::new(), Vec::new());
    for delivery in store.deliveries_of_lead(scope, lead).await?.into_iter().rev() {
        let at = delivery.sent_at.filter(|_| delivery.event == EventType::LeadMatured);
        if let Some(at) = at.filter(|_| matches!(delivery.state.as_str(), "delivered" | "filed")) {
            let what = EarlierEvent::Delivered { rep: delivery.rep.clone() };
            all.push(EarlierEntry { at, by: String::new(), what });
        }
        for outcome in store.outcomes_of(scope, delivery.id).await?.into_iter().rev() {
            let what = EarlierEvent::Outcome { kind: outcome.kind, reason: outcome.reason };
            said.push(EarlierEntry { at: outcome.at, by: outcome.by, what });
        }
    }
    all.extend(store.lead_earlier(scope, lead, ENTRIES).await?);
    all.extend(said);
    // Stable: what is of one instant stays in that order.
    all.sort_by_key(|entry| Reverse(entry.at));
    Ok(all)
}
