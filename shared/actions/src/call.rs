//! Calls: dialed by the desk, told of by the telephone, and what people refused on it.

use jiff::{SignedDuration, Timestamp};
use ripen_domain::{
    actor::{Actor, Permission},
    call::{CallState, RefusedNotice},
    contact::Phone,
    desk::{AgentTerms, GateKind, shut},
    id::{CallId, ClientId, LeadId},
    masked_address::MaskedAddress,
};
use ripen_store::{
    call::{
        dial::NewCall,
        refusal::CallRefusal,
        report::{CallWord, KnownCall, ToldCall},
        show::CallRecord,
    },
    live::LiveKind,
};
use serde_json::json;

use crate::{
    Action, Actions, FieldErrors, Refusal, Work,
    desk::{GatesFor, gates_read, require_own_client},
    lead::load,
    work::{AuditChange, permit},
};

/// Longest id of a telephone system, in bytes.
const LONGEST_ID: usize = 200;
/// Longest address of a recording, in bytes.
const LONGEST_URL: usize = 2_000;
/// How far apart the desk's clock and a telephone's may be, as with the time of a signature. What lies ahead by more is the local time of
/// somewhere, and once it is kept nothing that is right agrees with it.
const APART: SignedDuration = SignedDuration::from_mins(5);

/// Writes down that a number of a lead's person is dialed. The telephone is asked by whoever runs this, afterwards, and not where
/// it was written down before: one click is one call. `Conflict` (`other_client`) where an agent works for other clients alone.
#[derive(Debug, Clone)]
pub struct DialCall {
    /// The same id again is the same call.
    pub call: CallId,
    /// The lead.
    pub lead: LeadId,
    /// Which of the person's numbers; the one they are known by where none is named.
    pub number: Option<String>,
    /// Also at an hour at which nobody is called there, once more than the number is called in a day, or while somebody else has the
    /// lead open, who may be calling: the agent was told so.
    pub anyway: bool,
}

/// A call that was written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialed {
    /// Its id.
    pub call: CallId,
    /// What is dialed.
    pub number: Phone,
    /// Shown to who is called; none for the telephone's own.
    pub caller_id: Option<String>,
    /// It was written down before: the telephone was asked already.
    pub is_repeated: bool,
    /// How far it has come.
    pub state: CallState,
}

impl Action for DialCall {
    type Done = Dialed;

    const PERMISSION: Permission = Permission::Work;

    async fn act(&self, work: &mut Work<'_>) -> Result<Dialed, Refusal> {
        let lead = load(work, self.lead).await?;
        let person = lead.person;
        require_own_client(work, self.lead).await?;
        // Whoever asked not to be called is not called by a page that was open before, either.
        if let Some(why) = work.tx.person_barred(work.scope(), person).await? {
            return Err(Refusal::conflict("do_not_contact", format!("must not be contacted: {why}")));
        }
        let known = work.tx.person_numbers(work.scope(), person).await?;
        let known = known.into_iter().filter(|number| number.person == person && !number.is_void);
        let known: Vec<_> = known.map(|number| number.phone).collect();
        let country = lead.profile.country.as_deref().unwrap_or(&lead.client.country);
        let number = match &self.number {
            Some(given) => named(&known, given, country)?,
            None => usual(&known, &lead.profile)?,
        };
        let new = NewCall { id: self.call, lead: self.lead, user: work.actor.user_id(), number: &number };
        let dialed = work.tx.call_dial(work.scope(), new, work.now).await?;
        let dialed =
            dialed.ok_or_else(|| Refusal::conflict("other_call", "this id is another call's: load the page again"))?;
        if !dialed.is_repeated {
            let against = self.against(work).await?;
            // Without the number, which is contact data: it lies with the call, where it is erased.
            let after = match against.as_slice() {
                [] => json!({"call": self.call, "caller_id": dialed.caller_id}),
                against => json!({"call": self.call, "caller_id": dialed.caller_id, "anyway": against}),
            };
            work.changed("call.dial", self.lead, AuditChange::added(dialed.client, after));
        }
        let (caller_id, is_repeated, state) = (dialed.caller_id, dialed.is_repeated, dialed.state);
        Ok(Dialed { call: self.call, number, caller_id, is_repeated, state })
    }
}

impl DialCall {
    /// The gates that are shut and were passed by the agent's word. Whether the person ever agreed to be called is nobody's word but
    /// a manager's; an hour, or one call more, may be what the person asked for, and a colleague may have the page open and no call.
    async fn against(&self, work: &mut Work<'_>) -> Result<Vec<GateKind>, Refusal> {
        let (agent, scope) = (AgentTerms { user: work.actor.user_id(), ..AgentTerms::default() }, work.scope());
        let terms = GatesFor { agent: &agent, hours: &work.actions.hours, now: work.now };
        let read = gates_read(&mut work.tx, scope, &[self.lead], terms).await?.remove(&self.lead);
        let gates = read.ok_or_else(|| Refusal::missing("lead", self.lead))?.gates;
        if let Some(review) = shut(&gates).find(|gate| gate.kind == GateKind::Review) {
            return Err(Refusal::conflict("review", review.words.clone()));
        }
        let against: Vec<_> = shut(&gates)
            .filter(|gate| matches!(gate.kind, GateKind::Hours | GateKind::Calls | GateKind::Lease))
            .collect();
        if !against.is_empty() && !self.anyway {
            let words: Vec<_> = against.iter().map(|gate| gate.words.as_str()).collect();
            let asked = format!("{}: dial once more to call anyway", words.join("; "));
            return Err(Refusal::field("anyway", "required", asked));
        }
        Ok(against.into_iter().map(|gate| gate.kind).collect())
    }
}

/// One of the person's numbers that is named.
fn named(known: &[Phone], given: &str, country: &str) -> Result<Phone, Refusal> {
    let unknown = || Refusal::field("number", "unknown", "is none of this person's numbers, or was said to be wrong");
    // As it stands in the page, or as somebody types it.
    let is_given = |phone: &&Phone| phone.as_str() == given.trim();
    if let Some(found) = known.iter().find(is_given) {
        return Ok(found.clone());
    }
    let read = Phone::parse(given, Some(country)).map_err(|_| unknown())?.phone;
    let found = known.iter().find(|phone| **phone == read || phone.number() == read.as_str());
    found.cloned().ok_or_else(unknown)
}

/// The number that the person is known by, else any that leads to them.
fn usual(known: &[Phone], profile: &ripen_domain::person::Profile) -> Result<Phone, Refusal> {
    let own = profile.phone.as_deref();
    let found = known
        .iter()
        .find(|phone| Some(phone.number()) == own && phone.extension() == profile.phone_extension.as_deref());
    let found = found.or_else(|| known.iter().find(|phone| Some(phone.number()) == own)).or_else(|| known.first());
    found.cloned().ok_or_else(|| Refusal::conflict("no_number", "no number is known that leads to this person"))
}

/// Keeps what the telephone tells of a call. In any order, repeatedly and late: each fact is kept as it was first told,
/// and a time that contradicts what is known of the call is not kept. `Conflict` (`other_client`) where an agent who works for other
/// clients alone tells it.
#[derive(Debug, Clone, Default)]
pub struct ReportCall {
    /// The desk's id of it.
    pub call: Option<CallId>,
    /// The telephone's.
    pub id: Option<String>,
    /// About which lead, of a call that the desk did not make.
    pub lead: Option<LeadId>,
    /// How far it has come.
    pub state: Option<CallState>,
    /// When it was dialed.
    pub started_at: Option<Timestamp>,
    /// When somebody answered.
    pub answered_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Which number was called.
    pub number: Option<String>,
    /// Shown to who was called.
    pub caller_id: Option<String>,
    /// Where the recording lies.
    pub recording_url: Option<MaskedAddress>,
}

impl ReportCall {
    fn check(&self, now: Timestamp, errors: &mut FieldErrors) {
        let is_named = self.call.is_some() || self.id.as_deref().is_some_and(|id| !id.trim().is_empty());
        errors.require(is_named, "call", "required", || {
            "name the call: the id that the desk gave it (call), or the telephone's (id)".to_owned()
        });
        let recording_url = self.recording_url.as_ref().map(MaskedAddress::reveal);
        for (field, text, longest) in
            [("id", self.id.as_deref(), LONGEST_ID), ("recording_url", recording_url, LONGEST_URL)]
        {
            errors.words(field, text, longest);
        }
        if let Some(url) = recording_url {
            // It becomes a link in a page.
            let is_web = url.starts_with("https://") || url.starts_with("http://");
            let is_one_word = !url.contains(|c: char| c.is_whitespace() || c.is_control());
            errors.require(is_web && is_one_word, "recording_url", "invalid", || {
                "is no address that begins with https:// or http://".to_owned()
            });
        }
        for (field, at) in
            [("started_at", self.started_at), ("answered_at", self.answered_at), ("ended_at", self.ended_at)]
        {
            let is_sound = at.is_none_or(|at| at > Timestamp::UNIX_EPOCH && at.duration_since(now) <= APART);
            errors
                .require(is_sound, field, "out_of_range", || "lies ahead: is the telephone's clock right?".to_owned());
        }
    }
}

/// What was told now to be the times of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct CallTimes {
    started_at: Option<Timestamp>,
    answered_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
}

impl CallTimes {
    /// Refuses what cannot all be true of one report: a call is answered after it was dialed, and ends after both.
    fn agree(self, errors: &mut FieldErrors) {
        let Self { started_at, answered_at, ended_at } = self;
        for (field, both, words) in [
            ("answered_at", answered_at.zip(started_at), "was answered before it was dialed"),
            ("ended_at", ended_at.zip(started_at), "ended before it was dialed"),
            ("ended_at", ended_at.zip(answered_at), "ended before it was answered"),
        ] {
            if both.is_some_and(|(at, before)| is_before(at, before)) {
                let words = format!("by this the call {words}: is the telephone's clock right?");
                errors.add(field, "contradicts", words);
            }
        }
    }

    /// The times that are kept beside what is known of the call by now, and the fields of those that contradict it. What was told first
    /// stays, right or wrong: refused whole, every later report would be lost with its recording.
    fn beside(self, known: &KnownCall) -> (Self, Vec<&'static str>) {
        let mut ignored = Vec::new();
        let mut sound = |field: &'static str, told: Option<Timestamp>, is_sound: &dyn Fn(Timestamp) -> bool| {
            let kept = told.filter(|at| is_sound(*at));
            if kept != told {
                ignored.push(field);
            }
            kept
        };
        let started_at = sound("started_at", self.started_at, &|at| {
            let mut later = [known.answered_at, known.ended_at].into_iter().flatten();
            let is_of_this = !known.is_of_desk || known.dialed_at.duration_since(at) <= APART;
            is_of_this && !later.any(|later| is_before(later, at))
        });
        let start = started_at.or_else(|| start_of(known));
        let is_begun = |at: Timestamp| start.is_none_or(|start| !is_before(at, start));
        // Of a fact that is told again the first counts, and this one says nothing.
        let answered_at = self.answered_at.filter(|_| known.answered_at.is_none());
        let answered_at = sound("answered_at", answered_at, &|at| {
            is_begun(at) && known.ended_at.is_none_or(|ended| !is_before(ended, at))
        });
        let answered = known.answered_at.or(answered_at);
        let ended_at = self.ended_at.filter(|_| known.ended_at.is_none());
        let ended_at =
            sound("ended_at", ended_at, &|at| is_begun(at) && answered.is_none_or(|answered| !is_before(at, answered)));
        (Self { started_at, answered_at, ended_at }, ignored)
    }
}

/// By whole seconds: many telephones cut off what is beyond them, of one fact and not of the other.
fn is_before(at: Timestamp, other: Timestamp) -> bool {
    at.as_second() < other.as_second()
}

/// The latest before which a call was not dialed; none where nobody said when it was. The desk's clock is not the telephone's.
fn start_of(known: &KnownCall) -> Option<Timestamp> {
    // A later message may have told of an earlier moment than the start that was told before.
    let is_of_later = [known.answered_at, known.ended_at].contains(&Some(known.dialed_at));
    let is_start = known.is_of_desk || known.is_start_told && !is_of_later;
    is_start.then(|| known.dialed_at.checked_sub(APART).ok())?
}

/// A number as it is kept; what cannot be read is a wrong field.
fn number(field: &str, given: Option<&str>, errors: &mut FieldErrors) -> Option<String> {
    let given = given.map(str::trim).filter(|given| !given.is_empty())?;
    let read = Phone::parse(given, None).map_err(|_| "is no number: write it with its country, such as +13125550199");
    errors.take(field, read).map(|read| read.phone.as_str().to_owned())
}

/// What became of what the telephone told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedCall {
    /// The call.
    pub told: ToldCall,
    /// Times that contradict what is known of the call, by their fields: they are not kept, and the rest is.
    pub ignored: Vec<&'static str>,
}

impl Action for ReportCall {
    type Done = ReportedCall;

    const PERMISSION: Permission = Permission::Work;

    async fn act(&self, work: &mut Work<'_>) -> Result<ReportedCall, Refusal> {
        let mut errors = FieldErrors::default();
        let times = CallTimes { started_at: self.started_at, answered_at: self.answered_at, ended_at: self.ended_at };
        self.check(work.now, &mut errors);
        times.agree(&mut errors);
        let called = number("number", self.number.as_deref(), &mut errors);
        let caller_id = number("caller_id", self.caller_id.as_deref(), &mut errors);
        errors.finish()?;
        // What a time that is not kept says to have happened, happened all the same.
        let happened = self.ended_at.map(|_| CallState::Ended).max(self.answered_at.map(|_| CallState::Answered));
        let word = CallWord {
            call: self.call,
            outside: self.id.as_deref().map(str::trim).filter(|id| !id.is_empty()),
            lead: self.lead,
            state: self.state.max(happened),
            started_at: times.started_at,
            answered_at: times.answered_at,
            ended_at: times.ended_at,
            number: called.as_deref(),
            caller_id: caller_id.as_deref(),
            recording_url: self.recording_url.as_ref(),
        };
        let known = work.tx.call_known(work.scope(), &word).await?;
        let (kept, ignored) = known.map_or_else(|| (times, Vec::new()), |known| times.beside(&known));
        let CallTimes { started_at, answered_at, ended_at } = kept;
        let word = CallWord { started_at, answered_at, ended_at, ..word };
        let id = CallId::from_uuid(work.fresh_id());
        let told = work.tx.call_report(work.scope(), &word, (id, work.now)).await?;
        // No audit row: nobody changed anything, the telephone tells what happened, several times a call.
        let told = told.ok_or_else(|| {
            let named = self.call.map(|call| call.to_string()).or_else(|| self.id.clone()).unwrap_or_default();
            Refusal::missing("call", named)
        })?;
        // A person says it here by their own token; the audit, by which it is asked of all else, does not tell of it.
        if work.actor.user_id().is_some() {
            require_own_client(work, told.lead).await?;
        }
        work.tell(LiveKind::Leads, Some(told.client));
        Ok(ReportedCall { told, ignored })
    }
}

/// Keeps that a lead's person refused something on the telephone. Again changes nothing.
#[derive(Debug, Clone, Copy)]
pub struct RefuseNotice {
    /// The lead.
    pub lead: LeadId,
    /// What was refused.
    pub what: RefusedNotice,
}

impl Action for RefuseNotice {
    /// Whose person it is.
    type Done = ClientId;

    const PERMISSION: Permission = Permission::Work;

    fn is_for_any_client(&self) -> bool {
        true
    }

    async fn act(&self, work: &mut Work<'_>) -> Result<ClientId, Refusal> {
        let kept = work.tx.call_refuse(work.actor, self.lead, self.what, work.now).await?;
        let (client, is_new) = kept.ok_or_else(|| Refusal::missing("lead", self.lead))?;
        if is_new {
            let after = json!({"refused": self.what.word()});
            work.changed("call.refuse", self.lead, AuditChange::added(client, after));
        }
        Ok(client)
    }
}

/// What the telephone told about a lead: its calls, and what its person refused.
#[derive(Debug)]
pub struct LeadCalls {
    /// Oldest first.
    pub calls: Vec<CallRecord>,
    /// What was refused.
    pub refused: Vec<CallRefusal>,
}

/// The calls about a lead.
///
/// # Errors
/// `Missing` where there is no such lead in the actor's scope.
pub async fn of_lead(actions: &Actions, actor: &Actor, lead: LeadId) -> Result<LeadCalls, Refusal> {
    permit(actor, Permission::Work)?;
    let (store, scope) = (&actions.store, actor.scope());
    if store.lead(scope, lead).await?.is_none() {
        return Err(Refusal::missing("lead", lead));
    }
    Ok(LeadCalls {
        calls: store.calls_of_lead(scope, lead).await?,
        refused: store.call_refusals_of_lead(scope, lead).await?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_795_536_000 + seconds).unwrap()
    }

    fn times(started: Option<i64>, answered: Option<i64>, ended: Option<i64>) -> CallTimes {
        CallTimes { started_at: started.map(at), answered_at: answered.map(at), ended_at: ended.map(at) }
    }

    #[test]
    fn what_contradicts_a_call_is_left_out_and_the_rest_is_kept() {
        let dialed =
            KnownCall { dialed_at: at(0), answered_at: None, ended_at: None, is_start_told: true, is_of_desk: true };
        // Local time as UTC, kept before anybody knew better.
        let ahead = KnownCall { answered_at: Some(at(7_200)), ..dialed };
        let past_the_desk = KnownCall { is_of_desk: false, ..dialed };
        for (known, told, kept, ignored) in [
            (dialed, times(Some(-10), Some(5), Some(60)), times(Some(-10), Some(5), Some(60)), Vec::new()),
            (dialed, times(Some(-4_200), None, Some(60)), times(None, None, Some(60)), vec!["started_at"]),
            (dialed, times(None, None, Some(-4_200)), times(None, None, None), vec!["ended_at"]),
            (ahead, times(Some(0), None, Some(240)), times(Some(0), None, None), vec!["ended_at"]),
            // Told again it says nothing.
            (ahead, times(None, Some(5), None), times(None, None, None), Vec::new()),
            // Its first news came late.
            (
                past_the_desk,
                times(Some(-4_200), None, Some(-4_000)),
                times(Some(-4_200), None, Some(-4_000)),
                Vec::new(),
            ),
        ] {
            assert_eq!(told.beside(&known), (kept, ignored), "{told:?}");
        }
    }

    #[test]
    fn the_parts_of_a_second_contradict_nothing() {
        let mut errors = FieldErrors::default();
        let within = CallTimes {
            started_at: at(0).checked_add(SignedDuration::from_millis(400)).ok(),
            ..times(None, Some(0), None)
        };
        within.agree(&mut errors);
        errors.finish().unwrap();
        let mut errors = FieldErrors::default();
        times(Some(1), Some(0), None).agree(&mut errors);
        assert!(errors.finish().is_err());
    }
}
