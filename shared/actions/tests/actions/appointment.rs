//! Appointments: held, booked, moved and cancelled.

use ripen_actions::{
    Refusal,
    appointment::{
        AppointmentQuery, BookAppointment, CancelAppointment, HoldSlot, MoveAppointment, SlotQuery, SlotWish, free,
        list,
    },
    rep::AddRep,
};
use ripen_domain::{actor::UserRole, id::LeadId};
use ripen_store::client::client_record::ClientRecord;

use crate::{
    delivered::outsiders,
    harness::{Office, office, office_of, operator, user},
};

/// Tomorrow morning in Chicago.
const AT: &str = "2026-11-21T10:00";

async fn with_rep(office: &Office) -> (ClientRecord, LeadId) {
    let acme = office.client("Acme").await;
    let rep = AddRep { client: "acme".to_owned(), name: "Dana Hill".to_owned(), email: "dana@example.com".to_owned() };
    office.actions.run(&operator(), &rep).await.unwrap();
    let lead = office.worked(&acme).await;
    (acme, lead)
}

fn wish(lead: LeadId, rep: &str, at: &str) -> SlotWish {
    SlotWish { lead, rep: rep.to_owned(), at: at.parse().unwrap() }
}

fn book(lead: LeadId, rep: &str, at: &str) -> BookAppointment {
    BookAppointment { wish: wish(lead, rep, at), note: Some("Bring plans".to_owned()) }
}

#[tokio::test]
async fn every_wrong_field_is_said_at_once_and_a_time_that_is_not_free_comes_with_what_is() {
    let office = office().await;
    let (_, lead) = with_rep(&office).await;
    let wrong = BookAppointment { note: Some("x".repeat(2_001)), ..book(lead, "Kim", AT) };
    let Err(Refusal::Invalid(errors)) = office.actions.run(&operator(), &wrong).await else { panic!("it was done") };
    assert_eq!(errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>(), ["note", "rep"]);
    let past = book(lead, "dana@example.com", "2026-11-01T10:00");
    let Err(Refusal::Invalid(errors)) = office.actions.run(&operator(), &past).await else { panic!("in the past") };
    assert_eq!((errors[0].field.as_str(), errors[0].code), ("at", "out_of_range"));
    assert!(errors[0].message.contains("free are: "), "{}", errors[0].message);
    assert!(office.audited().await.is_empty() && office.count("select count(*) from appointment").await == 0);
}

#[tokio::test]
async fn a_slot_is_held_booked_moved_and_cancelled_each_with_its_audit() {
    let office = office().await;
    let (_, lead) = with_rep(&office).await;
    let agent = user(UserRole::Agent, None);
    let hold = HoldSlot { wish: wish(lead, "Dana Hill", AT), minutes: Some(5) };
    office.actions.rehearse(&agent, &hold).await.unwrap();
    assert!(office.audited().await.is_empty() && office.count("select count(*) from appointment").await == 0);

    let held = office.actions.run(&agent, &hold).await.unwrap();
    let slots = free(&office.actions, &agent, &SlotQuery { lead, rep: None, days: Some(3) }).await.unwrap();
    assert!(!slots.is_empty() && slots.iter().all(|free| !free.slot.overlaps(held.appointment.slot)));
    office.pass();
    let booked = office.actions.run(&agent, &book(lead, "Dana Hill", AT)).await.unwrap();
    assert_eq!((booked.record.appointment.id, booked.is_with_rep), (held.appointment.id, false));
    let twice = office.actions.run(&agent, &book(lead, "Dana Hill", AT)).await.unwrap();
    assert_eq!(twice.record.appointment.id, held.appointment.id, "a form that is sent twice asks for nothing new");
    let another = office.actions.run(&agent, &book(lead, "Dana Hill", "2026-11-21T11:00")).await;
    assert!(matches!(another, Err(Refusal::Conflict { code: "has_another", .. })), "{another:?}");
    let id = held.appointment.id;
    let moved = MoveAppointment { appointment: id, at: "2026-11-21T12:00".parse().unwrap() };
    office.pass();
    assert_eq!(office.actions.run(&agent, &moved).await.unwrap().appointment.sequence, 1);
    let cancel = CancelAppointment { appointment: id, why: "Fell ill".to_owned() };
    office.pass();
    assert_eq!(office.actions.run(&agent, &cancel).await.unwrap().by, "Lee");
    let again = office.actions.run(&agent, &cancel).await;
    assert!(matches!(again, Err(Refusal::Conflict { code: "ended", .. })), "{again:?}");

    let told = ["appointment.cancel", "appointment.move", "appointment.book", "appointment.hold"];
    assert_eq!(office.audited().await, told);
    let kept = format!("{:?}", office.changes().await);
    assert!(!kept.contains("Fell ill") && !kept.contains("Bring plans"), "no words of the person: {kept}");
}

#[tokio::test]
async fn a_slot_that_is_held_for_longer_is_audited() {
    let office = office().await;
    let (_, lead) = with_rep(&office).await;
    for minutes in [5, 60] {
        office.done(&HoldSlot { wish: wish(lead, "Dana Hill", AT), minutes: Some(minutes) }).await;
    }
    assert_eq!(office.audited().await, ["appointment.hold", "appointment.hold"]);
    let longer = office.changes().await.remove(0);
    assert_ne!(longer.before.unwrap()["held_until"], longer.after.unwrap()["held_until"]);
}

#[tokio::test]
async fn one_connection_is_enough_to_hold_and_book() {
    let office = office_of(1).await;
    let (_, lead) = with_rep(&office).await;
    office.done(&HoldSlot { wish: wish(lead, "Dana Hill", AT), minutes: None }).await;
    office.done(&book(lead, "Dana Hill", AT)).await;
}

#[tokio::test]
async fn who_may_not_book_is_refused() {
    let office = office().await;
    let (acme, lead) = with_rep(&office).await;
    for actor in outsiders(acme.id) {
        let refused = office.actions.run(&actor, &book(lead, "Dana Hill", AT)).await;
        assert!(matches!(refused, Err(Refusal::Forbidden { .. })), "{actor}");
        let listed = list(&office.actions, &actor, &AppointmentQuery::default()).await;
        assert!(matches!(listed, Err(Refusal::Forbidden { .. })), "{actor}");
    }
}
