//! What programs read of a lead beside what lists have of it, for what is done with it: the contact data that can be put right, who else
//! is reached where the person is, appointments that are ahead, returns that nobody judged yet.

use std::collections::BTreeMap;

use jiff::Timestamp;
use ripen_actions::{lead_page::WholeLead, person_correct::shown_fields};
use ripen_domain::{
    actor::Permission,
    id::{AppointmentId, DeliveryId, LeadId},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::panels::{booked_ahead, unjudged_returns};
use crate::people::viewer::Viewer;

/// Somebody else who is reached where the person is.
#[derive(Serialize, ToSchema)]
pub struct RelativeView {
    /// Their name, as far as it is known.
    name: Option<String>,
    /// What both are reached under.
    shared: Vec<String>,
    /// Their newest lead.
    #[schema(value_type = Option<String>)]
    lead: Option<LeadId>,
}

/// An appointment that is ahead.
#[derive(Serialize, ToSchema)]
pub struct BookedView {
    /// Its id.
    #[schema(value_type = String, example = "appt_01kahxq5z5e4y9wd3tvdnzxkqj")]
    id: AppointmentId,
    /// With whom.
    rep: String,
    /// When it begins.
    #[schema(value_type = String)]
    starts_at: Timestamp,
    /// When it ends.
    #[schema(value_type = String)]
    ends_at: Timestamp,
}

/// What the client gave back, and nobody has judged yet.
#[derive(Serialize, ToSchema)]
pub struct UnjudgedReturnView {
    /// The delivery, as `judge_return` takes it.
    #[schema(value_type = String, example = "dlv_01kahxq5z5e4y9wd3tvdnzxkqj")]
    delivery: DeliveryId,
    /// Who said so.
    by: String,
    /// When.
    #[schema(value_type = String)]
    at: Timestamp,
    /// Why.
    reason: Option<String>,
}

/// What is known beside a lead.
#[derive(Serialize, ToSchema)]
pub struct LeadBesideView {
    /// The person's contact data by the fields of the change `person`, which takes them as `seen`; empty for who works no leads.
    #[schema(value_type = Object)]
    person: BTreeMap<&'static str, String>,
    /// Who else is reached where the person is; of nobody for who works no leads.
    household: Vec<RelativeView>,
    /// Appointments that are ahead, the earliest first.
    booked: Vec<BookedView>,
    /// Returns that wait for a manager's word; none for others.
    returns: Vec<UnjudgedReturnView>,
}

impl LeadBesideView {
    /// Of a lead, for somebody, now.
    pub fn of(page: &WholeLead, viewer: &Viewer, now: Timestamp) -> Self {
        let person = match viewer.actor.may(Permission::Work) {
            true => shown_fields(&page.lead.profile).into_iter().map(|field| (field.name, field.text)).collect(),
            false => BTreeMap::new(),
        };
        let household = page.household.iter().map(|member| RelativeView {
            name: member.name.clone(),
            shared: member.shared.clone(),
            lead: member.lead,
        });
        let booked = booked_ahead(page, now).into_iter().map(|one| BookedView {
            id: one.appointment.id,
            rep: one.rep.clone(),
            starts_at: one.appointment.slot.starts_at,
            ends_at: one.appointment.slot.ends_at,
        });
        let judges = viewer.actor.may(Permission::Manage);
        let returns = unjudged_returns(page).filter(|_| judges).map(|one| UnjudgedReturnView {
            delivery: one.delivery,
            by: one.outcome.by.clone(),
            at: one.outcome.at,
            reason: one.outcome.reason.clone(),
        });
        Self { person, household: household.collect(), booked: booked.collect(), returns: returns.collect() }
    }
}
