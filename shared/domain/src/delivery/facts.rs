//! From what is known of a lead to the body of an event. Frozen at the first attempt, with what is known then.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{
    event_type::EventType,
    payload::{
        AssignedRep, ClientEvent, CriteriaName, EventData, EventDetail, LeadContact, LeadData, LeadHandover, LeadNamed,
        LeadNote, LeadReason, LeadSource, Member, OfferTerms, OfferedFact,
    },
};
use crate::{
    appointment::Handover,
    criteria::Reason,
    flag::Flag,
    id::{DeliveryId, LeadId},
    lead::{Channel, Grade, Stage},
    person::{OtherContacts, Profile},
};

/// Everything a client is told about a matured lead.
#[derive(Debug, Clone)]
pub struct DeliveryFacts {
    /// The delivery.
    pub delivery: DeliveryId,
    /// What it tells, and what it says beside the lead.
    pub detail: EventDetail,
    /// The delivery that handed the lead over: itself, or the earlier one that it is about.
    pub handed_over: DeliveryId,
    /// The lead.
    pub lead: LeadId,
    /// Its stage.
    pub stage: Stage,
    /// Whom to reach, and how.
    pub profile: Profile,
    /// What else they said to be reached under.
    pub others: OtherContacts,
    /// What could not be understood of what they sent.
    pub flags: Vec<Flag>,
    /// Grade of the decision that matured it: always A.
    pub grade: Grade,
    /// Its points.
    pub score: i32,
    /// The criteria that decided.
    pub criteria: CriteriaName,
    /// The rules that counted.
    pub reasons: Vec<Reason>,
    /// Answers by question.
    pub answers: Map<String, Value>,
    /// Notes, oldest first.
    pub notes: Vec<LeadNote>,
    /// Name of the source.
    pub source: String,
    /// The lead's channel.
    pub channel: Channel,
    /// Arrivals on it.
    pub arrivals: i32,
    /// The first one.
    pub first_arrived_at: Timestamp,
    /// When it became A.
    pub matured_at: Timestamp,
    /// The rep it is for.
    pub assigned_to: Option<AssignedRep>,
    /// Where those are who get it, the rep or else the client: an IANA name.
    pub time_zone: String,
    /// What that rep and the person have agreed; none where they have not.
    pub appointment: Option<Handover>,
}

impl DeliveryFacts {
    /// What it tells.
    #[must_use]
    pub const fn event(&self) -> EventType {
        self.detail.event()
    }

    /// The event. `now` is the first attempt's. What takes a lead back or tells of it later names it, and says nothing of how
    /// to reach the person.
    #[must_use]
    pub fn to_event(&self, now: Timestamp) -> ClientEvent {
        ClientEvent::new(self.event(), now, self.data())
    }

    fn data(&self) -> EventData {
        match self.detail.clone() {
            EventDetail::Matured => EventData::Lead(Box::new(self.whole())),
            EventDetail::Updated(update) => {
                // A replay of an update that was written before updates said what is new.
                let update = if update == Default::default() { Member::Absent } else { update.into() };
                EventData::Lead(Box::new(LeadData { update, ..self.whole() }))
            }
            EventDetail::Offered(terms) => EventData::Lead(Box::new(self.offer(terms))),
            // Of later events only a reference: an endpoint that gets them has had the whole lead, and the data may
            // have changed.
            EventDetail::Recalled(mut recall) => {
                (recall.delivery, recall.lead, recall.assigned_to) = self.reference();
                EventData::Recall(recall)
            }
            EventDetail::Taken(mut taken) => {
                (taken.delivery, taken.lead, taken.assigned_to) = self.reference();
                // Whoever was offered it never learnt who it is, and must not learn it now.
                if let Member::Is(lead) = &mut taken.lead {
                    lead.name = Member::Null;
                }
                EventData::Taken(taken)
            }
            EventDetail::Suppressed(mut suppression) => {
                (suppression.delivery, suppression.lead, suppression.assigned_to) = self.reference();
                EventData::Suppression(suppression)
            }
            EventDetail::Outcome(mut outcome) => {
                (outcome.delivery, outcome.lead, outcome.assigned_to) = self.reference();
                EventData::Outcome(outcome)
            }
            // What went wrong on the way says nothing of the person: it goes to endpoints that may not have the lead.
            EventDetail::DeliveryDead(dead) => EventData::DeadDelivery(dead),
            EventDetail::EndpointDisabled(disabled) => EventData::DisabledEndpoint(disabled),
        }
    }

    /// Which lead a later event is about.
    fn reference(&self) -> (Member<DeliveryId>, Member<LeadNamed>, Member<AssignedRep>) {
        let name = Member::or_null(self.profile.full_name());
        let lead = LeadNamed { id: self.lead.into(), name, more: Map::new() };
        (self.handed_over.into(), lead.into(), Member::or_null(self.assigned_to.clone()))
    }

    /// What the terms name; never who it is, how to reach them, or words in which that may stand.
    fn offer(&self, terms: OfferTerms) -> LeadData {
        let mut offer = self.whole();
        if let Member::Is(lead) = &mut offer.lead {
            lead.anonymise();
            lead.keep_place(terms.names(OfferedFact::Place));
            if !terms.names(OfferedFact::Locale) {
                lead.locale = Member::Null;
            }
        }
        if !terms.names(OfferedFact::Grade) {
            (offer.grade, offer.score, offer.criteria) = (Member::Null, Member::Null, Member::Null);
        }
        if !terms.names(OfferedFact::Reasons) {
            offer.reasons = Vec::new().into();
        }
        if let Member::Is(source) = &mut offer.source {
            if !terms.names(OfferedFact::Source) {
                source.name = Member::Null;
            }
            if !terms.names(OfferedFact::Channel) {
                source.channel = Member::Null;
            }
        }
        offer.answers = terms.named_answers(&self.answers, self.profile.phone.as_deref()).into();
        // A note or an appointment may hold a name or a number, and whoever passes must have learnt neither.
        offer.notes = Vec::new().into();
        offer.handover = LeadHandover::message().into();
        // Null and not left out: a client's program sees that it is an offer without an end.
        offer.offered_until = if terms.until.is_absent() { Member::Null } else { terms.until };
        // Nobody has it yet: as `assigned_to` a program would file it as the rep's own.
        offer.offered_to = std::mem::replace(&mut offer.assigned_to, Member::Null);
        offer
    }

    fn whole(&self) -> LeadData {
        LeadData {
            delivery: self.handed_over.into(),
            grade: self.grade.into(),
            score: self.score.into(),
            criteria: self.criteria.clone().into(),
            reasons: self.reasons.iter().map(LeadReason::from).collect::<Vec<_>>().into(),
            lead: LeadContact::new(self.lead, self.stage, (&self.profile, &self.others), &self.flags).into(),
            answers: self.answers.clone().into(),
            notes: self.notes.clone().into(),
            source: LeadSource { name: self.source.clone().into(), channel: self.channel.into(), more: Map::new() }
                .into(),
            arrivals: self.arrivals.into(),
            first_arrived_at: self.first_arrived_at.into(),
            handover: self.appointment.as_ref().map_or_else(LeadHandover::message, LeadHandover::from).into(),
            assigned_to: Member::or_null(self.assigned_to.clone()),
            matured_at: self.matured_at.into(),
            time_zone: self.time_zone.clone().into(),
            ..LeadData::default()
        }
    }
}
