//! What others did with a lead meanwhile: a disposition that is taken back leaves it, a telephone does not dial past it, and a wish not
//! to be contacted is whole or not there.

use jiff::SignedDuration;
use ripen_actions::{
    Action, Refusal,
    call::DialCall,
    desk::{Dispose, LeaveLead, OpenedLead, TakeLead, UndoDisposition},
    lead::{NextWish, TouchLead},
    lead_close::CloseLead,
    lead_stop::StopLead,
    opportunity::{NewOpportunity, RecordOpportunity},
    person_correct::CorrectPerson,
    promise::MovePromise,
    why_not::gates,
};
use ripen_domain::{
    actor::Actor,
    desk::{GateKind, shut},
    id::{CallId, LeadId},
    touch::Disposition,
};
use sqlx::Executor as _;
use uuid::Uuid;

use crate::{
    desk::{code, desk, lead, one_lead_open},
    harness::{Office, fields, operator},
};

/// An agent who answered for the only lead there is a second ago.
async fn answered() -> (Office, Actor, OpenedLead, Uuid) {
    let (office, lee, opened) = one_lead_open().await;
    let next = Some(NextWish { when: "30d".parse().unwrap(), why: "later".to_owned() });
    let dispose = Dispose { next, ..Dispose::of(opened.lead, opened.lease, Disposition::CallBack) };
    let touch = office.actions.run(&lee, &dispose).await.unwrap().touched.touch;
    assert!(office.actions.clock.advance(SignedDuration::from_secs(1)));
    (office, lee, opened, touch)
}

async fn stays<A: Action>(action: impl Fn(LeadId) -> A, sql: &'static str) {
    let (office, lee, opened, touch) = answered().await;
    office.actions.run(&operator(), &action(opened.lead)).await.unwrap();
    let refused = office.actions.run(&lee, &UndoDisposition { touch }).await;
    assert_eq!(code(refused), "worked_since", "{sql}");
    assert_eq!(office.count(sql).await, 1, "{sql}");
    assert_eq!(office.count("select touches::bigint from lead").await, 1);
}

#[tokio::test]
async fn what_a_colleague_did_without_a_touch_is_not_taken_back_with_it() {
    stays(
        |lead| CloseLead { lead, why: "the same as another".to_owned() },
        "select count(*) from lead where stage = 'closed' and closed_at is not null",
    )
    .await;
    stays(
        |lead| MovePromise { lead, to: "3d".parse().unwrap(), why: "they rang".to_owned(), agreed: true },
        "select count(*) from promise where state = 'scheduled' and why = 'they rang'",
    )
    .await;
    let business = || NewOpportunity {
        business: "a house".to_owned(),
        amount: None,
        currency: None,
        expected_on: None,
        likelihood: None,
    };
    stays(
        |lead| RecordOpportunity { lead, said: business() },
        "select count(*) from opportunity where business = 'a house'",
    )
    .await;
    // The business that the disposition itself named is its own.
    let (office, lee, opened) = one_lead_open().await;
    let named =
        Dispose { opportunity: Some(business()), ..Dispose::of(opened.lead, opened.lease, Disposition::Answered) };
    let touch = office.actions.run(&lee, &named).await.unwrap().touched.touch;
    office.actions.run(&lee, &UndoDisposition { touch }).await.unwrap();
    assert_eq!(office.count("select count(*) from opportunity").await, 0);
}

#[tokio::test]
async fn nobody_is_dialed_under_review_and_out_of_hours_only_by_saying_so() {
    let (office, lee, opened, _) = answered().await;
    let dial = |number: u128, anyway| DialCall {
        call: CallId::from_uuid(Uuid::from_u128(number)),
        lead: opened.lead,
        number: None,
        anyway,
    };
    assert!(!office.actions.run(&lee, &dial(1, false)).await.unwrap().is_repeated);
    // Ten in the evening there.
    assert!(office.actions.clock.advance(SignedDuration::from_hours(12)));
    assert_eq!(fields(office.actions.run(&lee, &dial(2, false)).await), ["anyway"]);
    assert_eq!(office.count("select count(*) from call").await, 1);
    assert!(office.actions.run(&lee, &dial(1, false)).await.unwrap().is_repeated, "it was dialed by day");
    office.actions.run(&lee, &dial(2, true)).await.unwrap();
    let audited = office.audit_of(opened.lead).await.remove(0);
    assert_eq!(audited.after.unwrap()["anyway"], serde_json::json!(["hours"]));
    let review = "insert into consent_review (id, lead_id, client_id, why, opened_at, opened_by)
                  select id, id, client_id, 'never', created_at, 'Dana' from lead";
    office.sql(review.to_owned()).await;
    for anyway in [false, true] {
        assert_eq!(code(office.actions.run(&lee, &dial(3, anyway)).await), "review");
    }
    assert_eq!(office.count("select count(*) from call").await, 2);
}

#[tokio::test]
async fn the_number_that_was_dialed_is_the_one_that_is_wrong() {
    let office = desk(8).await;
    let acme = office.client("Acme").await.id;
    office.leads(acme, (1, 1), "web_form").await;
    let other = "insert into person_identity (client_id, kind, value, person_id)
                 select client_id, 'phone', '+13125559999', person_id from lead";
    office.sql(other.to_owned()).await;
    let void = "select count(*) from person_identity where void_at is not null and value = '+13125559999'";
    let own = "select count(*) from person where phone = '+13125550001'";
    let (_, lee) = office.agent("lee").await;
    let mut opened = office.next(&lee).await.unwrap();
    for (number, wrong) in [(1, Disposition::WrongNumber), (2, Disposition::NumberDead)] {
        let call = CallId::from_uuid(Uuid::from_u128(number));
        let dial = DialCall { call, lead: opened.lead, number: Some("+13125559999".to_owned()), anyway: false };
        office.actions.run(&lee, &dial).await.unwrap();
        let touch = office.dispose(&lee, &opened, wrong).await;
        assert_eq!((office.count(void).await, office.count(own).await), (1, 1), "{wrong:?}");
        let why = gates(&office.actions, &lee, opened.lead, None).await.unwrap();
        assert!(shut(&why.gates).all(|gate| gate.kind != GateKind::Number), "the other one is called still");
        // Taken back, it leads to the person again.
        opened = office.actions.run(&lee, &UndoDisposition { touch }).await.unwrap().held.unwrap();
        assert_eq!((office.count(void).await, office.count(own).await), (0, 1), "{wrong:?}");
    }
    // The calls belong to what was said of them: what is said next without one is said of the number that the person is known by.
    office.dispose(&lee, &opened, Disposition::NoAnswer).await;
    assert!(office.actions.clock.advance(SignedDuration::from_secs(1)));
    let again = TouchLead {
        touch: None,
        lead: opened.lead,
        disposition: Disposition::WrongNumber,
        answer: Vec::new(),
        note: None,
        next: None,
    };
    office.actions.run(&lee, &again).await.unwrap();
    assert_eq!((office.count(void).await, office.count(own).await), (0, 0));
}

/// The only lead is open, and a manager writes another number down meanwhile.
async fn corrected_while_open() -> (Office, Actor, OpenedLead) {
    let (office, lee, opened) = one_lead_open().await;
    correct(&office, &opened, "+1 312 555 0177").await;
    (office, lee, opened)
}

async fn correct(office: &Office, opened: &OpenedLead, phone: &str) {
    let right = CorrectPerson { lead: Some(opened.lead), phone: Some(phone.to_owned()), ..CorrectPerson::default() };
    office.actions.run(&operator(), &right).await.unwrap();
}

const OLD_IS_VOID: &str = "select count(*) from person_identity where void_at is not null and value = '+13125550001'";
const NEW_IS_VOID: &str = "select count(*) from person_identity where void_at is not null and value = '+13125550177'";
const NEW_IS_CALLED: &str = "select count(*) from person where phone = '+13125550177'";

#[tokio::test]
async fn the_number_that_was_shown_is_the_one_that_is_given_up_whatever_was_written_down_meanwhile() {
    for how in [Disposition::WrongNumber, Disposition::NumberDead] {
        let (office, lee, opened) = corrected_while_open().await;
        let phone = Some("+13125550001".to_owned());
        let said = Dispose { phone, ..Dispose::of(opened.lead, opened.lease, how) };
        let touch = office.actions.run(&lee, &said).await.unwrap().touched.touch;
        assert_eq!((office.count(OLD_IS_VOID).await, office.count(NEW_IS_VOID).await), (1, 0), "{how:?}");
        assert_eq!(office.count(NEW_IS_CALLED).await, 1, "{how:?}");
        let why = gates(&office.actions, &lee, opened.lead, None).await.unwrap();
        assert!(shut(&why.gates).all(|gate| gate.kind != GateKind::Number), "the new one is called");
        // The same request once more is the same touch, and taken back both lead to the person.
        assert!(office.actions.run(&lee, &Dispose { touch: Some(touch), ..said }).await.unwrap().touched.is_repeated);
        office.actions.run(&lee, &UndoDisposition { touch }).await.unwrap();
        assert_eq!((office.count(OLD_IS_VOID).await, office.count(NEW_IS_CALLED).await), (0, 1), "{how:?}");
    }
}

#[tokio::test]
async fn the_number_that_was_called_is_said_to_be_wrong_though_a_sender_made_the_lead_somebody_elses() {
    let (office, lee, opened) = corrected_while_open().await;
    office.pool.execute("delete from person_identity where value = '+13125550001'").await.unwrap();
    let phone = Some("+13125550001".to_owned());
    let said = Dispose { phone, ..Dispose::of(opened.lead, opened.lease, Disposition::WrongNumber) };
    office.actions.run(&lee, &said).await.unwrap();
    assert_eq!((office.count("select count(*) from touch").await, office.count(NEW_IS_VOID).await), (1, 0));
}

#[tokio::test]
async fn who_does_not_say_which_number_was_called_gives_up_none_that_was_written_down_meanwhile() {
    let (office, lee, opened) = corrected_while_open().await;
    let said = Dispose::of(opened.lead, opened.lease, Disposition::WrongNumber);
    let refused = office.actions.run(&lee, &said).await;
    assert!(matches!(&refused, Err(refusal) if refusal.to_string().contains("ends in 77")), "{refused:?}");
    assert_eq!(code(refused), "number_changed");
    assert_eq!(office.count("select count(*) from touch").await, 0, "nothing of it is kept");
    assert_eq!(office.count(NEW_IS_VOID).await, 0);
    // A number that the person never had is none.
    let unknown = Dispose { phone: Some("+13125550199".to_owned()), ..said.clone() };
    assert_eq!(fields(office.actions.run(&lee, &unknown).await), ["phone"]);
    // The desk dialed the new one: that is the one that is wrong.
    let call = CallId::from_uuid(Uuid::from_u128(9));
    let dial = DialCall { call, lead: opened.lead, number: Some("+13125550177".to_owned()), anyway: true };
    office.actions.run(&lee, &dial).await.unwrap();
    office.actions.run(&lee, &said).await.unwrap();
    assert_eq!((office.count(OLD_IS_VOID).await, office.count(NEW_IS_VOID).await), (0, 1));
}

#[tokio::test]
async fn a_disposition_that_is_taken_back_leaves_the_number_that_was_called_the_one_in_question() {
    let (office, lee, opened) = corrected_while_open().await;
    let touch = office.dispose(&lee, &opened, Disposition::NoAnswer).await;
    let again = office.actions.run(&lee, &UndoDisposition { touch }).await.unwrap().held.unwrap();
    let said = Dispose::of(opened.lead, again.lease, Disposition::WrongNumber);
    assert_eq!(code(office.actions.run(&lee, &said).await), "number_changed");
    let said = Dispose { phone: Some("+13125550001".to_owned()), ..said };
    office.actions.run(&lee, &said).await.unwrap();
    assert_eq!((office.count(OLD_IS_VOID).await, office.count(NEW_IS_VOID).await), (1, 0));
}

#[tokio::test]
async fn a_number_that_only_got_its_extension_is_not_given_up_with_the_one_without() {
    let (office, lee, opened) = one_lead_open().await;
    correct(&office, &opened, "+13125550001 x12").await;
    let phone = Some("+13125550001".to_owned());
    let said = Dispose { phone, ..Dispose::of(opened.lead, opened.lease, Disposition::NumberDead) };
    assert_eq!(code(office.actions.run(&lee, &said).await), "number_changed");
    assert_eq!(office.count("select count(*) from person where phone_extension = '12'").await, 1);
}

#[tokio::test]
async fn a_lead_that_is_opened_again_is_opened_with_its_number_of_now() {
    let (office, lee, opened) = corrected_while_open().await;
    // Named once more while it is open it is the same lease, of a page that may show the number of before.
    let again = office.actions.run(&lee, &TakeLead { lead: opened.lead }).await.unwrap();
    let said = Dispose::of(opened.lead, again.lease, Disposition::WrongNumber);
    assert_eq!(code(office.actions.run(&lee, &said).await), "number_changed");
    office.actions.run(&lee, &LeaveLead { lead: opened.lead, lease: again.lease }).await.unwrap();
    let again = office.actions.run(&lee, &TakeLead { lead: opened.lead }).await.unwrap();
    office.dispose(&lee, &again, Disposition::WrongNumber).await;
    assert_eq!((office.count(OLD_IS_VOID).await, office.count(NEW_IS_VOID).await), (0, 1));
}

#[tokio::test]
async fn a_wish_not_to_be_contacted_is_kept_whole_or_not_at_all() {
    let (office, lee, opened, _) = answered().await;
    office
        .sql(
            "insert into person_identity (client_id, kind, value, person_id)
             select client_id, 'email', 'robin@example.com', person_id from lead;
             create function refused() returns trigger language plpgsql as $$ begin raise 'the process dies here'; end $$;
             create trigger refused before insert on touch for each row execute function refused()"
                .to_owned(),
        )
        .await;
    let stop = |for_firm| StopLead { lead: opened.lead, touch: None, for_firm, why: "asked on the phone".to_owned() };
    let failed = office.actions.run(&lee, &stop(true)).await;
    assert!(matches!(failed, Err(Refusal::Store(_))), "{failed:?}");
    assert_eq!(office.count("select count(*) from suppression").await, 0, "half of it is there");
    assert_eq!(office.count("select count(*) from lead where stage <> 'closed'").await, 1);
    office.sql("drop trigger refused on touch".to_owned()).await;
    office.actions.run(&lee, &stop(true)).await.unwrap();
    assert_eq!(office.count("select count(*) from suppression where client_id is null").await, 2, "both ways");
    assert_eq!(
        office.count("select count(*) from person where do_not_contact").await,
        1,
        "the next decision closes the lead"
    );
    assert_eq!(lead(1), opened.lead);
}
