//! Takes new arrivals into the unit of work, one after the other: which person they are of, on which lead they count, which
//! answers and notes they bring. Pure but for new ids.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use ripen_domain::{
    arrival::{Arrival, QuarantineReason, Sameness},
    contact::Identity,
    criteria::{Answer, AnswerContext, Criteria, Origin},
    flag::Flag,
    id::{ArrivalId, ClientId, CriteriaId, LeadId, PersonId, ProgramId},
    lead::{ENQUIRY_APART, Stage},
    person::{Absorb, Candidate, Profile, Recognised, recognise},
    submission::Submission,
    time::zone,
    values::Conventions,
};
use ripen_store::{
    arrival::write::ArrivalRow,
    client::load::GradingSettings,
    lead::{
        answer::{AnswerRow, NoteRow},
        load::LeadRow,
    },
    person::pair::PersonPair,
};
use uuid::Uuid;

use crate::{
    moved_program::open_lead,
    new_arrival::NewArrival,
    unit_of_work::{
        ArrivalOwner, ClientIdentity, EarlierArrival, NewIdentity, PersonProgram, RepeatedArrival, SourceContent,
        TrackedLead, TrackedPerson, UnitOfWork,
    },
};

/// An arrival of a client that this installation does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no client {0}")]
pub struct UnknownClient(ClientId);

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
        if let Some(earlier) = self.repeated_by(work_unit, fresh) {
            work_unit.repeats.push(RepeatedArrival { id: fresh.id, repeats: earlier });
            return Ok(());
        }
        let work = work_unit.work.get(&fresh.arrival.client).ok_or(UnknownClient(fresh.arrival.client))?;
        let program = work.program;
        let owner = fresh.amends.and_then(|amended| work_unit.owners.get(&amended).copied());
        // A correction says what the first should have said; another enquiry only adds what is not known, so that an
        // empty field does not erase a phone.
        let how = if owner.is_some() && !fresh.is_stale { Absorb::Replace } else { Absorb::Fill };
        let person = self.person(work_unit, fresh, owner.map(|owner| owner.person), how);
        let (lead, repeat) = match owner {
            // A correction stays on its lead, closed or not: as an enquiry it would open a second one.
            Some(owner) => (owner.lead, true),
            None => self.lead(work_unit, fresh, person, program),
        };
        let flags = self.record_answers(work_unit, fresh, (person, lead));
        record_notes(work_unit, fresh, lead);
        // A correction of it may come in the same batch.
        work_unit.owners.insert(fresh.id, ArrivalOwner { person, lead });
        // Only where the corrected arrival is on a lead: one that ended as dead corrects nothing and is worked as
        // new.
        let amends = owner.and(fresh.amends);
        let row = with_flags(row_of(fresh, Some((person, lead)), None, repeat), &fresh.arrival.submission, flags);
        work_unit.arrivals.push(ArrivalRow { amends, ..row });
        // The next message of this batch may say the same.
        let same = work_unit.same_content.entry(content_of(fresh.arrival)).or_default();
        same.push(EarlierArrival { id: fresh.id, received_at: fresh.arrival.received_at });
        Ok(())
    }

    /// Answers of an arrival, dated by the time it was received: nothing was known before. Returns what could not be understood.
    fn record_answers(
        &self,
        work_unit: &mut UnitOfWork,
        fresh: &NewArrival<'_>,
        (person, id): (PersonId, LeadId),
    ) -> Vec<Flag> {
        let arrival = fresh.arrival;
        let work = work_unit.work.get(&arrival.client);
        let profile = work_unit.persons.get(&person).map(|person| &person.profile);
        let reader = work.zip(profile).and_then(|(work, profile)| {
            let criteria = self.criteria.get(&work.criteria?)?;
            Some((criteria, context_of(&arrival.submission, profile, work, arrival.received_at)))
        });
        let Some(lead) = work_unit.leads.get_mut(&id) else { return Vec::new() };
        let origin = Origin::Arrival(fresh.id);
        // What an older correction says was said before what is known: it only fills what nobody answered.
        let said_at = if fresh.is_stale { arrived_at(fresh) } else { arrival.received_at };
        let mut flags = Vec::new();
        for (question, value) in arrival.submission.answers.iter().filter(|(_, value)| !value.is_null()) {
            let read = reader.as_ref().map(|(criteria, context)| criteria.read_answer(question, value, context));
            let kept = match read {
                None => Some(value.clone()),
                Some(read) => {
                    let is_flagged = read.flag.is_some();
                    flags.extend(read.flag);
                    // What was not understood never replaces what is known.
                    let hides = is_flagged && !read.usable && lead.answers.contains_key(question);
                    read.value.filter(|_| !hides)
                }
            };
            let Some(kept) = kept else { continue };
            let answer = Answer { value: kept.clone(), at: said_at, origin: origin.clone() };
            work_unit.answers.push(AnswerRow {
                lead: id,
                question: question.clone(),
                at: answer.at,
                origin: origin.to_string(),
                value: kept,
            });
            if lead.answers.get(question).is_none_or(|known| known.at <= answer.at) {
                lead.answers.insert(question.clone(), answer);
            }
        }
        flags
    }

    /// The earlier arrival that this one repeats word for word, where it came without a key of its own.
    fn repeated_by(&self, work_unit: &UnitOfWork, fresh: &NewArrival<'_>) -> Option<ArrivalId> {
        // A key of the sender's decides by itself: two enquiries with equal words and different keys are two.
        if !matches!(fresh.arrival.sameness, Sameness::Content | Sameness::Form) {
            return None;
        }
        let same = work_unit.same_content.get(&content_of(fresh.arrival))?;
        // `abs`: messages of a batch come from several intakes, whose order and clocks differ a little.
        let close = |at: Timestamp| fresh.arrival.received_at.duration_since(at).abs() <= self.same_within;
        same.iter().find(|earlier| earlier.id != fresh.id && close(earlier.received_at)).map(|earlier| earlier.id)
    }

    fn person(
        &self,
        work_unit: &mut UnitOfWork,
        fresh: &NewArrival<'_>,
        owner: Option<PersonId>,
        how: Absorb,
    ) -> PersonId {
        let submission = &fresh.arrival.submission;
        let client = fresh.arrival.client;
        let mut said = Profile::default();
        said.absorb(submission, Absorb::Fill);
        let found = match owner {
            Some(person) => Recognised { person: Some(person), perhaps: Vec::new() },
            None => recognise(&said, &candidates(work_unit, client, looked_up(submission))),
        };
        // Nobody known, or nobody of this name behind a shared identity: a person of its own.
        let id = found.person.unwrap_or_else(|| PersonId::from_uuid((self.new_id)()));
        let pairs = found.perhaps.into_iter().map(|later| PersonPair { earlier: id, later, client });
        work_unit.pairs.extend(pairs);
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
        person.profile.absorb(submission, how);
        person.changed |= person.profile != before;
        for identity in submission.identities() {
            let of = ClientIdentity { client, identity };
            let reached = work_unit.reached.entry(of.clone()).or_default();
            if !reached.contains(&id) {
                reached.push(id);
                work_unit.new_identities.push(NewIdentity { of, person: id });
            }
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
    ) -> (LeadId, bool) {
        // One open lead per person and program, by a unique index: a second insert would fail the whole batch.
        if let Some(id) = open_lead(&work_unit.open, person, program)
            && let Some(lead) = work_unit.leads.get_mut(&id)
        {
            let first = work_unit.first_received.entry(id).or_insert(Timestamp::MIN);
            if fresh.arrival.received_at < *first {
                // Credit is whose enquiry was received first, in whatever order the messages are worked.
                (lead.row.source, *first) = (fresh.arrival.source, fresh.arrival.received_at);
            }
            count_arrival(lead, fresh);
            return (id, true);
        }
        let id = LeadId::from_uuid((self.new_id)());
        let mut lead = TrackedLead::new(new_lead(id, fresh, person, program, work_unit));
        lead.changed = true;
        lead.arrived.push(fresh.id);
        work_unit.leads.insert(id, lead);
        work_unit.open.insert(PersonProgram { person, program }, id);
        (id, false)
    }
}

fn content_of(arrival: &Arrival) -> SourceContent {
    SourceContent { source: arrival.source, content: arrival.content }
}

/// Under what the person may be stored: as versions before read the number, too.
fn looked_up(submission: &Submission) -> impl Iterator<Item = Identity> {
    submission.identities().chain(submission.former_identities())
}

fn candidates(
    work_unit: &UnitOfWork,
    client: ClientId,
    identities: impl Iterator<Item = Identity>,
) -> Vec<Candidate<'_>> {
    let mut found: BTreeMap<PersonId, Candidate<'_>> = BTreeMap::new();
    for identity in identities {
        let by_email = matches!(identity, Identity::Email(_));
        for person in work_unit.reached.get(&ClientIdentity { client, identity }).into_iter().flatten() {
            if let Some(known) = work_unit.persons.get(person) {
                let new = Candidate { person: *person, profile: &known.profile, by_email: false, by_phone: false };
                let candidate = found.entry(*person).or_insert(new);
                candidate.by_email |= by_email;
                candidate.by_phone |= !by_email;
            }
        }
    }
    // Ids begin with the time: whoever was known first comes first.
    found.into_values().collect()
}

fn arrived_at(fresh: &NewArrival<'_>) -> Timestamp {
    // What the form says, where it says so: an export of last week must not look like an enquiry of today.
    fresh.arrival.submission.submitted_at.unwrap_or(fresh.arrival.received_at)
}

fn count_arrival(lead: &mut TrackedLead, fresh: &NewArrival<'_>) {
    let at = arrived_at(fresh);
    let row = &mut lead.row;
    row.arrivals = row.arrivals.saturating_add(1);
    if at.duration_since(row.last_enquiry_at) >= ENQUIRY_APART {
        row.enquiries = row.enquiries.saturating_add(1);
        row.last_enquiry_at = at;
        // It is of interest again: the rounds before were those of another enquiry.
        row.rounds = 0;
    }
    // Messages come in any order: a delayed one may be the first by its own date.
    row.first_arrived_at = row.first_arrived_at.min(at);
    row.last_arrived_at = row.last_arrived_at.max(at);
    if let Some(channel) = fresh.arrival.submission.channel {
        // The channel closest to a conversation counts, in whatever order they came.
        row.channel = row.channel.min(channel);
    }
    lead.changed = true;
    lead.arrived.push(fresh.id);
}

fn new_lead(
    id: LeadId,
    fresh: &NewArrival<'_>,
    person: PersonId,
    program: ProgramId,
    work_unit: &UnitOfWork,
) -> LeadRow {
    let arrival = fresh.arrival;
    let at = arrived_at(fresh);
    let of_source = work_unit.sources.get(&arrival.source).map(|source| source.channel);
    LeadRow {
        id,
        client: arrival.client,
        program,
        person,
        source: arrival.source,
        // A source without a row was removed since the message was sent; the coldest channel promises the least.
        channel: arrival.submission.channel.or(of_source).unwrap_or(ripen_domain::lead::Channel::List),
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

/// Where the answers of an arrival were given: the person's words for numbers, dates and clocks, else the client's.
fn context_of(submission: &Submission, person: &Profile, work: &GradingSettings, at: Timestamp) -> AnswerContext {
    let said =
        |of: fn(&Submission) -> Option<&String>, known: &Option<String>| of(submission).or(known.as_ref()).cloned();
    let locale = said(|said| said.locale.as_ref(), &person.locale);
    let country = said(|said| said.country.as_ref(), &person.country).unwrap_or_else(|| work.client.country.clone());
    let named = said(|said| said.time_zone.as_ref(), &person.time_zone);
    let own = named.and_then(|name| zone(&name));
    AnswerContext {
        conventions: Conventions::of(locale.as_deref(), Some(&country)),
        zone: own.or_else(|| zone(&work.client.time_zone)).unwrap_or(TimeZone::UTC),
        at,
    }
}

/// The row with what the questions in force could not make of the answers.
fn with_flags(row: ArrivalRow, submission: &Submission, flags: Vec<Flag>) -> ArrivalRow {
    if flags.is_empty() {
        return row;
    }
    let mut flagged = submission.clone();
    flags.into_iter().for_each(|flag| flagged.flag(flag));
    ArrivalRow { submission: as_json(&flagged), flags: codes(&flagged), ..row }
}

fn as_json(submission: &Submission) -> String {
    // A parsed submission always serialises: it came from a message.
    serde_json::to_string(submission).unwrap_or_else(|_| "{}".to_owned())
}

fn codes(submission: &Submission) -> String {
    submission.flag_codes().iter().map(|code| code.word()).collect::<Vec<_>>().join(",")
}

fn row_of(
    fresh: &NewArrival<'_>,
    on: Option<(PersonId, LeadId)>,
    quarantined: Option<QuarantineReason>,
    repeat: bool,
) -> ArrivalRow {
    let arrival = fresh.arrival;
    ArrivalRow {
        id: fresh.id,
        client: arrival.client,
        source: arrival.source,
        on,
        amends: None,
        sameness: arrival.sameness,
        quarantined: quarantined.map(|reason| reason.word().to_owned()),
        repeat,
        content: arrival.content,
        external_id: arrival.submission.external_id.clone(),
        form: arrival.form,
        received_at: arrival.received_at,
        submitted_at: arrival.submission.submitted_at,
        media_type: arrival.raw.media_type.clone(),
        // PostgreSQL keeps no NUL in a text; U+2400 is its picture.
        raw: arrival.raw.text.replace('\0', "\u{2400}"),
        submission: as_json(&arrival.submission),
        flags: codes(&arrival.submission),
    }
}
