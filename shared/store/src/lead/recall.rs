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

use crate::{StoreError, Transaction, delivery::event::Event, lead::load::LeadRow, promise::write::NewPromise};

/// What became of an attempt to take a lead back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recalled {
    /// Nobody had it yet, or this many deliveries were told.
    Done {
        /// Whose lead.
        client: ClientId,
        /// Deliveries that were stopped.
        stopped: u64,
        /// Endpoints that had it and are told.
        told: usize,
    },
    /// There is no such lead in the scope.
    Unknown,
    /// It is no A lead, so no client has it.
    NotMatured,
}

impl Transaction {
    /// The lead goes back to the desk: no A until somebody spoke with the person again, and work at once.
    async fn recall_lead(
        &mut self,
        row: &mut LeadRow,
        (by, why): (&str, &str),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // All of them, agreed ones too: the person's agreement was about a lead that a client had.
        self.promises_end_all(row.id, (by, why), now).await?;
        let due = Due { at: now, until: None };
        let work =
            NewPromise { kind: Kind::Requalify, state: State::Work, due, zone: None, why, from_whom: by, agreed: true };
        self.promise_insert(row, &work, now).await?;
        self.lead_take_back(row, now).await
    }

    /// Takes a matured lead back: what was not sent yet is stopped, who has it is told, and the lead is the desk's again.
    pub async fn lead_recall(
        &mut self,
        actor: &Actor,
        lead: LeadId,
        why: &str,
        now: Timestamp,
    ) -> Result<Recalled, StoreError> {
        let Some(mut row) = self.lock_lead(actor.scope(), lead).await? else { return Ok(Recalled::Unknown) };
        let is_a = row.decided.is_some_and(|(_, _, grade, _)| grade == Grade::A);
        // Taken back already and not spoken with since: a second click must not tell the client twice.
        let is_back = row.returned_at.is_some_and(|at| row.last_conversation_at.is_none_or(|spoken| spoken <= at));
        if !is_a || !row.stage.is_open() || is_back {
            return Ok(Recalled::NotMatured);
        }
        let words = format!("taken back: {why}");
        // Before the news is owed: what was never attempted is stopped, and the client that never heard of the lead
        // hears nothing.
        let stopped = self.deliveries_recall(lead, &words, now).await?;
        let recall = LeadRecall { reason: why.to_owned().into(), recalled_at: now.into(), ..LeadRecall::default() };
        let detail = EventDetail::Recalled(recall);
        let news = Event { lead, detail, cause: Uuid::nil(), mailed: true, due_at: now };
        let told = self.enqueue(&[news], now).await?;
        self.recall_lead(&mut row, (&actor.name(), &words), now).await?;
        // The decision that follows takes the grade away; until then `returned_at` keeps updates from going out.
        self.regrade_ask(lead, &words, now).await?;
        Ok(Recalled::Done { client: row.client, stopped, told })
    }
}
