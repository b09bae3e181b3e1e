//! Leads that could not be delivered: each is followed up once, within a minute, by the client's rule. It is given to whoever comes
//! next or to the fallback, and its place in the day is free again. Who is told is the dispatcher's business, in the same
//! transaction.
//!
//! How a maturation comes to somebody. It owes deliveries at endpoints, and has at most one row without an endpoint, which is held
//! while nobody can take the lead or while it is on offer:
//!
//! ```text
//!  matures ──► delivery at an endpoint ──► delivered, filed
//!     │          │        ▲        └─ it fails or is off: a mail beside it (`mail_to_fallback`)
//!     │         dead      │
//!     │          │        ├─ by hand, the dead one is withdrawn (`retry`)
//!     │          │        │
//!     │     followed up ──┴─ to the fallback, or nothing: others have it, it is over, it waits for a person
//!     │          │ to whoever comes next
//!     ▼          ▼
//!   row without an endpoint ──► it becomes the delivery of whom the routing names (`held`, the qualifier's `reroute`)
//!     ▲          │ first to claim
//!     │          ▼
//!     │      claim of a tier ──► taken: it becomes the taker's delivery (`first_to_claim`)
//!     └── nobody took it in time, or nobody holds it any more (`offer_over`): the next tier
//! ```
//!
//! The row without an endpoint ends where whoever could not be reached is to have the lead after all (`stop_waiting`).
//!
//! Each way to somebody new but the first asks the view `lead_to_give` whether the lead may still be given. Where a taker's delivery
//! dies, the row without an endpoint comes back and the claim is opened for the next tier. What was given up gives its places in the day
//! back (`team::turns`), and takes new ones with the next routing.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    delivery::{DeadDelivery, EventType, Member, event_id},
    id::{ClientId, DeliveryId, EndpointId, LeadId},
};
use uuid::Uuid;

use crate::{
    Scope, Store, StoreError, Transaction,
    client::settings::WhenDead,
    delivery::{
        event::{Alarm, AlarmDetail},
        stop_waiting::StopsWaiting,
        withdraw::CAN_BE_TAKEN_BACK,
    },
};

/// A lead that could not be delivered.
#[derive(Debug, Clone)]
pub struct DeadLead {
    /// The delivery that was given up.
    pub delivery: DeliveryId,
    /// Its lead.
    pub lead: LeadId,
    /// The person's name, as far as it is known.
    pub person: Option<String>,
    /// Whose.
    pub client: ClientId,
    /// The client's name.
    pub client_name: String,
    /// Where it was to go.
    pub endpoint: String,
    /// The rep it was for.
    pub rep: Option<String>,
    /// Why it was given up.
    pub reason: String,
    /// When.
    pub dead_at: Timestamp,
    /// Where the client is told: an address of the client's own and not of a rep.
    pub tell: Option<String>,
    /// What becomes of the lead.
    pub follow_up: DeadFollowUp,
}

/// What becomes of a lead that could not be delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeadFollowUp {
    /// Nothing: it is no longer the client's, or no longer A.
    Over,
    /// Others of the client have it.
    Had,
    /// It goes to the client's fallback.
    Fallback(EndpointId),
    /// It is routed again, without those to whom it could not be delivered.
    Next,
    /// It waits for a person.
    Waits,
}

impl Store {
    /// All that could not be delivered and waits to be followed up, the oldest first, looked at without a lock.
    pub async fn dead_waiting(&self, scope: Scope) -> Result<Vec<DeliveryId>, StoreError> {
        let ids = sqlx::query_scalar!(
            "-- dead.waiting
            select id from delivery
            where state = 'dead' and event = 'lead.matured' and (followed_up_at is null or followed_up_at < ended_at)
              and ($1::uuid is null or client_id = $1)
            order by ended_at",
            scope.client_uuid()
        )
        .fetch_all(&self.lists)
        .await?;
        Ok(ids.into_iter().map(DeliveryId::from_uuid).collect())
    }

    /// What was given up of a lead that its client is to have and nobody there has, the last one last: by the rule of the list of what was
    /// given up, which has that last one once it is followed up. Empty where somebody has the lead, or it is to go to nobody new.
    pub async fn dead_that_nobody_has(&self, scope: Scope, lead: LeadId) -> Result<Vec<DeliveryId>, StoreError> {
        let ids = sqlx::query_scalar!(
            "-- dead.nobody_has
            select d.id from delivery d
            where d.lead_id = $1 and ($2::uuid is null or d.client_id = $2) and d.state = 'dead' and d.event = 'lead.matured'
              and not exists (select from lead_to_give g where g.maturation_id = d.maturation_id and g.why_not is not null)
              and not delivery_is_had(d.id)
              and not exists (select from delivery o join outcome s on s.delivery_id = o.id where o.maturation_id = d.maturation_id)
            order by d.ended_at, d.id",
            lead.uuid(),
            scope.client_uuid()
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(ids.into_iter().map(DeliveryId::from_uuid).collect())
    }
}

impl Transaction {
    /// Leads that could not be delivered and were not followed up, the oldest first, locked; of one delivery alone where it is
    /// named.
    pub async fn dead_lock(&mut self, limit: i64, only: Option<DeliveryId>) -> Result<Vec<DeadLead>, StoreError> {
        // `skip locked`: another dispatcher follows that one up, or somebody sends it again in this moment; and of a lead that is decided
        // in this moment the grade that is committed may be another one in a moment. What is to be decided first
        // is found again after that: followed up as over now it would be given to nobody where the lead is A all the same.
        let rows = sqlx::query!(
            r#"-- dead.lock
            select d.id, d.lead_id, d.client_id, c.name as client_name,
                   coalesce((select t.when_dead from route t where t.client_id = c.id and t.version = c.route), c.when_dead) as "when_dead!",
                   coalesce(nullif(concat_ws(' ', p.first_name, p.last_name), ''), p.name) as person,
                   coalesce(e.name, coalesce(e.shown_url, url_shown(e.url)), e.address) as "endpoint!", e.is_fallback,
                   r.name as "rep?", d.reason, d.ended_at as "ended_at!",
                   g.why_not is null as "is_open!",
                   delivery_is_had(d.id) as "is_had!",
                   exists (select from endpoint x
                           where x.client_id = d.client_id and not x.is_fallback and x.state = 'enabled' and 'lead.matured' = any(x.events)
                             and not exists (select from rep y where y.id = x.rep_id and y.has_left)
                             and not exists (select from delivery o where o.maturation_id = d.maturation_id and o.endpoint_id = x.id
                                               and o.event = 'lead.matured')) as "has_next!",
                   (select x.id from endpoint x
                    where x.client_id = d.client_id and x.is_fallback and x.state = 'enabled'
                      and not exists (select from delivery o where o.maturation_id = d.maturation_id and o.endpoint_id = x.id
                                        and o.event = 'lead.matured') limit 1) as "fallback?",
                   (select x.address from endpoint x
                    where x.client_id = d.client_id and x.kind = 'email' and x.state = 'enabled' and x.id <> e.id and x.rep_id is null
                    order by x.is_fallback desc, x.created_at, x.id limit 1) as "tell?"
            from delivery d join lead l on l.id = d.lead_id join person p on p.id = l.person_id join client c on c.id = d.client_id
            join lead_to_give g on g.maturation_id = d.maturation_id join endpoint e on e.id = d.endpoint_id
            left join rep r on r.id = coalesce(d.rep_id, e.rep_id)
            where d.state = 'dead' and d.event = 'lead.matured' and (d.followed_up_at is null or d.followed_up_at < d.ended_at)
              and ($2::uuid is null or d.id = $2) and not g.is_undecided
            order by d.ended_at limit $1 for update of d, l skip locked"#,
            limit,
            only.map(DeliveryId::uuid) as Option<Uuid>
        )
        .fetch_all(self.connection())
        .await?;
        let dead = rows.into_iter().map(|row| {
            let fallback = row.fallback.map(EndpointId::from_uuid);
            let facts = DeadFacts { is_had: row.is_had, has_next: row.has_next };
            Ok(DeadLead {
                delivery: DeliveryId::from_uuid(row.id),
                lead: LeadId::from_uuid(row.lead_id),
                person: row.person,
                client: ClientId::from_uuid(row.client_id),
                client_name: row.client_name,
                endpoint: row.endpoint,
                rep: row.rep,
                reason: row.reason.unwrap_or_else(|| "for no reason that was kept".to_owned()),
                dead_at: row.ended_at.to_jiff(),
                tell: row.tell,
                follow_up: if row.is_open {
                    facts.follow_up(WhenDead::read(&row.when_dead)?, fallback)
                } else {
                    DeadFollowUp::Over
                },
            })
        });
        dead.collect()
    }

    /// Carries out what becomes of these leads, gives back the places that they took, and notes that they were followed up.
    pub async fn dead_follow_up(&mut self, dead: &[DeadLead], now: Timestamp) -> Result<(), StoreError> {
        let ids: Vec<_> = dead.iter().map(|one| one.delivery).collect();
        // Before they are marked: what was given back for a delivery is known by its mark.
        let freed = self.given_back(&ids).await?;
        self.dead_give_on(dead, now).await?;
        // Only to the fallback here; to whom the routing names next it goes later, and that tells it.
        self.deliveries_now_with(&ids, now).await?;
        let ids: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
        sqlx::query!(
            "-- dead.followed_up
            update delivery set followed_up_at = $2 where id = any($1)",
            &ids,
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        if freed > 0 {
            // What waits for a place in the day may have one now.
            let clients: BTreeSet<_> = dead.iter().map(|one| one.client).collect();
            for client in clients {
                self.reroute(client, now).await?;
            }
        }
        Ok(())
    }

    /// Has what could not be delivered, and was accepted all the same before anybody else was given it, stay with who accepted it: by
    /// the delivery that was given up, or by that of a webhook which has the lead beside it.
    pub(crate) async fn dead_accepted(&mut self, delivery: DeliveryId, now: Timestamp) -> Result<(), StoreError> {
        self.stop_waiting(delivery, StopsWaiting::Accepted, now).await?;
        // The team's webhooks may name whoever it went on to and could not be delivered to either.
        self.deliveries_now_with(&[delivery], now).await
    }

    /// Gives up what waits for endpoints that take nothing any more, so that others have it.
    pub(crate) async fn deliveries_give_up(
        &mut self,
        endpoints: &[EndpointId],
        (events, why): (&[EventType], &str),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let events: Vec<_> = events.iter().map(|event| event.word().to_owned()).collect();
        let endpoints: Vec<_> = endpoints.iter().map(|endpoint| endpoint.uuid()).collect();
        // What is leased is on its way: its attempt says what becomes of it. What was delivered before stays so.
        let rows = sqlx::query!(
            "-- dead.give_up
            update delivery set state = 'dead', reason = $2, reason_code = null, ended_at = $3, in_line = false
            where endpoint_id = any($1) and state in ('pending', 'held') and event = any($4)
            returning id, attempts, state",
            &endpoints,
            why,
            now.to_sqlx(),
            &events
        )
        .fetch_all(self.connection())
        .await?;
        let alarms: Vec<_> = rows
            .into_iter()
            .filter(|row| row.state == "dead")
            .map(|row| given_up((DeliveryId::from_uuid(row.id), row.attempts), why, now))
            .collect();
        self.enqueue_alarms(&alarms, now).await
    }

    async fn dead_give_on(&mut self, dead: &[DeadLead], now: Timestamp) -> Result<(), StoreError> {
        let (mut ids, mut abouts, mut endpoints, mut reasons) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for one in dead {
            let to = match one.follow_up {
                DeadFollowUp::Fallback(to) => Some(to.uuid()),
                DeadFollowUp::Next => None,
                DeadFollowUp::Over | DeadFollowUp::Had | DeadFollowUp::Waits => continue,
            };
            // From the end too: what is sent again by hand and given up again is given on again.
            let cause = Uuid::new_v5(&to.unwrap_or_default(), one.dead_at.to_string().as_bytes());
            ids.push(event_id(one.delivery, EventType::LeadMatured, cause, now).uuid());
            abouts.push(one.delivery.uuid());
            endpoints.push(to);
            reasons.push(format!("could not be delivered to {}", one.endpoint));
        }
        // A maturation has one row without an endpoint: what still waits there for its hours is looked at now, and what was done
        // with waits again. One that waits for somebody to say whose it is stays so.
        sqlx::query!(
            "-- dead.give_on
            insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, state, reason, due_at, offered_until, created_at, undo_until,
                                  because_of)
            select ($1::uuid[])[i], d.client_id, d.lead_id, d.maturation_id, ($3::uuid[])[i],
                   case when ($3::uuid[])[i] is null then 'held' else 'pending' end,
                   concat_ws('; ', ($4::text[])[i], case when d.undo_until > $5 then $6::text end), greatest($5, d.undo_until), $5, $5, d.undo_until,
                   case when ($3::uuid[])[i] is null then d.id end
            from generate_subscripts($1::uuid[], 1) i join delivery d on d.id = ($2::uuid[])[i]
            where ($3::uuid[])[i] is not null
               or not exists (select from delivery o where o.maturation_id = d.maturation_id and o.endpoint_id is null)
            on conflict do nothing",
            &ids,
            &abouts,
            &endpoints[..] as &[Option<Uuid>],
            &reasons,
            now.to_sqlx(),
            CAN_BE_TAKEN_BACK
        )
        .execute(self.connection())
        .await?;
        sqlx::query!(
            "-- dead.route_again
            update delivery w set state = 'held', reason = concat_ws('; ', n.reason, case when w.undo_until > $4 then $5::text end), reason_code = null, due_at = greatest($4, w.undo_until), offered_until = $4, ended_at = null,
                   because_of = case when w.state = 'withdrawn' then n.id else w.because_of end
            from (select d.id, d.maturation_id, ($3::text[])[i] as reason
                  from generate_subscripts($1::uuid[], 1) i join delivery d on d.id = ($1::uuid[])[i]
                  where ($2::uuid[])[i] is null) n
            where w.maturation_id = n.maturation_id and w.endpoint_id is null and w.same_as is null and w.state in ('held', 'withdrawn')",
            &abouts,
            &endpoints[..] as &[Option<Uuid>],
            &reasons,
            now.to_sqlx(),
            CAN_BE_TAKEN_BACK
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

/// What clients' programs are told of a delivery that was given up without an attempt of its own; it comes with its attempts.
pub(crate) fn given_up((delivery, attempts): (DeliveryId, i32), why: &str, at: Timestamp) -> Alarm {
    let cause = Uuid::new_v5(&delivery.uuid(), format!("given up at {at}").as_bytes());
    let dead = DeadDelivery {
        delivery: delivery.into(),
        attempts: attempts.into(),
        reason: Member::or_null(Some(why.to_owned())),
        dead_at: at.into(),
        ..DeadDelivery::default()
    };
    Alarm { about: delivery, detail: AlarmDetail::Dead(dead), cause }
}

/// How a lead stands that is open and whose delivery was given up.
#[derive(Debug, Clone, Copy)]
struct DeadFacts {
    /// Others of the client have it: somebody, where it is a mail that came back.
    is_had: bool,
    /// An endpoint of the client is there that was not tried.
    has_next: bool,
}

impl DeadFacts {
    fn follow_up(self, rule: WhenDead, fallback: Option<EndpointId>) -> DeadFollowUp {
        if self.is_had {
            return DeadFollowUp::Had;
        }
        // Where the one that the rule prefers is not there, the other is better than nobody.
        match (rule, fallback) {
            (WhenDead::Wait, _) => DeadFollowUp::Waits,
            (WhenDead::Next, _) if self.has_next => DeadFollowUp::Next,
            (WhenDead::Fallback | WhenDead::Next, Some(to)) => DeadFollowUp::Fallback(to),
            (WhenDead::Fallback, None) if self.has_next => DeadFollowUp::Next,
            (WhenDead::Fallback | WhenDead::Next, None) => DeadFollowUp::Waits,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_becomes_of_a_dead_lead_loses_nobody_unless_the_client_says_so() {
        let office = EndpointId::from_uuid(Uuid::from_u128(1));
        let open = DeadFacts { is_had: false, has_next: true };
        let follow = |facts: DeadFacts, rule| facts.follow_up(rule, Some(office));
        assert_eq!(follow(open, WhenDead::Next), DeadFollowUp::Next);
        assert_eq!(follow(open, WhenDead::Fallback), DeadFollowUp::Fallback(office));
        assert_eq!(
            open.follow_up(WhenDead::Fallback, None),
            DeadFollowUp::Next,
            "nobody is lost for want of a fallback"
        );
        assert_eq!(follow(open, WhenDead::Wait), DeadFollowUp::Waits);
        let last = DeadFacts { has_next: false, ..open };
        assert_eq!(follow(last, WhenDead::Next), DeadFollowUp::Fallback(office));
        assert_eq!(last.follow_up(WhenDead::Next, None), DeadFollowUp::Waits, "there is nobody else");
        let had = DeadFacts { is_had: true, ..open };
        for rule in [WhenDead::Next, WhenDead::Fallback, WhenDead::Wait] {
            assert_eq!(follow(had, rule), DeadFollowUp::Had);
        }
    }
}
