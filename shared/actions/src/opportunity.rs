//! The possible business of a lead, once it is known: amount, date, likelihood.

use jiff::civil::Date;
use ripen_domain::{
    actor::{Actor, Permission},
    id::{LeadId, PersonId},
    outcome::Currency,
};
use ripen_store::{
    lead::opportunity::{OpportunityKept, OpportunityRecord, SaidOpportunity},
    person::co_decider::CoDecider,
};
use rust_decimal::Decimal;
use serde_json::json;

use crate::{
    Action, Actions, FieldErrors, Refusal, Work,
    lead::{LONGEST_WHY, not_open},
    work::{AuditChange, permit},
};

/// A possible business as it is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewOpportunity {
    /// What it is about.
    pub business: String,
    /// How much: digits with a point; none where nobody knows.
    pub amount: Option<String>,
    /// ISO 4217, with the amount.
    pub currency: Option<String>,
    /// When it may be decided: `2027-04-03`.
    pub expected_on: Option<String>,
    /// In per cent.
    pub likelihood: Option<u8>,
}

/// Writes down the possible business of a lead, which makes a lead or contact an opportunity.
#[derive(Debug, Clone)]
pub struct RecordOpportunity {
    /// The lead.
    pub lead: LeadId,
    /// What is said.
    pub said: NewOpportunity,
}

impl Action for RecordOpportunity {
    type Done = OpportunityRecord;

    const PERMISSION: Permission = Permission::Work;

    async fn act(&self, work: &mut Work<'_>) -> Result<OpportunityRecord, Refusal> {
        let scope = work.scope();
        let before = work.tx.opportunity(scope, self.lead).await?;
        let row = work.tx.leads_read(scope, &[self.lead]).await?.pop();
        let client = row.map(|row| row.client).ok_or_else(|| Refusal::missing("lead", self.lead))?;
        let mut errors = FieldErrors::default();
        let read = self.said.read(&mut errors);
        errors.finish()?;
        let said = SaidOpportunity {
            client,
            business: read.business,
            amount: read.amount,
            currency: read.currency,
            expected_on: read.expected_on,
            likelihood: read.likelihood,
        };
        let said = match work.tx.opportunity_say(work.actor, self.lead, said, work.now).await? {
            OpportunityKept::Done(said) => said,
            OpportunityKept::Unknown => return Err(Refusal::missing("lead", self.lead)),
            OpportunityKept::Closed(why) => return Err(not_open(self.lead, &why)),
        };
        // Without its words, which are the person's.
        let shown = |one: &OpportunityRecord| json!({"amount": one.amount, "currency": one.currency, "expected_on": one.expected_on, "likelihood": one.likelihood});
        let change =
            AuditChange { client: Some(client), before: before.as_ref().map(shown), after: Some(shown(&said)) };
        work.changed("lead.opportunity", self.lead, change);
        Ok(said)
    }
}

pub(crate) struct ReadOpportunity {
    business: String,
    amount: Option<Decimal>,
    currency: Option<String>,
    expected_on: Option<Date>,
    likelihood: Option<i32>,
}

impl NewOpportunity {
    /// Every wrong field, and what the others say.
    pub(crate) fn read(&self, errors: &mut FieldErrors) -> ReadOpportunity {
        let given =
            |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let business = errors.needed_words("opportunity.business", &self.business, LONGEST_WHY, "name the business");
        let amount = given(&self.amount).and_then(|text| {
            let read =
                text.parse::<Decimal>().map_err(|_| format!("{text:?} is no amount: write digits, as in 450000.00"));
            errors.take("opportunity.amount", read)
        });
        let limit = Decimal::from(9_999_999_999_i64);
        errors.require(
            amount.is_none_or(|amount| amount >= Decimal::ZERO && amount <= limit),
            "opportunity.amount",
            "out_of_range",
            || "write an amount of 0 to 9999999999".to_owned(),
        );
        let currency = given(&self.currency).and_then(|text| {
            let read = text
                .to_ascii_uppercase()
                .parse::<Currency>()
                .map_err(|_| format!("{text:?} is no currency: write one such as USD"));
            errors.take("opportunity.currency", read).map(|currency| currency.to_string())
        });
        errors.require(amount.is_none() || currency.is_some(), "opportunity.currency", "required", || {
            "say the amount's currency".to_owned()
        });
        let expected_on = given(&self.expected_on).and_then(|text| {
            let read = text.parse::<Date>().map_err(|_| format!("{text:?} is no day: write 2027-04-03"));
            errors.take("opportunity.expected_on", read)
        });
        let likelihood = self.likelihood.map(i32::from);
        errors.require(likelihood.is_none_or(|share| share <= 100), "opportunity.likelihood", "out_of_range", || {
            "write per cent, 0 to 100".to_owned()
        });
        // A currency alone says nothing.
        let currency = currency.filter(|_| amount.is_some());
        ReadOpportunity { business, amount, currency, expected_on, likelihood }
    }
}

/// The possible business of a lead; none where nobody named one.
///
/// # Errors
/// `Forbidden` for who does not work leads.
pub async fn find(actions: &Actions, actor: &Actor, lead: LeadId) -> Result<Option<OpportunityRecord>, Refusal> {
    permit(actor, Permission::Work)?;
    Ok(actions.store.opportunity(actor.scope(), lead).await?)
}

/// Who decides with a person, in the order in which it was learned; nobody outside of the actor's scope.
///
/// # Errors
/// `Forbidden` for who does not work leads.
pub async fn deciders(actions: &Actions, actor: &Actor, person: PersonId) -> Result<Vec<CoDecider>, Refusal> {
    permit(actor, Permission::Work)?;
    Ok(actions.store.co_deciders_of(actor.scope(), person).await?)
}
