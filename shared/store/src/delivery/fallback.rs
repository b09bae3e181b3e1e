//! Leads that wait for a failing webhook, mailed meanwhile.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    delivery::{EventType, event_id},
    id::DeliveryId,
};
use uuid::Uuid;

use crate::{Store, StoreError};

impl Store {
    /// Has leads that wait for a webhook that failed since before `since` mailed too, each maturation once: to its rep, or
    /// to the client's fallback, or to its first rep. Returns how many.
    pub async fn fallback_step(&self, since: Timestamp, limit: i64, now: Timestamp) -> Result<usize, StoreError> {
        // A maturation that a mail endpoint has already, in whatever state but given up or withdrawn, gets no second
        // mail.
        let rows = sqlx::query!(
            r#"-- delivery.to_mail
            select d.id, f.id as "fallback!"
            from endpoint e
            join delivery d on d.endpoint_id = e.id and d.event = 'lead.matured' and d.state in ('pending', 'held')
            cross join lateral (
              select x.id from endpoint x
              where x.client_id = e.client_id and x.kind = 'email' and x.state = 'enabled'
                and (x.rep_id = d.rep_id or x.is_fallback or d.rep_id is null and x.rep_id is not null)
              order by coalesce(x.rep_id = d.rep_id, false) desc, x.is_fallback desc, x.created_at, x.id limit 1) f
            where e.kind = 'webhook' and e.failing_since <= $1
              and not exists (select 1 from delivery o join endpoint oe on oe.id = o.endpoint_id
                              where o.lead_id = d.lead_id and o.maturation_id = d.maturation_id and o.event = 'lead.matured'
                                and oe.kind = 'email' and o.state not in ('withdrawn', 'dead'))
            order by d.id limit $2"#,
            since.to_sqlx(),
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        let abouts: Vec<_> = rows.iter().map(|row| row.id).collect();
        let endpoints: Vec<_> = rows.iter().map(|row| row.fallback).collect();
        // Derived from both ends: two dispatchers that take this step at once make rows that conflict, and one mail.
        let id = |about, to| event_id(DeliveryId::from_uuid(about), EventType::LeadMatured, to, now).uuid();
        let ids: Vec<Uuid> = rows.iter().map(|row| id(row.id, row.fallback)).collect();
        sqlx::query!(
            "-- delivery.mail_instead
            insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, rep_id, state, reason, due_at, offered_until, created_at)
            select ($1::uuid[])[i], d.client_id, d.lead_id, d.maturation_id, ($3::uuid[])[i], d.rep_id, 'pending',
                   'the webhook fails', $4, $4, $4
            from generate_subscripts($1::uuid[], 1) i join delivery d on d.id = ($2::uuid[])[i]
            on conflict do nothing",
            &ids,
            &abouts,
            &endpoints,
            now.to_sqlx()
        )
        .execute(&self.pool)
        .await?;
        Ok(rows.len())
    }
}
