//! What matured and went to nobody yet: held until somebody can take it, then routed again. Found by their due date, the
//! best first within a client.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    id::{ClientId, DeliveryId, EndpointId, LeadId, MaturationId, RepId},
    routing::{Tier, WaitingLead},
};
use uuid::Uuid;

use crate::{
    Scope, Store, StoreError, Transaction,
    decision::maturation::RoutingNote,
    delivery::{
        first_to_claim::tier,
        write::{code_of, reps_text},
    },
};

/// Why nothing goes out to a client, in words.
const PAUSED: &str = "the client is paused";
/// Why a delivery waits whose lead has to be decided first, in words. The decision lets go what waits with the code `undecided`.
pub(crate) const UNDECIDED: &str = "a disposition was taken back: the lead is decided again first";
/// It is looked at again after this, beside when it is decided.
pub(crate) const UNDECIDED_WAITS: SignedDuration = SignedDuration::from_mins(1);

/// A held delivery without an endpoint that is due to be routed again.
#[derive(Debug, Clone)]
pub struct HeldDelivery {
    /// The held delivery.
    pub delivery: DeliveryId,
    /// The maturation it passes on.
    pub maturation: MaturationId,
    /// The lead, its score, and when it matured.
    pub waiting: WaitingLead,
    /// Endpoints that have it, or will.
    pub had: Vec<EndpointId>,
    /// Endpoints that it could not be delivered to; where a mail came back, webhooks of the team that have it beside it too: nobody is
    /// reached by those.
    pub dead: Vec<EndpointId>,
    /// The client's fallback, where that was not tried.
    pub fallback: Option<EndpointId>,
    /// Whom it was offered to, in vain.
    pub offered: Option<PastOffer>,
}

/// An offer after which nobody has the lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PastOffer {
    /// Whose turn it was.
    pub tier: Tier,
    /// One of them took the lead and could not be reached: the place that it took in the client's day was given back.
    pub was_taken: bool,
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
    /// When it goes on by itself; none where somebody has to do something first.
    pub until: Option<Timestamp>,
}

/// A held delivery that was routed again.
#[derive(Debug, Clone)]
pub struct ReroutedDelivery {
    /// The held delivery.
    pub delivery: DeliveryId,
    /// What becomes of it.
    pub becomes: Rerouted,
    /// Reps for whom alone it stays held, none of whom has an endpoint that is enabled.
    pub waits_for: Vec<RepId>,
}

/// What becomes of a held delivery.
#[derive(Debug, Clone)]
pub enum Rerouted {
    /// It goes to this endpoint, and what follows is written apart.
    Given(EndpointId, Option<RepId>),
    /// It stays.
    Held {
        /// Until then, or until it is looked at again.
        until: Timestamp,
        /// Because of this, in words.
        why: String,
        /// No date says when it goes on.
        is_undated: bool,
    },
    /// Everybody has it by now.
    Done,
}

/// What of a client is not looked at again until later.
#[derive(Debug, Clone, Copy)]
pub struct HeldPutOff<'a> {
    /// The client.
    pub client: ClientId,
    /// What is of this lead alone; none for all of the client's.
    pub only: Option<LeadId>,
    /// Until when it waits.
    pub until: Timestamp,
    /// Why, in a few words.
    pub why: &'a str,
    /// No date says when it goes on.
    pub is_undated: bool,
}

impl Store {
    /// What a client will get later, at most `limit`, in the order in which it goes out where one can take it: what comes after
    /// the delivery where the page before ended, whatever became of that one since.
    pub async fn held_for(
        &self,
        scope: Scope,
        client: ClientId,
        after: Option<DeliveryId>,
        limit: i64,
    ) -> Result<Vec<HeldLead>, StoreError> {
        // Not only those without an endpoint: what a paused client or an open circuit holds is also "later" to who
        // asks.
        let rows = sqlx::query!(
            r#"-- held.held_for
            select d.id, d.lead_id, l.score, m.at, case when c.state = 'paused' then $5 else d.reason end as reason, d.due_at,
                   c.state = 'paused' or d.reason_code is not distinct from 'undated' as "is_undated!"
            from delivery d join lead l on l.id = d.lead_id join maturation m on m.id = d.maturation_id join client c on c.id = d.client_id
            where d.client_id = $1 and ($3::uuid is null or d.client_id = $3) and d.state = 'held' and d.event = 'lead.matured'
              and ($4::uuid is null or (-coalesce(l.score, 0), m.at, l.id, d.id) >
                   (select -coalesce(y.score, 0), z.at, y.id, x.id from delivery x join lead y on y.id = x.lead_id
                    join maturation z on z.id = x.maturation_id where x.id = $4 and x.client_id = $1))
            order by coalesce(l.score, 0) desc, m.at, l.id, d.id limit $2"#,
            client.uuid(),
            limit,
            scope.client_uuid(),
            after.map(DeliveryId::uuid),
            PAUSED
        )
        .fetch_all(&self.lists)
        .await?;
        let held = rows.into_iter().map(|row| HeldLead {
            delivery: DeliveryId::from_uuid(row.id),
            lead: LeadId::from_uuid(row.lead_id),
            score: row.score.unwrap_or(0),
            matured_at: row.at.to_jiff(),
            // When it is looked at again is no end: what a person has to mend waits until then, and after.
            until: Some(row.due_at.to_jiff()).filter(|_| !row.is_undated),
            reason: row.reason,
        });
        Ok(held.collect())
    }

    /// Clients at work that have held deliveries to be routed again at `now`, at most `limit`; the one that waits longest first.
    pub async fn clients_to_route(&self, now: Timestamp, limit: i64) -> Result<Vec<ClientId>, StoreError> {
        // From client to client along the index, however many rows each has: rows of a client that is paused, or of one with
        // very many, would otherwise use up any limit on rows and hide everybody else's.
        let rows = sqlx::query!(
            r#"-- held.clients
            with recursive holding as (
              (select client_id from delivery where endpoint_id is null and state = 'held' order by client_id limit 1)
              union all
              select (select d.client_id from delivery d where d.endpoint_id is null and d.state = 'held' and d.client_id > h.client_id
                      order by d.client_id limit 1)
              from holding h where h.client_id is not null
            )
            select c.id from holding h join client c on c.id = h.client_id and c.state = 'active'
            cross join lateral (
              select d.due_at from delivery d
              where d.client_id = c.id and d.endpoint_id is null and d.state = 'held' and d.same_as is null and d.due_at <= $1
              order by d.due_at limit 1) oldest
            order by oldest.due_at, c.id limit $2"#,
            now.to_sqlx(),
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|row| ClientId::from_uuid(row.id)).collect())
    }
}

impl Transaction {
    /// Has a client's held deliveries routed again soon, because something changed that may help.
    pub(crate) async fn reroute(&mut self, client: ClientId, now: Timestamp) -> Result<u64, StoreError> {
        // What is on offer to somebody stays there: routing it again would take it from who may be reading the offer. What the desk can
        // still take back waits until then all the same.
        let done = sqlx::query!(
            "-- held.reroute
            update delivery set due_at = greatest($2, undo_until)
            where client_id = $1 and endpoint_id is null and state = 'held' and same_as is null and due_at > greatest($2, undo_until)
              and not exists (select 1 from claim k where k.maturation_id = delivery.maturation_id and k.taken_by is null and k.until > $2
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
        self.held_not_to_give(&leads, now).await?;
        // A new statement after the client's lock: what another worker routed while this one waited is no longer
        // `held` and drops out.
        let rows = sqlx::query!(
            r#"-- held.lock
            select d.id, d.maturation_id, d.lead_id, m.at, coalesce(l.score, 0) as "score!",
                   array(select o.endpoint_id from delivery o where o.lead_id = d.lead_id and o.maturation_id = d.maturation_id
                           and o.endpoint_id is not null and o.event = 'lead.matured' and o.state <> 'dead') as "had!: Vec<Uuid>",
                   array(select o.endpoint_id from delivery o where o.maturation_id = d.maturation_id and o.endpoint_id is not null
                           and o.event = 'lead.matured' and (o.state = 'dead' or reached.nobody)) as "dead!: Vec<Uuid>",
                   (select x.id from endpoint x where x.client_id = d.client_id and x.is_fallback and x.state = 'enabled'
                      and not exists (select from delivery o where o.maturation_id = d.maturation_id and o.endpoint_id = x.id
                                        and o.event = 'lead.matured') limit 1) as "fallback?",
                   k.tier as "tier?", k.taken_by is not null as "was_taken!"
            from delivery d join maturation m on m.id = d.maturation_id join lead l on l.id = d.lead_id
            left join claim k on k.maturation_id = d.maturation_id
            cross join lateral (
              select coalesce((select not delivery_is_had(o.id) from delivery o join endpoint x on x.id = o.endpoint_id
                               where o.maturation_id = d.maturation_id and o.event = 'lead.matured' and o.state = 'dead' and x.kind = 'email'
                                 and not (x.is_fallback and o.took_no_place)
                               order by o.ended_at desc, o.id desc limit 1), false) as nobody) reached
            where d.lead_id = any($1) and d.endpoint_id is null and d.state = 'held' and d.same_as is null and d.due_at <= $2
            order by d.id for update of d"#,
            &leads,
            now.to_sqlx()
        )
        .fetch_all(self.connection())
        .await?;
        let held = rows.into_iter().map(|row| {
            Ok(HeldDelivery {
                delivery: DeliveryId::from_uuid(row.id),
                maturation: MaturationId::from_uuid(row.maturation_id),
                waiting: WaitingLead {
                    lead: LeadId::from_uuid(row.lead_id),
                    score: row.score,
                    matured_at: row.at.to_jiff(),
                },
                had: row.had.into_iter().map(EndpointId::from_uuid).collect(),
                dead: row.dead.into_iter().map(EndpointId::from_uuid).collect(),
                fallback: row.fallback.map(EndpointId::from_uuid),
                offered: row
                    .tier
                    .map(|word| Ok::<_, StoreError>(PastOffer { tier: tier(&word)?, was_taken: row.was_taken }))
                    .transpose()?,
            })
        });
        let mut held: Vec<_> = held.collect::<Result<_, StoreError>>()?;
        // The rows are locked in the order of ids, against deadlocks, and routed in the order of their leads.
        held.sort_by_key(|one| one.waiting);
        Ok(held)
    }

    /// Ends what waits of these leads and is given to nobody new any more, and puts off what has to be decided first. Under the locks
    /// of the leads: what was given up may have come to be held while a lead was graded down, which stops only what it finds.
    async fn held_not_to_give(&mut self, leads: &[Uuid], now: Timestamp) -> Result<(), StoreError> {
        let again = now.saturating_add(UNDECIDED_WAITS).unwrap_or(now);
        sqlx::query!(
            "-- held.not_to_give
            update delivery d set state = case when g.why_not is null then 'held' else 'withdrawn' end, reason = coalesce(g.why_not, $4), reason_code = case when g.why_not is null then 'undecided' end,
                   due_at = case when g.why_not is null then $3 else d.due_at end, ended_at = case when g.why_not is not null then $2::timestamptz end
            from lead_to_give g
            where d.lead_id = any($1) and d.endpoint_id is null and d.state = 'held' and d.same_as is null and d.due_at <= $2
              and g.maturation_id = d.maturation_id and (g.why_not is not null or g.is_undecided)",
            leads,
            now.to_sqlx(),
            again.to_sqlx(),
            UNDECIDED
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Writes what becomes of held deliveries, and what is said of their maturations, and tells the team's programs who has them now:
    /// after their further deliveries are written. `offered_until` is when a sweeper may offer them again.
    pub async fn held_settle(
        &mut self,
        rows: &[ReroutedDelivery],
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
            update delivery d set endpoint_id = n.endpoint_id, rep_id = n.rep_id, state = n.state, reason = n.reason, reason_code = n.code,
                   due_at = n.due_at, offered_until = $8, waits_for = n.waits_for, ended_at = case when n.state = 'withdrawn' then $7::timestamptz end
            from (select ($1::uuid[])[i] as id, ($2::uuid[])[i] as endpoint_id, ($3::uuid[])[i] as rep_id,
                         ($4::text[])[i] as state, ($5::text[])[i] as reason, ($6::timestamptz[])[i] as due_at,
                         string_to_array(($13::text[])[i], ',')::uuid[] as waits_for, ($14::text[])[i] as code
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
            &texts,
            &c.waits_for,
            &c.codes[..] as &[Option<String>]
        )
        .execute(self.connection())
        .await?;
        let given = rows.iter().filter(|one| matches!(one.becomes, Rerouted::Given(..))).map(|one| one.delivery);
        self.deliveries_now_with(&given.collect::<Vec<_>>(), now).await
    }

    /// Has what of a client is to be routed wait until then: all of it, because its day is full, or what is of one lead that
    /// cannot be read and would keep the client's others from going out.
    pub async fn held_put_off(&mut self, what: &HeldPutOff<'_>, now: Timestamp) -> Result<(), StoreError> {
        // One statement for all of them: with a full day and thousands held, every round would otherwise route each
        // again in vain.
        sqlx::query!(
            "-- held.put_off
            update delivery set due_at = $3, reason = $4, reason_code = $6
            where client_id = $1 and ($5::uuid is null or lead_id = $5) and endpoint_id is null and state = 'held' and same_as is null
              and due_at <= $2",
            what.client.uuid(),
            now.to_sqlx(),
            what.until.to_sqlx(),
            what.why,
            what.only.map(LeadId::uuid) as Option<Uuid>,
            code_of(what.is_undated)
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
    codes: Vec<Option<String>>,
    due: Vec<jiff_sqlx::Timestamp>,
    waits_for: Vec<String>,
}

impl ReroutedArrays {
    fn new(rows: &[ReroutedDelivery], now: Timestamp) -> Self {
        let mut columns = Self::default();
        for ReroutedDelivery { delivery, becomes, waits_for } in rows {
            columns.waits_for.push(reps_text(waits_for));
            let (to, state, reason, due) = match becomes {
                Rerouted::Given(endpoint, rep) => (Some((endpoint, rep)), "pending", None, now),
                Rerouted::Held { until, why, .. } => (None, "held", Some(why.clone()), *until),
                Rerouted::Done => (None, "withdrawn", Some("everybody who is to have it has it".to_owned()), now),
            };
            let is_undated = matches!(becomes, Rerouted::Held { is_undated: true, .. });
            columns.codes.push(code_of(is_undated).map(str::to_owned));
            columns.ids.push(delivery.uuid());
            columns.endpoints.push(to.map(|(endpoint, _)| endpoint.uuid()));
            columns.reps.push(to.and_then(|(_, rep)| *rep).map(RepId::uuid));
            columns.states.push(state.to_owned());
            columns.reasons.push(reason);
            columns.due.push(due.to_sqlx());
        }
        columns
    }
}

#[cfg(test)]
mod tests;
