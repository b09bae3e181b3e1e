//! What people refused on the telephone: to be recorded, most of all. Kept once for a person.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    actor::Actor,
    call::RefusedNotice,
    id::{ClientId, LeadId},
};

use crate::{Scope, Store, StoreError, Transaction, error::word};

/// Something that a person refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRefusal {
    /// What.
    pub what: RefusedNotice,
    /// When.
    pub at: Timestamp,
    /// To whom.
    pub by: String,
}

impl Transaction {
    /// Keeps that the person of a lead refused something; whose person it is, and whether that is new. None where there is no such
    /// lead in the scope.
    pub async fn call_refuse(
        &mut self,
        actor: &Actor,
        lead: LeadId,
        what: RefusedNotice,
        now: Timestamp,
    ) -> Result<Option<(ClientId, bool)>, StoreError> {
        let row = sqlx::query!(
            r#"-- call_refusal.add
            with of as (
              select person_id, client_id from lead where id = $1 and ($5::uuid is null or client_id = $5)
            ), new as (
              insert into call_refusal (person_id, client_id, what, at, by) select person_id, client_id, $2, $3, $4 from of
              on conflict (person_id, what) do nothing returning 1
            )
            select client_id, exists (select from new) as "is_new!" from of"#,
            lead.uuid(),
            what.word(),
            now.to_sqlx(),
            actor.name(),
            actor.scope().client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(|row| (ClientId::from_uuid(row.client_id), row.is_new)))
    }
}

impl Store {
    /// What the person of a lead refused, the first first.
    pub async fn call_refusals_of_lead(&self, scope: Scope, lead: LeadId) -> Result<Vec<CallRefusal>, StoreError> {
        let rows = sqlx::query!(
            "-- call_refusal.of_lead
            select r.what, r.at, r.by from lead l join call_refusal r on r.person_id = l.person_id
            where l.id = $1 and ($2::uuid is null or l.client_id = $2) order by r.at, r.what",
            lead.uuid(),
            scope.client_uuid()
        )
        .fetch_all(&self.pool)
        .await?;
        let refusals =
            rows.into_iter().map(|row| Ok(CallRefusal { what: word(&row.what)?, at: row.at.to_jiff(), by: row.by }));
        refusals.collect()
    }
}
