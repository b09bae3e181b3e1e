//! Addresses whose mail comes back: the third mail in a row that does disables the endpoint.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    delivery::EventType,
    id::{DeliveryId, EndpointId},
};

use crate::{StoreError, Transaction, delivery::event::Alarm};

/// Why such an endpoint is disabled.
const WHY: &str = "three mails in a row came back: there is no such address, or it takes nothing any more";

impl Transaction {
    /// Disables the endpoints of these deliveries whose last three mails came back, with none between them that did not, and raises
    /// the alarm of each; the leads that wait for them are given up, so that others have them. To be called after the deliveries are marked.
    pub(crate) async fn endpoints_count_bounces(
        &mut self,
        bounced: &[DeliveryId],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if bounced.is_empty() {
            return Ok(());
        }
        let ids: Vec<_> = bounced.iter().map(|id| id.uuid()).collect();
        // In the order in which the mails were sent: reports come days later, and what waits under an old id goes out late. What was
        // sent since counts for the address once
        // an hour has passed without a report. Of a mail it counts when it was sent: one that went to the address before it was changed
        // says nothing of the new one, whenever it comes back.
        let rows = sqlx::query!(
            r#"-- endpoint.count_bounces
            update endpoint e set state = 'disabled', disabled_by = 'answers', state_reason = $2
            from (select distinct on (endpoint_id) endpoint_id, id from delivery where id = any($1) order by endpoint_id, id desc) d
            where e.id = d.endpoint_id and e.kind = 'email' and e.state = 'enabled'
              and exists (
                select from (select min(t.sent) as first, max(t.sent) as last, count(*) as n
                             from (select s.sent from delivery b
                                   cross join lateral (
                                     select coalesce((select max(a.at) from attempt a where a.delivery_id = b.id), b.bounced_at) as sent) s
                                   where b.endpoint_id = e.id and b.bounced_at is not null
                                     and (e.bounces_from is null or e.bounces_from <= s.sent)
                                   order by s.sent desc, b.id desc limit 3) t) came_back
                where n = 3 and not exists (
                  select from delivery o cross join lateral (select coalesce(o.first_delivered_at, o.ended_at) as taken) k
                  where o.endpoint_id = e.id and o.bounced_at is null and o.state in ('delivered', 'filed') and k.taken > came_back.first
                    and (k.taken < came_back.last or k.taken <= $3::timestamptz - interval '1 hour')))
            returning e.id, d.id as "about!""#,
            &ids,
            WHY,
            now.to_sqlx()
        )
        .fetch_all(self.connection())
        .await?;
        let disabled: Vec<_> = rows.iter().map(|row| EndpointId::from_uuid(row.id)).collect();
        let alarms: Vec<_> = rows
            .into_iter()
            .map(|row| {
                let (endpoint, about) = (EndpointId::from_uuid(row.id), DeliveryId::from_uuid(row.about));
                tracing::error!(endpoint.id = %endpoint, "the address is disabled: {WHY}");
                Alarm::disabled(endpoint, about, WHY, now)
            })
            .collect();
        // Nobody else sends what waits for it: it would be held until somebody looks.
        let events = [EventType::LeadMatured, EventType::LeadRecalled, EventType::LeadSuppressed];
        self.deliveries_give_up(&disabled, (&events, WHY), now).await?;
        self.enqueue_alarms(&alarms, now).await
    }
}

#[cfg(test)]
mod tests;
