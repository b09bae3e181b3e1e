//! What happened to a lead that a rep has, in a title and a few sentences.

use ripen_domain::{
    delivery::{
        AssignedRep, ClientEvent, DeadDelivery, DisabledEndpoint, EventData, EventType, LeadNamed, LeadOutcome, Member,
        RecordedOutcome,
    },
    id::DeliveryId,
    outcome::reason_in_words,
    values::Conventions,
};

use super::words::word;
use crate::{
    letterhead::{AlarmNames, Letterhead},
    plain,
};

/// Who is not known by name, within a sentence.
const SOMEBODY: &str = "a lead";

/// The title and the sentences; none for what hands a lead over.
pub(super) fn read(event: &ClientEvent, letterhead: &Letterhead<'_>) -> Option<(String, Vec<String>)> {
    // An event without data, or of a kind that is not known, is written like a lead: nothing must be left unsaid.
    Some(match event.data.get()? {
        EventData::Recall(recall) => {
            let sentence = format!("This lead was taken back{}.", because(&recall.reason));
            let sentences = vec![sentence, "Please do not work it any further.".to_owned()];
            (format!("Taken back: {}", who(&recall.lead)), with(sentences, &recall.delivery))
        }
        EventData::Taken(taken) if taken.withdrawn.get() == Some(&true) => {
            let sentence = "This lead is not on offer any more. There is nothing to do.".to_owned();
            ("Not on offer any more: a lead that you could take".to_owned(), with(vec![sentence], &taken.delivery))
        }
        EventData::Taken(taken) => {
            let sentence = "Somebody else took this lead before you. There is nothing to do.".to_owned();
            // Bodies of older versions have the name: whoever lost a lead must not learn whose it is.
            ("Taken by somebody else: a lead that was on offer".to_owned(), with(vec![sentence], &taken.delivery))
        }
        EventData::Suppression(suppression) => {
            let who = who(&suppression.lead);
            let sentence = format!("{who} asked not to be contacted. Please do not call or write to them any more.");
            (format!("Do not contact: {who}"), with(vec![sentence], &suppression.delivery))
        }
        EventData::Outcome(outcome) => recorded(outcome, letterhead),
        EventData::DeadDelivery(dead) => given_up(dead, letterhead),
        EventData::DisabledEndpoint(disabled) => out_of_use(disabled, letterhead.names),
        EventData::Lead(_) | EventData::Test(_) => return None,
    })
}

/// The rep who is told, by name.
pub(super) fn reader(event: &ClientEvent) -> Option<String> {
    let rep: &Member<AssignedRep> = match event.data.get()? {
        EventData::Recall(recall) => &recall.assigned_to,
        EventData::Taken(taken) => &taken.assigned_to,
        EventData::Suppression(suppression) => &suppression.assigned_to,
        EventData::Outcome(outcome) => &outcome.assigned_to,
        EventData::DeadDelivery(_) | EventData::DisabledEndpoint(_) | EventData::Lead(_) | EventData::Test(_) => {
            return None;
        }
    };
    rep.get().and_then(|rep| word(&rep.name))
}

fn recorded(event: &LeadOutcome, letterhead: &Letterhead<'_>) -> (String, Vec<String>) {
    let outcome = event.outcome.get().cloned().unwrap_or_default();
    let kind = word(&outcome.outcome).unwrap_or_default().replace('_', " ");
    let kind = format!("{kind}{}", sold_for(&outcome, letterhead));
    let by = word(&outcome.said_by).map(|by| format!(" by {by}")).unwrap_or_default();
    let mut sentences = vec![format!("Recorded as {kind}{by}{}.", because(&outcome.reason))];
    if let Some(verdict) = word(&outcome.verdict) {
        sentences.push(format!("The return was {verdict}{}.", because(&outcome.verdict_reason)));
    }
    (format!("{}: {kind}", who(&event.lead)), with(sentences, &event.delivery))
}

/// `, 12,500 USD`, as it is written where the client is; nothing where no amount was said.
fn sold_for(outcome: &RecordedOutcome, letterhead: &Letterhead<'_>) -> String {
    let Some(amount) = word(&outcome.amount) else { return String::new() };
    let money = word(&outcome.currency).map(|currency| format!(" {currency}")).unwrap_or_default();
    let written = Conventions::of(None, letterhead.calling.map(|terms| terms.country));
    format!(", {}{money}", written.grouped(&amount))
}

fn given_up(dead: &DeadDelivery, letterhead: &Letterhead<'_>) -> (String, Vec<String>) {
    let names = letterhead.names;
    let what = told_in_words(dead.event.get(), &of_whom(&dead.lead, names));
    let to = match (names.rep, names.endpoint) {
        (Some(rep), Some(endpoint)) => format!(" to {} ({})", line(rep), line(endpoint)),
        (Some(name), None) | (None, Some(name)) => format!(" to {}", line(name)),
        (None, None) => String::new(),
    };
    let tries = match dead.attempts.get() {
        Some(1) => " It was tried once.".to_owned(),
        Some(many) if *many > 1 => format!(" It was tried {many} times."),
        _ => String::new(),
    };
    let title = match line(letterhead.client) {
        client if client.is_empty() => format!("{what} could not be delivered"),
        client => format!("{client}: {what} could not be delivered"),
    };
    // The server's answer may end with a stop of its own.
    let why = because(&dead.reason);
    let sentence = format!("{what} could not be delivered{to}{}.{tries}", why.trim_end_matches('.'));
    (title, with_ids(sentence, &dead.delivery, &dead.lead))
}

/// What it was that did not arrive. Who is on offer is said to nobody.
fn told_in_words(event: Option<&EventType>, who: &str) -> String {
    match event {
        Some(EventType::LeadMatured) if who == SOMEBODY => "A lead".to_owned(),
        Some(EventType::LeadMatured) => who.to_owned(),
        Some(EventType::LeadUpdated) => format!("What is new of {who}"),
        Some(EventType::LeadOffered) => "A lead on offer".to_owned(),
        Some(EventType::LeadTaken) => "That a lead on offer was taken".to_owned(),
        Some(EventType::LeadRecalled) => format!("That {who} was taken back"),
        Some(EventType::LeadSuppressed) => format!("That {who} must not be contacted"),
        Some(EventType::LeadOutcome) => format!("What was said of {who}"),
        Some(EventType::DeliveryDead) => "That a lead could not be delivered".to_owned(),
        Some(EventType::EndpointDisabled) => "That an endpoint was disabled".to_owned(),
        None => format!("Something about {who}"),
    }
}

fn out_of_use(disabled: &DisabledEndpoint, names: AlarmNames<'_>) -> (String, Vec<String>) {
    let id = word(&disabled.endpoint);
    let named = names.endpoint.map(line).filter(|name| !name.is_empty());
    let endpoint = named.or_else(|| id.clone()).unwrap_or_else(|| "An endpoint".to_owned());
    let why = because(&disabled.reason);
    let mut sentences =
        vec![format!("{endpoint} gets nothing until it is enabled again{}.", why.trim_end_matches('.'))];
    sentences.extend(id.filter(|id| *id != endpoint).map(|id| format!("It is {id}.")));
    (format!("{endpoint} was disabled"), sentences)
}

/// The person by name, as far as the mail or its event knows it.
fn of_whom(lead: &Member<LeadNamed>, names: AlarmNames<'_>) -> String {
    let known = names.person.map(line).filter(|name| !name.is_empty());
    known.or_else(|| lead.get().and_then(|lead| word(&lead.name))).unwrap_or_else(|| SOMEBODY.to_owned())
}

/// Ids stand behind what is said in words, for whoever has to look it up.
fn with_ids(sentence: String, delivery: &Member<DeliveryId>, lead: &Member<LeadNamed>) -> Vec<String> {
    let delivery = word(delivery).map(|id| format!("delivery {id}"));
    let lead = lead.get().and_then(|lead| word(&lead.id));
    let ids: Vec<_> = delivery.into_iter().chain(lead).collect();
    let ids = (!ids.is_empty()).then(|| format!("To look it up: {}.", ids.join(", ")));
    std::iter::once(sentence).chain(ids).collect()
}

/// A name that somebody typed, as one line.
fn line(name: &str) -> String {
    plain::line(name, 120)
}

fn who(lead: &Member<LeadNamed>) -> String {
    lead.get().and_then(|lead| word(&lead.name)).unwrap_or_else(|| "name not given".to_owned())
}

fn because(reason: &Member<String>) -> String {
    // The words of reasons that act are for programs.
    word(reason).map(|reason| format!(": {}", reason_in_words(&reason))).unwrap_or_default()
}

fn with(mut sentences: Vec<String>, delivery: &Member<DeliveryId>) -> Vec<String> {
    sentences.extend(word(delivery).map(|delivery| format!("It came with delivery {delivery}.")));
    sentences
}
