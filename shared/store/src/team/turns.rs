//! Whose turn it is in each rotation, and how many leads each recipient was given on which day. Written under the lock of
//! the client's row.

use std::{collections::BTreeMap, sync::Arc};

use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    id::{ClientId, DeliveryId},
    routing::Rotation,
};
use uuid::Uuid;

use crate::{Store, StoreError, Transaction};

/// A rotation: of a rule in a client's routing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RotationKey {
    /// Whose routing.
    pub client: ClientId,
    /// The rule.
    pub rule: Arc<str>,
}

/// A day of somebody who is given leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct GivenOn {
    /// The recipient, or the client.
    pub recipient: Uuid,
    /// The day where that is.
    pub day: Date,
}

/// What routing changed.
#[derive(Debug, Clone, Default)]
pub struct Turns {
    /// Rotations after the batch.
    pub rotations: BTreeMap<RotationKey, Rotation>,
    /// How many leads were given.
    pub given: BTreeMap<GivenOn, i32>,
}

impl Transaction {
    /// Gives back the places that deliveries took on the days on which they came to be owed, which were given up: once for who was to
    /// have the lead, and once for the client where nobody has it. What was given beside the routing took none. Returns how many places.
    ///
    /// - Dana was given a lead on Monday, and it dies on Tuesday: Monday has room for one more of Dana's and of the client's. Where an
    ///   endpoint beside it has the lead, the client's place stays taken.
    /// - Dana's mail dies and a webhook of the team has the lead beside it: one place of Dana's, for the lead goes on to somebody else,
    ///   unless it was accepted, there or by what the mail led to.
    /// - Dana's mail and webhook both die: one place of Dana's, whichever is followed up first, because the lead took one.
    /// - Offered on Monday at 23:50 and taken by Dana on Tuesday at 0:05, then it dies: Dana's place of Tuesday, and the client's of
    ///   both days, because the offer counted on Monday and the taking on Tuesday. Where the lead was routed anew since it was taken,
    ///   that routing took the place, on its own day.
    pub(crate) async fn given_back(&mut self, dead: &[DeliveryId]) -> Result<u64, StoreError> {
        let ids: Vec<_> = dead.iter().map(|id| id.uuid()).collect();
        // A rep's webhook and mail are two deliveries and took one place: it is free when neither has the lead, and was not given
        // back for the other when both were dead already. The client's place likewise, over all of them. Once for each delivery:
        // what was sent again by hand took no place again. An offer that was taken counts on the day on which it was, and for the client
        // on that of the offer too; who has the lead after that was given it by a later routing.
        let done = sqlx::query!(
            "-- team.given_back
            with dead as (
              select d.id, d.maturation_id, d.client_id, greatest(k.taken_at, coalesce(m.routed_at, d.created_at)) as given_at,
                     case when k.taken_at >= coalesce(m.routed_at, d.created_at) then k.counted_on end as offered_on, coalesce(d.rep_id, e.rep_id) as rep_id, e.id as endpoint_id,
                     exists (select from delivery o join endpoint x on x.id = o.endpoint_id
                             where o.maturation_id = d.maturation_id and o.event = 'lead.matured'
                               and o.id <> d.id and not o.id = any($1)
                               and case when e.kind = 'email' and x.kind = 'webhook' and x.rep_id is null
                                             and (d.state = 'dead' or delivery_reason_code(d.reason_code, d.reason) is not distinct from 'given_by_hand')
                                        then o.followed_up_at >= d.ended_at
                                             or (select s.kind in ('accepted', 'won') from outcome s where s.delivery_id = o.id order by s.number desc limit 1)
                                             or (select s.kind in ('accepted', 'won') from outcome s where s.delivery_id = d.id order by s.number desc limit 1)
                                        when x.kind = 'email' and e.kind = 'webhook' and e.rep_id is null
                                        then o.state not in ('dead', 'withdrawn') or o.followed_up_at is not null
                                        else o.state not in ('dead', 'withdrawn') or o.followed_up_at >= d.ended_at end
                               and coalesce(o.rep_id, x.rep_id) is not distinct from coalesce(d.rep_id, e.rep_id)
                               and (coalesce(d.rep_id, e.rep_id) is not null or o.endpoint_id = d.endpoint_id)) as is_kept,
                     exists (select from delivery o
                             where o.maturation_id = d.maturation_id and o.event = 'lead.matured' and o.endpoint_id is not null
                               and not o.id = any($1)
                               and (o.state not in ('dead', 'withdrawn') or o.followed_up_at >= d.ended_at)) as is_had
              from delivery d join endpoint e on e.id = d.endpoint_id join maturation m on m.id = d.maturation_id
              left join claim k on k.maturation_id = d.maturation_id
              where d.id = any($1) and d.followed_up_at is null and not e.is_fallback and not d.took_no_place
            ), freed as (
              select distinct d.maturation_id, coalesce(r.id, d.endpoint_id) as recipient_id,
                     (d.given_at at time zone coalesce(r.time_zone, c.time_zone))::date as day
              from dead d join client c on c.id = d.client_id left join rep r on r.id = d.rep_id where not d.is_kept
              union
              select distinct d.maturation_id, d.client_id, (d.given_at at time zone c.time_zone)::date
              from dead d join client c on c.id = d.client_id where not d.is_had
              union
              select distinct d.maturation_id, d.client_id, d.offered_on from dead d where not d.is_had and d.offered_on is not null
            )
            merge into given g
            using (select recipient_id, day, count(*)::integer as places from freed group by recipient_id, day) f
            on g.recipient_id = f.recipient_id and g.day = f.day
            when matched and g.leads <= f.places then delete
            when matched then update set leads = g.leads - f.places",
            &ids
        )
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected())
    }

    /// Gives back the places that leads on offer took in their client's day, which nobody took before they were withdrawn; returns how
    /// many.
    pub(crate) async fn given_back_of_offers(&mut self, withdrawn: &[DeliveryId]) -> Result<u64, StoreError> {
        let ids: Vec<_> = withdrawn.iter().map(|id| id.uuid()).collect();
        let done = sqlx::query!(
            "-- team.given_back_of_offers
            with freed as (
              select d.client_id as recipient_id, k.counted_on as day, count(*)::integer as places
              from delivery d join claim k on k.maturation_id = d.maturation_id
              where d.id = any($1) and d.endpoint_id is null and k.taken_by is null and k.counted_on is not null
                and not exists (select from delivery o where o.maturation_id = d.maturation_id and o.event = 'lead.matured' and o.endpoint_id is not null)
              group by d.client_id, k.counted_on
            )
            merge into given g using freed f on g.recipient_id = f.recipient_id and g.day = f.day
            when matched and g.leads <= f.places then delete
            when matched then update set leads = g.leads - f.places",
            &ids
        )
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected())
    }

    /// Writes whose turn it is and what was given, under the lock of [`Transaction::teams_lock`].
    pub async fn turns_write(&mut self, turns: &Turns) -> Result<(), StoreError> {
        let clients: Vec<_> = turns.rotations.keys().map(|of| of.client.uuid()).collect();
        let rules: Vec<_> = turns.rotations.keys().map(|of| of.rule.to_string()).collect();
        // A map of numbers always serialises.
        let states: Vec<_> = turns.rotations.values().map(|turns| serde_json::json!(turns)).collect();
        let ids: Vec<_> = turns.given.keys().map(|on| on.recipient).collect();
        let days: Vec<_> = turns.given.keys().map(|on| on.day.to_sqlx()).collect();
        let leads: Vec<_> = turns.given.values().copied().collect();
        // Counts are added to and rotations replaced: a rotation was read under the client's lock, a count may belong
        // to a client that is in no rotation.
        sqlx::query!(
            "-- team.turns
            with turned as (
              insert into rotation (client_id, rule, turns)
              select ($1::uuid[])[i], ($2::text[])[i], ($3::json[])[i] from generate_subscripts($1::uuid[], 1) i
              on conflict (client_id, rule) do update set turns = excluded.turns
            )
            insert into given as g (recipient_id, day, leads)
            select ($4::uuid[])[i], ($5::date[])[i], ($6::integer[])[i] from generate_subscripts($4::uuid[], 1) i
            on conflict (recipient_id, day) do update set leads = g.leads + excluded.leads",
            &clients,
            &rules,
            &states,
            &ids,
            &days[..],
            &leads
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

impl Store {
    /// Deletes what was given on days before `before`, at most `limit`; how many.
    pub async fn given_forget(&self, before: Date, limit: i64) -> Result<u64, StoreError> {
        let done = sqlx::query!(
            "-- team.given_forget
            delete from given where (recipient_id, day) in (
              select recipient_id, day from given where day < $1 order by day limit $2)",
            before.to_sqlx() as jiff_sqlx::Date,
            limit
        )
        .execute(&self.lists)
        .await?;
        Ok(done.rows_affected())
    }
}
