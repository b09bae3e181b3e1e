//! The circuits of endpoints, on their rows, so that all processes share them: attempts are applied by the domain's rule,
//! and what a closed circuit releases is made due in steps.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    delivery::{
        RefusedRow,
        circuit::{Change, Circuit, CircuitTerms, EndpointHealth, Failing},
    },
    id::{DeliveryId, EndpointId, LeadId},
};

use crate::{Store, StoreError, delivery::event::Alarm};

/// So many of an endpoint's newest deliveries are looked at for one that it took.
const LOOKED_AT: i64 = 200;

/// What an attempt says about its endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryHealth {
    /// The delivery that was attempted.
    pub delivery: DeliveryId,
    /// What its answer says.
    pub health: EndpointHealth,
}

/// An endpoint's row, as far as its circuit is concerned.
struct CircuitColumns {
    failures: i32,
    failing_since: Option<jiff_sqlx::Timestamp>,
    probes: i32,
    probe_at: Option<jiff_sqlx::Timestamp>,
}

impl CircuitColumns {
    fn circuit(&self) -> Circuit {
        // A negative count cannot be stored; reading it as 0 keeps the circuit closed rather than failing the
        // settlement.
        let count = |n: i32| u32::try_from(n).unwrap_or(0);
        let failing =
            self.failing_since.map(|since| Failing { failures: count(self.failures), since: since.to_jiff() });
        // Both columns say "open"; a row with a probe and without failures is read as closed, so that it cannot wait
        // for ever.
        match (failing, self.probe_at) {
            (Some(failing), Some(at)) => Circuit::Open { failing, probes: count(self.probes), probe_at: at.to_jiff() },
            (failing, _) => Circuit::Closed { failing },
        }
    }
}

#[derive(Default)]
struct CircuitArrays {
    ids: Vec<uuid::Uuid>,
    failures: Vec<i32>,
    since: Vec<Option<jiff_sqlx::Timestamp>>,
    probes: Vec<i32>,
    probe_at: Vec<Option<jiff_sqlx::Timestamp>>,
    closed: Vec<bool>,
    disabled: Vec<Option<String>>,
    /// The leads of each row, separated by commas: arrays of arrays have to be of one length.
    refused: Vec<String>,
    refused_since: Vec<Option<jiff_sqlx::Timestamp>>,
}

impl CircuitArrays {
    fn push_row(&mut self, row: &RefusedRow) {
        let leads: Vec<_> = row.leads.iter().map(|lead| lead.uuid().to_string()).collect();
        self.refused.push(leads.join(","));
        self.refused_since.push(row.since.map(ToSqlx::to_sqlx));
    }

    fn push(&mut self, endpoint: EndpointId, circuit: Circuit, change: &Change) {
        let count = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
        let (probes, probe_at) = match circuit {
            Circuit::Closed { .. } => (0, None),
            Circuit::Open { probes, probe_at, .. } => (probes, Some(probe_at)),
        };
        self.ids.push(endpoint.uuid());
        self.failures.push(circuit.failing().map_or(0, |failing| count(failing.failures)));
        self.since.push(circuit.failing().map(|failing| failing.since.to_sqlx()));
        self.probes.push(count(probes));
        self.probe_at.push(probe_at.map(|at| at.to_sqlx()));
        self.closed.push(*change == Change::Closed);
        self.disabled.push(if let Change::Disabled(why) = change { Some(why.clone()) } else { None });
    }
}

impl Store {
    /// Applies attempts to the circuits of their endpoints, in order; returns what changed. Called for attempts that failed
    /// and for those after one that failed: others change nothing.
    ///
    /// # Errors
    /// When the database is away: then these attempts do not count, and the next ones do.
    pub async fn circuits_update(
        &self,
        attempts: &BTreeMap<EndpointId, Vec<DeliveryHealth>>,
        terms: &CircuitTerms,
        jitter: f64,
        now: Timestamp,
    ) -> Result<Vec<(EndpointId, Change)>, StoreError> {
        let ids: Vec<_> = attempts.keys().map(|endpoint| endpoint.uuid()).collect();
        let mut batch = self.begin().await?;
        // In the order of ids: two dispatchers that settle at once would otherwise each lock what the other waits
        // for. Disabled ones are left out: a late failure must not open the circuit of an endpoint that is off.
        let rows = sqlx::query!(
            r#"-- circuit.lock
            select id, failures, failing_since, probes, probe_at, refused_leads, refused_since,
                   refused_since is not null and exists (
                     select from (select state, ended_at from delivery where endpoint_id = endpoint.id order by id desc limit $2) last
                     where last.state in ('delivered', 'filed') and last.ended_at >= refused_since) as "took_since!"
            from endpoint
            where id = any($1) and state = 'enabled' order by id for no key update"#,
            &ids,
            LOOKED_AT
        )
        .fetch_all(batch.connection())
        .await?;
        let (mut columns, mut changes, mut alarms) = (CircuitArrays::default(), Vec::new(), Vec::new());
        for row in rows {
            let endpoint = EndpointId::from_uuid(row.id);
            let (failures, failing_since, probes, probe_at) =
                (row.failures, row.failing_since, row.probes, row.probe_at);
            let before = CircuitColumns { failures, failing_since, probes, probe_at }.circuit();
            let health = attempts.get(&endpoint).map_or(&[][..], Vec::as_slice);
            let leads = row.refused_leads.into_iter().map(LeadId::from_uuid).collect();
            let refused = RefusedRow { leads, since: row.refused_since.map(jiff_sqlx::Timestamp::to_jiff) };
            let (refused, health) = refused_row(refused, health, row.took_since, now);
            // All attempts of one endpoint at once, in their order: applied one by one they would need a statement
            // each.
            let (circuit, change) = fold(before, &health, |circuit, one| circuit.after(one, terms, jitter, now));
            // Told about the last delivery, which is the one whose answer disabled it.
            if let (Change::Disabled(why), Some(last)) = (&change, health.last()) {
                alarms.push(Alarm::disabled(endpoint, last.delivery, why, now));
            }
            columns.push(endpoint, circuit, &change);
            columns.push_row(&refused);
            changes.push((endpoint, change));
        }
        // `release_at` is cleared where the circuit opens again: what waits would otherwise be released into a
        // failing endpoint.
        sqlx::query!(
            "-- circuit.write
            update endpoint e set failures = n.failures, failing_since = n.since, probes = n.probes, probe_at = n.probe_at,
                   release_at = case when n.closed then $7 when n.probe_at is not null then null else e.release_at end,
                   state = case when n.disabled is null then e.state else 'disabled' end,
                   disabled_by = case when n.disabled is null then e.disabled_by else 'answers' end,
                   state_reason = coalesce(n.disabled, e.state_reason),
                   refused_leads = string_to_array(n.refused, ',')::uuid[], refused_since = n.refused_since
            from unnest($1::uuid[], $2::integer[], $3::timestamptz[], $4::integer[], $5::timestamptz[], $6::boolean[], $8::text[],
                        $9::text[], $10::timestamptz[])
              as n (id, failures, since, probes, probe_at, closed, disabled, refused, refused_since)
            where e.id = n.id",
            &columns.ids,
            &columns.failures,
            &columns.since[..] as &[Option<jiff_sqlx::Timestamp>],
            &columns.probes,
            &columns.probe_at[..] as &[Option<jiff_sqlx::Timestamp>],
            &columns.closed,
            now.to_sqlx(),
            &columns.disabled[..] as &[Option<String>],
            &columns.refused,
            &columns.refused_since[..] as &[Option<jiff_sqlx::Timestamp>]
        )
        .execute(batch.connection())
        .await?;
        let failed = attempts.values().flatten().filter(|one| matches!(one.health, EndpointHealth::Failing { .. }));
        batch.deliveries_behind_probe(&failed.map(|one| one.delivery).collect::<Vec<_>>()).await?;
        // In the transaction that disables: a crash in between would leave an endpoint off and nobody told.
        batch.enqueue_alarms(&alarms, now).await?;
        batch.commit().await?;
        Ok(changes)
    }

    /// Makes due what waits for endpoints: one delivery of each whose circuit may be probed at `now`, and up to `limit` of
    /// each that works again. Returns how many.
    ///
    /// What only waits probes before what failed: a receiver that fails at one record alone would never be found to work otherwise.
    /// What the receiver asked to wait with waits all the same, and probes nothing. Of a client that is paused what stops somebody probes,
    /// since nothing else goes out. What failed after the endpoint worked again keeps
    /// its place in the schedule. What another process held in the moment
    /// the circuit closed is dated by that process's clock, hence the seconds of grace.
    pub async fn sweep_circuits(&self, now: Timestamp, limit: i64) -> Result<u64, StoreError> {
        // `skip locked`: another dispatcher releases what waits for that endpoint. In steps of `limit`, so that a
        // long outage's deliveries do not all take a lock at once; `release_at` goes only when none is left, and not at once: a lease
        // that began before the endpoint or its client was at work again holds what it judges for a day, after this looked.
        let row = sqlx::query!(
            r#"-- endpoint.sweep_circuits
            with working as materialized (
              select id, release_at from endpoint where release_at is not null order by id for no key update skip locked
            ), waiting as materialized (
              select w.id, e.id as endpoint_id from working e cross join lateral (
                select id from delivery
                where endpoint_id = e.id and state in ('pending', 'held') and due_at > $1 and (not_before is null or not_before <= $1)
                  and (state = 'held' and offered_until <= e.release_at + interval '5 seconds'
                       or state = 'pending' and attempts > 0 and offered_until <= e.release_at)
                order by due_at limit $2) w
            ), done as (
              update endpoint e set release_at = null from working w
              where e.id = w.id and w.release_at <= $1::timestamptz - interval '10 seconds' and not exists (select 1 from waiting d where d.endpoint_id = w.id)
            ), probing as materialized (
              select p.id from endpoint e cross join lateral (
                (select id, 1 as turn from delivery
                 where endpoint_id = e.id and state = 'held' and due_at > $1 and (not_before is null or not_before <= $1) and reason_code is distinct from 'undecided'
                 order by due_at limit 1)
                union all
                (select id, 2 from delivery
                 where endpoint_id = e.id and state = 'pending' and due_at > $1 and attempts > 0 and (not_before is null or not_before <= $1)
                 order by due_at limit 1)
                order by turn limit 1) p
              where e.probe_at <= $1 and e.state = 'enabled' and exists (select from client c where c.id = e.client_id and c.state <> 'paused')
              union all
              select p.id from client c join endpoint e on e.client_id = c.id cross join lateral (
                select id from delivery
                where endpoint_id = e.id and state in ('pending', 'held') and due_at > $1 and (not_before is null or not_before <= $1)
                  and event in ('lead.recalled', 'lead.suppressed')
                order by due_at limit 1) p
              where e.probe_at <= $1 and e.state = 'enabled' and c.state = 'paused'
            ), due as (
              update delivery d set state = 'pending', reason = null, reason_code = null, in_line = false, due_at = $1, offered_until = $1
              where d.id = any(array(select id from waiting union select id from probing)) and d.state in ('pending', 'held')
              returning d.id
            )
            select count(*) as "n!" from due"#,
            now.to_sqlx(),
            limit
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(u64::try_from(row.n).unwrap_or(0))
    }
}

/// The row of refused records after these attempts, and the attempts as the circuit counts them.
fn refused_row(
    mut row: RefusedRow,
    attempts: &[DeliveryHealth],
    took_since: bool,
    now: Timestamp,
) -> (RefusedRow, Vec<DeliveryHealth>) {
    let (mut counted, mut is_first) = (Vec::new(), true);
    for attempt in attempts {
        match &attempt.health {
            // Of those that are recorded together the first alone: what was taken between them is not known here.
            EndpointHealth::Refusing { lead, why } if is_first => {
                let (after, is_failure) = row.after(*lead, took_since, now);
                (row, is_first) = (after, false);
                if is_failure {
                    let health = EndpointHealth::Failing { probe: false, why: why.clone(), not_before: None };
                    counted.push(DeliveryHealth { health, ..attempt.clone() });
                }
            }
            EndpointHealth::Refusing { .. } => {}
            EndpointHealth::Working | EndpointHealth::Failing { .. } => {
                row = RefusedRow::default();
                counted.push(attempt.clone());
            }
        }
    }
    (row, counted)
}

/// The circuit after all attempts, and the last thing they changed.
fn fold(
    circuit: Circuit,
    attempts: &[DeliveryHealth],
    after: impl Fn(Circuit, &EndpointHealth) -> (Circuit, Change),
) -> (Circuit, Change) {
    // A change that is followed by attempts that change nothing is still the one to report.
    attempts.iter().fold((circuit, Change::Kept), |(circuit, before), attempt| {
        let (circuit, change) = after(circuit, &attempt.health);
        (circuit, if change == Change::Kept { before } else { change })
    })
}

#[cfg(test)]
mod tests;
