//! Writing leads: what a batch decided, with the decisions and next steps, in one statement; and what a touch or an outcome
//! changes of one lead.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    id::{ClientId, LeadId, ProgramId},
    outcome::{AmountMeaning, Consequences, FollowUp},
};
use uuid::Uuid;

use crate::{
    Scope, StoreError, Transaction,
    decision::write::{DecisionArrays, NewDecision},
    error::one_row,
    lead::{lead_row::LeadRow, touch::NewTouch},
    outcome::list::OutcomeRecord,
    promise::write::{PromiseArrays, PromiseRow},
};

#[derive(Default)]
struct LeadArrays {
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
    first: Vec<jiff_sqlx::Timestamp>,
    last: Vec<jiff_sqlx::Timestamp>,
    enquiry: Vec<jiff_sqlx::Timestamp>,
    matured: Vec<Option<jiff_sqlx::Timestamp>>,
    closed: Vec<Option<jiff_sqlx::Timestamp>>,
    reasons: Vec<Option<String>>,
    generations: Vec<i64>,
    rounds: Vec<i32>,
    bulk: Vec<bool>,
}

impl From<&[LeadRow]> for LeadArrays {
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
            columns.grades.push(row.decided.map(|last| last.grade.word().to_owned()));
            columns.scores.push(row.decided.map(|last| last.score));
            columns.criteria.push(row.decided.map(|last| last.criteria.uuid()));
            columns.decisions.push(row.decided.map(|last| last.id.uuid()));
            columns.arrivals.push(row.arrivals);
            columns.enquiries.push(row.enquiries);
            columns.first.push(row.first_arrived_at.to_sqlx());
            columns.last.push(row.last_arrived_at.to_sqlx());
            columns.enquiry.push(row.last_enquiry_at.to_sqlx());
            columns.matured.push(row.matured_at.map(ToSqlx::to_sqlx));
            columns.closed.push(row.closed.as_ref().map(|closed| closed.at.to_sqlx()));
            columns.reasons.push(row.closed.as_ref().map(|closed| closed.why.clone()));
            columns.generations.push(row.generation);
            columns.rounds.push(row.rounds);
            columns.bulk.push(row.in_bulk);
        }
        columns
    }
}

impl Transaction {
    /// Writes leads with the decisions about them and the promises that follow. New leads are inserted; of known ones,
    /// locked before, everything a batch can change is set. Touches, dispositions and returns belong to other writers and
    /// stay.
    pub async fn leads_write(
        &mut self,
        rows: &[LeadRow],
        decisions: &[NewDecision],
        promises: &[PromiseRow],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // Packed before the statement: a dictionary that is missing must stop the batch before anything is written.
        let receipts = self.pack(decisions).await?;
        let (c, d, p) = (LeadArrays::from(rows), DecisionArrays::from(decisions), PromiseArrays::from(promises));
        // One statement for leads, decisions and promises: one round trip, and no state in between that a trigger or
        // a reader could see. On conflict only the columns that a batch decides are set, so that a touch that waits
        // for the lock keeps its own.
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
                                   matured_at, closed_at, closed_reason, closed_code, generation, rounds, created_at, in_bulk)
            select ($1::uuid[])[i], ($2::uuid[])[i], ($3::uuid[])[i], ($4::uuid[])[i], ($5::uuid[])[i],
                   ($6::text[])[i], ($7::text[])[i], ($8::text[])[i], ($9::integer[])[i], ($10::uuid[])[i],
                   ($11::uuid[])[i], ($12::integer[])[i], ($13::integer[])[i], ($14::timestamptz[])[i],
                   ($15::timestamptz[])[i], ($16::timestamptz[])[i], ($17::timestamptz[])[i], ($18::timestamptz[])[i],
                   ($19::text[])[i], case when ($18::timestamptz[])[i] is not null then 'closed' end, ($20::bigint[])[i], ($37::integer[])[i], $21::timestamptz, ($38::boolean[])[i]
            from generate_subscripts($1::uuid[], 1) i
            on conflict (id) do update set
              channel = excluded.channel, stage = excluded.stage, grade = excluded.grade, score = excluded.score, criteria_id = excluded.criteria_id,
              decision_id = excluded.decision_id, arrivals = excluded.arrivals, enquiries = excluded.enquiries,
              first_arrived_at = excluded.first_arrived_at, last_arrived_at = excluded.last_arrived_at,
              last_enquiry_at = excluded.last_enquiry_at, matured_at = excluded.matured_at, closed_at = excluded.closed_at,
              closed_reason = excluded.closed_reason, closed_code = case when l.closed_at = excluded.closed_at then l.closed_code else excluded.closed_code end,
              goes_on_as = case when l.closed_at = excluded.closed_at then l.goes_on_as end, generation = excluded.generation, rounds = excluded.rounds,
              program_id = excluded.program_id, source_id = excluded.source_id, in_bulk = excluded.in_bulk, asleep = false,
              touches_before = case when excluded.last_enquiry_at > l.last_enquiry_at then greatest(l.touches - (
                select count(*) from touch t where t.lead_id = l.id and t.delivery_id is null and t.at >= excluded.last_enquiry_at), 0)
                else l.touches_before end",
            &c.ids, &c.clients, &c.programs, &c.persons, &c.sources, &c.channels, &c.stages,
            &c.grades[..] as &[Option<String>], &c.scores[..] as &[Option<i32>], &c.criteria[..] as &[Option<Uuid>],
            &c.decisions[..] as &[Option<Uuid>], &c.arrivals, &c.enquiries, &c.first[..], &c.last[..], &c.enquiry[..],
            &c.matured[..] as &[Option<jiff_sqlx::Timestamp>], &c.closed[..] as &[Option<jiff_sqlx::Timestamp>],
            &c.reasons[..] as &[Option<String>], &c.generations, now.to_sqlx(), &d.ids, &d.leads, &d.clients, &d.criteria,
            &d.at[..], &d.grades, &d.scores, &receipts, &p.leads, &p.generations, &p.clients, &p.kinds,
            &p.due[..] as &[Option<jiff_sqlx::Timestamp>], &p.why, &p.whom, &c.rounds, &c.bulk
        )
        .execute(self.connection())
        .await?;
        self.desk_wait_wake_all(&p.leads).await
    }

    pub(crate) async fn lead_touched(
        &mut self,
        lead: &LeadRow,
        new: &NewTouch<'_>,
        round: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // Counted in SQL and not from the row that was read: the same statement serves whoever holds the lead.
        let spoke = new.disposition.is_conversation();
        let done = sqlx::query!(
            "-- lead.touched
            update lead set touches = touches + 1, rounds = rounds + $2::boolean::integer,
                            last_disposition = case when $3 then $4 else last_disposition end,
                            last_conversation_at = case when $5 then $6::timestamptz else last_conversation_at end,
                            stage = case when $5 and stage = 'lead' then 'contact' else stage end
            where id = $1",
            lead.id.uuid(),
            round,
            new.disposition.is_attempt(),
            new.disposition.word(),
            spoke,
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "lead")
    }

    pub(crate) async fn lead_said(
        &mut self,
        lead: LeadId,
        follows: &Consequences,
        said: &OutcomeRecord,
        generation: i64,
    ) -> Result<(), StoreError> {
        let reason = said.reason.as_deref().unwrap_or_default();
        // The client's date begins a course of its own: a lead whose rounds were used up would go cold before it.
        let waits_for_date = follows.next == FollowUp::OnDate;
        // `$4` is null where what the client said leaves the return as it is. A lead that is reopened loses why it
        // was closed. A plain "won" of another delivery leaves the amount that is known.
        let done = sqlx::query!(
            "-- lead.said
            update lead set stage = coalesce($2, stage), generation = $3,
                            returned_at = case when $4 then $5::timestamptz when not $4 then null else returned_at end,
                            closed_at = case when $2 is null then closed_at when $2 = 'closed' then $5 end,
                            closed_reason = case when $2 is null then closed_reason
                                                 when $2 = 'closed' then case $6 when '' then 'lost' else 'lost: ' || $6 end end,
                            closed_code = case when $2 is null then closed_code when $2 = 'closed' then 'lost' end,
                            goes_on_as = case when $2 is null then goes_on_as end,
                            amount = case when $2 is null or $2 = 'customer' and $7::numeric is null then amount else $7 end,
                            currency = case when $2 is null or $2 = 'customer' and $7::numeric is null then currency else $8 end,
                            amount_is = case when $2 is null or $2 = 'customer' and $7::numeric is null then amount_is else $9 end,
                            rounds = case when $10 then 0 else rounds end
            where id = $1",
            lead.uuid(),
            follows.stage.map(|stage| stage.word()),
            generation,
            follows.given_back,
            said.at.to_sqlx(),
            reason,
            said.sale.map(|sale| sale.amount),
            said.sale.map(|sale| sale.currency.to_string()),
            said.terms.meaning.map(AmountMeaning::word),
            waits_for_date
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "lead")
    }

    /// Has a lead that was given back, and should not have been, be what it was when it was handed over: the client has it, and the
    /// decision that follows finds an A that needs no second delivery.
    pub async fn lead_hand_back(&mut self, scope: Scope, lead: LeadId) -> Result<(), StoreError> {
        // Where it is A still, or nobody knows what it was handed over for, its last decision stays: only the cap goes.
        let done = sqlx::query!(
            "-- lead.hand_back
            update lead l set returned_at = null,
                              grade = case when x.id is null then l.grade else 'A' end,
                              score = case when x.id is null or l.grade = 'A' then l.score else x.score end,
                              criteria_id = case when x.id is null or l.grade = 'A' then l.criteria_id else x.criteria_id end,
                              decision_id = case when x.id is null or l.grade = 'A' then l.decision_id else x.id end
            from (select $1::uuid as id) this left join lateral (
              select d.id, d.score, d.criteria_id from maturation n join decision d on d.id = n.decision_id
              where n.lead_id = this.id order by n.at desc, n.id desc limit 1
            ) x on true
            where l.id = this.id and ($2::uuid is null or l.client_id = $2)",
            lead.uuid(),
            scope.client_uuid()
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "lead")
    }

    /// Takes a client's open leads to another program, where they are not there yet; returns how many. Of a person who has one
    /// there already it stays, to be decided again: that closes it for the other one.
    pub async fn leads_set_program(
        &mut self,
        scope: Scope,
        (client, program): (ClientId, ProgramId),
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        // In the order of ids, as batches lock leads. Their criteria are another program's now, so each is decided
        // again by the sweep of criteria.
        let done = sqlx::query!(
            "-- lead.set_program
            with theirs as materialized (
              select l.id from program g join lead l on l.program_id = g.id
              where g.id <> $2 and l.client_id = $1 and ($3::uuid is null or l.client_id = $3)
                and l.stage in ('lead', 'contact', 'opportunity') order by l.id for update of l
            ), movable as (
              select distinct on (l.person_id) l.id from theirs join lead l on l.id = theirs.id
              where not exists (select from lead o where o.person_id = l.person_id and o.program_id = $2
                                  and o.stage in ('lead', 'contact', 'opportunity'))
              order by l.person_id, l.id
            )
            update lead l set program_id = $2 from movable where l.id = movable.id",
            client.uuid(),
            program.uuid(),
            scope.client_uuid()
        )
        .execute(self.connection())
        .await?;
        self.regrade_ask_left_behind(client, program, now).await?;
        Ok(done.rows_affected())
    }

    /// Notes the highest generation of promises that was given out.
    pub(crate) async fn lead_set_generation(&mut self, lead: &LeadRow) -> Result<(), StoreError> {
        // Under the lead's lock: counted from the row, a second writer would give the same generation to two
        // promises.
        let done = sqlx::query!(
            "-- lead.set_generation
            update lead set generation = $2 where id = $1",
            lead.id.uuid(),
            lead.generation
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "lead")
    }

    /// The lead is the desk's again: no A until somebody spoke with the person.
    pub(crate) async fn lead_take_back(&mut self, lead: &LeadRow, now: Timestamp) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "-- lead.take_back
            update lead set generation = $2, returned_at = $3, recalled_at = $3 where id = $1",
            lead.id.uuid(),
            lead.generation,
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "lead")
    }
}
