//! A lead that goes on for another one: two that are one person's, or of one person in two programs.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    actor::Actor,
    id::{LeadId, PersonId},
};

use crate::{
    Scope, StoreError, Transaction,
    error::one_row,
    lead::{
        end_dependents::{LeadEnding, PromisesToEnd},
        lead_row::LeadRow,
    },
    person::pair::PersonPair,
};

/// No lead was closed for one that was closed for another more often than this.
const MOST_JOINS: usize = 20;

/// A lead that is closed for another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeadJoin {
    /// The one that goes on.
    pub goes_on: LeadId,
    /// The one that ends.
    pub ends: LeadId,
    /// Whose both are from now on.
    pub person: PersonId,
}

impl Transaction {
    /// Closes a lead for another one, which takes over what was said on it and is decided again.
    pub async fn lead_join(&mut self, join: LeadJoin, by: &Actor, now: Timestamp) -> Result<(), StoreError> {
        let LeadJoin { goes_on, ends, person } = join;
        let why = format!("goes on as {goes_on}");
        let end = LeadEnding { lead: ends, by: by.into(), why: &why, promises: PromisesToEnd::All, is_sold: false };
        self.lead_let_go_but_appointments(&end, now).await?;
        self.lead_said_take(goes_on, ends).await?;
        self.lead_close_for(goes_on, ends, (&why, now)).await?;
        self.arrivals_of_lead_take((goes_on, ends), person).await?;
        self.appointments_of_lead_take(goes_on, ends).await?;
        self.regrade_ask(goes_on, "another lead of the person goes on as this one", now).await
    }

    /// The lead that goes on for this one, where it was closed for another, under its lock too; else the lead itself.
    pub(crate) async fn lead_that_goes_on(&mut self, scope: Scope, mut lead: LeadRow) -> Result<LeadRow, StoreError> {
        for _ in 0..MOST_JOINS {
            let Some(next) = lead.closed.as_ref().and_then(|closed| closed.goes_on) else { break };
            // Both are one person's, whose identities are locked already: nobody can be under way from the other one to this.
            let Some(next) = self.lock_lead(scope, next).await? else { break };
            lead = next;
        }
        Ok(lead)
    }

    /// Answers and notes go over.
    pub(crate) async fn lead_said_take(&mut self, goes_on: LeadId, ends: LeadId) -> Result<(), StoreError> {
        sqlx::query!(
            "-- lead.said_take
            with answered as (
              insert into answer (lead_id, question, at, origin, value)
              select $1, question, at, origin, value from answer where lead_id = $2 on conflict do nothing
            )
            insert into note (lead_id, at, by, text, origin)
            select $1, at, by, text, origin from note where lead_id = $2 on conflict do nothing",
            goes_on.uuid(),
            ends.uuid()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Closes a lead, and counts on the other one what is on it.
    pub(crate) async fn lead_close_for(
        &mut self,
        goes_on: LeadId,
        ends: LeadId,
        (why, now): (&str, Timestamp),
    ) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "-- lead.close_for
            with ended as (
              update lead set stage = 'closed', closed_at = $3, closed_reason = $4, closed_code = 'goes_on', goes_on_as = $1 where id = $2
              returning coalesce(in_bulk, channel = 'list') as in_bulk, stage, arrivals, enquiries, first_arrived_at, last_arrived_at, last_enquiry_at,
                        last_conversation_at
            )
            update lead l set arrivals = l.arrivals + e.arrivals, enquiries = l.enquiries + e.enquiries,
                   first_arrived_at = least(l.first_arrived_at, e.first_arrived_at),
                   last_arrived_at = greatest(l.last_arrived_at, e.last_arrived_at),
                   last_enquiry_at = greatest(l.last_enquiry_at, e.last_enquiry_at),
                   last_conversation_at = greatest(l.last_conversation_at, e.last_conversation_at),
                   in_bulk = case when e.last_enquiry_at > l.last_enquiry_at then e.in_bulk else l.in_bulk end,
                   touches_before = case when e.last_enquiry_at > l.last_enquiry_at and not exists (
                       select from touch t where t.lead_id in ($1, $2) and t.delivery_id is null and t.at >= e.last_enquiry_at)
                     then l.touches else l.touches_before end
            from ended e where l.id = $1",
            goes_on.uuid(),
            ends.uuid(),
            now.to_sqlx(),
            why
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "lead")
    }

    /// The leads of the later person are the earlier one's.
    pub(crate) async fn leads_of_person_take(&mut self, pair: PersonPair) -> Result<(), StoreError> {
        sqlx::query!(
            "-- lead.of_person_take
            update lead set person_id = $1 where person_id = $2",
            pair.earlier.uuid(),
            pair.later.uuid()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
