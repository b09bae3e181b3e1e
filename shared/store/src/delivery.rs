//! Deliveries: owed in the decision's transaction, leased by the dispatcher, settled by their attempt.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    delivery::{Matured, Next, OutcomeKind},
    id::{ClientId, DeliveryId, EndpointId, LeadId, MaturationId},
};
use uuid::Uuid;

use crate::{Batch, EndpointKind, Store, StoreError};

/// A delivery to write.
#[derive(Debug, Clone, Copy)]
pub struct NewDelivery {
    /// Its id.
    pub id: DeliveryId,
    /// Whose lead.
    pub client: ClientId,
    /// The lead.
    pub lead: LeadId,
    /// The maturation it passes on.
    pub maturation: MaturationId,
    /// Where to; none while the client has no enabled endpoint.
    pub endpoint: Option<EndpointId>,
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
    /// Live signing secrets.
    pub secrets: Vec<String>,
    /// The client's name.
    pub client: String,
    /// Attempts begun, this one included.
    pub attempts: i32,
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
    /// What the client said of it in the answer.
    pub outcome: Option<(OutcomeKind, Option<String>)>,
}

impl Batch {
    /// Owes deliveries; one that is owed already stays. Those without an endpoint are held until one appears.
    ///
    /// # Errors
    /// When the transaction fails.
    pub async fn deliveries_insert(
        &mut self,
        rows: &[NewDelivery],
        now: Timestamp,
        offered_until: Timestamp,
    ) -> Result<(), StoreError> {
        let ids: Vec<_> = rows.iter().map(|row| row.id.uuid()).collect();
        let clients: Vec<_> = rows.iter().map(|row| row.client.uuid()).collect();
        let leads: Vec<_> = rows.iter().map(|row| row.lead.uuid()).collect();
        let maturations: Vec<_> = rows.iter().map(|row| row.maturation.uuid()).collect();
        let endpoints: Vec<_> = rows.iter().map(|row| row.endpoint.map(EndpointId::uuid)).collect();
        sqlx::query!(
            "-- delivery.insert
            insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, state, reason, due_at, offered_until, created_at)
            select id, client_id, lead_id, maturation_id, endpoint_id,
                   case when endpoint_id is null then 'held' else 'pending' end,
                   case when endpoint_id is null then 'the client has no enabled endpoint' end, $6, $7, $6
            from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[])
              as n (id, client_id, lead_id, maturation_id, endpoint_id)
            on conflict do nothing",
            &ids, &clients, &leads, &maturations, &endpoints[..] as &[Option<Uuid>], now.to_sqlx(), offered_until.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Withdraws what was never attempted of leads that are no longer A.
    ///
    /// # Errors
    /// When the transaction fails.
    pub async fn deliveries_withdraw(&mut self, leads: &[LeadId], why: &str, now: Timestamp) -> Result<(), StoreError> {
        let leads: Vec<_> = leads.iter().map(|lead| lead.uuid()).collect();
        sqlx::query!(
            "-- delivery.withdraw
            update delivery set state = 'withdrawn', reason = $2, ended_at = $3
            where lead_id = any($1) and state in ('pending', 'held') and attempts = 0",
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
    /// Records attempts and what follows, for the leases that still hold; returns the ids of those. One commit for all.
    ///
    /// # Errors
    /// When the database is away: the leases then run out and the deliveries are attempted again under the same id.
    pub async fn deliveries_settle(&self, rows: &[Settled]) -> Result<Vec<DeliveryId>, StoreError> {
        let mut tx = self.pool.begin().await?;
        let held = settle_states(&mut tx, rows).await?;
        insert_attempts(&mut tx, rows).await?;
        for row in rows.iter().filter(|row| held.contains(&row.delivery)) {
            if let Some((kind, reason)) = &row.outcome {
                sqlx::query!(
                    "-- outcome.insert
                    insert into outcome (delivery_id, at, kind, reason, said_by) values ($1, $2, $3, $4, 'answer')
                    on conflict do nothing",
                    row.delivery.uuid(),
                    row.attempt.at.to_sqlx(),
                    kind.word(),
                    reason.as_deref()
                )
                .execute(&mut *tx)
                .await?;
            }
        }
        tx.commit().await?;
        Ok(held)
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

    /// Disables an endpoint that wants no more.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn endpoint_disable(&self, endpoint: EndpointId, why: &str) -> Result<(), StoreError> {
        sqlx::query!(
            "-- endpoint.disable
            update endpoint set state = 'disabled', state_reason = $2 where id = $1 and state = 'enabled'",
            endpoint.uuid(),
            why
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

async fn settle_states(tx: &mut sqlx::PgConnection, rows: &[Settled]) -> Result<Vec<DeliveryId>, StoreError> {
    let ids: Vec<_> = rows.iter().map(|row| row.delivery.uuid()).collect();
    let leases: Vec<_> = rows.iter().map(|row| row.lease).collect();
    let states: Vec<_> = rows.iter().map(|row| state_of(&row.next).to_owned()).collect();
    let reasons: Vec<_> = rows.iter().map(|row| reason_of(&row.next)).collect();
    let due: Vec<_> = rows.iter().map(|row| due_of(row).to_sqlx()).collect();
    let at: Vec<_> = rows.iter().map(|row| row.attempt.at.to_sqlx()).collect();
    let done = sqlx::query!(
        "-- delivery.settle
        update delivery d set state = n.state, reason = n.reason, due_at = n.due_at, offered_until = n.at, lease = null,
               leased_until = null, ended_at = case when n.state in ('pending', 'held') then null else n.at end
        from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[])
          as n (id, lease, state, reason, due_at, at)
        where d.id = n.id and d.state = 'leased' and d.lease = n.lease
        returning d.id",
        &ids,
        &leases,
        &states,
        &reasons[..] as &[Option<String>],
        &due[..],
        &at[..]
    )
    .fetch_all(tx)
    .await?;
    Ok(done.into_iter().map(|row| DeliveryId::from_uuid(row.id)).collect())
}

async fn insert_attempts(tx: &mut sqlx::PgConnection, rows: &[Settled]) -> Result<(), StoreError> {
    let ids: Vec<_> = rows.iter().map(|row| row.delivery.uuid()).collect();
    let numbers: Vec<_> = rows.iter().map(|row| row.attempt.number).collect();
    let at: Vec<_> = rows.iter().map(|row| row.attempt.at.to_sqlx()).collect();
    let durations: Vec<_> = rows.iter().map(|row| row.attempt.duration_ms).collect();
    let statuses: Vec<_> = rows.iter().map(|row| row.attempt.status).collect();
    let errors: Vec<_> = rows.iter().map(|row| row.attempt.error.clone()).collect();
    let answers: Vec<_> = rows.iter().map(|row| row.attempt.answer.clone()).collect();
    sqlx::query!(
        "-- attempt.insert
        insert into attempt (delivery_id, number, at, duration_ms, status, error, answer)
        select * from unnest($1::uuid[], $2::integer[], $3::timestamptz[], $4::integer[], $5::integer[], $6::text[], $7::bytea[])
        on conflict do nothing",
        &ids, &numbers, &at[..], &durations, &statuses[..] as &[Option<i32>], &errors[..] as &[Option<String>],
        &answers[..] as &[Option<Vec<u8>>]
    )
    .execute(tx)
    .await?;
    Ok(())
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
