//! What stands against calling somebody now: gates, each open or shut, with its words and the next moment at which it opens.
//!
//! The same function decides whether a lead is handed out and answers "why is nobody calling this lead?", so that the answer
//! cannot be another than what happens.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{RESTS, language::unspoken, language_name, language_of, next_try, way_to_client::WayToClient};
use crate::{
    calling::{CallLimit, Hours, Place, PossibleClocks, is_allowed, next_allowed, next_call},
    id::{ClientId, UserId},
    lead::{Stage, words},
};

words! {
    /// What may stand against calling.
    GateKind "gate" {
        /// The lead is closed or won.
        Closed = "closed",
        /// Its client is paused.
        ClientPaused = "client_paused",
        /// The client has it, or is about to.
        WithClient = "with_client",
        /// The person must not be contacted.
        DoNotContact = "do_not_contact",
        /// Whether the person ever agreed to be called is being looked at.
        Review = "review",
        /// There is no number that leads to the person.
        Number = "number",
        /// The agent works for other clients.
        AgentClients = "agent_clients",
        /// The agent speaks none of the person's languages.
        Language = "language",
        /// Somebody has it open.
        Lease = "lease",
        /// Its client has had the leads of its day.
        Capacity = "capacity",
        /// What was agreed, or is planned, lies ahead.
        Promise = "promise",
        /// Tried in vain a short while ago, or often enough.
        Attempts = "attempts",
        /// The person spoke with the firm for another client.
        Elsewhere = "elsewhere",
        /// The number was called as often as the rules allow.
        Calls = "calls",
        /// It is no hour, or no day, to call there.
        Hours = "hours",
        /// What a client's people are told for `Attempts`, `Elsewhere` and `Calls` alike.
        Resting = "resting",
    }
}

/// One gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallGate {
    /// Which.
    pub kind: GateKind,
    /// Nothing of it stands against calling.
    pub is_open: bool,
    /// What it is about, in words.
    pub words: String,
    /// When it opens by itself; none where it is open, or somebody has to open it.
    pub opens_at: Option<Timestamp>,
}

/// Who has a lead open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldBy {
    /// Who.
    pub user: UserId,
    /// Their name.
    pub name: String,
    /// Until when, unless it is renewed.
    pub until: Timestamp,
}

/// A day that brings its client no more leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FullDay {
    /// So many it may bring.
    pub most: u32,
    /// When the next one begins.
    pub until: Timestamp,
}

/// The next step of a lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepFacts {
    /// When it falls, or fell, due.
    pub due_at: Timestamp,
    /// It was agreed with the person.
    pub is_agreed: bool,
    /// Somebody named its date, agreed with the person or not.
    pub is_by_hand: bool,
    /// Somebody worked on it: the next decision ends it.
    pub is_worked: bool,
}

/// What gates depend on.
#[derive(Debug, Clone, Default)]
pub struct GateFacts {
    /// How far the lead has come.
    pub stage: Option<Stage>,
    /// Why it is closed.
    pub closed: Option<String>,
    /// Whose lead.
    pub client: Option<ClientId>,
    /// The client's name.
    pub client_name: String,
    /// The client is paused.
    pub client_is_paused: bool,
    /// Its client has had the leads of its day: how many that are, and when the next day begins there.
    pub client_full: Option<FullDay>,
    /// Its client has it, or is about to: it was handed over, or it is an A, and nobody gave or took it back.
    pub is_with_client: bool,
    /// It was handed over to its client, whatever its grade is by now.
    pub is_handed_over: bool,
    /// How far it is on its way to its client; none where nothing is on its way, or the desk has it back.
    pub way: Option<WayToClient>,
    /// Why the person must not be contacted.
    pub barred: Option<String>,
    /// Since when its consent is looked at.
    pub review_since: Option<Timestamp>,
    /// A number is known that leads to the person.
    pub has_number: bool,
    /// A number is known that leads to somebody else.
    pub has_void_number: bool,
    /// BCP 47 tag of the person.
    pub locale: Option<String>,
    /// Where the person may be.
    pub places: Vec<Place>,
    /// When the number was called.
    pub calls: Vec<Timestamp>,
    /// When the person last spoke with the firm for another client.
    pub elsewhere_at: Option<Timestamp>,
    /// Who has it open now, by the clock that leases go by.
    pub held_by: Option<HeldBy>,
    /// The next step.
    pub step: Option<StepFacts>,
    /// Why it was given back to the desk, while nobody has worked on it since: its client returned it, or somebody opened it again.
    pub put_back: Option<String>,
    /// Tries since the last conversation and the last enquiry, all in vain.
    pub attempts: u32,
    /// The last of them.
    pub last_attempt_at: Option<Timestamp>,
    /// Nobody touched it since the last enquiry.
    pub is_untouched: bool,
    /// The person spoke with the firm since the last enquiry.
    pub is_reached: bool,
}

/// Whom a lead is to be handed to. Without a user, whoever could be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgentTerms {
    /// Who.
    pub user: Option<UserId>,
    /// Languages they speak (BCP 47, small letters); empty for any.
    pub languages: Vec<String>,
    /// Clients they work for; empty for all.
    pub clients: Vec<ClientId>,
}

impl AgentTerms {
    /// Whether they work for this client.
    #[must_use]
    pub fn serves(&self, client: ClientId) -> bool {
        self.clients.is_empty() || self.clients.contains(&client)
    }

    /// What the locale of a person begins with whom they do not speak the language of, in small letters; nothing where they speak any.
    #[must_use]
    pub fn unspoken(&self) -> Vec<String> {
        if self.languages.is_empty() {
            return Vec::new();
        }
        unspoken(&self.languages)
    }
}

/// Who could be handed leads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeskTeam {
    /// Everybody who may be.
    pub members: Vec<AgentTerms>,
    /// Who is at work now.
    pub at_work: BTreeSet<UserId>,
}

impl DeskTeam {
    /// The members who are at work now.
    pub fn here(&self) -> impl Iterator<Item = &AgentTerms> {
        self.members.iter().filter(|member| member.user.is_some_and(|user| self.at_work.contains(&user)))
    }
}

impl StepFacts {
    /// Whether it is due, and nobody worked on it.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.due_at <= now && !self.is_worked
    }
}

/// Every gate of a lead for an agent.
#[must_use]
pub fn gates(facts: &GateFacts, agent: &AgentTerms, hours: &Hours, now: Timestamp) -> Vec<CallGate> {
    let mut all = standing(facts);
    all.extend(of_agent(facts, agent));
    all.push(capacity(facts, now));
    all.extend([promise(facts, now), attempts(facts, now), elsewhere(facts, now)]);
    all.extend([calls(facts, hours, now), hours_there(facts, hours, now)]);
    all
}

/// Those that are shut.
pub fn shut(gates: &[CallGate]) -> impl Iterator<Item = &CallGate> {
    gates.iter().filter(|gate| !gate.is_open)
}

/// When those that are shut have opened by themselves; none where somebody has to open one, or all are open.
#[must_use]
pub fn opens_at(gates: &[CallGate]) -> Option<Timestamp> {
    shut(gates).map(|gate| gate.opens_at).try_fold(None, |latest, opens| Some(latest.max(Some(opens?))))?
}

/// The gates for whoever could be handed the lead: shut where none of the team works for its client and speaks with its person, and
/// while of those who are at work none does.
#[must_use]
pub fn for_team(mut gates: Vec<CallGate>, facts: &GateFacts, team: &DeskTeam) -> Vec<CallGate> {
    let of_all = lacking(facts, team.members.iter()).map(|kind| (kind, "at the desk"));
    // Where nobody is at work, no language keeps the lead waiting.
    let is_anybody_here = team.here().next().is_some();
    let of_those_here = || lacking(facts, team.here()).filter(|_| is_anybody_here).map(|kind| (kind, "at work now"));
    let Some((kind, who)) = of_all.or_else(of_those_here) else { return gates };
    let words = match (kind, language(facts)) {
        (GateKind::Language, Some(language)) => {
            let language = language_name(&language);
            format!("the person speaks {language}: nobody {who} who works for {} does", facts.client_name)
        }
        _ => format!("nobody {who} works for {}", facts.client_name),
    };
    gates.iter_mut().filter(|gate| gate.kind == kind).for_each(|gate| *gate = closed(kind, words.clone(), None));
    gates
}

/// What none of these has that the lead asks for.
fn lacking<'a>(facts: &GateFacts, agents: impl Iterator<Item = &'a AgentTerms>) -> Option<GateKind> {
    let mut serving = agents.filter(|agent| works_for(facts, agent)).peekable();
    if serving.peek().is_none() {
        return Some(GateKind::AgentClients);
    }
    let language = language(facts)?;
    (!serving.any(|agent| speaks(agent, &language))).then_some(GateKind::Language)
}

pub(super) fn open(kind: GateKind, words: impl Into<String>) -> CallGate {
    CallGate { kind, is_open: true, words: words.into(), opens_at: None }
}

pub(super) fn closed(kind: GateKind, words: impl Into<String>, opens_at: Option<Timestamp>) -> CallGate {
    CallGate { kind, is_open: false, words: words.into(), opens_at }
}

/// What only somebody, or a decision, opens.
fn standing(facts: &GateFacts) -> Vec<CallGate> {
    use GateKind::{ClientPaused, Closed, DoNotContact, Number, Review, WithClient};
    let is_open_lead = facts.stage.is_none_or(Stage::is_open);
    let over = || facts.closed.clone().unwrap_or_else(|| "it was won".to_owned());
    let is_promised = facts.step.is_some_and(|step| step.is_agreed && !step.is_worked);
    let is_put_back = facts.put_back.is_some();
    vec![
        if is_open_lead { open(Closed, "the lead is open") } else { closed(Closed, over(), None) },
        match facts.client_is_paused {
            true => closed(ClientPaused, format!("{} is paused", facts.client_name), None),
            false => open(ClientPaused, format!("{} is active", facts.client_name)),
        },
        match facts.is_with_client {
            // A call that was agreed is owed whoever has the lead.
            true if is_promised => open(WithClient, "the client has it; a call is agreed with the person"),
            true if is_put_back => open(WithClient, "it came back to the desk"),
            true => closed(WithClient, with_client(facts), None),
            false => open(WithClient, "the client does not have it"),
        },
        match &facts.barred {
            Some(why) => closed(DoNotContact, format!("must not be contacted: {why}"), None),
            None => open(DoNotContact, "nobody asked not to be contacted"),
        },
        match facts.review_since {
            Some(_) => closed(Review, "the person says they never enquired: a manager looks at the consent", None),
            None => open(Review, "its consent is not under review"),
        },
        match (facts.has_number, facts.has_void_number) {
            (true, _) => open(Number, "there is a number to call"),
            (false, true) => closed(Number, "the number that was given leads to nobody, or to somebody else", None),
            (false, false) => closed(Number, "there is no number to call", None),
        },
    ]
}

/// Who has what is not the desk's to call: that the client has it is said only where it was taken there.
fn with_client(facts: &GateFacts) -> String {
    match &facts.way {
        Some(way) => way.in_words(),
        None if facts.is_handed_over => "the client has it".to_owned(),
        None => "it is an A lead: the client has it, or is about to".to_owned(),
    }
}

fn of_agent(facts: &GateFacts, agent: &AgentTerms) -> Vec<CallGate> {
    use GateKind::{AgentClients, Language, Lease};
    let spoken = match language(facts) {
        None => open(Language, "the person's language is not known"),
        Some(language) if speaks(agent, &language) => open(Language, format!("in {}", language_name(&language))),
        Some(language) => {
            let words = format!("the person speaks {}, and this agent does not", language_name(&language));
            closed(Language, words, None)
        }
    };
    let is_others = |held: &&HeldBy| Some(held.user) != agent.user;
    vec![
        match works_for(facts, agent) {
            true => open(AgentClients, "the agent works for this client"),
            false => closed(AgentClients, format!("this agent does not work for {}", facts.client_name), None),
        },
        spoken,
        match facts.held_by.as_ref().filter(is_others) {
            Some(held) => closed(Lease, format!("{} has it open", held.name), Some(held.until)),
            None => open(Lease, "nobody else has it open"),
        },
    ]
}

fn works_for(facts: &GateFacts, agent: &AgentTerms) -> bool {
    facts.client.map_or_else(|| agent.clients.is_empty(), |client| agent.serves(client))
}

/// The person's; none where their locale says none that is known.
fn language(facts: &GateFacts) -> Option<String> {
    facts.locale.as_deref().and_then(language_of)
}

fn speaks(agent: &AgentTerms, language: &str) -> bool {
    // Stored by a version before it may be the code of three letters.
    let of_tag = |tag: &String| language_of(tag).is_some_and(|spoken| spoken == language);
    agent.languages.is_empty() || agent.languages.iter().any(of_tag)
}

/// What becomes an A today is held until the client's next day. Whoever enquired is called all the same, and so is whom a call was
/// promised: they wait for it.
fn capacity(facts: &GateFacts, now: Timestamp) -> CallGate {
    let Some(full) = facts.client_full.filter(|full| full.until > now) else {
        return open(GateKind::Capacity, format!("{} takes leads", facts.client_name));
    };
    let words = format!("{} has had the {} leads of its day", facts.client_name, full.most);
    let is_awaited = facts.is_untouched || facts.step.is_some_and(|step| step.is_agreed && step.is_due(now));
    match is_awaited {
        true => open(GateKind::Capacity, format!("{words}; the person waits for the call all the same")),
        false => closed(GateKind::Capacity, words, Some(full.until)),
    }
}

fn promise(facts: &GateFacts, now: Timestamp) -> CallGate {
    use GateKind::Promise;
    match facts.step {
        // Spoken with, and nothing promised: it waits for criteria, or for whoever opens it by name.
        None if facts.is_reached && !facts.is_untouched => {
            closed(Promise, "spoken with, and no next step is due", None)
        }
        None => open(Promise, "no date stands against it"),
        Some(step) if step.is_worked => {
            if facts.is_untouched {
                open(Promise, "no date stands against it")
            } else {
                closed(Promise, "somebody worked on it just now: it is being decided", None)
            }
        }
        Some(step) if step.is_due(now) && step.is_agreed => open(Promise, "a call is promised for now"),
        // Without the words for it: a client's people read gates too.
        Some(step) if step.is_due(now) && facts.put_back.is_some() => open(Promise, "it came back to the desk"),
        Some(step) if step.is_due(now) => open(Promise, "it is to be looked at again"),
        Some(step) if step.is_agreed => {
            closed(Promise, "a call is agreed with the person for a later time", Some(step.due_at))
        }
        // Also of a lead that nobody has called or reached: whoever set the date knows why it is not called before.
        Some(step) if step.is_by_hand => closed(Promise, "somebody moved it to a later time", Some(step.due_at)),
        Some(_) if facts.is_untouched => open(Promise, "nobody has called yet: it waits for no date"),
        Some(_) if !facts.is_reached => open(Promise, "nobody was reached yet: tries go on before its date"),
        Some(step) => closed(Promise, "it is looked at again at a later time", Some(step.due_at)),
    }
}

/// Tries in vain pause longer and longer, and then wait for the lead's date. What is due or promised waits for no pause.
fn attempts(facts: &GateFacts, now: Timestamp) -> CallGate {
    use GateKind::Attempts;
    let is_due = facts.step.is_some_and(|step| step.is_due(now));
    let Some(last) = facts.last_attempt_at.filter(|_| facts.attempts > 0 && !is_due) else {
        return open(Attempts, "nobody tried in vain lately");
    };
    let tries = facts.attempts;
    let Some(until) = next_try(facts.attempts, last) else {
        let words = format!("{tries} tries reached nobody: it waits for its date");
        return closed(Attempts, words, facts.step.map(|step| step.due_at));
    };
    if until > now {
        closed(
            Attempts,
            format!("{tries} {} nobody", if tries == 1 { "try reached" } else { "tries reached" }),
            Some(until),
        )
    } else {
        open(Attempts, "the pause after the last try is over")
    }
}

fn elsewhere(facts: &GateFacts, now: Timestamp) -> CallGate {
    let rests = facts.elsewhere_at.and_then(|at| at.saturating_add(RESTS).ok()).filter(|until| *until > now);
    // A call that was agreed is kept: the person expects it.
    let is_owed = facts.step.is_some_and(|step| step.is_agreed && step.is_due(now));
    match rests.filter(|_| !is_owed) {
        Some(until) => {
            closed(GateKind::Elsewhere, "spoke with the firm for another client within 24 hours", Some(until))
        }
        None => open(GateKind::Elsewhere, "did not speak with the firm for another client lately"),
    }
}

fn calls(facts: &GateFacts, hours: &Hours, now: Timestamp) -> CallGate {
    let within = |call: &&Timestamp| now.duration_since(**call) < SignedDuration::from_hours(24);
    let today = facts.calls.iter().filter(within).count();
    let words = match today {
        0 => "the number was not called in the last 24 hours".to_owned(),
        1 => "the number was called once in the last 24 hours".to_owned(),
        n => format!("the number was called {n} times in the last 24 hours"),
    };
    let limits = |place: &Place| -> Vec<CallLimit> { hours.limits(place.region).to_vec() };
    let free = facts.places.iter().map(|place| next_call(now, &facts.calls, &limits(place))).max().unwrap_or(now);
    if free > now {
        closed(GateKind::Calls, format!("{words}: no more is allowed"), Some(free))
    } else {
        open(GateKind::Calls, words)
    }
}

fn hours_there(facts: &GateFacts, hours: &Hours, now: Timestamp) -> CallGate {
    let is_open = is_allowed(now, hours, &facts.places);
    // Of several places the one that is shut: the hour of another explains nothing.
    let is_shut = |place: &&Place| !is_allowed(now, hours, std::slice::from_ref(*place));
    let told = facts.places.iter().find(|place| !is_open && is_shut(place)).or_else(|| facts.places.first());
    let several = PossibleClocks::of(&facts.places, now).filter(|_| is_open);
    let clock = several.map(|clocks| in_several(&clocks, now));
    let clock = clock.or_else(|| {
        told.map(|place| {
            let there = now.to_zoned(place.zone.clone()).strftime("%a %H:%M").to_string();
            let may_be = if facts.places.len() > 1 && !is_open { ", where the person may be" } else { "" };
            format!("{there} in {}{may_be}", city(&place.zone))
        })
    });
    let clock = clock.unwrap_or_else(|| "nobody knows where the person is".to_owned());
    if is_open {
        return open(GateKind::Hours, format!("{clock}: calling is allowed"));
    }
    let opens = next_allowed(now, hours, &facts.places);
    let is_holiday =
        told.is_some_and(|place| hours.on_date(place.region, place.zone.to_datetime(now).date()).is_empty());
    let why = if is_holiday {
        "nobody is called there on this day"
    } else {
        "outside of the hours in which people are called"
    };
    closed(GateKind::Hours, format!("{clock}: {why}"), Some(opens).filter(|opens| *opens > now))
}

/// `Tue 11:56 to Tue 14:56, Perth to Sydney, where the person may be`: open, too, the hour of one of several clocks is not theirs.
fn in_several(clocks: &PossibleClocks, now: Timestamp) -> String {
    let PossibleClocks { earliest, latest } = clocks;
    let shown = |zone: &TimeZone| now.to_zoned(zone.clone()).strftime("%a %H:%M").to_string();
    let (from, to) = (shown(earliest), shown(latest));
    format!("{from} to {to}, {} to {}, where the person may be", city(earliest), city(latest))
}

/// The city: nobody reads zones by their ids.
fn city(zone: &TimeZone) -> String {
    let name = zone.iana_name().unwrap_or("UTC");
    name.rsplit('/').next().unwrap_or(name).replace('_', " ")
}

#[cfg(test)]
mod tests;
