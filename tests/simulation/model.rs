//! What must be true, in plain Rust: which arrivals exist and how each ended, which leads there are and what they count.
//! It learns of a batch when it is committed; whether a lead is still open it is told, for the criteria decide that.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use ripen_domain::{
    arrival::{Arrival, Sameness, return_id, variant_id},
    hash::ContentHash,
    id::{ArrivalId, DeliveryId, LeadId},
    lead::Grade,
};

use super::posting::person_of;

/// Equal content without a key within this time is the same arrival.
const SAME_WITHIN: SignedDuration = SignedDuration::from_mins(10);
/// Arrivals further apart are enquiries of their own.
const ENQUIRY_APART: SignedDuration = SignedDuration::from_hours(24);

/// How an arrival ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// On this lead; it may correct an earlier arrival.
    Lead { lead: usize, amends: Option<ArrivalId> },
    /// It corrected an arrival of a lead that was over by then, and nothing was decided.
    Corrected { lead: usize, amends: ArrivalId },
    /// The same as an earlier one.
    Same,
    /// Kept and not worked.
    Quarantined,
}

/// A lead and what it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lead {
    pub person: u8,
    pub arrivals: i32,
    pub enquiries: i32,
    first_at: Timestamp,
    last_enquiry_at: Timestamp,
}

/// Everything that is known for certain.
#[derive(Debug, Default)]
pub struct Model {
    /// Every arrival that was decided on, as it was first seen.
    pub seen: BTreeMap<ArrivalId, (ContentHash, End)>,
    /// What came under each id and is worked.
    bodies: BTreeMap<ArrivalId, Vec<KeptBody>>,
    /// In the order they were made.
    pub leads: Vec<Lead>,
    /// Each person's open lead.
    pub open: BTreeMap<u8, usize>,
    /// What worked arrivals said, and when.
    said: BTreeMap<ContentHash, Vec<Timestamp>>,
    /// What was acknowledged to a sender: it must end.
    pub acknowledged: BTreeMap<ArrivalId, BTreeSet<ContentHash>>,
    /// Who must not be contacted.
    pub opted_out: BTreeSet<u8>,
    /// What was sent, under which id.
    pub sent: BTreeMap<DeliveryId, Vec<u8>>,
    /// Deliveries that are over.
    pub over: BTreeSet<DeliveryId>,
    /// When leads were given or taken back, and when a client kept one after all, in order.
    pub given_back: BTreeMap<LeadId, Vec<GivenBack>>,
}

/// A body under an id, and when what says the same came last, be it this one or what made no arrival of its own.
#[derive(Debug, Clone, Copy)]
struct KeptBody {
    content: ContentHash,
    last: Timestamp,
}

/// A lead goes back to the desk, or its client keeps it after all.
#[derive(Debug, Clone, Copy)]
pub struct GivenBack {
    pub at: Timestamp,
    pub is_back: bool,
}

/// Whether a lead is with its client, as its decisions follow each other.
#[derive(Debug, Default)]
pub struct Course {
    grade: Option<Grade>,
    back_at: Option<Timestamp>,
    matured_at: Option<Timestamp>,
}

impl Course {
    /// The next decision, with what was said since the one before; whether the lead became A by it: it was none, or its
    /// client had given it back, or it was taken back, with no decision in between.
    pub fn decided(&mut self, said: &[GivenBack], grade: Grade, is_open: bool, at: Timestamp) -> bool {
        for one in said {
            self.back_at = one.is_back.then_some(one.at);
        }
        let came_back = self.back_at.is_some_and(|back| self.matured_at.is_none_or(|matured| back > matured));
        let became = grade == Grade::A && is_open && (self.grade != Some(Grade::A) || came_back);
        self.grade = Some(grade);
        if became {
            self.matured_at = Some(at);
        }
        became
    }
}

/// A message that is new: under which id, and what it corrects.
struct New<'a> {
    arrival: &'a Arrival,
    id: ArrivalId,
    amends: Option<ArrivalId>,
    quarantined: bool,
}

impl Model {
    /// A lead was given or taken back, or is kept after all.
    pub fn note_given_back(&mut self, lead: LeadId, said: GivenBack) {
        self.given_back.entry(lead).or_default().push(said);
    }

    /// A batch was committed: these arrivals in this order.
    pub fn absorb(&mut self, batch: &[&Arrival]) {
        let mut new = Vec::new();
        let mut batch = batch.to_vec();
        batch.sort_by_key(|arrival| arrival.received_at);
        for arrival in batch {
            if let Some(fresh) = self.news(arrival) {
                // A place, until its end is known.
                self.seen.insert(fresh.id, (arrival.content, End::Quarantined));
                if !fresh.quarantined {
                    let (content, at) = (arrival.content, arrival.received_at);
                    self.bodies.entry(arrival.id).or_default().push(KeptBody { content, last: at });
                }
                new.push(fresh);
            }
        }
        new.sort_by_key(|fresh| (fresh.amends.is_some(), fresh.arrival.received_at, fresh.id));
        for fresh in new {
            let end = self.end(&fresh);
            self.seen.insert(fresh.id, (fresh.arrival.content, end));
        }
    }

    fn news<'a>(&mut self, arrival: &'a Arrival) -> Option<New<'a>> {
        let quarantined = arrival.quarantine.is_some();
        let Some((content, _)) = self.seen.get(&arrival.id).copied() else {
            return Some(New { arrival, id: arrival.id, amends: None, quarantined });
        };
        if arrival.sameness == Sameness::ExternalId && !quarantined {
            return self.correction(arrival);
        }
        if content == arrival.content {
            return None;
        }
        let id = variant_id(arrival.id, arrival.content);
        let (amends, quarantined) = match arrival.sameness {
            Sameness::ExternalId => (Some(arrival.id), quarantined),
            Sameness::IdempotencyKey => (None, true),
            Sameness::Content | Sameness::Form => return None,
        };
        (!self.seen.contains_key(&id)).then_some(New { arrival, id, amends, quarantined })
    }

    /// Another body under an external id: the newest counts, and one that comes back counts again, in whatever order they are worked.
    fn correction<'a>(&mut self, arrival: &'a Arrival) -> Option<New<'a>> {
        let bodies = self.bodies.get_mut(&arrival.id).expect("the original");
        let (at, content) = (arrival.received_at, arrival.content);
        let counted =
            bodies.iter().filter(|body| body.last <= at).max_by_key(|body| body.last).map(|body| body.content);
        let same = bodies.iter_mut().filter(|body| body.content == content).max_by_key(|body| body.last);
        let was_there = same.is_some();
        if let Some(body) = same {
            if at <= body.last {
                return None;
            }
            if counted.is_none_or(|counted| counted == content) {
                body.last = at;
                return None;
            }
        }
        let id = if was_there { return_id(arrival.id, content, at) } else { variant_id(arrival.id, content) };
        Some(New { arrival, id, amends: Some(arrival.id), quarantined: false })
    }

    fn end(&mut self, new: &New<'_>) -> End {
        let (arrival, at) = (new.arrival, new.arrival.received_at);
        if new.quarantined {
            return End::Quarantined;
        }
        let said = self.said.entry(arrival.content).or_default();
        let close = |earlier: &&Timestamp| at.duration_since(**earlier).abs() <= SAME_WITHIN;
        if arrival.sameness == Sameness::Content && said.iter().any(|earlier| close(&earlier)) {
            return End::Same;
        }
        said.push(at);
        let owner = new.amends.and_then(|id| Some((id, self.seen.get(&id)?.1)));
        if let Some((id, End::Lead { lead, .. } | End::Corrected { lead, .. })) = owner {
            let is_open = self.open.values().any(|open| *open == lead);
            return if is_open { End::Lead { lead, amends: Some(id) } } else { End::Corrected { lead, amends: id } };
        }
        let person = person_of(arrival.submission.name.as_deref().unwrap());
        End::Lead { lead: self.count(person, at), amends: None }
    }

    /// The person's open lead with one more arrival, or a new one.
    fn count(&mut self, person: u8, at: Timestamp) -> usize {
        let Some(&open) = self.open.get(&person) else {
            self.leads.push(Lead { person, arrivals: 1, enquiries: 1, first_at: at, last_enquiry_at: at });
            self.open.insert(person, self.leads.len() - 1);
            return self.leads.len() - 1;
        };
        let lead = &mut self.leads[open];
        lead.arrivals += 1;
        if at.duration_since(lead.last_enquiry_at) >= ENQUIRY_APART {
            lead.enquiries += 1;
            lead.last_enquiry_at = at;
        } else if lead.first_at.duration_since(at) >= ENQUIRY_APART {
            lead.enquiries += 1;
        }
        lead.first_at = lead.first_at.min(at);
        open
    }

    /// Arrivals that were acknowledged and have not ended.
    pub fn lost(&self) -> Vec<ArrivalId> {
        let ended = |id: ArrivalId, content: ContentHash| {
            let original = self.seen.get(&id).is_some_and(|(first, _)| *first == content);
            original || self.seen.contains_key(&variant_id(id, content))
        };
        let each = self.acknowledged.iter().flat_map(|(id, contents)| contents.iter().map(|content| (*id, *content)));
        each.filter(|(id, content)| !ended(*id, *content)).map(|(id, _)| id).collect()
    }
}
