//! A lead as it was before a disposition, and the disposition taken back: what it said is gone, what it changed is as before, and
//! the lead is decided again.

use std::fmt;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    actor::Actor,
    id::{ClientId, LeadId, PersonId},
    touch::Disposition,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Scope, StoreError, Transaction,
    error::{one_row, word},
    lead::{opportunity::OpportunityRecord, spoken::SpokenBefore},
    promise::undo::PromiseBefore,
};

/// A lead as it stood. `Debug` shows no number.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct LeadBefore {
    /// Whose.
    pub client: ClientId,
    /// Its person.
    pub person: PersonId,
    /// How far it had come.
    pub stage: String,
    /// Rounds used.
    pub rounds: i32,
    /// How the last touch went.
    pub last_disposition: Option<String>,
    /// The last conversation.
    pub last_conversation_at: Option<Timestamp>,
    /// Somebody had confirmed who the person is.
    pub is_verified: bool,
    /// The number that is called, with its extension.
    pub phone: Option<String>,
    /// Open promises.
    pub promises: Vec<PromiseBefore>,
    /// The possible business.
    pub opportunity: Option<OpportunityRecord>,
    /// Conversations for the client that were noted; empty in what an older version kept.
    #[serde(default)]
    pub spoken: Vec<SpokenBefore>,
}

impl fmt::Debug for LeadBefore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeadBefore")
            .field("stage", &self.stage)
            .field("promises", &self.promises)
            .finish_non_exhaustive()
    }
}

/// A touch to take back, and what there was before it.
#[derive(Debug, Clone, Copy)]
pub struct TouchUndo<'a> {
    /// The touch.
    pub touch: Uuid,
    /// Its lead.
    pub lead: LeadId,
    /// The lead as it stood before.
    pub before: &'a LeadBefore,
}

/// What became of taking a disposition back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TakenBack {
    /// All is as before, but what other parts of the firm did meanwhile.
    Done,
    /// There is no such touch in the scope.
    Unknown,
    /// Somebody worked on the lead since.
    WorkedSince,
    /// What was said cannot be unsaid here: the person asked not to be contacted.
    Final,
}

struct TouchToTakeBack {
    at: Timestamp,
    by: String,
    disposition: Disposition,
    is_last: bool,
}

impl Transaction {
    /// The lead under its locks, as it stands; none where the scope has none.
    pub async fn lead_before(&mut self, scope: Scope, lead: LeadId) -> Result<Option<LeadBefore>, StoreError> {
        let Some(row) = self.lock_lead(scope, lead).await? else { return Ok(None) };
        let promises = self.promises_before(lead).await?;
        let opportunity = self.opportunity(scope, lead).await?;
        let spoken = self.spoken_before((row.client, row.person)).await?;
        let person = sqlx::query!(
            r#"-- person.before
            select verified, phone || coalesce(';ext=' || phone_extension, '') as phone from person where id = $1"#,
            row.person.uuid()
        )
        .fetch_one(self.connection())
        .await?;
        Ok(Some(LeadBefore {
            client: row.client,
            person: row.person,
            stage: row.stage.word().to_owned(),
            rounds: row.rounds,
            last_disposition: row.last_disposition,
            last_conversation_at: row.last_conversation_at,
            is_verified: person.verified,
            phone: person.phone,
            promises,
            opportunity,
            spoken,
        }))
    }

    /// Takes a touch back.
    pub async fn touch_take_back(
        &mut self,
        actor: &Actor,
        TouchUndo { touch, lead, before }: TouchUndo<'_>,
        now: Timestamp,
    ) -> Result<TakenBack, StoreError> {
        let scope = actor.scope();
        if self.lock_lead(scope, lead).await?.is_none() {
            return Ok(TakenBack::Unknown);
        }
        let Some(taken) = self.touch_to_take_back(scope, lead, touch).await? else { return Ok(TakenBack::Unknown) };
        if taken.disposition == Disposition::DoNotContact {
            return Ok(TakenBack::Final);
        }
        if !taken.is_last {
            return Ok(TakenBack::WorkedSince);
        }
        self.touch_unsay(lead, touch, &taken).await?;
        self.lead_bring_back(lead, before).await?;
        self.promises_bring_back(lead, &before.promises, actor, now).await?;
        self.person_bring_back((before.client, before.person), before, &taken).await?;
        // With any disposition: whoever took the call for the person may have told of others.
        self.co_deciders_forget(lead, taken.at).await?;
        self.opportunity_bring_back((scope, lead), before.opportunity.as_ref()).await?;
        self.updates_withdraw(lead, touch, now).await?;
        if taken.disposition.gives_up_number() {
            self.number_bring_back(before.person, taken.at, now).await?;
        }
        // In this transaction, and not by the decision that follows: that one may come after what can be taken back is due, because
        // others are decided before, the qualifier starts anew, or the lead cannot be decided at all.
        self.deliveries_stop_until_decided(lead, now).await?;
        self.regrade_ask_taken_back(lead, now).await?;
        Ok(TakenBack::Done)
    }

    async fn touch_to_take_back(
        &mut self,
        scope: Scope,
        lead: LeadId,
        touch: Uuid,
    ) -> Result<Option<TouchToTakeBack>, StoreError> {
        // What people did since without a touch stands in the audit, and what the qualifier did does not: a decision made of this very
        // touch is taken back with it.
        let row = sqlx::query!(
            r#"-- touch.to_take_back
            select t.at, t.by, t.disposition,
                   not exists (select from touch o where o.lead_id = t.lead_id and o.id <> t.id and o.at > t.at)
                   and not exists (select from delivery d join outcome s on s.delivery_id = d.id where d.lead_id = t.lead_id and s.at > t.at)
                   and not exists (select from audit a where a.object = $4 and a.at > t.at and a.action in
                     ('lead.close', 'lead.reopen', 'lead.recall', 'lead.opportunity', 'promise.move', 'consent.judge')) as "is_last!"
            from touch t where t.id = $1 and t.lead_id = $2 and ($3::uuid is null or t.client_id = $3)"#,
            touch,
            lead.uuid(),
            scope.client_uuid(),
            lead.to_string()
        )
        .fetch_optional(self.connection())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let disposition = word(&row.disposition)?;
        Ok(Some(TouchToTakeBack { at: row.at.to_jiff(), by: row.by, disposition, is_last: row.is_last }))
    }

    /// The touch, and the answers, words and the review that came with it.
    async fn touch_unsay(&mut self, lead: LeadId, touch: Uuid, taken: &TouchToTakeBack) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "-- touch.unsay
            with answers as (
              delete from answer where lead_id = $2 and at = $3 and origin = 'person:' || $4
            ), notes as (
              delete from note where lead_id = $2 and at = $3 and by = $4 and origin = ''
            ), reviews as (
              delete from consent_review where lead_id = $2 and opened_at = $3 and closed_at is null
            )
            delete from touch where id = $1",
            touch,
            lead.uuid(),
            taken.at.to_sqlx(),
            taken.by
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "touch")
    }

    async fn lead_bring_back(&mut self, lead: LeadId, before: &LeadBefore) -> Result<(), StoreError> {
        // A lead that was won or returned meanwhile keeps what its client said.
        let done = sqlx::query!(
            "-- lead.bring_back
            update lead set touches = greatest(touches - 1, 0), touches_before = least(touches_before, greatest(touches - 1, 0)), rounds = $3, last_disposition = $4, last_conversation_at = $5,
                            stage = case when stage = 'customer' then stage else $2 end,
                            closed_at = case when stage = 'customer' then closed_at end,
                            closed_reason = case when stage = 'customer' then closed_reason end, closed_code = null, goes_on_as = null
            where id = $1",
            lead.uuid(),
            before.stage,
            before.rounds,
            before.last_disposition,
            before.last_conversation_at.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "lead")
    }

    async fn person_bring_back(
        &mut self,
        of: (ClientId, PersonId),
        before: &LeadBefore,
        taken: &TouchToTakeBack,
    ) -> Result<(), StoreError> {
        if !taken.disposition.is_conversation() {
            return Ok(());
        }
        self.spoken_forget(of, taken.at).await?;
        self.spoken_bring_back(before.client, &before.spoken).await?;
        self.person_set_verified(before.person, before.is_verified).await
    }
}
