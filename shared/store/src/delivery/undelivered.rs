//! What came to nobody beside leads: that somebody must not be contacted or a lead is taken back, offers, and leads that wait for a rep
//! who left. Each is somebody's work at once.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    delivery::{EventType, UpdateKind, event_id},
    id::{ClientId, DeliveryId, EndpointId, LeadId},
};
use uuid::Uuid;

use crate::{Store, StoreError, Transaction, error::word};

/// Why a lead is given up that waits for a rep who left.
const HAS_LEFT: &str = "its rep has left";

/// News that stops somebody, or says what is new of a lead, and that came to nobody at an endpoint.
#[derive(Debug, Clone)]
pub struct UndeliveredEvent {
    /// The delivery that was to tell it.
    pub delivery: DeliveryId,
    /// Its lead.
    pub lead: LeadId,
    /// Taken back, not to be contacted, or new.
    pub event: EventType,
    /// What kind of update, where something is new.
    pub update: Option<UpdateKind>,
    /// The person's name, as far as it is known.
    pub person: Option<String>,
    /// Whose.
    pub client: ClientId,
    /// The client's name.
    pub client_name: String,
    /// Where it was to go.
    pub endpoint: String,
    /// The rep who has the lead there.
    pub rep: Option<String>,
    /// Why it came to nobody.
    pub reason: String,
    /// Where the client is told: an address of the client's own and not of a rep.
    pub tell: Option<String>,
    /// The client's fallback, where it has one that was not told.
    pub fallback: Option<EndpointId>,
    /// The lead came there: somebody may go on calling.
    pub was_had: bool,
}

impl Store {
    /// Gives up the leads that wait for reps who left, so that others have them; returns how many endpoints they waited for.
    pub async fn give_up_of_who_left(&self, now: Timestamp) -> Result<usize, StoreError> {
        let endpoints = sqlx::query_scalar!(
            "-- undelivered.who_left
            select e.id from rep r join endpoint e on e.rep_id = r.id
            where r.has_left and exists (select from delivery d where d.endpoint_id = e.id and d.state in ('pending', 'held')
                                           and d.event = 'lead.matured')"
        )
        .fetch_all(&self.pool)
        .await?;
        if endpoints.is_empty() {
            return Ok(0);
        }
        let endpoints: Vec<_> = endpoints.into_iter().map(EndpointId::from_uuid).collect();
        let mut batch = self.begin().await?;
        batch.deliveries_give_up(&endpoints, (&[EventType::LeadMatured], HAS_LEFT), now).await?;
        batch.commit().await?;
        Ok(endpoints.len())
    }

    /// Ends offers that came to nobody to whom they were made, so that the next ones have theirs at once; returns how many.
    pub async fn offers_nobody_got(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut batch = self.begin().await?;
        // Of what is dead each is looked at once: the last of an offer to die finds that none is left. Who passes or leaves after that
        // looks at the others then.
        let dead = sqlx::query_scalar!(
            "-- undelivered.offers
            with dead as materialized (
              select id from delivery
              where event = 'lead.offered' and state = 'dead' and followed_up_at is null
              order by ended_at limit 500 for update skip locked
            )
            update delivery d set followed_up_at = $1 from dead where d.id = dead.id returning d.maturation_id",
            now.to_sqlx()
        )
        .fetch_all(batch.connection())
        .await?;
        let ended = batch.offers_end_unheld(&dead, now).await?;
        batch.commit().await?;
        Ok(ended)
    }
}

impl Transaction {
    /// Events that came to nobody and was not followed up, the oldest first, locked: given up, or owed since before `since` to an endpoint
    /// that is disabled or that has not taken it so far, which is tried on. What is new of a lead only where it was given up: until then
    /// nobody does wrong for want of it.
    pub async fn undelivered_events(
        &mut self,
        since: Timestamp,
        limit: i64,
    ) -> Result<Vec<UndeliveredEvent>, StoreError> {
        // `skip locked`: another dispatcher follows that one up.
        let rows = sqlx::query!(
            r#"-- undelivered.news
            select d.id, d.lead_id, d.client_id, d.event, d.said ->> 'kind' as "update?", c.name as client_name,
                   coalesce(nullif(concat_ws(' ', p.first_name, p.last_name), ''), p.name) as person,
                   coalesce(e.name, coalesce(e.shown_url, url_shown(e.url)), e.address) as "endpoint!", r.name as "rep?",
                   case when d.state = 'dead' then d.reason else coalesce(e.state_reason, d.reason) end as reason,
                   (select x.address from endpoint x
                    where x.client_id = d.client_id and x.kind = 'email' and x.state = 'enabled' and x.id <> e.id and x.rep_id is null
                    order by x.is_fallback desc, x.created_at, x.id limit 1) as "tell?",
                   (select x.id from endpoint x
                    where x.client_id = d.client_id and x.is_fallback and x.state = 'enabled' and x.id <> e.id
                      and not exists (select from delivery o where o.lead_id = d.lead_id and o.event = d.event and o.cause = d.cause
                                        and o.endpoint_id = x.id) limit 1) as "fallback?",
                   (d.event <> 'lead.updated' or not exists (select from delivery_over v where v.delivery_id = d.id and v.why is not null))
                     and exists (select from delivery h where h.lead_id = d.lead_id and h.endpoint_id = d.endpoint_id and h.event = 'lead.matured'
                             and h.attempts > 0 and h.state not in ('dead', 'withdrawn')) as "was_had!"
            from delivery d join lead l on l.id = d.lead_id join person p on p.id = l.person_id join client c on c.id = d.client_id
            join endpoint e on e.id = d.endpoint_id left join rep r on r.id = coalesce(d.rep_id, e.rep_id)
            where (d.event in ('lead.suppressed', 'lead.recalled') and d.state in ('dead', 'held', 'pending')
                   or d.event = 'lead.updated' and d.state = 'dead')
              and d.followed_up_at is null
              and (d.state = 'dead' or d.created_at <= $1
                   and (e.state = 'disabled' or d.state = 'held' and e.probe_at is not null or d.state = 'pending' and d.attempts > d.excused))
            order by d.created_at limit $2 for update of d skip locked"#,
            since.to_sqlx(),
            limit
        )
        .fetch_all(self.connection())
        .await?;
        let events = rows.into_iter().map(|row| {
            Ok(UndeliveredEvent {
                delivery: DeliveryId::from_uuid(row.id),
                lead: LeadId::from_uuid(row.lead_id),
                event: word(&row.event)?,
                // What a newer version tells is new all the same.
                update: row.update.as_deref().and_then(|kind| word(kind).ok()),
                person: row.person,
                client: ClientId::from_uuid(row.client_id),
                client_name: row.client_name,
                endpoint: row.endpoint,
                rep: row.rep,
                reason: row.reason.unwrap_or_else(|| "for no reason that was kept".to_owned()),
                tell: row.tell,
                fallback: row.fallback.map(EndpointId::from_uuid),
                was_had: row.was_had,
            })
        });
        events.collect()
    }

    /// Owes a copy of each to the client's fallback, where somebody has the lead, and notes that all were followed up.
    pub async fn undelivered_events_follow_up(
        &mut self,
        events: &[UndeliveredEvent],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let copied: Vec<_> =
            events.iter().filter(|one| one.was_had).filter_map(|one| Some((one, one.fallback?))).collect();
        // From the delivery and where it goes: two reps of one lead whom nobody can tell make one copy, by the table's own key.
        let id = |one: &UndeliveredEvent, to: EndpointId| event_id(one.delivery, one.event, to.uuid(), now).uuid();
        let ids: Vec<Uuid> = copied.iter().map(|(one, to)| id(one, *to)).collect();
        let abouts: Vec<_> = copied.iter().map(|(one, _)| one.delivery.uuid()).collect();
        let endpoints: Vec<_> = copied.iter().map(|(_, to)| to.uuid()).collect();
        sqlx::query!(
            "-- undelivered.copy
            insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, event, cause, said, state, due_at, offered_until,
                                  created_at)
            select ($1::uuid[])[i], d.client_id, d.lead_id, d.maturation_id, ($3::uuid[])[i], d.event, d.cause, d.said, 'pending', $4, $4, $4
            from generate_subscripts($1::uuid[], 1) i join delivery d on d.id = ($2::uuid[])[i]
            on conflict do nothing",
            &ids,
            &abouts,
            &endpoints,
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        let all: Vec<_> = events.iter().map(|one| one.delivery.uuid()).collect();
        sqlx::query!(
            "-- undelivered.followed_up
            update delivery set followed_up_at = $2 where id = any($1)",
            &all,
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
