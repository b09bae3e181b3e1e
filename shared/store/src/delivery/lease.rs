//! Leasing deliveries: who may be sent now, all that is said, and the body frozen with the first lease.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use ripen_domain::id::{DeliveryId, EndpointId};
use uuid::Uuid;

use crate::{
    Store, StoreError,
    delivery::{
        freeze::{FreshBodies, in_order},
        held::UNDECIDED,
        leased_delivery::{Leased, LeasedDelivery, LoadedDeliveries, Taken},
        release::MAIL_WAITS,
    },
    sealing::HashPads,
    slot::{BusyEndpoint, SlotColumns, SlotPlace},
};

/// What cannot be read now is looked at again after this: somebody may have mended it.
const UNREADABLE_WAITS: SignedDuration = SignedDuration::from_mins(10);

/// The fate of what stays pending for want of a slot, or of a place for a mail.
const NO_SLOT: &str = "no_slot";

/// A delivery that waits for a free slot of its endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitingDelivery {
    /// The delivery.
    pub delivery: DeliveryId,
    /// Its endpoint.
    pub endpoint: EndpointId,
}

/// How many mails may be leased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailRoom {
    /// At most so many.
    pub free: i32,
    /// Until when the others are put off because the mail server takes none; where it takes mail they wait for a place. While it refuses
    /// the sender all are put off but the one that tries it, whatever stands here.
    pub wait_until: Option<Timestamp>,
}

impl MailRoom {
    /// As many as there are.
    pub const ANY: Self = Self { free: i32::MAX, wait_until: None };
}

/// What a worker asks for.
#[derive(Debug)]
pub struct LeaseRequest<'a> {
    /// Deliveries it was offered.
    pub deliveries: &'a [DeliveryId],
    /// The name of the lease.
    pub lease: Uuid,
    /// How long the lease lasts, by the database's clock.
    pub lasts: Duration,
    /// What is under way here counts against this process' share of the endpoint's concurrency.
    pub busy: &'a [BusyEndpoint],
    /// This process' places among those that share: it takes no more than the least share of them.
    pub places: &'a [SlotPlace],
    /// How many of them may be mails.
    pub mail: MailRoom,
    /// Until when nobody else offers those that find no free slot: the worker keeps them in mind.
    pub kept_until: Timestamp,
}

/// What a worker got.
#[derive(Debug, Default)]
pub struct LeaseGrant {
    /// Leased: to be attempted now.
    pub ready: Vec<Leased>,
    /// To be leased again when their endpoint has a free slot.
    pub waiting: Vec<WaitingDelivery>,
    /// How many deliveries these endpoints take at once from this process; none where the slots are all others'.
    pub slots: BTreeMap<EndpointId, i32>,
    /// Those of them that take mails.
    pub mailed: BTreeSet<EndpointId>,
}

impl Store {
    /// Leases what may be sent now and freezes the body of what was never sent. With every attempt it is asked again whether
    /// the delivery is over: of persons who must not be contacted, of leads that were closed, taken or given back, and of
    /// offers that ended it is withdrawn. Of paused clients and disabled endpoints it is held. Of reps who left a lead is held until it
    /// is given to others. What stops somebody goes out to reps who left and to paused clients all the same.
    ///
    /// Two commits, and nothing is sent before the second: after a crash between them the lease runs out, and the next one
    /// freezes the body. So the first need not wait for the disk; whatever makes the second durable makes the first durable.
    ///
    /// # Errors
    /// When the database is away: then nothing was sent, and the leases run out.
    pub async fn deliveries_lease(
        &self,
        request: &LeaseRequest<'_>,
        now: Timestamp,
        freeze: impl Fn(&LeasedDelivery) -> Vec<u8> + Send,
    ) -> Result<LeaseGrant, StoreError> {
        // Its commit does not wait for the disk; see above. Nothing may leave the process on its strength where the
        // body is fresh.
        let (taken, mut grant) = self.take(request, now).await?;
        if taken.leased.is_empty() {
            return Ok(grant);
        }
        // Loaded after the lease is committed: what changes a lead from here on finds an attempt begun, and owes an event of
        // its own.
        let LoadedDeliveries { due, failed } = self.load_all(&taken, now).await?;
        if !failed.is_empty() {
            self.put_aside(&failed, request.lease, now).await?;
        }
        let (mut frozen, fresh): (Vec<_>, Vec<_>) = due.into_iter().partition(|due| due.body.is_some());
        self.withhold_in_frozen(&mut frozen).await?;
        let mut fresh = in_order(fresh, freeze);
        self.withhold_in_fresh(&mut fresh).await?;
        let FreshBodies { bodies, told_already, under_way } = fresh;
        if !told_already.is_empty() {
            self.withdraw_told_already(&told_already, request.lease, now).await?;
        }
        if !under_way.is_empty() {
            self.put_off_under_way(&under_way, request.lease, now).await?;
        }
        // Before anything is sent: after a crash the next attempt must send these very bytes under this id.
        let ours = self.freeze(&bodies, now).await?;
        // Where somebody else froze one meanwhile, this lease ran out within the blink it is old. An update whose endpoint was told
        // something else meanwhile is written anew once the lease is over.
        let fresh = bodies.into_iter().filter(|(_, due)| ours.contains(&due.facts.delivery.uuid()));
        grant.ready.extend(fresh.map(|(body, due)| Leased { due, body }));
        // What was frozen before is sent as it was, whatever is known since: one id, one body. But for whom must not be contacted.
        let frozen = frozen.into_iter().filter_map(|mut due| due.body.take().map(|body| Leased { due, body }));
        grant.ready.extend(frozen);
        Ok(grant)
    }

    /// Holds leased deliveries that cannot be loaded, each with why. Nothing was sent, so that no attempt counts.
    async fn put_aside(&self, failed: &BTreeMap<Uuid, String>, lease: Uuid, now: Timestamp) -> Result<(), StoreError> {
        for (delivery, why) in failed {
            tracing::error!(delivery.id = %DeliveryId::from_uuid(*delivery), %why, "a delivery cannot be read and waits; others go out");
        }
        let ids: Vec<_> = failed.keys().copied().collect();
        let reasons: Vec<_> = failed.values().map(|why| format!("cannot be read: {why}")).collect();
        let again = now.saturating_add(UNREADABLE_WAITS).unwrap_or(now);
        // Not left to its lease: it would take a slot of its endpoint until that runs out, and again right after. Behind what
        // an open circuit holds: each probe would otherwise find this one first, and the circuit never close.
        sqlx::query!(
            "-- delivery.put_aside
            update delivery d set state = 'held', reason = n.why, reason_code = null, offered_until = $5::timestamptz, lease = null, leased_until = null,
                   due_at = case when e.probe_at is null then $4::timestamptz else $5::timestamptz + interval '1 day' end,
                   attempts = d.attempts - 1, excused = least(d.excused, d.attempts - 1)
            from (select ($1::uuid[])[i] as id, ($2::text[])[i] as why from generate_subscripts($1::uuid[], 1) i) n, endpoint e
            where d.id = n.id and e.id = d.endpoint_id and d.state = 'leased' and d.lease = $3",
            &ids,
            &reasons,
            lease,
            again.to_sqlx(),
            now.to_sqlx()
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Leases, by endpoint: what is leased now, and beside it what waits.
    async fn take(&self, request: &LeaseRequest<'_>, now: Timestamp) -> Result<(Taken, LeaseGrant), StoreError> {
        let asked = Asked {
            now: now.to_sqlx(),
            ids: request.deliveries.iter().map(|id| id.uuid()).collect(),
            busy: request.busy.iter().map(|one| one.endpoint.uuid()).collect(),
            counts: request.busy.iter().map(|one| one.attempts).collect(),
            slots: SlotPlace::columns(request.places),
            mail_wait: request.mail.wait_until.map(|at| at.to_sqlx()),
            pads: self.hash_pads().await?,
        };
        // One statement decides and writes: between a look and a write in two, another process could take the last
        // slot of a rate. `skip locked`: a row that another worker judges is that worker's. Endpoints are locked only
        // where they have a rate or an open circuit, or every lease would wait for every other.
        let rows = self.lease_within_limits(request, &asked).await?;
        let (mut taken, mut grant) = (Taken::default(), LeaseGrant::default());
        for row in rows {
            let endpoint = EndpointId::from_uuid(row.endpoint_id);
            grant.slots.insert(endpoint, row.share);
            if row.mail {
                grant.mailed.insert(endpoint);
            }
            // This worker keeps in mind what found no slot, and asks again. Without a share it would ask for ever: then a process that
            // has one finds it.
            if row.fate == NO_SLOT && row.share < 1 {
                continue;
            }
            if row.fate == NO_SLOT {
                grant.waiting.push(WaitingDelivery { delivery: DeliveryId::from_uuid(row.id), endpoint });
                continue;
            }
            taken.leased.push(row.id);
            if row.broken {
                taken.probes.insert(row.id);
            }
        }
        Ok((taken, grant))
    }

    /// Decides each offered delivery's fate; returns those that are now leased and those that wait for a slot.
    ///
    /// | fate | when | what is written | who looks next |
    /// |---|---|---|---|
    /// | `withdrawn` | over, suppressed, the offer ended, or its rep left (but a lead) | ended, as it had ended before | nobody |
    /// | `held` | client paused (but for what stops somebody) or endpoint disabled (`parked`) | due in a day | `sweep_circuits`, once it is at work again |
    /// | `held` | the circuit is open, or another one probes it (`broken`) | due in a day | `sweep_circuits`, once it closes |
    /// | `held` | of a rep who left, or to be decided first (`undecided`) | due in a minute | the next sweep, unless given up or decided |
    /// | `held` | an update of a lead that its endpoint was sent and did not take yet (`behind`) | due in a minute | the next sweep |
    /// | `no_slot` | this process' share of the endpoint's slots is in use | offered to nobody until `kept_until` | this worker |
    /// | `no_slot` | the same, with no slot of it at all here | pending | the sweep of a process that has one |
    /// | `in_line` | the rate is used up | due at its place in the line | the next sweep after that |
    /// | `put_off` | the mail server takes no mail, or refuses the sender (`crowded`) | due when it may | the next sweep, or its release |
    /// | `no_slot` | no place for a mail here (`crowded`) | as without a slot | this worker |
    /// | `leased` | otherwise | attempts one more; the endpoint's rate and probe moved on | whoever asked |
    ///
    /// What is judged is worked out in steps of that order: `judged` by itself, `chosen` against the endpoint's slots, circuit and rate,
    /// `decided` against the places for mail. Held for a minute is what ends by itself within one: its rep's leads are given up, or the
    /// lead is decided; held for a day is what somebody has to end, and is then let go at once. `share` is how many slots of the endpoint
    /// this process may use, of which `free` are.
    ///
    /// An endpoint with a rate or an open circuit is locked first, so that all processes share both: each delivery that goes
    /// out moves the rate's instant on, those over it are given places in a line; the one that probes moves the next probe
    /// past its own lease.
    async fn lease_within_limits(&self, wanted: &LeaseRequest<'_>, asked: &Asked) -> Result<Vec<Judged>, StoreError> {
        Ok(sqlx::query_as!(
            Judged,
            r#"-- delivery.lease
            with offered as materialized (
                select id, lead_id, client_id, endpoint_id, event, event in ('lead.matured', 'lead.offered', 'lead.updated') as whole, in_line,
                       attempts = 0 and (event in ('lead.matured', 'lead.offered') or event = 'lead.updated' and said ->> 'kind' in ('grade', 'conversation')) and exists (select from regrade t where t.lead_id = delivery.lead_id and t.taken_back) as undecided, event = 'lead.updated' and exists (select from delivery h where h.maturation_id = delivery.maturation_id and h.endpoint_id = delivery.endpoint_id and h.event = 'lead.matured' and h.attempts > 0 and h.state in ('pending', 'held', 'leased')) as behind from delivery
                where id = any($1) and endpoint_id is not null
                  and (state in ('pending', 'held') and due_at <= $2 or state = 'leased' and leased_until < clock_timestamp())
                order by id for update skip locked
            ), guarded as materialized (select id, rate, rate_line, probe_at, case when rate_from < $2 - interval '2 seconds' then $2 else rate_from end as base
                from endpoint
                where id = any(array(select endpoint_id from offered)) and (rate is not null or probe_at is not null) order by id for no key update
            ), barred as materialized (
                select o.id, min(s.reason) as why from offered o join lead l on l.id = o.lead_id join person q on q.id = l.person_id join person_identity i on i.person_id = q.id
                 join suppression s on s.hash = any(identity_hashes($8, $9, i.kind, i.value))
                 where o.whole and (i.void_at is null or i.value in (q.phone, q.phone || ';ext=' || q.phone_extension) or i.void_at > (select b.at from delivery_body b where b.delivery_id = o.id)) and (s.client_id is null or s.client_id = i.client_id) and (select true from suppression limit 1) group by o.id
            ), judged as (
                select o.id, o.endpoint_id, o.in_line, s.share, s.share - coalesce(b.busy, 0) as free, e.kind = 'email' as mail, e.address, c.state = 'paused' or e.state = 'disabled' as parked,
                       case when v.why is not null or n.id is not null or v.until <= $2 or w.id is not null and o.event <> 'lead.matured' then 'withdrawn'
                            when c.state = 'paused' or e.state = 'disabled' or w.id is not null or o.undecided or o.behind then 'held' else 'leased' end as fate,
                       case when v.why is not null then v.why when n.id is not null then 'must not be contacted: ' || n.why
                            when v.until <= $2 then 'nobody took it in time' when w.id is not null then 'its rep has left'
                            when c.state = 'paused' then 'the client is paused'
                            when e.state = 'disabled' then 'the endpoint is disabled' when o.undecided then $15 when o.behind then 'goes out behind the lead itself' end as why, v.ends_as, w.id is null and o.undecided as undecided
                from offered o
                left join delivery_over v on v.delivery_id = o.id
                join lateral (select case when o.event in ('lead.recalled', 'lead.suppressed') then 'active' else k.state end as state from client k where k.id = o.client_id) c on true join endpoint e on e.id = o.endpoint_id left join barred n on n.id = o.id
                left join rep w on w.id = e.rep_id and w.has_left and o.event not in ('lead.recalled', 'lead.suppressed')
                left join unnest($5::uuid[], $6::integer[]) as b (endpoint_id, busy) on b.endpoint_id = o.endpoint_id
                cross join lateral (select min(slot_share(e.id, e.concurrency, members, place)) as share from unnest($10::integer[], $11::integer[]) p (members, place)) s
            ), ranked as (
                select *, row_number() over turns as turn, count(*) filter (where not in_line) over turns as newcomer
                from judged window turns as (partition by endpoint_id, fate order by in_line desc, id)), paced as (
                select r.*, g.probe_at,
                       case when not r.in_line and g.rate_line > $2 then g.rate_line + make_interval(secs => (r.newcomer - 1) / g.rate)
                            else g.base + make_interval(secs => (r.turn - 1) / g.rate) end as place
                from ranked r left join guarded g on g.id = r.endpoint_id), chosen as (
                select id, endpoint_id, place, ends_as, share, mail, address, fate = 'held' and parked as parked, fate = 'held' and not parked and undecided as undecided, fate = 'leased' and probe_at is not null as broken,
                       case when fate <> 'leased' then fate when probe_at > $2 or probe_at is not null and turn > 1 then 'held'
                            when turn > free then 'no_slot' when place > $2 then 'in_line' else 'leased' end as fate,
                       case when fate <> 'leased' then why when probe_at > $2 or probe_at is not null and turn > 1
                            then 'the endpoint keeps failing; goes out as soon as it works again'
                            when turn <= free and place > $2 then 'the endpoint takes no more at a time' end as why
                from paced), decided as (
                select id, endpoint_id, place, ends_as, share, mail, address, parked, broken,
                       case when crowded then case when $13::timestamptz is null and shut is null then 'no_slot' else 'put_off' end else fate end as fate,
                       case when not crowded then why when shut is not null then $14 when $13 is not null then 'the mail server takes no mail; goes out as soon as it does' end as why, case when undecided then 'undecided' when crowded then case when shut is not null then 'mail_waits' end when fate = 'held' then 'undated' end as code,
                       greatest($13, shut, case when shut <= $2 then $2 + interval '5 seconds' end) as later
                from (select *, fate = 'leased' and mail and count(*) filter (where fate = 'leased' and mail)
                        over (order by id rows unbounded preceding) > case when shut > $2 then 0 when shut <= $2 then least($12, 1) else $12::integer end as crowded
                      from chosen cross join (select min(probe_at) as shut from mail_refusal) refused) c), advanced as (
                update endpoint e set rate_from = case when g.rate is null then e.rate_from else g.base + make_interval(secs => u.going / g.rate) end,
                    rate_line = greatest(e.rate_line, u.last + make_interval(secs => 1 / g.rate)),
                    probe_at = case when e.probe_at is not null and u.going > 0 then $2 + make_interval(secs => $4) else e.probe_at end
                from guarded g join (
                    select endpoint_id, count(*) filter (where fate = 'leased') as going, max(place) filter (where fate = 'in_line') as last
                    from decided group by endpoint_id
                ) u on u.endpoint_id = g.id
                where e.id = g.id and (u.going > 0 or u.last is not null)
            ), taken as (
                update delivery d set state = case when r.fate in ('in_line', 'put_off', 'no_slot') then 'pending' when r.fate = 'withdrawn' then coalesce(r.ends_as, r.fate) else r.fate end, reason = r.why, reason_code = r.code,
                       lease = case when r.fate = 'leased' then $3::uuid end, leased_until = case when r.fate = 'leased' then clock_timestamp() + make_interval(secs => $4) end,
                       attempts = d.attempts + case when r.fate = 'leased' then 1 else 0 end, mailed_to = case when r.fate = 'leased' then r.address else d.mailed_to end, excused = d.excused + case when r.fate = 'leased' and r.broken then 1 else 0 end,
                       in_line = case r.fate when 'in_line' then true when 'no_slot' then d.in_line when 'put_off' then d.in_line else false end,
                       due_at = case when r.fate = 'held' and (r.broken or r.parked) then $2 + interval '1 day'
                                     when r.fate = 'held' then $2 + interval '1 minute' when r.fate = 'put_off' then r.later when r.fate = 'in_line' then r.place else d.due_at end,
                       offered_until = case when r.fate = 'no_slot' and r.share > 0 then $7::timestamptz else $2 end,
                       ended_at = case when r.fate = 'withdrawn' then coalesce(d.first_delivered_at, $2) end
                from decided r where d.id = r.id returning d.id, d.endpoint_id, r.fate, r.broken, r.share, r.mail
            )
            select t.id, t.endpoint_id as "endpoint_id!", t.fate as "fate!", t.broken as "broken!", t.share as "share!", t.mail as "mail!"
            from taken t cross join (select set_config('synchronous_commit', 'off', true)) durable_with_the_freeze
            where t.fate in ('leased', 'no_slot')"#,
            &asked.ids, asked.now, wanted.lease, wanted.lasts.as_secs_f64(), &asked.busy, &asked.counts,
            wanted.kept_until.to_sqlx(), &asked.pads.inner, &asked.pads.outer, &asked.slots.members, &asked.slots.places, wanted.mail.free, asked.mail_wait, MAIL_WAITS, UNDECIDED
        )
        .fetch_all(&self.pool)
        .await?)
    }
}

/// A request as the statement takes it, beside what was asked for.
struct Asked {
    now: jiff_sqlx::Timestamp,
    ids: Vec<Uuid>,
    busy: Vec<Uuid>,
    counts: Vec<i32>,
    slots: SlotColumns,
    mail_wait: Option<jiff_sqlx::Timestamp>,
    pads: Arc<HashPads>,
}

/// What becomes of one delivery that is leased or waits for a slot.
struct Judged {
    id: Uuid,
    endpoint_id: Uuid,
    fate: String,
    broken: bool,
    share: i32,
    mail: bool,
}

#[cfg(test)]
mod tests;
