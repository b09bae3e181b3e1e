//! Takes new arrivals into the unit of work, one after the other: which person they are of, on which lead they count, which
//! notes they bring. Pure but for new ids.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use ripen_domain::{
    arrival::{Arrival, BodyTime},
    contact::{Identity, Phone},
    criteria::{Criteria, Origin, SourceFacts},
    flag::{Flag, FlagCode},
    id::{ArrivalId, ClientId, CriteriaId, LeadId, PersonId, ProgramId, SourceId},
    lead::{Channel, ENQUIRY_APART, Stage},
    person::{Absorb, BirthDate, Candidate, Profile, Recognised, recognise},
    submission::Submission,
};
use ripen_store::{
    arrival::{
        bodies_of_persons::BodyOfPerson,
        seen::{ArrivalOwner, EarlierArrival},
        write::ArrivalRow,
    },
    lead::{answer::NoteRow, lead_row::LeadRow},
    person::{
        identity::{ClientIdentity, NewIdentity},
        pair::PersonPair,
    },
};
use uuid::Uuid;

use crate::{
    another_person::{self, Course},
    answers,
    arrival_row::{row_of, with_flags},
    births, known_since,
    moved_program::open_lead,
    new_arrival::{NewArrival, OtherBodies},
    other_enquiries::OtherEnquiries,
    same_content,
    unit_of_work::{PersonProgram, RepeatedArrival, TrackedLead, TrackedPerson, UnitOfWork},
    ways::CorrectedWays,
};

/// An arrival of a client that this installation does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no client {0}")]
pub struct UnknownClient(ClientId);

/// Where an arrival is taken in.
struct PlacedArrival {
    on: ArrivalOwner,
    /// The lead was there before.
    repeat: bool,
    /// Only where the corrected arrival is on a lead: one that ended as dead corrects nothing and is worked as new.
    amends: Option<ArrivalId>,
    corrects_ended: bool,
    /// A correction that corrects nothing that was said of its person.
    stands_alone: bool,
}

/// What a correction is of.
struct CorrectedArrival {
    amended: ArrivalId,
    /// Where that is.
    owner: ArrivalOwner,
    /// The client's program.
    program: ProgramId,
}

impl PlacedArrival {
    /// On a lead on which it counts.
    fn counted((on, repeat): (ArrivalOwner, bool)) -> Self {
        Self { on, repeat, amends: None, corrects_ended: false, stands_alone: false }
    }
}

/// Of whom an arrival is, and how it speaks of them.
enum Whose {
    /// An enquiry of a person who is recognised, or of somebody new.
    Found(Recognised),
    /// It corrects what is known of this person.
    Corrected(PersonId),
    /// All that was said of this person before is somebody else's, who may be known.
    Renamed(PersonId, Recognised),
}

impl Whose {
    fn known(&self) -> Option<PersonId> {
        match self {
            Self::Found(found) => found.person,
            Self::Corrected(person) | Self::Renamed(person, _) => Some(*person),
        }
    }

    /// Who else may be the same.
    fn perhaps(&self) -> impl Iterator<Item = PersonId> {
        let (first, others) = match self {
            Self::Found(found) => (None, &found.perhaps[..]),
            Self::Corrected(_) => (None, &[][..]),
            Self::Renamed(_, found) => (found.person, &found.perhaps[..]),
        };
        first.into_iter().chain(others.iter().copied())
    }
}

/// What it needs from outside the unit of work.
pub struct ArrivalRecorder<'a, F> {
    /// Documents by id: answers are read by the questions in force.
    pub criteria: &'a BTreeMap<CriteriaId, Arc<Criteria>>,
    /// Equal content without a key within this time is the same arrival.
    pub same_within: SignedDuration,
    /// Makes a new UUID.
    pub new_id: F,
}

impl<F: Fn() -> Uuid> ArrivalRecorder<'_, F> {
    /// Takes in one arrival.
    ///
    /// # Errors
    /// When its client is none of this installation's.
    pub fn record(&self, work_unit: &mut UnitOfWork, fresh: &NewArrival<'_>) -> Result<(), UnknownClient> {
        if fresh.quarantine.is_some() {
            // Kept and not worked: it must touch neither a person nor a lead.
            work_unit.arrivals.push(row_of(fresh, None, fresh.quarantine, false));
            return Ok(());
        }
        if let Some(earlier) = fresh.repeats.or_else(|| same_content::repeated_by(work_unit, fresh, self.same_within)) {
            work_unit.repeats.push(RepeatedArrival { id: fresh.id, repeats: earlier });
            return Ok(());
        }
        let work = work_unit.work.get(&fresh.arrival.client).ok_or(UnknownClient(fresh.arrival.client))?;
        let program = work.program;
        // What was corrected may stand for itself since an earlier message of this batch.
        let amended = fresh.amends.map(|amended| work_unit.stands_for.get(&amended).copied().unwrap_or(amended));
        let corrected = amended.and_then(|amended| Some((amended, work_unit.owners.get(&amended).copied()?)));
        let placed = match corrected {
            // A correction stays on its lead, closed or not: as an enquiry it would open a second one.
            Some((amended, owner)) => self.correct(work_unit, fresh, CorrectedArrival { amended, owner, program }),
            None => {
                let found = whose(work_unit, fresh);
                let person = self.person(work_unit, fresh, &Whose::Found(found));
                PlacedArrival::counted(self.lead(work_unit, fresh, person, program))
            }
        };
        let PlacedArrival { on, repeat, amends, corrects_ended, stands_alone } = placed;
        // Nothing of what was said before was said of this person.
        let apart = stands_alone.then(|| NewArrival { others: OtherBodies::default(), ..fresh.clone() });
        let mut flags = answers::record(work_unit, apart.as_ref().unwrap_or(fresh), self.criteria, on);
        flags.extend(known_since::flag(work_unit, fresh, on.person));
        flags.extend(void_number(work_unit, fresh, on.person).map(Flag::wrong_number));
        flags.extend(fresh.shares_id.then(|| Flag::new("external_id", FlagCode::ExternalIdShared)));
        let is_another = corrected.is_some() && fresh.others.is_another;
        flags.extend(is_another.then(|| Flag::new("external_id", FlagCode::AnotherPerson)));
        record_notes(work_unit, fresh, on.lead);
        // A correction of it may come in the same batch.
        work_unit.owners.insert(fresh.id, on);
        note_said(work_unit, fresh, (amends, on.person));
        let row = with_flags(row_of(fresh, Some(on), None, repeat), &fresh.arrival.submission, flags);
        work_unit.arrivals.push(ArrivalRow { amends, corrects_ended, ..row });
        // The next message of this batch may say the same.
        let same = work_unit.same_content.entry(same_content::of(fresh.arrival)).or_default();
        same.push(EarlierArrival { id: fresh.id, received_at: fresh.arrival.received_at });
        Ok(())
    }

    /// Takes in a correction of an arrival that is on a lead.
    fn correct(
        &self,
        work_unit: &mut UnitOfWork,
        fresh: &NewArrival<'_>,
        CorrectedArrival { amended, owner, program }: CorrectedArrival,
    ) -> PlacedArrival {
        let is_open = work_unit.leads.get(&owner.lead).is_some_and(|lead| lead.row.stage.is_open());
        let placed = PlacedArrival {
            on: owner,
            repeat: true,
            amends: Some(amended),
            corrects_ended: !is_open,
            stands_alone: false,
        };
        let found = whose(work_unit, fresh);
        match another_person::course(work_unit, fresh, (owner, found.clone())) {
            // An older body of somebody else says nothing of this person.
            None if fresh.others.is_another && fresh.is_stale() => placed,
            None => {
                self.person(work_unit, fresh, &Whose::Corrected(owner.person));
                placed
            }
            Some(Course::Renames(found)) => {
                another_person::forget(work_unit, owner.person);
                self.person(work_unit, fresh, &Whose::Renamed(owner.person, found));
                placed
            }
            Some(Course::Joins(join)) => {
                let person = self.person(work_unit, fresh, &Whose::Found(found));
                let on = ArrivalOwner { person, lead: join.goes_on };
                work_unit.owners.insert(amended, on);
                work_unit.joins.push(join);
                PlacedArrival { on, stands_alone: true, ..placed }
            }
            Some(Course::StandsAlone { moves }) => {
                let person = self.person(work_unit, fresh, &Whose::Found(found));
                let alone = PlacedArrival::counted(self.lead(work_unit, fresh, person, program));
                let moved = another_person::moved(fresh, owner, alone.on).filter(|_| moves);
                let amends = moved.is_some().then_some(amended);
                // What corrects it later in this batch corrects this.
                match amends {
                    Some(amended) => drop(work_unit.owners.insert(amended, alone.on)),
                    None => work_unit.stands_for.extend(fresh.amends.map(|amended| (amended, fresh.id))),
                }
                work_unit.moved.extend(moved);
                PlacedArrival { amends, stands_alone: true, ..alone }
            }
        }
    }

    fn person(&self, work_unit: &mut UnitOfWork, fresh: &NewArrival<'_>, whose: &Whose) -> PersonId {
        let submission = &fresh.arrival.submission;
        let client = fresh.arrival.client;
        let born = BirthDate::said_in(submission);
        // Nobody known, or nobody of this name behind a shared identity: a person of its own.
        let id = whose.known().unwrap_or_else(|| PersonId::from_uuid((self.new_id)()));
        // A number that reached somebody else is not theirs, however often it is said.
        let void = void_number(work_unit, fresh, id).map(|phone| Identity::Phone(phone.clone()));
        let corrects = matches!(whose, Whose::Corrected(_));
        let mut counting = if corrects { fresh.counting() } else { Cow::Borrowed(submission) };
        let mut ways = match corrects {
            true => CorrectedWays::of(fresh, &counting, void.as_ref()),
            false => CorrectedWays::default(),
        };
        known_since::take_out_settled(work_unit, fresh, (id, corrects), &mut counting);
        if void.is_some() && counting.phone.is_some() {
            counting.to_mut().phone = None;
        }
        // Ids begin with the time.
        for other in whose.perhaps() {
            let pair = PersonPair { earlier: id.min(other), later: id.max(other), client };
            let is_born_alike = born.is_some_and(|born| births::are_one(work_unit, other, born));
            work_unit.pairs_of(whose.known().is_some(), is_born_alike).push(pair);
        }
        if let Some(born) = born {
            births::note(work_unit, id, born);
        }
        let others = corrects.then(|| OtherEnquiries::of(work_unit, fresh, id));
        let person = work_unit.persons.entry(id).or_insert_with(|| TrackedPerson {
            client,
            profile: Profile::default(),
            verified: false,
            do_not_contact: false,
            calls: Vec::new(),
            changed: false,
        });
        // Compared and not assumed: writing a person that did not change would lock its row for nothing.
        let before = person.profile.clone();
        match &others {
            // A correction says what the earlier ones should have said, as far as no newer one says it.
            Some(others) => others.correct(&mut person.profile, &counting, &fresh.others.before),
            // Another enquiry only adds what is not known, so that it does not erase a verified phone.
            None => person.profile.absorb(&counting, Absorb::Fill),
        }
        // Also what is older than what is known: under which names somebody is known does not hang on the order in which they come.
        person.profile.note_names(named(submission).full_name().as_deref());
        person.changed |= person.profile != before;
        if let Some(others) = &others {
            ways.replace(before.replaced_by(&person.profile), |identity| others.say(identity));
        }
        let said = submission.identities().filter(|identity| Some(identity) != void.as_ref());
        ways.note(work_unit, (client, id), said);
        if void.is_none() {
            let readings = submission.former_identities().map(|identity| ClientIdentity { client, identity });
            work_unit.other_readings.extend(readings.map(|of| NewIdentity { of, person: id }));
        }
        id
    }

    /// The person's open lead with this arrival counted, or a new one.
    fn lead(
        &self,
        work_unit: &mut UnitOfWork,
        fresh: &NewArrival<'_>,
        person: PersonId,
        program: ProgramId,
    ) -> (ArrivalOwner, bool) {
        // One open lead per person and program, by a unique index: a second insert would fail the whole batch.
        if let Some(id) = open_lead(&work_unit.open, person, program)
            && let Some(lead) = work_unit.leads.get_mut(&id)
        {
            let first = work_unit.first_received.entry(id).or_insert(Timestamp::MIN);
            if fresh.arrival.received_at < *first {
                // Credit is whose enquiry was received first, in whatever order the messages are worked.
                (lead.row.source, *first) = (fresh.arrival.source, fresh.arrival.received_at);
            }
            let in_bulk = came_in_bulk(fresh.arrival, &work_unit.sources);
            count_arrival(lead, fresh, in_bulk);
            return (ArrivalOwner { person, lead: id }, true);
        }
        let id = LeadId::from_uuid((self.new_id)());
        let mut lead = TrackedLead::new(new_lead(id, fresh, person, program, work_unit));
        lead.note_enquiry(fresh.id);
        work_unit.leads.insert(id, lead);
        work_unit.open.insert(PersonProgram { person, program }, id);
        (ArrivalOwner { person, lead: id }, false)
    }
}

/// Whose a submission is that corrects nothing.
fn whose(work_unit: &UnitOfWork, fresh: &NewArrival<'_>) -> Recognised {
    let submission = &fresh.arrival.submission;
    let said = named(submission);
    let born = BirthDate::said_in(submission);
    recognise(&said, &candidates(work_unit, fresh.arrival.client, (looked_up(submission), born)))
}

/// What a submission says of its person, and nothing else.
fn named(submission: &Submission) -> Profile {
    let mut said = Profile::default();
    said.absorb(submission, Absorb::Fill);
    said
}

/// Notes what an arrival says of its person beside what others say, for what is corrected behind it in this batch.
fn note_said(work_unit: &mut UnitOfWork, fresh: &NewArrival<'_>, (amends, person): (Option<ArrivalId>, PersonId)) {
    if let Some(bodies) = &mut work_unit.bodies {
        let (root, time) = (amends.unwrap_or(fresh.id), BodyTime::of(fresh.arrival));
        let body = BodyOfPerson { id: fresh.id, root, time, said: named(&fresh.arrival.submission) };
        bodies.entry(person).or_default().push(body);
    }
}

/// The number that an arrival brings, where it is known to lead to somebody else than its person.
fn void_number<'a>(work_unit: &UnitOfWork, fresh: &'a NewArrival<'_>, person: PersonId) -> Option<&'a Phone> {
    fresh.arrival.submission.phone.as_ref().filter(|phone| work_unit.is_void(person, phone))
}

/// Under what the person may be stored: as versions before read the number, too.
fn looked_up(submission: &Submission) -> impl Iterator<Item = Identity> {
    submission.identities().chain(submission.former_identities())
}

fn candidates(
    work_unit: &UnitOfWork,
    client: ClientId,
    (identities, born): (impl Iterator<Item = Identity>, Option<BirthDate>),
) -> Vec<Candidate<'_>> {
    let mut found: BTreeMap<PersonId, Candidate<'_>> = BTreeMap::new();
    for identity in identities {
        let by_email = matches!(identity, Identity::Email(_));
        for person in work_unit.reached.get(&ClientIdentity { client, identity }).into_iter().flatten() {
            if let Some(known) = work_unit.persons.get(person) {
                let other_names = work_unit.other_names.get(person).map_or(&[][..], Vec::as_slice);
                let profile = &known.profile;
                let births = work_unit.births.get(person);
                let is_born_alike = born.zip(births).is_some_and(|(born, births)| births.contains(&born));
                let new = Candidate {
                    person: *person,
                    profile,
                    other_names,
                    by_email: false,
                    by_phone: false,
                    is_born_alike,
                };
                let candidate = found.entry(*person).or_insert(new);
                candidate.by_email |= by_email;
                candidate.by_phone |= !by_email;
            }
        }
    }
    // Ids begin with the time: whoever was known first comes first.
    found.into_values().collect()
}

/// By which channel an arrival came. A source without a row was removed since the message was sent; the coldest channel promises
/// the least.
fn channel_of(arrival: &Arrival, sources: &BTreeMap<SourceId, SourceFacts>) -> Channel {
    let of_source = sources.get(&arrival.source).map(|source| source.channel);
    arrival.submission.channel.or(of_source).unwrap_or(Channel::List)
}

/// Whether nobody waits for a call because of this arrival alone: it came on a list, or with others, whatever its source's channel.
fn came_in_bulk(arrival: &Arrival, sources: &BTreeMap<SourceId, SourceFacts>) -> bool {
    arrival.in_bulk || channel_of(arrival, sources) == Channel::List
}

fn count_arrival(lead: &mut TrackedLead, fresh: &NewArrival<'_>, in_bulk: bool) {
    let at = fresh.arrived_at();
    let row = &mut lead.row;
    row.arrivals = row.arrivals.saturating_add(1);
    if at.duration_since(row.last_enquiry_at) >= ENQUIRY_APART {
        row.enquiries = row.enquiries.saturating_add(1);
        row.last_enquiry_at = at;
        // It is of interest again: the rounds before were those of another enquiry.
        row.rounds = 0;
        row.in_bulk = in_bulk;
    } else if row.first_arrived_at.duration_since(at) >= ENQUIRY_APART {
        // Worked late, such as out of the quarantine: it was an enquiry before the first that is known.
        row.enquiries = row.enquiries.saturating_add(1);
    } else if row.last_enquiry_at.duration_since(at) < ENQUIRY_APART {
        // One enquiry by several ways: whoever is on a list and also asks by themselves waits for the call.
        row.in_bulk &= in_bulk;
    }
    // Messages come in any order: a delayed one may be the first by its own date.
    row.first_arrived_at = row.first_arrived_at.min(at);
    row.last_arrived_at = row.last_arrived_at.max(at);
    if let Some(channel) = fresh.arrival.submission.channel {
        // The channel closest to a conversation counts, in whatever order they came.
        row.channel = row.channel.min(channel);
    }
    lead.note_enquiry(fresh.id);
}

fn new_lead(
    id: LeadId,
    fresh: &NewArrival<'_>,
    person: PersonId,
    program: ProgramId,
    work_unit: &UnitOfWork,
) -> LeadRow {
    let arrival = fresh.arrival;
    let at = fresh.arrived_at();
    LeadRow {
        id,
        client: arrival.client,
        program,
        person,
        source: arrival.source,
        channel: channel_of(arrival, &work_unit.sources),
        in_bulk: came_in_bulk(arrival, &work_unit.sources),
        stage: Stage::Lead,
        decided: None,
        arrivals: 1,
        enquiries: 1,
        touches: 0,
        rounds: 0,
        last_disposition: None,
        last_conversation_at: None,
        returned_at: None,
        first_arrived_at: at,
        last_arrived_at: at,
        last_enquiry_at: at,
        matured_at: None,
        closed: None,
        generation: 0,
    }
}

/// Notes of an arrival, dated by the time it was received.
fn record_notes(work_unit: &mut UnitOfWork, fresh: &NewArrival<'_>, id: LeadId) {
    let arrival = fresh.arrival;
    let by = work_unit.sources.get(&arrival.source).map(|source| source.name.clone()).unwrap_or_default();
    if let Some(text) = &arrival.submission.notes {
        let origin = Origin::Arrival(fresh.id).to_string();
        work_unit.notes.push(NoteRow { lead: id, at: arrival.received_at, by, origin, text: text.clone() });
    }
    let Some(lead) = work_unit.leads.get_mut(&id) else { return };
    // So that the decision names the correction as its cause: it is not counted as an arrival.
    if fresh.amends.is_some() && !lead.arrived.contains(&fresh.id) {
        lead.arrived.push(fresh.id);
    }
}
