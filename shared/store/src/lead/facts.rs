//! What is known of a lead as criteria and routing ask for it: the same for the decision, for where it goes, and for whoever
//! shows beforehand what either would be.

use ripen_domain::{
    criteria::{ClientFacts, Facts, LeadFacts, SourceFacts},
    promise::agreed_for,
};

use crate::{
    client::grading_settings::GradingSettings,
    lead::unit_of_work::{TrackedLead, TrackedPerson},
};

/// What is known of a lead, for criteria and routing.
#[must_use]
pub fn facts_of(lead: &TrackedLead, person: &TrackedPerson, work: &GradingSettings, source: SourceFacts) -> Facts {
    let row = &lead.row;
    let count = |n: i32| u32::try_from(n).unwrap_or(0);
    let spoken_since = |at| row.last_conversation_at.is_some_and(|spoken| spoken > at);
    Facts {
        answers: lead.answers.clone(),
        lead: LeadFacts {
            channel: row.channel,
            stage: row.stage,
            verified: person.verified,
            do_not_contact: person.do_not_contact,
            arrivals: count(row.arrivals),
            enquiries: count(row.enquiries),
            touches: count(row.touches),
            last_disposition: row.last_disposition.clone(),
            first_arrived_at: row.first_arrived_at,
            last_arrived_at: row.last_arrived_at,
            last_conversation_at: row.last_conversation_at,
            agreed_for: agreed_for(&lead.promises),
            rounds: count(row.rounds),
            returned: row.returned_at.is_some_and(|at| !spoken_since(at)),
            has_email: person.profile.email.is_some(),
            has_phone: person.profile.phone.is_some(),
            country: person.profile.country.clone(),
            postal_code: person.profile.postal_code.clone(),
            time_zone: person.profile.time_zone.clone(),
        },
        client: ClientFacts {
            slug: work.client.slug.clone(),
            name: work.client.name.clone(),
            country: work.client.country.clone(),
            time_zone: work.client.time_zone.clone(),
        },
        source,
    }
}
