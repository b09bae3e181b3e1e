//! Writing what a batch decided: leads with their decisions and next steps in one statement, maturations with what is owed
//! for them in another.

use jiff_sqlx::ToSqlx;
use ripen_domain::id::RepId;
use uuid::Uuid;

use crate::{
    StoreError, Transaction,
    delivery::settle::NewDelivery,
    lead::load::{LeadRow, MaturationRow, NewDecision},
    promise::write::PromiseRow,
};

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
    rounds: Vec<i32>,
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
            columns.rounds.push(row.rounds);
        }
        columns
    }
}

#[derive(Default)]
struct Decisions {
    ids: Vec<Uuid>,
    leads: Vec<Uuid>,
    clients: Vec<Uuid>,
    criteria: Vec<Uuid>,
    at: Instants,
    grades: Vec<String>,
    scores: Vec<i32>,
}

impl From<&[NewDecision]> for Decisions {
    fn from(rows: &[NewDecision]) -> Self {
        let mut columns = Self::default();
        for row in rows {
            columns.ids.push(row.id.uuid());
            columns.leads.push(row.lead.uuid());
            columns.clients.push(row.client.uuid());
            columns.criteria.push(row.criteria.uuid());
            columns.at.push(row.at.to_sqlx());
            columns.grades.push(row.grade.word().to_owned());
            columns.scores.push(row.score);
        }
        columns
    }
}

#[derive(Default)]
struct Promises {
    leads: Vec<Uuid>,
    generations: Vec<i64>,
    clients: Vec<Uuid>,
    kinds: Vec<String>,
    due: MaybeInstants,
    why: Vec<String>,
    whom: Vec<String>,
}

impl From<&[PromiseRow]> for Promises {
    fn from(rows: &[PromiseRow]) -> Self {
        let mut columns = Self::default();
        for row in rows {
            columns.leads.push(row.lead.uuid());
            columns.generations.push(row.generation);
            columns.clients.push(row.client.uuid());
            columns.kinds.push(row.kind.word().to_owned());
            columns.due.push(row.due_at.map(ToSqlx::to_sqlx));
            columns.why.push(row.why.clone());
            columns.whom.push(row.from_whom.clone());
        }
        columns
    }
}

#[derive(Default)]
struct Maturations {
    ids: Vec<Uuid>,
    leads: Vec<Uuid>,
    clients: Vec<Uuid>,
    decisions: Vec<Uuid>,
    at: Instants,
    versions: Vec<Option<i32>>,
    rules: Vec<Option<String>>,
    texts: Vec<Option<String>>,
}

impl From<&[MaturationRow]> for Maturations {
    fn from(rows: &[MaturationRow]) -> Self {
        let mut columns = Self::default();
        for row in rows {
            let note = row.routing.as_ref();
            columns.ids.push(row.id.uuid());
            columns.leads.push(row.lead.uuid());
            columns.clients.push(row.client.uuid());
            columns.decisions.push(row.decision.uuid());
            columns.at.push(row.at.to_sqlx());
            columns.versions.push(note.and_then(|note| note.version));
            columns.rules.push(note.map(|note| note.rule.clone()));
            columns.texts.push(note.map(|note| note.text.clone()));
        }
        columns
    }
}

#[derive(Default)]
struct Deliveries {
    ids: Vec<Uuid>,
    clients: Vec<Uuid>,
    leads: Vec<Uuid>,
    maturations: Vec<Uuid>,
    endpoints: Vec<Option<Uuid>>,
    reps: Vec<Option<Uuid>>,
    reasons: Vec<Option<String>>,
    due: Instants,
    offers: MaybeInstants,
    offers_said: Vec<Option<String>>,
}

impl From<&[NewDelivery]> for Deliveries {
    fn from(rows: &[NewDelivery]) -> Self {
        let mut columns = Self::default();
        for row in rows {
            columns.ids.push(row.id.uuid());
            columns.clients.push(row.client.uuid());
            columns.leads.push(row.lead.uuid());
            columns.maturations.push(row.maturation.uuid());
            columns.endpoints.push(row.to.map(|(endpoint, _)| endpoint.uuid()));
            columns.reps.push(row.to.and_then(|(_, rep)| rep).map(RepId::uuid));
            columns.reasons.push(row.why.clone());
            columns.due.push(row.due_at.to_sqlx());
            columns.offers.push(row.offered_until.map(ToSqlx::to_sqlx));
            columns.offers_said.push(row.offered_until.map(|until| until.to_string()));
        }
        columns
    }
}

impl Transaction {
    /// Writes leads with the decisions about them and the promises that follow. New leads are inserted; of known ones,
    /// locked before, everything a batch can change is set. Touches, dispositions and returns belong to other writers and
    /// stay.
    ///
    /// # Errors
    /// When the transaction fails.
    pub async fn leads_write(
        &mut self,
        rows: &[LeadRow],
        decisions: &[NewDecision],
        promises: &[PromiseRow],
        now: jiff::Timestamp,
    ) -> Result<(), StoreError> {
        let receipts = self.pack(decisions).await?;
        let (c, d, p) = (Columns::from(rows), Decisions::from(decisions), Promises::from(promises));
        sqlx::query!(
            "-- lead.write
            with decided as (
              insert into decision (id, lead_id, client_id, criteria_id, at, grade, score, receipt)
              select ($22::uuid[])[i], ($23::uuid[])[i], ($24::uuid[])[i], ($25::uuid[])[i], ($26::timestamptz[])[i],
                     ($27::text[])[i], ($28::integer[])[i], ($29::bytea[])[i]
              from generate_subscripts($22::uuid[], 1) i
            ), promised as (
              insert into promise (lead_id, generation, client_id, kind, state, due_at, why, from_whom, offered_until, created_at)
              select ($30::uuid[])[i], ($31::bigint[])[i], ($32::uuid[])[i], ($33::text[])[i], 'scheduled',
                     ($34::timestamptz[])[i], ($35::text[])[i], ($36::text[])[i], $21, $21
              from generate_subscripts($30::uuid[], 1) i
            )
            insert into lead as l (id, client_id, program_id, person_id, source_id, channel, stage, grade, score, criteria_id,
                                   decision_id, arrivals, enquiries, first_arrived_at, last_arrived_at, last_enquiry_at,
                                   matured_at, closed_at, closed_reason, generation, rounds, created_at)
            select ($1::uuid[])[i], ($2::uuid[])[i], ($3::uuid[])[i], ($4::uuid[])[i], ($5::uuid[])[i],
                   ($6::text[])[i], ($7::text[])[i], ($8::text[])[i], ($9::integer[])[i], ($10::uuid[])[i],
                   ($11::uuid[])[i], ($12::integer[])[i], ($13::integer[])[i], ($14::timestamptz[])[i],
                   ($15::timestamptz[])[i], ($16::timestamptz[])[i], ($17::timestamptz[])[i], ($18::timestamptz[])[i],
                   ($19::text[])[i], ($20::bigint[])[i], ($37::integer[])[i], $21::timestamptz
            from generate_subscripts($1::uuid[], 1) i
            on conflict (id) do update set
              channel = excluded.channel, stage = excluded.stage, grade = excluded.grade, score = excluded.score, criteria_id = excluded.criteria_id,
              decision_id = excluded.decision_id, arrivals = excluded.arrivals, enquiries = excluded.enquiries,
              first_arrived_at = excluded.first_arrived_at, last_arrived_at = excluded.last_arrived_at,
              last_enquiry_at = excluded.last_enquiry_at, matured_at = excluded.matured_at, closed_at = excluded.closed_at,
              closed_reason = excluded.closed_reason, generation = excluded.generation, rounds = excluded.rounds,
              program_id = excluded.program_id",
            &c.ids, &c.clients, &c.programs, &c.persons, &c.sources, &c.channels, &c.stages,
            &c.grades[..] as &[Option<String>], &c.scores[..] as &[Option<i32>], &c.criteria[..] as &[Option<Uuid>],
            &c.decisions[..] as &[Option<Uuid>], &c.arrivals, &c.enquiries, &c.first[..], &c.last[..], &c.enquiry[..],
            &c.matured[..] as &[Option<jiff_sqlx::Timestamp>], &c.closed[..] as &[Option<jiff_sqlx::Timestamp>],
            &c.reasons[..] as &[Option<String>], &c.generations, now.to_sqlx(), &d.ids, &d.leads, &d.clients, &d.criteria,
            &d.at[..], &d.grades, &d.scores, &receipts, &p.leads, &p.generations, &p.clients, &p.kinds,
            &p.due[..] as &[Option<jiff_sqlx::Timestamp>], &p.why, &p.whom, &c.rounds
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Stores maturations and owes their deliveries; one that is owed already stays. `offered_until` is when a sweeper may
    /// offer them again.
    ///
    /// # Errors
    /// When the transaction fails.
    pub async fn maturations_write(
        &mut self,
        rows: &[MaturationRow],
        owed: &[NewDelivery],
        (now, offered_until): (jiff::Timestamp, jiff::Timestamp),
    ) -> Result<(), StoreError> {
        let (m, d) = (Maturations::from(rows), Deliveries::from(owed));
        sqlx::query!(
            "-- maturation.write
            with owed as (
              insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, rep_id, state, reason, due_at, offered_until,
                                    created_at, event, said)
              select ($8::uuid[])[i], ($9::uuid[])[i], ($10::uuid[])[i], ($11::uuid[])[i], ($12::uuid[])[i], ($13::uuid[])[i],
                     case when ($12::uuid[])[i] is null then 'held' else 'pending' end, ($14::text[])[i],
                     ($15::timestamptz[])[i], case when ($14::text[])[i] is null then $7::timestamptz else $6::timestamptz end, $6,
                     case when ($19::timestamptz[])[i] is null then 'lead.matured' else 'lead.offered' end,
                     case when ($19::timestamptz[])[i] is not null then json_build_object('until', ($20::text[])[i]) end
              from generate_subscripts($8::uuid[], 1) i
              on conflict do nothing
            )
            insert into maturation (id, lead_id, client_id, decision_id, at, route, rule, routed_at, routing)
            select ($1::uuid[])[i], ($2::uuid[])[i], ($3::uuid[])[i], ($4::uuid[])[i], ($5::timestamptz[])[i],
                   ($16::integer[])[i], ($17::text[])[i], case when ($17::text[])[i] is not null then $6 end, ($18::text[])[i]
            from generate_subscripts($1::uuid[], 1) i",
            &m.ids, &m.leads, &m.clients, &m.decisions, &m.at[..], now.to_sqlx(), offered_until.to_sqlx(), &d.ids, &d.clients,
            &d.leads, &d.maturations, &d.endpoints[..] as &[Option<Uuid>], &d.reps[..] as &[Option<Uuid>],
            &d.reasons[..] as &[Option<String>], &d.due[..], &m.versions[..] as &[Option<i32>],
            &m.rules[..] as &[Option<String>], &m.texts[..] as &[Option<String>],
            &d.offers[..] as &[Option<jiff_sqlx::Timestamp>], &d.offers_said[..] as &[Option<String>]
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
