//! What the manager of the demonstration does in its last days, so that pages show what is rare: leads taken back, closed and
//! opened again, dates moved, a return judged, numbers barred, what was kept apart let go.

use anyhow::Context as _;
use jiff::{RoundMode, SignedDuration, Timestamp, TimestampRound, Unit};
use ripen_actions::{
    Action, Refusal,
    consent_review::{self, JudgeConsent},
    lead::{self, RecallLead, TouchLead},
    lead_close::{CloseLead, ReopenLead},
    person::PersonQuery,
    promise::MovePromise,
    quarantine::{self, DropQuarantined, QuarantineChoice, ReleaseQuarantined},
    rep::SetRep,
    return_verdict::JudgeReturn,
    suppression::SuppressIdentity,
    user::SetUser,
};
use ripen_domain::{
    actor::Actor,
    calling::{Place, is_allowed},
    id::{DeliveryId, LeadId, UserId},
    outcome::Verdict,
    promise::When,
    routing::Pause,
    touch::Disposition,
};
use ripen_store::arrival::quarantine::QuarantineFilter;

use super::past::PastDesk;

/// Something that the manager does, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chore {
    /// Somebody leaves the firm.
    PauseUser,
    /// A rep goes on leave: what comes for them is held.
    PauseRep,
    /// A lead that went out by mistake.
    Recall,
    /// Leads of which nothing will come, of which one is opened again.
    Close,
    /// A date is moved.
    MovePromise,
    /// Calls are agreed for the last moment before the end at which the person may be called: nobody gets round to all of them.
    Agree,
    /// A return is right.
    JudgeReturn,
    /// Somebody wrote a letter.
    Suppress,
    /// A look at what was kept apart.
    Quarantine,
    /// A look at who never enquired.
    Consent,
    /// Words for the agents.
    Note,
}

/// When, in hours before the end.
pub const CHORES: [(i64, Chore); 16] = [
    (26 * 24, Chore::Close),
    (20 * 24, Chore::Recall),
    (19 * 24, Chore::PauseRep),
    (11 * 24, Chore::Quarantine),
    (10 * 24, Chore::Consent),
    (9 * 24, Chore::Suppress),
    (5 * 24, Chore::PauseUser),
    (78, Chore::Agree),
    (75, Chore::Recall),
    (54, Chore::Agree),
    (50, Chore::Close),
    (28, Chore::MovePromise),
    (27, Chore::JudgeReturn),
    (26, Chore::Agree),
    (7, Chore::Suppress),
    (3, Chore::Note),
];

/// So many calls are agreed at once.
const AGREED: usize = 5;
/// Of so many leads one is looked for that something can be done with.
const LOOKED_AT: usize = 60;

/// What the manager looks at.
pub struct ManagersView<'a> {
    /// Who.
    pub actor: &'a Actor,
    /// Who may say who signs in.
    pub admin: &'a Actor,
    /// When the history ends.
    pub end: Timestamp,
    /// Leads that were worked, the last one last.
    pub worked: &'a [LeadId],
    /// Leads that clients got, the last one last.
    pub sent: &'a [LeadId],
    /// Deliveries of which a return was said.
    pub returned: &'a [DeliveryId],
    /// Who leaves.
    pub leaves: Option<UserId>,
    /// Who goes on leave.
    pub on_leave: Option<OnLeave<'a>>,
}

/// The only rep of a client, who goes on leave.
pub struct OnLeave<'a> {
    /// The client's short name.
    pub client: &'a str,
    /// The rep's address.
    pub rep: &'a str,
}

impl ManagersView<'_> {
    /// Does it.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn run(&self, past: &PastDesk, chore: Chore) -> anyhow::Result<()> {
        match chore {
            Chore::PauseUser => {
                let Some(user) = self.leaves else { return Ok(()) };
                past.actions.run(self.admin, &SetUser { is_paused: Some(true), ..SetUser::of(user) }).await?;
                Ok(())
            }
            Chore::PauseRep => {
                let Some(OnLeave { client, rep }) = self.on_leave else { return Ok(()) };
                let (client, rep) = (client.to_owned(), rep.to_owned());
                self.tried(past, &SetRep { client, rep, pause: Some(Some(Pause::Open)), ..SetRep::default() }).await
            }
            Chore::Recall => {
                let why = || "Went to you by mistake: the person lives elsewhere".to_owned();
                self.first(past, self.sent, |lead: LeadId| RecallLead { lead, why: why() }).await.map(drop)
            }
            Chore::Close => self.close(past).await,
            Chore::MovePromise => {
                let moved = |lead: LeadId| MovePromise {
                    lead,
                    to: When::Ahead(3),
                    why: "Is away until then".to_owned(),
                    agreed: true,
                };
                self.first(past, self.worked, moved).await.map(drop)
            }
            Chore::Agree => self.agree(past).await,
            Chore::JudgeReturn => {
                let Some(delivery) = self.returned.first().copied() else { return Ok(()) };
                let (verdict, why) = (Verdict::Upheld, "They are right: it is their customer".to_owned());
                self.tried(past, &JudgeReturn { delivery, verdict, why }).await
            }
            Chore::Suppress => self.suppress(past).await,
            Chore::Quarantine => self.look_at_quarantine(past).await,
            Chore::Consent => self.judge_consent(past).await,
            Chore::Note => {
                let note = Some("The manager: please ask for the postcode, two reps share this town.".to_owned());
                let touch = |lead: LeadId| TouchLead {
                    touch: None,
                    lead,
                    disposition: Disposition::Note,
                    answer: Vec::new(),
                    note: note.clone(),
                    next: None,
                };
                self.first(past, self.worked, touch).await.map(drop)
            }
        }
    }

    /// Does it where it can be done: what cannot is a refusal that a manager would read, and goes on.
    async fn tried<A: Action>(&self, past: &PastDesk, action: &A) -> anyhow::Result<()> {
        match past.actions.run(self.actor, action).await {
            Ok(_) => Ok(()),
            Err(Refusal::Store(error)) => Err(error.into()),
            Err(refusal) => {
                tracing::debug!(%refusal, "something in the history of the demonstration was refused");
                Ok(())
            }
        }
    }

    /// Does it with the newest of these that it can be done with.
    async fn first<A: Action>(
        &self,
        past: &PastDesk,
        of: &[LeadId],
        action: impl Fn(LeadId) -> A + Send,
    ) -> anyhow::Result<Option<LeadId>> {
        for lead in of.iter().rev().take(LOOKED_AT) {
            match past.actions.run(self.actor, &action(*lead)).await {
                Ok(_) => return Ok(Some(*lead)),
                Err(Refusal::Store(error)) => return Err(error.into()),
                Err(_) => {}
            }
        }
        Ok(None)
    }

    async fn close(&self, past: &PastDesk) -> anyhow::Result<()> {
        let close = |why: &'static str| move |lead: LeadId| CloseLead { lead, why: why.to_owned() };
        self.first(past, self.worked, close("Moved abroad")).await?;
        let second = self.first(past, self.worked, close("Asked twice for another town")).await?;
        if let Some(lead) = second {
            past.go_on(past.now().saturating_add(SignedDuration::from_mins(20))?);
            self.tried(past, &ReopenLead { lead, why: "The town is ours after all".to_owned() }).await?;
        }
        Ok(())
    }

    async fn agree(&self, past: &PastDesk) -> anyhow::Result<()> {
        let mut agreed = 0;
        for lead in self.worked.iter().rev().take(LOOKED_AT) {
            let places = lead::find(&past.actions, self.actor, *lead).await?.places();
            let Some((home, to)) = places.first().zip(self.last_moment(past, &places)) else { continue };
            let to = When::Moment(home.zone.to_datetime(to));
            let request = MovePromise { lead: *lead, to, why: "Asked to be called then".to_owned(), agreed: true };
            match past.actions.run(self.actor, &request).await {
                Ok(_) => agreed += 1,
                Err(Refusal::Store(error)) => return Err(error.into()),
                Err(_) => {}
            }
            if agreed == AGREED {
                break;
            }
        }
        Ok(())
    }

    /// The last half hour before the end, and some time after now, at which somebody there may be called.
    fn last_moment(&self, past: &PastDesk, places: &[Place]) -> Option<Timestamp> {
        let half_hour = TimestampRound::new().smallest(Unit::Minute).increment(30).mode(RoundMode::Floor);
        let last = self.end.checked_sub(SignedDuration::from_mins(10)).ok()?.round(half_hour).ok()?;
        let earliest = past.now().checked_add(SignedDuration::from_hours(2)).ok()?;
        let before = |steps: i64| last.checked_sub(SignedDuration::from_mins(30 * steps)).ok();
        (0..200)
            .filter_map(before)
            .take_while(|at| *at > earliest)
            .find(|at| is_allowed(*at, &past.actions.hours, places))
    }

    async fn suppress(&self, past: &PastDesk) -> anyhow::Result<()> {
        for lead in self.worked.iter().rev().skip(7) {
            let email = lead::find(&past.actions, self.actor, *lead).await?.profile.email;
            if email.is_some() {
                let of = PersonQuery { email, phone: None };
                let why = "Wrote a letter: no more calls or mails".to_owned();
                return self.tried(past, &SuppressIdentity { of, client: None, why }).await;
            }
        }
        Ok(())
    }

    async fn look_at_quarantine(&self, past: &PastDesk) -> anyhow::Result<()> {
        let filter = QuarantineFilter { is_usable: true, limit: 2, ..QuarantineFilter::default() };
        let kept = quarantine::list(&past.actions, self.actor, &filter).await?;
        let named = |at: usize| kept.get(at).map(|one| QuarantineChoice::Named(vec![one.arrival.id]));
        if let Some(which) = named(0) {
            self.tried(past, &ReleaseQuarantined { which, why: Some("Is a person after all".to_owned()) }).await?;
        }
        if let Some(which) = named(1) {
            self.tried(past, &DropQuarantined { which, why: Some("Our own test".to_owned()) }).await?;
        }
        Ok(())
    }

    async fn judge_consent(&self, past: &PastDesk) -> anyhow::Result<()> {
        let open = consent_review::list(&past.actions, self.actor).await?;
        let Some(review) = open.first() else { return Ok(()) };
        let why = "The form is logged with time and address".to_owned();
        self.tried(past, &JudgeConsent { lead: review.lead, holds: true, why }).await
    }
}

/// When a chore is done.
///
/// # Errors
/// Before the beginning of time.
pub fn chore_at(end: Timestamp, hours: i64) -> anyhow::Result<Timestamp> {
    end.checked_sub(SignedDuration::from_hours(hours)).context("a chore before the beginning of time")
}
