//! Offers that end without anybody having taken the lead: it is taken back, is over, or is no A any more; or nobody is left who could
//! take it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    delivery::{EventDetail, LeadTaken},
    id::{ClientId, DeliveryId, LeadId, RepId},
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
                let event = Event {
                    lead: LeadId::from_uuid(row.lead_id),
                    detail,
                    cause,
                    mailed: true,
                    unasked: false,
                    due_at: now,
                };
                columns.push(&event, DeliveryId::from_uuid(row.id), now);
                told += 1;
            }
        }
        if told > 0 {
            self.events_insert(&columns, now).await?;
        }
        Ok(told)
    }

    /// Ends offers of these maturations that nobody can take any more, so that the next ones have theirs at once; returns how many. An
    /// offer is held by who did not pass, has not left, and to whom one of its ways is not given up.
    pub(crate) async fn offers_end_unheld(&mut self, maturations: &[Uuid], now: Timestamp) -> Result<u64, StoreError> {
        if maturations.is_empty() {
            return Ok(0);
        }
        // Only what this round offers: what an earlier tier was offered is nobody's way to take it now.
        let ways = sqlx::query!(
            r#"-- offer.ways
            select k.maturation_id, k.offered_to, d.endpoint_id as "endpoint_id!", d.rep_id
            from claim k join delivery d on d.maturation_id = k.maturation_id and d.event = 'lead.offered' and d.endpoint_id is not null
            join endpoint e on e.id = d.endpoint_id left join rep r on r.id = coalesce(d.rep_id, e.rep_id)
            where k.maturation_id = any($1) and d.state not in ('dead', 'withdrawn') and not coalesce(r.has_left, false)
              and coalesce((d.said ->> 'until')::timestamptz, k.until) >= k.until - interval '1 second'"#,
            maturations
        )
        .fetch_all(self.connection())
        .await?;
        let is_held = |to: &[String], endpoint, rep| to.contains(&offered_to(endpoint, rep).to_string());
        let held = ways.into_iter().filter(|way| is_held(&way.offered_to, way.endpoint_id, way.rep_id));
        let held: BTreeSet<_> = held.map(|way| way.maturation_id).collect();
        let unheld: Vec<_> = maturations.iter().copied().filter(|one| !held.contains(one)).collect();
        // Asked again under the claim's lock: somebody may have taken it since.
        let ended = sqlx::query!(
            "-- offer.end_unheld
            with ended as (
              update claim set until = $2 where maturation_id = any($1) and taken_by is null and until > $2 returning maturation_id
            )
            update delivery d set due_at = greatest($2, d.undo_until) from ended
            where d.maturation_id = ended.maturation_id and d.endpoint_id is null and d.state = 'held' and d.same_as is null
              and d.due_at > greatest($2, d.undo_until)",
            &unheld,
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(ended.rows_affected())
    }

    /// Ends offers that nobody else holds than a rep who left.
    pub(crate) async fn offers_of_who_left(
        &mut self,
        (client, rep): (ClientId, RepId),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // From what waits for a taker: of offers that ended there is no end.
        let maturations = sqlx::query_scalar!(
            "-- offer.of_who_left
            select w.maturation_id
            from delivery w join claim k on k.maturation_id = w.maturation_id and k.taken_by is null and k.until > $3
            where w.client_id = $1 and w.endpoint_id is null and w.state = 'held' and w.same_as is null
              and exists (select from delivery d join endpoint e on e.id = d.endpoint_id
                          where d.maturation_id = w.maturation_id and d.event = 'lead.offered' and coalesce(d.rep_id, e.rep_id) = $2)",
            client.uuid(),
            rep.uuid(),
            now.to_sqlx()
        )
        .fetch_all(self.connection())
        .await?;
        self.offers_end_unheld(&maturations, now).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
