//! Who has the lead, in words: somebody of its client, nobody though it is meant for them, or nobody any more, because it is over.

use ripen_actions::lead_page::WholeLead;
use ripen_domain::{
    delivery::EventType,
    desk::GateKind,
    id::LeadId,
    lead::{Grade, OutcomeKind, Stage},
    promise::{Kind, State},
    routing::HoldReason,
};
use ripen_store::delivery::{list::DeliveryRecord, perhaps_same::held_because};

use super::{shown::TimeInTitle, timeline_words::money};
use crate::people::{letters::capital, when::When};

/// A lead that its client is to have, and nobody has.
pub struct NobodyHas {
    /// Since when.
    pub since: TimeInTitle,
    /// Why, as the delivery says it.
    pub why: String,
    /// It waits until somebody says whose it is, and for no recipient.
    pub is_of_whom: bool,
    /// The lead of perhaps the same person, for who may read it.
    pub perhaps_same: Option<LeadId>,
    /// What can be done.
    pub way_out: String,
}

/// How the lead stands, as its page begins.
pub struct WhoHasLead {
    /// How it ended: won or lost, when, and for what or why; empty of one that is open.
    pub over: String,
    /// Meant for the client, and nobody there has it.
    pub nobody: Option<NobodyHas>,
}

pub fn standing(page: &WholeLead, when: &When) -> WhoHasLead {
    let over = over(page, when);
    let nobody = if over.is_empty() { nobody_has(page, when) } else { None };
    WhoHasLead { over, nobody }
}

/// What the page says instead of "the client has it" where the lead is over; empty where it is not.
fn over(page: &WholeLead, when: &When) -> String {
    let said = |kind: OutcomeKind| page.outcomes.iter().rev().find(|one| one.outcome.kind == kind);
    let day = |kind| said(kind).map(|one| format!(" on {}", when.day(one.outcome.happened_at))).unwrap_or_default();
    match page.lead.stage {
        Stage::Customer => {
            let sale = page.lead.sale.map(|sale| format!(": {}", money(sale)));
            format!("Won{}{}", day(OutcomeKind::Won), sale.unwrap_or_default())
        }
        Stage::Closed => {
            // What its client lost says so itself: the client's own words follow, and not those by which the lead was closed.
            let lost = said(OutcomeKind::Lost).and_then(|one| one.outcome.reason.clone());
            let (end, why) = match page.lead.is_lost {
                true => (format!("Lost{}", day(OutcomeKind::Lost)), lost.unwrap_or_default()),
                false => ("Closed".to_owned(), page.lead.closed.clone().unwrap_or_default()),
            };
            if why.is_empty() { end } else { format!("{end}: {why}") }
        }
        _ => String::new(),
    }
}

fn nobody_has(page: &WholeLead, when: &When) -> Option<NobodyHas> {
    if page.lead.decided.map(|last| last.grade) != Some(Grade::A) {
        return None;
    }
    let stuck = stuck(page)?;
    let reason = stuck.reason.as_deref().unwrap_or_default();
    let perhaps_same = same_as(reason).filter(|_| stuck.state == "held");
    Some(NobodyHas {
        since: TimeInTitle::of(when, stuck.created_at),
        // To who is not told why it waits, the step that is open tells as much.
        is_of_whom: perhaps_same.is_some() || stuck.state == "held" && asks_of_whom(page),
        why: if perhaps_same.is_some() { String::new() } else { capital(reason) },
        perhaps_same,
        way_out: way_out(page.lead.id, stuck, perhaps_same),
    })
}

/// The delivery that does not come to anybody before somebody does something, where nobody has the lead. What is held for its hour goes on
/// by itself: it is about to be handed over.
fn stuck(page: &WholeLead) -> Option<&DeliveryRecord> {
    // An offer hands nothing over: while it runs, what waits behind it has a date.
    let hands_over = |one: &&DeliveryRecord| one.event == EventType::LeadMatured && one.state != "withdrawn";
    let waits = |one: &&DeliveryRecord| one.state == "held" && one.due().is_none();
    // As the list of what was given up has it. That a webhook of the team has the lead beside a mail that came back reaches nobody.
    if let Some(dead) = page.nobody_has.last() {
        let routed = |one: &&DeliveryRecord| hands_over(one) && one.state == "held" && one.endpoint.is_none();
        return match page.deliveries.iter().rfind(routed) {
            Some(to_route) => Some(to_route).filter(waits),
            None => page.deliveries.iter().find(|one| one.id == *dead),
        };
    }
    // What was handed over before it came back is had by nobody any more.
    let back = page.outcomes.iter().filter(|one| one.outcome.kind == OutcomeKind::Returned).map(|one| one.outcome.at);
    let recalled = page.deliveries.iter().filter(|one| one.event == EventType::LeadRecalled).map(|one| one.created_at);
    let given_back = back.chain(recalled).max();
    let is_had = page.deliveries.iter().filter(hands_over).any(|one| {
        matches!(one.state.as_str(), "delivered" | "filed") && given_back.is_none_or(|at| one.created_at > at)
    });
    page.deliveries.iter().rfind(hands_over).filter(|newest| waits(newest) && !is_had)
}

fn asks_of_whom(page: &WholeLead) -> bool {
    page.promises.iter().any(|promise| promise.kind == Kind::SamePerson && promise.state == State::Work)
}

/// The lead that a reason names of which it perhaps is the same person's.
fn same_as(reason: &str) -> Option<LeadId> {
    let named: LeadId = reason.rsplit(' ').next()?.parse().ok()?;
    (held_because(named) == reason).then_some(named)
}

/// What lets a delivery go that waits for somebody, by what it waits for.
fn way_out(lead: LeadId, delivery: &DeliveryRecord, perhaps_same: Option<LeadId>) -> String {
    let takes_none = HoldReason::ClientFull(0).to_string();
    match (delivery.state.as_str(), perhaps_same) {
        ("dead", _) => "Mend the recipient and send it again, or take the lead back.".to_owned(),
        (_, Some(first)) => format!(
            "Say whether it is: ripen person same {first} {lead} --why '…' makes them one, ripen delivery release {} --why '…' sends it as somebody else's.",
            delivery.id
        ),
        (_, None) if delivery.reason.as_deref() == Some(takes_none.as_str()) => {
            "Let the client take leads again, or take the lead back.".to_owned()
        }
        _ => "Add, enable or free a recipient, or take the lead back.".to_owned(),
    }
}

/// What a gate says of who has the lead, where more is known of it than the gate tells.
pub fn gate_words(kind: GateKind, is_open: bool, of: &WhoHasLead) -> Option<String> {
    match kind {
        GateKind::WithClient if !is_open && !of.over.is_empty() => Some("its client had it".to_owned()),
        GateKind::WithClient if !is_open => of.nobody.as_ref().map(|nobody| match nobody.is_of_whom {
            true => "it is an A lead that waits until somebody says whose it is".to_owned(),
            false => "it is an A lead that waits for somebody of its client".to_owned(),
        }),
        _ => None,
    }
}
