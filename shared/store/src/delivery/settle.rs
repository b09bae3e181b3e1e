//! The end of a lease: the attempt is recorded with what follows from it.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    delivery::{DeadDelivery, Member, Next},
    id::DeliveryId,
    outcome::OutcomeFields,
};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{
    Store, StoreError,
    delivery::{
        attempt::AttemptRow,
        event::{Alarm, AlarmDetail},
    },
};

/// The end of one lease.
#[derive(Debug, Clone)]
pub struct Settled {
    /// The delivery.
    pub delivery: DeliveryId,
    /// Under which lease it was attempted.
    pub lease: Uuid,
    /// How it went.
    pub attempt: AttemptRow,
    /// What follows.
    pub next: Next,
    /// Until when the receiver asked to wait.
    pub not_before: Option<Timestamp>,
    /// Whether it waits, as all mail does, for the mail server to take the sender again: it goes out when that does.
    pub mail_waits: bool,
    /// Whether the mail server says that there is no such address: counts against it.
    pub bounced: bool,
    /// What the client said of it in the answer, to be recorded as an outcome.
    pub outcome: Option<OutcomeFields>,
}

/// Of these deliveries those that are given up.
async fn settled_dead(executor: impl PgExecutor<'_>, settled: &[DeliveryId]) -> Result<Vec<DeliveryId>, StoreError> {
    let ids: Vec<_> = settled.iter().map(|delivery| delivery.uuid()).collect();
    let dead = sqlx::query_scalar!(
        "-- delivery.settled_dead
        select id from delivery where id = any($1) and state = 'dead'",
        &ids
    )
    .fetch_all(executor)
    .await?;
    Ok(dead.into_iter().map(DeliveryId::from_uuid).collect())
}

impl Store {
    /// Records attempts and what follows, for the leases that still hold; returns the ids of those. One statement for all;
    /// where one is given up, who asks is told in the same transaction.
    ///
    /// # Errors
    /// When the database is away: the leases then run out and the deliveries are attempted again under the same id.
    pub async fn deliveries_settle(&self, rows: &[Settled]) -> Result<Vec<DeliveryId>, StoreError> {
        // Only a delivery given up needs a second statement, so the usual batch is one round trip and one commit.
        let dead: Vec<_> = rows.iter().filter(|row| matches!(row.next, Next::Dead(_))).collect();
        let Some(now) = dead.iter().map(|row| row.attempt.at).max() else {
            return settle(&self.pool, rows).await;
        };
        let mut batch = self.begin().await?;
        let settled = settle(batch.connection(), rows).await?;
        let bounced: Vec<_> = rows.iter().filter(|row| row.bounced && settled.contains(&row.delivery)).collect();
        batch.endpoints_count_bounces(&bounced.iter().map(|row| row.delivery).collect::<Vec<_>>(), now).await?;
        // Of those that ended so: an attempt whose lease was lost did not end the delivery, and what was delivered before stays
        // delivered when it is sent again in vain. Neither raises an alarm.
        let ended = settled_dead(batch.connection(), &settled).await?;
        let dead = dead.into_iter().filter(|row| ended.contains(&row.delivery));
        batch.enqueue_alarms(&dead.map(alarm).collect::<Vec<_>>(), now).await?;
        batch.commit().await?;
        Ok(settled)
    }
}

pub(crate) async fn settle(executor: impl PgExecutor<'_>, rows: &[Settled]) -> Result<Vec<DeliveryId>, StoreError> {
    let c = SettledArrays::from(rows);
    // The lease is named: a worker that was too slow must not settle what another attempts now. Its attempt is
    // recorded all the same, because it happened. What is new of a lead waits behind the lead itself, or behind what tells the same, and goes out at once now. What was taken is delivered whoever holds the lease by then: it must not be
    // sent once more because the answer came late.
    let done = sqlx::query!(
        r#"-- delivery.settle
        with tried as (
          select ($1::uuid[])[i] as id, ($2::uuid[])[i] as lease, ($3::text[])[i] as state,
                 ($4::text[])[i] as reason, ($5::timestamptz[])[i] as due_at, ($6::timestamptz[])[i] as at,
                 ($7::integer[])[i] as number, ($8::integer[])[i] as duration_ms, ($9::integer[])[i] as status,
                 ($10::text[])[i] as error, ($11::bytea[])[i] as answer, ($12::text[])[i]::json as outcome,
                 ($13::boolean[])[i] as bounced, ($14::integer[])[i] as not_made, ($15::integer[])[i] as excused,
                 ($16::timestamptz[])[i] as not_before, ($17::boolean[])[i] as mail_waits
          from generate_subscripts($1::uuid[], 1) i
        ), settled as (
          update delivery d set state = n.state, reason = n.reason, reason_code = case when n.mail_waits then 'mail_waits' when n.state = 'held' then 'undated' end, due_at = n.due_at, not_before = n.not_before,
                 offered_until = n.at, lease = null, leased_until = null, attempts = greatest(d.attempts - n.not_made, 1),
                 excused = least(d.excused + n.excused, greatest(d.attempts - n.not_made, 1)),
                 bounced_at = case when n.bounced then n.at when n.state in ('delivered', 'filed') then null else d.bounced_at end,
                 ended_at = case when n.state in ('pending', 'held') then null else n.at end,
                 first_delivered_at = coalesce(d.first_delivered_at, case when n.state in ('delivered', 'filed') then n.at end)
          from tried n
          where d.id = n.id and (d.state = 'leased' and d.lease = n.lease
                                 or n.state = 'delivered' and d.state in ('pending', 'held', 'leased'))
          returning d.id, d.client_id, d.event, d.state, d.maturation_id, d.endpoint_id, n.at
        ), behind as (
          update delivery w set due_at = s.at, offered_until = s.at
          from settled s
          where s.event in ('lead.matured', 'lead.updated') and s.state in ('delivered', 'filed', 'dead') and w.maturation_id = s.maturation_id
            and w.endpoint_id = s.endpoint_id and w.event = 'lead.updated' and w.state = 'held' and w.attempts = 0 and w.due_at > s.at
        ), told as materialized (
          select pg_notify('ripen_live', json_build_object('kinds', '["deliveries"]'::json, 'clients',
                   case when count(distinct client_id) > 100 then null
                        else json_agg(distinct client_id) end)::text) as news
          from settled having count(*) > 0
        ), said as (
          insert into outcome_answer (delivery_id, at, said)
          select id, at, outcome from tried
          where outcome is not null and id in (select id from settled)
          on conflict (delivery_id) do update set at = excluded.at, said = excluded.said, refused = null
        ), attempted as (
          insert into attempt (delivery_id, number, at, duration_ms, status, error, answer)
          select id, number, at, duration_ms, status, error, answer from tried where not_made = 0
          on conflict do nothing
        )
        select id as "id!" from settled where (select count(news) from told) >= 0"#,
        &c.ids, &c.leases, &c.states, &c.reasons[..] as &[Option<String>], &c.due[..], &c.at[..], &c.numbers, &c.durations,
        &c.statuses[..] as &[Option<i32>], &c.errors[..] as &[Option<String>], &c.answers[..] as &[Option<Vec<u8>>],
        &c.outcomes[..] as &[Option<String>], &c.bounced, &c.not_made, &c.excused, &c.not_before[..] as &[Option<jiff_sqlx::Timestamp>],
        &c.mail_waits
    )
    .fetch_all(executor)
    .await?;
    Ok(done.into_iter().map(|row| DeliveryId::from_uuid(row.id)).collect())
}

/// What clients' programs are told of a delivery that was given up.
fn alarm(row: &Settled) -> Alarm {
    // From the delivery and the attempt: settling again makes the same event, and a delivery retried and given up
    // again makes another.
    let cause = Uuid::new_v5(&row.delivery.uuid(), &row.attempt.number.to_be_bytes());
    let dead = DeadDelivery {
        delivery: row.delivery.into(),
        attempts: row.attempt.number.into(),
        reason: Member::or_null(reason_of(&row.next)),
        dead_at: row.attempt.at.into(),
        ..DeadDelivery::default()
    };
    Alarm { about: row.delivery, detail: AlarmDetail::Dead(dead), cause }
}

#[derive(Default)]
struct SettledArrays {
    ids: Vec<Uuid>,
    leases: Vec<Uuid>,
    states: Vec<String>,
    reasons: Vec<Option<String>>,
    due: Vec<jiff_sqlx::Timestamp>,
    at: Vec<jiff_sqlx::Timestamp>,
    numbers: Vec<i32>,
    durations: Vec<i32>,
    statuses: Vec<Option<i32>>,
    errors: Vec<Option<String>>,
    answers: Vec<Option<Vec<u8>>>,
    outcomes: Vec<Option<String>>,
    bounced: Vec<bool>,
    not_made: Vec<i32>,
    excused: Vec<i32>,
    not_before: Vec<Option<jiff_sqlx::Timestamp>>,
    mail_waits: Vec<bool>,
}

impl From<&[Settled]> for SettledArrays {
    fn from(rows: &[Settled]) -> Self {
        let mut columns = Self::default();
        for row in rows {
            columns.ids.push(row.delivery.uuid());
            columns.leases.push(row.lease);
            columns.states.push(state_of(&row.next).to_owned());
            columns.reasons.push(reason_of(&row.next));
            columns.due.push(due_of(row).to_sqlx());
            // No longer than the delivery waits itself: what the receiver wished is bounded by the schedule.
            let asked = row.not_before.filter(|_| matches!(row.next, Next::Retry(..)));
            columns.not_before.push(asked.map(|at| at.min(due_of(row)).to_sqlx()));
            columns.mail_waits.push(row.mail_waits && matches!(row.next, Next::Waits(..)));
            columns.at.push(row.attempt.at.to_sqlx());
            columns.numbers.push(row.attempt.number);
            columns.durations.push(row.attempt.duration_ms);
            columns.statuses.push(row.attempt.status);
            columns.errors.push(row.attempt.error.clone());
            columns.answers.push(row.attempt.answer.clone());
            columns.bounced.push(row.bounced);
            // `not_made`, and how it goes with the attempts that are begun, excused and unrecorded, stands in a table beside `Begun` of the
            // dispatcher's attempt. Where nothing was sent there is nothing to record, and the count of the lease is taken back; but for the first, which
            // froze the body: what has a body and no attempt would be told no news.
            let is_made = row.attempt.status.is_some() || row.attempt.error.is_some();
            columns.not_made.push(i32::from(!is_made));
            columns
                .excused
                .push(i32::from(matches!(row.next, Next::Waits(..)) && (is_made || row.attempt.number == 1)));
            // Texts always serialise.
            columns.outcomes.push(row.outcome.as_ref().and_then(|said| serde_json::to_string(said).ok()));
        }
        columns
    }
}

const fn state_of(next: &Next) -> &'static str {
    match next {
        Next::Delivered => "delivered",
        Next::Filed => "filed",
        Next::Held(_) => "held",
        Next::Retry(..) | Next::Waits(..) => "pending",
        Next::Dead(_) => "dead",
    }
}

fn reason_of(next: &Next) -> Option<String> {
    match next {
        Next::Delivered | Next::Filed => None,
        Next::Held(why) | Next::Retry(_, why) | Next::Waits(_, why) | Next::Dead(why) => Some(why.clone()),
    }
}

fn due_of(row: &Settled) -> Timestamp {
    match row.next {
        Next::Retry(at, _) | Next::Waits(at, _) => at,
        // What is held is due at once for the lease statement, which knows the circuit or the state that holds it,
        // and sets the date.
        _ => row.attempt.at,
    }
}
