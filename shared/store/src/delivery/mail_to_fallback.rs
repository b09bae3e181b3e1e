//! Leads that wait for an endpoint which fails or is off, mailed meanwhile: of each delivery one question decides.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    delivery::{EventType, event_id},
    id::{DeliveryId, EndpointId},
};
use uuid::Uuid;

use crate::{Store, StoreError, Transaction};

/// Why a delivery ends that waited for the client's fallback.
const NO_FALLBACK: &str = "the client has no fallback any more";

impl Store {
    /// Has leads mailed that wait for a webhook that failed since before `since`, or for an endpoint that is disabled, each
    /// maturation once at a time: to its rep, or to the client's fallback, or to its first rep, as far as they have an address
    /// that works. Returns how many.
    ///
    /// An endpoint that its answers disabled is not waited for, one that the firm switched off only since before `since`. What
    /// has no endpoint, because the client has none that works, waits for its webhooks all the same; what is held for reps alone none
    /// of whom has one that works, waits for theirs. What can still be taken back is not mailed, nor what is over or no A any more (a
    /// webhook is sent again what it was sent, but this address never had it), on offer, owed to a client that is paused, or only sent
    /// again; and nobody who left gets any of it. What is given up is not looked for here: that is somebody's work at once.
    pub async fn mail_to_fallback(&self, since: Timestamp, limit: i64, now: Timestamp) -> Result<u64, StoreError> {
        // Every condition stands before the limit, and an address that had the lead is not taken again: mails that died
        // would otherwise be found first with each step, and nobody else's after them.
        let rows = sqlx::query!(
            r#"-- delivery.to_mail
            with at_an_endpoint_that_fails_or_is_off as (
              select d.id, d.maturation_id, d.client_id, coalesce(d.rep_id, e.rep_id) as rep_id
              from endpoint e join delivery d on d.endpoint_id = e.id and d.event = 'lead.matured' and d.state in ('pending', 'held')
              where (e.state = 'enabled' and e.kind = 'webhook' and e.failing_since <= $1
                     or e.state = 'disabled' and (e.disabled_by is distinct from 'firm' or d.created_at <= $1))
                and not (d.state = 'pending' and d.attempts = 0 and not d.in_line and d.due_at > $3) and d.first_delivered_at is null
            ), at_none_for_want_of_one_that_works as (
              select d.id, d.maturation_id, d.client_id, coalesce(d.rep_id, d.waits_for[1]) as rep_id
              from delivery d
              where d.endpoint_id is null and d.state = 'held' and d.event = 'lead.matured' and d.same_as is null
                and exists (select from endpoint e where e.client_id = d.client_id and e.state = 'disabled' and 'lead.matured' = any(e.events)
                              and (e.kind = 'webhook' and d.waits_for = '{}' or e.rep_id = any(d.waits_for))
                              and (e.disabled_by is distinct from 'firm' or d.created_at <= $1))
                and not exists (select from endpoint e where e.client_id = d.client_id and e.state = 'enabled' and not e.is_fallback
                                  and 'lead.matured' = any(e.events) and (d.waits_for = '{}' or e.rep_id = any(d.waits_for)))
                and not exists (select from claim k where k.maturation_id = d.maturation_id and k.taken_by is null and k.until > $3)
            ), waiting as (
              select * from at_an_endpoint_that_fails_or_is_off union all select * from at_none_for_want_of_one_that_works
            )
            select distinct on (w.maturation_id) w.id as "id!", f.id as "fallback!"
            from waiting w
            join client c on c.id = w.client_id and c.state = 'active'
            join lead_to_give g on g.maturation_id = w.maturation_id and g.why_not is null and not g.is_undecided
            join delivery u on u.id = w.id and coalesce(u.undo_until <= $3, true)
            cross join lateral (
              select x.id from endpoint x
              where x.client_id = w.client_id and x.kind = 'email' and x.state = 'enabled' and 'lead.matured' = any(x.events)
                and (x.rep_id = w.rep_id or x.is_fallback or w.rep_id is null and x.rep_id is not null)
                and not exists (select from rep r where r.id = x.rep_id and r.has_left)
                and not exists (select from delivery h where h.maturation_id = w.maturation_id and h.endpoint_id = x.id and h.event = 'lead.matured')
              order by coalesce(x.rep_id = w.rep_id, false) desc, x.is_fallback desc, x.created_at, x.id limit 1) f
            where not exists (select from delivery o join endpoint oe on oe.id = o.endpoint_id
                              where o.maturation_id = w.maturation_id and o.event = 'lead.matured' and oe.kind = 'email'
                                and (o.state in ('leased', 'delivered', 'filed') or o.state in ('pending', 'held') and oe.state = 'enabled'))
            order by w.maturation_id, w.id limit $2"#,
            since.to_sqlx(),
            limit,
            now.to_sqlx()
        )
        .fetch_all(&self.pool)
        .await?;
        let abouts: Vec<_> = rows.iter().map(|row| row.id).collect();
        let endpoints: Vec<_> = rows.iter().map(|row| row.fallback).collect();
        // Derived from both ends: two dispatchers that take this step at once make rows that conflict, and one mail.
        let id = |about, to| event_id(DeliveryId::from_uuid(about), EventType::LeadMatured, to, now).uuid();
        let ids: Vec<Uuid> = rows.iter().map(|row| id(row.id, row.fallback)).collect();
        let done = sqlx::query!(
            "-- delivery.mail_instead
            insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, rep_id, state, reason, due_at, offered_until, created_at,
                                  took_no_place)
            select ($1::uuid[])[i], d.client_id, d.lead_id, d.maturation_id, ($3::uuid[])[i], d.rep_id, 'pending',
                   'the webhook fails', $4, $4, $4, true
            from generate_subscripts($1::uuid[], 1) i join delivery d on d.id = ($2::uuid[])[i]
            on conflict do nothing",
            &ids,
            &abouts,
            &endpoints,
            now.to_sqlx()
        )
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected())
    }
}

impl Transaction {
    /// What waits for addresses that are no fallback any more goes to the one that is. Where there is none the leads are withdrawn, and
    /// those that could not be delivered elsewhere are somebody's work again; what is new of others is given up, which is told. That
    /// somebody must be stopped stays where the lead is: nobody else can be told in their place, and what is not told is followed up.
    pub(crate) async fn deliveries_leave_fallback(
        &mut self,
        past: &[EndpointId],
        to: Option<EndpointId>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if to.is_none() {
            self.deliveries_give_up(past, (&[EventType::LeadUpdated], NO_FALLBACK), now).await?;
        }
        let past: Vec<_> = past.iter().map(|endpoint| endpoint.uuid()).collect();
        // The same delivery with its body and its attempts: the new endpoint has no other of its maturation.
        let left = sqlx::query!(
            "-- delivery.leave_fallback
            update delivery set endpoint_id = coalesce($2, endpoint_id), state = case when $2::uuid is null then 'withdrawn' else 'pending' end,
                   reason = case when $2 is null then $4 end, reason_code = null, in_line = false, due_at = $3,
                   offered_until = $3, ended_at = case when $2 is null then $3::timestamptz end
            where endpoint_id = any($1) and state in ('pending', 'held') and event not in ('lead.recalled', 'lead.suppressed')
            returning maturation_id, event",
            &past,
            to.map(EndpointId::uuid) as Option<Uuid>,
            now.to_sqlx(),
            NO_FALLBACK
        )
        .fetch_all(self.connection())
        .await?;
        if to.is_some() {
            return Ok(());
        }
        let leads = left.into_iter().filter(|row| row.event == EventType::LeadMatured.word());
        let maturations: Vec<_> = leads.map(|row| row.maturation_id).collect();
        // By its end and not by taking the mark away: what was given back for a delivery is known by that.
        sqlx::query!(
            "-- delivery.dead_anew
            update delivery set ended_at = $2
            where maturation_id = any($1) and event = 'lead.matured' and state = 'dead' and followed_up_at is not null",
            &maturations,
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
