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
/// How far apart the desk's clock and a telephone's may be, as with the time of a signature.
const APART: SignedDuration = SignedDuration::from_mins(5);
/// How far ahead a telephone's clock may be.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);

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

/// Keeps what the telephone tells of a call. In any order, repeatedly and late: each fact is kept as it was first told.
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
            let is_sound = at.is_none_or(|at| at > Timestamp::UNIX_EPOCH && at.duration_since(now) <= AHEAD);
            errors
                .require(is_sound, field, "out_of_range", || "lies ahead: is the telephone's clock right?".to_owned());
        }
    }
}

impl ReportCall {
    /// Facts that cannot all be true: a call is answered after it was dialed, and ends after both. The report, and what is known of the
    /// call by now; what was told before stays, so that of a fact that is told again the first counts.
    fn hold_against(&self, known: Option<&KnownCall>, errors: &mut FieldErrors) {
        let answered = known.and_then(|known| known.answered_at).or(self.answered_at);
        let ended = known.and_then(|known| known.ended_at).or(self.ended_at);
        let start = self.started_at.or_else(|| known.and_then(start_of));
        let facts = [
            ("answered_at", self.answered_at, "started_at", answered.zip(start), "before it was dialed"),
            ("ended_at", self.ended_at, "started_at", ended.zip(start), "before it was dialed"),
            ("ended_at", self.ended_at, "answered_at", ended.zip(answered), "before it was answered"),
        ];
        for (later, told, earlier, both, words) in facts {
            if both.is_some_and(|(at, before)| at < before) {
                // The one that this report tells; of both, the later.
                let field = if told.is_some() { later } else { earlier };
                let what = if later == "ended_at" { "ended" } else { "was answered" };
                errors.add(
                    field,
                    "contradicts",
                    format!("by this the call {what} {words}: is the telephone's clock right?"),
                );
            }
        }
        let dialed = known.filter(|known| known.is_of_desk).map(|known| known.dialed_at);
        let is_sound = |at: Timestamp| dialed.is_none_or(|dialed| dialed.duration_since(at) <= APART);
        errors.require(self.started_at.is_none_or(is_sound), "started_at", "contradicts", || {
            "lies before the desk had it dialed: is the telephone's clock right?".to_owned()
        });
    }
}

/// The latest before which a call was not dialed. The desk's clock is not the telephone's, nor is the moment at which a call made past
/// the desk was first told of; and the earliest instant that is known of such a call may be that of its answer.
fn start_of(known: &KnownCall) -> Option<Timestamp> {
    let is_of_later = [known.answered_at, known.ended_at].contains(&Some(known.dialed_at));
    let is_start = known.is_of_desk || !is_of_later;
    is_start.then(|| known.dialed_at.checked_sub(APART).ok())?
}

/// A number as it is kept; what cannot be read is a wrong field.
fn number(field: &str, given: Option<&str>, errors: &mut FieldErrors) -> Option<String> {
    let given = given.map(str::trim).filter(|given| !given.is_empty())?;
    let read = Phone::parse(given, None).map_err(|_| "is no number: write it with its country, such as +13125550199");
    errors.take(field, read).map(|read| read.phone.as_str().to_owned())
}

impl Action for ReportCall {
    type Done = ToldCall;

    const PERMISSION: Permission = Permission::Work;

    async fn act(&self, work: &mut Work<'_>) -> Result<ToldCall, Refusal> {
        let mut errors = FieldErrors::default();
        self.check(work.now, &mut errors);
        let called = number("number", self.number.as_deref(), &mut errors);
        let caller_id = number("caller_id", self.caller_id.as_deref(), &mut errors);
        errors.finish()?;
        let word = CallWord {
            call: self.call,
            outside: self.id.as_deref().map(str::trim).filter(|id| !id.is_empty()),
            lead: self.lead,
            state: self.state,
            started_at: self.started_at,
            answered_at: self.answered_at,
            ended_at: self.ended_at,
            number: called.as_deref(),
            caller_id: caller_id.as_deref(),
            recording_url: self.recording_url.as_ref(),
        };
        let known = work.tx.call_known(work.scope(), &word).await?;
        let mut errors = FieldErrors::default();
        self.hold_against(known.as_ref(), &mut errors);
        errors.finish()?;
        let id = CallId::from_uuid(work.fresh_id());
        let told = work.tx.call_report(work.scope(), &word, (id, work.now)).await?;
        // No audit row: nobody changed anything, the telephone tells what happened, several times a call.
        let told = told.ok_or_else(|| {
            let named = self.call.map(|call| call.to_string()).or_else(|| self.id.clone()).unwrap_or_default();
            Refusal::missing("call", named)
        })?;
        work.tell(LiveKind::Leads, Some(told.client));
        Ok(told)
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
