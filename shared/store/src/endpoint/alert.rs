//! What somebody has to hear of: webhooks that fail, whose leads go by e-mail meanwhile, and leads of which nobody said what
//! became of them.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    delivery::{EventType, news_id},
    id::{ClientId, DeliveryId, EndpointId, LeadId},
};
use uuid::Uuid;

use crate::{Scope, Store, StoreError};

/// An endpoint that fails or was disabled.
#[derive(Debug, Clone)]
pub struct Broken {
    /// Which.
    pub endpoint: EndpointId,
    /// Whose.
    pub client: ClientId,
    /// The client's name.
    pub client_name: String,
    /// As people call it.
    pub name: String,
    /// Since when attempts fail.
    pub failing_since: Option<Timestamp>,
    /// Why it is disabled, where it is.
    pub disabled: Option<String>,
    /// Deliveries that wait for it.
    pub waiting: i64,
    /// Where the client is told.
    pub tell: Option<String>,
}

/// A lead that a client has and says nothing of.
#[derive(Debug, Clone)]
pub struct Untouched {
    /// The delivery that handed it over.
    pub delivery: DeliveryId,
    /// The lead.
    pub lead: LeadId,
    /// Whose, and the client's slug and name.
    pub client: (ClientId, String, String),
    /// Name and address of the rep who has it; where no rep does, the client's fallback.
    pub to: Option<(Option<String>, String)>,
    /// The person's name, as far as it is known.
    pub person: Option<String>,
    /// Where who has it is: an IANA name.
    pub clock: String,
    /// When it was delivered.
    pub delivered_at: Timestamp,
}

impl Store {
    /// Has leads that wait for a webhook that failed since before `since` mailed too, each maturation once: to its rep, or
    /// to the client's fallback, or to its first rep. Returns how many.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn fallback_step(&self, since: Timestamp, limit: i64, now: Timestamp) -> Result<usize, StoreError> {
        let rows = sqlx::query!(
            r#"-- watch.fallback
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
        let id = |about, to| news_id(DeliveryId::from_uuid(about), EventType::LeadMatured, to, now).uuid();
        let ids: Vec<Uuid> = rows.iter().map(|row| id(row.id, row.fallback)).collect();
        sqlx::query!(
            "-- watch.mail
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

    /// Webhooks that failed since before `since`, and endpoints that were disabled by what they answered.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn endpoints_broken(&self, since: Timestamp) -> Result<Vec<Broken>, StoreError> {
        let rows = sqlx::query!(
            r#"-- watch.broken
            select e.id, e.client_id, c.name as client_name, coalesce(e.name, e.url, e.address) as "name!", e.failing_since,
                   case when e.state = 'disabled' then e.state_reason end as disabled,
                   (select count(*) from delivery d where d.endpoint_id = e.id and d.state in ('pending', 'held', 'leased')) as "waiting!",
                   (select x.address from endpoint x
                    where x.client_id = e.client_id and x.kind = 'email' and x.state = 'enabled' and x.id <> e.id
                    order by x.is_fallback desc, x.created_at, x.id limit 1) as tell
            from endpoint e join client c on c.id = e.client_id
            where e.state = 'enabled' and e.failing_since <= $1
               or e.state = 'disabled' and e.state_reason is distinct from 'disabled by the firm'"#,
            since.to_sqlx()
        )
        .fetch_all(&self.pool)
        .await?;
        let broken = rows.into_iter().map(|row| Broken {
            endpoint: EndpointId::from_uuid(row.id),
            client: ClientId::from_uuid(row.client_id),
            client_name: row.client_name,
            name: row.name,
            failing_since: row.failing_since.map(jiff_sqlx::Timestamp::to_jiff),
            disabled: row.disabled,
            waiting: row.waiting,
            tell: row.tell,
        });
        Ok(broken.collect())
    }

    /// Open A leads that were delivered in this time and of which nothing was said since, each once, oldest first.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn untouched(
        &self,
        scope: Scope,
        (from, to): (Timestamp, Timestamp),
        only: Option<DeliveryId>,
    ) -> Result<Vec<Untouched>, StoreError> {
        let rows = sqlx::query!(
            r#"-- watch.untouched
            select id as "id!", lead_id as "lead_id!", client_id as "client_id!", slug as "slug!", client_name as "client_name!",
                   ended_at as "ended_at!", person as "person?", rep_name as "rep_name?", address as "address?",
                   clock as "clock!"
            from (
            select distinct on (d.maturation_id) d.id, d.lead_id, d.client_id, c.slug, c.name as client_name, d.ended_at,
                   coalesce(nullif(concat_ws(' ', p.first_name, p.last_name), ''), p.name) as person,
                   r.name as rep_name, coalesce(r.email, f.address) as address, coalesce(r.time_zone, c.time_zone) as clock
            from delivery d join lead l on l.id = d.lead_id join client c on c.id = d.client_id
            join person p on p.id = l.person_id join endpoint e on e.id = d.endpoint_id
            left join rep r on r.id = coalesce(d.rep_id, e.rep_id)
            left join endpoint f on f.client_id = d.client_id and f.is_fallback and f.state = 'enabled'
            where ($4::uuid is null or d.id = $4)
              and ($1::uuid is null or d.client_id = $1) and d.event = 'lead.matured' and d.state in ('delivered', 'filed')
              and d.ended_at >= $2 and d.ended_at <= $3 and l.grade = 'A' and l.stage in ('lead', 'contact', 'opportunity')
              and not p.do_not_contact
              and d.maturation_id = (select m.id from maturation m where m.lead_id = d.lead_id order by m.at desc, m.id desc limit 1)
              and not exists (select 1 from delivery o join outcome s on s.delivery_id = o.id
                              where o.lead_id = d.lead_id and o.maturation_id = d.maturation_id)
            order by d.maturation_id, r.id is not null desc, d.id
            ) handed_over order by ended_at, id limit 1000"#,
            scope.client_uuid(),
            from.to_sqlx(),
            to.to_sqlx(),
            only.map(DeliveryId::uuid) as Option<Uuid>
        )
        .fetch_all(&self.pool)
        .await?;
        let untouched = rows.into_iter().map(|row| Untouched {
            delivery: DeliveryId::from_uuid(row.id),
            lead: LeadId::from_uuid(row.lead_id),
            client: (ClientId::from_uuid(row.client_id), row.slug, row.client_name),
            to: row.address.map(|address| (row.rep_name, address)),
            person: row.person,
            clock: row.clock,
            delivered_at: row.ended_at.to_jiff(),
        });
        Ok(untouched.collect())
    }

    /// Where a client's leads are mailed while their webhook fails and no rep has them: nowhere from now on where none.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn client_set_fallback(
        &self,
        client: ClientId,
        to: Option<(EndpointId, &str)>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await?;
        sqlx::query!(
            "-- watch.no_fallback
            update endpoint set is_fallback = false, state = 'disabled', state_reason = 'disabled by the firm'
            where client_id = $1 and is_fallback",
            client.uuid()
        )
        .execute(&mut *tx)
        .await?;
        if let Some((id, address)) = to {
            let events: Vec<_> = EventType::BY_MAIL.iter().map(|event| event.word().to_owned()).collect();
            sqlx::query!(
                "-- watch.set_fallback
                insert into endpoint (id, client_id, kind, name, address, by_name, is_fallback, events, created_at)
                values ($1, $2, 'email', 'Fallback', $3, true, true, $4, $5)",
                id.uuid(),
                client.uuid(),
                address,
                &events,
                now.to_sqlx()
            )
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(())
    }
}
