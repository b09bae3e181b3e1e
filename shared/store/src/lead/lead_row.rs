//! Leads as a batch reads them, under their locks.

use std::{collections::BTreeSet, str::FromStr};

use jiff::Timestamp;
use ripen_domain::{
    id::{ClientId, CriteriaId, DecisionId, LeadId, PersonId, ProgramId, SourceId},
    lead::{Channel, Grade, Stage},
};
use uuid::Uuid;

use crate::{Scope, StoreError, Transaction, error::word};

/// The last decision about a lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastDecision {
    /// Its id.
    pub id: DecisionId,
    /// Under which criteria.
    pub criteria: CriteriaId,
    /// The grade given.
    pub grade: Grade,
    /// The points.
    pub score: i32,
}

/// When and why a lead was closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadClosing {
    /// When.
    pub at: Timestamp,
    /// Why, in words.
    pub why: String,
    /// The lead that goes on for it, where it was closed for another.
    pub goes_on: Option<LeadId>,
}

/// How a lead was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClosedCode {
    /// Its client lost it.
    Lost,
    /// It was closed for another one, which goes on.
    GoesOn,
    /// Whatever else: nobody lost it, and none goes on for it.
    Closed,
}

impl FromStr for ClosedCode {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "lost" => Ok(Self::Lost),
            "goes_on" => Ok(Self::GoesOn),
            "closed" => Ok(Self::Closed),
            _ => Err(()),
        }
    }
}

/// The lead that goes on for one that a version before closed, which wrote its id into the reason alone.
fn goes_on_by_reason(why: &str) -> Option<LeadId> {
    why.strip_prefix("goes on as ")?.parse().ok()
}

/// A lead.
#[derive(Debug, Clone)]
pub struct LeadRow {
    /// Its id.
    pub id: LeadId,
    /// Whose lead it is.
    pub client: ClientId,
    /// The line of business.
    pub program: ProgramId,
    /// Who might do business.
    pub person: PersonId,
    /// The source of the first arrival.
    pub source: SourceId,
    /// Of its arrivals' channels the one closest to a conversation.
    pub channel: Channel,
    /// The last enquiry came on a list, or with others in one request.
    pub in_bulk: bool,
    /// How far it has come.
    pub stage: Stage,
    /// The last decision.
    pub decided: Option<LastDecision>,
    /// Arrivals on it.
    pub arrivals: i32,
    /// Arrivals at least a day apart.
    pub enquiries: i32,
    /// Contact attempts and notes by agents.
    pub touches: i32,
    /// Worked rounds.
    pub rounds: i32,
    /// How the last touch went.
    pub last_disposition: Option<String>,
    /// Last conversation.
    pub last_conversation_at: Option<Timestamp>,
    /// When a client returned it.
    pub returned_at: Option<Timestamp>,
    /// First arrival.
    pub first_arrived_at: Timestamp,
    /// Last arrival.
    pub last_arrived_at: Timestamp,
    /// The arrival last counted as an enquiry.
    pub last_enquiry_at: Timestamp,
    /// When it last became A.
    pub matured_at: Option<Timestamp>,
    /// When and why it was closed.
    pub closed: Option<LeadClosing>,
    /// Highest promise generation given out.
    pub generation: i64,
}

impl LeadRow {
    /// Whether it was given or taken back since it last became A: whoever had it has it no more.
    #[must_use]
    pub fn came_back(&self) -> bool {
        self.returned_at.is_some_and(|back| self.matured_at.is_none_or(|matured| back > matured))
    }
}

struct LeadColumns {
    id: Uuid,
    client_id: Uuid,
    program_id: Uuid,
    person_id: Uuid,
    source_id: Uuid,
    channel: String,
    stage: String,
    grade: Option<String>,
    score: Option<i32>,
    criteria_id: Option<Uuid>,
    decision_id: Option<Uuid>,
    arrivals: i32,
    enquiries: i32,
    touches: i32,
    rounds: i32,
    last_disposition: Option<String>,
    last_conversation_at: Option<jiff_sqlx::Timestamp>,
    returned_at: Option<jiff_sqlx::Timestamp>,
    first_arrived_at: jiff_sqlx::Timestamp,
    last_arrived_at: jiff_sqlx::Timestamp,
    last_enquiry_at: jiff_sqlx::Timestamp,
    matured_at: Option<jiff_sqlx::Timestamp>,
    closed_at: Option<jiff_sqlx::Timestamp>,
    closed_reason: Option<String>,
    closed_code: Option<String>,
    goes_on_as: Option<Uuid>,
    generation: i64,
    in_bulk: bool,
}

impl LeadColumns {
    fn row(self) -> Result<LeadRow, StoreError> {
        // A lead that was never decided has none of the four; a row with some of them is read as undecided and is
        // decided again.
        let decided = match (self.decision_id, self.criteria_id, self.grade, self.score) {
            (Some(id), Some(criteria), Some(grade), Some(score)) => Some(LastDecision {
                id: DecisionId::from_uuid(id),
                criteria: CriteriaId::from_uuid(criteria),
                grade: word(&grade)?,
                score,
            }),
            _ => None,
        };
        Ok(LeadRow {
            id: LeadId::from_uuid(self.id),
            client: ClientId::from_uuid(self.client_id),
            program: ProgramId::from_uuid(self.program_id),
            person: PersonId::from_uuid(self.person_id),
            source: SourceId::from_uuid(self.source_id),
            channel: word(&self.channel)?,
            in_bulk: self.in_bulk,
            stage: word(&self.stage)?,
            decided,
            arrivals: self.arrivals,
            enquiries: self.enquiries,
            touches: self.touches,
            rounds: self.rounds,
            last_disposition: self.last_disposition,
            last_conversation_at: self.last_conversation_at.map(jiff_sqlx::Timestamp::to_jiff),
            returned_at: self.returned_at.map(jiff_sqlx::Timestamp::to_jiff),
            first_arrived_at: self.first_arrived_at.to_jiff(),
            last_arrived_at: self.last_arrived_at.to_jiff(),
            last_enquiry_at: self.last_enquiry_at.to_jiff(),
            matured_at: self.matured_at.map(jiff_sqlx::Timestamp::to_jiff),
            closed: self.closed_at.map(|at| {
                let why = self.closed_reason.unwrap_or_default();
                // Of a closing with a code the reason is anybody's words.
                let by_reason = || goes_on_by_reason(&why).filter(|_| self.closed_code.is_none());
                let goes_on = self.goes_on_as.map(LeadId::from_uuid).or_else(by_reason);
                LeadClosing { at: at.to_jiff(), why, goes_on }
            }),
            generation: self.generation,
        })
    }
}

/// A lead that another transaction holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeadInUse {
    /// The lead.
    pub lead: LeadId,
    /// Whose it is.
    pub person: PersonId,
}

impl Transaction {
    /// Locks the open leads of these persons, and these leads, without waiting; returns those that another transaction holds.
    pub async fn leads_try_lock(
        &mut self,
        persons: &[PersonId],
        leads: &[LeadId],
    ) -> Result<Vec<LeadInUse>, StoreError> {
        let persons: Vec<_> = persons.iter().map(|person| person.uuid()).collect();
        let leads: Vec<_> = leads.iter().map(|lead| lead.uuid()).collect();
        let rows = sqlx::query!(
            r#"-- lead.try_lock
            with of_persons as materialized (
              select id from lead where person_id = any($1) and stage in ('lead', 'contact', 'opportunity')
              order by id for update skip locked
            ), named as materialized (
              select id from lead where id = any($2) order by id for update skip locked
            )
            select id as "id!", person_id as "person_id!" from lead
            where person_id = any($1) and stage in ('lead', 'contact', 'opportunity') and id not in (select id from of_persons)
            union
            select id, person_id from lead where id = any($2) and id not in (select id from named)"#,
            &persons,
            &leads
        )
        .fetch_all(self.connection())
        .await?;
        let held = |id, person| LeadInUse { lead: LeadId::from_uuid(id), person: PersonId::from_uuid(person) };
        Ok(rows.into_iter().map(|row| held(row.id, row.person_id)).collect())
    }

    /// Locks the open leads of these persons, in the order of their ids.
    pub async fn leads_lock_of(&mut self, persons: &[PersonId]) -> Result<Vec<LeadRow>, StoreError> {
        let persons: Vec<_> = persons.iter().map(|person| person.uuid()).collect();
        // In the order of ids, after the identities: batches that share persons wait for each other instead of
        // deadlocking. Only open leads: the newest arrival belongs to the open one.
        let rows = sqlx::query_as!(
            LeadColumns,
            r#"-- lead.lock_of_persons
            select id, client_id, program_id, person_id, source_id, channel, stage, grade, score, criteria_id, decision_id,
                   arrivals, enquiries, touches, rounds, last_disposition, last_conversation_at, returned_at,
                   first_arrived_at, last_arrived_at, last_enquiry_at, matured_at, closed_at, closed_reason, closed_code, goes_on_as, generation,
                   coalesce(in_bulk, channel = 'list') as "in_bulk!"
            from lead where person_id = any($1) and stage in ('lead', 'contact', 'opportunity') order by id for update"#,
            &persons
        )
        .fetch_all(self.connection())
        .await?;
        rows.into_iter().map(LeadColumns::row).collect()
    }

    /// Locks these leads, open or not, in the order of their ids.
    pub async fn leads_lock(&mut self, leads: &[LeadId]) -> Result<Vec<LeadRow>, StoreError> {
        let leads: Vec<_> = leads.iter().map(|lead| lead.uuid()).collect();
        let rows = sqlx::query_as!(
            // In the order of ids; closed ones too, because a message may name a lead that was closed since it was
            // sent.
            LeadColumns,
            r#"-- lead.lock
            select id, client_id, program_id, person_id, source_id, channel, stage, grade, score, criteria_id, decision_id,
                   arrivals, enquiries, touches, rounds, last_disposition, last_conversation_at, returned_at,
                   first_arrived_at, last_arrived_at, last_enquiry_at, matured_at, closed_at, closed_reason, closed_code, goes_on_as, generation,
                   coalesce(in_bulk, channel = 'list') as "in_bulk!"
            from lead where id = any($1) order by id for update"#,
            &leads
        )
        .fetch_all(self.connection())
        .await?;
        rows.into_iter().map(LeadColumns::row).collect()
    }

    /// These leads, open or not, in the order of their ids, without a lock: for people to look at.
    pub async fn leads_read(&mut self, scope: Scope, leads: &[LeadId]) -> Result<Vec<LeadRow>, StoreError> {
        let leads: Vec<_> = leads.iter().map(|lead| lead.uuid()).collect();
        let rows = sqlx::query_as!(
            LeadColumns,
            r#"-- lead.read
            select id, client_id, program_id, person_id, source_id, channel, stage, grade, score, criteria_id, decision_id,
                   arrivals, enquiries, touches, rounds, last_disposition, last_conversation_at, returned_at,
                   first_arrived_at, last_arrived_at, last_enquiry_at, matured_at, closed_at, closed_reason, closed_code, goes_on_as, generation,
                   coalesce(in_bulk, channel = 'list') as "in_bulk!"
            from lead where id = any($1) and ($2::uuid is null or client_id = $2) order by id"#,
            &leads,
            scope.client_uuid()
        )
        .fetch_all(self.connection())
        .await?;
        rows.into_iter().map(LeadColumns::row).collect()
    }

    pub(crate) async fn person_of(&mut self, scope: Scope, lead: LeadId) -> Result<Option<PersonId>, StoreError> {
        // Without a lock, only to learn whose identities to lock. A lead's person changes only under those locks.
        let row = sqlx::query!(
            "-- lead.person_of
            select person_id from lead where id = $1 and ($2::uuid is null or client_id = $2)",
            lead.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(|row| PersonId::from_uuid(row.person_id)))
    }

    /// Locks in the order of every writer: the person's identities, then the lead.
    pub(crate) async fn lock_lead(&mut self, scope: Scope, lead: LeadId) -> Result<Option<LeadRow>, StoreError> {
        let Some(person) = self.person_of(scope, lead).await? else { return Ok(None) };
        // Sorted by the set, as every writer locks them.
        let identities: BTreeSet<_> = self.identities_of(&[person]).await?.into_iter().collect();
        self.identities_wait_lock(&identities).await?;
        // A new statement: under READ COMMITTED it sees what was committed while the locks were waited for.
        Ok(self.leads_lock(&[lead]).await?.pop())
    }
}
