//! Outcomes as they are read, oldest first.

use jiff::Timestamp;
use ripen_domain::{
    delivery::OutcomeKind,
    id::DeliveryId,
    outcome::{AmountTerms, Currency, How, Outcome, Sale, Verdict},
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
    /// What it was sold for; none where nobody said.
    pub sale: Option<Sale>,
    /// What the amount was for the client when it was said.
    pub terms: AmountTerms,
    /// When it was won or lost; when it was said where nobody said when, and of all else.
    pub happened_at: Timestamp,
    /// When a lead that is not ready may be.
    pub not_before: Option<Timestamp>,
    /// As that was said; none of what was recorded before it was kept.
    pub not_before_said: Option<String>,
    /// How it was said.
    pub how: How,
    /// By whom.
    pub by: String,
    /// What the firm says to it, where it is a return that was judged.
    pub verdict: Option<OutcomeVerdict>,
}

/// What the firm says to a return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeVerdict {
    /// What.
    pub verdict: Verdict,
    /// Why, in the firm's words.
    pub why: String,
    /// Who of the firm said so.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// The dates of an outcome as they are computed now, and the one to come as it is said.
pub(crate) struct OutcomeDates<'a> {
    pub(crate) not_before: Option<Timestamp>,
    /// None where the same words mean another date each time.
    pub(crate) said: Option<&'a str>,
    pub(crate) happened_at: Option<Timestamp>,
}

impl OutcomeRecord {
    /// Whether it says all that an outcome says, which may leave out amount, reason and date.
    pub(crate) fn says(&self, outcome: &Outcome, dates: &OutcomeDates<'_>) -> bool {
        // Case makes no difference: a reason is shown as the rules spell it and may come back as somebody typed it.
        let words = |reason: &str| reason.to_lowercase();
        let own = self.reason.as_deref().unwrap_or_default();
        self.kind == outcome.kind()
            && outcome.reason().is_none_or(|reason| words(own) == words(reason))
            && outcome.sale().is_none_or(|sale| self.sale == Some(sale))
            // By the words too: once the date is past, nothing is computed from them any more.
            && (self.not_before == dates.not_before || dates.said.is_some_and(|said| self.not_before_said.as_deref() == Some(said)))
            && dates.happened_at.is_none_or(|at| self.happened_at == at)
    }
}

struct OutcomeColumns {
    number: i32,
    at: jiff_sqlx::Timestamp,
    kind: String,
    reason: Option<String>,
    amount: Option<Decimal>,
    currency: Option<String>,
    amount_is: Option<String>,
    amount_share: Option<Decimal>,
    happened_at: jiff_sqlx::Timestamp,
    not_before: Option<jiff_sqlx::Timestamp>,
    not_before_said: Option<String>,
    how: String,
    said_by: String,
    verdict: Option<String>,
    verdict_why: Option<String>,
    verdict_by: Option<String>,
    verdict_at: Option<jiff_sqlx::Timestamp>,
}

impl OutcomeColumns {
    fn record(self) -> Result<OutcomeRecord, StoreError> {
        let currency = self.currency.as_deref().map(word::<Currency>).transpose()?;
        let verdict = match (self.verdict, self.verdict_at) {
            (Some(verdict), Some(at)) => Some(OutcomeVerdict {
                verdict: word(&verdict)?,
                why: self.verdict_why.unwrap_or_default(),
                by: self.verdict_by.unwrap_or_default(),
                at: at.to_jiff(),
            }),
            _ => None,
        };
        Ok(OutcomeRecord {
            number: self.number,
            at: self.at.to_jiff(),
            kind: word(&self.kind)?,
            reason: self.reason,
            sale: self.amount.zip(currency).map(|(amount, currency)| Sale { amount, currency }),
            terms: AmountTerms { meaning: self.amount_is.as_deref().map(word).transpose()?, share: self.amount_share },
            happened_at: self.happened_at.to_jiff(),
            not_before: self.not_before.map(jiff_sqlx::Timestamp::to_jiff),
            not_before_said: self.not_before_said,
            how: word(&self.how)?,
            by: self.said_by,
            verdict,
        })
    }
}

impl Store {
    /// What was said of a delivery, oldest first; of an update what was said of the delivery that it updates.
    pub async fn outcomes_of(&self, scope: Scope, delivery: DeliveryId) -> Result<Vec<OutcomeRecord>, StoreError> {
        let rows = sqlx::query_as!(
            OutcomeColumns,
            "-- outcome.of_delivery
            select number, at, kind, reason, amount, currency, amount_is, amount_share, happened_at, not_before, not_before_said, how, said_by,
                   verdict, verdict_why, verdict_by, verdict_at
            from outcome
            where delivery_id = coalesce((select m.id from delivery u join delivery m using (maturation_id, endpoint_id)
                                          where u.id = $1 and u.event = 'lead.updated' and m.event = 'lead.matured' limit 1), $1)
              and ($2::uuid is null or client_id = $2) order by number",
            delivery.uuid(),
            scope.client_uuid()
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(OutcomeColumns::record).collect()
    }
}

impl Transaction {
    /// What was said of a delivery last; of an update what was said of the delivery that it updates.
    pub async fn outcome_newest(
        &mut self,
        scope: Scope,
        delivery: DeliveryId,
    ) -> Result<Option<OutcomeRecord>, StoreError> {
        let row = sqlx::query_as!(
            OutcomeColumns,
            "-- outcome.newest
            select number, at, kind, reason, amount, currency, amount_is, amount_share, happened_at, not_before, not_before_said, how, said_by,
                   verdict, verdict_why, verdict_by, verdict_at
            from outcome
            where delivery_id = coalesce((select m.id from delivery u join delivery m using (maturation_id, endpoint_id)
                                          where u.id = $1 and u.event = 'lead.updated' and m.event = 'lead.matured' limit 1), $1)
              and ($2::uuid is null or client_id = $2) order by number desc limit 1",
            delivery.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        row.map(OutcomeColumns::record).transpose()
    }

    pub(crate) async fn outcomes_said(&mut self, delivery: DeliveryId) -> Result<Vec<OutcomeRecord>, StoreError> {
        let rows = sqlx::query_as!(
            OutcomeColumns,
            "-- outcome.said
            select number, at, kind, reason, amount, currency, amount_is, amount_share, happened_at, not_before, not_before_said, how, said_by,
                   verdict, verdict_why, verdict_by, verdict_at
            from outcome
            where delivery_id = $1 order by number",
            delivery.uuid()
        )
        .fetch_all(self.connection())
        .await?;
        rows.into_iter().map(OutcomeColumns::record).collect()
    }
}
