//! Leasing deliveries: who may be sent now, all that is said, and the body frozen with the first lease.

use std::time::Duration;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    delivery::Matured,
    id::{DeliveryId, EndpointId, LeadId},
    person::Profile,
};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{Due, EndpointKind, Leased, Store, StoreError, error::word};

/// What a worker asks for.
#[derive(Debug)]
pub struct Claim<'a> {
    /// Deliveries it was offered.
    pub deliveries: &'a [DeliveryId],
    /// The name of the lease.
    pub lease: Uuid,
    /// How long the lease lasts, by the database's clock.
    pub lasts: Duration,
    /// Endpoints with deliveries under way here, and how many: they count against the endpoint's concurrency.
    pub busy: &'a [(EndpointId, i32)],
    /// When a delivery is looked at again that found no free slot.
    pub no_slot_until: Timestamp,
}

impl Store {
    /// Leases what may be sent now and freezes the body of what was never sent: one transaction. Deliveries of persons who
    /// must not be contacted or of closed leads are withdrawn, of paused clients and disabled endpoints held.
    ///
    /// # Errors
    /// When the database is away: then nothing is leased.
    pub async fn deliveries_lease(
        &self,
        claim: &Claim<'_>,
        now: Timestamp,
        freeze: impl Fn(&Due) -> Vec<u8> + Send,
    ) -> Result<Vec<Leased>, StoreError> {
        let mut tx = self.pool.begin().await?;
        let leased = take(&mut tx, claim, now).await?;
        if leased.is_empty() {
            tx.commit().await?;
            return Ok(Vec::new());
        }
        let mut ready = Vec::with_capacity(leased.len());
        let mut frozen = (Vec::new(), Vec::new());
        for mut due in load(&mut tx, &leased).await? {
            let body = due.body.take().unwrap_or_else(|| {
                let body = freeze(&due);
                frozen.0.push(due.matured.delivery.uuid());
                frozen.1.push(body.clone());
                body
            });
            ready.push(Leased { due, body });
        }
        if !frozen.0.is_empty() {
            sqlx::query!(
                "-- delivery.freeze
                update delivery d set body = n.body from unnest($1::uuid[], $2::bytea[]) as n (id, body)
                where d.id = n.id and d.lease = $3 and d.body is null",
                &frozen.0,
                &frozen.1,
                claim.lease
            )
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(ready)
    }
}

/// Decides each offered delivery's fate and returns those that are now leased.
async fn take(tx: &mut sqlx::PgConnection, claim: &Claim<'_>, now: Timestamp) -> Result<Vec<Uuid>, StoreError> {
    let ids: Vec<_> = claim.deliveries.iter().map(|id| id.uuid()).collect();
    let busy: Vec<_> = claim.busy.iter().map(|(endpoint, _)| endpoint.uuid()).collect();
    let counts: Vec<_> = claim.busy.iter().map(|(_, count)| *count).collect();
    let rows = sqlx::query!(
        r#"-- delivery.lease
        with offered as materialized (
            select id, lead_id, client_id, endpoint_id, state from delivery
            where id = any($1) and endpoint_id is not null
              and (state in ('pending', 'held') and due_at <= $2 or state = 'leased' and leased_until < clock_timestamp())
            order by id for update skip locked
        ), judged as (
            select o.id, o.endpoint_id, e.concurrency - coalesce(b.busy, 0) as free,
                   case when p.do_not_contact then 'withdrawn' when l.stage = 'closed' then 'withdrawn'
                        when c.state = 'paused' then 'held' when e.state = 'disabled' then 'held' else 'leased' end as fate,
                   case when p.do_not_contact then 'the person asked not to be contacted'
                        when l.stage = 'closed' then 'the lead was closed'
                        when c.state = 'paused' then 'the client is paused'
                        when e.state = 'disabled' then 'the endpoint is disabled' end as why
            from offered o
            join lead l on l.id = o.lead_id join person p on p.id = l.person_id
            join client c on c.id = o.client_id join endpoint e on e.id = o.endpoint_id
            left join unnest($5::uuid[], $6::integer[]) as b (endpoint_id, busy) on b.endpoint_id = o.endpoint_id
        ), ranked as (
            select id, why, case when fate = 'leased' and row_number() over (partition by endpoint_id, fate order by id) > free
                                 then 'pending' else fate end as fate
            from judged
        )
        update delivery d set state = r.fate, reason = r.why,
               lease = case when r.fate = 'leased' then $3::uuid end,
               leased_until = case when r.fate = 'leased' then clock_timestamp() + make_interval(secs => $4) end,
               attempts = d.attempts + case when r.fate = 'leased' then 1 else 0 end,
               due_at = case r.fate when 'pending' then $7::timestamptz when 'held' then $2 + interval '1 minute' else d.due_at end,
               offered_until = $2,
               ended_at = case when r.fate = 'withdrawn' then $2 end
        from ranked r where d.id = r.id
        returning d.id, d.state"#,
        &ids, now.to_sqlx(), claim.lease, claim.lasts.as_secs_f64(), &busy, &counts, claim.no_slot_until.to_sqlx()
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().filter(|row| row.state == "leased").map(|row| row.id).collect())
}

/// Loads all that is said about leased deliveries.
async fn load(tx: &mut sqlx::PgConnection, ids: &[Uuid]) -> Result<Vec<Due>, StoreError> {
    let rows = sqlx::query!(
        r#"-- delivery.load
        select d.id, d.attempts, d.body, d.endpoint_id as "endpoint_id!", l.id as lead_id, l.stage, l.channel, l.arrivals,
               l.first_arrived_at, m.at as matured_at, x.grade, x.score, x.receipt, g.name as criteria_name, k.version,
               p.first_name, p.last_name, p.name, p.email, p.phone, p.postal_code, p.country, p.time_zone, p.locale,
               s.name as source_name, c.name as client_name, e.kind, coalesce(e.url, e.address) as "to!", e.allow_private,
               r.name as "rep_name?", r.email as "rep_email?",
               (select json_object_agg(question, value) from
                 (select distinct on (question) question, value from answer where lead_id = l.id
                  order by question, at desc, origin desc) newest) as answers,
               (select json_agg(json_build_object('at', at, 'by', by, 'text', text) order by at) from note where lead_id = l.id) as notes,
               (select array_agg(secret order by created_at desc) from endpoint_secret
                where endpoint_id = e.id and (expires_at is null or expires_at > clock_timestamp())) as secrets
        from delivery d
        join maturation m on m.id = d.maturation_id join decision x on x.id = m.decision_id
        join criteria k on k.id = x.criteria_id join program g on g.id = k.program_id
        join lead l on l.id = d.lead_id join person p on p.id = l.person_id join source s on s.id = l.source_id
        join client c on c.id = d.client_id join endpoint e on e.id = d.endpoint_id left join rep r on r.id = e.rep_id
        where d.id = any($1)"#,
        ids
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            let matured = Matured {
                delivery: DeliveryId::from_uuid(row.id),
                lead: LeadId::from_uuid(row.lead_id),
                stage: word(&row.stage)?,
                profile: Profile {
                    first_name: row.first_name,
                    last_name: row.last_name,
                    name: row.name,
                    email: row.email,
                    phone: row.phone,
                    postal_code: row.postal_code,
                    country: row.country,
                    time_zone: row.time_zone,
                    locale: row.locale,
                },
                grade: word(&row.grade)?,
                score: row.score,
                criteria: (row.criteria_name, row.version),
                receipt: row.receipt,
                answers: object(row.answers),
                notes: row.notes.unwrap_or_else(|| Value::Array(Vec::new())),
                source: row.source_name,
                channel: word(&row.channel)?,
                arrivals: row.arrivals,
                first_arrived_at: row.first_arrived_at.to_jiff(),
                matured_at: row.matured_at.to_jiff(),
                assigned_to: row.rep_name.zip(row.rep_email),
            };
            Ok(Due {
                matured,
                endpoint: EndpointId::from_uuid(row.endpoint_id),
                kind: EndpointKind::read(&row.kind)?,
                to: row.to,
                allow_private: row.allow_private,
                secrets: row.secrets.unwrap_or_default(),
                client: row.client_name,
                attempts: row.attempts,
                body: row.body,
            })
        })
        .collect()
}

fn object(value: Option<Value>) -> Map<String, Value> {
    match value {
        Some(Value::Object(map)) => map,
        _ => Map::new(),
    }
}
