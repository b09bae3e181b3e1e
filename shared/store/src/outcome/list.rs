//! Outcomes as they are read, oldest first.

use jiff::Timestamp;
use ripen_domain::{
    delivery::OutcomeKind,
    id::DeliveryId,
    outcome::{Currency, How, Outcome, Sale},
};
use rust_decimal::Decimal;

use crate::{Scope, Store, StoreError, Transaction, error::word};

/// An outcome as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeRecord {
    /// Counts from 1.
    pub number: i32,
    /// When it was said.
    pub at: Timestamp,
    /// What.
    pub kind: OutcomeKind,
    /// In the client's words.
    pub reason: Option<String>,
    /// What it was sold for.
    pub sale: Option<Sale>,
    /// When a lead that is not ready may be.
    pub not_before: Option<Timestamp>,
    /// How it was said.
    pub how: How,
    /// By whom.
    pub by: String,
}

impl OutcomeRecord {
    /// Whether it says the same.
    pub(crate) fn says(&self, outcome: &Outcome, not_before: Option<Timestamp>) -> bool {
        // Case and absence make no difference: a reason is shown as the rules spell it and may come back as somebody
        // typed it.
        let words = |reason: Option<&str>| reason.unwrap_or_default().to_lowercase();
        self.kind == outcome.kind()
            && words(self.reason.as_deref()) == words(outcome.reason())
            && self.sale == outcome.sale()
            && self.not_before == not_before
    }
}

struct OutcomeColumns {
    number: i32,
    at: jiff_sqlx::Timestamp,
    kind: String,
    reason: Option<String>,
    amount: Option<Decimal>,
    currency: Option<String>,
    not_before: Option<jiff_sqlx::Timestamp>,
    how: String,
    said_by: String,
}

impl OutcomeColumns {
    fn record(self) -> Result<OutcomeRecord, StoreError> {
        let currency = self.currency.as_deref().map(word::<Currency>).transpose()?;
        Ok(OutcomeRecord {
            number: self.number,
            at: self.at.to_jiff(),
            kind: word(&self.kind)?,
            reason: self.reason,
            sale: self.amount.zip(currency).map(|(amount, currency)| Sale { amount, currency }),
            not_before: self.not_before.map(jiff_sqlx::Timestamp::to_jiff),
            how: word(&self.how)?,
            by: self.said_by,
        })
    }
}

impl Store {
    /// What was said of a delivery, oldest first.
    pub async fn outcomes_of(&self, scope: Scope, delivery: DeliveryId) -> Result<Vec<OutcomeRecord>, StoreError> {
        let rows = sqlx::query_as!(
            OutcomeColumns,
            "-- outcome.of_delivery
            select o.number, o.at, o.kind, o.reason, o.amount, o.currency, o.not_before, o.how, o.said_by
            from outcome o join delivery d on d.id = o.delivery_id
            where o.delivery_id = $1 and ($2::uuid is null or d.client_id = $2) order by o.number",
            delivery.uuid(),
            scope.client_uuid()
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(OutcomeColumns::record).collect()
    }
}

impl Transaction {
    pub(crate) async fn outcomes_said(&mut self, delivery: DeliveryId) -> Result<Vec<OutcomeRecord>, StoreError> {
        let rows = sqlx::query_as!(
            OutcomeColumns,
            "-- outcome.said
            select number, at, kind, reason, amount, currency, not_before, how, said_by from outcome
            where delivery_id = $1 order by number",
            delivery.uuid()
        )
        .fetch_all(self.connection())
        .await?;
        rows.into_iter().map(OutcomeColumns::record).collect()
    }
}
