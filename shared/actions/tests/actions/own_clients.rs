//! An agent who works for some clients changes nothing of the leads of others, whatever it is; what a person asks for is kept all the same.

use ripen_actions::{
    Action, Refusal,
    appointment::{BookAppointment, CancelAppointment, HoldSlot, SlotWish},
    call::{DialCall, RefuseNotice, ReportCall},
    desk::TakeLead,
    lead::{RecallLead, TouchLead},
    lead_close::{CloseLead, ReopenLead},
    lead_stop::StopLead,
    opportunity::{NewOpportunity, RecordOpportunity},
    person_correct::CorrectPerson,
    person_number::JudgeNumber,
    person_pair::PersonRef,
    promise::MovePromise,
    rep::AddRep,
    user::SetUser,
};
use ripen_domain::{
    actor::{Actor, UserRole},
    call::RefusedNotice,
    id::{CallId, LeadId, UserId},
    touch::Disposition,
};
use uuid::Uuid;

use crate::harness::{Office, office, operator};

const WORDS: &str = "you do not work for Acme: a manager says for whom you do";
const AT: &str = "2026-11-21T10:00";

/// An agent whom the manager took off Acme.
async fn of_other_clients(office: &Office) -> (UserId, Actor) {
    office.client("Other").await;
    let (id, lee) = office.agent("lee").await;
    let others = SetUser { clients: Some(vec!["other".to_owned()]), ..SetUser::of(id) };
    office.actions.run(&operator(), &others).await.unwrap();
    (id, lee)
}

fn touch(lead: LeadId, disposition: Disposition) -> TouchLead {
    TouchLead { touch: None, lead, disposition, answer: Vec::new(), note: Some("x".to_owned()), next: None }
}

async fn refused<A: Action>(office: &Office, actor: &Actor, action: &A) {
    match office.actions.run(actor, action).await {
        Err(Refusal::Conflict { code: "other_client", message }) => assert_eq!(message, WORDS),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was done"),
    }
}

#[tokio::test]
async fn nothing_of_another_clients_lead_is_changed_and_what_its_person_asks_for_is_kept() {
    let office = office().await;
    let acme = office.client("Acme").await;
    let (id, lee) = of_other_clients(&office).await;
    let add = AddRep { client: "acme".to_owned(), name: "Dana Hill".to_owned(), email: "dana@example.com".to_owned() };
    office.actions.run(&operator(), &add).await.unwrap();
    let lead = office.worked(&acme).await;
    let why = || "x".to_owned();
    let number = CorrectPerson { lead: Some(lead), phone: Some("+14155550133".to_owned()), ..CorrectPerson::default() };
    office.done(&number).await;
    let wish = || SlotWish { lead, rep: "Dana Hill".to_owned(), at: AT.parse().unwrap() };
    let before = office.changes().await.len();

    refused(&office, &lee, &TakeLead { lead }).await;
    let call = CallId::from_uuid(Uuid::from_u128(7));
    refused(&office, &lee, &DialCall { call, lead, number: None, anyway: true }).await;
    let told = ReportCall { id: Some("V1".to_owned()), lead: Some(lead), ..ReportCall::default() };
    refused(&office, &lee, &told).await;
    assert_eq!(office.count("select count(*) from call").await, 0);
    refused(&office, &lee, &CloseLead { lead, why: why() }).await;
    refused(&office, &lee, &MovePromise { lead, to: "30d".parse().unwrap(), why: why(), agreed: false }).await;
    refused(&office, &lee, &CorrectPerson { last_name: Some("Smith".to_owned()), ..number.clone() }).await;
    refused(&office, &lee, &touch(lead, Disposition::Answered)).await;
    refused(&office, &lee, &HoldSlot { wish: wish(), minutes: None }).await;
    refused(&office, &lee, &BookAppointment { wish: wish(), note: None }).await;
    let said = NewOpportunity { business: "a house".to_owned(), ..NewOpportunity::default() };
    refused(&office, &lee, &RecordOpportunity { lead, said }).await;
    let (person, phone) = (PersonRef::OfLead(lead), "+14155550133".to_owned());
    refused(&office, &lee, &JudgeNumber { person, phone, is_right: false, why: why() }).await;
    let booked = office.actions.run(&operator(), &BookAppointment { wish: wish(), note: None }).await.unwrap();
    let appointment = booked.record.appointment.id;
    refused(&office, &lee, &CancelAppointment { appointment, why: why() }).await;
    refused(&office, &lee, &RecallLead { lead: office.delivered(&acme).await.lead, why: why() }).await;
    let over = office.worked(&acme).await;
    office.done(&CloseLead { lead: over, why: why() }).await;
    refused(&office, &lee, &ReopenLead { lead: over, why: why() }).await;
    assert_eq!(office.changes().await.len(), before + 2, "nothing but what the operator did");

    // A manager looks after every client's leads, and who works for the client works its own.
    let third = office.worked(&acme).await;
    let manager = Actor::user(id, "lee", UserRole::Manager, None);
    office.actions.run(&manager, &CloseLead { lead: third, why: why() }).await.unwrap();
    let works_for = async |slugs: &[&str]| {
        let clients = Some(slugs.iter().map(|slug| (*slug).to_owned()).collect());
        office.actions.run(&operator(), &SetUser { clients, ..SetUser::of(id) }).await.unwrap();
    };
    works_for(&["other", "acme"]).await;
    office.actions.run(&lee, &ReopenLead { lead: third, why: why() }).await.unwrap();
    works_for(&["other"]).await;

    // Somebody tells an agent something, or asks not to be contacted: whoever they happen to reach writes it down.
    office.actions.run(&lee, &touch(lead, Disposition::Note)).await.unwrap();
    office.actions.run(&lee, &RefuseNotice { lead, what: RefusedNotice::Recording }).await.unwrap();
    office.actions.run(&lee, &StopLead { lead, touch: None, for_firm: false, why: why() }).await.unwrap();
}
