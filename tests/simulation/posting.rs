//! From a post of the list to the arrival that intake would make of it. Persons of the simulation: the first two share a
//! phone; every third has only a phone.

use jiff::Timestamp;
use ripen_domain::{
    arrival::{Arrival, ArrivalIds, Keys, QuarantineReason, RawBody},
    contact::Identity,
    id::{ClientId, SourceId},
    submission::Submission,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::operation::{BODIES, Key, Post};

/// The name that a person always gives.
pub fn name_of(person: u8) -> String {
    format!("Person {person}")
}

/// Whether a person gives an address, always the same.
pub fn has_email(person: u8) -> bool {
    person % 3 != 2
}

/// What a person is always reached under.
pub fn identity_of(person: u8) -> Identity {
    let stored = match has_email(person) {
        true => Identity::stored("email", &format!("person-{person}@example.com")),
        false => Identity::stored("phone", &format!("+1415555010{person}")),
    };
    stored.expect("both are kinds of identities")
}

/// Which person gave this name.
pub fn person_of(name: &str) -> u8 {
    name.strip_prefix("Person ").and_then(|number| number.parse().ok()).expect("a person of the simulation")
}

/// The arrival. `fresh` is the id it gets where it brings no key.
pub fn arrival(post: Post, (client, source): (ClientId, SourceId), received_at: Timestamp, fresh: Uuid) -> Arrival {
    let idempotency = match post.key {
        Key::Idempotency(number) => Some(format!("key-{number}")),
        _ => None,
    };
    let submission = submission(post);
    let (content, quarantine) = (submission.content_hash(), post.trapped.then_some(QuarantineReason::Honeypot));
    let keys = Keys {
        idempotency_key: idempotency.as_deref(),
        external_id: submission.external_id.as_deref(),
        form_id: None,
        element: None,
        content,
        quarantine,
    };
    let ArrivalIds { id, sameness, key, formerly, form } = keys.ids(source, fresh);
    Arrival {
        id,
        sameness,
        key,
        formerly,
        form,
        source,
        client,
        received_at,
        content,
        quarantine,
        is_released: false,
        in_bulk: false,
        by_visitor: false,
        // Other bodies are other bytes: the same bytes are the same request, whatever was read of them.
        raw: RawBody { media_type: "application/json".to_owned(), text: serde_json::to_string(&submission).unwrap() },
        submission,
    }
}

fn submission(post: Post) -> Submission {
    let Post { person, key, body, .. } = post;
    let mut fields = json!({"name": name_of(person), "answers": answers(body % BODIES)});
    let has_email = has_email(person);
    if has_email {
        fields["email"] = json!(format!("person-{person}@example.com"));
    }
    if !has_email || body % 2 == 1 {
        let line = if person < 2 { 0 } else { person };
        fields["phone"] = json!(format!("+1415555010{line}"));
    }
    if let Key::External(number) = key {
        fields["external_id"] = json!(format!("lead-{person}-{number}"));
    }
    if body == 3 {
        fields["notes"] = json!("Wants a garden.");
    }
    serde_json::from_value(fields).unwrap()
}

/// What a body answers: everything between an A and nothing at all.
fn answers(body: u8) -> Value {
    match body {
        0 => json!({"timeframe_days": 10}),
        1 => json!({"timeframe_days": "80"}),
        2 => json!({"timeframe_days": 100}),
        3 => json!({"timeframe_days": 200}),
        4 => json!({"timeframe_days": 700}),
        5 => json!({"timeframe_days": 30, "call_again_on": "2027-06-01"}),
        6 => json!({"timeframe_days": "as soon as I can", "unknown": [1, 2]}),
        _ => json!({}),
    }
}
