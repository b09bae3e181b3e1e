//! Assigns what matured to its client's sales team: to the rep with whom an appointment is booked, whatever else is said; by
//! the client's routing where it has one; else to every enabled endpoint.
//! What nobody can take now is held, with why and until when. Pure; teams were read under their client's lock.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    Scope, StoreError, Transaction,
    appointment::list::Ahead,
    client::grading_settings::GradingSettings,
    decision::maturation::RoutingNote,
    delivery::{held::PastOffer, write::DeliveryTarget},
    lead::{facts::facts_of, unit_of_work::UnitOfWork},
    team::{
        hold::held_of,
        state::Team,
        turns::{GivenOn, RotationKey, Turns},
    },
};
use jiff::{SignedDuration, Timestamp};
use ripen_domain::{
    appointment::span_in_words,
    criteria::Criteria,
    id::{ClientId, CriteriaId, EndpointId, LeadId, RepId},
    routing::{
        Assignment, Capacity, Delivered, MaturedLead, Mode, NamedRecipient, RecipientId, Routed, Routing, Sales,
        Surroundings, Tier, route,
    },
};

pub use crate::team::hold::{Hold, UNDELIVERABLE};

/// What stands for a rule where an appointment decides. No rule of a document has a blank in its name.
const BY_APPOINTMENT: &str = "by appointment";
/// What only a person can help with is looked at again after this, beside whenever a person changes something.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_hours(1);

/// An offer: who accepts first gets the lead.
#[derive(Debug, Clone)]
pub struct OfferTerms {
    /// Whose turn it is.
    pub tier: Tier,
    /// Who may take it.
    pub to: Vec<RecipientId>,
    /// How long.
    pub until: Timestamp,
    /// What it says of the lead.
    pub said: ripen_domain::delivery::OfferTerms,
}

/// Where a lead goes.
#[derive(Debug, Default)]
pub struct LeadAssignment {
    /// Now, each endpoint once.
    pub to: Vec<DeliveryTarget>,
    /// The rest of it, or all, is held.
    pub held: Option<Hold>,
    /// It is not given but offered.
    pub offer: Option<OfferTerms>,
    /// What is said of it; none where the client has no routing.
    pub note: Option<RoutingNote>,
    /// The names of who is given it or offered it now; empty where the client has no routing.
    pub whom: Vec<String>,
}

/// A lead to be assigned.
#[derive(Debug, Clone, Copy)]
pub struct ToAssign<'a> {
    /// The lead.
    pub lead: LeadId,
    /// When it matured.
    pub matured_at: Timestamp,
    /// Endpoints that have it already.
    pub had: &'a [EndpointId],
    /// Endpoints that it could not be delivered to, or that have it without anybody being reached: not tried again by themselves.
    pub dead: &'a [EndpointId],
    /// Whom it was offered to, in vain.
    pub offered: Option<PastOffer>,
    /// It was held, and is routed in its order: those that come before it went before.
    pub is_in_order: bool,
}

impl ToAssign<'_> {
    /// Whether it counts against the client's day: once, however often it is offered, and once more where its place was given back
    /// because who took it could not be reached.
    fn counts(&self) -> bool {
        self.had.is_empty() && self.offered.is_none_or(|past| past.was_taken)
    }

    /// Whether somebody has it: whoever is reached by what has it.
    fn is_had(&self) -> bool {
        self.had.iter().any(|endpoint| !self.dead.contains(endpoint))
    }
}

/// Assigns leads one after the other, each finding the state after those before.
pub struct Assigner<'a> {
    work_unit: &'a UnitOfWork,
    criteria: &'a BTreeMap<CriteriaId, Arc<Criteria>>,
    team_state: TeamState,
    routings: BTreeMap<ClientId, Result<Arc<Routing>, String>>,
    now: Timestamp,
    /// What changed.
    pub turns: Turns,
}

/// What has to be known of teams before leads are assigned.
#[derive(Debug, Default)]
pub struct TeamState {
    /// Teams of the clients that route, and of those with whose reps appointments are booked.
    teams: BTreeMap<ClientId, Team>,
    /// What leads have booked.
    appointments: BTreeMap<LeadId, Ahead>,
    /// Clients of which held leads are to be routed just now.
    waiting: BTreeSet<ClientId>,
}

impl TeamState {
    /// Reads what these leads have booked, then locks and reads the teams they may go to. Leads are locked already.
    pub async fn lock_teams(
        batch: &mut Transaction,
        work_unit: &UnitOfWork,
        leads: &[LeadId],
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        if leads.is_empty() {
            return Ok(Self::default());
        }
        // Before the teams: with whom something is booked decides whose team is needed.
        let appointments = batch.appointments_ahead(leads, now).await?;
        let needed = routed_clients(work_unit, leads, &appointments);
        // No client that routes: the lock of its row would make batches wait for each other for nothing.
        if needed.is_empty() {
            return Ok(Self { appointments, ..Self::default() });
        }
        let teams = batch.teams_lock(&needed, now).await?;
        // A new statement under the lock: what another worker routed meanwhile waits no more.
        let waiting = batch.clients_with_leads_to_route(&needed, now).await?;
        Ok(Self { teams, appointments, waiting })
    }

    /// Of these leads those whose clients' teams are locked by somebody else just now; the others' are locked by this.
    pub async fn held_leads(
        batch: &mut Transaction,
        work_unit: &UnitOfWork,
        leads: &[LeadId],
        now: Timestamp,
    ) -> Result<BTreeSet<LeadId>, StoreError> {
        if leads.is_empty() {
            return Ok(BTreeSet::new());
        }
        let appointments = batch.appointments_ahead(leads, now).await?;
        let needed = routed_clients(work_unit, leads, &appointments);
        let held = batch.teams_held(&needed).await?;
        let is_held =
            |lead: &LeadId| work_unit.leads.get(lead).is_some_and(|tracked| held.contains(&tracked.row.client));
        Ok(leads.iter().copied().filter(is_held).collect())
    }

    /// Reads the same without a lock, to show what would become of a lead.
    pub async fn look(
        batch: &mut Transaction,
        scope: Scope,
        work_unit: &UnitOfWork,
        lead: LeadId,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let appointments = batch.appointments_ahead(&[lead], now).await?;
        let mut teams = BTreeMap::new();
        for client in routed_clients(work_unit, &[lead], &appointments) {
            if let Some(team) = batch.team(scope, client, now).await? {
                teams.insert(client, team);
            }
        }
        Ok(Self { teams, appointments, waiting: BTreeSet::new() })
    }
}

/// The clients whose teams have a say: those that route, and those with whose reps something is booked.
fn routed_clients(
    work_unit: &UnitOfWork,
    leads: &[LeadId],
    appointments: &BTreeMap<LeadId, Ahead>,
) -> BTreeSet<ClientId> {
    let needed = leads.iter().filter_map(|lead| {
        let client = work_unit.leads.get(lead)?.row.client;
        let is_routed = work_unit.work.get(&client).is_some_and(|work| work.is_routed);
        (is_routed || appointments.contains_key(lead)).then_some(client)
    });
    needed.collect()
}

impl<'a> Assigner<'a> {
    /// Nothing assigned yet.
    pub fn new(
        work_unit: &'a UnitOfWork,
        criteria: &'a BTreeMap<CriteriaId, Arc<Criteria>>,
        team_state: TeamState,
        now: Timestamp,
    ) -> Self {
        Self { work_unit, criteria, team_state, routings: BTreeMap::new(), now, turns: Turns::default() }
    }

    /// The instant at which it assigns.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Assigns one lead.
    pub fn assign(&mut self, to_assign: ToAssign<'_>) -> LeadAssignment {
        let work_unit = self.work_unit;
        let known = work_unit.leads.get(&to_assign.lead).and_then(|lead| {
            Some((lead, work_unit.persons.get(&lead.row.person)?, work_unit.work.get(&lead.row.client)?))
        });
        let Some((lead, person, work)) = known else { return self.held("its client's settings cannot be read") };
        let client = work.client.id;
        // Before the client's routing: the person was told with whom the appointment is.
        if let Some(ahead) = self.team_state.appointments.get(&to_assign.lead).copied() {
            return self.agreed_rep(client, ahead, to_assign);
        }
        if !work.is_routed {
            return self.to_all(work, to_assign);
        }
        if !to_assign.is_in_order && self.team_state.waiting.contains(&client) {
            return self.behind();
        }
        let source = work_unit.sources.get(&lead.row.source).cloned();
        let facts = facts_of(lead, person, work, source.unwrap_or_default());
        match self.routing(work) {
            Ok(routing) => {
                // Offered in vain to one tier: the next one follows, and the owner stays the last. So too where one of the tier took it
                // and could not be reached: the others were told that it is taken, and each has one offer of a maturation.
                let from = to_assign.offered.map_or(Tier::Recipients, |past| past.tier.next().unwrap_or(Tier::Owner));
                let matured = MaturedLead { facts: &facts, matured_at: to_assign.matured_at, from };
                self.route(client, &routing, &matured, to_assign)
            }
            Err(why) => self.held(&why),
        }
    }

    /// The client's day is over for it: until when, and why.
    pub fn full(&self, client: ClientId) -> Option<Hold> {
        let (until, why) = self.team_state.teams.get(&client)?.sales.client.full(self.now)?;
        let (until, is_undated) = (until.unwrap_or_else(|| self.later()), why.is_undated());
        Some(Hold { until, why: why.to_string(), is_undated, waits_for: Vec::new() })
    }

    fn later(&self) -> Timestamp {
        self.now.saturating_add(LOOK_AGAIN).unwrap_or(self.now)
    }

    /// Until somebody mends it.
    fn held(&self, why: &str) -> LeadAssignment {
        self.held_for(why, Vec::new())
    }

    fn held_for(&self, why: &str, waits_for: Vec<RepId>) -> LeadAssignment {
        let hold = Hold { until: self.later(), why: why.to_owned(), is_undated: true, waits_for };
        LeadAssignment { held: Some(hold), ..LeadAssignment::default() }
    }

    /// Held leads wait for the same places: whoever is new is routed with them, the best first, by the one who compares.
    fn behind(&self) -> LeadAssignment {
        let why = "is routed with those that wait, the best first".to_owned();
        let hold = Hold { until: self.now, why, is_undated: false, waits_for: Vec::new() };
        LeadAssignment { held: Some(hold), ..LeadAssignment::default() }
    }

    fn to_all(&self, work: &GradingSettings, to_assign: ToAssign<'_>) -> LeadAssignment {
        let ToAssign { had, dead, .. } = to_assign;
        if work.endpoints.is_empty() {
            return self.held("the client has no enabled endpoint");
        }
        if !to_assign.is_had() && work.endpoints.iter().all(|endpoint| dead.contains(endpoint)) {
            return self.held(UNDELIVERABLE);
        }
        // A webhook that was added later gets what is held, not what the others had already.
        let new = work.endpoints.iter().filter(|endpoint| !had.contains(endpoint) && !dead.contains(endpoint));
        LeadAssignment {
            to: new.map(|endpoint| DeliveryTarget { endpoint: *endpoint, rep: None }).collect(),
            ..LeadAssignment::default()
        }
    }

    /// To the rep it is agreed with, also outside of hours and beyond the day's capacity: the rep has to know of it.
    fn agreed_rep(&mut self, client: ClientId, ahead: Ahead, to_assign: ToAssign<'_>) -> LeadAssignment {
        let ToAssign { had, dead, .. } = to_assign;
        let found = self.team_state.teams.get(&client).and_then(|team| {
            let one = team.sales.recipients.iter().find(|one| one.id == RecipientId::Rep(ahead.rep))?;
            Some((team.route.as_ref().map(|route| route.version), one.clone()))
        });
        let Some((version, rep)) = found else { return self.held("the rep of its appointment cannot be read") };
        let when = span_in_words(ahead.slot, &rep.schedule.zone);
        let why = format!("has an appointment with {} on {when} ({})", rep.name, ahead.appointment);
        let note = |text| Some(RoutingNote { version, rule: BY_APPOINTMENT.to_owned(), text });
        if rep.endpoints.is_empty() {
            let why = format!("{why}, who has no enabled endpoint");
            return LeadAssignment { note: note(format!("Held: {why}\n")), ..self.held_for(&why, vec![ahead.rep]) };
        }
        if !to_assign.is_had() && rep.endpoints.iter().all(|one| dead.contains(one)) {
            let why = format!("{why}, to whom it could not be delivered");
            return LeadAssignment { note: note(format!("Held: {why}\n")), ..self.held(&why) };
        }
        let new = rep.endpoints.iter().filter(|one| !had.contains(one) && !dead.contains(one));
        let to: Vec<_> = new.map(|one| DeliveryTarget { endpoint: *one, rep: Some(ahead.rep) }).collect();
        if !to.is_empty() {
            self.count_given(client, &[rep.id], to_assign.counts());
        }
        let whom = vec![rep.name.clone()];
        LeadAssignment { to, note: note(format!("Goes to {}: {why}\n", rep.name)), whom, ..LeadAssignment::default() }
    }

    /// The client's routing, read once.
    fn routing(&mut self, work: &GradingSettings) -> Result<Arc<Routing>, String> {
        let client = work.client.id;
        let Some(team) = self.team_state.teams.get(&client) else {
            return Err("its client's team cannot be read".to_owned());
        };
        let script = work.criteria.and_then(|id| self.criteria.get(&id)).map(AsRef::as_ref);
        // Kept per batch: a document is parsed once, and its mistake is said of each lead.
        self.routings.entry(client).or_insert_with(|| read(team, script).map(Arc::new)).clone()
    }

    fn route(
        &mut self,
        client: ClientId,
        routing: &Routing,
        matured: &MaturedLead<'_>,
        to_assign: ToAssign<'_>,
    ) -> LeadAssignment {
        let ToAssign { had, dead, .. } = to_assign;
        let (now, later) = (self.now, self.later());
        let Some(team) = self.team_state.teams.get_mut(&client) else {
            return self.held("its client's team cannot be read");
        };
        // On a team that already counts the leads before this one in the batch.
        let mut routed = route(routing, matured, &reachable(&team.sales, dead), now);
        if to_assign.is_had() && routed.mode != Mode::All {
            // It was given to all once, under another document: that stays as it is.
            return LeadAssignment::default();
        }
        without(&mut routed, had);
        let note = RoutingNote {
            version: team.route.as_ref().map(|route| route.version),
            rule: routed.rule.to_string(),
            text: routed.explain(&team.sales.client.zone),
        };
        let offer = offer_of(&routed, |until| routing.offer_terms(matured.facts, until, now));
        let to = if offer.is_some() {
            offers(&routed, team)
        } else {
            let new = routed.deliveries().into_iter().filter(|one| !had.contains(&one.endpoint));
            new.map(addressed).collect()
        };
        let whom = routed.chosen().iter().map(|one| one.name.clone()).collect();
        let given = LeadAssignment { to, held: held_of(&routed, later), offer, note: Some(note), whom };
        self.count(client, &routed, to_assign.counts());
        given
    }

    /// Notes who was given a lead, for those that follow and to be written.
    fn count(&mut self, client: ClientId, routed: &Routed, first: bool) {
        let Some(team) = self.team_state.teams.get_mut(&client) else { return };
        if routed.chosen().is_empty() {
            return;
        }
        // `apply` counts against the client's day too; a second offer of the same lead must not.
        let before = team.sales.client.capacity;
        team.sales.apply(routed);
        // A lead counts once against the client's day, however often it is offered.
        if !first {
            team.sales.client.capacity = before;
        }
        // What is offered counts for who takes it.
        let is_offer = matches!(routed.assignment, Assignment::Offered { .. });
        let taken = if is_offer { &[] } else { routed.chosen() };
        let taken: Vec<_> = taken.iter().map(|one| one.id).collect();
        self.note_given(client, &taken, first);
        if let Assignment::Given { rotation: Some(rotation), .. } = &routed.assignment {
            let of = RotationKey { client, rule: Arc::clone(&routed.rule) };
            self.turns.rotations.insert(of, rotation.clone());
        }
    }

    /// Counts a lead that no rule gave: it is nobody's turn.
    fn count_given(&mut self, client: ClientId, to: &[RecipientId], first: bool) {
        let Some(team) = self.team_state.teams.get_mut(&client) else { return };
        let more = |capacity: &mut Capacity| capacity.given_today = capacity.given_today.saturating_add(1);
        if first {
            more(&mut team.sales.client.capacity);
        }
        let theirs = team.sales.recipients.iter_mut().filter(|one| to.contains(&one.id));
        theirs.for_each(|one| more(&mut one.capacity));
        self.note_given(client, to, first);
    }

    /// What is to be written of leads given today, where each recipient is.
    fn note_given(&mut self, client: ClientId, to: &[RecipientId], first: bool) {
        let Some(team) = self.team_state.teams.get(&client) else { return };
        let mut given = Vec::new();
        if first {
            given.push(GivenOn { recipient: client.uuid(), day: team.sales.client.date(self.now) });
        }
        for id in to {
            let one = team.sales.recipients.iter().find(|one| one.id == *id);
            given.extend(one.map(|one| GivenOn { recipient: one.id.uuid(), day: one.schedule.date(self.now) }));
        }
        for key in given {
            *self.turns.given.entry(key).or_default() += 1;
        }
    }
}

/// The document in force, or the one that a client without has in effect: everybody gets every lead when it can take it.
///
/// # Errors
/// Says why the document cannot be used. One that was checked when it was put in force always can, by this version.
pub fn read(team: &Team, script: Option<&Criteria>) -> Result<Routing, String> {
    let recipients = &team.sales.recipients;
    let all = || {
        let ids: Vec<_> = recipients.iter().map(|one| format!("{:?}", one.id.to_string())).collect();
        format!("about = \"Everybody gets every lead\"\nmode = \"all\"\nrecipients = [{}]\n", ids.join(", "))
    };
    if team.route.is_none() && recipients.is_empty() {
        return Err("the client has neither reps nor endpoints".to_owned());
    }
    // The stored text and not the parsed one: a newer version may have put a document in force that this one cannot
    // use, and it must be able to say so.
    let document = team.route.as_ref().map_or_else(all, |route| route.document.clone());
    let named = recipients.iter().map(|one| NamedRecipient { id: one.id, name: one.name.as_str().into() }).collect();
    let loaded = Routing::load_stored(&document, &Surroundings::new(named, script));
    loaded.map(|loaded| loaded.routing).map_err(|mistakes| {
        let first = mistakes.first().map(ToString::to_string).unwrap_or_default();
        format!("the client's routing cannot be used: {first}")
    })
}

/// The team without the ways on which a lead could not be delivered: who has no other is passed over like somebody without any.
fn reachable<'a>(sales: &'a Sales, dead: &[EndpointId]) -> Cow<'a, Sales> {
    if dead.is_empty() {
        return Cow::Borrowed(sales);
    }
    let mut sales = sales.clone();
    sales.recipients.iter_mut().for_each(|one| one.endpoints.retain(|endpoint| !dead.contains(endpoint)));
    Cow::Owned(sales)
}

/// Takes out who has it already.
fn without(routed: &mut Routed, had: &[EndpointId]) {
    if let Assignment::Given { to, .. } = &mut routed.assignment {
        to.retain(|one| one.endpoints.iter().any(|endpoint| !had.contains(endpoint)));
    }
}

/// The delivery names a rep where it is for one alone.
fn addressed(one: Delivered) -> DeliveryTarget {
    // Two reps behind one webhook: naming the first would tell the client that the second does not have it.
    let mut reps = one.recipients.iter().filter_map(|recipient| match recipient {
        RecipientId::Rep(rep) => Some(*rep),
        RecipientId::Endpoint(_) => None,
    });
    let first = reps.next();
    DeliveryTarget { endpoint: one.endpoint, rep: first.filter(|_| reps.next().is_none()) }
}

fn offer_of(routed: &Routed, says: impl Fn(Timestamp) -> ripen_domain::delivery::OfferTerms) -> Option<OfferTerms> {
    match &routed.assignment {
        Assignment::Offered { tier, to, until } => {
            let to = to.iter().map(|one| one.id).collect();
            Some(OfferTerms { tier: *tier, to, until: *until, said: says(*until) })
        }
        Assignment::Given { .. } | Assignment::Held { .. } => None,
    }
}

/// Where an offer goes: to each by ways of its own; to the webhooks of the whole team only for who has no other. Each rep has an
/// offer of their own there too: who takes it is known by which of them is answered or opened.
fn offers(routed: &Routed, team: &Team) -> Vec<DeliveryTarget> {
    let shared = team.sales.recipients.iter().filter_map(|one| match one.id {
        RecipientId::Endpoint(endpoint) => Some(endpoint),
        RecipientId::Rep(_) => None,
    });
    // A webhook of the whole team would show an offer of one rep to all.
    let shared: BTreeSet<_> = shared.collect();
    let mut to = BTreeSet::new();
    for chosen in routed.chosen() {
        let rep = match chosen.id {
            RecipientId::Rep(rep) => Some(rep),
            RecipientId::Endpoint(_) => None,
        };
        let has_own = chosen.endpoints.iter().any(|endpoint| !shared.contains(endpoint));
        let ways = chosen.endpoints.iter().filter(|endpoint| rep.is_none() || !has_own || !shared.contains(endpoint));
        to.extend(ways.map(|endpoint| (*endpoint, rep)));
    }
    to.into_iter().map(|(endpoint, rep)| DeliveryTarget { endpoint, rep }).collect()
}
