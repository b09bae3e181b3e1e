//! Touches: what a person of the firm did with a lead, recorded with everything that follows from it in one transaction. The
//! lead is decided again afterwards, by the qualifier, because of the regrade that is written beside it.

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    actor::Actor,
    contact::{Identity, Phone},
    delivery::{EventDetail, LeadUpdate, UpdateKind},
    id::{ClientId, DeliveryId, LeadId, PersonId, UserId},
    promise::Kind,
    said_by::SaidBy,
    touch::{Disposition, TouchResult, effect},
};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Scope, StoreError, Transaction,
    delivery::event::Event,
    lead::{
        lead_row::LeadRow,
        lock::{Lockable, ReplacementStep},
        review::NewReview,
        worked::{Worked, WorkedLead},
    },
    promise::agree::Agreed,
    suppression::write::{ASKED, NewSuppression},
};

/// What is learned of a lead that a client has is told after the lead was decided again: the decision withdraws it where the lead is no
/// A any more. Not before it can be taken back no more, where it can: what a client was told is in its programs and mails for good.
const DECIDED_WITHIN: SignedDuration = SignedDuration::from_secs(5);
/// A second tap within this time is the same try.
const SAME_TAP: SignedDuration = SignedDuration::from_secs(60);

/// An answer that a touch brought, checked before.
#[derive(Debug, Clone, PartialEq)]
pub struct TouchAnswer {
    /// The question's id.
    pub question: String,
    /// As given.
    pub value: Value,
}

/// A touch to record.
#[derive(Debug, Clone, Copy)]
pub struct NewTouch<'a> {
    /// The same id again is the same touch.
    pub id: Uuid,
    /// The lead.
    pub lead: LeadId,
    /// How it went.
    pub disposition: Disposition,
    /// What it brought.
    pub answers: &'a [TouchAnswer],
    /// Words to keep.
    pub note: Option<&'a str>,
    /// The next step, where one was agreed.
    pub agreed: Option<Agreed<'a>>,
    /// With a wish not to be contacted: how far it goes.
    pub stop: StopWish<'a>,
    /// Until when it can be taken back; none where it cannot.
    pub undo_until: Option<Timestamp>,
    /// What it says of a number, it says of this one, unless another was dialed by the desk.
    pub number: NumberMeant<'a>,
}

/// Which number of a person is meant by who says that it is wrong. A page stands open for minutes, and meanwhile somebody may write down
/// the right one: that one was called by nobody.
#[derive(Debug, Clone, Copy, Default)]
pub enum NumberMeant<'a> {
    /// The one that the person is known by.
    #[default]
    Own,
    /// This one was shown, whatever the person is known by now.
    Shown(&'a Phone),
    /// The person was known by this one when the lead was opened; none where there was no number. Where it is another by now, nobody
    /// knows which is meant.
    Opened(Option<&'a Phone>),
}

/// How far a wish not to be contacted goes; by default for the client, and under everything that leads to the person.
#[derive(Debug, Clone, Copy, Default)]
pub struct StopWish<'a> {
    /// For every client of the firm.
    pub for_firm: bool,
    /// Only these addresses and numbers are kept; all of the person's where there are none.
    pub identities: &'a [Identity],
}

/// What somebody of the client did with a lead that it has. Nothing follows from it for the firm's own work: it was not the
/// firm that called.
#[derive(Debug, Clone, Copy)]
pub struct ClientTouch<'a> {
    /// The same id again is the same touch.
    pub id: Uuid,
    /// The lead.
    pub lead: LeadId,
    /// Whose.
    pub client: ClientId,
    /// The delivery that handed it over.
    pub delivery: DeliveryId,
    /// Who did it.
    pub by: SaidBy<'a>,
    /// How it went.
    pub disposition: Disposition,
}

/// A call in vain to record.
#[derive(Debug, Clone, Copy)]
pub struct NewTry<'a> {
    /// The delivery that handed the lead over.
    pub delivery: DeliveryId,
    /// The id of the touch.
    pub id: Uuid,
    /// Who called.
    pub by: &'a Actor,
}

/// A try that was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TriedTouch {
    /// The lead.
    pub lead: LeadId,
    /// Whose.
    pub client: ClientId,
    /// It was not recorded a moment ago.
    pub is_new: bool,
}

/// A touch as it is stored.
#[derive(Clone, Copy)]
struct TouchRow<'a> {
    client: ClientId,
    by: &'a Actor,
    new: &'a NewTouch<'a>,
    /// It used a round.
    round: bool,
}

impl Transaction {
    /// Records a touch with everything that follows from it but the decision, which the regrade asks for.
    pub async fn touch(&mut self, actor: &Actor, new: &NewTouch<'_>, now: Timestamp) -> Result<Worked, StoreError> {
        // The locks first: what follows from the touch depends on the open promises, which a batch may be about to
        // end.
        let mut held = match self.lead_hold_to_touch(actor.scope(), new).await? {
            Lockable::LockedLead(held) => held,
            // The same touch again, which itself closed the lead, is answered like the first.
            Lockable::Not(Worked::Closed(_)) if self.touch_is_of(new.id, new.lead, actor.user_id()).await? => {
                return Ok(Worked::Again);
            }
            Lockable::Not(why) => return Ok(why),
        };
        let brought = TouchResult {
            disposition: new.disposition,
            answers: new.answers.len(),
            agreed: new.agreed.is_some(),
            is_again: new.disposition.is_attempt() && !self.owed_tries(&[new.lead]).await?.is_empty(),
        };
        let effect = effect(&held.promises, brought, now);
        // Before anything else is written: the same touch again, from a second click or a retry, must not count a
        // second round.
        let row = TouchRow { client: held.row.client, by: actor, new, round: effect.round };
        if self.desk_undo_is_done(new.id).await? {
            return Ok(Worked::Undone);
        }
        let given_up = match self.number_given_up(actor, &held.row, new, now).await? {
            Ok(given_up) => given_up,
            // Said before, of a number that it has given up itself.
            Err(_) if self.touch_is_of(new.id, new.lead, actor.user_id()).await? => return Ok(Worked::Again),
            Err(known) => return Ok(Worked::OtherNumber(known)),
        };
        if !self.touch_insert(&row, now).await? {
            let is_same = self.touch_is_of(new.id, new.lead, actor.user_id()).await?;
            return Ok(if is_same { Worked::Again } else { Worked::OtherTouch });
        }
        self.said_insert(actor, new, now).await?;
        if new.disposition.is_attempt() {
            self.calls_attach((new.id, new.lead), actor.user_id(), now).await?;
        }
        self.enqueue_update(actor, new, now).await?;
        if let Some(generation) = effect.worked {
            self.promise_worked(new.lead, generation, now).await?;
        }
        // After `promise_worked`: the round counts for the promise that was worked on, and only then does the agreed
        // one take its place.
        if let Some(Agreed { due, zone, why }) = new.agreed {
            let because = format!("agreed with the person: {why}");
            let next = ReplacementStep { due, zone, why, agreed: true, by: actor, because: &because };
            self.promise_replace(&mut held.row, effect.replaced, next, now).await?;
            // Whoever agreed it is handed it when it is due.
            if let Some(user) = actor.user_id() {
                self.promise_set_user(new.lead, held.row.generation, user).await?;
            }
        }
        self.lead_touched(&held.row, new, effect.round, now).await?;
        self.person_touched(held.row.person, new.disposition, now).await?;
        if let Some(phone) = given_up {
            self.number_void(held.row.person, &phone, (actor.into(), now)).await?;
        }
        // In the same transaction: a client that has the lead must not call a person who asked not to be contacted.
        if new.disposition == Disposition::DoNotContact {
            self.stop_contact(actor, &held.row, new.stop, now).await?;
        }
        // Work stops in the same transaction: nobody else may call a person who says that they never enquired.
        if new.disposition == Disposition::NeverEnquired {
            let why = new.note.unwrap_or("says that they never enquired");
            let review = NewReview { id: new.id, lead: new.lead, why, by: actor, at: now };
            self.review_open(actor.scope(), &review).await?;
        }
        if new.disposition.is_conversation() {
            self.spoken_note((held.row.client, held.row.person), now).await?;
        }
        // Last, and deciding nothing here: only the qualifier grades, from the facts as they are when it reads them.
        self.regrade_ask(new.lead, "a person worked on it", now).await?;
        let before = held.promises.iter().find(|promise| promise.kind == Kind::Requalify);
        let before = before.and_then(|promise| promise.due_at);
        Ok(Worked::Done(WorkedLead { client: held.row.client, before, effect }))
    }

    /// The number that a disposition says is no way to the person; none for any other disposition. The one that the person is known by
    /// instead, where it is not known which of the two is meant.
    async fn number_given_up(
        &mut self,
        actor: &Actor,
        lead: &LeadRow,
        new: &NewTouch<'_>,
        now: Timestamp,
    ) -> Result<Result<Option<Phone>, Option<Phone>>, StoreError> {
        if !new.disposition.gives_up_number() {
            return Ok(Ok(None));
        }
        // A person has several numbers, and each of them can be dialed: the one that was is wrong, and the one that the person is known
        // by would be void in its place. Asked before the touch takes the call over. Who did not dial by the desk means the one that they
        // were shown, else the one that the person is known by under the lock.
        if let Some(dialed) = self.number_dialed(actor.scope(), lead.id, (actor.user_id(), now)).await? {
            return Ok(Ok(Some(dialed)));
        }
        let known = self.number_of(lead.person).await?;
        // A number stands for itself with each extension: given up, it would take the one with it that was added meanwhile.
        let is_only_extended =
            |shown: &Phone| known.as_ref().is_some_and(|known| known != shown && known.number() == shown.as_str());
        match new.number {
            NumberMeant::Shown(shown) if is_only_extended(shown) => Ok(Err(known)),
            NumberMeant::Opened(opened) if opened != known.as_ref() => Ok(Err(known)),
            NumberMeant::Shown(shown) => Ok(Ok(Some(shown.clone()))),
            NumberMeant::Own | NumberMeant::Opened(_) => Ok(Ok(known)),
        }
    }

    /// The person must not be contacted any more, by the client or the whole firm.
    async fn stop_contact(
        &mut self,
        actor: &Actor,
        lead: &LeadRow,
        stop: StopWish<'_>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let asked = NewSuppression { client: Some(lead.client), why: ASKED, by: actor.into(), at: now };
        if stop.identities.is_empty() {
            self.person_opt_out((actor.scope().within(lead.client), lead.person), &asked).await?;
        } else {
            self.suppress(actor.scope(), &asked, stop.identities).await?;
            self.suppression_follow(actor.scope(), &asked, stop.identities).await?;
        }
        if !stop.for_firm {
            return Ok(());
        }
        let all: Vec<_> = match stop.identities {
            [] => self.ways_of(lead.person).await?,
            some => some.to_vec(),
        };
        let for_all = NewSuppression { client: None, ..asked };
        self.suppress(actor.scope(), &for_all, &all).await?;
        self.suppression_follow(actor.scope(), &for_all, &all).await?;
        Ok(())
    }

    /// The lead under its locks. Whoever won a lead or closed it long ago can still be told not to call again, and then nobody
    /// may; everything else is done with open leads.
    async fn lead_hold_to_touch(&mut self, scope: Scope, new: &NewTouch<'_>) -> Result<Lockable, StoreError> {
        if new.disposition == Disposition::DoNotContact && new.agreed.is_none() {
            self.lead_hold_any(scope, new.lead).await
        } else {
            self.lead_hold(scope, new.lead).await
        }
    }

    /// Whether the touch is new.
    async fn touch_insert(&mut self, row: &TouchRow<'_>, now: Timestamp) -> Result<bool, StoreError> {
        let TouchRow { client, by, new, round } = *row;
        let done = sqlx::query!(
            "-- touch.insert
            insert into touch (id, lead_id, client_id, at, by, disposition, answers, round, user_id)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (id) do nothing",
            new.id,
            new.lead.uuid(),
            client.uuid(),
            now.to_sqlx(),
            by.name(),
            new.disposition.word(),
            i32::try_from(new.answers.len()).unwrap_or(i32::MAX),
            round,
            by.user_id().map(UserId::uuid)
        )
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Whether a touch is of this lead and of this user.
    async fn touch_is_of(&mut self, touch: Uuid, lead: LeadId, user: Option<UserId>) -> Result<bool, StoreError> {
        let row = sqlx::query!("-- touch.whose\nselect lead_id, user_id from touch where id = $1", touch)
            .fetch_optional(self.connection())
            .await?;
        Ok(row.is_some_and(|row| row.lead_id == lead.uuid() && row.user_id == user.map(UserId::uuid)))
    }

    /// Whether a lead has a touch with this id. Waits for whoever works on the lead.
    pub async fn touch_is_there(&mut self, scope: Scope, lead: LeadId, touch: Uuid) -> Result<bool, StoreError> {
        sqlx::query!(
            "-- lead.wait
            select id from lead where id = $1 and ($2::uuid is null or client_id = $2) for share",
            lead.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        let row = sqlx::query!(
            r#"-- touch.is_there
            select exists (select from touch where id = $1 and lead_id = $2 and ($3::uuid is null or client_id = $3)) as "is_there!""#,
            touch,
            lead.uuid(),
            scope.client_uuid()
        )
        .fetch_one(self.connection())
        .await?;
        Ok(row.is_there)
    }

    /// Records what somebody of the client did; whether it is new.
    pub(crate) async fn touch_of_client(&mut self, new: &ClientTouch<'_>, now: Timestamp) -> Result<bool, StoreError> {
        let done = sqlx::query!(
            "-- touch.of_client
            insert into touch (id, lead_id, client_id, delivery_id, at, by, disposition, answers, round)
            values ($1, $2, $3, $4, $5, $6, $7, 0, false) on conflict (id) do nothing",
            new.id,
            new.lead.uuid(),
            new.client.uuid(),
            new.delivery.uuid(),
            now.to_sqlx(),
            new.by.to_string(),
            new.disposition.word()
        )
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// What these persons asked for holds no more: nothing else of theirs is suppressed for it.
    pub(crate) async fn wishes_lift(&mut self, persons: &[PersonId], now: Timestamp) -> Result<(), StoreError> {
        let persons: Vec<_> = persons.iter().map(|person| person.uuid()).collect();
        sqlx::query!(
            "-- touch.lift_wishes
            update touch t set wish_lifted_at = $2 from lead l
            where l.person_id = any($1) and t.lead_id = l.id and t.disposition = 'do_not_contact' and t.wish_lifted_at is null",
            &persons,
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Records that somebody of the client tried to reach a person whose lead was handed over, in vain. One within a minute is the
    /// same tap. None where the scope has no such delivery.
    pub async fn touch_tried(
        &mut self,
        scope: Scope,
        NewTry { delivery, id, by }: NewTry<'_>,
        now: Timestamp,
    ) -> Result<Option<TriedTouch>, StoreError> {
        let Some(owed) = self.outcome_context(scope, delivery).await? else { return Ok(None) };
        // The lead's lock: of two taps at once the second sees the first.
        if self.lock_lead(scope, owed.lead).await?.is_none() {
            return Ok(None);
        }
        let since = now.checked_sub(SAME_TAP).unwrap_or(now);
        let before = sqlx::query!(
            r#"-- touch.just_tried
            select exists (select 1 from touch where delivery_id = $1 and disposition = 'no_answer' and at > $2) as "is_same!""#,
            owed.delivery.uuid(),
            since.to_sqlx()
        )
        .fetch_one(self.connection())
        .await?;
        let (lead, client) = (owed.lead, owed.owner);
        if !before.is_same {
            let disposition = Disposition::NoAnswer;
            let touch = ClientTouch { id, lead, client, delivery: owed.delivery, by: by.into(), disposition };
            self.touch_of_client(&touch, now).await?;
        }
        Ok(Some(TriedTouch { lead, client, is_new: !before.is_same }))
    }

    /// Who has the lead is told what else was learned.
    async fn enqueue_update(&mut self, actor: &Actor, new: &NewTouch<'_>, now: Timestamp) -> Result<(), StoreError> {
        if new.answers.is_empty() && new.note.is_none() || new.disposition == Disposition::DoNotContact {
            return Ok(());
        }
        let kind = if new.disposition.is_conversation() { UpdateKind::Conversation } else { UpdateKind::Note };
        let what = LeadUpdate { kind: kind.into(), by: actor.name().into(), ..LeadUpdate::default() };
        let decided = now.saturating_add(DECIDED_WITHIN).unwrap_or(now);
        let due_at = new.undo_until.map_or(decided, |until| until.max(decided));
        let event = Event {
            lead: new.lead,
            detail: EventDetail::Updated(what),
            cause: new.id,
            mailed: true,
            unasked: false,
            due_at,
        };
        self.enqueue(&[event], now).await?;
        Ok(())
    }
}
