//! What the firm says to a return: upheld or rejected, kept with the return, told to the client's programs and to the rep.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    actor::Actor,
    delivery::{EventDetail, LeadOutcome, OutcomeKind},
    id::{ClientId, DeliveryId, LeadId, RepId},
    outcome::Verdict,
};
use uuid::Uuid;

use crate::{
    Scope, Store, StoreError, Transaction,
    delivery::event::Event,
    error::one_row,
    outcome::{
        list::{OutcomeRecord, OutcomeVerdict},
        record_outcome::told,
    },
};

/// What the firm says to the return of a delivery.
#[derive(Debug, Clone, Copy)]
pub struct NewVerdict<'a> {
    /// Which delivery.
    pub delivery: DeliveryId,
    /// What.
    pub verdict: Verdict,
    /// Why.
    pub why: &'a str,
    /// Who says so.
    pub by: &'a Actor,
}

/// A return that was judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedReturn {
    /// Whose lead.
    pub client: ClientId,
    /// The lead.
    pub lead: LeadId,
    /// The delivery that handed it over.
    pub delivery: DeliveryId,
    /// The return's number.
    pub number: i32,
    /// The rep who gave it back.
    pub rep: Option<RepId>,
    /// The person's name, as far as it is known.
    pub person: Option<String>,
}

/// What became of a verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReturnJudgement {
    /// It is kept and told.
    Done(JudgedReturn),
    /// No such delivery was sent in this scope.
    Unknown,
    /// What was said last of it is no return.
    NotReturned(Option<OutcomeKind>),
    /// It was judged before.
    Before(OutcomeVerdict),
    /// It cannot be rejected: whoever gave it back cannot have it again, because of this.
    NotTheirs(String),
}

impl Transaction {
    /// Keeps what the firm says to the return that was said last of a delivery.
    pub async fn return_judge(
        &mut self,
        scope: Scope,
        new: &NewVerdict<'_>,
        now: Timestamp,
    ) -> Result<ReturnJudgement, StoreError> {
        let Some(owed) = self.outcome_context(scope, new.delivery).await? else { return Ok(ReturnJudgement::Unknown) };
        // The lead first, as every writer: what is said of it meanwhile waits.
        if self.lock_lead(scope, owed.lead).await?.is_none() {
            return Ok(ReturnJudgement::Unknown);
        }
        let said = self.outcomes_said(owed.delivery).await?;
        let newest = match said.last() {
            Some(one) if one.kind == OutcomeKind::Returned => one,
            other => return Ok(ReturnJudgement::NotReturned(other.map(|one| one.kind))),
        };
        if let Some(before) = &newest.verdict {
            return Ok(ReturnJudgement::Before(before.clone()));
        }
        let number = newest.number;
        if new.verdict == Verdict::Rejected
            && let Some(why) = self.return_not_theirs(owed.delivery).await?
        {
            return Ok(ReturnJudgement::NotTheirs(why));
        }
        self.verdict_write((owed.delivery, number), new, now).await?;
        let (why, by) = (new.why.to_owned(), new.by.name());
        let verdict = OutcomeVerdict { verdict: new.verdict, why, by, at: now };
        let judged = OutcomeRecord { verdict: Some(verdict), ..newest.clone() };
        let outcome = LeadOutcome { outcome: told(owed.delivery, &judged).into(), ..LeadOutcome::default() };
        let cause = Uuid::new_v5(&owed.delivery.uuid(), format!("verdict {number}").as_bytes());
        let detail = EventDetail::Outcome(Box::new(outcome));
        self.enqueue(&[Event { lead: owed.lead, detail, cause, mailed: true, unasked: false, due_at: now }], now)
            .await?;
        let (rep, person) = self.returned_by(owed.delivery).await?;
        let (client, lead) = (owed.owner, owed.lead);
        let delivery = owed.delivery;
        Ok(ReturnJudgement::Done(JudgedReturn { client, lead, delivery, number, rep, person }))
    }

    /// Why whoever gave a lead back by this delivery cannot have it again; none where they can.
    async fn return_not_theirs(&mut self, delivery: DeliveryId) -> Result<Option<String>, StoreError> {
        let why = sqlx::query_scalar!(
            r#"-- outcome.not_theirs
            select case when p.do_not_contact then 'the person asked not to be contacted'
                        when l.stage not in ('lead', 'contact', 'opportunity') then 'the lead is ' || l.stage
                        when l.recalled_at >= d.created_at then 'the lead was taken back'
                        when d.maturation_id <> (select m.id from maturation m where m.lead_id = d.lead_id order by m.at desc, m.id desc limit 1)
                          then 'it was handed over anew since'
                        when exists (select from delivery o
                                     cross join lateral (select s.kind from outcome s where s.delivery_id = o.id order by s.number desc limit 1) n
                                     where o.maturation_id = d.maturation_id and o.id <> d.id and n.kind in ('accepted', 'won'))
                          then 'somebody else of the client has it' end as why
            from delivery d join lead l on l.id = d.lead_id join person p on p.id = l.person_id where d.id = $1"#,
            delivery.uuid()
        )
        .fetch_one(self.connection())
        .await?;
        Ok(why)
    }

    async fn verdict_write(
        &mut self,
        (delivery, number): (DeliveryId, i32),
        new: &NewVerdict<'_>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "-- outcome.judge
            update outcome set verdict = $3, verdict_why = $4, verdict_by = $5, verdict_at = $6
            where delivery_id = $1 and number = $2 and verdict is null and kind = 'returned'",
            delivery.uuid(),
            number,
            new.verdict.word(),
            new.why,
            new.by.name(),
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "outcome")
    }

    /// The rep whom a delivery was for, and the name of the person that it is about.
    async fn returned_by(&mut self, delivery: DeliveryId) -> Result<(Option<RepId>, Option<String>), StoreError> {
        let row = sqlx::query!(
            r#"-- outcome.returned_by
            select coalesce(d.rep_id, e.rep_id) as rep, coalesce(nullif(concat_ws(' ', p.first_name, p.last_name), ''), p.name) as person
            from delivery d left join endpoint e on e.id = d.endpoint_id
            join lead l on l.id = d.lead_id join person p on p.id = l.person_id where d.id = $1"#,
            delivery.uuid()
        )
        .fetch_one(self.connection())
        .await?;
        Ok((row.rep.map(RepId::from_uuid), row.person))
    }
}

impl Store {
    /// Whether a lead whose return was rejected is still with who gave it back, and may be called.
    pub async fn return_is_handed_back(&self, scope: Scope, delivery: DeliveryId) -> Result<bool, StoreError> {
        let is_theirs = sqlx::query_scalar!(
            r#"-- outcome.is_handed_back
            select exists (
              select from delivery d join lead l on l.id = d.lead_id join person p on p.id = l.person_id
              where d.id = $1 and ($2::uuid is null or d.client_id = $2) and not p.do_not_contact
                and l.stage in ('lead', 'contact', 'opportunity') and not coalesce(l.recalled_at >= d.created_at, false)
                and d.maturation_id = (select m.id from maturation m where m.lead_id = d.lead_id order by m.at desc, m.id desc limit 1)
                and (select o.kind from outcome o where o.delivery_id = d.id order by o.number desc limit 1) = 'accepted'
                and not exists (select from delivery o
                                cross join lateral (select s.kind from outcome s where s.delivery_id = o.id order by s.number desc limit 1) n
                                where o.maturation_id = d.maturation_id and o.id <> d.id and n.kind in ('accepted', 'won'))
            ) as "is_theirs!""#,
            delivery.uuid(),
            scope.client_uuid()
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(is_theirs)
    }
}
