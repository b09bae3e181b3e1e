//! Who decides with a person, as it was learned on the telephone.

use std::fmt;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    actor::Actor,
    id::{LeadId, PersonId},
};
use uuid::Uuid;

use crate::{Scope, Store, StoreError, Transaction, error::one_row};

/// Somebody who decides with the person. `Debug` shows nothing: it is contact data.
#[derive(Clone, PartialEq, Eq)]
pub struct CoDecider {
    /// As it was said.
    pub name: String,
    /// What they are to the person.
    pub relation: String,
    /// E.164.
    pub phone: Option<String>,
    /// Where they are mailed.
    pub email: Option<String>,
    /// When it was learned.
    pub at: Timestamp,
    /// Who wrote it down.
    pub by: String,
}

/// Somebody who decides with the person, to be written down. `Debug` shows nothing: it is contact data.
#[derive(Clone, PartialEq, Eq)]
pub struct LearnedDecider {
    /// As it was said.
    pub name: String,
    /// What they are to the person.
    pub relation: String,
    /// E.164.
    pub phone: Option<String>,
    /// Where they are mailed.
    pub email: Option<String>,
    /// When it was learned.
    pub at: Timestamp,
}

impl fmt::Debug for LearnedDecider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LearnedDecider(…)")
    }
}

impl fmt::Debug for CoDecider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CoDecider(…)")
    }
}

impl Transaction {
    /// Keeps somebody who decides with the person of a lead.
    pub async fn co_decider_add(
        &mut self,
        actor: &Actor,
        (id, lead): (Uuid, LeadId),
        one: &LearnedDecider,
    ) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "-- co_decider.add
            insert into co_decider (id, person_id, lead_id, client_id, name, relation, phone, email, at, by)
            select $1, person_id, id, client_id, $3, $4, $5, $6, $7, $8 from lead
            where id = $2 and ($9::uuid is null or client_id = $9)",
            id,
            lead.uuid(),
            one.name,
            one.relation,
            one.phone,
            one.email,
            one.at.to_sqlx(),
            actor.name(),
            actor.scope().client_uuid()
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "lead")
    }

    /// Forgets those that were written down of a lead at this instant.
    pub(crate) async fn co_deciders_forget(&mut self, lead: LeadId, at: Timestamp) -> Result<(), StoreError> {
        sqlx::query!(
            "-- co_decider.forget
            delete from co_decider where lead_id = $1 and at = $2",
            lead.uuid(),
            at.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Whether somebody confirmed who the person is, as it was before.
    pub(crate) async fn person_set_verified(&mut self, person: PersonId, is_verified: bool) -> Result<(), StoreError> {
        sqlx::query!(
            "-- person.set_verified
            update person set verified = $2 where id = $1 and verified <> $2",
            person.uuid(),
            is_verified
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

impl Store {
    /// Who decides with a person, in the order in which it was learned.
    pub async fn co_deciders_of(&self, scope: Scope, person: PersonId) -> Result<Vec<CoDecider>, StoreError> {
        let rows = sqlx::query!(
            // By the person's leads, which go with a person who turns out to be another one.
            "-- co_decider.of_person
            select d.name, d.relation, d.phone, d.email, d.at, d.by from lead l join co_decider d on d.lead_id = l.id
            where l.person_id = $1 and ($2::uuid is null or l.client_id = $2) order by d.at, d.id",
            person.uuid(),
            scope.client_uuid()
        )
        .fetch_all(&self.pool)
        .await?;
        let one = rows.into_iter().map(|row| CoDecider {
            name: row.name,
            relation: row.relation,
            phone: row.phone,
            email: row.email,
            at: row.at.to_jiff(),
            by: row.by,
        });
        Ok(one.collect())
    }
}
