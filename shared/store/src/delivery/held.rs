//! What matured and went to nobody yet: held until somebody can take it, then routed again. Found by their due date, the
//! best first within a client.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    id::{ClientId, DeliveryId, EndpointId, LeadId, MaturationId, RepId},
    routing::{Tier, WaitingLead},
};
use uuid::Uuid;

use crate::{Scope, Store, StoreError, Transaction, decision::maturation::RoutingNote, delivery::offer::tier};

/// A held delivery without an endpoint that is due to be routed again.
#[derive(Debug, Clone)]
pub struct HeldDelivery {
    /// The held delivery.
    pub delivery: DeliveryId,
    /// The maturation it passes on.
    pub maturation: MaturationId,
    /// The lead, its score, and when it matured.
    pub waiting: WaitingLead,
    /// Endpoints that the maturation went to already.
    pub had: Vec<EndpointId>,
    /// Whom it was offered to, in vain.
    pub offered: Option<Tier>,
}

/// A lead that a client will get later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldLead {
    /// The delivery that waits.
    pub delivery: DeliveryId,
    /// The lead.
    pub lead: LeadId,
    /// Its points: the best goes first.
    pub score: i32,
    /// When it became A.
    pub matured_at: Timestamp,
    /// Why it waits.
    pub reason: Option<String>,
    /// Until when; then it is looked at again.
    pub until: Timestamp,
}

/// What becomes of a held delivery.
#[derive(Debug, Clone)]
pub enum Rerouted {
    /// It goes to this endpoint, and what follows is written apart.
    Given(EndpointId, Option<RepId>),
    /// It stays until then, because of this.
    Held(Timestamp, String),
    /// Everybody has it by now.
    Done,
}

impl Store {
    /// What a client will get later, at most `limit`, in the order in which it goes out where one can take it.
    pub async fn held_for(&self, scope: Scope, client: ClientId, limit: i64) -> Result<Vec<HeldLead>, StoreError> {
        // Not only those without an endpoint: what a paused client or an open circuit holds is also "later" to who
        // asks.
        let rows = sqlx::query!(
            "-- held.held_for
            select d.id, d.lead_id, l.score, m.at, d.reason, d.due_at
            from delivery d join lead l on l.id = d.lead_id join maturation m on m.id = d.maturation_id
            where d.client_id = $1 and ($3::uuid is null or d.client_id = $3) and d.state = 'held' and d.event = 'lead.matured'
            order by l.score desc, m.at, l.id, d.id limit $2",
            client.uuid(),
            limit,
            scope.client_uuid()
        )
        .fetch_all(&self.lists)
        .await?;
        let held = rows.into_iter().map(|row| HeldLead {
            delivery: DeliveryId::from_uuid(row.id),
            lead: LeadId::from_uuid(row.lead_id),
            score: row.score.unwrap_or(0),
            matured_at: row.at.to_jiff(),
            reason: row.reason,
            until: row.due_at.to_jiff(),
        });
        Ok(held.collect())
    }

    /// Clients at work that have held deliveries to be routed again at `now`.
    pub async fn clients_to_route(&self, now: Timestamp, limit: i64) -> Result<Vec<ClientId>, StoreError> {
        let rows = sqlx::query!(
            r#"-- held.clients
            select distinct d.client_id from (
              select client_id from delivery where endpoint_id is null and state = 'held' and same_as is null and due_at <= $1
              order by due_at limit $2) d
            join client c on c.id = d.client_id where c.state = 'active'"#,
            now.to_sqlx(),
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|row| ClientId::from_uuid(row.client_id)).collect())
    }
}

impl Transaction {
    /// Has a client's held deliveries routed again soon, because something changed that may help.
    pub(crate) async fn reroute(&mut self, client: ClientId, now: Timestamp) -> Result<u64, StoreError> {
        // What is on offer to somebody stays there: routing it again would take it from who may be reading the offer.
        let done = sqlx::query!(
            "-- held.again
            update delivery set due_at = $2
            where client_id = $1 and endpoint_id is null and state = 'held' and same_as is null and due_at > $2
              and not exists (select 1 from claim k where k.maturation_id = delivery.maturation_id and k.until > $2
                                and cardinality(k.offered_to) > 0)",
            client.uuid(),
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected())
    }

    /// The leads of a client that are due to be routed again, the best first.
    pub async fn leads_to_route(
        &mut self,
        client: ClientId,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<LeadId>, StoreError> {
        let rows = sqlx::query!(
            "-- held.leads
            select d.lead_id from delivery d join lead l on l.id = d.lead_id join maturation m on m.id = d.maturation_id
            where d.client_id = $1 and d.endpoint_id is null and d.state = 'held' and d.same_as is null and d.due_at <= $2
            order by l.score desc, m.at, l.id limit $3",
            client.uuid(),
            now.to_sqlx(),
            limit
        )
        .fetch_all(self.connection())
        .await?;
        Ok(rows.into_iter().map(|row| LeadId::from_uuid(row.lead_id)).collect())
    }

    /// What of these leads is still to be routed, locked, the best first. Comes after the lock of the client.
    pub async fn held_lock(&mut self, leads: &[LeadId], now: Timestamp) -> Result<Vec<HeldDelivery>, StoreError> {
        let leads: Vec<_> = leads.iter().map(|lead| lead.uuid()).collect();
        // A new statement after the client's lock: what another worker routed while this one waited is no longer
        // `held` and drops out.
        let rows = sqlx::query!(
            r#"-- held.lock
            select d.id, d.maturation_id, d.lead_id, m.at, coalesce(l.score, 0) as "score!",
                   array(select o.endpoint_id from delivery o where o.lead_id = d.lead_id and o.maturation_id = d.maturation_id
                           and o.endpoint_id is not null and o.event = 'lead.matured') as "had!: Vec<Uuid>", k.tier as "tier?"
            from delivery d join maturation m on m.id = d.maturation_id join lead l on l.id = d.lead_id
            left join claim k on k.maturation_id = d.maturation_id
            where d.lead_id = any($1) and d.endpoint_id is null and d.state = 'held' and d.same_as is null and d.due_at <= $2
            order by d.id for update of d"#,
            &leads,
            now.to_sqlx()
        )
        .fetch_all(self.connection())
        .await?;
        let unrouted = rows.into_iter().map(|row| {
            Ok(HeldDelivery {
                delivery: DeliveryId::from_uuid(row.id),
                maturation: MaturationId::from_uuid(row.maturation_id),
                waiting: WaitingLead {
                    lead: LeadId::from_uuid(row.lead_id),
                    score: row.score,
                    matured_at: row.at.to_jiff(),
                },
                had: row.had.into_iter().map(EndpointId::from_uuid).collect(),
                offered: row.tier.as_deref().map(tier).transpose()?,
            })
        });
        let mut unrouted: Vec<_> = unrouted.collect::<Result<_, StoreError>>()?;
        // The rows are locked in the order of ids, against deadlocks, and routed in the order of their leads.
        unrouted.sort_by_key(|one| one.waiting);
        Ok(unrouted)
    }

    /// Writes what becomes of held deliveries, and what is said of their maturations. `offered_until` is when a sweeper may
    /// offer them again.
    pub async fn held_settle(
        &mut self,
        rows: &[(DeliveryId, Rerouted)],
        notes: &BTreeMap<MaturationId, RoutingNote>,
        (now, offered_until): (Timestamp, Timestamp),
    ) -> Result<(), StoreError> {
        let c = ReroutedArrays::new(rows, now);
        let noted: Vec<_> = notes.keys().map(|id| id.uuid()).collect();
        let versions: Vec<_> = notes.values().map(|note| note.version).collect();
        let rules: Vec<_> = notes.values().map(|note| note.rule.clone()).collect();
        let texts: Vec<_> = notes.values().map(|note| note.text.clone()).collect();
        // No state is named: the rows are locked since `held_lock`, in this transaction.
        sqlx::query!(
            "-- held.settle
            with said as (
              update maturation m set route = n.version, rule = n.rule, routed_at = $7, routing = n.said
              from (select ($9::uuid[])[i] as id, ($10::integer[])[i] as version, ($11::text[])[i] as rule,
                           ($12::text[])[i] as said from generate_subscripts($9::uuid[], 1) i) n
              where m.id = n.id
            )
            update delivery d set endpoint_id = n.endpoint_id, rep_id = n.rep_id, state = n.state, reason = n.reason,
                   due_at = n.due_at, offered_until = $8, ended_at = case when n.state = 'withdrawn' then $7::timestamptz end
            from (select ($1::uuid[])[i] as id, ($2::uuid[])[i] as endpoint_id, ($3::uuid[])[i] as rep_id,
                         ($4::text[])[i] as state, ($5::text[])[i] as reason, ($6::timestamptz[])[i] as due_at
                  from generate_subscripts($1::uuid[], 1) i) n
            where d.id = n.id",
            &c.ids,
            &c.endpoints[..] as &[Option<Uuid>],
            &c.reps[..] as &[Option<Uuid>],
            &c.states,
            &c.reasons[..] as &[Option<String>],
            &c.due[..],
            now.to_sqlx(),
            offered_until.to_sqlx(),
            &noted,
            &versions[..] as &[Option<i32>],
            &rules,
            &texts
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Has everything of a client that is to be routed wait until then: its day is full.
    pub async fn held_put_off(
        &mut self,
        client: ClientId,
        (until, why): (Timestamp, &str),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // One statement for all of them: with a full day and thousands held, every round would otherwise route each
        // again in vain.
        sqlx::query!(
            "-- held.put_off
            update delivery set due_at = $3, reason = $4
            where client_id = $1 and endpoint_id is null and state = 'held' and same_as is null and due_at <= $2",
            client.uuid(),
            now.to_sqlx(),
            until.to_sqlx(),
            why
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

#[derive(Default)]
struct ReroutedArrays {
    ids: Vec<Uuid>,
    endpoints: Vec<Option<Uuid>>,
    reps: Vec<Option<Uuid>>,
    states: Vec<String>,
    reasons: Vec<Option<String>>,
    due: Vec<jiff_sqlx::Timestamp>,
}

impl ReroutedArrays {
    fn new(rows: &[(DeliveryId, Rerouted)], now: Timestamp) -> Self {
        let mut columns = Self::default();
        for (id, fate) in rows {
            let (to, state, reason, due) = match fate {
                Rerouted::Given(endpoint, rep) => (Some((endpoint, rep)), "pending", None, now),
                Rerouted::Held(until, why) => (None, "held", Some(why.clone()), *until),
                Rerouted::Done => (None, "withdrawn", Some("everybody who is to have it has it".to_owned()), now),
            };
            columns.ids.push(id.uuid());
            columns.endpoints.push(to.map(|(endpoint, _)| endpoint.uuid()));
            columns.reps.push(to.and_then(|(_, rep)| *rep).map(RepId::uuid));
            columns.states.push(state.to_owned());
            columns.reasons.push(reason);
            columns.due.push(due.to_sqlx());
        }
        columns
    }
}
