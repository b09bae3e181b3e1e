//! What an agent of the demonstration does: takes the next lead as the desk hands it out, rings, and ends with what the person said.
//! What a person answers is a throw of their own, so that they contradict nothing that they wrote.

use jiff::{SignedDuration, Timestamp};
use ripen_actions::{
    Refusal,
    appointment::{self, BookAppointment, SlotQuery, SlotWish},
    call::{DialCall, ReportCall},
    desk::{self, Dispose, NewCoDecider, OpenedLead, StopContact},
    lead::{self, NewAnswer, NextWish},
    opportunity::NewOpportunity,
};
use ripen_domain::{
    actor::Actor,
    appointment::At,
    call::CallState,
    calling::next_allowed,
    id::{CallId, LeadId},
    promise::When,
    touch::Disposition,
};
use ripen_runtime::random::uuid_v7;
use ripen_store::lead::show::LeadRecord;

use super::{
    dice::Dice,
    enquiries::{Interest, digits},
    past::PastDesk,
    table::{SampleClient, SampleWorld},
};

/// Callbacks are agreed for so many minutes around the end of the history, so that some are due then, late, and to come.
const AROUND_NOW: [i64; 9] = [-1_560, -540, -200, -75, -12, 45, 1_320, 4_320, 20_160];
/// From so long before the end on.
const LAST_DAYS: SignedDuration = SignedDuration::from_hours(9 * 24);

/// Somebody at work.
pub struct AtWork<'a> {
    /// The firm.
    pub world: &'a SampleWorld,
    /// Who.
    pub actor: &'a Actor,
    /// When the history ends.
    pub end: Timestamp,
}

impl AtWork<'_> {
    /// Takes the next lead and works it; none where there is nothing to do.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn work_one(&self, past: &PastDesk) -> anyhow::Result<Option<LeadId>> {
        let Some(opened) = desk::take_next(&past.actions, self.actor).await? else { return Ok(None) };
        let lead = lead::find(&past.actions, self.actor, opened.lead).await?;
        let Some(client) = self.world.client.iter().find(|client| client.slug == lead.client.slug) else {
            return Ok(None);
        };
        let mut call = AgentCall::new(self, &lead, client, past);
        let dialed = call.dial(&opened).await?;
        let how = call.how();
        past.go_on(past.now().saturating_add(call.length(how))?);
        if let Some(id) = dialed {
            call.hang_up(id, how).await?;
        }
        if matches!(how, Disposition::Answered) && call.dice.is_in(35) {
            call.book().await?;
        }
        let said = call.disposition(&opened, how);
        match past.actions.run(self.actor, &said).await {
            Err(Refusal::Store(error)) => return Err(error.into()),
            // A date that the person's country allows no call on: it is a call in vain.
            Err(refusal) => {
                tracing::debug!(%refusal, "a call of the demonstration ends otherwise than it was to");
                let plain = Dispose::of(opened.lead, opened.lease, Disposition::NoAnswer);
                past.actions.run(self.actor, &plain).await?;
            }
            Ok(_) => {}
        }
        Ok(Some(opened.lead))
    }
}

/// One call.
struct AgentCall<'a> {
    work: &'a AtWork<'a>,
    lead: &'a LeadRecord,
    client: &'a SampleClient,
    past: &'a PastDesk,
    dice: Dice,
    /// What the person is known by.
    known_by: String,
    wish: Interest,
    begun: Timestamp,
}

impl<'a> AgentCall<'a> {
    fn new(work: &'a AtWork<'a>, lead: &'a LeadRecord, client: &'a SampleClient, past: &'a PastDesk) -> Self {
        let profile = &lead.profile;
        let phone = || profile.phone.as_deref().map(digits).unwrap_or_default();
        let known_by = profile.email.clone().unwrap_or_else(phone);
        let dice = Dice::of(&format!("{known_by} {}", lead.touches));
        Self { work, lead, client, past, dice, wish: Interest::of(&known_by), known_by, begun: past.now() }
    }

    /// Two of three are dialed from the page.
    async fn dial(&mut self, opened: &OpenedLead) -> anyhow::Result<Option<CallId>> {
        if !self.dice.is_in(66) {
            return Ok(None);
        }
        let call = CallId::from_uuid(uuid_v7(self.begun));
        let request = DialCall { call, lead: opened.lead, number: None, anyway: false };
        match self.past.actions.run(self.work.actor, &request).await {
            Ok(_) => Ok(Some(call)),
            Err(Refusal::Store(error)) => Err(error.into()),
            Err(_) => Ok(None),
        }
    }

    /// What the telephone tells when it is over.
    async fn hang_up(&self, call: CallId, how: Disposition) -> anyhow::Result<()> {
        let spoke = how.is_conversation() || matches!(how, Disposition::ReachedOther | Disposition::WrongNumber);
        let answered_at = spoke.then(|| self.begun.saturating_add(SignedDuration::from_secs(9))).transpose()?;
        let report = ReportCall {
            call: Some(call),
            state: Some(CallState::Ended),
            started_at: Some(self.begun),
            answered_at,
            ended_at: Some(self.past.now()),
            ..ReportCall::default()
        };
        self.past.actions.run(self.work.actor, &report).await?;
        Ok(())
    }

    /// How it went.
    fn how(&mut self) -> Disposition {
        let is_lately = self.is_lately();
        match self.dice.roll(100) {
            0..=27 => Disposition::NoAnswer,
            28..=37 => Disposition::Voicemail,
            38..=41 => Disposition::ReachedOther,
            42..=43 => Disposition::WrongNumber,
            44..=45 => Disposition::NumberDead,
            46..=48 => Disposition::NotInterested,
            49..=50 => Disposition::DoNotContact,
            51..=52 => Disposition::NeverEnquired,
            53..=65 => Disposition::CallBack,
            66..=80 if is_lately => Disposition::CallBack,
            _ => Disposition::Answered,
        }
    }

    fn length(&mut self, how: Disposition) -> SignedDuration {
        let longest = if how.is_conversation() { 520 } else { 25 };
        SignedDuration::from_secs(35) + self.dice.within(SignedDuration::from_secs(longest))
    }

    fn is_lately(&self) -> bool {
        self.work.end.duration_since(self.begun) < LAST_DAYS
    }

    fn disposition(&mut self, opened: &OpenedLead, how: Disposition) -> Dispose {
        let words = &self.work.world.words;
        let mut said = Dispose::of(opened.lead, opened.lease, how);
        said.note = match how {
            Disposition::Answered | Disposition::CallBack => Some(self.dice.words(&words.reached)),
            Disposition::NoAnswer if self.dice.is_in(50) => Some(self.dice.words(&words.missed)),
            Disposition::NotInterested => Some(self.dice.words(&words.no_interest)),
            Disposition::NeverEnquired => Some("Says that somebody else must have typed this address.".to_owned()),
            Disposition::ReachedOther => Some("Spoke with somebody at home, who passes it on.".to_owned()),
            _ => None,
        };
        match how {
            Disposition::Answered => self.answered(&mut said),
            Disposition::CallBack => {
                said.answer = self.answers(2);
                let when = self.call_back_at();
                said.next = Some(NextWish { when, why: self.dice.words(&words.call_back) });
            }
            Disposition::DoNotContact => {
                said.stop = Some(StopContact { for_firm: self.dice.is_in(30), identities: Vec::new() });
            }
            _ => {}
        }
        said
    }

    /// All that the script asks, who else decides, and perhaps the business by its name.
    fn answered(&mut self, said: &mut Dispose) {
        said.answer = self.answers(usize::MAX);
        if self.dice.is_in(20) {
            said.co_deciders = vec![NewCoDecider {
                name: format!(
                    "{} {}",
                    self.dice.words(&self.client.first_names),
                    self.dice.words(&self.client.last_names)
                ),
                relation: "Partner".to_owned(),
                ..NewCoDecider::default()
            }];
        }
        if self.wish == Interest::Hot && self.dice.is_in(45) {
            let expected = self.past.now().saturating_add(SignedDuration::from_hours(24 * 60)).ok();
            said.opportunity = Some(NewOpportunity {
                business: self.dice.words(&self.client.notes),
                amount: Some(self.dice.words(&self.client.sales)),
                currency: Some(self.client.currency.clone()),
                expected_on: expected.map(|at| at.to_zoned(jiff::tz::TimeZone::UTC).date().to_string()),
                likelihood: Some(40 + u8::try_from(self.dice.roll(5) * 10).unwrap_or(0)),
            });
        }
    }

    fn answers(&self, most: usize) -> Vec<NewAnswer> {
        let all = self.wish.answers(&self.known_by, self.client, false).into_iter();
        all.take(most).map(|(question, value)| NewAnswer { question, value }).collect()
    }

    /// Some days ahead; of the last days' calls, around the end of the history.
    fn call_back_at(&mut self) -> When {
        let minutes = self.dice.pick(&AROUND_NOW).copied().unwrap_or(0);
        let wanted = self.work.end.saturating_add(SignedDuration::from_mins(minutes)).ok();
        let soon = self.past.now().saturating_add(SignedDuration::from_hours(2)).unwrap_or(self.past.now());
        let Some(wanted) = wanted.filter(|wanted| self.is_lately() && *wanted > soon) else {
            return When::Ahead(i64::try_from(1 + self.dice.roll(4)).unwrap_or(1));
        };
        let places = self.lead.places();
        let Some(home) = places.first() else { return When::Ahead(2) };
        // To five minutes, as people agree on times, and where the person may be called.
        let allowed = next_allowed(wanted, &self.past.actions.hours, &places);
        let rounded = jiff::TimestampRound::new().smallest(jiff::Unit::Minute).increment(5).mode(jiff::RoundMode::Ceil);
        let at = home.zone.to_datetime(allowed.round(rounded).unwrap_or(allowed));
        When::Moment(at)
    }

    /// An appointment with a rep, the first that is free from some days on.
    async fn book(&mut self) -> anyhow::Result<()> {
        let query = SlotQuery { lead: self.lead.id, rep: None, days: Some(12) };
        let free = appointment::free(&self.past.actions, self.work.actor, &query).await?;
        let Some(slot) = self.dice.pick(&free) else { return Ok(()) };
        let wish = SlotWish { lead: self.lead.id, rep: slot.rep.id.to_string(), at: At::Instant(slot.slot.starts_at) };
        let note = Some("Brings the papers.".to_owned());
        match self.past.actions.run(self.work.actor, &BookAppointment { wish, note }).await {
            Err(Refusal::Store(error)) => Err(error.into()),
            // Taken meanwhile, or an appointment is there already: it stays without one.
            _ => Ok(()),
        }
    }
}
