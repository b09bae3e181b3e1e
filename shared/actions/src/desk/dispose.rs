//! A disposition commits what was typed: answers, note, how it went and what follows, in one transaction with the end of the
//! lease. What it replaced is kept for as long as it can be taken back.

use std::fmt;

use jiff::Timestamp;
use ripen_domain::{
    actor::Permission,
    contact::{Identity, Phone},
    id::{LeadId, UserId},
    touch::Disposition,
};
use ripen_store::{
    desk::{
        draft::{DeskDraft, DraftRef},
        lease::LeaseRef,
        undo::UndoRecord,
    },
    lead::{
        last_touch::LastTouch,
        touch::{NumberMeant, StopWish},
        undo::LeadBefore,
    },
    person::co_decider::LearnedDecider,
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    draft::CommittedWords,
    take::lost_after,
    undo::{Before, OpenedBefore},
    user_of,
};
use crate::{
    Action, FieldErrors, Refusal, Work, check,
    lead::{LONGEST_WHY, NewAnswer, NextWish, TouchLead, TouchTerms, Touched},
    opportunity::{NewOpportunity, RecordOpportunity},
    work::AuditChange,
};

/// At most so many co-deciders, and so many identities, in one disposition.
const MOST: usize = 20;

/// Ends the work on a lead. What was typed is committed, the lease ends, and its draft is gone; a newer one of another tab stays.
#[derive(Debug, Clone)]
pub struct Dispose {
    /// The lead.
    pub lead: LeadId,
    /// As it was taken: it must be the actor's still. `Conflict` (`lease_lost`) where it ended or is somebody else's.
    pub lease: Uuid,
    /// The same id again is the same disposition. Without one, the same content under the same lease is.
    pub touch: Option<Uuid>,
    /// How it went.
    pub disposition: Disposition,
    /// With a number that is wrong or dead: which one was shown to whoever called. It is given up also where the person is known by
    /// another one by now, which stays. What the desk itself dialed counts before it. Without one it is the number that the person is
    /// known by; `Conflict` (`number_changed`) where that is another than when the lead was opened.
    pub phone: Option<String>,
    /// Answers to questions of the script.
    pub answer: Vec<NewAnswer>,
    /// Words to keep.
    pub note: Option<String>,
    /// The next step that was agreed with the person.
    pub next: Option<NextWish>,
    /// With `do_not_contact`: how far it goes; by default for the client and everything that leads to the person.
    pub stop: Option<StopContact>,
    /// Who decides with the person.
    pub co_deciders: Vec<NewCoDecider>,
    /// The possible business, where it was named: the lead becomes an opportunity.
    pub opportunity: Option<NewOpportunity>,
    /// All that a page has typed beside the note, as its drafts keep it: with it the disposition and what was picked are there again
    /// once it is taken back. The answers alone where there is none.
    pub draft: Option<Map<String, Value>>,
    /// The draft's version that whoever commits was shown, or saved last: one that is newer and says something else is another tab's,
    /// and stays.
    pub version: Option<i64>,
}

impl Dispose {
    /// A disposition that brought nothing but itself.
    #[must_use]
    pub const fn of(lead: LeadId, lease: Uuid, disposition: Disposition) -> Self {
        Self {
            lead,
            lease,
            touch: None,
            disposition,
            phone: None,
            answer: Vec::new(),
            note: None,
            next: None,
            stop: None,
            co_deciders: Vec::new(),
            opportunity: None,
            draft: None,
            version: None,
        }
    }
}

/// How far a wish not to be contacted goes. `Debug` shows no address.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct StopContact {
    /// For every client of the firm, not only this one.
    pub for_firm: bool,
    /// These addresses and numbers only, as the person has them; all where there are none.
    pub identities: Vec<String>,
}

impl fmt::Debug for StopContact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StopContact").field("for_firm", &self.for_firm).finish_non_exhaustive()
    }
}

/// Somebody who decides with the person. `Debug` shows nothing: it is contact data.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct NewCoDecider {
    /// As it was said.
    pub name: String,
    /// What they are to the person.
    pub relation: String,
    /// As people there write a number.
    pub phone: Option<String>,
    /// Where they are mailed.
    pub email: Option<String>,
}

impl fmt::Debug for NewCoDecider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewCoDecider(…)")
    }
}

/// What was committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disposed {
    /// The touch, as `TouchLead` tells of it.
    pub touched: Touched,
    /// Until when it can be taken back; none where it cannot.
    pub undo_until: Option<Timestamp>,
    /// A draft that another tab saved since, or another machine, and that was not committed: it stays.
    pub keeps_draft: bool,
}

impl Action for Dispose {
    type Done = Disposed;

    const PERMISSION: Permission = Permission::Work;

    fn is_for_any_client(&self) -> bool {
        true
    }

    async fn act(&self, work: &mut Work<'_>) -> Result<Disposed, Refusal> {
        let (user, scope) = (user_of(work)?, work.scope());
        // First of all the locks: what is kept for taking it back is what the touch found.
        let before = work.tx.lead_before(scope, self.lead).await?;
        let before = before.ok_or_else(|| Refusal::missing("lead", self.lead))?;
        let last = work.tx.last_touch_of(scope, self.lead).await?;
        let mut errors = FieldErrors::default();
        let checked = self.check(work, &before, &mut errors).await?;
        let stop = StopWish { for_firm: checked.for_firm, identities: &checked.identities };
        let opened = self.number_opened(work, user).await?;
        let number = match (&checked.number, &opened) {
            (Some(shown), _) => NumberMeant::Shown(shown),
            (None, Some(opened)) => NumberMeant::Opened(opened.as_ref()),
            (None, None) => NumberMeant::Own,
        };
        // What is wrong with the touch is told together with the rest; whatever it wrote is undone by the refusal.
        let terms = TouchTerms { stop, undo_until: self.undo_until(work), number };
        let touched = match self.touch().record(work, terms).await {
            Err(Refusal::Invalid(more)) => Err(errors.and(more)),
            touched => touched,
        };
        if touched.is_ok() {
            errors.finish()?;
        }
        let touched = touched?;
        if touched.is_repeated {
            // Its answer was lost: everything was done with the first.
            let kept = work.tx.desk_undo_lock(scope, touched.touch).await?;
            let undo_until = kept.filter(|kept| kept.user == user && !kept.is_done).map(|kept| kept.until);
            let draft = work.tx.desk_draft(scope, DraftRef { user, lead: self.lead }).await?;
            return Ok(Disposed { touched, undo_until, keeps_draft: draft.is_some() });
        }
        let of = DraftRef { user, lead: self.lead };
        // Under its lock: what another saving brings while this runs is another draft, and stays.
        let stored = work.tx.desk_draft_lock(scope, of).await?;
        let draft = self.typed(stored.as_ref(), work.now);
        let is_covered = stored.as_ref().map(|stored| self.committed(&draft).cover(stored));
        let held = work.tx.desk_leases_of(user).await?.into_iter().find(|held| held.lead == self.lead);
        let phone = work.tx.desk_lease_number(LeaseRef { lead: self.lead, user, lease: self.lease }).await?;
        let opened = held.map(|held| OpenedBefore { rank: held.rank.word().to_owned(), why: held.why, phone });
        // Behind the touch, whose id tells a repetition from a lease that was lost.
        self.end_lease(work, user, last.as_ref()).await?;
        for one in &checked.co_deciders {
            let id = work.fresh_id();
            work.tx.co_decider_add(work.actor, (id, self.lead), one).await?;
        }
        if !checked.co_deciders.is_empty() {
            // How many, and not who: their names lie with the lead, where they are erased.
            let after = json!({"touch": touched.touch, "added": checked.co_deciders.len()});
            work.changed("lead.co_deciders", self.lead, AuditChange::added(before.client, after));
        }
        if let Some(said) = &self.opportunity {
            RecordOpportunity { lead: self.lead, said: said.clone() }.act(work).await?;
        }
        if is_covered == Some(true) {
            work.tx.desk_draft_drop(scope, of).await?;
        }
        let keeps_draft = is_covered == Some(false);
        let undo_until =
            self.keep_undo(work, (user, touched.touch), Before { lead: before, draft: Some(draft), opened }).await?;
        Ok(Disposed { touched, undo_until, keeps_draft })
    }
}

/// What stands beside the touch, checked.
struct CheckedDisposition {
    for_firm: bool,
    identities: Vec<Identity>,
    co_deciders: Vec<LearnedDecider>,
    /// Which number is wrong, where one is and it was said which.
    number: Option<Phone>,
}

impl Dispose {
    fn touch(&self) -> TouchLead {
        TouchLead {
            touch: Some(self.touch.unwrap_or_else(|| self.content_id())),
            lead: self.lead,
            disposition: self.disposition,
            answer: self.answer.clone(),
            note: self.note.clone(),
            next: self.next.clone(),
        }
    }

    /// The id of who names none: a program that repeats its request after a time-out must not count a second try.
    fn content_id(&self) -> Uuid {
        let mut answers: Vec<_> = self.answer.iter().map(|one| (&one.question, one.value.to_string())).collect();
        answers.sort_unstable();
        let stop = self.stop.as_ref().map(|stop| (stop.for_firm, &stop.identities));
        let decider = |one: &NewCoDecider| json!([one.name, one.relation, one.phone, one.email]);
        let deciders: Vec<_> = self.co_deciders.iter().map(decider).collect();
        let next = self.next.as_ref().map(|next| (format!("{:?}", next.when), &next.why));
        let opportunity = self.opportunity.as_ref().map(|said| format!("{said:?}"));
        let mut content =
            vec![json!([self.lead, self.disposition.word(), answers, self.note, next, stop, deciders, opportunity])];
        // Beside the rest: without it the id is the one that it always was.
        content.extend(self.phone.as_ref().map(|phone| json!(phone)));
        let content = content.iter().map(Value::to_string).collect::<String>();
        Uuid::new_v5(&self.lease, content.as_bytes())
    }

    /// What was typed, as it is a draft again once the disposition is taken back: at the version that the page knows.
    fn typed(&self, stored: Option<&DeskDraft>, now: Timestamp) -> DeskDraft {
        let answers = || self.answer.iter().map(|one| (one.question.clone(), one.value.clone())).collect();
        let answers = self.draft.clone().unwrap_or_else(answers);
        let version = stored.map_or(1, |stored| stored.version);
        let (lead, note) = (self.lead, self.note.clone().unwrap_or_default());
        DeskDraft { lead, note, answers, saved_at: now, version, touch: None }
    }

    /// What is committed, of what is typed.
    const fn committed<'t>(&self, typed: &'t DeskDraft) -> CommittedWords<'t> {
        CommittedWords { note: typed.note.as_str(), answers: &typed.answers, version: self.version, touch: self.touch }
    }

    async fn check(
        &self,
        work: &mut Work<'_>,
        before: &LeadBefore,
        errors: &mut FieldErrors,
    ) -> Result<CheckedDisposition, Refusal> {
        let stop = self.stop.clone().unwrap_or_default();
        let stops = self.disposition == Disposition::DoNotContact;
        errors.require(stops || self.stop.is_none(), "stop", "invalid", || {
            "how far a wish not to be contacted goes is said with do_not_contact only".to_owned()
        });
        errors.require(self.disposition != Disposition::CallBack || self.next.is_some(), "next", "required", || {
            "say when to call back".to_owned()
        });
        let known = work.tx.person_identities(work.scope(), before.person).await?;
        let mut identities = Vec::new();
        for (at, given) in stop.identities.iter().take(MOST).enumerate() {
            match known.iter().find(|identity| identity.value() == given.trim()) {
                Some(identity) => identities.push(identity.clone()),
                None => errors.add(format!("stop.identities.{at}"), "unknown", "the person was never known by this"),
            }
        }
        for (field, count) in [("co_deciders", self.co_deciders.len()), ("stop.identities", stop.identities.len())] {
            errors.require(count <= MOST, field, "too_long", || format!("at most {MOST} at once"));
        }
        let scope = work.scope();
        let country = work.tx.country_of_person(scope, before.person).await?;
        let co_deciders = self.co_deciders.iter().take(MOST).enumerate();
        let co_deciders =
            co_deciders.map(|(at, one)| one.checked((at, country.as_deref()), work.now, errors)).collect();
        if let Some(said) = &self.opportunity {
            said.read(errors);
        }
        let number = self.number(&self.with_opened(work, known).await?, country.as_deref(), errors);
        Ok(CheckedDisposition { for_firm: stop.for_firm, identities, co_deciders, number })
    }

    /// What the person is or was known by, and the number that the lead was opened with: where a sender named somebody else meanwhile,
    /// that one leads to nobody any more, and it is the one that was called.
    async fn with_opened(&self, work: &mut Work<'_>, mut known: Vec<Identity>) -> Result<Vec<Identity>, Refusal> {
        if self.given_number().is_some() && self.disposition.gives_up_number() {
            let user = user_of(work)?;
            let of = LeaseRef { lead: self.lead, user, lease: self.lease };
            let opened = work.tx.desk_lease_number(of).await?;
            known.extend(opened.and_then(|number| Identity::stored("phone", &number)));
        }
        Ok(known)
    }

    fn given_number(&self) -> Option<&str> {
        self.phone.as_deref().map(str::trim).filter(|given| !given.is_empty())
    }

    /// Which number is given up, where it was said; as it is stored, or as somebody types it.
    fn number(&self, known: &[Identity], country: Option<&str>, errors: &mut FieldErrors) -> Option<Phone> {
        let given = self.given_number()?;
        if !self.disposition.gives_up_number() {
            return None;
        }
        let phones = || {
            known.iter().filter_map(|identity| match identity {
                Identity::Phone(phone) => Some(phone),
                Identity::Email(_) => None,
            })
        };
        let read = || Phone::parse(given, country).ok().map(|read| read.phone);
        let found = phones().find(|phone| phone.as_str() == given).cloned();
        let found = found.or_else(|| read().filter(|read| phones().any(|phone| phone.number() == read.number())));
        errors.require(found.is_some(), "phone", "unknown", || "the person was never known by this number".to_owned());
        found
    }

    /// The number that the person was known by when the lead was opened, none where there was none; where that is asked for and known.
    async fn number_opened(&self, work: &mut Work<'_>, user: UserId) -> Result<Option<Option<Phone>>, Refusal> {
        // A number that was named and is none is refused at its field.
        if self.given_number().is_some() || !self.disposition.gives_up_number() {
            return Ok(None);
        }
        let number = work.tx.desk_lease_number(LeaseRef { lead: self.lead, user, lease: self.lease }).await?;
        Ok(number.map(|number| match Identity::stored("phone", &number) {
            Some(Identity::Phone(phone)) if !number.is_empty() => Some(phone),
            _ => None,
        }))
    }

    /// The lease is the actor's still, also after a silence in which nobody else took the lead. What ended is not saved under: a
    /// colleague may have agreed another date since, or another tab has saved this very call.
    async fn end_lease(&self, work: &mut Work<'_>, user: UserId, last: Option<&LastTouch>) -> Result<(), Refusal> {
        if work.tx.desk_lease_end(LeaseRef { lead: self.lead, user, lease: self.lease }).await? {
            return Ok(());
        }
        let typed = self.typed(None, work.now);
        Err(lost_after(work, self.lead, (Some(&self.committed(&typed)), last)).await?)
    }

    /// Until when it can be taken back.
    fn undo_until(&self, work: &Work<'_>) -> Option<Timestamp> {
        // Who asked not to be contacted is not contacted, also where the key was hit by mistake: that is lifted as such.
        let until = work.now.saturating_add(work.actions.undo).unwrap_or(work.now);
        (self.disposition != Disposition::DoNotContact).then_some(until)
    }

    async fn keep_undo(
        &self,
        work: &mut Work<'_>,
        (user, touch): (UserId, Uuid),
        before: Before,
    ) -> Result<Option<Timestamp>, Refusal> {
        let Some(until) = self.undo_until(work) else { return Ok(None) };
        let (client, now, scope) = (before.lead.client, work.now, work.scope());
        let before = serde_json::to_value(&before).unwrap_or(Value::Null);
        let kept = UndoRecord { touch, lead: self.lead, client, user, before, until, is_done: false };
        work.tx.desk_undo_keep(scope, &kept, now).await?;
        Ok(Some(until))
    }
}

impl NewCoDecider {
    /// `place` is which of them it is, for the names of its fields.
    fn checked(
        &self,
        (place, country): (usize, Option<&str>),
        at: Timestamp,
        errors: &mut FieldErrors,
    ) -> LearnedDecider {
        let field = |name: &str| format!("co_deciders.{place}.{name}");
        let name = errors.needed_words(&field("name"), &self.name, LONGEST_WHY, "say who decides with the person");
        let relation = errors.words(&field("relation"), Some(&self.relation), LONGEST_WHY).unwrap_or_default();
        let given =
            |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let phone = given(&self.phone).and_then(|text| {
            let read = Phone::parse(&text, country).map_err(|why| format!("the number {why}"));
            errors.take(&field("phone"), read).map(|read| read.phone.as_str().to_owned())
        });
        let email = given(&self.email).and_then(|text| errors.take(&field("email"), check::email(&text)));
        let email = email.map(|email| email.as_str().to_owned());
        LearnedDecider { name, relation, phone, email, at }
    }
}
