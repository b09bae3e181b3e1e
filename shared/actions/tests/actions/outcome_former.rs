//! That somebody must not be contacted is said of whom the client was told of: the lead may be somebody else's by then.

use ripen_actions::{
    outcome::{OutcomeResult, RecordAnswer, RecordOutcome},
    outcome_import::{OutcomeImport, OutcomeRow},
};
use ripen_domain::{
    actor::{Actor, System},
    contact::Identity,
    outcome::{How, OutcomeFields},
};
use ripen_store::client::client_record::ClientRecord;
use sqlx::Executor as _;

use crate::{
    delivered::Delivered,
    harness::{Office, office, operator, program},
};

/// The client was told of Hal.
const HAL: &str = r#"
    update delivery_body set body = convert_to('{"type": "lead.matured", "data": {"lead": {"first_name": "Hal",
      "phone": "+17205550701", "email": "hal@example.com", "other_phones": ["+17205550703"]}}}', 'UTF8')"#;
/// A correction names Ivo, whom nothing leads to that led to Hal.
const IVO: &str = "
    update person set first_name = 'Ivo', email = 'ivo@example.com', phone = '+17205550702';
    delete from person_identity;
    insert into person_identity (client_id, kind, value, person_id)
      select p.client_id, v.kind, v.value, p.id from person p, (values ('phone', '+17205550702'), ('email', 'ivo@example.com')) v (kind, value)";
/// The client was told of Ivo with an update, and took it in.
const TOLD_OF_IVO: &str = r#"
    insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, event, cause, said, state, attempts, due_at, offered_until,
                          created_at, ended_at, first_delivered_at)
      select gen_random_uuid(), client_id, lead_id, maturation_id, endpoint_id, 'lead.updated', gen_random_uuid(), '{"kind": "arrival"}', 'delivered',
             1, due_at, due_at, created_at, created_at, created_at from delivery;
    insert into delivery_body (delivery_id, client_id, at, body)
      select id, client_id, created_at + interval '1 minute', convert_to('{"type": "lead.updated", "data": {"lead": {"first_name": "Ivo",
             "phone": "+17205550702", "email": "ivo@example.com"}}}', 'UTF8') from delivery where event = 'lead.updated'"#;
/// Somebody else of the client is reached where Hal was.
const HAL_ELSEWHERE: &str = "
    insert into person (id, client_id, first_name, phone, created_at, updated_at)
      select gen_random_uuid(), client_id, 'Uma', '+17205550701', created_at, created_at from person;
    insert into person_identity (client_id, kind, value, person_id) select client_id, 'phone', phone, id from person where first_name = 'Uma'";

const BARRED: &str =
    "select coalesce(string_agg(first_name, ' ' order by first_name), 'nobody') from person where do_not_contact";
const LEAD: &str = "select stage || case when returned_at is null then '' else ' returned' end from lead";

/// An office with a lead of which all of that is so.
async fn office_where(changes: &[&'static str]) -> (Office, ClientRecord, Delivered) {
    let office = office().await;
    let acme = office.client("Acme").await;
    let delivered = office.delivered(&acme).await;
    for change in changes {
        office.pool.execute(*change).await.unwrap();
    }
    office.pass();
    (office, acme, delivered)
}

async fn text(office: &Office, sql: &'static str) -> String {
    sqlx::query_scalar(sql).fetch_one(&office.pool).await.unwrap()
}

async fn is_suppressed(office: &Office, kind: &str, value: &str) -> bool {
    let identity = Identity::stored(kind, value).unwrap();
    let found = office.actions.store.suppressions(operator().scope(), None, &identity).await.unwrap();
    assert!(found.iter().all(|entry| entry.client.as_deref() == Some("acme")), "for the client alone");
    !found.is_empty()
}

fn said() -> OutcomeFields {
    OutcomeFields { outcome: Some("do_not_contact".to_owned()), ..OutcomeFields::default() }
}

#[derive(Clone, Copy, Debug)]
enum Way {
    Program,
    Link,
    Answer,
    Import,
}

/// The client says it; what became of it, but for a row of a list.
async fn say(office: &Office, acme: &ClientRecord, of: Delivered, way: Way) -> Option<OutcomeResult> {
    let delivery = of.delivery;
    let request = |how, seen| RecordOutcome { delivery, said: said(), how, seen, confirmed: false };
    match way {
        Way::Program => Some(office.actions.run(&program(acme.id), &request(How::Api, None)).await.unwrap()),
        Way::Link => Some(office.actions.run(&operator(), &request(How::Link, Some(0))).await.unwrap()),
        Way::Answer => {
            let answer = RecordAnswer { delivery, said: said(), at: None };
            Some(office.actions.run(&Actor::system(System::Dispatcher), &answer).await.unwrap())
        }
        Way::Import => {
            let operator = operator();
            let mut import = OutcomeImport::begin(&office.actions, &operator, "acme", false).await.unwrap();
            let delivery = Some(delivery.to_string());
            import.row(OutcomeRow { line: 2, delivery, said: said(), ..OutcomeRow::default() }).await.unwrap();
            assert_eq!(import.finish().recorded, 1);
            None
        }
    }
}

#[tokio::test]
async fn who_must_not_be_contacted_is_whom_the_client_was_told_of_and_not_whom_the_lead_is_of_by_now() {
    for way in [Way::Program, Way::Link, Way::Answer, Way::Import] {
        let (office, acme, delivered) = office_where(&[HAL, IVO, HAL_ELSEWHERE]).await;
        let done = say(&office, &acme, delivered, way).await;
        let is_told = matches!(&done, Some(OutcomeResult::Adjusted(how)) if how.contains("somebody else's by now"));
        assert!(is_told || done.is_none(), "{way:?}: {done:?}");
        assert_eq!(text(&office, BARRED).await, "Uma", "{way:?}: she is reached where Hal is");
        for (kind, value, expected) in [
            ("phone", "+17205550701", true),
            ("phone", "+17205550703", true),
            ("email", "hal@example.com", true),
            ("phone", "+17205550702", false),
            ("email", "ivo@example.com", false),
        ] {
            assert_eq!(is_suppressed(&office, kind, value).await, expected, "{way:?}: {value}");
        }
        // The client works it no more, and it is nobody's who asked for anything.
        assert_eq!(text(&office, LEAD).await, "lead returned", "{way:?}");
        assert_eq!(office.count("select count(*) from promise where kind = 'requalify' and state = 'work'").await, 1);
        assert_eq!(office.count("select count(*) from outcome where kind = 'returned'").await, 1, "{way:?}");
        // No wish of Ivo's: what he is reached under next is not suppressed with it.
        assert_eq!(office.count("select count(*) from touch where disposition = 'do_not_contact'").await, 0);
        assert!(office.audited().await.contains(&"outcome.record".to_owned()), "{way:?}");
    }
}

#[tokio::test]
async fn a_lead_of_somebody_else_is_not_lost_where_the_terms_allow_no_return() {
    let (office, acme, delivered) = office_where(&[HAL, IVO, "update client set return_days = 0"]).await;
    let done = say(&office, &acme, delivered, Way::Program).await;
    assert!(matches!(&done, Some(OutcomeResult::Adjusted(how)) if how.contains("recorded as lost")), "{done:?}");
    assert_eq!(text(&office, LEAD).await, "lead returned");
    assert_eq!(
        office.count("select count(*) from outcome where kind = 'lost'").await,
        1,
        "no source is charged for it"
    );
    assert_eq!(text(&office, BARRED).await, "nobody");
    assert!(is_suppressed(&office, "phone", "+17205550701").await);
}

#[tokio::test]
async fn what_the_desk_agreed_since_the_lead_came_back_stays() {
    let (office, acme, delivered) = office_where(&[HAL]).await;
    let back = OutcomeFields { outcome: Some("returned".to_owned()), reason: Some("no budget".to_owned()), ..said() };
    let back = RecordOutcome { delivery: delivered.delivery, said: back, how: How::Api, seen: None, confirmed: false };
    office.actions.run(&program(acme.id), &back).await.unwrap();
    let agreed = "update promise set due_at = due_at + interval '7 days', state = 'scheduled' where kind = 'requalify'";
    for change in [IVO, agreed] {
        office.pool.execute(change).await.unwrap();
    }
    office.pass();
    say(&office, &acme, delivered, Way::Program).await;
    assert_eq!(office.count("select count(*) from promise where kind = 'requalify' and state = 'scheduled'").await, 1);
    assert_eq!(text(&office, BARRED).await, "nobody");
    assert!(is_suppressed(&office, "phone", "+17205550701").await);
}

#[tokio::test]
async fn what_a_recalled_leads_former_person_asked_for_binds_and_bars_nobody_else() {
    let recalled = "update lead set recalled_at = matured_at + interval '1 hour'";
    let (office, acme, delivered) = office_where(&[HAL, IVO, recalled]).await;
    let done = say(&office, &acme, delivered, Way::Program).await;
    assert!(matches!(done, Some(OutcomeResult::Refused(_))), "{done:?}");
    assert!(is_suppressed(&office, "email", "hal@example.com").await);
    assert_eq!(text(&office, BARRED).await, "nobody");
}

#[tokio::test]
async fn whoever_is_reached_under_any_way_that_the_client_was_told_is_barred_with_all_that_leads_to_them() {
    // Another number, and the same mailbox, written otherwise.
    let address = "update person_identity set value = 'hal+new@example.com' where kind = 'email'";
    // No body that says anything of whom it is about.
    let unread = "update delivery_body set body = 'gone'";
    for changes in [&[HAL, IVO, address][..], &[HAL, IVO, unread], &[HAL, IVO, TOLD_OF_IVO]] {
        let (office, acme, delivered) = office_where(changes).await;
        say(&office, &acme, delivered, Way::Program).await;
        assert_eq!(text(&office, BARRED).await, "Ivo", "{changes:?}");
        assert!(is_suppressed(&office, "phone", "+17205550702").await, "{changes:?}");
        assert_eq!(office.count("select count(*) from touch where disposition = 'do_not_contact'").await, 1);
    }
}

#[tokio::test]
async fn an_answer_is_about_the_bytes_that_were_answered() {
    let (office, acme, delivered) = office_where(&[HAL, IVO, TOLD_OF_IVO]).await;
    say(&office, &acme, delivered, Way::Answer).await;
    assert_eq!(text(&office, BARRED).await, "nobody");
    assert!(is_suppressed(&office, "phone", "+17205550701").await);
    assert!(!is_suppressed(&office, "phone", "+17205550702").await);
}

#[tokio::test]
async fn a_number_that_is_void_is_none_of_the_ways_to_the_leads_person() {
    // It came out that Hal's number is a stranger's, and that is who asked.
    let void = "insert into person_identity (client_id, kind, value, person_id, void_at, void_by)
                select client_id, 'phone', '+17205550701', id, created_at, 'Kim' from person";
    let (office, acme, delivered) = office_where(&[HAL, IVO, void]).await;
    say(&office, &acme, delivered, Way::Program).await;
    assert_eq!(text(&office, BARRED).await, "nobody");
    assert!(is_suppressed(&office, "phone", "+17205550701").await);
}

#[tokio::test]
async fn a_body_out_of_which_somebody_was_taken_is_about_them_and_bars_nobody_else() {
    const TAKEN_OUT: &str = r#"
        update delivery_body set body = convert_to('{"type": "lead.matured", "data": {"lead": {"first_name": "Hal", "phone": null,
          "email": null}}}', 'UTF8')"#;
    for (changes, barred) in [(&[TAKEN_OUT, IVO][..], "nobody"), (&[TAKEN_OUT][..], "Hal")] {
        let hal = "update person set first_name = 'Hal', last_name = null, name = null";
        let (office, acme, delivered) = office_where(&[&[hal][..], changes].concat()).await;
        say(&office, &acme, delivered, Way::Program).await;
        assert_eq!(text(&office, BARRED).await, barred);
    }
}
