//! One lead as people read it: its person, its touches and its newest answers; and the leads of an identity.

use jiff::Timestamp;
use ripen_domain::{
    calling::{Place, Whereabouts},
    contact::Identity,
    id::{CriteriaId, DeliveryId, LeadId, PersonId},
    lead::{Channel, Grade, Stage},
    outcome::{AmountMeaning, Sale},
    person::Profile,
    touch::Disposition,
};
use serde_json::Value;
use sqlx::PgExecutor;

use crate::{Scope, Store, StoreError, Transaction, error::word, person::known_person::profile_of};

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

/// The newest answer to a question about a lead.
#[derive(Debug, Clone)]
pub struct LeadAnswer {
    /// The question's id.
    pub question: String,
    /// As given.
    pub value: Value,
    /// When it was said.
    pub at: Timestamp,
    /// From whom, in its text form.
    pub origin: String,
}

/// Whose lead it is.
#[derive(Debug, Clone)]
pub struct LeadClient {
    /// The client's slug.
    pub slug: String,
    /// ISO 3166 alpha-2.
    pub country: String,
    /// IANA name.
    pub time_zone: String,
}

/// A lead's line of business.
#[derive(Debug, Clone)]
pub struct LeadProgram {
    /// Name, as its criteria call it.
    pub name: String,
    /// The active criteria.
    pub criteria: Option<CriteriaId>,
}

/// Where a lead came from first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadOrigin {
    /// The source's name.
    pub source: String,
    /// Of all its arrivals' channels the one closest to a conversation.
    pub channel: Channel,
}

/// What the last decision gave a lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeadGrade {
    /// The grade.
    pub grade: Grade,
    /// The points.
    pub score: i32,
}

/// A lead as its page or command shows it.
#[derive(Debug, Clone)]
pub struct LeadRecord {
    /// Its id.
    pub id: LeadId,
    /// Whose it is.
    pub client: LeadClient,
    /// The line of business.
    pub program: LeadProgram,
    /// Who might do business.
    pub person: PersonId,
    /// What is known of that person.
    pub profile: Profile,
    /// Where it came from; none where its source is not known any more.
    pub origin: Option<LeadOrigin>,
    /// How far it has come.
    pub stage: Stage,
    /// Grade and points of the last decision.
    pub decided: Option<LeadGrade>,
    /// Contact attempts and notes by agents.
    pub touches: i32,
    /// Rounds used.
    pub rounds: i32,
    /// Why it is closed, in words.
    pub closed: Option<String>,
    /// It is closed because its client lost it.
    pub is_lost: bool,
    /// What it was sold for.
    pub sale: Option<Sale>,
    /// What that amount is for the client, as far as it had said.
    pub sale_is: Option<AmountMeaning>,
}

/// What somebody of the client did with a lead that it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientTry {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// How it went.
    pub disposition: Disposition,
}

impl LeadRecord {
    /// Where the lead's person may be.
    #[must_use]
    pub fn places(&self) -> Vec<Place> {
        Whereabouts::of(&self.profile, &self.client.country, &self.client.time_zone).places()
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

    /// What the client's own people did with the lead of a delivery, oldest first.
    pub async fn tries_of(&self, scope: Scope, delivery: DeliveryId) -> Result<Vec<ClientTry>, StoreError> {
        let rows = sqlx::query!(
            "-- touch.of_delivery
            select at, by, disposition from touch
            where delivery_id = $1 and ($2::uuid is null or client_id = $2) order by at, id",
            delivery.uuid(),
            scope.client_uuid()
        )
        .fetch_all(&self.pool)
        .await?;
        let tried = rows
            .into_iter()
            .map(|row| Ok(ClientTry { at: row.at.to_jiff(), by: row.by, disposition: word(&row.disposition)? }));
        tried.collect()
    }

    /// The newest answer to each question, with when it was given and by whom.
    pub async fn answers_of_lead(&self, scope: Scope, lead: LeadId) -> Result<Vec<LeadAnswer>, StoreError> {
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
        let answers = rows.into_iter().map(|row| LeadAnswer {
            question: row.question,
            value: row.value,
            at: row.at.to_jiff(),
            origin: row.origin,
        });
        Ok(answers.collect())
    }

    /// One lead with its person.
    pub async fn lead(&self, scope: Scope, lead: LeadId) -> Result<Option<LeadRecord>, StoreError> {
        read(&self.pool, scope, lead).await
    }

    /// The leads of everyone reached under an identity, newest first.
    pub async fn leads_of(&self, scope: Scope, identity: &Identity) -> Result<Vec<LeadId>, StoreError> {
        of_identity(&self.pool, scope, identity).await
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
    executor: impl PgExecutor<'_>,
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
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(|row| LeadId::from_uuid(row.id)).collect())
}

async fn read(executor: impl PgExecutor<'_>, scope: Scope, lead: LeadId) -> Result<Option<LeadRecord>, StoreError> {
    // No lock and no history: whoever changes the lead locks it and reads it again.
    let row = sqlx::query!(
            r#"-- lead.show
        select l.id, c.slug, c.country as client_country, c.time_zone as client_time_zone, g.name as program, g.criteria_id,
               p.id as person_id, p.first_name, p.last_name, p.name, p.email, p.phone, p.phone_extension, p.postal_code, p.country, p.time_zone,
               p.locale, l.stage, l.grade, l.score, l.touches, l.rounds, l.closed_reason,
               coalesce(l.stage = 'closed' and lead_closed_code(l.closed_code, l.closed_reason) = 'lost', false) as "is_lost!",
               l.amount, l.currency, l.amount_is, l.channel, s.name as "source?"
        from lead l join client c on c.id = l.client_id join program g on g.id = l.program_id join person p on p.id = l.person_id
             left join source s on s.id = l.source_id
        where l.id = $1 and ($2::uuid is null or l.client_id = $2)"#,
            lead.uuid(), scope.client_uuid()
        )
        .fetch_optional(executor)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let grade = row.grade.as_deref().map(word).transpose()?;
    let profile = profile_of!(row);
    let currency = row.currency.as_deref().map(word).transpose()?;
    let channel = word(&row.channel)?;
    let origin = row.source.map(|source| LeadOrigin { source, channel });
    Ok(Some(LeadRecord {
        id: LeadId::from_uuid(row.id),
        client: LeadClient { slug: row.slug, country: row.client_country, time_zone: row.client_time_zone },
        program: LeadProgram { name: row.program, criteria: row.criteria_id.map(CriteriaId::from_uuid) },
        person: PersonId::from_uuid(row.person_id),
        profile,
        origin,
        stage: word(&row.stage)?,
        decided: grade.zip(row.score).map(|(grade, score)| LeadGrade { grade, score }),
        touches: row.touches,
        rounds: row.rounds,
        closed: row.closed_reason,
        is_lost: row.is_lost,
        // An amount without its currency is no sale.
        sale: row.amount.zip(currency).map(|(amount, currency)| Sale { amount, currency }),
        sale_is: row.amount_is.as_deref().map(word).transpose()?,
    }))
}
