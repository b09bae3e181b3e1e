//! Whether the mail server is there, as all processes that send found out together: what one learns holds for the others, and one
//! mail of all of them tries a server that was not there.
//!
//! A server that breaks off in the middle of a mail may do so for that mail's sake, again and again. So each address counts once until
//! the server takes a mail, or one mail would have all others wait.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    delivery::circuit::{Circuit, CircuitTerms, EndpointHealth, Failing},
    hash::ContentHash,
};

use crate::{Store, StoreError};

/// The mail server's circuit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailServerState {
    /// As the domain's rule has it.
    pub circuit: Circuit,
    /// What came of the last mail that it was not there for; none where it is there.
    pub why: Option<String>,
    /// Hashes of the addresses in whose mails it broke off since it took one.
    pub broke_off_at: BTreeSet<String>,
}

/// What a mail found of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailServerFound<'a> {
    /// It is there.
    There,
    /// It is not: nothing was said of the mail.
    Away {
        /// The mail tried whether it is.
        probe: bool,
        /// In a few words.
        why: &'a str,
    },
    /// It broke off in the middle of the mail, or said what is no answer.
    BrokeOff {
        /// The mail tried whether it is there.
        probe: bool,
        /// In a few words.
        why: &'a str,
        /// To whom the mail was.
        address: &'a str,
    },
}

struct MailCircuitRow {
    failures: i32,
    failing_since: jiff_sqlx::Timestamp,
    probes: i32,
    probe_at: Option<jiff_sqlx::Timestamp>,
    why: String,
    broke_off_at: Vec<String>,
}

impl MailServerState {
    /// It is there.
    pub const THERE: Self = Self { circuit: Circuit::NEW, why: None, broke_off_at: BTreeSet::new() };

    /// With what one more mail found. `jitter` is a factor around 1 on pauses.
    #[must_use]
    pub fn after(mut self, found: MailServerFound<'_>, terms: &CircuitTerms, jitter: f64, now: Timestamp) -> Self {
        let (probe, why, is_new) = match found {
            MailServerFound::There => return Self::THERE,
            MailServerFound::Away { probe, why } => (probe, why, true),
            MailServerFound::BrokeOff { probe, why, address } => {
                let address = ContentHash::of(address.to_lowercase().as_bytes()).to_string();
                (probe, why, self.broke_off_at.insert(address))
            }
        };
        self.why = Some(why.to_owned());
        if is_new || probe {
            let failing = EndpointHealth::Failing { probe, why: why.to_owned(), not_before: None };
            (self.circuit, _) = self.circuit.after(&failing, terms, jitter, now);
        }
        self
    }

    fn read(row: Option<MailCircuitRow>) -> Self {
        let Some(row) = row else { return Self::THERE };
        // What cannot be stored is read as nothing.
        let count = |n: i32| u32::try_from(n).unwrap_or(0);
        let failing = Failing { failures: count(row.failures), since: row.failing_since.to_jiff() };
        let circuit = match row.probe_at {
            Some(at) => Circuit::Open { failing, probes: count(row.probes), probe_at: at.to_jiff() },
            None => Circuit::Closed { failing: Some(failing) },
        };
        Self { circuit, why: Some(row.why), broke_off_at: row.broke_off_at.into_iter().collect() }
    }
}

impl Store {
    /// How the mail server is by what all processes found.
    pub async fn mail_circuit(&self) -> Result<MailServerState, StoreError> {
        let row = sqlx::query_as!(
            MailCircuitRow,
            "-- mail_circuit.read
            select failures, failing_since, probes, probe_at, why, broke_off_at from mail_circuit"
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(MailServerState::read(row))
    }

    /// Counts what a mail found of the server, and returns how the server is then. `jitter` is a factor around 1 on pauses.
    pub async fn mail_circuit_note(
        &self,
        found: MailServerFound<'_>,
        terms: &CircuitTerms,
        jitter: f64,
        now: Timestamp,
    ) -> Result<MailServerState, StoreError> {
        if found == MailServerFound::There {
            sqlx::query!("-- mail_circuit.end\ndelete from mail_circuit").execute(&self.pool).await?;
            return Ok(MailServerState::THERE);
        }
        let mut tx = self.begin().await?;
        let row = sqlx::query_as!(
            MailCircuitRow,
            "-- mail_circuit.lock
            select failures, failing_since, probes, probe_at, why, broke_off_at from mail_circuit for update"
        )
        .fetch_optional(tx.connection())
        .await?;
        let state = MailServerState::read(row).after(found, terms, jitter, now);
        let (probes, probe_at) = match state.circuit {
            Circuit::Open { probes, probe_at, .. } => (probes, Some(probe_at)),
            Circuit::Closed { .. } => (0, None),
        };
        let Some(failing) = state.circuit.failing() else { return Ok(MailServerState::THERE) };
        let count = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
        let broke_off_at: Vec<_> = state.broke_off_at.iter().cloned().collect();
        // Two processes that both meet the first failure write one row, which then counts one of them: the next failure makes up
        // for it.
        sqlx::query!(
            "-- mail_circuit.write
            insert into mail_circuit (failures, failing_since, probes, probe_at, why, broke_off_at) values ($1, $2, $3, $4, $5, $6)
            on conflict (id) do update set failures = excluded.failures, failing_since = excluded.failing_since, probes = excluded.probes,
                                           probe_at = excluded.probe_at, why = excluded.why, broke_off_at = excluded.broke_off_at",
            count(failing.failures),
            failing.since.to_sqlx(),
            count(probes),
            probe_at.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            state.why.as_deref().unwrap_or_default(),
            &broke_off_at
        )
        .execute(tx.connection())
        .await?;
        tx.commit().await?;
        Ok(state)
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
