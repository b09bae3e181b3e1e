//! Whether the mail server is there, as all processes that send found out together: what one learns holds for the others, and one
//! mail of all of them tries a server that was not there.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::delivery::circuit::{Circuit, CircuitTerms, EndpointHealth, Failing};

use crate::{Store, StoreError};

/// The mail server's circuit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailServerState {
    /// As the domain's rule has it.
    pub circuit: Circuit,
    /// What came of the last mail that it was not there for; none where it is there.
    pub why: Option<String>,
}

struct MailCircuitRow {
    failures: i32,
    failing_since: jiff_sqlx::Timestamp,
    probes: i32,
    probe_at: Option<jiff_sqlx::Timestamp>,
    why: String,
}

impl MailServerState {
    /// It is there.
    pub const THERE: Self = Self { circuit: Circuit::NEW, why: None };

    fn read(row: Option<MailCircuitRow>) -> Self {
        let Some(row) = row else { return Self::THERE };
        // What cannot be stored is read as nothing.
        let count = |n: i32| u32::try_from(n).unwrap_or(0);
        let failing = Failing { failures: count(row.failures), since: row.failing_since.to_jiff() };
        let circuit = match row.probe_at {
            Some(at) => Circuit::Open { failing, probes: count(row.probes), probe_at: at.to_jiff() },
            None => Circuit::Closed { failing: Some(failing) },
        };
        Self { circuit, why: Some(row.why) }
    }
}

impl Store {
    /// How the mail server is by what all processes found.
    pub async fn mail_circuit(&self) -> Result<MailServerState, StoreError> {
        let row = sqlx::query_as!(
            MailCircuitRow,
            "-- mail_circuit.read
            select failures, failing_since, probes, probe_at, why from mail_circuit"
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(MailServerState::read(row))
    }

    /// Counts what a mail says of the server, and returns how the server is then. `jitter` is a factor around 1 on pauses.
    pub async fn mail_circuit_note(
        &self,
        health: &EndpointHealth,
        terms: &CircuitTerms,
        jitter: f64,
        now: Timestamp,
    ) -> Result<MailServerState, StoreError> {
        let EndpointHealth::Failing { why, .. } = health else {
            sqlx::query!("-- mail_circuit.end\ndelete from mail_circuit").execute(&self.pool).await?;
            return Ok(MailServerState::THERE);
        };
        let mut tx = self.begin().await?;
        let row = sqlx::query_as!(
            MailCircuitRow,
            "-- mail_circuit.lock
            select failures, failing_since, probes, probe_at, why from mail_circuit for update"
        )
        .fetch_optional(tx.connection())
        .await?;
        let (circuit, _) = MailServerState::read(row).circuit.after(health, terms, jitter, now);
        let (probes, probe_at) = match circuit {
            Circuit::Open { probes, probe_at, .. } => (probes, Some(probe_at)),
            Circuit::Closed { .. } => (0, None),
        };
        let Some(failing) = circuit.failing() else { return Ok(MailServerState::THERE) };
        let count = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
        // Two processes that both meet the first failure write one row, which then counts one of them: the next failure makes up
        // for it.
        sqlx::query!(
            "-- mail_circuit.write
            insert into mail_circuit (failures, failing_since, probes, probe_at, why) values ($1, $2, $3, $4, $5)
            on conflict (id) do update set failures = excluded.failures, failing_since = excluded.failing_since,
                                           probes = excluded.probes, probe_at = excluded.probe_at, why = excluded.why",
            count(failing.failures),
            failing.since.to_sqlx(),
            count(probes),
            probe_at.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            why
        )
        .execute(tx.connection())
        .await?;
        tx.commit().await?;
        Ok(MailServerState { circuit, why: Some(why.clone()) })
    }

    /// Whether a mail may try a server that was not there; whoever may puts the next try of all processes off to `next`.
    pub async fn mail_circuit_probe(&self, now: Timestamp, next: Timestamp) -> Result<bool, StoreError> {
        // One statement: between a look and a write in two, every process would send a probe of its own.
        let may = sqlx::query_scalar!(
            r#"-- mail_circuit.probe
            with probing as (
              update mail_circuit set probe_at = $2 where probe_at <= $1 returning true
            )
            select exists (select from probing) or not exists (select from mail_circuit where probe_at is not null) as "may!""#,
            now.to_sqlx(),
            next.to_sqlx()
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(may)
    }
}

#[cfg(test)]
mod tests;
