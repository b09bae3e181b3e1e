//! Offers that end without anybody having taken the lead: it is taken back, is over, or is no A any more.

use jiff::Timestamp;
use ripen_domain::{
    delivery::{EventDetail, LeadTaken},
    id::{DeliveryId, LeadId},
};
use uuid::Uuid;

use crate::{
    StoreError, Transaction,
    delivery::{
        event::{Event, EventArrays},
        first_to_claim::offered_to,
    },
};

impl Transaction {
    /// Tells whoever holds an offer of these leads that it is none any more, and not why; returns how many deliveries that makes. The
    /// same again is told once. Comes before the row that waits for a taker is ended: by that it is known that nobody took the lead.
    pub(crate) async fn offers_over(&mut self, leads: &[LeadId], now: Timestamp) -> Result<usize, StoreError> {
        let leads: Vec<_> = leads.iter().map(|lead| lead.uuid()).collect();
        // Who never saw the offer has nothing to be told.
        let rows = sqlx::query!(
            r#"-- offer.over
            select d.id, d.lead_id, d.endpoint_id as "endpoint_id!", d.rep_id, k.offered_to
            from delivery w join claim k on k.maturation_id = w.maturation_id join delivery d on d.maturation_id = w.maturation_id
            where w.lead_id = any($1) and w.endpoint_id is null and w.state = 'held' and k.taken_by is null
              and d.event = 'lead.offered' and d.endpoint_id is not null and offer_may_have_come(d.id)"#,
            &leads
        )
        .fetch_all(self.connection())
        .await?;
        let taken = LeadTaken { taken_at: now.into(), withdrawn: true.into(), ..LeadTaken::default() };
        let (mut columns, mut told) = (EventArrays::default(), 0);
        for row in rows {
            // Whoever passed, or let their time go by, holds none.
            if row.offered_to.contains(&offered_to(row.endpoint_id, row.rep_id).to_string()) {
                // Beside what would be told if it were offered again and taken.
                let cause = Uuid::new_v5(&row.rep_id.unwrap_or_default(), b"nobody");
                let detail = EventDetail::Taken(taken.clone());
                let news = Event { lead: LeadId::from_uuid(row.lead_id), detail, cause, mailed: true, due_at: now };
                columns.push(&news, DeliveryId::from_uuid(row.id), now);
                told += 1;
            }
        }
        if told > 0 {
            self.events_insert(&columns, now).await?;
        }
        Ok(told)
    }
}

#[cfg(test)]
mod tests;
