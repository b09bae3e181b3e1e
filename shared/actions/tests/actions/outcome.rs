//! Outcomes: said by people, programs, links and answers, and imported.

use ripen_actions::{
    Refusal,
    outcome::{OutcomeResult, RecordAnswer, RecordOutcome, newest},
    outcome_import::{OutcomeImport, OutcomeRow},
    return_verdict::JudgeReturn,
};
use ripen_domain::{
    actor::{Actor, System, UserRole},
    id::DeliveryId,
    outcome::{How, OutcomeFields, Verdict},
};

use ripen_actions::{
    appointment::{BookAppointment, SlotWish},
    lead::RecallLead,
    rep::AddRep,
};

use crate::harness::{office, office_of, operator, program, user};

fn said(outcome: &str) -> OutcomeFields {
    OutcomeFields { outcome: Some(outcome.to_owned()), ..OutcomeFields::default() }
}

fn request(delivery: DeliveryId, said: OutcomeFields) -> RecordOutcome {
    RecordOutcome { delivery, said, how: How::Api, seen: None, confirmed: false }
}

#[tokio::test]
async fn every_wrong_field_is_said_at_once() {
    let office = office().await;
    let delivery = office.delivered(&office.client("Acme").await).await.delivery;
    let won = OutcomeFields { amount: Some("much".to_owned()), ..said("won") };
    let Err(Refusal::Invalid(errors)) = office.actions.run(&operator(), &request(delivery, won)).await else {
        panic!("it was recorded")
    };
    assert_eq!(errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>(), ["amount", "currency"]);
    assert!(office.audited().await.is_empty() && office.count("select count(*) from outcome").await == 0);
}

#[tokio::test]
async fn a_program_reports_on_its_own_deliveries_once_and_a_rehearsal_leaves_nothing() {
    let office = office().await;
    let (acme, other) = (office.client("Acme").await, office.client("Other").await);
    let delivery = office.delivered(&acme).await.delivery;
    let lost = OutcomeFields { reason: Some("Casey moved away".to_owned()), ..said("lost") };
    let lost = request(delivery, lost);
    assert_eq!(office.actions.rehearse(&program(acme.id), &lost).await.unwrap(), OutcomeResult::Recorded);
    assert!(office.audited().await.is_empty() && office.count("select count(*) from outcome").await == 0);
    let elsewhere = office.actions.run(&program(other.id), &lost).await;
    assert!(matches!(elsewhere, Err(Refusal::Missing { what: "sent delivery", .. })), "{elsewhere:?}");
    let broker = office.actions.run(&user(UserRole::Broker, Some(acme.id)), &lost).await;
    assert!(matches!(broker, Err(Refusal::Forbidden { .. })), "{broker:?}");

    assert_eq!(office.actions.run(&program(acme.id), &lost).await.unwrap(), OutcomeResult::Recorded);
    assert_eq!(office.actions.run(&program(acme.id), &lost).await.unwrap(), OutcomeResult::Repeated);
    let kept = newest(&office.actions, &program(acme.id), delivery).await.unwrap().unwrap();
    assert_eq!((kept.by.as_str(), kept.kind.word()), ("CRM", "lost"));
    assert!(newest(&office.actions, &program(other.id), delivery).await.unwrap().is_none());
    assert_eq!(office.audited().await, ["outcome.record"]);
    let audit = format!("{:?}", office.changes().await[0]);
    assert!(!audit.contains("moved away"), "no words of the client: {audit}");
}

#[tokio::test]
async fn one_connection_is_enough_to_import_a_row() {
    let office = office_of(1).await;
    office.delivered(&office.client("Acme").await).await;
    let operator = operator();
    let mut import = OutcomeImport::begin(&office.actions, &operator, "acme", false).await.unwrap();
    let email = Some("casey@example.com".to_owned());
    import.row(OutcomeRow { line: 2, email, said: said("accepted"), ..OutcomeRow::default() }).await.unwrap();
    assert_eq!(import.finish().recorded, 1);
}

#[tokio::test]
async fn an_answer_that_says_nothing_sound_is_kept_as_refused() {
    let office = office().await;
    let delivery = office.delivered(&office.client("Acme").await).await.delivery;
    let wait = "insert into outcome_answer (delivery_id, said, at) select id, '{}', created_at from delivery";
    sqlx::query(wait).execute(&office.pool).await.unwrap();
    let dispatcher = Actor::system(System::Dispatcher);
    let answer = RecordAnswer { delivery, said: said("splendid"), at: None };
    let refused = office.actions.run(&dispatcher, &answer).await.unwrap();
    assert!(matches!(refused, OutcomeResult::Refused(_)), "{refused:?}");
    let kept = "select count(*) from outcome_answer where refused is not null";
    assert_eq!((office.count(kept).await, office.count("select count(*) from outcome").await), (1, 0));

    // As the API and the page have it: a return says why.
    for said in [said("returned"), OutcomeFields::unreadable("It is no whole JSON.")] {
        let refused = office.actions.run(&dispatcher, &RecordAnswer { delivery, said, at: None }).await.unwrap();
        assert!(matches!(refused, OutcomeResult::Refused(_)), "{refused:?}");
        assert_eq!((office.count(kept).await, office.count("select count(*) from outcome").await), (1, 0));
    }
    let returned = OutcomeFields { reason: Some("no budget".to_owned()), ..said("returned") };
    let returned = RecordAnswer { delivery, said: returned, at: None };
    assert_eq!(office.actions.run(&dispatcher, &returned).await.unwrap(), OutcomeResult::Recorded);
    let kept = newest(&office.actions, &dispatcher, delivery).await.unwrap().unwrap();
    assert_eq!((kept.reason.as_deref(), kept.by.as_str()), (Some("no budget"), "its answer"));
    assert_eq!(office.count("select count(*) from outcome_answer").await, 0, "its wait has ended");
    assert_eq!(office.changes().await[0].actor, "system:dispatcher");
}

#[tokio::test]
async fn an_answer_that_came_since_waits_on() {
    let office = office().await;
    let delivery = office.delivered(&office.client("Acme").await).await.delivery;
    let at = office.actions.clock.now();
    let newer = "insert into outcome_answer (delivery_id, said, at)
        select id, '{\"outcome\": \"won\"}', created_at + interval '1 year' from delivery";
    sqlx::query(newer).execute(&office.pool).await.unwrap();
    let dispatcher = Actor::system(System::Dispatcher);
    for (said, expected) in [("accepted", true), ("splendid", false)] {
        let answer = RecordAnswer { delivery, said: self::said(said), at: Some(at) };
        let done = office.actions.run(&dispatcher, &answer).await.unwrap();
        assert_eq!(done == OutcomeResult::Recorded, expected, "{done:?}");
        let waits = "select count(*) from outcome_answer where refused is null";
        assert_eq!(office.count(waits).await, 1, "{said}");
    }
}

#[tokio::test]
async fn each_row_of_an_import_stands_alone_and_a_rehearsal_leaves_nothing() {
    let office = office().await;
    let delivery = office.delivered(&office.client("Acme").await).await.delivery;
    let rows = || {
        let by_email = |email: &str, said| OutcomeRow { email: Some(email.to_owned()), said, ..OutcomeRow::default() };
        let by_id =
            OutcomeRow { delivery: Some(delivery.to_string()), said: said("accepted"), ..OutcomeRow::default() };
        [
            by_email("casey@example.com", said("accepted")),
            by_email("nobody@example.com", said("accepted")),
            by_email("casey@example.com", OutcomeFields { amount: Some("much".to_owned()), ..said("won") }),
            by_id,
        ]
        .into_iter()
        .zip(2..)
        .map(|(row, line)| OutcomeRow { line, ..row })
    };
    let actor = operator();
    for (is_rehearsal, recorded, repeated) in [(true, 2, 0), (false, 1, 1), (false, 0, 2)] {
        let mut import = OutcomeImport::begin(&office.actions, &actor, "acme", is_rehearsal).await.unwrap();
        for row in rows() {
            import.row(row).await.unwrap();
        }
        let report = import.finish();
        assert_eq!((report.rows, report.recorded, report.repeated), (4, recorded, repeated));
        assert_eq!(report.left.iter().map(|row| row.left).collect::<Vec<_>>(), ["unmatched", "refused"]);
        assert_eq!(report.left[0].why, "no lead has this e-mail address or phone number");
        let changes: Vec<_> =
            report.changes.iter().map(|one| (one.delivery, one.before.as_deref(), &*one.after)).collect();
        let expected = if is_rehearsal { vec![(delivery, None, "accepted"); 2] } else { Vec::new() };
        assert_eq!(changes, expected, "a rehearsal says what it would change");
        // A rehearsal keeps nothing of the first row, and says so of the last.
        let noted: Vec<_> = report.noted.iter().map(|row| row.noted).collect();
        assert_eq!(noted, if is_rehearsal { vec!["earlier"] } else { Vec::new() }, "{report:?}");
        let audited = usize::from(!is_rehearsal);
        assert_eq!(office.audited().await.len(), audited, "what is recorded is audited, once");
    }
    let agent = user(UserRole::Agent, None);
    assert!(matches!(
        OutcomeImport::begin(&office.actions, &agent, "acme", true).await.map(|_| ()),
        Err(Refusal::Forbidden { .. })
    ));
}

#[tokio::test]
async fn a_row_whose_delivery_and_address_are_of_two_leads_is_left_and_an_amount_that_was_not_won_is_noted() {
    let office = office().await;
    let acme = office.client("Acme").await;
    let sent = office.delivered(&acme).await;
    let other = "with p as (insert into person select (jsonb_populate_record(p, jsonb_build_object('id', gen_random_uuid()))).* from person p limit 1
                            returning id),
          l as (insert into lead select (jsonb_populate_record(l, jsonb_build_object('id', gen_random_uuid(), 'person_id', p.id))).* from lead l, p limit 1
                returning client_id, person_id)
        insert into person_identity (client_id, kind, value, person_id) select client_id, 'email', 'other@example.com', person_id from l";
    sqlx::query(other).execute(&office.pool).await.unwrap();
    let operator = operator();
    let mut import = OutcomeImport::begin(&office.actions, &operator, "acme", false).await.unwrap();
    let text = |text: &str| Some(text.to_owned());
    let lost = OutcomeFields { amount: text("5000"), currency: text("USD"), ..said("lost") };
    for (line, email) in [(2, "other@example.com"), (3, "nobody@example.com"), (4, "casey@example.com")] {
        let delivery = Some(sent.delivery.to_string());
        let row = OutcomeRow { line, delivery, email: text(email), said: lost.clone(), ..OutcomeRow::default() };
        import.row(row).await.unwrap();
    }
    let report = import.finish();
    assert_eq!((report.recorded, report.repeated), (1, 1), "{report:?}");
    assert_eq!((report.left.len(), report.left[0].left, report.left[0].line), (1, "ambiguous", 2), "{report:?}");
    let noted: Vec<_> = report.noted.iter().map(|row| (row.line, row.noted)).collect();
    assert_eq!(noted, [(3, "amount"), (4, "amount")], "{report:?}");
}

#[tokio::test]
async fn books_find_a_lead_that_was_updated_since_and_an_answer_to_the_update_counts_for_it() {
    let office = office().await;
    let delivery = office.delivered(&office.client("Acme").await).await.delivery;
    let updated = "with u as (
          insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, event, state, attempts, due_at, offered_until,
                                created_at, ended_at)
          select gen_random_uuid(), client_id, lead_id, maturation_id, endpoint_id, 'lead.updated', 'delivered', 1, due_at, due_at,
                 created_at + interval '1 hour', created_at + interval '1 hour' from delivery returning id, client_id, created_at)
        insert into delivery_body (delivery_id, client_id, at, body) select id, client_id, created_at, '{}' from u returning delivery_id";
    let update = sqlx::query_scalar::<_, uuid::Uuid>(updated).fetch_one(&office.pool).await.unwrap();
    let operator = operator();
    let mut import = OutcomeImport::begin(&office.actions, &operator, "acme", false).await.unwrap();
    let email = Some("casey@example.com".to_owned());
    import.row(OutcomeRow { line: 2, email, said: said("accepted"), ..OutcomeRow::default() }).await.unwrap();
    let report = import.finish();
    assert_eq!((report.recorded, report.left), (1, Vec::new()));
    office.pass();
    let answer = RecordAnswer { delivery: DeliveryId::from_uuid(update), said: said("Won"), at: None };
    let dispatcher = Actor::system(System::Dispatcher);
    assert_eq!(office.actions.run(&dispatcher, &answer).await.unwrap(), OutcomeResult::Recorded);
    let kept = newest(&office.actions, &operator, delivery).await.unwrap().unwrap();
    assert_eq!((kept.number, kept.kind.word(), kept.sale), (2, "won", None));
}

#[tokio::test]
async fn a_sale_is_taken_back_only_by_whoever_says_that_it_is_meant_and_that_is_audited() {
    let office = office().await;
    let delivery = office.delivered(&office.client("Acme").await).await.delivery;
    let text = |text: &str| Some(text.to_owned());
    let won = OutcomeFields { amount: text("12,500"), currency: text("USD"), ..said("won") };
    let recorded = office.actions.run(&operator(), &request(delivery, won)).await.unwrap();
    assert_eq!(recorded, OutcomeResult::Recorded);
    for lower in ["accepted", "lost", "returned", "not_yet"] {
        let lower = OutcomeFields { reason: text("x"), date: text("2026-12-01"), ..said(lower) };
        let lower = if lower.outcome.as_deref() == Some("lost") { said("lost") } else { lower };
        let asked = office.actions.run(&operator(), &request(delivery, lower)).await.unwrap();
        assert!(matches!(asked, OutcomeResult::Asked(_)), "{asked:?}");
    }
    let answer = RecordAnswer { delivery, said: said("accepted"), at: None };
    let asked = office.actions.run(&Actor::system(System::Dispatcher), &answer).await.unwrap();
    assert!(matches!(asked, OutcomeResult::Asked(_)), "{asked:?}");
    assert_eq!(office.count("select count(*) from lead where stage = 'customer' and amount = 12500").await, 1);
    assert_eq!(office.count("select count(*) from outcome").await, 1);
    office.pass();
    let meant = RecordOutcome { confirmed: true, ..request(delivery, said("accepted")) };
    assert_eq!(office.actions.run(&operator(), &meant).await.unwrap(), OutcomeResult::Recorded);
    let audit = format!("{:?}", office.changes().await[0]);
    assert!(audit.contains("confirmed") && audit.contains("won"), "{audit}");
}

#[tokio::test]
async fn appointments_end_with_what_ends_the_lead_and_stay_with_what_does_not() {
    let office = office().await;
    let acme = office.client("Acme").await;
    let rep = AddRep { client: "acme".to_owned(), name: "Dana Hill".to_owned(), email: "dana@example.com".to_owned() };
    office.actions.run(&operator(), &rep).await.unwrap();
    let text = |text: &str| Some(text.to_owned());
    let outcomes = [
        Some(said("won")),
        Some(said("lost")),
        Some(OutcomeFields { reason: text("no budget"), ..said("returned") }),
        Some(OutcomeFields { date: text("2027-04"), ..said("not_yet") }),
        None,
        Some(said("accepted")),
    ];
    for (at, outcome) in outcomes.into_iter().enumerate() {
        office.pass();
        let delivered = office.delivered(&acme).await;
        let wish = SlotWish {
            lead: delivered.lead,
            rep: "Dana Hill".to_owned(),
            at: format!("2026-11-21T{}:00", 10 + at).parse().unwrap(),
        };
        office.actions.run(&operator(), &BookAppointment { wish, note: None }).await.unwrap();
        let stays = outcome.as_ref().is_some_and(|said| said.outcome.as_deref() == Some("accepted"));
        match outcome {
            Some(said) => {
                let done = office.actions.run(&operator(), &request(delivered.delivery, said)).await.unwrap();
                assert_eq!(done, OutcomeResult::Recorded);
            }
            None => {
                let recall = RecallLead { lead: delivered.lead, why: "a slip".to_owned() };
                office.actions.run(&operator(), &recall).await.unwrap();
                let said = request(delivered.delivery, said("won"));
                let refused = office.actions.run(&operator(), &said).await.unwrap();
                assert!(matches!(refused, OutcomeResult::Refused(_)), "taken back: {refused:?}");
            }
        }
        let booked = office.count("select count(*) from appointment where state = 'booked'").await;
        assert_eq!(booked, i64::from(stays), "outcome {at}");
    }
    let told = "select count(*) from notice where kind = 'appointment_cancelled'";
    assert_eq!(office.count(told).await, 5, "the rep hears of each");
}

#[tokio::test]
async fn the_time_for_returns_begins_with_the_first_delivery_whatever_was_replayed_since() {
    let office = office().await;
    let delivery = office.delivered(&office.client("Acme").await).await.delivery;
    let replayed = "update delivery set first_delivered_at = ended_at - interval '15 days'";
    sqlx::query(replayed).execute(&office.pool).await.unwrap();
    let returned = OutcomeFields { reason: Some("no budget".to_owned()), ..said("returned") };
    let refused = office.actions.run(&operator(), &request(delivery, returned)).await.unwrap();
    assert!(matches!(&refused, OutcomeResult::Refused(why) if why.0.contains("within 14 days")), "{refused:?}");
}

#[tokio::test]
async fn a_return_is_upheld_or_rejected_once_with_a_reason() {
    let office = office().await;
    let acme = office.client("Acme").await;
    let delivery = office.delivered(&acme).await.delivery;
    let judge = |verdict, why: &str| JudgeReturn { delivery, verdict, why: why.to_owned() };
    let early = office.actions.run(&operator(), &judge(Verdict::Upheld, "no budget")).await;
    assert!(matches!(early, Err(Refusal::Conflict { .. })), "nothing was returned: {early:?}");
    let back = OutcomeFields { reason: Some("no budget".to_owned()), ..said("returned") };
    office.actions.run(&program(acme.id), &request(delivery, back)).await.unwrap();
    office.pass();
    for (actor, why) in [(program(acme.id), "x"), (operator(), " ")] {
        assert!(office.actions.run(&actor, &judge(Verdict::Rejected, why)).await.is_err(), "{actor}: {why:?}");
    }
    office.actions.run(&operator(), &judge(Verdict::Rejected, "a budget was named")).await.unwrap();
    let newest = newest(&office.actions, &program(acme.id), delivery).await.unwrap().unwrap();
    assert_eq!(newest.kind.word(), "accepted", "the lead is the client's again");
    assert!(newest.reason.unwrap().contains("a budget was named"));
    let kept = "select count(*) from outcome where kind = 'returned' and verdict = 'rejected' and verdict_by = 'dana'";
    assert_eq!(office.count(kept).await, 1);
    assert!(office.audited().await.contains(&"outcome.judge".to_owned()));
    let again = office.actions.run(&operator(), &judge(Verdict::Upheld, "after all")).await;
    assert!(matches!(again, Err(Refusal::Conflict { .. })), "{again:?}");
}

#[tokio::test]
async fn a_reason_that_acts_binds_whatever_the_terms_say() {
    let office = office().await;
    let acme = office.client("Acme").await;
    let delivery = office.delivered(&acme).await.delivery;
    sqlx::query("update client set return_days = 0, return_reasons = array['Outside the area']")
        .execute(&office.pool)
        .await
        .unwrap();
    office.pass();
    let done = office.actions.run(&program(acme.id), &request(delivery, said("do_not_contact"))).await.unwrap();
    assert!(matches!(&done, OutcomeResult::Adjusted(how) if how.contains("recorded as lost")), "{done:?}");
    assert!(office.count("select count(*) from suppression").await > 0);
    assert_eq!(
        office
            .count("select count(*) from touch where disposition = 'do_not_contact' and delivery_id is not null")
            .await,
        1
    );
    let again = office.actions.run(&program(acme.id), &request(delivery, said("do_not_contact"))).await.unwrap();
    assert_eq!(again, OutcomeResult::Repeated);
}
