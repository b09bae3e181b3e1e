//! The end of a lease: the attempt is recorded with what follows from it.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    delivery::{DeadDelivery, Member, Next},
    id::DeliveryId,
    outcome::OutcomeFields,
};
use sqlx::PgConnection;
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
    /// What the client said of it in the answer, to be recorded as an outcome.
    pub outcome: Option<OutcomeFields>,
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
            return settle(&mut *self.pool.acquire().await?, rows).await;
        };
        let mut batch = self.begin().await?;
        let settled = settle(batch.connection(), rows).await?;
        // Of those that settled: an attempt whose lease was lost did not end the delivery, and raises no alarm.
        let dead = dead.into_iter().filter(|row| settled.contains(&row.delivery));
        batch.enqueue_alarms(&dead.map(alarm).collect::<Vec<_>>(), now).await?;
        batch.commit().await?;
        Ok(settled)
    }
}

pub(crate) async fn settle(connection: &mut PgConnection, rows: &[Settled]) -> Result<Vec<DeliveryId>, StoreError> {
    let c = SettledArrays::from(rows);
    // The lease is named: a worker that was too slow must not settle what another attempts now. Its attempt is
    // recorded all the same, because it happened.
    let done = sqlx::query!(
        r#"-- delivery.settle
        with tried as (
          select ($1::uuid[])[i] as id, ($2::uuid[])[i] as lease, ($3::text[])[i] as state,
                 ($4::text[])[i] as reason, ($5::timestamptz[])[i] as due_at, ($6::timestamptz[])[i] as at,
                 ($7::integer[])[i] as number, ($8::integer[])[i] as duration_ms, ($9::integer[])[i] as status,
                 ($10::text[])[i] as error, ($11::bytea[])[i] as answer, ($12::text[])[i]::json as outcome
          from generate_subscripts($1::uuid[], 1) i
        ), settled as (
          update delivery d set state = n.state, reason = n.reason, due_at = n.due_at, offered_until = n.at, lease = null,
                 leased_until = null, ended_at = case when n.state in ('pending', 'held') then null else n.at end
          from tried n where d.id = n.id and d.state = 'leased' and d.lease = n.lease
          returning d.id
        ), said as (
          insert into outcome_answer (delivery_id, at, said)
          select id, at, outcome from tried
          where outcome is not null and id in (select id from settled)
          on conflict (delivery_id) do update set at = excluded.at, said = excluded.said, refused = null
        ), attempted as (
          insert into attempt (delivery_id, number, at, duration_ms, status, error, answer)
          select id, number, at, duration_ms, status, error, answer from tried
          on conflict do nothing
        )
        select id as "id!" from settled"#,
        &c.ids, &c.leases, &c.states, &c.reasons[..] as &[Option<String>], &c.due[..], &c.at[..], &c.numbers, &c.durations,
        &c.statuses[..] as &[Option<i32>], &c.errors[..] as &[Option<String>], &c.answers[..] as &[Option<Vec<u8>>],
        &c.outcomes[..] as &[Option<String>]
    )
    .fetch_all(connection)
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
            columns.at.push(row.attempt.at.to_sqlx());
            columns.numbers.push(row.attempt.number);
            columns.durations.push(row.attempt.duration_ms);
            columns.statuses.push(row.attempt.status);
            columns.errors.push(row.attempt.error.clone());
            columns.answers.push(row.attempt.answer.clone());
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
        Next::Retry(..) => "pending",
        Next::Dead(_) => "dead",
    }
}

fn reason_of(next: &Next) -> Option<String> {
    match next {
        Next::Delivered | Next::Filed => None,
        Next::Held(why) | Next::Retry(_, why) | Next::Dead(why) => Some(why.clone()),
    }
}

fn due_of(row: &Settled) -> Timestamp {
    match row.next {
        Next::Retry(at, _) => at,
        // What is held is due at once for the lease statement, which knows the circuit or the state that holds it,
        // and sets the date.
        _ => row.attempt.at,
    }
}
