//! What of leads is withheld from whoever does not work them, who are the brokers of their client. One rule for lists, files, programs, what a
//! search finds and the lead's page: who a person is, and every word that somebody wrote about them, is theirs to read from the moment the
//! client has the lead, for as long as the person may be contacted. What the firm knows of others is never theirs.
//!
//! Words that are no person's stay: the manager's, in the criteria and on receipts, and names of sources, reps and agents.

use jiff::tz::TimeZone;
use ripen_domain::{
    actor::{Actor, Permission},
    appointment::{Appointment, AppointmentState},
    criteria::{DO_NOT_CONTACT, Receipt},
    desk::day_alone,
    id::LeadId,
    person::Profile,
    touch::Disposition,
};
use ripen_store::{
    appointment::list::AppointmentRecord,
    delivery::list::DeliveryRecord,
    lead::{history::LeadArrival, list::ListedLead, show::TouchRecord},
    outcome::list::{OutcomeRecord, OutcomeVerdict},
    promise::list::PromiseRecord,
};

use crate::{Actions, Refusal, lead::DeliveryOutcome};

/// Said in place of why a person must not be contacted: the reason is somebody's words about them, and may be of another client's call.
pub(crate) const BARRED: &str = "nobody may contact this person";

/// Which of these leads are withheld from the actor.
pub(crate) async fn withheld(actions: &Actions, actor: &Actor, leads: &[ListedLead]) -> Result<Vec<LeadId>, Refusal> {
    if actor.may(Permission::Work) {
        return Ok(Vec::new());
    }
    let had: Vec<_> = leads.iter().filter(|lead| lead.is_handed_over).map(|lead| lead.id).collect();
    let barred = actions.store.leads_barred(actor.scope(), &had).await?;
    let is_withheld = |lead: &&ListedLead| !lead.is_handed_over || barred.contains(&lead.id);
    Ok(leads.iter().filter(is_withheld).map(|lead| lead.id).collect())
}

/// Whether this one is.
pub(crate) async fn is_lead_withheld(actions: &Actions, actor: &Actor, lead: LeadId) -> Result<bool, Refusal> {
    let listed = actions.store.leads_of_list(actor.scope(), &[lead]).await?;
    Ok(!withheld(actions, actor, &listed).await?.is_empty())
}

/// Makes bare what the actor may not read of a list, and says which leads that are.
pub(crate) async fn withhold(
    actions: &Actions,
    actor: &Actor,
    leads: &mut [ListedLead],
) -> Result<Vec<LeadId>, Refusal> {
    let withheld = withheld(actions, actor, leads).await?;
    if withheld.is_empty() {
        return Ok(withheld);
    }
    let clients = actions.store.clients(actor.scope()).await?;
    for lead in leads.iter_mut().filter(|lead| withheld.contains(&lead.id)) {
        let client = clients.iter().find(|client| client.slug == lead.client);
        bare(lead, client.map_or("", |client| client.time_zone.as_str()));
    }
    Ok(withheld)
}

/// A lead without who it is, without the words of whoever promised the next step or closed it, and without the hour of that step:
/// people are called at nine where they are. Of one that ends the last touch would say why.
pub(crate) fn bare(lead: &mut ListedLead, client_zone: &str) {
    (lead.name, lead.phone, lead.email, lead.closed) = (None, None, None, None);
    let said = lead.last_disposition.as_deref().and_then(|word| word.parse().ok());
    if !lead.stage.is_open() || said.is_some_and(says_why) {
        (lead.last_disposition, lead.last_touch_at) = (None, None);
    }
    if let Some(step) = &mut lead.step {
        step.why.clear();
        let zone = zone(client_zone);
        step.due_at = step.due_at.map(|at| day_alone(at, &zone));
        step.day_by = Some(zone);
    }
}

pub(crate) fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

/// What says why a lead is closed, or will be as soon as it is decided.
const fn says_why(disposition: Disposition) -> bool {
    matches!(disposition, Disposition::DoNotContact | Disposition::NeverEnquired | Disposition::NotInterested)
}

/// Touches without those that say why a lead ends that its client does not have.
pub(crate) fn touches(touches: Vec<TouchRecord>, lead: &ListedLead) -> Vec<TouchRecord> {
    touches.into_iter().filter(|touch| lead.is_handed_over || !says_why(touch.disposition)).collect()
}

/// Said of a lead that is closed in place of why, before the client has it.
pub(crate) const NOT_TOLD: &str = "the reason is not told";

/// A receipt as a client's people read it: all of it is the manager's words, but why the person must not be contacted.
pub(crate) fn receipt_of_client(receipt: &mut Receipt) {
    if receipt.cause.barred.is_none() {
        return;
    }
    receipt.closed = receipt.closed.as_ref().map(|_| BARRED.to_owned());
    for cap in receipt.caps.iter_mut().filter(|cap| &*cap.by == DO_NOT_CONTACT) {
        cap.because = BARRED.into();
    }
}

/// What came in, without what the person wrote and agreed to.
pub(crate) fn arrival(one: LeadArrival) -> LeadArrival {
    LeadArrival { notes: None, consent: None, external_id: None, ..one }
}

/// A next step, without what was promised, and without its hour.
pub(crate) fn promise(one: PromiseRecord, client_zone: &str) -> PromiseRecord {
    // What came back to the desk was made for that very moment, whose hour is nobody's.
    let is_of_moment = one.due_at == Some(one.created_at);
    let due_at = one.due_at.map(|at| if is_of_moment { at } else { day_alone(at, &zone(client_zone)) });
    PromiseRecord { why: String::new(), ended: None, due_at, due_until: None, time: None, ..one }
}

/// Without why it ended: that is why the lead was closed or taken back, in the same words.
pub(crate) fn delivery(one: DeliveryRecord) -> DeliveryRecord {
    DeliveryRecord { reason: None, answer_refused: None, ..one }
}

/// What the client said, without its words and those of who judged it.
pub(crate) fn outcome(one: DeliveryOutcome) -> DeliveryOutcome {
    let quiet = |verdict: OutcomeVerdict| OutcomeVerdict { why: String::new(), ..verdict };
    let outcome = OutcomeRecord { reason: None, verdict: one.outcome.verdict.map(quiet), ..one.outcome };
    DeliveryOutcome { outcome, ..one }
}

/// A time that was agreed, without with whom and the words about it.
pub(crate) fn appointment(one: AppointmentRecord) -> AppointmentRecord {
    let state = match one.appointment.state {
        AppointmentState::Cancelled { at, .. } => AppointmentState::Cancelled { at, why: String::new() },
        state => state,
    };
    let appointment = Appointment { note: None, state, ..one.appointment };
    AppointmentRecord { appointment, person: Profile::default(), ..one }
}
