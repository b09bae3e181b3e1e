//! Touches and recalls of leads: recorded once, with what follows and an audit that keeps no words of the person.

use ripen_actions::{
    Refusal,
    lead::{NewAnswer, NextWish, RecallLead, TouchLead, find, show},
};
use ripen_domain::{actor::UserRole, appointment::Terms, id::LeadId, touch::Disposition};
use ripen_runtime::random::uuid_v7;
use ripen_store::appointment::change::AppointmentChange;
use serde_json::json;
use uuid::Uuid;

use crate::{
    delivered::outsiders,
    harness::{office, operator, program, user},
};

fn touch(lead: LeadId) -> TouchLead {
    TouchLead {
        touch: Some(Uuid::from_u128(7)),
        lead,
        disposition: Disposition::Answered,
        answer: Vec::new(),
        note: Some("Loves the garden".to_owned()),
        next: Some(NextWish { when: "30d".parse().unwrap(), why: "the lease ends".to_owned() }),
    }
}

#[tokio::test]
async fn every_wrong_field_of_a_touch_is_said_at_once_and_nothing_is_kept() {
    let office = office().await;
    let lead = office.worked(&office.client("Acme").await).await;
    let wrong = TouchLead {
        answer: vec![NewAnswer { question: "budget".to_owned(), value: json!(1) }],
        note: Some("x".repeat(20_001)),
        next: Some(NextWish { when: "2020-01-01".parse().unwrap(), why: " ".to_owned() }),
        ..touch(lead)
    };
    let Err(Refusal::Invalid(errors)) = office.actions.run(&operator(), &wrong).await else { panic!("it was done") };
    let fields: Vec<_> = errors.iter().map(|error| (error.field.as_str(), error.code)).collect();
    let expected = [("answers", "no_criteria"), ("note", "too_long"), ("why", "required"), ("next", "invalid")];
    assert_eq!(fields, expected);
    assert!(office.audited().await.is_empty() && office.count("select count(*) from touch").await == 0);
}

#[tokio::test]
async fn a_touch_is_recorded_once_with_its_audit_and_a_rehearsal_leaves_nothing() {
    let office = office().await;
    let lead = office.worked(&office.client("Acme").await).await;
    let agent = user(UserRole::Agent, None);
    let rehearsed = office.actions.rehearse(&agent, &touch(lead)).await.unwrap();
    assert!(!rehearsed.is_repeated && rehearsed.next.is_some());
    assert!(office.audited().await.is_empty() && office.count("select count(*) from touch").await == 0);

    let done = office.actions.run(&agent, &touch(lead)).await.unwrap();
    assert_eq!(done, rehearsed);
    assert!(office.actions.run(&agent, &touch(lead)).await.unwrap().is_repeated);
    let all = show(&office.actions, &agent, lead).await.unwrap();
    assert_eq!((all.touches.len(), all.touches[0].by.as_str()), (1, "Lee"));
    assert_eq!(all.promises.iter().filter(|promise| promise.ended.is_none()).count(), 1);

    let audit = office.changes().await;
    assert_eq!((audit[0].action.as_str(), audit[0].object.clone()), ("lead.touch", lead.to_string()));
    assert!(audit[0].actor.starts_with("user_"), "{}", audit[0].actor);
    let kept = format!("{:?}", audit[0]);
    assert!(!kept.contains("garden") && !kept.contains("lease"), "no words of the person: {kept}");
    assert_eq!(office.audited().await.len(), 1, "what was recorded before is no change");
}

#[tokio::test]
async fn who_may_not_touch_is_refused_and_a_lead_elsewhere_is_not_there() {
    let office = office().await;
    let (acme, other) = (office.client("Acme").await, office.client("Other").await);
    let lead = office.worked(&acme).await;
    for actor in outsiders(acme.id) {
        let refused = office.actions.run(&actor, &touch(lead)).await;
        assert!(matches!(refused, Err(Refusal::Forbidden { .. })), "{actor}");
        assert!(matches!(find(&office.actions, &actor, lead).await, Err(Refusal::Forbidden { .. })), "{actor}");
    }
    let store = &office.actions.store;
    assert!(store.lead(program(other.id).scope(), lead).await.unwrap().is_none());
    let mut tx = store.begin().await.unwrap();
    let (actor, terms, now) = (program(other.id), Terms::default(), office.actions.clock.now());
    let change = AppointmentChange { actor: &actor, terms: &terms, now, fresh_id: uuid_v7 };
    let recalled = tx.lead_recall(actor.scope(), lead, "x", change).await.unwrap();
    assert_eq!(recalled, ripen_store::lead::recall::Recalled::Unknown);
    let unknown = TouchLead { lead: LeadId::from_uuid(Uuid::from_u128(9)), ..touch(lead) };
    assert!(matches!(office.actions.run(&operator(), &unknown).await, Err(Refusal::Missing { what: "lead", .. })));
}

#[tokio::test]
async fn a_recall_says_why_and_happens_once() {
    let office = office().await;
    let lead = office.delivered(&office.client("Acme").await).await.lead;
    let silent = RecallLead { lead, why: " ".to_owned() };
    let Err(Refusal::Invalid(errors)) = office.actions.run(&operator(), &silent).await else { panic!("in silence") };
    assert_eq!((errors[0].field.as_str(), errors[0].code), ("why", "required"));
    let recall = RecallLead { lead, why: "a slip".to_owned() };
    office.actions.rehearse(&operator(), &recall).await.unwrap();
    assert!(office.audited().await.is_empty());
    // What the decision that follows says of it: that the firm took it back, and not that the client returned it.
    let is_recalled = async || {
        let standing = office.actions.store.begin().await.unwrap().handover_standings(&[lead]).await.unwrap();
        standing[0].is_recalled
    };
    assert!(!is_recalled().await);
    office.actions.run(&operator(), &recall).await.unwrap();
    assert!(is_recalled().await);
    let returned = "update lead set returned_at = returned_at + interval '1 hour'";
    sqlx::query(returned).execute(&office.pool).await.unwrap();
    assert!(!is_recalled().await, "what its client returns later is returned");
    let again = office.actions.run(&operator(), &recall).await;
    assert!(matches!(again, Err(Refusal::Conflict { code: "not_matured", .. })), "{again:?}");
    assert_eq!(office.audited().await, ["lead.recall"]);
}
