//! One lead as people read it: its person, its touches and its newest answers; and the leads of an identity.

use jiff::Timestamp;
use ripen_domain::{
    calling::{Place, Whereabouts},
    contact::Identity,
    id::{CriteriaId, LeadId, PersonId},
    lead::{Grade, Stage},
    outcome::Sale,
    person::Profile,
    touch::Disposition,
};
use serde_json::Value;
use sqlx::PgConnection;

use crate::{Scope, Store, StoreError, Transaction, error::word, person::record::profile_of};

/// A touch.
#[derive(Debug, Clone)]
pub struct TouchRecord {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// How it went.
    pub disposition: Disposition,
    /// How many answers it brought.
    pub answers: i32,
    /// It used a round.
    pub round: bool,
}

/// A lead as its page or command shows it.
#[derive(Debug, Clone)]
pub struct LeadRecord {
    /// Its id.
    pub id: LeadId,
    /// The client: slug, country, time zone.
    pub client: (String, String, String),
    /// The program's name and its active criteria.
    pub program: (String, Option<CriteriaId>),
    /// Who might do business.
    pub person: (PersonId, Profile),
    /// How far it has come.
    pub stage: Stage,
    /// Grade and points of the last decision.
    pub decided: Option<(Grade, i32)>,
    /// Touches, and rounds used.
    pub worked: (i32, i32),
    /// Why it is closed.
    pub closed: Option<String>,
    /// What it was sold for.
    pub sale: Option<Sale>,
}

impl LeadRecord {
    /// Where the lead's person may be.
    #[must_use]
    pub fn places(&self) -> Vec<Place> {
        Whereabouts::of(&self.person.1, &self.client.1, &self.client.2).places()
    }
}

impl Store {
    /// Every touch of a lead, oldest first.
    pub async fn touches_of_lead(&self, scope: Scope, lead: LeadId) -> Result<Vec<TouchRecord>, StoreError> {
        // By id within an instant, so that a page shows them in the same order every time.
        let rows = sqlx::query!(
            "-- touch.of_lead
            select at, by, disposition, answers, round from touch
            where lead_id = $1 and ($2::uuid is null or client_id = $2) order by at, id",
            lead.uuid(),
            scope.client_uuid()
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                let (at, disposition) = (row.at.to_jiff(), word(&row.disposition)?);
                Ok(TouchRecord { at, by: row.by, disposition, answers: row.answers, round: row.round })
            })
            .collect()
    }

    /// The newest answer to each question, with when it was given and by whom.
    pub async fn answers_of_lead(
        &self,
        scope: Scope,
        lead: LeadId,
    ) -> Result<Vec<(String, Value, Timestamp, String)>, StoreError> {
        // By origin where two have the same instant, so that a page shows the same one every time.
        let rows = sqlx::query!(
            "-- answer.of_lead
            select distinct on (a.question) a.question, a.value, a.at, a.origin
            from answer a join lead l on l.id = a.lead_id
            where a.lead_id = $1 and ($2::uuid is null or l.client_id = $2) order by a.question, a.at desc, a.origin desc",
            lead.uuid(),
            scope.client_uuid()
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|row| (row.question, row.value, row.at.to_jiff(), row.origin)).collect())
    }

    /// One lead with its person.
    pub async fn lead(&self, scope: Scope, lead: LeadId) -> Result<Option<LeadRecord>, StoreError> {
        read(&mut *self.pool.acquire().await?, scope, lead).await
    }

    /// The leads of everyone reached under an identity, newest first.
    pub async fn leads_of(&self, scope: Scope, identity: &Identity) -> Result<Vec<LeadId>, StoreError> {
        of_identity(&mut *self.pool.acquire().await?, scope, identity).await
    }
}

impl Transaction {
    /// One lead with its person, as this transaction sees it. Nothing is locked.
    pub async fn lead(&mut self, scope: Scope, lead: LeadId) -> Result<Option<LeadRecord>, StoreError> {
        read(self.connection(), scope, lead).await
    }

    /// The leads of everyone reached under an identity, newest first, as this transaction sees them.
    pub async fn leads_of(&mut self, scope: Scope, identity: &Identity) -> Result<Vec<LeadId>, StoreError> {
        of_identity(self.connection(), scope, identity).await
    }
}

async fn of_identity(
    connection: &mut PgConnection,
    scope: Scope,
    identity: &Identity,
) -> Result<Vec<LeadId>, StoreError> {
    // From the client: identities are kept per client, and the index begins with it.
    let rows = sqlx::query!(
        "-- lead.of_identity
        select l.id from client c
        cross join lateral (
          select person_id from person_identity where client_id = c.id and kind = $1 and value = $2
          union
          select person_id from person_identity
          where client_id = c.id and kind = $1 and value like '%;ext=%' and split_part(value, ';ext=', 1) = $2) i
        join lead l on l.person_id = i.person_id
        where c.id between coalesce($3::uuid, '00000000-0000-0000-0000-000000000000')
                       and coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff') order by l.id desc",
        identity.kind(),
        identity.value(),
        scope.client_uuid()
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| LeadId::from_uuid(row.id)).collect())
}

async fn read(connection: &mut PgConnection, scope: Scope, lead: LeadId) -> Result<Option<LeadRecord>, StoreError> {
    // No lock and no history: whoever changes the lead locks it and reads it again.
    let row = sqlx::query!(
            r#"-- lead.show
        select l.id, c.slug, c.country as client_country, c.time_zone as client_time_zone, g.name as program, g.criteria_id,
               p.id as person_id, p.first_name, p.last_name, p.name, p.email, p.phone, p.phone_extension, p.postal_code, p.country, p.time_zone,
               p.locale, l.stage, l.grade, l.score, l.touches, l.rounds, l.closed_reason,
               l.amount, l.currency
        from lead l join client c on c.id = l.client_id join program g on g.id = l.program_id join person p on p.id = l.person_id
        where l.id = $1 and ($2::uuid is null or l.client_id = $2)"#,
            lead.uuid(), scope.client_uuid()
        )
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let grade = row.grade.as_deref().map(word).transpose()?;
    let profile = profile_of!(row);
    let currency = row.currency.as_deref().map(word).transpose()?;
    Ok(Some(LeadRecord {
        id: LeadId::from_uuid(row.id),
        client: (row.slug, row.client_country, row.client_time_zone),
        program: (row.program, row.criteria_id.map(CriteriaId::from_uuid)),
        person: (PersonId::from_uuid(row.person_id), profile),
        stage: word(&row.stage)?,
        decided: grade.zip(row.score),
        worked: (row.touches, row.rounds),
        closed: row.closed_reason,
        // An amount without its currency is no sale.
        sale: row.amount.zip(currency).map(|(amount, currency)| Sale { amount, currency }),
    }))
}
