//! Takes new arrivals into the unit of work, one after the other: which person they are of, on which lead they count, which
//! answers and notes they bring. Pure but for new ids.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use ripen_domain::{
    arrival::{QuarantineReason, Sameness},
    contact::Identity,
    criteria::{Answer, Origin},
    id::{ArrivalId, ClientId, LeadId, PersonId, ProgramId},
    lead::{ENQUIRY_APART, Stage},
    person::{Absorb, Candidate, Profile, Recognised, recognise},
};
use ripen_store::{
    arrival::write::ArrivalRow,
    lead::{
        answer::{AnswerRow, NoteRow},
        load::LeadRow,
    },
    person::pair::PersonPair,
};
use uuid::Uuid;

use crate::{
    load::NewArrival,
    moved_program::open_lead,
    unit_of_work::{ArrivalOwner, EarlierArrival, TrackedLead, TrackedPerson, UnitOfWork},
};

/// An arrival of a client that this installation does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no client {0}")]
pub struct UnknownClient(ClientId);

/// What it needs from outside the unit of work.
pub struct ArrivalRecorder<F> {
    /// Equal content without a key within this time is the same arrival.
    pub same_within: SignedDuration,
    /// Makes a new UUID.
    pub new_id: F,
}

impl<F: Fn() -> Uuid> ArrivalRecorder<F> {
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
            work_unit.repeats.push((fresh.id, earlier));
            return Ok(());
        }
        let work = work_unit.work.get(&fresh.arrival.client).ok_or(UnknownClient(fresh.arrival.client))?;
        let program = work.program;
        let owner = fresh.amends.and_then(|amended| work_unit.owners.get(&amended).copied());
        let how = if owner.is_some() { Absorb::Replace } else { Absorb::Fill };
        let person = self.person(work_unit, fresh, owner.map(|owner| owner.person), how);
        let (lead, repeat) = match owner {
            Some(owner) => (owner.lead, true),
            None => self.lead(work_unit, fresh, person, program),
        };
        record_answers(work_unit, fresh, lead);
        // A correction of it may come in the same batch.
        work_unit.owners.insert(fresh.id, ArrivalOwner { person, lead });
        let amends = owner.and(fresh.amends);
        work_unit.arrivals.push(ArrivalRow { amends, ..row_of(fresh, Some((person, lead)), None, repeat) });
        let same = work_unit.same_content.entry((fresh.arrival.source, fresh.arrival.content)).or_default();
        same.push(EarlierArrival { id: fresh.id, received_at: fresh.arrival.received_at });
        Ok(())
    }

    /// The earlier arrival that this one repeats word for word, where it came without a key of its own.
    fn repeated_by(&self, work_unit: &UnitOfWork, fresh: &NewArrival<'_>) -> Option<ArrivalId> {
        if fresh.arrival.sameness != Sameness::Content {
            return None;
        }
        let same = work_unit.same_content.get(&(fresh.arrival.source, fresh.arrival.content))?;
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
            None => recognise(&said, &candidates(work_unit, client, submission.identities())),
        };
        let id = found.person.unwrap_or_else(|| PersonId::from_uuid((self.new_id)()));
        let pairs = found.perhaps.into_iter().map(|later| PersonPair { earlier: id, later, client });
        work_unit.pairs.extend(pairs);
        let person = work_unit.persons.entry(id).or_insert_with(|| TrackedPerson {
            client,
            profile: Profile::default(),
            verified: false,
            do_not_contact: false,
            changed: false,
        });
        let before = person.profile.clone();
        person.profile.absorb(submission, how);
        person.changed |= person.profile != before;
        for identity in submission.identities() {
            let reached = work_unit.reached.entry((client, identity.clone())).or_default();
            if !reached.contains(&id) {
                reached.push(id);
                work_unit.new_identities.push((client, identity, id));
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
        if let Some(id) = open_lead(&work_unit.open, person, program)
            && let Some(lead) = work_unit.leads.get_mut(&id)
        {
            count_arrival(lead, fresh);
            return (id, true);
        }
        let id = LeadId::from_uuid((self.new_id)());
        let mut lead = TrackedLead::new(new_lead(id, fresh, person, program, work_unit));
        lead.changed = true;
        lead.arrived.push(fresh.id);
        work_unit.leads.insert(id, lead);
        work_unit.open.insert((person, program), id);
        (id, false)
    }
}

fn candidates(
    work_unit: &UnitOfWork,
    client: ClientId,
    identities: impl Iterator<Item = Identity>,
) -> Vec<Candidate<'_>> {
    let mut found: BTreeMap<PersonId, Candidate<'_>> = BTreeMap::new();
    for identity in identities {
        let by_email = matches!(identity, Identity::Email(_));
        for person in work_unit.reached.get(&(client, identity)).into_iter().flatten() {
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
    row.first_arrived_at = row.first_arrived_at.min(at);
    row.last_arrived_at = row.last_arrived_at.max(at);
    if let Some(channel) = fresh.arrival.submission.channel {
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

/// Answers and notes of an arrival, dated by the time it was received: nothing was known before.
fn record_answers(work_unit: &mut UnitOfWork, fresh: &NewArrival<'_>, id: LeadId) {
    let arrival = fresh.arrival;
    let submission = &arrival.submission;
    let by = work_unit.sources.get(&arrival.source).map(|source| source.name.clone()).unwrap_or_default();
    let Some(lead) = work_unit.leads.get_mut(&id) else { return };
    let origin = Origin::Arrival(fresh.id);
    for (question, value) in submission.answers.iter().filter(|(_, value)| !value.is_null()) {
        let answer = Answer { value: value.clone(), at: arrival.received_at, origin: origin.clone() };
        work_unit.answers.push(AnswerRow {
            lead: id,
            question: question.clone(),
            at: answer.at,
            origin: origin.to_string(),
            value: value.clone(),
        });
        if lead.answers.get(question).is_none_or(|known| known.at <= answer.at) {
            lead.answers.insert(question.clone(), answer);
        }
    }
    if let Some(text) = &submission.notes {
        work_unit.notes.push(NoteRow { lead: id, at: arrival.received_at, by, text: text.clone() });
    }
    if fresh.amends.is_some() && !lead.arrived.contains(&fresh.id) {
        lead.arrived.push(fresh.id);
    }
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
        received_at: arrival.received_at,
        submitted_at: arrival.submission.submitted_at,
        media_type: arrival.raw.media_type.clone(),
        // PostgreSQL keeps no NUL in a text; U+2400 is its picture.
        raw: arrival.raw.text.replace('\0', "\u{2400}"),
        // A parsed submission always serialises: it came from a message.
        submission: serde_json::to_string(&arrival.submission).unwrap_or_else(|_| "{}".to_owned()),
        flags: arrival.submission.flags.iter().map(|flag| flag.word()).collect::<Vec<_>>().join(","),
    }
}
