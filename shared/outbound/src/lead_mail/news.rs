//! What happened to a lead that a rep has, in a title and a few sentences.

use ripen_domain::{
    delivery::{ClientEvent, DeadDelivery, DisabledEndpoint, EventData, LeadNamed, LeadOutcome, Member},
    id::DeliveryId,
};

use super::read::word;

/// The title and the sentences; none for what hands a lead over.
pub(super) fn read(event: &ClientEvent) -> Option<(String, Vec<String>)> {
    // An event without data, or of a kind that is not known, is written like a lead: nothing must be left unsaid.
    Some(match event.data.get()? {
        EventData::Recall(recall) => {
            let sentence = format!("This lead was taken back{}.", because(&recall.reason));
            let sentences = vec![sentence, "Please do not work it any further.".to_owned()];
            (format!("Taken back: {}", who(&recall.lead)), with(sentences, &recall.delivery))
        }
        EventData::Taken(taken) => {
            let sentence = "Somebody else took this lead before you. There is nothing to do.".to_owned();
            (format!("Taken by somebody else: {}", who(&taken.lead)), with(vec![sentence], &taken.delivery))
        }
        EventData::Suppression(suppression) => {
            let who = who(&suppression.lead);
            let sentence = format!("{who} asked not to be contacted. Please do not call or write to them any more.");
            (format!("Do not contact: {who}"), with(vec![sentence], &suppression.delivery))
        }
        EventData::Outcome(outcome) => recorded(outcome),
        EventData::DeadDelivery(dead) => given_up(dead),
        EventData::DisabledEndpoint(disabled) => ("An endpoint was disabled".to_owned(), vec![out_of_use(disabled)]),
        EventData::Lead(_) | EventData::Test(_) => return None,
    })
}

fn recorded(event: &LeadOutcome) -> (String, Vec<String>) {
    let outcome = event.outcome.get().cloned().unwrap_or_default();
    let kind = word(&outcome.outcome).unwrap_or_default().replace('_', " ");
    let by = word(&outcome.said_by).map(|by| format!(" by {by}")).unwrap_or_default();
    let sentence = format!("Recorded as {kind}{by}{}.", because(&outcome.reason));
    (format!("{}: {kind}", who(&event.lead)), with(vec![sentence], &event.delivery))
}

fn given_up(dead: &DeadDelivery) -> (String, Vec<String>) {
    let what = word(&dead.event).unwrap_or_default();
    let lead = dead.lead.get().and_then(|lead| word(&lead.id)).unwrap_or_default();
    let sentence = format!("{what} of {lead} was given up{}.", because(&dead.reason));
    let delivery = word(&dead.delivery).unwrap_or_default();
    ("A delivery was given up".to_owned(), vec![sentence, format!("It is delivery {delivery}.")])
}

fn out_of_use(disabled: &DisabledEndpoint) -> String {
    let endpoint = word(&disabled.endpoint).unwrap_or_else(|| "An endpoint".to_owned());
    format!("{endpoint} gets nothing until it is enabled again{}.", because(&disabled.reason))
}

fn who(lead: &Member<LeadNamed>) -> String {
    lead.get().and_then(|lead| word(&lead.name)).unwrap_or_else(|| "name not given".to_owned())
}

fn because(reason: &Member<String>) -> String {
    word(reason).map(|reason| format!(": {reason}")).unwrap_or_default()
}

fn with(mut sentences: Vec<String>, delivery: &Member<DeliveryId>) -> Vec<String> {
    sentences.extend(word(delivery).map(|delivery| format!("It came with delivery {delivery}.")));
    sentences
}
