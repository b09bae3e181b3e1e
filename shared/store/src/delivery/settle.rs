//! Deliveries: owed in the decision's transaction, leased by the dispatcher, settled by their attempt.

use std::time::Duration;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    delivery::{EventType, Matured, Next},
    id::{ClientId, DeliveryId, EndpointId, LeadId, MaturationId, RepId},
    outcome::Said,
};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Store, StoreError, Transaction, delivery::event::Alarm, endpoint::record::EndpointKind};

/// A delivery to write.
#[derive(Debug, Clone)]
pub struct NewDelivery {
    /// Its id.
    pub id: DeliveryId,
    /// Whose lead.
    pub client: ClientId,
    /// The lead.
    pub lead: LeadId,
    /// The maturation it passes on.
    pub maturation: MaturationId,
    /// Hands it over, or offers it until then.
    pub offered_until: Option<Timestamp>,
    /// Where to, and to which rep where it was routed to one; none while nobody can take it: then it is held.
    pub to: Option<(EndpointId, Option<RepId>)>,
    /// From when it is attempted, or routed again.
    pub due_at: Timestamp,
    /// Why not at once.
    pub why: Option<String>,
}

/// A delivery under lease, with all that is said and where to.
#[derive(Debug, Clone)]
pub struct Due {
    /// What is said.
    pub matured: Matured,
    /// Which endpoint.
    pub endpoint: EndpointId,
    /// Webhook or e-mail.
    pub kind: EndpointKind,
    /// The webhook's URL or the e-mail address.
    pub to: String,
    /// Loopback and private addresses may be called.
    pub allow_private: bool,
    /// How long an attempt may take, where the endpoint says so.
    pub timeout: Option<Duration>,
    /// Headers of the endpoint's own, each as `name: value`.
    pub headers: Vec<String>,
    /// Live signing secrets.
    pub secrets: Vec<String>,
    /// The client's name.
    pub client: String,
    /// The rep it is for.
    pub rep: Option<RepId>,
    /// Attempts begun, this one included.
    pub attempts: i32,
    /// Those of them that do not count against the schedule.
    pub excused: i32,
    /// The endpoint's last attempt failed.
    pub failing: bool,
    /// It probes an open circuit.
    pub probe: bool,
    /// The frozen body; none before the first lease.
    pub body: Option<Vec<u8>>,
}

/// A delivery to attempt now.
#[derive(Debug, Clone)]
pub struct Leased {
    /// What and where to.
    pub due: Due,
    /// The frozen body.
    pub body: Vec<u8>,
}

/// One attempt, as it is recorded.
#[derive(Debug, Clone)]
pub struct AttemptRow {
    /// Counts from 1.
    pub number: i32,
    /// When it ended.
    pub at: Timestamp,
    /// How long it took.
    pub duration_ms: i32,
    /// HTTP status or SMTP reply code.
    pub status: Option<i32>,
    /// Class of the failure where there was no answer.
    pub error: Option<String>,
    /// First bytes of the answer's body.
    pub answer: Option<Vec<u8>>,
}

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
    pub outcome: Option<Said>,
}

impl Transaction {
    /// Withdraws what was never attempted of leads that are no longer A.
    ///
    /// # Errors
    /// When the transaction fails.
    pub async fn deliveries_withdraw(&mut self, leads: &[LeadId], why: &str, now: Timestamp) -> Result<(), StoreError> {
        let leads: Vec<_> = leads.iter().map(|lead| lead.uuid()).collect();
        sqlx::query!(
            "-- delivery.withdraw
            update delivery set state = 'withdrawn', reason = $2, ended_at = $3
            where lead_id = any($1) and state in ('pending', 'held') and attempts = 0 and event in ('lead.matured', 'lead.offered', 'lead.updated')",
            &leads,
            why,
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

impl Store {
    /// Records attempts and what follows, for the leases that still hold; returns the ids of those. One statement for all;
    /// where one is given up, who asks is told in the same transaction.
    ///
    /// # Errors
    /// When the database is away: the leases then run out and the deliveries are attempted again under the same id.
    pub async fn deliveries_settle(&self, rows: &[Settled]) -> Result<Vec<DeliveryId>, StoreError> {
        let dead: Vec<_> = rows.iter().filter(|row| matches!(row.next, Next::Dead(_))).collect();
        let Some(now) = dead.iter().map(|row| row.attempt.at).max() else {
            return settle(&mut *self.pool.acquire().await?, rows).await;
        };
        let mut batch = self.begin().await?;
        let settled = settle(batch.connection(), rows).await?;
        let dead = dead.into_iter().filter(|row| settled.contains(&row.delivery));
        batch.raise(&dead.map(alarm).collect::<Vec<_>>(), now).await?;
        batch.commit().await?;
        Ok(settled)
    }

    /// How many deliveries are due or being attempted at `now`.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn deliveries_under_way(&self, now: Timestamp) -> Result<i64, StoreError> {
        let row = sqlx::query!(
            r#"-- delivery.under_way
            select (select count(*) from delivery where state = 'pending' and endpoint_id is not null and due_at <= $1)
                 + (select count(*) from delivery where state = 'leased') as "n!""#,
            now.to_sqlx()
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(row.n)
    }

    /// Disables an endpoint that wants no more. Where a delivery showed that, the client's other endpoints that ask are told.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn endpoint_disable(
        &self,
        endpoint: EndpointId,
        why: &str,
        shown_by: Option<DeliveryId>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut batch = self.begin().await?;
        let done = sqlx::query!(
            "-- endpoint.disable
            update endpoint set state = 'disabled', state_reason = $2 where id = $1 and state = 'enabled'",
            endpoint.uuid(),
            why
        )
        .execute(batch.connection())
        .await?;
        let told = shown_by.filter(|_| done.rows_affected() > 0);
        let alarms: Vec<_> = told.map(|about| Alarm::disabled(endpoint, about, why, now)).into_iter().collect();
        batch.raise(&alarms, now).await?;
        batch.commit().await
    }
}

async fn settle(connection: &mut PgConnection, rows: &[Settled]) -> Result<Vec<DeliveryId>, StoreError> {
    let c = Columns::from(rows);
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
    let cause = Uuid::new_v5(&row.delivery.uuid(), &row.attempt.number.to_be_bytes());
    let said = json!({"delivery": row.delivery, "attempts": row.attempt.number, "reason": reason_of(&row.next), "dead_at": row.attempt.at});
    Alarm { about: row.delivery, event: EventType::DeliveryDead, cause, said }
}

#[derive(Default)]
struct Columns {
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

impl From<&[Settled]> for Columns {
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
        _ => row.attempt.at,
    }
}
