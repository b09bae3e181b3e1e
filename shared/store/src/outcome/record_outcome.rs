//! What clients say about delivered leads, recorded with everything that follows for the lead in one transaction, under the
//! locks of every writer. However it is said, it comes through here; the qualifier decides the lead again afterwards.

use jiff::Timestamp;
use ripen_domain::{
    appointment::Terms,
    calling::Hours,
    delivery::{EventDetail, LeadOutcome, Member, OutcomeKind, RecordedOutcome},
    id::{DeliveryId, LeadId},
    lead::Grade,
    outcome::{
        ASK_AFTER, Consequences, FixedReason, FollowUp, How, LeadStanding, Outcome, OutcomeRefused, follows,
        reason_in_words,
    },
    promise::{Due, Kind, Open, State},
    said_by::SaidBy,
};
use uuid::Uuid;

pub use crate::outcome::said::{NewOutcome, OutcomeChange, Recorded};

use crate::{
    Scope, StoreError, Transaction,
    appointment::change::AppointmentChange,
    delivery::event::Event,
    lead::{
        end_dependents::{LeadEnding, PromisesToEnd},
        lead_row::LeadRow,
        touch::ClientTouch,
    },
    outcome::{
        judge::{OutcomeKnown, TakenOutcome},
        list::OutcomeRecord,
        sent::{SentNumber, ToldPerson},
        write::OutcomeContext,
    },
    promise::write::{EndReason, NewPromise},
    suppression::write::{ASKED, NewSuppression},
};

/// What is said, and the delivery that it is about.
#[derive(Clone, Copy)]
struct OutcomeAbout<'a> {
    new: &'a NewOutcome<'a>,
    owed: &'a OutcomeContext,
}

/// What is said with a reason that may act, of which lead and when.
struct ReasonSaid<'a> {
    scope: Scope,
    row: &'a LeadRow,
    about: OutcomeAbout<'a>,
    now: Timestamp,
}

/// An outcome as it is kept, and when a lead that is not ready may be.
struct KeptOutcome {
    record: OutcomeRecord,
    due: Option<Due>,
    /// It is what somebody asked for whom the lead is not of any more.
    is_of_former: bool,
}

/// What the client is told beside what it said of whom the lead is not of any more.
const OF_FORMER: &str = "Whom you were told of will not be contacted any more. The lead is somebody else's by now, who did not ask for that.";

impl OutcomeAbout<'_> {
    /// The delivery whose bytes were answered; none where something is said of a delivery at any other time.
    fn answered(&self) -> Option<DeliveryId> {
        (self.new.how == How::Answer).then_some(self.new.delivery)
    }
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
            Some(owed) => self.outcome_of_lead(scope, OutcomeAbout { new, owed: &owed }, hours, now).await?,
            None => self.outcome_of_offer(scope, new, hours, now).await?,
        };
        // In the same transaction: an answer whose wait ends without its outcome would be lost, the other way round
        // it would be recorded twice.
        if new.how == How::Answer && recorded != Recorded::Unknown {
            self.answer_end(scope, new, &recorded).await?;
        }
        Ok(recorded)
    }

    /// Whoever took the lead says on the page of its offer what they would say on its own: that they want no contact binds wherever it
    /// is said. Accepting it again is what they said there.
    async fn outcome_of_offer(
        &mut self,
        scope: Scope,
        new: &NewOutcome<'_>,
        hours: &Hours,
        now: Timestamp,
    ) -> Result<Recorded, StoreError> {
        if new.outcome.kind() != OutcomeKind::Accepted
            && let Some(handed) = self.offer_handed(scope, new.delivery).await?
            && let Some(owed) = self.outcome_context(scope, handed).await?
        {
            // What that page showed as said last was said of the offer.
            let of_lead = NewOutcome { delivery: handed, seen: None, ..*new };
            return self.outcome_of_lead(scope, OutcomeAbout { new: &of_lead, owed: &owed }, hours, now).await;
        }
        Ok(self.offer_said(scope, new, now).await?.unwrap_or(Recorded::Unknown))
    }

    async fn outcome_of_lead(
        &mut self,
        scope: Scope,
        OutcomeAbout { new, owed }: OutcomeAbout<'_>,
        hours: &Hours,
        now: Timestamp,
    ) -> Result<Recorded, StoreError> {
        // Identities and lead first, as every writer.
        let Some(row) = self.lock_lead(scope, owed.lead).await? else { return Ok(Recorded::Unknown) };
        // What is said of a lead that was closed for another one of the person is said of that one: it would be lost on the first.
        let row = self.lead_that_goes_on(scope, row).await?;
        // New statements under the lock: of two that say something at once, the second must see the first.
        let said = self.outcomes_said(owed.delivery).await?;
        // Of two at once the first to begin may come second: what is said later is not said before.
        let now = said.last().map_or(now, |newest| now.max(newest.at));
        let around = self.outcome_around(owed.delivery, row.id).await?;
        let known = OutcomeKnown { owed, said: &said, around: &around, hours, now };
        let about = OutcomeAbout { new, owed };
        let reason = ReasonSaid { scope, row: &row, about, now };
        let taken = match self.outcome_judge(new, &known).await? {
            Ok(taken) => taken,
            Err(verdict) => return self.outcome_not_taken(&reason, verdict).await,
        };
        let kind = taken.outcome.kind();
        let fixed = taken.outcome.fixed_reason();
        let asked = self.person_who_asked(&reason, fixed).await?;
        let is_of_former = asked.as_ref().is_some_and(|asked| asked.is_former);
        let promises: Vec<Open> = self.promises_of(&[row.id]).await?.into_iter().map(|open| open.promise).collect();
        let standing = standing(&row, &known, &promises);
        let follows = if is_of_former { follows_of_former(kind, &standing) } else { follows(kind, &standing) };
        let kept = KeptOutcome { record: record(new, &taken, &known), due: taken.due, is_of_former };
        self.outcome_insert(owed, &kept.record).await?;
        // Before the lead changes: who is told depends on who has the lead now.
        self.enqueue(&[event_of(owed.lead, owed.delivery, &kept.record)], now).await?;
        self.apply(&row, about, &kept, &follows).await?;
        if kind == OutcomeKind::Accepted {
            self.dead_accepted(owed.delivery, now).await?;
        }
        match (fixed, asked) {
            (_, Some(asked)) => self.wish_acts(&reason, &asked).await?,
            // A number that was wrong for an older delivery may have been corrected since.
            (Some(FixedReason::WrongNumber), None) if follows.changes() => self.sent_number_void(&reason).await?,
            _ => {}
        }
        let before = said.last().map(|newest| newest.kind);
        let told: Vec<_> = taken.told.into_iter().chain(is_of_former.then(|| OF_FORMER.to_owned())).collect();
        let told = (!told.is_empty()).then(|| told.join(" "));
        Ok(Recorded::Done(OutcomeChange { client: row.client, lead: row.id, before, follows, told }))
    }
}

/// What follows for a lead that is of somebody else by now than whom an outcome is said of. An open one is not ended by it, and comes back to the
/// desk, because who has it works it no more; once it is back, what the desk agreed with that one stays.
fn follows_of_former(kind: OutcomeKind, at: &LeadStanding<'_>) -> Consequences {
    let is_back = matches!(at.newest, Some(OutcomeKind::Returned | OutcomeKind::NotYet | OutcomeKind::Lost));
    match at.stage.is_open() {
        true if is_back => Consequences::NOTHING,
        true => follows(OutcomeKind::Returned, at),
        false => follows(kind, at),
    }
}

impl Transaction {
    /// The number that the client was sent is somebody else's, whatever number the person has by now: the same as where somebody of the
    /// firm had dialed it.
    async fn sent_number_void(&mut self, said: &ReasonSaid<'_>) -> Result<(), StoreError> {
        self.touch_with(said, FixedReason::WrongNumber).await?;
        let (person, about) = (said.row.person, said.about);
        // The one that is returned may be closed: a batch that has read the person holds the open one.
        self.leads_lock_of(&[person]).await?;
        let phone = match self.number_sent(about.owed.delivery, about.answered()).await? {
            SentNumber::Unknown => self.number_of(person).await?,
            SentNumber::Known(sent) => sent,
        };
        match phone {
            Some(phone) => self.number_void(person, &phone, (about.new.by, said.now)).await,
            None => Ok(()),
        }
    }

    /// Somebody of the client heard it.
    async fn touch_with(&mut self, said: &ReasonSaid<'_>, fixed: FixedReason) -> Result<(), StoreError> {
        let ReasonSaid { row, about: OutcomeAbout { new, owed }, now, .. } = *said;
        let (id, disposition) = ((new.fresh_id)(now), fixed.disposition());
        let touch =
            ClientTouch { id, lead: row.id, client: row.client, delivery: owed.delivery, by: new.by, disposition };
        self.touch_of_client(&touch, now).await.map(drop)
    }
}

impl Transaction {
    /// What is not recorded may bind all the same: whoever asked not to be contacted is not, also where the lead was taken back
    /// meanwhile and nothing more can be said of it.
    async fn outcome_not_taken(&mut self, said: &ReasonSaid<'_>, verdict: Recorded) -> Result<Recorded, StoreError> {
        let Recorded::Refused(why) = verdict else { return Ok(verdict) };
        let Some(asked) = self.person_who_asked(said, said.about.new.outcome.fixed_reason()).await? else {
            return Ok(Recorded::Refused(why));
        };
        self.wish_acts(said, &asked).await?;
        Ok(Recorded::Refused(OutcomeRefused(format!("{why} They will not be contacted any more."))))
    }

    /// Who asked not to be contacted, where the client says that somebody did.
    async fn person_who_asked(
        &mut self,
        said: &ReasonSaid<'_>,
        fixed: Option<FixedReason>,
    ) -> Result<Option<ToldPerson>, StoreError> {
        if fixed != Some(FixedReason::DoNotContact) {
            return Ok(None);
        }
        let ReasonSaid { scope, row, about, .. } = *said;
        let whose = (scope.within(row.client), row.person);
        self.person_told(whose, about.owed.delivery, about.answered()).await.map(Some)
    }

    /// Whom the client was told of is not contacted any more, nor whoever else is reached there: the same as where somebody of the firm had
    /// heard it.
    async fn wish_acts(&mut self, said: &ReasonSaid<'_>, asked: &ToldPerson) -> Result<(), StoreError> {
        let ReasonSaid { scope, row, about, now } = *said;
        let scope = scope.within(row.client);
        let new = NewSuppression { client: Some(row.client), why: ASKED, by: about.new.by, at: now };
        // A touch would make it the wish of the lead's person, with all that they are reached under from now on.
        if !asked.is_former {
            self.touch_with(said, FixedReason::DoNotContact).await?;
        }
        if !asked.ways.is_empty() {
            self.suppress(scope, &new, &asked.ways).await?;
            self.suppression_follow(scope, &new, &asked.ways).await?;
        }
        if asked.is_former { Ok(()) } else { self.person_opt_out((scope, row.person), &new).await.map(drop) }
    }
}

fn record(new: &NewOutcome<'_>, taken: &TakenOutcome, known: &OutcomeKnown<'_>) -> OutcomeRecord {
    let sale = taken.outcome.sale();
    // What is kept of before keeps its meaning.
    let kept = known.said.last().filter(|_| new.outcome.sale().is_none()).map(|last| last.terms);
    OutcomeRecord {
        // Counted under the lock; the key of the table refuses a number that was given twice.
        number: known.said.last().map_or(1, |newest| newest.number + 1),
        at: known.now,
        kind: taken.outcome.kind(),
        reason: taken.outcome.reason().map(str::to_owned),
        sale,
        // With the figure, as it is now: what the client says of its amounts later is about later ones.
        terms: sale.map(|_| kept.unwrap_or(known.owed.terms)).unwrap_or_default(),
        happened_at: taken.happened_at,
        not_before: taken.due.map(|due| due.at),
        not_before_said: match &taken.outcome {
            Outcome::NotYet { when, .. } => Some(when.to_string()),
            _ => None,
        },
        how: new.how,
        by: new.by.to_string(),
        verdict: None,
    }
}

fn standing<'a>(row: &LeadRow, known: &OutcomeKnown<'_>, promises: &'a [Open]) -> LeadStanding<'a> {
    LeadStanding {
        stage: row.stage,
        is_a: row.decided.is_some_and(|last| last.grade == Grade::A),
        spoken: row.last_conversation_at.is_some(),
        newest: known.said.last().map(|newest| newest.kind),
        is_latest: known.around.is_latest,
        kept_elsewhere: known.around.kept_elsewhere,
        sold_elsewhere: known.around.sold_elsewhere,
        another_open: known.around.another_open,
        promises,
    }
}

impl Transaction {
    /// What follows, written: the lead, its next step, deliveries that nobody needs any more, and the regrade.
    async fn apply(
        &mut self,
        row: &LeadRow,
        OutcomeAbout { new, owed }: OutcomeAbout<'_>,
        KeptOutcome { record: said, due, is_of_former }: &KeptOutcome,
        follows: &Consequences,
    ) -> Result<(), StoreError> {
        if !follows.changes() {
            return Ok(());
        }
        let of_whom = if *is_of_former { " (that was somebody whom the lead is of no more)" } else { "" };
        let why = format!("{}{of_whom}", words_of(said));
        // The promises end before the next is made: one open promise of a kind at a time, by a unique index.
        if matches!(follows.next, FollowUp::Ended | FollowUp::Work | FollowUp::OnDate) {
            let promises = PromisesToEnd::These(&follows.ended);
            let is_sold = said.kind == OutcomeKind::Won;
            let end = LeadEnding { lead: row.id, by: SaidBy::Client(&owed.client), why: &why, promises, is_sold };
            let terms = Terms::default();
            let change = AppointmentChange { actor: new.actor, terms: &terms, now: said.at, fresh_id: new.fresh_id };
            self.lead_let_go(&end, change).await?;
        } else {
            self.promises_end_by(
                row.id,
                &follows.ended,
                EndReason { by: SaidBy::Client(&owed.client), why: &why },
                said.at,
            )
            .await?;
        }
        let mut row = row.clone();
        if let Some((kind, state, due)) = step(follows.next, *due, said.at) {
            // A date that the client named was agreed with nobody: it stands until the person enquires again. What is for now is marked as
            // agreed, so that no computed date takes its place.
            let agreed = kind == Kind::Requalify && follows.next != FollowUp::OnDate;
            // The date that a client named is one of the person's calendar.
            let home = owed.places.first().and_then(|place| place.zone_name());
            let zone = home.filter(|_| follows.next == FollowUp::OnDate);
            let next =
                NewPromise { kind, state, due, zone, why: &why, from_whom: SaidBy::Client(&owed.client), agreed };
            self.promise_insert(&mut row, &next, said.at).await?;
        }
        self.lead_said(row.id, follows, said, row.generation).await?;
        // A lead that ended needs no decision: nothing of it is graded or delivered any more.
        if follows.next == FollowUp::Ended {
            return Ok(());
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
fn event_of(lead: LeadId, delivery: DeliveryId, said: &OutcomeRecord) -> Event {
    let outcome = told(delivery, said);
    let detail = EventDetail::Outcome(Box::new(LeadOutcome { outcome: outcome.into(), ..LeadOutcome::default() }));
    // Counted by the outcome's number: a changed mind is news, the same outcome recorded again after a conflict is
    // not.
    let cause = Uuid::new_v5(&delivery.uuid(), &said.number.to_be_bytes());
    Event { lead, detail, cause, mailed: true, unasked: false, due_at: said.at }
}

/// An outcome as programs are told of it.
pub(crate) fn told(delivery: DeliveryId, said: &OutcomeRecord) -> RecordedOutcome {
    RecordedOutcome {
        number: said.number.into(),
        outcome: said.kind.into(),
        reason: Member::or_null(said.reason.clone()),
        amount: Member::or_null(said.sale.map(|sale| sale.amount_text())),
        currency: Member::or_null(said.sale.map(|sale| sale.currency.to_string())),
        amount_is: Member::if_some(said.terms.meaning),
        amount_share: Member::if_some(said.terms.share.map(|share| share.normalize().to_string())),
        happened_at: Member::if_some(has_date(said.kind).then_some(said.happened_at)),
        not_before: Member::or_null(said.not_before),
        said_by: said.by.clone().into(),
        at: said.at.into(),
        of: delivery.into(),
        verdict: Member::if_some(said.verdict.as_ref().map(|one| one.verdict)),
        verdict_reason: Member::if_some(said.verdict.as_ref().map(|one| one.why.clone())),
        ..RecordedOutcome::default()
    }
}

/// Whether it is something that happened on a day of its own.
const fn has_date(kind: OutcomeKind) -> bool {
    matches!(kind, OutcomeKind::Won | OutcomeKind::Lost)
}

/// What the client said, as it is recorded, and for people.
fn words_of(said: &OutcomeRecord) -> String {
    let reason = said.reason.as_deref().map(|reason| format!(": {}", reason_in_words(reason))).unwrap_or_default();
    let what = match said.kind {
        OutcomeKind::Accepted => "the client accepted it",
        OutcomeKind::Returned => "the client returned it",
        OutcomeKind::NotYet => "not ready yet, says the client",
        OutcomeKind::Won => "the client won it",
        OutcomeKind::Lost => "the client lost it",
    };
    format!("{what}{reason}")
}
