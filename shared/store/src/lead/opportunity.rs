//! The possible business of a lead: what makes a contact an opportunity.

use jiff::{Timestamp, civil::Date};
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    actor::Actor,
    id::{ClientId, LeadId},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use sqlx::PgExecutor;

use crate::{Scope, Store, StoreError, Transaction};

/// A possible business.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpportunityRecord {
    /// Whose lead.
    pub client: ClientId,
    /// What it is about.
    pub business: String,
    /// How much; none where nobody knows.
    pub amount: Option<Decimal>,
    /// ISO 4217, with the amount.
    pub currency: Option<String>,
    /// When it may be decided.
    pub expected_on: Option<Date>,
    /// In per cent.
    pub likelihood: Option<i32>,
    /// When this was last said.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
}

/// What somebody says of a possible business.
#[derive(Debug, Clone, PartialEq)]
pub struct SaidOpportunity {
    /// Whose lead.
    pub client: ClientId,
    /// What it is about.
    pub business: String,
    /// How much; none where nobody knows.
    pub amount: Option<Decimal>,
    /// ISO 4217, with the amount.
    pub currency: Option<String>,
    /// When it may be decided.
    pub expected_on: Option<Date>,
    /// In per cent.
    pub likelihood: Option<i32>,
}

/// What became of a possible business that was said.
#[derive(Debug, Clone, PartialEq)]
pub enum OpportunityKept {
    /// It is written down, as it is read from now on.
    Done(OpportunityRecord),
    /// There is no such lead in the scope.
    Unknown,
    /// The lead is not open any more, for this reason.
    Closed(String),
}

impl SaidOpportunity {
    fn by(self, actor: &Actor, at: Timestamp) -> OpportunityRecord {
        let Self { client, business, amount, currency, expected_on, likelihood } = self;
        OpportunityRecord { client, business, amount, currency, expected_on, likelihood, at, by: actor.name() }
    }
}

impl Store {
    /// The possible business of a lead.
    pub async fn opportunity(&self, scope: Scope, lead: LeadId) -> Result<Option<OpportunityRecord>, StoreError> {
        read(&self.pool, scope, lead).await
    }
}

impl Transaction {
    /// The possible business of a lead, as this transaction sees it.
    pub async fn opportunity(&mut self, scope: Scope, lead: LeadId) -> Result<Option<OpportunityRecord>, StoreError> {
        read(self.connection(), scope, lead).await
    }

    /// Writes down the possible business of an open lead, which is an opportunity from then on. It is decided again.
    pub async fn opportunity_say(
        &mut self,
        actor: &Actor,
        lead: LeadId,
        said: SaidOpportunity,
        now: Timestamp,
    ) -> Result<OpportunityKept, StoreError> {
        let Some(row) = self.lock_lead(actor.scope(), lead).await? else { return Ok(OpportunityKept::Unknown) };
        if !row.stage.is_open() {
            let why = row.closed.map_or_else(|| row.stage.word().to_owned(), |closed| closed.why);
            return Ok(OpportunityKept::Closed(why));
        }
        let said = said.by(actor, now);
        self.opportunity_write(lead, &said).await?;
        sqlx::query!(
            "-- lead.is_opportunity
            update lead set stage = 'opportunity' where id = $1 and stage in ('lead', 'contact')",
            lead.uuid()
        )
        .execute(self.connection())
        .await?;
        self.regrade_ask(lead, "its possible business was named", now).await?;
        Ok(OpportunityKept::Done(said))
    }

    async fn opportunity_write(&mut self, lead: LeadId, said: &OpportunityRecord) -> Result<(), StoreError> {
        sqlx::query!(
            "-- opportunity.say
            insert into opportunity (lead_id, client_id, business, amount, currency, expected_on, likelihood, at, by)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            on conflict (lead_id) do update set business = excluded.business, amount = excluded.amount, currency = excluded.currency,
              expected_on = excluded.expected_on, likelihood = excluded.likelihood, at = excluded.at, by = excluded.by",
            lead.uuid(),
            said.client.uuid(),
            said.business,
            said.amount,
            said.currency,
            said.expected_on.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Date>,
            said.likelihood,
            said.at.to_sqlx(),
            said.by
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// The possible business as it was, or none.
    pub(crate) async fn opportunity_bring_back(
        &mut self,
        (scope, lead): (Scope, LeadId),
        before: Option<&OpportunityRecord>,
    ) -> Result<(), StoreError> {
        if let Some(before) = before {
            return self.opportunity_write(lead, before).await;
        }
        sqlx::query!(
            "-- opportunity.unsay
            delete from opportunity where lead_id = $1 and ($2::uuid is null or client_id = $2)",
            lead.uuid(),
            scope.client_uuid()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

async fn read(
    executor: impl PgExecutor<'_>,
    scope: Scope,
    lead: LeadId,
) -> Result<Option<OpportunityRecord>, StoreError> {
    let row = sqlx::query!(
        "-- opportunity.load
        select client_id, business, amount, currency, expected_on, likelihood, at, by from opportunity
        where lead_id = $1 and ($2::uuid is null or client_id = $2)",
        lead.uuid(),
        scope.client_uuid()
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map(|row| OpportunityRecord {
        client: ClientId::from_uuid(row.client_id),
        business: row.business,
        amount: row.amount,
        currency: row.currency,
        expected_on: row.expected_on.map(jiff_sqlx::Date::to_jiff),
        likelihood: row.likelihood,
        at: row.at.to_jiff(),
        by: row.by,
    }))
}
