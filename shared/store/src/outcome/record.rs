//! What clients say about delivered leads, recorded with everything that follows for the lead in one transaction, under the
//! locks of every writer. However it is said, it comes through here; the qualifier decides the lead again afterwards.

use jiff::Timestamp;
use ripen_domain::{
    calling::Hours,
    delivery::{EventDetail, LeadOutcome, Member, OutcomeKind, RecordedOutcome},
    id::{ClientId, DeliveryId, LeadId},
    lead::Grade,
    outcome::{ASK_AFTER, Consequences, FollowUp, How, LeadStanding, Outcome, OutcomeRefused, follows},
    promise::{Due, Kind, Open, State},
};
use uuid::Uuid;

use crate::{
    Scope, StoreError, Transaction,
    delivery::event::Event,
    lead::load::LeadRow,
    outcome::{list::OutcomeRecord, write::OutcomeContext},
    promise::write::NewPromise,
};

/// An outcome to record.
#[derive(Debug, Clone, Copy)]
pub struct NewOutcome<'a> {
    /// About which delivery.
    pub delivery: DeliveryId,
    /// What is said.
    pub outcome: &'a Outcome,
    /// How it is said.
    pub how: How,
    /// By whom, as the client and timelines read it.
    pub by: &'a str,
    /// The number of the outcome that whoever says this saw as the newest, 0 for none; none where nobody looked.
    pub seen: Option<i32>,
}

/// An outcome that was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeChange {
    /// Whose lead.
    pub client: ClientId,
    /// The lead.
    pub lead: LeadId,
    /// What was said of the delivery last.
    pub before: Option<OutcomeKind>,
    /// What follows for the lead.
    pub follows: Consequences,
}

/// What became of an outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recorded {
    /// It is recorded, and this follows from it.
    Done(OutcomeChange),
    /// It was said before: nothing changed.
    Again,
    /// No such delivery was sent in this scope.
    Unknown,
    /// It is outside the client's rules, or names a date that cannot be.
    Refused(OutcomeRefused),
    /// Something else was said since whoever says this looked.
    Stale,
}

impl Transaction {
    /// Records an outcome with what follows from it for the lead. What a webhook's answer says ends the wait of that answer,
    /// also where it is refused.
    pub async fn outcome_record(
        &mut self,
        scope: Scope,
        new: &NewOutcome<'_>,
        hours: &Hours,
        now: Timestamp,
    ) -> Result<Recorded, StoreError> {
        // What the delivery was decides: about an offer, "accepted" takes the lead, about a lead that was handed over
        // it confirms it.
        let recorded = match self.outcome_context(scope, new.delivery).await? {
            Some(owed) => self.outcome_of_lead(scope, (new, &owed), hours, now).await?,
            None => self.offer_said(scope, new, now).await?.unwrap_or(Recorded::Unknown),
        };
        // In the same transaction: an answer whose wait ends without its outcome would be lost, the other way round
        // it would be recorded twice.
        if new.how == How::Answer && recorded != Recorded::Unknown {
            self.answer_end(scope, new.delivery, &recorded).await?;
        }
        Ok(recorded)
    }

    async fn outcome_of_lead(
        &mut self,
        scope: Scope,
        (new, owed): (&NewOutcome<'_>, &OutcomeContext),
        hours: &Hours,
        now: Timestamp,
    ) -> Result<Recorded, StoreError> {
        // Identities and lead first, as every writer.
        let Some(row) = self.lock_lead(scope, owed.lead).await? else { return Ok(Recorded::Unknown) };
        // A new statement under the lock: of two that say something at once, the second must see the first.
        let said = self.outcomes_said(new.delivery).await?;
        let (outcome, due) = match judge(new, owed, &said, (hours, now)) {
            Ok(taken) => taken,
            Err(verdict) => return Ok(verdict),
        };
        let promises: Vec<Open> = self.promises_of(&[row.id]).await?.into_iter().map(|open| open.promise).collect();
        let follows = self.what_follows(&outcome, (new.delivery, &row), (&said, &promises)).await?;
        let kept = OutcomeRecord {
            // Counted under the lock; the key of the table refuses a number that was given twice.
            number: said.last().map_or(1, |newest| newest.number + 1),
            at: now,
            kind: outcome.kind(),
            reason: outcome.reason().map(str::to_owned),
            sale: outcome.sale(),
            not_before: due.map(|due| due.at),
            how: new.how,
            by: new.by.to_owned(),
        };
        self.outcome_insert(new.delivery, &kept).await?;
        // Before the lead changes: who is told depends on who has the lead now.
        self.enqueue(&[news(owed.lead, new.delivery, &kept)], now).await?;
        self.apply(&row, owed, (&kept, due), &follows).await?;
        let before = said.last().map(|newest| newest.kind);
        Ok(Recorded::Done(OutcomeChange { client: row.client, lead: row.id, before, follows }))
    }
}

/// Whether an outcome is taken: with the reason as the client's rules spell it, and when a lead that is not ready may be.
fn judge(
    new: &NewOutcome<'_>,
    owed: &OutcomeContext,
    said: &[OutcomeRecord],
    (hours, now): (&Hours, Timestamp),
) -> Result<(Outcome, Option<Due>), Recorded> {
    let due = match new.outcome {
        Outcome::NotYet { when, .. } => Some(when.due(now, hours, &owed.places)),
        _ => None,
    };
    let due_at = due.as_ref().and_then(|due| due.as_ref().ok()).map(|due| due.at);
    let same = |one: &OutcomeRecord| one.says(new.outcome, due_at);
    // Before the check of staleness: the same click again succeeds, whatever has been said since by the same hand.
    if said.last().is_some_and(same) || (new.once() && said.iter().any(|one| one.how == new.how && same(one))) {
        return Err(Recorded::Again);
    }
    let newest = said.last().map_or(0, |newest| newest.number);
    // Whoever looked at a page and decides on what it showed must not overwrite what was said meanwhile.
    if new.seen.is_some_and(|seen| seen != newest) {
        return Err(Recorded::Stale);
    }
    let refused = |words: String| Recorded::Refused(OutcomeRefused(words));
    // Only now: the same again must not be refused because its date has passed since.
    let due = due.transpose().map_err(|error| refused(format!("This date cannot be: {error}.")))?;
    let outcome = match new.outcome {
        Outcome::Returned { reason } => {
            let reason = owed.rules.check(reason, owed.delivered_at, now).map_err(Recorded::Refused)?;
            Outcome::Returned { reason }
        }
        other => other.clone(),
    };
    Ok((outcome, due))
}

impl NewOutcome<'_> {
    /// Whether it counts once however often it comes: a file that is read again, an answer that is repeated, and a link,
    /// unless whoever follows it looked at what was said last.
    fn once(&self) -> bool {
        match self.how {
            How::Answer | How::Import => true,
            How::Link => self.seen.is_none(),
            How::Api | How::Command => false,
        }
    }
}

impl Transaction {
    async fn what_follows(
        &mut self,
        outcome: &Outcome,
        (delivery, row): (DeliveryId, &LeadRow),
        (said, promises): (&[OutcomeRecord], &[Open]),
    ) -> Result<Consequences, StoreError> {
        let (is_latest, kept_elsewhere, another_open) = self.outcome_around(delivery).await?;
        let standing = LeadStanding {
            stage: row.stage,
            is_a: row.decided.is_some_and(|(_, _, grade, _)| grade == Grade::A),
            spoken: row.last_conversation_at.is_some(),
            newest: said.last().map(|newest| newest.kind),
            is_latest,
            kept_elsewhere,
            another_open,
            promises,
        };
        Ok(follows(outcome.kind(), &standing))
    }

    /// What follows, written: the lead, its next step, deliveries that nobody needs any more, and the regrade.
    async fn apply(
        &mut self,
        row: &LeadRow,
        owed: &OutcomeContext,
        (said, due): (&OutcomeRecord, Option<Due>),
        follows: &Consequences,
    ) -> Result<(), StoreError> {
        if !follows.changes() {
            return Ok(());
        }
        let why = words_of(said);
        // The promises end before the next is made: one open promise of a kind at a time, by a unique index.
        self.promises_end_by(row.id, &follows.ended, (&owed.client, &why), said.at).await?;
        let mut row = row.clone();
        if let Some((kind, state, due)) = step(follows.next, due, said.at) {
            let agreed = kind == Kind::Requalify;
            // The date that a client named is one of the person's calendar.
            let home = owed.places.first().and_then(|place| place.zone_name());
            let zone = home.filter(|_| follows.next == FollowUp::OnDate);
            let next = NewPromise { kind, state, due, zone, why: &why, from_whom: &owed.client, agreed };
            self.promise_insert(&mut row, &next, said.at).await?;
        }
        self.lead_said(row.id, follows, said, row.generation).await?;
        // A lead that ended needs no decision: nothing of it is graded or delivered any more.
        if follows.next == FollowUp::Ended {
            return self.deliveries_withdraw(&[row.id], &why, said.at).await;
        }
        self.regrade_ask(row.id, &why, said.at).await
    }
}

/// The next step that follows from the client's words; none where the one there is stays, or the lead ends.
fn step(next: FollowUp, due: Option<Due>, now: Timestamp) -> Option<(Kind, State, Due)> {
    let at = |at| Due { at, until: None };
    let later = now.saturating_add(ASK_AFTER).unwrap_or(now);
    match next {
        FollowUp::Stays | FollowUp::Ended => None,
        FollowUp::Work => Some((Kind::Requalify, State::Work, at(now))),
        FollowUp::OnDate => Some((Kind::Requalify, State::Scheduled, due.unwrap_or_else(|| at(later)))),
        FollowUp::Ask => Some((Kind::Outcome, State::Scheduled, at(later))),
    }
}

/// What endpoints that ask for outcomes are told.
fn news(lead: LeadId, delivery: DeliveryId, said: &OutcomeRecord) -> Event {
    let outcome = RecordedOutcome {
        number: said.number.into(),
        outcome: said.kind.into(),
        reason: Member::or_null(said.reason.clone()),
        amount: Member::or_null(said.sale.map(|sale| sale.amount.to_string())),
        currency: Member::or_null(said.sale.map(|sale| sale.currency.to_string())),
        not_before: Member::or_null(said.not_before),
        said_by: said.by.clone().into(),
        at: said.at.into(),
        of: delivery.into(),
        ..RecordedOutcome::default()
    };
    let detail = EventDetail::Outcome(Box::new(LeadOutcome { outcome: outcome.into(), ..LeadOutcome::default() }));
    // Counted by the outcome's number: a changed mind is news, the same outcome recorded again after a conflict is
    // not.
    let cause = Uuid::new_v5(&delivery.uuid(), &said.number.to_be_bytes());
    Event { lead, detail, cause, mailed: true, due_at: said.at }
}

/// What the client said, for the ledger and for people.
fn words_of(said: &OutcomeRecord) -> String {
    let reason = said.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let what = match said.kind {
        OutcomeKind::Accepted => "the client accepted it",
        OutcomeKind::Returned => "the client returned it",
        OutcomeKind::NotYet => "not ready yet, says the client",
        OutcomeKind::Won => "the client won it",
        OutcomeKind::Lost => "the client lost it",
    };
    format!("{what}{reason}")
}
