//! What the page without a lead says of a number that rings: whose leads it has, and what keeps it from being called.

use ripen_actions::ringing::{BarredNumber, RingingNumber};
use ripen_domain::{actor::Permission, contact_link::shown_phone};
use ripen_store::lead::show::LeadRecord;

use crate::people::{viewer::Viewer, when::When};

/// What a form asks for that lifts what bars a number.
pub(super) const LIFT: &str = "lift";

/// What is said of the number.
#[derive(Default)]
pub struct RingsSay<'a> {
    /// As it was typed.
    pub phone: &'a str,
    /// What is known of it.
    pub number: Option<&'a RingingNumber>,
    /// What was typed of the call, where it could not be kept.
    pub note: &'a str,
    /// What was to be done with it: `note`, or `lift` for the client named.
    pub what: &'a str,
    /// Whose entry was to be lifted.
    pub client: &'a str,
    /// What is wrong with it.
    pub wrong: String,
    /// What was done.
    pub done: &'static str,
}

impl<'a> RingsSay<'a> {
    /// Nothing was done yet.
    pub fn of(phone: &'a str, number: &'a RingingNumber) -> Self {
        Self { phone, number: Some(number), ..Self::default() }
    }
}

/// A lead of the number.
pub struct FoundLead {
    /// Its id.
    pub id: String,
    /// Who it is.
    pub name: String,
    /// The client's slug.
    pub client: String,
    /// The line of business.
    pub program: String,
    /// Of its last digits there may be several.
    pub number: String,
    /// Of one that ended, how.
    pub ended: String,
}

/// An entry that bars the number.
pub(super) struct ShownBar {
    /// Whom it keeps from calling.
    pub whose: String,
    pub phone: String,
    pub shown: String,
    pub client: String,
    pub since: String,
    pub whole: String,
    pub at: String,
    pub why: String,
    pub by: String,
    /// It was to be lifted, and could not be.
    pub is_tried: bool,
}

/// What the page without a lead shows of the number.
#[derive(Default)]
pub(super) struct ShownRings {
    pub open: Vec<FoundLead>,
    pub ended: Vec<FoundLead>,
    pub barred: Vec<ShownBar>,
    pub is_unknown: bool,
    pub may_lift: bool,
    pub note: String,
    pub is_note: bool,
    pub wrong: String,
    pub done: &'static str,
}

impl ShownRings {
    pub(super) fn of(says: &RingsSay<'_>, viewer: &Viewer, when: &When) -> Self {
        let Some(number) = says.number else { return Self { done: says.done, ..Self::default() } };
        Self {
            open: number.open.iter().map(found).collect(),
            ended: number.ended.iter().map(found).collect(),
            barred: number.barred.iter().map(|one| bar(one, says, when)).collect(),
            is_unknown: number.is_unknown(),
            may_lift: viewer.actor.may(Permission::Manage),
            note: says.note.to_owned(),
            is_note: says.what != LIFT,
            wrong: says.wrong.clone(),
            done: says.done,
        }
    }
}

/// A lead of the number, as it is shown.
pub fn found(lead: &LeadRecord) -> FoundLead {
    let profile = &lead.profile;
    let phone = profile.phone.as_deref().map(|phone| shown_phone(phone, profile.phone_extension.as_deref()));
    FoundLead {
        id: lead.id.to_string(),
        name: profile.full_name().unwrap_or_else(|| "Somebody without a name".to_owned()),
        client: lead.client.slug.clone(),
        program: lead.program.name.replace(['-', '_'], " "),
        number: phone.unwrap_or_default(),
        ended: lead.closed.clone().unwrap_or_else(|| lead.stage.word().to_owned()),
    }
}

fn bar(one: &BarredNumber, says: &RingsSay<'_>, when: &When) -> ShownBar {
    let client = one.client.clone().unwrap_or_default();
    let extension = one.phone.extension();
    ShownBar {
        whose: one.client_name.clone().unwrap_or_else(|| "the whole firm".to_owned()),
        phone: one.phone.as_str().to_owned(),
        shown: shown_phone(one.phone.number(), extension),
        since: when.near(one.since),
        whole: when.whole(one.since),
        at: one.since.to_string(),
        why: one.why.clone(),
        by: one.by.clone(),
        is_tried: says.what == LIFT && says.client == client && !says.wrong.is_empty(),
        client,
    }
}
