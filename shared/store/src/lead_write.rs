//! Writing what a batch decided: leads, decisions and maturations, one statement each.

use jiff_sqlx::ToSqlx;
use uuid::Uuid;

use crate::{Batch, LeadRow, MaturationRow, NewDecision, StoreError};

type Instants = Vec<jiff_sqlx::Timestamp>;
type MaybeInstants = Vec<Option<jiff_sqlx::Timestamp>>;

#[derive(Default)]
struct Columns {
    ids: Vec<Uuid>,
    clients: Vec<Uuid>,
    programs: Vec<Uuid>,
    persons: Vec<Uuid>,
    sources: Vec<Uuid>,
    channels: Vec<String>,
    stages: Vec<String>,
    grades: Vec<Option<String>>,
    scores: Vec<Option<i32>>,
    criteria: Vec<Option<Uuid>>,
    decisions: Vec<Option<Uuid>>,
    arrivals: Vec<i32>,
    enquiries: Vec<i32>,
    first: Instants,
    last: Instants,
    enquiry: Instants,
    matured: MaybeInstants,
    closed: MaybeInstants,
    reasons: Vec<Option<String>>,
    generations: Vec<i64>,
}

impl From<&[LeadRow]> for Columns {
    fn from(rows: &[LeadRow]) -> Self {
        let mut columns = Self::default();
        for row in rows {
            columns.ids.push(row.id.uuid());
            columns.clients.push(row.client.uuid());
            columns.programs.push(row.program.uuid());
            columns.persons.push(row.person.uuid());
            columns.sources.push(row.source.uuid());
            columns.channels.push(row.channel.word().to_owned());
            columns.stages.push(row.stage.word().to_owned());
            columns.grades.push(row.decided.map(|(_, _, grade, _)| grade.word().to_owned()));
            columns.scores.push(row.decided.map(|(_, _, _, score)| score));
            columns.criteria.push(row.decided.map(|(_, criteria, _, _)| criteria.uuid()));
            columns.decisions.push(row.decided.map(|(decision, _, _, _)| decision.uuid()));
            columns.arrivals.push(row.arrivals);
            columns.enquiries.push(row.enquiries);
            columns.first.push(row.first_arrived_at.to_sqlx());
            columns.last.push(row.last_arrived_at.to_sqlx());
            columns.enquiry.push(row.last_enquiry_at.to_sqlx());
            columns.matured.push(row.matured_at.map(ToSqlx::to_sqlx));
            columns.closed.push(row.closed.as_ref().map(|(at, _)| at.to_sqlx()));
            columns.reasons.push(row.closed.as_ref().map(|(_, why)| why.clone()));
            columns.generations.push(row.generation);
        }
        columns
    }
}

impl Batch {
    /// Writes leads: new ones are inserted; of known ones, locked before, everything a batch can change is set. Touches,
    /// rounds, dispositions and returns belong to other writers and stay.
    ///
    /// # Errors
    /// When the transaction fails.
    pub async fn leads_write(&mut self, rows: &[LeadRow], now: jiff::Timestamp) -> Result<(), StoreError> {
        let c = Columns::from(rows);
        sqlx::query!(
            "-- lead.write
            insert into lead as l (id, client_id, program_id, person_id, source_id, channel, stage, grade, score, criteria_id,
                                   decision_id, arrivals, enquiries, first_arrived_at, last_arrived_at, last_enquiry_at,
                                   matured_at, closed_at, closed_reason, generation, created_at)
            select *, $21::timestamptz
            from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[],
                        $9::integer[], $10::uuid[], $11::uuid[], $12::integer[], $13::integer[], $14::timestamptz[],
                        $15::timestamptz[], $16::timestamptz[], $17::timestamptz[], $18::timestamptz[], $19::text[], $20::bigint[])
            on conflict (id) do update set
              channel = excluded.channel, stage = excluded.stage, grade = excluded.grade, score = excluded.score, criteria_id = excluded.criteria_id,
              decision_id = excluded.decision_id, arrivals = excluded.arrivals, enquiries = excluded.enquiries,
              first_arrived_at = excluded.first_arrived_at, last_arrived_at = excluded.last_arrived_at,
              last_enquiry_at = excluded.last_enquiry_at, matured_at = excluded.matured_at, closed_at = excluded.closed_at,
              closed_reason = excluded.closed_reason, generation = excluded.generation",
            &c.ids, &c.clients, &c.programs, &c.persons, &c.sources, &c.channels, &c.stages,
            &c.grades[..] as &[Option<String>], &c.scores[..] as &[Option<i32>], &c.criteria[..] as &[Option<Uuid>],
            &c.decisions[..] as &[Option<Uuid>], &c.arrivals, &c.enquiries, &c.first[..], &c.last[..], &c.enquiry[..],
            &c.matured[..] as &[Option<jiff_sqlx::Timestamp>], &c.closed[..] as &[Option<jiff_sqlx::Timestamp>],
            &c.reasons[..] as &[Option<String>], &c.generations, now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Stores decisions.
    ///
    /// # Errors
    /// When the transaction fails.
    pub async fn decisions_insert(&mut self, rows: &[NewDecision]) -> Result<(), StoreError> {
        let ids: Vec<_> = rows.iter().map(|row| row.id.uuid()).collect();
        let leads: Vec<_> = rows.iter().map(|row| row.lead.uuid()).collect();
        let clients: Vec<_> = rows.iter().map(|row| row.client.uuid()).collect();
        let criteria: Vec<_> = rows.iter().map(|row| row.criteria.uuid()).collect();
        let at: Vec<_> = rows.iter().map(|row| row.at.to_sqlx()).collect();
        let grades: Vec<_> = rows.iter().map(|row| row.grade.word().to_owned()).collect();
        let scores: Vec<_> = rows.iter().map(|row| row.score).collect();
        let receipts: Vec<_> = rows.iter().map(|row| row.receipt.clone()).collect();
        sqlx::query!(
            "-- decision.insert
            insert into decision (id, lead_id, client_id, criteria_id, at, grade, score, receipt)
            select id, lead_id, client_id, criteria_id, at, grade, score, receipt::json
            from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::timestamptz[], $6::text[], $7::integer[], $8::text[])
              as n (id, lead_id, client_id, criteria_id, at, grade, score, receipt)",
            &ids, &leads, &clients, &criteria, &at[..], &grades, &scores, &receipts
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Stores maturations.
    ///
    /// # Errors
    /// When the transaction fails.
    pub async fn maturations_insert(&mut self, rows: &[MaturationRow]) -> Result<(), StoreError> {
        let ids: Vec<_> = rows.iter().map(|row| row.id.uuid()).collect();
        let leads: Vec<_> = rows.iter().map(|row| row.lead.uuid()).collect();
        let clients: Vec<_> = rows.iter().map(|row| row.client.uuid()).collect();
        let decisions: Vec<_> = rows.iter().map(|row| row.decision.uuid()).collect();
        let at: Vec<_> = rows.iter().map(|row| row.at.to_sqlx()).collect();
        sqlx::query!(
            "-- maturation.insert
            insert into maturation (id, lead_id, client_id, decision_id, at)
            select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::timestamptz[])",
            &ids,
            &leads,
            &clients,
            &decisions,
            &at[..]
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
