//! Taking a matured lead back from its client.

use jiff::Timestamp;
use ripen_domain::{
    actor::Actor,
    delivery::{EventDetail, LeadRecall},
    id::{ClientId, LeadId},
    lead::Grade,
    promise::{Due, Kind, State},
};
use uuid::Uuid;

use crate::{
    Scope, StoreError, Transaction,
    appointment::change::AppointmentChange,
    delivery::event::Event,
    lead::{
        end_dependents::{LeadEnding, PromisesToEnd},
        lead_row::LeadRow,
    },
    promise::write::NewPromise,
};

/// What became of an attempt to take a lead back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recalled {
    /// Nobody had it yet, or this many deliveries were told.
    Done {
        /// Whose lead.
        client: ClientId,
        /// Deliveries that were stopped.
        stopped: u64,
        /// Endpoints that had it, or were offered it, and are told.
        told: usize,
    },
    /// There is no such lead in the scope.
    Unknown,
    /// No client has it: it is over, was taken or given back, or is no A lead and was never handed over as one.
    NotMatured,
}

impl Transaction {
    /// The lead goes back to the desk: no A until somebody spoke with the person again, and work at once.
    async fn recall_lead(
        &mut self,
        row: &mut LeadRow,
        (actor, why): (&Actor, &str),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let due = Due { at: now, until: None };
        let work = NewPromise {
            kind: Kind::Requalify,
            state: State::Work,
            due,
            zone: None,
            why,
            from_whom: actor.into(),
            agreed: true,
        };
        self.promise_insert(row, &work, now).await?;
        self.lead_take_back(row, now).await
    }

    /// Whether somebody may have got the lead's last maturation.
    async fn lead_is_handed_over(&mut self, lead: LeadId) -> Result<bool, StoreError> {
        let found = sqlx::query_scalar!(
            r#"-- lead.is_handed_over
            select exists (
              select from delivery d where d.lead_id = $1 and d.event = 'lead.matured' and d.attempts > 0
                and d.maturation_id = (select m.id from maturation m where m.lead_id = $1 order by m.at desc, m.id desc limit 1)
            ) as "is_handed_over!""#,
            lead.uuid()
        )
        .fetch_one(self.connection())
        .await?;
        Ok(found)
    }

    /// Takes a matured lead back: what was not sent yet is stopped, who has it is told, and the lead is the desk's again.
    /// `change` says who takes it back: its appointments end with it.
    pub async fn lead_recall(
        &mut self,
        scope: Scope,
        lead: LeadId,
        why: &str,
        change: AppointmentChange<'_>,
    ) -> Result<Recalled, StoreError> {
        let AppointmentChange { actor, now, .. } = change;
        let Some(mut row) = self.lock_lead(scope, lead).await? else { return Ok(Recalled::Unknown) };
        let is_a = row.decided.is_some_and(|last| last.grade == Grade::A);
        // Taken back already and not spoken with since: a second click must not tell the client twice.
        let is_back = row.returned_at.is_some_and(|at| row.last_conversation_at.is_none_or(|spoken| spoken <= at));
        // Graded down since, and a client has it all the same: what was attempted is not withdrawn by a lower grade.
        let is_there = is_a || !row.came_back() && self.lead_is_handed_over(lead).await?;
        if !is_there || !row.stage.is_open() || is_back {
            return Ok(Recalled::NotMatured);
        }
        let words = format!("taken back: {why}");
        // Before the news is owed: what was never attempted is stopped, and the client that never heard of the lead
        // hears nothing. All promises, agreed ones too: the person's agreement was about a lead that a client had.
        let end = LeadEnding { lead, by: actor.into(), why: &words, promises: PromisesToEnd::All, is_sold: false };
        // Counted here: what ends with the lead tells them only once.
        let held_offers = self.offers_over(&[lead], now).await?;
        let stopped = self.lead_let_go(&end, change).await?;
        let recall = LeadRecall { reason: why.to_owned().into(), recalled_at: now.into(), ..LeadRecall::default() };
        let detail = EventDetail::Recalled(recall);
        let event = Event { lead, detail, cause: Uuid::nil(), mailed: true, unasked: false, due_at: now };
        let told = held_offers + self.enqueue(&[event], now).await?;
        self.recall_lead(&mut row, (actor, &words), now).await?;
        // The decision that follows takes the grade away; until then `returned_at` keeps updates from going out.
        self.regrade_ask(lead, &words, now).await?;
        Ok(Recalled::Done { client: row.client, stopped, told })
    }
}
